//! The chain: it holds in every scenario, to the last state, and every mistake shows.

use splitbrain::catalog::{BugInfo, Model};
use splitbrain::explore::Limits;
use splitbrain_models::chain::{Bug, ChainModel};

use super::common;

#[test]
fn the_chain_holds_in_every_small_scenario() {
    // States, transitions, depth.
    let table = [
        ("small", (165, 362, 11)),
        ("craq", (5_929, 20_522, 13)),
        ("crash", (9_108, 26_258, 17)),
        ("join", (171_682, 957_347, 22)),
        ("return", (27_138, 96_005, 18)),
        ("last", (174_330, 757_271, 26)),
        ("copies", (2_767, 9_517, 11)),
        ("joins", (26_108, 121_186, 18)),
        ("join-return", (122_142, 587_124, 22)),
        ("four", (89_494, 301_107, 21)),
    ];
    common::small_scenarios_are(&ChainModel, &table.map(|(name, _)| name));
    common::hold_as_large(&ChainModel, &table, &common::up_to(400_000));
}

/// To a violation of the bug's own invariant: some break another on the way.
fn search(info: &BugInfo) -> Limits {
    common::only(info.invariant, 400_000)
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("ack-not-tail", 4),
        ("no-resend", 5),
        ("early-tail", 5),
        ("stale-layout", 8),
        ("no-sequence", 3),
        ("craq-dirty-read", 3),
        ("craq-dirty-set", 8),
        ("no-reclean", 8),
        ("keeps-old-chain-after-restart", 6),
        ("no-lives", 7),
        ("clean-when-sent", 1),
    ];
    common::bugs_show(&ChainModel, &table, search);
}

#[test]
fn the_chain_holds_where_its_mistakes_show() {
    common::protocol_holds_where_bugs_show(&ChainModel, 400_000, |_| true);
}

#[test]
fn an_early_answer_is_seen_by_the_next_query() {
    let limits = common::only("linearizability", 10_000);
    let found = common::shortest(&ChainModel, "small", "ack-not-tail", &[], &limits);
    assert_eq!(found, Some(2), "the head answers, and the tail knows nothing of it");
}

#[test]
fn a_server_left_out_while_it_serves_answers_with_what_is_old() {
    let limits = common::only("linearizability", 100_000);
    let found = common::shortest(&ChainModel, "joins", "no-lives", &[], &limits);
    assert_eq!(found, Some(14));
}

#[test]
fn stalls_are_no_matter_of_what_clients_see() {
    for bug in ["no-resend", "no-reclean"] {
        let limits = common::only("linearizability", 400_000);
        let found = common::shortest(&ChainModel, "crash", bug, &[], &limits);
        assert_eq!(found, None, "{bug}");
    }
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = ChainModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn more_restarts_than_crashes_are_refused() {
    let refused = "set `crashes` to `restarts` at least";
    common::are_refused(&ChainModel, &[("small", &[("restarts", 1)], refused)]);
}

#[test]
fn the_chain_holds_in_storms() {
    for storm in ["storm", "storm-craq", "storm-join", "storm-fail-stop"] {
        let found = common::storm_breaks_nothing(&ChainModel, storm, &[], 50);
        assert!(found.asked_to_settle > 0, "{storm} is asked whether it recovers");
        // Only there is it said what a quiet chain has come to.
        assert!(storm != "storm-fail-stop" || found.quiet > 0, "{storm} comes to rest");
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&ChainModel, 1_000, &[]);
}
