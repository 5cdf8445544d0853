//! What must hold of a state machine replicated by Paxos, and what must be reachable.

use std::collections::BTreeSet;

use splitbrain::invariants::Agreement;
use splitbrain::{Broken, Data, Goal, Held, Invariant, NodeId, Nodes, Sight, broken};

use super::MultiPaxos;
use super::state::{Event, Proposal, Slot, Value};
use crate::parts::ballot::Ballot;
use crate::parts::machine::{Replies, StateMachine};
use crate::parts::quorum::QuorumSystem;

/// All of them, for a protocol like this.
pub(crate) fn all<S: StateMachine>(protocol: &MultiPaxos<S>) -> Vec<Invariant<MultiPaxos<S>>> {
    vec![
        agreement(protocol.phases.accept.clone()),
        one_leader_per_ballot(),
        durability(),
        prefix_order(),
        linearizability(protocol.machine.clone()),
    ]
}

/// What was accepted, as far as it may still be chosen, and what was chosen, known or not.
///
/// A value is chosen as soon as a quorum has accepted it in one ballot, which nobody may learn for
/// a long time, or ever. What acceptors accept is all there is to see of it, and a later acceptance
/// takes the place of an earlier one in an acceptor, so it is seen here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Votes<C> {
    /// The quorums of phase 2.
    quorums: QuorumSystem,
    /// Who accepted what, in order. Votes for what is chosen already say nothing new.
    cast: Vec<(Slot, Proposal<C>, Vec<NodeId>)>,
    /// What was chosen.
    chosen: Agreement<Slot, Value<C>>,
}

impl<C: Data> Votes<C> {
    /// Nobody has accepted anything.
    pub fn new(quorums: QuorumSystem) -> Votes<C> {
        Votes { quorums, cast: Vec::new(), chosen: Agreement::new() }
    }

    /// An acceptor accepts a proposal.
    ///
    /// # Errors
    /// The value is chosen by that, where another one was before.
    pub fn accept(&mut self, acceptor: NodeId, slot: Slot, proposal: &Proposal<C>) -> Held {
        if self.chosen.get(&slot) == Some(&proposal.value) {
            return Ok(());
        }
        let place = self.cast.binary_search_by(|(of, cast, _)| (of, cast).cmp(&(&slot, proposal)));
        let at = place.unwrap_or_else(|at| {
            self.cast.insert(at, (slot, proposal.clone(), Vec::new()));
            at
        });
        let by = &mut self.cast[at].2;
        if let Err(place) = by.binary_search(&acceptor) {
            by.insert(place, acceptor);
        }
        if !self.quorums.is_quorum(by) {
            return Ok(());
        }
        let by = by.clone();
        self.choose(slot, &proposal.value, || {
            format!("{by:?} accepted it in ballot {}", proposal.ballot)
        })
    }

    /// That value is chosen in that slot, for this reason.
    ///
    /// # Errors
    /// Another one was chosen before.
    pub fn choose(&mut self, slot: Slot, value: &Value<C>, why: impl Fn() -> String) -> Held {
        self.chosen.agree_or(slot, value.clone(), |slot, first, second| {
            format!("{second:?} is chosen in slot {slot} ({}), where {first:?} was before", why())
        })?;
        self.cast.retain(|(of, cast, _)| *of != slot || cast.value != *value);
        Ok(())
    }
}

/// *Agreement*, slot by slot (PMS §2.1): at most one value is chosen.
pub fn agreement<S: StateMachine>(accept: QuorumSystem) -> Invariant<MultiPaxos<S>> {
    Invariant::history(
        "agreement",
        "At most one value is chosen in a slot: accepted by a quorum in one ballot, or executed.",
        Votes::<S::Operation>::new(accept),
        |votes, sight| match sight {
            Sight::Event { node, event: Event::Accepted { slot, proposal }, .. } => {
                votes.accept(*node, *slot, proposal)
            }
            Sight::Event { node, event: Event::Executed { slot, value }, .. } => {
                votes.choose(*slot, value, || format!("{node} executed it"))
            }
            _ => Ok(()),
        },
    )
}

/// *One leader per ballot* (PMS §2.5): a ballot names its proposer, and nobody else leads in it.
pub fn one_leader_per_ballot<S: StateMachine>() -> Invariant<MultiPaxos<S>> {
    Invariant::history(
        "one-leader-per-ballot",
        "A ballot is led by none but the proposer that it names, so by one at most.",
        (),
        |(), sight| match sight {
            Sight::Event { node, event: Event::Leads { ballot }, .. } => is_led_by(*ballot, *node),
            _ => Ok(()),
        },
    )
}

/// Whether this is the one replica that may lead in the ballot.
fn is_led_by(ballot: Ballot, leader: NodeId) -> Held {
    match ballot.proposer == leader {
        true => Ok(()),
        false => broken(format!("{leader} leads ballot {ballot}, which is {}'s", ballot.proposer)),
    }
}

/// How many slots durability looks back: each was the last one when it was executed, and is looked
/// at until so many more are. In a long run all of them at every step would take too long.
const RECENT: u32 = 8;

/// *Durability*: what a replica has executed is with so many acceptors that every later leader
/// hears of it. Crashed ones count with what they will have again. What every replica has executed
/// is durable without that.
pub fn durability<S: StateMachine>() -> Invariant<MultiPaxos<S>> {
    Invariant::nodes(
        "durability",
        "What is executed, up to eight slots back, stays accepted by acceptors of every quorum that \
         may promise.",
        |protocol, nodes| {
            let executed = nodes.iter().map(|node| node.state.executed);
            let by_all = executed.min().expect("a cluster has nodes");
            for (at, node) in nodes.iter().enumerate() {
                let last = node.state.executed.0;
                for slot in (by_all.0.max(last.saturating_sub(RECENT)) + 1..=last).map(Slot) {
                    is_durable(protocol, nodes, NodeId::at(at), slot)?;
                }
            }
            Ok(())
        },
    )
}

/// What durability says of a slot that this replica has executed.
fn is_durable<S: StateMachine>(
    protocol: &MultiPaxos<S>,
    nodes: &Nodes<MultiPaxos<S>>,
    executor: NodeId,
    slot: Slot,
) -> Held {
    let Some(value) = nodes[executor.index()].state.chosen.get(slot) else {
        return Ok(()); // It was left out, which prefix order is about.
    };
    let holds = |node: &NodeId| {
        let accepted = nodes[node.index()].state.accepted.get(slot);
        accepted.is_some_and(|proposal| proposal.value == *value)
    };
    let all = || (0..nodes.len()).map(NodeId::at);
    let others: Vec<NodeId> = all().filter(|node| !holds(node)).collect();
    if !protocol.phases.prepare.is_quorum(&others) {
        return Ok(());
    }
    let holders: Vec<NodeId> = all().filter(holds).collect();
    broken(format!(
        "{executor} has executed slot {slot}, but only {holders:?} hold {value:?}: a leader may be \
         promised by {others:?}"
    ))
}

/// What replicas have executed: the longest history there is, and how much of it each one has.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Executions<C> {
    order: Vec<Value<C>>,
    done: Vec<(NodeId, Slot)>,
}

impl<C: Data> Executions<C> {
    /// Nobody has executed anything.
    pub fn new() -> Executions<C> {
        Executions { order: Vec::new(), done: Vec::new() }
    }

    /// A replica executes what is in a slot.
    ///
    /// # Errors
    /// It leaves slots out, or another replica executed something else there.
    pub fn execute(&mut self, node: NodeId, slot: Slot, value: &Value<C>) -> Held {
        let at = self.done.binary_search_by_key(&node, |(done, _)| *done).unwrap_or_else(|at| {
            self.done.insert(at, (node, Slot(0)));
            at
        });
        let due = self.done[at].1.next();
        if slot != due {
            return broken(format!("{node} executes slot {slot} when slot {due} is next"));
        }
        self.done[at].1 = slot;
        match self.order.get(slot.0 as usize - 1) {
            None => self.order.push(value.clone()),
            Some(first) if first == value => {}
            Some(first) => {
                return Err(Broken::new(format!(
                    "{node} executes {value:?} in slot {slot}, where another executed {first:?}"
                )));
            }
        }
        Ok(())
    }
}

impl<C: Data> Default for Executions<C> {
    fn default() -> Self {
        Executions::new()
    }
}

/// *Prefix order*: of two replicas, one has executed what the other has, and perhaps more.
pub fn prefix_order<S: StateMachine>() -> Invariant<MultiPaxos<S>> {
    Invariant::history(
        "prefix-order",
        "All replicas execute the same in the same order: slot after slot, none left out.",
        Executions::<S::Operation>::new(),
        |executions, sight| match sight {
            Sight::Event { node, event: Event::Executed { slot, value }, .. } => {
                executions.execute(*node, *slot, value)
            }
            _ => Ok(()),
        },
    )
}

/// *Linearizability* of the replicated machine, retries included.
pub fn linearizability<S: StateMachine>(machine: S) -> Invariant<MultiPaxos<S>> {
    Invariant::history(
        "linearizability",
        "Every command seems to be done once, between its first try and its answer.",
        Replies::new(machine),
        |replies, sight| match sight {
            Sight::Input { input, .. } => {
                replies.ask(input.client, input.serial, input.command.clone());
                Ok(())
            }
            Sight::Event { event: Event::Replied { client, serial, output }, .. } => {
                replies.answer(*client, *serial, output.clone())
            }
            _ => Ok(()),
        },
    )
}

/// Some replica leads.
pub(crate) fn leads<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen("leads", "A candidate has a quorum of promises and leads.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Leads { .. }, .. })
    })
}

/// A leader takes over while the one before has not heard of it.
pub(crate) fn second_leader<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::nodes("second-leader", "Two replicas lead, in different ballots.", |_, nodes| {
        let leaders = nodes.iter().map(|node| &node.state).filter(|state| state.leads());
        let ballots: BTreeSet<Ballot> = leaders.map(|state| state.promised).collect();
        ballots.len() > 1
    })
}

/// A command is executed at the leader.
pub(crate) fn answered<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen("answered", "A command is executed, and its client answered.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Replied { .. }, .. })
    })
}

/// A command is executed at the leader, where all are asked of others.
pub(crate) fn forwarded_answered<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen(
        "forwarded-answered",
        "The leader answers a command that was asked of another replica.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Replied { .. }, .. }),
    )
}

/// A leader proposes what an earlier one did.
pub(crate) fn taken_over<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen("taken-over", "A new leader proposes the value that was accepted.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::TookOver { .. }, .. })
    })
}

/// A gap is filled.
pub(crate) fn gap_filled<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen("gap-filled", "A no-op is executed, and what lies behind it.", |_, sight| {
        matches!(
            sight,
            Sight::Event { event: Event::Executed { slot, .. }, state, .. }
                if *slot > Slot(1)
                    && (1..slot.0).any(|of| state.chosen.get(Slot(of)) == Some(&Value::NoOp))
        )
    })
}

/// A replica learns what it missed.
pub(crate) fn caught_up<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen("caught-up", "A replica learns what it missed by asking the leader.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::CaughtUp { .. }, .. })
    })
}

/// Something is chosen before what comes before it.
pub(crate) fn chosen_out_of_order<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::nodes(
        "chosen-out-of-order",
        "A slot is known to be chosen while one before it is not.",
        |_, nodes| nodes.iter().any(|node| node.state.chosen.last() > node.state.executed),
    )
}

/// A command that is chosen twice.
pub(crate) fn chosen_twice<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::nodes("chosen-twice", "A retried command is executed from two slots.", |_, nodes| {
        nodes.iter().any(|node| {
            let executed: Vec<_> = node
                .state
                .chosen
                .iter()
                .filter(|(slot, value)| *slot <= node.state.executed && **value != Value::NoOp)
                .map(|(_, value)| value)
                .collect();
            executed.iter().enumerate().any(|(at, value)| executed[at + 1..].contains(value))
        })
    })
}

/// No majority was needed.
pub(crate) fn chosen_by_few<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::nodes(
        "chosen-by-few",
        "A value is executed that no more than half of the acceptors have accepted.",
        |_, nodes| {
            let accepted_by_few = |slot: Slot, value: &Value<_>| {
                let accepted = nodes.iter().filter_map(|node| node.state.accepted.get(slot));
                2 * accepted.filter(|proposal| proposal.value == *value).count() <= nodes.len()
            };
            nodes.iter().any(|node| {
                let last = node.state.executed;
                node.state.chosen.get(last).is_some_and(|value| accepted_by_few(last, value))
            })
        },
    )
}

/// A replica comes back with what it had accepted.
pub(crate) fn restarted<S: StateMachine>() -> Goal<MultiPaxos<S>> {
    Goal::seen(
        "restarted",
        "An acceptor restarts with what it has accepted.",
        |_, sight| matches!(sight, Sight::Restart { state, .. } if state.accepted.last() > Slot(0)),
    )
}

#[cfg(test)]
mod tests {
    use splitbrain::ClientId;

    use super::*;
    use crate::parts::machine::{Request, Serial};

    /// The command of that client.
    fn command(client: u8) -> Value<()> {
        Value::Command(Request { client: ClientId(client), serial: Serial(0), command: () })
    }

    #[test]
    fn what_is_chosen_shows_in_what_is_accepted() {
        // Who accepts, in which round, whose command; always in slot 1, under ballots of n0.
        type Row<'a> = (&'a str, &'a [(u8, u32, u8)], bool);
        let table: &[Row<'_>] = &[
            ("a quorum in one ballot", &[(0, 1, 7), (1, 1, 7)], true),
            ("minorities choose nothing", &[(0, 1, 7), (1, 2, 8), (2, 3, 9)], true),
            ("nor do acceptances in different ballots", &[(0, 1, 7), (1, 2, 7), (2, 3, 8)], true),
            ("the same again", &[(0, 1, 7), (1, 1, 7), (1, 2, 7), (2, 2, 7)], true),
            ("another later", &[(0, 1, 7), (1, 1, 7), (1, 2, 8), (2, 2, 8)], false),
            ("another earlier", &[(1, 2, 8), (2, 2, 8), (0, 1, 7), (1, 1, 7)], false),
            ("two in one ballot", &[(0, 1, 7), (1, 1, 7), (1, 1, 8), (2, 1, 8)], false),
        ];
        for (sentence, accepted, agrees) in table {
            let mut votes = Votes::new(QuorumSystem::majority(3));
            let held = accepted.iter().try_for_each(|&(acceptor, round, client)| {
                let ballot = Ballot { round, proposer: NodeId(0) };
                let proposal = Proposal { ballot, value: command(client) };
                votes.accept(NodeId(acceptor), Slot(1), &proposal)
            });
            assert_eq!(held.is_ok(), *agrees, "{sentence}: {held:?}");
        }
    }

    #[test]
    fn votes_for_what_is_chosen_leave_no_trace() {
        let ballot = Ballot { round: 1, proposer: NodeId(0) };
        let proposal = Proposal { ballot, value: command(0) };
        let mut some = Votes::new(QuorumSystem::majority(3));
        let mut all = some.clone();
        for acceptor in [2, 0] {
            assert_eq!(some.accept(NodeId(acceptor), Slot(1), &proposal), Ok(()));
        }
        for acceptor in [0, 1, 2] {
            assert_eq!(all.accept(NodeId(acceptor), Slot(1), &proposal), Ok(()));
        }
        assert_eq!(some, all);
        assert!(some.choose(Slot(1), &Value::NoOp, || "n1 executed it".into()).is_err());
    }

    #[test]
    fn executions_are_in_order_and_alike() {
        // Who executes, in which slot, whose command.
        type Row<'a> = (&'a str, &'a [(u8, u32, u8)], Option<&'a str>);
        let table: &[Row<'_>] = &[
            ("one may be ahead", &[(0, 1, 7), (0, 2, 8), (1, 1, 7)], None),
            ("one may overtake", &[(0, 1, 7), (1, 1, 7), (1, 2, 8), (0, 2, 8)], None),
            ("a gap", &[(0, 2, 8)], Some("n0 executes slot 2 when slot 1 is next")),
            ("once more", &[(0, 1, 7), (0, 1, 7)], Some("n0 executes slot 1 when slot 2 is next")),
            ("another", &[(0, 1, 7), (1, 1, 8)], Some("where another executed")),
        ];
        for (sentence, executed, expected) in table {
            let mut executions = Executions::new();
            let held = executed.iter().try_for_each(|&(node, slot, client)| {
                executions.execute(NodeId(node), Slot(slot), &command(client))
            });
            match (held, expected) {
                (Ok(()), None) => {}
                (Err(broken), Some(reason)) if broken.reason().contains(reason) => {}
                (held, _) => panic!("{sentence}: {held:?}"),
            }
        }
    }

    #[test]
    fn only_its_proposer_leads_a_ballot() {
        let ballot = Ballot { round: 3, proposer: NodeId(1) };
        assert_eq!(is_led_by(ballot, NodeId(1)), Ok(()));
        let broken = is_led_by(ballot, NodeId(0)).expect_err("another's");
        assert_eq!(broken.reason(), "n0 leads ballot 3.n1, which is n1's");
    }
}
