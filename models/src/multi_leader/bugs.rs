//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in multi-leader replication.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// The last writer wins by times alone, and nobody hears of what was lost.
    LwwLostUpdate,
    /// Of equal times a leader keeps its own.
    LwwTie,
    /// An update is taken although something that it depends on is missing.
    Order,
    /// A write's number is that of the moment at which its user looked.
    CheckThenSet,
    /// A write's context is that of the moment at which it is saved.
    ContextAtSave,
    /// The application's rule drops the versions that do not count.
    RuleDrops,
    /// Stores merge as the union of their versions.
    UnionMerge,
    /// Leaders compare once and never again.
    ExchangesOnce,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 8] = [
        Bug::LwwLostUpdate,
        Bug::LwwTie,
        Bug::Order,
        Bug::CheckThenSet,
        Bug::ContextAtSave,
        Bug::RuleDrops,
        Bug::UnionMerge,
        Bug::ExchangesOnce,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::LwwLostUpdate => "lww-lost-update",
            Bug::LwwTie => "lww-tie",
            Bug::Order => "order",
            Bug::CheckThenSet => "check-then-set",
            Bug::ContextAtSave => "context-at-save",
            Bug::RuleDrops => "rule-drops",
            Bug::UnionMerge => "union-merge",
            Bug::ExchangesOnce => "exchanges-once",
        }
    }

    /// The mistake of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The mistakes as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::LwwLostUpdate.name(),
        about: "The version with the larger time is taken for one that replaces the other, and a \
                write that nobody saw is lost without a word.",
        source: "DeCandia et al. 2007, §4.4, by leaving out the vectors",
        invariant: "no-silent-loss",
        explored: ("last-writer", &[]),
        simulated: ("storm-last-writer", &[]),
    },
    BugInfo {
        name: Bug::LwwTie.name(),
        about: "Of two writes with the same time each leader keeps its own, and they stay apart.",
        source: "CBaquero/delta-enabled-crdts#7",
        invariant: "same-writes-same-values",
        explored: ("last-writer", &[]),
        simulated: ("storm-last-writer", &[]),
    },
    BugInfo {
        name: Bug::Order.name(),
        about: "A leader takes an update whenever it comes, and shows an effect without its cause.",
        source: "Birman, Schiper & Stephenson 1991, by leaving out what an update depends on",
        invariant: "causal-order",
        explored: ("causes", &[]),
        simulated: ("storm-siblings", &[]),
    },
    BugInfo {
        name: Bug::CheckThenSet.name(),
        about: "A leader looks up the next number when a user opens a key, and takes it when the \
                user saves: two users get the same, and others have the write of one of them.",
        source: "happy-simulator 0.2.5, whose writes check a version, wait and set",
        invariant: "same-writes-same-values",
        explored: ("editors", &[]),
        simulated: ("storm-siblings", &[]),
    },
    BugInfo {
        name: Bug::ContextAtSave.name(),
        about: "A write replaces what its leader has when it is saved, and not what its user was \
                shown.",
        source: "Preguiça et al. 2010, §3, by taking the server's context for the client's",
        invariant: "no-silent-loss",
        explored: ("siblings", &[]),
        simulated: ("storm-siblings", &[]),
    },
    BugInfo {
        name: Bug::RuleDrops.name(),
        about: "The application's rule drops what does not count, and whether that comes before or \
                after what it loses to was replaced decides what is left.",
        source: "by comparison with CouchDB's documentation of conflicts, whose losers are kept",
        invariant: "same-writes-same-values",
        explored: ("custom", &[]),
        simulated: ("storm-custom", &[]),
    },
    BugInfo {
        name: Bug::UnionMerge.name(),
        about: "Stores merge as the union of their versions, and one that was replaced comes back.",
        source: "happy-simulator 0.2.5, whose OR-set merges so",
        invariant: "no-silent-loss",
        explored: ("repair", &[]),
        simulated: ("storm-siblings", &[]),
    },
    BugInfo {
        name: Bug::ExchangesOnce.name(),
        about: "A leader compares with another once, and what is lost later is never made good.",
        source: "Demers et al. 1987, by leaving out that anti-entropy goes on",
        invariant: "converges",
        explored: ("repair", &[]),
        simulated: ("storm-siblings", &[]),
    },
];
