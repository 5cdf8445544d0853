//! What a replicated value must be: the meaning of its past.
//!
//! A type with concurrent updates has no sequence of them to be explained by. Its definition is a
//! function of the *operation context*: which updates were seen, which of them had seen which
//! (visibility), and an order of all that extends it (arbitration). Nothing here knows how the
//! types work: no merge, no stamps, no dots but for names.
//!
//! Source: S. Burckhardt, A. Gotsman, H. Yang, M. Zawirski, *Replicated Data Types: Specification,
//! Verification, Optimality* (POPL 2014), §3 and fig. 4.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Change, Kind, Reading};
use crate::parts::dots::{Dot, DotContext, ReplicaId};

/// The updates that went into a value, each once.
///
/// ```
/// use splitbrain_models::parts::crdt::{Change, Kind, Past, Reading};
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = Past::default();
/// alice.record(ReplicaId::new(0), Change::Add(1));
/// let mut bob = alice.clone();
/// bob.record(ReplicaId::new(1), Change::Add(1));
/// alice.record(ReplicaId::new(0), Change::Remove(1));
/// assert_eq!(alice.meaning(Kind::OrSet), Reading::Values(vec![]));
/// alice.merge(&bob);
/// assert_eq!(alice.meaning(Kind::OrSet), Reading::Values(vec![1]), "add wins");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Past {
    /// In order. Replicas share the past that they have in common.
    updates: Arc<Vec<(Dot, Arc<Update>)>>,
}

/// A past as it is in files.
#[derive(Serialize, Deserialize)]
struct Written {
    updates: BTreeMap<Dot, Arc<Update>>,
}

impl From<Past> for Written {
    fn from(past: Past) -> Written {
        Written { updates: Arc::unwrap_or_clone(past.updates).into_iter().collect() }
    }
}

impl From<Written> for Past {
    fn from(Written { updates }: Written) -> Past {
        Past { updates: Arc::new(updates.into_iter().collect()) }
    }
}

/// One update.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Update {
    /// What it changed.
    pub change: Change,
    /// What it had seen.
    pub saw: DotContext,
    /// Its place in the order of arbitration, with the replica's id to break ties: greater than
    /// that of all it had seen. An erasure stands right behind the last of them: which came first
    /// is asked of insertions only.
    pub order: u32,
}

impl std::fmt::Debug for Past {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let changes = self.updates.iter().map(|(dot, update)| (dot, update.change));
        f.debug_map().entries(changes).finish()
    }
}

impl Past {
    /// Adds an update that is made by that replica now, and has seen all this.
    pub fn record(&mut self, by: ReplicaId, change: Change) -> Dot {
        let dot = self.seen().next(by);
        self.record_as(dot, change);
        dot
    }

    /// The same under a name of one's own, which no other update has.
    pub fn record_as(&mut self, dot: Dot, change: Change) {
        let last = self.updates.iter().map(|(_, update)| update.order).max().unwrap_or(0);
        let order = if is_erasure(change) { last } else { last + 1 };
        let update = Arc::new(Update { change, saw: self.seen(), order });
        let updates = Arc::make_mut(&mut self.updates);
        match updates.binary_search_by_key(&dot, |(dot, _)| *dot) {
            Ok(at) => updates[at].1 = update,
            Err(at) => updates.insert(at, (dot, update)),
        }
    }

    /// The names of all updates.
    pub fn seen(&self) -> DotContext {
        self.updates.iter().map(|(dot, _)| *dot).collect()
    }

    /// Adds all updates of the other.
    pub fn merge(&mut self, other: &Past) {
        if self.includes(other) {
            return;
        }
        if other.extends(self) {
            return self.clone_from(other);
        }
        let mut all = Vec::with_capacity(self.updates.len() + other.updates.len());
        let mut theirs = other.updates.iter().peekable();
        for one in self.updates.iter() {
            while let Some(earlier) = theirs.next_if(|(dot, _)| *dot < one.0) {
                all.push(earlier.clone());
            }
            theirs.next_if(|(dot, _)| *dot == one.0);
            all.push(one.clone());
        }
        all.extend(theirs.cloned());
        self.updates = Arc::new(all);
    }

    /// Whether it is the other with more updates.
    fn extends(&self, other: &Past) -> bool {
        let mut mine = self.updates.iter();
        other.updates.len() <= self.updates.len()
            && other.updates.iter().all(|theirs| {
                mine.find(|one| one.0.place() >= theirs.0.place()).is_some_and(|one| one == theirs)
            })
    }

    /// Whether it has all updates of the other.
    pub fn includes(&self, other: &Past) -> bool {
        if Arc::ptr_eq(&self.updates, &other.updates) {
            return true;
        }
        let mut mine = self.updates.iter();
        other.updates.len() <= self.updates.len()
            && other.updates.iter().all(|(dot, _)| {
                mine.find(|(one, _)| one.place() >= dot.place()).is_some_and(|(one, _)| one == dot)
            })
    }

    /// Whether it has that update.
    pub fn contains(&self, dot: Dot) -> bool {
        self.at(dot).is_some()
    }

    fn at(&self, dot: Dot) -> Option<&(Dot, Arc<Update>)> {
        let place = self.updates.binary_search_by_key(&dot, |(dot, _)| *dot);
        place.ok().map(|at| &self.updates[at])
    }

    /// The updates, by name.
    pub fn updates(&self) -> impl DoubleEndedIterator<Item = (&Dot, &Update)> + ExactSizeIterator {
        self.updates.iter().map(|(dot, update)| (dot, &**update))
    }

    /// Only that update of it, with all that is known of what it saw.
    pub fn only(&self, dot: Dot) -> Past {
        Past { updates: Arc::new(self.at(dot).cloned().into_iter().collect()) }
    }

    /// The pairs of updates that did not see each other.
    pub fn concurrent(&self) -> impl Iterator<Item = (&Update, &Update)> {
        let unseen = |dot: &Dot, by: &Update| !by.saw.contains(*dot);
        self.updates.iter().flat_map(move |(one, first)| {
            let later = self.updates.iter().skip_while(move |(other, _)| other <= one);
            later
                .filter(move |(other, second)| unseen(one, second) && unseen(other, first))
                .map(move |(_, second)| (&**first, &**second))
        })
    }

    /// Whether two of the updates did not see each other.
    pub fn is_concurrent(&self) -> bool {
        self.concurrent().next().is_some()
    }

    /// What a value of that type with this past must say.
    pub fn meaning(&self, kind: Kind) -> Reading {
        match kind {
            Kind::GCounter | Kind::PnCounter => Reading::Number(self.count()),
            Kind::LwwRegister => {
                let last = self.in_order().into_iter().rev();
                let last = last.filter_map(|(_, update)| written(update));
                Reading::Values(last.take(1).collect())
            }
            Kind::MvRegister => {
                let latest = self.unseen_by(|_, _| true).filter_map(written);
                Reading::Values(sorted(latest))
            }
            Kind::Flag => {
                let by_disable = |_: &Update, other: &Update| other.change == Change::Disable;
                let stands = |update: &Update| update.change == Change::Enable;
                Reading::Flag(self.unseen_by(by_disable).any(stands))
            }
            Kind::OrSet => Reading::Values(self.elements()),
            Kind::LwwMap => Reading::Map(self.map()),
            Kind::Sequence => Reading::Text(self.text()),
        }
    }

    /// Each increment counts once.
    fn count(&self) -> i64 {
        let each = self.updates.iter().map(|(_, update)| match update.change {
            Change::Increment => 1,
            Change::Decrement => -1,
            other => unreachable!("{other:?} is no update of a counter"),
        });
        each.sum()
    }

    /// The elements with an addition that no removal of the same element saw.
    fn elements(&self) -> Vec<u8> {
        let takes = |added: &Update, by: &Update| match (added.change, by.change) {
            (Change::Add(element), Change::Remove(removed)) => element == removed,
            _ => false,
        };
        sorted(self.unseen_by(takes).filter_map(|update| match update.change {
            Change::Add(element) => Some(element),
            _ => None,
        }))
    }

    /// For each key the last thing that was put there, unless it was deleted last.
    fn map(&self) -> BTreeMap<u8, u8> {
        let mut map = BTreeMap::new();
        for (_, update) in self.in_order() {
            match update.change {
                Change::Put(key, value) => drop(map.insert(key, value)),
                Change::Delete(key) => drop(map.remove(&key)),
                other => unreachable!("{other:?} is no update of a map"),
            }
        }
        map
    }

    /// In their order, each letter goes right behind the one it was inserted behind, and those that
    /// are erased are not shown.
    fn text(&self) -> String {
        // What was inserted in which order of reading; and which of it each update was about.
        let mut letters: Vec<(Dot, char)> = Vec::new();
        let mut erased: BTreeMap<Dot, Dot> = BTreeMap::new();
        for (&dot, update) in self.in_order() {
            let was_erased = |letter: Dot| {
                erased.iter().any(|(by, gone)| *gone == letter && update.saw.contains(*by))
            };
            let seen = letters.iter().map(|(letter, _)| *letter);
            let seen: Vec<Dot> = seen
                .filter(|letter| update.saw.contains(*letter) && !was_erased(*letter))
                .collect();
            match update.change {
                Change::Insert(0, letter) => letters.insert(0, (dot, letter)),
                Change::Insert(at, letter) => {
                    // What it was inserted behind has not come: nothing can be said of it yet.
                    let Some(before) = seen.get(usize::from(at) - 1) else { continue };
                    let place = letters.iter().position(|(there, _)| there == before);
                    letters.insert(place.map_or(0, |place| place + 1), (dot, letter));
                }
                Change::Erase(at) => {
                    if let Some(gone) = seen.get(usize::from(at)) {
                        erased.insert(dot, *gone);
                    }
                }
                other => unreachable!("{other:?} is no update of a sequence"),
            }
        }
        let gone: BTreeSet<Dot> = erased.into_values().collect();
        letters.iter().filter(|(dot, _)| !gone.contains(dot)).map(|(_, letter)| *letter).collect()
    }

    /// The updates in the order of arbitration.
    fn in_order(&self) -> Vec<(&Dot, &Update)> {
        let mut all: Vec<_> = self.updates().collect();
        // Of erasures behind the same insertion, one that has seen another has seen more.
        let saw = |update: &Update| match is_erasure(update.change) {
            true => 1 + update.saw.dots().count(),
            false => 0,
        };
        all.sort_by_key(|(dot, update)| (update.order, saw(update), dot.by));
        all
    }

    /// The updates that were seen by no other one that `takes` them away.
    fn unseen_by(&self, takes: impl Fn(&Update, &Update) -> bool) -> impl Iterator<Item = &Update> {
        self.updates().filter_map(move |(dot, update)| {
            let gone = self.updates().any(|(_, by)| by.saw.contains(*dot) && takes(update, by));
            (!gone).then_some(update)
        })
    }
}

/// Whether an update takes a letter away.
fn is_erasure(change: Change) -> bool {
    matches!(change, Change::Erase(_))
}

/// The value that an update wrote into a register.
fn written(update: &Update) -> Option<u8> {
    match update.change {
        Change::Write(value) => Some(value),
        _ => None,
    }
}

/// In order, each once.
fn sorted(values: impl Iterator<Item = u8>) -> Vec<u8> {
    values.collect::<BTreeSet<u8>>().into_iter().collect()
}
