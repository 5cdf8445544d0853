//! The kinds of fault that only presets draw, or a scenario that asks for them: partitions in
//! patterns, slow nodes and links, crashes in waves, clocks that are stuck or corrected, networks.

use rand::rand_core::Rng;

use super::plan::{Fault, Plan, TimedFault};
use super::storm::FaultKinds;
use super::strategy::{Kind, Storms, either_way, pick, whole_millis};
use super::topology::{Link, Loss, Network, Topology};
use crate::protocol::NodeId;
use crate::random::{below, between, exponential};
use crate::time::{Span, Units};

impl Storms {
    /// What is drawn of these kinds, beside the plain ones.
    pub(super) fn patterns(&self, kinds: FaultKinds) -> Vec<Kind> {
        let mut drawn = Vec::new();
        let mut add = |on: bool, some: &[Kind]| drawn.extend(some.iter().filter(|_| on));
        let patterns = kinds.patterns && self.nodes > 1;
        add(patterns, &[Kind::Flapping]);
        add(patterns && self.nodes > 2, &[Kind::Minority]);
        add(patterns && self.nodes > 3, &[Kind::Ring]);
        add(kinds.slow, &[Kind::SlowNode]);
        add(kinds.slow && self.nodes > 1, &[Kind::SlowLink]);
        let waves = kinds.waves && !self.may_crash.is_empty();
        add(waves, &[Kind::AllCrash, Kind::Rolling, Kind::CrashLoop]);
        let corrections = kinds.corrections && !self.clocks.is_empty();
        add(corrections, &[Kind::Stuck, Kind::Smear, Kind::Step]);
        drawn
    }

    /// Draws one fault of these kinds; it may be made of several.
    pub(super) fn draw_pattern(
        &self,
        stream: &mut impl Rng,
        kind: Kind,
        at: Span,
        lasts: Span,
    ) -> Vec<TimedFault> {
        let one = |fault: Fault| vec![TimedFault { at, lasts, fault }];
        let times = between(stream, 3, 10) as u32;
        let several = |plan: Plan| plan.faults;
        let calm = Plan::calm(Span::ZERO);
        match kind {
            Kind::Minority => one(Fault::minority(self.nodes, self.draw_node(stream))),
            Kind::Ring => one(Fault::ring_of_majorities(self.draw_circle(stream))),
            Kind::Flapping => {
                let partition = self.draw_fault(stream, Kind::OneWay);
                let partition = match (below(stream, 2), &partition) {
                    (0, Fault::OneWay { from, .. }) => Fault::Isolate(*from),
                    (_, _) => partition,
                };
                several(calm.flapping(
                    at,
                    partition,
                    [draw_short(stream), draw_short(stream)],
                    times,
                ))
            }
            Kind::SlowNode => {
                let times = pick(stream, &[3, 10, 50]);
                one(Fault::SlowNode { node: self.draw_node(stream), times })
            }
            Kind::SlowLink => {
                let times = pick(stream, &[3, 10, 50]);
                let Fault::OneWay { from, to } = self.draw_fault(stream, Kind::OneWay) else {
                    unreachable!("it was asked for a direction")
                };
                one(Fault::SlowLink { from, to, times })
            }
            Kind::AllCrash => several(calm.crash_of_all(at, &self.may_crash, lasts)),
            Kind::Rolling => {
                let every = lasts + draw_short(stream);
                several(calm.rolling_restart(at, &self.may_crash, lasts, every))
            }
            Kind::CrashLoop => {
                let (node, down) = (pick(stream, &self.may_crash), draw_short(stream));
                several(calm.crash_loop(at, node, [down, draw_short(stream)], times))
            }
            Kind::Stuck => one(Fault::Stuck(pick(stream, &self.clocks))),
            Kind::Smear | Kind::Step => {
                let node = pick(stream, &self.clocks);
                let by = either_way(stream, 2 * self.clock_error);
                let lasts = if matches!(kind, Kind::Step) { Span::ZERO } else { lasts };
                vec![TimedFault { at, lasts, fault: Fault::Smear { node, by } }]
            }
            Kind::Isolate
            | Kind::Split
            | Kind::Bridge
            | Kind::OneWay
            | Kind::Pause
            | Kind::Crash
            | Kind::Wipe
            | Kind::PowerCut
            | Kind::Jump => one(self.draw_fault(stream, kind)),
        }
    }

    fn draw_node(&self, stream: &mut impl Rng) -> NodeId {
        NodeId(below(stream, u64::from(self.nodes)) as u8)
    }

    /// All nodes, in an order that is drawn.
    fn draw_circle(&self, stream: &mut impl Rng) -> Vec<NodeId> {
        let mut circle: Vec<NodeId> = (0..self.nodes).map(NodeId).collect();
        for last in (1..circle.len()).rev() {
            circle.swap(last, below(stream, last as u64 + 1) as usize);
        }
        circle
    }

    /// A network: one of those ready made that are not slower than latencies without a network are
    /// drawn, with its links laid out in some way. It loses and doubles messages only in a run that
    /// does. On the slower ones, what a protocol must come to in the healed phase may be too much to
    /// ask.
    pub(super) fn draw_network(&self, stream: &mut impl Rng, kinds: FaultKinds) -> Network {
        let name = pick(stream, &DRAWN);
        let mut network = Network::preset(name).expect("it is listed");
        let laid = match below(stream, 6) {
            0 => Some(Topology::Ring),
            1 => Some(Topology::Star(self.draw_node(stream))),
            2 => Some(Topology::Tree(between(stream, 1, 3) as u8)),
            _ => None,
        };
        if let Some(topology) = laid {
            network.topology = topology;
        }
        let calm = |link: &mut Link| {
            if !kinds.loss {
                link.loss = Loss::default();
            }
            if !kinds.duplication {
                link.duplication = 0;
            }
        };
        calm(&mut network.link);
        if let Topology::Racks { datacentre, between, .. } = &mut network.topology {
            calm(datacentre);
            calm(between);
        }
        network
    }
}

/// The networks that are drawn.
const DRAWN: [&str; 6] = ["local", "datacentre", "cross-region", "internet", "4g", "lossy"];

/// A short span: half a second on average.
fn draw_short(stream: &mut impl Rng) -> Span {
    whole_millis(exponential(stream, 500.ms().as_micros()))
}
