//! Raft explored: what each scenario covers, and the bug that each invariant catches.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain_models::parts::machine::Total;
use splitbrain_models::raft::{Bug, Raft, RaftExtensionsModel, RaftMembershipModel, RaftModel};

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<Raft<Total>> {
    let scenario = build(&RaftModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("election", (110_324, 1_380_222, 18), (11_699, 103_305, 15)),
        ("crash", (221_123, 998_250, 20), (30_218, 124_350, 16)),
        ("replication", (3_137, 40_345, 16), (3_137, 36_169, 16)),
        ("takeover", (56_612, 1_021_315, 23), (3_774, 50_869, 19)),
        ("rivals", (672, 12_208, 10), (132, 1_972, 7)),
        ("retry", (279, 2_240, 12), (279, 1_964, 12)),
    ];
    let listed = RaftModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
    let names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed.map(|info| info.name).collect::<Vec<_>>(), "all are in the table");
    for (name, in_full, without_dead_mail) in table {
        for (full, expected) in [(true, in_full), (false, without_dead_mail)] {
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
        ("forgot-vote", 8),
        ("step-down-same-term", 7),
        ("double-vote", 6),
        ("stale-vote-count", 7),
        ("minority-quorum", 2),
        ("candidate-never-retries", 2),
        ("no-election-restriction", 9),
        ("length-only", 14),
        ("commit-old-term", 20),
        ("no-prev-check", 14),
        ("truncate-on-any-append", 7),
        ("commit-beyond-match", 12),
        ("match-is-last-index", 13),
        ("ack-before-durable", 8),
        ("duplicate-apply", 8),
    ];
    assert_eq!(RaftModel.bugs().len(), table.len(), "all are in the table");
    for (info, (name, length)) in RaftModel.bugs().iter().zip(table) {
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
    for info in RaftModel.bugs() {
        let mut scenario =
            build(&RaftModel, info.explored.0, Some(info.name), &BTreeMap::new()).expect("listed");
        scenario.protocol.bug = None;
        let limits = Limits { states: Some(20_000), ..Limits::default() };
        let report = explore(&scenario, &limits, &mut Undisturbed).expect("it makes sense");
        assert!(report.found.is_empty(), "{}: {}", info.name, report.verdict);
        assert!(report.marks.is_empty(), "{}: no faulty line runs", info.name);
    }
}

#[test]
fn bugs_are_found_by_their_names() {
    let listed =
        [RaftModel.bugs(), RaftMembershipModel.bugs(), RaftExtensionsModel.bugs()].concat();
    let listed: Vec<&str> = listed.iter().map(|info| info.name).collect();
    assert_eq!(listed, Bug::ALL.map(Bug::name), "each is some model's");
    for bug in Bug::ALL {
        assert_eq!(Bug::named(bug.name()), Some(bug));
    }
    assert_eq!(Bug::named("no-such-bug"), None);
}

#[test]
fn parameters_that_name_nodes_name_nodes_there_are() {
    for (parameter, value) in [("turns", 14), ("turns", 101), ("at", 4)] {
        let given = BTreeMap::from([(parameter.to_string(), value), ("commands".to_string(), 1)]);
        let misfit = build(&RaftModel, "deep", None, &given).expect_err("no such node");
        assert!(misfit.to_string().contains("names nodes by digits from 1 to 3"), "{misfit}");
    }
}
