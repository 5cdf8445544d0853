//! What must hold of the group, and what must be reachable.

use splitbrain::invariants::Monotonic;
use splitbrain::{Goal, Held, Invariant, NodeId, Nodes, Sight, Units, broken};

use super::{Event, State, Swim};
use crate::parts::membership::{Incarnation, Record, Status};

/// Of whom a node knows something.
type View = (NodeId, NodeId);

/// All that a group is held to; accuracy is asked of the patient only.
pub fn all(patient: bool) -> Vec<Invariant<Swim>> {
    let accuracy = patient.then(no_false_death);
    let always = [death_undone_by_next(), records_rise(), own_incarnation(), views_converge()];
    always.into_iter().chain(accuracy).collect()
}

/// The dead stay dead.
pub(super) fn death_undone_by_next() -> Invariant<Swim> {
    Invariant::history(
        "death-undone-by-next",
        "A node that has heard of a member's death in an incarnation thinks it well only in a \
         higher one.",
        Monotonic::<View, Incarnation>::new(),
        |deaths, sight| match *sight {
            Sight::Event { node, event: Event::News(of, heard), state } => {
                let view = (node, *of);
                let dead = heard.status == Status::Dead;
                if dead && deaths.last(&view).is_none_or(|last| *last < heard.incarnation) {
                    deaths.observe(view, heard.incarnation)?;
                }
                undone(deaths, view, state.knows(*of))
            }
            // Who restarts, leaves or joins knows nobody.
            Sight::Restart { node, state, .. } | Sight::Input { node, state, .. } => {
                forget(deaths, node, state);
                Ok(())
            }
            _ => Ok(()),
        },
    )
}

/// Whether what is known of a member undoes a death that was heard of, and may.
fn undone(deaths: &mut Monotonic<View, Incarnation>, view: View, known: Option<Record>) -> Held {
    let (Some(&death), Some(known)) = (deaths.last(&view), known) else { return Ok(()) };
    if known.incarnation > death {
        deaths.forget(&view);
    } else if !known.is_gone() {
        let (node, of) = view;
        return broken(format!(
            "{node} has heard of {of}'s death in incarnation {death} and knows it as {known} now"
        ));
    }
    Ok(())
}

/// Old news are none.
pub(super) fn records_rise() -> Invariant<Swim> {
    Invariant::history(
        "records-rise",
        "What a node knows of a member is never replaced by something older: an older incarnation, \
         or better news of the same.",
        Monotonic::<View, Record>::new(),
        |records, sight| match *sight {
            Sight::Event { node, event: Event::News(of, _), state } => {
                let Some(known) = state.knows(*of) else { return Ok(()) };
                let before = records.last(&(node, *of)).copied();
                records.observe((node, *of), known).or_else(|_| {
                    let before = before.map_or(String::new(), |before| before.to_string());
                    broken(format!("{node} knew {of} as {before}, and then as {known}"))
                })
            }
            Sight::Restart { node, state, .. } | Sight::Input { node, state, .. } => {
                forget(records, node, state);
                Ok(())
            }
            _ => Ok(()),
        },
    )
}

/// A node that knows nobody starts afresh.
fn forget<V: Ord + Clone + std::hash::Hash + std::fmt::Debug + Send + Sync + 'static>(
    monitor: &mut Monotonic<View, V>,
    node: NodeId,
    state: &State,
) {
    for (of, known) in (0..).map(NodeId).zip(&state.members) {
        if known.is_none() {
            monitor.forget(&(node, of));
        }
    }
}

/// Incarnations are a member's own.
pub(super) fn own_incarnation() -> Invariant<Swim> {
    Invariant::<Swim>::nodes(
        "own-incarnation",
        "Nobody knows a member in an incarnation above its own: only it raises that, and it never \
         goes back.",
        |_, nodes| {
            for (node, of, known) in views(nodes) {
                let own = nodes[of.index()].state.incarnation;
                if known.incarnation > own {
                    return broken(format!(
                        "{node} knows {of} as {known}, but it is in {own} only"
                    ));
                }
            }
            Ok(())
        },
    )
    .still(|_, nodes, changed| {
        let mine = &nodes[changed.index()].state;
        let known_too_high = |by: &State, of: NodeId, own: &State| {
            by.knows(of).is_some_and(|known| known.incarnation > own.incarnation)
        };
        !nodes.iter().enumerate().any(|(other, node)| {
            known_too_high(mine, NodeId::at(other), &node.state)
                || known_too_high(&node.state, changed, mine)
        })
    })
}

/// Accuracy, where the network is patient.
pub(super) fn no_false_death() -> Invariant<Swim> {
    Invariant::nodes("no-false-death", "No member that is up is declared dead.", |_, nodes| {
        let wrong = views(nodes)
            .find(|(_, of, known)| known.status == Status::Dead && is_member(nodes, *of));
        match wrong {
            Some((node, of, known)) => broken(format!("{node} knows {of} as {known}; it is up")),
            None => Ok(()),
        }
    })
}

/// Completeness and accuracy, once faults have ceased.
pub(super) fn views_converge() -> Invariant<Swim> {
    Invariant::settles(
        "views-converge",
        "Once faults have ceased, each member comes to know exactly those to be alive that are.",
        60.s(),
        |_, nodes| are_true(nodes),
    )
}

/// Whether each member that is up knows exactly the others that are.
fn are_true(nodes: &Nodes<Swim>) -> Held {
    for node in members(nodes) {
        for of in (0..nodes.len()).map(NodeId::at).filter(|of| *of != node) {
            let known = nodes[node.index()].state.knows(of);
            let alive = known.is_some_and(|known| known.status == Status::Alive);
            let gone = known.is_none_or(Record::is_gone);
            let said = known.map_or("unknown".to_string(), |known| known.to_string());
            match is_member(nodes, of) {
                true if !alive => return broken(format!("{of} is up, and {said} to {node}")),
                false if !gone => {
                    return broken(format!("{of} is not there, and {said} to {node}"));
                }
                true | false => {}
            }
        }
    }
    Ok(())
}

/// A crash is noticed by all.
pub(super) fn crash_confirmed() -> Goal<Swim> {
    Goal::nodes(
        "crash-confirmed",
        "A member is down, and all others know it to be dead.",
        |_, nodes| {
            nodes.iter().enumerate().any(|(at, node)| {
                let dead = |other: NodeId| {
                    let known = nodes[other.index()].state.knows(NodeId::at(at));
                    known.is_some_and(|known| known.status == Status::Dead)
                };
                !node.up && members(nodes).all(dead)
            })
        },
    )
}

/// A suspicion is refuted.
pub(super) fn refutation_heard() -> Goal<Swim> {
    Goal::seen(
        "refutation-heard",
        "A member that was suspected says that it is well, and is heard.",
        |_, sight| match sight {
            Sight::Event { event: Event::News(_, record), .. } => {
                record.status == Status::Alive && record.incarnation > Incarnation(1)
            }
            _ => false,
        },
    )
}

/// A relay is asked, and the target's ack comes back through it.
pub(super) fn acked_through_relay() -> Goal<Swim> {
    Goal::nodes(
        "acked-through-relay",
        "n0 has asked n1 over a broken link, and knows through another that it is well.",
        |_, nodes| {
            let state = &nodes[0].state;
            let well = state.knows(NodeId(1)) == Some(Record::alive(Incarnation(1)));
            state.probe.target > NodeId(1) && well
        },
    )
}

/// All is well, and was not always.
pub(super) fn all_alive_again() -> Goal<Swim> {
    Goal::nodes(
        "all-alive-again",
        "Somebody has refuted a suspicion, or has joined anew, and all know all to be well.",
        |_, nodes| {
            let anew = nodes.iter().any(|node| node.state.incarnation > Incarnation(1));
            anew && members(nodes).count() == nodes.len() && are_true(nodes).is_ok()
        },
    )
}

/// Somebody comes or goes, and all know.
pub(super) fn departure_known() -> Goal<Swim> {
    Goal::nodes("departure-known", "A member has left, and all others know.", |_, nodes| {
        (0..nodes.len()).map(NodeId::at).any(|of| {
            let left = |node: NodeId| {
                let known = nodes[node.index()].state.knows(of);
                known.is_some_and(|known| known.status == Status::Left)
            };
            nodes[of.index()].up && !is_member(nodes, of) && members(nodes).all(left)
        })
    })
}

/// The views are true.
pub(super) fn views_true() -> Goal<Swim> {
    Goal::nodes("views-true", "Each member knows exactly who is there.", |_, nodes| {
        are_true(nodes).is_ok()
    })
}

/// Whether a node is up and a member.
fn is_member(nodes: &Nodes<Swim>, of: NodeId) -> bool {
    let node = &nodes[of.index()];
    node.up && node.state.is_member()
}

/// The members that are up.
fn members(nodes: &Nodes<Swim>) -> impl Iterator<Item = NodeId> {
    (0..nodes.len()).map(NodeId::at).filter(|node| is_member(nodes, *node))
}

/// What each member that is up knows: of whom, and what.
fn views(nodes: &Nodes<Swim>) -> impl Iterator<Item = (NodeId, NodeId, Record)> {
    members(nodes).flat_map(|node| {
        let known = (0..).map(NodeId).zip(&nodes[node.index()].state.members);
        known.filter_map(move |(of, member)| Some((node, of, member.as_ref()?.record)))
    })
}
