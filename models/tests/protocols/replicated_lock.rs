//! The replicated lock: it holds in every scenario, to the last state, and every mistake shows.

use super::common::{self, only};
use splitbrain::catalog::Model;
use splitbrain::explore::Limits;
use splitbrain_models::replicated_lock::{Bug, ReplicatedLockModel};

#[test]
fn the_replicated_lock_holds_in_every_small_scenario() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("release", (2_624, 45_072, 26), (2_120, 26_988, 24)),
        ("expiry", (8_516, 121_542, 25), (8_372, 98_074, 24)),
        ("renewal", (78_596, 1_256_054, 26), (78_596, 1_061_202, 26)),
        ("retry", (14_108, 222_614, 21), (3_128, 33_734, 18)),
        ("failover", (16_192, 346_848, 25), (16_192, 301_680, 25)),
        ("restart", (39_576, 776_388, 19), (3_972, 58_846, 15)),
    ];
    common::small_scenarios_hold(&ReplicatedLockModel, &table, &Limits::default());
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("token-reset-on-failover", 22),
        ("async-failover", 13),
        ("return-after-expiry", 20),
        ("redlock-restart", 19),
        ("lease-not-renewed-on-failover", 19),
        ("expiry-names-lease", 29),
        ("renew-without-log", 24),
        ("no-fencing", 19),
    ];
    common::bugs_show(&ReplicatedLockModel, &table, |bug| only(bug.invariant, 400_000));
}

#[test]
fn the_replicated_lock_holds_where_its_mistakes_show() {
    let to_the_end = |bug: &str| bug != "async-failover";
    common::protocol_holds_where_bugs_show(&ReplicatedLockModel, 400_000, to_the_end);
}

#[test]
fn what_breaks_raft_is_seen_through_the_lock() {
    let bug = "redlock-restart";
    let (scenario, settings) = ReplicatedLockModel.bugs()[3].explored;
    let table = [
        ("election-safety", 13),
        ("leader-completeness", 14),
        ("log-matching", 16),
        ("state-machine-safety", 18),
        ("one-holder-per-token", 19),
        ("linearizability", 19),
    ];
    for (invariant, steps) in table {
        let limits = only(invariant, 400_000);
        let found = common::shortest(&ReplicatedLockModel, scenario, bug, settings, &limits);
        assert_eq!(found, Some(steps), "{invariant}");
    }
}

#[test]
fn a_store_without_a_fence_is_not_linearizable() {
    let (reads, limits) = (&[("reads", 1)], only("store-linearizable", 400_000));
    let found = common::shortest(&ReplicatedLockModel, "release", "no-fencing", reads, &limits);
    assert_eq!(found, Some(32));
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = ReplicatedLockModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let table: [(&str, common::Settings<'_>, &str); 4] = [
        ("elections", &[("lease", 2)], "make `lease` greater than twice `skew`"),
        (
            "elections",
            &[("turns", 14)],
            "`turns` names nodes by digits from 1 to 3 (1 is n0), and 4 is none",
        ),
        (
            "elections",
            &[("turns", 10)],
            "`turns` names nodes by digits from 1 to 3 (1 is n0), and 0 is none",
        ),
        ("elections", &[("turns", 3)], "there is no way to where exploration begins"),
    ];
    common::are_refused(&ReplicatedLockModel, &table);
}

#[test]
fn the_replicated_lock_holds_in_a_storm() {
    common::storm_breaks_nothing(&ReplicatedLockModel, "storm", &[], 300);
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&ReplicatedLockModel, 1_000, &[]);
}
