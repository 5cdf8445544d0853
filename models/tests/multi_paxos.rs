//! Multi-Paxos explored and simulated: what each scenario covers, and the bug that each invariant
//! catches.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::multi_paxos::{Bug, MultiPaxos, MultiPaxosModel};
use splitbrain_models::parts::machine::Total;

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<MultiPaxos<Total>> {
    let scenario = build(&MultiPaxosModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("election", (898, 6_453, 9), (370, 2_079, 8)),
        ("slots", (16_340, 249_343, 20), (720, 5_557, 15)),
        ("takeover", (34_436, 594_049, 22), (662, 5_387, 14)),
        ("rivals", (361, 5_471, 10), (40, 380, 6)),
        ("gap", (29_046, 731_137, 16), (520, 7_828, 9)),
        ("forward", (94, 886, 13), (34, 169, 10)),
        ("catch-up", (1_169, 14_893, 17), (162, 1_218, 12)),
        ("crash", (370_721, 1_937_035, 24), (15_482, 67_731, 17)),
    ];
    let listed = MultiPaxosModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
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
fn deep_scenarios_that_are_not_so_deep_hold() {
    let table = [("deep-crash", (252_538, 3_157_447, 23)), ("retry", (79_066, 1_685_336, 20))];
    for (name, expected) in table {
        let report = explored(name, None, &Limits::default());
        assert!(report.verdict.holds(), "{name}: {}", report.verdict);
        let counts = (report.states, report.transitions, report.depth());
        assert_eq!(counts, expected, "{name}");
    }
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("execute-gap", 7),
        ("noop-overwrites", 9),
        ("stale-leader-ballot", 12),
        ("append-at-last", 8),
        ("ignore-promised-log", 10),
        ("gapped-cumulative-ack", 7),
        ("adopts-foreign-ballot", 6),
    ];
    assert_eq!(MultiPaxosModel.bugs().len(), table.len(), "all are in the table");
    for (info, (name, length)) in MultiPaxosModel.bugs().iter().zip(table) {
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
fn answers_tell_that_a_command_was_lost() {
    let only = Some("linearizability".to_string());
    let limits = Limits { only, states: Some(100_000), ..Limits::default() };
    let report = explored("takeover", Some("ignore-promised-log"), &limits);
    let found = report.found.iter().find(|found| found.invariant == "linearizability");
    assert_eq!(found.map(|found| found.trace.len()), Some(12), "{}", report.verdict);
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    for info in MultiPaxosModel.bugs() {
        let mut scenario =
            build(&MultiPaxosModel, info.explored.0, Some(info.name), &BTreeMap::new())
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
fn stormy(bug: Option<(&str, &str)>, runs: u64) -> (u64, u64) {
    let name = bug.map(|(name, _)| name);
    let scenario = build(&MultiPaxosModel, "storm", name, &BTreeMap::new()).expect("a storm");
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
fn a_storm_breaks_nothing() {
    assert_eq!(stormy(None, 100).1, 0);
}

#[test]
fn each_bug_shows_in_a_storm() {
    for info in MultiPaxosModel.bugs() {
        let (runs, failures) = stormy(Some((info.name, info.invariant)), 2_000);
        assert!(failures > 0, "{} breaks {} in none of {runs} runs", info.name, info.invariant);
    }
}

#[test]
fn bugs_are_found_by_their_names() {
    let listed: Vec<&str> = MultiPaxosModel.bugs().iter().map(|info| info.name).collect();
    assert_eq!(listed, Bug::OF_MULTI_PAXOS.map(Bug::name));
    for bug in Bug::OF_MULTI_PAXOS {
        assert_eq!(Bug::named(bug.name()), Some(bug));
    }
    assert_eq!(Bug::named("no-such-bug"), None);
}

#[test]
fn parameters_that_name_nodes_name_nodes_there_are() {
    for (parameter, value) in [("turns", 14), ("turns", 101), ("at", 4)] {
        let given = BTreeMap::from([(parameter.to_string(), value), ("commands".to_string(), 1)]);
        let misfit = build(&MultiPaxosModel, "deep", None, &given).expect_err("no such node");
        assert!(misfit.to_string().contains("names nodes by digits from 1 to 3"), "{misfit}");
    }
}
