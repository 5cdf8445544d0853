//! Flexible Paxos explored and simulated: what each system of quorums covers, which are refused,
//! and what becomes of those that need not meet.

use splitbrain::catalog::Model;
use splitbrain::explore::Limits;
use splitbrain_models::flexible_paxos::FlexiblePaxosModel;
use splitbrain_models::multi_paxos::Bug;

use super::common;

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("alone", (3_502, 52_716, 22), (616, 4_560, 15)),
        ("counts", (16_744, 434_636, 16), (622, 8_948, 10)),
        ("grid", (113_232, 2_882_160, 19), (1_874, 25_776, 11)),
        ("weights", (23_208, 576_932, 16), (733, 10_684, 10)),
    ];
    common::small_scenarios_hold(&FlexiblePaxosModel, &table, &Limits::default());
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [("counts-too-small", 10), ("majority-recovery", 8), ("grid-row-row", 10)];
    common::bugs_show(&FlexiblePaxosModel, &table, |bug| common::only(bug.invariant, 100_000));
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    common::protocol_holds_where_bugs_show(&FlexiblePaxosModel, 50_000, |_| false);
}

#[test]
fn storms_break_nothing() {
    for storm in ["storm", "storm-grid", "storm-weights"] {
        common::storm_breaks_nothing(&FlexiblePaxosModel, storm, &[], 30);
    }
}

#[test]
fn each_bug_shows_in_a_storm() {
    common::bugs_show_in_storms(&FlexiblePaxosModel, 2_000, &[]);
}

#[test]
fn systems_that_need_not_meet_are_refused_by_name() {
    let table: [(&str, common::Settings<'_>, &str); 5] = [
        ("deep-counts", &[("prepare", 2)], "{n0, n1} may promise while {n2, n3} accept"),
        ("alone", &[("prepare", 2)], "{n0, n1} may promise while {n2} accept"),
        ("grid", &[("prepare", 1)], "{n0, n1} may promise while {n2, n3} accept"),
        ("weights", &[("accept", 2)], "{n0, n1} may promise while {n2, n3} accept"),
        ("grid", &[("accept", 3)], "set `accept` to 1 or 2, not 3"),
    ];
    common::are_refused(&FlexiblePaxosModel, &table);
}

#[test]
fn bugs_are_found_by_their_names() {
    let (listed, bugs) = (FlexiblePaxosModel.bugs(), Bug::OF_FLEXIBLE_PAXOS);
    common::bugs_are_found_by_their_names(listed, &bugs, Bug::name, Bug::named);
}
