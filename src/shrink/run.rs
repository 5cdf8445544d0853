//! Making a run that fails to make progress simple: fewer nodes, and a plan with less in it.
//!
//! What fails there is time that passes, which no list of steps has. So it is not its steps that
//! are left out, but what its plan has in store; and a simpler plan is kept where the run with it
//! fails, too, whether it takes fewer steps then or more. As in all shrinking, nothing but what failed
//! is looked at: other invariants may break on the way.

use proptest::strategy::ValueTree;

use super::system::with_nodes;
use super::{Effort, Minimality, Origin, Stage};
use crate::observer::{LooksOnly, Observer, Progress};
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::simulate::{Campaign, Later, Plan, PlanTree, Rerun, simulate};
use crate::situation::Violation;
use crate::time::Span;

/// A run made simple, and how.
#[derive(Clone, Debug)]
pub struct ShrunkRun<P: Protocol> {
    /// The scenario it is of: the one given, perhaps with fewer nodes.
    pub scenario: Scenario<P>,
    /// The run.
    pub run: Rerun,
    /// What does not come about in it.
    pub violation: Violation,
    /// How simple it is known to be.
    pub minimality: Minimality,
    /// How many steps it took at first.
    pub before: usize,
    /// How many runs were made.
    pub tries: u64,
    /// What each stage left: its name, nodes and steps.
    pub stages: Vec<Stage>,
}

/// Makes a run that fails to make progress simple. A run costs as much as many replays: of
/// `effort.tries` a hundredth is made, and before it at most as many to do without nodes.
///
/// # Errors
/// A sentence when the run makes progress to begin with.
pub fn shrink_run<P: Protocol>(
    scenario: &Scenario<P>,
    origin: &Origin,
    invariant: &str,
    effort: Effort,
    observer: &mut dyn Observer,
) -> Result<ShrunkRun<P>, String> {
    let Origin { seed, run, plan } = origin;
    let Some((run, violation)) = Rerun::failing(scenario, plan, (*seed, *run), invariant) else {
        return Err(format!("run {run} of seed {seed} does not break `{invariant}`"));
    };
    let most = effort.tries / 100;
    let mut work = Work {
        scenario: scenario.clone(),
        before: run.steps as usize,
        run,
        violation,
        invariant,
        tries: 0,
        until: most,
        observer,
        stopped: false,
        stages: Vec::new(),
    };
    work.stage("found");
    work.run.later = work.run.later(scenario, invariant);
    work.take_nodes_away(effort.runs.min(most / 4));
    work.stage("scenario");
    work.until = work.tries.saturating_add(most);
    work.simplify();
    work.run.later = work.run.later(&work.scenario, invariant);
    work.stage("fault plan");
    Ok(ShrunkRun {
        scenario: work.scenario,
        run: work.run,
        violation: work.violation,
        minimality: Minimality::LocallyMinimal,
        before: work.before,
        tries: work.tries,
        stages: work.stages,
    })
}

/// How many other draws a plan is tried with.
const REDRAWS: u64 = 10;

/// A run being made simple.
struct Work<'a, P: Protocol> {
    scenario: Scenario<P>,
    before: usize,
    run: Rerun,
    violation: Violation,
    invariant: &'a str,
    tries: u64,
    /// How many runs may be made by then.
    until: u64,
    observer: &'a mut dyn Observer,
    stopped: bool,
    stages: Vec<Stage>,
}

impl<P: Protocol> Work<'_, P> {
    /// Takes nodes away, as long as it fails: the same run without what happens to them, or another
    /// among so many.
    fn take_nodes_away(&mut self, runs: u64) {
        for nodes in self.scenario.least_nodes..self.scenario.nodes {
            let smaller = with_nodes(&self.scenario, nodes);
            let without = self.run.plan.among(nodes);
            if self.attempt(&smaller, without) {
                self.scenario = smaller;
                return;
            }
            if self.spent() || self.found_again(&smaller, runs) {
                return;
            }
        }
    }

    /// Whether a new run with fewer nodes fails in the same way; it is then the one that is made
    /// simple.
    fn found_again(&mut self, smaller: &Scenario<P>, runs: u64) -> bool {
        let only = Some(self.invariant.to_string());
        let runs = runs.min(self.until.saturating_sub(self.tries));
        let campaign = Campaign { only, ..Campaign::new(runs, 1) };
        let found = simulate(smaller, &campaign, &mut LooksOnly(self.observer)).ok();
        self.tries += found.as_ref().map_or(0, |found| found.runs);
        let failing = found.and_then(|found| found.failure).and_then(|failure| {
            let streams = (failure.seed, failure.run);
            Rerun::failing(smaller, &failure.plan, streams, self.invariant)
        });
        let kept = failing.is_some_and(|failing| self.keep(smaller, failing));
        if kept {
            self.scenario = smaller.clone();
        }
        kept
    }

    /// Makes the plan simpler, until nothing that is tried makes it simpler still.
    fn simplify(&mut self) {
        let scenario = self.scenario.clone();
        loop {
            let before = self.run.plan.clone();
            let mut tree = PlanTree::new(before.clone());
            let mut more = tree.simplify();
            while more && !self.spent() {
                more = match self.attempt(&scenario, tree.current()) {
                    true => tree.simplify(),
                    false => tree.complicate(),
                };
            }
            self.shorten_the_storm(&scenario);
            if self.run.plan == before || self.spent() {
                return;
            }
        }
    }

    /// Lets the faults begin earlier and the storm end with the last of them; or sooner still, where
    /// there is none.
    fn shorten_the_storm(&mut self, scenario: &Scenario<P>) {
        for by in [1, 2, 4] {
            let first = self.run.plan.faults.iter().map(|timed| timed.at).min();
            let by = first.map_or(Span::ZERO, |first| first / by);
            let earlier = self.run.plan.earlier(by);
            if earlier != self.run.plan && !self.spent() && self.attempt(scenario, earlier) {
                break;
            }
        }
        let ends = self.run.plan.faults.iter().map(|timed| timed.at + timed.lasts).max();
        let mut least = ends.unwrap_or(Span::millis(1)).as_micros();
        // Between what may be too short and what is known to fail, halfway, to a millisecond.
        while least < self.run.plan.stormy.as_micros() && !self.spent() {
            let shorter = Plan { stormy: Span::micros(least), ..self.run.plan.clone() };
            if self.attempt(scenario, shorter) {
                return;
            }
            least += (self.run.plan.stormy.as_micros() - least) / 2 + 1_000;
        }
    }

    /// Whether a run with that plan fails: with the draws of the one there is, or with a few others,
    /// for when a message comes decides as much as what befalls it. It is then the one that is kept.
    fn attempt(&mut self, scenario: &Scenario<P>, plan: Plan) -> bool {
        // What befalls a node for less than a millisecond hangs on a hair, and nobody believes it.
        let is_thin = |plan: &Plan| plan.faults.iter().any(|timed| timed.lasts < Span::millis(1));
        if plan.fits(scenario).is_err() || is_thin(&plan) && !is_thin(&self.run.plan) {
            return false;
        }
        let Rerun { seed, run, .. } = self.run;
        let others = (0..REDRAWS).filter(|other| *other != run);
        for run in std::iter::once(run).chain(others) {
            self.tries += 1;
            let failing = Rerun::failing(scenario, &plan, (seed, run), self.invariant);
            if failing.is_some_and(|failing| self.keep(scenario, failing)) {
                return true;
            }
            if self.spent() {
                return false;
            }
        }
        false
    }

    /// Keeps a run that fails; where the one there is is stuck, only one that is stuck, too.
    fn keep(&mut self, scenario: &Scenario<P>, (run, violation): (Rerun, Violation)) -> bool {
        let is_stuck = self.run.later == Later::Stuck;
        if is_stuck && run.later(scenario, self.invariant) != Later::Stuck {
            return false;
        }
        (self.run, self.violation) = (Rerun { later: self.run.later, ..run }, violation);
        true
    }

    /// Whether the effort is spent or the observer has ended it.
    fn spent(&mut self) -> bool {
        let progress = Progress::Shrinking { tries: self.tries, steps: self.run.steps as usize };
        self.stopped = self.stopped || self.observer.look(&progress).is_some();
        self.stopped || self.tries >= self.until
    }

    fn stage(&mut self, name: &'static str) {
        let (nodes, steps) = (self.scenario.nodes, self.run.steps as usize);
        tracing::debug!(stage = name, nodes, steps, tries = self.tries, "shrunk");
        self.stages.push((name, nodes, steps));
    }
}
