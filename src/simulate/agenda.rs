//! What is due in a run, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::protocol::{ClientId, NodeId, Protocol};

/// Everything that is due, the next thing first.
///
/// The heap holds no more than when something is due, and where it lies: it is moved about a dozen
/// times, and what is due is not.
pub(super) struct Agenda<P: Protocol> {
    due: BinaryHeap<Reverse<Key>>,
    /// What is due, by place; free places are empty.
    places: Vec<Option<Happening<P>>>,
    free: Vec<u32>,
    order: u64,
}

/// When something is due, in which order among what is due then, and its place. No two have the
/// same order, so the place decides nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    at: u64,
    order_and_place: u64,
}

/// The bits of a place.
const PLACE: u32 = 24;

impl<P: Protocol> Agenda<P> {
    pub(super) fn new() -> Agenda<P> {
        Agenda { due: BinaryHeap::new(), places: Vec::new(), free: Vec::new(), order: 0 }
    }

    /// Puts something on it. What is due at one moment goes in the order in which it was put.
    pub(super) fn put(&mut self, at: u64, what: Happening<P>) {
        let order = self.take_number();
        self.put_as(at, order, what);
    }

    /// Puts something on it whose number was taken before.
    pub(super) fn put_as(&mut self, at: u64, order: u64, what: Happening<P>) {
        let place = match self.free.pop() {
            Some(place) => {
                self.places[place as usize] = Some(what);
                place
            }
            None => {
                let place = self.places.len() as u32;
                assert!(place < 1 << PLACE, "more than sixteen million things are due at once");
                self.places.push(Some(what));
                place
            }
        };
        self.due.push(Reverse(Key { at, order_and_place: order << PLACE | u64::from(place) }));
    }

    /// Takes the number of something that is put on it now or later.
    pub(super) fn take_number(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// The moment of the next thing.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.due.peek().map(|Reverse(key)| key.at)
    }

    /// Takes the next thing off.
    pub(super) fn pop(&mut self) -> Option<Happening<P>> {
        let Reverse(key) = self.due.pop()?;
        let place = (key.order_and_place & ((1 << PLACE) - 1)) as u32;
        self.free.push(place);
        self.places[place as usize].take()
    }
}

/// What is on a run's agenda.
pub(super) enum Happening<P: Protocol> {
    /// A message arrives, or turns out lost.
    Arrive { to: NodeId, from: NodeId, message: P::Message, fate: Fate },
    /// A timer fires, if this setting of it is in force.
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
