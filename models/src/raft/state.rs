//! What a server remembers, what servers say to each other, and what the outside hears.

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, NodeId};

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

/// A place in the log, from 1; 0 is the place before the first entry.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Index(pub u32);

impl Index {
    /// The place behind this one.
    pub fn next(self) -> Index {
        Index(self.0 + 1)
    }

    /// The place before this one; 0 has none and stays.
    pub fn before(self) -> Index {
        Index(self.0.saturating_sub(1))
    }
}

impl std::fmt::Display for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One entry of the log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry<C> {
    /// The term of the leader that received it.
    pub term: Term,
    /// What was asked.
    pub request: Request<C>,
}

/// The log: entries at the places 1, 2, …, without gaps.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Log<C> {
    entries: Vec<Entry<C>>,
}

impl<C> Log<C> {
    /// A log without entries.
    pub fn new() -> Log<C> {
        Log { entries: Vec::new() }
    }

    /// The place of the last entry; 0 in an empty log.
    pub fn last(&self) -> Index {
        Index(u32::try_from(self.entries.len()).expect("a log shorter than 2^32 entries"))
    }

    /// The term of the last entry; 0 in an empty log.
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(Term(0), |entry| entry.term)
    }

    /// The term of the entry there. The place before the first entry has term 0, so that every
    /// log agrees with every other one there; places beyond the end have none.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        match index {
            Index(0) => Some(Term(0)),
            index => self.at(index).map(|entry| entry.term),
        }
    }

    /// The entry there, if there is one.
    pub fn at(&self, index: Index) -> Option<&Entry<C>> {
        self.entries.get((index.0 as usize).checked_sub(1)?)
    }

    /// All entries up to and including that place.
    pub fn up_to(&self, index: Index) -> &[Entry<C>] {
        &self.entries[..(index.0 as usize).min(self.entries.len())]
    }

    /// All entries behind that place.
    pub fn behind(&self, index: Index) -> &[Entry<C>] {
        &self.entries[(index.0 as usize).min(self.entries.len())..]
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry<C>] {
        &self.entries
    }

    /// Adds an entry at the end.
    pub fn append(&mut self, entry: Entry<C>) {
        self.entries.push(entry);
    }

    /// Removes all entries behind that place.
    pub fn truncate(&mut self, last: Index) {
        self.entries.truncate(last.0 as usize);
    }
}

impl<C> Default for Log<C> {
    fn default() -> Self {
        Log::new()
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
    /// It replicates its log. One progress for each server; its own stays as it began.
    Leader {
        /// What it knows of the others.
        followers: Vec<Progress>,
    },
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
    /// What it is. Volatile.
    pub role: Role,
    /// The last place it knows to be committed. Volatile.
    pub commit: Index,
    /// The state machine, with everything committed applied to it: `lastApplied` is always the
    /// commit index here, for applying takes no time of its own. Volatile.
    pub applied: Applied<S>,
}

impl<S: StateMachine> State<S> {
    /// Whether it leads its term.
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
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

/// The names of a server's timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// Followers and candidates: no leader was heard of for too long.
    Election,
    /// Leaders: it is time to let the others know, and to send again what may be lost.
    Heartbeat,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_log() {
        let mut log = Log::new();
        assert_eq!((log.last(), log.last_term()), (Index(0), Term(0)), "an empty log ends at 0");
        assert_eq!(log.term_at(Index(1)), None, "beyond the end there is no term");
        for (term, serial) in [(1, 0), (1, 1), (3, 2)] {
            let request = Request { client: ClientId(0), serial: Serial(serial), command: () };
            log.append(Entry { term: Term(term), request });
        }
        assert_eq!(log.term_at(Index(0)), Some(Term(0)), "all logs agree before the first entry");
        assert_eq!(log.term_at(Index(3)), Some(Term(3)), "places count from 1");
        assert_eq!(
            (log.up_to(Index(9)).len(), log.behind(Index(9)).len()),
            (3, 0),
            "cut at the end"
        );
        log.truncate(Index(1));
        assert_eq!((log.last(), log.last_term()), (Index(1), Term(1)), "the last place remains");
    }
}
