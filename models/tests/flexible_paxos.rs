//! Flexible Paxos explored and simulated: what each system of quorums covers, which are refused,
//! and what becomes of those that need not meet.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::flexible_paxos::FlexiblePaxosModel;
use splitbrain_models::multi_paxos::{Bug, MultiPaxos};
use splitbrain_models::parts::machine::Total;

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<MultiPaxos<Total>> {
    let scenario =
        build(&FlexiblePaxosModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("alone", (3_502, 52_716, 22), (616, 4_560, 15)),
        ("counts", (16_744, 434_636, 16), (622, 8_948, 10)),
        ("grid", (113_232, 2_882_160, 19), (1_874, 25_776, 11)),
        ("weights", (23_208, 576_932, 16), (733, 10_684, 10)),
    ];
    let listed =
        FlexiblePaxosModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
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
    let table = [("counts-too-small", 10), ("majority-recovery", 8), ("grid-row-row", 10)];
    assert_eq!(FlexiblePaxosModel.bugs().len(), table.len(), "all are in the table");
    for (info, (name, length)) in FlexiblePaxosModel.bugs().iter().zip(table) {
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
    for info in FlexiblePaxosModel.bugs() {
        let mut scenario =
            build(&FlexiblePaxosModel, info.explored.0, Some(info.name), &BTreeMap::new())
                .expect("listed");
        scenario.protocol.bug = None;
        let limits = Limits { states: Some(50_000), ..Limits::default() };
        let report = explore(&scenario, &limits, &mut Undisturbed).expect("it makes sense");
        assert!(report.found.is_empty(), "{}: {}", info.name, report.verdict);
        assert!(report.marks.is_empty(), "{}: no faulty line runs", info.name);
    }
}

/// Runs a storm, with a bug or without, until its invariant breaks: the runs that were made, and
/// how many of them broke it.
fn stormy(storm: &str, bug: Option<(&str, &str)>, runs: u64) -> (u64, u64) {
    let name = bug.map(|(name, _)| name);
    let scenario = build(&FlexiblePaxosModel, storm, name, &BTreeMap::new()).expect("a storm");
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
    (found.runs, found.failures)
}

#[test]
fn storms_break_nothing() {
    for storm in ["storm", "storm-grid", "storm-weights"] {
        assert_eq!(stormy(storm, None, 30).1, 0, "{storm}");
    }
}

#[test]
fn each_bug_shows_in_a_storm() {
    for info in FlexiblePaxosModel.bugs() {
        let (runs, failures) = stormy(info.simulated.0, Some((info.name, info.invariant)), 2_000);
        assert!(failures > 0, "{} breaks {} in none of {runs} runs", info.name, info.invariant);
    }
}

#[test]
fn systems_that_need_not_meet_are_refused_by_name() {
    type Settings<'a> = &'a [(&'a str, u64)];
    let table: [(&str, Settings<'_>, &str); 5] = [
        ("deep-counts", &[("prepare", 2)], "{n0, n1} may promise while {n2, n3} accept"),
        ("alone", &[("prepare", 2)], "{n0, n1} may promise while {n2} accept"),
        ("grid", &[("prepare", 1)], "{n0, n1} may promise while {n2, n3} accept"),
        ("weights", &[("accept", 2)], "{n0, n1} may promise while {n2, n3} accept"),
        ("grid", &[("accept", 3)], "set `accept` to 1 or 2, not 3"),
    ];
    for (scenario, settings, expected) in table {
        let given: BTreeMap<String, u64> =
            settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
        let refused = build(&FlexiblePaxosModel, scenario, None, &given).expect_err("refused");
        assert!(refused.to_string().contains(expected), "{scenario}: {refused}");
    }
}

#[test]
fn bugs_are_found_by_their_names() {
    let listed: Vec<&str> = FlexiblePaxosModel.bugs().iter().map(|info| info.name).collect();
    assert_eq!(listed, Bug::OF_FLEXIBLE_PAXOS.map(Bug::name));
    for bug in Bug::OF_FLEXIBLE_PAXOS {
        assert_eq!(Bug::named(bug.name()), Some(bug));
    }
}
