//! What the engines found, as plain data: printed by command lines, written as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::counterexample::{Counterexample, FoundBy};
use crate::explain::Story;
use crate::explore::coverage::Coverage;
use crate::explore::{Exploration, Found, Searched};
use crate::found::{of_failure, of_found};
use crate::observer::Observer;
use crate::protocol::{Protocol, Saved};
use crate::scenario::Scenario;
use crate::shrink::{Effort, Minimality, Stage};
use crate::simulate::{Campaign, Failure, Guided, Later, Measured, Simulation, Tally};
use crate::trace::Replay;
use crate::verdict::Verdict;

/// The system that was checked, in words.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SystemReport {
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The deliberate mistake, if any.
    pub bug: Option<String>,
    /// The numbers it was built from.
    pub parameters: BTreeMap<String, u64>,
    /// What bounds or weakens a verdict on it.
    pub bounds: Vec<String>,
    /// The only invariant that was looked at, if one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
    /// Its invariants: name, sentence, and what each looks at.
    pub invariants: Vec<(String, String, String)>,
    /// Its goals: name and sentence.
    pub goals: Vec<(String, String)>,
    /// What each simulated run must come to in the time that it has behind the last fault: name,
    /// sentence, and that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<(String, String, String)>,
}

impl SystemReport {
    /// The words of a scenario.
    pub fn of<P: Protocol>(scenario: &Scenario<P>) -> SystemReport {
        let invariant = |held: &crate::invariant::Invariant<P>| {
            (held.name.to_string(), held.sentence.to_string(), held.looks_at().to_string())
        };
        SystemReport {
            model: scenario.model.clone(),
            scenario: scenario.name.clone(),
            bug: scenario.bug.clone(),
            parameters: scenario.parameters.clone(),
            bounds: scenario.in_words(),
            only: None,
            invariants: scenario.invariants.iter().map(invariant).collect(),
            goals: scenario
                .goals
                .iter()
                .map(|goal| (goal.name.to_string(), goal.sentence.to_string()))
                .collect(),
            progress: scenario.storm.progress.as_ref().map(|goal| {
                let within = scenario.storm.healed.to_string();
                (goal.name.to_string(), goal.sentence.to_string(), within)
            }),
        }
    }
}

impl SystemReport {
    /// With that invariant alone, if one is named: the others were not looked at.
    pub(crate) fn only(mut self, only: Option<&str>) -> SystemReport {
        if let Some(only) = only {
            self.only = Some(only.to_string());
            self.invariants.retain(|(name, ..)| name == only);
            self.progress = self.progress.filter(|(name, ..)| name == only);
        }
        self
    }
}

/// What an exploration found and covered.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ExploreReport {
    /// What was explored.
    pub system: SystemReport,
    /// What the exploration says.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Different states.
    pub states: usize,
    /// Steps from them.
    pub transitions: u64,
    /// The greatest depth.
    pub depth: u32,
    /// States at each depth.
    pub levels: Vec<usize>,
    /// Whether every reachable state within the bounds was expanded.
    pub exhausted: bool,
    /// Where it was ended early: the depth up to which every schedule was checked.
    pub completed: Option<u32>,
    /// Bounds that forbade something possible, in words.
    pub cut: Vec<String>,
    /// Each goal, with the least depth at which it was reached.
    pub goals: Vec<(String, Option<u32>)>,
    /// How often each marked line ran, also in the continuation that does not settle.
    pub marks: BTreeMap<String, u64>,
    /// Worlds in which nothing was on its way to a live node.
    pub quiet: u64,
    /// The waypoints gone by, with the length of the way to each.
    pub waypoints: Vec<(String, usize)>,
    /// How it was searched.
    pub searched: Searched,
    /// What was covered, if it was asked for and the search knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
    /// The violations found, each by its shortest trace.
    pub counterexamples: Vec<CounterexampleReport>,
}

impl ExploreReport {
    /// The report of an exploration.
    pub fn of<P: Saved>(
        scenario: &Scenario<P>,
        explored: &Exploration<P>,
        observer: &mut dyn Observer,
    ) -> ExploreReport {
        let owned = |name: &&'static str| (*name).to_string();
        let mut counterexample = |found: &Found<P>| {
            let (restored, file) = of_found(scenario, explored, found, observer);
            CounterexampleReport::of(&restored, &file)
        };
        ExploreReport {
            system: SystemReport::of(scenario),
            verdict: explored.verdict.clone(),
            states: explored.states,
            transitions: explored.transitions,
            depth: explored.depth(),
            levels: explored.levels.clone(),
            exhausted: explored.exhausted,
            completed: explored.completed,
            cut: explored.cut.iter().map(|bound| scenario.bound_in_words(*bound)).collect(),
            goals: explored.goals.iter().map(|(name, depth)| (owned(name), *depth)).collect(),
            marks: explored.marks.iter().map(|(mark, times)| (owned(mark), *times)).collect(),
            quiet: explored.quiet,
            waypoints: explored.waypoints.iter().map(|(name, leg)| (owned(name), *leg)).collect(),
            searched: explored.searched.clone(),
            coverage: explored.coverage.clone(),
            counterexamples: explored.found.iter().map(&mut counterexample).collect(),
        }
    }
}

/// What a simulation found and covered.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SimulateReport {
    /// What was simulated.
    pub system: SystemReport,
    /// What the simulation says.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The seed.
    pub seed: u64,
    /// Runs made.
    pub runs: u64,
    /// Where the runs' plans came from, if they were not drawn as the scenario says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans: Option<String>,
    /// Whether every run was made twice and compared.
    #[serde(skip_serializing_if = "is_false")]
    pub twice: bool,
    /// Runs that failed.
    pub failures: u64,
    /// Virtual time over all runs, in microseconds.
    pub virtual_micros: u64,
    /// How often each kind of thing happened.
    pub tally: Tally,
    /// Each goal, with the number of runs that reached it.
    pub goals: Vec<(String, u64)>,
    /// Each marked line: in how many runs it ran, and how often in all.
    pub marks: BTreeMap<String, (u64, u64)>,
    /// A fingerprint of everything that happened, in hexadecimal.
    pub digest: String,
    /// What clients saw, where that was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<Measured>,
    /// What guidance did, in a guided campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guided: Option<Guided>,
    /// The first failing run.
    pub failure: Option<FailureReport>,
    /// The first failing run of each other kind.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_failures: Vec<FailureReport>,
}

fn is_false(it: &bool) -> bool {
    !it
}

/// A run that failed.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FailureReport {
    /// Its number.
    pub run: u64,
    /// The invariant that does not hold.
    pub invariant: String,
    /// Why.
    pub reason: String,
    /// How many failing runs are of its kind, itself among them.
    pub alike: u64,
    /// The seed it drew from: that of its campaign, or of the one that its entry was kept in.
    #[serde(skip)]
    pub seed: u64,
    /// What it drew, as a timeline.
    pub plan: String,
    /// Its plan in TOML, if the campaign was guided: then it cannot be drawn again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toml: Option<String>,
    /// How many steps it took.
    pub steps: usize,
    /// How many traces were replayed and runs made to shrink it.
    pub tries: u64,
    /// What each stage of shrinking left: its name, nodes and steps.
    pub stages: Vec<Stage>,
    /// Its counterexample; none where a handler is no function, so that nothing replays.
    pub counterexample: Option<CounterexampleReport>,
}

impl SimulateReport {
    /// The report of a simulation; its failing run is shrunk with that effort, if any is given.
    pub fn of<P: Saved>(
        scenario: &Scenario<P>,
        campaign: &Campaign,
        simulated: &Simulation<P>,
        effort: Option<Effort>,
        observer: &mut dyn Observer,
    ) -> SimulateReport {
        let owned = |name: &&'static str| (*name).to_string();
        let mut failed = |failure: &Failure<P>| FailureReport {
            toml: campaign.guided.as_ref().map(|_| failure.plan.to_toml()),
            ..failure_report(scenario, failure, effort, observer)
        };
        SimulateReport {
            system: SystemReport::of(scenario).only(campaign.only.as_deref()),
            verdict: simulated.verdict.clone(),
            seed: campaign.seed,
            runs: simulated.runs,
            plans: campaign.plans.in_words(),
            twice: campaign.twice,
            failures: simulated.failures,
            virtual_micros: simulated.lasted.as_micros(),
            tally: simulated.tally,
            goals: simulated.goals.iter().map(|(name, runs)| (owned(name), *runs)).collect(),
            marks: simulated.marks.clone(),
            digest: format!("{:016x}", simulated.digest),
            measured: Measured::of(&scenario.storm, &simulated.measures),
            guided: simulated.guided.clone(),
            failure: simulated.failure.as_ref().map(&mut failed),
            other_failures: simulated.others.iter().map(&mut failed).collect(),
        }
    }
}

fn failure_report<P: Saved>(
    scenario: &Scenario<P>,
    failure: &Failure<P>,
    effort: Option<Effort>,
    observer: &mut dyn Observer,
) -> FailureReport {
    let mut report = FailureReport {
        run: failure.run,
        invariant: failure.violation.invariant.clone(),
        reason: failure.violation.reason.clone(),
        alike: failure.alike,
        seed: failure.seed,
        plan: failure.plan.to_string(),
        toml: None,
        steps: failure.trace.len(),
        tries: 0,
        stages: Vec::new(),
        counterexample: None,
    };
    if let Some(found) = of_failure(scenario, failure, effort, observer) {
        (report.tries, report.stages) = (found.tries, found.stages);
        report.counterexample = Some(CounterexampleReport::of(&found.scenario, &found.file));
    }
    report
}

/// A counterexample, told.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CounterexampleReport {
    /// The invariant.
    pub invariant: String,
    /// Why it does not hold.
    pub reason: String,
    /// How many steps it takes.
    pub steps: usize,
    /// How many nodes it needs.
    pub nodes: usize,
    /// How short it is known to be.
    pub minimality: Minimality,
    /// Who found it.
    pub found_by: FoundBy,
    /// What the run that it is has in store, as a timeline; nothing where it is a list of steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What becomes of the run that it is, if it is waited for ten times as long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub later: Option<Later>,
    /// The text of its file.
    pub file: String,
    /// What happens in it.
    pub story: Story,
}

impl CounterexampleReport {
    /// The report of a counterexample in the scenario it runs in.
    pub fn of<P: Saved>(scenario: &Scenario<P>, file: &Counterexample<P>) -> CounterexampleReport {
        CounterexampleReport {
            invariant: file.invariant.clone(),
            reason: file.reason.clone(),
            steps: file.length(),
            nodes: file.nodes,
            minimality: file.minimality.clone(),
            found_by: file.found_by.clone(),
            plan: file.run.as_ref().map(|run| run.plan.to_string()),
            later: file.run.as_ref().map(|run| run.later),
            file: file.to_json(),
            story: file.story(scenario),
        }
    }
}

/// What shrinking came to.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ShrinkReport {
    /// How many steps there were.
    pub before: usize,
    /// How many traces were replayed and runs made.
    pub tries: u64,
    /// What each stage left: its name, nodes and steps.
    pub stages: Vec<Stage>,
    /// What is left.
    pub counterexample: CounterexampleReport,
}

/// What became of a saved counterexample.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReplayReport {
    /// The model.
    pub model: String,
    /// The scenario.
    pub scenario: String,
    /// The bug it was replayed with, if any.
    pub bug: Option<String>,
    /// The invariant the file says it breaks.
    pub invariant: String,
    /// How many steps it takes.
    pub steps: usize,
    /// Whether it is a run that is made again, and not a list of steps.
    #[serde(skip_serializing_if = "is_false")]
    pub of_run: bool,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: ReplayOutcome,
}

/// What became of a saved counterexample.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum ReplayOutcome {
    /// It breaks its invariant.
    Breaks {
        /// Behind how many steps.
        after: usize,
        /// Why.
        reason: String,
        /// Whether that is exactly as recorded: behind the last step, for the recorded reason.
        as_recorded: bool,
    },
    /// Every step happened, and the invariant holds all the way: it is fixed.
    RanToEnd,
    /// A step could not happen: the system went another way.
    WentAnotherWay {
        /// The step, from 1.
        at: usize,
        /// The step in words.
        step: String,
        /// Why it could not happen.
        why: String,
        /// What could have happened there.
        enabled: Vec<String>,
    },
}

impl ReplayReport {
    /// Replays a file in a scenario.
    pub fn of<P: Saved>(file: &Counterexample<P>, scenario: &Scenario<P>) -> ReplayReport {
        let outcome = match file.replay(scenario) {
            Replay::Breaks { steps, violation } => ReplayOutcome::Breaks {
                after: steps,
                as_recorded: file.is_as_recorded(steps, &violation),
                reason: violation.reason,
            },
            Replay::RanToEnd => ReplayOutcome::RanToEnd,
            Replay::WentAnotherWay(detour) => ReplayOutcome::WentAnotherWay {
                at: detour.at + 1,
                step: detour.step.to_string(),
                why: detour.why,
                enabled: detour.enabled.iter().map(ToString::to_string).collect(),
            },
        };
        ReplayReport {
            model: file.model.clone(),
            scenario: file.scenario.clone(),
            bug: scenario.bug.clone(),
            invariant: file.invariant.clone(),
            steps: file.length(),
            of_run: file.run.is_some(),
            outcome,
        }
    }
}
