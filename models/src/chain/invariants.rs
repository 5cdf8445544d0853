//! What must hold of the chain, and what must be reachable.

use splitbrain::invariants::{Durability, prefix_order};
use splitbrain::{Goal, Held, Invariant, Node, NodeId, Nodes, Sight, Units, broken};

use super::{Chain, Event, Input, Request, Server, Standing, State};
use crate::parts::counted::{Counted, Seen};
use crate::parts::layout::Layout;

/// The layout by the master's word.
fn layout(nodes: &Nodes<Chain>) -> &Layout {
    match &nodes[0].state {
        State::Master(master) => &master.layout,
        State::Server(_) => unreachable!("n0 is the master"),
    }
}

/// The server at a node.
fn server(node: &Node<Chain>) -> &Server {
    match &node.state {
        State::Server(server) => server,
        State::Master(_) => unreachable!("only n0 is the master"),
    }
}

/// The servers of the chain that run as members, in its order.
fn members(nodes: &Nodes<Chain>) -> Vec<(NodeId, &Server)> {
    let chain =
        layout(nodes).chain.iter().map(|member| (member.server, &nodes[member.server.index()]));
    let running = chain.filter(|(_, node)| node.up).map(|(member, node)| (member, server(node)));
    running.filter(|(_, server)| server.standing == Standing::Member).collect()
}

/// The update propagation invariant.
pub(super) fn update_propagation() -> Invariant<Chain> {
    Invariant::nodes(
        "update-propagation",
        "Along the chain, each server's history is a prefix of its predecessor's.",
        |_, nodes| {
            let members = members(nodes);
            let histories: Vec<_> =
                members.iter().map(|(_, server)| server.history.taken()).collect();
            prefix_order(&histories)
        },
    )
}

/// Clean is what the tail has, and so everybody.
pub(super) fn clean_is_everywhere() -> Invariant<Chain> {
    Invariant::nodes(
        "clean-is-everywhere",
        "What one member of the chain calls clean, every member has.",
        |_, nodes| {
            let members = members(nodes);
            for (one, server) in &members {
                let lacks = members.iter().find(|(_, other)| other.history.last() < server.clean);
                if let Some((other, lacking)) = lacks {
                    return broken(format!(
                        "{one} calls update {} clean, and {other} has only {}",
                        server.clean.0,
                        lacking.history.last().0
                    ));
                }
            }
            Ok(())
        },
    )
}

/// Answered updates outlive every server that fails.
pub(super) fn durability() -> Invariant<Chain> {
    Invariant::history(
        "durability",
        "Whoever acts by a new layout has every update that was answered.",
        Durability::<Request>::new(),
        |answered, sight| match sight {
            Sight::Event { event: Event::Updated { request, .. }, .. } => {
                answered.acknowledge(*request);
                Ok(())
            }
            Sight::Event { event: Event::Adopted { .. }, state: State::Server(server), .. } => {
                answered.survives(|request| server.history.taken().contains(request))
            }
            _ => Ok(()),
        },
    )
}

/// What is seen of clients.
impl Counted for Chain {
    fn seen(sight: &Sight<'_, Self>) -> Option<Seen> {
        match sight {
            Sight::Input { input: Input::Update(request), .. } => Some(Seen::Update(*request)),
            Sight::Input { input: Input::Query(request), .. } => Some(Seen::Query(*request)),
            Sight::Event { event: Event::Updated { request, total }, .. } => {
                Some(Seen::Updated(*request, *total))
            }
            Sight::Event { event: Event::Queried { request, total }, .. } => {
                Some(Seen::Queried(*request, *total))
            }
            _ => None,
        }
    }
}

/// Whether every failure is known: everybody in the layout runs, in the life that it names.
fn all_run(nodes: &Nodes<Chain>) -> bool {
    let layout = layout(nodes);
    layout.chain.iter().chain(&layout.joining).all(|replica| {
        let node = &nodes[replica.server.index()];
        node.up && server(node).life == replica.life
    })
}

/// Nobody sits on an update.
pub(super) fn all_pass_on() -> Invariant<Chain> {
    Invariant::quiet(
        "all-pass-on",
        "Where nothing is on its way and every failure is known, all members have the same \
         updates.",
        |_, nodes| if all_run(nodes) { have_the_same(nodes) } else { Ok(()) },
    )
}

fn have_the_same(nodes: &Nodes<Chain>) -> Held {
    let members = members(nodes);
    for pair in members.windows(2) {
        let ((one, before), (other, after)) = (pair[0], pair[1]);
        if before.history.taken() != after.history.taken() {
            return broken(format!(
                "{one} has {} updates and {other} behind it {}, and nothing is on its way",
                before.history.last().0,
                after.history.last().0
            ));
        }
    }
    Ok(())
}

/// Nothing stays dirty.
pub(super) fn all_clean() -> Invariant<Chain> {
    Invariant::quiet(
        "all-clean",
        "Where nothing is on its way and every failure is known, all updates are clean, and nobody \
         is still about to join.",
        |_, nodes| if all_run(nodes) { are_clean(nodes) } else { Ok(()) },
    )
}

fn are_clean(nodes: &Nodes<Chain>) -> Held {
    if let Some(joining) = layout(nodes).joining {
        return broken(format!("{joining:?} is about to join, and nothing is on its way"));
    }
    match members(nodes).into_iter().find(|(_, server)| !server.is_clean()) {
        Some((one, server)) => broken(format!(
            "{one} has {} updates, calls {} of them clean, and nothing is on its way",
            server.history.last().0,
            server.clean.0
        )),
        None => Ok(()),
    }
}

/// Left to itself, the chain is whole again.
pub(super) fn recovers() -> Invariant<Chain> {
    Invariant::settles(
        "recovers",
        "Without further faults, within ten seconds every server is in the chain, has the same \
         updates, and calls them clean.",
        10.s(),
        |_, nodes| {
            if let Some(one) = (1..nodes.len())
                .find(|at| !layout(nodes).contains(NodeId::at(*at)) || !nodes[*at].up)
            {
                return broken(format!("n{one} is not in the chain"));
            }
            have_the_same(nodes)?;
            are_clean(nodes)
        },
    )
}

/// CRAQ: a server need not ask.
pub(super) fn clean_read() -> Goal<Chain> {
    Goal::seen(
        "clean-read",
        "A server that is not the tail answers a query by itself, with a clean update.",
        |_, sight| answers_aside(sight, true),
    )
}

/// CRAQ: a server has to ask.
pub(super) fn dirty_read() -> Goal<Chain> {
    Goal::seen(
        "dirty-read",
        "A server with dirty updates answers a query with the tail's version.",
        |_, sight| answers_aside(sight, false),
    )
}

/// Whether a server that is not the tail answers a query, with clean updates alone or with dirty
/// ones behind them.
fn answers_aside(sight: &Sight<'_, Chain>, clean: bool) -> bool {
    match sight {
        Sight::Event {
            node,
            event: Event::Queried { total: 1.., .. },
            state: State::Server(server),
        } => !server.is_tail(*node) && server.is_clean() == clean,
        _ => false,
    }
}

/// What a goal asks of a server that acts by a new layout: the first chain, who it is, what it has.
type OfAdopted = fn(&Layout, NodeId, &Server) -> bool;

fn adopted(protocol: &Chain, sight: &Sight<'_, Chain>, is: OfAdopted) -> bool {
    match sight {
        Sight::Event { node, event: Event::Adopted { .. }, state: State::Server(server) } => {
            is(&protocol.first_layout(), *node, server)
        }
        _ => false,
    }
}

/// The head failed.
pub(super) fn head_replaced() -> Goal<Chain> {
    Goal::seen(
        "head-replaced",
        "The head fails, and its successor is the head, with updates that it had.",
        |protocol, sight| {
            adopted(protocol, sight, |first, me, server| {
                server.is_head(me) && first.head() != Some(me) && server.history.last().0 > 0
            })
        },
    )
}

/// The tail failed.
pub(super) fn tail_replaced() -> Goal<Chain> {
    Goal::seen(
        "tail-replaced",
        "The tail fails, and its predecessor is the tail, and has updates.",
        |protocol, sight| {
            adopted(protocol, sight, |first, me, server| {
                let shorter = server.layout.chain.len() < first.chain.len();
                let was = first.last().and_then(|last| first.predecessor(last)) == Some(me);
                server.is_tail(me) && shorter && was && server.history.last().0 > 0
            })
        },
    )
}

/// A server in between failed.
pub(super) fn middle_bridged() -> Goal<Chain> {
    Goal::seen(
        "middle-bridged",
        "A server between head and tail fails, and its predecessor has updates to send again.",
        |protocol, sight| {
            adopted(protocol, sight, |first, me, server| {
                let then = first.successor(me);
                let ends = first.tail() == server.layout.tail() && then != first.tail();
                ends && server.layout.successor(me) != then && !server.is_clean()
            })
        },
    )
}

/// A server joined.
pub(super) fn joined() -> Goal<Chain> {
    Goal::seen(
        "joined",
        "A server joins behind the tail, is given updates, and becomes the tail.",
        |protocol, sight| {
            adopted(protocol, sight, |first, me, server| {
                let new = first.tail() != Some(me) && server.layout.chain.len() > 1;
                let failed = server.layout.chain.len() < first.chain.len();
                let last = server.layout.last() == Some(me);
                last && new && !failed && server.history.last().0 > 0
            })
        },
    )
}

/// The last member came back.
pub(super) fn resumed() -> Goal<Chain> {
    Goal::seen(
        "resumed",
        "The only server left crashes, comes back, and is the chain.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Adopted { resumes: true }, .. }),
    )
}
