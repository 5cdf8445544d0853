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
        let text = text.trim();
        let atom = || Shape::Atom(text.to_string());
        Printed::of(text).map_or_else(atom, |printed| printed.read(printed.whole(), 0))
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

    /// With `…` for what lies within that many brackets: `Leader { followers: […] }` for 1. Brackets
    /// around one plain value are none: `Some(3)`.
    fn to_depth(&self, depth: usize) -> String {
        match (self, depth) {
            (Shape::Atom(text), _) => text.clone(),
            (Shape::Struct { name, .. }, 0) => format!("{name} {{…}}"),
            (Shape::Tuple { items, .. }, _) if matches!(items.as_slice(), [Shape::Atom(_)]) => {
                self.to_string()
            }
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

/// A bracket, comma or colon outside of quotes.
struct Mark {
    /// Its place in the text, in bytes.
    at: usize,
    mark: u8,
    /// Of an opening bracket, which mark closes it; of all others, which they are themselves.
    ends: usize,
}

/// A text, and its marks in order: it is gone through once, however deep it is nested.
struct Printed<'a> {
    text: &'a str,
    marks: Vec<Mark>,
}

/// What lies between two places of a text, without the spaces around it, and its marks.
#[derive(Clone, Copy)]
struct Part {
    from: usize,
    to: usize,
    marks: (usize, usize),
}

impl<'a> Printed<'a> {
    /// Nothing if brackets or quotes do not match.
    fn of(text: &'a str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut marks: Vec<Mark> = Vec::new();
        let mut open = Vec::new();
        let mut at = 0;
        while let Some(&mark) = bytes.get(at) {
            let this = marks.len();
            match mark {
                b'"' => at += quoted(&bytes[at..])?,
                b'\'' => at += quoted_character(&text[at..]),
                b'(' | b'[' | b'{' => {
                    open.push(this);
                    marks.push(Mark { at, mark, ends: this });
                }
                b')' | b']' | b'}' => {
                    let opened = &mut marks[open.pop()?];
                    if !matches!((opened.mark, mark), (b'(', b')') | (b'[', b']') | (b'{', b'}')) {
                        return None;
                    }
                    opened.ends = this;
                    marks.push(Mark { at, mark, ends: this });
                }
                b',' | b':' => marks.push(Mark { at, mark, ends: this }),
                _ => {}
            }
            at += 1;
        }
        open.is_empty().then_some(Printed { text, marks })
    }

    fn whole(&self) -> Part {
        self.part(0, self.text.len(), (0, self.marks.len()))
    }

    fn part(&self, from: usize, to: usize, marks: (usize, usize)) -> Part {
        let (mut from, mut to) = (from, to);
        let is_space = |at: usize| self.text.as_bytes()[at].is_ascii_whitespace();
        while from < to && is_space(from) {
            from += 1;
        }
        while from < to && is_space(to - 1) {
            to -= 1;
        }
        Part { from, to, marks }
    }

    fn text(&self, part: Part) -> &'a str {
        &self.text[part.from..part.to]
    }

    /// The marks of a part that lie in no bracket, each with its number.
    fn outermost(&self, part: Part) -> impl Iterator<Item = (usize, &Mark)> {
        let (mut next, end) = part.marks;
        std::iter::from_fn(move || {
            let this = next;
            (this < end).then(|| {
                next = self.marks[this].ends + 1;
                (this, &self.marks[this])
            })
        })
    }

    fn read(&self, part: Part, depth: usize) -> Shape {
        let understood = if depth < DEEPEST { self.composite(part, depth) } else { None };
        understood.unwrap_or_else(|| Shape::Atom(self.text(part).to_string()))
    }

    /// A name and brackets around parts, if that is what the text is from start to end.
    fn composite(&self, part: Part, depth: usize) -> Option<Shape> {
        let (opens, open) = self.outermost(part).find(|(_, mark)| b"([{".contains(&mark.mark))?;
        let close = self.marks[open.ends].at;
        let name = self.text[part.from..open.at].trim_end();
        if close + 1 != part.to || !is_name(name) {
            return None;
        }
        let parts = self.split(self.part(open.at + 1, close, (opens + 1, open.ends)));
        let read = |part: Part| self.read(part, depth + 1);
        let all = |parts: Vec<Part>| parts.into_iter().map(read).collect();
        let name = name.to_string();
        match open.mark {
            b'(' => Some(Shape::Tuple { name, items: all(parts) }),
            b'[' if name.is_empty() => Some(Shape::List(all(parts))),
            b'{' if name.is_empty() => {
                let pairs: Option<Vec<_>> = parts.iter().map(|part| self.pair(*part)).collect();
                Some(match pairs {
                    Some(pairs) if !pairs.is_empty() => Shape::Map(
                        pairs.into_iter().map(|(key, value)| (read(key), read(value))).collect(),
                    ),
                    _ => Shape::Set(all(parts)),
                })
            }
            b'{' => {
                let field = |part: Part| match self.text(part) {
                    ".." => Some(("..".to_string(), Shape::Atom("..".to_string()))),
                    _ => {
                        let (field, value) = self.pair(part)?;
                        let field = self.text(field);
                        is_name(field).then(|| (field.to_string(), read(value)))
                    }
                };
                let fields = parts.into_iter().map(field).collect::<Option<_>>()?;
                Some(Shape::Struct { name, fields })
            }
            _ => None,
        }
    }

    /// The parts between commas that lie in no bracket. An empty last one is none.
    fn split(&self, part: Part) -> Vec<Part> {
        let mut parts = Vec::new();
        let (mut begun, mut first) = (part.from, part.marks.0);
        for (number, comma) in self.outermost(part).filter(|(_, mark)| mark.mark == b',') {
            parts.push(self.part(begun, comma.at, (first, number)));
            (begun, first) = (comma.at + 1, number + 1);
        }
        if begun < part.to {
            let last = self.part(begun, part.to, (first, part.marks.1));
            parts.extend((last.from < last.to).then_some(last));
        }
        parts
    }

    /// What stands before and behind the first `: ` that lies in no bracket.
    fn pair(&self, part: Part) -> Option<(Part, Part)> {
        let is_colon =
            |mark: &Mark| mark.mark == b':' && self.text[mark.at + 1..part.to].starts_with(' ');
        let (number, colon) = self.outermost(part).find(|(_, mark)| is_colon(mark))?;
        let before = self.part(part.from, colon.at, (part.marks.0, number));
        Some((before, self.part(colon.at + 1, part.to, (number + 1, part.marks.1))))
    }
}

/// How many bytes further a text in quotes ends; nothing if it does not.
fn quoted(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    let end = text[1..].iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some(end + 1)
}

/// How many bytes further a `char` literal ends; none if the quote is just an apostrophe.
fn quoted_character(text: &str) -> usize {
    let mut behind = text.char_indices().skip(1);
    match (behind.next(), behind.next()) {
        (Some((_, '\\')), Some(_)) => {
            behind.take(10).find(|(_, c)| *c == '\'').map_or(0, |(at, _)| at)
        }
        (Some(_), Some((at, '\''))) => at,
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
