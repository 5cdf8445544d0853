//! What shrinking came to.

use splitbrain::report::ShrinkReport;

use super::{Mood, Page, counterexample, of};

/// Prints what shrinking came to, and where it is.
pub(crate) fn shrunk(page: &mut Page, report: &ShrinkReport, path: &str, program: &str) {
    let one = &report.counterexample;
    let (before, after) = (of(report.before as u64, "step"), one.steps as u64);
    let text = match one.steps < report.before {
        _ if one.plan.is_some() => format!("✓ a run of {before}, its plan made simple"),
        true => format!("✓ {before} became {after}"),
        false => format!("✓ {before}, and no shorter way was found"),
    };
    page.headline(Mood::Good, &text);
    page.row("broken", &format!("{}: {}", one.invariant, one.reason));
    page.row("stages", &counterexample::stages(&report.stages));
    if let Some(plan) = &one.plan {
        super::simulate::plan(page, "left", plan);
    }
    page.row("tried", &of(report.tries, if one.plan.is_some() { "run" } else { "trace" }));
    counterexample::size(page, one);
    counterexample::story(page, one);
    counterexample::saved(page, program, Some(path));
}
