//! What is told of a campaign's measures: percentiles, shares and names, as plain data.

use serde::Serialize;

use super::histogram::Bucket;
use super::measures::{Measures, SLICE, Slice};
use super::storm::Storm;
use crate::protocol::Protocol;
use crate::time::Span;

/// What clients saw, over all runs of a campaign.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Measured {
    /// What became of the requests of clients that wait; none where no client waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Requests>,
    /// How often what the scenario counts happened, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<(&'static str, u64)>,
}

/// What became of requests.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Requests {
    /// Requests that clients began to ask.
    pub asked: u64,
    /// Requests answered.
    pub answered: u64,
    /// Requests given up; the others were still open when their run ended.
    pub given_up: u64,
    /// Messages that nodes sent, of all kinds, for each answered request: in tenths.
    pub tenths_of_messages_each: Option<u64>,
    /// How long answered requests took, from first asking.
    pub latency: Option<Percentiles>,
    /// When service was there.
    pub availability: Availability,
}

/// How long something took, in microseconds; each is exact to about 3 %.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Percentiles {
    /// How often it was measured.
    pub count: u64,
    /// Half took no longer.
    pub p50: u64,
    /// Nine in ten took no longer.
    pub p90: u64,
    /// All but one in a hundred took no longer.
    pub p99: u64,
    /// All but one in a thousand took no longer.
    pub p99_9: u64,
    /// The longest, which is exact.
    pub max: u64,
    /// All of them.
    pub buckets: Vec<Bucket>,
}

/// When service was there, by slices of the runs' time lines: for each slice the runs in which it
/// was wanted, and those of them in which it was there ([`Slice`]).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Availability {
    /// How long a slice is, in microseconds.
    pub slice_micros: u64,
    /// From the beginning of the storm.
    pub stormy: Vec<Slice>,
    /// From its end.
    pub healed: Vec<Slice>,
}

impl Measured {
    /// What is told of measures; nothing where nothing is measured.
    pub fn of<P: Protocol>(storm: &Storm<P>, measures: &Measures) -> Option<Measured> {
        let counts = storm.counts.iter().zip(&measures.counts);
        let counts: Vec<(&'static str, u64)> =
            counts.map(|((name, _), count)| (*name, *count)).collect();
        let requests = storm.answered.is_some().then(|| requests(measures));
        (requests.is_some() || !counts.is_empty()).then_some(Measured { requests, counts })
    }
}

fn requests(measures: &Measures) -> Requests {
    let sent = u128::from(measures.sent) * 10;
    Requests {
        asked: measures.asked,
        answered: measures.answered,
        given_up: measures.given_up,
        tenths_of_messages_each: sent
            .checked_div(u128::from(measures.answered))
            .map(|tenths| tenths as u64),
        latency: percentiles(measures),
        availability: Availability {
            slice_micros: SLICE.as_micros(),
            stormy: measures.stormy.clone(),
            healed: measures.healed.clone(),
        },
    }
}

fn percentiles(measures: &Measures) -> Option<Percentiles> {
    let latency = &measures.latency;
    let at_most = |of_100_000| latency.at_most(of_100_000).map(Span::as_micros);
    Some(Percentiles {
        count: latency.count(),
        p50: at_most(50_000)?,
        p90: at_most(90_000)?,
        p99: at_most(99_000)?,
        p99_9: at_most(99_900)?,
        max: latency.most().as_micros(),
        buckets: latency.buckets(),
    })
}
