//! What an engine may say, and no more than that.

use std::fmt;

use serde::Serialize;

/// The answer of an engine. What it rests on is printed beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing broke in what was covered.
    Holds {
        /// What was covered: "exhaustively within these bounds", "in 10000 runs".
        covered: String,
    },
    /// An invariant does not hold.
    Violated {
        /// Its name.
        invariant: String,
        /// Why, with the offending values.
        reason: String,
    },
    /// Nothing broke, but the engine did not get to the end.
    Inconclusive {
        /// Why it ended.
        why: String,
        /// How far it got.
        covered: String,
    },
    /// Nothing broke, but nothing of interest happened either.
    Vacuous {
        /// The goals never reached, and what else was never seen.
        missing: Vec<String>,
    },
}

impl Verdict {
    /// The exit code that stands for it: 0 holds, 1 violated, 3 inconclusive, 4 vacuous.
    pub fn exit_code(&self) -> u8 {
        match self {
            Verdict::Holds { .. } => 0,
            Verdict::Violated { .. } => 1,
            Verdict::Inconclusive { .. } => 3,
            Verdict::Vacuous { .. } => 4,
        }
    }

    /// Whether it is [`Verdict::Holds`].
    pub fn holds(&self) -> bool {
        matches!(self, Verdict::Holds { .. })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Holds { covered } => write!(f, "holds {covered}"),
            Verdict::Violated { invariant, reason } => write!(f, "violated: {invariant}: {reason}"),
            Verdict::Inconclusive { why, covered } => write!(f, "inconclusive: {why}; {covered}"),
            Verdict::Vacuous { missing } => {
                write!(f, "vacuous: never reached {}", missing.join(", "))
            }
        }
    }
}
