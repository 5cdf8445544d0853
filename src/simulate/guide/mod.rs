//! Guidance: plans of runs that showed something rare are run again, with other draws.
//!
//! A blind campaign draws every plan anew. A guided one draws most plans from those of earlier runs, the
//! rarer what they showed, the more often. How likely a run is to go wrong depends on its plan, and
//! plans under which much that is rare happens are those under which it does.
//!
//! - `shape` is what a value looks like without its numbers, `signal` what a run shows;
//! - `corpus` is what is kept, and which of it is tried next; `campaign` is the campaign.
//!
//! What a run shows is told apart by hashes. They decide only what is tried next: a failing run is
//! made again and replayed step by step like any other.

mod campaign;
mod corpus;
mod shape;
mod signal;

use serde::{Serialize, Serializer};

pub(super) use campaign::simulate;
pub use corpus::{Entry, EntryError};

/// How a campaign is guided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Guidance {
    /// How many runs in a million draw their plan blindly, as in a campaign without guidance.
    pub blind: u32,
    /// What an earlier campaign kept. These runs are made first, and count as runs.
    pub corpus: Vec<Entry>,
}

impl Default for Guidance {
    /// A fifth of the runs is blind, and nothing is known yet.
    fn default() -> Guidance {
        Guidance { blind: 200_000, corpus: Vec::new() }
    }
}

/// What guidance did in a campaign.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Guided {
    /// How many runs drew their plan blindly.
    pub blind: u64,
    /// How many had a plan made from one that was kept.
    pub mutated: u64,
    /// How many came from an earlier campaign.
    pub known: u64,
    /// How many different features were seen in all runs.
    pub features: u64,
    /// How many there were after so many runs: after each power of two, and at the end.
    pub grew: Vec<(u64, u64)>,
    /// What is worth keeping: for each of the rarest features the first run that showed it, in the
    /// order in which they did. A report says how many.
    #[serde(serialize_with = "how_many")]
    pub corpus: Vec<Entry>,
}

fn how_many<S: Serializer>(corpus: &[Entry], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(corpus.len() as u64)
}
