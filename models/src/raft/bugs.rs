//! Raft's known bugs: each a small departure from the protocol, with its source.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake. [`Raft`](super::Raft) branches on it at the one place where it parts from
/// the protocol, and marks the line when that makes a difference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// A restarted server has forgotten whom it voted for.
    ForgotVote,
    /// An AppendEntries of the server's own term makes it forget its vote.
    StepDownSameTerm,
    /// A server votes for whoever asks, however often.
    DoubleVote,
    /// Votes are counted whatever term they were given in.
    StaleVoteCount,
    /// Half of the servers, rounded down, elect a leader.
    MinorityQuorum,
    /// A candidate waits for votes for ever.
    CandidateNeverRetries,
    /// A vote is granted to candidates whose log lacks entries of the voter's.
    NoElectionRestriction,
    /// The voter compares the lengths of the logs, not the terms of their ends.
    LengthOnly,
    /// A leader commits entries of earlier terms by counting who holds them.
    CommitOldTerm,
    /// A follower does not look at the term of the entry before the new ones.
    NoPrevCheck,
    /// A follower removes whatever it has behind the entries received, conflicting or not.
    TruncateOnAnyAppend,
    /// A follower commits as far as the leader did, up to the end of its own log.
    CommitBeyondMatch,
    /// A follower reports the end of its log as agreeing with the leader's.
    MatchIsLastIndex,
    /// A follower acknowledges entries before they are on its disk.
    AckBeforeDurable,
    /// A command is applied as often as it is in the log.
    DuplicateApply,
    /// A new leader changes the members before an entry of its own term is committed.
    SingleServerNoBarrier,
    /// In joint consensus a majority of all voters together decides, instead of one of each set.
    JointUnionMajority,
    /// Members that a removed entry named stay in force.
    ConfigNotRolledBack,
    /// Members come into force when they are committed, instead of when they are stored.
    ConfigOnCommitOnly,
    /// Many members are changed at once, without joint consensus.
    MultiServerChange,
    /// A leader that no longer votes counts itself.
    NonvotingLeaderSelfCount,
    /// A leader answers reads before a majority says that it leads still.
    ReadNoQuorum,
    /// A leader answers reads before an entry of its own term is committed.
    ReadindexNoNoop,
    /// A leader trusts its lease as if all clocks were one.
    LeaseDrift,
    /// A restarted server has forgotten its promise, and does not wait.
    LeaseForgotten,
    /// A leader that told another to stand for election trusts its lease still.
    TransferKeepsLease,
    /// A server votes for its leader's successor whatever that one's log.
    TransferUnchecked,
    /// A server that asks for pre-votes forgets its vote.
    PreVoteClearsVote,
    /// A server that asks for pre-votes in an old term gets no answer.
    PreVoteMutualBlock,
    /// A follower removes whatever it has behind a snapshot received.
    SnapshotTruncatesSuffix,
    /// A snapshot says that it ends an entry earlier than it does.
    SnapshotMislabel,
    /// A follower takes entries that its snapshot stands for as conflicting with its log.
    PurgedPrevDeletesAll,
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 32] = [
        Bug::ForgotVote,
        Bug::StepDownSameTerm,
        Bug::DoubleVote,
        Bug::StaleVoteCount,
        Bug::MinorityQuorum,
        Bug::CandidateNeverRetries,
        Bug::NoElectionRestriction,
        Bug::LengthOnly,
        Bug::CommitOldTerm,
        Bug::NoPrevCheck,
        Bug::TruncateOnAnyAppend,
        Bug::CommitBeyondMatch,
        Bug::MatchIsLastIndex,
        Bug::AckBeforeDurable,
        Bug::DuplicateApply,
        Bug::SingleServerNoBarrier,
        Bug::JointUnionMajority,
        Bug::ConfigNotRolledBack,
        Bug::ConfigOnCommitOnly,
        Bug::MultiServerChange,
        Bug::NonvotingLeaderSelfCount,
        Bug::ReadNoQuorum,
        Bug::ReadindexNoNoop,
        Bug::LeaseDrift,
        Bug::LeaseForgotten,
        Bug::TransferKeepsLease,
        Bug::TransferUnchecked,
        Bug::PreVoteClearsVote,
        Bug::PreVoteMutualBlock,
        Bug::SnapshotTruncatesSuffix,
        Bug::SnapshotMislabel,
        Bug::PurgedPrevDeletesAll,
    ];

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::ForgotVote => "forgot-vote",
            Bug::StepDownSameTerm => "step-down-same-term",
            Bug::DoubleVote => "double-vote",
            Bug::StaleVoteCount => "stale-vote-count",
            Bug::MinorityQuorum => "minority-quorum",
            Bug::CandidateNeverRetries => "candidate-never-retries",
            Bug::NoElectionRestriction => "no-election-restriction",
            Bug::LengthOnly => "length-only",
            Bug::CommitOldTerm => "commit-old-term",
            Bug::NoPrevCheck => "no-prev-check",
            Bug::TruncateOnAnyAppend => "truncate-on-any-append",
            Bug::CommitBeyondMatch => "commit-beyond-match",
            Bug::MatchIsLastIndex => "match-is-last-index",
            Bug::AckBeforeDurable => "ack-before-durable",
            Bug::DuplicateApply => "duplicate-apply",
            Bug::SingleServerNoBarrier => "single-server-no-barrier",
            Bug::JointUnionMajority => "joint-union-majority",
            Bug::ConfigNotRolledBack => "config-not-rolled-back",
            Bug::ConfigOnCommitOnly => "config-on-commit-only",
            Bug::MultiServerChange => "multi-server-change",
            Bug::NonvotingLeaderSelfCount => "nonvoting-leader-self-count",
            Bug::ReadNoQuorum => "read-no-quorum",
            Bug::ReadindexNoNoop => "readindex-no-noop",
            Bug::LeaseDrift => "lease-drift",
            Bug::LeaseForgotten => "lease-forgotten",
            Bug::TransferKeepsLease => "transfer-keeps-lease",
            Bug::TransferUnchecked => "transfer-unchecked",
            Bug::PreVoteClearsVote => "pre-vote-clears-vote",
            Bug::PreVoteMutualBlock => "pre-vote-mutual-block",
            Bug::SnapshotTruncatesSuffix => "snapshot-truncates-suffix",
            Bug::SnapshotMislabel => "snapshot-mislabel",
            Bug::PurgedPrevDeletesAll => "purged-prev-deletes-all",
        }
    }

    /// The bug of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The bugs as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::ForgotVote.name(),
        about: "A restarted server has forgotten whom it voted for, and votes again in that term.",
        source: "Figure 2, persistent state; alleged of datatechnology/cornerstone#65",
        invariant: "election-safety",
        explored: ("election", &[("crashes", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::StepDownSameTerm.name(),
        about: "An AppendEntries of the server's own term makes it forget its vote.",
        source: "camunda#5356",
        invariant: "election-safety",
        explored: ("election", &[("crashes", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::DoubleVote.name(),
        about: "A server votes for whoever asks, however often.",
        source: "Figure 2, RequestVote, 2",
        invariant: "election-safety",
        explored: ("election", &[("crashes", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::StaleVoteCount.name(),
        about: "A candidate counts votes of an earlier term.",
        source: "Figure 2, Rules for Candidates",
        invariant: "election-safety",
        explored: ("election", &[("crashes", 0), ("turns", 112)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::MinorityQuorum.name(),
        about: "Half of the servers, rounded down, elect a leader.",
        source: "§5.2",
        invariant: "election-safety",
        explored: ("election", &[("crashes", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::CandidateNeverRetries.name(),
        about: "A candidate does not stand again when it has waited for votes in vain: after a split \
                vote nobody does.",
        source: "§5.2, split votes",
        invariant: "leader-in-the-end",
        explored: ("election", &[("elections", 3), ("crashes", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoElectionRestriction.name(),
        about: "A server votes for candidates whose logs lack entries of its own.",
        source: "§5.4.1",
        invariant: "leader-completeness",
        explored: ("takeover", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::LengthOnly.name(),
        about: "A voter compares the lengths of the logs, not the terms of their ends.",
        source: "§5.4.1",
        invariant: "leader-completeness",
        explored: ("rivals", &[("turns", 121)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::CommitOldTerm.name(),
        about: "A leader commits entries of earlier terms by counting who holds them.",
        source: "Figure 8; canonical/raft#336",
        invariant: "leader-completeness",
        explored: ("figure-8", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoPrevCheck.name(),
        about: "A follower does not compare the term of the entry before the new ones.",
        source: "§5.3, AppendEntries, 2",
        invariant: "log-matching",
        explored: ("rivals", &[("turns", 123), ("commands", 3), ("at", 123)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::TruncateOnAnyAppend.name(),
        about: "A follower removes whatever it has behind the entries received, conflicting or not.",
        source: "Figure 2, AppendEntries, 3; willemt/raft#37",
        invariant: "durability",
        explored: ("replication", &[("commands", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::CommitBeyondMatch.name(),
        about: "A follower commits as far as the leader did, up to the end of its own log instead of the last entry received.",
        source: "Figure 2, AppendEntries, 5; atomix/copycat#265, eBay/NuRaft#57",
        invariant: "state-machine-safety",
        explored: ("rivals", &[("heartbeats", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::MatchIsLastIndex.name(),
        about: "A follower reports the end of its log as agreeing with the leader's.",
        source: "Figure 2, AppendEntries, result; seen in happy-simulator 0.2.5",
        invariant: "leader-completeness",
        explored: ("rivals", &[("turns", 121)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AckBeforeDurable.name(),
        about: "A follower acknowledges entries before they are on its disk, and a crash loses what it does not know to be committed.",
        source: "§5.6, persistence before answers; cloud-software-foundation/c5#263",
        invariant: "durability",
        explored: ("replication", &[("commands", 1), ("crashes", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::DuplicateApply.name(),
        about: "A command is applied as often as it is in the log.",
        source: "§8; dissertation §6.3",
        invariant: "linearizability",
        explored: ("retry", &[]),
        simulated: ("storm", &[]),
    },
];
