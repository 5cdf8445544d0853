//! What a server remembers, what servers say to each other, and what the outside hears.

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, NodeId};

use super::extensions::{Pending, Round, Rounds};
use super::log::{Base, Entry, Index, Log};
use super::members::Configuration;
use super::membership::Change;
use crate::parts::machine::{Applied, Request, Serial, StateMachine};
use crate::parts::segments::Segments;

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
pub enum Role<C> {
    /// It answers leaders and candidates.
    Follower,
    /// It stands for election, and these servers have voted for it, itself included, in order.
    Candidate {
        /// Who voted for it.
        votes: Vec<NodeId>,
    },
    /// It replicates its log.
    Leader(Leader<C>),
    /// It asks whether it might win an election before it stands for one (dissertation §9.6), and
    /// these servers think so, itself included, in order.
    PreCandidate {
        /// Who would vote for it.
        votes: Vec<NodeId>,
    },
}

/// What a leader knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Leader<C> {
    /// What it knows of the others. One progress for each server; its own stays as it began.
    pub followers: Vec<Progress>,
    /// By which it learns that it leads still; none without reads that bypass the log.
    pub rounds: Rounds,
    /// The reads it has not answered yet, as they came.
    pub reads: Vec<Pending<C>>,
    /// Whom it hands its leadership to, if it does.
    pub transfer: Option<NodeId>,
    /// Whether it told some server in this term to stand at once: from then on another may lead at
    /// any time, whatever the others promised.
    pub resigned: bool,
}

impl<C> Leader<C> {
    /// What a new leader knows, when its log ends there.
    pub fn new(servers: usize, last: Index) -> Leader<C> {
        let unknown = Progress { next: last.next(), matched: Index(0), asked: false };
        Leader {
            followers: vec![unknown; servers],
            rounds: Rounds::default(),
            reads: Vec::new(),
            transfer: None,
            resigned: false,
        }
    }
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
    pub role: Role<S::Operation>,
    /// Whether it follows a leader that it has heard of lately: candidates are disregarded for that
    /// ([`loyal`](super::Options::loyal)), or refused their pre-votes
    /// ([`pre_vote`](super::Options::pre_vote)). Volatile.
    pub hears_leader: bool,
    /// The last place it knows to be committed. Volatile.
    pub commit: Index,
    /// The state machine, with everything committed applied to it: `lastApplied` is always the
    /// commit index here, for applying takes no time of its own. Volatile.
    pub applied: Applied<S>,
    /// The state machine as it was at the base of the log; none if the log has no base. Durable.
    pub snapshot: Option<Applied<S>>,
    /// With leases: the tick before which it stands for no election and votes for nobody. Volatile,
    /// and so a restarted server waits for as long as any promise may last.
    pub promise: u64,
}

impl<S: StateMachine> State<S> {
    /// Whether it leads its term.
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// What it knows to be committed.
    pub fn committed(&self) -> impl DoubleEndedIterator<Item = &Entry<S::Operation>> + Clone {
        self.log.up_to(self.commit)
    }
}

/// What servers say to each other (Figure 2). A result names the term it was given in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields, bound = "")]
pub enum Message<S: StateMachine> {
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
        entries: Segments<Entry<S::Operation>>,
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
    /// A server asks who would vote for it (dissertation §9.6).
    RequestPreVote {
        /// Its term, which it has not raised.
        term: Term,
        /// The place of its last entry.
        last_index: Index,
        /// The term of its last entry.
        last_term: Term,
    },
    /// The result of RequestPreVote.
    PreVote {
        /// If granted, the term of the server that asked; else the voter's, which is later.
        term: Term,
        /// Whether the voter would vote for it.
        granted: bool,
    },
    /// A leader tells a server to stand for election at once (dissertation §3.10).
    TimeoutNow {
        /// The leader's term.
        term: Term,
    },
    /// The RequestVote of a server that its leader told to stand.
    RequestTransferVote {
        /// The candidate's term.
        term: Term,
        /// The place of its last entry.
        last_index: Index,
        /// The term of its last entry.
        last_term: Term,
    },
    /// A leader asks whether it leads still: a heartbeat that is known by its answers (dissertation
    /// §6.4).
    Confirm {
        /// The leader's term.
        term: Term,
        /// The round of heartbeats; with leases, the leader's tick when it began.
        round: Round,
    },
    /// The result of Confirm: as far as that server knew then, it leads.
    Confirmed {
        /// The follower's term.
        term: Term,
        /// The round.
        round: Round,
    },
    /// A leader sends what stands for the entries it has discarded (the InstallSnapshot call).
    InstallSnapshot {
        /// The leader's term.
        term: Term,
        /// What the snapshot stands for.
        base: Base,
        /// The state machine there.
        applied: Applied<S>,
    },
}

impl<S: StateMachine> Message<S> {
    /// The term it was sent in.
    pub fn term(&self) -> Term {
        match self {
            Message::RequestVote { term, .. }
            | Message::Vote { term, .. }
            | Message::Append { term, .. }
            | Message::Appended { term, .. }
            | Message::Rejected { term, .. }
            | Message::RequestPreVote { term, .. }
            | Message::PreVote { term, .. }
            | Message::TimeoutNow { term }
            | Message::RequestTransferVote { term, .. }
            | Message::Confirm { term, .. }
            | Message::Confirmed { term, .. }
            | Message::InstallSnapshot { term, .. } => *term,
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
    /// A client asks something of the state machine that changes nothing there (§8).
    Read(Request<C>),
    /// The operator wants that server to lead (dissertation §3.10).
    Transfer(NodeId),
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
    /// Leaders: the server that was to take over has not.
    Transfer,
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
    /// It leads, and answers a read from its state, without the log.
    Read {
        /// Who asked.
        client: ClientId,
        /// Which of its commands is answered.
        serial: Serial,
        /// The answer.
        output: S::Output,
        /// What it waited for last.
        after: Wait,
    },
    /// It put a snapshot in the place of entries it has applied.
    Compacted,
    /// It took over its leader's snapshot.
    Installed {
        /// Whether it kept entries of its own behind it.
        suffix: bool,
    },
}

impl<S: StateMachine> Event<S> {
    /// Whose request it answers, and which one, if it does.
    pub fn answers(&self) -> Option<(ClientId, u32)> {
        match self {
            Event::Replied { client, serial, .. }
            | Event::Read { client, serial, .. }
            | Event::ChangeTaken { client, serial } => Some((*client, serial.0)),
            Event::Elected { .. }
            | Event::Stored { .. }
            | Event::Truncated { .. }
            | Event::Applied { .. }
            | Event::RolledBack
            | Event::Retired { .. }
            | Event::Compacted
            | Event::Installed { .. } => None,
        }
    }
}

/// What a read waited for last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Wait {
    /// Nothing: it was answered at once.
    Nothing,
    /// The word of a majority that its server leads still.
    Confirmation,
    /// The first entry of its server's own term to be committed.
    Commitment,
}
