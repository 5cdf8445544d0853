//! Prefix order: of two replicas' histories, one is the beginning of the other.

use crate::{Held, broken};
use std::fmt::Debug;

/// Whether `short` is how `long` begins. A history is a prefix of itself.
///
/// ```
/// use splitbrain_invariants::is_prefix;
///
/// assert!(is_prefix(&["a"], &["a", "b"]));
/// assert!(!is_prefix(&["b"], &["a", "b"]));
/// ```
pub fn is_prefix<T: PartialEq>(short: &[T], long: &[T]) -> bool {
    long.starts_with(short)
}

/// How many entries two histories have in common from the start.
///
/// ```
/// use splitbrain_invariants::common_prefix;
///
/// assert_eq!(common_prefix(&["a", "b", "c"], &["a", "b", "x"]), 2);
/// ```
pub fn common_prefix<T: PartialEq>(one: &[T], other: &[T]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

/// Along a chain, each replica's history is a prefix of the one before it.
///
/// *Definition.* `histories[i + 1]` is a prefix of `histories[i]`, for every i: what the tail has,
/// everyone has; the head has all there is.
///
/// *Source.* van Renesse and Schneider, *Chain Replication for Supporting High Throughput and
/// Availability* (2004), §3 (the Update Propagation Invariant).
///
/// ```
/// use splitbrain_invariants::prefix_order;
///
/// prefix_order(&[&[1, 2, 3], &[1, 2], &[]])?;
/// let broken = prefix_order(&[&[1], &[1, 2]]).unwrap_err();
/// assert_eq!(broken.reason(), "history 1 has 2 at position 1, where history 0 before it ends");
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
///
/// # Errors
///
/// A history is longer than the one before it, or differs from it: the first such pair in the
/// chain and the first position where they part. Histories and positions count from 0.
pub fn prefix_order<T: PartialEq + Debug>(histories: &[&[T]]) -> Held {
    for (at, pair) in histories.windows(2).enumerate() {
        let (before, after) = (pair[0], pair[1]);
        let position = common_prefix(before, after);
        let Some(entry) = after.get(position) else { continue };
        let next = at + 1;
        return match before.get(position) {
            Some(other) => broken(format!(
                "history {next} has {entry:?} at position {position}, where history {at} before it \
                 has {other:?}"
            )),
            None => broken(format!(
                "history {next} has {entry:?} at position {position}, where history {at} before it \
                 ends"
            )),
        };
    }
    Ok(())
}

/// Of any two histories, one is a prefix of the other, whichever is the longer.
///
/// *Definition.* For all i and j, `histories[i]` is a prefix of `histories[j]` or the reverse.
///
/// *Source.* Total order of delivery, as in atomic broadcast (Hadzilacos and Toueg, *A Modular
/// Approach to Fault-Tolerant Broadcasts and Related Problems* (1994)); what replicas of a
/// log have *committed* is compatible, while logs as a whole need not be.
///
/// It suffices to compare every history with the longest: prefixes of one history are prefixes of
/// each other.
///
/// ```
/// use splitbrain_invariants::compatible;
///
/// compatible(&[&['a'], &['a', 'b'], &[]])?;
/// let broken = compatible(&[&['a', 'b'], &['a', 'c']]).unwrap_err();
/// assert_eq!(broken.reason(), "histories 0 and 1 part at position 1: 'b' and 'c'");
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
///
/// # Errors
///
/// Two histories part: the first history that parts from the longest, and where.
pub fn compatible<T: PartialEq + Debug>(histories: &[&[T]]) -> Held {
    let longest = (0..histories.len()).max_by_key(|&at| histories[at].len());
    let Some(longest) = longest else { return Ok(()) };
    for at in 0..histories.len() {
        let (low, high) = (at.min(longest), at.max(longest));
        let position = common_prefix(histories[low], histories[high]);
        if let (Some(one), Some(other)) =
            (histories[low].get(position), histories[high].get(position))
        {
            return broken(format!(
                "histories {low} and {high} part at position {position}: {one:?} and {other:?}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row<'a> = (&'a str, &'a [&'a [char]], Option<&'a str>);

    #[test]
    fn chains() {
        let table: &[Row<'_>] = &[
            ("no replicas are in order", &[], None),
            ("one replica is in order", &[&['a']], None),
            ("equal histories are in order", &[&['a', 'b'], &['a', 'b']], None),
            ("a history shortens towards the tail", &[&['a', 'b'], &['a'], &[]], None),
            (
                "the tail runs ahead",
                &[&['a', 'b'], &['a'], &['a', 'b']],
                Some("history 2 has 'b' at position 1, where history 1 before it ends"),
            ),
            (
                "neighbours have different entries",
                &[&['a', 'b'], &['a', 'c']],
                Some("history 1 has 'c' at position 1, where history 0 before it has 'b'"),
            ),
        ];
        for (sentence, histories, expected) in table {
            let held = prefix_order(histories);
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn logs() {
        let table: &[Row<'_>] = &[
            ("no logs are compatible", &[], None),
            ("lengths come in any order", &[&['a'], &['a', 'b'], &[], &['a', 'b']], None),
            (
                "logs part at an entry",
                &[&['a', 'b'], &['c'], &['a']],
                Some("histories 0 and 1 part at position 0: 'a' and 'c'"),
            ),
            (
                "two short logs part, and one of them from the longest",
                &[&['x'], &['a'], &['a', 'b']],
                Some("histories 0 and 2 part at position 0: 'x' and 'a'"),
            ),
        ];
        for (sentence, histories, expected) in table {
            let held = compatible(histories);
            assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
        }
    }

    #[test]
    fn compatible_is_what_every_pair_says() {
        let logs: &[&[char]] = &[&[], &['a'], &['b'], &['a', 'b'], &['b', 'a'], &['a', 'b', 'a']];
        for one in logs {
            for two in logs {
                for three in logs {
                    let all = [*one, *two, *three];
                    let pairwise =
                        all.iter().all(|p| all.iter().all(|q| is_prefix(p, q) || is_prefix(q, p)));
                    assert_eq!(compatible(&all).is_ok(), pairwise, "{all:?}");
                }
            }
        }
    }
}
