//! How several threads expand a batch, to the same result as one.
//!
//! Each worker expands a run of the batch's states with the tables as they are, and drops the
//! successors that are known already. What the tables lack is left over, and found out by one
//! thread afterwards. Then the successors are put together in the order of their states, so that
//! nothing that is numbered or reported depends on the threads: only the numbers of slots might,
//! and nobody sees those.

use super::candidates::Candidates;
use super::expand::{Came, Expander};
use super::key::Word;
use super::tables::Tables;
use super::visited::Visited;

/// One of several threads.
pub(super) struct Worker<W> {
    pub(super) expander: Expander,
    pub(super) candidates: Candidates<W>,
    /// States about which the tables lack something.
    pub(super) left_over: Vec<usize>,
    known: Vec<bool>,
}

impl<W: Word> Worker<W> {
    pub(super) fn new() -> Worker<W> {
        Worker {
            expander: Expander::default(),
            candidates: Candidates::new(),
            left_over: Vec::new(),
            known: Vec::new(),
        }
    }

    /// Expands these states, as far as the tables go.
    fn expand(&mut self, tables: &Tables, visited: &Visited<W>, states: std::ops::Range<usize>) {
        let Worker { expander, candidates, left_over, known } = self;
        candidates.clear();
        left_over.clear();
        expander.counted.clear();
        for at in states {
            let from = candidates.keys.len();
            let key = visited.keys.get(at);
            match expander.expand(tables, &visited.layout, key, false, candidates) {
                Came::Whole { impure, .. } => {
                    if impure {
                        candidates.impure.push(at);
                    }
                }
                Came::Short => {
                    candidates.take_back(from);
                    left_over.push(at);
                }
            }
            candidates.ends.push(candidates.keys.len());
        }
        known.clear();
        visited.known(&candidates.keys, known);
        candidates.keep_unknown(known);
    }
}

/// Lets every worker expand its part of the states.
pub(super) fn expand<W: Word>(
    team: &mut [Worker<W>],
    tables: &Tables,
    visited: &Visited<W>,
    states: std::ops::Range<usize>,
) {
    let share = states.len().div_ceil(team.len());
    let part = |number: usize| {
        let first = (states.start + number * share).min(states.end);
        first..(first + share).min(states.end)
    };
    let (first, others) = team.split_first_mut().expect("a team has workers");
    std::thread::scope(|scope| {
        for (number, worker) in others.iter_mut().enumerate() {
            let mine = part(number + 1);
            scope.spawn(move || worker.expand(tables, visited, mine));
        }
        first.expand(tables, visited, part(0));
    });
}
