//! How a trace is rebuilt: by the parents back to the first state, and from each to its child by
//! the first step that leads there.

use super::candidates::Finder;
use super::expand::{Came, Expander};
use super::key::Word;
use super::level::Packed;
use super::sleep::Sleep;
use super::tables::IMPURE;
use super::visited::Visited;
use crate::protocol::Protocol;
use crate::situation::Violation;
use crate::step::Step;

impl<P: Protocol> Packed<'_, P> {
    /// Notes that a handler called in this state is no function.
    pub(super) fn blame<W: Word>(&mut self, visited: &Visited<W>, at: usize) {
        let is_impure = |_, [node, deed, nth]: [u32; 3]| {
            let place = &self.tables.places[node as usize];
            let deed = place.deeds[deed as usize];
            let extra = match deed.count {
                1 => deed.only.extra,
                _ => place.moves[(deed.only.to + nth) as usize].extra,
            };
            self.tables.extras[extra as usize].odd & IMPURE != 0
        };
        let Some(step) = self.seek(visited, visited.keys.get(at), is_impure) else {
            return;
        };
        let act = Step { choices: Vec::new(), ..step };
        let violation = Violation::of_purity(&act);
        if self.tally.is_news(&violation) {
            let mut trace = self.way_to(visited, at);
            trace.push(act);
            self.tally.found.push((violation, trace));
        }
    }

    /// The steps to a state, and on to a successor of it.
    pub(super) fn trace_by<W: Word>(
        &self,
        visited: &Visited<W>,
        from: usize,
        key: W,
    ) -> Vec<Step<P>> {
        let mut trace = self.way_to(visited, from);
        trace.push(self.step_between(visited, visited.keys.get(from), key));
        trace
    }

    /// The steps from where the search began to a state.
    pub(super) fn way_to<W: Word>(&self, visited: &Visited<W>, state: usize) -> Vec<Step<P>> {
        let way: Vec<W> =
            self.parents.way_to(state).into_iter().map(|at| visited.keys.get(at)).collect();
        way.windows(2).map(|pair| self.step_between(visited, pair[0], pair[1])).collect()
    }

    /// The first step from one state to another.
    fn step_between<W: Word>(&self, visited: &Visited<W>, from: W, to: W) -> Step<P> {
        let step = self.seek(visited, from, |key, _| key == to);
        step.expect("a step leads from each state to its children")
    }

    /// The first step of a state that is wanted, by where it leads and what it is.
    fn seek<W: Word>(
        &self,
        visited: &Visited<W>,
        from: W,
        wanted: impl Fn(W, [u32; 3]) -> bool,
    ) -> Option<Step<P>> {
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
        let [node, deed, nth] = finder.found?;
        let slot = from.field(visited.layout.field(node as usize));
        Some(self.meaning.step(node as usize, slot, deed, nth))
    }
}
