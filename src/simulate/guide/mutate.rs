//! Other plans next to one: a fault earlier, longer, gone, or one more; another network, another
//! workload.

use rand::rand_core::Rng;

use crate::random::{below, chance, exponential};
use crate::simulate::plan::{Plan, TimedFault};
use crate::simulate::strategy::{Storms, pick, whole_millis};
use crate::time::Span;

/// What is changed.
#[derive(Clone, Copy, Debug)]
enum Change {
    /// A fault begins earlier or later.
    Shift,
    /// A fault lasts twice or half as long.
    Stretch,
    /// A fault is left out.
    Remove,
    /// A fault comes once more.
    Again,
    /// A fault that another plan would have comes, too.
    Add,
    /// A fault is another one at the same time.
    Replace,
    /// How long messages take, and through which network.
    Network,
    /// How many are lost and doubled.
    Loss,
    /// How clients ask.
    Workload,
    /// The faults from some moment on are those of another plan that was kept.
    Splice,
}

const CHANGES: [Change; 10] = [
    Change::Shift,
    Change::Stretch,
    Change::Remove,
    Change::Again,
    Change::Add,
    Change::Replace,
    Change::Network,
    Change::Loss,
    Change::Workload,
    Change::Splice,
];

/// What changes nothing of what was before.
const LATER: [Change; 7] = [
    Change::Shift,
    Change::Stretch,
    Change::Remove,
    Change::Again,
    Change::Add,
    Change::Replace,
    Change::Splice,
];

/// Another plan next to one. `other` is a plan that was kept, too. In one of four cases it is the same
/// plan, which leaves open enough.
pub(super) fn mutated(stream: &mut impl Rng, storms: &Storms, plan: &Plan, other: &Plan) -> Plan {
    let mut plan = plan.clone();
    if chance(stream, 250_000) {
        return plan;
    }
    // Plans are drawn for their parts, so that each part is one that a run may have.
    let fresh = storms.draw(stream);
    for _ in 0..=below(stream, 3 + plan.faults.len() as u64 / 4) {
        let change = pick(stream, &CHANGES);
        apply(stream, change, &mut plan, &fresh, other);
    }
    plan.faults.truncate(MOST_FAULTS);
    plan.faults.sort_by_key(|timed| timed.at);
    plan
}

/// The same plan up to a little after a moment, and another one from there: a run that draws what the
/// one with the first plan drew goes as that one went, and then elsewhere.
pub(super) fn gone_on_with(
    stream: &mut impl Rng,
    storms: &Storms,
    plan: &Plan,
    other: &Plan,
    after: Span,
) -> Plan {
    let stormy = plan.stormy.as_micros();
    let far = exponential(stream, stormy / 50);
    let from = within(after.as_micros().saturating_add(far), stormy);
    let fresh = storms.draw(stream);
    let (begun, rest): (Vec<_>, Vec<_>) =
        plan.faults.iter().cloned().partition(|timed| timed.at < from);
    let mut later = Plan { faults: rest, ..plan.clone() };
    if chance(stream, 500_000) {
        // All that comes is what another plan would have in store.
        let others = if chance(stream, 500_000) { &fresh.faults } else { &other.faults };
        later.faults.clone_from(others);
    }
    for _ in 0..=below(stream, 3 + later.faults.len() as u64 / 4) {
        let change = pick(stream, &LATER);
        apply(stream, change, &mut later, &fresh, other);
    }
    later.faults.retain(|timed| timed.at >= from);
    // One thing at least happens right there: without it, what comes might be as far as it was.
    if let Some(first) = fresh.faults.get(below(stream, fresh.faults.len() as u64) as usize) {
        later.faults.push(TimedFault { at: from, ..first.clone() });
    }
    let mut faults = begun;
    let room = MOST_FAULTS.saturating_sub(faults.len()).max(1);
    faults.extend(later.faults.into_iter().rev().take(room));
    faults.sort_by_key(|timed| timed.at);
    Plan { faults, ..plan.clone() }
}

fn apply(stream: &mut impl Rng, change: Change, plan: &mut Plan, fresh: &Plan, other: &Plan) {
    let stormy = plan.stormy.as_micros();
    let faults = plan.faults.len();
    let any = |stream: &mut _| below(stream, faults as u64) as usize;
    match change {
        Change::Shift if faults > 0 => {
            let (index, far) = (any(stream), exponential(stream, stormy / 20));
            let at = plan.faults[index].at.as_micros();
            let at = if chance(stream, 500_000) { at + far } else { at.saturating_sub(far) };
            plan.faults[index].at = within(at, stormy);
        }
        Change::Stretch if faults > 0 => {
            let (index, longer) = (any(stream), chance(stream, 500_000));
            let lasts = plan.faults[index].lasts.as_micros();
            plan.faults[index].lasts = match longer {
                true => Span::micros((lasts * 2).min(stormy)),
                // What lasts no time is no fault, but for a step of a clock, which is just that.
                false => Span::micros((lasts / 2).max(lasts.min(1_000))),
            };
        }
        Change::Remove if faults > 0 => drop(plan.faults.remove(any(stream))),
        Change::Again if faults > 0 && faults < MOST_FAULTS => {
            let again = plan.faults[any(stream)].clone();
            let at = within(below(stream, stormy.max(1)), stormy);
            plan.faults.push(TimedFault { at, ..again });
        }
        Change::Add if !fresh.faults.is_empty() && faults < MOST_FAULTS => {
            let mut added = pick(stream, &fresh.faults);
            added.at = within(added.at.as_micros(), stormy);
            plan.faults.push(added);
        }
        Change::Replace if faults > 0 && !fresh.faults.is_empty() => {
            let index = any(stream);
            let at = plan.faults[index].at;
            plan.faults[index] = TimedFault { at, ..pick(stream, &fresh.faults) };
        }
        Change::Network => {
            plan.latency.clone_from(&fresh.latency);
            plan.network.clone_from(&fresh.network);
        }
        Change::Loss => (plan.loss, plan.duplication) = (fresh.loss, fresh.duplication),
        // Denser clients come with a shorter storm, as they are drawn.
        Change::Workload => (plan.workload, plan.stormy) = (fresh.workload.clone(), fresh.stormy),
        Change::Splice => {
            let cut = Span::micros(below(stream, stormy.max(1)));
            plan.faults.retain(|timed| timed.at < cut);
            let later =
                other.faults.iter().filter(|timed| timed.at >= cut && timed.at < plan.stormy);
            plan.faults.extend(later.take(MOST_FAULTS).cloned());
        }
        Change::Shift
        | Change::Stretch
        | Change::Remove
        | Change::Again
        | Change::Add
        | Change::Replace => {}
    }
}

/// A plan that is mutated again and again grows no further.
const MOST_FAULTS: usize = 200;

/// A moment of the storm, to the whole millisecond.
fn within(at: u64, stormy: u64) -> Span {
    whole_millis(at).min(Span::micros(stormy.saturating_sub(1)))
}
