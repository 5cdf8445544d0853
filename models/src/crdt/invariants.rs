//! What must hold of replicas, and what must be reachable.

use std::collections::BTreeMap;

use splitbrain::invariants::Held;
use splitbrain::{Goal, Invariant, NodeId, Nodes, Sight, Units, broken};

use super::{Bug, Copy, Event, Exchange, Replication, mistakes};
use crate::parts::crdt::{AnyCrdt, Change, Due, Reading};
use crate::parts::dots::{DotContext, ReplicaId};

/// Each copy is what its past means.
pub(super) fn explained() -> Invariant<Replication> {
    Invariant::node(
        "explained",
        "What a replica says is what the updates that it has seen mean, by the type's definition.",
        |protocol, me, node| {
            let copy = &node.state.copy;
            let (says, means) = (copy.value.value(), copy.past.meaning(protocol.kind));
            if says == means {
                return Ok(());
            }
            broken(format!("{me} says {says}, and its past {:?} means {means}", copy.past))
        },
    )
}

/// Nothing that was seen is lost.
pub(super) fn remembers() -> Invariant<Replication> {
    Invariant::history(
        "remembers",
        "A replica with a disk has every update that it had before.",
        BTreeMap::<NodeId, DotContext>::new(),
        |known, sight| {
            let (node, state) = match sight {
                Sight::Input { node, state, .. }
                | Sight::Event { node, state, .. }
                | Sight::Restart { node, state, .. } => (*node, state),
                // It says nothing, and remembers what it did.
                Sight::Crash { .. } => return Ok(()),
            };
            let now = state.copy.past.seen();
            let before = known.insert(node, now.clone()).unwrap_or_default();
            if now.includes(&before) {
                return Ok(());
            }
            broken(format!("{node} had seen {before}, and has seen {now} now"))
        },
    )
}

/// Replicas that have seen the same are equal.
pub(super) fn converged() -> Invariant<Replication> {
    Invariant::nodes(
        "converged",
        "Replicas that have seen the same updates are equal in all they know.",
        |_, nodes| {
            for (other, second) in nodes.iter().enumerate() {
                for (one, first) in nodes[..other].iter().enumerate() {
                    let (first, second) = (&first.state.copy, &second.state.copy);
                    if first.past == second.past && !first.value.is_equal_to(&second.value) {
                        return broken(format!(
                            "{} and {} have seen the same, and one has {:?}, the other {:?}",
                            NodeId::at(one),
                            NodeId::at(other),
                            first.value,
                            second.value
                        ));
                    }
                }
            }
            Ok(())
        },
    )
}

/// Merging is a join, on all values that ever meet.
pub(super) fn merge_laws() -> Invariant<Replication> {
    Invariant::nodes(
        "merge-laws",
        "Merging what replicas know is idempotent, commutative, associative and monotone.",
        |protocol, nodes| {
            // Whose copy it is makes no difference to what is known.
            let nobody = ReplicaId::new(0);
            let known: Vec<AnyCrdt> =
                nodes.iter().map(|node| node.state.copy.value.fork(nobody)).collect();
            known.iter().try_for_each(|one| {
                law("idempotent", one, &merged(protocol.bug, one, one))?;
                known.iter().try_for_each(|two| {
                    let both = merged(protocol.bug, one, two);
                    law("commutative", &both, &merged(protocol.bug, two, one))?;
                    law("monotone", &both, &merged(protocol.bug, &both, two))?;
                    known.iter().try_for_each(|three| {
                        let right = merged(protocol.bug, two, three);
                        let left = merged(protocol.bug, &both, three);
                        law("associative", &left, &merged(protocol.bug, one, &right))
                    })
                })
            })
        },
    )
}

fn merged(bug: Option<Bug>, one: &AnyCrdt, two: &AnyCrdt) -> AnyCrdt {
    let mut both = one.clone();
    mistakes::merge(bug, &mut both, two);
    both
}

fn law(law: &str, one: &AnyCrdt, other: &AnyCrdt) -> Held {
    if one == other {
        return Ok(());
    }
    broken(format!("merging is not {law}: it makes {one:?}, or {other:?}"))
}

/// No delta is forgotten too early.
pub(super) fn still_owed() -> Invariant<Replication> {
    Invariant::nodes(
        "still-owed",
        "What a replica updated and another has not seen it will still send there, as a delta or \
         with all it knows.",
        |protocol, nodes| {
            if protocol.exchange == Exchange::States {
                return Ok(());
            }
            for (at, maker) in nodes.iter().enumerate() {
                for (to, other) in nodes.iter().enumerate().filter(|(to, _)| *to != at) {
                    let due = match maker.state.deltas.due(NodeId::at(to)) {
                        Due::Everything => continue,
                        Due::Deltas(due) => due,
                        Due::Nothing => Vec::new(),
                    };
                    let made = maker.state.copy.past.updates().map(|(dot, _)| *dot);
                    let made = made.filter(|dot| dot.by.node().index() == at);
                    let mut forgotten = made.filter(|dot| {
                        let sends = |delta: &&Copy| delta.past.contains(*dot);
                        !other.state.copy.past.contains(*dot) && !due.iter().any(sends)
                    });
                    if let Some(dot) = forgotten.next() {
                        let (at, to) = (NodeId::at(at), NodeId::at(to));
                        return broken(format!("{at} will not send {dot} to {to}, which lacks it"));
                    }
                }
            }
            Ok(())
        },
    )
}

/// Left alone, replicas come to be equal.
pub(super) fn heals() -> Invariant<Replication> {
    Invariant::settles(
        "heals",
        "Without further faults, all live replicas have all updates of all of them, and are equal, \
         within ten seconds.",
        10.s(),
        |_, nodes| {
            let mut live = nodes.iter().enumerate().filter(|(_, node)| node.up);
            let Some((one, first)) = live.next() else { return Ok(()) };
            let first = &first.state.copy;
            live.try_for_each(|(other, second)| {
                let second = &second.state.copy;
                if first.past == second.past && first.value.is_equal_to(&second.value) {
                    return Ok(());
                }
                let (one, other) = (NodeId::at(one), NodeId::at(other));
                broken(format!("{one} has {:?}, and {other} {:?}", first.past, second.past))
            })
        },
    )
}

/// Concurrent updates meet.
pub(super) fn merged_concurrent() -> Goal<Replication> {
    Goal::nodes(
        "concurrent-merged",
        "A replica has seen two updates that had not seen each other.",
        |_, nodes| nodes.iter().any(|node| node.state.copy.past.is_concurrent()),
    )
}

/// All replicas are equal, after concurrent updates.
pub(super) fn in_step() -> Goal<Replication> {
    Goal::nodes(
        "in-step",
        "All replicas are up and have seen the same updates, concurrent ones among them.",
        |_, nodes| nodes[0].state.copy.past.is_concurrent() && are_equal(nodes),
    )
}

fn are_equal(nodes: &Nodes<Replication>) -> bool {
    let first = &nodes[0].state.copy;
    nodes.iter().all(|node| node.up && node.state.copy.past == first.past)
}

/// An addition wins, and so does enabling.
pub(super) fn add_wins() -> Goal<Replication> {
    Goal::nodes(
        "add-wins",
        "One replica added what another removed at the same time, and all come to have it.",
        |_, nodes| {
            let past = &nodes[0].state.copy.past;
            let added = |change| matches!(change, Change::Add(_) | Change::Enable);
            let removed = |change| matches!(change, Change::Remove(_) | Change::Disable);
            let mut concurrent = past.concurrent().map(|(one, other)| (one.change, other.change));
            let both = concurrent
                .any(|(one, other)| added(one) && removed(other) || removed(one) && added(other));
            let there = match nodes[0].state.copy.value.value() {
                Reading::Values(elements) => !elements.is_empty(),
                Reading::Flag(enabled) => enabled,
                Reading::Number(_) | Reading::Map(_) | Reading::Text(_) => false,
            };
            both && there && are_equal(nodes)
        },
    )
}

/// All replicas are equal, whatever they have seen.
pub(super) fn equal() -> Goal<Replication> {
    Goal::nodes("equal", "All replicas are up and have seen the same updates.", |_, nodes| {
        are_equal(nodes)
    })
}

/// A delta goes on.
pub(super) fn relayed() -> Goal<Replication> {
    Goal::seen(
        "relayed",
        "A replica learns of an update from one that did not make it.",
        |_, sight| {
            let Sight::Event { event: Event::Learned(from), state, .. } = sight else {
                return false;
            };
            // All that it has seen was made by others than whom it heard it from.
            let mut makers = state.copy.past.updates().map(|(dot, _)| dot.by.node());
            makers.all(|maker| maker != *from)
        },
    )
}

/// Nothing is left to be sent.
pub(super) fn acknowledged() -> Goal<Replication> {
    Goal::nodes(
        "acknowledged",
        "A replica was acknowledged all its deltas, and keeps none.",
        |_, nodes| {
            nodes.iter().enumerate().any(|(at, node)| {
                let deltas = &node.state.deltas;
                let mut others = (0..nodes.len()).filter(|other| *other != at).map(NodeId::at);
                deltas.end() > 0 && others.all(|to| deltas.has_told(to))
            })
        },
    )
}

/// A replica lives on under a new id.
pub(super) fn reborn() -> Goal<Replication> {
    Goal::nodes(
        "reborn",
        "A replica has seen updates that another made before and after it forgot everything.",
        |_, nodes| {
            nodes.iter().any(|node| {
                let past = &node.state.copy.past;
                let makers = || past.updates().map(|(dot, _)| dot.by);
                makers().any(|one| makers().any(|two| one.node() == two.node() && one != two))
            })
        },
    )
}
