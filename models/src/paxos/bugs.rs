//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake. [`Paxos`](super::Paxos) branches on it at the one place where it parts
/// from the protocol, and marks the line when that makes a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// An acceptor accepts proposals below its promise.
    AcceptBelowPromise,
    /// An acceptor promises, and does not remember.
    PromiseNotStored,
    /// An acceptor's promise and vote do not survive its restart.
    Amnesia,
    /// A proposer proposes its own value, whatever was reported.
    IgnoreAccepted,
    /// A proposer adopts what was reported last, whatever its ballot.
    AnyAccepted,
    /// An acceptor promises, and does not say what it has accepted.
    PromiseHidesAccepted,
    /// All proposers number their ballots alike.
    BallotCollision,
    /// One acceptor less than a quorum is enough, in both phases.
    QuorumTooSmall,
    /// An acceptor that accepts a proposal does not take its ballot for promised.
    NoBumpOnAccept,
    /// A promise beyond the quorum makes the proposer choose its value anew.
    Rephase2,
    /// A proposer that tries again has forgotten what it was asked to propose.
    ValueForgotten,
    /// A proposer's last ballot does not survive its restart.
    BallotForgotten,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 12] = [
        Bug::AcceptBelowPromise,
        Bug::PromiseNotStored,
        Bug::Amnesia,
        Bug::IgnoreAccepted,
        Bug::AnyAccepted,
        Bug::PromiseHidesAccepted,
        Bug::BallotCollision,
        Bug::QuorumTooSmall,
        Bug::NoBumpOnAccept,
        Bug::Rephase2,
        Bug::ValueForgotten,
        Bug::BallotForgotten,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::AcceptBelowPromise => "accept-below-promise",
            Bug::PromiseNotStored => "promise-not-stored",
            Bug::Amnesia => "amnesia",
            Bug::IgnoreAccepted => "ignore-accepted",
            Bug::AnyAccepted => "any-accepted",
            Bug::PromiseHidesAccepted => "promise-hides-accepted",
            Bug::BallotCollision => "ballot-collision",
            Bug::QuorumTooSmall => "quorum-too-small",
            Bug::NoBumpOnAccept => "no-bump-on-accept",
            Bug::Rephase2 => "rephase2",
            Bug::ValueForgotten => "value-forgotten",
            Bug::BallotForgotten => "ballot-forgotten",
        }
    }

    /// The bug of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The mistakes as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::AcceptBelowPromise.name(),
        about: "An acceptor accepts a proposal though it has promised a higher ballot.",
        source: "Lamport 2001, §2.2, P1a, by leaving it out",
        invariant: "agreement",
        explored: ("race", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::PromiseNotStored.name(),
        about: "An acceptor answers that it promises, and does not remember it.",
        source: "Lamport 2001, §2.5: an acceptor records its response before it sends it",
        invariant: "agreement",
        explored: ("race", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::Amnesia.name(),
        about: "An acceptor has forgotten promise and vote after its restart.",
        source: "Chandra, Griesemer, Redstone, Paxos Made Live (2007), §5.1 on corrupted disks; \
                 scylladb#6149, where Paxos state expired",
        invariant: "agreement",
        explored: ("restart", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::IgnoreAccepted.name(),
        about: "A proposer proposes its own value, whatever the promises report.",
        source: "Lamport 2001, §2.2, P2c, by leaving it out",
        invariant: "agreement",
        explored: ("race", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AnyAccepted.name(),
        about: "A proposer adopts the value reported last instead of that of the highest ballot. \
                It takes three ballots to matter.",
        source: "Lamport 2001, §2.2, P2c, (b)",
        invariant: "agreement",
        explored: ("rivals", &[]),
        simulated: ("storm", &[("acceptors", 5), ("prepare", 2), ("accept", 4), ("nacks", 0)]),
    },
    BugInfo {
        name: Bug::PromiseHidesAccepted.name(),
        about: "An acceptor promises and does not report what it has accepted.",
        source: "Lamport 2001, §2.2, the prepare request, (b)",
        invariant: "agreement",
        explored: ("race", &[]),
        simulated: ("storm", &[]),
    },
    // With majorities, and promises that are given once a ballot and addressed, at most one of two
    // proposers with the same ballot completes phase 1. So this needs quorums of phase 1 that do
    // not meet each other; they meet those of phase 2, and the protocol as it is holds with them.
    BugInfo {
        name: Bug::BallotCollision.name(),
        about: "All proposers number their ballots alike, and two issue different proposals under \
                one number. It takes quorums of phase 1 that do not meet.",
        source: "Lamport 2001, §2.5: different proposers choose from disjoint sets of numbers",
        invariant: "one-value-per-ballot",
        explored: ("race", &[("acceptors", 2), ("prepare", 1), ("accept", 2)]),
        simulated: ("storm", &[("acceptors", 2), ("prepare", 1), ("accept", 2)]),
    },
    BugInfo {
        name: Bug::QuorumTooSmall.name(),
        about: "One acceptor less than a quorum is enough in both phases: 1 of 3, 2 of 4.",
        source: "Lamport 2001, §2.2: any two majorities have an acceptor in common",
        invariant: "agreement",
        explored: ("race", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoBumpOnAccept.name(),
        about: "An acceptor that accepts a proposal of a ballot it never promised may promise and \
                accept lower ones afterwards. It takes three ballots to matter.",
        source: "Brooker (brooker.co.za, 2021-11-16); CASSANDRA-17162, where it is argued to do no \
                 harm",
        invariant: "agreement",
        explored: ("rivals", &[]),
        simulated: ("storm", &[("prepare", 1), ("accept", 3), ("nacks", 0)]),
    },
    BugInfo {
        name: Bug::Rephase2.name(),
        about: "Each promise beyond the quorum starts phase 2 again, with a value chosen anew.",
        source: "seen in happy-simulator 0.2.5",
        invariant: "agreement",
        explored: ("race", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::ValueForgotten.name(),
        about: "A proposer that tries again has dropped the value it was asked to propose, and \
                proposes nothing at all.",
        source: "after happy-simulator 0.2.5, which decides a value that a retry has deleted",
        invariant: "validity",
        explored: ("race", &[("turns", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::BallotForgotten.name(),
        about: "A proposer that restarts has forgotten its last ballot and begins it a second \
                time, where old promises count for another value.",
        source: "Lamport 2001, §2.5: a proposer remembers the highest number it has used",
        invariant: "one-value-per-ballot",
        explored: ("reborn", &[]),
        simulated: ("storm", &[("prepare", 1), ("accept", 3), ("nacks", 0)]),
    },
];
