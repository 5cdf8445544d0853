//! What makes the space large: what each part of a state can be, and what to bound first.

use splitbrain::NodeId;
use splitbrain::explore::DeadMail;
use splitbrain::explore::coverage::{Coverage, Forms, Lever, LeverOf, NodeForms, Part, Sort};
use splitbrain::report::ExploreReport;

use super::{many, nodes};
use crate::print::{LABEL, Page, count, of};

/// So many parts of each thing are told; the rest are counted.
const TOLD: usize = 6;

/// So many things to bound are told.
const LEVERS: usize = 4;

const LEGEND: &str = "A state is a slot of each node (a local state with a mailbox), what is spent \
                      of the budgets, and what monitors remember. \"4 without log\" reads: were it \
                      not for log, only 4 different ones would be left.";

const CAVEAT: &str = "These are counts of the parts: how many states it saves depends on how often \
                      they occur together.";

/// What each part of a state can be, and what to bound first.
pub(super) fn large(page: &mut Page, report: &ExploreReport, coverage: &Coverage) {
    page.row_of(0, "", LEGEND);
    for alike in alike(&coverage.nodes) {
        page.gap();
        of_nodes(page, &alike);
    }
    page.gap();
    parts(page, "budgets", &coverage.budgets, ("amount spent", "amounts spent"));
    parts(page, "monitors", &coverage.monitors, ("memory", "memories"));
    page.gap();
    let levers = coverage.levers();
    let mut label = "bound first";
    for lever in levers.iter().take(LEVERS) {
        page.row(label, &told(lever));
        label = "";
    }
    page.row(label, if levers.is_empty() { "nothing: all of it is small" } else { CAVEAT });
    page.row("idle mail", &idle_mail(report, coverage));
}

/// Nodes that can be the same, told once.
fn alike(all: &[NodeForms]) -> Vec<Vec<&NodeForms>> {
    let mut groups: Vec<Vec<&NodeForms>> = Vec::new();
    for node in all {
        let like = |group: &&mut Vec<&NodeForms>| {
            NodeForms { node: node.node, ..group[0].clone() } == *node
        };
        match groups.iter_mut().find(like) {
            Some(group) => group.push(node),
            None => groups.push(vec![node]),
        }
    }
    groups
}

fn of_nodes(page: &mut Page, alike: &[&NodeForms]) {
    let all: Vec<NodeId> = alike.iter().map(|node| node.node).collect();
    let NodeForms { slots, locals, mails, most_letters, .. } = alike[0];
    let slots = format!(
        "{}: {} and {} of up to {}",
        many(*slots, "slot", "slots"),
        many(locals.count, "local state", "local states"),
        many(mails.count, "mailbox", "mailboxes"),
        of(*most_letters as u64, "message")
    );
    let each = if all.len() > 1 { ", each" } else { "" };
    page.row(&format!("{}{each}", nodes(&all)), &slots);
    parts(page, "  state", locals, ("local state", "local states"));
    parts(page, "  mail", mails, ("mailbox", "mailboxes"));
}

/// How many forms there are, and how many would be left without each part.
fn parts(page: &mut Page, label: &str, forms: &Forms, (one, several): (&str, &str)) {
    let mut total = many(forms.count, one, several);
    if forms.looked_at < forms.count {
        total =
            format!("{total}, of which the first {} are looked at", count(forms.looked_at as u64));
    }
    page.row(label, &total);
    let saving: Vec<&Part> =
        forms.parts.iter().filter(|part| part.without < forms.different).collect();
    let told = &saving[..saving.len().min(TOLD)];
    let digits = count(forms.different as u64).len();
    let name = |part: &Part| if part.name.is_empty() { "messages" } else { &part.name }.to_string();
    let widest = told.iter().map(|part| name(part).chars().count()).max().unwrap_or(0);
    for part in told {
        let without = count(part.without as u64);
        let name = name(part);
        let says = part.says.iter().map(|says| format!(": {says}")).collect::<String>();
        let values = many(part.values, "value", "values");
        let label = format!("{:LABEL$}{without:>digits$} without {name:<widest$}  ", "");
        page.row_of(label.chars().count(), &label, &format!("{values}{says}"));
    }
    let mut rest: Vec<String> = Vec::new();
    if saving.len() > TOLD {
        rest.push(format!("fewer without any of {} more", saving.len() - TOLD));
    }
    let others: Vec<&str> = forms
        .parts
        .iter()
        .filter(|part| part.without >= forms.different)
        .map(|part| part.name.as_str())
        .collect();
    if !others.is_empty() {
        rest.push(format!("no fewer without {}", others.join(", ")));
    }
    let label = " ".repeat(LABEL + digits + 1);
    page.row_of(label.len(), &label, &rest.join("; "));
}

fn told(lever: &Lever) -> String {
    let name = &lever.name;
    let what = match lever.of {
        // `its clock` is no field of the state.
        LeverOf::Field if name.contains(' ') => format!("{name}: local states"),
        LeverOf::Field => format!("field {name}: local states"),
        LeverOf::Messages => format!("message {name}: mailboxes"),
        LeverOf::Budget => format!("budget {name}: amounts spent"),
        LeverOf::Monitor => format!("monitor {name}: memories"),
    };
    let mut alike: Vec<(usize, usize, Vec<NodeId>)> = Vec::new();
    for (node, with, without) in &lever.gains {
        match alike.iter_mut().find(|(one, other, _)| (one, other) == (with, without)) {
            Some((.., all)) => all.extend(node),
            None => alike.push((*with, *without, node.iter().copied().collect())),
        }
    }
    let gains = alike.iter().map(|(with, without, all)| {
        let at = if all.is_empty() { String::new() } else { format!(" at {}", nodes(all)) };
        format!("{} → {}{at}", count(*with as u64), count(*without as u64))
    });
    let more = alike.len().saturating_sub(TOLD);
    let gains: Vec<String> = gains.take(TOLD).collect();
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{what} {}{more}", gains.join(", "))
}

/// Messages of which mostly nothing comes, while nobody has said that they are dead.
fn idle_mail(report: &ExploreReport, coverage: &Coverage) -> String {
    let messages = coverage.kinds.iter().filter(|kind| kind.sort == Sort::Message);
    let idle: Vec<String> = messages
        .filter(|kind| kind.idle * 2 > kind.calls)
        .map(|kind| {
            let (idle, calls) = (count(kind.idle), count(kind.calls));
            format!("{} in {idle} of {calls} calls", kind.name)
        })
        .collect();
    if idle.is_empty() {
        return String::new();
    }
    let idle = format!("mostly nothing comes of {}", idle.join(", "));
    match &report.searched.dead_mail {
        DeadMail::None => format!(
            "{idle}; where that is so for good, Protocol::ignores lets the search forget them"
        ),
        DeadMail::Kept { why } => format!("{idle}; dead mail is kept ({why})"),
        DeadMail::Forgotten { .. } | DeadMail::Refuted { .. } => String::new(),
    }
}
