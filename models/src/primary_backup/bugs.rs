//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in primary and backup.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// The primary answers an update before any backup has it, in whatever mode.
    AckBeforeBackup,
    /// A backup that has waited for long makes itself the primary.
    SplitBrain,
    /// The primary answers queries without asking whether it still is the primary.
    OldPrimaryReads,
    /// The view service goes on to another view before the primary has acknowledged this one.
    ViewBeforeAck,
    /// A server does not look under which view it is told something.
    NoViewCheck,
    /// A backup takes updates in the order in which they arrive.
    UnorderedApply,
    /// Updates that come while the history is transferred are not sent after it.
    TransferRace,
    /// The history is sent once in a view, and never again.
    TransferOnce,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 8] = [
        Bug::AckBeforeBackup,
        Bug::SplitBrain,
        Bug::OldPrimaryReads,
        Bug::ViewBeforeAck,
        Bug::NoViewCheck,
        Bug::UnorderedApply,
        Bug::TransferRace,
        Bug::TransferOnce,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Bug::AckBeforeBackup => "ack-before-backup",
            Bug::SplitBrain => "split-brain",
            Bug::OldPrimaryReads => "old-primary-reads",
            Bug::ViewBeforeAck => "view-before-ack",
            Bug::NoViewCheck => "no-view-check",
            Bug::UnorderedApply => "unordered-apply",
            Bug::TransferRace => "transfer-race",
            Bug::TransferOnce => "transfer-once",
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
        name: "ack-before-backup",
        about: "A primary that should wait for its backups answers at once, and what it answered \
                is lost when a backup takes its place.",
        source: "Kingsbury, Jepsen: Redis (2013), whose replication is asynchronous",
        invariant: "durability",
        explored: ("failover", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "split-brain",
        about: "A backup that has waited for long takes the primary's place by itself, under a \
                number that the view service gives to another view.",
        source: "Kingsbury, Jepsen: Redis redux (2013); 6.824 lab 2, which has a view service \
                 against it",
        invariant: "one-primary",
        explored: ("failover", &[("repeats", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "old-primary-reads",
        about: "A primary that was replaced and does not know it yet answers queries with what is \
                old.",
        source: "6.824 lab 2, part B, on queries at a server that thinks it is the primary",
        invariant: "linearizability",
        explored: ("failover", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "view-before-ack",
        about: "The view service goes on to the next view while a backup of this one has yet to be \
                given the history, and makes it the primary.",
        source: "6.824 lab 2, part A, on views that the primary has to acknowledge",
        invariant: "durability",
        explored: ("join", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "no-view-check",
        about: "A server that acts in a new view takes updates from the primary of an old one, and \
                acknowledges them.",
        source: "6.824 lab 2, part B, on forwarded requests that the backup must refuse",
        invariant: "linearizability",
        explored: ("failover", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "unordered-apply",
        about: "A backup takes updates in the order in which they arrive, which is not the \
                primary's.",
        source: "happy-simulator 0.2.5, whose backups do; Budhiraja, Marzullo, Schneider & Toueg \
                 1993, §2, whose links keep the order",
        invariant: "replica-agreement",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "transfer-race",
        about: "What clients update while the history is on its way to a new backup never gets \
                there, and the primary takes it for held.",
        source: "6.824 lab 2, part B, on the transfer to a new backup",
        invariant: "durability",
        explored: ("join", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "transfer-once",
        about: "A primary sends its history when it hears of the view and never again: if it is \
                lost, or forgotten in a crash that it was sent, no update is answered any more.",
        source: "6.824 lab 2, part B, by leaving out that a lost transfer is tried again",
        invariant: "recovers",
        explored: ("reboot", &[]),
        simulated: ("storm", &[]),
    },
];
