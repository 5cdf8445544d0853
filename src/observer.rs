//! Watching an engine at work, and ending it.

/// How far an engine has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
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
    },
    /// A simulation.
    Simulating {
        /// Runs made.
        runs: u64,
        /// Runs asked for.
        of: u64,
        /// Steps taken in all of them.
        steps: u64,
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
    fn look(&mut self, progress: &Progress) -> Option<String>;
}

/// Lets an engine run undisturbed.
#[derive(Clone, Copy, Debug)]
pub struct Undisturbed;

impl Observer for Undisturbed {
    fn look(&mut self, _: &Progress) -> Option<String> {
        None
    }
}
