//! Toy protocols, each with a mistake that shows under one kind of fault and no other way: what the
//! catalog has no bug for. Without its mistake each survives that fault.

use std::collections::{BTreeMap, BTreeSet};

use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    ClientId, Invariant, Node, NodeId, Nothing, Outbox, Protocol, Scenario, Sight, Span, To, Units,
    broken,
};

pub const SOURCE: NodeId = NodeId(0);

/// How often nodes do what they do.
pub const BEAT: Span = Span::millis(10);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Beat;

/// A number, or that one has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Said {
    Number(u32),
    Has(u32),
}

/// All kinds of fault: what is given or drawn is the row's business.
pub fn any_fault<P: Protocol>() -> Storm<P> {
    let all = FaultKinds { wipes: true, patterns: true, slow: true, ..FaultKinds::ALL };
    let kinds = FaultKinds { waves: true, corrections: true, networks: true, power: true, ..all };
    Storm::default().lasts(10.s(), 0.s()).kinds(kinds)
}

/// A source sends a number until it is confirmed, and then the next.
///
/// The mistake: after five tries it takes it for confirmed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Parcels {
    pub tries_five_times: bool,
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
    type Message = Said;
    type Timer = Beat;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Parcel {
        out.set_timer(Beat, BEAT);
        Parcel::default()
    }

    fn on_timeout(&self, parcel: &mut Parcel, Beat: Beat, out: &mut Outbox<Self>) {
        if out.me() == SOURCE {
            if self.tries_five_times && parcel.tries == 5 {
                (parcel.number, parcel.tries) = (parcel.number + 1, 0);
            }
            parcel.tries += 1;
            out.send(NodeId(1), Said::Number(parcel.number));
        }
        out.set_timer(Beat, BEAT);
    }

    fn on_message(&self, parcel: &mut Parcel, from: NodeId, said: Said, out: &mut Outbox<Self>) {
        match said {
            Said::Number(number) => {
                parcel.got.insert(number);
                out.send(from, Said::Has(number));
            }
            Said::Has(number) if number == parcel.number => {
                (parcel.number, parcel.tries) = (number + 1, 0);
            }
            Said::Has(_) => {}
        }
    }
}

pub fn parcels(tries_five_times: bool) -> Scenario<Parcels> {
    Scenario::new("parcels", Parcels { tries_five_times }, 2).storm(any_fault()).invariant(
        Invariant::nodes("no-gap", "What the source goes on from has come.", |_, nodes| {
            let (sent, got) = (nodes[0].state.number, &nodes[1].state.got);
            match (0..sent).find(|number| !got.contains(number)) {
                Some(lost) => broken(format!("{lost} never came, and the source is at {sent}")),
                None => Ok(()),
            }
        }),
    )
}

/// A node asks another whether it is there, and suspects it if an answer takes too long.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Probes {
    /// The mistake: it asks again before it is answered, and so fills the link itself.
    pub asks_on: bool,
    /// After how many beats without an answer it suspects. The mistake: so few as if no network ever
    /// were slow.
    pub suspects_after: u32,
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
    type Message = Said;
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
            let late = |first: &u32| probe.beats - first > self.suspects_after;
            probe.suspects |= probe.open.first().is_some_and(late);
            if self.asks_on || probe.open.is_empty() {
                probe.open.insert(probe.beats);
                out.send(NodeId(1), Said::Number(probe.beats));
            }
        }
        out.set_timer(Beat, BEAT);
    }

    fn on_message(&self, probe: &mut Probe, from: NodeId, said: Said, out: &mut Outbox<Self>) {
        match said {
            Said::Number(beat) => out.send(from, Said::Has(beat)),
            Said::Has(beat) => {
                probe.open.remove(&beat);
            }
        }
    }
}

pub fn probes(asks_on: bool, suspects_after: u32) -> Scenario<Probes> {
    Scenario::new("probes", Probes { asks_on, suspects_after }, 2).storm(any_fault()).invariant(
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
