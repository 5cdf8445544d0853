//! Beacons: nodes that count aloud at a steady beat, and remember the numbers they hear. What a
//! network, a fault or a clock does to a run shows in those numbers.

use serde::{Deserialize, Serialize};
use splitbrain::simulate::{Latency, Plan, Workload};
use splitbrain::{NodeId, Nothing, Outbox, Protocol, Scenario, Units};

/// The beat of a beacon, in milliseconds.
pub const BEAT: u32 = 10;

/// The protocol of beacons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Beacon {
    /// How often each beats before it falls silent.
    pub beats: u32,
    /// Whether each reads its clock at each beat.
    pub reads_clock: bool,
}

/// What a beacon remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Memory {
    /// How often it beat; its last number. Survives a crash.
    pub beats: u32,
    /// How often it came back. Survives a crash.
    pub lives: u32,
    /// What it heard, in order.
    pub heard: Vec<(NodeId, u32)>,
    /// What its clock read, in order.
    pub readings: Vec<u64>,
}

/// The timer of a beacon.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Beat;

/// A number was heard.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Heard(pub u32);

/// That many beacons, which beat for a second.
pub fn beacons(nodes: usize) -> Scenario<Beacon> {
    Scenario::new("beacons", Beacon { beats: 100, reads_clock: false }, nodes)
}

/// Two seconds in which nothing goes wrong, and each message takes a millisecond.
pub fn calm() -> Plan {
    Plan {
        stormy: 2.s(),
        latency: Latency::Constant(1.ms()),
        loss: 0,
        duplication: 0,
        network: None,
        workload: Workload { clients: 1, think: 50.ms(), gives_up: 0, ..Workload::default() },
        clocks: Vec::new(),
        faults: Vec::new(),
    }
}

impl Protocol for Beacon {
    type State = Memory;
    type Message = u32;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Heard;

    fn start(&self, out: &mut Outbox<Self>) -> Memory {
        out.set_timer(Beat, u64::from(BEAT).ms());
        Memory::default()
    }

    fn on_message(&self, memory: &mut Memory, from: NodeId, number: u32, out: &mut Outbox<Self>) {
        memory.heard.push((from, number));
        out.emit(Heard(number));
    }

    fn on_timeout(&self, memory: &mut Memory, Beat: Beat, out: &mut Outbox<Self>) {
        memory.beats += 1;
        if self.reads_clock {
            memory.readings.push(out.now());
        }
        out.broadcast(memory.beats);
        if memory.beats < self.beats {
            out.set_timer(Beat, u64::from(BEAT).ms());
        }
    }

    fn restart(&self, crashed: &Memory, out: &mut Outbox<Self>) -> Memory {
        out.set_timer(Beat, u64::from(BEAT).ms());
        Memory { beats: crashed.beats, lives: crashed.lives + 1, ..Memory::default() }
    }
}
