//! What an exploration covered: what happened and what never did, states by depth, and what makes
//! the space large.

use splitbrain::explore::coverage::{Arm, Coverage, Forms, Kind, Lever, LeverOf, NodeForms, Sort};
use splitbrain::report::ExploreReport;

use super::{INDENT, Mood, Page, WIDTH, count, of};

/// So many parts of a node, its mail, the ledgers or the monitors are told; the rest are counted.
const TOLD: usize = 5;

/// So many levers are told.
const LEVERS: usize = 4;

/// Columns of the numbers in the table of what happened, at least.
const NUMBER: usize = 7;

/// More depths than that are drawn, but not told one by one.
const DEPTHS: usize = 40;

/// Prints what was covered, or why that is not known.
pub(crate) fn covered(page: &mut Page, report: &ExploreReport) {
    page.gap();
    let Some(coverage) = &report.coverage else {
        page.row("coverage", "not known: only the packed search keeps books of it");
        return;
    };
    page.headline(Mood::Plain, "what happened, by what the node was");
    happened(page, coverage);
    page.gap();
    page.headline(Mood::Plain, "states by depth");
    depths(page, &report.levels);
    page.gap();
    page.headline(Mood::Plain, "why the space is large");
    large(page, coverage);
}

/// A table of what happened, a row for each kind; then goals, and what never happened.
fn happened(page: &mut Page, coverage: &Coverage) {
    let text = "Counted are calls: a local state, and what happened to it, whatever the rest of \
                the world was. (n): nothing came of any of them. ·: never met.";
    page.row_of(0, "", text);
    page.gap();
    let labels: Vec<String> = coverage.kinds.iter().map(label).collect();
    let widest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let mut columns: Vec<Vec<String>> = Vec::new();
    let column = |title: &str, cell: &dyn Fn(&Kind) -> String| {
        let cells = coverage.kinds.iter().map(cell);
        [title.to_string()].into_iter().chain(cells).collect::<Vec<String>>()
    };
    for (at, variant) in coverage.variants.iter().enumerate() {
        columns.push(column(variant, &|kind| arm(kind.by_variant[at])));
    }
    if !coverage.variants.is_empty() && coverage.kinds.iter().any(|kind| beyond(kind).calls > 0) {
        columns.push(column("others", &|kind| arm(beyond(kind))));
    }
    columns.push(column("in all", &|kind| arm(Arm { calls: kind.calls, idle: kind.idle })));
    columns.push(column("idle", &idle));
    let nodes = column("  at", &|kind| format!("  {}", nodes(kind)));
    let widths: Vec<usize> = columns.iter().map(|column| width(column)).collect();
    let total = INDENT + widest + widths.iter().sum::<usize>() + width(&nodes);
    // Variants side by side, if they fit; else each kind tells of its own.
    let narrow = total > WIDTH;
    let aside = if narrow { columns.len() - 2 } else { 0 };
    for (row, label) in std::iter::once("").chain(labels.iter().map(String::as_str)).enumerate() {
        let mut line = format!("{:INDENT$}{label:<widest$}", "");
        for (column, width) in columns.iter().zip(&widths).skip(aside) {
            line.push_str(&format!("{:>width$}", column[row]));
        }
        line.push_str(&nodes[row]);
        page.line(line.trim_end());
        if narrow && row > 0 {
            by_variant(page, coverage, &coverage.kinds[row - 1]);
        }
    }
    page.gap();
    page.list("goals", &goals(coverage), ", ");
    let never = coverage
        .never
        .iter()
        .map(|never| format!("{} {} ({})", sort(never.sort), folded(&never.name, TEXT), never.why));
    page.list("never", &never.collect::<Vec<_>>(), " · ");
}

/// The variants of one kind, where a table of all would be too wide.
fn by_variant(page: &mut Page, coverage: &Coverage, kind: &Kind) {
    let variants = coverage.variants.iter().zip(&kind.by_variant);
    let met = variants.filter(|(_, met)| met.calls > 0);
    let told: Vec<String> = met.map(|(name, met)| format!("{name} {}", arm(*met))).collect();
    page.row_of(INDENT, "", &told.join(" · "));
}

/// The columns a column of the table takes, with the gap before it.
fn width(column: &[String]) -> usize {
    column.iter().map(|cell| cell.chars().count() + 2).max().unwrap_or(0).max(NUMBER)
}

/// Calls of local states that were not looked at.
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
        (of, false) => format!("{} {}", sort(of), kind.name),
    }
}

/// The nodes where it happened, runs of them shortened: `n0–n2 n4`.
fn nodes(kind: &Kind) -> String {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for node in &kind.nodes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == node.0 => *last = node.0,
            Some(_) | None => runs.push((node.0, node.0)),
        }
    }
    let told = runs.iter().map(|(first, last)| match last - first {
        0 => format!("n{first}"),
        1 => format!("n{first} n{last}"),
        _ => format!("n{first}–n{last}"),
    });
    told.collect::<Vec<_>>().join(" ")
}

fn goals(coverage: &Coverage) -> Vec<String> {
    let goals = coverage.goals.iter().filter(|(goal, _)| {
        !coverage.never.iter().any(|never| never.sort == Sort::Goal && never.name == *goal)
    });
    goals
        .map(|(goal, calls)| match calls {
            Some(calls) => format!("{goal} by {}", of(*calls, "call")),
            None => format!("{goal} in the nodes"),
        })
        .collect()
}

/// A little picture of the levels, and their numbers if they are not too many.
fn depths(page: &mut Page, levels: &[usize]) {
    const MARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let room = WIDTH - INDENT - super::LABEL;
    let each = levels.len().div_ceil(room).max(1);
    let sums: Vec<usize> = levels.chunks(each).map(|levels| levels.iter().sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(0).max(1);
    let mark = |states: &usize| MARKS[(states * (MARKS.len() - 1)).div_ceil(most)];
    let picture: String = sums.iter().map(mark).collect();
    page.row(&format!("0 to {}", levels.len().saturating_sub(1)), &picture);
    let peak = levels.iter().copied().max().unwrap_or(0);
    let at = levels.iter().position(|&states| states == peak).unwrap_or(0);
    let last = levels.last().copied().unwrap_or(0);
    let most = format!(
        "{} at depth {at}, and {} at the last",
        of(peak as u64, "state"),
        count(last as u64)
    );
    let each = match each {
        1 => String::new(),
        _ => format!("; {each} depths a mark"),
    };
    page.row("most", &format!("{most}{each}"));
    if levels.len() <= DEPTHS {
        let told: Vec<String> = levels.iter().map(|states| count(*states as u64)).collect();
        page.list("each", &told, " · ");
    }
}

/// What each part of a state can be, and what to bound first.
fn large(page: &mut Page, coverage: &Coverage) {
    let text = "A state is a slot of each node (a local state with a mailbox), what is spent of the \
                budgets, and what monitors remember. `log 12 → 4` reads: without `log`, 4 of 12 \
                would be left.";
    page.row_of(0, "", text);
    page.gap();
    for node in &coverage.nodes {
        of_node(page, node);
    }
    of_forms(page, "budgets", &coverage.budgets, "amount", "amounts spent");
    of_forms(page, "monitors", &coverage.monitors, "memory", "memories");
    page.gap();
    let levers = coverage.levers();
    let mut label = "bound first";
    for lever in levers.iter().take(LEVERS) {
        page.row(label, &told(lever));
        label = "";
    }
    if levers.is_empty() {
        page.row(label, "nothing: no part could be left out");
    }
}

fn of_node(page: &mut Page, node: &NodeForms) {
    let (locals, mails) = (&node.locals, &node.mails);
    let slots = format!(
        "{}: {} with {} of up to {}",
        of(node.slots as u64, "slot"),
        of(locals.count as u64, "local state"),
        many(mails.count, "mailbox", "mailboxes"),
        of(node.most_letters as u64, "message")
    );
    page.row(&node.node.to_string(), &slots);
    page.row("  state", &parts(locals));
    page.row("  mail", &parts(mails));
}

fn of_forms(page: &mut Page, label: &str, forms: &Forms, one: &str, several: &str) {
    let parts = parts(forms);
    let told = many(forms.count, one, several);
    page.row(label, &if parts.is_empty() { told } else { format!("{told}: {parts}") });
}

/// The parts by which forms differ.
fn parts(forms: &Forms) -> String {
    let saves = |without: usize| without < forms.different;
    let mut told: Vec<String> = forms
        .parts
        .iter()
        .filter(|part| saves(part.without))
        .take(TOLD)
        .map(|part| {
            let says = match &part.says {
                Some(says) => format!("{}: {says}", many(part.values, "value", "values")),
                None => many(part.values, "value", "values"),
            };
            let (from, to) = (count(forms.different as u64), count(part.without as u64));
            format!("{} {from} → {to} ({says})", part.name)
        })
        .collect();
    let saving = forms.parts.iter().filter(|part| saves(part.without)).count();
    if saving > TOLD {
        told.push(format!("{} more", saving - TOLD));
    }
    let idle: Vec<&str> = forms
        .parts
        .iter()
        .filter(|part| !saves(part.without))
        .map(|part| part.name.as_str())
        .collect();
    if !idle.is_empty() {
        told.push(format!("nothing less without {}", idle.join(", ")));
    }
    if forms.looked_at < forms.count {
        told.push(format!("only the first {} looked at", count(forms.looked_at as u64)));
    }
    told.join(" · ")
}

fn told(lever: &Lever) -> String {
    let what = match lever.of {
        LeverOf::Field => format!("field {}, local states", lever.name),
        LeverOf::Messages if lever.name.is_empty() => "messages, mailboxes".to_string(),
        LeverOf::Messages => format!("messages {}, mailboxes", lever.name),
        LeverOf::Budget => format!("budget {}, amounts spent", lever.name),
        LeverOf::Monitor => format!("monitor {}, memories", lever.name),
    };
    let gains = lever.gains.iter().map(|(node, with, without)| {
        let at = node.map(|node| format!(" at {node}")).unwrap_or_default();
        format!("{} → {}{at}", count(*with as u64), count(*without as u64))
    });
    let gains: Vec<String> = gains.collect();
    match gains.len().checked_sub(TOLD) {
        Some(more) if more > 0 => {
            format!("{what} {}, and {more} nodes more", gains[..TOLD].join(", "))
        }
        Some(_) | None => format!("{what} {}", gains.join(", ")),
    }
}

fn many(number: usize, one: &str, several: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { several })
}

/// Names longer than that are cut.
const TEXT: usize = 40;

fn folded(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => format!("{}…", text.chars().take(width - 1).collect::<String>()),
        false => text.to_string(),
    }
}
