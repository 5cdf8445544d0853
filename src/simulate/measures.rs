//! What clients saw of a run: how long they waited, when they were served, and what it took.
//!
//! Clients that wait ([`Storm::answered`](super::Storm::answered)) are measured, others are not:
//! nothing says when those are served. Measuring draws nothing and changes nothing in a run.

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::storm::Storm;
use crate::protocol::{ClientId, Protocol};
use crate::time::Span;

/// The length of a slice of a run's time line.
pub const SLICE: Span = Span::seconds(1);

/// The most slices of a phase that are told apart; what comes later counts for the last.
const MOST_SLICES: usize = 1_000;

/// What clients saw, of one run or of many together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measures {
    /// Requests that clients began to ask.
    pub asked: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Requests that were given up without an answer. Those neither answered nor given up were
    /// still open when their run ended.
    pub given_up: u64,
    /// Messages that nodes sent while they ran, of all kinds.
    pub sent: u64,
    /// How long each answered request took, from when its client first wanted it.
    pub latency: Histogram,
    /// Slices of the stormy phase, from its beginning.
    pub stormy: Vec<Slice>,
    /// Slices of the healed phase, from its beginning.
    pub healed: Vec<Slice>,
    /// How often each of the storm's counts happened, in its order
    /// ([`Storm::counts`](super::Storm::counts)).
    pub counts: Vec<u64>,
}

/// One slice of the time line: in how many runs service was wanted in it, and in how many of
/// those it was there.
///
/// It is wanted where some request was open for at least half of the slice, or was answered in it.
/// It is there where at least one was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct Slice {
    /// Runs in which service was wanted.
    pub wanted: u64,
    /// Runs in which it was there.
    pub served: u64,
}

impl From<(u64, u64)> for Slice {
    fn from((wanted, served): (u64, u64)) -> Slice {
        Slice { wanted, served }
    }
}

impl From<Slice> for (u64, u64) {
    fn from(slice: Slice) -> (u64, u64) {
        (slice.wanted, slice.served)
    }
}

impl Slice {
    /// All slices together.
    pub fn sum(slices: &[Slice]) -> Slice {
        let mut sum = Slice::default();
        slices.iter().for_each(|slice| sum.add(*slice));
        sum
    }

    fn add(&mut self, other: Slice) {
        self.wanted += other.wanted;
        self.served += other.served;
    }
}

impl Measures {
    /// Adds another run's.
    pub(crate) fn add(&mut self, other: &Measures) {
        self.asked += other.asked;
        self.answered += other.answered;
        self.given_up += other.given_up;
        self.sent += other.sent;
        self.latency.merge(&other.latency);
        let phases = [(&mut self.stormy, &other.stormy), (&mut self.healed, &other.healed)];
        for (slices, more) in phases {
            if slices.len() < more.len() {
                slices.resize(more.len(), Slice::default());
            }
            slices.iter_mut().zip(more).for_each(|(slice, more)| slice.add(*more));
        }
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
    }
}

/// Measures a run under way. Nothing is allocated for a message; a request that is answered may
/// make the histogram longer.
pub(super) struct Gauge {
    /// Whether clients wait.
    on: bool,
    /// Since when each client's request is open, if one is.
    since: Vec<Option<u64>>,
    /// How many are open, and since when at least one is.
    open: u32,
    open_since: u64,
    /// When the healed phase began, if it has.
    healed_at: Option<u64>,
    /// The slices of each phase so far: how long some request was open in each, and whether one
    /// was answered.
    slices: [Vec<(u64, bool)>; 2],
    pub(super) seen: Measures,
}

impl Gauge {
    /// A gauge for a run of so many clients.
    pub(super) fn new<P: Protocol>(storm: &Storm<P>, clients: usize) -> Gauge {
        let seen = Measures { counts: vec![0; storm.counts.len()], ..Measures::default() };
        Gauge {
            on: storm.answered.is_some(),
            since: vec![None; clients],
            open: 0,
            open_since: 0,
            healed_at: None,
            slices: [Vec::new(), Vec::new()],
            seen,
        }
    }

    /// A client asks; nothing new, if its request is open already.
    pub(super) fn asks(&mut self, client: ClientId, now: u64) {
        self.asks_late(client, now, now);
    }

    /// A client asks what it has wanted since an earlier moment: until now it waited in its own line.
    pub(super) fn asks_late(&mut self, client: ClientId, wanted: u64, now: u64) {
        let since = &mut self.since[usize::from(client.0)];
        if !self.on || since.is_some() {
            return;
        }
        *since = Some(wanted);
        self.seen.asked += 1;
        if self.open == 0 {
            self.open_since = now;
        }
        self.open += 1;
    }

    /// A client gives its request up.
    pub(super) fn gives_up(&mut self, client: ClientId, now: u64) {
        if self.closes(client, now).is_some() {
            self.seen.given_up += 1;
        }
    }

    /// A client's request is answered.
    pub(super) fn answers(&mut self, client: ClientId, now: u64) {
        if let Some(since) = self.closes(client, now) {
            self.seen.answered += 1;
            self.seen.latency.add(Span::micros(now - since));
            self.slice(now).1 = true;
        }
    }

    /// The storm is over.
    pub(super) fn heals(&mut self, now: u64) {
        self.note_open(now);
        self.healed_at = Some(now);
    }

    /// The run is over.
    pub(super) fn ends(mut self, now: u64) -> Measures {
        self.note_open(now);
        let half = SLICE.as_micros() / 2;
        let told = |slices: &[(u64, bool)]| {
            let slice = |&(open, served): &(u64, bool)| Slice {
                wanted: u64::from(served || open >= half),
                served: u64::from(served),
            };
            slices.iter().map(slice).collect()
        };
        self.seen.stormy = told(&self.slices[0]);
        self.seen.healed = told(&self.slices[1]);
        self.seen
    }

    /// A client's request is open no longer. Since when it was, if it was.
    fn closes(&mut self, client: ClientId, now: u64) -> Option<u64> {
        let since = self.since[usize::from(client.0)].take()?;
        if self.open == 1 {
            self.note_open(now);
        }
        self.open -= 1;
        Some(since)
    }

    /// Notes that some request was open until now, if one was.
    fn note_open(&mut self, now: u64) {
        if self.open == 0 {
            return;
        }
        let mut at = self.open_since;
        while at < now {
            let begins = self.healed_at.unwrap_or(0);
            let end = begins + ((at - begins) / SLICE.as_micros() + 1) * SLICE.as_micros();
            let until = end.min(now);
            self.slice(at).0 += until - at;
            at = until;
        }
        self.open_since = now;
    }

    /// The slice of a moment.
    fn slice(&mut self, at: u64) -> &mut (u64, bool) {
        let begins = self.healed_at.unwrap_or(0);
        let slices = &mut self.slices[usize::from(self.healed_at.is_some())];
        let place = ((at - begins) / SLICE.as_micros()) as usize;
        let place = place.min(MOST_SLICES - 1);
        if slices.len() <= place {
            slices.resize(place + 1, (0, false));
        }
        &mut slices[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ClientId = ClientId(0);
    const B: ClientId = ClientId(1);

    fn gauge() -> Gauge {
        Gauge {
            on: true,
            since: vec![None; 2],
            open: 0,
            open_since: 0,
            healed_at: None,
            slices: [Vec::new(), Vec::new()],
            seen: Measures::default(),
        }
    }

    fn slices(slices: &[Slice]) -> Vec<(u64, u64)> {
        slices.iter().map(|slice| (*slice).into()).collect()
    }

    #[test]
    fn a_request_is_measured_from_first_asking_and_slices_from_half_of_themselves() {
        let mut gauge = gauge();
        gauge.asks(A, 100_000);
        gauge.asks(A, 300_000);
        gauge.answers(A, 400_000);
        // Open for the last 0.2 s of the second slice: too short to be missed there.
        gauge.asks(A, 1_800_000);
        gauge.asks(B, 1_900_000);
        gauge.answers(A, 2_300_000);
        // Open all through the fourth and the fifth, where nobody is answered.
        gauge.gives_up(B, 5_100_000);
        gauge.answers(B, 5_200_000);
        let seen = gauge.ends(9_000_000);
        assert_eq!((seen.asked, seen.answered, seen.given_up), (3, 2, 1));
        assert_eq!((seen.latency.count(), seen.latency.most()), (2, Span::millis(500)));
        assert_eq!(slices(&seen.stormy), [(1, 1), (0, 0), (1, 1), (1, 0), (1, 0), (0, 0)]);
    }

    #[test]
    fn the_healed_phase_has_slices_of_its_own() {
        let mut gauge = gauge();
        gauge.asks(A, 600_000);
        gauge.heals(1_500_000);
        gauge.answers(A, 2_600_000);
        let seen = gauge.ends(3_000_000);
        assert_eq!(slices(&seen.stormy), [(0, 0), (1, 0)]);
        assert_eq!(slices(&seen.healed), [(1, 0), (1, 1)]);
        assert_eq!(Slice::sum(&seen.healed), Slice { wanted: 2, served: 1 });
    }

    #[test]
    fn what_comes_late_counts_for_the_last_slice() {
        let mut gauge = gauge();
        for at in [1_500, 2_000] {
            gauge.asks(A, at * 1_000_000);
            gauge.answers(A, at * 1_000_000 + 1);
        }
        let seen = gauge.ends(2_001_000_000);
        assert_eq!(seen.stormy.len(), MOST_SLICES);
        assert_eq!(Slice::sum(&seen.stormy), Slice { wanted: 1, served: 1 });
    }
}
