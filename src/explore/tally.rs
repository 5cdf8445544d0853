//! What every search keeps the same books of: what it found and counted, how it ended, and what it
//! may say of that.

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::Coverage;
use super::{Exploration, Found, Limits, Searched};
use crate::audience::Shown;
use crate::invariant::{Invariant, Scope};
use crate::ledger::Bound;
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::scenario::{Scenario, Waypoint};
use crate::settle::lines_while_settling;
use crate::situation::{Situation, Violation};
use crate::step::Step;
use crate::trace;
use crate::verdict::Verdict;

/// A breadth-first search of one scenario.
pub(super) trait Search<'a, P: Protocol>: Sized {
    /// A search that begins where these steps lead.
    fn begin(scenario: &'a Scenario<P>, limits: &'a Limits, way: &[Step<P>]) -> Self;
    /// Searches to the waypoint, or to the end.
    fn run(&mut self, observer: &mut dyn Observer, to: Option<&Waypoint<P>>) -> Ended;
    /// The steps from where the search began to a state.
    fn trace_to(&self, state: usize) -> Vec<Step<P>>;
    /// How many states it stored.
    fn states(&self) -> usize;
    /// Its books, and how it searched.
    fn closed(self) -> (Tally<Step<P>>, Searched);
}

/// Why a search ended.
pub(super) enum Ended {
    /// Every state was expanded.
    Exhausted,
    /// As many violations were found as were asked for.
    Found,
    /// A limit or the observer ended it, before the state with this number was expanded.
    Stopped(String, usize),
    /// The state with this number is at the waypoint.
    Waypoint(usize),
    /// Every state was expanded, and none was at this waypoint.
    Missed(&'static str),
}

/// The books of a search; a step is whatever the search writes down for one.
pub(super) struct Tally<S> {
    /// The number of the first state of each depth.
    pub(super) levels: Vec<usize>,
    pub(super) transitions: u64,
    /// The violations with the steps to them from where the search began.
    pub(super) found: Vec<(Violation, Vec<S>)>,
    pub(super) cut: BTreeSet<Bound>,
    pub(super) goals: Vec<(&'static str, Option<u32>)>,
    pub(super) marks: BTreeMap<&'static str, u64>,
    pub(super) quiet: u64,
    /// What was covered, if that was asked for and the search knows it.
    pub(super) coverage: Option<Coverage>,
}

impl<S> Tally<S> {
    /// Nothing found or counted yet.
    pub(super) fn new<P: Protocol>(scenario: &Scenario<P>) -> Tally<S> {
        Tally {
            levels: vec![0],
            transitions: 0,
            found: Vec::new(),
            cut: BTreeSet::new(),
            goals: scenario.goals.iter().map(|goal| (goal.name, None)).collect(),
            marks: BTreeMap::new(),
            quiet: 0,
            coverage: None,
        }
    }

    /// The same with steps written down in another way.
    pub(super) fn told<T>(self, told: impl Fn(Vec<S>) -> Vec<T>) -> Tally<T> {
        let found = self.found.into_iter();
        Tally {
            levels: self.levels,
            transitions: self.transitions,
            found: found.map(|(violation, steps)| (violation, told(steps))).collect(),
            cut: self.cut,
            goals: self.goals,
            marks: self.marks,
            quiet: self.quiet,
            coverage: self.coverage,
        }
    }

    /// Notes the goals something seen has reached, and the lines that ran.
    pub(super) fn note(&mut self, depth: u32, shown: &Shown) {
        for &goal in &shown.goals {
            self.goals[goal].1.get_or_insert(depth);
        }
        for &mark in &shown.marks {
            *self.marks.entry(mark).or_default() += 1;
        }
    }

    /// Whether as much was found as was asked for.
    pub(super) fn done(&self, limits: &Limits) -> bool {
        match &limits.only {
            Some(only) => self.found.iter().any(|(violation, _)| violation.invariant == *only),
            None => !limits.all_invariants && !self.found.is_empty(),
        }
    }

    /// Whether no violation of that invariant is known yet.
    pub(super) fn is_news(&self, violation: &Violation) -> bool {
        self.found.iter().all(|(known, _)| known.invariant != violation.invariant)
    }

    /// How many steps lead to the state with that number.
    pub(super) fn depth_of(&self, state: usize) -> u32 {
        (self.levels.partition_point(|&first| first <= state) - 1) as u32
    }

    /// The number of states at each depth.
    fn per_level(&self, states: usize) -> Vec<usize> {
        let ends = self.levels[1..].iter().copied().chain([states]);
        self.levels.iter().zip(ends).map(|(first, end)| end - first).collect()
    }
}

/// Explores a scenario behind its prefix, by way of its waypoints.
pub(super) fn by_waypoints<'a, P: Protocol, S: Search<'a, P>>(
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    observer: &mut dyn Observer,
) -> Result<Exploration<P>, String> {
    scenario.validate()?;
    let Legs { way, waypoints, missed } = legs::<P, S>(scenario, limits, observer)?;
    if let Some((search, ended)) = missed {
        return Ok(report(scenario, limits, search, &ended, way, waypoints));
    }
    let mut search = S::begin(scenario, limits, &way);
    let ended = search.run(observer, None);
    Ok(report(scenario, limits, search, &ended, way, waypoints))
}

/// A shortest way by a scenario's waypoints, its prefix included.
pub(super) fn way<'a, P: Protocol, S: Search<'a, P>>(
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    observer: &mut dyn Observer,
) -> Result<Vec<Step<P>>, String> {
    scenario.validate()?;
    let legs = legs::<P, S>(scenario, limits, observer)?;
    match legs.missed {
        None => Ok(legs.way),
        Some((search, ended)) => {
            Err(report(scenario, limits, search, &ended, legs.way, legs.waypoints)
                .verdict
                .to_string())
        }
    }
}

/// How far a search by waypoints came.
struct Legs<P: Protocol, S> {
    /// The steps gone, from the first world on.
    way: Vec<Step<P>>,
    /// The waypoints gone by, with the length of the way to each from the one before.
    waypoints: Vec<(&'static str, usize)>,
    /// The search that did not come to the next one, and how it ended.
    missed: Option<(S, Ended)>,
}

/// Goes to each waypoint in turn, by a shortest path from the one before.
fn legs<'a, P: Protocol, S: Search<'a, P>>(
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    observer: &mut dyn Observer,
) -> Result<Legs<P, S>, String> {
    let mut way = trace::prefix(scenario)?;
    let mut waypoints = Vec::new();
    for waypoint in &scenario.waypoints {
        let mut search = S::begin(scenario, limits, &way);
        let ended = match search.run(observer, Some(waypoint)) {
            Ended::Waypoint(state) => {
                let leg = search.trace_to(state);
                waypoints.push((waypoint.sentence, leg.len()));
                way.extend(leg);
                continue;
            }
            Ended::Exhausted => Ended::Missed(waypoint.sentence),
            ended => ended,
        };
        return Ok(Legs { way, waypoints, missed: Some((search, ended)) });
    }
    Ok(Legs { way, waypoints, missed: None })
}

fn report<'a, P: Protocol, S: Search<'a, P>>(
    scenario: &Scenario<P>,
    limits: &Limits,
    search: S,
    ended: &Ended,
    way: Vec<Step<P>>,
    waypoints: Vec<(&'static str, usize)>,
) -> Exploration<P> {
    let states = search.states();
    let (tally, searched) = search.closed();
    let completed = match ended {
        Ended::Stopped(_, at) => Some(tally.depth_of(*at)),
        Ended::Exhausted | Ended::Found | Ended::Waypoint(_) | Ended::Missed(_) => None,
    };
    let odds = searched.fingerprint.map(|bits| odds(states, bits));
    let verdict = verdict(scenario, limits, &tally, ended, states, odds.as_deref().unwrap_or(""));
    let begun_at = way.len();
    let whole = |(violation, trace): (Violation, Vec<Step<P>>)| Found {
        invariant: violation.invariant,
        reason: violation.reason,
        trace: way.iter().cloned().chain(trace).collect(),
    };
    let levels = tally.per_level(states);
    let found: Vec<Found<P>> = tally.found.into_iter().map(whole).collect();
    let mut marks = tally.marks;
    for line in found.iter().flat_map(|found| lines_behind(scenario, found)) {
        *marks.entry(line).or_default() += 1;
    }
    Exploration {
        verdict,
        completed,
        exhausted: matches!(ended, Ended::Exhausted),
        states,
        transitions: tally.transitions,
        levels,
        cut: tally.cut,
        goals: tally.goals,
        marks,
        quiet: tally.quiet,
        found,
        waypoints,
        begun_at,
        searched,
        coverage: tally.coverage.map(|coverage| Coverage { begun_at, ..coverage }),
    }
}

/// The lines that run in the continuation that does not settle, where that is what was found: it is
/// behind the trace, so none of its steps was counted.
fn lines_behind<P: Protocol>(scenario: &Scenario<P>, found: &Found<P>) -> Vec<&'static str> {
    let named = |invariant: &&Invariant<P>| invariant.name == found.invariant;
    match scenario.invariants.iter().find(named).map(|invariant| &invariant.scope) {
        Some(Scope::Settles(within, well)) => {
            let (there, _) = Situation::behind(scenario, &found.trace);
            lines_while_settling(scenario, &there.world.nodes, *within, &**well)
        }
        _ => Vec::new(),
    }
}

fn verdict<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    tally: &Tally<Step<P>>,
    ended: &Ended,
    states: usize,
    odds: &str,
) -> Verdict {
    let sought = tally.found.iter().find(|(violation, _)| {
        limits.only.as_ref().is_none_or(|only| violation.invariant == *only)
    });
    if let Some((violation, _)) = sought.or(tally.found.first()) {
        let Violation { invariant, reason } = violation.clone();
        return Verdict::Violated { invariant, reason };
    }
    let depth = tally.levels.len() - 1;
    let covered = format!("{states} states, {} transitions, depth {depth}", tally.transitions);
    let mut missing = missing(scenario, tally);
    if let Some(last) = missing.last_mut() {
        // What was missed may be what is missing.
        last.push_str(odds);
    }
    let way = match (&scenario.prefix, scenario.waypoints.is_empty()) {
        (None, true) => "",
        _ => " behind the prefix and waypoints named",
    };
    match ended {
        Ended::Stopped(why, at) => {
            let depth = tally.depth_of(*at);
            let covered = format!("{covered}: every schedule of up to {depth} steps{odds}");
            Verdict::Inconclusive { why: why.clone(), covered }
        }
        Ended::Missed(sentence) => {
            Verdict::Vacuous { missing: vec![format!("the waypoint: {sentence}{odds}")] }
        }
        Ended::Exhausted if !scenario.waypoints.is_empty() => Verdict::Inconclusive {
            why: "a search by waypoints covers only what lies behind them".to_string(),
            covered: format!("{covered}{odds}"),
        },
        Ended::Exhausted if !missing.is_empty() => Verdict::Vacuous { missing },
        Ended::Exhausted | Ended::Found | Ended::Waypoint(_) => {
            let within = match odds {
                "" => "exhaustively within these bounds",
                _ => "within these bounds, but for what fingerprints may have missed",
            };
            Verdict::Holds { covered: format!("{within}{way}: {covered}{odds}") }
        }
    }
}

/// What has to be said with any verdict that rests on fingerprints of so many bits.
///
/// As long as no two states had the same fingerprint, the search was exact. While it stored k
/// states, the next different one was taken for one of them with a chance of k in 2^bits, were
/// fingerprints drawn by lot. So the chance that it happened before more than `states` were stored
/// is at most the sum over k from 1 to `states`, over 2^bits. (It is the birthday bound of one state
/// more: the one that would have been missed.)
fn odds(states: usize, bits: u32) -> String {
    let pairs = states as f64 * (states as f64 + 1.0) / 2.0;
    let one_in = 2_f64.powi(bits as i32) / pairs;
    let told_apart =
        format!("; states told apart by {bits}-bit fingerprints: the odds that one was missed are");
    match one_in {
        none if none < 2.0 => {
            format!("{told_apart} high, for there are too many states for so few bits")
        }
        few if few < 10_000.0 => format!("{told_apart} at most 1 in {}", few.floor()),
        many => {
            // Two digits, rounded down.
            let exponent = many.log10().floor() as i32;
            let digits = (many / 10_f64.powi(exponent - 1)).floor() / 10.0;
            format!("{told_apart} at most 1 in {digits:.1}e{exponent}")
        }
    }
}

/// What should have been seen and was not.
fn missing<P: Protocol>(scenario: &Scenario<P>, tally: &Tally<Step<P>>) -> Vec<String> {
    let goals = tally.goals.iter().filter(|(_, depth)| depth.is_none());
    let mut missing: Vec<String> = goals.map(|(name, _)| (*name).to_string()).collect();
    if let (Some(name), 0) = (scenario.waits_for_quiet(), tally.quiet) {
        missing.push(format!("a quiet world, where `{name}` is checked"));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odds_are_said_in_plain_words_and_rounded_down() {
        for (states, bits, said) in [
            (1_000_000_000, 64, "are at most 1 in 36"),
            (10_000_000, 64, "are at most 1 in 3.6e5"),
            (1_000_000_000, 128, "are at most 1 in 6.8e20"),
            (100, 16, "are at most 1 in 12"),
            (200, 8, "are high, for there are too many states for so few bits"),
            (1, 64, "are at most 1 in 1.8e19"),
        ] {
            let odds = odds(states, bits);
            assert!(odds.ends_with(said), "{states} states, {bits} bits: {odds}");
        }
    }
}
