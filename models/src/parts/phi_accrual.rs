//! The φ accrual failure detector: how much a silence is to be suspected, as a number.
//!
//! N. Hayashibara, X. Défago, R. Yared, T. Katayama, *The φ Accrual Failure Detector* (SRDS 2004).
//! A detector of the usual kind answers yes or no, and decides for everybody how long is too long.
//! An *accrual* detector hands out a level of suspicion that rises while nothing is heard, and
//! leaves it to each application where to draw the line. Here the level is
//!
//! > φ(t) = −log₁₀ P(t),
//!
//! where P(t) is the probability that a heartbeat comes later than t after the last one, if it
//! comes at all. P is taken from the intervals that were seen lately, as if they were normally
//! distributed. Who suspects at φ ≥ 1 is wrong about once in ten heartbeats, at φ ≥ 2 once in a
//! hundred, as far as heartbeats keep to the assumption.
//!
//! ```
//! use splitbrain_models::parts::phi_accrual::{Phi, PhiAccrual, Settings};
//!
//! // In milliseconds: a heartbeat every second or so.
//! let mut detector = PhiAccrual::new(Settings {
//!     threshold: Phi::whole(8),
//!     window: 100,
//!     first_estimate: Some(1_000),
//!     least_deviation: 100,
//!     acceptable_pause: 0,
//!     longest_sample: Some(4_000),
//! });
//! assert!(detector.is_available(5_000), "nothing was heard yet, so nothing is late");
//! for at in [0, 1_010, 1_990, 3_000] {
//!     detector.heartbeat(at);
//! }
//! assert!(detector.phi(4_000) < Phi::whole(1), "it is about time");
//! assert!(detector.is_available(4_300), "it is late");
//! assert!(!detector.is_available(6_000), "it was silent for three times as long as ever");
//! assert_eq!(detector.phi(4_400).to_string(), "2.24");
//! ```
//!
//! # Without floats
//!
//! The same samples must give the same level on every machine, and a level must have an order. So
//! everything here is whole numbers, levels in millionths. With y = (t − mean) / deviation,
//!
//! > P = 1 / (1 + e^z),  z = y (1.5976 + 0.070566 y²)
//!
//! is close to the normal distribution's tail (S. R. Bowling, M. T. Khasawneh, S. Kaewkuekool,
//! B. R. Cho, *A logistic approximation to the cumulative normal distribution*, Journal of
//! Industrial Engineering and Management 2(1), 2009; Akka uses it, too), and so φ = log₁₀(1 + e^z). Computed as written in floating point that ends early: 1 − F(t) is 0 once
//! F(t) rounds to 1, and φ infinite. But log₁₀(1 + e^z) is z · log₁₀ e + log₁₀(1 + e^−z): a product, and
//! something that lies between 0 and 0.302 and is read from a table. It never underflows, and it
//! never falls as z rises.
//!
//! How close? Up to φ = 1.8 within 0.002, up to φ = 2 within 0.005; at 2.87 it is 2.91, at 4.50 it is 4.74, at 9.0 it is 10.8:
//! far out in the tail it suspects a little sooner than the normal distribution would.
//!
//! # What is promised whatever the history
//!
//! - φ is finite, never negative, and never falls while nothing is heard.
//! - **Completeness, in time**: a silence of [`Settings::detection`] or more is suspected. That
//!   rests on [`Settings::longest_sample`]: without it one long outage is a sample like any other,
//!   and after it the next one goes unnoticed for as long. And it rests on
//!   [`Settings::first_estimate`]: with no sample at all nothing is suspected.
//! - **Accuracy, at once**: a silence shorter than [`Settings::grace`] is not. That rests on
//!   [`Settings::least_deviation`]: of heartbeats that all came after the very same interval the
//!   deviation is 0, and one that is late by nothing worth mentioning would be infinitely
//!   surprising.
//!
//! Beyond that accuracy is a matter of probability.

mod curve;

use std::fmt;

use serde::{Deserialize, Serialize};

use curve::{level, phi_of};

/// A level of suspicion, in millionths.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Phi(pub u64);

impl Phi {
    /// Nothing is suspected.
    pub const NONE: Phi = Phi(0);
    /// What −log₁₀ 0 would be. No [`PhiAccrual`] gives it, since it has a least deviation; a
    /// [`History`] does where that is 0.
    pub const INFINITE: Phi = Phi(u64::MAX);

    /// A level that is a whole number.
    pub const fn whole(level: u64) -> Phi {
        Phi(level * ONE)
    }
}

/// With two digits: `8.00`.
impl fmt::Display for Phi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Phi::INFINITE => f.write_str("∞"),
            Phi(millionths) => write!(f, "{}.{:02}", millionths / ONE, millionths % ONE / 10_000),
        }
    }
}

/// What a detector is set to. Times are in whatever unit its moments are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The level from which on a silence is suspected.
    pub threshold: Phi,
    /// How many intervals are remembered.
    pub window: usize,
    /// How long an interval is thought to be before any was seen. With no sample at all nothing is
    /// suspected: without an estimate nobody is before the second heartbeat, and who stops after the
    /// first never is; nor is whoever is never heard twice within the longest sample.
    pub first_estimate: Option<u64>,
    /// The deviation is taken to be at least this.
    pub least_deviation: u64,
    /// How much later than usual is not worth mentioning.
    pub acceptable_pause: u64,
    /// Intervals that are longer were outages, and are no samples (Cassandra's
    /// `fd_max_interval_ms`). Without it every interval is one.
    pub longest_sample: Option<u64>,
}

impl Settings {
    /// The shortest silence that is suspected whatever was seen before, if there is any sample.
    ///
    /// φ is least when mean and deviation are greatest; no sample is longer than the longest, so
    /// the mean is not either, and the deviation is at most half of it.
    ///
    /// # Panics
    /// When samples may be of any length, so that there is none.
    pub fn detection(&self) -> u64 {
        let longest = self.longest_sample.expect("with samples of any length nothing is promised");
        let deviation = longest.div_ceil(2).max(self.least_deviation);
        self.first_suspected(longest, deviation)
    }

    /// The shortest silence that may be suspected at all, whatever was seen before.
    ///
    /// Of a heartbeat that is late φ is greatest when mean and deviation are least; and one that is
    /// not late is at 0.302 at most, which no sensible threshold lies below.
    pub fn grace(&self) -> u64 {
        self.first_suspected(0, self.least_deviation)
    }

    fn first_suspected(&self, mean: u64, deviation: u64) -> u64 {
        let late = |silence: u64| (silence.saturating_sub(mean + self.acceptable_pause), deviation);
        let suspected = |silence: &u64| level(late(*silence)) >= self.threshold;
        // The level rises with silence, so the place may be halved.
        let (mut below, mut above) = (0, 1);
        while !suspected(&above) {
            (below, above) = (above, above * 2);
        }
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if suspected(&middle) { above = middle } else { below = middle }
        }
        above
    }

    fn takes(&self, interval: u64) -> bool {
        self.longest_sample.is_none_or(|longest| interval <= longest)
    }
}

/// What a detector remembers of the node it watches.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct History {
    /// When it was last heard; nothing before the first heartbeat.
    pub last: Option<u64>,
    /// The latest intervals, the oldest first.
    pub intervals: Vec<u64>,
}

impl History {
    /// A heartbeat has arrived.
    ///
    /// The first one brings two samples about the first estimate, a quarter of it to either side.
    /// A moment before the last is a clock that went back, and says nothing of any interval.
    pub fn heartbeat(&mut self, settings: &Settings, at: u64) {
        match (self.last, settings.first_estimate) {
            (Some(last), _) if at >= last => self.sample(settings, at - last),
            (None, Some(estimate)) => {
                self.sample(settings, estimate - estimate / 4);
                self.sample(settings, estimate + estimate / 4);
            }
            (Some(_) | None, _) => {}
        }
        self.last = Some(at);
    }

    /// Takes an interval for a sample, unless it was an outage. Beyond the window the oldest goes.
    pub fn sample(&mut self, settings: &Settings, interval: u64) {
        if settings.takes(interval) {
            self.intervals.push(interval.min(MOST));
            let excess = self.intervals.len().saturating_sub(settings.window);
            self.intervals.drain(..excess);
        }
    }

    /// How much its silence is to be suspected at that moment.
    pub fn phi(&self, settings: &Settings, now: u64) -> Phi {
        // A clock that went back makes no silence.
        self.last.map_or(Phi::NONE, |last| self.phi_after(settings, now.saturating_sub(last)))
    }

    /// How much a silence of that length is to be suspected.
    pub fn phi_after(&self, settings: &Settings, silence: u64) -> Phi {
        let count = self.intervals.len() as u128;
        if count == 0 {
            return Phi::NONE;
        }
        // Everything times the count: there is nothing to divide then.
        let (sum, deviation) = self.spread();
        let least = u128::from(settings.least_deviation.min(MOST)) * count * u128::from(FINE);
        let expected = sum + u128::from(settings.acceptable_pause.min(MOST)) * count;
        let silence = u128::from(silence.min(MOST)) * count;
        let late = (silence as i128 - expected as i128) * i128::from(FINE);
        phi_of(late, deviation.max(least) as i128)
    }

    /// Whether all the intervals were alike to the last tick, so that there is no deviation.
    pub fn is_uniform(&self) -> bool {
        self.spread().1 == 0
    }

    /// The sum of the samples, and their deviation times their count, in [`FINE`] parts.
    fn spread(&self) -> (u128, u128) {
        let count = self.intervals.len() as u128;
        let intervals = || self.intervals.iter().map(|&interval| u128::from(interval));
        let sum: u128 = intervals().sum();
        let squares: u128 = intervals().map(|interval| interval * interval).sum();
        (sum, ((count * squares - sum * sum) * u128::from(FINE * FINE)).isqrt())
    }
}

/// The detector as one value: settings, and what it remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PhiAccrual {
    settings: Settings,
    history: History,
}

impl PhiAccrual {
    /// A detector that has heard nothing.
    ///
    /// # Panics
    /// When it would remember no interval; when the least deviation is 0, so that heartbeats that
    /// come to the tick make the smallest delay infinitely suspicious; when the window may stay
    /// empty and a silence be suspected never, because there is no first estimate, or because an
    /// estimate and a quarter of it is no sample.
    pub fn new(settings: Settings) -> PhiAccrual {
        assert!(settings.window > 0, "a window of no intervals: make `window` at least 1");
        assert!(settings.least_deviation > 0, "no deviation: make `least_deviation` at least 1");
        let estimate = settings.first_estimate.expect("no samples: set `first_estimate`");
        assert!(
            settings.takes(estimate + estimate / 4),
            "a first estimate that is an outage: make `longest_sample` at least {}",
            estimate + estimate / 4
        );
        PhiAccrual { settings, history: History::default() }
    }

    /// A heartbeat has arrived.
    pub fn heartbeat(&mut self, at: u64) {
        self.history.heartbeat(&self.settings, at);
    }

    /// How much the silence is to be suspected at that moment.
    pub fn phi(&self, now: u64) -> Phi {
        self.history.phi(&self.settings, now)
    }

    /// Whether the node is thought to be up at that moment.
    pub fn is_available(&self, now: u64) -> bool {
        self.phi(now) < self.settings.threshold
    }
}

/// What a whole is counted in.
const ONE: u64 = 1_000_000;
/// Parts of a unit of time in which deviations are computed.
const FINE: u64 = 1_000;
/// The longest time that is told from longer ones: with it all products fit 128 bits.
const MOST: u64 = u32::MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        threshold: Phi::whole(8),
        window: 3,
        first_estimate: Some(1_000),
        least_deviation: 100,
        acceptable_pause: 0,
        longest_sample: Some(4_000),
    };

    fn heard(settings: &Settings, moments: &[u64]) -> History {
        let mut history = History::default();
        moments.iter().for_each(|&at| history.heartbeat(settings, at));
        history
    }

    #[test]
    fn a_window_has_the_latest_samples() {
        let table: [(&str, &[u64], &[u64]); 7] = [
            ("nothing was heard", &[], &[]),
            ("the first brings an estimate", &[7], &[750, 1_250]),
            ("each brings its interval", &[7, 907], &[750, 1_250, 900]),
            ("the oldest goes", &[7, 907, 1_907], &[1_250, 900, 1_000]),
            ("an outage is no sample", &[7, 9_007, 10_007], &[750, 1_250, 1_000]),
            ("the longest sample is one", &[0, 4_000], &[750, 1_250, 4_000]),
            ("a clock that went back measures nothing", &[100, 50, 1_050], &[750, 1_250, 1_000]),
        ];
        for (sentence, moments, intervals) in table {
            let history = heard(&SETTINGS, moments);
            assert_eq!(history.intervals, intervals, "{sentence}");
            assert_eq!(history.last, moments.last().copied(), "{sentence}");
        }
    }

    #[test]
    fn nothing_is_suspected_where_nothing_is_known() {
        let later = u64::from(u32::MAX);
        assert_eq!(heard(&SETTINGS, &[]).phi(&SETTINGS, later), Phi::NONE, "never heard");
        let unready = Settings { first_estimate: None, ..SETTINGS };
        assert_eq!(heard(&unready, &[5]).phi(&unready, later), Phi::NONE, "heard once");
        assert!(heard(&unready, &[5, 1_005]).phi(&unready, later) > Phi::whole(8), "heard twice");
        let back = heard(&SETTINGS, &[5_000]);
        assert_eq!(back.phi(&SETTINGS, 3_000), back.phi(&SETTINGS, 5_000), "the clock went back");
    }

    #[test]
    fn to_the_tick_is_infinitely_sure_only_without_a_least_deviation() {
        let sure = Settings { least_deviation: 0, first_estimate: None, ..SETTINGS };
        let punctual = heard(&sure, &[0, 1_000, 2_000]);
        assert!(punctual.is_uniform());
        assert_eq!(punctual.phi(&sure, 3_000), Phi(301_030), "on time");
        assert_eq!(punctual.phi(&sure, 3_001), Phi::INFINITE, "late by a millisecond");
        assert!(punctual.phi(&SETTINGS, 3_001) < Phi::whole(1));
    }

    #[test]
    fn the_longest_silence_has_a_level() {
        assert!(heard(&SETTINGS, &[0]).phi(&SETTINGS, u64::MAX) < Phi::INFINITE);
    }

    #[test]
    fn pauses_are_accepted() {
        let patient = Settings { acceptable_pause: 3_000, ..SETTINGS };
        let [history, patiently] = [SETTINGS, patient].map(|settings| heard(&settings, &[0]));
        let late = |history: &History, at| history.phi(&SETTINGS, at);
        assert_eq!(patiently.phi(&patient, 4_200), late(&history, 1_200));
    }

    /// Whatever the history: of all histories of three samples, and of all silences.
    #[test]
    fn detection_and_grace_hold_whatever_the_history() {
        let small = Settings {
            threshold: Phi::whole(1),
            first_estimate: Some(2),
            least_deviation: 2,
            longest_sample: Some(4),
            ..SETTINGS
        };
        for pause in [0, 3] {
            let settings = Settings { acceptable_pause: pause, ..small };
            let (grace, detection) = (settings.grace(), settings.detection());
            assert_eq!((grace, detection), (3 + pause, 7 + pause));
            for history in 0..125 {
                let intervals = vec![history % 5, history / 5 % 5, history / 25];
                let history = History { last: Some(0), intervals };
                let suspected = |at| history.phi(&settings, at) >= settings.threshold;
                assert!((0..grace).all(|at| !suspected(at)), "{history:?} within {grace}");
                let long = detection..detection + 50;
                assert!(long.into_iter().all(suspected), "{history:?} after {detection}");
            }
        }
    }

    /// Heartbeats at normally distributed intervals: how many come so late that they were suspected
    /// is what the threshold says. The sampler is a sum of uniform numbers, so that it is whole
    /// numbers, too; its tail is the normal one's as far as is measured here. The window of 400
    /// makes for a few more, since mean and deviation are estimates.
    #[test]
    fn the_rate_of_wrong_suspicions_is_that_of_the_threshold() {
        let beats = 400_000;
        let mut state: u64 = 1;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % 10_001
        };
        let settings =
            Settings { window: 400, least_deviation: 1, longest_sample: None, ..SETTINGS };
        let mut history = History::default();
        let (mut at, mut wrong) = (0_u64, [0_u64; 3]);
        history.heartbeat(&settings, at);
        for _ in 0..beats {
            // 48 uniform numbers up to 10,000 have a deviation of 20,000; the mean is 240,000.
            let interval: u64 = (0..48).map(|_| uniform()).sum();
            at += interval;
            let level = history.phi(&settings, at);
            for (count, threshold) in wrong.iter_mut().zip(1..) {
                *count += u64::from(level >= Phi::whole(threshold));
            }
            history.heartbeat(&settings, at);
        }
        // φ is 3 at 3.05 deviations, not at 3.09: 1.13 in a thousand lie beyond.
        for (count, expected) in wrong.into_iter().zip([40_000, 4_000, 453]) {
            let apart = count.abs_diff(expected);
            assert!(apart <= expected / 10, "{count} wrong suspicions, about {expected} expected");
        }
    }

    #[test]
    fn a_detector_that_makes_no_sense_is_refused() {
        for settings in [
            Settings { window: 0, ..SETTINGS },
            Settings { least_deviation: 0, ..SETTINGS },
            Settings { first_estimate: None, ..SETTINGS },
            Settings { longest_sample: Some(1_249), ..SETTINGS },
        ] {
            let refused = std::panic::catch_unwind(|| PhiAccrual::new(settings));
            assert!(refused.is_err(), "{settings:?}");
        }
        PhiAccrual::new(Settings { longest_sample: Some(1_250), ..SETTINGS });
    }

    #[test]
    fn levels_are_written_with_two_digits() {
        let table = [(Phi::whole(8), "8.00"), (Phi(1_789_999), "1.78"), (Phi::INFINITE, "∞")];
        for (level, text) in table {
            assert_eq!(level.to_string(), text);
        }
    }
}
