//! Mistakes in changes of members, each with its source.

use splitbrain::catalog::BugInfo;

use super::super::Bug;

/// The bugs as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::SingleServerNoBarrier.name(),
        about: "A new leader changes the members before an entry of its own term is committed, \
                so that the leaders of two terms may begin changes that cannot see each other.",
        source: "Ongaro, raft-dev, 2015-07-10 (dissertation §4.1, before it was mended); \
                 baidu/braft#182, atomix/copycat#23",
        invariant: "leader-completeness",
        explored: ("rival-changes", &[]),
        simulated: ("storm", &[("nodes", 4), ("noop", 0), ("loyal", 0)]),
    },
    BugInfo {
        name: Bug::JointUnionMajority.name(),
        about: "In joint consensus a majority of all voters together decides, instead of a \
                majority of the old and one of the new.",
        source: "§6; microsoft/CCF, Smart Casual Verification, arXiv 2406.17455",
        invariant: "leader-completeness",
        explored: ("joint-takeover", &[("nodes", 5), ("members", 3), ("joint", 145)]),
        simulated: ("storm-joint", &[]),
    },
    BugInfo {
        name: Bug::ConfigNotRolledBack.name(),
        about: "The members that a removed entry named stay in force.",
        source: "§6, dissertation §4.1; canonical/raft#250",
        invariant: "leader-completeness",
        explored: ("rival-changes", &[]),
        simulated: ("storm", &[("nodes", 4), ("noop", 0), ("loyal", 0)]),
    },
    BugInfo {
        name: Bug::ConfigOnCommitOnly.name(),
        about: "Members come into force where they are known to be committed, instead of where \
                they are stored; a server that restarts has forgotten them. (Without a crash it \
                is safe, one change at a time.)",
        source: "§6, dissertation §4.1; etcd#5004",
        invariant: "leader-completeness",
        explored: (
            "joint-takeover",
            &[("members", 3), ("joint", 1), ("commands", 1), ("crashes", 1)],
        ),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::MultiServerChange.name(),
        about: "Many members are changed at once, without joint consensus between.",
        source: "§6, Figure 10",
        invariant: "election-safety",
        explored: (
            "joint-takeover",
            &[("nodes", 5), ("members", 3), ("joint", 12345), ("turns", 341)],
        ),
        simulated: ("storm-joint", &[]),
    },
    BugInfo {
        name: Bug::NonvotingLeaderSelfCount.name(),
        about: "A leader that has removed itself still counts itself.",
        source: "dissertation §4.2.2; RedisLabs/raft, pull request 13",
        invariant: "durability",
        explored: ("leader-removed", &[("nodes", 2)]),
        simulated: ("storm", &[]),
    },
];
