//! What a run shows: features, each a number of few bits.

use std::cmp::Ordering;

use super::shape::{NUMBERS, Shape, mix};
use crate::node::{Node, Occurrence};
use crate::protocol::{NodeId, Protocol};
use crate::simulate::outcome::{Outcome, Record};
use crate::step::Step;

/// How many different features there may be: two that fall together are taken for one, and one of
/// them is then not new.
pub(super) const FEATURES: usize = 1 << 18;

/// Writes down what a run shows. Steps it forgets.
pub(super) struct Signal {
    /// What each node looked like when something last happened at it.
    nodes: Vec<Looks>,
    /// What happens just now.
    event: u64,
    seen: Vec<u64>,
    /// What was seen and when, in the order in which it was first.
    features: Vec<(u32, u64)>,
    now: u64,
}

/// What a node looks like.
#[derive(Clone, Copy, Default)]
struct Looks {
    /// The kind of its state, and whether it is up.
    kind: u64,
    numbers: [u64; NUMBERS],
    /// What happened there last, and who sent it.
    event: u64,
    from: Option<NodeId>,
}

/// What sorts of feature there are.
#[derive(Clone, Copy)]
enum Sort {
    /// Something happened to a node of some kind and made it one of another.
    Change = 1,
    /// Something happened after something else at the same node, sent by the same node or another.
    Pair,
    /// How many nodes are of one kind. (The kinds of all together are new in next to every run.)
    Together,
    /// A number of a node compared with the same one of all others.
    Ranks,
    /// A goal that was reached.
    Goal,
}

impl Signal {
    /// Nothing seen, in a cluster of that many nodes.
    pub(super) fn new(nodes: usize) -> Signal {
        Signal {
            nodes: vec![Looks::default(); nodes],
            event: 0,
            seen: vec![0; FEATURES / 64],
            features: Vec::new(),
            now: 0,
        }
    }

    /// All features of the run, in order, and the microsecond at which each was first seen.
    pub(super) fn features(mut self, outcome: &Outcome) -> Vec<(u32, u64)> {
        for (goal, _) in outcome.goals.iter().enumerate().filter(|(_, reached)| **reached) {
            self.see(Sort::Goal, &[goal as u64]);
        }
        self.features.sort_unstable();
        self.features
    }

    fn see(&mut self, sort: Sort, parts: &[u64]) {
        let feature = (mix(&[sort as u64, mix(parts)]) >> 46) as usize;
        let (word, bit) = (feature / 64, 1 << (feature % 64));
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.features.push((feature as u32, self.now));
        }
    }

    /// How a node's numbers stand to those of the others: how many have less, and how many more.
    fn rank(&mut self, at: usize) {
        let mine = self.nodes[at];
        for (place, number) in mine.numbers.iter().enumerate() {
            let (mut less, mut more) = (0, 0);
            for (_, other) in self.nodes.iter().enumerate().filter(|(other, _)| *other != at) {
                match other.numbers[place].cmp(number) {
                    Ordering::Less => less += 1,
                    Ordering::Equal => {}
                    Ordering::Greater => more += 1,
                }
            }
            self.see(Sort::Ranks, &[place as u64, less, more, mine.kind]);
        }
    }
}

impl<P: Protocol> Record<P> for Signal {
    const ON: bool = false;

    fn write(&mut self, _: Step<P>) {}

    fn comes(&mut self, now: u64, me: NodeId, what: &Occurrence<P>) {
        self.now = now;
        let (sort, kind, from) = match what {
            Occurrence::Message { from, message } => (1, Shape::of(message).kind, Some(*from)),
            Occurrence::Timeout(timer) => (2, Shape::of(timer).kind, None),
            Occurrence::Input(input) => (3, Shape::of(input).kind, None),
            Occurrence::Tick => (4, 0, None),
            Occurrence::Crash => (5, 0, None),
            Occurrence::Restart => (6, 0, None),
            Occurrence::Wiped => (7, 0, None),
        };
        self.event = mix(&[sort, kind]);
        let last = &mut self.nodes[me.index()];
        let pair = [last.event, self.event, u64::from(last.from == from)];
        (last.event, last.from) = (self.event, from);
        self.see(Sort::Pair, &pair);
    }

    fn came(&mut self, me: NodeId, node: &Node<P>) {
        let shape = Shape::of(&node.state);
        let at = me.index();
        let before = self.nodes[at].kind;
        let kind = mix(&[shape.kind, u64::from(node.up)]);
        self.see(Sort::Change, &[self.event, before, kind]);
        let numbers_changed = self.nodes[at].numbers != shape.numbers;
        (self.nodes[at].kind, self.nodes[at].numbers) = (kind, shape.numbers);
        if before != kind {
            let alike = self.nodes.iter().filter(|node| node.kind == kind).count();
            self.see(Sort::Together, &[kind, alike as u64]);
        }
        if before != kind || numbers_changed {
            self.rank(at);
        }
    }
}
