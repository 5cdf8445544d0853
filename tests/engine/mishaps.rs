//! More toy protocols with a mistake each: what crashes, empty disks and clocks expose.

use std::collections::{BTreeMap, BTreeSet};

use splitbrain::{
    Clocks, Disk, Invariant, NodeId, Nothing, Outbox, Protocol, Scenario, Sight, Span, Units,
    broken,
};

use super::mistakes::{BEAT, Beat, SOURCE, Said, any_fault};

/// A source sends numbers to keepers, one after another, and each says how many it has.
///
/// The mistake: the source never goes back behind what a keeper once had.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Copies {
    pub never_goes_back: bool,
}

/// What a node of [`Copies`] knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Copy {
    /// What a keeper has. It survives a crash.
    held: BTreeSet<u32>,
    /// The number that the source sends each keeper next.
    next: BTreeMap<NodeId, u32>,
}

impl Protocol for Copies {
    type State = Copy;
    type Message = Said;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Copy {
        out.set_timer(Beat, BEAT);
        Copy::default()
    }

    fn on_timeout(&self, copy: &mut Copy, Beat: Beat, out: &mut Outbox<Self>) {
        if out.me() == SOURCE {
            let keepers: Vec<NodeId> = out.peers().collect();
            for keeper in keepers {
                let next = copy.next.get(&keeper).copied().unwrap_or(0);
                out.send(keeper, Said::Number(next));
            }
        }
        out.set_timer(Beat, BEAT);
    }

    fn on_message(&self, copy: &mut Copy, from: NodeId, said: Said, out: &mut Outbox<Self>) {
        match said {
            Said::Number(number) => {
                if self.never_goes_back || number as usize <= copy.held.len() {
                    copy.held.insert(number);
                }
                out.send(from, Said::Has(copy.held.len() as u32));
            }
            Said::Has(many) => {
                let next = copy.next.entry(from).or_default();
                *next = if self.never_goes_back { many.max(*next) } else { many };
            }
        }
    }

    fn restart(&self, crashed: &Copy, out: &mut Outbox<Self>) -> Copy {
        out.set_timer(Beat, BEAT);
        Copy { held: crashed.held.clone(), next: BTreeMap::new() }
    }
}

/// A source and two keepers; the source is never down.
pub fn copies(never_goes_back: bool) -> Scenario<Copies> {
    Scenario::new("copies", Copies { never_goes_back }, 3)
        .may_crash([NodeId(1), NodeId(2)])
        .storm(any_fault())
        .invariant(Invariant::node(
            "no-gap",
            "Who has a number has all before it.",
            |_, me, node| {
                let held = &node.state.held;
                match held.last() {
                    Some(last) if held.len() as u32 <= *last => {
                        broken(format!("{me} has {} numbers up to {last}", held.len()))
                    }
                    _ => Ok(()),
                }
            },
        ))
}

/// A node counts its lives, and the count of each is on its disk before it is told.
///
/// The mistake: the count is on the disk 300 ms later.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lives {
    pub stores_late: bool,
}

/// What a node of [`Lives`] knows: its life, and the one on its disk.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Life {
    life: u32,
    stored: u32,
}

impl Protocol for Lives {
    type State = Life;
    type Message = Nothing;
    type Timer = Beat;
    type Input = Nothing;
    type Event = u32;

    fn start(&self, _: &mut Outbox<Self>) -> Life {
        Life::default()
    }

    fn on_message(&self, _: &mut Life, _: NodeId, message: Nothing, _: &mut Outbox<Self>) {
        match message {}
    }

    fn on_timeout(&self, life: &mut Life, Beat: Beat, _: &mut Outbox<Self>) {
        life.stored = life.life;
    }

    fn restart(&self, crashed: &Life, out: &mut Outbox<Self>) -> Life {
        let life = crashed.stored + 1;
        out.emit(life);
        if self.stores_late {
            out.set_timer(Beat, BEAT * 30);
        }
        Life { life, stored: if self.stores_late { crashed.stored } else { life } }
    }
}

pub fn lives(stores_late: bool) -> Scenario<Lives> {
    Scenario::new("lives", Lives { stores_late }, 1).storm(any_fault()).invariant(lives_rise())
}

fn lives_rise<P: Protocol<Event = u32>>() -> Invariant<P> {
    let sentence = "No life has a count that was told before.";
    Invariant::history("lives-rise", sentence, 0_u32, |last, sight| {
        let Sight::Event { event: life, .. } = sight else { return Ok(()) };
        match std::mem::replace(last, **life) {
            before if before >= **life => broken(format!("life {life} comes after {before}")),
            _ => Ok(()),
        }
    })
}

/// A node counts its lives in a journal, and syncs it before it tells the count.
///
/// The mistake: it does not sync.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Journals {
    pub never_syncs: bool,
}

impl Protocol for Journals {
    type State = Disk<u32>;
    type Message = Nothing;
    type Timer = Nothing;
    type Input = Nothing;
    type Event = u32;

    fn start(&self, _: &mut Outbox<Self>) -> Disk<u32> {
        Disk::new()
    }

    fn on_message(&self, _: &mut Disk<u32>, _: NodeId, message: Nothing, _: &mut Outbox<Self>) {
        match message {}
    }

    fn restart(&self, crashed: &Disk<u32>, out: &mut Outbox<Self>) -> Disk<u32> {
        let mut disk = out.recover(crashed);
        if let Some(torn) = disk.torn() {
            disk.truncate(torn);
        }
        let life = disk.readable().last().map_or(1, |life| life + 1);
        out.persist(&mut disk, life);
        if !self.never_syncs {
            out.sync(&mut disk);
        }
        out.emit(life);
        disk
    }
}

pub fn journals(never_syncs: bool) -> Scenario<Journals> {
    Scenario::new("journals", Journals { never_syncs }, 1)
        .storm(any_fault())
        .invariant(lives_rise())
}

/// Three nodes keep a value on their disks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Memories {
    /// The mistake: it is in memory alone, and who restarts asks the others for it after so long.
    pub asks_after: Option<Span>,
}

/// What a node of [`Memories`] knows: whether it has the value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Memory(bool);

impl Protocol for Memories {
    type State = Memory;
    /// A question for the value (`false`), or the value.
    type Message = bool;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, _: &mut Outbox<Self>) -> Memory {
        Memory(true)
    }

    fn on_timeout(&self, _: &mut Memory, Beat: Beat, out: &mut Outbox<Self>) {
        out.broadcast(false);
    }

    fn on_message(&self, memory: &mut Memory, from: NodeId, value: bool, out: &mut Outbox<Self>) {
        if value {
            memory.0 = true;
        } else if memory.0 {
            out.send(from, true);
        }
    }

    fn restart(&self, crashed: &Memory, out: &mut Outbox<Self>) -> Memory {
        match self.asks_after {
            None => crashed.clone(),
            Some(after) => {
                out.set_timer(Beat, after);
                Memory(false)
            }
        }
    }
}

pub fn memories(asks_after: Option<Span>) -> Scenario<Memories> {
    Scenario::new("memories", Memories { asks_after }, 3).storm(any_fault()).invariant(
        Invariant::nodes("kept", "Somebody has the value.", |_, nodes| {
            match nodes.iter().any(|node| node.state.0) {
                true => Ok(()),
                false => broken("nobody has the value any more"),
            }
        }),
    )
}

/// The first of three nodes leases something to the others in turns, by its clock, and passes it on
/// when the lease has ended by any clock.
///
/// The mistake: it passes it on when the lease has ended by its own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Leases {
    pub no_margin: bool,
}

/// What a node of [`Leases`] knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Lease {
    /// Until when the lease goes that was given or taken last.
    until: u64,
    /// How many were given.
    given: u32,
    holds: bool,
}

/// How many ticks clocks may be apart.
const APART: u64 = 200;

impl Protocol for Leases {
    type State = Lease;
    /// Until when a lease goes.
    type Message = u64;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Lease {
        out.set_timer(Beat, BEAT);
        Lease::default()
    }

    fn on_timeout(&self, lease: &mut Lease, Beat: Beat, out: &mut Outbox<Self>) {
        let now = out.now();
        out.set_timer(Beat, BEAT);
        lease.holds &= now < lease.until;
        // Two beats, of which each may be late by one, and how far clocks may be apart.
        let margin = if self.no_margin { 30 } else { 30 + APART };
        if out.me() == SOURCE && now >= lease.until + margin {
            (lease.until, lease.given) = (now + 500, lease.given + 1);
            out.send(NodeId(1 + (lease.given % 2) as u8), lease.until);
        }
    }

    fn on_message(&self, lease: &mut Lease, _: NodeId, until: u64, out: &mut Outbox<Self>) {
        (lease.until, lease.holds) = (until, out.now() < until);
    }
}

pub fn leases(no_margin: bool) -> Scenario<Leases> {
    let nodes = [0, 1, 2].map(NodeId).to_vec();
    Scenario::new("leases", Leases { no_margin }, 3)
        .clocks(Clocks { of: nodes, until: 0, apart: APART, tick: 1.ms() })
        .storm(any_fault())
        .invariant(Invariant::nodes("one-holder", "Not two hold it.", |_, nodes| {
            match nodes.iter().filter(|node| node.state.holds).count() {
                0 | 1 => Ok(()),
                many => broken(format!("{many} hold it")),
            }
        }))
}
