//! `bugs`: what it takes either engine to find each known bug.

use serde_json::json;
use splitbrain::catalog::{AnyModel, BugInfo, Request};
use splitbrain::counterexample::write_whole;
use splitbrain::explore::Limits;
use splitbrain::report::{CounterexampleReport, ExploreReport, SimulateReport};
use splitbrain::shrink::Effort;
use splitbrain::simulate::Campaign;

use super::measured;
use crate::arguments::{Bugs, Ends};
use crate::print;
use crate::print::bugs::{Explored, Row, Simulated};
use crate::progress::{Stopwatch, Watch, interrupted};
use crate::session::{Problem, Session, exit};

/// Finds every bug with both engines.
pub(super) fn bugs(session: &mut Session<'_>, bugs: &Bugs) -> Result<u8, Problem> {
    if let Some(path) = &bugs.hits {
        return measured::hits(session, bugs, path);
    }
    if let Some(path) = &bugs.guidance {
        return measured::guidance(session, bugs, path);
    }
    let models: Vec<&dyn AnyModel> = match &bugs.model {
        Some(name) => vec![session.catalog.model(name)?],
        None => session.catalog.models().collect(),
    };
    let mut rows = Vec::new();
    let mut equivalents = Vec::new();
    for model in models {
        equivalents.extend(model.equivalents().iter().map(|it| (model.name(), it)));
        for bug in model.bugs() {
            rows.push(find(session, model, bug, bugs)?);
            if interrupted() {
                return Err(Problem("ended before every bug was tried; nothing is told".into()));
            }
        }
    }
    if let Some(path) = &bugs.markdown {
        let command = format!("{} bugs", session.program);
        write_whole(
            path,
            &print::bugs::markdown(&rows, &equivalents, &command, bugs.runs, bugs.seed),
        )?;
    }
    let missed = rows.iter().any(|row| {
        row.explored.is_none() || row.simulated.is_none() && row.only_explored.is_none()
    });
    let code = if missed { exit::INCONCLUSIVE } else { exit::HOLDS };
    match session.json {
        true => session.say_json(&json!({ "bugs": rows, "exit_code": code }))?,
        false => session.say(&print::bugs::table(&rows))?,
    }
    Ok(code)
}

fn find(
    session: &mut Session<'_>,
    model: &dyn AnyModel,
    bug: &'static BugInfo,
    bugs: &Bugs,
) -> Result<Row, Problem> {
    let request = |scenario: &str| Request {
        scenario: scenario.to_string(),
        bug: Some(bug.name.to_string()),
        ..Request::default()
    };
    let only = Some(bug.invariant.to_string());
    let title = format!("{} {}", model.name(), bug.name);
    let ends = Ends::default();

    let mut watch = Watch::new(&title, &ends, session.progress)?;
    let limits = Limits { only: only.clone(), ..Limits::default() };
    let explored = model.explore(&request(bug.explored.0), &limits, &mut watch)?;
    if let Some(why) = model.why_only_explored(bug.name) {
        return only_explored(model, bug, bugs, &explored, why);
    }
    let clock = Stopwatch::start();
    let threads = super::simulate::cores();
    let campaign = Campaign { threads, only, ..Campaign::new(bugs.runs, bugs.seed) };
    let (simulation, effort) = (request(bug.simulated.0), Some(Effort::default()));
    // Without shrinking first: the seconds are those of finding it.
    let found = model.simulate(&simulation, &campaign, None, &mut watch)?;
    let seconds = clock.seconds();
    let shrunk = match &found.failure {
        Some(failure) => {
            let once = Campaign { first: failure.run, runs: 1, ..campaign.clone() };
            Some(model.simulate(&simulation, &once, effort, &mut watch)?)
        }
        None => None,
    };
    drop(watch);
    let by_exploration = shortest(&explored, bug);
    let by_simulation = shrunk.as_ref().and_then(|report| shrunk_to(report, bug));
    save(bugs, model, bug, by_exploration.or(by_simulation))?;
    Ok(Row {
        simulated_in: with_settings(bug.simulated),
        simulated: simulated(&found, shrunk.as_ref(), bug, seconds),
        line_ran_in: found.marks.get(bug.name).map_or(0, |(runs, _)| *runs),
        ..row(model, bug, &explored)
    })
}

/// Saves the counterexample of a bug, if that is wanted and there is one.
fn save(
    bugs: &Bugs,
    model: &dyn AnyModel,
    bug: &BugInfo,
    found: Option<&CounterexampleReport>,
) -> Result<(), Problem> {
    if let (Some(folder), Some(one)) = (&bugs.save, found) {
        write_whole(&folder.join(format!("{}-{}.json", model.name(), bug.name)), &one.file)?;
    }
    Ok(())
}

/// The row of a bug that only exploration finds in reason.
fn only_explored(
    model: &dyn AnyModel,
    bug: &'static BugInfo,
    bugs: &Bugs,
    explored: &ExploreReport,
    why: &'static str,
) -> Result<Row, Problem> {
    save(bugs, model, bug, shortest(explored, bug))?;
    Ok(Row { only_explored: Some(why), ..row(model, bug, explored) })
}

/// The row of a bug as far as exploration fills it.
fn row(model: &dyn AnyModel, bug: &'static BugInfo, explored: &ExploreReport) -> Row {
    Row {
        model: model.name(),
        bug: bug.name,
        about: bug.about,
        source: bug.source,
        invariant: bug.invariant,
        explored_in: with_settings(bug.explored),
        explored: shortest(explored, bug).map(|one| Explored {
            steps: one.steps,
            minimality: one.minimality.in_words().to_string(),
            states: explored.states,
        }),
        simulated_in: String::new(),
        simulated: None,
        only_explored: None,
        line_ran_in: 0,
    }
}

fn shortest<'a>(report: &'a ExploreReport, bug: &BugInfo) -> Option<&'a CounterexampleReport> {
    report.counterexamples.iter().find(|one| one.invariant == bug.invariant)
}

/// What a run shrank to, if it broke what the bug is listed for: a handler that panics ends a run, too.
fn shrunk_to<'a>(report: &'a SimulateReport, bug: &BugInfo) -> Option<&'a CounterexampleReport> {
    let found = report.failure.as_ref()?.counterexample.as_ref()?;
    (found.invariant == bug.invariant).then_some(found)
}

fn simulated(
    found: &SimulateReport,
    shrunk: Option<&SimulateReport>,
    bug: &BugInfo,
    seconds: f64,
) -> Option<Simulated> {
    let one = shrunk_to(shrunk?, bug)?;
    Some(Simulated {
        runs: found.runs,
        seconds,
        found_steps: found.failure.as_ref()?.steps,
        shrunk_steps: one.steps,
        minimality: one.minimality.in_words().to_string(),
    })
}

/// `rivals`, or `storm with lease 3, skew 1`.
fn with_settings((scenario, settings): (&str, &[(&str, u64)])) -> String {
    let settings: Vec<String> =
        settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
    match settings.is_empty() {
        true => scenario.to_string(),
        false => format!("{scenario} with {}", settings.join(", ")),
    }
}
