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

/// States, transitions, depth.
type Counts = (usize, u64, u32);

#[test]
fn small_scenarios_hold_exhaustively() {
    // First without dead mail, then in full, where that is not too large.
    let table: [(&str, Counts, Option<Counts>); 4] = [
        ("counts", (11_907, 147_112, 22), None), // in full (2_116_801, 56_411_912, 32)
        ("alone", (616, 4_560, 15), Some((3_502, 52_716, 22))),
        ("grid", (9_815, 125_985, 20), None), // in full (3_609_537, 95_796_068, 30)
        ("weights", (11_032, 137_586, 21), None),
    ];
    let listed =
        FlexiblePaxosModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
    let names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed.map(|info| info.name).collect::<Vec<_>>(), "all are in the table");
    for (name, without_dead_mail, in_full) in table {
        for (full, expected) in [(false, Some(without_dead_mail)), (true, in_full)] {
            let Some(expected) = expected else { continue };
            let limits = Limits { full, states: Some(500_000), ..Limits::default() };
            let report = explored(name, None, &limits);
            let counts = (report.states, report.transitions, report.depth());
            assert!(report.verdict.holds(), "{name}: {}", report.verdict);
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
        ("counts", &[("prepare", 2)], "{n0, n1} may promise while {n2, n3} accept"),
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
