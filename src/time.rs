//! Spans of virtual time, and the delays timers are set for.
//!
//! Exploration ignores them (a set timer may fire at any moment); the simulator draws a moment from
//! them. They stay in the node, so that whoever holds a node also knows how long its timers run.

use std::fmt;
use std::ops::{Add, Div, Mul, Range};

use serde::{Deserialize, Serialize};

/// A span of virtual time, in whole microseconds.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of that many microseconds.
    pub const fn micros(micros: u64) -> Span {
        Span(micros)
    }

    /// A span of that many milliseconds.
    pub const fn millis(millis: u64) -> Span {
        Span(millis * 1_000)
    }

    /// A span of that many seconds.
    pub const fn seconds(seconds: u64) -> Span {
        Span(seconds * 1_000_000)
    }

    /// How many whole microseconds it lasts.
    pub const fn as_micros(self) -> u64 {
        self.0
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Div<u64> for Span {
    type Output = Span;
    fn div(self, parts: u64) -> Span {
        Span(self.0 / parts)
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times))
    }
}

/// In the unit that suits it, losing nothing: `2s`, `1.5s`, `150ms`, `7us`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, digits, name) = match self.0 {
            1_000_000.. => (1_000_000, 6, "s"),
            1_000.. => (1_000, 3, "ms"),
            _ => (1, 0, "us"),
        };
        write!(f, "{}", self.0 / unit)?;
        let rest = format!("{:0digits$}", self.0 % unit);
        match rest.trim_end_matches('0') {
            "" => write!(f, "{name}"),
            rest => write!(f, ".{rest}{name}"),
        }
    }
}

/// Spans written as numbers with their unit: `150.ms()`, `2.s()`.
pub trait Units {
    /// That many microseconds.
    fn us(self) -> Span;
    /// That many milliseconds.
    fn ms(self) -> Span;
    /// That many seconds.
    fn s(self) -> Span;
}

impl Units for u64 {
    fn us(self) -> Span {
        Span::micros(self)
    }
    fn ms(self) -> Span {
        Span::millis(self)
    }
    fn s(self) -> Span {
        Span::seconds(self)
    }
}

/// How long a timer runs: some span from `least` up to `most`, drawn evenly by the simulator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Delay {
    /// The shortest it may run.
    pub least: Span,
    /// The longest it may run; at least `least`.
    pub most: Span,
}

impl From<Span> for Delay {
    fn from(span: Span) -> Delay {
        Delay { least: span, most: span }
    }
}

impl From<Range<Span>> for Delay {
    fn from(range: Range<Span>) -> Delay {
        Delay { least: range.start, most: range.end.max(range.start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_prints_in_the_unit_that_suits_it_and_loses_nothing() {
        for (span, text) in [
            (2.s(), "2s"),
            (150.ms(), "150ms"),
            (7.us(), "7us"),
            (1_500.ms(), "1.5s"),
            (Span::ZERO, "0us"),
            (1_002.us(), "1.002ms"),
        ] {
            assert_eq!(span.to_string(), text);
        }
    }

    #[test]
    fn a_delay_whose_ends_are_swapped_runs_for_its_start() {
        let delay = Delay::from(300.ms()..150.ms());
        assert_eq!((delay.least, delay.most), (300.ms(), 300.ms()));
    }
}
