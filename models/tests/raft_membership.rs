//! Changes of members explored and stormed: what each scenario covers, and what each bug breaks.

use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, Simulation, simulate};
use splitbrain::{Scenario, Undisturbed};
use splitbrain_models::parts::machine::Total;
use splitbrain_models::raft::{Raft, RaftMembershipModel};

type Counter = Raft<Total>;

fn scenario(name: &str, bug: Option<&str>, given: &[(&str, u64)]) -> Scenario<Counter> {
    let given = given.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&RaftMembershipModel, name, bug, &given).expect("it is listed")
}

fn explored(scenario: &Scenario<Counter>, limits: &Limits) -> Exploration<Counter> {
    explore(scenario, limits, &mut Undisturbed).expect("it makes sense")
}

fn simulated(scenario: &Scenario<Counter>, runs: u64) -> Simulation<Counter> {
    simulate(scenario, &Campaign::new(runs, 1), &mut Undisturbed).expect("it makes sense")
}

/// What may be found of one invariant alone.
fn only(invariant: &str) -> Limits {
    Limits { only: Some(invariant.to_string()), states: Some(1_000_000), ..Limits::default() }
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("add", (222, 2_129, 15), (222, 1_910, 15)),
        ("remove", (31_198, 531_404, 23), (2_396, 27_954, 18)),
        ("removed-server", (71_622, 1_363_656, 25), (3_816, 48_749, 20)),
        ("loyal", (230_800, 4_731_830, 28), (9_760, 134_216, 24)),
        ("leader-removed", (48_167, 819_188, 23), (6_233, 80_843, 21)),
        ("learner", (3_020, 54_800, 26), (784, 10_050, 23)),
        ("joint", (434, 4_704, 18), (281, 2_444, 17)),
        ("joint-takeover", (2_996, 44_202, 25), (986, 9_680, 22)),
        ("handover", (21_578, 420_726, 31), (7_722, 105_945, 27)),
        ("crash", (16_631, 238_439, 24), (4_726, 47_540, 21)),
    ];
    let listed = RaftMembershipModel.scenarios().iter();
    let listed = listed.filter(|info| info.engine == Engine::Explore).map(|info| info.name);
    let names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed.collect::<Vec<_>>(), "all are in the table");
    for (name, in_full, without_dead_mail) in table {
        for (full, expected) in [(true, in_full), (false, without_dead_mail)] {
            let limits = Limits { full, ..Limits::default() };
            let report = explored(&scenario(name, None, &[]), &limits);
            assert!(report.verdict.holds(), "{name}: {}", report.verdict);
            let counts = (report.states, report.transitions, report.depth());
            assert_eq!(counts, expected, "{name}, in full: {full}");
        }
    }
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("single-server-no-barrier", 18),
        ("joint-union-majority", 11),
        ("config-not-rolled-back", 25),
        ("config-on-commit-only", 14),
        ("multi-server-change", 13),
        ("nonvoting-leader-self-count", 6),
    ];
    assert_eq!(RaftMembershipModel.bugs().len(), table.len(), "all are in the table");
    for (info, (name, length)) in RaftMembershipModel.bugs().iter().zip(table) {
        let report = explored(&scenario(info.explored.0, Some(name), &[]), &only(info.invariant));
        let found = report.found.iter().find(|found| found.invariant == info.invariant);
        let found = found.unwrap_or_else(|| panic!("{}: {}", info.name, report.verdict));
        assert_eq!((info.name, found.trace.len()), (name, length), "{}", found.reason);
        assert!(report.marks.contains_key(info.name), "{name}: its line is marked");
    }
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    for info in RaftMembershipModel.bugs() {
        let mut scenario = scenario(info.explored.0, Some(info.name), &[]);
        scenario.protocol.bug = None;
        let report = explored(&scenario, &Limits { states: Some(50_000), ..Limits::default() });
        assert!(report.found.is_empty(), "{}: {}", info.name, report.verdict);
        assert!(report.marks.is_empty(), "{}: no faulty line runs", info.name);
    }
}

#[test]
fn many_servers_changed_at_once_are_members_that_can_decide_apart() {
    let bug = Some("multi-server-change");
    let report = explored(&scenario("joint-takeover", bug, &[]), &only("adjacent-configurations"));
    let found: Vec<_> =
        report.found.iter().map(|found| (&found.invariant[..], found.trace.len())).collect();
    assert_eq!(found, [("adjacent-configurations", 4)]);
}

#[test]
fn members_in_force_only_once_committed_are_safe_until_a_server_restarts() {
    // Two servers are removed, one after the other; or two at once, by joint consensus.
    let bug = Some("config-on-commit-only");
    let removal = scenario("remove", bug, &[("remove", 32)]);
    let report = explored(&removal, &Limits::default());
    assert!(report.marks.contains_key("config-on-commit-only"), "the faulty line ran");
    assert!(report.verdict.holds(), "{}", report.verdict);
    assert_eq!(report.states, 18_268);
}

#[test]
fn a_change_waits_for_the_one_before_and_for_the_term() {
    // A second leader whose first entry is not committed may not change anything: without the
    // barrier more worlds are reached.
    let settings = [("turns", 12), ("remove", 3), ("noop", 0)];
    let report = explored(&scenario("remove", None, &settings), &Limits::default());
    assert!(report.verdict.to_string().starts_with("vacuous"), "{}", report.verdict);
}

#[test]
fn storms_of_changes_make_progress() {
    for (name, given) in [
        ("storm", &[][..]),
        ("storm-joint", &[]),
        ("storm", &[("nodes", 4), ("noop", 0), ("loyal", 0)]),
    ] {
        let report = simulated(&scenario(name, None, given), 60);
        assert!(report.verdict.holds(), "{name}, {given:?}: {}", report.verdict);
    }
}

#[test]
fn servers_that_were_removed_keep_others_from_progress_unless_these_are_loyal() {
    let report = simulated(&scenario("storm", None, &[("loyal", 0)]), 200);
    let failure = report.failure.expect("a run that stalls");
    assert_eq!(failure.violation.invariant, "entry-committed", "{}", failure.violation.reason);
}
