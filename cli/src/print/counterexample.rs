//! A counterexample: how long it is, what happens in it, where it is saved and how to replay it.

use splitbrain::counterexample::FoundBy;
use splitbrain::report::CounterexampleReport;
use splitbrain::shrink::Minimality;

use super::{Page, of};

/// How short it is known to be, in words.
fn minimality(counterexample: &CounterexampleReport) -> String {
    match &counterexample.minimality {
        Minimality::Shortest { within } => {
            format!("the shortest there is ({})", within.join("; "))
        }
        Minimality::LocallyMinimal if counterexample.plan.is_some() => {
            "its plan made as simple as the effort went".to_string()
        }
        Minimality::LocallyMinimal => {
            "locally minimal: no step, pair or short window can be left out".to_string()
        }
        Minimality::AsFound => "as found".to_string(),
    }
}

/// Its size and how short it is known to be.
pub(crate) fn size(page: &mut Page, counterexample: &CounterexampleReport) {
    let (steps, nodes) = (of(counterexample.steps as u64, "step"), counterexample.nodes as u64);
    let among = of(nodes, "node");
    // What exploration proves the shortest within is the scenario's bounds, printed already.
    let short = match (&counterexample.minimality, &counterexample.found_by) {
        (Minimality::Shortest { .. }, FoundBy::Explore) => {
            "the shortest there is within these bounds".to_string()
        }
        _ => minimality(counterexample),
    };
    match &counterexample.later {
        None => page.row("trace", &format!("{steps} among {among}, {short}")),
        Some(later) => {
            page.row("run", &format!("{steps} among {among}; {short}"));
            page.row("later", later.in_words());
        }
    }
}

/// What happens in it.
pub(crate) fn story(page: &mut Page, counterexample: &CounterexampleReport) {
    page.gap();
    let text = match page.colour {
        true => counterexample.story.to_coloured_text(),
        false => counterexample.story.to_text(),
    };
    page.block(&text);
}

/// Where it is saved and how to see it again.
pub(crate) fn saved(page: &mut Page, program: &str, path: Option<&str>) {
    if let Some(path) = path {
        page.gap();
        page.whole_row("saved", path);
        page.whole_row("replay", &format!("{program} replay {path}"));
    }
}

/// Another one, in a line.
pub(crate) fn in_a_line(counterexample: &CounterexampleReport) -> String {
    let steps = of(counterexample.steps as u64, "step");
    format!("{} ({steps}): {}", counterexample.invariant, counterexample.reason)
}

/// What each stage of shrinking left, where it left something else than the one before.
pub(crate) fn stages(stages: &[(&'static str, usize, usize)]) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut before = None;
    for (stage, nodes, steps) in stages {
        if before != Some((nodes, steps)) {
            said.push(format!(
                "{stage} {}, {}",
                of(*steps as u64, "step"),
                of(*nodes as u64, "node")
            ));
        }
        before = Some((nodes, steps));
    }
    said.join(" → ")
}
