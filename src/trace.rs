//! Lists of steps: replaying them on `World`, strictly.

use std::collections::BTreeSet;

use crate::ledger::{Faults, Firing};
use crate::protocol::{Outbox, Protocol};
use crate::random::{Purpose, below, stream};
use crate::scenario::Scenario;
use crate::situation::{DETERMINISTIC, Situation, Violation};
use crate::step::Step;

/// What became of a trace when it was replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Replay<P: Protocol> {
    /// An invariant does not hold behind the first `steps` steps.
    Breaks {
        /// How many steps it took.
        steps: usize,
        /// The invariant and the reason.
        violation: Violation,
    },
    /// Every step happened, and the invariant held all the way.
    RanToEnd,
    /// A step could not happen: the system went another way.
    WentAnotherWay(Box<Detour<P>>),
}

/// Where a replay could not follow its trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detour<P: Protocol> {
    /// The step that could not happen, by its place in the trace, from 0.
    pub at: usize,
    /// The step.
    pub step: Step<P>,
    /// Why it could not happen.
    pub why: String,
    /// What could have happened there instead.
    pub enabled: Vec<Step<P>>,
}

/// Replays a trace step by step, each exactly as it says, until the invariant of that name breaks;
/// any invariant, if none is named. Budgets are not asked: a trace may do all that is possible.
pub fn replay<P: Protocol>(
    scenario: &Scenario<P>,
    steps: &[Step<P>],
    invariant: Option<&str>,
) -> Replay<P> {
    replay_watching(scenario, steps, invariant, |_, _| {})
}

/// As [`replay`], showing each situation on the way with the step that led to it.
pub(crate) fn replay_watching<P: Protocol>(
    scenario: &Scenario<P>,
    steps: &[Step<P>],
    invariant: Option<&str>,
    mut watch: impl FnMut(Option<&Step<P>>, &Situation<P>),
) -> Replay<P> {
    let mut out = Outbox::new(scenario.nodes);
    let (mut here, _) = Situation::first_shown(scenario, &mut out);
    let sought = |here: &Situation<P>, changed| {
        let mut broken = here.violations(scenario, changed).into_iter();
        broken.find(|violation| invariant.is_none_or(|name| name == violation.invariant))
    };
    watch(None, &here);
    if let Some(violation) = sought(&here, None) {
        return Replay::Breaks { steps: 0, violation };
    }
    for (at, step) in steps.iter().enumerate() {
        // Whether a handler is a function shows only when it is asked twice.
        let before = (invariant == Some(DETERMINISTIC)).then(|| here.clone());
        if let Err(why) = follow(scenario, &mut here, step, &mut out) {
            let enabled = possible_acts(scenario, &here);
            return Replay::WentAnotherWay(Box::new(Detour {
                at,
                step: step.clone(),
                why,
                enabled,
            }));
        }
        watch(Some(step), &here);
        if let Some(mut again) = before {
            again.take(scenario, step, &mut out);
            if again != here {
                return Replay::Breaks { steps: at + 1, violation: Violation::of_purity(step) };
            }
        }
        if let Some(violation) = sought(&here, Some(step.node)) {
            return Replay::Breaks { steps: at + 1, violation };
        }
    }
    Replay::RanToEnd
}

/// Takes a step exactly as it says, or says why it cannot happen here; then `here` is as it was.
pub(crate) fn follow<P: Protocol>(
    scenario: &Scenario<P>,
    here: &mut Situation<P>,
    step: &Step<P>,
    out: &mut Outbox<P>,
) -> Result<(), String> {
    if let Some((node, _)) = &here.panicked {
        return Err(format!("{node}'s handler panicked before it"));
    }
    here.world.possible(scenario, step)?;
    let mut next = here.clone();
    next.take(scenario, step, out);
    let taken: Vec<u32> = out.choices.iter().map(|choice| choice.taken).collect();
    if next.panicked.is_none() && taken != step.choices {
        return Err(format!("its handler chooses {taken:?}, the step says {:?}", step.choices));
    }
    *here = next;
    Ok(())
}

/// What is possible in a situation, paid for or not, of the kinds of fault that the scenario has.
fn possible_acts<P: Protocol>(scenario: &Scenario<P>, here: &Situation<P>) -> Vec<Step<P>> {
    let mut unbounded = scenario.clone();
    let any = |allowed: u16| if allowed > 0 { Faults::ANY } else { 0 };
    let Faults { crashes, restarts, wipes, drops, duplicates } = scenario.faults;
    unbounded.faults = Faults {
        crashes: any(crashes),
        restarts: any(restarts),
        wipes: any(wipes),
        drops: any(drops),
        duplicates: any(duplicates),
    };
    unbounded.clocks.until = u64::MAX;
    for rule in &mut unbounded.timers {
        rule.firing = Firing::Any;
    }
    here.acts(&unbounded, &mut BTreeSet::new())
}

/// The steps of the scenario's prefix, checked to be possible.
pub(crate) fn prefix<P: Protocol>(scenario: &Scenario<P>) -> Result<Vec<Step<P>>, String> {
    let Some((name, steps)) = &scenario.prefix else { return Ok(Vec::new()) };
    match replay(scenario, steps, None) {
        Replay::RanToEnd => Ok(steps.clone()),
        Replay::Breaks { steps, violation } => Err(format!(
            "the prefix `{name}` breaks `{}` after {steps} steps: {}",
            violation.invariant, violation.reason
        )),
        Replay::WentAnotherWay(detour) => Err(format!(
            "step {} of the prefix `{name}` ({}) cannot happen: {}",
            detour.at + 1,
            detour.step,
            detour.why
        )),
    }
}

/// Where a trace leads, if every step of it can happen.
pub fn follow_all<P: Protocol>(
    scenario: &Scenario<P>,
    steps: &[Step<P>],
) -> Result<Situation<P>, String> {
    let mut out = Outbox::new(scenario.nodes);
    let (mut here, _) = Situation::first_shown(scenario, &mut out);
    steps.iter().try_for_each(|step| follow(scenario, &mut here, step, &mut out))?;
    Ok(here)
}

/// Follows a trace strictly, however long it is, with nobody watching: no invariant is asked, and no
/// situation kept.
///
/// # Errors
/// A sentence that names the step that cannot happen.
pub(crate) fn follow_blindly<P: Protocol>(
    scenario: &Scenario<P>,
    steps: &[Step<P>],
) -> Result<(), String> {
    let scenario = unwatched(scenario);
    let mut out = Outbox::new(scenario.nodes);
    let (mut here, _) = Situation::first_shown(&scenario, &mut out);
    for (at, step) in steps.iter().enumerate() {
        let happens = here.world.possible(&scenario, step);
        happens.map_err(|why| format!("step {} ({step}) cannot happen: {why}", at + 1))?;
        here.take(&scenario, step, &mut out);
        let taken: Vec<u32> = out.choices.iter().map(|choice| choice.taken).collect();
        if here.panicked.is_some() || taken != step.choices {
            return Err(format!("step {} ({step}) goes otherwise", at + 1));
        }
    }
    Ok(())
}

/// The scenario without its invariants and goals: what they remember of a long run is much.
pub(crate) fn unwatched<P: Protocol>(scenario: &Scenario<P>) -> Scenario<P> {
    let mut bare = scenario.clone();
    bare.invariants.clear();
    bare.goals.clear();
    bare
}

/// A random walk: up to that many steps, each drawn evenly from what is possible and paid for.
/// The streams of `seed` and `run` decide; it ends early where nothing can happen.
pub fn walk<P: Protocol>(
    scenario: &Scenario<P>,
    (seed, run): (u64, u64),
    most: usize,
) -> Vec<Step<P>> {
    let mut draws = stream(seed, run, Purpose::Run);
    let mut out = Outbox::new(scenario.nodes);
    let (mut here, _) = Situation::first_shown(scenario, &mut out);
    let mut steps = Vec::new();
    while steps.len() < most {
        let mut next = Vec::new();
        for act in here.acts(scenario, &mut BTreeSet::new()) {
            here.outcomes(scenario, &act, &mut out, |step, after, _| next.push((step, after)));
        }
        let within = |after: &Situation<P>| {
            let boundary = scenario.boundary.as_ref();
            after.panicked.is_some()
                || boundary.is_none_or(|one| one.includes(&scenario.protocol, &after.world))
        };
        next.retain(|(_, after)| within(after));
        if next.is_empty() {
            break;
        }
        let (step, after) = next.swap_remove(below(&mut draws, next.len() as u64) as usize);
        steps.push(step);
        here = after;
    }
    steps
}
