//! `shrink`: makes a saved counterexample shorter.

use std::path::PathBuf;

use serde_json::json;
use splitbrain::catalog::Error;
use splitbrain::counterexample::{read, write_whole};
use splitbrain::shrink::Effort;

use super::Answer;
use crate::arguments::Shrink;
use crate::print::{self, Page};
use crate::progress::Watch;
use crate::session::{Problem, Session, exit};

/// Shrinks a file, and saves the short one beside it or where it is asked for.
pub(super) fn shrink(session: &mut Session<'_>, shrink: &Shrink) -> Result<u8, Problem> {
    let text = read(&shrink.file)?;
    let place = shrink.file.display().to_string();
    let model = session.catalog.model_of(&text, &place)?;
    let usual = Effort::default();
    let effort = Effort {
        tries: shrink.tries.unwrap_or(usual.tries),
        states: shrink.states.unwrap_or(usual.states),
        ..usual
    };
    let mut watch = Watch::new(&place, &shrink.ends, session.progress)?;
    let program = session.program;
    let report = model.shrink(&text, &place, effort, &mut watch).map_err(|error| match error {
        // The engine does not know what this program is called.
        Error::NothingToShrink(why) => Problem(format!(
            "there is nothing to shrink: {why}; `{program} replay {place}` says what became of it"
        )),
        other => Problem::from(other),
    })?;
    drop(watch);
    let path = shrink.out.clone().unwrap_or_else(|| beside(shrink));
    write_whole(&path, &report.counterexample.file)?;
    let path = path.display().to_string();
    let mut page = Page::new(session.colour);
    print::shrink::shrunk(&mut page, &report, &path, session.program);
    let mut value = serde_json::to_value(&report)?;
    value["saved"] = json!(path);
    value["exit_code"] = json!(exit::HOLDS);
    Answer { page, value, code: exit::HOLDS, unsaved: None }.print(session)
}

/// `one.json` becomes `one.shrunk.json`.
fn beside(shrink: &Shrink) -> PathBuf {
    shrink.file.with_extension("shrunk.json")
}
