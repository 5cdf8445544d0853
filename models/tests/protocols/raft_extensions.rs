//! Raft's extensions: they hold in every small scenario, and every mistake shows.

use super::common::{self, Counts};
use splitbrain::explore::Limits;
use splitbrain_models::raft::RaftExtensionsModel;

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, where that takes no longer than a second, then
    // without dead mail.
    let table: [(&str, Option<Counts>, Counts); 7] = [
        ("read-index", Some((341_152, 7_720_534, 24)), (9_755, 159_598, 18)),
        ("no-op", Some((44_672, 1_008_700, 20)), (3_001, 50_834, 16)),
        ("lease", None, (61_392, 1_087_582, 23)),
        ("pre-vote", None, (1_232, 17_259, 19)),
        ("pre-vote-terms", Some((182, 346, 14)), (182, 346, 14)),
        ("transfer", Some((56_561, 1_087_021, 24)), (5_909, 83_656, 21)),
        ("snapshot", Some((120_839, 1_990_495, 20)), (120_839, 1_829_383, 20)),
    ];
    common::small_scenarios_are(&RaftExtensionsModel, &table.map(|(name, ..)| name));
    let in_full: Vec<(&str, Counts)> =
        table.iter().filter_map(|(name, full, _)| full.map(|full| (*name, full))).collect();
    let limits = Limits { full: true, ..Limits::default() };
    common::hold_as_large(&RaftExtensionsModel, &in_full, &limits);
    let without_dead_mail = table.map(|(name, _, without)| (name, without));
    common::hold_as_large(&RaftExtensionsModel, &without_dead_mail, &Limits::default());
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("read-no-quorum", 13),
        ("readindex-no-noop", 14),
        ("lease-drift", 20),
        ("lease-forgotten", 18),
        ("transfer-keeps-lease", 17),
        ("transfer-unchecked", 11),
        ("pre-vote-clears-vote", 11),
        ("pre-vote-mutual-block", 6),
        ("snapshot-truncates-suffix", 11),
        ("snapshot-mislabel", 7),
        ("purged-prev-deletes-all", 10),
    ];
    common::bugs_show(&RaftExtensionsModel, &table, |bug| common::only(bug.invariant, 100_000));
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    common::protocol_holds_where_bugs_show(&RaftExtensionsModel, 50_000, |_| false);
}

#[test]
fn a_lease_no_longer_than_the_skew_is_refused() {
    let refused = "make `lease` greater than `skew`";
    common::are_refused(&RaftExtensionsModel, &[("lease", &[("lease", 2), ("skew", 2)], refused)]);
}

#[test]
fn storms_do_not_break_the_protocol() {
    for scenario in ["storm", "storm-lease", "storm-pre-vote"] {
        common::storm_breaks_nothing(&RaftExtensionsModel, scenario, &[], 50);
    }
}

#[test]
fn most_mistakes_show_in_a_few_storms() {
    let late = ["lease-drift", "lease-forgotten", "transfer-keeps-lease", "transfer-unchecked"];
    let late = [late.as_slice(), &["pre-vote-clears-vote", "pre-vote-mutual-block"]].concat();
    common::bugs_show_in_storms(&RaftExtensionsModel, 150, &late);
}
