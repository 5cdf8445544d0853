//! The lock: it holds in every scenario, to the last state, and every mistake shows.

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain_models::lock::{Bug, LockModel};

#[test]
fn the_lock_holds_in_every_small_scenario() {
    // States, transitions, depth.
    let table = [
        ("small", (1_436, 4_410, 18)),
        ("crash", (59_510, 226_948, 26)),
        ("restart", (147_976, 663_212, 27)),
        ("release", (8_446, 27_984, 25)),
        ("renewal", (3_790, 11_686, 20)),
        ("copies", (61_950, 265_128, 25)),
        ("reads", (4_210, 12_900, 30)),
        ("three", (85_960, 430_934, 26)),
    ];
    common::small_scenarios_are(&LockModel, &table.map(|(name, _)| name));
    common::hold_as_large(&LockModel, &table, &common::up_to(300_000));
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("no-fencing", 14),
        ("token-ge", 10),
        ("token-reset", 9),
        ("lease-forgotten", 8),
        ("clock-skew", 10),
        ("release-not-owner", 15),
        ("return-after-expiry", 10),
        ("renew-after-expiry", 13),
    ];
    common::bugs_show(&LockModel, &table, |_| common::up_to(300_000));
}

#[test]
fn the_lock_holds_where_its_mistakes_show() {
    common::protocol_holds_where_bugs_show(&LockModel, 300_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = LockModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn a_store_without_a_fence_is_not_linearizable() {
    let copies: Settings<'_> = &[("reads", 1)];
    let table: [(&str, &str, Settings<'_>, usize); 2] =
        [("no-fencing", "reads", &[], 24), ("token-ge", "copies", copies, 17)];
    let limits = common::only("store-linearizable", 300_000);
    for (bug, scenario, settings, steps) in table {
        let found = common::shortest(&LockModel, scenario, bug, settings, &limits);
        assert_eq!(found, Some(steps), "{bug}");
    }
}

#[test]
fn a_lease_no_longer_than_the_skew_is_refused() {
    let refused = "make `lease` greater than `skew`";
    common::are_refused(&LockModel, &[("small", &[("lease", 2), ("skew", 2)], refused)]);
}

#[test]
fn the_lock_holds_in_a_storm() {
    common::storm_breaks_nothing(&LockModel, "storm", &[], 300);
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&LockModel, 2_000, &[]);
}
