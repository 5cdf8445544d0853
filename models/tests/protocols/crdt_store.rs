//! A gossiping store: each scenario holds, and every mistake shows.

use splitbrain::catalog::Model;
use splitbrain_models::crdt_store::{Bug, CrdtStoreModel};

use super::common;

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: in full, and without dead mail.
    let table = [
        ("push", (2_015, 8_292, 12), (940, 2_602, 11)),
        ("pull", (111_049, 896_720, 21), (18_001, 88_928, 18)),
        ("push-pull", (188_322, 1_740_552, 23), (35_144, 213_762, 20)),
        ("mail", (54_437, 440_284, 17), (17_139, 79_824, 13)),
        ("three", (14_559, 73_821, 11), (6_262, 22_317, 11)),
        ("removes", (1_042, 3_544, 10), (668, 1_470, 10)),
        ("amnesia", (161_969, 1_211_128, 28), (161_969, 1_211_128, 28)),
    ];
    common::small_scenarios_hold(&CrdtStoreModel, &table, &common::up_to(300_000));
}

#[test]
fn each_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("merge-keeps-remote-id", 7),
        ("whole-map-lww", 4),
        ("version-vector-gap", 3),
        ("digest-outlives-data", 3),
        ("lww-tie", 6),
        ("store-replaced", 4),
        ("gossips-once", 2),
    ];
    common::bugs_show(&CrdtStoreModel, &table, |info| common::only(info.invariant, 300_000));
}

#[test]
fn stores_hold_where_their_mistakes_show() {
    common::protocol_holds_where_bugs_show(&CrdtStoreModel, 300_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    common::bugs_are_found_by_their_names(CrdtStoreModel.bugs(), &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn stores_hold_in_storms() {
    for info in CrdtStoreModel.scenarios().iter().filter(|info| info.name.starts_with("storm-")) {
        let found = common::storm_breaks_nothing(&CrdtStoreModel, info.name, &[], 20);
        assert_eq!(common::unreached(&found), [""; 0], "{}", info.name);
    }
}

#[test]
fn each_mistake_shows_in_a_storm_where_stores_hold() {
    common::bugs_show_in_storms(&CrdtStoreModel, 200, &[]);
    for info in CrdtStoreModel.bugs() {
        let (name, settings) = info.simulated;
        let bare = common::storm_breaks_nothing(&CrdtStoreModel, name, settings, 5);
        assert!(bare.marks.is_empty(), "{}: no faulty line runs in correct code", info.name);
    }
}
