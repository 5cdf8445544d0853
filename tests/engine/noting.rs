//! Invariants that note what they have looked at.

use serde::{Deserialize, Serialize};
use splitbrain::simulate::{Outcome, Plan, run};
use splitbrain::{
    Invariant, Node, NodeId, Nodes, Nothing, Outbox, Protocol, Scenario, Units, broken,
};

use super::simulation::with_faults;

/// Nodes that lay stone upon stone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Masons;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Lay;

impl Protocol for Masons {
    type State = Vec<u32>;
    type Message = Nothing;
    type Timer = Lay;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> Vec<u32> {
        out.set_timer(Lay, 100.ms());
        Vec::new()
    }

    fn on_message(&self, _: &mut Vec<u32>, _: NodeId, never: Nothing, _: &mut Outbox<Self>) {
        match never {}
    }

    fn on_timeout(&self, wall: &mut Vec<u32>, Lay: Lay, out: &mut Outbox<Self>) {
        wall.push(wall.len() as u32 % 7);
        out.set_timer(Lay, 100.ms());
    }
}

/// No stone is a six.
fn low() -> Invariant<Masons> {
    Invariant::node("low", "No stone is a six.", |_, me, node: &Node<Masons>| {
        match node.state.iter().position(|stone| *stone == 6) {
            Some(at) => broken(format!("{me}'s stone {at} is a six")),
            None => Ok(()),
        }
    })
}

/// Looks at the stones laid since it looked last.
fn new_stones(looked: &mut Vec<usize>, _: &Masons, nodes: &Nodes<Masons>, changed: NodeId) -> bool {
    looked.resize(nodes.len(), 0);
    let (wall, from) = (&nodes[changed.index()].state, &mut looked[changed.index()]);
    let well = !wall[*from..].contains(&6);
    *from = wall.len();
    well
}

fn built(invariant: Invariant<Masons>) -> Outcome {
    let plan = Plan { stormy: 2.s(), ..with_faults(&[]) };
    run(&Scenario::new("walls", Masons, 2).invariant(invariant), &plan, 0)
}

#[test]
fn what_is_noted_changes_no_verdict() {
    let (plain, noting) = (built(low()), built(low().still_noting(new_stones)));
    assert_eq!(plain, noting);
    let violation = noting.violation.expect("the seventh stone of either is a six");
    assert_eq!((&*violation.invariant, &*violation.reason), ("low", "n0's stone 6 is a six"));
}

#[test]
fn each_run_begins_without_notes() {
    let invariant = low().still_noting(new_stones);
    assert_eq!(built(invariant.clone()), built(invariant));
}

/// Who says that all is well without looking is found out where assertions are on.
#[test]
#[cfg(debug_assertions)]
#[should_panic(expected = "`low` holds still, it says, and does not")]
fn a_yes_is_held_to_the_whole_check() {
    built(low().still_noting(|(), _, _, _| true));
}

#[test]
#[should_panic(expected = "`ever` is not of nodes")]
fn what_is_no_invariant_of_nodes_has_no_quicker_way() {
    let _ =
        Invariant::<Masons>::history("ever", "It holds.", (), |(), _| Ok(())).still(|_, _, _| true);
}
