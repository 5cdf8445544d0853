//! What became of a saved counterexample.

use splitbrain::report::{ReplayOutcome, ReplayReport};

use super::{Mood, Page, of};

/// Prints what became of a saved counterexample.
pub(crate) fn replayed(page: &mut Page, path: &str, report: &ReplayReport) {
    let recorded = report.steps as u64;
    match &report.outcome {
        ReplayOutcome::Breaks { after, reason, as_recorded } => {
            let (mood, how) = match as_recorded {
                true => (Mood::Bad, "breaks its invariant, exactly as recorded"),
                false => (Mood::Bad, "breaks its invariant, but not as recorded"),
            };
            page.headline(mood, &format!("✗ {path}: {how}"));
            page.row("broken", &format!("{}: {reason}", report.invariant));
            let behind = match *after as u64 == recorded {
                _ if report.of_run => format!("a run of {}, made again", of(*after as u64, "step")),
                true => format!("the last of {}", of(recorded, "step")),
                false => format!("step {after} of {recorded}"),
            };
            page.row("behind", &behind);
        }
        ReplayOutcome::RanToEnd => {
            page.headline(Mood::Good, &format!("✓ {path}: no longer breaks its invariant"));
            match report.of_run {
                true => {
                    page.row("met", &format!("{}, when its run was made again", report.invariant))
                }
                false => {
                    page.row("held", &format!("{} all the way", report.invariant));
                    page.row("behind", &format!("all of {}", of(recorded, "step")));
                }
            }
        }
        ReplayOutcome::WentAnotherWay { at, step, why, enabled } => {
            if report.of_run {
                page.headline(Mood::Unsure, &format!("? {path}: its run ends in another way"));
                page.row("ended at", &format!("step {at}: {step}"));
                page.row("why", why);
                return in_what(page, report);
            }
            page.headline(Mood::Good, &format!("✓ {path}: went another way, so nothing broke"));
            page.row("held", &format!("{} up to there", report.invariant));
            page.row("parted at", &format!("step {at} of {recorded}: {step}"));
            page.row("why", why);
            let mut label = "possible";
            for other in enabled {
                page.row(label, other);
                label = "";
            }
            if enabled.is_empty() {
                page.row(label, "nothing at all");
            }
        }
    }
    in_what(page, report);
}

fn in_what(page: &mut Page, report: &ReplayReport) {
    let bug = report.bug.as_ref().map(|bug| format!(" with bug {bug}")).unwrap_or_default();
    page.row("in", &format!("{} {}{bug}", report.model, report.scenario));
}
