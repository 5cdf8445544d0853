//! Any of the types behind one face, for those who do not care which.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    EnableWinsFlag, GCounter, LwwMap, LwwRegister, MvRegister, OrSet, PnCounter, Sequence,
};
use crate::parts::dots::ReplicaId;

/// Which type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// [`GCounter`].
    GCounter,
    /// [`PnCounter`].
    PnCounter,
    /// [`LwwRegister`].
    LwwRegister,
    /// [`MvRegister`].
    MvRegister,
    /// [`EnableWinsFlag`].
    Flag,
    /// [`OrSet`].
    OrSet,
    /// [`LwwMap`].
    LwwMap,
    /// [`Sequence`].
    Sequence,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 8] = [
        Kind::GCounter,
        Kind::PnCounter,
        Kind::LwwRegister,
        Kind::MvRegister,
        Kind::Flag,
        Kind::OrSet,
        Kind::LwwMap,
        Kind::Sequence,
    ];

    /// Its name, as in files and names of scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::GCounter => "g-counter",
            Kind::PnCounter => "pn-counter",
            Kind::LwwRegister => "lww-register",
            Kind::MvRegister => "mv-register",
            Kind::Flag => "flag",
            Kind::OrSet => "or-set",
            Kind::LwwMap => "lww-map",
            Kind::Sequence => "sequence",
        }
    }
}

/// An update, of whichever type it is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A counter goes up by one.
    Increment,
    /// A counter goes down by one.
    Decrement,
    /// A register is written.
    Write(u8),
    /// The flag is enabled.
    Enable,
    /// The flag is disabled.
    Disable,
    /// An element is added to the set.
    Add(u8),
    /// An element is removed from the set.
    Remove(u8),
    /// A value is put under a key of the map.
    Put(u8, u8),
    /// What is under a key of the map is removed.
    Delete(u8),
    /// An element is inserted so that it has that index.
    Insert(u8, char),
    /// The element of that index is erased.
    Erase(u8),
}

/// What a value says to those who read it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reading {
    /// A count.
    Number(i64),
    /// The values of a register, or the elements of a set.
    Values(Vec<u8>),
    /// Whether a flag is enabled.
    Flag(bool),
    /// A map.
    Map(BTreeMap<u8, u8>),
    /// A sequence.
    Text(String),
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reading::Number(count) => count.fmt(f),
            Reading::Values(values) => {
                let values: Vec<String> = values.iter().map(u8::to_string).collect();
                write!(f, "{{{}}}", values.join(", "))
            }
            Reading::Flag(true) => f.write_str("enabled"),
            Reading::Flag(false) => f.write_str("disabled"),
            Reading::Map(map) => write!(f, "{map:?}"),
            Reading::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// A value of any of the types.
///
/// ```
/// use splitbrain_models::parts::crdt::{AnyCrdt, Change, Kind, Reading};
/// use splitbrain_models::parts::dots::ReplicaId;
///
/// let mut alice = AnyCrdt::new(Kind::OrSet, ReplicaId::new(0));
/// let delta = alice.apply(Change::Add(7));
/// let mut bob = AnyCrdt::new(Kind::OrSet, ReplicaId::new(1));
/// bob.merge(&delta);
/// assert_eq!(bob.value(), Reading::Values(vec![7]));
/// assert!(bob.knows_as_much_as(&alice));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnyCrdt {
    /// A grow-only counter.
    GCounter(GCounter),
    /// A counter that goes up and down.
    PnCounter(PnCounter),
    /// A register of which the last write stands.
    LwwRegister(LwwRegister<u8>),
    /// A register that keeps concurrent values.
    MvRegister(MvRegister<u8>),
    /// A flag.
    Flag(EnableWinsFlag),
    /// A set.
    OrSet(OrSet<u8>),
    /// A map of which the last writes stand.
    LwwMap(LwwMap<u8, u8>),
    /// A sequence.
    Sequence(Sequence<char>),
}

/// As the type itself is shown: each story is of one type.
impl fmt::Debug for AnyCrdt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnyCrdt::GCounter(counter) => counter.fmt(f),
            AnyCrdt::PnCounter(counter) => counter.fmt(f),
            AnyCrdt::LwwRegister(register) => register.fmt(f),
            AnyCrdt::MvRegister(register) => register.fmt(f),
            AnyCrdt::Flag(flag) => flag.fmt(f),
            AnyCrdt::OrSet(set) => set.fmt(f),
            AnyCrdt::LwwMap(map) => map.fmt(f),
            AnyCrdt::Sequence(sequence) => sequence.fmt(f),
        }
    }
}

impl AnyCrdt {
    /// Not updated yet, at that replica.
    pub fn new(kind: Kind, me: ReplicaId) -> AnyCrdt {
        match kind {
            Kind::GCounter => AnyCrdt::GCounter(GCounter::new(me)),
            Kind::PnCounter => AnyCrdt::PnCounter(PnCounter::new(me)),
            Kind::LwwRegister => AnyCrdt::LwwRegister(LwwRegister::new(me)),
            Kind::MvRegister => AnyCrdt::MvRegister(MvRegister::new(me)),
            Kind::Flag => AnyCrdt::Flag(EnableWinsFlag::new(me)),
            Kind::OrSet => AnyCrdt::OrSet(OrSet::new(me)),
            Kind::LwwMap => AnyCrdt::LwwMap(LwwMap::new(me)),
            Kind::Sequence => AnyCrdt::Sequence(Sequence::new(me)),
        }
    }

    /// The same value at another replica.
    pub fn fork(&self, me: ReplicaId) -> AnyCrdt {
        match self {
            AnyCrdt::GCounter(counter) => AnyCrdt::GCounter(counter.fork(me)),
            AnyCrdt::PnCounter(counter) => AnyCrdt::PnCounter(counter.fork(me)),
            AnyCrdt::LwwRegister(register) => AnyCrdt::LwwRegister(register.fork(me)),
            AnyCrdt::MvRegister(register) => AnyCrdt::MvRegister(register.fork(me)),
            AnyCrdt::Flag(flag) => AnyCrdt::Flag(flag.fork(me)),
            AnyCrdt::OrSet(set) => AnyCrdt::OrSet(set.fork(me)),
            AnyCrdt::LwwMap(map) => AnyCrdt::LwwMap(map.fork(me)),
            AnyCrdt::Sequence(sequence) => AnyCrdt::Sequence(sequence.fork(me)),
        }
    }

    /// Which type it is.
    pub fn kind(&self) -> Kind {
        match self {
            AnyCrdt::GCounter(_) => Kind::GCounter,
            AnyCrdt::PnCounter(_) => Kind::PnCounter,
            AnyCrdt::LwwRegister(_) => Kind::LwwRegister,
            AnyCrdt::MvRegister(_) => Kind::MvRegister,
            AnyCrdt::Flag(_) => Kind::Flag,
            AnyCrdt::OrSet(_) => Kind::OrSet,
            AnyCrdt::LwwMap(_) => Kind::LwwMap,
            AnyCrdt::Sequence(_) => Kind::Sequence,
        }
    }

    /// Whether it is one of its updates, and there is something to it: nobody removes what is not
    /// there.
    pub fn admits(&self, change: Change) -> bool {
        match (self, change) {
            (AnyCrdt::GCounter(_), Change::Increment)
            | (AnyCrdt::PnCounter(_), Change::Increment | Change::Decrement)
            | (AnyCrdt::LwwRegister(_) | AnyCrdt::MvRegister(_), Change::Write(_))
            | (AnyCrdt::Flag(_), Change::Enable)
            | (AnyCrdt::OrSet(_), Change::Add(_))
            | (AnyCrdt::LwwMap(_), Change::Put(..)) => true,
            (AnyCrdt::Flag(flag), Change::Disable) => flag.value(),
            (AnyCrdt::OrSet(set), Change::Remove(element)) => set.contains(&element),
            (AnyCrdt::LwwMap(map), Change::Delete(key)) => map.get(&key).is_some(),
            (AnyCrdt::Sequence(text), Change::Insert(at, _)) => usize::from(at) <= text.len(),
            (AnyCrdt::Sequence(text), Change::Erase(at)) => usize::from(at) < text.len(),
            _ => false,
        }
    }

    /// Updates it; returns the delta.
    ///
    /// # Panics
    /// When it is no update of this type, or of elements that are not there.
    pub fn apply(&mut self, change: Change) -> AnyCrdt {
        match (&mut *self, change) {
            (AnyCrdt::GCounter(it), Change::Increment) => AnyCrdt::GCounter(it.increment(1)),
            (AnyCrdt::PnCounter(it), Change::Increment) => AnyCrdt::PnCounter(it.increment(1)),
            (AnyCrdt::PnCounter(it), Change::Decrement) => AnyCrdt::PnCounter(it.decrement(1)),
            (AnyCrdt::LwwRegister(it), Change::Write(value)) => {
                AnyCrdt::LwwRegister(it.write(value))
            }
            (AnyCrdt::MvRegister(it), Change::Write(value)) => AnyCrdt::MvRegister(it.write(value)),
            (AnyCrdt::Flag(it), Change::Enable) => AnyCrdt::Flag(it.enable()),
            (AnyCrdt::Flag(it), Change::Disable) => AnyCrdt::Flag(it.disable()),
            (AnyCrdt::OrSet(it), Change::Add(element)) => AnyCrdt::OrSet(it.add(element)),
            (AnyCrdt::OrSet(it), Change::Remove(element)) => AnyCrdt::OrSet(it.remove(&element)),
            (AnyCrdt::LwwMap(it), Change::Put(key, value)) => {
                AnyCrdt::LwwMap(it.insert(key, value))
            }
            (AnyCrdt::LwwMap(it), Change::Delete(key)) => AnyCrdt::LwwMap(it.remove(&key)),
            (AnyCrdt::Sequence(it), Change::Insert(at, letter)) => {
                AnyCrdt::Sequence(it.insert(usize::from(at), letter))
            }
            (AnyCrdt::Sequence(it), Change::Erase(at)) => {
                AnyCrdt::Sequence(it.remove(usize::from(at)))
            }
            (it, change) => panic!("{change:?} is no update of {it:?}"),
        }
    }

    /// Takes in what the other knows.
    ///
    /// # Panics
    /// When they are of different types.
    pub fn merge(&mut self, other: &AnyCrdt) {
        match (&mut *self, other) {
            (AnyCrdt::GCounter(mine), AnyCrdt::GCounter(theirs)) => mine.merge(theirs),
            (AnyCrdt::PnCounter(mine), AnyCrdt::PnCounter(theirs)) => mine.merge(theirs),
            (AnyCrdt::LwwRegister(mine), AnyCrdt::LwwRegister(theirs)) => mine.merge(theirs),
            (AnyCrdt::MvRegister(mine), AnyCrdt::MvRegister(theirs)) => mine.merge(theirs),
            (AnyCrdt::Flag(mine), AnyCrdt::Flag(theirs)) => mine.merge(theirs),
            (AnyCrdt::OrSet(mine), AnyCrdt::OrSet(theirs)) => mine.merge(theirs),
            (AnyCrdt::LwwMap(mine), AnyCrdt::LwwMap(theirs)) => mine.merge(theirs),
            (AnyCrdt::Sequence(mine), AnyCrdt::Sequence(theirs)) => mine.merge(theirs),
            (mine, theirs) => panic!("a {:?} is no {:?}", theirs.kind(), mine.kind()),
        }
    }

    /// Both merged, at this one's replica.
    pub fn merged(&self, other: &AnyCrdt) -> AnyCrdt {
        let mut both = self.clone();
        both.merge(other);
        both
    }

    /// Whether merging the other would tell it nothing new: the order of the semilattice.
    pub fn knows_as_much_as(&self, other: &AnyCrdt) -> bool {
        match (self, other) {
            // Without a copy: stores hold them by the hundred.
            (AnyCrdt::GCounter(mine), AnyCrdt::GCounter(theirs)) => mine.knows_as_much_as(theirs),
            (AnyCrdt::PnCounter(mine), AnyCrdt::PnCounter(theirs)) => {
                mine.up.knows_as_much_as(&theirs.up) && mine.down.knows_as_much_as(&theirs.down)
            }
            _ => self.merged(other) == *self,
        }
    }

    /// Whether both know the same, at whichever replicas they are.
    pub fn is_equal_to(&self, other: &AnyCrdt) -> bool {
        match (self, other) {
            (AnyCrdt::GCounter(mine), AnyCrdt::GCounter(theirs)) => mine.counts == theirs.counts,
            (AnyCrdt::PnCounter(mine), AnyCrdt::PnCounter(theirs)) => {
                mine.up.counts == theirs.up.counts && mine.down.counts == theirs.down.counts
            }
            _ => {
                let nobody = ReplicaId::new(0);
                self.fork(nobody) == other.fork(nobody)
            }
        }
    }

    /// What it says.
    pub fn value(&self) -> Reading {
        match self {
            AnyCrdt::GCounter(counter) => Reading::Number(counter.value() as i64),
            AnyCrdt::PnCounter(counter) => Reading::Number(counter.value()),
            AnyCrdt::LwwRegister(register) => {
                Reading::Values(register.value().copied().into_iter().collect())
            }
            AnyCrdt::MvRegister(register) => {
                Reading::Values(register.value().into_iter().collect())
            }
            AnyCrdt::Flag(flag) => Reading::Flag(flag.value()),
            AnyCrdt::OrSet(set) => Reading::Values(set.value().into_iter().collect()),
            AnyCrdt::LwwMap(map) => Reading::Map(map.value()),
            AnyCrdt::Sequence(sequence) => Reading::Text(sequence.value().into_iter().collect()),
        }
    }
}
