//! Telling a run that makes no progress: its last steps, and what it is left with.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::{self, Debug, Write};

use super::shape::{Shape, clear};
use super::story::{Ending, Story};
use super::telling::tell_from;
use crate::node::Node;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::simulate::Rerun;
use crate::situation::Violation;
use crate::step::{Act, Step};

/// How many steps of a run are told, its last. Those before are counted by their kinds.
const TOLD: usize = 24;
/// How many columns the state of a node is folded to.
const STATE: usize = 240;

/// Makes a run again, and tells how it ends: where that goal of progress was waited for in vain, or
/// where it was met. Its last steps are told one by one, and what they leave each node in: what is
/// wrong there, it stays with.
pub fn tell_run<P: Protocol>(scenario: &Scenario<P>, run: &Rerun, goal: &str) -> Story {
    let (outcome, steps) = run.record(scenario, goal);
    let (before, last) = steps.split_at(steps.len().saturating_sub(TOLD));
    let (mut story, nodes) = tell_from(scenario, before, last);
    story.left_out = before.len();
    let Some(Violation { invariant, reason }) = outcome.violation else {
        return story;
    };
    let sentence = scenario.sentence_of(&invariant).unwrap_or_default().to_string();
    story.ending = if scenario.progress_named(&invariant).is_some() {
        let nodes = scenario.node_ids().zip(&nodes).map(|(me, node)| told(scenario, me, node));
        let (later, plan) = (run.later, run.plan.to_string().lines().map(str::to_string).collect());
        let (before, nodes) = (kinds(before), nodes.collect());
        Ending::Stalls { later, plan, before, nodes, invariant, sentence, reason }
    } else {
        Ending::Breaks { step: story.steps.len(), invariant, sentence, reason }
    };
    story
}

/// A node as it is, in a line: `n1, with the timers [Election]: Raft { term: 3, … }`.
fn told<P: Protocol>(scenario: &Scenario<P>, me: NodeId, node: &Node<P>) -> String {
    let timers: Vec<String> = node.timers.iter().map(|(timer, _)| clear(timer)).collect();
    let set = match (node.up, timers.is_empty()) {
        (false, _) => "down".to_string(),
        (true, true) => "with no timer set".to_string(),
        (true, false) => format!("with the timers [{}]", timers.join(", ")),
    };
    let state = Shape::clear(&format!("{:?}", node.state)).folded(STATE);
    format!("{}, {set}: {state}", scenario.node_name(me))
}

/// How many steps there are of each kind: what went wrong first, then the most frequent.
fn kinds<P: Protocol>(steps: &[Step<P>]) -> Vec<(String, usize)> {
    let mut kinds: BTreeMap<(bool, String), usize> = BTreeMap::new();
    for step in steps {
        *kinds.entry((is_usual(&step.act), kind(&step.act))).or_default() += 1;
    }
    let mut kinds: Vec<((bool, String), usize)> = kinds.into_iter().collect();
    kinds.sort_by_key(|((usual, _), many)| (*usual, Reverse(*many)));
    kinds.into_iter().map(|((_, kind), many)| (kind, many)).collect()
}

/// Whether it is no fault.
fn is_usual<P: Protocol>(act: &Act<P>) -> bool {
    match act {
        Act::Deliver { .. } | Act::Timeout(_) | Act::Input { .. } | Act::Tick => true,
        Act::Drop { .. } | Act::Duplicate { .. } | Act::Crash | Act::Restart | Act::Wiped => false,
    }
}

/// What kind of step it is, without what it carries: `deliver AppendEntries`.
fn kind<P: Protocol>(act: &Act<P>) -> String {
    let (verb, what) = match act {
        Act::Deliver { message, .. } => ("deliver", FirstWord::of(message)),
        Act::Drop { message, .. } => ("drop", FirstWord::of(message)),
        Act::Duplicate { message, .. } => ("duplicate", FirstWord::of(message)),
        Act::Timeout(timer) => ("timeout", FirstWord::of(timer)),
        Act::Input { input, .. } => ("input", FirstWord::of(input)),
        Act::Tick | Act::Crash | Act::Restart | Act::Wiped => return act.to_string(),
    };
    format!("{verb} {what}").trim_end().to_string()
}

/// Takes the first word of what is printed, and refuses the rest: a message may be long.
struct FirstWord(String);

impl FirstWord {
    /// The name a value prints itself by; nothing where it is but a number.
    fn of(value: &impl Debug) -> String {
        let mut word = FirstWord(String::new());
        // It fails at the word's end, and has all of it.
        let _ = write!(word, "{value:?}");
        word.0.trim_start_matches(|first: char| first.is_ascii_digit()).to_string()
    }
}

impl Write for FirstWord {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let ends = text.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        self.0.push_str(&text[..ends.unwrap_or(text.len())]);
        if ends.is_some() { Err(fmt::Error) } else { Ok(()) }
    }
}
