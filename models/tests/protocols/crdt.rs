//! Replicated types: each scenario holds, and every mistake shows.

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain_models::crdt::{Bug, CrdtModel};

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: in full, and without dead mail.
    let table = [
        ("g-counter", (10_733, 53_390, 13), (1_824, 5_230, 13)),
        ("pn-counter", (10_733, 53_390, 13), (1_824, 5_230, 13)),
        ("lww-register", (10_733, 53_390, 13), (1_824, 5_230, 13)),
        ("mv-register", (10_733, 53_390, 13), (1_824, 5_230, 13)),
        ("flag", (10_143, 50_218, 13), (1_770, 5_120, 13)),
        ("or-set", (128_152, 686_284, 16), (20_386, 60_782, 16)),
        ("lww-map", (36_354, 165_232, 14), (9_652, 24_862, 14)),
        ("sequence", (113_879, 643_557, 18), (22_679, 58_943, 18)),
        ("three", (42_537, 218_631, 11), (6_262, 22_317, 11)),
        ("amnesia", (37_272, 159_856, 16), (37_272, 159_856, 16)),
        ("deltas", (29_835, 161_304, 15), (29_835, 161_304, 15)),
    ];
    common::small_scenarios_hold(&CrdtModel, &table, &common::up_to(500_000));
}

#[test]
fn each_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("merge-sum", 4),
        ("max-total", 4),
        ("id-reuse", 8),
        ("signed-max", 3),
        ("lww-tie", 6),
        ("clock-behind", 2),
        ("drop-sibling", 4),
        ("no-tags", 5),
        ("remove-unobserved", 5),
        ("union-merge", 6),
        ("early-collection", 6),
        ("erase-orphans", 3),
        ("delta-reset-on-merge", 4),
        ("delta-no-ack", 2),
        ("copy-replaced", 3),
    ];
    common::bugs_show(&CrdtModel, &table, |info| common::only(info.invariant, 500_000));
}

/// What it loses is seen by who counts; that it is no join is seen sooner.
#[test]
fn a_counter_of_which_the_greater_total_stands_is_no_semilattice() {
    let limits = common::only("merge-laws", 500_000);
    assert_eq!(common::shortest(&CrdtModel, "g-counter", "max-total", &[], &limits), Some(2));
}

#[test]
fn replicas_hold_where_their_mistakes_show() {
    common::protocol_holds_where_bugs_show(&CrdtModel, 500_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    common::bugs_are_found_by_their_names(CrdtModel.bugs(), &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 1] =
        [("deltas", &[("disk", 0)], "set `disk` to 1, or `deltas` to 0")];
    common::are_refused(&CrdtModel, &table);
}

#[test]
fn replicas_hold_in_storms() {
    for info in CrdtModel.scenarios().iter().filter(|info| info.name.starts_with("storm-")) {
        let found = common::storm_breaks_nothing(&CrdtModel, info.name, &[], 20);
        assert_eq!(common::unreached(&found), [""; 0], "{}", info.name);
        // Who forgets everything cannot acknowledge deltas.
        if info.name != "storm-amnesia" {
            let found = common::storm_breaks_nothing(&CrdtModel, info.name, &[("deltas", 1)], 20);
            assert_eq!(common::unreached(&found), [""; 0], "{}, by deltas", info.name);
        }
    }
}

#[test]
fn each_mistake_shows_in_a_storm_where_replicas_hold() {
    common::bugs_show_in_storms(&CrdtModel, 200, &[]);
    for info in CrdtModel.bugs() {
        let (name, settings) = info.simulated;
        let bare = common::storm_breaks_nothing(&CrdtModel, name, settings, 5);
        assert!(bare.marks.is_empty(), "{}: no faulty line runs in correct code", info.name);
    }
}
