//! A story: what a trace did, as plain data and in words.

use serde::Serialize;

use crate::simulate::Later;

/// What a trace did to a scenario, step by step, and how it ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Story {
    /// The model.
    pub model: String,
    /// The scenario's name within the model.
    pub scenario: String,
    /// The deliberate mistake the protocol carries, if any.
    pub bug: Option<String>,
    /// What the nodes are called, in order.
    pub nodes: Vec<String>,
    /// How many of the first steps only lead to where the scenario begins, and what they stand
    /// for.
    pub prefix: Option<(usize, String)>,
    /// How many steps there are before the first that is told.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: usize,
    /// Which nodes are down before the first step, by their places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub down: Vec<usize>,
    /// What each node sent as it started, in the nodes' order.
    pub greetings: Vec<Vec<Sent>>,
    /// The steps that happened, in order.
    pub steps: Vec<Moment>,
    /// How it ended.
    pub ending: Ending,
}

/// One step of a story.
///
/// Values are texts as their `Debug` prints them on one line, without names of newtypes that only
/// repeat their field's: `term: 2` for `term: Term(2)`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Moment {
    /// Its number among those that are told, from 1.
    pub number: usize,
    /// Where it happened, by the node's place in [`Story::nodes`].
    pub node: usize,
    /// What kind of step it is.
    pub kind: Kind,
    /// What happened, in words: `deliver RequestVote { term: 1 } from n0`.
    pub label: String,
    /// The message, timer or input it is about; empty for other kinds.
    pub subject: String,
    /// The client who asked, of an input.
    pub client: Option<String>,
    /// Who sent the message it is about.
    pub from: Option<usize>,
    /// The number of the step that sent that message; 0 if it was sent as its node started.
    pub sent_at: Option<usize>,
    /// What the step sent, in order.
    pub sends: Vec<Sent>,
    /// What the node told the outside.
    pub events: Vec<String>,
    /// What changed in the node, a line each: `term: 1 → 2`.
    pub changes: Vec<String>,
    /// Whether the node runs behind the step.
    pub up: bool,
}

/// The kinds of steps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A message arrives.
    Deliver,
    /// A message is lost.
    Drop,
    /// A message is doubled on its way.
    Duplicate,
    /// A timer fires.
    Timeout,
    /// A client asks something.
    Input,
    /// The clock moves on.
    Tick,
    /// The node stops.
    Crash,
    /// The node runs again.
    Restart,
    /// The node runs again with an empty disk.
    Wiped,
}

/// A message that was sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sent {
    /// Where it goes.
    pub to: usize,
    /// What it says.
    pub message: String,
    /// The numbers of the steps that delivered it or dropped it: none if it is still on its way,
    /// several if it was doubled or links keep what they carry.
    pub ends: Vec<usize>,
}

/// How a story ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// An invariant does not hold.
    Breaks {
        /// The number of the step that broke it; 0 if it never held.
        step: usize,
        /// Its name.
        invariant: String,
        /// What it says.
        sentence: String,
        /// Why it does not hold, with the offending values.
        reason: String,
    },
    /// Every step happened, and nothing broke.
    RanToEnd,
    /// It goes on, and what must come about does not.
    Stalls {
        /// What becomes of it in ten times as long.
        later: Later,
        /// What it has in store, a line each.
        plan: Vec<String>,
        /// How many steps of each kind are left out: faults and losses first, then the most frequent.
        before: Vec<(String, usize)>,
        /// Each node as it is in the end, in a line.
        nodes: Vec<String>,
        /// The name of the goal.
        invariant: String,
        /// What it says.
        sentence: String,
        /// How long it was waited for.
        reason: String,
    },
    /// A step could not happen.
    WentAnotherWay {
        /// The number of that step.
        at: usize,
        /// The step, in words.
        step: String,
        /// Why it could not happen.
        why: String,
        /// What could have happened there instead, within the scenario's budgets.
        enabled: Vec<String>,
    },
}

impl Story {
    /// One line for each step: what happened where, what it changed, what it sent and told.
    /// `  3  n1: deliver RequestVote { term: 1 } from n0 — term: 0 → 1; sends Vote to n0`.
    pub fn steps_in_words(&self) -> Vec<String> {
        self.steps.iter().map(|moment| self.in_words(moment)).collect()
    }

    /// What a step is called: its number among all, those left out included.
    pub(super) fn number_of(&self, told: usize) -> usize {
        self.left_out + told
    }

    fn in_words(&self, moment: &Moment) -> String {
        let node = &self.nodes[moment.node];
        let mut line = format!("{:>3}  {node}: {}", self.number_of(moment.number), moment.label);
        let mut effects = moment.changes.clone();
        effects.extend(self.sends_in_words(&moment.sends));
        effects.extend(moment.events.iter().map(|event| format!("tells {event}")));
        if !effects.is_empty() {
            line.push_str(" — ");
            line.push_str(&effects.join("; "));
        }
        line
    }

    /// Each different message once, with all nodes it goes to: `sends Ping to n1, n2`.
    pub(super) fn sends_in_words(&self, sends: &[Sent]) -> Vec<String> {
        let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
        for sent in sends {
            let to = self.nodes[sent.to].as_str();
            match said.iter_mut().find(|(message, _)| *message == sent.message) {
                Some((_, receivers)) => receivers.push(to),
                None => said.push((&sent.message, vec![to])),
            }
        }
        said.into_iter()
            .map(|(message, receivers)| format!("sends {message} to {}", receivers.join(", ")))
            .collect()
    }

    /// `counter, three-nodes, with the bug counts-twice`.
    pub(super) fn title(&self) -> String {
        let mut title = self.model.clone();
        if self.scenario != self.model {
            title.push_str(&format!(", {}", self.scenario));
        }
        if let Some(bug) = &self.bug {
            title.push_str(&format!(", with the bug {bug}"));
        }
        title
    }

    /// How it ended, in one line.
    pub(super) fn summary(&self) -> String {
        let steps = |n: usize| if n == 1 { "1 step".to_string() } else { format!("{n} steps") };
        let (told, all) = (self.steps.len(), self.left_out + self.steps.len());
        let last = match self.left_out {
            0 => String::new(),
            _ => format!("; these are the last {told}"),
        };
        match &self.ending {
            Ending::Breaks { step: 0, invariant, .. } => {
                format!("{invariant} never holds: it is broken before the first step")
            }
            Ending::Breaks { step, invariant, .. } => {
                format!("{invariant} is broken in {}{last}", steps(self.number_of(*step)))
            }
            Ending::RanToEnd => format!("{}, and nothing broke{last}", steps(all)),
            Ending::Stalls { invariant, .. } => {
                format!("{invariant} does not come about in {}{last}", steps(all))
            }
            Ending::WentAnotherWay { at, .. } => format!("goes another way at step {at}"),
        }
    }

    /// How it ended, for a box below the diagram: its heading, and lines that may be wrapped.
    pub(super) fn closing(&self) -> Option<(String, Vec<String>)> {
        match &self.ending {
            Ending::Breaks { invariant, sentence, reason, .. } => {
                let lines = [sentence, reason].into_iter().filter(|line| !line.is_empty());
                Some((format!("✗ {invariant}"), lines.cloned().collect()))
            }
            Ending::RanToEnd => None,
            Ending::Stalls { later, plan, before, nodes, invariant, reason, .. } => {
                let lines = [reason.clone(), later.in_words().to_string()].into_iter();
                let lines = lines.chain(plan.iter().cloned()).chain([in_kinds(before)]);
                let lines = lines.filter(|line| !line.is_empty());
                Some((format!("✗ {invariant}"), lines.chain(nodes.iter().cloned()).collect()))
            }
            Ending::WentAnotherWay { at, step, why, enabled } => {
                let mut lines = vec![step.clone(), format!("cannot happen here: {why}")];
                let shown = enabled.len().min(12);
                if shown > 0 {
                    lines.push("What could happen instead:".to_string());
                }
                lines.extend(enabled[..shown].iter().map(|step| format!("  {step}")));
                if enabled.len() > shown {
                    lines.push(format!("  … and {} more", enabled.len() - shown));
                }
                Some((format!("step {at} goes another way"), lines))
            }
        }
    }

    /// The nodes that something happened to, or that messages went to or came from; all of them
    /// if the cluster is small. In a large one the others only take up room.
    pub(super) fn cast(&self) -> Vec<usize> {
        let everyone = 0..self.nodes.len();
        if self.nodes.len() <= 5 {
            return everyone.collect();
        }
        let acts = |node: usize| {
            self.steps.iter().any(|moment| moment.node == node || moment.from == Some(node))
        };
        let cast: Vec<usize> = everyone.clone().filter(|&node| acts(node)).collect();
        if cast.is_empty() { everyone.collect() } else { cast }
    }

    /// The nodes that [`cast`](Story::cast) leaves out, in a sentence.
    pub(super) fn absent(&self) -> Option<String> {
        let cast = self.cast();
        let names: Vec<&str> = (0..self.nodes.len())
            .filter(|node| !cast.contains(node))
            .map(|node| self.nodes[node].as_str())
            .collect();
        match names.as_slice() {
            [] => None,
            [one] => Some(format!("not shown, since nothing happens there: {one}")),
            many => Some(format!("not shown, since nothing happens there: {}", many.join(", "))),
        }
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How many kinds of step are named; those behind them are rare.
const KINDS: usize = 9;

/// The steps before those that are told, by how many there are of each kind.
fn in_kinds(before: &[(String, usize)]) -> String {
    let named = before.iter().take(KINDS).map(|(kind, many)| format!("{many} × {kind}"));
    let mut named: Vec<String> = named.collect();
    match before.iter().skip(KINDS).map(|(_, many)| many).sum() {
        0 => {}
        1 => named.push("1 other".to_string()),
        others => named.push(format!("{others} others")),
    }
    if named.is_empty() { String::new() } else { format!("before: {}", named.join(", ")) }
}
