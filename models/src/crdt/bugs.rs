//! The deliberate mistakes. What they do to values is in `mistakes.rs`.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in a replicated type, or in how it is replicated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// Counts are added where the greater should be taken.
    MergeSum,
    /// Of two counters the one with the greater total stands.
    MaxTotal,
    /// A replica that forgot everything goes on under its old id.
    IdReuse,
    /// Of two counts that go up and down the greater is taken.
    SignedMax,
    /// Of two writes at the same time the one that is here stands.
    LwwTie,
    /// A write is stamped by a clock that is behind.
    ClockBehind,
    /// Concurrent values of a register are merged into one.
    DropSibling,
    /// An addition is known by its element alone.
    NoTags,
    /// A removal takes additions that it never saw.
    RemoveUnobserved,
    /// Merging is the union of what is there.
    UnionMerge,
    /// What is left of a removal is forgotten when somebody was told.
    EarlyCollection,
    /// An erased letter takes those after it along.
    EraseOrphans,
    /// A replica that hears something forgets what it had to tell.
    DeltaResetOnMerge,
    /// What was sent counts as arrived.
    DeltaNoAck,
    /// A peer's copy is taken in place of one's own.
    CopyReplaced,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 15] = [
        Bug::MergeSum,
        Bug::MaxTotal,
        Bug::IdReuse,
        Bug::SignedMax,
        Bug::LwwTie,
        Bug::ClockBehind,
        Bug::DropSibling,
        Bug::NoTags,
        Bug::RemoveUnobserved,
        Bug::UnionMerge,
        Bug::EarlyCollection,
        Bug::EraseOrphans,
        Bug::DeltaResetOnMerge,
        Bug::DeltaNoAck,
        Bug::CopyReplaced,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::MergeSum => "merge-sum",
            Bug::MaxTotal => "max-total",
            Bug::IdReuse => "id-reuse",
            Bug::SignedMax => "signed-max",
            Bug::LwwTie => "lww-tie",
            Bug::ClockBehind => "clock-behind",
            Bug::DropSibling => "drop-sibling",
            Bug::NoTags => "no-tags",
            Bug::RemoveUnobserved => "remove-unobserved",
            Bug::UnionMerge => "union-merge",
            Bug::EarlyCollection => "early-collection",
            Bug::EraseOrphans => "erase-orphans",
            Bug::DeltaResetOnMerge => "delta-reset-on-merge",
            Bug::DeltaNoAck => "delta-no-ack",
            Bug::CopyReplaced => "copy-replaced",
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
        name: Bug::MergeSum.name(),
        about: "Merging adds the counts of a replica instead of taking the greater: what arrives \
                twice counts twice.",
        source: "sourcenetwork/defradb PR #5274; Shapiro et al., INRIA RR-7506 (2011), §3.1.1",
        invariant: "explained",
        explored: ("g-counter", &[]),
        simulated: ("storm-g-counter", &[]),
    },
    BugInfo {
        name: Bug::MaxTotal.name(),
        about: "Of two counters the one with the greater total is taken as a whole, and increments \
                made elsewhere at the same time are lost.",
        source: "Shapiro et al., INRIA RR-7506 (2011), §3.1.1, on why one number does not do",
        invariant: "explained",
        explored: ("g-counter", &[]),
        simulated: ("storm-g-counter", &[]),
    },
    BugInfo {
        name: Bug::IdReuse.name(),
        about: "A replica that came back empty counts from zero under its old id, and others take \
                its new increments for those they have.",
        source: "pathosDev/actor-ts#720; Almeida et al., Delta State Replicated Data Types (2018), \
                 §6.1, on why the counter must be durable",
        invariant: "explained",
        explored: ("amnesia", &[]),
        simulated: ("storm-amnesia", &[]),
    },
    BugInfo {
        name: Bug::SignedMax.name(),
        about: "A replica's ups and downs are one signed count, and merging takes the greater: \
                downs are lost.",
        source: "Shapiro et al., INRIA RR-7506 (2011), §3.1.3",
        invariant: "explained",
        explored: ("pn-counter", &[]),
        simulated: ("storm-pn-counter", &[]),
    },
    BugInfo {
        name: Bug::LwwTie.name(),
        about: "Of two writes at the same time each replica keeps its own.",
        source: "CBaquero/delta-enabled-crdts#7; Convex-Dev/convex#641; \
                 pathosDev/actor-ts#950",
        invariant: "converged",
        explored: ("lww-register", &[]),
        simulated: ("storm-lww-register", &[]),
    },
    BugInfo {
        name: Bug::ClockBehind.name(),
        about: "A write is stamped by a clock that is behind what is stored, and changes nothing: \
                its own writer does not see it.",
        source: "Kingsbury, The trouble with timestamps (aphyr.com, 2013)",
        invariant: "explained",
        explored: ("lww-register", &[]),
        simulated: ("storm-lww-register", &[]),
    },
    BugInfo {
        name: Bug::DropSibling.name(),
        about: "Merging leaves one of the concurrent values of a register, the greatest, and the \
                others are lost without notice.",
        source: "Shapiro et al., INRIA RR-7506 (2011), §3.2.2; DeCandia et al., Dynamo (SOSP \
                 2007), §4.4",
        invariant: "explained",
        explored: ("mv-register", &[]),
        simulated: ("storm-mv-register", &[]),
    },
    BugInfo {
        name: Bug::NoTags.name(),
        about: "All additions of an element are one: a removal takes those made at the same time \
                elsewhere, and those that come later.",
        source: "Shapiro et al., INRIA RR-7506 (2011), §3.3.5, by leaving out the unique tags",
        invariant: "explained",
        explored: ("or-set", &[]),
        simulated: ("storm-or-set", &[]),
    },
    BugInfo {
        name: Bug::RemoveUnobserved.name(),
        about: "A removal covers the next update of every other replica, too, which it has not \
                seen.",
        source: "Shapiro et al., INRIA RR-7506 (2011), §3.3.5: only observed pairs are removed",
        invariant: "explained",
        explored: ("or-set", &[]),
        simulated: ("storm-or-set", &[]),
    },
    BugInfo {
        name: Bug::UnionMerge.name(),
        about: "Merging is the union of the elements, and a removal leaves no trace: what is \
                removed comes back with the next copy.",
        source: "happy-simulator 0.2.5, its observed-remove set; Shapiro et al., INRIA RR-7506 \
                 (2011), §3.3",
        invariant: "explained",
        explored: ("or-set", &[]),
        simulated: ("storm-or-set", &[]),
    },
    BugInfo {
        name: Bug::EarlyCollection.name(),
        about: "A replica forgets a removal when it has told a peer of it, and an old copy brings \
                the value back.",
        source: "Apache Cassandra's documentation on tombstones and gc_grace_seconds: zombie data",
        invariant: "explained",
        explored: ("lww-map", &[]),
        simulated: ("storm-lww-map", &[]),
    },
    BugInfo {
        name: Bug::EraseOrphans.name(),
        about: "An erased letter is dropped instead of hidden, and letters inserted after it are \
                never shown again.",
        source: "Roh et al., Replicated abstract data types (2011), on why erased elements stay as \
                 tombstones",
        invariant: "explained",
        explored: ("sequence", &[]),
        simulated: ("storm-sequence", &[]),
    },
    BugInfo {
        name: Bug::DeltaResetOnMerge.name(),
        about: "A replica that merges a peer's delta begins its own anew, and what it had not sent \
                yet is never sent.",
        source: "apple/swift-distributed-actors PR #210",
        invariant: "still-owed",
        explored: ("deltas", &[]),
        simulated: ("storm-deltas", &[]),
    },
    BugInfo {
        name: Bug::DeltaNoAck.name(),
        about: "A delta is forgotten when it is sent, and not when it has arrived.",
        source: "Almeida et al., Delta State Replicated Data Types (2018), §6, algorithm 2; \
                 lasp-lang/lasp PR #105",
        invariant: "heals",
        explored: ("deltas", &[]),
        simulated: ("storm-deltas", &[]),
    },
    BugInfo {
        name: Bug::CopyReplaced.name(),
        about: "A replica takes a peer's copy in place of its own instead of merging them. What it \
                says is still explained by what it knows, and it knows less than before.",
        source: "Shapiro et al., INRIA RR-7506 (2011), §2.3.1, by leaving out the merge",
        invariant: "remembers",
        explored: ("g-counter", &[]),
        simulated: ("storm-g-counter", &[]),
    },
];
