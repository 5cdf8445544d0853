//! Paxos as Lamport specified it in TLA+, held against the published number of states.
//!
//! `PaxosHowToWinATuringAward/Paxos.tla` of tlaplus/Examples, with the model `MCPaxosTiny`: ballots
//! 0 and 1, three acceptors of which any two are a quorum, two values. The repository's
//! `manifest.json` says what TLC found: 3,921 distinct states, depth 17 (which counts the first
//! state).
//!
//! The specification differs from the model `paxos`: it has a leader for each ballot who knows at
//! once whatever was sent to him, and messages are one set that nobody takes from. So receiving a
//! promise is no step there, and `Phase2a` looks at the set. Here are its actions:
//!
//! | `Paxos.tla` | here |
//! |---|---|
//! | `Phase1a(b)`, again and again | a timer of the leader of b, always set |
//! | `Phase1b(a)`, `Phase2b(a)` | deliveries on set links |
//! | `Phase2a(b, v)` | an input of the leader of b, offered where promises show v to be safe |
//!
//! What the set holds of promises and votes is kept with the acceptor that sent them, where the
//! input's offer can look. TLC says 23,563 states generated: the 22,994 transitions there are here
//! without dead mail (which is not enabled there), the first state, and 568 more because it counts
//! `Phase2a` once for each quorum, and each promise in it, that shows v to be safe.

use std::collections::BTreeSet;

use splitbrain::explore::{Limits, explore};
use splitbrain::invariants::Agreement;
use splitbrain::{
    Goal, Invariant, Links, NodeId, Nodes, Outbox, Protocol, Scenario, Sight, Span, To, Undisturbed,
};

const ACCEPTORS: usize = 3;

type Ballot = u8;
type Value = u8;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Specification;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum State {
    Acceptor(Acceptor),
    Leader(Leader),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Acceptor {
    /// `maxBal`.
    highest: Option<Ballot>,
    /// `maxVBal` and `maxVal`.
    voted: Option<(Ballot, Value)>,
    /// Its messages "1b": in which ballot it said what it had voted for.
    promises: BTreeSet<(Ballot, Option<(Ballot, Value)>)>,
    /// Its messages "2b".
    votes: BTreeSet<(Ballot, Value)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Leader {
    /// Whether its message "1a" was sent.
    began: bool,
    /// Its message "2a".
    proposed: Option<Value>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Message {
    Phase1a(Ballot),
    Phase2a(Ballot, Value),
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Phase1a;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Phase2a(Value);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Voted(Ballot, Value);

fn ballot_of(leader: NodeId) -> Ballot {
    leader.0 - ACCEPTORS as u8
}

fn acceptors() -> impl Iterator<Item = NodeId> {
    (0..ACCEPTORS).map(NodeId::at)
}

impl Protocol for Specification {
    type State = State;
    type Message = Message;
    type Timer = Phase1a;
    type Input = Phase2a;
    type Event = Voted;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        if out.me().index() < ACCEPTORS {
            return State::Acceptor(Acceptor::default());
        }
        out.set_timer(Phase1a, Span::millis(1));
        State::Leader(Leader::default())
    }

    fn on_message(&self, state: &mut State, _: NodeId, message: Message, out: &mut Outbox<Self>) {
        let State::Acceptor(acceptor) = state else { unreachable!("leaders are sent nothing") };
        match message {
            Message::Phase1a(ballot) if Some(ballot) > acceptor.highest => {
                acceptor.highest = Some(ballot);
                acceptor.promises.insert((ballot, acceptor.voted));
            }
            Message::Phase2a(ballot, value) if Some(ballot) >= acceptor.highest => {
                acceptor.highest = Some(ballot);
                acceptor.voted = Some((ballot, value));
                if acceptor.votes.insert((ballot, value)) {
                    out.emit(Voted(ballot, value));
                }
            }
            // Not enabled.
            Message::Phase1a(_) | Message::Phase2a(..) => {}
        }
    }

    fn on_timeout(&self, state: &mut State, Phase1a: Phase1a, out: &mut Outbox<Self>) {
        let State::Leader(leader) = state else { unreachable!("acceptors have no timer") };
        leader.began = true;
        out.set_timer(Phase1a, Span::millis(1));
        let ballot = ballot_of(out.me());
        acceptors().for_each(|acceptor| out.send(acceptor, Message::Phase1a(ballot)));
    }

    fn accepts(&self, _: NodeId, state: &State, _: &Phase2a) -> bool {
        matches!(state, State::Leader(Leader { proposed: None, .. }))
    }

    fn on_input(&self, state: &mut State, Phase2a(value): Phase2a, out: &mut Outbox<Self>) {
        let State::Leader(leader) = state else { unreachable!("acceptors do not accept it") };
        leader.proposed = Some(value);
        let ballot = ballot_of(out.me());
        acceptors().for_each(|acceptor| out.send(acceptor, Message::Phase2a(ballot, value)));
    }

    fn ignores(&self, _: NodeId, state: &State, _: NodeId, message: &Message) -> bool {
        match (state, message) {
            (State::Acceptor(acceptor), Message::Phase1a(ballot)) => {
                Some(*ballot) <= acceptor.highest
            }
            (State::Acceptor(acceptor), Message::Phase2a(ballot, _)) => {
                Some(*ballot) < acceptor.highest
            }
            (State::Leader(_), _) => false,
        }
    }
}

/// Whether promises of a quorum show that a value is safe in a leader's ballot: the second conjunct
/// of `Phase2a`.
fn is_safe(nodes: &Nodes<Specification>, leader: NodeId, Phase2a(value): &Phase2a) -> bool {
    let promise = |acceptor: NodeId| match &nodes[acceptor.index()].state {
        State::Acceptor(acceptor) => {
            let mut said = acceptor.promises.iter();
            said.find(|(ballot, _)| *ballot == ballot_of(leader)).map(|(_, voted)| *voted)
        }
        State::Leader(_) => unreachable!("acceptors come first"),
    };
    let promises: Vec<Option<(Ballot, Value)>> = acceptors().filter_map(promise).collect();
    let pairs = (0..promises.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    pairs.map(|(one, other)| promises[one].max(promises[other])).any(|highest| match highest {
        Some((_, voted)) => voted == *value,
        None => true,
    })
}

/// By ballot and value: who has voted so.
type Votes = BTreeSet<(Ballot, Value, NodeId)>;

/// So many ballots, from 0.
fn scenario(ballots: u8) -> Scenario<Specification> {
    let nodes = ACCEPTORS + usize::from(ballots);
    let mut scenario = Scenario::new("paxos-tla", Specification, nodes)
        .links(Links::Set)
        .offered(is_safe)
        .invariant(Invariant::nodes("agreement", "At most one value is chosen.", |_, nodes| {
            let votes: Votes = acceptors()
                .flat_map(|acceptor| match &nodes[acceptor.index()].state {
                    State::Acceptor(voter) => {
                        let votes = voter.votes.iter();
                        votes.map(|vote| (vote.0, vote.1, acceptor)).collect::<Vec<_>>()
                    }
                    State::Leader(_) => Vec::new(),
                })
                .collect();
            let mut chosen = Agreement::<(), Value>::new();
            votes.iter().try_for_each(|(ballot, value, _)| {
                let alike = votes.iter().filter(|vote| (vote.0, vote.1) == (*ballot, *value));
                match alike.count() {
                    0 | 1 => Ok(()),
                    _ => chosen.agree((), *value),
                }
            })
        }))
        .goal(Goal::seen(
            "voted-in-the-last-ballot",
            "An acceptor votes in ballot 1.",
            |_, sight| matches!(sight, Sight::Event { event: Voted(1, _), .. }),
        ));
    for leader in (ACCEPTORS..nodes).map(NodeId::at) {
        for value in 1..=2 {
            scenario = scenario.lane([(To::Node(leader), Phase2a(value))]);
        }
    }
    scenario
}

#[test]
fn states_are_as_many_as_published() {
    for (full, transitions) in [(true, 51_506), (false, 22_994)] {
        let limits = Limits { full, ..Limits::default() };
        let report = explore(&scenario(2), &limits, &mut Undisturbed).expect("it makes sense");
        assert!(report.verdict.holds(), "{}", report.verdict);
        let counts = (report.states, report.transitions, report.depth());
        assert_eq!(counts, (3_921, transitions, 16), "in full: {full}");
    }
}
