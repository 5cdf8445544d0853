//! What is due in a run, and when.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::protocol::{ClientId, NodeId, Protocol};

/// Everything that is due, the next thing first.
pub(super) struct Agenda<P: Protocol> {
    due: BinaryHeap<Reverse<Due<P>>>,
    order: u64,
}

impl<P: Protocol> Agenda<P> {
    pub(super) fn new() -> Agenda<P> {
        Agenda { due: BinaryHeap::new(), order: 0 }
    }

    /// Puts something on it. What is due at one moment goes in the order in which it was put.
    pub(super) fn put(&mut self, at: u64, what: Happening<P>) {
        self.order += 1;
        self.due.push(Reverse(Due { at, order: self.order, what }));
    }

    /// The number of what is put on it next.
    pub(super) fn next_number(&self) -> u64 {
        self.order + 1
    }

    /// Takes the next thing off.
    pub(super) fn pop(&mut self) -> Option<Due<P>> {
        self.due.pop().map(|Reverse(due)| due)
    }
}

/// Something due at some moment. Ties go in the order in which they were put on the agenda.
pub(super) struct Due<P: Protocol> {
    pub(super) at: u64,
    order: u64,
    pub(super) what: Happening<P>,
}

/// What is on a run's agenda.
pub(super) enum Happening<P: Protocol> {
    /// A message arrives, or turns out lost.
    Arrive { to: NodeId, from: NodeId, message: P::Message, fate: Fate },
    /// A timer fires, if it is still set as it was then.
    Fire { node: NodeId, timer: P::Timer, set: u64 },
    /// A client asks its next request, if it has not thought of asking at another time since.
    Ask { client: ClientId, thought: u64 },
    /// The plan's fault with this index begins.
    Begin(usize),
    /// The plan's fault with this index ends.
    End(usize),
    /// The stormy phase is over.
    Heal,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    Lost,
    Cut,
}

impl<P: Protocol> PartialEq for Due<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<P: Protocol> Eq for Due<P> {}

impl<P: Protocol> PartialOrd for Due<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By moment; nothing else about it matters, since the order is unique.
impl<P: Protocol> Ord for Due<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}
