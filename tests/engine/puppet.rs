//! A puppet: a node that does what its inputs order, and notes what happens to it.

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

/// The protocol of puppets; a configuration is needless.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Puppet;

/// What a puppet is ordered to do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Order {
    /// Sends that number to that node.
    Send(NodeId, u8),
    /// Sets that timer, to run for as many milliseconds as its name says.
    Set(u8),
    /// Cancels that timer.
    Cancel(u8),
    /// Keeps that number over crashes.
    Keep(u8),
    /// Notes what the clock reads.
    Read,
    /// Notes which of so many alternatives it chose.
    Choose(u32),
    /// Does nothing, and is accepted only where something was heard.
    OnceHeard,
    /// Does nothing; a scenario may offer it only where that node is down.
    Suspect(NodeId),
    /// Panics.
    Panic,
}

/// What a puppet notes; each note is an event, too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Note {
    /// A number came from a node.
    Heard(NodeId, u8),
    /// A timer fired.
    Fired(u8),
    /// What the clock read.
    Read(u64),
    /// Which alternative was chosen.
    Chose(u32),
}

/// What a puppet remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    /// The one thing that survives a crash.
    pub kept: u8,
    /// What happened, in order.
    pub notes: Vec<Note>,
}

/// Timers from here on set themselves anew whenever they fire.
pub const AGAIN: u8 = 100;

fn note(memory: &mut Memory, note: Note, out: &mut Outbox<Puppet>) {
    memory.notes.push(note.clone());
    out.emit(note);
}

impl Protocol for Puppet {
    type State = Memory;
    type Message = u8;
    type Timer = u8;
    type Input = Order;
    type Event = Note;

    fn start(&self, _: &mut Outbox<Self>) -> Memory {
        Memory::default()
    }

    fn on_message(&self, memory: &mut Memory, from: NodeId, number: u8, out: &mut Outbox<Self>) {
        note(memory, Note::Heard(from, number), out);
    }

    fn on_timeout(&self, memory: &mut Memory, timer: u8, out: &mut Outbox<Self>) {
        if timer >= AGAIN {
            out.set_timer(timer, u64::from(timer).ms());
        }
        note(memory, Note::Fired(timer), out);
    }

    fn on_input(&self, memory: &mut Memory, order: Order, out: &mut Outbox<Self>) {
        match order {
            Order::Send(to, number) => out.send(to, number),
            Order::Set(timer) => out.set_timer(timer, u64::from(timer).ms()),
            Order::Cancel(timer) => out.cancel_timer(timer),
            Order::Keep(number) => memory.kept = number,
            Order::Read => {
                let now = out.now();
                note(memory, Note::Read(now), out);
            }
            Order::Choose(of) => {
                let chosen = out.choose(of);
                note(memory, Note::Chose(chosen), out);
            }
            Order::OnceHeard | Order::Suspect(_) => {}
            Order::Panic => panic!("as ordered"),
        }
    }

    fn accepts(&self, _: NodeId, memory: &Memory, order: &Order) -> bool {
        *order != Order::OnceHeard || !memory.notes.is_empty()
    }

    fn restart(&self, crashed: &Memory, _: &mut Outbox<Self>) -> Memory {
        Memory { kept: crashed.kept, notes: Vec::new() }
    }
}
