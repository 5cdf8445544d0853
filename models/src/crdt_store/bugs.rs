//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in a store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// A replica that takes a value over goes on under the id of whom it has it from.
    MergeKeepsRemoteId,
    /// Of two stores the one with more updates stands.
    WholeMapLww,
    /// A digest says of each replica how far its updates were seen, and knows no gaps.
    VersionVectorGap,
    /// A digest survives a crash that its values do not.
    DigestOutlivesData,
    /// Of two writes at the same time the one that is here stands.
    LwwTie,
    /// A peer's store is taken in place of one's own.
    StoreReplaced,
    /// Anti-entropy happens once.
    GossipsOnce,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 7] = [
        Bug::MergeKeepsRemoteId,
        Bug::WholeMapLww,
        Bug::VersionVectorGap,
        Bug::DigestOutlivesData,
        Bug::LwwTie,
        Bug::StoreReplaced,
        Bug::GossipsOnce,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::MergeKeepsRemoteId => "merge-keeps-remote-id",
            Bug::WholeMapLww => "whole-map-lww",
            Bug::VersionVectorGap => "version-vector-gap",
            Bug::DigestOutlivesData => "digest-outlives-data",
            Bug::LwwTie => "lww-tie",
            Bug::StoreReplaced => "store-replaced",
            Bug::GossipsOnce => "gossips-once",
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
        name: Bug::MergeKeepsRemoteId.name(),
        about: "A replica that first hears of a key takes the peer's value as it is, id and all, \
                and counts on under the peer's id.",
        source: "happy-simulator 0.2.5, its store of replicated types: 13 of 30 increments",
        invariant: "explained",
        explored: ("push", &[("keys", 1)]),
        simulated: ("storm-push", &[]),
    },
    BugInfo {
        name: Bug::WholeMapLww.name(),
        about: "The store is taken for one last-writer-wins register: of two stores the one with \
                more updates stands, and what was updated in the other is lost.",
        source: "pathosDev/actor-ts#950",
        invariant: "explained",
        explored: ("push", &[]),
        simulated: ("storm-push", &[]),
    },
    BugInfo {
        name: Bug::VersionVectorGap.name(),
        about: "A digest is a version vector, the last update seen of each replica: earlier ones \
                that were lost are taken for seen, and nobody sends them again.",
        source: "akka/akka#22188 and #22890, PR #22331",
        invariant: "digest-true",
        explored: ("mail", &[]),
        simulated: ("storm-pull", &[]),
    },
    BugInfo {
        name: Bug::DigestOutlivesData.name(),
        about: "A replica that comes back empty keeps its digest, and is never sent again what it \
                says it has.",
        source: "Almeida et al., Delta State Replicated Data Types (2018), §6: value and number \
                 are durable together",
        invariant: "digest-true",
        explored: ("amnesia", &[]),
        simulated: ("storm-amnesia", &[]),
    },
    BugInfo {
        name: Bug::LwwTie.name(),
        about: "Of two writes of a register at the same time each replica keeps its own, and \
                gossip never makes them equal.",
        source: "pathosDev/actor-ts#950; CBaquero/delta-enabled-crdts#7",
        invariant: "converged",
        explored: ("push", &[("keys", 1), ("first", 2)]),
        simulated: ("storm-push", &[]),
    },
    BugInfo {
        name: Bug::StoreReplaced.name(),
        about: "A replica takes what a peer pushes in place of its own store instead of merging \
                them: digest and values agree, and updates that nobody else had are lost.",
        source: "Demers et al. 1987, §1.3, by copying where differences should be resolved",
        invariant: "remembers",
        explored: ("push", &[("keys", 1)]),
        simulated: ("storm-push", &[]),
    },
    BugInfo {
        name: Bug::GossipsOnce.name(),
        about: "A replica removes its differences with a peer once, and what is updated or lost \
                later stays so.",
        source: "Demers et al. 1987, §1.3, by leaving out that anti-entropy goes on",
        invariant: "heals",
        explored: ("push", &[("keys", 1)]),
        simulated: ("storm-push", &[]),
    },
];
