//! Happened-before: which event may have caused which, known from what happened and from no clock;
//! and whether timestamps say so.

use std::fmt::Debug;

use crate::table::Table;
use crate::{Held, Value, broken};

/// Which event happened before which, and whether their timestamps say so.
///
/// *Definition.* One event happened before another if they follow each other in one process, or the
/// one is the sending of a message and the other its receipt, or by several such steps in a row.
/// Events of which neither happened before the other are concurrent. Timestamps are *consistent* if
/// what happened before has the smaller one (Lamport's Clock Condition), and *characterize* it if
/// concurrent events have timestamps of which neither is smaller, besides.
///
/// *Source.* Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System* (1978).
/// The monitor keeps the causal history of every event, as a set of events, which is what vector
/// clocks abbreviate (Schwarz and Mattern, *Detecting Causal Relationships in Distributed
/// Computations* (1994), §3): they can be held against it.
///
/// *State.* The last event of each process; and of every event that somebody has not heard of its
/// timestamp and its past. What every process's last event comes after lies in the past of all that
/// is to come, and is forgotten. Nothing says in which order concurrent events were seen.
///
/// ```
/// use splitbrain_invariants::HappenedBefore;
///
/// let mut events = HappenedBefore::among(3);
/// events.happens("alice", "sends", None, 1);
/// events.happens("bob", "thinks", None, 1);
/// events.happens("bob", "receives", Some(&"sends"), 1); // by a clock that takes in nothing
/// assert!(events.before(&"sends", &"receives"));
/// assert!(!events.before(&"sends", &"thinks"));
///
/// let broken = events.consistent(&"receives", |one, other| one < other).unwrap_err();
/// let reason = r#""sends", at 1, happened before "receives", at 1, which is not later"#;
/// assert_eq!(broken.reason(), reason);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HappenedBefore<P, E, T> {
    processes: usize,
    last: Table<P, E>,
    events: Table<E, Happened<E, T>>,
}

/// What is known of an event.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Happened<E, T> {
    /// The events that happened before it, in order, without those that are forgotten.
    past: Vec<E>,
    timestamp: T,
}

impl<P, E, T> HappenedBefore<P, E, T> {
    /// Nothing has happened yet at so many processes.
    pub const fn among(processes: usize) -> Self {
        HappenedBefore { processes, last: Table::new(), events: Table::new() }
    }
}

impl<P: Value, E: Value, T: Value> HappenedBefore<P, E, T> {
    /// An event happens at a process, after all that happened there; and, if it is the receipt of a
    /// message, after the event that sent it. Events have names of their own, each once.
    pub fn happens(&mut self, process: P, event: E, sent: Option<&E>, timestamp: T) {
        let before = self.last.get(&process);
        let mut past = Vec::new();
        for cause in before.into_iter().chain(sent) {
            // One that is not known is forgotten, and so in everybody's past.
            let Some(happened) = self.events.get(cause) else { continue };
            past.extend(happened.past.iter().cloned());
            past.push(cause.clone());
        }
        past.sort_unstable();
        past.dedup();
        self.last.remove(&process);
        self.last.insert_new(process, event.clone());
        self.events.insert_new(event, Happened { past, timestamp });
        self.forget();
    }

    /// Whether the one happened before the other. Of the two at least one is not forgotten.
    pub fn before(&self, one: &E, other: &E) -> bool {
        match (self.events.get(one), self.events.get(other)) {
            (_, Some(other)) if other.past.binary_search(one).is_ok() => true,
            (None, Some(_)) => one != other,
            _ => false,
        }
    }

    /// What happened before this event, its last, has smaller timestamps.
    ///
    /// # Errors
    ///
    /// An earlier one's is not smaller: "n0's event 1, at 3, happened before n1's event 1, at 2,
    /// which is not later".
    pub fn consistent(&self, event: &E, smaller: impl Fn(&T, &T) -> bool) -> Held {
        let Some(this) = self.events.get(event) else { return Ok(()) };
        for (other, happened) in self.past_of(this) {
            if !smaller(&happened.timestamp, &this.timestamp) {
                return broken(format!(
                    "{other:?}, at {:?}, happened before {event:?}, at {:?}, which is not later",
                    happened.timestamp, this.timestamp
                ));
            }
        }
        Ok(())
    }

    /// Of this event and any other the timestamps say whether one happened before the other, and
    /// which.
    ///
    /// # Errors
    ///
    /// They do not say so, as in [`consistent`](Self::consistent), or say too much: "n0's event 1,
    /// at 3, did not happen before n1's event 1, at 4, though it is earlier".
    pub fn characterized(&self, event: &E, smaller: impl Fn(&T, &T) -> bool) -> Held {
        self.consistent(event, &smaller)?;
        let Some(this) = self.events.get(event) else { return Ok(()) };
        let pair = |one: &E, at: &T, other: &E, later: &T| {
            broken(format!(
                "{one:?}, at {at:?}, did not happen before {other:?}, at {later:?}, though it is \
                 earlier"
            ))
        };
        for (other, happened) in self.events.iter().filter(|(other, _)| *other != event) {
            let (at, later) = (&happened.timestamp, &this.timestamp);
            if smaller(later, at) && !self.before(event, other) {
                return pair(event, later, other, at);
            }
            if smaller(at, later) && !self.before(other, event) {
                return pair(other, at, event, later);
            }
        }
        Ok(())
    }

    /// No other event has the timestamp of this one, as far as they are remembered. With consistent
    /// timestamps those that are forgotten have none of the later ones.
    ///
    /// # Errors
    ///
    /// Another one has: "n0's event 1 and n1's event 1 are both at 1".
    pub fn unique(&self, event: &E) -> Held {
        let Some(this) = self.events.get(event) else { return Ok(()) };
        let mut others = self.events.iter().filter(|(other, _)| *other != event);
        match others.find(|(_, happened)| happened.timestamp == this.timestamp) {
            Some((other, _)) => {
                broken(format!("{other:?} and {event:?} are both at {:?}", this.timestamp))
            }
            None => Ok(()),
        }
    }

    fn past_of<'a>(
        &'a self,
        event: &'a Happened<E, T>,
    ) -> impl Iterator<Item = (&'a E, &'a Happened<E, T>)> {
        event.past.iter().filter_map(|other| Some((other, self.events.get(other)?)))
    }

    /// Forgets what every process's last event comes after.
    fn forget(&mut self) {
        if self.last.iter().len() < self.processes {
            return;
        }
        let lasts: Vec<&Happened<E, T>> =
            self.last.iter().filter_map(|(_, event)| self.events.get(event)).collect();
        let Some((first, others)) = lasts.split_first() else { return };
        let known = |event: &&E| others.iter().all(|one| one.past.binary_search(event).is_ok());
        let stable: Vec<E> = first.past.iter().filter(known).cloned().collect();
        if stable.is_empty() {
            return;
        }
        let is_stable = |event: &E| stable.binary_search(event).is_ok();
        self.events.retain(|event, _| !is_stable(event));
        self.events.for_each_value(|happened| happened.past.retain(|event| !is_stable(event)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Process, event, what it receives, its timestamp.
    type Row = (char, u8, Option<u8>, (u8, u8));
    /// What it says, its events, and why they are not consistent and not characterized.
    type History<'a> = (&'a str, &'a [Row], Option<&'a str>, Option<&'a str>);
    type Monitor = HappenedBefore<char, u8, (u8, u8)>;

    /// Pairs are ordered as vectors of two entries are.
    fn smaller(one: &(u8, u8), other: &(u8, u8)) -> bool {
        one != other && one.0 <= other.0 && one.1 <= other.1
    }

    fn seen(rows: &[Row]) -> Monitor {
        let mut monitor = Monitor::among(3);
        for &(process, event, sent, timestamp) in rows {
            monitor.happens(process, event, sent.as_ref(), timestamp);
        }
        monitor
    }

    #[test]
    fn histories() {
        let table: &[History<'_>] = &[
            ("a first event comes after nothing", &[('a', 1, None, (1, 0))], None, None),
            ("a process goes on", &[('a', 1, None, (1, 0)), ('a', 2, None, (2, 0))], None, None),
            (
                "a process that goes back is named",
                &[('a', 1, None, (2, 0)), ('a', 2, None, (1, 0))],
                Some("1, at (2, 0), happened before 2, at (1, 0), which is not later"),
                Some("1, at (2, 0), happened before 2, at (1, 0), which is not later"),
            ),
            (
                "a message arrives after it was sent",
                &[('a', 1, None, (1, 0)), ('b', 2, Some(1), (0, 1))],
                Some("1, at (1, 0), happened before 2, at (0, 1), which is not later"),
                Some("1, at (1, 0), happened before 2, at (0, 1), which is not later"),
            ),
            (
                "concurrent events need no order",
                &[('a', 1, None, (1, 0)), ('b', 2, None, (0, 1))],
                None,
                None,
            ),
            (
                "an order of concurrent events is consistent, and says too much",
                &[('a', 1, None, (1, 0)), ('b', 2, None, (1, 1))],
                None,
                Some("1, at (1, 0), did not happen before 2, at (1, 1), though it is earlier"),
            ),
            (
                "the other way round, too",
                &[('a', 1, None, (1, 1)), ('b', 2, None, (0, 1))],
                None,
                Some("2, at (0, 1), did not happen before 1, at (1, 1), though it is earlier"),
            ),
            (
                "what happened before goes on over several processes",
                &[('a', 1, None, (5, 0)), ('b', 2, Some(1), (5, 1)), ('c', 3, Some(2), (4, 2))],
                Some("1, at (5, 0), happened before 3, at (4, 2), which is not later"),
                Some("1, at (5, 0), happened before 3, at (4, 2), which is not later"),
            ),
        ];
        for (sentence, rows, consistent, characterized) in table {
            let monitor = seen(rows);
            let (_, last, ..) = rows.last().expect("an event");
            let reason = |held: Held| held.err().map(|broken| broken.reason().to_string());
            let told = reason(monitor.consistent(last, smaller));
            assert_eq!(told.as_deref(), *consistent, "{sentence}");
            let told = reason(monitor.characterized(last, smaller));
            assert_eq!(told.as_deref(), *characterized, "{sentence}");
        }
    }

    #[test]
    fn a_timestamp_is_of_one_event() {
        let monitor = seen(&[('a', 1, None, (1, 0)), ('b', 2, None, (1, 0))]);
        let broken = monitor.unique(&2).expect_err("the same");
        assert_eq!(broken.reason(), "1 and 2 are both at (1, 0)");
        assert!(seen(&[('a', 1, None, (1, 0)), ('b', 2, None, (0, 1))]).unique(&2).is_ok());
    }

    #[test]
    fn the_order_in_which_concurrent_events_are_seen_leaves_no_trace() {
        let one = seen(&[('a', 1, None, (1, 0)), ('b', 2, None, (0, 1))]);
        let other = seen(&[('b', 2, None, (0, 1)), ('a', 1, None, (1, 0))]);
        assert_eq!(one, other);
    }

    #[test]
    fn what_everybody_has_heard_of_is_forgotten_and_lies_in_everybodys_past() {
        let mut rows = vec![
            ('a', 1, None, (1, 0)),
            ('b', 2, Some(1), (1, 1)),
            ('c', 3, None, (0, 1)),
            ('c', 4, Some(2), (1, 2)),
        ];
        assert_eq!(seen(&rows).events.iter().len(), 4, "a is at its first event");
        rows.push(('a', 5, None, (2, 0)));
        let monitor = seen(&rows);
        let kept: Vec<u8> = monitor.events.keys().copied().collect();
        assert_eq!(kept, [2, 3, 4, 5], "all come after the first");
        assert!(monitor.before(&1, &5), "which is known still");
        assert!(!monitor.before(&5, &1));
        // A late copy of a forgotten message adds nothing.
        rows.push(('b', 6, Some(1), (2, 3)));
        assert!(!seen(&rows).before(&5, &6));
        assert!(seen(&rows).before(&2, &6));
    }
}
