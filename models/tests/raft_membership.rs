//! Changes of members explored and stormed: what each scenario covers, and what each bug breaks.

mod common;

use common::{Settings, only};
use splitbrain::Scenario;
use splitbrain::explore::Limits;
use splitbrain_models::parts::machine::Total;
use splitbrain_models::raft::{Raft, RaftMembershipModel};

type Counter = Raft<Total>;

fn scenario(name: &str, bug: Option<&str>, settings: Settings<'_>) -> Scenario<Counter> {
    common::scenario(&RaftMembershipModel, name, bug, settings)
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("add", (222, 2_129, 15), (222, 1_910, 15)),
        ("remove", (31_198, 531_404, 23), (2_396, 27_954, 18)),
        ("one-by-one", (63_984, 1_199_162, 25), (3_818, 49_154, 20)),
        ("removed-server", (71_622, 1_363_656, 25), (3_816, 48_749, 20)),
        ("loyal", (230_800, 4_731_830, 28), (9_760, 134_216, 24)),
        ("leader-removed", (48_167, 819_188, 23), (6_233, 80_843, 21)),
        ("learner", (3_020, 54_800, 26), (784, 10_050, 23)),
        ("joint", (434, 4_704, 18), (281, 2_444, 17)),
        ("joint-takeover", (2_996, 44_202, 25), (986, 9_680, 22)),
        ("handover", (21_578, 420_726, 31), (7_722, 105_945, 27)),
        ("needed-again", (3_373, 32_590, 22), (747, 3_931, 19)),
        ("crash", (16_631, 238_439, 24), (4_726, 47_540, 21)),
    ];
    common::small_scenarios_hold(&RaftMembershipModel, &table, &Limits::default());
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
    common::bugs_show(&RaftMembershipModel, &table, |bug| only(bug.invariant, 1_000_000));
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    common::protocol_holds_where_bugs_show(&RaftMembershipModel, 50_000, |_| false);
}

#[test]
fn many_servers_changed_at_once_are_members_that_can_decide_apart() {
    let bug = Some("multi-server-change");
    let limits = only("adjacent-configurations", 1_000_000);
    let report = common::explored(&scenario("joint-takeover", bug, &[]), &limits);
    let found: Vec<_> =
        report.found.iter().map(|found| (&found.invariant[..], found.trace.len())).collect();
    assert_eq!(found, [("adjacent-configurations", 4)]);
}

#[test]
fn members_in_force_only_once_committed_are_safe_until_a_server_restarts() {
    // Two servers are removed, one after the other.
    let bug = Some("config-on-commit-only");
    let removal = scenario("one-by-one", bug, &[]);
    let report = common::explored(&removal, &Limits::default());
    assert!(report.marks.contains_key("config-on-commit-only"), "the faulty line ran");
    assert!(report.verdict.holds(), "{}", report.verdict);
    assert_eq!(report.states, 18_268);
}

#[test]
fn a_leader_without_an_entry_of_its_own_term_changes_nothing() {
    let settings = [("noop", 0), ("commands", 0)];
    let report = common::explored(&scenario("remove", None, &settings), &Limits::default());
    assert!(report.verdict.to_string().starts_with("vacuous"), "{}", report.verdict);
}

#[test]
fn storms_name_the_servers_there_are() {
    common::are_refused(
        &RaftMembershipModel,
        &[
            ("storm", &[("nodes", 3)], "set `nodes` so"),
            ("add", &[("members", 4)], "4 of 3 servers"),
        ],
    );
}

#[test]
fn storms_of_changes_make_progress() {
    for (name, given) in [
        ("storm", &[][..]),
        ("storm-joint", &[]),
        // Where bugs are looked for.
        ("storm", &[("nodes", 4), ("noop", 0), ("loyal", 0)]),
        ("storm-joint", &[("noop", 0)]),
    ] {
        let report = common::stormed(&scenario(name, None, given), None, 30);
        assert!(report.verdict.holds(), "{name}, {given:?}: {}", report.verdict);
    }
}

#[test]
fn servers_that_were_removed_keep_others_from_progress_unless_these_are_loyal() {
    let storm = scenario("storm", None, &[("loyal", 0)]);
    let report = common::stormed(&storm, None, 200);
    let failure = report.failure.expect("a run that stalls");
    assert_eq!(failure.violation.invariant, "entry-committed", "{}", failure.violation.reason);
}
