//! How long messages take: distributions, drawn in whole numbers.

use std::fmt;

use rand::rand_core::Rng;
use serde::{Deserialize, Serialize};

use super::curves::{grown, normal};
use super::written;
use crate::random::{between, chance, exponential, minus_ln};
use crate::time::Span;

/// How long a message takes.
///
/// Every kind is drawn by whole numbers and tables, so that a draw is the same to the bit on every
/// machine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Latency {
    /// Always the same span.
    Constant(#[serde(with = "written")] Span),
    /// Any span between two, evenly.
    Uniform {
        /// The shortest.
        #[serde(with = "written")]
        least: Span,
        /// The longest.
        #[serde(with = "written")]
        most: Span,
    },
    /// A least span and an exponentially distributed rest.
    Exponential {
        /// The shortest.
        #[serde(with = "written")]
        least: Span,
        /// The mean of what comes on top.
        #[serde(with = "written")]
        rest: Span,
    },
    /// Mostly short; one message in ten takes long.
    Spiky {
        /// The mean of the short ones, exponentially distributed.
        #[serde(with = "written")]
        usual: Span,
        /// The mean of the long ones, exponentially distributed.
        #[serde(with = "written")]
        slow: Span,
    },
    /// The normal distribution, truncated: what would be shorter than the least takes the least.
    Normal {
        /// The mean.
        #[serde(with = "written")]
        mean: Span,
        /// The standard deviation.
        #[serde(with = "written")]
        spread: Span,
        /// The shortest.
        #[serde(with = "written")]
        least: Span,
    },
    /// The log-normal distribution, which measured networks are near: half of the messages are
    /// within the median, few take many times as long. None takes more than [`Latency::MOST`].
    LogNormal {
        /// The span within which half of the messages arrive.
        #[serde(with = "written")]
        median: Span,
        /// The standard deviation of the natural logarithm, in thousandths. With 500 one message
        /// in six takes more than 1.6 times the median; with 1000, more than 2.7 times.
        spread: u32,
    },
    /// The Pareto distribution: the heaviest tail. None takes more than [`Latency::MOST`].
    Pareto {
        /// The shortest.
        #[serde(with = "written")]
        least: Span,
        /// The shape, in thousandths, at least 1: the larger, the lighter the tail. With 1160 one
        /// message in five takes four times the least or more. From 1000 down there is no mean.
        shape: u32,
    },
    /// What was measured: spans and how many messages arrive within them, straight lines between.
    /// In the order of both. What is beyond the first or the last takes as long as that one.
    Percentiles(Vec<Percentile>),
}

/// How many messages arrive within a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Percentile {
    /// So many in a thousand.
    pub permille: u16,
    /// The span.
    #[serde(with = "written")]
    pub within: Span,
}

impl Latency {
    /// The longest a draw of a distribution with a heavy tail takes: an hour.
    pub const MOST: Span = Span::seconds(3_600);

    /// A measured distribution from pairs: so many in a thousand arrive within that span.
    pub fn measured(table: &[(u16, Span)]) -> Latency {
        let row = |&(permille, within): &(u16, Span)| Percentile { permille, within };
        Latency::Percentiles(table.iter().map(row).collect())
    }

    /// Draws one, in microseconds.
    pub(crate) fn draw(&self, stream: &mut impl Rng) -> u64 {
        match self {
            Latency::Constant(span) => span.as_micros(),
            Latency::Uniform { least, most } => {
                between(stream, least.as_micros(), (*most).max(*least).as_micros())
            }
            Latency::Exponential { least, rest } => {
                least.as_micros() + exponential(stream, rest.as_micros())
            }
            Latency::Spiky { usual, slow } => {
                let mean = if chance(stream, 100_000) { slow } else { usual };
                exponential(stream, mean.as_micros())
            }
            Latency::Normal { mean, spread, least } => {
                let off = (i128::from(normal(stream)) * i128::from(spread.as_micros())) >> 32;
                let drawn = i128::from(mean.as_micros()) + off;
                drawn.max(i128::from(least.as_micros())) as u64
            }
            Latency::LogNormal { median, spread } => {
                let exponent = i128::from(normal(stream)) * i128::from(*spread) / 1_000;
                grown(median.as_micros(), exponent, Latency::MOST.as_micros())
            }
            Latency::Pareto { least, shape } => {
                let standard = i128::from(minus_ln(stream.next_u64() | 1));
                let exponent = standard * 1_000 / i128::from((*shape).max(1));
                grown(least.as_micros(), exponent, Latency::MOST.as_micros())
            }
            Latency::Percentiles(table) => within(table, stream.next_u64() >> 32),
        }
    }

    /// What is wrong with it, if anything is.
    pub(super) fn mistake(&self) -> Option<String> {
        let spans: Vec<Span> = match self {
            Latency::Constant(span) => vec![*span],
            Latency::Uniform { least, most } if least > most => {
                return Some(format!("least {least} is more than most {most}; swap them"));
            }
            Latency::Uniform { least, most } => vec![*least, *most],
            Latency::Exponential { least, rest } => vec![*least, *rest],
            Latency::Spiky { usual, slow } => vec![*usual, *slow],
            Latency::Normal { mean, spread, least } => vec![*mean, *spread, *least],
            Latency::LogNormal { spread: 10_001.., .. } => {
                return Some("spread is in thousandths; write at most 10000".to_string());
            }
            Latency::LogNormal { median, .. } => vec![*median],
            Latency::Pareto { shape: 0, .. } => {
                return Some("shape is in thousandths; write at least 1".to_string());
            }
            Latency::Pareto { least, .. } => vec![*least],
            Latency::Percentiles(table) => {
                let sorted = table.is_sorted_by(|one, next| {
                    one.permille < next.permille && one.within <= next.within
                });
                let last = table.last().map(|last| last.permille);
                if !sorted || last.is_none_or(|permille| permille > 1_000) {
                    return Some(
                        "percentiles are rows in rising order, permille at most 1000".to_string(),
                    );
                }
                table.iter().map(|row| row.within).collect()
            }
        };
        let long = spans.into_iter().find(|span| *span > Latency::MOST)?;
        Some(format!("{long} is too long; write at most {}", Latency::MOST))
    }
}

/// The span that a share of all messages arrives within, read off a measured table; the share is in
/// units of `2^-32`.
fn within(table: &[Percentile], share: u64) -> u64 {
    let place = |row: &Percentile| u64::from(row.permille) << 32;
    let sought = share * 1_000;
    let next = table.partition_point(|row| place(row) <= sought);
    let micros = |row: &Percentile| row.within.as_micros();
    match (next.checked_sub(1).map(|last| &table[last]), table.get(next)) {
        (None, None) => 0,
        (None, Some(only)) | (Some(only), None) => micros(only),
        (Some(low), Some(high)) => {
            let step = u128::from(micros(high).saturating_sub(micros(low)));
            let way = u128::from(sought - place(low));
            let length = u128::from(place(high) - place(low));
            micros(low) + (step * way / length) as u64
        }
    }
}

/// Thousandths as a decimal number.
fn thousandths(number: u32) -> String {
    let text = format!("{}.{:03}", number / 1_000, number % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Latency::Constant(span) => write!(f, "{span}"),
            Latency::Uniform { least, most } => write!(f, "{least} to {most}, evenly"),
            Latency::Exponential { least, rest } => {
                write!(f, "{least} and more, {rest} on average")
            }
            Latency::Spiky { usual, slow } => {
                write!(f, "{usual} on average, one in ten {slow}")
            }
            Latency::Normal { mean, spread, least } => {
                write!(f, "{mean} give or take {spread}, at least {least}")
            }
            Latency::LogNormal { median, spread } => {
                write!(f, "{median} for half, log-normal by {}", thousandths(*spread))
            }
            Latency::Pareto { least, shape } => {
                write!(f, "{least} and more, a Pareto tail of {}", thousandths(*shape))
            }
            Latency::Percentiles(table) => {
                f.write_str("as measured")?;
                for Percentile { permille, within } in table {
                    let percent = thousandths(u32::from(*permille) * 100);
                    write!(f, ", {percent} % within {within}")?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use crate::time::Units;

    fn each_kind() -> [Latency; 8] {
        [
            Latency::Constant(1.ms()),
            Latency::Uniform { least: 1.ms(), most: 9.ms() },
            Latency::Exponential { least: 1.ms(), rest: 4.ms() },
            Latency::Spiky { usual: 2.ms(), slow: 40.ms() },
            Latency::Normal { mean: 10.ms(), spread: 4.ms(), least: 5.ms() },
            Latency::LogNormal { median: 10.ms(), spread: 500 },
            Latency::Pareto { least: 10.ms(), shape: 3_000 },
            Latency::measured(&[(0, 1.ms()), (500, 3.ms()), (990, 20.ms()), (1_000, 100.ms())]),
        ]
    }

    fn drawn(latency: &Latency, many: usize) -> Vec<u64> {
        let mut draws = stream(6, 1, Purpose::Run);
        (0..many).map(|_| latency.draw(&mut draws)).collect()
    }

    #[test]
    fn the_draws_of_each_kind_never_change() {
        let found = each_kind().map(|latency| drawn(&latency, 4));
        assert_eq!(found, GOLDEN, "every saved seed depends on these");
    }

    #[test]
    fn each_kind_has_its_mean_and_its_tail() {
        // Mean in microseconds, and how many in a thousand are beyond what.
        let expected = [
            (1_000, 1_000, 0),
            (5_000, 8_200, 100),
            (5_000, 13_000, 50),
            (5_800, 40_000, 37),
            // 10.6 % would be shorter than the least and take it.
            (10_202, 14_000, 159),
            (11_331, 16_487, 159),
            (15_000, 20_000, 125),
            // Halves of each straight line: 0.5 * 2 + 0.49 * 11.5 + 0.01 * 60.
            (7_235, 20_000, 10),
        ];
        for (latency, (mean, past, permille)) in each_kind().iter().zip(expected) {
            let drawn = drawn(latency, 200_000);
            let found = drawn.iter().sum::<u64>() / 200_000;
            assert!(found.abs_diff(mean) * 100 <= mean, "{latency}: mean {found}, not {mean}");
            let tail = drawn.iter().filter(|drawn| **drawn > past).count() as i64 / 200;
            assert!((tail - permille).abs() <= 2, "{latency}: {tail} past {past}, not {permille}");
        }
    }

    #[test]
    fn no_draw_leaves_its_bounds() {
        let wild = Latency::LogNormal { median: 60.s(), spread: 10_000 };
        let heavy = Latency::Pareto { least: 1.ms(), shape: 1 };
        for latency in [&wild, &heavy] {
            let drawn = drawn(latency, 1_000);
            assert_eq!(drawn.iter().max(), Some(&Latency::MOST.as_micros()), "{latency}");
        }
        assert!(drawn(&each_kind()[6], 10_000).iter().all(|drawn| *drawn >= 10_000));
        let normal = drawn(&each_kind()[4], 10_000);
        assert_eq!(normal.iter().min(), Some(&5_000), "what would be shorter takes the least");
    }

    #[test]
    fn a_measured_table_is_read_along_straight_lines() {
        let Latency::Percentiles(table) = &each_kind()[7] else { unreachable!("the last kind") };
        let at = |permille: u64| within(table, (permille << 32).div_ceil(1_000));
        for (permille, micros) in [(0, 1_000), (250, 2_000), (500, 3_000), (745, 11_500)] {
            assert_eq!(at(permille), micros, "{permille}");
        }
        let rows = Latency::measured(&[(100, 1.ms()), (200, 2.ms())]);
        let Latency::Percentiles(table) = &rows else { unreachable!("measured") };
        assert_eq!([within(table, 0), within(table, u64::from(u32::MAX))], [1_000, 2_000]);
        assert_eq!(within(&[], 7), 0, "no rows, no time");
    }

    #[test]
    fn each_kind_says_what_it_is_and_what_is_wrong_with_it() {
        let words = [
            "1ms",
            "1ms to 9ms, evenly",
            "1ms and more, 4ms on average",
            "2ms on average, one in ten 40ms",
            "10ms give or take 4ms, at least 5ms",
            "10ms for half, log-normal by 0.5",
            "10ms and more, a Pareto tail of 3",
            "as measured, 0 % within 1ms, 50 % within 3ms, 99 % within 20ms, 100 % within 100ms",
        ];
        for (latency, words) in each_kind().iter().zip(words) {
            assert_eq!(latency.to_string(), words);
            assert_eq!(latency.mistake(), None, "{latency}");
        }
        for (latency, mistake) in [
            (Latency::Constant(3_601.s()), "3601s is too long; write at most 3600s"),
            (
                Latency::Uniform { least: 2.s(), most: 1.s() },
                "least 2s is more than most 1s; swap them",
            ),
            (Latency::Pareto { least: 2.s(), shape: 0 }, "write at least 1"),
            (Latency::LogNormal { median: 2.s(), spread: 20_000 }, "write at most 10000"),
            (Latency::measured(&[]), "rows in rising order"),
            (Latency::measured(&[(5, 2.s()), (5, 2.s())]), "rows in rising order"),
            (Latency::measured(&[(5, 2.s()), (6, 1.s())]), "rows in rising order"),
            (Latency::measured(&[(1_001, 2.s())]), "permille at most 1000"),
        ] {
            let found = latency.mistake().expect("it is wrong");
            assert!(found.contains(mistake), "{latency}: {found}");
        }
    }

    const GOLDEN: [[u64; 4]; 8] = [
        [1_000, 1_000, 1_000, 1_000],
        [3_415, 2_315, 4_015, 8_417],
        [5_790, 8_220, 4_903, 1_303],
        [3_610, 151, 290, 2_955],
        [12_647, 15_397, 11_158, 5_000],
        [13_922, 19_633, 11_558, 3_306],
        [14_906, 18_252, 13_844, 10_255],
        [2_207, 1_657, 2_507, 17_815],
    ];
}
