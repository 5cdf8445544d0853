//! What must hold of leaders that all take writes, and what must be reachable.

use splitbrain::invariants::{CausalOrder, Held};
use splitbrain::{Goal, Invariant, NodeId, Sight, Units, broken};

use super::{Event, Leader, MultiLeader, Version, is_in, union};
use crate::parts::dots::Dot;

/// Equal pasts, equal values.
pub(super) fn same_writes_same_values() -> Invariant<MultiLeader> {
    Invariant::nodes(
        "same-writes-same-values",
        "Leaders that have seen the same writes have the same values.",
        |_, nodes| {
            for (at, one) in nodes.iter().enumerate() {
                for (further, other) in nodes.iter().enumerate().skip(at + 1) {
                    let (one, other) = (&one.state, &other.state);
                    if one.seen == other.seen && one.values != other.values {
                        return broken(format!(
                            "n{at} and n{further} have both seen {}, and n{at} has {}, and \
                             n{further} {}",
                            one.seen,
                            in_words(one),
                            in_words(other)
                        ));
                    }
                }
            }
            Ok(())
        },
    )
}

/// In the end everybody has seen everything.
pub(super) fn converges() -> Invariant<MultiLeader> {
    Invariant::settles(
        "converges",
        "Without further faults all leaders come to have the same values within 20 seconds.",
        20.s(),
        |_, nodes| {
            let live = || nodes.iter().enumerate().filter(|(_, node)| node.up);
            let Some((first, one)) = live().next() else { return Ok(()) };
            let same =
                |seen: &Leader| seen.seen == one.state.seen && seen.values == one.state.values;
            match live().find(|(_, node)| !same(&node.state)) {
                Some((other, node)) => broken(format!(
                    "n{first} has seen {}, and n{other} {}",
                    one.state.seen, node.state.seen
                )),
                None => Ok(()),
            }
        },
    )
}

/// What a leader has: "n0.1 of time 1, n1.1 of time 1".
fn in_words(leader: &Leader) -> String {
    let versions = leader.values.iter().flatten();
    let told: Vec<String> =
        versions.map(|one| format!("{} of time {}", one.dot, one.time)).collect();
    if told.is_empty() { "nothing".to_string() } else { told.join(", ") }
}

/// The writes whose words a leader still has.
fn live(leader: &Leader) -> Vec<Dot> {
    let all: Vec<Dot> = leader.values.iter().flatten().map(|one| one.dot).collect();
    words(leader, &all)
}

/// The writes whose words are in these versions of a leader.
fn words(leader: &Leader, versions: &[Dot]) -> Vec<Dot> {
    let all = leader.values.iter().flatten();
    let these: Vec<Version> = all.filter(|one| versions.contains(&one.dot)).cloned().collect();
    union(&these)
}

/// What became of every write. It is known from what users were shown and what was told, and not
/// from anybody's vectors.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Accounts {
    /// What users were shown and have not replaced yet, by leader and editor, in order.
    shown: Vec<((NodeId, u8), Shown)>,
    /// The writes, in order, each with what its user was shown and put it in place of: versions,
    /// and those of their words that it did not keep.
    writes: Vec<(Dot, Shown)>,
    /// The writes that were told to be lost, in order.
    told: Vec<Dot>,
}

/// What a user is shown of a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Shown {
    /// The versions.
    pub versions: Vec<Dot>,
    /// The writes whose words are in them.
    pub words: Vec<Dot>,
}

impl Accounts {
    /// A user is shown these versions, to replace them.
    pub fn shows(&mut self, user: (NodeId, u8), shown: Shown) {
        self.shown.retain(|(other, _)| *other != user);
        let at = self.shown.partition_point(|(other, _)| *other < user);
        self.shown.insert(at, (user, shown));
    }

    /// A user has written, and kept some of the words that it was shown.
    pub fn writes(&mut self, user: (NodeId, u8), dot: Dot, kept: &[Dot]) {
        let at = self.shown.iter().position(|(other, _)| *other == user);
        let mut replaced = at.map(|at| self.shown.remove(at).1).unwrap_or_default();
        replaced.words.retain(|one| !kept.contains(one));
        let at = self.writes.partition_point(|(other, _)| *other < dot);
        self.writes.insert(at, (dot, replaced));
    }

    /// It is told that this write is lost.
    pub fn tells(&mut self, dot: Dot) {
        if let Err(at) = self.told.binary_search(&dot) {
            self.told.insert(at, dot);
        }
    }

    /// What the crash of a leader does: its users' drafts are gone.
    fn crashes(&mut self, leader: NodeId) {
        self.shown.retain(|((at, _), _)| *at != leader);
    }

    /// The words of every write that this leader has seen are there, were left out by somebody who
    /// was shown them, or were told to be lost; and no version that was replaced is there. Words of
    /// it may be: who had not heard of its replacement may have kept them in another version.
    fn balance(&self, me: NodeId, leader: &Leader) -> Held {
        let live = live(leader);
        let versions = || leader.values.iter().flatten().map(|one| one.dot);
        let seen = || self.writes.iter().filter(|(dot, _)| is_in(*dot, &leader.seen));
        for (dot, _) in seen() {
            let by = |(_, replaced): &&(Dot, Shown)| replaced.versions.contains(dot);
            if let Some((by, _)) = seen().find(by).filter(|_| versions().any(|one| one == *dot)) {
                return broken(format!("{me} has {dot} again, which {by} has replaced"));
            }
            let left_out = || seen().any(|(_, replaced)| replaced.words.contains(dot));
            let is_told = || self.told.binary_search(dot).is_ok();
            if live.binary_search(dot).is_err() && !left_out() && !is_told() {
                return broken(format!(
                    "{dot} is gone from {me}, nobody who was shown it has replaced it, and nobody \
                     was told"
                ));
            }
        }
        Ok(())
    }
}

/// Every conflict surfaces or merges.
pub(super) fn no_silent_loss() -> Invariant<MultiLeader> {
    Invariant::history(
        "no-silent-loss",
        "What a write says is there wherever it was seen, until somebody who was shown it has \
         replaced it, or it was told that it is lost; and a version that was replaced does not \
         come back.",
        Accounts::default(),
        |accounts, sight| match sight {
            Sight::Event { node, event, state } => match event {
                Event::Opens { editor, shown } => {
                    let words = words(state, shown);
                    accounts.shows((*node, *editor), Shown { versions: shown.clone(), words });
                    Ok(())
                }
                Event::Writes { editor, dot, kept } => {
                    accounts.writes((*node, *editor), *dot, kept);
                    accounts.balance(*node, state)
                }
                Event::Sees { .. } => accounts.balance(*node, state),
                Event::Loses(dot) => {
                    accounts.tells(*dot);
                    Ok(())
                }
                Event::Misses(_) => Ok(()),
            },
            Sight::Crash { node, .. } => {
                accounts.crashes(*node);
                Ok(())
            }
            Sight::Input { .. } | Sight::Restart { .. } => Ok(()),
        },
    )
}

/// No effect before its cause.
pub(super) fn causal_order(leaders: usize) -> Invariant<MultiLeader> {
    Invariant::history(
        "causal-order",
        "No leader has seen a write without all that the writing leader had seen before.",
        CausalOrder::<NodeId, Dot>::among(leaders),
        |order, sight| match sight {
            Sight::Event { node, event: Event::Writes { dot, .. }, .. } => {
                order.send(*node, *dot);
                Ok(())
            }
            Sight::Event { node, event: Event::Sees { dots, .. }, .. } => {
                order.deliver_together(*node, dots)
            }
            _ => Ok(()),
        },
    )
}

/// A write arrives.
pub(super) fn replicated() -> Goal<MultiLeader> {
    Goal::seen("replicated", "A leader sees another one's write.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Sees { .. }, .. })
    })
}

/// A conflict stands.
pub(super) fn conflict() -> Goal<MultiLeader> {
    Goal::nodes("conflict", "A key has two versions side by side.", |_, nodes| {
        nodes.iter().any(|node| node.state.values.iter().any(|versions| versions.len() > 1))
    })
}

/// A conflict is settled by a user.
pub(super) fn settled_by_user() -> Goal<MultiLeader> {
    Goal::seen(
        "conflict-shown",
        "A user is shown two writes that conflict.",
        |_, sight| match sight {
            Sight::Event { event: Event::Opens { shown, .. }, .. } => shown.len() > 1,
            _ => false,
        },
    )
}

/// What others have written is not written anew.
pub(super) fn goes_on() -> Goal<MultiLeader> {
    Goal::seen(
        "goes-on",
        "A user goes on from what a user of another leader has written.",
        |_, sight| match sight {
            Sight::Event { event: Event::Writes { dot, kept, .. }, .. } => {
                kept.iter().any(|one| one.by != dot.by)
            }
            _ => false,
        },
    )
}

/// A conflict is settled by time.
pub(super) fn loss_told() -> Goal<MultiLeader> {
    Goal::seen("loss-told", "It is told that a write is lost.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Loses(_), .. })
    })
}

/// A write comes too early.
pub(super) fn cause_missing() -> Goal<MultiLeader> {
    Goal::seen("cause-missing", "A write comes before one that it depends on.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Misses(_), .. })
    })
}

/// Anti-entropy makes something good.
pub(super) fn repaired() -> Goal<MultiLeader> {
    Goal::seen("repaired", "A leader catches up by comparison with another.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Sees { repaired: true, .. }, .. })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_write_is_accounted_for() {
        let dot = |leader, number| Dot { by: NodeId(leader).into(), number };
        let (a, b, user) = (dot(0, 1), dot(1, 1), (NodeId(1), 0));
        let leader = |versions: &[(Dot, &[Dot])]| {
            let mut leader = Leader::new(1);
            leader.seen = [(NodeId(0), 1), (NodeId(1), 1)].into_iter().collect();
            let version = |(dot, items): &(Dot, &[Dot])| Version {
                dot: *dot,
                time: 1,
                items: items.to_vec(),
            };
            leader.values = vec![versions.iter().map(version).collect()];
            leader
        };
        /// What it says; what the second user was shown and kept; whether the first write is told
        /// to be lost; the versions that are there, with their words; what is wrong.
        type Row<'a> = (&'a str, [&'a [Dot]; 2], bool, &'a [(Dot, &'a [Dot])], Option<&'a str>);
        let table: [Row<'_>; 8] = [
            ("both are there", [&[], &[]], false, &[(a, &[a]), (b, &[b])], None),
            ("the one was shown and replaced", [&[a], &[]], false, &[(b, &[b])], None),
            ("the one was shown and kept", [&[a], &[a]], false, &[(b, &[a, b])], None),
            ("another has kept its words", [&[a], &[]], false, &[(b, &[a, b])], None),
            ("the one was told to be lost", [&[], &[]], true, &[(b, &[b])], None),
            (
                "the one is gone",
                [&[], &[]],
                false,
                &[(b, &[b])],
                Some(
                    "n0.1 is gone from n2, nobody who was shown it has replaced it, and nobody was \
                     told",
                ),
            ),
            (
                "the one is back",
                [&[a], &[]],
                false,
                &[(a, &[a]), (b, &[b])],
                Some("n2 has n0.1 again, which n1.1 has replaced"),
            ),
            (
                "the one was kept, and is back",
                [&[a], &[a]],
                false,
                &[(a, &[a]), (b, &[a, b])],
                Some("n2 has n0.1 again, which n1.1 has replaced"),
            ),
        ];
        for (sentence, [shown, kept], told, there, expected) in table {
            let mut accounts = Accounts::default();
            accounts.shows((NodeId(0), 0), Shown::default());
            accounts.writes((NodeId(0), 0), a, &[]);
            accounts.shows(user, Shown { versions: shown.to_vec(), words: shown.to_vec() });
            accounts.writes(user, b, kept);
            if told {
                accounts.tells(a);
            }
            let held = accounts.balance(NodeId(2), &leader(there));
            assert_eq!(held.as_ref().err().map(|b| b.reason()), expected, "{sentence}");
        }
    }
}
