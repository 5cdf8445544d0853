//! Multi-leader replication: every way to settle conflicts holds in its scenarios, to the last
//! state, and every mistake shows.

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain_models::multi_leader::{Bug, MultiLeaderModel};

#[test]
fn leaders_hold_in_every_small_scenario() {
    // States, transitions, depth: in full, and without dead mail.
    let table = [
        ("siblings", (220_988, 893_604, 22), (117_525, 486_984, 21)),
        ("editors", (8_008, 16_590, 14), (6_852, 14_212, 14)),
        ("last-writer", (4_211, 10_524, 14), (3_434, 8_595, 14)),
        ("merge", (4_278, 10_674, 14), (3_474, 8_682, 14)),
        ("custom", (4_278, 10_674, 14), (3_474, 8_682, 14)),
        ("causes", (92, 176, 9), (86, 166, 9)),
        ("repair", (9_404, 28_934, 14), (4_728, 14_594, 12)),
    ];
    common::small_scenarios_hold(&MultiLeaderModel, &table, &common::up_to(300_000));
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("lww-lost-update", 5),
        ("lww-tie", 6),
        ("order", 6),
        ("check-then-set", 5),
        ("context-at-save", 5),
        ("rule-drops", 10),
        ("union-merge", 8),
        ("exchanges-once", 4),
    ];
    let limits = |info: &splitbrain::catalog::BugInfo| common::only(info.invariant, 200_000);
    common::bugs_show(&MultiLeaderModel, &table, limits);
}

#[test]
fn leaders_hold_where_their_mistakes_show() {
    common::protocol_holds_where_bugs_show(&MultiLeaderModel, 200_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = MultiLeaderModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

/// What a mistake does depends on how conflicts are settled, and not only where it is listed.
#[test]
fn mistakes_with_versions_show_however_conflicts_are_settled() {
    let table: [(&str, &str, &str); 5] = [
        ("context-at-save", "merge", "no-silent-loss"),
        ("context-at-save", "last-writer", "no-silent-loss"),
        ("order", "merge", "causal-order"),
        ("check-then-set", "merge", "same-writes-same-values"),
        ("check-then-set", "last-writer", "same-writes-same-values"),
    ];
    let settings: Settings<'_> = &[("leaders", 3), ("writers", 2), ("editors", 2)];
    for (bug, name, invariant) in table {
        let limits = common::only(invariant, 200_000);
        let found = common::shortest(&MultiLeaderModel, name, bug, settings, &limits);
        assert!(found.is_some(), "{bug} breaks {invariant} in {name}");
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 1] =
        [("storm-merge", &[("leaders", 5)], "set `leaders` to 3")];
    common::are_refused(&MultiLeaderModel, &table);
}

#[test]
fn leaders_hold_in_storms() {
    for name in ["storm-siblings", "storm-last-writer", "storm-merge", "storm-custom"] {
        let found = common::storm_breaks_nothing(&MultiLeaderModel, name, &[], 300);
        assert_eq!(common::unreached(&found), [""; 0], "{name}");
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&MultiLeaderModel, 500, &[]);
}
