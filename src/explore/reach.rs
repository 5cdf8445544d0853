//! A shortest run that reaches a goal: the search for it is the search for a violation of "not yet".

use std::any::Any;
use std::cmp::Ordering;
use std::hash::Hasher;
use std::sync::Arc;

use super::{Limits, explore, way};
use crate::invariant::{Goal, Invariant, Monitor, Scope, Sight, Sign};
use crate::invariants::{Held, broken};
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::scenario::{Scenario, Waypoint};
use crate::step::Step;

/// A shortest run of a scenario that reaches a goal of it, its prefix included: what `splitbrain
/// reach` shows. Invariants are not looked at.
///
/// # Errors
/// A sentence when the scenario makes no sense, has no such goal, or does not reach it within its
/// bounds and these limits.
pub fn reach<P: Protocol>(
    scenario: &Scenario<P>,
    goal: &str,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Vec<Step<P>>, String> {
    let Some(goal) = scenario.goals.iter().find(|one| one.name == goal) else {
        let names: Vec<&str> = scenario.goals.iter().map(|one| one.name).collect();
        return Err(format!("it has no goal `{goal}`; choose one of: {}", names.join(", ")));
    };
    let bare = Scenario { invariants: Vec::new(), goals: Vec::new(), ..scenario.clone() };
    match &goal.sign {
        Sign::Nodes(reached) => {
            let mut sought = bare;
            let reached = Arc::clone(reached);
            sought.waypoints.push(Waypoint { sentence: goal.sentence, reached });
            way(&sought, limits, observer)
        }
        Sign::Seen(_) => {
            let sought = bare.invariant(not_yet(&scenario.protocol, goal));
            let explored = explore(&sought, limits, observer)?;
            let run = explored.found.into_iter().find(|found| found.invariant == goal.name);
            run.map(|found| found.trace).ok_or_else(|| explored.verdict.to_string())
        }
    }
}

/// The invariant that a goal which shows in something seen is not reached.
fn not_yet<P: Protocol>(protocol: &P, goal: &Goal<P>) -> Invariant<P> {
    let watch = NotYet { protocol: protocol.clone(), goal: goal.clone() };
    Invariant { name: goal.name, sentence: goal.sentence, scope: Scope::History(Box::new(watch)) }
}

/// Watches for a goal. It never changes, so it costs no states.
#[derive(Debug)]
struct NotYet<P: Protocol> {
    protocol: P,
    goal: Goal<P>,
}

impl<P: Protocol> Monitor<P> for NotYet<P> {
    fn see(&mut self, sight: &Sight<'_, P>) -> Held {
        match &self.goal.sign {
            Sign::Seen(reached) if reached(&self.protocol, sight) => broken(self.goal.sentence),
            Sign::Seen(_) | Sign::Nodes(_) => Ok(()),
        }
    }
    fn copied(&self) -> Box<dyn Monitor<P>> {
        Box::new(NotYet { protocol: self.protocol.clone(), goal: self.goal.clone() })
    }
    fn compare(&self, _: &dyn Monitor<P>) -> Ordering {
        Ordering::Equal
    }
    fn same(&self, _: &dyn Monitor<P>) -> bool {
        true
    }
    fn digest(&self, _: &mut dyn Hasher) {}
    fn as_any(&self) -> &dyn Any {
        self
    }
}
