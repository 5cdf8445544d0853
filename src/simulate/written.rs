//! Spans as people write them: `150ms`, `1.5s`. In plans only; a bare number says nothing.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Span;

pub(super) fn serialize<S: Serializer>(span: &Span, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(span)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
    from.deserialize_any(Written)
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a span of time such as \"150ms\", \"1.5s\" or \"20us\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
        read(text).ok_or_else(|| {
            E::custom(format!("`{text}` is no span of time: write \"150ms\", \"1.5s\" or \"20us\""))
        })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Span, E> {
        Err(unitless(number))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Span, E> {
        Err(unitless(number))
    }
}

fn unitless<E: Error>(number: impl fmt::Display) -> E {
    E::custom(format!(
        "{number} has no unit: write \"{number}ms\", \"{number}s\" or \"{number}us\""
    ))
}

/// Microseconds either way, as spans with a sign: `3ms`, `-1.5s`.
pub(super) mod signed {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(micros: &i64, to: S) -> Result<S::Ok, S::Error> {
        let sign = if *micros < 0 { "-" } else { "" };
        to.collect_str(&format_args!("{sign}{}", Span::micros(micros.unsigned_abs())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        from.deserialize_any(EitherWay)
    }

    struct EitherWay;

    impl Visitor<'_> for EitherWay {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a span of time such as \"3ms\" or \"-3ms\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
            let (sign, span) = text.strip_prefix('-').map_or((1, text), |span| (-1, span));
            let micros = read(span).and_then(|span| i64::try_from(span.as_micros()).ok());
            micros.map(|micros| sign * micros).ok_or_else(|| {
                E::custom(format!("`{text}` is no span of time: write \"3ms\" or \"-3ms\""))
            })
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
            Err(unitless(number))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
            Err(unitless(number))
        }
    }
}

/// A span that may be left out.
pub(super) mod optional {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(span: &Option<Span>, to: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => to.collect_str(span),
            None => to.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Span>, D::Error> {
        super::deserialize(from).map(Some)
    }
}

/// Rows of spans.
pub(super) mod rows {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Cell(#[serde(with = "super")] Span);

    pub(crate) fn serialize<S: Serializer>(rows: &[Vec<Span>], to: S) -> Result<S::Ok, S::Error> {
        let cells = |row: &Vec<Span>| row.iter().copied().map(Cell).collect::<Vec<Cell>>();
        to.collect_seq(rows.iter().map(cells))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Vec<Span>>, D::Error> {
        let rows: Vec<Vec<Cell>> = Deserialize::deserialize(from)?;
        Ok(rows.into_iter().map(|row| row.into_iter().map(|Cell(span)| span).collect()).collect())
    }
}

/// A span as [`Span`] prints it, to the microsecond; none if it is written otherwise or too long.
fn read(text: &str) -> Option<Span> {
    let digits = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(digits);
    let (unit, places) = match unit {
        "s" => (1_000_000, 6),
        "ms" => (1_000, 3),
        "us" => (1, 0),
        "m" => (60_000_000, 0),
        _ => return None,
    };
    let (whole, rest) = match number.split_once('.') {
        Some((whole, rest)) if !rest.is_empty() => (whole, rest),
        Some(_) => return None,
        None => (number, ""),
    };
    let plain = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
    if whole.is_empty() || rest.len() > places || !plain(whole) || !plain(rest) {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let rest: u64 = format!("{rest:0<places$}0").parse().ok()?;
    Some(Span::micros(whole.checked_mul(unit)?.checked_add(rest / 10)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Units;

    #[test]
    fn a_span_is_read_as_it_is_printed() {
        for span in [Span::ZERO, 7.us(), 1_002.us(), 150.ms(), 1_500.ms(), 2.s(), 86_400.s()] {
            assert_eq!(read(&span.to_string()), Some(span));
        }
        assert_eq!(read("2m"), Some(120.s()));
    }

    #[test]
    fn anything_else_is_no_span() {
        for text in [
            "",
            "s",
            "5",
            "-1s",
            "+1s",
            "1,5s",
            "1.s",
            ".5s",
            "1.0005ms",
            "0.5us",
            "1h",
            "1 s",
            "1.5m",
            "99999999999999999999s",
            "18446744073709551615s",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
