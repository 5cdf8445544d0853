//! How several threads work on a batch, to the same result as one.
//!
//! Each worker expands a run of the batch's states with the tables as they are. What the tables lack
//! is left over, and found out by one thread afterwards. The successors are put together in the
//! order of their states, so that nothing that is numbered or reported depends on the threads: only
//! the numbers of slots might, and nobody sees those.

use super::candidates::{Candidates, Every};
use super::check::{Looked, State};
use super::expand::{Came, Expander};
use super::key::{Layout, Word};
use super::tables::Tables;
use super::visited::Visited;

/// One of several threads.
pub(super) struct Worker<W> {
    pub(super) expander: Expander,
    /// The successors of its states, in order.
    pub(super) candidates: Candidates<W>,
    /// States about which the tables lack something.
    pub(super) left_over: Vec<usize>,
    /// New states with something in them that was never looked at, by their numbers among the new
    /// ones of the batch.
    pub(super) news: Vec<u32>,
    /// Room for the successors when those of the states left over come in between.
    joined: Candidates<W>,
}

impl<W: Word> Worker<W> {
    pub(super) fn new() -> Worker<W> {
        Worker {
            expander: Expander::default(),
            candidates: Candidates::new(),
            left_over: Vec::new(),
            news: Vec::new(),
            joined: Candidates::new(),
        }
    }

    /// Forgets the last batch.
    pub(super) fn clear(&mut self) {
        self.candidates.clear();
        self.left_over.clear();
        self.news.clear();
        self.expander.counted.clear();
        self.expander.outsiders = false;
    }

    /// Expands these states, as far as the tables go.
    pub(super) fn expand(
        &mut self,
        tables: &Tables,
        visited: &Visited<W>,
        states: std::ops::Range<usize>,
        every: bool,
    ) {
        let Worker { expander, candidates, left_over, .. } = self;
        for at in states {
            let from = candidates.keys.len();
            let here = (visited.keys.get(at), visited.asleep.of(at));
            let layout = &visited.layout;
            let came = match every {
                true => expander.expand(tables, layout, here, false, &mut Every(candidates)),
                false => expander.expand(tables, layout, here, false, candidates),
            };
            match came {
                Came::Whole { impure, .. } => candidates.impure.extend(impure.then_some(at)),
                Came::Short => {
                    candidates.take_back(from);
                    left_over.push(at);
                }
            }
            candidates.ends.push(candidates.keys.len());
        }
    }

    /// Puts the successors of states that were left over where they belong. `first` is the first
    /// state of this worker, `late` what its left-over states lead to.
    pub(super) fn join(&mut self, first: usize, late: &Candidates<W>) {
        self.joined.clear();
        let mut left_over = self.left_over.iter().enumerate().peekable();
        for state in 0..self.candidates.ends.len() {
            match left_over.next_if(|(_, at)| **at == first + state) {
                Some((late_at, _)) => self.joined.add(late, late_at),
                None => self.joined.add(&self.candidates, state),
            }
        }
        self.joined.impure.extend(self.candidates.impure.iter().chain(&late.impure));
        self.candidates.swap(&mut self.joined);
    }

    /// Looks through the new states among its candidates, which are the `fresh` ones; the first
    /// candidate stands at `place` among all, the first new state at `number` among the new ones.
    pub(super) fn look(
        &mut self,
        (tables, layout, looked): (&Tables, &Layout, &Looked),
        (first, visited): (usize, &Visited<W>),
        (place, number): (usize, usize),
        fresh: &[u32],
        goals_open: bool,
    ) {
        let mut from = 0;
        for (nth, &fresh) in fresh.iter().enumerate() {
            let at = fresh as usize - place;
            while self.candidates.ends[from] <= at {
                from += 1;
            }
            let before = visited.keys.get(first + from);
            let (key, node) = (self.candidates.keys[at], usize::from(self.candidates.via[at]));
            let state = State { layout, key, before, node };
            if looked.may_be_news(tables, &state, goals_open) {
                self.news.push((number + nth) as u32);
            }
        }
    }
}

/// Lets threads work on one thing each, if it is worth several threads; else one after the other.
pub(super) fn together<T: Send>(
    apart: bool,
    things: impl ExactSizeIterator<Item = T>,
    work: impl Fn(usize, T) + Sync,
) {
    if !apart || things.len() < 2 {
        things.enumerate().for_each(|(at, thing)| work(at, thing));
        return;
    }
    let work = &work;
    rayon::in_place_scope(|scope| {
        let mut things = things.enumerate();
        let first = things.next();
        for (at, thing) in things {
            scope.spawn(move |_| work(at, thing));
        }
        if let Some((at, thing)) = first {
            work(at, thing);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::sleep::Sleep;
    use super::*;

    #[test]
    fn each_thing_is_worked_on_once_by_its_number() {
        for apart in [false, true] {
            for count in 0..5 {
                let mut things = vec![0; count];
                together(apart, things.iter_mut(), |at, thing: &mut usize| *thing += at + 1);
                assert_eq!(things, (1..=count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn successors_of_states_left_over_come_where_they_belong() {
        let mut worker = Worker::<u64>::new();
        let list = |of: &mut Candidates<u64>, keys: &[u64]| {
            for &key in keys {
                of.keys.push(key);
                of.via.push(0);
                of.sleep.push(Sleep::none());
            }
            of.ends.push(of.keys.len());
        };
        for keys in [&[1, 2][..], &[], &[5], &[]] {
            list(&mut worker.candidates, keys);
        }
        worker.left_over = vec![11, 13];
        let mut late = Candidates::new();
        list(&mut late, &[3, 4]);
        list(&mut late, &[6]);
        worker.join(10, &late);
        assert_eq!(worker.candidates.keys, [1, 2, 3, 4, 5, 6]);
        assert_eq!(worker.candidates.ends, [2, 4, 5, 6]);
    }
}
