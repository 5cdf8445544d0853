//! The log: entries at the places 1, 2, …, each with the term of the leader that made it.

use serde::{Deserialize, Serialize};

use super::members::Configuration;
use super::state::Term;
use crate::parts::machine::Request;

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
    /// The term of the leader that made it.
    pub term: Term,
    /// What it says.
    pub payload: Payload<C>,
}

/// What an entry says.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Payload<C> {
    /// A client asks this of the state machine.
    Command(Request<C>),
    /// Nothing: a new leader commits it to learn what is committed (§8).
    Noop,
    /// These are the members from here on (§6).
    Members(Configuration),
}

impl<C> Payload<C> {
    /// The client's request, if it is one.
    pub fn request(&self) -> Option<&Request<C>> {
        match self {
            Payload::Command(request) => Some(request),
            Payload::Noop | Payload::Members(_) => None,
        }
    }

    /// The members, if it names them.
    pub fn members(&self) -> Option<&Configuration> {
        match self {
            Payload::Members(members) => Some(members),
            Payload::Noop | Payload::Command(_) => None,
        }
    }
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

    /// The members named last up to and including that place, if any are.
    pub fn members_at(&self, index: Index) -> Option<&Configuration> {
        self.up_to(index).iter().rev().find_map(|entry| entry.payload.members())
    }

    /// The change of members made last, and where, if there is one.
    pub fn last_change(&self) -> Option<(Index, &Configuration)> {
        let at = self.entries.iter().rposition(|entry| entry.payload.members().is_some())?;
        Some((Index(at as u32 + 1), self.entries[at].payload.members()?))
    }

    /// Whether members are named behind that place.
    pub fn members_behind(&self, index: Index) -> bool {
        self.behind(index).iter().any(|entry| entry.payload.members().is_some())
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

#[cfg(test)]
mod tests {
    use splitbrain::ClientId;

    use super::*;
    use crate::parts::machine::Serial;

    #[test]
    fn places_in_a_log() {
        let mut log = Log::new();
        assert_eq!((log.last(), log.last_term()), (Index(0), Term(0)), "an empty log ends at 0");
        assert_eq!(log.term_at(Index(1)), None, "beyond the end there is no term");
        for (term, serial) in [(1, 0), (1, 1), (3, 2)] {
            let request = Request { client: ClientId(0), serial: Serial(serial), command: () };
            log.append(Entry { term: Term(term), payload: Payload::Command(request) });
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
