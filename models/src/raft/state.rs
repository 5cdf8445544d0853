//! What a server remembers, what servers say to each other, and what the outside hears.

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, NodeId};

use super::log::{Entry, Index, Log};
use super::members::Configuration;
use super::membership::Change;
use crate::parts::machine::{Applied, Request, Serial, StateMachine};

/// A term: the time of at most one leader (§5.1). Terms count from 1; 0 is before the first.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Term(pub u32);

impl Term {
    /// The term after this one.
    pub fn next(self) -> Term {
        Term(self.0 + 1)
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a leader knows of one follower's log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Progress {
    /// The place of the next entry to send it (`nextIndex`): a guess, from the leader's end down.
    pub next: Index,
    /// The last place where the two logs are known to agree (`matchIndex`).
    pub matched: Index,
    /// Whether a heartbeat went out while it lacked entries: the next answer that brings no news
    /// then means that they are lost. One heartbeat sends them again once, so that copies of
    /// answers cannot breed.
    pub asked: bool,
}

/// What a server is, with what it needs for that alone. All of it is volatile.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// It answers leaders and candidates.
    Follower,
    /// It stands for election, and these servers have voted for it, itself included, in order.
    Candidate {
        /// Who voted for it.
        votes: Vec<NodeId>,
    },
    /// It replicates its log.
    Leader(Leader),
}

/// What a leader knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Leader {
    /// What it knows of the others. One progress for each server; its own stays as it began.
    pub followers: Vec<Progress>,
}

/// What one server remembers (Figure 2, *State*).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State<S: StateMachine> {
    /// The latest term it has seen. Durable.
    pub term: Term,
    /// The candidate it has voted for in that term. Durable.
    pub voted_for: Option<NodeId>,
    /// Its log. Durable.
    pub log: Log<S::Operation>,
    /// The members in force: the last that are named in its log, committed or not (§6), so they are
    /// as durable as the log.
    pub members: Configuration,
    /// What it is. Volatile.
    pub role: Role,
    /// Whether it follows a leader that it heard of within the shortest election timeout, and
    /// disregards candidates for that ([`loyal`](super::Options::loyal)). Volatile.
    pub hears_leader: bool,
    /// The last place it knows to be committed. Volatile.
    pub commit: Index,
    /// The state machine, with everything committed applied to it: `lastApplied` is always the
    /// commit index here, for applying takes no time of its own. Volatile.
    pub applied: Applied<S>,
}

impl<S: StateMachine> State<S> {
    /// Whether it leads its term.
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// What it knows to be committed.
    pub fn committed(&self) -> &[Entry<S::Operation>] {
        self.log.up_to(self.commit)
    }
}

/// What servers say to each other (Figure 2). A result names the term it was given in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Message<C> {
    /// A candidate asks for a vote (the RequestVote call).
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// The place of its last entry.
        last_index: Index,
        /// The term of its last entry.
        last_term: Term,
    },
    /// The result of RequestVote.
    Vote {
        /// The voter's term.
        term: Term,
        /// Whether the candidate has the vote.
        granted: bool,
    },
    /// A leader sends entries, or none as a heartbeat (the AppendEntries call).
    Append {
        /// The leader's term.
        term: Term,
        /// The place just before the entries.
        prev_index: Index,
        /// The term of the entry there.
        prev_term: Term,
        /// The entries.
        entries: Vec<Entry<C>>,
        /// What the leader knows to be committed.
        commit: Index,
    },
    /// The result of AppendEntries, a success.
    Appended {
        /// The follower's term.
        term: Term,
        /// The last place where its log agrees with the leader's.
        matched: Index,
    },
    /// The result of AppendEntries, a failure.
    Rejected {
        /// The follower's term.
        term: Term,
        /// The last place where its log might agree with the leader's.
        hint: Index,
    },
}

impl<C> Message<C> {
    /// The term it was sent in.
    pub fn term(&self) -> Term {
        match self {
            Message::RequestVote { term, .. }
            | Message::Vote { term, .. }
            | Message::Append { term, .. }
            | Message::Appended { term, .. }
            | Message::Rejected { term, .. } => *term,
        }
    }
}

/// What the outside asks of a server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Input<C> {
    /// A client asks something of the state machine.
    Command(Request<C>),
    /// An operator asks for other members (§6).
    Change(Request<Change>),
}

/// The names of a server's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// Followers and candidates: no leader was heard of for too long.
    Election,
    /// Leaders: it is time to let the others know, and to send again what may be lost.
    Heartbeat,
    /// Followers that are loyal: the last sign of a leader is as old as the shortest election
    /// timeout.
    Hearing,
}

/// What a server tells the outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event<S: StateMachine> {
    /// It leads that term from now on.
    Elected {
        /// The term.
        term: Term,
    },
    /// It stored an entry, as a leader a client's, as a follower its leader's.
    Stored {
        /// The entry's place.
        index: Index,
    },
    /// It removed entries that conflict with the leader's.
    Truncated {
        /// The place of the first one removed.
        from: Index,
    },
    /// It applied a committed entry to its state machine.
    Applied {
        /// The entry's place.
        index: Index,
        /// The entry.
        entry: Entry<S::Operation>,
    },
    /// It leads, and answers a client.
    Replied {
        /// Who asked.
        client: ClientId,
        /// Which of its commands is answered.
        serial: Serial,
        /// The answer.
        output: S::Output,
    },
    /// It removed a change of members from its log: those of before are in force again.
    RolledBack,
    /// It leads, and has seen to a change that an operator asked for.
    ChangeTaken {
        /// Who asked.
        client: ClientId,
        /// Which of its changes.
        serial: Serial,
    },
    /// It led that term, and no longer does: the members that it committed are without it.
    Retired {
        /// The term.
        term: Term,
    },
}
