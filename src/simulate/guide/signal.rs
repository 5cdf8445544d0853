//! What a run shows: features, each a number of few bits.

use super::shape::{NUMBERS, Shape, mix};
use crate::node::Occurrence;
use crate::protocol::{NodeId, Outbox, Protocol};
use crate::simulate::outcome::{Outcome, Record};
use crate::step::Step;

/// How many different features there may be: two that fall together are taken for one, and one of
/// them is then not new.
const FEATURES: usize = 1 << 18;

/// Writes down what a run shows. Steps it forgets.
///
/// It looks at what happens to nodes and at what they say, and not at their states: those may hold a
/// log that grows, and next to every step changes them.
pub(super) struct Signal {
    nodes: Vec<Past>,
    /// What happens just now.
    event: u64,
    seen: Vec<u64>,
    /// What was seen, in the order in which it was first.
    features: Vec<u32>,
}

/// What happened at a node.
#[derive(Clone, Default)]
struct Past {
    /// The highest numbers that came with each kind of thing so far.
    highest: Vec<(u64, [u64; NUMBERS])>,
    /// Its last deed that was another than the one before.
    deed: u64,
}

/// What sorts of feature there are.
#[derive(Clone, Copy)]
enum Sort {
    /// A deed: something happened to a node, and what it said to that.
    Deed = 1,
    /// A deed behind another one of the same node.
    Pair,
    /// A goal that was reached.
    Goal,
}

impl Signal {
    /// Nothing seen, in a cluster of that many nodes.
    pub(super) fn new(nodes: usize) -> Signal {
        Signal {
            nodes: vec![Past::default(); nodes],
            event: 0,
            seen: vec![0; FEATURES / 64],
            features: Vec::new(),
        }
    }

    /// All features of the run, in order.
    pub(super) fn features(mut self, outcome: &Outcome) -> Vec<u32> {
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
            self.features.push(feature as u32);
        }
    }
}

impl Past {
    /// How the first numbers of a thing stand to the highest that came with things of its kind: each is
    /// less, the same, or more.
    fn compare(&mut self, kind: u64, numbers: &[u64]) -> u64 {
        let known = self.highest.iter().position(|(of, _)| *of == kind);
        let index = known.unwrap_or_else(|| {
            self.highest.push((kind, [0; NUMBERS]));
            self.highest.len() - 1
        });
        let mut standing = 0;
        for (number, highest) in numbers.iter().zip(&mut self.highest[index].1) {
            standing = standing * 3 + (number.cmp(highest) as i8 + 1) as u64;
            *highest = (*highest).max(*number);
        }
        standing
    }
}

impl<P: Protocol> Record<P> for Signal {
    const ON: bool = false;

    fn write(&mut self, _: Step<P>) {}

    fn comes(&mut self, me: NodeId, what: &Occurrence<P>) {
        let (sort, shape) = match what {
            Occurrence::Message { message, .. } => (1, Shape::of(message)),
            Occurrence::Timeout(timer) => (2, Shape::of(timer)),
            // What clients ask for is in no order.
            Occurrence::Input(input) => {
                self.event = mix(&[3, Shape::of(input).kind]);
                return;
            }
            Occurrence::Tick => (4, Shape::default()),
            Occurrence::Crash => (5, Shape::default()),
            Occurrence::Restart => (6, Shape::default()),
            Occurrence::Wiped => (7, Shape::default()),
        };
        let kind = mix(&[sort, shape.kind]);
        let standing = self.nodes[me.index()].compare(kind, &shape.numbers);
        self.event = mix(&[kind, standing]);
    }

    fn came(&mut self, me: NodeId, out: &Outbox<P>) {
        // Of what is sent to many, the first and the last say enough.
        let kind =
            |sent: Option<&(NodeId, P::Message)>| sent.map_or(0, |sent| Shape::of(&sent.1).kind);
        let sends = &out.sends;
        let mut deed =
            mix(&[self.event, kind(sends.first()), kind(sends.last()), sends.len().min(2) as u64]);
        for (timer, delay) in &out.timers {
            deed = mix(&[deed, Shape::of(timer).kind, u64::from(delay.is_some())]);
        }
        for event in &out.events {
            deed = mix(&[deed, Shape::of(event).kind]);
        }
        self.see(Sort::Deed, &[deed]);
        let before = std::mem::replace(&mut self.nodes[me.index()].deed, deed);
        if before != deed {
            self.see(Sort::Pair, &[before, deed]);
        }
    }
}
