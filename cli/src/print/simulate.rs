//! A simulation.

use splitbrain::report::{FailureReport, SimulateReport};
use splitbrain::simulate::{Guided, Tally};

use super::measures::measured;
use super::{Page, count, counterexample, headline, of, progress, reasons, system};

/// Lines of a run's plan that are printed; the run itself can be had again.
const PLAN_LINES: usize = 8;

/// What a report does not say about its campaign.
pub(crate) struct Beside<'a> {
    /// How many runs there were to be, if that was asked.
    pub(crate) asked: Option<u64>,
    /// The command that makes the failing run again.
    pub(crate) again: String,
    /// Where its counterexample is.
    pub(crate) saved: Option<&'a str>,
    /// What the program is called.
    pub(crate) program: &'a str,
}

/// Prints a simulation.
pub(crate) fn simulated(page: &mut Page, report: &SimulateReport, beside: &Beside<'_>) {
    headline(page, "simulated", &report.system, &report.verdict);
    reasons(page, &report.verdict);
    page.row("covered", &covered(report, beside.asked));
    system(page, &report.system);
    progress(page, &report.system);
    page.list("assuming", &assumptions(&report.system.bounds), " · ");
    page.row("faults", &faults(&report.tally));
    page.list("goals", &goals(&report.goals, report.runs), ", ");
    page.row("bug lines", &marks(report));
    measured(page, report);
    page.row("guided", &report.guided.as_ref().map_or(String::new(), guided));
    page.row("fingerprint", &report.digest);
    if let Some(failure) = &report.failure {
        failed(page, failure, beside);
    }
}

fn failed(page: &mut Page, failure: &FailureReport, beside: &Beside<'_>) {
    let (run, seed, steps) = (failure.run, failure.seed, of(failure.steps as u64, "step"));
    page.row("failed", &format!("run {run} of seed {seed}, {steps}"));
    plan(page, "drawn", &failure.plan);
    page.whole_row("again", &beside.again);
    let Some(one) = &failure.counterexample else {
        return;
    };
    if !failure.stages.is_empty() {
        let stages = counterexample::stages(&failure.stages);
        page.row("shrunk", &format!("{stages}; {} tries", count(failure.tries)));
    }
    if let Some(left) = one.plan.as_ref().filter(|left| **left != failure.plan) {
        plan(page, "left", left);
    }
    counterexample::size(page, one);
    counterexample::story(page, one);
    counterexample::saved(page, beside.program, beside.saved);
}

/// A plan, as far as it is short.
pub(crate) fn plan(page: &mut Page, label: &str, plan: &str) {
    let mut label = label;
    for line in plan.lines().take(PLAN_LINES) {
        page.row(label, line);
        label = "";
    }
    let more = plan.lines().count().saturating_sub(PLAN_LINES);
    if more > 0 {
        page.row("", &format!("and {} (--json has them all)", of(more as u64, "more fault")));
    }
}

pub(crate) fn covered(report: &SimulateReport, asked: Option<u64>) -> String {
    let runs = match asked.filter(|asked| *asked != report.runs) {
        None => of(report.runs, "run"),
        Some(asked) => format!("{} of {} runs", count(report.runs), count(asked)),
    };
    let failures = match report.failures {
        0 => String::new(),
        failures => format!(", {} failed", count(failures)),
    };
    let plans = report.plans.as_ref().map_or(String::new(), |plans| format!(" {plans}"));
    let twice = if report.twice { ", each made twice" } else { "" };
    format!(
        "{runs}{plans}{twice}{failures} (seed {}), {}, {} of virtual time",
        report.seed,
        of(report.tally.steps, "step"),
        virtual_time(report.virtual_micros / 1_000_000)
    )
}

/// What guidance did: how many features were seen and when, what is kept, and where runs came from.
fn guided(guided: &Guided) -> String {
    let Guided { blind, mutated, known, features, grew, corpus } = guided;
    let steps = grew.iter().rev().skip(1).step_by(3).take(3).collect::<Vec<_>>();
    let grew: Vec<String> = steps
        .iter()
        .rev()
        .map(|(runs, features)| format!("{} after {}", count(*features), of(*runs, "run")))
        .collect();
    let grew = if grew.is_empty() { String::new() } else { format!(" ({})", grew.join(", ")) };
    let known = match known {
        0 => String::new(),
        known => format!(", {} kept earlier", count(*known)),
    };
    format!(
        "{}{grew}; {} kept; {} blind, {} mutated{known}",
        of(*features, "feature"),
        of(corpus.len() as u64, "run"),
        of(*blind, "run"),
        count(*mutated)
    )
}

/// Seconds of virtual time, in the two largest units.
pub(crate) fn virtual_time(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        (_, _) => format!("{} h {} min", count(hours), minutes % 60),
    }
}

/// The bounds that bind simulation, too: the cluster, its links, and what is assumed of timing.
/// Budgets bound exploration only; how often a message arrives is among the faults.
pub(crate) fn assumptions(bounds: &[String]) -> Vec<String> {
    let bind = |(place, bound): &(usize, &String)| *place == 0 || bound.starts_with("assuming");
    let bind = bounds.iter().enumerate().filter(bind).map(|(_, bound)| bound);
    bind.map(|bound| bound.replace(", each message at most once", "")).collect()
}

/// How often each kind of fault happened, with its names for one and for many.
pub(crate) fn fault_kinds(tally: &Tally) -> Vec<(u64, &'static str, &'static str)> {
    vec![
        (tally.partitions, "partition", "partitions"),
        (tally.pauses, "pause", "pauses"),
        (tally.crashes, "crash", "crashes"),
        (tally.restarts, "restart", "restarts"),
        (tally.wipes, "wiped disk", "wiped disks"),
        (tally.unsynced, "unsynced record lost", "unsynced records lost"),
        (tally.torn, "torn record", "torn records"),
        (tally.jumps, "clock jump", "clock jumps"),
        (tally.slowed, "node or link slowed", "nodes or links slowed"),
        (tally.lost + tally.cut, "message lost", "messages lost"),
        (tally.duplicated, "doubled", "doubled"),
    ]
}

fn faults(tally: &Tally) -> String {
    let kinds = fault_kinds(tally);
    let happened = kinds.iter().filter(|(times, ..)| *times > 0);
    let said = happened.map(|(times, one, many)| {
        format!("{} {}", count(*times), if *times == 1 { one } else { many })
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { "none".to_string() } else { said.join(", ") }
}

fn goals(goals: &[(String, u64)], runs: u64) -> Vec<String> {
    let said = goals.iter().map(|(goal, reached)| match *reached {
        0 => format!("{goal} never"),
        all if all == runs => format!("{goal} in every run"),
        some => format!("{goal} in {}", of(some, "run")),
    });
    said.collect()
}

/// How often the lines of a bug ran: never reached, and reached without harm, are different.
fn marks(report: &SimulateReport) -> String {
    let said = report.marks.iter().map(|(mark, (runs, times))| {
        format!("{mark} {} in {}", of(*times, "time"), of(*runs, "run"))
    });
    let said: Vec<String> = said.collect();
    match (said.is_empty(), &report.system.bug) {
        (true, Some(_)) => "never reached".to_string(),
        (true, None) | (false, _) => said.join(", "),
    }
}
