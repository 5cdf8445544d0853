//! How a trace is rebuilt: by the parents back to the first state, and from each to its child by
//! the first step that leads there.
//!
//! With fingerprints nothing else is remembered of the states on the way. So they are found again:
//! each is the first successor of the one before that has its fingerprint. A trace is made of steps
//! that were really taken, and ends in the state it was asked for; where two states with the same
//! fingerprint lead the way astray, there is none, and that is said.

use super::candidates::Finder;
use super::expand::{Came, Expander};
use super::key::Word;
use super::level::Core;
use super::sleep::Sleep;
use super::tables::IMPURE;
use super::values::{Taken, UNCHOSEN, Values};
use super::visited::Visited;
use crate::situation::Violation;

impl Core<'_> {
    /// Notes that a handler called in this state is no function.
    pub(super) fn blame<W: Word>(&mut self, visited: &Visited<W>, values: &dyn Values, at: usize) {
        let is_impure = |_, [node, deed, nth]: [u32; 3]| {
            let place = &self.tables.places[node as usize];
            let deed = place.deeds[deed as usize];
            let extra = match deed.count {
                1 => deed.only.extra,
                _ => place.moves[(deed.only.to + nth) as usize].extra,
            };
            self.tables.extras[extra as usize].odd & IMPURE != 0
        };
        let Some((_, step)) = self.seek(visited, visited.keys.get(at), is_impure) else {
            return;
        };
        let violation = values.impurity(step);
        if self.tally.is_news(&violation) {
            match self.way_to(visited, at) {
                Some(mut trace) => {
                    trace.push(Taken { nth: UNCHOSEN, ..step });
                    self.tally.found.push((violation, trace));
                }
                None => self.lose(violation),
            }
        }
    }

    /// Notes a violation, by the steps to a state and on to a successor of it.
    pub(super) fn find<W: Word>(
        &mut self,
        visited: &Visited<W>,
        violation: Violation,
        (from, key): (usize, W),
    ) {
        let way = self.way_to(visited, from).and_then(|mut trace| {
            let last = self.seek(visited, visited.keys.get(from), |next, _| next == key);
            trace.push(last?.1);
            Some(trace)
        });
        match way {
            Some(trace) => self.tally.found.push((violation, trace)),
            None => self.lose(violation),
        }
    }

    /// Notes that a violation was found, and the way to it lost.
    fn lose(&mut self, violation: Violation) {
        let Violation { invariant, reason } = violation;
        self.lost.get_or_insert(format!(
            "`{invariant}` is violated ({reason}), but two states have the same fingerprint, and \
             the way there cannot be told; search with wider fingerprints, or exactly"
        ));
    }

    /// The steps from where the search began to a state that is not expanded yet, or any if keys
    /// are exact. There is always a way then.
    pub(super) fn way_to<W: Word>(&self, visited: &Visited<W>, state: usize) -> Option<Vec<Taken>> {
        let mut steps = Vec::new();
        // The ids of the first state are all 0, and so is its key in every layout.
        let mut here = W::default();
        for &next in &self.parents.way_to(state)[1..] {
            let (key, step) = self.seek(visited, here, |key, _| visited.looks_like(next, key))?;
            steps.push(step);
            here = key;
        }
        (visited.keys.get(state) == here).then_some(steps)
    }

    /// The first step of a state that is wanted, by where it leads and what it is.
    fn seek<W: Word>(
        &self,
        visited: &Visited<W>,
        from: W,
        wanted: impl Fn(W, [u32; 3]) -> bool,
    ) -> Option<(W, Taken)> {
        let mut finder = Finder { wanted, found: None };
        // Steps that were asleep are seen here, too. What the tables lack of them is not wanted:
        // they lead to what was known before.
        let (here, layout) = ((from, Sleep::none()), &visited.layout);
        let mut expander = Expander::default();
        let mut came = expander.expand(&self.tables, layout, here, false, &mut finder);
        while came == Came::Short && finder.found.is_none() {
            expander.skip();
            came = expander.resume(&self.tables, layout, here, false, &mut finder);
        }
        let (key, [node, deed, nth]) = finder.found?;
        let slot = from.field(visited.layout.field(node as usize));
        Some((key, Taken { node: node as usize, slot, deed, nth }))
    }
}
