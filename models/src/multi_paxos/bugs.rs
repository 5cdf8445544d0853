//! The known bugs of Multi-Paxos and of Flexible Paxos: each a small departure, with its source.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake. [`MultiPaxos`](super::MultiPaxos) branches on it at the one place where it
/// parts from the protocol, and marks the line when that makes a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// A replica executes what it learns, though it does not know what comes before.
    ExecuteGap,
    /// A new leader takes what it has not accepted itself for a gap.
    NoopOverwrites,
    /// A leader that has led before skips phase 1.
    StaleLeaderBallot,
    /// An acceptor stores what lies beyond the end of its log at its end.
    AppendAtLast,
    /// A new leader does not look at what is in the promises.
    IgnorePromisedLog,
    /// An acceptor takes its last slot to stand for all before it.
    GappedCumulativeAck,
    /// A candidate goes on under the ballot that it was preempted by.
    AdoptsForeignBallot,
    /// Half of the acceptors promise, though only half accept.
    CountsTooSmall,
    /// A majority promises, though less than a majority accepts.
    MajorityRecovery,
    /// A row of the grid promises, though a row accepts.
    GridRowRow,
}

impl Bug {
    /// Those of Multi-Paxos.
    pub const OF_MULTI_PAXOS: [Bug; 7] = [
        Bug::ExecuteGap,
        Bug::NoopOverwrites,
        Bug::StaleLeaderBallot,
        Bug::AppendAtLast,
        Bug::IgnorePromisedLog,
        Bug::GappedCumulativeAck,
        Bug::AdoptsForeignBallot,
    ];

    /// Those of quorums that need not meet.
    pub const OF_FLEXIBLE_PAXOS: [Bug; 3] =
        [Bug::CountsTooSmall, Bug::MajorityRecovery, Bug::GridRowRow];

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::ExecuteGap => "execute-gap",
            Bug::NoopOverwrites => "noop-overwrites",
            Bug::StaleLeaderBallot => "stale-leader-ballot",
            Bug::AppendAtLast => "append-at-last",
            Bug::IgnorePromisedLog => "ignore-promised-log",
            Bug::GappedCumulativeAck => "gapped-cumulative-ack",
            Bug::AdoptsForeignBallot => "adopts-foreign-ballot",
            Bug::CountsTooSmall => "counts-too-small",
            Bug::MajorityRecovery => "majority-recovery",
            Bug::GridRowRow => "grid-row-row",
        }
    }

    /// The bug of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::OF_MULTI_PAXOS.into_iter().chain(Bug::OF_FLEXIBLE_PAXOS).find(|bug| bug.name() == name)
    }
}

/// The bugs of Multi-Paxos as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::ExecuteGap.name(),
        about: "A replica that learns what is chosen in a slot executes it, though it does not \
                know what comes before.",
        source: "PMMC, invariant R2, by taking it away; phxpaxos#27",
        invariant: "prefix-order",
        explored: ("slots", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoopOverwrites.name(),
        about: "A new leader fills every slot that it has not accepted itself with a no-op, \
                whatever the promises say was accepted there.",
        source: "PMS §3, on gaps, by forgetting that promises tell where there are none",
        invariant: "agreement",
        explored: ("takeover", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::StaleLeaderBallot.name(),
        about: "A replica that led before takes phase 1 for done when it leads again, and knows \
                nothing of what was chosen meanwhile.",
        source: "PMS §3: phase 1 is done for all slots, but anew in each ballot",
        invariant: "agreement",
        explored: ("three-ballots", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AppendAtLast.name(),
        about: "An acceptor that lacks earlier slots stores what it accepts behind its last one, \
                and acknowledges the slot it was asked for.",
        source: "seen in happy-simulator 0.2.5",
        invariant: "agreement",
        explored: ("slots", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::IgnorePromisedLog.name(),
        about: "A new leader counts promises and does not look at what their acceptors have \
                accepted, so it puts commands of its own where others are chosen.",
        source: "PMS §2.2, phase 2a, by forgetting it; seen in happy-simulator 0.2.5",
        invariant: "agreement",
        explored: ("takeover", &[("commands", 2), ("at", 12)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::GappedCumulativeAck.name(),
        about: "An acceptor acknowledges all slots up to the one it accepts, those that it has \
                not received included.",
        source: "oxia PR#1239",
        invariant: "durability",
        explored: ("slots", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AdoptsForeignBallot.name(),
        about: "A candidate that is told of a higher ballot makes it its own instead of giving \
                up, and a late promise of the old one completes it.",
        source: "PMS §2.5, disjoint sets of numbers; seen in happy-simulator 0.2.5",
        invariant: "one-leader-per-ballot",
        explored: ("election", &[]),
        simulated: ("storm", &[]),
    },
];
