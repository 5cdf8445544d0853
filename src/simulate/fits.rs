//! What is wrong with a plan: by itself, or in a scenario.

use std::fmt;

use super::latency::Latency;
use super::plan::{ClockError, Fault, Plan, TimedFault};
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::time::Span;

/// Why a plan cannot be run: where it is written, what is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct PlanError {
    /// The line, from 1, if the plan was read from a text.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub why: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line} of the plan: {}", self.why),
            None => write!(f, "the plan: {}", self.why),
        }
    }
}

/// A part of a plan.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Latency,
    Network,
    Workload,
    Clock(usize),
    Fault(usize),
}

impl Plan {
    /// Whether it can be run in that scenario.
    ///
    /// # Errors
    /// It makes no sense by itself, or in that scenario: it names a node that is not there, crashes
    /// one that may not crash, has more clients, breaks what the scenario assumes of its network and
    /// clocks, has a kind of fault that the scenario's storm has not, or leaves fewer nodes alive than
    /// it keeps.
    pub fn fits<P: Protocol>(&self, scenario: &Scenario<P>) -> Result<(), PlanError> {
        match self.mistake().or_else(|| self.misfit(scenario)) {
            Some((_, why)) => Err(PlanError { line: None, why }),
            None => Ok(()),
        }
    }

    /// What makes no sense in any scenario.
    pub(super) fn mistake(&self) -> Option<(Part, String)> {
        let shares = [self.loss, self.duplication].into_iter().find(|share| *share > 1_000_000);
        let share = shares.map(|share| {
            (Part::Whole, format!("{share} in a million is too many; write at most 1000000"))
        });
        let lasting = (self.stormy > MOST_STORMY).then(|| {
            let (stormy, most) = (self.stormy, MOST_STORMY);
            (Part::Whole, format!("a storm of {stormy} is too long; write at most {most}"))
        });
        let share = share.or(lasting);
        let latency = || self.latency.mistake().map(|why| (Part::Latency, why));
        let network = || Some((Part::Network, self.network.as_ref()?.mistake()?));
        let workload = || self.workload.mistake().map(|why| (Part::Workload, why));
        let fault = || {
            let mut faults = self.faults.iter().enumerate();
            faults.find_map(|(index, timed)| {
                let why = timed.fault.mistake().or_else(|| timed.comes_to_nothing(self.stormy))?;
                Some((Part::Fault(index), why))
            })
        };
        let clock = || {
            let mut clocks = self.clocks.iter().enumerate();
            clocks.find_map(|(index, clock)| Some((Part::Clock(index), clock.mistake()?)))
        };
        let network = || network().or_else(workload);
        share.or_else(latency).or_else(network).or_else(clock).or_else(fault)
    }

    /// What makes no sense in that scenario.
    pub(super) fn misfit<P: Protocol>(&self, scenario: &Scenario<P>) -> Option<(Part, String)> {
        let (clients, kinds) = (self.workload.clients, scenario.storm.kinds);
        if let Some(most) = most_clients(scenario).filter(|most| clients > *most) {
            let why = format!("{clients} clients ask, and the scenario has {most}; write less");
            return Some((Part::Workload, why));
        }
        if let Some(why) = self.workload.misfit(&scenario.storm) {
            return Some((Part::Workload, why));
        }
        if let Some(network) = &self.network {
            let strange = network.named().into_iter().find_map(|node| stranger(scenario, node));
            let why = strange.or_else(|| network.lost_special(scenario.nodes));
            let why = why.or_else(|| unlosing(scenario, network.loses()));
            let why = why.or_else(|| beyond(network.loses() && !kinds.loss, "loses no messages"));
            let why =
                why.or_else(|| beyond(network.doubles() && !kinds.duplication, "doubles nothing"));
            if let Some(why) = why {
                return Some((Part::Network, why));
            }
        }
        let why = unlosing(scenario, self.loss > 0)
            .or_else(|| beyond(self.loss > 0 && !kinds.loss, "loses no messages"))
            .or_else(|| beyond(self.duplication > 0 && !kinds.duplication, "doubles nothing"));
        if let Some(why) = why {
            return Some((Part::Whole, why));
        }
        for (index, clock) in self.clocks.iter().enumerate() {
            let why = stranger(scenario, clock.node)
                .or_else(|| clockless(scenario, clock.node))
                .or_else(|| beyond(!kinds.clocks, "lets no clock be off"));
            if let Some(why) = why {
                return Some((Part::Clock(index), why));
            }
        }
        for (index, timed) in self.faults.iter().enumerate() {
            if let Some(why) = timed.fault.misfit(scenario) {
                return Some((Part::Fault(index), format!("{}: {why}", timed.fault)));
            }
        }
        let too_many = self.takes_too_many(scenario.storm.keeps, scenario.nodes as u8);
        too_many.map(|(index, why)| (Part::Fault(index), why))
    }
}

/// The longest storm: a thousand days.
const MOST_STORMY: Span = Span::seconds(1_000 * 24 * 3_600);

/// The most by which a clock drifts, in millionths either way: beyond it would stand still.
const MOST_DRIFT: u64 = 900_000;

impl ClockError {
    fn mistake(&self) -> Option<String> {
        let drift = self.drift;
        let drifts = (drift.unsigned_abs() > MOST_DRIFT)
            .then(|| format!("a drift of {drift} is too much; write at most {MOST_DRIFT}"));
        drifts.or_else(|| too_far(self.offset))
    }
}

/// What is wrong with a clock that is so many microseconds off.
fn too_far(by: i64) -> Option<String> {
    let far = Span::micros(by.unsigned_abs());
    (far > Latency::MOST).then(|| format!("{far} is too far; write at most {}", Latency::MOST))
}

impl TimedFault {
    /// Why nobody would notice it.
    fn comes_to_nothing(&self, stormy: Span) -> Option<String> {
        let TimedFault { at, lasts, fault } = self;
        let is_over_at_once = *lasts == Span::ZERO && !matches!(fault, Fault::Smear { .. });
        if *at >= stormy {
            return Some(format!(
                "{fault}, from {at} on, and the storm is over at {stormy}; begin earlier, or make \
                 the storm longer"
            ));
        }
        is_over_at_once.then(|| format!("{fault}, for no time at all; say how long it lasts"))
    }
}

impl Fault {
    fn mistake(&self) -> Option<String> {
        match self {
            Fault::OneWay { from, to } | Fault::SlowLink { from, to, .. } if from == to => {
                Some(format!("there is no link from {from} to itself; name two nodes"))
            }
            Fault::SlowNode { times: 0, .. } | Fault::SlowLink { times: 0, .. } => {
                Some("messages cannot take 0 times as long; write 2 or more".to_string())
            }
            Fault::Jump { by, .. } | Fault::Smear { by, .. } => too_far(*by),
            _ => None,
        }
    }

    fn misfit<P: Protocol>(&self, scenario: &Scenario<P>) -> Option<String> {
        let nodes = self.nodes();
        if let Some(why) = nodes.iter().find_map(|node| stranger(scenario, *node)) {
            return Some(why);
        }
        let kinds = scenario.storm.kinds;
        let why = match self {
            Fault::Crash(node) | Fault::Wipe(node) | Fault::PowerCut(node)
                if !scenario.can_crash(*node) =>
            {
                let may = scenario.node_ids().filter(|node| scenario.can_crash(*node));
                let may: Vec<String> = may.map(|node| node.to_string()).collect();
                let may = if may.is_empty() { "none may".to_string() } else { may.join(", ") };
                Some(format!("the scenario does not let {node} crash; choose one of: {may}"))
            }
            Fault::Jump { node, .. } | Fault::Stuck(node) | Fault::Smear { node, .. } => {
                clockless(scenario, *node)
            }
            _ => unlosing(scenario, self.is_partition()),
        };
        why.or_else(|| match self {
            Fault::Crash(_) => beyond(!kinds.crashes, "crashes no nodes"),
            Fault::PowerCut(_) => beyond(!kinds.power, "lets no power fail"),
            Fault::Wipe(_) => beyond(!kinds.wipes, "wipes no disks"),
            Fault::Jump { .. } | Fault::Stuck(_) | Fault::Smear { .. } => {
                beyond(!kinds.clocks && !kinds.corrections, "lets no clock be off")
            }
            Fault::Pause(_) => beyond(!kinds.pauses, "lets no node stand still"),
            Fault::SlowNode { .. } | Fault::SlowLink { .. } => {
                beyond(!kinds.slow && !kinds.pauses, "lets nothing be slow")
            }
            partition => beyond(
                partition.is_partition() && !kinds.partitions && !kinds.patterns,
                "cuts no links",
            ),
        })
    }
}

/// How many clients a scenario has at most, if it says so.
pub(super) fn most_clients<P: Protocol>(scenario: &Scenario<P>) -> Option<u8> {
    scenario.storm.says_requests().then_some(scenario.storm.clients)
}

fn stranger<P: Protocol>(scenario: &Scenario<P>, node: NodeId) -> Option<String> {
    let last = scenario.nodes - 1;
    (node.index() > last)
        .then(|| format!("there is no node {node}: the scenario's nodes are n0 to n{last}"))
}

fn clockless<P: Protocol>(scenario: &Scenario<P>, node: NodeId) -> Option<String> {
    let names: Vec<String> = scenario.clocks.of.iter().map(NodeId::to_string).collect();
    let those = match names.is_empty() {
        true => "no node has one; leave it out".to_string(),
        false => format!("choose one of: {}", names.join(", ")),
    };
    (!scenario.clocks.of.contains(&node)).then(|| format!("{node} has no clock; {those}"))
}

/// What the scenario's storms never do, its invariants may rest on.
fn beyond(is_beyond: bool, storms: &str) -> Option<String> {
    is_beyond.then(|| {
        format!(
            "the scenario's storm {storms}, and what must hold there may rest on that; leave it out"
        )
    })
}

fn unlosing<P: Protocol>(scenario: &Scenario<P>, loses: bool) -> Option<String> {
    (loses && scenario.lost_only_when_down).then(|| {
        "the scenario assumes that messages are lost only at nodes that are down; leave out loss \
         and partitions"
            .to_string()
    })
}
