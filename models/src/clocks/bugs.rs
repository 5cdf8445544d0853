//! The deliberate mistakes.
//!
//! One that is none: a clock that counts each event twice, Lamport's or vectors (hetu-project/Setu
//! #22). It is the parameter `increment`, and listed as equivalent (`Model::equivalents`).

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake with a clock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// Lamport's clock does not take in the time of what it receives.
    NoMax,
    /// A stamp is the number alone, without its process.
    NoTieBreak,
    /// A clock begins anew when its process restarts.
    ClockForgotten,
    /// A vector clock does not take in the vector of what it receives.
    NoMerge,
    /// Vectors with entries of different processes are not compared.
    MissingEntry,
    /// A hybrid clock does not count at the same physical time.
    EqualNoBump,
    /// A hybrid clock counts anew at a physical time it hears of.
    CounterReset,
    /// A hybrid clock takes no notice of what it receives.
    Unwired,
    /// A hybrid clock takes no notice of physical time when it receives something.
    IgnoresNow,
    /// A hybrid clock believes every message.
    NoDriftGuard,
    /// A broadcast is delivered although one of its sender's is missing.
    VectorGap,
    /// A broadcast is delivered in the order of its sender, whatever the sender had heard.
    FifoOnly,
    /// A copy is delivered again.
    DeliversAgain,
    /// What waits for a broadcast is not looked at when that is delivered.
    NoRecheck,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 14] = [
        Bug::NoMax,
        Bug::NoTieBreak,
        Bug::ClockForgotten,
        Bug::NoMerge,
        Bug::MissingEntry,
        Bug::EqualNoBump,
        Bug::CounterReset,
        Bug::Unwired,
        Bug::IgnoresNow,
        Bug::NoDriftGuard,
        Bug::VectorGap,
        Bug::FifoOnly,
        Bug::DeliversAgain,
        Bug::NoRecheck,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::NoMax => "no-max",
            Bug::NoTieBreak => "no-tie-break",
            Bug::ClockForgotten => "clock-forgotten",
            Bug::NoMerge => "no-merge",
            Bug::MissingEntry => "missing-entry",
            Bug::EqualNoBump => "equal-no-bump",
            Bug::CounterReset => "counter-reset",
            Bug::Unwired => "unwired",
            Bug::IgnoresNow => "ignores-now",
            Bug::NoDriftGuard => "no-drift-guard",
            Bug::VectorGap => "vector-gap",
            Bug::FifoOnly => "fifo-only",
            Bug::DeliversAgain => "delivers-again",
            Bug::NoRecheck => "no-recheck",
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
        name: Bug::NoMax.name(),
        about: "On receipt a clock counts its own event and does not go above the time of the \
                message: an effect may be earlier than its cause.",
        source: "Lamport 1978, by leaving out rule IR2(b)",
        invariant: "clock-condition",
        explored: ("lamport", &[]),
        simulated: ("storm-lamport", &[]),
    },
    BugInfo {
        name: Bug::NoTieBreak.name(),
        about: "A stamp is the number alone, and concurrent events of two processes have the same.",
        source: "Lamport 1978, the relation ⇒, by leaving out the order of processes",
        invariant: "total-order",
        explored: ("lamport", &[]),
        simulated: ("storm-lamport", &[]),
    },
    BugInfo {
        name: Bug::ClockForgotten.name(),
        about: "A process that restarts begins its clock anew, below its own earlier events.",
        source: "Lamport 1978, rule IR1, across a restart",
        invariant: "clock-condition",
        explored: ("lamport-restart", &[]),
        simulated: ("storm-lamport", &[]),
    },
    BugInfo {
        name: Bug::NoMerge.name(),
        about: "On receipt a vector clock counts its own event and takes in nothing: an effect \
                seems concurrent with its cause.",
        source: "Fidge 1988 and Mattern 1989, by leaving out the larger of each entry",
        invariant: "vectors-tell-causality",
        explored: ("vector", &[]),
        simulated: ("storm-vector", &[]),
    },
    BugInfo {
        name: Bug::MissingEntry.name(),
        about: "A process that is in one vector and not in the other makes them concurrent, as if \
                no entry were not the same as 0.",
        source: "hetu-project/Setu#39",
        invariant: "judgements-are-right",
        explored: ("vector", &[]),
        simulated: ("storm-vector", &[]),
    },
    BugInfo {
        name: Bug::EqualNoBump.name(),
        about: "Where physical time has not moved on since the last event the counter stays, too, \
                and two events of a process have one time.",
        source: "calimero-network/core#2635",
        invariant: "clock-condition",
        explored: ("hybrid", &[]),
        simulated: ("storm-hybrid", &[]),
    },
    BugInfo {
        name: Bug::CounterReset.name(),
        about: "On receipt of a later physical time the counter begins at 0 and not above that of \
                the message: the receipt is no later than the sending.",
        source: "calimero-network/core#2635",
        invariant: "clock-condition",
        explored: ("hybrid", &[]),
        simulated: ("storm-hybrid", &[]),
    },
    BugInfo {
        name: Bug::Unwired.name(),
        about: "Nobody tells the clock of what is received.",
        source: "NodeDB#264",
        invariant: "clock-condition",
        explored: ("hybrid", &[]),
        simulated: ("storm-hybrid", &[]),
    },
    BugInfo {
        name: Bug::IgnoresNow.name(),
        about: "On receipt a clock compares its own time with that of the message, and not with the \
                physical one: the receipt seems earlier than it is.",
        source: "Kulkarni et al. 2014, Figure 5, by leaving out the physical time at a receipt",
        invariant: "not-behind-physical-time",
        explored: ("hybrid", &[]),
        simulated: ("storm-hybrid", &[]),
    },
    BugInfo {
        name: Bug::NoDriftGuard.name(),
        about: "A clock believes a message however far it is from the future, and is far ahead of \
                its own process from then on.",
        source: "cockroachdb/cockroach#23214; yugabyte/yugabyte-db#10628",
        invariant: "near-physical-time",
        explored: ("hybrid-jump", &[]),
        simulated: ("storm-hybrid", &[]),
    },
    BugInfo {
        name: Bug::VectorGap.name(),
        about: "A member delivers a broadcast that is newer than the last of its sender, and does \
                not look whether one in between is missing.",
        source: "tlaplus/CommunityModules#102",
        invariant: "causal-delivery",
        explored: ("broadcast", &[]),
        simulated: ("storm-broadcast", &[]),
    },
    BugInfo {
        name: Bug::FifoOnly.name(),
        about: "A member looks at the sender's own entry alone, and delivers an answer before what \
                it answers.",
        source: "Birman, Schiper & Stephenson 1991, §5.1, by leaving out its second condition",
        invariant: "causal-delivery",
        explored: ("broadcast", &[]),
        simulated: ("storm-broadcast", &[]),
    },
    BugInfo {
        name: Bug::DeliversAgain.name(),
        about: "A member does not look whether it was delivered a broadcast before, and a copy is \
                delivered as if it were another.",
        source: "rocq-community/chapar#3",
        invariant: "delivered-once",
        explored: ("broadcast-copies", &[]),
        simulated: ("storm-broadcast", &[]),
    },
    BugInfo {
        name: Bug::NoRecheck.name(),
        about: "When a broadcast is delivered, what was held for want of it stays held.",
        source: "Birman, Schiper & Stephenson 1991, §5.1, by leaving out its last step",
        invariant: "all-delivered",
        explored: ("broadcast", &[]),
        simulated: ("storm-broadcast", &[]),
    },
];
