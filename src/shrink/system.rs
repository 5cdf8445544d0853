//! Making the system smaller: fewer nodes, a simpler fault plan.

use proptest::strategy::ValueTree;

use super::fit::same_kind;
use super::{Origin, Work};
use crate::observer::LooksOnly;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::{Scenario, To};
use crate::simulate::{Campaign, PlanTree, record, simulate};
use crate::step::{Act, Step};

/// The scenario with that many nodes; what it says of the nodes beyond is left out.
pub(crate) fn with_nodes<P: Protocol>(scenario: &Scenario<P>, nodes: usize) -> Scenario<P> {
    let mut smaller = scenario.clone();
    if nodes == scenario.nodes {
        return smaller;
    }
    let there = |node: &NodeId| node.index() < nodes;
    smaller.nodes = nodes;
    smaller.names.truncate(nodes);
    smaller.clocks.of.retain(there);
    if let Some(may_crash) = &mut smaller.may_crash {
        may_crash.retain(there);
    }
    for lane in &mut smaller.lanes {
        lane.inputs.retain(|(to, _)| match to {
            To::Node(node) => there(node),
            To::Any => true,
        });
    }
    if let Some(parameter) = smaller.parameters.get_mut("nodes") {
        *parameter = nodes as u64;
    }
    smaller
}

/// Takes nodes away one by one, as long as the failure stays: by leaving a node's steps out of the
/// trace, or by finding the failure again among new runs of the smaller cluster.
pub(super) fn fewer_nodes<P: Protocol>(work: &mut Work<'_, P>) {
    let least = work.scenario.least_nodes;
    for nodes in least..work.scenario.nodes {
        let smaller = with_nodes(&work.scenario, nodes);
        if without_nodes(work, &smaller) || found_again(work, &smaller) {
            work.scenario = smaller;
            return;
        }
        if work.spent() {
            return;
        }
    }
}

/// Whether the failure stays when some nodes' steps are left out: tries every choice of nodes that
/// stay, in order.
fn without_nodes<P: Protocol>(work: &mut Work<'_, P>, smaller: &Scenario<P>) -> bool {
    let all = work.scenario.nodes;
    if all > 12 {
        return false;
    }
    let choices: Vec<u32> =
        (0..1_u32 << all).filter(|set| set.count_ones() as usize == smaller.nodes).collect();
    for set in choices {
        let steps = among(&work.trace, set);
        if work.spent() {
            return false;
        }
        if work.attempt(smaller, &steps) {
            return true;
        }
    }
    false
}

/// The steps at the nodes in the set and between them, with the nodes numbered anew.
fn among<P: Protocol>(steps: &[Step<P>], set: u32) -> Vec<Step<P>> {
    let stays = |node: NodeId| set & (1 << node.0) != 0;
    let anew = |node: NodeId| NodeId((set & ((1 << node.0) - 1)).count_ones() as u8);
    let mut kept = Vec::new();
    for step in steps.iter().filter(|step| stays(step.node)) {
        let mut step = step.clone();
        step.node = anew(step.node);
        match &mut step.act {
            Act::Deliver { from, .. } | Act::Drop { from, .. } | Act::Duplicate { from, .. } => {
                if !stays(*from) {
                    continue;
                }
                *from = anew(*from);
            }
            Act::Timeout(_)
            | Act::Input { .. }
            | Act::Tick
            | Act::Crash
            | Act::Restart
            | Act::Wiped => {}
        }
        kept.push(step);
    }
    kept
}

/// Whether new runs of the smaller cluster fail in the same way; the trace becomes theirs.
fn found_again<P: Protocol>(work: &mut Work<'_, P>, smaller: &Scenario<P>) -> bool {
    let campaign = Campaign {
        only: Some(work.violation.invariant.clone()),
        ..Campaign::new(work.effort.runs, 1)
    };
    work.tries += campaign.runs;
    let found = simulate(smaller, &campaign, &mut LooksOnly(work.observer)).ok();
    match found.and_then(|simulation| simulation.failure) {
        Some(failure) if failure.replays && same_kind(&failure.violation, &work.violation) => {
            (work.trace, work.violation) = (failure.trace, failure.violation);
            true
        }
        Some(_) | None => false,
    }
}

/// Makes the run's plan simpler, as long as the run still fails in the same way and gets shorter.
pub(super) fn simpler_plan<P: Protocol>(work: &mut Work<'_, P>, origin: &Origin) {
    let scenario = work.scenario.clone();
    let streams = (origin.seed, origin.run);
    let mut tree = PlanTree::new(origin.plan.clone());
    let mut more = tree.simplify();
    while more && !work.spent() {
        work.tries += 1;
        let only = Some(work.violation.invariant.as_str());
        let (outcome, trace) = record(&scenario, &tree.current(), streams, only);
        let failed = outcome.violation.filter(|found| same_kind(found, &work.violation));
        match failed {
            Some(violation) => {
                if trace.len() < work.trace.len() {
                    (work.trace, work.violation) = (trace, violation);
                }
                more = tree.simplify();
            }
            None => more = tree.complicate(),
        }
    }
}
