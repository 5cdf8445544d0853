//! What a step changed in a node: the differing places of two values, from their printed form.

use std::fmt::Debug;

use super::shape::{Shape, folded};

/// Values are folded to this many columns.
const WIDEST: usize = 60;

/// A value as it printed itself, read once for all it is compared with.
pub(super) struct Printout {
    text: String,
    shape: Shape,
}

impl Printout {
    pub(super) fn of(value: &impl Debug) -> Self {
        let text = format!("{value:?}");
        Printout { shape: Shape::clear(&text), text }
    }

    /// The differing places of two values, a line each: `term: 1 → 2`, `log: + [(1, x)]`.
    pub(super) fn changes_to(&self, after: &Printout) -> Vec<String> {
        if self.text == after.text {
            return Vec::new();
        }
        let mut found = Vec::new();
        compare("", &self.shape, &after.shape, &mut found);
        if found.is_empty() {
            // The texts differ in nothing that their shapes show, such as spaces.
            let (before, after) = (folded(&self.text, WIDEST), folded(&after.text, WIDEST));
            note("", &format!("{before} → {after}"), &mut found);
        }
        found
    }
}

fn compare(path: &str, before: &Shape, after: &Shape, found: &mut Vec<String>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Shape::Struct { name, fields }, Shape::Struct { name: other, fields: others })
            if name == other && fields.iter().map(|f| &f.0).eq(others.iter().map(|f| &f.0)) =>
        {
            for ((field, old), (_, new)) in fields.iter().zip(others) {
                compare(&below(path, field), old, new, found);
            }
        }
        (Shape::Tuple { name, items }, Shape::Tuple { name: other, items: others })
            if name == other && items.len() == others.len() =>
        {
            match (items.as_slice(), others.as_slice()) {
                ([old], [new]) if !matches!((old, new), (Shape::Atom(_), Shape::Atom(_))) => {
                    compare(path, old, new, found);
                }
                _ if before.to_string().chars().count() <= WIDEST / 2 => {
                    note(path, &replaced(before, after), found);
                }
                _ => {
                    for (at, (old, new)) in items.iter().zip(others).enumerate() {
                        compare(&below(path, &at.to_string()), old, new, found);
                    }
                }
            }
        }
        (Shape::List(items), Shape::List(others)) => compare_lists(path, items, others, found),
        (Shape::Set(items), Shape::Set(others)) => {
            let lost = items.iter().filter(|item| !others.contains(item)).collect();
            let won = others.iter().filter(|item| !items.contains(item)).collect();
            note(path, &shrunk_and_grown(lost, won, Shape::Set), found);
        }
        (Shape::Map(entries), Shape::Map(others)) => compare_maps(path, entries, others, found),
        (Shape::Map(entries), Shape::Set(others)) if others.is_empty() => {
            compare_maps(path, entries, &[], found);
        }
        (Shape::Set(items), Shape::Map(others)) if items.is_empty() => {
            compare_maps(path, &[], others, found);
        }
        _ => note(path, &replaced(before, after), found),
    }
}

/// Lists that share their ends grew or shrank in between; lists of the same length changed place
/// by place.
fn compare_lists(path: &str, before: &[Shape], after: &[Shape], found: &mut Vec<String>) {
    if before.len() == after.len() {
        let differing = before.iter().zip(after).filter(|(old, new)| old != new).count();
        if differing <= 2 || differing * 2 <= before.len() {
            for (at, (old, new)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}[{at}]"), old, new, found);
            }
            return;
        }
    }
    let shortest = before.len().min(after.len());
    let head = before.iter().zip(after).take_while(|(old, new)| old == new).count();
    let ends = before.iter().rev().zip(after.iter().rev());
    let tail = ends.take(shortest - head).take_while(|(old, new)| old == new).count();
    let lost = before[head..before.len() - tail].iter().collect();
    let won = after[head..after.len() - tail].iter().collect();
    note(path, &shrunk_and_grown(lost, won, Shape::List), found);
}

fn compare_maps(
    path: &str,
    before: &[(Shape, Shape)],
    after: &[(Shape, Shape)],
    found: &mut Vec<String>,
) {
    let value = |map: &[(Shape, Shape)], key: &Shape| {
        map.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    };
    for (key, old) in before {
        if let Some(new) = value(after, key) {
            compare(&format!("{path}[{key}]"), old, &new, found);
        }
    }
    let beyond = |map: &[(Shape, Shape)], other: &[(Shape, Shape)]| -> Vec<Shape> {
        map.iter()
            .filter(|(key, _)| value(other, key).is_none())
            .map(|(key, value)| Shape::Atom(format!("{key}: {value}")))
            .collect()
    };
    let (lost, won) = (beyond(before, after), beyond(after, before));
    if !(lost.is_empty() && won.is_empty()) {
        let said = shrunk_and_grown(lost.iter().collect(), won.iter().collect(), Shape::Set);
        note(path, &said, found);
    }
}

/// `− [b] + [c, d]`; only the half that is not empty.
fn shrunk_and_grown(
    lost: Vec<&Shape>,
    won: Vec<&Shape>,
    around: fn(Vec<Shape>) -> Shape,
) -> String {
    let half = |sign: char, items: Vec<&Shape>| {
        let bracketed = around(items.iter().map(|item| (*item).clone()).collect());
        (!items.is_empty()).then(|| format!("{sign} {}", bracketed.folded(WIDEST)))
    };
    let halves: Vec<String> = [half('−', lost), half('+', won)].into_iter().flatten().collect();
    halves.join(" ")
}

fn replaced(before: &Shape, after: &Shape) -> String {
    format!("{} → {}", before.folded(WIDEST), after.folded(WIDEST))
}

fn below(path: &str, field: &str) -> String {
    if path.is_empty() { field.to_string() } else { format!("{path}.{field}") }
}

fn note(path: &str, said: &str, found: &mut Vec<String>) {
    let path = if path.is_empty() { "state" } else { path };
    found.push(format!("{path}: {said}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(before: &str, after: &str) -> Vec<String> {
        let printout = |text: &str| Printout { text: text.to_string(), shape: Shape::clear(text) };
        printout(before).changes_to(&printout(after))
    }

    #[test]
    fn a_change_names_its_place_and_says_what_became_of_it() {
        for (before, after, expected) in [
            ("S { a: 1, b: 2 }", "S { a: 1, b: 2 }", vec![]),
            ("S { term: Term(1), b: 2 }", "S { term: Term(2), b: 2 }", vec!["term: 1 → 2"]),
            (
                "S { role: Follower }",
                "S { role: Candidate { votes: [n0] } }",
                vec!["role: Follower → Candidate { votes: [n0] }"],
            ),
            (
                "S { role: Candidate { votes: [n0] } }",
                "S { role: Candidate { votes: [n0, n1] } }",
                vec!["role.votes: + [n1]"],
            ),
            ("S { log: [] }", "S { log: [(1, x)] }", vec!["log: + [(1, x)]"]),
            ("S { log: [a, b, c] }", "S { log: [a] }", vec!["log: − [b, c]"]),
            ("S { log: [a, b, c] }", "S { log: [a, d] }", vec!["log: − [b, c] + [d]"]),
            ("S { log: [a, b] }", "S { log: [a, c] }", vec!["log[1]: b → c"]),
            ("[1, 2, 3, 4]", "[4, 3, 2, 1]", vec!["state: − [1, 2, 3, 4] + [4, 3, 2, 1]"]),
            ("S { m: {} }", "S { m: {n1: 3} }", vec!["m: + {n1: 3}"]),
            ("S { m: {n1: 3} }", "S { m: {} }", vec!["m: − {n1: 3}"]),
            ("S { m: {n1: 3} }", "S { m: {n1: 4, n2: 1} }", vec!["m[n1]: 3 → 4", "m: + {n2: 1}"]),
            ("S { s: {1, 2} }", "S { s: {2, 3} }", vec!["s: − {1} + {3}"]),
            ("S { p: (1, 2) }", "S { p: (1, 3) }", vec!["p: (1, 2) → (1, 3)"]),
            ("Server(S { a: 1 })", "Server(S { a: 2 })", vec!["a: 1 → 2"]),
            ("S { v: Some(n0) }", "S { v: Some(n1) }", vec!["v: Some(n0) → Some(n1)"]),
            ("A { x: 1 }", "B { x: 1 }", vec!["state: A { x: 1 } → B { x: 1 }"]),
            ("S { v: None }", "S { v: Some(n1) }", vec!["v: None → Some(n1)"]),
            ("broken {", "broken (", vec!["state: broken { → broken ("]),
            ("f(a)", "f( a)", vec!["state: f(a) → f( a)"]),
        ] {
            assert_eq!(changes(before, after), expected, "{before} to {after}");
        }
    }

    #[test]
    fn long_values_are_folded() {
        let long = format!("S {{ text: {:?} }}", "x".repeat(200));
        let [line] = changes("S { text: \"\" }", &long).try_into().expect("one change");
        assert!(line.ends_with('…'), "{line}");
        assert!(line.chars().count() < 80, "{line}");
    }
}
