//! A simulation as a page of HTML: one file that needs nothing else, light or dark as the reader
//! prefers, the same for the same campaign.

mod charts;
mod failures;

use std::fmt::Write;

use splitbrain::Verdict;
use splitbrain::report::SimulateReport;
use splitbrain::simulate::{Requests, Slice};

use super::measures::{lasted, share, short, tenths_in_words};
use super::simulate::{assumptions, covered, fault_kinds};
use super::{count, of};

const STYLE: &str = include_str!("style.css");

/// What is told.
pub(crate) struct Told<'a> {
    pub(crate) report: &'a SimulateReport,
    /// How many runs there were to be, if that was asked.
    pub(crate) asked: Option<u64>,
    /// What the program is called.
    pub(crate) program: &'a str,
    /// Of each failure that was kept: where its counterexample is, and the command that makes its run
    /// again.
    pub(crate) saved: &'a [Option<String>],
    pub(crate) again: &'a [String],
}

/// The page.
pub(crate) fn page(told: &Told<'_>) -> String {
    let report = told.report;
    let mut body = String::new();
    head(&mut body, told);
    tiles(&mut body, report);
    if let Some(requests) = report.measured.as_ref().and_then(|measured| measured.requests.as_ref())
    {
        pictures(&mut body, requests);
    }
    failures::failures(&mut body, told);
    body.push_str("<div class=\"columns\">\n");
    goals(&mut body, report);
    tallies(&mut body, report);
    body.push_str("</div>\n");
    system(&mut body, report);
    let title = escaped(&format!("{} {}", report.system.model, report.system.scenario));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta \
         name=\"color-scheme\" content=\"light dark\">\n<title>{title}, simulated</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
}

/// Appends to a text, which cannot fail.
macro_rules! put {
    ($text:expr, $($words:tt)*) => {{
        let _ = writeln!($text, $($words)*);
    }};
}
use put;

/// A text as it may stand anywhere in the page.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

fn head(body: &mut String, told: &Told<'_>) {
    let report = told.report;
    let system = &report.system;
    let (mood, sign, word) = match (&report.verdict, &system.bug) {
        (Verdict::Holds { .. }, None) => ("good", "✓", "holds"),
        (Verdict::Holds { .. }, Some(_)) => ("unsure", "?", "not reached within these bounds"),
        (Verdict::Violated { .. }, _) => ("bad", "✗", "violated"),
        (Verdict::Inconclusive { .. }, _) => ("unsure", "?", "inconclusive"),
        (Verdict::Vacuous { .. }, _) => ("unsure", "∅", "vacuous"),
    };
    let bug = system.bug.as_ref().map_or(String::new(), |bug| format!(" with bug {bug}"));
    let name = escaped(&format!("{} {}{bug}", system.model, system.scenario));
    put!(body, "<header class=\"{mood}\">");
    put!(body, "<p class=\"kicker\">{} · simulation</p>", escaped(told.program));
    put!(body, "<h1>{name} <span class=\"verdict\">{sign} {word}</span></h1>");
    let why = match &report.verdict {
        Verdict::Holds { .. } => None,
        Verdict::Violated { invariant, reason } => Some(format!("{invariant}: {reason}")),
        Verdict::Inconclusive { why, .. } => Some(why.clone()),
        Verdict::Vacuous { missing } => Some(format!("never reached: {}", missing.join(", "))),
    };
    if let Some(why) = why {
        put!(body, "<p class=\"why\">{}</p>", escaped(&why));
    }
    put!(body, "<p class=\"covered\">{}</p>", escaped(&covered(report, told.asked)));
    put!(body, "</header>");
}

fn tiles(body: &mut String, report: &SimulateReport) {
    let mut all = vec![
        Tile(
            count(report.runs),
            if report.runs == 1 { "run" } else { "runs" }.to_string(),
            format!("{} failed", count(report.failures)),
        ),
        Tile(
            lasted(report.virtual_micros),
            "virtual time".to_string(),
            format!("{} steps", count(report.tally.steps)),
        ),
    ];
    if let Some(measured) = &report.measured {
        all.extend(measured.requests.iter().flat_map(of_requests));
        for (name, times) in &measured.counts {
            let each = (times * 10).checked_div(report.runs).unwrap_or(0);
            let each = format!("{} in a run", tenths_in_words(each));
            all.push(Tile(count(*times), (*name).to_string(), each));
        }
    }
    put!(body, "<div class=\"tiles\">");
    for Tile(value, what, more) in &all {
        let (value, what, more) = (escaped(value), escaped(what), escaped(more));
        put!(body, "<div><b>{value}</b><span>{what}</span><small>{more}</small></div>");
    }
    put!(body, "</div>");
}

/// A figure, what it is of, and what else belongs to it.
struct Tile(String, String, String);

/// The tiles of what became of requests.
fn of_requests(requests: &Requests) -> Vec<Tile> {
    let mut all = vec![Tile(
        count(requests.answered),
        "requests answered".to_string(),
        format!("of {} asked", count(requests.asked)),
    )];
    if let Some(latency) = &requests.latency {
        all.push(Tile(
            short(latency.p50),
            "median wait".to_string(),
            format!("p99 {}", short(latency.p99)),
        ));
    }
    let available = |slices: &[Slice]| {
        let sum = Slice::sum(slices);
        share(sum.served, sum.wanted)
    };
    let availability = &requests.availability;
    if let Some(stormy) = available(&availability.stormy) {
        let healed = available(&availability.healed);
        let healed = healed.map_or(String::new(), |healed| format!("{healed} once healed"));
        all.push(Tile(stormy, "available in the storm".to_string(), healed));
    }
    if let Some(tenths) = requests.tenths_of_messages_each {
        let given_up = format!("{} given up", count(requests.given_up));
        all.push(Tile(tenths_in_words(tenths), "messages an answer".to_string(), given_up));
    }
    all
}

fn pictures(body: &mut String, requests: &Requests) {
    if let Some(latency) = &requests.latency {
        put!(body, "<section>\n<h2>How long clients waited</h2>");
        put!(
            body,
            "<p class=\"note\">From when a client first wanted its request until it was answered; \
             {} requests, on a logarithmic scale.</p>",
            count(latency.count)
        );
        body.push_str(&charts::latency(latency));
        put!(body, "<table class=\"percentiles\"><tr>");
        let columns = [
            ("p50", latency.p50),
            ("p90", latency.p90),
            ("p99", latency.p99),
            ("p99.9", latency.p99_9),
            ("max", latency.max),
        ];
        columns.iter().for_each(|(name, _)| put!(body, "<th>{name}</th>"));
        put!(body, "</tr><tr>");
        columns.iter().for_each(|(_, micros)| put!(body, "<td>{}</td>", short(*micros)));
        put!(body, "</tr></table>\n</section>");
    }
    let availability = &requests.availability;
    if !availability.stormy.is_empty() || !availability.healed.is_empty() {
        put!(body, "<section>\n<h2>When they were served</h2>");
        put!(
            body,
            "<p class=\"note\">For each second of the runs’ time lines: of the runs in which a client \
             waited then, the share in which one was answered. Paler where fewer runs have a say.</p>"
        );
        body.push_str(&charts::availability(availability));
        put!(body, "</section>");
    }
}

fn goals(body: &mut String, report: &SimulateReport) {
    if report.goals.is_empty() {
        return;
    }
    put!(body, "<section>\n<h2>Goals reached</h2>\n<table>");
    for (name, runs) in &report.goals {
        let of_all = share(*runs, report.runs).unwrap_or_default();
        let sentence = report.system.goals.iter().find(|(goal, _)| goal == name);
        let sentence = sentence.map_or("", |(_, sentence)| sentence);
        let bar = charts::bar(*runs, report.runs);
        put!(
            body,
            "<tr title=\"{}\"><th>{}</th><td class=\"bar\">{bar}</td><td class=\"number\">{}</td>\
             <td class=\"number\">{of_all}</td></tr>",
            escaped(sentence),
            escaped(name),
            count(*runs),
        );
    }
    put!(body, "</table>\n</section>");
}

fn tallies(body: &mut String, report: &SimulateReport) {
    let kinds = fault_kinds(&report.tally);
    put!(body, "<section>\n<h2>Faults</h2>\n<table>");
    for (times, _, many) in kinds.iter().filter(|(times, ..)| *times > 0) {
        let each = (times * 10).checked_div(report.runs).unwrap_or(0);
        put!(
            body,
            "<tr><th>{many}</th><td class=\"number\">{}</td><td class=\"number\">{} a run</td></tr>",
            count(*times),
            tenths_in_words(each)
        );
    }
    if kinds.iter().all(|(times, ..)| *times == 0) {
        put!(body, "<tr><td>none</td></tr>");
    }
    put!(body, "</table>\n</section>");
}

fn system(body: &mut String, report: &SimulateReport) {
    let system = &report.system;
    put!(body, "<section>\n<h2>What was held</h2>\n<dl>");
    for (name, sentence, _) in &system.invariants {
        put!(body, "<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(sentence));
    }
    if let Some((name, sentence, within)) = &system.progress {
        let (name, sentence) = (escaped(name), escaped(sentence));
        put!(
            body,
            "<dt>{name}</dt><dd>{sentence} In each run within {within} after its storm.</dd>"
        );
    }
    put!(body, "</dl>");
    if system.only.is_some() {
        put!(body, "<p class=\"note\">No other invariant was looked at.</p>");
    }
    let set = system.parameters.iter().map(|(name, value)| format!("{name} {value}"));
    let set: Vec<String> = set.collect();
    put!(body, "<p class=\"note\">{}</p>", escaped(&assumptions(&system.bounds).join(" · ")));
    if !set.is_empty() {
        put!(body, "<p class=\"note\">{}</p>", escaped(&set.join(", ")));
    }
    if !report.marks.is_empty() {
        put!(body, "<h3>Lines of the bug</h3>\n<table>");
        for (mark, (runs, times)) in &report.marks {
            let (mark, runs, times) = (escaped(mark), of(*runs, "run"), of(*times, "time"));
            put!(
                body,
                "<tr><th>{mark}</th><td class=\"number\">{times}</td><td class=\"number\">in \
                 {runs}</td></tr>"
            );
        }
        put!(body, "</table>");
    }
    put!(body, "</section>");
    put!(
        body,
        "<footer>seed {} · fingerprint <code>{}</code></footer>",
        report.seed,
        escaped(&report.digest)
    );
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escaped("<b a=\"1\">'&"), "&lt;b a=&quot;1&quot;&gt;&#39;&amp;");
    }
}
