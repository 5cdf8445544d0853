//! Making a failing trace short.
//!
//! In this order: the scenario (fewer nodes), the fault plan of the run it came from, single steps
//! and chunks of them, pairs of steps, short windows replaced by shorter ones, and at last a
//! bounded exhaustive search for anything shorter, with no more budget than the trace itself spent.
//! Throughout, the same invariant must break for the same kind of reason, so that a shrinker never
//! slides to another bug.
//!
//! - `fit` replays a trace whose steps may no longer fit, and rewrites them;
//! - `steps` leaves steps out; `windows` replaces a few by fewer;
//! - `system` makes the cluster and the fault plan smaller;
//! - `search` looks for anything shorter, exhaustively;
//! - `run` is for runs that fail to make progress, of which no step is to blame.

mod fit;
mod run;
mod search;
mod steps;
mod system;
mod windows;

pub use run::{ShrunkRun, shrink_run};
pub(crate) use system::with_nodes;

use serde::{Deserialize, Serialize};

use self::fit::{Following, Rewriting, Texts};
use crate::observer::{Observer, Progress};
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::simulate::Plan;
use crate::situation::Violation;
use crate::step::Step;
use crate::trace::{Replay, replay};

/// How short a counterexample is known to be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Minimality {
    /// No shorter trace breaks the invariant within these bounds.
    Shortest {
        /// The bounds in words.
        within: Vec<String>,
    },
    /// Steps, pairs (of traces up to 120 steps) and short windows were left out or shortened as far
    /// as the effort went; a shorter trace may exist. Of a run, its plan was made simpler as far as
    /// the effort went; a simpler one may exist.
    LocallyMinimal,
    /// It is as it was found.
    AsFound,
}

impl Minimality {
    /// In a word or two: `shortest`, `locally minimal`, `as found`.
    pub fn in_words(&self) -> &'static str {
        match self {
            Minimality::Shortest { .. } => "shortest",
            Minimality::LocallyMinimal => "locally minimal",
            Minimality::AsFound => "as found",
        }
    }
}

/// The simulated run a trace came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The seed of its campaign.
    pub seed: u64,
    /// Its number in it.
    pub run: u64,
    /// What it drew.
    pub plan: Plan,
}

/// How hard to try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// The most traces replayed and runs made.
    pub tries: u64,
    /// The most states of the exhaustive search at the end.
    pub states: usize,
    /// The most runs made to find the failure again with fewer nodes.
    pub runs: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Effort { tries: 200_000, states: 200_000, runs: 2_000 }
    }
}

/// What a stage of shrinking left: its name, nodes and steps.
pub type Stage = (&'static str, usize, usize);

/// A trace made short, and how.
#[derive(Clone, Debug)]
pub struct Shrunk<P: Protocol> {
    /// The scenario it runs in: the one given, perhaps with fewer nodes.
    pub scenario: Scenario<P>,
    /// The steps.
    pub trace: Vec<Step<P>>,
    /// The invariant that breaks at the last of them, and why.
    pub violation: Violation,
    /// How short it is known to be.
    pub minimality: Minimality,
    /// How many steps it had.
    pub before: usize,
    /// How many traces were replayed and runs made.
    pub tries: u64,
    /// What each stage left: its name, nodes and steps.
    pub stages: Vec<Stage>,
}

/// Makes a failing trace short.
///
/// # Errors
/// A sentence when the trace does not break the invariant to begin with.
pub fn shrink<P: Protocol>(
    scenario: &Scenario<P>,
    trace: &[Step<P>],
    invariant: &str,
    origin: Option<&Origin>,
    effort: Effort,
    observer: &mut dyn Observer,
) -> Result<Shrunk<P>, String> {
    let violation = match replay(scenario, trace, Some(invariant)) {
        Replay::Breaks { violation, .. } => violation,
        Replay::RanToEnd => return Err(format!("the trace does not break `{invariant}`")),
        Replay::WentAnotherWay(detour) => {
            return Err(format!(
                "step {} of the trace ({}) cannot happen: {}",
                detour.at + 1,
                detour.step,
                detour.why
            ));
        }
    };
    let mut work = Work {
        scenario: scenario.clone(),
        trace: trace.to_vec(),
        violation,
        texts: Texts::new(),
        tries: 0,
        effort,
        observer,
        stopped: false,
        stages: Vec::new(),
    };
    work.keep_first_failure();
    work.stage("found");
    system::fewer_nodes(&mut work);
    work.stage("scenario");
    if let Some(origin) = origin.filter(|_| work.scenario.nodes == scenario.nodes) {
        system::simpler_plan(&mut work, origin);
        work.stage("fault plan");
    }
    let minimality = work.shorten();
    let trace_before = trace.len();
    Ok(Shrunk {
        // What it was restricted to on the way is taken back.
        scenario: system::with_nodes(scenario, work.scenario.nodes),
        trace: work.trace,
        violation: work.violation,
        minimality,
        before: trace_before,
        tries: work.tries,
        stages: work.stages,
    })
}

/// A trace being shrunk.
struct Work<'a, P: Protocol> {
    scenario: Scenario<P>,
    trace: Vec<Step<P>>,
    violation: Violation,
    texts: Texts<P::Message>,
    tries: u64,
    effort: Effort,
    observer: &'a mut dyn Observer,
    stopped: bool,
    stages: Vec<Stage>,
}

impl<P: Protocol> Work<'_, P> {
    /// Steps, pairs, windows, and the search; again while that helps.
    fn shorten(&mut self) -> Minimality {
        loop {
            steps::leave_out_chunks(self);
            self.stage("steps");
            steps::leave_out_pairs(self);
            self.stage("pairs");
            windows::replace(self);
            self.stage("windows");
            let before = self.trace.len();
            let minimality = search::shorter(self);
            self.stage("search");
            let done = minimality != Minimality::LocallyMinimal || self.trace.len() == before;
            if done || self.spent() {
                return minimality;
            }
        }
    }

    /// Replays a trace whose steps may not fit, and keeps what comes of it if it still fails and
    /// is shorter. Says whether it was kept.
    fn attempt(&mut self, scenario: &Scenario<P>, steps: &[Step<P>]) -> bool {
        for &rewriting in self.rewritings() {
            self.tries += 1;
            let mut following = Following::new(scenario, rewriting, &mut self.texts);
            match fit::fails(scenario, steps, &self.violation, &mut following) {
                Some((trace, violation)) if trace.len() < self.trace.len() => {
                    (self.trace, self.violation) = (trace, violation);
                    return true;
                }
                Some(_) | None => {}
            }
        }
        false
    }

    /// The ways of rewriting that are worth their time: all of them once the trace is short.
    fn rewritings(&self) -> &'static [Rewriting] {
        let many = if self.trace.len() <= 200 { 3 } else { 1 };
        &Rewriting::ALL[..many]
    }

    /// Cuts off what comes after the failure, and every invariant but the one that fails: the
    /// others are not looked at while shrinking.
    fn keep_first_failure(&mut self) {
        let sought = &self.violation.invariant;
        self.scenario.invariants.retain(|invariant| invariant.name == *sought);
        let (scenario, trace) = (self.scenario.clone(), self.trace.clone());
        self.attempt(&scenario, &trace);
    }

    /// Whether the effort is spent or the observer has ended it.
    fn spent(&mut self) -> bool {
        if self.tries.is_multiple_of(256) {
            let progress = Progress::Shrinking { tries: self.tries, steps: self.trace.len() };
            self.stopped |= self.observer.look(&progress).is_some();
        }
        self.stopped || self.tries >= self.effort.tries
    }

    fn stage(&mut self, name: &'static str) {
        let (nodes, steps) = (self.scenario.nodes, self.trace.len());
        tracing::debug!(stage = name, nodes, steps, tries = self.tries, "shrunk");
        self.stages.push((name, nodes, steps));
    }
}

impl Origin {
    /// The run of that number of a campaign from that seed, with the plan it draws.
    pub fn drawn<P: Protocol>(scenario: &Scenario<P>, seed: u64, run: u64) -> Origin {
        Origin { seed, run, plan: crate::simulate::plan_of(scenario, seed, run) }
    }
}
