//! Engines side by side.

use super::{Mood, Page, count};
use crate::bench::measure::{Measured, Outcome};
use crate::bench::rows::{Row, in_words, slower};
use crate::bench::works::{Size, Work};

/// Prints the rows of one work: what each counted, its rates, its memory for each state, and how many
/// times as long as splitbrain's own explorer it took; and where their counts differ.
pub(crate) fn work(page: &mut Page, work: &Work, rows: &[Row], differences: &[String]) {
    page.gap();
    page.headline(Mood::Plain, &format!("{}: {}", work.name, work.about));
    page.line(&columns([
        "engine",
        "states",
        "transitions",
        "seconds",
        "states/s",
        "transitions/s",
        "B/state",
        "time",
    ]));
    for row in rows {
        match &row.outcome {
            Outcome::Measured(measured) => page.line(&figures(row, measured, rows)),
            Outcome::Unavailable { why } | Outcome::Failed { why } => {
                page.row_of(25, row.engine.name(), why);
            }
        }
    }
    for difference in differences {
        page.headline(Mood::Bad, difference);
    }
    page.gap();
}

fn figures(row: &Row, measured: &Measured, rows: &[Row]) -> String {
    let counts = measured.counts;
    let seconds = row.seconds().unwrap_or(measured.seconds);
    let rate = |number: u64| count((number as f64 / seconds.max(0.000_001)) as u64);
    let bytes = measured.bytes.map(|bytes| count(bytes / counts.states.max(1)));
    let time = slower(row, rows).map(times);
    columns([
        row.engine.name(),
        &count(counts.states),
        &count(counts.transitions),
        &format!("{seconds:.3}"),
        &rate(counts.states),
        &rate(counts.transitions),
        &bytes.unwrap_or_else(|| "–".to_string()),
        &time.unwrap_or_else(|| "–".to_string()),
    ])
}

/// Says what the columns tell: which seconds, and what is compared with what.
pub(crate) fn legend(page: &mut Page) {
    page.row(
        "seconds",
        "of the processor, from one second on; of the clock below that, and always where several \
         threads search",
    );
    page.row("B/state", "the most memory the process had, less what it began with");
    page.row(
        "time",
        "how many times splitbrain's on one thread: by the seconds shown; with several threads, \
         the clock's of both",
    );
}

/// A ratio with as many places as it needs.
fn times(ratio: f64) -> String {
    match ratio {
        ..0.95 => format!("{ratio:.2}×"),
        _ => format!("{ratio:.1}×"),
    }
}

fn columns(cells: [&str; 8]) -> String {
    let [engine, states, transitions, seconds, state_rate, transition_rate, bytes, time] = cells;
    format!(
        "  {engine:<24}{states:>11}{transitions:>12}{seconds:>8}{state_rate:>11}\
         {transition_rate:>14}{bytes:>9}{time:>8}"
    )
}

/// Prints which works there are, with the counts that are published.
pub(crate) fn list(page: &mut Page, works: &[&Work]) {
    for work in works {
        page.gap();
        page.headline(Mood::Plain, work.name);
        page.row("about", work.about);
        let counts = work.counts.map(in_words);
        page.row("must count", counts.as_deref().unwrap_or("the same for every engine"));
        let engines = work.engines(true, false).into_iter();
        let names = engines.map(|engine| match work.patient.contains(&engine) {
            true => format!("{} (with --long)", engine.name()),
            false => engine.name().to_string(),
        });
        page.list("engines", &names.collect::<Vec<_>>(), " · ");
        page.row(
            "taken",
            match work.size {
                Size::Short => "with --short",
                Size::Full => "",
                Size::Long => "with --long",
            },
        );
    }
}
