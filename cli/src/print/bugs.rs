//! The table of bugs, for a terminal and as a page of Markdown.

use std::fmt::Write as _;

use serde::Serialize;
use splitbrain::catalog::Equivalent;

use super::count;

/// What it took to find one bug.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) model: &'static str,
    pub(crate) bug: &'static str,
    pub(crate) about: &'static str,
    pub(crate) source: &'static str,
    pub(crate) invariant: &'static str,
    /// The scenario explored, with its parameters where they differ from the scenario's.
    pub(crate) explored_in: String,
    pub(crate) explored: Option<Explored>,
    /// The scenario simulated, with its parameters where they differ from the scenario's.
    pub(crate) simulated_in: String,
    pub(crate) simulated: Option<Simulated>,
    /// Why only exploration finds it in reason, if it is so.
    pub(crate) only_explored: Option<&'static str>,
    /// In how many runs the faulty line ran.
    pub(crate) line_ran_in: u64,
}

/// What exploration found.
#[derive(Debug, Serialize)]
pub(crate) struct Explored {
    pub(crate) steps: usize,
    pub(crate) minimality: String,
    pub(crate) states: usize,
}

/// What simulation found.
#[derive(Debug, Serialize)]
pub(crate) struct Simulated {
    /// How many runs it took, the failing one included.
    pub(crate) runs: u64,
    /// Wall-clock seconds up to there: the one figure that differs from day to day.
    pub(crate) seconds: f64,
    pub(crate) found_steps: usize,
    pub(crate) shrunk_steps: usize,
    pub(crate) minimality: String,
}

/// What stands where an engine did not find a bug.
const NOT_FOUND: &str = "not reached";

/// What stands where simulation is not asked to find it.
const NOT_SIMULATED: &str = "–";

/// The columns that tell what it took.
fn figures(row: &Row) -> [String; 6] {
    let explored = row.explored.as_ref();
    let simulated = row.simulated.as_ref();
    let absent = if row.only_explored.is_some() { NOT_SIMULATED } else { NOT_FOUND };
    let or_not = |figure: Option<String>| figure.unwrap_or_else(|| absent.to_string());
    [
        or_not(explored.map(|found| format!("{} ({})", found.steps, found.minimality))),
        or_not(explored.map(|found| count(found.states as u64))),
        or_not(simulated.map(|found| count(found.runs))),
        match row.only_explored {
            Some(_) => NOT_SIMULATED.to_string(),
            None => count(row.line_ran_in),
        },
        or_not(simulated.map(|found| format!("{:.1}", found.seconds))),
        or_not(simulated.map(|found| {
            format!(
                "{} → {} ({})",
                count(found.found_steps as u64),
                found.shrunk_steps,
                found.minimality
            )
        })),
    ]
}

/// The table for a terminal. The seconds are left out: they differ from day to day.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut lines = vec![
        ["bug", "breaks", "shortest", "states", "runs to find", "line ran in", "found → shrunk"]
            .map(String::from),
    ];
    lines.extend(rows.iter().map(|row| {
        let [shortest, states, runs, line, _, shrunk] = figures(row);
        let bug = format!("{} {}", row.model, row.bug);
        [bug, row.invariant.to_string(), shortest, states, runs, line, shrunk]
    }));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max();
    let widths: Vec<usize> = (0..7).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

/// The page.
pub(crate) fn markdown(
    rows: &[Row],
    equivalents: &[(&'static str, &'static Equivalent)],
    command: &str,
    runs: u64,
    seed: u64,
) -> String {
    let mut text = format!(
        "# Known bugs, and what it takes to find them\n\n\
         This page is written by `{command} --markdown docs/bugs.md --save counterexamples`, and \
         held to the engines by `cargo test`; only the seconds, measured on a shared machine with \
         two cores, are not. (What long runs shrink to is held by `cargo test --release --test \
         bugs`.)\n\n\
         Each bug is a deliberate mistake in a model, caught by both engines, or by the one where a \
         note under the table says why:\n\n\
         - **shortest**: the length of the trace that exploration finds, in steps. *shortest* means \
         that no shorter one exists within the bounds of the scenario named; *locally minimal*, \
         that the search began behind a named prefix of steps and the trace was shrunk since.\n\
         - **states**: how many states were stored up to there.\n\
         - **runs to find**: the first simulated run of seed {seed} that fails, counted from 1, of \
         up to {}; **line ran in**: in how many of them the faulty line ran and made a \
         difference.\n\
         - **found → shrunk**: the steps of that run, and what is left of them.\n\n\
         With a smaller budget than the scenario's a bug is *not reachable within these bounds*, \
         which says nothing of larger ones. The sources are cited as they were collected; issue \
         numbers name a project's own tracker.\n",
        count(runs)
    );
    for of_model in rows.chunk_by(|one, next| one.model == next.model) {
        table_of(&mut text, of_model);
        let here = equivalents.iter().filter(|(model, _)| *model == of_model[0].model);
        for (_, it) in here {
            let with: Vec<String> =
                it.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
            let _ = write!(
                text,
                "\n**{}** is no mistake, and nothing finds it: {} {} `{}` with {} holds, in as many \
                 states as without. *{}*\n",
                it.name,
                it.about,
                it.why,
                it.scenario,
                with.join(", "),
                it.source
            );
        }
    }
    let mut model = "";
    for row in rows {
        if row.model != model {
            model = row.model;
            let _ = write!(text, "\n## What the mistakes of {model} are\n\n");
        }
        let _ = writeln!(text, "- **{}**: {} *{}*", row.bug, row.about, row.source);
    }
    text
}

/// The table of one model, and what is to be said of its rows.
fn table_of(text: &mut String, rows: &[Row]) {
    let model = rows[0].model;
    let _ = write!(
        text,
        "\n## {model}\n\n\
         | bug | breaks | explored | shortest | states | simulated | runs to find | line ran in | \
         seconds | found → shrunk |\n\
         |---|---|---|---|---|---|---|---|---|---|\n"
    );
    for row in rows {
        let [shortest, states, runs, line, seconds, shrunk] = figures(row);
        let simulated = if row.only_explored.is_some() { "no" } else { row.simulated_in.as_str() };
        let _ = writeln!(
            text,
            "| [{bug}](../counterexamples/{model}-{bug}.json) | {} | {} | {shortest} | {states} | \
             {simulated} | {runs} | {line} | {seconds} | {shrunk} |",
            row.invariant,
            row.explored_in,
            bug = row.bug,
        );
    }
    for row in rows {
        if let Some(why) = row.only_explored {
            let _ = write!(text, "\n{} is not simulated: {why}\n", row.bug);
        }
    }
}
