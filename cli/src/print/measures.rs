//! What clients saw of a simulation, in rows.

use splitbrain::report::{FailureReport, SimulateReport};
use splitbrain::simulate::{Requests, Slice};

use super::{Page, count};

/// Prints what was measured, where something was.
pub(crate) fn measured(page: &mut Page, report: &SimulateReport) {
    let Some(measured) = &report.measured else { return };
    if let Some(requests) = &measured.requests {
        page.row("requests", &what_became(requests));
        page.row("latency", &latency(requests));
        page.row("available", &availability(requests));
    }
    let counts = measured.counts.iter().map(|(name, times)| format!("{} {name}", count(*times)));
    page.list("counted", &counts.collect::<Vec<_>>(), ", ");
}

fn what_became(requests: &Requests) -> String {
    let mut said = format!(
        "{} asked, {} answered, {} given up",
        count(requests.asked),
        count(requests.answered),
        count(requests.given_up)
    );
    if let Some(tenths) = requests.tenths_of_messages_each {
        said.push_str(&format!("; {} messages sent for each answer", tenths_in_words(tenths)));
    }
    said
}

/// The percentiles in one line.
fn latency(requests: &Requests) -> String {
    let Some(latency) = &requests.latency else { return String::new() };
    let named = [
        ("p50", latency.p50),
        ("p90", latency.p90),
        ("p99", latency.p99),
        ("p99.9", latency.p99_9),
        ("max", latency.max),
    ];
    let said = named.map(|(name, micros)| format!("{name} {}", short(micros)));
    said.join(", ")
}

fn availability(requests: &Requests) -> String {
    let phases =
        [("stormy", &requests.availability.stormy), ("healed", &requests.availability.healed)];
    let said = phases.iter().filter_map(|(phase, slices)| {
        let sum = Slice::sum(slices);
        share(sum.served, sum.wanted).map(|share| format!("{share} of {phase} seconds"))
    });
    let said: Vec<String> = said.collect();
    match said.is_empty() {
        true => String::new(),
        false => format!("{} in which a client waited", said.join(", ")),
    }
}

/// A share in per cent, rounded down, so that only all is all; none of nothing.
pub(crate) fn share(part: u64, whole: u64) -> Option<String> {
    let tenths = u128::from(part) * 1_000;
    let tenths = tenths.checked_div(u128::from(whole))? as u64;
    Some(match tenths {
        1_000 => "100 %".to_string(),
        _ => format!("{} %", tenths_in_words(tenths)),
    })
}

/// A number of tenths: `12.3`.
pub(crate) fn tenths_in_words(tenths: u64) -> String {
    format!("{}.{}", count(tenths / 10), tenths % 10)
}

/// Microseconds to three digits, in the unit that suits them: `1.23 ms`, `45.6 s`.
pub(crate) fn short(micros: u64) -> String {
    let (unit, name) = match micros {
        0..1_000 => return format!("{micros} µs"),
        1_000..1_000_000 => (1_000, "ms"),
        _ => (1_000_000, "s"),
    };
    let whole = micros / unit;
    match whole {
        0..10 => format!("{whole}.{:02} {name}", micros % unit * 100 / unit),
        10..100 => format!("{whole}.{} {name}", micros % unit * 10 / unit),
        _ => format!("{} {name}", count(whole)),
    }
}

/// Prints the failures beside the first, briefly: `saved` is where each one's counterexample is.
pub(crate) fn others(
    page: &mut Page,
    program: &str,
    report: &SimulateReport,
    (saved, again): (&[Option<String>], &[String]),
) {
    let Some(first) = &report.failure else { return };
    if report.other_failures.is_empty() {
        return;
    }
    page.gap();
    page.line(&format!(
        "{} kinds of failure were kept. The one above is {}; the others:",
        report.other_failures.len() + 1,
        alike(first)
    ));
    for ((failure, path), again) in report.other_failures.iter().zip(saved).zip(again) {
        page.gap();
        page.row("broken", &format!("{}: {}", failure.invariant, failure.reason));
        let (run, seed) = (failure.run, failure.seed);
        page.row("failed", &format!("run {run} of seed {seed}, {}", alike(failure)));
        if let Some(one) = &failure.counterexample {
            super::counterexample::size(page, one);
        }
        match path {
            Some(path) => page.whole_row("replay", &format!("{program} replay {path}")),
            None => page.whole_row("again", again),
        }
    }
}

/// How many failing runs are like one, in words.
pub(crate) fn alike(failure: &FailureReport) -> String {
    match failure.alike {
        1 => "the only run of its kind".to_string(),
        all => format!("the first of {} runs of its kind", count(all)),
    }
}

/// Virtual time in words, for rows and pages.
pub(crate) fn lasted(micros: u64) -> String {
    super::simulate::virtual_time(micros / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_three_digits() {
        for (micros, text) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_234, "1.23 ms"),
            (45_678, "45.6 ms"),
            (999_999, "999 ms"),
            (1_000_000, "1.00 s"),
            (3_456_000_000, "3,456 s"),
        ] {
            assert_eq!(short(micros), text);
        }
    }

    #[test]
    fn only_all_is_all() {
        for (part, whole, text) in
            [(0, 7, "0.0 %"), (999_999, 1_000_000, "99.9 %"), (3, 3, "100 %"), (1, 3, "33.3 %")]
        {
            assert_eq!(share(part, whole).as_deref(), Some(text));
        }
        assert_eq!(share(0, 0), None);
    }
}
