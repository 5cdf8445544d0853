//! Dots: names for single updates, and the set of all updates that somebody has seen.
//!
//! A [`Dot`] is the k-th update of one replica. A [`DotContext`] is a set of them, the *causal
//! context* of a replicated value: it says which updates went into the value, also those that left
//! no trace in it. Where a value and its context disagree, the update was seen and is gone.
//!
//! Updates of a replica mostly come in order, so a context is a number for each replica, and
//! beyond it the few dots that came early:
//!
//! ```
//! use splitbrain_models::parts::dots::{Dot, DotContext, ReplicaId};
//!
//! let (alice, bob) = (ReplicaId::new(0), ReplicaId::new(1));
//! let mut seen = DotContext::new();
//! assert_eq!(seen.next(alice), Dot { by: alice, number: 1 });
//! seen.insert(Dot { by: alice, number: 1 });
//! seen.insert(Dot { by: bob, number: 3 });
//! assert!(!seen.contains(Dot { by: bob, number: 1 }), "bob's first two are missing");
//! assert_eq!(seen.to_string(), "n0:1 n1.3");
//! seen.insert(Dot { by: bob, number: 2 });
//! seen.insert(Dot { by: bob, number: 1 });
//! assert_eq!(seen.to_string(), "n0:1 n1:3");
//! ```
//!
//! Source: P. S. Almeida, A. Shoker, C. Baquero, *Delta State Replicated Data Types*, Journal of
//! Parallel and Distributed Computing 111 (2018), arXiv 1603.01529, §7 on causal contexts; dots are
//! those of N. Preguiça et al., *Dotted Version Vectors* (2010), arXiv 1011.5808.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// Who updates: a node in one of its lives. Written `n0`, and `n0'1` after it forgot everything
/// once.
///
/// Two replicas that update under one id are taken for one, and so is a replica that forgot what it
/// did: of two updates with the same number one is lost.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplicaId {
    node: NodeId,
    life: u8,
}

impl ReplicaId {
    /// The replica at that node, in its first life.
    pub const fn new(node: u8) -> ReplicaId {
        ReplicaId { node: NodeId(node), life: 0 }
    }

    /// The replica at that node, when it forgot everything that many times.
    pub const fn in_life(node: NodeId, life: u8) -> ReplicaId {
        ReplicaId { node, life }
    }

    /// The node.
    pub const fn node(self) -> NodeId {
        self.node
    }

    /// Its place in the order, as one number: what is compared all the time is compared at once.
    const fn place(self) -> u16 {
        u16::from_be_bytes([self.node.0, self.life])
    }
}

impl From<NodeId> for ReplicaId {
    fn from(node: NodeId) -> ReplicaId {
        ReplicaId { node, life: 0 }
    }
}

impl fmt::Display for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.life {
            0 => write!(f, "{}", self.node),
            life => write!(f, "{}'{life}", self.node),
        }
    }
}

impl FromStr for ReplicaId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (node, life) = match text.split_once('\'') {
            None => (text, Ok(0)),
            Some((node, life)) => (node, life.parse()),
        };
        match (node.parse(), life) {
            (Ok(node), Ok(life)) => Ok(ReplicaId { node, life }),
            _ => Err(format!("`{text}` is no replica: write n0, or n0'1 for its second life")),
        }
    }
}

/// One update: the `number`-th of a replica, from 1. Written `n0.1`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dot {
    /// Whose.
    pub by: ReplicaId,
    /// Which of its updates, from 1.
    pub number: u32,
}

impl Dot {
    /// Its place in the order, as one number.
    pub(crate) const fn place(self) -> u64 {
        (self.by.place() as u64) << 32 | self.number as u64
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.by, self.number)
    }
}

impl FromStr for Dot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('.');
        parts
            .and_then(|(by, number)| {
                Some(Dot { by: by.parse().ok()?, number: number.parse().ok()? })
            })
            .ok_or_else(|| format!("`{text}` is no dot: write n0.1 for the first update of n0"))
    }
}

impl fmt::Debug for ReplicaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As it is written, so that maps by replica or dot are objects in JSON.
impl Serialize for ReplicaId {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReplicaId {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Dot {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dot {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A set of dots, in the one shortest form it has: equal sets are equal values.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct DotContext {
    /// For each replica, up to which number all its dots are in the set; never 0. In order.
    upto: Vec<(ReplicaId, u32)>,
    /// The dots beyond a gap, in order.
    beyond: Vec<Dot>,
    /// For each replica with dots beyond a gap, the last of them, in order: most sets that include
    /// this one include it without a gap.
    last: Vec<Dot>,
}

/// A set of dots as it is in files.
#[derive(Serialize, Deserialize)]
struct Written {
    upto: BTreeMap<ReplicaId, u32>,
    beyond: BTreeSet<Dot>,
}

impl From<DotContext> for Written {
    fn from(DotContext { upto, beyond, last: _ }: DotContext) -> Written {
        Written { upto: upto.into_iter().collect(), beyond: beyond.into_iter().collect() }
    }
}

impl From<Written> for DotContext {
    fn from(Written { upto, beyond }: Written) -> DotContext {
        let (upto, beyond) = (upto.into_iter().collect(), beyond.into_iter().collect());
        DotContext::of(upto, beyond)
    }
}

impl DotContext {
    /// No dot.
    pub const fn new() -> DotContext {
        DotContext { upto: Vec::new(), beyond: Vec::new(), last: Vec::new() }
    }

    /// The set of these, each in order and once.
    fn of(upto: Vec<(ReplicaId, u32)>, beyond: Vec<Dot>) -> DotContext {
        let mut context = DotContext { upto, beyond, last: Vec::new() };
        context.close_gaps();
        context
    }

    /// Whether no dot is in it.
    pub fn is_empty(&self) -> bool {
        self.upto.is_empty() && self.beyond.is_empty()
    }

    /// Whether the dot is in it.
    pub fn contains(&self, dot: Dot) -> bool {
        let beyond = || self.beyond.binary_search_by_key(&dot.place(), |one| one.place());
        dot.number <= self.upto(dot.by) || beyond().is_ok()
    }

    /// Whether all dots of the other are in it.
    pub fn includes(&self, other: &DotContext) -> bool {
        let mut mine = self.upto.iter().peekable();
        let upto = other.upto.iter().all(|&(by, upto)| {
            while mine.next_if(|(one, _)| one.place() < by.place()).is_some() {}
            let reached = mine.peek().is_some_and(|(one, mine)| *one == by && *mine >= upto);
            reached || (self.upto(by) + 1..=upto).all(|number| self.contains(Dot { by, number }))
        });
        upto && (self.reaches(&other.last) || self.includes_beyond(&other.beyond))
    }

    /// Whether all dots up to these are in it, which are in order and of different replicas.
    fn reaches(&self, dots: &[Dot]) -> bool {
        let mut mine = self.upto.iter();
        dots.iter().all(|dot| {
            let upto = mine.find(|(by, _)| by.place() >= dot.by.place());
            upto.is_some_and(|(by, upto)| *by == dot.by && *upto >= dot.number)
        })
    }

    /// Whether all these are in it, which are in order.
    fn includes_beyond(&self, dots: &[Dot]) -> bool {
        let mut mine = self.beyond.iter().peekable();
        dots.iter().all(|dot| {
            while mine.next_if(|one| one.place() < dot.place()).is_some() {}
            mine.peek() == Some(&dot) || dot.number <= self.upto(dot.by)
        })
    }

    /// Up to which number all dots of the replica are in it.
    pub fn upto(&self, by: ReplicaId) -> u32 {
        self.place(by).map_or(0, |at| self.upto[at].1)
    }

    fn place(&self, by: ReplicaId) -> Result<usize, usize> {
        self.upto.binary_search_by_key(&by, |(by, _)| *by)
    }

    /// The first dot of the replica behind all of its dots that are in it: what it calls its next
    /// update. Only the replica itself may use it, and must remember that it did.
    pub fn next(&self, by: ReplicaId) -> Dot {
        let beyond = self.last.iter().find(|dot| dot.by == by).map_or(0, |dot| dot.number);
        Dot { by, number: 1 + beyond.max(self.upto(by)) }
    }

    /// Puts a dot in.
    pub fn insert(&mut self, dot: Dot) {
        if let Err(at) = self.beyond.binary_search(&dot)
            && dot.number > self.upto(dot.by)
        {
            self.beyond.insert(at, dot);
            self.close_gaps();
        }
    }

    /// Takes a dot out.
    pub fn remove(&mut self, dot: Dot) {
        if !self.contains(dot) {
            return;
        }
        if let Ok(at) = self.place(dot.by)
            && dot.number <= self.upto[at].1
        {
            let later = (dot.number + 1..=self.upto[at].1).map(|number| Dot { number, ..dot });
            let behind = self.beyond.partition_point(|other| *other < dot);
            self.beyond.splice(behind..behind, later);
            match dot.number {
                1 => drop(self.upto.remove(at)),
                number => self.upto[at].1 = number - 1,
            }
        } else {
            self.beyond.retain(|other| *other != dot);
        }
        self.close_gaps();
    }

    /// Puts all dots of the other in.
    pub fn merge(&mut self, other: &DotContext) {
        if self.includes(other) {
            return;
        }
        for &(by, upto) in &other.upto {
            match self.place(by) {
                Ok(at) => self.upto[at].1 = upto.max(self.upto[at].1),
                Err(at) => self.upto.insert(at, (by, upto)),
            }
        }
        let mut upto = self.upto.as_slice();
        let new =
            other.beyond.iter().copied().filter(|dot| dot.number > number_of(&mut upto, dot.by));
        self.beyond = in_either(&self.beyond, new);
        self.close_gaps();
    }

    /// All dots, those without a gap first, each in order of replica and number.
    pub fn dots(&self) -> impl Iterator<Item = Dot> {
        let all = self
            .upto
            .iter()
            .flat_map(|&(by, upto)| (1..=upto).map(move |number| Dot { by, number }));
        all.chain(self.beyond.iter().copied())
    }

    /// The dots in it that are not in the other, in the same order.
    pub fn dots_beyond(&self, other: &DotContext) -> impl Iterator<Item = Dot> {
        let upto = self.upto.iter().flat_map(|&(by, upto)| {
            (other.upto(by) + 1..=upto).map(move |number| Dot { by, number })
        });
        let beyond = self.beyond.iter().copied();
        upto.chain(beyond).filter(|dot| !other.contains(*dot))
    }

    /// Brings it to its shortest form: dots that follow without a gap become part of the number.
    fn close_gaps(&mut self) {
        let DotContext { upto, beyond, last } = self;
        if beyond.is_empty() {
            return last.clear();
        }
        let mut at = 0;
        beyond.retain(|dot| {
            while upto.get(at).is_some_and(|(by, _)| by.place() < dot.by.place()) {
                at += 1;
            }
            let mine = upto.get_mut(at).filter(|(by, _)| *by == dot.by);
            match mine {
                Some((_, mine)) if dot.number == *mine + 1 => *mine = dot.number,
                None if dot.number == 1 => upto.insert(at, (dot.by, 1)),
                Some((_, mine)) => return dot.number > *mine,
                None => return true,
            }
            false
        });
        last.clear();
        for dot in beyond {
            match last.last_mut() {
                Some(last) if last.by == dot.by => *last = *dot,
                _ => last.push(*dot),
            }
        }
    }
}

/// The number of a replica, in a list in order that is looked through with replicas in order.
fn number_of(upto: &mut &[(ReplicaId, u32)], by: ReplicaId) -> u32 {
    while let [(one, _), rest @ ..] = *upto
        && one.place() < by.place()
    {
        *upto = rest;
    }
    upto.first().filter(|(one, _)| *one == by).map_or(0, |(_, number)| *number)
}

/// What is in one of two sets of dots, each in order, or in both.
fn in_either(one: &[Dot], other: impl Iterator<Item = Dot>) -> Vec<Dot> {
    let mut one = one.iter().copied().peekable();
    let mut all = Vec::with_capacity(one.len() + 1);
    for dot in other {
        while let Some(earlier) = one.next_if(|one| one.place() < dot.place()) {
            all.push(earlier);
        }
        one.next_if_eq(&dot);
        all.push(dot);
    }
    all.extend(one);
    all
}

impl FromIterator<Dot> for DotContext {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> DotContext {
        let mut beyond: Vec<Dot> = dots.into_iter().collect();
        beyond.sort_unstable();
        beyond.dedup();
        DotContext::of(Vec::new(), beyond)
    }
}

/// `n0:2 n1.3`: all of n0's up to its second, and n1's third.
impl fmt::Display for DotContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let upto = self.upto.iter().map(|(by, upto)| format!("{by}:{upto}"));
        let beyond = self.beyond.iter().map(Dot::to_string);
        f.write_str(&upto.chain(beyond).collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for DotContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(by: u8, number: u32) -> Dot {
        Dot { by: ReplicaId::new(by), number }
    }

    #[test]
    fn a_set_has_one_form_whatever_order_it_came_in() {
        let table: [(&[(u8, u32)], &str); 5] = [
            (&[], ""),
            (&[(0, 1), (0, 2), (0, 3)], "n0:3"),
            (&[(0, 3), (0, 1)], "n0:1 n0.3"),
            (&[(1, 2), (0, 1), (0, 3), (0, 2)], "n0:3 n1.2"),
            (&[(0, 4), (0, 2)], "n0.2 n0.4"),
        ];
        for (dots, expected) in table {
            let forwards: DotContext = dots.iter().map(|&(by, number)| dot(by, number)).collect();
            let mut backwards = DotContext::new();
            dots.iter().rev().for_each(|&(by, number)| backwards.insert(dot(by, number)));
            assert_eq!(forwards, backwards);
            assert_eq!(forwards.to_string(), expected);
            assert_eq!(forwards.dots().count(), dots.len(), "{expected}");
            assert!(forwards.dots().all(|dot| forwards.contains(dot)));
        }
    }

    /// Against plain sets: all pairs of sets of three dots of one replica and one of another.
    #[test]
    fn it_is_a_set() {
        let all = [dot(0, 1), dot(0, 2), dot(0, 3), dot(1, 1)];
        let chosen = |bits: usize| -> BTreeSet<Dot> {
            all.iter()
                .enumerate()
                .filter(|(at, _)| bits & (1 << at) != 0)
                .map(|(_, dot)| *dot)
                .collect()
        };
        for one in 0..16 {
            let set = chosen(one);
            let context: DotContext = set.iter().copied().collect();
            let next = 1 + set
                .iter()
                .filter(|dot| dot.by == ReplicaId::new(0))
                .map(|dot| dot.number)
                .max()
                .unwrap_or(0);
            assert_eq!(context.next(ReplicaId::new(0)), dot(0, next));
            for gone in all {
                let (mut without, mut expected) = (context.clone(), set.clone());
                without.remove(gone);
                expected.remove(&gone);
                assert_eq!(without, expected.into_iter().collect(), "{context} without {gone}");
            }
            for other in 0..16 {
                let others: DotContext = chosen(other).into_iter().collect();
                let mut both = context.clone();
                both.merge(&others);
                assert_eq!(both, set.union(&chosen(other)).copied().collect());
                assert_eq!(context.includes(&others), set.is_superset(&chosen(other)));
                let beyond: BTreeSet<Dot> = context.dots_beyond(&others).collect();
                assert_eq!(beyond, set.difference(&chosen(other)).copied().collect());
            }
        }
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for replica in [ReplicaId::new(3), ReplicaId::in_life(NodeId(1), 2)] {
            assert_eq!(replica.to_string().parse(), Ok(replica));
            let dot = Dot { by: replica, number: 7 };
            assert_eq!(dot.to_string().parse(), Ok(dot));
        }
        for wrong in ["", "n", "n0'", "x1", "n0.x", "n0."] {
            assert!(wrong.parse::<Dot>().is_err(), "{wrong}");
        }
        assert!("n0'x".parse::<ReplicaId>().is_err());
    }
}
