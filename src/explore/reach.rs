//! A shortest run that reaches a goal: the search for it is the search for a violation of "not yet".

use std::any::Any;
use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::Hasher;
use std::sync::Arc;

use super::{Limits, explore};
use crate::catalog::choose_among;
use crate::invariant::{Goal, Invariant, Monitor, OfSight, Scope, Sight, Sign};
use crate::invariants::{Held, broken};
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::step::Step;
use crate::trace::{Replay, replay};

/// A shortest run of a scenario that reaches a goal of it: what `splitbrain reach` shows. It begins
/// with the scenario's prefix, or with as much of it as reaches the goal. Invariants are not looked
/// at.
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
        return Err(format!("it has no goal `{goal}`; {}", choose_among(&names, goal)));
    };
    let invariants = vec![not_yet(&scenario.protocol, goal)];
    let sought = Scenario { invariants, goals: Vec::new(), ..scenario.clone() };
    if let Some((_, given)) = &sought.prefix
        && let Replay::Breaks { steps, .. } = replay(&sought, given, Some(goal.name))
    {
        return Ok(given[..steps].to_vec());
    }
    let explored = explore(&sought, limits, observer)?;
    let run = explored.found.into_iter().find(|found| found.invariant == goal.name);
    run.map(|found| found.trace).ok_or_else(|| format!("it was not reached ({})", explored.verdict))
}

/// The invariant that a goal is not reached.
fn not_yet<P: Protocol>(protocol: &P, goal: &Goal<P>) -> Invariant<P> {
    let (name, sentence) = (goal.name, goal.sentence);
    let scope = match &goal.sign {
        Sign::Nodes(reached) => {
            let reached = Arc::clone(reached);
            Scope::Nodes(Arc::new(move |protocol, nodes| match reached(protocol, nodes) {
                true => broken(sentence),
                false => Ok(()),
            }))
        }
        Sign::Seen(reached) => {
            let (protocol, reached) = (protocol.clone(), Arc::clone(reached));
            Scope::History(Box::new(NotYet { protocol, reached, sentence }))
        }
    };
    Invariant { name, sentence, scope, still: None }
}

/// Watches for what a goal shows in. It never changes, so it costs no states.
struct NotYet<P: Protocol> {
    protocol: P,
    reached: Arc<OfSight<P, bool>>,
    sentence: &'static str,
}

impl<P: Protocol> Debug for NotYet<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not yet: {}", self.sentence)
    }
}

impl<P: Protocol> Monitor<P> for NotYet<P> {
    fn see(&mut self, sight: &Sight<'_, P>) -> Held {
        match (self.reached)(&self.protocol, sight) {
            true => broken(self.sentence),
            false => Ok(()),
        }
    }
    fn copied(&self) -> Box<dyn Monitor<P>> {
        let (protocol, reached) = (self.protocol.clone(), Arc::clone(&self.reached));
        Box::new(NotYet { protocol, reached, sentence: self.sentence })
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
