//! A list in segments, which its copies and what is sent of it share.
//!
//! A log is sent in parts that overlap: to each follower all that it lacks, again with every entry
//! that is added. Copied anew each time, a log of a thousand entries costs a thousand times what its
//! one new entry does.

use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How long a segment is.
const SEGMENT: usize = 32;

/// A list of values, equal to others with the same values, however they are kept: where one was cut
/// decides what is in which segment, so what is kept cannot be compared piece by piece.
#[derive(Clone)]
pub struct Segments<T> {
    /// Those that will not change, each [`SEGMENT`] long.
    full: Vec<Arc<[T]>>,
    /// How many at the beginning of the first full one are not of this list; fewer than all.
    skipped: usize,
    /// What is behind them, fewer than a segment.
    open: Vec<T>,
}

impl<T> Segments<T> {
    /// An empty list.
    pub fn new() -> Segments<T> {
        Segments { full: Vec::new(), skipped: 0, open: Vec::new() }
    }

    /// How many values it has.
    pub fn len(&self) -> usize {
        self.full.len() * SEGMENT - self.skipped + self.open.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at that place, from 0.
    pub fn get(&self, place: usize) -> Option<&T> {
        let place = place + self.skipped;
        match self.full.get(place / SEGMENT) {
            Some(segment) => segment.get(place % SEGMENT),
            None => self.open.get(place - self.full.len() * SEGMENT),
        }
    }

    /// The last value.
    pub fn last(&self) -> Option<&T> {
        self.open.last().or_else(|| self.full.last()?.last())
    }

    /// The values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.range(0, self.len())
    }

    /// The values at the places `from..to`, in order.
    ///
    /// # Panics
    /// When `from` is beyond `to`, or `to` beyond the end.
    pub fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &T> + Clone {
        let (from, to) = (from + self.skipped, to + self.skipped);
        let (first, behind) = (from / SEGMENT, to.div_ceil(SEGMENT).min(self.full.len()));
        let full = self.full.get(first..behind).unwrap_or_default();
        let in_full = full.iter().enumerate().flat_map(move |(at, segment)| {
            let begins = (first + at) * SEGMENT;
            &segment[from.saturating_sub(begins)..(to - begins).min(SEGMENT)]
        });
        let begins = self.full.len() * SEGMENT;
        let (from, to) = (from.saturating_sub(begins), to.saturating_sub(begins));
        in_full.chain(&self.open[from..to])
    }

    /// How many values from that place on are, one by one, like those that others begin with.
    pub fn agreeing(
        &self,
        place: usize,
        others: &Segments<T>,
        alike: impl Fn(&T, &T) -> bool,
    ) -> usize {
        let mut agreeing = 0;
        loop {
            let (these, others) = (self.piece(place + agreeing), others.piece(agreeing));
            let differs = these.iter().zip(others).position(|(one, other)| !alike(one, other));
            let shorter = these.len().min(others.len());
            agreeing += differs.unwrap_or(shorter);
            if differs.is_some() || shorter == 0 {
                return agreeing;
            }
        }
    }

    /// The values from that place on which lie together; none beyond the end.
    fn piece(&self, place: usize) -> &[T] {
        let place = place + self.skipped;
        match self.full.get(place / SEGMENT) {
            Some(segment) => &segment[place % SEGMENT..],
            None => self.open.get(place - self.full.len() * SEGMENT..).unwrap_or_default(),
        }
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        self.open.push(value);
        if self.open.len() == SEGMENT {
            self.full.push(Arc::from(std::mem::take(&mut self.open)));
        }
    }
}

impl<T: Clone> Segments<T> {
    /// The list without its first `many` values; all that is full is shared.
    pub fn behind(&self, many: usize) -> Segments<T> {
        let place = many.min(self.len()) + self.skipped;
        match self.full.get(place / SEGMENT..) {
            Some(full) if !full.is_empty() => {
                let (full, skipped) = (full.to_vec(), place % SEGMENT);
                Segments { full, skipped, open: self.open.clone() }
            }
            _ => {
                let open = self.open[place - self.full.len() * SEGMENT..].to_vec();
                Segments { full: Vec::new(), skipped: 0, open }
            }
        }
    }

    /// Removes all but the first `many` values.
    pub fn truncate(&mut self, many: usize) {
        if many >= self.len() {
            return;
        }
        let place = many + self.skipped;
        if let Some(cut) = self.full.get(place / SEGMENT) {
            let left_out = if place < SEGMENT { self.skipped } else { 0 };
            self.open = cut[left_out.min(place % SEGMENT)..place % SEGMENT].to_vec();
            self.full.truncate(place / SEGMENT);
            self.skipped = if self.full.is_empty() { 0 } else { self.skipped };
        } else {
            self.open.truncate(place - self.full.len() * SEGMENT);
        }
    }
}

impl<T> Default for Segments<T> {
    fn default() -> Self {
        Segments::new()
    }
}

impl<T> FromIterator<T> for Segments<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut segments = Segments::new();
        values.into_iter().for_each(|value| segments.push(value));
        segments
    }
}

impl<T: PartialEq> PartialEq for Segments<T> {
    fn eq(&self, other: &Self) -> bool {
        let alike = |(one, other): (&Arc<[T]>, &Arc<[T]>)| Arc::ptr_eq(one, other);
        self.len() == other.len()
            && if self.skipped == other.skipped && self.full.iter().zip(&other.full).all(alike) {
                self.open == other.open
            } else {
                self.iter().eq(other.iter())
            }
    }
}

impl<T: Eq> Eq for Segments<T> {}

impl<T: PartialOrd> PartialOrd for Segments<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other.iter())
    }
}

impl<T: Ord> Ord for Segments<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other.iter())
    }
}

impl<T: Hash> Hash for Segments<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        self.iter().for_each(|value| value.hash(state));
    }
}

impl<T: Debug> Debug for Segments<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Serialize> Serialize for Segments<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Segments<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::deserialize(from).map(Segments::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of a log that was cut at both ends, beside a plain one.
    fn pair(from: usize, to: usize, more: usize) -> (Segments<usize>, Vec<usize>) {
        let mut segments: Segments<usize> = (0..200).collect::<Segments<_>>().behind(from);
        segments.truncate(to.saturating_sub(from));
        (500..500 + more).for_each(|value| segments.push(value));
        (segments, (from..to.max(from)).chain(500..500 + more).collect())
    }

    #[test]
    fn a_list_is_its_values_wherever_it_was_cut() {
        for from in [0, 1, 31, 32, 33, 64, 100, 191, 192, 193, 200] {
            for to in [0, 1, 32, 40, 64, 65, 96, 190, 192, 199, 200] {
                for more in [0, 1, 31, 32, 70] {
                    let (segments, plain) = pair(from, to, more);
                    let anew: Segments<usize> = plain.iter().copied().collect();
                    let what = format!("{from}..{to} and {more}");
                    assert_eq!(segments.len(), plain.len(), "{what}");
                    assert!(segments.iter().eq(&plain), "{what}: {segments:?}");
                    assert!(segments.iter().rev().eq(plain.iter().rev()), "{what}");
                    assert_eq!((segments.last(), &segments), (plain.last(), &anew), "{what}");
                    for place in [0, 1, 31, 32, 33, 63, 64, 100, 269, 270] {
                        assert_eq!(segments.get(place), plain.get(place), "{what} at {place}");
                        let (place, end) = (place.min(plain.len()), plain.len());
                        assert!(segments.range(place, end).eq(&plain[place..]), "{what}");
                        assert!(segments.range(0, place).eq(&plain[..place]), "{what}");
                        assert!(segments.behind(place).iter().eq(&plain[place..]), "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn lists_agree_up_to_where_they_first_differ() {
        let numbers: Segments<usize> = (0..150).collect();
        for place in [0, 1, 31, 32, 33, 90] {
            for differs in [0, 1, 31, 32, 40, 59, 500] {
                let others = (place..140).map(|n| if n == place + differs { 999 } else { n });
                let others = others.collect::<Segments<_>>();
                let agreeing = numbers.agreeing(place, &others, |one, other| one == other);
                assert_eq!(agreeing, differs.min(140 - place), "{place} {differs}");
                assert_eq!(others.agreeing(0, &numbers.behind(place), PartialEq::eq), agreeing);
            }
        }
        assert_eq!(numbers.agreeing(150, &numbers, |_, _| true), 0, "nothing is behind its end");
        assert_eq!(numbers.agreeing(3, &numbers, |_, _| true), 147);
    }

    #[test]
    fn it_is_compared_hashed_shown_and_written_like_a_list() {
        let hash = |value: &dyn Fn(&mut std::hash::DefaultHasher)| {
            let mut hasher = std::hash::DefaultHasher::new();
            value(&mut hasher);
            hasher.finish()
        };
        let (cut, plain) = pair(33, 120, 3);
        assert_eq!(hash(&|to| cut.hash(to)), hash(&|to| plain.hash(to)));
        assert_eq!(format!("{cut:?}"), format!("{plain:?}"));
        let text = serde_json::to_string(&cut).unwrap();
        assert_eq!(text, serde_json::to_string(&plain).unwrap());
        assert_eq!(serde_json::from_str::<Segments<usize>>(&text).unwrap(), cut);
        let (longer, longer_plain) = pair(33, 121, 0);
        assert_eq!(cut.cmp(&longer), plain.cmp(&longer_plain));
        assert_ne!(cut, longer);
    }

    #[test]
    fn what_is_full_is_shared() {
        let list: Segments<usize> = (0..100).collect();
        let cut = list.behind(40);
        assert!(Arc::ptr_eq(&list.full[1], &cut.full[0]));
    }
}
