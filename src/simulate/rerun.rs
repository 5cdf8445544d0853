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
use crate::trace::{Detour, Replay};

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
    /// What becomes of it if it is waited for longer.
    pub later: Later,
}

/// What becomes of a run that makes no progress in its time, in ten times as long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Later {
    /// It makes none in that time either.
    Stuck,
    /// It makes progress: it was but slow.
    Slow,
    /// It ends otherwise: a handler panics, or it takes too many steps.
    Unknown,
}

impl Later {
    /// In a sentence: `stuck: in ten times as long it does not come about either`.
    pub fn in_words(self) -> &'static str {
        match self {
            Later::Stuck => "stuck: in ten times as long it does not come about either",
            Later::Slow => "slow: in ten times as long it comes about",
            Later::Unknown => "unknown: in ten times as long the run ends in another way",
        }
    }
}

/// How many times as long a run is waited for, to see what becomes of it.
const PATIENCE: u64 = 10;

/// Counts the steps of a run, and keeps the last.
struct Counted<P: Protocol> {
    many: u64,
    last: Option<Step<P>>,
}

impl<P: Protocol> Record<P> for Counted<P> {
    const ON: bool = true;
    fn write(&mut self, step: Step<P>) {
        self.many += 1;
        self.last = Some(step);
    }
}

impl Rerun {
    /// The run with that plan, if it fails to make that progress. What would become of it later is
    /// left open.
    pub(crate) fn failing<P: Protocol>(
        scenario: &Scenario<P>,
        plan: &Plan,
        (seed, run): (u64, u64),
        goal: &str,
    ) -> Option<(Rerun, Violation)> {
        let (plan, later) = (plan.clone(), Later::Unknown);
        let mut rerun = Rerun { seed, run, plan, steps: 0, later };
        let (outcome, counted) = rerun.count(scenario, goal);
        rerun.steps = counted.many;
        let violation = outcome.violation.filter(|found| found.invariant == goal)?;
        Some((rerun, violation))
    }

    /// What becomes of it in ten times as long.
    pub(crate) fn later<P: Protocol>(&self, scenario: &Scenario<P>, goal: &str) -> Later {
        let mut patient = scenario.clone();
        patient.storm.healed = scenario.storm.healed * PATIENCE;
        let streams = (self.seed, self.run);
        let outcome = Run::new(&patient, &self.plan, streams, Some(goal), Off).go().0;
        match outcome.violation {
            Some(found) if found.invariant == goal => Later::Stuck,
            None if !outcome.cut_short => Later::Slow,
            Some(_) | None => Later::Unknown,
        }
    }

    /// Makes it again: it fails to make that progress, or it makes it, or it ends in another way.
    pub(crate) fn replay<P: Protocol>(&self, scenario: &Scenario<P>, goal: &str) -> Replay<P> {
        let (outcome, counted) = self.count(scenario, goal);
        let steps = counted.many as usize;
        let why = match outcome.violation {
            Some(violation) if violation.invariant == goal => {
                return Replay::Breaks { steps, violation };
            }
            Some(other) => other.reason,
            None if outcome.cut_short => {
                format!("the run is ended after {} steps", scenario.storm.steps)
            }
            None => return Replay::RanToEnd,
        };
        match counted.last {
            Some(step) => {
                let (at, enabled) = (steps.saturating_sub(1), Vec::new());
                Replay::WentAnotherWay(Box::new(Detour { at, step, why, enabled }))
            }
            None => Replay::RanToEnd,
        }
    }

    /// The first of a hundred runs with its plan that fails to make that progress, if one does.
    pub(crate) fn still_failing<P: Protocol>(
        &self,
        scenario: &Scenario<P>,
        goal: &str,
    ) -> Option<(Rerun, Violation)> {
        (0..100).find_map(|run| Rerun::failing(scenario, &self.plan, (self.seed, run), goal))
    }

    fn count<P: Protocol>(&self, scenario: &Scenario<P>, goal: &str) -> (Outcome, Counted<P>) {
        let counted = Counted { many: 0, last: None };
        Run::new(scenario, &self.plan, (self.seed, self.run), Some(goal), counted).go()
    }

    /// Makes it again, with every step it takes, until that goal is not met in its time.
    pub(crate) fn record<P: Protocol>(
        &self,
        scenario: &Scenario<P>,
        goal: &str,
    ) -> (Outcome, Vec<Step<P>>) {
        record(scenario, &self.plan, (self.seed, self.run), Some(goal))
    }
}
