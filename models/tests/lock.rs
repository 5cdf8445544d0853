//! The lock: it holds in every scenario, to the last state, and every mistake shows.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::Verdict;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::lock::{Bug, Lock, LockModel};

type Settings<'a> = &'a [(&'a str, u64)];

/// Explores a scenario, to the first violation of that invariant if one is named.
fn exploration(
    scenario: &str,
    bug: Option<&str>,
    settings: Settings<'_>,
    only: Option<&str>,
) -> Exploration<Lock> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    let scenario = build(&LockModel, scenario, bug, &given).expect("a scenario of the catalog");
    let limits =
        Limits { states: Some(300_000), only: only.map(str::to_string), ..Limits::default() };
    explore(&scenario, &limits, &mut Undisturbed).expect("a scenario that makes sense")
}

#[test]
fn the_lock_holds_in_every_small_scenario() {
    let table = [
        ("small", 1_436, 4_410, 18),
        ("crash", 59_510, 226_948, 26),
        ("restart", 147_976, 663_212, 27),
        ("release", 8_446, 27_984, 25),
        ("renewal", 3_790, 11_686, 20),
        ("copies", 61_950, 265_128, 25),
        ("reads", 4_210, 12_900, 30),
        ("three", 85_960, 430_934, 26),
    ];
    let listed: Vec<&str> = LockModel
        .scenarios()
        .iter()
        .filter(|info| info.engine == Engine::Explore)
        .map(|info| info.name)
        .collect();
    assert_eq!(listed, table.map(|(scenario, ..)| scenario), "every small scenario has a row");
    for (scenario, states, transitions, depth) in table {
        let found = exploration(scenario, None, &[], None);
        let verdict = &found.verdict;
        assert!(matches!(verdict, Verdict::Holds { .. }), "{scenario}: {verdict:?}");
        assert!(found.exhausted, "{scenario} is explored to the end");
        let unreached: Vec<_> = found.goals.iter().filter(|(_, at)| at.is_none()).collect();
        assert!(unreached.is_empty(), "{scenario} never reaches {unreached:?}");
        let counts = (found.states, found.transitions, found.depth());
        assert_eq!(counts, (states, transitions, depth), "{scenario}: states, transitions, depth");
    }
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        (Bug::NoFencing, 14),
        (Bug::TokenGe, 10),
        (Bug::TokenReset, 9),
        (Bug::LeaseForgotten, 8),
        (Bug::ClockSkew, 10),
        (Bug::ReleaseNotOwner, 15),
        (Bug::ReturnAfterExpiry, 10),
        (Bug::RenewAfterExpiry, 13),
    ];
    assert_eq!(table.map(|(bug, _)| bug), Bug::ALL, "every mistake has a row");
    for (info, (bug, steps)) in LockModel.bugs().iter().zip(table) {
        assert_eq!(info.name, bug.name());
        let (scenario, settings) = info.explored;
        let found = exploration(scenario, Some(info.name), settings, None);
        let first = &found.found[0];
        assert_eq!(first.invariant, info.invariant, "{}: {}", info.name, first.reason);
        assert_eq!(first.trace.len(), steps, "{}: steps to the violation", info.name);
        assert!(found.marks.contains_key(info.name), "{}: its line ran", info.name);
    }
}

#[test]
fn the_lock_holds_where_its_mistakes_show() {
    for info in LockModel.bugs() {
        let (scenario, settings) = info.explored;
        let found = exploration(scenario, None, settings, None);
        let (name, verdict) = (info.name, &found.verdict);
        assert!(matches!(verdict, Verdict::Holds { .. }), "{name}: {verdict:?}");
        assert!(found.exhausted, "{name}: its scenario is explored to the end");
        assert!(found.marks.is_empty(), "{name}: no faulty line runs in correct code");
    }
}

#[test]
fn a_store_without_a_fence_is_not_linearizable() {
    let copies: Settings<'_> = &[("reads", 1)];
    let table: [(&str, &str, Settings<'_>, usize); 2] =
        [("no-fencing", "reads", &[], 24), ("token-ge", "copies", copies, 17)];
    for (bug, scenario, settings, steps) in table {
        let found = exploration(scenario, Some(bug), settings, Some("store-linearizable"));
        let breaks = found.found.iter().find(|one| one.invariant == "store-linearizable");
        assert_eq!(breaks.map(|one| one.trace.len()), Some(steps), "{bug}");
    }
}

#[test]
fn a_lease_no_longer_than_the_skew_is_refused() {
    let given = BTreeMap::from([("lease".to_string(), 2), ("skew".to_string(), 2)]);
    let refused = build(&LockModel, "small", None, &given).expect_err("the lease is too short");
    assert!(refused.to_string().contains("make `lease` greater than `skew`"), "{refused}");
}

/// Runs a storm with that mistake, and counts the runs that break its invariant.
fn failures(bug: Option<(&str, &str)>, runs: u64) -> u64 {
    let name = bug.map(|(name, _)| name);
    let scenario = build(&LockModel, "storm", name, &BTreeMap::new()).expect("a storm");
    let campaign = Campaign {
        threads: 2,
        keep_going: false,
        only: bug.map(|(_, invariant)| invariant.to_string()),
        ..Campaign::new(runs, 1)
    };
    let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("a storm makes sense");
    if let Some(failure) = &found.failure {
        assert!(failure.replays, "{name:?}: {} is replayed", failure.violation.reason);
    }
    found.failures
}

#[test]
fn the_lock_holds_in_a_storm() {
    assert_eq!(failures(None, 300), 0);
}

#[test]
fn every_mistake_shows_in_a_storm() {
    for info in LockModel.bugs() {
        let seen = failures(Some((info.name, info.invariant)), 2_000);
        assert!(seen > 0, "{} breaks {} in some run", info.name, info.invariant);
    }
}
