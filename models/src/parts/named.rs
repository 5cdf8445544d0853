//! Parameters that name nodes, a digit each.

use splitbrain::NodeId;
use splitbrain::catalog::Ask;

/// The nodes that a parameter names, a digit each: 121 is the first of `among`, the second, the
/// first. 0 names none. `more` says what to do for there to be more of them: "set `nodes` higher".
///
/// # Errors
/// A digit that names none of them.
pub fn nodes_named(
    ask: &Ask<'_>,
    parameter: &str,
    among: std::ops::Range<u8>,
    more: &str,
) -> Result<Vec<NodeId>, String> {
    let (first, count) = (among.start, u64::from(among.end - among.start));
    let named = digits(ask.get(parameter)).into_iter().map(|digit| match digit {
        1.. if digit <= count => Ok(NodeId(first + digit as u8 - 1)),
        _ => Err(format!(
            "`{parameter}` names nodes by digits from 1 to {count} (1 is n{first}), and {digit} is \
             none: use others, or {more}"
        )),
    });
    named.collect()
}

/// The decimal digits of a number, the first one first; 0 has none.
fn digits(mut number: u64) -> Vec<u64> {
    let mut digits = Vec::new();
    while number > 0 {
        digits.insert(0, number % 10);
        number /= 10;
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn digits_are_read_from_the_left() {
        for (number, expected) in [(0, vec![]), (7, vec![7]), (1_213, vec![1, 2, 1, 3])] {
            assert_eq!(digits(number), expected);
        }
    }

    #[test]
    fn digits_name_nodes_from_the_first_one_on() {
        let named = |number, among| {
            let settings = BTreeMap::from([("turns".to_string(), number)]);
            let ask = Ask { scenario: "any", bug: None, settings };
            nodes_named(&ask, "turns", among, "set `nodes` higher")
        };
        assert_eq!(named(121, 0..3), Ok(vec![NodeId(0), NodeId(1), NodeId(0)]));
        assert_eq!(named(2, 3..5), Ok(vec![NodeId(4)]), "the second of n3 and n4");
        assert_eq!(named(0, 0..3), Ok(Vec::new()));
        for wrong in [4, 101] {
            let why = named(wrong, 0..3).expect_err("no such node");
            assert!(why.contains("names nodes by digits from 1 to 3 (1 is n0)"), "{why}");
        }
    }
}
