//! What happened, as a table: a row for each kind, a column for each thing a node can be.

use splitbrain::explore::coverage::{Arm, Coverage, Kind, Sort};
use splitbrain::report::ExploreReport;

use super::nodes;
use crate::print::{INDENT, Page, WIDTH, count, of};

/// Columns before a number.
const GAP: usize = 2;

/// Names longer than that are cut.
const LONGEST: usize = 40;

const LEGEND: &str = "A call is a local state and what happened to it, counted once, whatever the \
                      rest of the world was. Of idle calls nothing came; of (n), nothing ever did. \
                      ·: never met.";

/// The table, then goals, and what never happened.
pub(super) fn happened(page: &mut Page, report: &ExploreReport, coverage: &Coverage) {
    page.row_of(0, "", LEGEND);
    if !report.exhausted {
        page.row_of(0, "", "The search ended early: what it asked ahead of its end counts, too.");
    }
    if coverage.begun_at > 0 {
        let steps = of(coverage.begun_at as u64, "step");
        page.row_of(0, "", &format!("Not counted are the first {steps}: prefix and waypoints."));
    }
    page.gap();
    table(page, coverage);
    page.gap();
    page.list("goals", &goals(coverage), ", ");
    let never = coverage
        .never
        .iter()
        .map(|never| format!("{} {} ({})", sort(never.sort), folded(&never.name), never.why));
    page.list("never", &never.collect::<Vec<_>>(), " · ");
}

/// A column: its title in two lines, and a cell for each kind.
struct Column {
    title: (String, String),
    cells: Vec<String>,
}

impl Column {
    fn new(title: &str, kinds: &[Kind], cell: impl Fn(&Kind) -> String) -> Column {
        let (first, second) = title.rsplit_once(' ').unwrap_or(("", title));
        let title = (first.to_string(), second.to_string());
        Column { title, cells: kinds.iter().map(cell).collect() }
    }

    fn width(&self) -> usize {
        let cells = self.cells.iter().chain([&self.title.0, &self.title.1]);
        GAP + cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    }
}

fn table(page: &mut Page, coverage: &Coverage) {
    let kinds = &coverage.kinds;
    if kinds.is_empty() {
        return page.row("calls", "none: nothing happened");
    }
    let mut by_variant: Vec<Column> = coverage
        .variants
        .iter()
        .enumerate()
        .map(|(at, variant)| Column::new(variant, kinds, |kind| arm(kind.by_variant[at])))
        .collect();
    if !by_variant.is_empty() && kinds.iter().any(|kind| beyond(kind).calls > 0) {
        by_variant.push(Column::new("others", kinds, |kind| arm(beyond(kind))));
    }
    let rest = [
        Column::new("all", kinds, |kind| arm(Arm { calls: kind.calls, idle: kind.idle })),
        Column::new("idle", kinds, idle),
    ];
    let labels: Vec<String> = kinds.iter().map(label).collect();
    let widest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let at: Vec<String> = kinds.iter().map(|kind| nodes(&kind.nodes)).collect();
    let last = GAP + at.iter().map(|at| at.chars().count()).max().unwrap_or(0);
    let numbers = by_variant.iter().chain(&rest).map(Column::width).sum::<usize>();
    // Variants side by side, if they fit; else each kind tells of its own below.
    let fits = INDENT + widest + numbers + last <= WIDTH;
    let shown: Vec<&Column> = by_variant.iter().filter(|_| fits).chain(&rest).collect();
    let line = |label: &str, cell: &dyn Fn(&Column) -> String, at: &str| {
        let numbers = shown.iter().map(|column| format!("{:>1$}", cell(column), column.width()));
        let numbers: String = numbers.collect();
        format!("{:INDENT$}{label:<widest$}{numbers}{:GAP$}{at}", "", "").trim_end().to_string()
    };
    if shown.iter().any(|column| !column.title.0.is_empty()) {
        page.line(&line("", &|column| column.title.0.clone(), ""));
    }
    page.line(&line("", &|column| column.title.1.clone(), "at"));
    for (row, label) in labels.iter().enumerate() {
        page.line(&line(label, &|column| column.cells[row].clone(), &at[row]));
        if !fits {
            let names = coverage.variants.iter().map(String::as_str).chain(["others"]);
            let told = names.zip(&by_variant).filter(|(_, column)| column.cells[row] != "·");
            let told = told.map(|(name, column)| format!("{name} {}", column.cells[row]));
            page.row_of(GAP, "", &told.collect::<Vec<_>>().join(" · "));
        }
    }
}

/// Calls of local states that were not looked at, or have no variant.
fn beyond(kind: &Kind) -> Arm {
    let calls = kind.calls - kind.by_variant.iter().map(|arm| arm.calls).sum::<u64>();
    let idle = kind.idle - kind.by_variant.iter().map(|arm| arm.idle).sum::<u64>();
    Arm { calls, idle }
}

fn arm(arm: Arm) -> String {
    match arm {
        Arm { calls: 0, .. } => "·".to_string(),
        Arm { calls, idle } if calls == idle => format!("({})", count(calls)),
        Arm { calls, .. } => count(calls),
    }
}

/// How many calls were idle, where that is asked.
fn idle(kind: &Kind) -> String {
    match kind.sort {
        Sort::Message | Sort::Timer | Sort::Input => count(kind.idle),
        Sort::Fault | Sort::Event | Sort::Goal => String::new(),
    }
}

fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Message => "message",
        Sort::Timer => "timer",
        Sort::Input => "input",
        Sort::Fault => "fault",
        Sort::Event => "event",
        Sort::Goal => "goal",
    }
}

fn label(kind: &Kind) -> String {
    match (kind.sort, kind.name.is_empty()) {
        (Sort::Fault, _) => kind.name.clone(),
        (of, true) => sort(of).to_string(),
        (of, false) => format!("{} {}", sort(of), folded(&kind.name)),
    }
}

/// The goals that were reached, and by how many calls.
fn goals(coverage: &Coverage) -> Vec<String> {
    let missed = |goal: &str| {
        let mut goals = coverage.never.iter().filter(|never| never.sort == Sort::Goal);
        goals.any(|never| never.name == goal)
    };
    let reached = coverage.goals.iter().filter(|(goal, _)| !missed(goal));
    reached
        .map(|(goal, calls)| match calls {
            Some(calls) => format!("{goal} by {}", of(*calls, "call")),
            None => format!("{goal} (seen in the nodes)"),
        })
        .collect()
}

fn folded(text: &str) -> String {
    match text.chars().count() > LONGEST {
        true => format!("{}…", text.chars().take(LONGEST - 1).collect::<String>()),
        false => text.to_string(),
    }
}
