//! The replicated lock: it holds in every scenario, to the last state, and every mistake shows.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::Verdict;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::replicated_lock::{Bug, ReplicatedLock, ReplicatedLockModel};

type Settings<'a> = &'a [(&'a str, u64)];

/// Explores a scenario.
fn explored(
    scenario: &str,
    bug: Option<&str>,
    settings: Settings<'_>,
    limits: &Limits,
) -> Exploration<ReplicatedLock> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    let scenario =
        build(&ReplicatedLockModel, scenario, bug, &given).expect("a scenario of the catalog");
    explore(&scenario, limits, &mut Undisturbed).expect("a scenario that makes sense")
}

/// To the first violation of that invariant.
fn only(invariant: &str) -> Limits {
    let only = Some(invariant.to_string());
    Limits { only, states: Some(400_000), ..Limits::default() }
}

#[test]
fn the_replicated_lock_holds_in_every_small_scenario() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("release", (2_624, 45_072, 26), (2_120, 26_988, 24)),
        ("expiry", (8_516, 121_542, 25), (8_372, 98_074, 24)),
        ("renewal", (78_596, 1_256_054, 26), (78_596, 1_061_202, 26)),
        ("retry", (14_108, 222_614, 21), (3_128, 33_734, 18)),
        ("failover", (16_192, 346_848, 25), (16_192, 301_680, 25)),
        ("restart", (39_576, 776_388, 19), (3_972, 58_846, 15)),
    ];
    let listed = ReplicatedLockModel.scenarios().iter();
    let listed = listed.filter(|info| info.engine == Engine::Explore).map(|info| info.name);
    let names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed.collect::<Vec<_>>(), "every small scenario has a row");
    let counts = |name: &str, full: bool| {
        let found = explored(name, None, &[], &Limits { full, ..Limits::default() });
        let verdict = &found.verdict;
        assert!(matches!(verdict, Verdict::Holds { .. }), "{name}: {verdict}");
        assert!(found.exhausted, "{name} is explored to the end");
        let unreached: Vec<_> = found.goals.iter().filter(|(_, at)| at.is_none()).collect();
        assert!(unreached.is_empty(), "{name} never reaches {unreached:?}");
        (found.states, found.transitions, found.depth())
    };
    assert_eq!(table.map(|(name, ..)| (name, counts(name, true), counts(name, false))), table);
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        (Bug::TokenResetOnFailover, 22),
        (Bug::AsyncFailover, 13),
        (Bug::ReturnAfterExpiry, 20),
        (Bug::RedlockRestart, 19),
        (Bug::LeaseNotRenewedOnFailover, 19),
        (Bug::ExpiryNamesLease, 29),
        (Bug::RenewWithoutLog, 24),
        (Bug::NoFencing, 19),
    ];
    let shortest = ReplicatedLockModel.bugs().iter().zip(Bug::ALL).map(|(info, bug)| {
        assert_eq!(info.name, bug.name());
        let (scenario, settings) = info.explored;
        let found = explored(scenario, Some(info.name), settings, &only(info.invariant));
        let first = found.found.iter().find(|one| one.invariant == info.invariant);
        let first = first.unwrap_or_else(|| panic!("{}: {}", info.name, found.verdict));
        assert!(found.marks.contains_key(info.name), "{}: its line ran", info.name);
        (bug, first.trace.len())
    });
    assert_eq!(shortest.collect::<Vec<_>>(), table);
}

#[test]
fn the_replicated_lock_holds_where_its_mistakes_show() {
    for info in ReplicatedLockModel.bugs() {
        let (scenario, settings) = info.explored;
        let limits = Limits { states: Some(400_000), ..Limits::default() };
        let found = explored(scenario, None, settings, &limits);
        let name = info.name;
        assert!(found.found.is_empty(), "{name}: {}", found.verdict);
        assert!(found.exhausted || name == "async-failover", "{name}: {}", found.verdict);
        assert!(found.marks.is_empty(), "{name}: no faulty line runs in correct code");
    }
}

#[test]
fn what_breaks_raft_is_seen_through_the_lock() {
    let (scenario, settings) = ReplicatedLockModel.bugs()[3].explored;
    let table = [
        ("election-safety", 13),
        ("leader-completeness", 14),
        ("log-matching", 16),
        ("state-machine-safety", 18),
        ("one-holder-per-token", 19),
        ("linearizability", 19),
    ];
    for (invariant, steps) in table {
        let found = explored(scenario, Some("redlock-restart"), settings, &only(invariant));
        let breaks = found.found.iter().find(|one| one.invariant == invariant);
        assert_eq!(breaks.map(|one| one.trace.len()), Some(steps), "{invariant}");
    }
}

#[test]
fn a_store_without_a_fence_is_not_linearizable() {
    let invariant = "store-linearizable";
    let found = explored("release", Some("no-fencing"), &[("reads", 1)], &only(invariant));
    let breaks = found.found.iter().find(|one| one.invariant == invariant);
    assert_eq!(breaks.map(|one| one.trace.len()), Some(32));
}

#[test]
fn mistakes_are_found_by_their_names() {
    for bug in Bug::ALL {
        assert_eq!(Bug::named(bug.name()), Some(bug));
    }
    assert_eq!(Bug::named("no-such-bug"), None);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let table = [
        ("lease", 2, "make `lease` greater than twice `skew`"),
        ("turns", 14, "`turns` names server 4 of 3"),
        ("turns", 10, "digits from 1, which is n0"),
        ("turns", 3, "there is no way to where exploration begins"),
    ];
    for (parameter, value, sentence) in table {
        let given = BTreeMap::from([(parameter.to_string(), value)]);
        let refused = build(&ReplicatedLockModel, "elections", None, &given).expect_err(sentence);
        assert!(refused.to_string().contains(sentence), "{refused}");
    }
}

/// Runs a storm with that mistake, and counts the runs that break its invariant.
fn failures(bug: Option<(&str, &str)>, runs: u64) -> u64 {
    let name = bug.map(|(name, _)| name);
    let scenario = build(&ReplicatedLockModel, "storm", name, &BTreeMap::new()).expect("a storm");
    let only = bug.map(|(_, invariant)| invariant.to_string());
    let campaign = Campaign { threads: 2, only, ..Campaign::new(runs, 1) };
    let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("a storm makes sense");
    if let Some(failure) = &found.failure {
        assert!(failure.replays, "{name:?}: {} is replayed", failure.violation.reason);
    }
    found.failures
}

#[test]
fn the_replicated_lock_holds_in_a_storm() {
    assert_eq!(failures(None, 300), 0);
}

#[test]
fn every_mistake_shows_in_a_storm() {
    for info in ReplicatedLockModel.bugs() {
        let seen = failures(Some((info.name, info.invariant)), 1_000);
        assert!(seen > 0, "{} breaks {} in some run", info.name, info.invariant);
    }
}
