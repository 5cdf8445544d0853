//! Mutual exclusion: a resource has at most one holder at a time.

use crate::table::Table;
use crate::{Held, Value, broken};

/// A resource has at most one holder at a time.
///
/// *Definition.* Between a holder's entering a resource and its leaving it, no other holder enters;
/// and only the holder leaves.
///
/// *Source.* Dijkstra, *Solution of a Problem in Concurrent Programming Control* (1965); for
/// messages, Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System* (1978),
/// condition I of the mutual exclusion problem.
///
/// A holder that enters what it already holds changes nothing. One that crashes or whose lease ran
/// out leaves without a word: [`release_all`](MutualExclusion::release_all).
///
/// *State.* Who holds what now, in the resources' order. A free resource leaves no trace. An entry
/// or departure that breaks the condition is not remembered.
///
/// ```
/// use splitbrain_invariants::MutualExclusion;
///
/// let mut locks = MutualExclusion::new();
/// locks.enter("printer", "c0")?;
/// locks.leave("printer", "c0")?;
/// locks.enter("printer", "c1")?;
/// let broken = locks.enter("printer", "c2").unwrap_err();
/// assert_eq!(broken.reason(), r#""c2" enters "printer" while "c1" holds it"#);
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MutualExclusion<R, H> {
    held: Table<R, H>,
}

impl<R, H> Default for MutualExclusion<R, H> {
    fn default() -> Self {
        MutualExclusion::new()
    }
}

impl<R, H> MutualExclusion<R, H> {
    /// Every resource is free.
    pub const fn new() -> Self {
        MutualExclusion { held: Table::new() }
    }
}

impl<R: Value, H: Value> MutualExclusion<R, H> {
    /// The holder enters the resource, which is free or its own.
    ///
    /// # Errors
    ///
    /// Another one holds it: "c2 enters printer while c1 holds it". With `()` for the resource,
    /// where there is only one, "c2 enters while c1 is inside".
    pub fn enter(&mut self, resource: R, holder: H) -> Held {
        match self.held.insert_new(resource, holder) {
            Some((_, inside, holder)) if size_of::<R>() == 0 && *inside != holder => {
                broken(format!("{holder:?} enters while {inside:?} is inside"))
            }
            Some((resource, inside, holder)) if *inside != holder => {
                broken(format!("{holder:?} enters {resource:?} while {inside:?} holds it"))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The holder leaves the resource it holds.
    ///
    /// # Errors
    ///
    /// It does not hold it: "c2 leaves printer, which c1 holds", or "…, which nobody holds".
    pub fn leave(&mut self, resource: R, holder: H) -> Held {
        match self.held.get(&resource) {
            Some(inside) if *inside == holder => {
                self.held.remove(&resource);
                Ok(())
            }
            Some(inside) => {
                broken(format!("{holder:?} leaves {resource:?}, which {inside:?} holds"))
            }
            None => broken(format!("{holder:?} leaves {resource:?}, which nobody holds")),
        }
    }

    /// The holder holds nothing any more, whatever it held.
    pub fn release_all(&mut self, holder: &H) {
        self.held.retain(|_, inside| inside != holder);
    }

    /// Who holds the resource now.
    pub fn holder(&self, resource: &R) -> Option<&H> {
        self.held.get(resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    enum Event {
        Enter(char, u8),
        Leave(char, u8),
        Gone(u8),
    }
    use Event::{Enter, Gone, Leave};

    type Row<'a> = (&'a str, &'a [Event], Option<&'a str>);

    fn follow(history: &[Event]) -> (MutualExclusion<char, u8>, Held) {
        let mut monitor = MutualExclusion::new();
        let held = history.iter().try_for_each(|event| match *event {
            Enter(resource, holder) => monitor.enter(resource, holder),
            Leave(resource, holder) => monitor.leave(resource, holder),
            Gone(holder) => {
                monitor.release_all(&holder);
                Ok(())
            }
        });
        (monitor, held)
    }

    #[test]
    fn histories() {
        let table: &[Row<'_>] = &[
            ("a free resource is entered", &[Enter('a', 0)], None),
            ("holders take turns", &[Enter('a', 0), Leave('a', 0), Enter('a', 1)], None),
            ("resources do not exclude each other", &[Enter('a', 0), Enter('b', 1)], None),
            ("entering again changes nothing", &[Enter('a', 0), Enter('a', 0)], None),
            ("who is gone holds nothing", &[Enter('a', 0), Gone(0), Enter('a', 1)], None),
            (
                "two inside are named",
                &[Enter('a', 0), Enter('a', 1)],
                Some("1 enters 'a' while 0 holds it"),
            ),
            (
                "another one's going frees nothing",
                &[Enter('a', 0), Gone(1), Enter('a', 1)],
                Some("1 enters 'a' while 0 holds it"),
            ),
            (
                "a stranger leaves nothing",
                &[Enter('a', 0), Leave('a', 1)],
                Some("1 leaves 'a', which 0 holds"),
            ),
            (
                "nobody leaves what is free",
                &[Leave('a', 1)],
                Some("1 leaves 'a', which nobody holds"),
            ),
        ];
        for (sentence, history, expected) in table {
            let (_, held) = follow(history);
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn a_single_resource_needs_no_name() {
        let mut monitor = MutualExclusion::new();
        assert!(monitor.enter((), 1).is_ok());
        let held = monitor.enter((), 2);
        assert_eq!(held.unwrap_err().reason(), "2 enters while 1 is inside");
        assert_eq!(monitor.holder(&()), Some(&1));
    }

    #[test]
    fn only_the_present_is_kept() {
        let (used, _) = follow(&[Enter('a', 0), Enter('b', 1), Leave('a', 0), Gone(1)]);
        assert_eq!(used, MutualExclusion::default());
    }
}
