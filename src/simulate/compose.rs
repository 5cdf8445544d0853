//! Plans written by hand: faults added one by one, and faults made of several.

use super::latency::Latency;
use super::plan::{Fault, Plan, TimedFault};
use super::workload::Workload;
use crate::protocol::NodeId;
use crate::time::{Span, Units};

impl Fault {
    /// The largest minority of a cluster of that many nodes is cut off: so many nodes from `first`
    /// on, around the cluster.
    pub fn minority(nodes: u8, first: NodeId) -> Fault {
        let side = |next: u8| {
            NodeId(((u16::from(first.0) + u16::from(next)) % u16::from(nodes.max(1))) as u8)
        };
        Fault::Split((0..nodes.saturating_sub(1) / 2).map(side).collect())
    }

    /// The nodes stand in a circle, and each reaches just so many neighbours that it sees a
    /// majority, and no two the same one. It takes at least 4 nodes; of fewer each reaches all.
    pub fn ring_of_majorities(circle: Vec<NodeId>) -> Fault {
        let reach = (circle.len() / 2).div_ceil(2) as u8;
        Fault::Circle { nodes: circle, reach }
    }
}

impl Plan {
    /// A plan in which nothing goes wrong: messages take a millisecond, three clients ask every 200
    /// milliseconds on average and give up nothing.
    pub fn calm(stormy: Span) -> Plan {
        Plan {
            stormy,
            latency: Latency::Constant(1.ms()),
            loss: 0,
            duplication: 0,
            network: None,
            workload: Workload::default(),
            clocks: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Adds faults, and keeps all in the order in which they begin.
    pub fn with(mut self, faults: impl IntoIterator<Item = TimedFault>) -> Plan {
        self.faults.extend(faults);
        self.faults.sort_by_key(|timed| timed.at);
        self
    }

    /// Adds a fault that begins at that moment and lasts that long.
    pub fn fault(self, at: Span, lasts: Span, fault: Fault) -> Plan {
        self.with([TimedFault { at, lasts, fault }])
    }

    /// What it has in store for the first so many nodes alone.
    pub(crate) fn among(&self, nodes: usize) -> Plan {
        let there = |named: &[NodeId]| named.iter().all(|node| node.index() < nodes);
        let mut plan = self.clone();
        plan.faults.retain(|timed| there(&timed.fault.nodes()));
        plan.clocks.retain(|clock| there(&[clock.node]));
        plan.network = plan.network.filter(|network| there(&network.named()));
        plan
    }

    /// All faults that much earlier, but none before the beginning.
    pub(crate) fn earlier(&self, by: Span) -> Plan {
        let mut plan = self.clone();
        for timed in &mut plan.faults {
            timed.at = Span::micros(timed.at.as_micros().saturating_sub(by.as_micros()));
        }
        plan
    }

    /// Adds links that flap: from that moment on a partition comes, lasts `down`, heals for `up`,
    /// and comes again, so many times in all.
    pub fn flapping(self, at: Span, partition: Fault, [down, up]: [Span; 2], times: u32) -> Plan {
        let first = TimedFault { at, lasts: down, fault: partition };
        self.with(first.again(times, down + up))
    }

    /// Adds a crash loop: from that moment on a node is down for `down`, up for `up`, and down
    /// again, so many times in all.
    pub fn crash_loop(self, at: Span, node: NodeId, [down, up]: [Span; 2], times: u32) -> Plan {
        let first = TimedFault { at, lasts: down, fault: Fault::Crash(node) };
        self.with(first.again(times, down + up))
    }

    /// Adds a crash of all these nodes at once; they come back together.
    pub fn crash_of_all(self, at: Span, nodes: &[NodeId], down: Span) -> Plan {
        let crash = |node: &NodeId| TimedFault { at, lasts: down, fault: Fault::Crash(*node) };
        self.with(nodes.iter().map(crash))
    }

    /// Adds a rolling restart: these nodes crash one after another, at that distance from each
    /// other, and each is down for `down`.
    pub fn rolling_restart(self, at: Span, nodes: &[NodeId], down: Span, every: Span) -> Plan {
        let crash = |(turn, node): (u64, &NodeId)| TimedFault {
            at: at + every * turn,
            lasts: down,
            fault: Fault::Crash(*node),
        };
        self.with((0..).zip(nodes).map(crash))
    }

    /// Adds a step of a clock: at that moment it is set by that many microseconds, and stays so.
    pub fn clock_step(self, at: Span, node: NodeId, by: i64) -> Plan {
        self.fault(at, Span::ZERO, Fault::Smear { node, by })
    }
}

impl TimedFault {
    /// The fault so many times in all, at that distance from begin to begin.
    pub fn again(self, times: u32, every: Span) -> Vec<TimedFault> {
        let later =
            |turn: u32| TimedFault { at: self.at + every * u64::from(turn), ..self.clone() };
        (0..times).map(later).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(plan: &Plan) -> Vec<(u64, u64, String)> {
        let line = |timed: &TimedFault| {
            let millis = |span: Span| span.as_micros() / 1_000;
            (millis(timed.at), millis(timed.lasts), timed.fault.to_string())
        };
        plan.faults.iter().map(line).collect()
    }

    #[test]
    fn composed_faults_are_plain_ones_in_the_order_in_which_they_begin() {
        let [a, b] = [NodeId(0), NodeId(1)];
        let line = |at, lasts, fault: &str| (at, lasts, fault.to_string());
        let calm = || Plan::calm(9.s());
        let flapping = Fault::Isolate(a);
        for (plan, expected) in [
            (
                calm().flapping(1.s(), flapping, [100.ms(), 200.ms()], 2),
                vec![line(1_000, 100, "n0 is cut off"), line(1_300, 100, "n0 is cut off")],
            ),
            (
                calm().crash_loop(1.s(), b, [100.ms(), 50.ms()], 2),
                vec![line(1_000, 100, "n1 is down"), line(1_150, 100, "n1 is down")],
            ),
            (
                calm().crash_of_all(1.s(), &[a, b], 100.ms()),
                vec![line(1_000, 100, "n0 is down"), line(1_000, 100, "n1 is down")],
            ),
            (
                calm().fault(2.s(), 1.s(), Fault::Pause(a)).rolling_restart(
                    1.s(),
                    &[b, a],
                    100.ms(),
                    3.s(),
                ),
                vec![
                    line(1_000, 100, "n1 is down"),
                    line(2_000, 1_000, "n0 stands still"),
                    line(4_000, 100, "n0 is down"),
                ],
            ),
            (
                calm().clock_step(1.s(), a, -5_000),
                vec![line(1_000, 0, "n0's clock is set by -5ms")],
            ),
        ] {
            assert_eq!(timeline(&plan), expected);
        }
    }

    #[test]
    fn a_minority_is_as_large_as_a_minority_can_be() {
        let side = |nodes, first| match Fault::minority(nodes, NodeId(first)) {
            Fault::Split(side) => side.iter().map(|node| node.0).collect::<Vec<u8>>(),
            other => unreachable!("{other}"),
        };
        assert_eq!(side(3, 2), [2]);
        assert_eq!(side(4, 0), [0]);
        assert_eq!(side(5, 4), [4, 0]);
        assert_eq!([side(1, 0), side(2, 1)], [[0; 0]; 2]);
    }

    #[test]
    fn in_a_ring_of_majorities_each_sees_one_and_no_two_the_same() {
        for nodes in 3..12_u8 {
            let all = || (0..nodes).map(NodeId);
            let fault = Fault::ring_of_majorities(all().collect());
            let seen = |node: NodeId| -> Vec<NodeId> {
                all().filter(|other| !fault.cuts(node, *other)).collect()
            };
            for node in all() {
                let majority = usize::from(nodes / 2) + 1;
                let sees = seen(node).len();
                assert!((majority..=majority + 1).contains(&sees), "{nodes}: {sees}");
                assert!(nodes < 4 || sees < usize::from(nodes), "{nodes}: someone is out of reach");
                let same = all().filter(|other| seen(*other) == seen(node)).count();
                assert!(nodes < 4 || same == 1, "{nodes}: {node} sees what another does");
            }
        }
    }
}
