//! The shape of a value, read from what its derived `Debug` prints.
//!
//! States and messages are only known to be `Debug`, so this text is all there is to compare and
//! to shorten. Whatever does not look like derived output is an atom: nothing is ever refused.

use std::fmt;

/// Values nested deeper than this are taken as they are printed.
const DEEPEST: usize = 48;

/// A value, as printed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Shape {
    /// A number, a string, a unit variant; or whatever was not understood.
    Atom(String),
    /// `Name { field: value }`.
    Struct { name: String, fields: Vec<(String, Shape)> },
    /// `Name(value, value)`, and bare tuples, whose name is empty.
    Tuple { name: String, items: Vec<Shape> },
    /// `[value, value]`.
    List(Vec<Shape>),
    /// `{value, value}`; also an empty map, which looks the same.
    Set(Vec<Shape>),
    /// `{key: value}`.
    Map(Vec<(Shape, Shape)>),
}

impl Shape {
    /// Reads what `Debug` printed, on one line.
    pub(crate) fn read(text: &str) -> Shape {
        read_within(text.trim(), 0)
    }

    /// Reads what `Debug` printed, and drops the names of newtypes that only repeat their field's:
    /// `term: 2` for `term: Term(2)`, and for `last_term: Term(2)`. Any other name may be that of
    /// a variant, and says something.
    pub(crate) fn clear(text: &str) -> Shape {
        Shape::read(text).cleared()
    }

    fn cleared(self) -> Shape {
        let all = |items: Vec<Shape>| items.into_iter().map(Shape::cleared).collect();
        match self {
            Shape::Atom(text) => Shape::Atom(text),
            Shape::Struct { name, fields } => {
                let fields = fields.into_iter().map(|(field, value)| {
                    let value = value.cleared().without_name_repeating(&field);
                    (field, value)
                });
                Shape::Struct { name, fields: fields.collect() }
            }
            Shape::Tuple { name, items } => Shape::Tuple { name, items: all(items) },
            Shape::List(items) => Shape::List(all(items)),
            Shape::Set(items) => Shape::Set(all(items)),
            Shape::Map(entries) => {
                let cleared = |(key, value): (Shape, Shape)| (key.cleared(), value.cleared());
                Shape::Map(entries.into_iter().map(cleared).collect())
            }
        }
    }

    fn without_name_repeating(self, field: &str) -> Shape {
        match self {
            Shape::Tuple { name, mut items } if items.len() == 1 => {
                let repeats = field.replace('_', "").contains(&name.to_lowercase());
                match (items.pop(), repeats && !name.is_empty()) {
                    (Some(value @ Shape::Atom(_)), true) => value,
                    (value, _) => Shape::Tuple { name, items: value.into_iter().collect() },
                }
            }
            other => other,
        }
    }

    /// With no more spaces than needed: `Vote{term:2, for:n1}`.
    fn tight(&self) -> String {
        match self {
            Shape::Struct { name, fields } => {
                let fields = fields.iter().map(|(field, value)| match field.as_str() {
                    ".." => "..".to_string(),
                    _ => format!("{field}:{}", value.tight()),
                });
                format!("{name}{{{}}}", joined(fields))
            }
            Shape::Map(entries) => {
                let entries = entries.iter().map(|(k, v)| format!("{}:{}", k.tight(), v.tight()));
                format!("{{{}}}", joined(entries))
            }
            other => other.with(&Shape::tight),
        }
    }

    /// Without the names of fields: `Vote(2, n1)`.
    fn positional(&self) -> String {
        match self {
            Shape::Struct { name, fields } => {
                format!("{name}({})", joined(fields.iter().map(|(_, value)| value.positional())))
            }
            other => other.with(&Shape::positional),
        }
    }

    /// With `…` for what lies within that many brackets: `Leader { followers: […] }` for 1.
    fn to_depth(&self, depth: usize) -> String {
        match (self, depth) {
            (Shape::Atom(text), _) => text.clone(),
            (Shape::Struct { name, .. }, 0) => format!("{name} {{…}}"),
            (Shape::Tuple { name, items }, 0) if !items.is_empty() => format!("{name}(…)"),
            (Shape::List(items), 0) if !items.is_empty() => "[…]".to_string(),
            (Shape::Set(_) | Shape::Map(_), 0) if self.to_string() != "{}" => "{…}".to_string(),
            (_, depth) => self.with(&|part| part.to_depth(depth.saturating_sub(1))),
        }
    }

    /// In at most `width` columns: what lies deepest is left out first.
    pub(super) fn folded(&self, width: usize) -> String {
        let fits = |text: &String| text.chars().count() <= width;
        let whole = self.to_string();
        if fits(&whole) {
            return whole;
        }
        let shallower = (0..4).rev().map(|depth| self.to_depth(depth)).find(fits);
        shallower.unwrap_or_else(|| folded(&whole, width))
    }

    /// Whether it has an only field, of a plain value: its name is hardly missed.
    fn is_clear_without_names(&self) -> bool {
        match self {
            Shape::Struct { fields, .. } => matches!(fields.as_slice(), [(_, Shape::Atom(_))]),
            _ => false,
        }
    }

    /// Its text, its parts written by `part`.
    fn with(&self, part: &dyn Fn(&Shape) -> String) -> String {
        match self {
            Shape::Atom(text) => text.clone(),
            Shape::Struct { name, fields } => {
                let fields = fields.iter().map(|(field, value)| match field.as_str() {
                    ".." => "..".to_string(),
                    _ => format!("{field}: {}", part(value)),
                });
                format!("{name} {{ {} }}", joined(fields))
            }
            Shape::Tuple { name, items } => format!("{name}({})", joined(items.iter().map(part))),
            Shape::List(items) => format!("[{}]", joined(items.iter().map(part))),
            Shape::Set(items) => format!("{{{}}}", joined(items.iter().map(part))),
            Shape::Map(entries) => {
                let entries = entries.iter().map(|(k, v)| format!("{}: {}", part(k), part(v)));
                format!("{{{}}}", joined(entries))
            }
        }
    }
}

/// As it was printed.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with(&|part| part.to_string()))
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// A value as it prints itself, without names of newtypes that only repeat their field's.
pub(crate) fn clear(value: &impl fmt::Debug) -> String {
    Shape::clear(&format!("{value:?}")).to_string()
}

/// A value's text in at most `width` columns, and whether it still says everything. The name of a
/// variant is what survives longest.
pub(super) fn shortened(text: &str, width: usize) -> (String, bool) {
    let fits = |text: &str| text.chars().count() <= width;
    let shape = Shape::clear(text);
    let plain = shape.to_string();
    if fits(&plain) {
        return (plain, true);
    }
    let tight = shape.tight();
    if fits(&tight) {
        return (tight, true);
    }
    let positional = shape.positional();
    if fits(&positional) {
        return (positional, shape.is_clear_without_names());
    }
    let name = match &shape {
        Shape::Struct { name, .. } | Shape::Tuple { name, .. } => name.as_str(),
        _ => "",
    };
    let cut = folded(&positional, width);
    let kept = cut.chars().count().saturating_sub(1);
    if !name.is_empty() && fits(name) && kept < name.chars().count() + 3 {
        return (name.to_string(), false);
    }
    (cut, false)
}

/// A text in at most `width` columns, with `…` for what is left out at its end.
pub(super) fn folded(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn read_within(text: &str, depth: usize) -> Shape {
    let understood = if depth < DEEPEST { composite(text, depth) } else { None };
    understood.unwrap_or_else(|| Shape::Atom(text.to_string()))
}

/// A name and brackets around parts, if that is what the text is from start to end.
fn composite(text: &str, depth: usize) -> Option<Shape> {
    let marks = outline(text)?;
    let &(open, bracket, _) = marks.iter().find(|(_, mark, _)| "([{".contains(*mark))?;
    let &(close, _, _) = marks
        .iter()
        .find(|(at, mark, level)| *at > open && *level == 0 && ")]}".contains(*mark))?;
    let name = text[..open].trim_end();
    if close + 1 != text.len() || !is_name(name) {
        return None;
    }
    let parts = split(&text[open + 1..close], ',')?;
    let read = |part: &&str| read_within(part, depth + 1);
    let name = name.to_string();
    match bracket {
        '(' => Some(Shape::Tuple { name, items: parts.iter().map(read).collect() }),
        '[' if name.is_empty() => Some(Shape::List(parts.iter().map(read).collect())),
        '{' if name.is_empty() => {
            let pairs: Option<Vec<_>> = parts.iter().map(|part| pair(part)).collect();
            Some(match pairs {
                Some(pairs) if !pairs.is_empty() => {
                    Shape::Map(pairs.iter().map(|(key, value)| (read(key), read(value))).collect())
                }
                _ => Shape::Set(parts.iter().map(read).collect()),
            })
        }
        '{' => {
            let field = |part: &&str| match *part {
                ".." => Some(("..".to_string(), Shape::Atom("..".to_string()))),
                part => {
                    let (field, value) = pair(part)?;
                    is_name(field).then(|| (field.to_string(), read(&value)))
                }
            };
            Some(Shape::Struct { name, fields: parts.iter().map(field).collect::<Option<_>>()? })
        }
        _ => None,
    }
}

/// The parts between separators that lie in no bracket. An empty last one is none.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let mut parts = Vec::new();
    let mut begun = 0;
    for (at, mark, level) in outline(text)? {
        if mark == separator && level == 0 {
            parts.push(text[begun..at].trim());
            begun = at + 1;
        }
    }
    let last = text[begun..].trim();
    if !last.is_empty() {
        parts.push(last);
    }
    Some(parts)
}

/// What stands before and behind the first `: ` that lies in no bracket.
fn pair(text: &str) -> Option<(&str, &str)> {
    let colon = |(at, mark, level): &(usize, char, usize)| {
        *mark == ':' && *level == 0 && text[at + 1..].starts_with(' ')
    };
    let (at, _, _) = outline(text)?.into_iter().find(colon)?;
    Some((text[..at].trim(), text[at + 1..].trim()))
}

/// The brackets, commas and colons outside of quotes, each with its place and how many brackets
/// lie around it; nothing if brackets or quotes do not match.
fn outline(text: &str) -> Option<Vec<(usize, char, usize)>> {
    let mut marks = Vec::new();
    let mut open = Vec::new();
    let mut rest = text.char_indices();
    while let Some((at, mark)) = rest.next() {
        match mark {
            '"' => {
                let mut escaped = false;
                rest.find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                })?;
            }
            '\'' => {
                let skipped = quoted_character(&text[at..]);
                rest.by_ref().take(skipped).for_each(drop);
            }
            '(' | '[' | '{' => {
                marks.push((at, mark, open.len()));
                open.push(mark);
            }
            ')' | ']' | '}' => {
                let matches = matches!((open.pop()?, mark), ('(', ')') | ('[', ']') | ('{', '}'));
                if !matches {
                    return None;
                }
                marks.push((at, mark, open.len()));
            }
            ',' | ':' => marks.push((at, mark, open.len())),
            _ => {}
        }
    }
    open.is_empty().then_some(marks)
}

/// How many characters follow the quote of a `char` literal; none if it is just an apostrophe.
fn quoted_character(text: &str) -> usize {
    let mut behind = text.chars().skip(1);
    match (behind.next(), behind.next()) {
        (Some('\\'), Some(_)) => {
            behind.take(10).position(|c| c == '\'').map_or(0, |further| further + 3)
        }
        (Some(_), Some('\'')) => 2,
        _ => 0,
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || "_:#".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_output_reads_back_as_it_was_printed() {
        for text in [
            "7",
            "\"a, {b\"",
            "Follower",
            "Vote { term: 2, of: Some(n1), log: [(1, 'x'), (2, ',')] }",
            "(1, -2)",
            "{n0: [1], n1: []}",
            "{1, 2}",
            "Node { state: S { map: {}, quote: '\\'' }, .. }",
            "Pair(Wrapped { a: \"\\\"\" }, ())",
        ] {
            assert_eq!(Shape::read(text).to_string(), text);
        }
        assert!(
            matches!(Shape::read("V { a: 1 }"), Shape::Struct { fields, .. } if fields.len() == 1)
        );
        assert!(matches!(Shape::read("{n0: 1}"), Shape::Map(entries) if entries.len() == 1));
    }

    #[test]
    fn odd_output_is_an_atom() {
        for text in [
            "",
            "{",
            ")(",
            "[1, 2",
            "\"open",
            "a (b",
            "{ a: ]",
            "it's {fine",
            "V { no field }",
            "1..[2]",
            "n0 → n1",
            "'",
            "'\\",
            "[] and more",
            "{\u{1F600}: (}",
        ] {
            assert_eq!(Shape::read(text), Shape::Atom(text.to_string()), "{text}");
        }
    }

    #[test]
    fn only_names_that_repeat_the_field_are_dropped() {
        for (text, expected) in [
            ("V { term: Term(1), last_term: Term(2) }", "V { term: 1, last_term: 2 }"),
            ("V { next: Index(1), op: Put(1) }", "V { next: Index(1), op: Put(1) }"),
            ("V { log_index: LogIndex(3), e: Some(n1) }", "V { log_index: 3, e: Some(n1) }"),
            ("Put(3)", "Put(3)"),
            ("[Entry { term: Term(1) }]", "[Entry { term: 1 }]"),
            ("V { pair: (1,), term: Term(A { b: 1 }) }", "V { pair: (1), term: Term(A { b: 1 }) }"),
        ] {
            assert_eq!(Shape::clear(text).to_string(), expected);
        }
    }

    #[test]
    fn what_lies_deepest_is_folded_first() {
        let text =
            "Leader { term: 1, followers: [P { next: 1, held: 0 }, P { next: 2, held: 0 }] }";
        for (width, expected) in [
            (80, text),
            (56, "Leader { term: 1, followers: [P {…}, P {…}] }"),
            (40, "Leader { term: 1, followers: […] }"),
            (12, "Leader {…}"),
            (7, "Leader…"),
        ] {
            assert_eq!(Shape::read(text).folded(width), expected);
        }
    }

    #[test]
    fn nesting_without_end_is_an_atom_from_some_depth_on() {
        let text = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(Shape::read(&text).to_string(), text);
    }

    #[test]
    fn a_message_is_shortened_to_what_fits_and_its_name_survives_longest() {
        let text = "RequestVote { term: Term(2), last: Some(1) }";
        for (width, expected, whole) in [
            (60, "RequestVote { term: 2, last: Some(1) }", true),
            (33, "RequestVote{term:2, last:Some(1)}", true),
            (32, "RequestVote(2, Some(1))", false),
            (23, "RequestVote(2, Some(1))", false),
            (20, "RequestVote(2, Some…", false),
            (14, "RequestVote", false),
            (6, "Reque…", false),
        ] {
            assert_eq!(shortened(text, width), (expected.to_string(), whole), "{width}");
        }
    }
}
