//! Two-phase commit, twice: by messages each consumed once, and as Gray and Lamport specify it,
//! by messages that stay in a set. Both state spaces are published, and counted by others.

use serde::{Deserialize, Serialize};
use splitbrain::{Links, NodeId, Nothing, Outbox, Protocol, Scenario, Units};

/// How far a participant, or the coordinator, has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Stage {
    /// Nothing is decided.
    Working,
    /// It has voted yes.
    Prepared,
    /// It has committed.
    Committed,
    /// It has aborted.
    Aborted,
}

/// What a node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Memory {
    /// How far it has come.
    pub stage: Stage,
    /// Whose votes the coordinator has, in order.
    pub votes: Vec<NodeId>,
}

/// What the nodes say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Asks for a vote.
    Prepare,
    /// Votes yes.
    Yes,
    /// It is decided: commit.
    Commit,
    /// It is decided: abort.
    Abort,
}

/// What a node does by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A participant votes yes.
    Prepare,
    /// The coordinator, having all votes, commits.
    Commit,
    /// The node gives up.
    Abort,
}

const COORDINATOR: NodeId = NodeId(0);

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum TwoPhase {
    /// The coordinator asks for votes, commits at the last of them, and aborts at a timeout.
    Asked,
    /// Participants vote or abort unasked, and the coordinator decides whenever it likes
    /// ("Consensus on Transaction Commit", ACM TODS 2006, section 3; `TwoPhase.tla`).
    Unasked,
}

/// The system with so many participants, on the links it is specified for.
pub fn with_participants(protocol: TwoPhase, participants: usize) -> Scenario<TwoPhase> {
    let links = match protocol {
        TwoPhase::Asked => Links::Unordered,
        TwoPhase::Unasked => Links::Set,
    };
    Scenario::new("two-phase commit", protocol, participants + 1).links(links)
}

fn end(memory: &mut Memory, stage: Stage, out: &mut Outbox<TwoPhase>) {
    memory.stage = stage;
    for timer in [Timer::Prepare, Timer::Commit, Timer::Abort] {
        out.cancel_timer(timer);
    }
}

impl TwoPhase {
    fn commit(memory: &mut Memory, out: &mut Outbox<Self>) {
        end(memory, Stage::Committed, out);
        out.broadcast(Message::Commit);
    }
}

impl Protocol for TwoPhase {
    type State = Memory;
    type Message = Message;
    type Timer = Timer;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Memory {
        let coordinator = out.me() == COORDINATOR;
        match (self, coordinator) {
            (TwoPhase::Asked, true) => out.broadcast(Message::Prepare),
            (TwoPhase::Unasked, false) => out.set_timer(Timer::Prepare, 1.ms()),
            (TwoPhase::Asked, false) | (TwoPhase::Unasked, true) => {}
        }
        if coordinator || *self == TwoPhase::Unasked {
            out.set_timer(Timer::Abort, 100.ms());
        }
        Memory { stage: Stage::Working, votes: Vec::new() }
    }

    fn on_message(
        &self,
        memory: &mut Memory,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        let working = memory.stage == Stage::Working;
        match message {
            Message::Prepare if working => {
                memory.stage = Stage::Prepared;
                out.send(COORDINATOR, Message::Yes);
            }
            Message::Yes if working && !memory.votes.contains(&from) => {
                memory.votes.push(from);
                memory.votes.sort_unstable();
                let all = memory.votes.len() + 1 == out.cluster();
                match self {
                    TwoPhase::Asked if all => Self::commit(memory, out),
                    TwoPhase::Unasked if all => out.set_timer(Timer::Commit, 1.ms()),
                    TwoPhase::Asked | TwoPhase::Unasked => {}
                }
            }
            // It has voted, or decided, already.
            Message::Prepare | Message::Yes => {}
            Message::Commit => end(memory, Stage::Committed, out),
            Message::Abort => end(memory, Stage::Aborted, out),
        }
    }

    fn on_timeout(&self, memory: &mut Memory, timer: Timer, out: &mut Outbox<Self>) {
        match timer {
            Timer::Prepare => {
                end(memory, Stage::Prepared, out);
                out.send(COORDINATOR, Message::Yes);
            }
            Timer::Commit => Self::commit(memory, out),
            Timer::Abort => {
                end(memory, Stage::Aborted, out);
                if out.me() == COORDINATOR {
                    out.broadcast(Message::Abort);
                }
            }
        }
    }
}
