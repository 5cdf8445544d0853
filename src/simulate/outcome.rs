//! What happened in a run, and whether its steps are written down.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::measures::Measures;
use crate::node::Occurrence;
use crate::protocol::{NodeId, Outbox, Protocol};
use crate::situation::Violation;
use crate::step::Step;
use crate::time::Span;

/// What happened in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The first violation, and in how much virtual time.
    pub violation: Option<Violation>,
    /// How often each kind of thing happened.
    pub tally: Tally,
    /// Which of the scenario's goals were reached, in its order.
    pub goals: Vec<bool>,
    /// How often each marked line ran.
    pub marks: BTreeMap<&'static str, u64>,
    /// How much virtual time passed.
    pub lasted: Span,
    /// How often nothing was on its way to a live node.
    pub quiet: u64,
    /// How often it was asked whether the protocol settles: once, or never where no world was at rest
    /// after the storm.
    pub asked_to_settle: u64,
    /// Whether it took so many steps that it was ended before its time.
    pub cut_short: bool,
    /// What its clients saw.
    pub measures: Measures,
    /// A fingerprint of everything that happened, and when.
    pub digest: u64,
}

/// How often each kind of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tally {
    /// Steps of all kinds.
    pub steps: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages lost by chance.
    pub lost: u64,
    /// Messages lost because a link was cut or the receiver down.
    pub cut: u64,
    /// Messages that were doubled.
    pub duplicated: u64,
    /// Requests taken.
    pub requests: u64,
    /// Partitions begun, of all kinds.
    pub partitions: u64,
    /// Pauses begun.
    pub pauses: u64,
    /// Nodes that stopped.
    pub crashes: u64,
    /// Nodes that came back with what they keep.
    pub restarts: u64,
    /// Nodes that came back with an empty disk.
    pub wipes: u64,
    /// Clocks that jumped, got stuck or were corrected.
    pub jumps: u64,
    /// Nodes and links that became slow.
    #[serde(skip_serializing_if = "is_zero")]
    pub slowed: u64,
    /// Records that a failure of power took, since they were not synced.
    #[serde(skip_serializing_if = "is_zero")]
    pub unsynced: u64,
    /// Those of them that were left half written.
    #[serde(skip_serializing_if = "is_zero")]
    pub torn: u64,
}

impl Tally {
    /// Adds another run's.
    pub(crate) fn add(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.cut += other.cut;
        self.duplicated += other.duplicated;
        self.requests += other.requests;
        self.partitions += other.partitions;
        self.pauses += other.pauses;
        self.crashes += other.crashes;
        self.restarts += other.restarts;
        self.wipes += other.wipes;
        self.jumps += other.jumps;
        self.slowed += other.slowed;
        self.unsynced += other.unsynced;
        self.torn += other.torn;
    }

    /// How many kinds of fault happened at all. What comes of them (nodes that run again, records that
    /// are lost) is none.
    pub fn kinds_of_fault(&self) -> usize {
        let Tally { lost, duplicated, partitions, pauses, crashes, wipes, jumps, slowed, .. } =
            *self;
        let kinds = [lost, duplicated, partitions, pauses, crashes, wipes, jumps, slowed];
        kinds.iter().filter(|count| **count > 0).count()
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Whether a run writes down its steps. A type, so that a run that records nothing pays nothing.
pub(crate) trait Record<P: Protocol> {
    /// Whether it does.
    const ON: bool;
    /// Writes one down.
    fn write(&mut self, step: Step<P>);
    /// Looks at what is about to happen at a node. Only guided runs do.
    fn comes(&mut self, _: NodeId, _: &Occurrence<P>) {}
    /// Hears what its handler said.
    fn came(&mut self, _: NodeId, _: &Outbox<P>) {}
}

/// Writes nothing down.
pub(crate) struct Off;

impl<P: Protocol> Record<P> for Off {
    const ON: bool = false;
    fn write(&mut self, _: Step<P>) {}
}

impl<P: Protocol> Record<P> for Vec<Step<P>> {
    const ON: bool = true;
    fn write(&mut self, step: Step<P>) {
        self.push(step);
    }
}
