//! Messages on their way through a [`Network`]: from link to link, each with its queue, its bursts
//! of loss and its order; and how much slower faults make them.

use rand::rand_core::Rng;

use super::agenda::Fate;
use super::outcome::Record;
use super::plan::{Fault, Plan, TimedFault};
use super::run::Run;
use super::topology::{Link, Loss, Network};
use crate::mail::Links;
use crate::protocol::{NodeId, Protocol};
use crate::random::chance;
use crate::step::{Act, Step};

/// What decides how long messages take in a run.
pub(super) struct Roads<'a> {
    /// The links of the plan's network, if it has one.
    pub(super) wires: Option<Wires<'a>>,
    /// How long the message that is now sent takes, where its way was gone already.
    takes: Option<u64>,
    /// How many faults that slow messages are active.
    pub(super) slow: u32,
}

impl<'a> Roads<'a> {
    pub(super) fn new(plan: &'a Plan, nodes: usize) -> Roads<'a> {
        let wires = plan.network.as_ref().map(|network| Wires::new(network, nodes));
        Roads { wires, takes: None, slow: 0 }
    }
}

/// The links of a network as a run finds them.
pub(super) struct Wires<'a> {
    nodes: usize,
    /// To whom a message goes first, by where it is and where it goes.
    ways: Vec<Vec<NodeId>>,
    /// By its two ends.
    wires: Vec<Option<Wire<'a>>>,
}

/// A link, in one direction.
struct Wire<'a> {
    link: &'a Link,
    /// Microseconds on top of its latency.
    on_top: u64,
    /// From when on it takes another message.
    free: u64,
    /// When the last message arrives that went over it.
    last: u64,
    /// Whether it is in a burst of loss.
    burst: bool,
}

/// What becomes of a message, and how long it takes; and its double, if it has one.
struct Trip {
    fate: Fate,
    takes: u64,
    double: Option<u64>,
}

/// How links are just now: whether the storm goes on, and which faults do.
struct Weather<'a> {
    now: u64,
    stormy: bool,
    nodes: usize,
    /// How many faults cut each link.
    cuts: &'a [u16],
    faults: &'a [TimedFault],
    active: &'a [bool],
    /// Whether any of them slows messages.
    slow: bool,
}

impl Weather<'_> {
    fn faults(&self) -> impl Iterator<Item = &TimedFault> {
        self.faults.iter().zip(self.active).filter(|(_, active)| **active).map(|(timed, _)| timed)
    }

    fn cuts(&self, from: NodeId, to: NodeId) -> bool {
        self.cuts[from.index() * self.nodes + to.index()] > 0
    }

    /// How many times as long messages take on a link: what all faults together make of it.
    fn slowness(&self, from: NodeId, to: NodeId) -> u64 {
        self.product(|fault| fault.slows(from, to))
    }

    /// How many times as long messages take on each link of their way, because of who sends them to
    /// whom.
    fn slowness_of_way(&self, from: NodeId, to: NodeId) -> u64 {
        self.product(|fault| match fault {
            Fault::SlowLink { .. } => fault.slows(from, to),
            _ => 1,
        })
    }

    fn product(&self, times: impl Fn(&Fault) -> u32) -> u64 {
        let all = |product: u64, timed: &TimedFault| {
            product.saturating_mul(u64::from(times(&timed.fault))).min(MOST_SLOW)
        };
        if self.slow { self.faults().fold(1, all) } else { 1 }
    }
}

/// The most by which faults together slow a message down.
const MOST_SLOW: u64 = 1_000_000;

impl<'a> Wires<'a> {
    fn new(network: &'a Network, nodes: usize) -> Wires<'a> {
        let pairs = (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to)));
        let wire = |(from, to)| {
            let (link, on_top) = network.link(nodes, NodeId::at(from), NodeId::at(to))?;
            Some(Wire { link, on_top: on_top.as_micros(), free: 0, last: 0, burst: false })
        };
        Wires { nodes, ways: network.ways(nodes), wires: pairs.map(wire).collect() }
    }

    /// Sends a message from link to link.
    fn carry(
        &mut self,
        (from, to): (NodeId, NodeId),
        weather: &Weather<'_>,
        stream: &mut impl Rng,
    ) -> Trip {
        let (mut here, mut at) = (from, weather.now);
        // A partition keeps a node's messages from another however they would go.
        let mut fate = if weather.cuts(from, to) { Fate::Cut } else { Fate::Arrives };
        let mut double: Option<u64> = None;
        let straight = self.ways[from.index()][to.index()] == to;
        let whole = if straight { 1 } else { weather.slowness_of_way(from, to) };
        while here != to {
            let next = self.ways[here.index()][to.index()];
            if weather.cuts(here, next) {
                fate = Fate::Cut;
            }
            let slowness = weather.slowness(here, next).saturating_mul(whole).min(MOST_SLOW);
            let wire = self.wires[here.index() * self.nodes + next.index()].as_mut();
            let wire = wire.expect("ways go along links");
            let left = wire.leave(at);
            let arrives = wire.arrive(left, slowness, stream);
            if weather.stormy && wire.loses(stream) && fate == Fate::Arrives {
                fate = Fate::Lost;
            }
            double = double.map(|double| double + (arrives - at));
            if weather.stormy && chance(stream, wire.link.duplication) && !wire.link.fifo {
                let again = wire.arrive(left, slowness, stream);
                double = double.or(Some(again));
            }
            (here, at) = (next, arrives);
        }
        // What a node sends to itself goes over no link, and yet not at once.
        let takes = (at - weather.now).max(1);
        Trip { fate, takes, double: double.map(|double| double - weather.now) }
    }
}

impl Wire<'_> {
    /// When a message leaves that is there at that moment: behind those before it.
    fn leave(&mut self, at: u64) -> u64 {
        if self.link.per_second == 0 {
            return at;
        }
        let left = at.max(self.free) + (1_000_000 / u64::from(self.link.per_second)).max(1);
        self.free = left;
        left
    }

    /// When a message arrives that leaves at that moment.
    fn arrive(&mut self, left: u64, slowness: u64, stream: &mut impl Rng) -> u64 {
        let takes = self.link.latency.draw(stream).saturating_add(self.on_top).min(LONGEST);
        let mut at = left + slowed(takes, slowness);
        if self.link.fifo {
            at = at.max(self.last);
            self.last = at;
        }
        at
    }

    fn loses(&mut self, stream: &mut impl Rng) -> bool {
        match self.link.loss {
            Loss::Independent(share) => chance(stream, share),
            Loss::Bursty { begins, ends, within, between } => {
                let turns = if self.burst { ends } else { begins };
                self.burst ^= chance(stream, turns);
                chance(stream, if self.burst { within } else { between })
            }
        }
    }
}

/// How long a message takes that faults make so many times as slow.
fn slowed(takes: u64, slowness: u64) -> u64 {
    takes.max(takes.saturating_mul(slowness).min(SLOWEST))
}

/// What slow nodes and links make a message take at most on one link, in microseconds: five
/// seconds. Without an end, one message on a link in order could hold up all others for as long as
/// a run lasts.
const SLOWEST: u64 = 5_000_000;

/// The longest a message takes on one link, in microseconds: a thousand hours. No run is as long.
const LONGEST: u64 = 3_600_000_000_000;

impl<P: Protocol, R: Record<P>> Run<'_, P, R> {
    /// Sends a message on its way through the plan's network.
    pub(super) fn send_by_wire(&mut self, from: NodeId, to: NodeId, message: P::Message) {
        let weather = Weather {
            now: self.now,
            stormy: self.stormy,
            nodes: self.scenario.nodes,
            cuts: &self.cuts,
            faults: &self.plan.faults,
            active: &self.active,
            slow: self.roads.slow > 0,
        };
        let wires = self.roads.wires.as_mut().expect("asked only where there are any");
        let trip = wires.carry((from, to), &weather, &mut self.stream);
        self.roads.takes = Some(trip.takes);
        match trip.double {
            Some(double) if trip.fate == Fate::Arrives && self.scenario.links != Links::Fifo => {
                self.outcome.tally.duplicated += 1;
                self.travel(from, to, message.clone(), trip.fate);
                self.roads.takes = Some(double);
                self.travel(from, to, message.clone(), trip.fate);
                if R::ON && self.scenario.links == Links::Unordered {
                    self.record.write(Step::new(to, Act::Duplicate { from, message }));
                }
            }
            Some(_) | None => self.travel(from, to, message, trip.fate),
        }
    }

    /// How long a message that is sent now takes, in microseconds.
    pub(super) fn travel_time(&mut self, from: NodeId, to: NodeId) -> u64 {
        if let Some(takes) = self.roads.takes.take() {
            return takes;
        }
        let drawn = self.plan.latency.draw(&mut self.stream);
        if self.roads.slow == 0 {
            return drawn;
        }
        let weather = Weather {
            now: self.now,
            stormy: self.stormy,
            nodes: self.scenario.nodes,
            cuts: &self.cuts,
            faults: &self.plan.faults,
            active: &self.active,
            slow: true,
        };
        slowed(drawn, weather.slowness(from, to))
    }
}
