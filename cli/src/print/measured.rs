//! Pages of what was measured by many runs: how often each bug shows, and what guidance is worth.

use std::fmt::Write as _;

use serde::Serialize;

use super::count;
use crate::ranks::{quartiles, two_sided};

/// How many runs of a bug failed.
#[derive(Debug, Serialize)]
pub(crate) struct Hits {
    pub(crate) model: &'static str,
    pub(crate) bug: &'static str,
    pub(crate) runs: u64,
    pub(crate) failed: u64,
}

/// What it took to find a bug with guidance and without.
#[derive(Debug, Serialize)]
pub(crate) struct Compared {
    pub(crate) model: &'static str,
    pub(crate) bug: &'static str,
    pub(crate) blind: Found,
    pub(crate) guided: Found,
}

/// What it took to find a bug from each seed.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Found {
    /// How many runs; one more than were asked for where it was not found.
    runs: Vec<u64>,
    /// How many milliseconds of a processor.
    millis: Vec<u64>,
}

impl Found {
    /// Adds what it took from one more seed: runs, and milliseconds.
    pub(crate) fn push(&mut self, (runs, millis): (u64, u64)) {
        self.runs.push(runs);
        self.millis.push(millis);
    }

    /// The median of the time it took.
    fn took(&self) -> String {
        let [_, median, _] = quartiles(&self.millis);
        format!("{}.{:02}", median / 1_000, median % 1_000 / 10)
    }
}

/// The page of hits.
pub(crate) fn hits(rows: &[Hits], command: &str, most: u64, seed: u64) -> String {
    let mut page = format!(
        "# How often simulation finds each bug\n\n\
         This page is written by `{command}`. Runs of seed {seed} go on behind the first that fails, \
         until thirty have failed or {} were made; only breaches of the invariant that the bug is to \
         break count (`--only`). *Hits* are how many of 100,000 runs would fail at that rate; where few \
         failed, it is a rough figure.\n\n\
         | model | bug | runs | failed | hits per 100,000 |\n|---|---|---|---|---|\n",
        count(most)
    );
    for Hits { model, bug, runs, failed } in rows {
        let rate = (failed * 100_000 + runs / 2) / (*runs).max(1);
        let _ = writeln!(
            page,
            "| {model} | {bug} | {} | {} | {} |",
            count(*runs),
            count(*failed),
            count(rate)
        );
    }
    page
}

/// How unlikely a difference must be by chance to be told as one.
const SURE: f64 = 0.05;

/// The table of what guidance is worth.
pub(crate) fn guidance(rows: &[Compared], command: &str, most: u64) -> String {
    let mut page = format!(
        "<!-- written by `{command}` -->\n\n\
         | model | bug | seeds | blind: runs (quartiles) | guided: runs (quartiles) | p | guidance \
         | blind: s | guided: s |\n|---|---|---|---|---|---|---|---|---|\n"
    );
    let told = |sample: &[u64]| {
        let one = |runs: u64| match runs > most {
            true => format!("over {}", count(most)),
            false => count(runs),
        };
        let [lower, median, upper] = quartiles(sample).map(one);
        format!("{median} ({lower} to {upper})")
    };
    let mut said = [0, 0, 0];
    for Compared { model, bug, blind, guided } in rows {
        let took = [blind, guided].map(Found::took);
        let (blind, guided) = (&blind.runs, &guided.runs);
        let p = two_sided(blind, guided);
        // Which of two samples is the lesser is a question of ranks, too.
        let pairs = blind.iter().flat_map(|one| guided.iter().map(move |other| one.cmp(other)));
        let sooner: i64 = pairs.map(|order| order as i64).sum();
        let (place, word) = match (p < SURE, sooner > 0) {
            (true, true) => (0, "helps"),
            (true, false) => (1, "harms"),
            (false, _) => (2, "makes no difference that shows"),
        };
        said[place] += 1;
        let _ = writeln!(
            page,
            "| {model} | {bug} | {} | {} | {} | {p:.3} | {word} | {} | {} |",
            blind.len(),
            told(blind),
            told(guided),
            took[0],
            took[1]
        );
    }
    let [helps, harms, neither] = said;
    let _ = writeln!(
        page,
        "\nOf {} bugs guidance helps with {helps}, harms with {harms}, and makes no difference that \
         shows with {neither}.",
        rows.len()
    );
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_a_rate_and_say_of_how_many_runs() {
        let rows = [
            Hits { model: "a", bug: "often", runs: 500, failed: 250 },
            Hits { model: "a", bug: "never", runs: 20_000, failed: 0 },
            Hits { model: "b", bug: "once", runs: 20_000, failed: 1 },
        ];
        let page = hits(&rows, "x bugs --hits p", 20_000, 1);
        for line in [
            "| a | often | 500 | 250 | 50,000 |",
            "| a | never | 20,000 | 0 | 0 |",
            "| b | once | 20,000 | 1 | 5 |",
            "written by `x bugs --hits p`",
        ] {
            assert!(page.contains(line), "{page}\nlacks {line}");
        }
    }

    #[test]
    fn guidance_is_told_to_help_to_harm_or_neither() {
        let range = |from: u64| (from..from + 20).collect::<Vec<u64>>();
        let found = |runs: Vec<u64>| Found { millis: vec![1_234; runs.len()], runs };
        let row = |blind, guided| {
            let (blind, guided) = (found(blind), found(guided));
            Compared { model: "m", bug: "b", blind, guided }
        };
        let rows = [
            row(range(100), range(10)),
            row(range(10), range(100)),
            row(range(10), range(11)),
            row(vec![501; 20], vec![501; 20]),
        ];
        let page = guidance(&rows, "x bugs --guidance p", 500);
        for line in [
            "| 109 (104 to 114) | 19 (14 to 24) | 0.000 | helps | 1.23 | 1.23 |",
            "| 19 (14 to 24) | 109 (104 to 114) | 0.000 | harms | 1.23 | 1.23 |",
            "makes no difference that shows |",
            "| over 500 (over 500 to over 500) | over 500 (over 500 to over 500) | 1.000 |",
            "Of 4 bugs guidance helps with 1, harms with 1, and makes no difference that shows with 2.",
        ] {
            assert!(page.contains(line), "{page}\nlacks {line}");
        }
    }
}
