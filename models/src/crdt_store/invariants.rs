//! What must hold of a store, and what must be reachable.

use std::collections::BTreeMap;
use std::sync::Arc;

use splitbrain::{Goal, Invariant, NodeId, Nodes, Sight, Units, broken};

use super::looked::Looked;
use super::{Entry, Event, Replica, Store};
use crate::parts::crdt::{Change, Reading};
use crate::parts::dots::{Dot, DotContext};

/// All that a store is held to; one that survives crashes must remember, too.
pub fn all(durable: bool) -> Vec<Invariant<Replica>> {
    let always = [explained(), converged(), digest_true(), heals()];
    always.into_iter().chain(durable.then(remembers)).collect()
}

/// Each key is what its past means.
pub(super) fn explained() -> Invariant<Replica> {
    Invariant::<Replica>::node(
        "explained",
        "What a key says at a replica is what the updates seen there mean, by the type's \
         definition: none is lost, and none counts twice.",
        |_, me, node| {
            node.state.entries.iter().try_for_each(|(key, entry)| {
                let (says, means) = (entry.value.value(), entry.past.meaning(entry.value.kind()));
                if says == means {
                    return Ok(());
                }
                let past = &entry.past;
                broken(format!("{me} says {says} under {key:?}, and {past:?} means {means}"))
            })
        },
    )
    .still_noting(|looked: &mut BTreeMap<NodeId, Looked<Entry>>, _, nodes, changed| {
        let looked = looked.entry(changed).or_default();
        looked.look(&nodes[changed.index()].state.entries, |_, _, entry| {
            entry.value.value() == entry.past.meaning(entry.value.kind())
        })
    })
}

/// Nothing that was seen is lost.
pub(super) fn remembers() -> Invariant<Replica> {
    Invariant::history(
        "remembers",
        "A store with a disk has every update that it had before.",
        BTreeMap::<NodeId, Looked<DotContext>>::new(),
        |known, sight| {
            let (node, store) = match sight {
                Sight::Input { node, state, .. }
                | Sight::Event { node, state, .. }
                | Sight::Restart { node, state, .. } => (*node, state),
                // It says nothing, and remembers what it did.
                Sight::Crash { .. } => return Ok(()),
            };
            let known = known.entry(node).or_default();
            if known.are_in(&store.entries) {
                known.look_at(&store.entries, |entry| &entry.version, |_, _, _| true);
                return Ok(());
            }
            let of = |versions: &mut dyn Iterator<Item = &Arc<DotContext>>| -> DotContext {
                versions.flat_map(|version| version.dots()).collect()
            };
            let before = of(&mut known.versions());
            let now = of(&mut store.entries.values().map(|entry| &entry.version));
            broken(format!("{node} had seen {before}, and has seen {now} now"))
        },
    )
}

/// Where the same was seen, the values are equal.
pub(super) fn converged() -> Invariant<Replica> {
    Invariant::<Replica>::nodes(
        "converged",
        "Replicas that have seen the same updates of a key are equal there in all they know.",
        |_, nodes| {
            for (other, second) in nodes.iter().enumerate() {
                for (one, first) in nodes[..other].iter().enumerate() {
                    for (key, mine) in &first.state.entries {
                        let Some(theirs) = second.state.entries.get(key) else { continue };
                        if is_apart(mine, theirs) {
                            let (one, other) = (NodeId::at(one), NodeId::at(other));
                            return broken(format!(
                                "{one} and {other} have seen the same of {key:?}, and one has \
                                 {:?}, the other {:?}",
                                mine.value, theirs.value
                            ));
                        }
                    }
                }
            }
            Ok(())
        },
    )
    .still_noting(|looked: &mut BTreeMap<NodeId, Looked<Entry>>, _, nodes, changed| {
        let others = || nodes.iter().enumerate().filter(|(other, _)| *other != changed.index());
        let looked = looked.entry(changed).or_default();
        looked.look(&nodes[changed.index()].state.entries, |key, _, mine| {
            let mut theirs = others().filter_map(|(_, other)| other.state.entries.get(&key));
            !theirs.any(|theirs| is_apart(mine, theirs))
        })
    })
}

/// Whether two that have seen the same are not the same.
fn is_apart(mine: &Entry, theirs: &Entry) -> bool {
    mine.past == theirs.past && !mine.value.is_equal_to(&theirs.value)
}

/// A digest claims nothing that is not there.
pub(super) fn digest_true() -> Invariant<Replica> {
    Invariant::<Replica>::node(
        "digest-true",
        "An update that the digest of a store says was seen went into a value of that store.",
        |_, me, node| {
            let store = &node.state;
            let pasts = store.entries.values().map(|entry| &entry.past);
            let mut there: Vec<Dot> =
                pasts.flat_map(|past| past.updates().map(|(dot, _)| *dot)).collect();
            there.sort_unstable();
            match store.seen.dots().find(|dot| there.binary_search(dot).is_err()) {
                None => Ok(()),
                Some(dot) => broken(format!("{me} says that it has seen {dot}, and has not")),
            }
        },
    )
    .still_noting(
        |noted: &mut BTreeMap<NodeId, (DotContext, Looked<Entry>)>, _, nodes, changed| {
            let store = &nodes[changed.index()].state;
            let (seen, looked) = noted.entry(changed).or_default();
            // What was there is there, and what was seen since is in what is new.
            let mut news = Vec::new();
            let kept = looked.look(&store.entries, |_, before, entry| {
                news.push(Arc::clone(entry));
                before.is_none_or(|before| entry.past.includes(&before.past))
            });
            if *seen == store.seen {
                return kept;
            }
            let is_there = |dot| news.iter().any(|entry| entry.past.contains(dot));
            let there = store.seen.dots_beyond(seen).all(is_there);
            seen.clone_from(&store.seen);
            kept && there
        },
    )
}

/// Left alone, stores come to be equal.
pub(super) fn heals() -> Invariant<Replica> {
    Invariant::settles(
        "heals",
        "Without further faults, all live replicas have all updates of all of them within ten \
         seconds.",
        10.s(),
        |_, nodes| {
            let mut live = nodes.iter().enumerate().filter(|(_, node)| node.up);
            let Some((one, first)) = live.next() else { return Ok(()) };
            live.try_for_each(|(other, second)| {
                if first.state.has_seen_the_same_as(&second.state) {
                    return Ok(());
                }
                let (one, other) = (NodeId::at(one), NodeId::at(other));
                let (first, second) = (&first.state.seen, &second.state.seen);
                broken(format!("{one} has seen {first}, and {other} {second}"))
            })
        },
    )
}

/// All replicas are equal, after concurrent updates of every key.
pub(super) fn in_step() -> Goal<Replica> {
    Goal::nodes(
        "in-step",
        "All replicas are up and have seen the same updates of every key, concurrent ones among \
         them.",
        |protocol, nodes| {
            let entries = &nodes[0].state.entries;
            let concurrent = entries.values().any(|entry| entry.past.is_concurrent());
            entries.len() == protocol.kinds.len() && concurrent && are_equal(nodes)
        },
    )
}

/// All replicas are equal, whatever they have seen.
pub(super) fn equal() -> Goal<Replica> {
    Goal::nodes("equal", "All replicas are up and have seen the same updates.", |_, nodes| {
        are_equal(nodes)
    })
}

fn are_equal(nodes: &Nodes<Replica>) -> bool {
    let first = &nodes[0].state;
    nodes.iter().all(|node| node.up && node.state.has_seen_the_same_as(first))
}

/// What was added is gone, everywhere.
pub(super) fn removed() -> Goal<Replica> {
    Goal::nodes(
        "removed",
        "All replicas have seen the same, and nothing is left of what was added and removed.",
        |_, nodes| {
            let is_empty = |entry: &Entry| {
                let mut changes = entry.past.updates().map(|(_, update)| update.change);
                let nothing = Reading::Values(Vec::new());
                changes.any(|one| matches!(one, Change::Remove(_)))
                    && entry.value.value() == nothing
            };
            nodes[0].state.entries.values().any(|entry| is_empty(entry)) && are_equal(nodes)
        },
    )
}

/// A later update is there, and an earlier one of the same replica is not.
pub(super) fn gap() -> Goal<Replica> {
    Goal::nodes(
        "gap",
        "A replica has seen a later update of another, and not an earlier one.",
        |_, nodes| nodes.iter().any(|node| has_gap(&node.state)),
    )
}

fn has_gap(store: &Store) -> bool {
    store.seen.dots().any(|dot| dot.number > store.seen.upto(dot.by))
}

/// An update comes by way of a third.
pub(super) fn relayed() -> Goal<Replica> {
    Goal::seen(
        "relayed",
        "A replica learns of updates from one that made none of those it has seen.",
        |_, sight| {
            let Sight::Event { event: Event::Learned(from), state, .. } = sight else {
                return false;
            };
            state.seen.dots().all(|dot| dot.by.node() != *from)
        },
    )
}

/// A replica lives on under a new id.
pub(super) fn reborn() -> Goal<Replica> {
    Goal::nodes(
        "reborn",
        "A replica that forgot everything has an update of its earlier life again, and one of its \
         new one.",
        |_, nodes| {
            nodes.iter().enumerate().any(|(at, node)| {
                let mine = || node.state.seen.dots().filter(|dot| dot.by.node().index() == at);
                mine().any(|one| mine().any(|two| one.by != two.by))
            })
        },
    )
}
