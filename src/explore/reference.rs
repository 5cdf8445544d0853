//! The plain search: breadth first over whole situations, compared by value.
//!
//! One insertion-ordered set is both the visited set and the queue. A state remembers the state it
//! was first reached from, and a trace is rebuilt by taking the same successors again.

use std::collections::BTreeSet;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::tally::{self, Ended, Search, Tally, by_waypoints};
use super::{Exploration, Limits, Searched};
use crate::audience::Shown;
use crate::ledger::Bound;
use crate::observer::{Observer, Progress};
use crate::protocol::{Outbox, Protocol};
use crate::scenario::{Scenario, Waypoint};
use crate::situation::{DETERMINISTIC, Situation, Violation};
use crate::step::Step;

/// Explores a scenario with the plain search: every order of everything that can happen within its
/// bounds, over whole situations.
///
/// The traces it finds are the shortest there are, for each invariant. It is exact: two states are
/// the same only if they are equal.
///
/// # Errors
/// A sentence when the scenario makes no sense, or its prefix cannot happen.
pub fn explore<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Exploration<P>, String> {
    by_waypoints::<P, Plain<'_, P>>(scenario, limits, observer)
}

/// A shortest way by a scenario's waypoints, found plainly; see [`way`](super::way).
///
/// # Errors
/// A sentence when the scenario makes no sense, or why the next waypoint was not reached.
pub fn way<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Vec<Step<P>>, String> {
    tally::way::<P, Plain<'_, P>>(scenario, limits, observer)
}

/// Where a state was reached from.
#[derive(Clone, Copy, Debug)]
struct Parent {
    /// The state it was reached from, by its number.
    state: u32,
    /// Which of that state's successors it is.
    successor: u32,
}

struct Plain<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    states: IndexSet<Situation<P>, FxBuildHasher>,
    parents: Vec<Parent>,
    tally: Tally<Step<P>>,
}

/// How many states are expanded between two looks of the observer.
const LOOK_EVERY: usize = 1_024;

/// The parent of the state a search begins with.
const NO_PARENT: Parent = Parent { state: u32::MAX, successor: 0 };

impl<'a, P: Protocol> Search<'a, P> for Plain<'a, P> {
    fn begin(scenario: &'a Scenario<P>, limits: &'a Limits, way: &[Step<P>]) -> Self {
        let (first, shown) = Situation::behind(scenario, way);
        let mut search = Plain {
            scenario,
            limits,
            states: IndexSet::default(),
            parents: Vec::new(),
            tally: Tally::new(scenario),
        };
        search.tally.note(0, &shown);
        for violation in first.violations(scenario, None) {
            search.tally.found.push((violation, Vec::new()));
        }
        search.insert(first, NO_PARENT, 0);
        search
    }

    fn run(&mut self, observer: &mut dyn Observer, to: Option<&Waypoint<P>>) -> Ended {
        let mut out = Outbox::new(self.scenario.nodes);
        let mut at = 0;
        while at < self.states.len() {
            if *self.tally.levels.last().expect("a level") == at && at > 0 {
                tracing::debug!(
                    depth = self.tally.levels.len() - 1,
                    states = at,
                    "a level is complete"
                );
            }
            if self.tally.done(self.limits) {
                return Ended::Found;
            }
            if let Some(waypoint) = to
                && self.states[at].panicked.is_none()
                && (waypoint.reached)(&self.scenario.protocol, &self.states[at].world.nodes)
            {
                return Ended::Waypoint(at);
            }
            if let Some(why) = self.limit(at, observer) {
                return Ended::Stopped(why, at);
            }
            self.expand(at, &mut out);
            at += 1;
        }
        if self.tally.done(self.limits) { Ended::Found } else { Ended::Exhausted }
    }

    /// By taking the same successors again.
    fn trace_to(&self, state: usize) -> Vec<Step<P>> {
        let mut path = Vec::new();
        let mut at = state;
        while self.parents[at].state != NO_PARENT.state {
            path.push(self.parents[at]);
            at = self.parents[at].state as usize;
        }
        let mut out = Outbox::new(self.scenario.nodes);
        let step_of = |parent: &Parent| {
            let here = &self.states[parent.state as usize];
            let mut taken = None;
            let mut successor = 0;
            for act in here.acts(self.scenario, &mut BTreeSet::new()) {
                here.outcomes(self.scenario, &act, &mut out, |step, _, _| {
                    if successor == parent.successor {
                        taken = Some(step);
                    }
                    successor += 1;
                });
            }
            taken.expect("the same successors in the same order")
        };
        path.iter().rev().map(step_of).collect()
    }

    fn states(&self) -> usize {
        self.states.len()
    }

    fn closed(self) -> (Tally<Step<P>>, Searched) {
        (self.tally, Searched::plainly())
    }
}

impl<P: Protocol> Plain<'_, P> {
    /// The sentence of the limit that ends the search here, if one does.
    fn limit(&self, at: usize, observer: &mut dyn Observer) -> Option<String> {
        if let Some(most) = self.limits.states
            && self.states.len() >= most
        {
            return Some(format!("out of room: {most} states allowed"));
        }
        if self.states.len() >= u32::MAX as usize {
            return Some("out of numbers for states".to_string());
        }
        if !at.is_multiple_of(LOOK_EVERY) {
            return None;
        }
        observer.look(&Progress::Exploring {
            states: self.states.len(),
            transitions: self.tally.transitions,
            depth: self.tally.depth_of(at),
            frontier: self.states.len() - at,
            levels: &self.tally.levels,
            deepest: self.scenario.depth,
        })
    }

    /// Takes every step that can happen in a state.
    fn expand(&mut self, at: usize, out: &mut Outbox<P>) {
        let scenario = self.scenario;
        let depth = self.tally.depth_of(at);
        let here = self.states[at].clone();
        let acts = here.acts(scenario, &mut self.tally.cut);
        if scenario.depth.is_some_and(|most| depth >= most) {
            if !acts.is_empty() {
                self.tally.cut.insert(Bound::Depth);
            }
            return;
        }
        let mut successor = 0;
        for act in acts {
            here.outcomes(scenario, &act, out, |step, next, shown| {
                self.arrive(at, successor, depth + 1, &step, next, &shown);
                successor += 1;
            });
            self.twice(at, &here, &act, out);
        }
    }

    /// Arrives at a successor: checks it, and stores it if it is new and within the boundary.
    fn arrive(
        &mut self,
        from: usize,
        successor: u32,
        depth: u32,
        step: &Step<P>,
        next: Situation<P>,
        shown: &Shown,
    ) {
        let scenario = self.scenario;
        let within = scenario.boundary.as_ref().is_none_or(|boundary| {
            next.panicked.is_some() || boundary.includes(&scenario.protocol, &next.world)
        });
        self.tally.note(depth, shown);
        if within {
            self.tally.transitions += 1;
            if self.states.contains(&next) {
                return;
            }
        } else {
            self.tally.cut.insert(Bound::Boundary);
        }
        for violation in next.violations(scenario, Some(step.node)) {
            if self.tally.is_news(&violation) {
                let mut trace = self.trace_to(from);
                trace.push(step.clone());
                self.tally.found.push((violation, trace));
            }
        }
        if within {
            let parent = Parent { state: from as u32, successor };
            self.insert(next, parent, depth);
        }
    }

    /// Stores a new state.
    fn insert(&mut self, state: Situation<P>, parent: Parent, depth: u32) {
        for (index, goal) in self.scenario.goals.iter().enumerate() {
            if self.tally.goals[index].1.is_none() && state.reaches(self.scenario, goal) {
                self.tally.goals[index].1 = Some(depth);
            }
        }
        if state.panicked.is_none() && state.world.is_quiet() {
            self.tally.quiet += 1;
        }
        if self.tally.levels.len() as u32 <= depth {
            self.tally.levels.push(self.states.len());
        }
        self.states.insert(state);
        self.parents.push(parent);
    }

    /// Takes a step a second time: a handler that answers differently is no function.
    fn twice(&mut self, at: usize, here: &Situation<P>, act: &Step<P>, out: &mut Outbox<P>) {
        let known = self.tally.found.iter().any(|(found, _)| found.invariant == DETERMINISTIC);
        if known || !act.act.is_handled() {
            return;
        }
        let mut run = || {
            let mut next = here.clone();
            next.take(self.scenario, act, out);
            (next, out.choices.clone())
        };
        let (first, second) = (run(), run());
        if first != second {
            let mut trace = self.trace_to(at);
            trace.push(act.clone());
            self.tally.found.push((Violation::of_purity(act), trace));
        }
    }
}
