//! What every model is held to: its small scenarios hold and are as large as its table says; each
//! bug breaks its invariant, explored by a shortest trace and simulated; without the bug the
//! protocol holds there. The file of a model has its tables, and what is special about it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::de::value::Error as Misread;
use serde::de::{DeserializeOwned, IntoDeserializer};
use splitbrain::catalog::{BugInfo, Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, Simulation, simulate};
use splitbrain::{Protocol, Scenario, Undisturbed};

/// Values for parameters.
pub type Settings<'a> = &'a [(&'a str, u64)];

/// States, transitions, depth.
pub type Counts = (usize, u64, u32);

/// A scenario of the catalog, or why there is none with these settings.
fn built<M: Model>(
    model: &M,
    name: &str,
    bug: Option<&str>,
    settings: Settings<'_>,
) -> Result<Scenario<M::Protocol>, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(model, name, bug, &given).map_err(|misfit| misfit.to_string())
}

/// A scenario of the catalog.
pub fn scenario<M: Model>(
    model: &M,
    name: &str,
    bug: Option<&str>,
    settings: Settings<'_>,
) -> Scenario<M::Protocol> {
    built(model, name, bug, settings).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// These settings of these scenarios are refused, with these words.
pub fn are_refused<M: Model>(model: &M, table: &[(&str, Settings<'_>, &str)]) {
    for (name, settings, expected) in table {
        let why = built(model, name, None, settings).expect_err(expected);
        assert!(why.contains(expected), "{name} with {settings:?}: {why}");
    }
}

/// At most so many states.
pub fn up_to(states: usize) -> Limits {
    Limits { states: Some(states), ..Limits::default() }
}

/// To a violation of that invariant, and at most so many states.
pub fn only(invariant: &str, states: usize) -> Limits {
    Limits { only: Some(invariant.to_string()), ..up_to(states) }
}

/// Explores a scenario.
pub fn explored<P: Protocol>(scenario: &Scenario<P>, limits: &Limits) -> Exploration<P> {
    explore(scenario, limits, &mut Undisturbed).expect("a scenario that makes sense")
}

/// How many steps a shortest violation of that invariant takes, if there is one among so many
/// states. The line of the bug ran on the way.
pub fn shortest<M: Model>(
    model: &M,
    name: &str,
    bug: &str,
    settings: Settings<'_>,
    limits: &Limits,
) -> Option<usize> {
    let report = explored(&scenario(model, name, Some(bug), settings), limits);
    assert!(report.marks.contains_key(bug), "{name}: the line of {bug} ran");
    let found = report.found.iter().find(|found| Some(&found.invariant) == limits.only.as_ref());
    found.map(|found| found.trace.len())
}

/// How large an explored space is.
pub fn counts<P: Protocol>(report: &Exploration<P>) -> Counts {
    (report.states, report.transitions, report.depth())
}

/// The scenario holds to the last state, and reaches every goal.
pub fn holds<P: Protocol>(scenario: &Scenario<P>, limits: &Limits) -> Exploration<P> {
    let (name, report) = (&scenario.name, explored(scenario, limits));
    assert!(report.verdict.holds(), "{name}: {}", report.verdict);
    assert!(report.exhausted, "{name} is explored to the end");
    let unreached: Vec<_> = report.goals.iter().filter(|(_, at)| at.is_none()).collect();
    assert!(unreached.is_empty(), "{name} never reaches {unreached:?}");
    report
}

/// The scenarios that are explored in seconds are these.
pub fn small_scenarios_are<M: Model>(model: &M, names: &[&str]) {
    let listed = model.scenarios().iter().filter(|info| info.engine == Engine::Explore);
    let listed: Vec<&str> = listed.map(|info| info.name).collect();
    assert_eq!(names, listed, "every small scenario has a row");
}

/// Each scenario holds, and is as large as its row says.
pub fn hold_as_large<M: Model>(
    model: &M,
    table: &[(&str, Counts)],
    limits: &Limits,
) -> Vec<Exploration<M::Protocol>> {
    let held = table.iter().map(|(name, expected)| {
        let report = holds(&scenario(model, name, None, &[]), limits);
        assert_eq!(counts(&report), *expected, "{name}, in full: {}", limits.full);
        report
    });
    held.collect()
}

/// Every small scenario has a row and holds, in full and without dead mail, and is as large as its
/// row says: first in full, then without dead mail.
pub fn small_scenarios_hold<M: Model>(
    model: &M,
    table: &[(&str, Counts, Counts)],
    limits: &Limits,
) {
    small_scenarios_are(model, &table.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    let in_full: Vec<_> = table.iter().map(|(name, full, _)| (*name, *full)).collect();
    hold_as_large(model, &in_full, &Limits { full: true, ..limits.clone() });
    let without: Vec<_> = table.iter().map(|(name, _, without)| (*name, *without)).collect();
    hold_as_large(model, &without, limits);
}

/// Every bug has a row and breaks its invariant by a trace as short as that says, and its line ran.
/// Where its search ends at any violation, that of its invariant comes first.
pub fn bugs_show<M: Model>(
    model: &M,
    table: &[(&str, usize)],
    search: impl Fn(&BugInfo) -> Limits,
) {
    let listed: Vec<&str> = model.bugs().iter().map(|info| info.name).collect();
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "every bug has a row");
    for (info, (name, steps)) in model.bugs().iter().zip(table) {
        let limits = search(info);
        let report = explored(&scenario(model, info.explored.0, Some(name), &[]), &limits);
        let found = match &limits.only {
            Some(only) => report.found.iter().find(|found| found.invariant == *only),
            None => report.found.first(),
        };
        let found = found.unwrap_or_else(|| panic!("{name}: {}", report.verdict));
        let told = (&found.invariant[..], found.trace.len());
        assert_eq!(told, (info.invariant, *steps), "{name}: {}", found.reason);
        assert!(report.marks.contains_key(name), "{name}: its line ran");
    }
}

/// Without the bug the protocol holds where that shows, and no faulty line runs: to the last state
/// for the bugs named so, else as far as so many states go.
pub fn protocol_holds_where_bugs_show<M: Model>(
    model: &M,
    states: usize,
    to_the_end: impl Fn(&str) -> bool,
) {
    for BugInfo { name, explored: (exposing, settings), .. } in model.bugs() {
        let report = explored(&scenario(model, exposing, None, settings), &up_to(states));
        assert!(report.found.is_empty(), "{name}: {}", report.verdict);
        assert!(report.marks.is_empty(), "{name}: no faulty line runs");
        if to_the_end(name) {
            assert!(report.exhausted, "{name}: its scenario is explored to the end");
            assert!(report.verdict.holds(), "{name}: {}", report.verdict);
        }
    }
}

/// Storms a scenario, to the first run that breaks that invariant, or any.
pub fn stormed<P: Protocol>(
    scenario: &Scenario<P>,
    invariant: Option<&str>,
    runs: u64,
) -> Simulation<P> {
    let only = invariant.map(str::to_string);
    let campaign = Campaign { threads: 2, only, ..Campaign::new(runs, 1) };
    simulate(scenario, &campaign, &mut Undisturbed).expect("a storm makes sense")
}

/// No run of that storm breaks anything.
pub fn storm_breaks_nothing<M: Model>(
    model: &M,
    name: &str,
    settings: Settings<'_>,
    runs: u64,
) -> Simulation<M::Protocol> {
    let found = stormed(&scenario(model, name, None, settings), None, runs);
    assert_eq!(found.failures, 0, "{name} with {settings:?}: {}", found.verdict);
    found
}

/// The goals that no run reached.
pub fn unreached<P: Protocol>(found: &Simulation<P>) -> Vec<&'static str> {
    found.goals.iter().filter(|(_, runs)| *runs == 0).map(|(name, _)| *name).collect()
}

/// Each bug breaks its invariant in one of so many runs, which is replayed; but for those that take
/// more.
pub fn bugs_show_in_storms<M: Model>(model: &M, runs: u64, but: &[&str]) {
    for info in model.bugs().iter().filter(|info| !but.contains(&info.name)) {
        let storm = scenario(model, info.simulated.0, Some(info.name), &[]);
        let found = stormed(&storm, Some(info.invariant), runs);
        let failure = found.failure.unwrap_or_else(|| panic!("{}: {}", info.name, found.verdict));
        assert!(failure.replays, "{}: {} is replayed", info.name, failure.violation.reason);
    }
}

/// The bugs are listed in this order, and each is found by its name, which is that in files.
pub fn bugs_are_found_by_their_names<B: Copy + PartialEq + Debug + DeserializeOwned>(
    listed: &[BugInfo],
    bugs: &[B],
    name: fn(B) -> &'static str,
    named: fn(&str) -> Option<B>,
) {
    let listed: Vec<&str> = listed.iter().map(|info| info.name).collect();
    assert_eq!(listed, bugs.iter().map(|bug| name(*bug)).collect::<Vec<_>>());
    for bug in bugs {
        assert_eq!(named(name(*bug)), Some(*bug));
        let in_files: Result<B, Misread> = B::deserialize(name(*bug).into_deserializer());
        assert_eq!(in_files, Ok(*bug), "its name in files is that on the command line");
    }
    assert_eq!(named("no-such-bug"), None);
}
