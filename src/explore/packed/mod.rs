//! The fast search: the same graph as the plain search, with worlds as exact integers.
//!
//! Read it in this order:
//! - [`tables`]: what a **slot** is, and what is known of slots as numbers.
//! - [`interned`]: how values get numbers; [`place`] and [`meaning`]: the values behind the numbers.
//! - [`calls`]: what can happen at a slot; handlers, called once each.
//! - [`key`]: a **key** is a state as one exact integer; [`wide`] holds those of more than 128 bits.
//! - [`sleep`]: which steps of a state need not be taken; [`expand`]: how a state is expanded, by
//!   arithmetic on its key.
//! - [`visited`] and [`parents`]: the states found, which are the queue, too, and their parents;
//!   [`tree`]: what is stored of wide keys; [`index`](mod@index): how what is stored is found;
//!   [`states`]: the widths there are; [`ahead`]: keys of which only fingerprints are stored.
//! - [`check`]: where invariants and goals have to be looked at.
//! - [`candidates`] and [`level`]: how a level is expanded, batch by batch; [`books`]: how a batch
//!   is entered in the books.
//! - [`trace`]: how a trace is rebuilt.
//! - [`dead`]: mail that may be forgotten, and the proof.
//! - [`mod@coverage`]: what all of these remember, as a report.
//! - [`team`]: how several threads expand a batch.
//! - [`rows`]: the memo tables under all of it.
//!
//! It finds the same states in the same order as the plain search, and so the same traces.

mod ahead;
mod books;
mod calls;
mod candidates;
mod check;
mod coverage;
mod dead;
mod expand;
mod index;
mod interned;
mod key;
mod level;
mod meaning;
mod parents;
mod place;
mod rows;
mod search;
mod sleep;
mod states;
mod tables;
mod team;
mod trace;
mod tree;
mod values;
mod visited;
mod wide;

use super::tally::{self, by_waypoints};
use super::{DeadMail, Exploration, Limits, reference};
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::step::Step;
use crate::verdict::Verdict;
use search::Packed;

/// Explores a scenario: every order of everything that can happen within its bounds.
///
/// The traces it finds are the shortest there are, for each invariant. It is exact: two states are
/// the same only if their keys are equal. It sees what
/// [`reference::explore`](super::reference::explore) sees, much faster. Only where
/// [`Limits::fingerprint`] asks for it by name, and keys are wider than that, are states told apart
/// by fingerprints; then the verdict says what the odds are.
///
/// # Errors
/// A sentence when the scenario makes no sense, its prefix cannot happen, or the plain search is
/// asked for fingerprints.
pub fn explore<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Exploration<P>, String> {
    if limits.plain && limits.fingerprint.is_some() {
        return Err(
            "the plain search compares whole worlds and keeps no fingerprints: ask for one \
                    of --reference and --fingerprint (Limits::plain, Limits::fingerprint)"
                .to_string(),
        );
    }
    if limits.plain {
        return reference::explore(scenario, limits, observer);
    }
    if let Some(why) = search::cannot_pack(scenario) {
        return plainly(scenario, limits, observer, why);
    }
    let mut explored = by_waypoints::<P, Packed<'_, P>>(scenario, limits, observer)?;
    if let Some(why) = explored.searched.fallback {
        return plainly(scenario, limits, observer, why);
    }
    let DeadMail::Refuted { why } = &explored.searched.dead_mail else {
        return Ok(explored);
    };
    let why = why.clone();
    let violated = matches!(explored.verdict, Verdict::Violated { .. });
    if scenario.bug.is_some() || violated {
        // A claim that only a bug makes false, or a trace that may not be the shortest.
        let full = Limits { full: true, ..limits.clone() };
        explored = by_waypoints::<P, Packed<'_, P>>(scenario, &full, observer)?;
        explored.searched.dead_mail = DeadMail::Refuted { why };
        return Ok(explored);
    }
    let covered = format!(
        "{} states, {} transitions; a search of the full space (--full) needs no such claim",
        explored.states, explored.transitions
    );
    let why = format!("the claim on dead mail (Protocol::ignores) is false: {why}");
    explored.verdict = Verdict::Inconclusive { why, covered };
    explored.exhausted = false;
    Ok(explored)
}

/// A shortest way by a scenario's waypoints, its prefix included: a run that shows what one wants to
/// show, to be told by [`explain::tell`](crate::explain::tell). Each leg is a shortest path from the
/// waypoint before; the whole need not be.
///
/// # Errors
/// A sentence when the scenario makes no sense, or why the next waypoint was not reached.
pub fn way<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Vec<Step<P>>, String> {
    if limits.plain || search::cannot_pack(scenario).is_some() {
        return reference::way(scenario, limits, observer);
    }
    tally::way::<P, Packed<'_, P>>(scenario, limits, observer)
}

/// The plain search in place of the packed one, and why.
fn plainly<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
    why: String,
) -> Result<Exploration<P>, String> {
    let mut explored = reference::explore(scenario, limits, observer)?;
    explored.searched.fallback = Some(why);
    Ok(explored)
}
