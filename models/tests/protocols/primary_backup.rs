//! Primary and backup: each mode keeps what it promises, to the last state, and every mistake
//! shows.

use splitbrain::catalog::{BugInfo, Model};
use splitbrain::explore::Limits;
use splitbrain_models::primary_backup::{Bug, PrimaryBackupModel};

use super::common;

#[test]
fn primary_and_backup_hold_in_every_small_scenario() {
    // States, transitions and depth; in full, and without dead mail.
    let table = [
        ("small", (152, 317, 9), (152, 317, 9)),
        ("failover", (6_287, 20_467, 15), (3_381, 11_150, 14)),
        ("failover-two", (243_176, 1_109_652, 20), (51_015, 219_622, 19)),
        ("semi", (125_902, 537_014, 19), (27_147, 105_681, 18)),
        ("async", (26_290, 115_011, 17), (8_192, 34_131, 16)),
        ("join", (5_782, 19_127, 18), (2_466, 7_231, 16)),
        ("join-two", (255_679, 1_220_401, 26), (24_041, 89_134, 23)),
        ("copies", (49_480, 199_387, 17), (21_068, 87_233, 15)),
        ("return", (494_066, 2_346_751, 24), (61_783, 258_218, 20)),
        ("reboot", (14_226, 52_832, 18), (9_724, 34_379, 17)),
    ];
    common::small_scenarios_hold(&PrimaryBackupModel, &table, &common::up_to(1_000_000));
}

/// To a violation of the bug's own invariant.
fn search(info: &BugInfo) -> Limits {
    common::only(info.invariant, 100_000)
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("ack-before-backup", 3),
        ("split-brain", 3),
        ("old-primary-reads", 4),
        ("view-before-ack", 4),
        ("no-view-check", 6),
        ("unordered-apply", 3),
        ("transfer-race", 8),
        ("transfer-once", 2),
    ];
    common::bugs_show(&PrimaryBackupModel, &table, search);
}

#[test]
fn they_hold_where_their_mistakes_show() {
    common::protocol_holds_where_bugs_show(&PrimaryBackupModel, 400_000, |_| true);
}

#[test]
fn an_early_answer_is_what_semi_synchronous_replication_forbids_too() {
    let limits = common::only("durability", 100_000);
    let found = common::shortest(&PrimaryBackupModel, "semi", "ack-before-backup", &[], &limits);
    assert_eq!(found, Some(3));
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = PrimaryBackupModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn more_restarts_than_crashes_are_refused() {
    let refused = "set `crashes` to `restarts` at least";
    common::are_refused(&PrimaryBackupModel, &[("small", &[("restarts", 1)], refused)]);
}

#[test]
fn they_hold_in_storms() {
    for storm in ["storm", "storm-semi", "storm-async", "storm-mixed"] {
        let found = common::storm_breaks_nothing(&PrimaryBackupModel, storm, &[], 30);
        assert!(found.asked_to_settle > 0, "{storm} is asked whether it recovers");
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&PrimaryBackupModel, 1_000, &[]);
}
