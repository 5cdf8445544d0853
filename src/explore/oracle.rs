//! Any scenario as a `stateright::Model`: an independent search over the same meaning.
//!
//! The state handed over is the [`Situation`] itself with its derived `Hash`. That encoding is
//! injective: every list and string in it is hashed with its length, every variant with its
//! discriminant (stateright 0.31's own `HashableHashSet` and `HashableHashMap` leave lengths out,
//! and lose states by it). Compare verdicts and counts: its breadth-first search overwrites a
//! discovery within a block, so that its paths are not the shortest when a model has several
//! properties.

use std::collections::BTreeSet;

use stateright::{Checker, Model, Property};

use crate::protocol::{Outbox, Protocol};
use crate::scenario::Scenario;
use crate::situation::Situation;
use crate::step::Step;
use crate::trace;

/// A scenario, seen by stateright.
#[derive(Clone, Debug)]
pub struct Oracle<P: Protocol> {
    scenario: Scenario<P>,
}

impl<P: Protocol> Oracle<P> {
    /// The scenario as a `stateright::Model`. Waypoints are passed over: they are a way of
    /// searching, not part of the system.
    ///
    /// # Errors
    /// A sentence when the scenario makes no sense, or its prefix cannot happen.
    pub fn new(scenario: Scenario<P>) -> Result<Oracle<P>, String> {
        scenario.validate()?;
        trace::prefix(&scenario)?;
        Ok(Oracle { scenario })
    }
}

impl<P: Protocol> Model for Oracle<P> {
    type State = Situation<P>;
    type Action = Step<P>;

    fn init_states(&self) -> Vec<Self::State> {
        let way = self.scenario.prefix.as_ref().map_or(&[][..], |(_, steps)| steps);
        let (first, _) = Situation::behind(&self.scenario, way);
        vec![first]
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        let mut out = Outbox::new(self.scenario.nodes);
        for act in state.acts(&self.scenario, &mut BTreeSet::new()) {
            state.outcomes(&self.scenario, &act, &mut out, |step, _, _| actions.push(step));
        }
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        let mut next = state.clone();
        next.take(&self.scenario, &action, &mut Outbox::new(self.scenario.nodes));
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("every invariant holds", |model: &Self, state: &Situation<P>| {
                state.violations(&model.scenario, None).is_empty()
            }),
            // A discovery of every property ends stateright's search; this one has none.
            Property::sometimes("the space is exhausted", |_, _| false),
        ]
    }

    fn within_boundary(&self, state: &Self::State) -> bool {
        self.scenario.boundary.as_ref().is_none_or(|boundary| {
            state.panicked.is_some() || boundary.includes(&self.scenario.protocol, &state.world)
        })
    }

    fn format_action(&self, action: &Self::Action) -> String {
        action.to_string()
    }
}

/// What stateright counts in a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Unique states.
    pub states: usize,
    /// Steps from them, to new states and known ones.
    pub transitions: usize,
    /// Whether every invariant holds in all of them.
    pub holds: bool,
}

/// Lets stateright search the whole scenario, breadth first.
///
/// # Errors
/// A sentence when the scenario makes no sense.
pub fn count<P: Protocol>(scenario: Scenario<P>) -> Result<Counted, String> {
    let depth = scenario.depth;
    let mut builder = Oracle::new(scenario)?.checker();
    if let Some(depth) = depth {
        // Its depth counts states on a path, ours steps.
        builder = builder.target_max_depth(depth as usize + 1);
    }
    let checker = builder.spawn_bfs().join();
    Ok(Counted {
        states: checker.unique_state_count(),
        // It counts the first state as generated, too.
        transitions: checker.state_count() - 1,
        holds: checker.discovery("every invariant holds").is_none(),
    })
}

/// Opens stateright's web Explorer on a scenario; it returns only when the server ends.
///
/// # Errors
/// A sentence when the scenario makes no sense.
pub fn serve<P: Protocol>(
    scenario: Scenario<P>,
    address: std::net::SocketAddr,
) -> Result<(), String> {
    Oracle::new(scenario)?.checker().serve(address);
    Ok(())
}
