//! Histories as they are recorded: who asked what, when, and what came of it.

use super::super::Specification;
use crate::{Held, broken};
use std::fmt::Debug;

/// What became of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome<R> {
    /// It ended with this output.
    Answered {
        /// The event that is its end.
        at: usize,
        /// What it answered.
        output: R,
    },
    /// It ended; what it answered was not looked at, or is not compared.
    Ended {
        /// The event that is its end.
        at: usize,
    },
    /// Nobody knows: its client timed out or crashed, or the record ends before it did. It may take
    /// effect at any time after its invocation, once, or never.
    Unknown,
    /// It had no effect and never will have one.
    NeverHappened,
}

/// One operation of a [`History`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded<O, R> {
    /// Who asked for it.
    pub process: u64,
    /// What was asked.
    pub operation: O,
    /// The event that is its beginning.
    pub invoked: usize,
    /// What became of it.
    pub outcome: Outcome<R>,
}

impl<O, R> Recorded<O, R> {
    /// The event that is its end, if it has one.
    pub const fn ended(&self) -> Option<usize> {
        match &self.outcome {
            Outcome::Answered { at, .. } | Outcome::Ended { at } => Some(*at),
            Outcome::Unknown | Outcome::NeverHappened => None,
        }
    }
}

/// Operations with their beginnings and ends, in the order in which these were seen.
///
/// It is recorded event by event. An operation has a number, from 0 in the order of invocations, by
/// which its end is told; one that is told nothing more of has an unknown outcome.
///
/// ```
/// use splitbrain_invariants::{History, RegisterOperation, RegisterOutput};
///
/// let mut history = History::new();
/// let write = history.invoke(0, RegisterOperation::Write(1));
/// let read = history.invoke(1, RegisterOperation::Read);
/// history.answer(read, RegisterOutput::Holds(1));
/// history.answer(write, RegisterOutput::Written);
/// assert_eq!(history.operations()[read].invoked, 1);
/// assert_eq!(history.operations()[write].ended(), Some(3));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct History<O, R> {
    operations: Vec<Recorded<O, R>>,
    events: usize,
}

impl<O, R> Default for History<O, R> {
    fn default() -> Self {
        History::new()
    }
}

impl<O, R> History<O, R> {
    /// Nothing has happened.
    pub const fn new() -> Self {
        History { operations: Vec::new(), events: 0 }
    }

    /// The operations, in the order of their invocations.
    pub fn operations(&self) -> &[Recorded<O, R>] {
        &self.operations
    }

    /// How many beginnings and ends there are.
    pub const fn events(&self) -> usize {
        self.events
    }

    /// A process asks for an operation. Returns the operation's number.
    pub fn invoke(&mut self, process: u64, operation: O) -> usize {
        let invoked = self.event();
        self.operations.push(Recorded { process, operation, invoked, outcome: Outcome::Unknown });
        self.operations.len() - 1
    }

    /// The operation ends with this output.
    ///
    /// # Panics
    /// When there is no operation of that number, or it has an end.
    pub fn answer(&mut self, number: usize, output: R) {
        let at = self.event();
        self.settle(number, Outcome::Answered { at, output });
    }

    /// The operation ends, with an output that is not known.
    ///
    /// # Panics
    /// When there is no operation of that number, or it has an end.
    pub fn end(&mut self, number: usize) {
        let at = self.event();
        self.settle(number, Outcome::Ended { at });
    }

    /// The operation has had no effect and never will.
    ///
    /// # Panics
    /// When there is no operation of that number, or it has an end.
    pub fn never_happened(&mut self, number: usize) {
        self.settle(number, Outcome::NeverHappened);
    }

    fn event(&mut self) -> usize {
        self.events += 1;
        self.events - 1
    }

    fn settle(&mut self, number: usize, outcome: Outcome<R>) {
        let operation = &mut self.operations[number];
        assert!(
            matches!(operation.outcome, Outcome::Unknown),
            "operation {number} has an outcome already"
        );
        operation.outcome = outcome;
    }
}

impl<O: Clone, R: Clone> History<O, R> {
    /// The operations with these numbers, and the events they had.
    pub(super) fn only(&self, numbers: &[usize]) -> Self {
        let operations = numbers.iter().map(|&number| self.operations[number].clone());
        History { operations: operations.collect(), events: self.events }
    }
}

impl<O, R: PartialEq + Debug> History<O, R> {
    /// Whether this order of operations, given by their numbers, explains the history: every
    /// operation that ended is in it, none that never happened, none twice; none comes behind one
    /// that began after its end; and the object answers in that order what was seen. This is the
    /// definition of linearizability, without the search.
    ///
    /// # Errors
    /// What is wrong with the order, with the number of the operation.
    ///
    /// # Panics
    /// When the order has a number that no operation has.
    pub fn is_explained_by<S>(&self, initial: &S, order: &[usize]) -> Held
    where
        S: Specification<Operation = O, Output = R>,
    {
        self.is_explained_until(self.events, initial, order)
    }

    /// Whether this order explains what was seen before that event: as
    /// [`is_explained_by`](History::is_explained_by), but what ended later need not be in it, and
    /// what began later cannot be. What ended later is in it only with the answer it had then.
    ///
    /// # Errors
    /// What is wrong with the order, with the number of the operation.
    ///
    /// # Panics
    /// When the order has a number that no operation has.
    pub fn is_explained_until<S>(&self, event: usize, initial: &S, order: &[usize]) -> Held
    where
        S: Specification<Operation = O, Output = R>,
    {
        let mut placed = vec![false; self.operations.len()];
        let mut state = initial.clone();
        let mut latest_beginning = 0;
        for &number in order {
            let one = &self.operations[number];
            if std::mem::replace(&mut placed[number], true) {
                return broken(format!("operation {number} is in the order twice"));
            }
            if one.ended().is_some_and(|at| at < latest_beginning) {
                return broken(format!(
                    "operation {number} comes behind one that began after its end"
                ));
            }
            if one.invoked >= event {
                return broken(format!("operation {number} had not begun"));
            }
            latest_beginning = latest_beginning.max(one.invoked);
            let output = state.apply(&one.operation);
            match &one.outcome {
                Outcome::Answered { output: seen, .. } if *seen != output => {
                    return broken(format!(
                        "operation {number} answered {seen:?}, and in this order it is {output:?}"
                    ));
                }
                Outcome::NeverHappened => {
                    return broken(format!("operation {number} never happened"));
                }
                Outcome::Answered { .. } | Outcome::Ended { .. } | Outcome::Unknown => {}
            }
        }
        let missing = |at: &usize| {
            !placed[*at] && self.operations[*at].ended().is_some_and(|end| end < event)
        };
        match (0..placed.len()).find(missing) {
            Some(number) => broken(format!("operation {number} ended and is not in the order")),
            None => Ok(()),
        }
    }
}
