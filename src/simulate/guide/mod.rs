//! Guidance: runs that showed something new are kept, and later ones are made from them.
//!
//! A blind campaign draws every plan anew. A guided one keeps the plans of runs that showed what no
//! run before had shown, and mutates them toward the rare, as fuzzers that are guided by coverage do
//! with inputs; a share of the runs stays blind.
//!
//! - `shape` is what a value looks like without its numbers, `signal` what a run shows;
//! - `corpus` is what is kept, and which of it is tried next; `mutate` makes another plan from one;
//! - `campaign` is the campaign.
//!
//! What a run shows is told apart by hashes. They decide only what is tried next: a failing run is
//! made again and replayed step by step like any other.

mod campaign;
mod corpus;
mod mutate;
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
    /// A third of the runs is blind, and nothing is known yet.
    fn default() -> Guidance {
        Guidance { blind: 333_333, corpus: Vec::new() }
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
    /// What is kept: runs that showed something new, in the order in which they did. A report says
    /// how many.
    #[serde(serialize_with = "how_many")]
    pub corpus: Vec<Entry>,
}

fn how_many<S: Serializer>(corpus: &[Entry], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(corpus.len() as u64)
}
