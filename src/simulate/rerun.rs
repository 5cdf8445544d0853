//! A run that can be made again, for itself: what is kept of one that fails at no step, but fails to
//! make progress in its time.

use serde::{Deserialize, Serialize};

use super::campaign::record;
use super::outcome::{Off, Outcome, Record};
use super::plan::Plan;
use super::run::Run;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::situation::Violation;
use crate::step::Step;

/// Everything that a run is made of but its scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rerun {
    /// The seed of all that its plan leaves open,
    pub seed: u64,
    /// and the number with it.
    pub run: u64,
    /// Its network, clocks, workload and faults.
    pub plan: Plan,
    /// How many steps it takes.
    pub steps: u64,
    /// Whether it makes no progress in ten times as long either: then it is stuck, and not slow.
    pub stuck: bool,
}

/// How many times as long a run is waited for, to see whether it is stuck.
const PATIENCE: u64 = 10;

/// Counts the steps of a run.
struct Counted(u64);

impl<P: Protocol> Record<P> for Counted {
    const ON: bool = true;
    fn write(&mut self, _: Step<P>) {
        self.0 += 1;
    }
}

impl Rerun {
    /// The run with that plan, if it breaks that invariant or fails to make that progress.
    pub(crate) fn failing<P: Protocol>(
        scenario: &Scenario<P>,
        plan: &Plan,
        (seed, run): (u64, u64),
        invariant: &str,
    ) -> Option<(Rerun, Violation)> {
        let counted = Counted(0);
        let (outcome, Counted(steps)) =
            Run::new(scenario, plan, (seed, run), Some(invariant), counted).go();
        let violation = outcome.violation.filter(|found| found.invariant == invariant)?;
        let mut patient = scenario.clone();
        patient.storm.healed = scenario.storm.healed * PATIENCE;
        let later = Run::new(&patient, plan, (seed, run), Some(invariant), Off).go().0.violation;
        let stuck = later.is_some_and(|found| found.invariant == invariant);
        Some((Rerun { seed, run, plan: plan.clone(), steps, stuck }, violation))
    }

    /// Makes it again, with every step it takes, until that invariant breaks or that goal of
    /// progress is not met in time.
    pub(crate) fn record<P: Protocol>(
        &self,
        scenario: &Scenario<P>,
        invariant: &str,
    ) -> (Outcome, Vec<Step<P>>) {
        record(scenario, &self.plan, (self.seed, self.run), Some(invariant))
    }
}
