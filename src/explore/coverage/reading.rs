//! What values say of themselves: kinds, variants and fields, read from what `Debug` prints.

use crate::explain::shape::Shape;

/// Values this long or longer are not told one by one.
const TOLD: usize = 40;

/// The part that is the variant of a value. No field has a space in its name, so that what is no field
/// is not taken for one.
pub(in crate::explore) const VARIANT: &str = "its variant";

/// The part that is a value without fields.
pub(super) const VALUE: &str = "its value";

/// The kind of a value: the name it begins with, as `RequestVote` for `RequestVote { term: 2 }`.
/// Nothing where it begins with none, as numbers do.
pub(in crate::explore) fn kind(text: &str) -> String {
    let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
    match text.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => {
            text.chars().take_while(is_part).collect()
        }
        Some(_) | None => String::new(),
    }
}

/// The parts of a value, each with a name: fields one deep and, of fields that are structs, two
/// deep. The variant of a value of an enum is a part, too.
pub(in crate::explore) fn parts(value: &Shape) -> Vec<(String, String)> {
    let mut parts = Vec::new();
    let mut inner = value;
    // `Server(Server { … })` has a variant, and the fields of what is in it.
    let mut name = String::new();
    while let Some((outer, only)) = wrapped(inner) {
        name = if name.is_empty() { outer.to_string() } else { name };
        inner = only;
    }
    let own = name_of(inner).unwrap_or_default();
    let name = if name.is_empty() { own.to_string() } else { name };
    if !name.is_empty() {
        parts.push((VARIANT.to_string(), name));
    }
    match inner {
        Shape::Struct { fields, .. } => {
            for (field, value) in fields {
                field_parts(field, value, &mut parts);
            }
        }
        Shape::Tuple { items, .. } => {
            for (place, value) in items.iter().enumerate() {
                field_parts(&format!("field {place}"), value, &mut parts);
            }
        }
        Shape::Atom(text) if kind(text) == *text && !text.is_empty() => {
            // A unit variant: its name says it all; within another, it is what that one holds.
            if parts.iter().any(|(_, variant)| variant != text) {
                parts.push((VALUE.to_string(), text.clone()));
            }
        }
        Shape::Atom(_) | Shape::List(_) | Shape::Set(_) | Shape::Map(_) => {
            parts.push((VALUE.to_string(), inner.to_string()));
        }
    }
    parts
}

/// The parts of a field: its value, or its variant and the fields in it.
fn field_parts(field: &str, value: &Shape, parts: &mut Vec<(String, String)>) {
    let inner = wrapped(value).map_or(value, |(_, only)| only);
    match (value, inner) {
        (Shape::Struct { name, .. } | Shape::Tuple { name, .. }, Shape::Struct { fields, .. }) => {
            parts.push((field.to_string(), name.clone()));
            let deeper = fields.iter().filter(|(inner, _)| inner != "..");
            parts
                .extend(deeper.map(|(inner, text)| (format!("{field}.{inner}"), text.to_string())));
        }
        _ => parts.push((field.to_string(), value.to_string())),
    }
}

/// The name around a value that is nothing but wrapped.
fn wrapped(value: &Shape) -> Option<(&str, &Shape)> {
    match value {
        Shape::Tuple { name, items } if items.len() == 1 && !name.is_empty() => {
            Some((name.as_str(), &items[0]))
        }
        _ => None,
    }
}

fn name_of(value: &Shape) -> Option<&str> {
    match value {
        Shape::Struct { name, .. } | Shape::Tuple { name, .. } => Some(name),
        Shape::Atom(text) if kind(text) == *text => Some(text),
        _ => None,
    }
}

/// The variant that a part's text begins with, if it is one of an enum of the protocol: `Leader`, not
/// `true` or `Some`.
pub(in crate::explore) fn variant(text: &str) -> Option<String> {
    let kind = kind(text);
    let first = kind.chars().next().is_some_and(char::is_uppercase);
    (first && !["None", "Some", "Ok", "Err"].contains(&kind.as_str())).then_some(kind)
}

/// Values in a few words, where they can be told so.
pub(super) fn in_words<'a>(
    values: impl Iterator<Item = &'a str> + Clone,
    absent: bool,
) -> Option<String> {
    let numbers: Option<Vec<i128>> = values.clone().map(number).collect();
    if let Some(numbers) = numbers {
        let (least, most) = (numbers.iter().min()?, numbers.iter().max()?);
        return Some(match absent {
            true => format!("{least} to {most} or none"),
            false => format!("{least} to {most}"),
        });
    }
    let lengths: Option<Vec<usize>> = values.clone().map(length).collect();
    if let Some(longest) = lengths.and_then(|lengths| lengths.into_iter().max()) {
        return Some(format!("up to {longest} long"));
    }
    let mut told: Vec<&str> = values.collect();
    told.sort_unstable();
    let told = told.join(", ");
    (told.chars().count() < TOLD).then_some(told)
}

/// The number that a value is, names around it left out.
fn number(text: &str) -> Option<i128> {
    let mut value = &Shape::read(text);
    while let Some((name, only)) = wrapped(value) {
        if name == "Some" {
            return None;
        }
        value = only;
    }
    match value {
        Shape::Atom(text) => text.parse().ok(),
        _ => None,
    }
}

/// How many things a list, a set or a map holds.
fn length(text: &str) -> Option<usize> {
    match Shape::read(text) {
        Shape::List(items) | Shape::Set(items) => Some(items.len()),
        Shape::Map(entries) => Some(entries.len()),
        Shape::Atom(_) | Shape::Struct { .. } | Shape::Tuple { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_the_name_a_value_begins_with() {
        for (text, expected) in [
            ("RequestVote { term: 2 }", "RequestVote"),
            ("Put(3)", "Put"),
            ("Tick", "Tick"),
            ("_1x[", "_1x"),
            ("3", ""),
            ("(1, 2)", ""),
            ("\"x\"", ""),
            ("", ""),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_taken_apart_by_variant_and_field() {
        for (text, expected) in [
            ("State { term: 1, role: Follower }", "its variant=State term=1 role=Follower"),
            (
                "State { role: Leader { held: [1], at: P { x: 1 } }, vote: Some(n1) }",
                "its variant=State role=Leader role.held=[1] role.at=P { x: 1 } vote=Some(n1)",
            ),
            ("Client(Client { at: 1 })", "its variant=Client at=1"),
            ("S { a: Held(Held { x: 1 }) }", "its variant=S a=Held a.x=1"),
            ("Client(Waiting)", "its variant=Client its value=Waiting"),
            ("Client(3)", "its variant=Client its value=3"),
            ("Pair(1, [2])", "its variant=Pair field 0=1 field 1=[2]"),
            ("(1, 2)", "field 0=1 field 1=2"),
            ("Outside", "its variant=Outside"),
            ("7", "its value=7"),
            ("[7]", "its value=[7]"),
            ("", "its value="),
        ] {
            let parts: Vec<String> = parts(&Shape::read(text))
                .into_iter()
                .map(|(name, text)| format!("{name}={text}"))
                .collect();
            assert_eq!(parts.join(" "), expected, "{text}");
        }
    }

    #[test]
    fn values_are_told_by_range_length_or_one_by_one() {
        for (values, absent, expected) in [
            (vec!["3", "1"], false, Some("1 to 3")),
            (vec!["Index(3)", "Index(10)"], false, Some("3 to 10")),
            (vec!["3", "1"], true, Some("1 to 3 or none")),
            (vec!["[]", "[1, 2]"], false, Some("up to 2 long")),
            (vec!["{}", "{n0: [1, 2]}"], false, Some("up to 1 long")),
            (vec!["Some(n1)", "None"], false, Some("None, Some(n1)")),
            (vec!["Some(1)", "Some(2)"], false, Some("Some(1), Some(2)")),
            (vec!["true", "false"], false, Some("false, true")),
            (vec!["Aaaaaaaaaaaaaaaaaaaa", "Bbbbbbbbbbbbbbbbbbbb"], false, None),
        ] {
            let told = in_words(values.iter().copied(), absent);
            assert_eq!(told.as_deref(), expected, "{values:?}");
        }
    }

    #[test]
    fn only_names_of_the_protocol_are_variants() {
        for (text, expected) in [
            ("Leader", Some("Leader")),
            ("Held(3)", Some("Held")),
            ("None", None),
            ("true", None),
            ("Some(1)", None),
            ("n1", None),
            ("3", None),
            ("[A]", None),
            ("", None),
        ] {
            assert_eq!(variant(text).as_deref(), expected, "{text}");
        }
    }
}
