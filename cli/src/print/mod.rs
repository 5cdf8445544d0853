//! Reports as text: a file for each kind of report, and the page they are all written on.

pub(crate) mod bench;
pub(crate) mod bugs;
pub(crate) mod catalog;
pub(crate) mod counterexample;
pub(crate) mod coverage;
pub(crate) mod explore;
mod lanes;
pub(crate) mod linearize;
pub(crate) mod measured;
pub(crate) mod measures;
pub(crate) mod pages;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod shrink;
pub(crate) mod simulate;

use splitbrain::Verdict;
use splitbrain::explain::Story;
use splitbrain::report::SystemReport;

/// Columns of a page.
const WIDTH: usize = 100;
/// Columns of a label, with the gap behind it.
const LABEL: usize = 14;
/// Columns before a label.
const INDENT: usize = 2;

/// A text being laid out: headlines, labelled rows, blank lines between parts.
pub(crate) struct Page {
    text: String,
    colour: bool,
}

/// The mood of a headline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mood {
    Good,
    Bad,
    Unsure,
    Plain,
}

impl Page {
    pub(crate) fn new(colour: bool) -> Page {
        Page { text: String::new(), colour }
    }

    /// The text.
    pub(crate) fn done(self) -> String {
        self.text
    }

    /// The text so far.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A line that stands out.
    pub(crate) fn headline(&mut self, mood: Mood, text: &str) {
        let code = match mood {
            Mood::Good => "1;32",
            Mood::Bad => "1;31",
            Mood::Unsure => "1;33",
            Mood::Plain => "1",
        };
        match self.colour {
            true => self.line(&format!("\u{1b}[{code}m{text}\u{1b}[0m")),
            false => self.line(text),
        }
    }

    /// A line as it is.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// One blank line, however often it is asked for.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// Text that was laid out elsewhere.
    pub(crate) fn block(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text.trim_end_matches('\n'));
            self.text.push('\n');
        }
    }

    /// A label and what it says, wrapped under itself. Nothing to say leaves no row.
    pub(crate) fn row(&mut self, label: &str, text: &str) {
        self.row_of(LABEL, label, text);
    }

    /// A label and several things, whole as long as they fit in a line.
    pub(crate) fn list(&mut self, label: &str, things: &[String], separator: &str) {
        let margin = INDENT + LABEL;
        let mut lines: Vec<String> = Vec::new();
        for (place, thing) in things.iter().enumerate() {
            let last = place + 1 == things.len();
            let thing = format!("{thing}{}", if last { "" } else { separator });
            let needed = thing.trim_end().chars().count();
            match lines.last_mut() {
                Some(line) if margin + line.chars().count() + needed <= WIDTH => {
                    line.push_str(&thing);
                }
                Some(_) | None => lines.push(thing),
            }
        }
        let mut label = label;
        for line in lines {
            self.row(label, line.trim_end());
            label = "";
        }
    }

    /// A label and something to be copied, which is never broken.
    pub(crate) fn whole_row(&mut self, label: &str, text: &str) {
        self.line(&format!("{:INDENT$}{label:<LABEL$}{text}", ""));
    }

    /// A row whose label takes that many columns.
    pub(crate) fn row_of(&mut self, columns: usize, label: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let margin = INDENT + columns;
        let mut first = format!("{:INDENT$}{label:<columns$}", "");
        for line in wrapped(text, WIDTH.saturating_sub(margin)) {
            self.line(&format!("{first}{line}"));
            first = " ".repeat(margin);
        }
    }

    /// A table of names and what they mean, under a title. No names leave no table.
    pub(crate) fn table(&mut self, title: &str, rows: &[(String, String)]) {
        if rows.is_empty() {
            return;
        }
        let widest = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        self.gap();
        self.headline(Mood::Plain, title);
        for (name, text) in rows {
            self.row_of(widest + 2, name, text);
        }
    }
}

/// A text in lines of at most that many columns, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("at least one line");
        let room = line.is_empty() || line.chars().count() + 1 + word.chars().count() <= width;
        match (room, line.is_empty()) {
            (true, true) => line.push_str(word),
            (true, false) => {
                line.push(' ');
                line.push_str(word);
            }
            (false, _) => lines.push(word.to_string()),
        }
    }
    lines
}

/// The headline of a verdict, and its mood.
pub(crate) fn headline(page: &mut Page, how: &str, system: &SystemReport, verdict: &Verdict) {
    let bug = system.bug.as_ref().map(|bug| format!(" with bug {bug}")).unwrap_or_default();
    let (mood, sign, word) = match (verdict, &system.bug) {
        (Verdict::Holds { .. }, None) => (Mood::Good, "✓", "holds"),
        // Random runs rule nothing out.
        (Verdict::Holds { .. }, Some(_)) if how == "simulated" => {
            (Mood::Unsure, "?", "not found in these runs")
        }
        (Verdict::Holds { .. }, Some(_)) => {
            (Mood::Unsure, "?", "not reachable within these bounds")
        }
        (Verdict::Violated { .. }, _) => (Mood::Bad, "✗", "violated"),
        (Verdict::Inconclusive { .. }, _) => (Mood::Unsure, "?", "inconclusive"),
        (Verdict::Vacuous { .. }, _) => (Mood::Unsure, "∅", "vacuous"),
    };
    let (model, scenario) = (&system.model, &system.scenario);
    page.headline(mood, &format!("{sign} {model} {scenario}{bug}, {how}: {word}"));
}

/// Why a verdict is what it is.
pub(crate) fn reasons(page: &mut Page, verdict: &Verdict) {
    match verdict {
        Verdict::Holds { .. } => {}
        Verdict::Violated { invariant, reason } => {
            page.row("broken", &format!("{invariant}: {reason}"));
        }
        Verdict::Inconclusive { why, .. } => page.row("why", why),
        Verdict::Vacuous { missing } => {
            page.row("why", &format!("never reached: {}", missing.join(", ")));
        }
    }
}

/// What was checked: invariants and parameters.
pub(crate) fn system(page: &mut Page, system: &SystemReport) {
    let invariants: Vec<String> = system.invariants.iter().map(|(name, ..)| name.clone()).collect();
    match &system.only {
        Some(only) => page.row("invariants", &format!("{only} alone; no other was looked at")),
        None => page.list("invariants", &invariants, ", "),
    }
    parameters(page, system);
}

/// What each simulated run of a system must come to.
pub(crate) fn progress(page: &mut Page, system: &SystemReport) {
    if let Some((name, _, within)) = &system.progress {
        page.row("progress", &format!("{name}, in each run within {within} after its storm"));
    }
}

/// The numbers a system was built from.
pub(crate) fn parameters(page: &mut Page, system: &SystemReport) {
    let set = system.parameters.iter().map(|(name, value)| format!("{name} {value}"));
    page.list("parameters", &set.collect::<Vec<_>>(), ", ");
}

/// How long a run is: `6 steps`, or `11 steps behind the 14 given` where a scenario begins with some.
pub(crate) fn length(story: &Story) -> String {
    let steps = story.steps.len();
    match &story.prefix {
        None => of(steps as u64, "step"),
        Some((given, _)) => {
            let own = of((steps - (*given).min(steps)) as u64, "step");
            format!("{own} behind the {given} given")
        }
    }
}

/// A number with its thousands set apart: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number that is only guessed, in two digits: `350 k`, `12 M`, `1.2 G`.
pub(crate) fn roughly(number: u64) -> String {
    let digits = number.max(1).ilog10();
    let unit = 10_u64.pow(digits.saturating_sub(1));
    let number = number.saturating_add(unit / 2) / unit * unit;
    let units = [("G", 1_000_000_000_u64), ("M", 1_000_000), ("k", 1_000)];
    match units.into_iter().find(|(_, worth)| number >= *worth) {
        Some((name, worth)) if number < 10 * worth => {
            format!("{}.{} {name}", number / worth, number % worth / (worth / 10))
        }
        Some((name, worth)) => format!("{} {name}", count(number / worth)),
        None => number.to_string(),
    }
}

/// So many of something: `1 step`, `2 steps`.
pub(crate) fn of(number: u64, one: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{} {one}s", count(number)),
    }
}

/// A size in the largest binary unit that leaves a whole number of at least 1.
pub(crate) fn bytes_in_words(bytes: u64) -> String {
    let units = [("G", 1_u64 << 30), ("M", 1 << 20), ("K", 1 << 10)];
    let unit = units.iter().find(|(_, worth)| bytes >= 10 * worth || bytes.is_multiple_of(*worth));
    match unit {
        Some((name, worth)) if bytes >= *worth => format!("{}{name}", bytes / worth),
        Some(_) | None => bytes.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_has_two_digits() {
        for (number, text) in [
            (0, "0"),
            (7, "7"),
            (123, "120"),
            (999, "1.0 k"),
            (1_249, "1.2 k"),
            (354_999, "350 k"),
            (12_345_678, "12 M"),
            (1_960_000_000, "2.0 G"),
            (3_456_000_000_000, "3,500 G"),
        ] {
            assert_eq!(roughly(number), text);
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
    }

    #[test]
    fn sizes_are_written_as_they_are_asked_for() {
        for (bytes, text) in
            [(8 << 30, "8G"), (512 << 20, "512M"), (1_500 << 20, "1500M"), (7, "7")]
        {
            assert_eq!(bytes_in_words(bytes), text);
        }
    }

    #[test]
    fn long_rows_go_on_under_themselves() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("incomprehensibilities", 7), ["incomprehensibilities"]);
    }
}
