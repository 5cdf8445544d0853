//! How often each span of time was seen, in buckets that grow with the spans.

use serde::{Deserialize, Serialize};

use crate::time::Span;

/// Buckets for each doubling, as a power of two: no bucket is wider than a thirty-second of what it
/// holds.
const FINE: u32 = 5;
/// Spans below that are told apart to the microsecond.
const EXACT: u64 = 1 << FINE;

/// How often each span of time was seen.
///
/// Linear within each doubling: a span is known to about 3 %, from a microsecond to the end of
/// time, in less than two thousand whole numbers. Two histograms are added number by number, so
/// that it makes no difference who counted what.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Bucket>", into = "Vec<Bucket>")]
pub struct Histogram {
    /// How many there are in each bucket, up to the last that is not empty.
    buckets: Vec<u64>,
    most: u64,
}

/// Some spans of about the same length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// The shortest it may hold, in microseconds.
    pub from: u64,
    /// The longest it may hold; in the last bucket the longest there was.
    pub to: u64,
    /// How many there were.
    pub count: u64,
}

impl Histogram {
    /// Counts a span.
    pub fn add(&mut self, span: Span) {
        self.add_many(span.as_micros(), 1);
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &Histogram) {
        if self.buckets.len() < other.buckets.len() {
            self.buckets.resize(other.buckets.len(), 0);
        }
        for (count, more) in self.buckets.iter_mut().zip(&other.buckets) {
            *count += more;
        }
        self.most = self.most.max(other.most);
    }

    /// How many spans there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The longest span.
    pub fn most(&self) -> Span {
        Span::micros(self.most)
    }

    /// The span that so many of a hundred thousand are no longer than: 99900 for the 99.9th
    /// percentile. It is the upper end of a bucket; never longer than the longest there was, and
    /// nothing where there are none.
    pub fn at_most(&self, of_100_000: u64) -> Option<Span> {
        let count = u128::from(self.count());
        // The place in order of the one that is sought, from 1.
        let place = (count * u128::from(of_100_000)).div_ceil(100_000).max(1);
        let mut below = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            below += u128::from(*count);
            if below >= place {
                return Some(Span::micros(ends_at(bucket).min(self.most)));
            }
        }
        None
    }

    /// The buckets that are not empty, the shortest first.
    pub fn buckets(&self) -> Vec<Bucket> {
        let filled = self.buckets.iter().enumerate().filter(|(_, count)| **count > 0);
        let bucket = |(bucket, count): (usize, &u64)| Bucket {
            from: begins_at(bucket),
            to: ends_at(bucket).min(self.most),
            count: *count,
        };
        filled.map(bucket).collect()
    }

    fn add_many(&mut self, micros: u64, count: u64) {
        let bucket = bucket_of(micros);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] = self.buckets[bucket].saturating_add(count);
        self.most = self.most.max(micros);
    }
}

impl From<Vec<Bucket>> for Histogram {
    fn from(buckets: Vec<Bucket>) -> Histogram {
        let mut histogram = Histogram::default();
        for bucket in buckets.into_iter().filter(|bucket| bucket.count > 0) {
            histogram.add_many(bucket.to, bucket.count);
        }
        histogram
    }
}

impl From<Histogram> for Vec<Bucket> {
    fn from(histogram: Histogram) -> Vec<Bucket> {
        histogram.buckets()
    }
}

/// The bucket of a span: spans below [`EXACT`] have their own; above, the highest bits say which
/// doubling and which part of it.
fn bucket_of(micros: u64) -> usize {
    let doubling = (micros | EXACT).ilog2() - FINE;
    let part = micros >> doubling;
    (u64::from(doubling) * EXACT + part) as usize
}

/// The shortest span in a bucket.
fn begins_at(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let doubling = (bucket / EXACT).saturating_sub(1);
    (bucket - doubling * EXACT) << doubling
}

/// The longest span in a bucket.
fn ends_at(bucket: usize) -> u64 {
    let doubling = (bucket as u64 / EXACT).saturating_sub(1);
    begins_at(bucket) + ((1 << doubling) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_span_lies_in_its_bucket_and_the_buckets_leave_no_gap() {
        let mut next = 0;
        for bucket in 0..bucket_of(u64::MAX) {
            let (first, last) = (begins_at(bucket), ends_at(bucket));
            assert_eq!(first, next, "bucket {bucket}");
            assert_eq!((bucket_of(first), bucket_of(last)), (bucket, bucket));
            assert!((last - first) * EXACT <= last, "bucket {bucket} is narrow");
            next = last + 1;
        }
        assert_eq!(ends_at(bucket_of(u64::MAX)), u64::MAX);
    }

    #[test]
    fn percentiles_are_those_of_the_spans_in_order() {
        let mut seen = Histogram::default();
        assert_eq!((seen.count(), seen.at_most(50_000)), (0, None));
        for millis in 1..=1_000 {
            seen.add(Span::millis(millis));
        }
        for (of_100_000, exact) in [(0, 1), (50_000, 500), (90_000, 900), (99_000, 990)] {
            let found = seen.at_most(of_100_000).expect("there are some").as_micros();
            let exact = exact * 1_000;
            assert!((exact..=exact + exact / EXACT).contains(&found), "{of_100_000}: {found}");
        }
        assert_eq!(seen.at_most(100_000), Some(Span::seconds(1)), "no longer than the longest");
        assert_eq!((seen.count(), seen.most()), (1_000, Span::seconds(1)));
    }

    #[test]
    fn what_is_counted_apart_adds_up_and_comes_back_from_its_buckets() {
        let (mut all, mut odd, mut even) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        for micros in (0..5_000_000).step_by(777) {
            all.add(Span::micros(micros));
            let part = if micros % 2 == 0 { &mut even } else { &mut odd };
            part.add(Span::micros(micros));
        }
        odd.merge(&even);
        assert_eq!(odd, all);
        assert_eq!(Histogram::from(all.buckets()), all);
        let far = Histogram::from(vec![Bucket { from: 0, to: u64::MAX, count: u64::MAX }]);
        assert_eq!(far.most(), Span::micros(u64::MAX));
    }
}
