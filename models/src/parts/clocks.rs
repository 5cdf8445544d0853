//! Logical clocks, as plain values: Lamport's, vectors, and hybrids of logical and physical time.
//!
//! A process ticks its clock at each event of its own, stamps what it sends, and lets the clock
//! take in the stamp of what it receives. The [model](crate::clocks) holds them to what they
//! promise.

use std::error::Error;
use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

use super::version_vector::VersionVector;

/// Lamport's logical clock: a count that never lags behind what it has heard of (Lamport 1978,
/// rules IR1 and IR2).
///
/// If one event happened before another, its time is smaller. The converse is not true: of two
/// times the smaller may belong to an event that nobody at the other had heard of.
///
/// ```
/// use splitbrain_models::parts::clocks::LamportClock;
///
/// let (mut alice, mut bob) = (LamportClock::new(), LamportClock::new());
/// alice.tick();
/// let sent = alice.tick();
/// let received = bob.receive(sent);
/// assert_eq!((sent, received), (2, 3));
/// ```
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct LamportClock {
    time: u64,
}

impl LamportClock {
    /// A clock that shows 0: nothing happened yet.
    pub const fn new() -> LamportClock {
        LamportClock { time: 0 }
    }

    /// What it shows: the time of the last event.
    pub fn time(self) -> u64 {
        self.time
    }

    /// Something happens here, or is sent: its time.
    pub fn tick(&mut self) -> u64 {
        self.time += 1;
        self.time
    }

    /// A message of that time arrives: the time of its arrival, above both.
    pub fn receive(&mut self, sent: u64) -> u64 {
        self.time = self.time.max(sent);
        self.tick()
    }
}

/// A Lamport time and whose it is: where times are equal the nodes decide, so that all events are
/// in one total order (Lamport 1978, the relation ⇒).
///
/// ```
/// use splitbrain::NodeId;
/// use splitbrain_models::parts::clocks::LamportStamp;
///
/// let stamp = |time, node| LamportStamp { time, node: NodeId(node) };
/// assert!(stamp(1, 2) < stamp(2, 0));
/// assert!(stamp(2, 0) < stamp(2, 2));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LamportStamp {
    /// The time.
    pub time: u64,
    /// Whose it is.
    pub node: NodeId,
}

/// `2.n1`: time 2 at n1.
impl fmt::Display for LamportStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.time, self.node)
    }
}

/// As it is written, because stamps are everywhere in states and messages.
impl fmt::Debug for LamportStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A vector clock: of every node, how many of its events one has heard of (Fidge 1988; Mattern
/// 1989).
///
/// One event happened before another if and only if its vector is smaller.
///
/// ```
/// use splitbrain::NodeId;
/// use splitbrain_models::parts::clocks::VectorClock;
///
/// let (mut alice, mut bob) = (VectorClock::of(NodeId(0)), VectorClock::of(NodeId(1)));
/// let sent = alice.tick();
/// bob.tick();
/// assert!(alice.concurrent(&bob));
///
/// bob.receive(&sent);
/// assert!(alice.happened_before(&bob));
/// assert_eq!(bob.vector().to_string(), "[n0:1 n1:2]");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorClock {
    node: NodeId,
    vector: VersionVector,
}

impl VectorClock {
    /// That node's clock, before anything happened.
    pub const fn of(node: NodeId) -> VectorClock {
        VectorClock { node, vector: VersionVector::new() }
    }

    /// Whose clock it is.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// What it shows: the vector of the last event.
    pub fn vector(&self) -> &VersionVector {
        &self.vector
    }

    /// Something happens here, or is sent: its vector.
    pub fn tick(&mut self) -> VersionVector {
        self.vector.increment(self.node);
        self.vector.clone()
    }

    /// A message with that vector arrives: the vector of its arrival, above both.
    pub fn receive(&mut self, sent: &VersionVector) -> VersionVector {
        self.vector.merge(sent);
        self.tick()
    }

    /// Whether this clock's last event happened before the other's.
    pub fn happened_before(&self, other: &VectorClock) -> bool {
        self.vector.happened_before(&other.vector)
    }

    /// Whether neither clock's last event happened before the other's.
    pub fn concurrent(&self, other: &VectorClock) -> bool {
        self.vector.concurrent(&other.vector)
    }
}

/// A hybrid time: *l*, the latest physical time that one has heard of, and *c*, a count of events
/// within it. Ordered by *l*, then *c*.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HybridStamp {
    /// *l*: physical time, in ticks of whoever's clock was ahead.
    pub physical: u64,
    /// *c*: the count of events at that physical time.
    pub counter: u32,
}

/// `5+2`: the second event after the first one of physical time 5.
impl fmt::Display for HybridStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.physical, self.counter)
    }
}

/// As it is written, because stamps are everywhere in states and messages.
impl fmt::Debug for HybridStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A hybrid logical clock: Lamport's, as close to physical time as the clocks are to each other
/// (Kulkarni, Demirbas, Madappa, Avva & Leone, *Logical Physical Clocks*, OPODIS 2014).
///
/// Physical time is a whole number of ticks and comes from outside, with every call. It may stand
/// still, and jump back: the clock does neither. A message that is further ahead than the clock's
/// guard lets it be is refused, and leaves the clock as it was; else one clock far in the future
/// would take all others along.
///
/// ```
/// use splitbrain_models::parts::clocks::{HybridLogicalClock, HybridStamp};
///
/// let stamp = |physical, counter| HybridStamp { physical, counter };
/// let (mut fast, mut slow) = (HybridLogicalClock::guarded(5), HybridLogicalClock::guarded(5));
/// let sent = fast.tick(14);
/// assert_eq!(sent, stamp(14, 0));
/// assert_eq!(slow.receive(10, sent), Ok(stamp(14, 1)), "above what was sent");
/// assert_eq!(slow.tick(11), stamp(14, 2), "though its own clock shows less");
/// assert_eq!(slow.tick(15), stamp(15, 0), "time has caught up");
///
/// let refused = slow.receive(16, stamp(22, 0)).unwrap_err();
/// assert_eq!(refused.to_string(), "22+0 is 6 ticks ahead of a clock at 16, and 5 are allowed");
/// ```
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct HybridLogicalClock {
    stamp: HybridStamp,
    guard: Option<u64>,
}

/// A message comes from further in the future than is believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooFarAhead {
    /// Its time.
    pub sent: HybridStamp,
    /// The physical time here.
    pub now: u64,
    /// How far ahead it might have been.
    pub guard: u64,
}

impl fmt::Display for TooFarAhead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooFarAhead { sent, now, guard } = self;
        let ahead = sent.physical - now;
        write!(f, "{sent} is {ahead} ticks ahead of a clock at {now}, and {guard} are allowed")
    }
}

impl Error for TooFarAhead {}

impl HybridLogicalClock {
    /// A clock that believes every message.
    pub const fn unguarded() -> HybridLogicalClock {
        HybridLogicalClock { stamp: HybridStamp { physical: 0, counter: 0 }, guard: None }
    }

    /// A clock that refuses messages more than that many ticks ahead of physical time.
    pub const fn guarded(ticks: u64) -> HybridLogicalClock {
        HybridLogicalClock { guard: Some(ticks), ..HybridLogicalClock::unguarded() }
    }

    /// The same clock, showing that time: what it knew before a restart.
    pub fn showing(self, stamp: HybridStamp) -> HybridLogicalClock {
        HybridLogicalClock { stamp, ..self }
    }

    /// What it shows: the time of the last event.
    pub fn stamp(&self) -> HybridStamp {
        self.stamp
    }

    /// Something happens here, or is sent, when physical time is `now`: its time.
    pub fn tick(&mut self, now: u64) -> HybridStamp {
        self.advance(now, None)
    }

    /// A message of that time arrives: the time of its arrival, above both.
    ///
    /// # Errors
    /// The message is further ahead of `now` than the guard allows.
    pub fn receive(&mut self, now: u64, sent: HybridStamp) -> Result<HybridStamp, TooFarAhead> {
        match self.guard {
            Some(guard) if sent.physical > now.saturating_add(guard) => {
                Err(TooFarAhead { sent, now, guard })
            }
            Some(_) | None => Ok(self.advance(now, Some(sent))),
        }
    }

    /// The paper's Figure 5: *l* becomes the largest of the physical times, and *c* goes above
    /// those counted at that time.
    fn advance(&mut self, now: u64, sent: Option<HybridStamp>) -> HybridStamp {
        let heard = sent.map_or(0, |sent| sent.physical);
        let physical = now.max(self.stamp.physical).max(heard);
        let counted = [Some(self.stamp), sent];
        let counted = counted.into_iter().flatten().filter(|stamp| stamp.physical == physical);
        let counter = counted.map(|stamp| stamp.counter + 1).max().unwrap_or(0);
        self.stamp = HybridStamp { physical, counter };
        self.stamp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(physical: u64, counter: u32) -> HybridStamp {
        HybridStamp { physical, counter }
    }

    #[test]
    fn a_lamport_clock_goes_above_its_own_time_and_what_it_hears() {
        let table = [
            ("a message from the future takes it along", 1, 5, 6),
            ("a message of the same time counts as an event", 3, 3, 4),
            ("an old message does, too", 7, 2, 8),
        ];
        for (sentence, time, sent, expected) in table {
            let mut clock = LamportClock { time };
            assert_eq!(clock.receive(sent), expected, "{sentence}");
            assert_eq!(clock.time(), expected);
        }
    }

    #[test]
    fn a_vector_clock_counts_its_own_events_and_those_it_hears_of() {
        let (mut one, mut other) = (VectorClock::of(NodeId(0)), VectorClock::of(NodeId(1)));
        let first = one.tick();
        other.tick();
        let third = other.receive(&first);
        assert_eq!(third, [(NodeId(0), 1), (NodeId(1), 2)].into_iter().collect());
        assert_eq!((one.vector(), other.vector()), (&first, &third));
        assert_eq!((one.node(), other.node()), (NodeId(0), NodeId(1)));
    }

    #[test]
    fn a_hybrid_clock_takes_the_largest_time_and_counts_within_it() {
        let table = [
            ("physical time is ahead of all", stamp(3, 4), 5, Some(stamp(4, 9)), stamp(5, 0)),
            ("its own time is ahead", stamp(7, 4), 5, Some(stamp(6, 9)), stamp(7, 5)),
            ("the message is ahead", stamp(3, 4), 5, Some(stamp(6, 2)), stamp(6, 3)),
            ("both are at one time", stamp(6, 4), 5, Some(stamp(6, 2)), stamp(6, 5)),
            (
                "both are, and the message counts more",
                stamp(6, 1),
                6,
                Some(stamp(6, 2)),
                stamp(6, 3),
            ),
            ("time stands still", stamp(5, 0), 5, None, stamp(5, 1)),
            ("time jumps back", stamp(5, 0), 2, None, stamp(5, 1)),
            ("time goes on", stamp(5, 8), 6, None, stamp(6, 0)),
        ];
        for (sentence, before, now, sent, expected) in table {
            let mut clock = HybridLogicalClock::unguarded().showing(before);
            let after = match sent {
                Some(sent) => clock.receive(now, sent),
                None => Ok(clock.tick(now)),
            };
            assert_eq!(after, Ok(expected), "{sentence}");
            assert_eq!(clock.stamp(), expected);
        }
    }

    #[test]
    fn a_guard_refuses_what_is_too_far_ahead_and_nothing_else() {
        let table = [(7, true), (8, true), (9, false), (u64::MAX, false)];
        for (physical, believed) in table {
            let mut clock = HybridLogicalClock::guarded(3);
            let received = clock.receive(5, stamp(physical, 0));
            assert_eq!(received.is_ok(), believed, "{physical} at 5");
            let expected = if believed { stamp(physical, 1) } else { stamp(0, 0) };
            assert_eq!(clock.stamp(), expected, "what is refused leaves no trace");
        }
    }
}
