//! Causal order: nobody sees an effect before its cause.

use crate::table::Table;
use crate::{Held, Value, broken};
use std::fmt::Debug;

/// Nobody sees an effect before its cause.
///
/// *Definition.* A message depends on what its sender had sent or been delivered before. Wherever a
/// message is delivered, all that it depends on was delivered there before.
///
/// *Source.* Birman, Schiper and Stephenson, *Lightweight Causal and Atomic Group Multicast*
/// (1991), §2.3 (causal delivery). For replicated writes, causal memory: Ahamad et al., *Causal
/// Memory: Definitions, Implementation, and Programming* (1995).
///
/// *State.* What each member has seen, and what each message depends on. What every member has seen
/// can be missing nowhere, and is forgotten. The order in which things were seen leaves no trace.
///
/// ```
/// use splitbrain_invariants::CausalOrder;
///
/// let mut group = CausalOrder::among(3);
/// group.send("alice", "Where is the key?");
/// group.deliver("bob", "Where is the key?")?;
/// group.send("bob", "Under the mat.");
/// let broken = group.deliver("carol", "Under the mat.").unwrap_err();
/// let reason = r#""carol" sees "Under the mat." before "Where is the key?", on which it depends"#;
/// assert_eq!(broken.reason(), reason);
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CausalOrder<N, M> {
    members: usize,
    /// By member: what it has sent or been delivered, in order.
    seen: Table<N, Vec<M>>,
    /// By message: what it depends on, in order.
    causes: Table<M, Vec<M>>,
}

impl<N, M> CausalOrder<N, M> {
    /// Nothing was sent yet among so many members.
    pub const fn among(members: usize) -> Self {
        CausalOrder { members, seen: Table::new(), causes: Table::new() }
    }
}

impl<N: Value, M: Value> CausalOrder<N, M> {
    /// A member sends a message of its own, which it has seen thereby. Messages are sent once.
    pub fn send(&mut self, member: N, message: M) {
        let causes = self.seen.get(&member).cloned().unwrap_or_default();
        self.causes.insert_new(message.clone(), causes);
        self.see(member, message);
    }

    /// A message is delivered to a member, for the first time or again.
    ///
    /// # Errors
    ///
    /// The member has not seen what it depends on: "n2 sees b before a, on which it depends".
    pub fn deliver(&mut self, member: N, message: M) -> Held {
        self.deliver_together(member, &[message])
    }

    /// Messages are delivered to a member all at once, as with a copy of another member's state.
    ///
    /// # Errors
    ///
    /// The member has not seen what one of them depends on, and does not see it now.
    pub fn deliver_together(&mut self, member: N, messages: &[M]) -> Held {
        let seen = self.seen.get(&member).map_or(&[][..], Vec::as_slice);
        let known = |cause: &M| seen.binary_search(cause).is_ok() || messages.contains(cause);
        for message in messages {
            // What is not known of was seen by everybody.
            let Some(causes) = self.causes.get(message) else { continue };
            if let Some(missing) = causes.iter().find(|cause| !known(cause)) {
                return broken(format!(
                    "{member:?} sees {message:?} before {missing:?}, on which it depends"
                ));
            }
        }
        for message in messages {
            if self.causes.get(message).is_some() {
                self.see(member.clone(), message.clone());
            }
        }
        Ok(())
    }

    /// What the member has seen, and not everybody else.
    pub fn seen(&self, member: &N) -> &[M] {
        self.seen.get(member).map_or(&[], Vec::as_slice)
    }

    fn see(&mut self, member: N, message: M) {
        let first = vec![message.clone()];
        if let Some((_, seen, _)) = self.seen.insert_new(member, first)
            && let Err(at) = seen.binary_search(&message)
        {
            seen.insert(at, message.clone());
        }
        let has = |seen: &Vec<M>| seen.binary_search(&message).is_ok();
        if self.seen.iter().filter(|(_, seen)| has(seen)).count() < self.members {
            return;
        }
        self.causes.remove(&message);
        let forget = |among: &mut Vec<M>| among.retain(|one| *one != message);
        self.causes.for_each_value(forget);
        self.seen.for_each_value(forget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A member sends or is delivered a message.
    #[derive(Clone, Copy)]
    enum Step {
        Send(char, u8),
        Deliver(char, u8),
    }
    use Step::{Deliver, Send};

    fn seen(steps: &[Step]) -> (CausalOrder<char, u8>, Held) {
        let mut monitor = CausalOrder::among(3);
        let held = steps.iter().try_for_each(|step| match *step {
            Send(member, message) => {
                monitor.send(member, message);
                Ok(())
            }
            Deliver(member, message) => monitor.deliver(member, message),
        });
        (monitor, held)
    }

    #[test]
    fn histories() {
        let table: &[(&str, &[Step], Option<&str>)] = &[
            (
                "concurrent messages may come in any order",
                &[Send('a', 1), Send('b', 2), Deliver('c', 2), Deliver('c', 1), Deliver('a', 2)],
                None,
            ),
            (
                "messages of one sender come in its order",
                &[Send('a', 1), Send('a', 2), Deliver('b', 2)],
                Some("'b' sees 2 before 1, on which it depends"),
            ),
            (
                "an answer comes after what it answers",
                &[Send('a', 1), Deliver('b', 1), Send('b', 2), Deliver('c', 2)],
                Some("'c' sees 2 before 1, on which it depends"),
            ),
            (
                "in the other order all is well",
                &[Send('a', 1), Deliver('b', 1), Send('b', 2), Deliver('c', 1), Deliver('c', 2)],
                None,
            ),
            (
                "dependence goes on over several members",
                &[
                    Send('a', 1),
                    Deliver('b', 1),
                    Send('b', 2),
                    Deliver('c', 1),
                    Deliver('c', 2),
                    Send('c', 3),
                    Deliver('a', 3),
                ],
                Some("'a' sees 3 before 2, on which it depends"),
            ),
            (
                "a copy changes nothing",
                &[Send('a', 1), Deliver('b', 1), Deliver('b', 1), Deliver('a', 1)],
                None,
            ),
        ];
        for (sentence, steps, expected) in table {
            let (_, held) = seen(steps);
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn messages_that_come_together_may_depend_on_each_other() {
        let (mut monitor, _) = seen(&[Send('a', 1), Deliver('b', 1), Send('b', 2), Send('b', 3)]);
        let broken = monitor.deliver_together('c', &[2, 3]).expect_err("1 is missing");
        assert_eq!(broken.reason(), "'c' sees 2 before 1, on which it depends");
        assert_eq!(monitor.seen(&'c'), [0; 0], "nothing of it is taken for seen");
        assert!(monitor.deliver_together('c', &[3, 2, 1]).is_ok());
    }

    #[test]
    fn what_everybody_has_seen_is_forgotten() {
        let (monitor, held) =
            seen(&[Send('a', 1), Deliver('b', 1), Send('b', 2), Deliver('c', 1), Send('c', 3)]);
        assert!(held.is_ok());
        assert_eq!(monitor.seen(&'a'), [0; 0]);
        assert_eq!(monitor.seen(&'b'), [2]);
        assert_eq!(monitor.causes.get(&2), Some(&Vec::new()));
        let (again, held) = seen(&[
            Send('a', 1),
            Deliver('c', 1),
            Deliver('b', 1),
            Send('c', 3),
            Send('b', 2),
            Deliver('a', 1),
        ]);
        assert!(held.is_ok());
        assert_eq!(again, monitor, "whatever order it came in");
    }
}
