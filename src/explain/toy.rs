//! A naive leader election that tests tell stories of.
//!
//! A node whose timer fires asks everyone for their vote and leads with a majority. It keeps its
//! vote in memory only, so that a restarted node votes a second time in the same term.

use crate::invariant::{Invariant, Sight};
use crate::invariants::{Agreement, Held};
use crate::ledger::{Faults, Firing};
use crate::protocol::{NodeId, Outbox, Protocol};
use crate::scenario::{Clocks, Scenario, To};
use crate::step::{Act, Step};
use crate::time::Units;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Naive;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct State {
    term: u64,
    voted_for: Option<NodeId>,
    role: Role,
    log: Vec<(u64, Command)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Role {
    Follower,
    Candidate { votes: Vec<NodeId> },
    Leader,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Command(pub(super) String);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Message {
    RequestVote { term: u64 },
    Vote { term: u64 },
    Append { term: u64, index: usize, command: Command },
    Ping,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Timer {
    Election,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Input {
    Put(Command),
    Panic,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Event {
    Elected { term: u64 },
}

impl Protocol for Naive {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        out.set_timer(Timer::Election, 150.ms()..300.ms());
        if out.me() == NodeId(2) {
            out.send(NodeId(0), Message::Ping);
        }
        State { term: 0, voted_for: None, role: Role::Follower, log: Vec::new() }
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (&mut state.role, message) {
            (_, Message::RequestVote { term }) => {
                if term > state.term {
                    state.term = term;
                    state.voted_for = None;
                    state.role = Role::Follower;
                }
                if term == state.term && state.voted_for.is_none_or(|node| node == from) {
                    state.voted_for = Some(from);
                    out.cancel_timer(Timer::Election);
                    out.send(from, Message::Vote { term });
                }
            }
            (Role::Candidate { votes }, Message::Vote { term }) if term == state.term => {
                if !votes.contains(&from) {
                    votes.push(from);
                }
                if votes.len() * 2 > out.cluster() {
                    state.role = Role::Leader;
                    out.emit(Event::Elected { term });
                }
            }
            (_, Message::Append { term, command, .. }) => state.log.push((term, command)),
            // Votes that come too late, and greetings.
            (_, Message::Vote { .. } | Message::Ping) => {}
        }
    }

    fn on_timeout(&self, state: &mut State, _: Timer, out: &mut Outbox<Self>) {
        state.term += 1;
        state.voted_for = Some(out.me());
        state.role = Role::Candidate { votes: vec![out.me()] };
        out.broadcast(Message::RequestVote { term: state.term });
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        match input {
            Input::Put(command) => {
                let (term, index) = (state.term, state.log.len());
                state.log.push((term, command.clone()));
                out.broadcast(Message::Append { term, index, command });
            }
            Input::Panic => panic!("asked to"),
        }
    }

    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        out.set_timer(Timer::Election, 150.ms()..300.ms());
        State { term: crashed.term, role: Role::Follower, voted_for: None, log: Vec::new() }
    }
}

fn one_leader(leaders: &mut Agreement<u64, NodeId>, sight: &Sight<'_, Naive>) -> Held {
    match sight {
        Sight::Event { node, event: Event::Elected { term }, .. } => {
            leaders.agree_named("term", "leader", *term, *node)
        }
        Sight::Input { .. } | Sight::Crash { .. } | Sight::Restart { .. } => Ok(()),
    }
}

/// A cluster of that many nodes that may crash once and restart.
pub(super) fn scenario(nodes: usize) -> Scenario<Naive> {
    Scenario::new("naive-election", Naive, nodes)
        .timer("elections", |_| true, Firing::Times(2))
        .faults(Faults { crashes: 1, restarts: 1, drops: 1, duplicates: 1, ..Faults::NONE })
        .clocks(Clocks { of: vec![NodeId(0)], until: 3, apart: 5, tick: 1.s() })
        .lane([(To::Any, Input::Put(Command("x".to_string())))])
        .invariant(Invariant::history(
            "election-safety",
            "At most one leader is elected in a term.",
            Agreement::new(),
            one_leader,
        ))
}

pub(super) fn deliver(to: u8, from: u8, message: Message) -> Step<Naive> {
    Step::new(NodeId(to), Act::Deliver { from: NodeId(from), message })
}

pub(super) fn step(node: u8, act: Act<Naive>) -> Step<Naive> {
    Step::new(NodeId(node), act)
}

/// Two leaders in term 1, by a vote that a crash forgot; with one of every kind of step on the
/// way.
pub(super) fn two_leaders() -> Vec<Step<Naive>> {
    let ask = || Message::RequestVote { term: 1 };
    let vote = || Message::Vote { term: 1 };
    let put = Input::Put(Command("a somewhat longer command".to_string()));
    let client = crate::ClientId(0);
    vec![
        step(0, Act::Timeout(Timer::Election)),
        deliver(0, 2, Message::Ping),
        step(1, Act::Duplicate { from: NodeId(0), message: ask() }),
        deliver(1, 0, ask()),
        step(0, Act::Tick),
        step(2, Act::Drop { from: NodeId(0), message: ask() }),
        deliver(0, 1, vote()),
        step(0, Act::Input { client, input: put.clone() }),
        deliver(
            2,
            0,
            Message::Append {
                term: 1,
                index: 0,
                command: Command("a somewhat longer command".to_string()),
            },
        ),
        step(1, Act::Crash),
        step(2, Act::Timeout(Timer::Election)),
        step(1, Act::Restart),
        deliver(1, 2, ask()),
        deliver(2, 1, vote()),
    ]
}

/// Compares with a file under `goldens/`; with `GOLDENS=write` in the environment, writes it.
pub(super) fn golden(name: &str, found: &str) {
    let path = format!("{}/src/explain/goldens/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("GOLDENS").is_ok_and(|what| what == "write") {
        std::fs::write(&path, found).expect("the golden is written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "goldens/{name} is different now; if that is meant, write it again with \
         `GOLDENS=write cargo test explain`:\n{found}"
    );
}
