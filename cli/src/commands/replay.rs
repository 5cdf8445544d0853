//! `replay`: saved counterexamples, step by step.

use std::path::Path;

use serde_json::{Value, json};
use splitbrain::counterexample::read;
use splitbrain::report::{ReplayOutcome, ReplayReport};

use crate::arguments::Replay;
use crate::print::{self, Page};
use crate::session::{Problem, Session, exit};

/// Replays files; one that cannot be read does not keep the others from being replayed.
pub(super) fn replay(session: &mut Session<'_>, replay: &Replay) -> Result<u8, Problem> {
    let mut code = exit::HOLDS;
    let mut values: Vec<Value> = Vec::new();
    for (place, file) in replay.files.iter().enumerate() {
        let path = file.display().to_string();
        match one(session, file, &path, replay.without_bug) {
            Ok(report) => {
                let its = code_of(&report);
                code = exit::graver(code, its);
                let mut value = serde_json::to_value(&report)?;
                value["file"] = json!(path);
                value["exit_code"] = json!(its);
                values.push(value);
                if !session.json {
                    let mut page = Page::new(session.colour);
                    print::replay::replayed(&mut page, &path, &report);
                    let gap = if place > 0 { "\n" } else { "" };
                    session.say(&format!("{gap}{}", page.done()))?;
                }
            }
            Err(problem) => {
                code = exit::MISTAKEN;
                session.remark(&format!("error: {}", problem.0));
                values
                    .push(json!({ "file": path, "error": problem.0, "exit_code": exit::MISTAKEN }));
            }
        }
    }
    if session.json {
        session.say_json(&json!({ "replays": values, "exit_code": code }))?;
    }
    Ok(code)
}

fn one(
    session: &Session<'_>,
    file: &Path,
    path: &str,
    without_bug: bool,
) -> Result<ReplayReport, Problem> {
    let text = read(file)?;
    let model = session.catalog.model_of(&text, path)?;
    Ok(model.replay(&text, path, without_bug)?)
}

fn code_of(report: &ReplayReport) -> u8 {
    match report.outcome {
        ReplayOutcome::Breaks { .. } => exit::VIOLATED,
        // Of a run that ends in another way nothing is known.
        ReplayOutcome::WentAnotherWay { .. } if report.of_run => exit::INCONCLUSIVE,
        ReplayOutcome::RanToEnd | ReplayOutcome::WentAnotherWay { .. } => exit::HOLDS,
    }
}
