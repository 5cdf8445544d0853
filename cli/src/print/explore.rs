//! An exploration.

use splitbrain::Verdict;
use splitbrain::explore::{DeadMail, Fingerprint, Searched};
use splitbrain::report::ExploreReport;

use super::{Page, count, counterexample, headline, of, reasons, system};

/// Prints an exploration; `saved` says where each of its counterexamples is.
pub(crate) fn explored(
    page: &mut Page,
    report: &ExploreReport,
    saved: &[Option<String>],
    program: &str,
) {
    headline(page, "explored", &report.system, &report.verdict);
    reasons(page, &report.verdict);
    page.row("covered", &covered(report));
    page.row("searched", &searched(&report.searched));
    system(page, &report.system);
    page.list("bounds", &report.system.bounds, " · ");
    page.list("cut off by", &report.cut, " · ");
    page.list("goals", &goals(&report.goals), ", ");
    page.row("bug lines", &marks(report));
    let ways = report
        .waypoints
        .iter()
        .map(|(way, steps)| format!("{way} ({} on)", of(*steps as u64, "step")));
    page.row("by way of", &ways.collect::<Vec<_>>().join(" · "));
    counterexamples(page, report, saved, program);
}

/// The counterexample of the verdict at length, others in a line each.
fn counterexamples(
    page: &mut Page,
    report: &ExploreReport,
    saved: &[Option<String>],
    program: &str,
) {
    let Verdict::Violated { invariant: sought, .. } = &report.verdict else {
        return;
    };
    let all = || report.counterexamples.iter().zip(saved);
    let mut label = "also broken";
    for (other, path) in all().filter(|(one, _)| one.invariant != *sought) {
        page.row(label, &counterexample::in_a_line(other));
        page.row("", path.as_deref().unwrap_or_default());
        label = "";
    }
    if let Some((one, path)) = all().find(|(one, _)| one.invariant == *sought) {
        counterexample::size(page, one);
        counterexample::story(page, one);
        counterexample::saved(page, program, path.as_deref());
    }
}

fn covered(report: &ExploreReport) -> String {
    let sizes = format!(
        "{}, {}, depth {}",
        of(report.states as u64, "state"),
        of(report.transitions, "transition"),
        report.depth
    );
    let quiet = report.system.invariants.iter().any(|(_, _, looks_at)| looks_at == "quiet");
    let quiet = match quiet {
        true => format!(", {} with nothing in flight", count(report.quiet)),
        false => String::new(),
    };
    let end = match (report.exhausted, &report.verdict) {
        (true, _) => "every schedule within the bounds".to_string(),
        (false, Verdict::Violated { .. }) => "up to the violation".to_string(),
        (false, _) => match report.completed {
            Some(depth) => format!("every schedule of up to {}", of(u64::from(depth), "step")),
            None => "not to the end".to_string(),
        },
    };
    format!("{sizes}{quiet}: {end}")
}

/// By which engine, and what was left out as dead.
fn searched(searched: &Searched) -> String {
    let how = match (&searched.fallback, searched.packed) {
        (Some(why), _) => format!("plainly, over whole worlds, because {why}"),
        (None, false) => "plainly, over whole worlds".to_string(),
        (None, true) => {
            let told_apart = match searched.fingerprint {
                Some(bits) => format!(" told apart by {bits}-bit fingerprints"),
                None => String::new(),
            };
            format!(
                "{} of a node with its mail, {}, states of {}{told_apart}",
                of(searched.slots as u64, "form"),
                of(searched.handler_calls, "handler call"),
                of(u64::from(searched.key_bits), "bit")
            )
        }
    };
    match &searched.dead_mail {
        DeadMail::None | DeadMail::Kept { .. } => how,
        DeadMail::Forgotten { letters, checks } => format!(
            "{how}; {} forgotten once dead, proved by {}",
            of(*letters as u64, "message"),
            of(*checks, "check")
        ),
        DeadMail::Refuted { why } => {
            format!("{how}; in full, for the claim on dead mail is false: {why}")
        }
    }
}

/// Why states were told apart exactly, though fingerprints were allowed.
pub(crate) fn not_needed(print: Fingerprint, searched: &Searched) -> String {
    match searched.packed && searched.fallback.is_none() {
        true => format!("not needed: exact states take no more than {} bits", print.bits()),
        false => "not used: whole worlds were compared".to_string(),
    }
}

fn goals(goals: &[(String, Option<u32>)]) -> Vec<String> {
    let said = goals.iter().map(|(goal, depth)| match depth {
        Some(depth) => format!("{goal} at depth {depth}"),
        None => format!("{goal} never"),
    });
    said.collect()
}

/// How often the lines of a bug ran: never reached, and reached without harm, are different.
fn marks(report: &ExploreReport) -> String {
    let said = report.marks.iter().map(|(mark, times)| format!("{mark} {}", of(*times, "time")));
    let said: Vec<String> = said.collect();
    match (said.is_empty(), &report.system.bug) {
        (true, Some(_)) => "never reached".to_string(),
        (true, None) | (false, _) => said.join(", "),
    }
}
