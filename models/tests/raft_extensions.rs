//! Raft's extensions: they hold in every small scenario, and every mistake shows.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::parts::machine::Total;
use splitbrain_models::raft::{Bug, Raft, RaftExtensionsModel};

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<Raft<Total>> {
    let scenario =
        build(&RaftExtensionsModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, where that takes no longer than a second, then
    // without dead mail.
    type Counts = (usize, u64, u32);
    let table: [(&str, Option<Counts>, Counts); 7] = [
        ("read-index", Some((341_152, 7_720_534, 24)), (9_755, 159_598, 18)),
        ("no-op", Some((44_672, 1_008_700, 20)), (3_001, 50_834, 16)),
        ("lease", None, (61_392, 1_087_582, 23)),
        ("pre-vote", None, (1_232, 17_259, 19)),
        ("pre-vote-terms", Some((182, 346, 14)), (182, 346, 14)),
        ("transfer", Some((56_561, 1_087_021, 24)), (5_909, 83_656, 21)),
        ("snapshot", Some((120_839, 1_990_495, 20)), (120_839, 1_829_383, 20)),
    ];
    let listed =
        RaftExtensionsModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
    let names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed.map(|info| info.name).collect::<Vec<_>>(), "all are in the table");
    for (name, in_full, without_dead_mail) in table {
        for (full, expected) in [(true, in_full), (false, Some(without_dead_mail))] {
            let Some(expected) = expected else { continue };
            let report = explored(name, None, &Limits { full, ..Limits::default() });
            assert!(report.verdict.holds(), "{name}: {}", report.verdict);
            let counts = (report.states, report.transitions, report.depth());
            assert_eq!(counts, expected, "{name}, in full: {full}");
        }
    }
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("read-no-quorum", 13),
        ("readindex-no-noop", 14),
        ("lease-drift", 20),
        ("lease-forgotten", 18),
        ("transfer-keeps-lease", 17),
        ("transfer-unchecked", 11),
        ("pre-vote-clears-vote", 11),
        ("pre-vote-mutual-block", 6),
        ("snapshot-truncates-suffix", 11),
        ("snapshot-mislabel", 7),
        ("purged-prev-deletes-all", 10),
    ];
    assert_eq!(RaftExtensionsModel.bugs().len(), table.len(), "all are in the table");
    for (info, (name, length)) in RaftExtensionsModel.bugs().iter().zip(table) {
        let only = Some(info.invariant.to_string());
        let limits = Limits { only, states: Some(100_000), ..Limits::default() };
        let report = explored(info.explored.0, Some(info.name), &limits);
        let found = report.found.iter().find(|found| found.invariant == info.invariant);
        let found = found.unwrap_or_else(|| panic!("{}: {}", info.name, report.verdict));
        assert_eq!((info.name, found.trace.len()), (name, length), "{}", found.reason);
        assert!(report.marks.contains_key(info.name), "{name}: its line is marked");
    }
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    for info in RaftExtensionsModel.bugs() {
        let mut scenario =
            build(&RaftExtensionsModel, info.explored.0, Some(info.name), &BTreeMap::new())
                .expect("listed");
        scenario.protocol.bug = None;
        let limits = Limits { states: Some(50_000), ..Limits::default() };
        let report = explore(&scenario, &limits, &mut Undisturbed).expect("it makes sense");
        assert!(report.found.is_empty(), "{}: {}", info.name, report.verdict);
        assert!(report.marks.is_empty(), "{}: no faulty line runs", info.name);
    }
}

#[test]
fn bugs_are_found_by_their_names() {
    for bug in Bug::ALL {
        assert_eq!(Bug::named(bug.name()), Some(bug));
    }
    for info in RaftExtensionsModel.bugs() {
        assert!(Bug::named(info.name).is_some(), "{} is known", info.name);
    }
}

#[test]
fn a_lease_no_longer_than_the_skew_is_refused() {
    let given = BTreeMap::from([("lease".to_string(), 2), ("skew".to_string(), 2)]);
    let misfit = build(&RaftExtensionsModel, "lease", None, &given).expect_err("it is too short");
    assert!(misfit.to_string().contains("make `lease` greater than `skew`"), "{misfit}");
}

/// The first failing run, from 0, if that many runs find one.
fn first_failure(scenario: &str, bug: Option<(&str, &str)>, runs: u64) -> Option<u64> {
    let name = bug.map(|(name, _)| name);
    let scenario = build(&RaftExtensionsModel, scenario, name, &BTreeMap::new()).expect("a storm");
    let only = bug.map(|(_, invariant)| invariant.to_string());
    let campaign = Campaign { threads: 2, only, ..Campaign::new(runs, 1) };
    let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("a storm makes sense");
    found.failure.map(|failure| {
        assert!(failure.replays, "{name:?}: {} is replayed", failure.violation.reason);
        failure.run
    })
}

#[test]
fn storms_do_not_break_the_protocol() {
    for scenario in ["storm", "storm-lease", "storm-pre-vote"] {
        assert_eq!(first_failure(scenario, None, 50), None, "{scenario}");
    }
}

#[test]
fn most_mistakes_show_in_a_few_storms() {
    let late = ["lease-drift", "lease-forgotten", "transfer-keeps-lease", "transfer-unchecked"];
    let late = [late.as_slice(), &["pre-vote-clears-vote", "pre-vote-mutual-block"]].concat();
    for info in RaftExtensionsModel.bugs().iter().filter(|info| !late.contains(&info.name)) {
        let failing = first_failure(info.simulated.0, Some((info.name, info.invariant)), 150);
        assert!(failing.is_some(), "{} breaks {} in some run", info.name, info.invariant);
    }
}
