//! The smallest protocols that keep a simulator busy: what they cost is what the engine costs.

use serde::{Deserialize, Serialize};
use splitbrain::{Invariant, NodeId, Nothing, Outbox, Protocol, Scenario, Units, broken};

/// Two nodes that throw a ball back and forth, and count.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PingPong;

impl Protocol for PingPong {
    type State = u64;
    type Message = ();
    type Timer = Nothing;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> u64 {
        if out.me() == NodeId(0) {
            out.send(NodeId(1), ());
        }
        0
    }

    fn on_message(&self, caught: &mut u64, from: NodeId, (): (), out: &mut Outbox<Self>) {
        *caught += 1;
        out.send(from, ());
    }
}

/// The ball goes back and forth.
pub fn ping_pong() -> Scenario<PingPong> {
    Scenario::new("ping-pong", PingPong, 2).invariant(Invariant::nodes(
        "in-turns",
        "Nobody catches the ball twice in a row.",
        |_, nodes| match (nodes[0].state, nodes[1].state) {
            (a, b) if a <= b && b <= a + 1 => Ok(()),
            (a, b) => broken(format!("n0 caught it {a} times, n1 {b} times")),
        },
    ))
}

/// A leader that beats, and followers that answer and wait for the next beat.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Beats;

/// What is said there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Beat {
    /// The leader is there.
    Beat,
    /// A follower heard it.
    Answer,
}

/// What is waited for there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Wait {
    /// For the next beat to send.
    Next,
    /// For the leader's next.
    Leader,
}

impl Protocol for Beats {
    /// How many beats or answers were heard, and whether the leader is missed.
    type State = (u64, bool);
    type Message = Beat;
    type Timer = Wait;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Self::State {
        match out.me() {
            NodeId(0) => out.set_timer(Wait::Next, 50.ms()),
            _ => out.set_timer(Wait::Leader, 200.ms()),
        }
        (0, false)
    }

    fn on_message(
        &self,
        state: &mut Self::State,
        from: NodeId,
        message: Beat,
        out: &mut Outbox<Self>,
    ) {
        state.0 += 1;
        if message == Beat::Beat {
            out.send(from, Beat::Answer);
            out.set_timer(Wait::Leader, 200.ms());
        }
    }

    fn on_timeout(&self, state: &mut Self::State, timer: Wait, out: &mut Outbox<Self>) {
        match timer {
            Wait::Next => {
                out.broadcast(Beat::Beat);
                out.set_timer(Wait::Next, 50.ms());
            }
            Wait::Leader => state.1 = true,
        }
    }
}

/// Four followers never miss their leader.
pub fn beats() -> Scenario<Beats> {
    Scenario::new("beats", Beats, 5).invariant(Invariant::nodes(
        "never-missed",
        "No follower misses the leader.",
        |_, nodes| match nodes.iter().position(|node| node.state.1) {
            Some(node) => broken(format!("n{node} misses the leader")),
            None => Ok(()),
        },
    ))
}
