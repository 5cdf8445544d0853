//! The write-ahead log: nothing that was answered is lost, to the last state, and every mistake
//! shows.

use super::common;
use splitbrain::catalog::Model;
use splitbrain_models::write_ahead_log::{Bug, WriteAheadLogModel};

#[test]
fn the_log_holds_in_every_small_scenario() {
    // States, transitions, depth.
    let table = [
        ("crash", (25_976, 35_578, 14)),
        ("again", (1_729, 2_586, 12)),
        ("reads", (458, 844, 9)),
        ("checkpoint", (9_939, 18_524, 14)),
    ];
    common::small_scenarios_are(&WriteAheadLogModel, &table.map(|(name, _)| name));
    common::hold_as_large(&WriteAheadLogModel, &table, &common::up_to(300_000));
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("ack-before-sync", 3),
        ("sync-answers-later-writes", 5),
        ("applied-before-logged", 5),
        ("torn-tail-kept", 7),
        ("torn-read-as-whole", 3),
        ("recovered-unsynced", 7),
        ("checkpoint-truncates-unsynced", 4),
        ("checkpoint-mislabelled", 5),
    ];
    let limits = |info: &splitbrain::catalog::BugInfo| common::only(info.invariant, 300_000);
    common::bugs_show(&WriteAheadLogModel, &table, limits);
}

#[test]
fn the_log_holds_where_its_mistakes_show() {
    common::protocol_holds_where_bugs_show(&WriteAheadLogModel, 300_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = WriteAheadLogModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

/// Each goal is declared where it can be reached, and nowhere else.
#[test]
fn the_log_holds_with_other_bounds() {
    let table: [(&str, common::Settings<'_>); 5] = [
        ("crash", &[("writers", 1), ("crashes", 0)]),
        ("crash", &[("writers", 2), ("restarts", 0)]),
        ("checkpoint", &[("writers", 1), ("checkpoint", 2)]),
        ("checkpoint", &[("writers", 1), ("checkpoint", 3)]),
        ("checkpoint", &[("writers", 1), ("writes", 3), ("checkpoint", 2), ("crashes", 1)]),
    ];
    for (name, settings) in table {
        let scenario = common::scenario(&WriteAheadLogModel, name, None, settings);
        common::holds(&scenario, &common::up_to(300_000));
    }
}

#[test]
fn the_log_holds_in_a_storm() {
    let found = common::storm_breaks_nothing(&WriteAheadLogModel, "storm", &[], 200);
    assert_eq!(common::unreached(&found), [""; 0]);
    assert!(found.tally.torn > 0, "records are torn");
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&WriteAheadLogModel, 2_000, &[]);
}
