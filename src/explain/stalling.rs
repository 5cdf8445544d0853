//! Telling a run that makes no progress: its last steps, and what it is left with.

use std::cmp::Reverse;

use super::shape::{Shape, clear};
use super::story::{Ending, Story};
use super::telling::{tell, tell_from};
use crate::node::Node;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::simulate::Rerun;
use crate::step::{Act, Step};

/// How many steps of a run are told, its last. Those before are counted by their kinds.
const TOLD: usize = 24;
/// How many columns the state of a node is folded to.
const STATE: usize = 240;

/// Makes a run again, and tells how it ends: where that invariant breaks, or where that goal of
/// progress was waited for in vain. Its last steps are told one by one, and what they leave each node
/// in: what is wrong there, it stays with.
pub fn tell_run<P: Protocol>(scenario: &Scenario<P>, run: &Rerun, invariant: &str) -> Story {
    let (outcome, steps) = run.record(scenario, invariant);
    let stalls = outcome.violation.filter(|_| scenario.progress_named(invariant).is_some());
    let Some(violation) = stalls else {
        return tell(scenario, &steps, Some(invariant));
    };
    let (before, last) = steps.split_at(steps.len().saturating_sub(TOLD));
    let (mut story, nodes) = tell_from(scenario, before, last);
    story.ending = Ending::Stalls {
        steps: steps.len(),
        before: kinds(before),
        nodes: scenario.node_ids().zip(&nodes).map(|(me, node)| told(scenario, me, node)).collect(),
        sentence: scenario.sentence_of(invariant).unwrap_or_default().to_string(),
        invariant: violation.invariant,
        reason: violation.reason,
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

/// How many steps there are of each kind, the most frequent first.
fn kinds<P: Protocol>(steps: &[Step<P>]) -> Vec<(String, usize)> {
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for step in steps {
        let kind = kind(&step.act);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, many)) => *many += 1,
            None => kinds.push((kind, 1)),
        }
    }
    kinds.sort_by_key(|(_, many)| Reverse(*many));
    kinds
}

/// What kind of step it is, without what it carries: `deliver AppendEntries`.
fn kind<P: Protocol>(act: &Act<P>) -> String {
    let text = act.to_string();
    let (verb, what) = text.split_once(' ').unwrap_or((&text, ""));
    match act {
        Act::Deliver { .. }
        | Act::Drop { .. }
        | Act::Duplicate { .. }
        | Act::Timeout(_)
        | Act::Input { .. } => {
            let name = what.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            format!("{verb} {}", name.take(1).collect::<String>()).trim_end().to_string()
        }
        Act::Tick | Act::Crash | Act::Restart | Act::Wiped => text,
    }
}
