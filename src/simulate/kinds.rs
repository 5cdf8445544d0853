//! Which failures are of one kind, so that several different ones are kept and not the same one
//! again and again.

use serde::{Deserialize, Serialize};

use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::situation::Violation;

/// The first failing run of its kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its number.
    pub run: u64,
    /// The invariant that does not hold.
    pub invariant: String,
    /// Why.
    pub reason: String,
    /// How many failing runs are of its kind, itself among them.
    pub alike: u64,
}

impl Kept {
    /// What it found.
    pub(super) fn violation(&self) -> Violation {
        Violation { invariant: self.invariant.clone(), reason: self.reason.clone() }
    }
}

/// The kinds of failure that a campaign has seen, up to so many.
///
/// Two failures are of one kind where the same invariant breaks and the reasons differ in nothing but
/// numbers and the names of nodes.
pub(super) struct Kinds {
    names: Vec<String>,
    most: usize,
    shapes: Vec<(String, String)>,
    pub(super) kept: Vec<Kept>,
}

impl Kinds {
    /// No failure yet.
    pub(super) fn none<P: Protocol>(scenario: &Scenario<P>, most: usize) -> Kinds {
        let names = scenario.node_ids().map(|node| scenario.node_name(node)).collect();
        Kinds { names, most: most.max(1), shapes: Vec::new(), kept: Vec::new() }
    }

    /// Those that were kept before.
    pub(super) fn go_on(&mut self, kept: &[Kept]) {
        for one in kept {
            self.shapes.push(self.shape(&one.violation()));
            self.kept.push(one.clone());
        }
    }

    /// Notes that a run failed. Whether it is kept: it is the first of its kind.
    pub(super) fn note(&mut self, run: u64, violation: &Violation) -> bool {
        let shape = self.shape(violation);
        match self.shapes.iter().position(|known| *known == shape) {
            Some(known) => {
                self.kept[known].alike += 1;
                false
            }
            None if self.kept.len() < self.most => {
                let Violation { invariant, reason } = violation.clone();
                self.shapes.push(shape);
                self.kept.push(Kept { run, invariant, reason, alike: 1 });
                true
            }
            None => false,
        }
    }

    fn shape(&self, violation: &Violation) -> (String, String) {
        (violation.invariant.clone(), shape_of(&violation.reason, &self.names))
    }
}

/// A reason without its numbers and the names of nodes. Several in a row are as good as one, so that
/// lists of different lengths are alike.
fn shape_of(reason: &str, names: &[String]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = reason;
    while let Some(first) = rest.chars().next() {
        let of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let end = match of_word(first) {
            true => rest.find(|letter| !of_word(letter)).unwrap_or(rest.len()),
            false => rest.find(of_word).unwrap_or(rest.len()),
        };
        let (word, behind) = rest.split_at(end);
        rest = behind;
        let word = match word {
            name if names.iter().any(|known| known == name) || is_node(name) => "#".to_string(),
            other => without_numbers(other),
        };
        let again = word == "#" && words.len() >= 2 && words[words.len() - 2] == "#";
        let between = words.last().is_some_and(|between| between.trim().len() <= 1);
        if again && between {
            words.pop();
        } else {
            words.push(word);
        }
    }
    words.concat()
}

/// Whether a word is a node as nodes are printed.
fn is_node(word: &str) -> bool {
    let number = word.strip_prefix('n').and_then(|digits| digits.parse().ok());
    number.is_some_and(|number: u8| NodeId(number).to_string() == word)
}

/// A word with `#` for each number in it.
fn without_numbers(word: &str) -> String {
    let mut shape = String::new();
    for letter in word.chars() {
        match letter.is_ascii_digit() {
            true if shape.ends_with('#') => {}
            true => shape.push('#'),
            false => shape.push(letter),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_alike_where_they_differ_in_numbers_and_names_only() {
        let names = ["alice".to_string(), "bob".to_string()];
        let shape = |reason: &str| shape_of(reason, &names);
        for (one, other, alike) in [
            ("alice enters while bob is inside", "bob enters while alice is inside", true),
            ("n1 leads term 12", "n20 leads term 3", true),
            ("slot 3 has x7 and x12", "slot 14 has x8 and x9", true),
            ("lost [1, 2, 3] at n0", "lost [4] at n2", true),
            ("lost [1, 2, 3] at n0", "kept [1, 2, 3] at n0", false),
            ("alice is late", "alicia is late", false),
            ("nobody is late", "n1 is late", false),
            ("a: 1; b: 2", "a: 1", false),
        ] {
            assert_eq!(shape(one) == shape(other), alike, "{one} / {other}: {}", shape(one));
        }
    }
}
