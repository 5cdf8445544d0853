//! The faults of a run: how each begins and ends, and the end of the storm.

use super::outcome::Record;
use super::plan::{Fault, TimedFault};
use super::run::Run;
use crate::node::Occurrence;
use crate::protocol::{ClientId, NodeId, Protocol};
use crate::step::Act;
use crate::time::Span;

impl<P: Protocol, R: Record<P>> Run<'_, P, R> {
    pub(super) fn begin_fault(&mut self, index: usize) {
        self.active[index] = true;
        self.cut(index, |cuts| *cuts += 1);
        let TimedFault { lasts, fault, .. } = &self.plan.faults[index];
        let tally = &mut self.outcome.tally;
        match fault {
            Fault::Isolate(_)
            | Fault::Split(_)
            | Fault::Bridge { .. }
            | Fault::OneWay { .. }
            | Fault::Circle { .. } => {
                tally.partitions += 1;
            }
            Fault::SlowNode { .. } | Fault::SlowLink { .. } => {
                tally.slowed += 1;
                self.roads.slow += 1;
            }
            Fault::Pause(node) => {
                tally.pauses += 1;
                self.paused[node.index()] += 1;
            }
            Fault::Jump { node, by } => {
                tally.jumps += 1;
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.jump(*by);
                }
            }
            Fault::Stuck(node) => {
                tally.jumps += 1;
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.hold(self.now);
                }
            }
            Fault::Smear { node, by } => {
                tally.jumps += 1;
                let until = (Span::micros(self.now) + *lasts).min(self.plan.stormy).as_micros();
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.smear(*by, self.now, until);
                }
            }
            Fault::Crash(node) | Fault::Wipe(node) | Fault::PowerCut(node) => {
                let node = *node;
                self.down[node.index()] += 1;
                self.wiped[node.index()] |= matches!(fault, Fault::Wipe(_));
                self.powerless[node.index()] |= matches!(fault, Fault::PowerCut(_));
                if self.world.nodes[node.index()].up {
                    self.outcome.tally.crashes += 1;
                    self.step(node, Some(Act::Crash), Occurrence::Crash);
                    self.alarms[node.index()].clear();
                }
            }
        }
    }

    pub(super) fn end_fault(&mut self, index: usize) {
        if !std::mem::replace(&mut self.active[index], false) {
            return;
        }
        self.cut(index, |cuts| *cuts -= 1);
        match &self.plan.faults[index].fault {
            Fault::Isolate(_)
            | Fault::Split(_)
            | Fault::Bridge { .. }
            | Fault::OneWay { .. }
            | Fault::Circle { .. }
            | Fault::Smear { .. } => {}
            Fault::SlowNode { .. } | Fault::SlowLink { .. } => self.roads.slow -= 1,
            Fault::Stuck(node) => {
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.let_go();
                }
            }
            Fault::Pause(node) => {
                self.paused[node.index()] -= 1;
                if self.paused[node.index()] == 0 {
                    for late in std::mem::take(&mut self.late[node.index()]) {
                        if self.outcome.violation.is_none() {
                            self.happen(late);
                        }
                    }
                }
            }
            Fault::Jump { node, by } => {
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.jump(-by);
                }
            }
            Fault::Crash(node) | Fault::Wipe(node) | Fault::PowerCut(node) => {
                let node = *node;
                self.down[node.index()] -= 1;
                if self.down[node.index()] == 0 {
                    self.restart(node);
                }
            }
        }
    }

    /// Counts, for each link that a fault cuts, one fault more or less.
    fn cut(&mut self, index: usize, count: fn(&mut u16)) {
        let plan = self.plan;
        let fault = &plan.faults[index].fault;
        for from in self.scenario.node_ids() {
            for to in self.scenario.node_ids().filter(|to| fault.cuts(from, *to)) {
                let link = self.link(from, to);
                count(&mut self.cuts[link]);
            }
        }
    }

    fn restart(&mut self, node: NodeId) {
        let powerless = std::mem::replace(&mut self.powerless[node.index()], false);
        if std::mem::replace(&mut self.wiped[node.index()], false) {
            self.outcome.tally.wipes += 1;
            self.step(node, Some(Act::Wiped), Occurrence::Wiped);
        } else {
            self.outcome.tally.restarts += 1;
            self.out.keeps_unsynced = !powerless;
            self.step(node, Some(Act::Restart), Occurrence::Restart);
            self.outcome.tally.unsynced += self.out.lost.records;
            self.outcome.tally.torn += self.out.lost.torn;
        }
    }

    /// The storm is over: faults have ended, nothing is lost any more, and progress counts afresh.
    pub(super) fn heal(&mut self) {
        for index in 0..self.active.len() {
            if self.active[index] && self.outcome.violation.is_none() {
                self.end_fault(index);
            }
        }
        self.stormy = false;
        if self.outcome.violation.is_none() && self.scenario.has_invariant_on("settles") {
            // From here on there are no faults.
            self.settling = true;
            self.judge(None);
        }
        for client in 0..self.asked.len() {
            self.think(ClientId(client as u8));
        }
        if let Some(progress) = self.reached.get_mut(self.scenario.goals.len()) {
            *progress = false;
        }
    }
}
