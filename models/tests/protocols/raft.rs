//! Raft explored: what each scenario covers, and the bug that each invariant catches.

use splitbrain::catalog::Model;
use splitbrain::explore::Limits;
use splitbrain_models::raft::{Bug, RaftExtensionsModel, RaftMembershipModel, RaftModel};

use super::common;

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("election", (110_324, 1_380_222, 18), (11_699, 103_305, 15)),
        ("crash", (221_123, 998_250, 20), (30_218, 124_350, 16)),
        ("replication", (3_137, 40_345, 16), (3_137, 36_169, 16)),
        ("takeover", (56_612, 1_021_315, 23), (3_774, 50_869, 19)),
        ("rivals", (672, 12_208, 10), (132, 1_972, 7)),
        ("retry", (279, 2_240, 12), (279, 1_964, 12)),
    ];
    common::small_scenarios_hold(&RaftModel, &table, &Limits::default());
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("forgot-vote", 8),
        ("step-down-same-term", 7),
        ("double-vote", 6),
        ("stale-vote-count", 7),
        ("minority-quorum", 2),
        ("candidate-never-retries", 2),
        ("no-election-restriction", 9),
        ("length-only", 14),
        ("commit-old-term", 20),
        ("no-prev-check", 14),
        ("truncate-on-any-append", 7),
        ("commit-beyond-match", 12),
        ("match-is-last-index", 13),
        ("ack-before-durable", 8),
        ("duplicate-apply", 8),
    ];
    common::bugs_show(&RaftModel, &table, |bug| common::only(bug.invariant, 100_000));
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    common::protocol_holds_where_bugs_show(&RaftModel, 20_000, |_| false);
}

/// Those of Raft itself, of changes of members and of the extensions are one enum.
#[test]
fn bugs_are_found_by_their_names() {
    let listed =
        [RaftModel.bugs(), RaftMembershipModel.bugs(), RaftExtensionsModel.bugs()].concat();
    common::bugs_are_found_by_their_names(&listed, &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn parameters_that_name_nodes_name_nodes_there_are() {
    let there_are = "names nodes by digits from 1 to 3";
    common::are_refused(
        &RaftModel,
        &[
            ("deep", &[("turns", 14), ("commands", 1)], there_are),
            ("deep", &[("turns", 101), ("commands", 1)], there_are),
            ("deep", &[("at", 4), ("commands", 1)], there_are),
        ],
    );
}
