//! Many runs, on all cores, with the same result for any number of threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::books::Books;
use super::choosing::Blindly;
use super::guide::{self, Guidance, Guided};
use super::kinds::{Kept, Kinds};
use super::measures::Measures;
use super::outcome::{Off, Outcome, Record, Tally};
use super::plan::Plan;
use super::preset::Plans;
use super::run::Run;
use super::strategy::Storms;
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::random::{Purpose, stream};
use crate::scenario::Scenario;
use crate::situation::{DETERMINISTIC, Violation};
use crate::step::Step;
use crate::time::Span;
use crate::trace::{Replay, follow_blindly, replay};
use crate::verdict::Verdict;

/// Which runs to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Campaign {
    /// How many, if `until` says so.
    pub runs: u64,
    /// What ends it.
    pub until: Until,
    /// The seed they all draw from.
    pub seed: u64,
    /// The number of the first.
    pub first: u64,
    /// How many threads share the work; it changes nothing but the time.
    pub threads: usize,
    /// Go on after a failing run, to count how many there are.
    pub keep_going: bool,
    /// How many different failures are kept, each by its first run; at least one is.
    pub keeps: usize,
    /// Look for violations of this invariant only. A handler that panics ends it all the same.
    pub only: Option<String>,
    /// Make every run twice and compare them: where they differ, a handler depends on something
    /// beside its arguments, and that is a violation. Without it only failing runs are made again.
    pub twice: bool,
    /// Where the runs' plans come from.
    pub plans: Plans,
    /// The books of an earlier part of the same campaign, to go on from: its runs are not made again.
    /// A guided campaign has none, for its corpus is what it goes on from.
    pub from: Option<Box<Books>>,
    /// Whether and how runs are made from earlier ones that showed something rare.
    pub guided: Option<Guidance>,
}

/// What ends a campaign, if no failure does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// It has made as many runs as asked.
    Runs,
    /// Its runs have lasted that long in virtual time, all together: it ends with the first run, in
    /// order, at which they have.
    Lasted(Span),
    /// Its observer has enough ([`Observer::enough`]).
    Enough,
}

impl Campaign {
    /// That many runs from that seed, on one thread, to the first failure.
    pub fn new(runs: u64, seed: u64) -> Campaign {
        Campaign {
            runs,
            until: Until::Runs,
            seed,
            first: 0,
            threads: 1,
            keep_going: false,
            keeps: 5,
            only: None,
            twice: false,
            plans: Plans::Drawn,
            from: None,
            guided: None,
        }
    }

    /// The number behind that of its last run, if that is known beforehand.
    pub(super) fn end(&self) -> u64 {
        match self.until {
            Until::Runs => self.first.saturating_add(self.runs),
            Until::Lasted(_) | Until::Enough => u64::MAX,
        }
    }

    /// Whether a campaign that has come so far is over by itself.
    pub(super) fn is_over<P: Protocol>(&self, so_far: &Simulation<P>) -> bool {
        let failed = so_far.failures > 0 && !self.keep_going;
        let lasted = matches!(self.until, Until::Lasted(asked) if so_far.lasted >= asked);
        failed || lasted || so_far.runs >= self.end() - self.first
    }
}

/// What a campaign found and covered.
#[derive(Clone, Debug)]
pub struct Simulation<P: Protocol> {
    /// What it says, and no more.
    pub verdict: Verdict,
    /// The first failing run.
    pub failure: Option<Failure<P>>,
    /// The first failing run of each other kind, as many as are kept.
    pub others: Vec<Failure<P>>,
    /// How many runs were made.
    pub runs: u64,
    /// How many of them failed.
    pub failures: u64,
    /// How many took so many steps that they were cut short.
    pub cut_short: u64,
    /// How often nothing was on its way to a live node, over all runs.
    pub quiet: u64,
    /// How often it was asked whether the protocol settles, over all runs.
    pub asked_to_settle: u64,
    /// How often each kind of thing happened, over all runs.
    pub tally: Tally,
    /// Each goal in the scenario's order, with the number of runs that reached it.
    pub goals: Vec<(&'static str, u64)>,
    /// Each marked line: in how many runs it ran, and how often in all.
    pub marks: BTreeMap<String, (u64, u64)>,
    /// What clients saw, over all runs.
    pub measures: Measures,
    /// Virtual time, over all runs.
    pub lasted: Span,
    /// A fingerprint of everything that happened in all runs.
    pub digest: u64,
    /// That of its first run alone.
    pub(super) first_digest: u64,
    /// What guidance did, in a guided campaign.
    pub guided: Option<Guided>,
}

/// A run that failed.
#[derive(Clone, Debug)]
pub struct Failure<P: Protocol> {
    /// The seed of its campaign.
    pub seed: u64,
    /// Its number in it.
    pub run: u64,
    /// What it drew.
    pub plan: Plan,
    /// The invariant that does not hold, and why.
    pub violation: Violation,
    /// Every step up to there, as `World` takes them.
    pub trace: Vec<Step<P>>,
    /// Whether replaying the steps breaks the invariant.
    pub replays: bool,
    /// Whether it is the run as a whole that fails: all its steps replay, none breaks anything, and
    /// no progress is made in time.
    pub stalls: bool,
    /// How many failing runs of the campaign are of its kind, itself among them.
    pub alike: u64,
}

/// How many runs are shared out at a time. The result of a campaign does not depend on it.
pub(super) const BATCH: u64 = 32;

/// What a run is made of: its plan, and the seed and number that all else is drawn from.
#[derive(Clone)]
pub(super) struct Planned {
    pub(super) seed: u64,
    pub(super) run: u64,
    pub(super) plan: Plan,
}

/// Where the runs of a campaign come from.
pub(super) trait Source: Sync {
    /// What the run with that number is made of.
    fn planned(&self, campaign: &Campaign, run: u64) -> Planned;
}

impl Source for Storms {
    fn planned(&self, campaign: &Campaign, run: u64) -> Planned {
        let plan = self.draw(&mut stream(campaign.seed, run, Purpose::Plan));
        Planned { seed: campaign.seed, run, plan }
    }
}

impl<S: Source> Source for &S {
    fn planned(&self, campaign: &Campaign, run: u64) -> Planned {
        (*self).planned(campaign, run)
    }
}

/// Makes many runs of a scenario.
///
/// # Errors
/// A sentence when the scenario makes no sense, or a plan that is given does not fit it.
pub fn simulate<P: Protocol>(
    scenario: &Scenario<P>,
    campaign: &Campaign,
    observer: &mut dyn Observer,
) -> Result<Simulation<P>, String> {
    scenario.validate()?;
    let storms = Storms::of(scenario).under(&campaign.plans, scenario)?;
    if let Some(guidance) = &campaign.guided {
        return Ok(guide::simulate(scenario, &storms, campaign, guidance, observer));
    }
    let mut so_far = Simulation::none(scenario);
    let mut kinds = Kinds::none(scenario, campaign.keeps);
    if let Some(books) = &campaign.from {
        so_far.go_on(books, (scenario, &storms), campaign, &mut kinds)?;
    }
    let mut blindly = Blindly { storms: &storms, first: campaign.first };
    let stopped = so_far.make(scenario, campaign, &mut blindly, &mut kinds, observer);
    let failure =
        |kept: &Kept| record_failure(scenario, &storms, campaign, kept.run, &kept.violation());
    let failures = kinds.kept.iter().map(failure).collect();
    Ok(so_far.close(scenario, campaign, failures, &kinds, stopped))
}

/// One run of a scenario under a plan; the seed decides everything the plan leaves open.
pub fn run<P: Protocol>(scenario: &Scenario<P>, plan: &Plan, seed: u64) -> Outcome {
    Run::new(scenario, plan, (seed, 0), None, Off).go().0
}

/// One run of a scenario under a plan, with every step it took.
pub fn record<P: Protocol>(
    scenario: &Scenario<P>,
    plan: &Plan,
    (seed, run): (u64, u64),
    only: Option<&str>,
) -> (Outcome, Vec<Step<P>>) {
    Run::new(scenario, plan, (seed, run), only, Vec::new()).go()
}

/// The plan that run number `run` of a campaign from that seed draws.
pub fn plan_of<P: Protocol>(scenario: &Scenario<P>, seed: u64, run: u64) -> Plan {
    Storms::of(scenario).draw(&mut stream(seed, run, Purpose::Plan))
}

pub(super) fn one<P: Protocol, R: Record<P>>(
    scenario: &Scenario<P>,
    source: &impl Source,
    campaign: &Campaign,
    run: u64,
    record: R,
) -> (Planned, Outcome, R) {
    let planned = source.planned(campaign, run);
    let streams = (planned.seed, planned.run);
    let (outcome, record) =
        Run::new(scenario, &planned.plan, streams, campaign.only.as_deref(), record).go();
    (planned, outcome, record)
}

/// Makes the runs `first..first + many`, on as many threads as asked, and returns them in order.
pub(super) fn run_batch<P: Protocol, R: Record<P> + Send>(
    scenario: &Scenario<P>,
    source: &impl Source,
    campaign: &Campaign,
    (first, many): (u64, u64),
    record: impl Fn() -> R + Sync,
) -> Vec<(u64, Outcome, R)> {
    let taken = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let run = first + taken.fetch_add(1, Ordering::Relaxed) as u64;
            if run >= first + many {
                return done;
            }
            let (planned, mut outcome, record) = one(scenario, source, campaign, run, record());
            if campaign.twice {
                let again = one(scenario, source, campaign, run, Off).1;
                if again != outcome {
                    let Planned { seed, run, .. } = planned;
                    outcome.violation = Some(went_otherwise(seed, run, &outcome, &again));
                }
            }
            done.push((run, outcome, record));
        }
    };
    let mut outcomes: Vec<(u64, Outcome, R)> = if campaign.threads <= 1 {
        work()
    } else {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..campaign.threads).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("a run")).collect()
        })
    };
    outcomes.sort_unstable_by_key(|(run, ..)| *run);
    outcomes
}

/// A run was made twice, and they differ.
fn went_otherwise(seed: u64, run: u64, first: &Outcome, second: &Outcome) -> Violation {
    let told = |outcome: &Outcome| {
        let Outcome { tally, digest, .. } = outcome;
        format!("{} steps with the fingerprint {digest:016x}", tally.steps)
    };
    let reason = format!(
        "run {run} of seed {seed} had {}, and when it was made again {}: a handler depends on \
         something beside its arguments",
        told(first),
        told(second)
    );
    Violation { invariant: DETERMINISTIC.to_string(), reason }
}

/// Makes a failing run again, recorded, and follows its record strictly on `World`.
pub(super) fn record_failure<P: Protocol>(
    scenario: &Scenario<P>,
    source: &impl Source,
    campaign: &Campaign,
    run: u64,
    failed: &Violation,
) -> Failure<P> {
    let (planned, outcome, mut trace) = one(scenario, source, campaign, run, Vec::new());
    let Planned { seed, run, plan } = planned;
    let not_same = |reason: String| Violation { invariant: DETERMINISTIC.to_string(), reason };
    let (mut replays, mut stalls) = (false, false);
    let violation = match outcome.violation {
        _ if failed.invariant == DETERMINISTIC => failed.clone(),
        None => {
            not_same(format!("run {run} of seed {seed} failed, and not when it was made again"))
        }
        Some(violation) if scenario.progress_named(&violation.invariant).is_some() => {
            match follow_blindly(scenario, &trace) {
                Ok(()) => {
                    stalls = true;
                    violation
                }
                Err(why) => not_same(format!(
                    "replaying run {run} of seed {seed}, {why}; a handler depends on something \
                     beside its arguments"
                )),
            }
        }
        Some(violation) => match replay(scenario, &trace, Some(&violation.invariant)) {
            // `World` looks at recorded ticks one by one, and may see it earlier.
            Replay::Breaks { steps, violation } => {
                trace.truncate(steps);
                replays = true;
                violation
            }
            Replay::RanToEnd => not_same(format!(
                "run {run} of seed {seed} breaks `{}`, its replay does not: a handler depends on \
                 something beside its arguments",
                violation.invariant
            )),
            Replay::WentAnotherWay(detour) => not_same(format!(
                "replaying run {run} of seed {seed}, step {} ({}) cannot happen: {}; a handler \
                 depends on something beside its arguments",
                detour.at + 1,
                detour.step,
                detour.why
            )),
        },
    };
    Failure { seed, run, plan, violation, trace, replays, stalls, alike: 1 }
}

impl<P: Protocol> Simulation<P> {
    pub(super) fn none(scenario: &Scenario<P>) -> Simulation<P> {
        Simulation {
            verdict: Verdict::Vacuous { missing: Vec::new() },
            failure: None,
            others: Vec::new(),
            runs: 0,
            failures: 0,
            cut_short: 0,
            quiet: 0,
            asked_to_settle: 0,
            tally: Tally::default(),
            goals: scenario.goals.iter().map(|goal| (goal.name, 0)).collect(),
            marks: BTreeMap::new(),
            measures: Measures {
                counts: vec![0; scenario.storm.counts.len()],
                ..Measures::default()
            },
            lasted: Span::ZERO,
            digest: 0,
            first_digest: 0,
            guided: None,
        }
    }

    pub(super) fn add(&mut self, outcome: &Outcome) {
        if self.runs == 0 {
            self.first_digest = outcome.digest;
        }
        self.runs += 1;
        self.failures += u64::from(outcome.violation.is_some());
        self.cut_short += u64::from(outcome.cut_short);
        self.quiet += outcome.quiet;
        self.asked_to_settle += outcome.asked_to_settle;
        self.tally.add(&outcome.tally);
        for ((_, runs), reached) in self.goals.iter_mut().zip(&outcome.goals) {
            *runs += u64::from(*reached);
        }
        for (mark, times) in &outcome.marks {
            let (runs, all) = self.marks.entry((*mark).to_string()).or_default();
            *runs += 1;
            *all += times;
        }
        self.measures.add(&outcome.measures);
        self.lasted = self.lasted + outcome.lasted;
        self.digest = (self.digest ^ outcome.digest).wrapping_mul(0x0100_0000_01b3);
    }

    pub(super) fn judge(
        &self,
        scenario: &Scenario<P>,
        campaign: &Campaign,
        stopped: Option<String>,
    ) -> Verdict {
        if let Some(failure) = &self.failure {
            let Violation { invariant, reason } = failure.violation.clone();
            return Verdict::Violated { invariant, reason };
        }
        let seconds = self.lasted.as_micros() / 1_000_000;
        let covered = format!(
            "in {} runs{}{} (seed {}), {} steps, {seconds} virtual seconds",
            self.runs,
            campaign.plans.in_words().map_or(String::new(), |plans| format!(" {plans}")),
            match (campaign.guided.is_some(), campaign.twice) {
                (true, true) => ", guided, each made twice",
                (true, false) => ", guided",
                (false, true) => ", each made twice",
                (false, false) => "",
            },
            campaign.seed,
            self.tally.steps
        );
        let missing = self.goals.iter().filter(|(_, runs)| *runs == 0);
        let mut missing: Vec<String> = missing.map(|(name, _)| (*name).to_string()).collect();
        for held in &scenario.invariants {
            let seen = match held.looks_at() {
                "quiet" => self.quiet,
                "settles" => self.asked_to_settle,
                _ => continue,
            };
            if seen == 0 {
                missing.push(format!("a quiet world, where `{}` is checked", held.name));
            }
        }
        match stopped {
            Some(why) => Verdict::Inconclusive { why, covered },
            None if self.cut_short > 0 => {
                let most = scenario.storm.steps;
                let why = match self.cut_short {
                    1 => format!("a run was cut short after {most} steps"),
                    many => format!("{many} runs were cut short after {most} steps"),
                };
                Verdict::Inconclusive { why, covered }
            }
            None if missing.is_empty() => Verdict::Holds { covered },
            None => Verdict::Vacuous { missing },
        }
    }
}
