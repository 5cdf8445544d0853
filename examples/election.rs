//! An election by vote, checked. How many votes make a leader? `cargo run --example election`

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use splitbrain::invariants::Agreement;
use splitbrain::{
    Faults, Goal, Invariant, NodeId, Nothing, Outbox, Protocol, Scenario, Sight, Units,
};

/// The code of one node; the value is its configuration.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Election {
    pub votes_needed: usize,
}

/// What one node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Voter {
    voted: bool,
    votes: BTreeSet<NodeId>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    Ask,
    Vote,
}

impl Protocol for Election {
    type State = Voter;
    type Message = Message;
    type Timer = ();
    type Input = Nothing;
    type Event = NodeId;

    fn start(&self, out: &mut Outbox<Self>) -> Voter {
        out.set_timer((), 100.ms()..200.ms());
        Voter { voted: false, votes: BTreeSet::new() }
    }

    /// Nobody else has asked yet: it stands for election, with its own vote.
    fn on_timeout(&self, me: &mut Voter, (): (), out: &mut Outbox<Self>) {
        if !me.voted {
            *me = Voter { voted: true, votes: BTreeSet::from([out.me()]) };
            out.broadcast(Message::Ask);
        }
    }

    fn on_message(&self, me: &mut Voter, from: NodeId, message: Message, out: &mut Outbox<Self>) {
        match message {
            Message::Ask if me.voted => {} // One vote is all it has.
            Message::Ask => {
                me.voted = true;
                out.send(from, Message::Vote);
            }
            Message::Vote => {
                let new = me.votes.insert(from); // Counted once, however often it arrives.
                if new && me.votes.len() == self.votes_needed {
                    out.emit(out.me());
                }
            }
        }
    }

    /// Its vote is on disk; what it was given is not.
    fn restart(&self, crashed: &Voter, _: &mut Outbox<Self>) -> Voter {
        Voter { voted: crashed.voted, votes: BTreeSet::new() }
    }
}

/// Four nodes, one of which may crash and come back.
pub fn scenario(votes_needed: usize) -> Scenario<Election> {
    Scenario::new("election", Election { votes_needed }, 4)
        .faults(Faults { crashes: 1, restarts: 1, ..Faults::NONE })
        .invariant(Invariant::history(
            "one-leader",
            "At most one node is ever elected.",
            Agreement::new(),
            |leaders, sight| match sight {
                Sight::Event { event, .. } => leaders.agree_named("term", "leader", 1, **event),
                _ => Ok(()),
            },
        ))
        .goal(Goal::seen("elected", "Somebody is elected.", |_, sight| {
            matches!(sight, Sight::Event { .. })
        }))
}

pub fn main() {
    println!("three votes of four: {}", scenario(3).explore().verdict);
    println!("two votes of four:   {}\n", scenario(2).explore().verdict);
    println!("{}", scenario(2).explore().story().expect("it is violated").to_text());
}
