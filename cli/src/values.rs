//! Values on the command line that have units.

use std::time::Duration;

use splitbrain::explore::Fingerprint;
use splitbrain::simulate::Preset;

/// A span of wall-clock time: `500ms`, `60s`, `5m`, `2h`. A bare number counts seconds.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    const UNITS: &[(&str, u64)] =
        &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("", 1_000)];
    let millis = with_unit(text, UNITS)
        .ok_or("write a whole number and a unit, such as 500ms, 60s, 5m or 2h")?;
    Ok(Duration::from_millis(millis))
}

/// A long span of time: `90s`, `10m`, `2h`, `30d`.
pub(crate) fn long_span(text: &str) -> Result<Duration, String> {
    const UNITS: &[(&str, u64)] = &[("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];
    let seconds = with_unit(text, UNITS)
        .filter(|seconds| seconds.checked_mul(1_000_000).is_some())
        .ok_or("write a whole number and a unit, such as 90s, 10m, 2h or 30d")?;
    Ok(Duration::from_secs(seconds))
}

/// A number of bytes: `512M`, `8G`. A bare number counts bytes; K is 1,024 of them.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: &[(&str, u64)] =
        &[("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("T", 1 << 40), ("", 1)];
    let short = text.trim_end_matches("iB").trim_end_matches('B').to_uppercase();
    let bytes =
        with_unit(&short, UNITS).ok_or("write a whole number and a unit, such as 512M or 8G")?;
    Ok(bytes)
}

/// The width of a fingerprint: `64` or `128`.
pub(crate) fn fingerprint(text: &str) -> Result<Fingerprint, String> {
    let bits = text.parse().map_err(|_| "write 64 or 128".to_string())?;
    Fingerprint::of(bits).map_err(|why| format!("{why}; write 64 or 128"))
}

/// The name of a preset of fault plans.
pub(crate) fn preset(text: &str) -> Result<Preset, String> {
    text.parse()
}

/// A whole number above zero, times its unit; none if it is written otherwise or too large.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|&number| number > 0)?;
    let (_, worth) = units.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*worth)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_unit_or_count_seconds() {
        for (text, millis) in [("500ms", 500), ("60s", 60_000), ("5m", 300_000), ("7", 7_000)] {
            assert_eq!(span(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "0s", "-1s", "1.5s", "1d", "99999999999999999h"] {
            assert!(span(text).is_err(), "{text}");
        }
    }

    #[test]
    fn long_spans_have_a_unit_of_seconds_or_more() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7_200), ("30d", 2_592_000)] {
            assert_eq!(long_span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "10", "0s", "500ms", "1.5h", "d", "-1d", "99999999999999d"] {
            assert!(long_span(text).is_err_and(|why| why.contains("or 30d")), "{text}");
        }
    }

    #[test]
    fn fingerprints_have_one_of_two_widths() {
        assert_eq!(fingerprint("64"), Ok(Fingerprint::BITS_64));
        assert_eq!(fingerprint("128"), Ok(Fingerprint::BITS_128));
        for text in ["", "63", "0", "256", "-64", "64 bits"] {
            assert!(fingerprint(text).is_err_and(|why| why.contains("write 64 or 128")), "{text}");
        }
    }

    #[test]
    fn sizes_have_a_unit_or_count_bytes() {
        for (text, expected) in [("8G", 8 << 30), ("512MiB", 512 << 20), ("1k", 1024), ("9", 9)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "G", "0G", "8X", "1.5G", "99999999999T"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
