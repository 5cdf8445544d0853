//! Logical clocks: each holds in every scenario of its own, to the last state, and every mistake
//! shows; but for one that is none.

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain_models::clocks::{Bug, ClocksModel};

/// The full space and the one without dead mail are the same here: what arrives is an event.
#[test]
fn clocks_hold_in_every_small_scenario() {
    // States, transitions, depth.
    let table = [
        ("lamport", (1_860, 3_819, 9)),
        ("lamport-restart", (16_352, 41_630, 12)),
        ("vector", (6_337, 14_492, 11)),
        ("hybrid", (20_940, 46_984, 12)),
        ("hybrid-jump", (113_036, 269_098, 14)),
        ("broadcast", (1_818, 6_354, 12)),
        ("broadcast-copies", (214, 532, 8)),
    ];
    common::small_scenarios_are(&ClocksModel, &table.map(|(name, _)| name));
    common::hold_as_large(&ClocksModel, &table, &common::up_to(200_000));
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("no-max", 2),
        ("no-tie-break", 2),
        ("clock-forgotten", 4),
        ("no-merge", 2),
        ("missing-entry", 5),
        ("equal-no-bump", 2),
        ("counter-reset", 3),
        ("unwired", 2),
        ("ignores-now", 3),
        ("no-drift-guard", 4),
        ("vector-gap", 3),
        ("fifo-only", 4),
        ("delivers-again", 4),
        ("no-recheck", 6),
    ];
    let limits = |info: &splitbrain::catalog::BugInfo| common::only(info.invariant, 200_000);
    common::bugs_show(&ClocksModel, &table, limits);
}

#[test]
fn clocks_hold_where_their_mistakes_show() {
    common::protocol_holds_where_bugs_show(&ClocksModel, 200_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = ClocksModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

/// Known as vc-double-increment, and not killed, since it is equivalent: the order of vectors is
/// the same, only their entries are larger.
#[test]
fn a_vector_clock_that_counts_twice_is_no_mistake() {
    let space = |increment: u64| {
        let scenario = common::scenario(&ClocksModel, "vector", None, &[("increment", increment)]);
        common::counts(&common::holds(&scenario, &common::up_to(200_000)))
    };
    assert_eq!(space(1), (6_337, 14_492, 11));
    assert_eq!(space(5), space(1), "however much it counts");
    common::storm_breaks_nothing(&ClocksModel, "storm-vector", &[("increment", 2)], 10);
}

/// A hybrid clock needs no guard to stay near physical time, as long as physical clocks do; and no
/// guard can do without them.
#[test]
fn hybrid_clocks_are_as_near_to_physical_time_as_clocks_are_to_each_other() {
    for apart in [1, 2] {
        let settings: Settings<'_> =
            &[("apart", apart), ("ahead", apart), ("sends", 1), ("ticks", 3)];
        let scenario = common::scenario(&ClocksModel, "hybrid", None, settings);
        common::holds(&scenario, &common::up_to(200_000));
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 3] = [
        ("hybrid", &[("apart", 2)], "make `ahead` as large"),
        ("broadcast", &[("crashes", 1)], "set `crashes` to 0"),
        ("storm-vector", &[("nodes", 4)], "set `nodes` to 3"),
    ];
    common::are_refused(&ClocksModel, &table);
}

#[test]
fn clocks_hold_in_storms() {
    for name in ["storm-lamport", "storm-vector", "storm-hybrid", "storm-broadcast"] {
        let found = common::storm_breaks_nothing(&ClocksModel, name, &[], 25);
        assert_eq!(common::unreached(&found), [""; 0], "{name}");
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&ClocksModel, 200, &[]);
}
