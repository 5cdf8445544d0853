//! How many nodes a storm keeps alive: up, not standing still, and within each other's reach.

use super::plan::{Fault, Plan, TimedFault};
use crate::protocol::NodeId;
use crate::time::Span;

/// How many nodes a storm keeps alive at any time: up, not standing still, and each reaching each
/// other both ways. What chance loses, and what is slow, does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Keeps {
    /// It keeps none.
    #[default]
    Nothing,
    /// More than half of them.
    Majority,
    /// So many, or all if there are fewer.
    AtLeast(u8),
}

impl Keeps {
    /// Of so many nodes.
    fn of(self, nodes: u8) -> u8 {
        match self {
            Keeps::Nothing => 0,
            Keeps::Majority => nodes / 2 + 1,
            Keeps::AtLeast(least) => least.min(nodes),
        }
    }
}

/// The nodes that faults fall upon, and how many of them are kept.
struct Ground {
    nodes: u8,
    least: u8,
    /// To whom a message goes first, by where it is and where it goes, where a network relays.
    ways: Option<Vec<Vec<NodeId>>>,
}

impl Ground {
    fn of(plan: &Plan, keeps: Keeps, nodes: u8) -> Ground {
        let ways = plan.network.as_ref().map(|network| network.ways(usize::from(nodes)));
        Ground { nodes, least: keeps.of(nodes), ways }
    }

    /// Whether enough nodes are alive under faults that are all active.
    fn bears(&self, active: &[&Fault]) -> bool {
        let stopped = |node: &NodeId| {
            active.iter().any(|fault| match fault {
                Fault::Crash(down)
                | Fault::Wipe(down)
                | Fault::PowerCut(down)
                | Fault::Pause(down) => down == node,
                _ => false,
            })
        };
        let up: Vec<NodeId> = (0..self.nodes).map(NodeId).filter(|node| !stopped(node)).collect();
        let mut reach = vec![vec![false; up.len()]; up.len()];
        for (one, from) in up.iter().enumerate() {
            for (other, to) in up.iter().enumerate().skip(one + 1) {
                let both = self.reaches(active, *from, *to) && self.reaches(active, *to, *from);
                (reach[one][other], reach[other][one]) = (both, both);
            }
        }
        grows(&reach, usize::from(self.least), (0..up.len()).collect())
    }

    fn reaches(&self, active: &[&Fault], from: NodeId, to: NodeId) -> bool {
        let cut = |from, to| active.iter().any(|fault| fault.cuts(from, to));
        let Some(ways) = &self.ways else { return !cut(from, to) };
        let mut here = from;
        while here != to {
            let next = ways[here.index()][to.index()];
            if cut(here, next) {
                return false;
            }
            here = next;
        }
        !cut(from, to)
    }
}

/// Whether so many of these reach each other. Exact: where one is left out of someone's reach, it is
/// tried with and without.
fn grows(reach: &[Vec<bool>], least: usize, among: Vec<usize>) -> bool {
    if among.len() < least {
        return false;
    }
    let apart = |one: usize, other: usize| one != other && !reach[one][other];
    let lonely = |one: &usize| among.iter().filter(|other| apart(*one, **other)).count();
    let worst = among.iter().copied().max_by_key(|one| lonely(one));
    match worst.filter(|worst| lonely(worst) > 0) {
        None => true,
        Some(worst) => {
            let without = among.iter().copied().filter(|other| *other != worst).collect();
            let with = among.iter().copied().filter(|other| !apart(worst, *other)).collect();
            grows(reach, least, without) || grows(reach, least, with)
        }
    }
}

impl Fault {
    /// Whether it stops nodes or cuts links.
    fn takes_nodes(&self) -> bool {
        let stops =
            matches!(self, Fault::Crash(_) | Fault::Wipe(_) | Fault::PowerCut(_) | Fault::Pause(_));
        stops || self.is_partition()
    }
}

impl Plan {
    /// Its faults in the order in which they begin, each with whether enough nodes stay alive with it
    /// beside those before it. One that leaves too few counts for none after it.
    fn borne(&self, keeps: Keeps, nodes: u8) -> Vec<bool> {
        let ground = Ground::of(self, keeps, nodes);
        let mut going: Vec<&TimedFault> = Vec::new();
        let mut borne = Vec::with_capacity(self.faults.len());
        for timed in &self.faults {
            going.retain(|other| other.at + other.lasts > timed.at);
            let mut active: Vec<&Fault> = going.iter().map(|other| &other.fault).collect();
            active.push(&timed.fault);
            let bears = !timed.fault.takes_nodes() || ground.bears(&active);
            if bears && timed.fault.takes_nodes() {
                going.push(timed);
            }
            borne.push(bears);
        }
        borne
    }

    /// Leaves out each fault with which too few nodes would be alive.
    pub(super) fn keeping(mut self, keeps: Keeps, nodes: u8) -> Plan {
        if keeps != Keeps::Nothing {
            let mut borne = self.borne(keeps, nodes).into_iter();
            self.faults.retain(|_| borne.next() == Some(true));
        }
        self
    }

    /// The first fault with which too few nodes would be alive, and why.
    pub(super) fn takes_too_many(&self, keeps: Keeps, nodes: u8) -> Option<(usize, String)> {
        if keeps == Keeps::Nothing {
            return None;
        }
        let mut sorted = self.clone();
        sorted.faults.sort_by_key(|timed| timed.at);
        let first = sorted.borne(keeps, nodes).into_iter().position(|bears| !bears)?;
        let timed = &sorted.faults[first];
        let index = self.faults.iter().position(|other| other == timed)?;
        let (at, least): (Span, u8) = (timed.at, keeps.of(nodes));
        let why = format!(
            "{}: from {at} on no {least} of the {nodes} nodes would be up and reach each other, \
             and the scenario's storm keeps as many alive; leave it out, or let others end before",
            timed.fault
        );
        Some((index, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Network;
    use crate::simulate::Topology;
    use crate::time::Units;

    fn n(node: u8) -> NodeId {
        NodeId(node)
    }

    #[test]
    fn faults_are_borne_as_long_as_enough_nodes_reach_each_other() {
        let majority = Keeps::Majority;
        let ring = || Fault::ring_of_majorities((0..5).map(NodeId).collect());
        let bridge = || Fault::Bridge { side: vec![n(0), n(1)], bridge: n(2) };
        for (nodes, keeps, faults, expected) in [
            (3, majority, vec![Fault::Crash(n(0))], vec![true]),
            (3, majority, vec![Fault::Crash(n(0)), Fault::Wipe(n(1))], vec![true, false]),
            (3, Keeps::Nothing, vec![Fault::Crash(n(0)), Fault::Wipe(n(1))], vec![true; 2]),
            (3, Keeps::AtLeast(1), vec![Fault::Crash(n(0)), Fault::Pause(n(1))], vec![true; 2]),
            (3, Keeps::AtLeast(9), vec![Fault::Pause(n(1))], vec![false]),
            (4, majority, vec![Fault::Crash(n(0)), Fault::Crash(n(1))], vec![true, false]),
            (5, majority, vec![Fault::Split(vec![n(0), n(1)])], vec![true]),
            (4, majority, vec![Fault::Split(vec![n(0), n(1)])], vec![false]),
            // On either side three reach each other, and without the bridge no three do.
            (5, majority, vec![bridge(), Fault::Crash(n(3))], vec![true; 2]),
            (5, majority, vec![bridge(), Fault::Crash(n(2))], vec![true, false]),
            (5, majority, vec![bridge(), Fault::Crash(n(0)), Fault::Crash(n(1))], vec![true; 3]),
            // Each sees a majority, and no three see each other.
            (5, majority, vec![ring()], vec![false]),
            (5, Keeps::AtLeast(2), vec![ring()], vec![true]),
            (3, majority, vec![Fault::OneWay { from: n(0), to: n(1) }], vec![true]),
            (2, majority, vec![Fault::OneWay { from: n(0), to: n(1) }], vec![false]),
            (3, majority, vec![Fault::Stuck(n(0)), Fault::Crash(n(0))], vec![true; 2]),
            (
                3,
                majority,
                vec![Fault::Crash(n(0)), Fault::Crash(n(1)), Fault::Crash(n(0))],
                vec![true, false, true],
            ),
        ] {
            let plan = faults
                .into_iter()
                .fold(Plan::calm(9.s()), |plan, fault| plan.fault(1.s(), 1.s(), fault));
            assert_eq!(plan.borne(keeps, nodes), expected, "{nodes} nodes, {keeps:?}\n{plan}");
        }
    }

    #[test]
    fn what_has_ended_when_another_fault_begins_takes_no_nodes_from_it() {
        let plan = |second: Span| {
            Plan::calm(9.s()).fault(1.s(), 1.s(), Fault::Crash(n(0))).fault(
                second,
                1.s(),
                Fault::Crash(n(1)),
            )
        };
        for (second, fits) in [(1_500.ms(), false), (1_999.ms(), false), (2.s(), true)] {
            let found = plan(second).takes_too_many(Keeps::Majority, 3);
            assert_eq!(found.is_none(), fits, "{second}: {found:?}");
            let left = plan(second).keeping(Keeps::Majority, 3).faults.len();
            assert_eq!(left, 1 + usize::from(fits), "{second}");
        }
        let (index, why) = plan(1_500.ms()).takes_too_many(Keeps::Majority, 3).expect("too many");
        assert_eq!(index, 1);
        assert!(why.starts_with("n1 is down: from 1.5s on no 2 of the 3 nodes"), "{why}");
    }

    #[test]
    fn a_cut_on_the_way_of_a_network_cuts_off_whom_it_relays_to() {
        let mut network = Network::preset("local").expect("there is one");
        network.topology = Topology::Star(n(0));
        let plan = Plan { network: Some(network), ..Plan::calm(9.s()) };
        let cut = |plan: Plan, node| plan.fault(1.s(), 1.s(), Fault::Isolate(n(node)));
        assert_eq!(cut(plan.clone(), 1).borne(Keeps::Majority, 5), [true]);
        assert_eq!(cut(plan, 0).borne(Keeps::Majority, 5), [false], "the centre");
        assert_eq!(cut(Plan::calm(9.s()), 0).borne(Keeps::Majority, 5), [true], "a mesh");
    }
}
