//! Raft's known bugs: each a small departure from the protocol, with its source.

use serde::{Deserialize, Serialize};

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
}

impl Bug {
    /// All of them.
    pub const ALL: [Bug; 14] = [
        Bug::ForgotVote,
        Bug::StepDownSameTerm,
        Bug::DoubleVote,
        Bug::StaleVoteCount,
        Bug::MinorityQuorum,
        Bug::NoElectionRestriction,
        Bug::LengthOnly,
        Bug::CommitOldTerm,
        Bug::NoPrevCheck,
        Bug::TruncateOnAnyAppend,
        Bug::CommitBeyondMatch,
        Bug::MatchIsLastIndex,
        Bug::AckBeforeDurable,
        Bug::DuplicateApply,
    ];

    /// Its name, as on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::ForgotVote => "forgot-vote",
            Bug::StepDownSameTerm => "step-down-same-term",
            Bug::DoubleVote => "double-vote",
            Bug::StaleVoteCount => "stale-vote-count",
            Bug::MinorityQuorum => "minority-quorum",
            Bug::NoElectionRestriction => "no-election-restriction",
            Bug::LengthOnly => "length-only",
            Bug::CommitOldTerm => "commit-old-term",
            Bug::NoPrevCheck => "no-prev-check",
            Bug::TruncateOnAnyAppend => "truncate-on-any-append",
            Bug::CommitBeyondMatch => "commit-beyond-match",
            Bug::MatchIsLastIndex => "match-is-last-index",
            Bug::AckBeforeDurable => "ack-before-durable",
            Bug::DuplicateApply => "duplicate-apply",
        }
    }

    /// The bug of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}
