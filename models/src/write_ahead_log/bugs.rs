//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake with the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// A write is answered when its record is written.
    AckBeforeSync,
    /// A sync answers what was written while it was under way.
    SyncAnswersLaterWrites,
    /// A write is applied when its record is written, and answered when that is durable.
    AppliedBeforeLogged,
    /// A recovery stops at a torn record and leaves it where it is.
    TornTailKept,
    /// A recovery looks at no checksums.
    TornReadAsWhole,
    /// A recovery goes on from what it has read without a sync.
    RecoveredUnsynced,
    /// The log is cut when a checkpoint is written.
    CheckpointTruncatesUnsynced,
    /// A checkpoint bears the number of the last record that is written, not of the last in it.
    CheckpointMislabelled,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 8] = [
        Bug::AckBeforeSync,
        Bug::SyncAnswersLaterWrites,
        Bug::AppliedBeforeLogged,
        Bug::TornTailKept,
        Bug::TornReadAsWhole,
        Bug::RecoveredUnsynced,
        Bug::CheckpointTruncatesUnsynced,
        Bug::CheckpointMislabelled,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::AckBeforeSync => "ack-before-sync",
            Bug::SyncAnswersLaterWrites => "sync-answers-later-writes",
            Bug::AppliedBeforeLogged => "applied-before-logged",
            Bug::TornTailKept => "torn-tail-kept",
            Bug::TornReadAsWhole => "torn-read-as-whole",
            Bug::RecoveredUnsynced => "recovered-unsynced",
            Bug::CheckpointTruncatesUnsynced => "checkpoint-truncates-unsynced",
            Bug::CheckpointMislabelled => "checkpoint-mislabelled",
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
        name: Bug::AckBeforeSync.name(),
        about: "A write is applied and answered as soon as its record is written, and the power \
                fails before it is synced.",
        source: "nats-io/nats-server#7564; Gray & Reuter 1993, chapter 9, by not forcing the log",
        invariant: "durability",
        explored: ("crash", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::SyncAnswersLaterWrites.name(),
        about: "When a sync is done everything written is answered, with what was written after it \
                had begun.",
        source: "DeWitt et al. 1984, by letting a commit group grow while it is on its way",
        invariant: "durability",
        explored: ("crash", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AppliedBeforeLogged.name(),
        about: "A write is applied when its record is written, and read before that is durable: \
                what somebody has seen is undone by a crash.",
        source: "DeWitt et al. 1984 on pre-committed transactions, by letting readers not wait",
        invariant: "linearizability",
        explored: ("reads", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::TornTailKept.name(),
        about: "A recovery ends at a torn record and leaves it there. What is written behind it is \
                synced and answered, and the next recovery ends at the same place.",
        source: "pmcfadin/cqlite#1390",
        invariant: "durability",
        explored: ("again", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::TornReadAsWhole.name(),
        about: "A recovery looks at no checksums, and takes half a record for a whole one.",
        source: "Pillai et al. 2014, on records that are appended and not written at once",
        invariant: "validity",
        explored: ("crash", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::RecoveredUnsynced.name(),
        about: "After the crash of the process a recovery reads, from memory, what was never \
                synced. It is seen, and then the power fails.",
        source: "kuzudb/kuzu#5843; Rebello et al. 2020 on recoveries that read from the page cache",
        invariant: "linearizability",
        explored: ("reads", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::CheckpointTruncatesUnsynced.name(),
        about: "The log is cut when the checkpoint is written, and the power fails before it is \
                synced.",
        source: "tursodatabase/turso#4652; Pillai et al. 2014 on the order of syncs",
        invariant: "durability",
        explored: ("checkpoint", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::CheckpointMislabelled.name(),
        about: "A checkpoint bears the number of the last record written, which is not in it: a \
                recovery does not redo it.",
        source: "Mohan et al. 1992, on where redo begins: not where the checkpoint ends",
        invariant: "prefix-order",
        explored: ("checkpoint", &[]),
        simulated: ("storm", &[]),
    },
];
