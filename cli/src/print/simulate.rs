//! A simulation.

use splitbrain::report::{FailureReport, SimulateReport};
use splitbrain::simulate::Tally;

use super::{Page, count, counterexample, headline, of, reasons, system};

/// Prints a simulation; `asked` says how many runs there were to be, `saved` where its
/// counterexample is.
pub(crate) fn simulated(
    page: &mut Page,
    report: &SimulateReport,
    asked: u64,
    saved: Option<&str>,
    program: &str,
) {
    headline(page, "simulated", &report.system, &report.verdict);
    reasons(page, &report.verdict);
    page.row("covered", &covered(report, asked));
    system(page, &report.system);
    page.row("assuming", &assumptions(&report.system.bounds));
    page.row("faults", &faults(&report.tally));
    page.row("goals", &goals(&report.goals, report.runs));
    page.row("bug lines", &marks(report));
    page.row("fingerprint", &report.digest);
    if let Some(failure) = &report.failure {
        failed(page, report, failure, saved, program);
    }
}

fn failed(
    page: &mut Page,
    report: &SimulateReport,
    failure: &FailureReport,
    saved: Option<&str>,
    program: &str,
) {
    let (run, seed, steps) = (failure.run, report.seed, of(failure.steps as u64, "step"));
    page.row("failed", &format!("run {run} of seed {seed}, {steps}"));
    let mut label = "drawn";
    for line in failure.plan.lines() {
        page.row(label, line);
        label = "";
    }
    let Some(one) = &failure.counterexample else {
        let system = &report.system;
        let bug = system.bug.as_ref().map(|bug| format!(" --bug {bug}")).unwrap_or_default();
        let (model, scenario) = (&system.model, &system.scenario);
        let parameters = system.parameters.iter();
        let parameters: String =
            parameters.map(|(name, value)| format!(" --{name} {value}")).collect();
        page.row(
            "again",
            &format!(
                "{program} simulate {model} --scenario {scenario}{bug}{parameters} --seed {seed} \
             --first-run {run} --runs 1"
            ),
        );
        return;
    };
    if !failure.stages.is_empty() {
        let stages = counterexample::stages(&failure.stages);
        page.row("shrunk", &format!("{stages}; {} tries", count(failure.tries)));
    }
    counterexample::size(page, one);
    counterexample::story(page, one);
    counterexample::saved(page, program, saved);
}

fn covered(report: &SimulateReport, asked: u64) -> String {
    let runs = match report.runs == asked {
        true => of(asked, "run"),
        false => format!("{} of {} runs", count(report.runs), count(asked)),
    };
    let failures = match report.failures {
        0 => String::new(),
        failures => format!(", {} failed", count(failures)),
    };
    let minutes = report.virtual_micros / 60_000_000;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!(
        "{runs}{failures} (seed {}), {}, {} h {minutes} min of virtual time",
        report.seed,
        of(report.tally.steps, "step"),
        count(hours)
    )
}

/// The bounds that bind simulation, too: the cluster, its links, and what is assumed of timing.
/// Budgets bound exploration only.
fn assumptions(bounds: &[String]) -> String {
    let bind = |(place, bound): &(usize, &String)| *place == 0 || bound.starts_with("assuming");
    let bounds = bounds.iter().enumerate().filter(bind);
    bounds.map(|(_, bound)| bound.as_str()).collect::<Vec<_>>().join(" · ")
}

fn faults(tally: &Tally) -> String {
    let kinds = [
        (tally.partitions, "partition", "partitions"),
        (tally.pauses, "pause", "pauses"),
        (tally.crashes, "crash", "crashes"),
        (tally.restarts, "restart", "restarts"),
        (tally.wipes, "wiped disk", "wiped disks"),
        (tally.jumps, "clock jump", "clock jumps"),
        (tally.lost + tally.cut, "message lost", "messages lost"),
        (tally.duplicated, "doubled", "doubled"),
    ];
    let happened = kinds.iter().filter(|(times, ..)| *times > 0);
    let said = happened.map(|(times, one, many)| {
        format!("{} {}", count(*times), if *times == 1 { one } else { many })
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { "none".to_string() } else { said.join(", ") }
}

fn goals(goals: &[(String, u64)], runs: u64) -> String {
    let said = goals.iter().map(|(goal, reached)| match *reached {
        0 => format!("{goal} never"),
        all if all == runs => format!("{goal} in every run"),
        some => format!("{goal} in {}", of(some, "run")),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// How often the lines of a bug ran: never reached, and reached without harm, are different.
fn marks(report: &SimulateReport) -> String {
    let said = report.marks.iter().map(|(mark, (runs, times))| {
        format!("{mark} {} times in {}", count(*times), of(*runs, "run"))
    });
    let said: Vec<String> = said.collect();
    match (said.is_empty(), &report.system.bug) {
        (true, Some(_)) => "never reached".to_string(),
        (true, None) | (false, _) => said.join(", "),
    }
}
