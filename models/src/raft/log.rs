//! The log: entries at the places 1, 2, …, each with the term of the leader that made it.

use serde::{Deserialize, Serialize};

use super::members::Configuration;
use super::state::Term;
use crate::parts::machine::Request;
use crate::parts::segments::Segments;

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
    /// These are the members from here on (§6). Boxed, for most entries are commands.
    Members(Box<Configuration>),
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

/// What a snapshot stands for: all entries up to a place (§7). Without one, the empty prefix, which
/// ends at place 0 in term 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// The place of the last of them (`lastIncludedIndex`).
    pub index: Index,
    /// The term of that one (`lastIncludedTerm`).
    pub term: Term,
    /// The members named last in them, if any are.
    pub members: Option<Configuration>,
}

/// The log: entries at the places 1, 2, …, without gaps. Those up to its base were discarded.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Log<C> {
    base: Base,
    entries: Segments<Entry<C>>,
}

impl<C: Clone> Log<C> {
    /// A log without entries.
    pub fn new() -> Log<C> {
        Log { base: Base::default(), entries: Segments::new() }
    }

    /// What was discarded of it.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The place of the last entry; 0 in an empty log.
    pub fn last(&self) -> Index {
        let kept = u32::try_from(self.entries.len()).expect("a log shorter than 2^32 entries");
        Index(self.base.index.0 + kept)
    }

    /// The term of the last entry; 0 in an empty log.
    pub fn last_term(&self) -> Term {
        self.entries.last().map_or(self.base.term, |entry| entry.term)
    }

    /// The term of the entry there. The place before the first entry has term 0, so that every
    /// log agrees with every other one there; places beyond the end, and those before the base,
    /// have none.
    pub fn term_at(&self, index: Index) -> Option<Term> {
        match index == self.base.index {
            true => Some(self.base.term),
            false => self.at(index).map(|entry| entry.term),
        }
    }

    /// The entry there, if there is one.
    pub fn at(&self, index: Index) -> Option<&Entry<C>> {
        let behind_base = index.0.checked_sub(self.base.index.0)? as usize;
        self.entries.get(behind_base.checked_sub(1)?)
    }

    /// How many of the entries kept are up to and including that place.
    fn kept_up_to(&self, index: Index) -> usize {
        (index.0.saturating_sub(self.base.index.0) as usize).min(self.entries.len())
    }

    /// All entries kept up to and including that place.
    pub fn up_to(&self, index: Index) -> impl DoubleEndedIterator<Item = &Entry<C>> + Clone {
        self.entries.range(0, self.kept_up_to(index))
    }

    /// All entries kept behind that place.
    pub fn behind(&self, index: Index) -> impl DoubleEndedIterator<Item = &Entry<C>> + Clone {
        self.entries.range(self.kept_up_to(index), self.entries.len())
    }

    /// All entries kept behind that place, to be sent.
    pub fn suffix(&self, index: Index) -> Segments<Entry<C>> {
        self.entries.behind(self.kept_up_to(index))
    }

    /// How many of the entries kept behind that place have the terms of these, one by one.
    pub fn agreeing_behind(&self, index: Index, sent: &Segments<Entry<C>>) -> usize {
        let same_term = |kept: &Entry<C>, sent: &Entry<C>| kept.term == sent.term;
        self.entries.agreeing(self.kept_up_to(index), sent, same_term)
    }

    /// All entries kept.
    pub fn entries(&self) -> &Segments<Entry<C>> {
        &self.entries
    }

    /// The members named last up to and including that place, if any are; where they were discarded,
    /// those that the base names.
    pub fn members_at(&self, index: Index) -> Option<&Configuration> {
        let named = self.up_to(index).rev().find_map(|entry| entry.payload.members());
        named.or(self.base.members.as_ref())
    }

    /// The change of members made last, and where, if there is one; the end of the base stands for
    /// the place of one that was discarded.
    pub fn last_change(&self) -> Option<(Index, &Configuration)> {
        let changes = |entry: &Entry<C>| entry.payload.members().is_some();
        match (0..).zip(self.entries.iter().rev()).find(|(_, entry)| changes(entry)) {
            Some((from_end, entry)) => {
                let index = Index(self.last().0 - from_end);
                Some((index, entry.payload.members()?))
            }
            None => Some((self.base.index, self.base.members.as_ref()?)),
        }
    }

    /// Whether members are named behind that place.
    pub fn members_behind(&self, index: Index) -> bool {
        self.behind(index).any(|entry| entry.payload.members().is_some())
    }

    /// Adds an entry at the end.
    pub fn append(&mut self, entry: Entry<C>) {
        self.entries.push(entry);
    }

    /// Removes all entries behind that place.
    pub fn truncate(&mut self, last: Index) {
        let kept = self.kept_up_to(last);
        self.entries.truncate(kept);
    }

    /// What would stand for all entries up to a place that it has.
    pub fn base_at(&self, index: Index) -> Base {
        let term = self.term_at(index).expect("a place that the log has");
        let named = self.up_to(index).rev().find_map(|entry| entry.payload.members());
        Base { index, term, members: named.or(self.base.members.as_ref()).cloned() }
    }

    /// Discards all entries up to a new base. What is behind it stays if the log has the base's last
    /// entry, for then it is equal to the base up to there; else it goes (Figure 13, 6 and 7).
    pub fn rebase(&mut self, base: Base) {
        let discarded = match self.term_at(base.index) == Some(base.term) {
            true => self.kept_up_to(base.index),
            false => self.entries.len(),
        };
        self.entries = self.entries.behind(discarded);
        self.base = base;
    }
}

impl<C: Clone> Default for Log<C> {
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
            (log.up_to(Index(9)).count(), log.behind(Index(9)).count()),
            (3, 0),
            "cut at the end"
        );
        log.truncate(Index(1));
        assert_eq!((log.last(), log.last_term()), (Index(1), Term(1)), "the last place remains");
    }

    #[test]
    fn places_behind_a_base() {
        let mut log = Log::<()>::new();
        for term in [1, 1, 2] {
            log.append(Entry { term: Term(term), payload: Payload::Noop });
        }
        let mut other = log.clone();
        log.rebase(log.base_at(Index(2)));
        assert_eq!((log.last(), log.last_term()), (Index(3), Term(2)), "places stay what they are");
        let terms = [0, 1, 2, 3, 4].map(|place| log.term_at(Index(place)));
        let expected = [None, None, Some(Term(1)), Some(Term(2)), None];
        assert_eq!(terms, expected, "the base has a term, what is before it has none");
        assert_eq!((log.up_to(Index(2)).count(), log.behind(Index(2)).count()), (0, 1));
        log.rebase(log.base_at(Index(3)));
        assert_eq!((log.last(), log.last_term()), (Index(3), Term(2)), "nothing is kept");
        other.rebase(Base { index: Index(2), term: Term(2), members: None });
        assert_eq!(other.last(), Index(2), "what does not match the base's last entry goes");
    }
}
