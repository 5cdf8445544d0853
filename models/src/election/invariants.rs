//! What must hold of an election, and what must be reachable.

use splitbrain::invariants::Held;
use splitbrain::{Goal, Invariant, Node, NodeId, Nodes, Sight, broken};

use super::{Election, Epoch, Event, Standing, State, live_standing};

/// At most one leader in an epoch.
pub(super) fn one_leader() -> Invariant<Election> {
    Invariant::nodes(
        "one-leader-per-epoch",
        "At any moment at most one live node leads in an epoch. (The bully has but one epoch.)",
        |_, nodes| {
            let mut leaders: Vec<(Epoch, NodeId)> = Vec::new();
            for (at, node) in nodes.iter().enumerate() {
                let Some((me, Standing::Leads(epoch))) = live_standing(at, node) else { continue };
                if let Some((_, other)) = leaders.iter().find(|(led, _)| *led == epoch) {
                    return broken(format!("{other} and {me} both lead in epoch {epoch}"));
                }
                leaders.push((epoch, me));
            }
            Ok(())
        },
    )
}

/// Those who know a leader agree, at rest.
pub(super) fn leaders_agree() -> Invariant<Election> {
    Invariant::quiet(
        "leaders-agree",
        "Where nothing is on its way, live nodes that know a live leader know the same one.",
        |_, nodes| {
            let mut known: Option<(NodeId, Belief)> = None;
            for (at, node) in nodes.iter().enumerate() {
                let Some((me, standing)) = live_standing(at, node) else { continue };
                let Some(belief) = Belief::of(me, node, standing) else { continue };
                if belief.is_about_someone_down(nodes) {
                    continue;
                }
                match &known {
                    Some((other, believed)) if *believed != belief => {
                        return broken(format!(
                            "{other} knows {believed} to lead, and {me} knows {belief}"
                        ));
                    }
                    Some(_) => {}
                    None => known = Some((me, belief)),
                }
            }
            Ok(())
        },
    )
}

/// Whom a node knows to lead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Belief {
    /// A node with a name.
    Named(NodeId),
    /// Whoever leads in that epoch: where nodes have no names, it is all that can be known.
    WhoeverLeads(Epoch),
}

impl Belief {
    fn of(me: NodeId, node: &Node<Election>, standing: Standing) -> Option<Belief> {
        let nameless = matches!(node.state, State::Randomized(_));
        match standing {
            Standing::Outside | Standing::Open => None,
            Standing::Leads(epoch) | Standing::Follows(epoch, _) if nameless => {
                Some(Belief::WhoeverLeads(epoch))
            }
            Standing::Leads(_) => Some(Belief::Named(me)),
            Standing::Follows(_, leader) => leader.map(Belief::Named),
        }
    }

    fn is_about_someone_down(self, nodes: &Nodes<Election>) -> bool {
        match self {
            Belief::Named(leader) => !nodes[leader.index()].up,
            Belief::WhoeverLeads(_) => false,
        }
    }
}

impl std::fmt::Display for Belief {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Belief::Named(leader) => write!(f, "{leader}"),
            Belief::WhoeverLeads(epoch) => write!(f, "the leader of epoch {epoch}"),
        }
    }
}

/// Nobody waits for what will never come.
pub(super) fn leader_known() -> Invariant<Election> {
    Invariant::quiet(
        "leader-known",
        "Where nothing is on its way, no timer runs and no report of a crash is due, every live \
         node knows a live leader, if an election was ever called.",
        |_, nodes| {
            let down = || {
                let all = nodes.iter().enumerate();
                all.filter(|(_, node)| !node.up).map(|(at, _)| NodeId::at(at))
            };
            let live = || nodes.iter().enumerate().filter(|(_, node)| node.up);
            let due = live().any(|(_, node)| {
                !node.timers.is_empty()
                    || match &node.state {
                        State::Bully(member) => down().any(|gone| member.obeys(gone)),
                        State::Ring(member) => member.suspects.lacks(down()),
                        State::Randomized(_) => false,
                    }
            });
            let standings = || live().filter_map(|(at, node)| live_standing(at, node));
            let called = standings().any(|(_, standing)| standing != Standing::Outside);
            if due || !called {
                return Ok(());
            }
            let leads = |epoch| standings().any(|(_, other)| other == Standing::Leads(epoch));
            standings().try_for_each(|(me, standing)| match standing {
                Standing::Leads(_) => Ok(()),
                Standing::Follows(epoch, None) if leads(epoch) => Ok(()),
                Standing::Follows(epoch, None) => broken(format!(
                    "{me} follows whoever leads in epoch {epoch}, and no live node does"
                )),
                Standing::Follows(_, Some(leader)) if nodes[leader.index()].up => Ok(()),
                Standing::Follows(_, Some(leader)) => {
                    broken(format!("{me} obeys {leader}, which is down, and will learn no better"))
                }
                Standing::Outside | Standing::Open => {
                    broken(format!("{me} knows no leader, and nothing will tell it of one"))
                }
            })
        },
    )
}

/// The election messages that went by each node, in the elections that nodes still follow: those of
/// earlier ones go by no more.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Passed {
    /// Node, election, candidate; in order.
    by: Vec<(NodeId, Epoch, NodeId)>,
}

impl Passed {
    fn pass(&mut self, node: NodeId, epoch: Epoch, candidate: NodeId) -> Held {
        self.by.retain(|(by, in_epoch, _)| *by != node || *in_epoch == epoch);
        match self.by.binary_search(&(node, epoch, candidate)) {
            Ok(_) => broken(format!(
                "{node} passes the message of {candidate} in epoch {epoch} on a second time"
            )),
            Err(at) => {
                self.by.insert(at, (node, epoch, candidate));
                Ok(())
            }
        }
    }
}

/// No message goes round for ever.
pub(super) fn passes_once() -> Invariant<Election> {
    Invariant::history(
        "passes-once",
        "On the ring no node passes on the message of the same candidate twice in an epoch: a \
         message that goes round twice goes round for ever.",
        Passed::default(),
        |passed, sight| match sight {
            Sight::Event { node, event: Event::Passes { epoch, candidate }, .. } => {
                passed.pass(*node, *epoch, *candidate)
            }
            _ => Ok(()),
        },
    )
}

/// A node is elected.
pub(super) fn elected() -> Goal<Election> {
    Goal::seen("leader-elected", "A node is elected.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Leads(_), .. })
    })
}

/// A second election is won.
pub(super) fn elected_again() -> Goal<Election> {
    Goal::seen(
        "elected-again",
        "A node is elected in a second epoch.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Leads(won), .. } if won.0 > 1),
    )
}

/// A leader is replaced.
pub(super) fn replaced() -> Goal<Election> {
    Goal::nodes(
        "leader-replaced",
        "The highest node is down, and all others know a live node to lead.",
        |_, nodes| {
            let (last, others) = nodes.split_last().expect("a cluster has nodes");
            !last.up && others.iter().all(|node| node.up) && knows_one(nodes, others)
        },
    )
}

/// The highest node comes back and leads.
pub(super) fn reinstated() -> Goal<Election> {
    Goal::nodes(
        "highest-leads-again",
        "The highest node leads again, and one that it stopped waits for its word.",
        |_, nodes| {
            let highest = NodeId::at(nodes.len() - 1);
            let leads = |node: &Node<Election>, me| match node.state.standing(me) {
                Standing::Leads(_) => node.up,
                Standing::Outside | Standing::Open | Standing::Follows(..) => false,
            };
            let stopped = |node: &Node<Election>| match &node.state {
                State::Bully(super::bully::Member::Waiting { stopped_by }) => {
                    node.up && *stopped_by == Some(highest)
                }
                State::Bully(_) | State::Ring(_) | State::Randomized(_) => false,
            };
            leads(&nodes[highest.index()], highest) && nodes.iter().any(|node| stopped(node))
        },
    )
}

/// Lots fall alike.
pub(super) fn draws_again() -> Goal<Election> {
    Goal::seen("draws-again", "Ids that were drawn alike meet, and are drawn anew.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::DrawsAgain(_), .. })
    })
}

/// Whether these, the first of the nodes, all know the same live node to lead.
fn knows_one(nodes: &Nodes<Election>, these: &Nodes<Election>) -> bool {
    let mut beliefs = these.iter().enumerate().map(|(at, node)| {
        let me = NodeId::at(at);
        Belief::of(me, node, node.state.standing(me))
    });
    let Some(Some(first)) = beliefs.next() else { return false };
    !first.is_about_someone_down(nodes) && beliefs.all(|belief| belief == Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_passes_a_node_once_in_an_epoch() {
        let table = [
            ("a first pass is fine", 0, 1, 2, true),
            ("so is one by another node", 1, 1, 2, true),
            ("and one of another candidate", 0, 1, 1, true),
            ("a second pass is not", 1, 1, 2, false),
            ("in a later epoch it is", 0, 2, 2, true),
            ("but once", 0, 2, 2, false),
        ];
        let mut passed = Passed::default();
        for (sentence, node, epoch, candidate, held) in table {
            let now = passed.pass(NodeId(node), Epoch(epoch), NodeId(candidate));
            assert_eq!(now.is_ok(), held, "{sentence}");
        }
        assert_eq!(passed.by.len(), 2, "what n0 passed on in epoch 1 is forgotten");
    }
}
