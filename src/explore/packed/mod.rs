//! The fast search: the same graph as the plain search, with worlds as exact integers.
//!
//! Read it in this order:
//! - [`tables`]: what a **slot** is, and what is known of slots as numbers.
//! - [`place`] and [`meaning`]: the values behind the numbers; handlers called once each.
//! - [`key`]: a **key** is a state as one exact integer.
//! - [`expand`]: how a state is expanded, by arithmetic on its key.
//! - [`visited`] and [`parents`]: the states found, which are the queue, too, and their parents.
//! - [`check`]: where invariants and goals have to be looked at.
//! - [`level`]: how a level is expanded, batch by batch, and a trace rebuilt.
//! - [`rows`]: the memo tables under all of it.
//!
//! It finds the same states in the same order as the plain search, and so the same traces.

mod check;
mod expand;
mod key;
mod level;
mod meaning;
mod parents;
mod place;
mod rows;
mod tables;
mod visited;

use super::tally::by_waypoints;
use super::{Exploration, Limits, reference};
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use level::Packed;

/// Explores a scenario: every order of everything that can happen within its bounds.
///
/// The traces it finds are the shortest there are, for each invariant. It is exact: two states are
/// the same only if their keys are equal. It sees what
/// [`reference::explore`](super::reference::explore) sees, much faster.
///
/// # Errors
/// A sentence when the scenario makes no sense, or its prefix cannot happen.
pub fn explore<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Exploration<P>, String> {
    if limits.plain {
        return reference::explore(scenario, limits, observer);
    }
    if let Some(why) = level::cannot_pack(scenario) {
        let mut explored = reference::explore(scenario, limits, observer)?;
        explored.searched.fallback = Some(why);
        return Ok(explored);
    }
    by_waypoints::<P, Packed<'_, P>>(scenario, limits, observer)
}
