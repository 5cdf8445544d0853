//! A history that was held to an object.

use serde_json::{Value, json};

use super::lanes::{Bar, picture};
use super::{Mood, Page, count, of};
use crate::history::objects::{Looked, Operation, Situation, Told};

/// Columns that the picture may take.
const WIDEST: usize = 96;
/// Operations that the picture may show.
const MOST: usize = 10;

/// Prints what came of a history; `why` says what ended the search early.
pub(crate) fn looked_at(page: &mut Page, name: &str, looked: &Looked, why: &str) {
    let (mood, sign, word) = match &looked.told {
        Told::Holds => (Mood::Good, "✓", "holds"),
        Told::Violated { .. } => (Mood::Bad, "✗", "violated"),
        Told::Inconclusive { .. } => (Mood::Unsure, "?", "inconclusive"),
        Told::Vacuous => (Mood::Unsure, "∅", "vacuous"),
    };
    let object = looked.object.words();
    page.headline(mood, &format!("{sign} {name}, as a {object}, linearizable: {word}"));
    let places = Places::of(looked);
    match &looked.told {
        Told::Holds => {}
        Told::Violated { operation, key, situations, .. } => {
            page.row("broken", &broken(looked, &places, *operation, key.as_deref(), situations));
        }
        Told::Inconclusive { reached, key } => {
            let (key, one) = (of_key(key.as_deref()), &looked.operations[*reached]);
            page.row(
                "why",
                &format!(
                    "{why}, about to place {} by process {}{key} ({})",
                    told(one),
                    one.process,
                    places.of_operation(one)
                ),
            );
        }
        Told::Vacuous => page.row("why", "no operation has ended, so none can be wrong"),
    }
    page.row("covered", &covered(looked));
    let Told::Violated { operation, own, placed, situations, others, key } = &looked.told else {
        return;
    };
    page.list("could be", &states(situations), " · ");
    if *others > 0 {
        page.row("besides", &format!("{} is violated, too", of(*others as u64, "other key")));
    }
    let window = Window::around(looked, *operation, own, placed);
    page.gap();
    page.block(&window.drawn);
    page.gap();
    let of_key = of_key(key.as_deref());
    if window.placed.is_empty() {
        page.line(&format!("Nothing{of_key} has to be placed before it."));
    } else {
        let all = match window.placed.len() == placed.len() {
            true => format!("What can be placed before it{of_key}, in this order:"),
            false => format!(
                "{} can be placed before it{of_key}. The last of them, in this order:",
                count(placed.len() as u64)
            ),
        };
        page.line(&all);
        for (at, number) in window.placed.iter().enumerate() {
            let one = &looked.operations[*number];
            let (told, place) = (told(one), places.of_operation(one));
            page.line(&format!("  [{}] process {}: {told} ({place})", at + 1, one.process));
        }
    }
    if window.left_out > 0 {
        let left = of(window.left_out as u64, "other operation");
        page.line(&format!("Not drawn: {left} open at that time."));
    }
}

fn of_key(key: Option<&str>) -> String {
    key.map(|key| format!(" of key {key}")).unwrap_or_default()
}

fn told(one: &Operation) -> String {
    match &one.answered {
        Some(answer) if says_something(answer) => format!("{} → {answer}", one.asked),
        Some(_) | None => one.asked.clone(),
    }
}

/// Whether an answer is more than that the operation was done.
fn says_something(answer: &str) -> bool {
    !["written", "swapped", "granted", "released", "enqueued"].contains(&answer)
}

fn broken(
    looked: &Looked,
    places: &Places,
    operation: usize,
    key: Option<&str>,
    situations: &[Situation],
) -> String {
    const SHOWN: usize = 6;
    let one = &looked.operations[operation];
    let mut answers: Vec<&str> = situations.iter().map(|one| one.answer.as_str()).collect();
    answers.sort_unstable();
    answers.dedup();
    let more = answers.len().saturating_sub(SHOWN);
    answers.truncate(SHOWN);
    let more = if more > 0 { format!(" and {} more", count(more as u64)) } else { String::new() };
    let possible = match answers.as_slice() {
        [one] => format!("the only answer possible there is {one}"),
        answers => format!("the answers possible there are {}{more}", answers.join(", ")),
    };
    let asked = &one.asked;
    let answer = one.answered.as_deref().unwrap_or_default();
    let (process, key, place) = (one.process, of_key(key), places.of_operation(one));
    format!("process {process}: {asked}{key} → {answer} ({place}) cannot be placed: {possible}")
}

/// The states the object could be in, a few of them.
fn states(situations: &[Situation]) -> Vec<String> {
    const SHOWN: usize = 8;
    let mut states: Vec<String> = situations.iter().map(|one| one.state.clone()).collect();
    states.dedup();
    let more = states.len().saturating_sub(SHOWN);
    states.truncate(SHOWN);
    if more > 0 {
        states.push(format!("{} more", count(more as u64)));
    }
    states
}

fn covered(looked: &Looked) -> String {
    let mut said = of(looked.operations.len() as u64, "operation");
    said.push_str(&format!(" of {}", many(looked.processes as u64, "process", "processes")));
    if let Some(keys) = looked.keys {
        said.push_str(&format!(" on {}", of(keys as u64, "key")));
    }
    if looked.unknown > 0 {
        said.push_str(&format!(", {} of unknown outcome", count(looked.unknown as u64)));
    }
    if looked.failed > 0 {
        said.push_str(&format!(
            ", {} that failed and count as never done",
            count(looked.failed as u64)
        ));
    }
    if looked.skipped > 0 {
        said.push_str(&format!("; {} skipped", of(looked.skipped as u64, "other event")));
    }
    let end = match &looked.told {
        Told::Holds => ": every operation that ended has a place",
        Told::Violated { .. } | Told::Inconclusive { .. } | Told::Vacuous => "",
    };
    format!("{said}; {} visited{end}", of(looked.states, "state"))
}

fn many(number: u64, one: &str, more: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        _ => format!("{} {more}", count(number)),
    }
}

/// How places are named: by lines, where these tell operations apart.
struct Places {
    columns: bool,
}

impl Places {
    fn of(looked: &Looked) -> Places {
        let mut lines: Vec<usize> = looked.operations.iter().map(|one| one.begun.line).collect();
        lines.dedup();
        Places { columns: lines.len() < looked.operations.len() }
    }

    fn of_operation(&self, one: &Operation) -> String {
        let place = |place: crate::history::Place| match self.columns {
            true => format!("{}:{}", place.line, place.column),
            false => place.line.to_string(),
        };
        match one.ended {
            Some(ended) => format!("lines {} and {}", place(one.begun), place(ended)),
            None => format!("line {}, without an end", place(one.begun)),
        }
    }
}

/// The operations around one that has no place, drawn.
struct Window {
    drawn: String,
    /// Those of them that have a place, in the order in which they have it.
    placed: Vec<usize>,
    /// How many were open at the time and are not drawn.
    left_out: usize,
}

impl Window {
    fn around(looked: &Looked, operation: usize, own: &[usize], placed: &[usize]) -> Window {
        let end = looked.operations[operation].to.unwrap_or(usize::MAX);
        let all = &looked.operations;
        let open: Vec<usize> = own
            .iter()
            .copied()
            .filter(|&at| at != operation && !all[at].failed && all[at].from < end)
            .filter(|&at| all[at].to.is_none_or(|to| to > end))
            .collect();
        let (ends, never): (Vec<usize>, Vec<usize>) =
            open.iter().partition(|&&at| all[at].to.is_some());
        let last: Vec<usize> = placed.iter().rev().copied().collect();
        // In the order in which they matter: what is open, what was placed last, and then the rest.
        let (few, rest) = ends.split_at(ends.len().min(3));
        let wishes = few.iter().chain(last.iter().take(6)).chain(rest).chain(never.iter().rev());
        let mut chosen = vec![operation];
        let mut drawn = draw(looked, operation, &chosen, placed, end);
        for &wish in wishes {
            if chosen.contains(&wish) || chosen.len() == MOST {
                continue;
            }
            chosen.push(wish);
            let wider = draw(looked, operation, &chosen, placed, end);
            if wider.lines().any(|line| line.chars().count() > WIDEST) {
                chosen.pop();
                break;
            }
            drawn = wider;
        }
        let of_window = placed.iter().copied().filter(|at| chosen.contains(at)).collect();
        let left_out = open.iter().filter(|at| !chosen.contains(at)).count();
        Window { drawn, placed: of_window, left_out }
    }
}

fn draw(
    looked: &Looked,
    operation: usize,
    chosen: &[usize],
    placed: &[usize],
    end: usize,
) -> String {
    const LONGEST: usize = 28;
    let order: Vec<usize> = placed.iter().copied().filter(|at| chosen.contains(at)).collect();
    let bars = chosen.iter().map(|&at| {
        let one = &looked.operations[at];
        let mark = match order.iter().position(|other| *other == at) {
            Some(place) => format!("[{}] ", place + 1),
            None if at == operation => "✗ ".to_string(),
            None => String::new(),
        };
        let mut text = format!("{mark}{}", told(one));
        if text.chars().count() > LONGEST {
            text = text.chars().take(LONGEST - 1).chain(['…']).collect();
        }
        let to = one.to.filter(|to| *to <= end);
        Bar { lane: one.process, from: one.from, to, unknown: one.to.is_none(), text }
    });
    picture(&bars.collect::<Vec<_>>())
}

/// The same as data.
pub(crate) fn in_json(name: &str, looked: &Looked, why: &str, code: u8) -> Value {
    let one = |number: usize| {
        let one = &looked.operations[number];
        json!({
            "process": one.process, "asked": one.asked, "answered": one.answered,
            "line": one.begun.line, "column": one.begun.column,
            "ended_line": one.ended.map(|place| place.line),
        })
    };
    let mut value = json!({
        "history": name, "object": looked.object.name(),
        "operations": looked.operations.len(), "processes": looked.processes,
        "keys": looked.keys, "unknown": looked.unknown, "failed": looked.failed,
        "skipped": looked.skipped, "states": looked.states, "exit_code": code,
    });
    match &looked.told {
        Told::Holds => value["verdict"] = json!("holds"),
        Told::Vacuous => value["verdict"] = json!("vacuous"),
        Told::Inconclusive { reached, key } => {
            value["verdict"] = json!("inconclusive");
            value["why"] = json!(why);
            value["key"] = json!(key);
            value["reached"] = one(*reached);
        }
        Told::Violated { operation, key, own, placed, situations, others } => {
            let window = Window::around(looked, *operation, own, placed);
            value["verdict"] = json!("violated");
            value["key"] = json!(key);
            value["unplaceable"] = one(*operation);
            value["placed"] = placed.iter().map(|&number| one(number)).collect();
            value["could_be"] = situations
                .iter()
                .map(|one| json!({ "state": one.state, "answer": one.answer }))
                .collect();
            value["other_keys_violated"] = json!(others);
            value["picture"] = json!(window.drawn);
        }
    }
    value
}
