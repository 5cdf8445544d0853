//! What must hold of primary and backup, and what must be reachable.

use splitbrain::invariants::{Agreement, Durability, prefix_order};
use splitbrain::{Goal, Invariant, Node, NodeId, Nodes, Sight, Units, broken};

use super::{Event, Input, PrimaryBackup, Request, Server, Service, State};
use crate::parts::counted::{Counted, Seen};
use crate::parts::view::View;

/// The view service.
fn service(nodes: &Nodes<PrimaryBackup>) -> &Service {
    match &nodes[0].state {
        State::Service(service) => service,
        State::Server(_) => unreachable!("n0 is the view service"),
    }
}

/// The server at a node.
fn server(node: &Node<PrimaryBackup>) -> &Server {
    match &node.state {
        State::Server(server) => server,
        State::Service(_) => unreachable!("only n0 is the view service"),
    }
}

/// The servers.
fn servers(nodes: &Nodes<PrimaryBackup>) -> impl Iterator<Item = (NodeId, &Server)> {
    nodes.iter().enumerate().skip(1).map(|(at, node)| (NodeId::at(at), server(node)))
}

/// One acts at a time. Of the first view nobody tells: its primary acts from the start.
pub(super) fn one_primary(protocol: &PrimaryBackup) -> Invariant<PrimaryBackup> {
    let View { number, primary, .. } = protocol.first_view();
    let mut primaries = Agreement::<u32, NodeId>::new();
    primaries.agree(number, primary).expect("nothing was seen before the first view");
    Invariant::history(
        "one-primary",
        "In a view at most one server acts as the primary, ever.",
        primaries,
        |primaries, sight| match sight {
            Sight::Event { node, event: Event::Acts(view), .. } => {
                primaries.agree_named("view", "primary", *view, *node)
            }
            _ => Ok(()),
        },
    )
}

/// Backups have what the primary has, in its order.
pub(super) fn replica_agreement() -> Invariant<PrimaryBackup> {
    Invariant::nodes(
        "replica-agreement",
        "In a view, a backup that was given the history has a prefix of the primary's.",
        |_, nodes| {
            for (primary, leader) in servers(nodes).filter(|(me, server)| server.leads(*me)) {
                let follows = |(me, server): &(NodeId, &Server)| {
                    *me != primary && server.ready && server.view == leader.view
                };
                for (backup, follower) in servers(nodes).filter(follows) {
                    let histories = [leader.history.taken(), follower.history.taken()];
                    if let Err(why) = prefix_order(&histories) {
                        let number = leader.view.number;
                        return broken(format!("view {number}: {primary}, then {backup}: {why}"));
                    }
                }
            }
            Ok(())
        },
    )
}

/// What the modes that wait promise.
pub(super) fn durability() -> Invariant<PrimaryBackup> {
    Invariant::history(
        "durability",
        "Whoever acts as the primary from now on has every update that was answered.",
        Durability::<Request>::new(),
        |answered, sight| match sight {
            Sight::Event { event: Event::Updated { request, .. }, .. } => {
                answered.acknowledge(*request);
                Ok(())
            }
            Sight::Event { event: Event::Acts(_), state: State::Server(server), .. } => {
                answered.survives(|request| server.history.taken().contains(request))
            }
            _ => Ok(()),
        },
    )
}

/// What is seen of clients.
impl Counted for PrimaryBackup {
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

/// Left to themselves, all are in the view again.
pub(super) fn recovers() -> Invariant<PrimaryBackup> {
    Invariant::settles(
        "recovers",
        "Without further faults, within ten seconds the view is acknowledged, every server is in \
         it, and all have the same updates.",
        10.s(),
        |_, nodes| {
            let Service { view, acknowledged, .. } = service(nodes);
            let primary = server(&nodes[view.primary.index()]);
            for (me, server) in servers(nodes) {
                if server.view != *view || !view.contains(me) {
                    return broken(format!("{me} is not in view {}, the last", view.number));
                }
                if server.history.taken() != primary.history.taken() {
                    return broken(format!("{me} has other updates than {}", view.primary));
                }
            }
            if *acknowledged { Ok(()) } else { broken(format!("view {} is open", view.number)) }
        },
    )
}

/// A backup takes over.
pub(super) fn failed_over() -> Goal<PrimaryBackup> {
    Goal::seen(
        "failed-over",
        "Another server than the first acts as the primary, with updates it was forwarded.",
        |protocol, sight| match sight {
            Sight::Event { node, event: Event::Acts(_), state: State::Server(server) } => {
                *node != protocol.first_view().primary && server.history.last().0 > 0
            }
            _ => false,
        },
    )
}

/// Who was replaced does not know it.
pub(super) fn two_believe() -> Goal<PrimaryBackup> {
    Goal::nodes(
        "two-believe",
        "A server that was replaced takes itself for the primary while another one acts.",
        |_, nodes| {
            let running = servers(nodes).filter(|(me, _)| nodes[me.index()].up);
            running.filter(|(me, server)| server.leads(*me)).count() > 1
        },
    )
}

/// The state is transferred.
pub(super) fn transferred() -> Goal<PrimaryBackup> {
    Goal::seen("transferred", "A new backup is given a history with updates.", |_, sight| {
        matches!(
            sight,
            Sight::Event { event: Event::Transferred, state: State::Server(server), .. }
                if server.history.last().0 > 0
        )
    })
}

/// What asynchronous replication does not promise.
pub(super) fn answered_and_lost() -> Goal<PrimaryBackup> {
    Goal::nodes(
        "answered-and-lost",
        "An update was answered, and the server that acts as the primary now has not got it.",
        |_, nodes| {
            let acts = |(me, server): &(NodeId, &Server)| server.leads(*me);
            let newest = servers(nodes).filter(acts).max_by_key(|(_, server)| server.view.number);
            let Some((_, newest)) = newest else { return false };
            servers(nodes).filter(acts).any(|(_, server)| {
                let answered = (server.answered.0 as usize).min(server.history.taken().len());
                !newest.history.taken().starts_with(&server.history.taken()[..answered])
            })
        },
    )
}
