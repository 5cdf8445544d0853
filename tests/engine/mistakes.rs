//! Toy protocols, each with a mistake that shows under one kind of fault and no other way: what the
//! catalog has no bug for. Without its mistake each survives that fault.

use std::collections::{BTreeMap, BTreeSet};

use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    ClientId, Clocks, Invariant, Node, NodeId, Nothing, Outbox, Protocol, Scenario, Sight, Span,
    To, Units, broken,
};

const SOURCE: NodeId = NodeId(0);

/// How often nodes do what they do.
const BEAT: Span = Span::millis(10);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Beat;

/// All kinds of fault: what is given or drawn is the row's business.
fn any_fault<P: Protocol>() -> Storm<P> {
    let all = FaultKinds { wipes: true, patterns: true, slow: true, ..FaultKinds::ALL };
    let kinds = FaultKinds { waves: true, corrections: true, networks: true, ..all };
    Storm::default().lasts(10.s(), 0.s()).kinds(kinds)
}

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

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Copying {
    Number(u32),
    Has(u32),
}

impl Protocol for Copies {
    type State = Copy;
    type Message = Copying;
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
                out.send(keeper, Copying::Number(next));
            }
        }
        out.set_timer(Beat, BEAT);
    }

    fn on_message(&self, copy: &mut Copy, from: NodeId, said: Copying, out: &mut Outbox<Self>) {
        match said {
            Copying::Number(number) => {
                if self.never_goes_back || number as usize <= copy.held.len() {
                    copy.held.insert(number);
                }
                out.send(from, Copying::Has(copy.held.len() as u32));
            }
            Copying::Has(many) => {
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

/// A source sends a number until it is confirmed, and then the next.
///
/// The mistake: after eight tries it takes it for confirmed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Parcels {
    pub tries_eight_times: bool,
}

/// What a node of [`Parcels`] knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Parcel {
    number: u32,
    tries: u32,
    got: BTreeSet<u32>,
}

impl Protocol for Parcels {
    type State = Parcel;
    type Message = Copying;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Parcel {
        out.set_timer(Beat, BEAT);
        Parcel::default()
    }

    fn on_timeout(&self, parcel: &mut Parcel, Beat: Beat, out: &mut Outbox<Self>) {
        if out.me() == SOURCE {
            if self.tries_eight_times && parcel.tries == 8 {
                (parcel.number, parcel.tries) = (parcel.number + 1, 0);
            }
            parcel.tries += 1;
            out.send(NodeId(1), Copying::Number(parcel.number));
        }
        out.set_timer(Beat, BEAT);
    }

    fn on_message(&self, parcel: &mut Parcel, from: NodeId, said: Copying, out: &mut Outbox<Self>) {
        match said {
            Copying::Number(number) => {
                parcel.got.insert(number);
                out.send(from, Copying::Has(number));
            }
            Copying::Has(number) if number == parcel.number => {
                (parcel.number, parcel.tries) = (number + 1, 0);
            }
            Copying::Has(_) => {}
        }
    }
}

pub fn parcels(tries_eight_times: bool) -> Scenario<Parcels> {
    Scenario::new("parcels", Parcels { tries_eight_times }, 2).storm(any_fault()).invariant(
        Invariant::nodes("no-gap", "What the source goes on from has come.", |_, nodes| {
            let (sent, got) = (nodes[0].state.number, &nodes[1].state.got);
            match (0..sent).find(|number| !got.contains(number)) {
                Some(lost) => broken(format!("{lost} never came, and the source is at {sent}")),
                None => Ok(()),
            }
        }),
    )
}

/// A node asks another whether it is there, and suspects it if an answer takes more than a second.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Probes {
    /// The mistake: it asks again before it is answered, and so fills the link itself.
    pub asks_on: bool,
    /// The mistake: it suspects after 30 ms, as if the network never were slow.
    pub hasty: bool,
}

/// What a node of [`Probes`] knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Probe {
    beats: u32,
    /// The beats at which it asked what was not answered yet.
    open: BTreeSet<u32>,
    suspects: bool,
}

impl Protocol for Probes {
    type State = Probe;
    type Message = Copying;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Probe {
        out.set_timer(Beat, BEAT);
        Probe::default()
    }

    fn on_timeout(&self, probe: &mut Probe, Beat: Beat, out: &mut Outbox<Self>) {
        probe.beats += 1;
        if out.me() == SOURCE {
            let most = if self.hasty { 3 } else { 100 };
            probe.suspects |= probe.open.first().is_some_and(|first| probe.beats - first > most);
            if self.asks_on || probe.open.is_empty() {
                probe.open.insert(probe.beats);
                out.send(NodeId(1), Copying::Number(probe.beats));
            }
        }
        out.set_timer(Beat, BEAT);
    }

    fn on_message(&self, probe: &mut Probe, from: NodeId, said: Copying, out: &mut Outbox<Self>) {
        match said {
            Copying::Number(beat) => out.send(from, Copying::Has(beat)),
            Copying::Has(beat) => {
                probe.open.remove(&beat);
            }
        }
    }
}

pub fn probes(asks_on: bool, hasty: bool) -> Scenario<Probes> {
    Scenario::new("probes", Probes { asks_on, hasty }, 2).storm(any_fault()).invariant(
        Invariant::node(
            "no-suspicion",
            "Nobody is suspected who is there.",
            |_, me, node: &Node<Probes>| match node.state.suspects {
                true => broken(format!("{me} suspects who is there")),
                false => Ok(()),
            },
        ),
    )
}

/// Nodes lead by epochs: at the end of each, every node votes for the lowest that it has heard of
/// late, and whom a majority votes for leads.
///
/// The mistake: who hears so many, with itself, and none lower, leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epochs {
    pub hearing_is_enough: Option<usize>,
}

/// What a node of [`Epochs`] knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ear {
    beats: u32,
    /// At which of its beats it last heard each of the others.
    heard: BTreeMap<NodeId, u32>,
    votes: BTreeMap<u32, BTreeSet<NodeId>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Word {
    Here,
    Vote(u32),
}

/// Who says it leads that epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Leads(u32, NodeId);

impl Epochs {
    fn vote(&self, ear: &mut Ear, epoch: u32, by: NodeId, out: &mut Outbox<Self>) {
        let votes = ear.votes.entry(epoch).or_default();
        if votes.insert(by) && votes.len() == 3 {
            out.emit(Leads(epoch, out.me()));
        }
    }
}

impl Protocol for Epochs {
    type State = Ear;
    type Message = Word;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Leads;

    fn start(&self, out: &mut Outbox<Self>) -> Ear {
        out.set_timer(Beat, BEAT);
        Ear::default()
    }

    fn on_timeout(&self, ear: &mut Ear, Beat: Beat, out: &mut Outbox<Self>) {
        ear.beats += 1;
        out.broadcast(Word::Here);
        out.set_timer(Beat, BEAT);
        if !ear.beats.is_multiple_of(20) {
            return;
        }
        let (epoch, me) = (ear.beats / 20, out.me());
        let late = ear.heard.iter().filter(|(_, beat)| **beat + 5 > ear.beats);
        let near: BTreeSet<NodeId> = late.map(|(node, _)| *node).chain([me]).collect();
        let lowest = *near.first().expect("itself");
        if let Some(enough) = self.hearing_is_enough {
            if near.len() >= enough && lowest == me {
                out.emit(Leads(epoch, me));
            }
        } else if lowest == me {
            self.vote(ear, epoch, me, out);
        } else {
            out.send(lowest, Word::Vote(epoch));
        }
    }

    fn on_message(&self, ear: &mut Ear, from: NodeId, word: Word, out: &mut Outbox<Self>) {
        match word {
            Word::Here => {
                ear.heard.insert(from, ear.beats);
            }
            Word::Vote(epoch) => self.vote(ear, epoch, from, out),
        }
    }
}

/// Five nodes.
pub fn epochs(hearing_is_enough: Option<usize>) -> Scenario<Epochs> {
    Scenario::new("epochs", Epochs { hearing_is_enough }, 5).storm(any_fault()).invariant(
        Invariant::history(
            "one-leader",
            "No two lead one epoch.",
            BTreeMap::new(),
            |leaders: &mut BTreeMap<u32, NodeId>, sight| {
                let Sight::Event { event: Leads(epoch, node), .. } = sight else { return Ok(()) };
                match leaders.insert(*epoch, *node) {
                    Some(other) if other != *node => {
                        broken(format!("{other} and {node} lead epoch {epoch}"))
                    }
                    _ => Ok(()),
                }
            },
        ),
    )
}

/// A counter does one request after another, each after a while, and answers.
///
/// The mistake: a client's next request stands for its last, as if nobody asked on without an answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Counter {
    pub next_replaces_last: bool,
}

/// What a counter knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Till {
    line: Vec<(ClientId, u32)>,
    taken: BTreeSet<(ClientId, u32)>,
    done: BTreeSet<(ClientId, u32)>,
}

impl Protocol for Counter {
    type State = Till;
    type Message = Nothing;
    type Timer = Beat;
    type Input = (ClientId, u32);
    type Event = (ClientId, u32);

    fn start(&self, out: &mut Outbox<Self>) -> Till {
        out.set_timer(Beat, BEAT * 5);
        Till::default()
    }

    fn on_message(&self, _: &mut Till, _: NodeId, message: Nothing, _: &mut Outbox<Self>) {
        match message {}
    }

    fn on_timeout(&self, till: &mut Till, Beat: Beat, out: &mut Outbox<Self>) {
        if !till.line.is_empty() {
            let first = till.line.remove(0);
            till.done.insert(first);
            out.emit(first);
        }
        out.set_timer(Beat, BEAT * 5);
    }

    fn on_input(&self, till: &mut Till, asked: (ClientId, u32), _: &mut Outbox<Self>) {
        if till.taken.insert(asked) {
            let place = till.line.iter_mut().find(|(client, _)| *client == asked.0);
            match place {
                Some(last) if self.next_replaces_last => *last = asked,
                _ => till.line.push(asked),
            }
        }
    }
}

/// One counter and three clients that wait for answers.
pub fn counter(next_replaces_last: bool) -> Scenario<Counter> {
    let storm = any_fault()
        .clients(3, |_, client, number| Some((To::Any, (client, number))))
        .answered(|answer| Some(*answer));
    Scenario::new("counter", Counter { next_replaces_last }, 1).storm(storm).invariant(
        Invariant::node("none-lost", "What was taken is done or in line.", |_, _, node| {
            let Till { line, taken, done } = &node.state;
            match taken.iter().find(|asked| !done.contains(asked) && !line.contains(asked)) {
                Some((client, number)) => {
                    broken(format!("request {number} of client {} is gone", client.0))
                }
                None => Ok(()),
            }
        }),
    )
}

/// Of two nodes the first leads while the second confirms that it hears it, and the second takes over
/// when it has not heard the first for long enough that this one knows.
///
/// The mistake: the first leads while it hears the second, heard or not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pair {
    pub hearing_is_being_heard: bool,
}

/// What a node of [`Pair`] knows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Half {
    beats: u32,
    /// The other's last beat that it heard, and at which of its own.
    heard: (u32, u32),
    /// The last of its own beats that the other has heard.
    confirmed: u32,
    leads: bool,
}

impl Protocol for Pair {
    type State = Half;
    /// The sender's beat, and the last of the receiver's that it has heard.
    type Message = (u32, u32);
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Half {
        out.set_timer(Beat, BEAT);
        Half { leads: out.me() == SOURCE, ..Half::default() }
    }

    fn on_timeout(&self, half: &mut Half, Beat: Beat, out: &mut Outbox<Self>) {
        half.beats += 1;
        let silent = half.beats - half.heard.1;
        half.leads = match out.me() {
            // Who has once not led for a while leaves it to the other.
            SOURCE if self.hearing_is_being_heard => half.leads && silent < 5,
            SOURCE => half.leads && half.beats - half.confirmed < 5,
            _ => half.leads || silent > 10,
        };
        out.broadcast((half.beats, half.heard.0));
        out.set_timer(Beat, BEAT);
    }

    fn on_message(
        &self,
        half: &mut Half,
        _: NodeId,
        (beat, mine): (u32, u32),
        _: &mut Outbox<Self>,
    ) {
        half.heard = (beat, half.beats);
        half.confirmed = half.confirmed.max(mine);
    }
}

pub fn pair(hearing_is_being_heard: bool) -> Scenario<Pair> {
    Scenario::new("pair", Pair { hearing_is_being_heard }, 2).storm(any_fault()).invariant(
        Invariant::nodes("one-leader", "Not both lead.", |_, nodes| {
            match nodes.iter().all(|node| node.state.leads) {
                true => broken("n0 and n1 lead"),
                false => Ok(()),
            }
        }),
    )
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
    Scenario::new("lives", Lives { stores_late }, 1).storm(any_fault()).invariant(
        Invariant::history(
            "lives-rise",
            "No life has a count that was told before.",
            0_u32,
            |last, sight| {
                let Sight::Event { event: life, .. } = sight else { return Ok(()) };
                match std::mem::replace(last, **life) {
                    before if before >= **life => {
                        broken(format!("life {life} comes after {before}"))
                    }
                    _ => Ok(()),
                }
            },
        ),
    )
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
