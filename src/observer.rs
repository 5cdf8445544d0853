//! Watching an engine at work, and ending it.

use crate::simulate::Books;
use crate::time::Span;

/// How far an engine has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress<'a> {
    /// An exploration.
    Exploring {
        /// Different states stored.
        states: usize,
        /// Steps taken from them.
        transitions: u64,
        /// The depth being expanded.
        depth: u32,
        /// States stored and not expanded yet.
        frontier: usize,
        /// The number of the first state of each depth found so far, from which
        /// [`explore::estimate`](crate::explore::estimate()) guesses how many there may be in all.
        levels: &'a [usize],
        /// The depth beyond which nothing is followed.
        deepest: Option<u32>,
    },
    /// A simulation.
    Simulating {
        /// Runs made.
        runs: u64,
        /// Runs asked for, if a number was.
        of: Option<u64>,
        /// Steps taken in all of them.
        steps: u64,
        /// Virtual time that has passed in all of them.
        lasted: Span,
        /// Virtual time asked for, if that was.
        of_time: Option<Span>,
        /// How many of the scenario's goals some run has reached.
        reached: usize,
        /// How many goals there are.
        goals: usize,
        /// Runs that failed.
        failures: u64,
        /// How many kinds of fault have happened.
        faults: usize,
        /// How many different things its runs have shown, where that is counted: in guided campaigns.
        shown: Option<u64>,
    },
    /// A shrinker.
    Shrinking {
        /// Traces replayed, and runs made, to see whether they still fail.
        tries: u64,
        /// The length of the shortest so far.
        steps: usize,
    },
}

/// Watches an engine, and may end it. Clocks and memory are its business: engines know none.
pub trait Observer {
    /// Called now and then. Some sentence ends the work, as its reason: "out of time".
    fn look(&mut self, progress: &Progress<'_>) -> Option<String>;

    /// Whether a campaign that goes on until it is told to end has made enough runs. Asked now and
    /// then; an observer that does not know ends it at once.
    fn enough(&mut self) -> bool {
        true
    }

    /// Called now and then during a campaign with what makes its books, and a `last` time when it has
    /// ended, for observers that keep them. Runs that are made to shrink a failure have no books.
    fn keep(&mut self, books: &dyn Fn() -> Books, last: bool) {
        let _ = (books, last);
    }
}

/// Looks at what another observer looks at, and hears no more than that: of work that is a part of a
/// larger one.
pub(crate) struct LooksOnly<'a>(pub(crate) &'a mut dyn Observer);

impl Observer for LooksOnly<'_> {
    fn look(&mut self, progress: &Progress<'_>) -> Option<String> {
        self.0.look(progress)
    }
}

/// Lets an engine run undisturbed.
#[derive(Clone, Copy, Debug)]
pub struct Undisturbed;

impl Observer for Undisturbed {
    fn look(&mut self, _: &Progress<'_>) -> Option<String> {
        None
    }
}
