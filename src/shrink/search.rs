//! Looking for anything shorter, exhaustively, with the budget the trace itself spent.

use std::collections::BTreeMap;

use super::fit::same_kind;
use super::{Minimality, Work};
use crate::explore::{Limits, explore};
use crate::ledger::{Faults, Firing};
use crate::protocol::Protocol;
use crate::scenario::{Lane, Scenario, TimerRule, Timers, To};
use crate::situation::Violation;
use crate::step::{Act, Step};

/// Explores the scenario with no more budget than the trace spent, to one step less than its
/// length. What it finds is the shortest there is; if it finds nothing, the trace is.
pub(super) fn shorter<P: Protocol>(work: &mut Work<'_, P>) -> Minimality {
    let mut bounded = within_budget_of(&work.scenario, &work.trace);
    bounded.depth = Some(work.trace.len().saturating_sub(1) as u32);
    let limits = Limits {
        states: Some(work.effort.states),
        only: Some(work.violation.invariant.clone()),
        ..Limits::default()
    };
    let Ok(found) = explore(&bounded, &limits, work.observer) else {
        return Minimality::LocallyMinimal;
    };
    let same = |invariant: &str| invariant == work.violation.invariant;
    let shorter = found.found.into_iter().find(|found| same(&found.invariant));
    let within = bounded.in_words();
    match shorter {
        Some(found) if found.trace.len() < work.trace.len() => {
            let (invariant, reason) = (found.invariant, found.reason);
            let violation = Violation { invariant, reason };
            if !same_kind(&violation, &work.violation) {
                return Minimality::LocallyMinimal;
            }
            (work.trace, work.violation) = (found.trace, violation);
            Minimality::Shortest { within }
        }
        Some(_) => Minimality::Shortest { within },
        None if found.exhausted => Minimality::Shortest { within },
        None => Minimality::LocallyMinimal,
    }
}

/// The scenario with the budget that the trace spent: its inputs, timeouts, faults and ticks.
pub(super) fn within_budget_of<P: Protocol>(
    scenario: &Scenario<P>,
    trace: &[Step<P>],
) -> Scenario<P> {
    let mut bounded = scenario.clone();
    bounded.prefix = None;
    bounded.waypoints = Vec::new();
    bounded.boundary = None;
    bounded.goals = Vec::new();
    bounded.depth = None;
    let mut faults = Faults::NONE;
    let mut timers: BTreeMap<&P::Timer, u16> = BTreeMap::new();
    let mut lanes: Vec<Lane<P>> = Vec::new();
    let mut ticks = vec![0_u64; scenario.nodes];
    // A trace may be longer than a budget can count: then that budget is as large as it gets.
    let count = |spent: &mut u16| *spent = spent.saturating_add(1);
    for step in trace {
        match &step.act {
            Act::Deliver { .. } => {}
            Act::Drop { .. } => count(&mut faults.drops),
            Act::Duplicate { .. } => count(&mut faults.duplicates),
            Act::Crash => count(&mut faults.crashes),
            Act::Restart => count(&mut faults.restarts),
            Act::Wiped => count(&mut faults.wipes),
            Act::Tick => ticks[step.node.index()] += 1,
            Act::Timeout(timer) => count(timers.entry(timer).or_default()),
            Act::Input { client, input } => {
                let lane = usize::from(client.0);
                while lanes.len() <= lane {
                    lanes.push(Lane { inputs: Vec::new() });
                }
                let to = bound_to(scenario, lane, input);
                lanes[lane].inputs.push((to, input.clone()));
            }
        }
    }
    let all = timers.values().fold(0_u16, |all, fired| all.saturating_add(*fired));
    let each = timers.iter().map(|(timer, fired)| TimerRule {
        name: format!("{timer:?} timeouts"),
        of: Timers::Exactly((*timer).clone()),
        firing: Firing::Times(*fired),
    });
    let rest = TimerRule {
        name: "all timers".to_string(),
        of: Timers::Like(|_| true),
        firing: Firing::Times(all),
    };
    bounded.timers = each.chain([rest]).collect();
    bounded.faults = faults;
    bounded.lanes = lanes;
    bounded.clocks.until = ticks.into_iter().max().unwrap_or(0);
    bounded
}

/// Where the scenario's lanes let that input go; anywhere if they do not have it.
fn bound_to<P: Protocol>(scenario: &Scenario<P>, lane: usize, input: &P::Input) -> To {
    let inputs = scenario.lanes.get(lane).map(|lane| &lane.inputs[..]).unwrap_or(&[]);
    inputs.iter().find(|(_, listed)| listed == input).map_or(To::Any, |(to, _)| *to)
}
