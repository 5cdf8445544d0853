//! What is due in a run, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::protocol::{ClientId, NodeId, Protocol};

/// Everything that is due, the next thing first.
///
/// What is sorted is no more than when something is due, and where it lies: it is moved about a dozen
/// times, and what is due is not. A few things are due soon, and most that is put on the agenda
/// (messages) is due among those: they are kept in a list, where little has to move. The others wait
/// in a heap.
pub(super) struct Agenda<P: Protocol> {
    /// What is due before anything in `later`, the next thing last.
    soon: Vec<Key>,
    later: BinaryHeap<Reverse<Key>>,
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

/// The most things that are kept in a list.
const SOON: usize = 64;

/// The bits of a place.
const PLACE: u32 = 24;

impl<P: Protocol> Agenda<P> {
    pub(super) fn new() -> Agenda<P> {
        let (soon, later) = (Vec::with_capacity(SOON + 1), BinaryHeap::new());
        Agenda { soon, later, places: Vec::new(), free: Vec::new(), order: 0 }
    }

    /// Puts something on it. What is due at one moment goes in the order in which it was put.
    // Inlined, so that what is due is made where it lies: moved there from elsewhere, it would be read
    // in wider pieces than it was written in, and wait for each of them.
    #[inline(always)]
    pub(super) fn put(&mut self, at: u64, what: Happening<P>) {
        let order = self.take_number();
        self.put_as(at, order, what);
    }

    /// Puts something on it whose number was taken before.
    #[inline(always)]
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
        self.sort_in(Key { at, order_and_place: order << PLACE | u64::from(place) });
    }

    #[inline(never)]
    fn sort_in(&mut self, key: Key) {
        let is_later = self.soon.first().is_some_and(|last| *last < key);
        if is_later && !self.later.is_empty() {
            return self.later.push(Reverse(key));
        }
        let sooner = self.soon.iter().rev().take_while(|other| **other < key).count();
        self.soon.insert(self.soon.len() - sooner, key);
        if self.soon.len() > SOON {
            // The later half waits.
            self.later.extend(self.soon.drain(..SOON / 2).map(Reverse));
        }
    }

    /// Takes the number of something that is put on it now or later.
    pub(super) fn take_number(&mut self) -> u64 {
        self.order += 1;
        self.order
    }

    /// The moment of the next thing.
    pub(super) fn next_at(&self) -> Option<u64> {
        self.soon.last().map(|key| key.at)
    }

    /// Takes the next thing off.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> Option<Happening<P>> {
        let key = self.soon.pop()?;
        if self.soon.is_empty() {
            let next = (0..SOON / 2).map_while(|_| self.later.pop());
            self.soon.extend(next.map(|Reverse(key)| key));
            self.soon.reverse();
        }
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

#[cfg(test)]
mod tests {
    use rand::rand_core::Rng;

    use super::*;
    use crate::protocol::{Nothing, Outbox};
    use crate::random::{Purpose, below, stream};

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct Idle;

    impl Protocol for Idle {
        type State = ();
        type Message = Nothing;
        type Timer = Nothing;
        type Input = Nothing;
        type Event = Nothing;

        fn start(&self, _: &mut Outbox<Self>) {}
        fn on_message(&self, (): &mut (), _: NodeId, message: Nothing, _: &mut Outbox<Self>) {
            match message {}
        }
    }

    #[test]
    fn what_is_due_comes_by_its_moment_and_then_in_the_order_in_which_it_was_put() {
        let mut draws = stream(8, 0, Purpose::Run);
        for most in [1, 3, 64, 65, 200, 2_000] {
            let mut agenda = Agenda::<Idle>::new();
            let (mut now, mut put, mut waiting) = (0, 0, std::collections::BTreeSet::new());
            for _ in 0..20_000 {
                if waiting.len() < most && draws.next_u64() % 9 < 5 {
                    let at = now + below(&mut draws, [2, 50, 10_000][put % 3]);
                    agenda.put(at, Happening::Begin(put));
                    waiting.insert((at, put));
                    put += 1;
                } else {
                    let expected = waiting.pop_first();
                    assert_eq!(agenda.next_at(), expected.map(|(at, _)| at));
                    let next = agenda.pop().map(|next| match next {
                        Happening::Begin(number) => number,
                        _ => unreachable!("nothing else was put"),
                    });
                    assert_eq!(next, expected.map(|(_, number)| number));
                    now = expected.map_or(now, |(at, _)| at);
                }
            }
        }
    }
}
