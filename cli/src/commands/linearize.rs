//! `linearize`: a recorded history of a real system, held to the object it is of.

use std::io::Read;

use splitbrain::counterexample::read;

use super::Answer;
use crate::arguments::Linearize;
use crate::history::Misread;
use crate::history::calls::Calls;
use crate::history::objects::{Looked, Object, Told, look};
use crate::history::record::Records;
use crate::history::value;
use crate::print::linearize::{in_json, looked_at};
use crate::print::{Page, count};
use crate::progress::Watch;
use crate::session::{Problem, Session, exit};

/// Looks at a history.
pub(super) fn linearize(session: &mut Session<'_>, asked: &Linearize) -> Result<u8, Problem> {
    let by_standard_input = asked.history.as_os_str() == "-";
    let (name, text) = match by_standard_input {
        true => ("standard input".to_string(), standard_input()?),
        false => (asked.history.display().to_string(), read(&asked.history)?),
    };
    let problem = |misread: Misread| Problem(format!("{name}: {misread}"));
    let initial = asked.initial.as_deref().map(value).transpose().map_err(|misread| {
        Problem(format!("--initial: {misread}; write one value, such as 0 or \"a\""))
    })?;
    let records = Records::read(&text).map_err(problem)?;
    let object = match asked.object {
        Some(object) => object,
        None => Object::of(&records).map_err(problem)?,
    };
    let keyed = match asked.object {
        Some(Object::Register) => Some(false),
        Some(Object::KeyValue) => Some(true),
        Some(Object::Lock | Object::Counter | Object::Queue) | None => None,
    };
    let calls = Calls::of(records, keyed).map_err(problem)?;
    // Registers of several keys are a store.
    let object = match (object, calls.keyed) {
        (Object::Register, true) => Object::KeyValue,
        (object, _) => object,
    };
    let mut watch = Watch::new("linearize", &asked.ends, session.progress)?;
    let mut ended_by = None;
    let looked = look(object, &calls, initial.as_ref(), &mut |states| {
        if ended_by.is_none() {
            ended_by = match asked.states.filter(|most| states >= *most) {
                Some(most) => Some(format!("at the limit of states (--states {})", count(most))),
                None => watch.placing(states),
            };
        }
        ended_by.is_none()
    });
    let looked = looked.map_err(problem)?;
    drop(watch);
    let why = ended_by.unwrap_or_default();
    let code = code_of(&looked);
    let mut page = Page::new(session.colour);
    looked_at(&mut page, &name, &looked, &why);
    let value = in_json(&name, &looked, &why, code);
    Answer { page, value, code, unsaved: None }.print(session)
}

fn code_of(looked: &Looked) -> u8 {
    match looked.told {
        Told::Holds => exit::HOLDS,
        Told::Violated { .. } => exit::VIOLATED,
        Told::Inconclusive { .. } => exit::INCONCLUSIVE,
        Told::Vacuous => exit::VACUOUS,
    }
}

fn standard_input() -> Result<String, Problem> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| {
        Problem(format!("cannot read standard input: {error}; give it a history as text"))
    })?;
    Ok(text)
}
