//! The known bugs of the extensions, as the catalog lists them.
//!
//! [`Bug::PreVoteMutualBlock`] is found by exploration only: it is a stall, which shows where one
//! message is lost (`pre-vote-terms`), but which needs that no other server helps, and so came about
//! in none of 20,000 simulated runs.

use splitbrain::catalog::BugInfo;

use super::super::Bug;

pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::ReadNoQuorum.name(),
        about: "A leader answers reads without waiting until a majority says that it leads still.",
        source: "§8; dissertation §6.4",
        invariant: "linearizability",
        explored: ("read-index", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::ReadindexNoNoop.name(),
        about: "A leader answers reads before an entry of its own term is committed.",
        source: "§8; etcd#7331, tikv#6340",
        invariant: "linearizability",
        explored: ("no-op", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::LeaseDrift.name(),
        about: "A leader trusts its lease to the last tick, though clocks may be apart.",
        source: "dissertation §6.4.1; tikv#964, sofa-jraft#34",
        invariant: "linearizability",
        explored: ("lease", &[]),
        simulated: ("storm-lease", &[("skew", 6)]),
    },
    BugInfo {
        name: Bug::LeaseForgotten.name(),
        about: "A restarted server has forgotten what it promised, and does not wait.",
        source: "Gray & Cheriton 1989, §2; dissertation §6.4.1",
        invariant: "linearizability",
        explored: ("lease", &[("crashes", 1)]),
        simulated: ("storm-lease", &[("lease", 40), ("skew", 2)]),
    },
    BugInfo {
        name: Bug::TransferKeepsLease.name(),
        about: "A leader that told another server to stand for election trusts its lease still.",
        source: "dissertation §6.4.1",
        invariant: "linearizability",
        explored: ("lease", &[("transfer", 2)]),
        simulated: ("storm-lease", &[("transfer", 1), ("lease", 12), ("skew", 2)]),
    },
    BugInfo {
        name: Bug::TransferUnchecked.name(),
        about: "A server votes for its leader's successor whatever that one's log.",
        source: "dissertation §3.10",
        invariant: "leader-completeness",
        explored: ("transfer", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::PreVoteClearsVote.name(),
        about: "A server that asks for pre-votes forgets its vote, as if it began a term.",
        source: "dissertation §9.6; microsoft/CCF#8094",
        invariant: "election-safety",
        explored: ("pre-vote", &[("turns", 123)]),
        simulated: ("storm-pre-vote", &[]),
    },
    BugInfo {
        name: Bug::PreVoteMutualBlock.name(),
        about: "A server that asks for pre-votes in an old term gets no answer, so that two servers \
                may refuse each other for ever.",
        source: "etcd#8243, etcd#8501; openraft#1796",
        invariant: "no-mutual-block",
        explored: ("pre-vote-terms", &[]),
        simulated: ("storm-pre-vote", &[]),
    },
    BugInfo {
        name: Bug::SnapshotTruncatesSuffix.name(),
        about: "A follower removes whatever it has behind a snapshot received.",
        source: "Figure 13, InstallSnapshot, 6; camunda#6092",
        invariant: "durability",
        explored: ("snapshot", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::SnapshotMislabel.name(),
        about: "A snapshot says that it ends an entry earlier than it does, so that this entry is \
                applied to it once more.",
        source: "Figure 13; d-engine#418",
        invariant: "snapshot-matching",
        explored: ("snapshot", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::PurgedPrevDeletesAll.name(),
        about: "A follower takes a call for entries that its snapshot stands for as conflicting, and \
                removes all that it has behind the snapshot.",
        source: "§7; openraft#511",
        invariant: "durability",
        explored: ("snapshot", &[]),
        simulated: ("storm", &[]),
    },
];
