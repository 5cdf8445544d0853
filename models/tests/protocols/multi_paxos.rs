//! Multi-Paxos explored and simulated: what each scenario covers, and the bug that each invariant
//! catches.

use splitbrain::catalog::Model;
use splitbrain::explore::Limits;
use splitbrain_models::multi_paxos::{Bug, MultiPaxosModel};

use super::common;

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("election", (898, 6_453, 9), (370, 2_079, 8)),
        ("slots", (16_340, 249_343, 20), (720, 5_557, 15)),
        ("takeover", (34_436, 594_049, 22), (662, 5_387, 14)),
        ("rivals", (361, 5_471, 10), (40, 380, 6)),
        ("gap", (29_046, 731_137, 16), (520, 7_828, 9)),
        ("forward", (94, 886, 13), (34, 169, 10)),
        ("catch-up", (1_169, 14_893, 17), (162, 1_218, 12)),
        ("crash", (370_721, 1_937_035, 24), (15_482, 67_731, 17)),
    ];
    common::small_scenarios_hold(&MultiPaxosModel, &table, &Limits::default());
}

#[test]
fn deep_scenarios_that_are_not_so_deep_hold() {
    let table = [("deep-crash", (252_538, 3_157_447, 23)), ("retry", (79_066, 1_685_336, 20))];
    common::hold_as_large(&MultiPaxosModel, &table, &Limits::default());
}

#[test]
fn each_bug_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("execute-gap", 7),
        ("noop-overwrites", 9),
        ("stale-leader-ballot", 12),
        ("append-at-last", 8),
        ("ignore-promised-log", 10),
        ("gapped-cumulative-ack", 7),
        ("adopts-foreign-ballot", 6),
    ];
    common::bugs_show(&MultiPaxosModel, &table, |bug| common::only(bug.invariant, 100_000));
}

#[test]
fn answers_tell_that_a_command_was_lost() {
    let limits = common::only("linearizability", 100_000);
    let steps = common::shortest(&MultiPaxosModel, "takeover", "ignore-promised-log", &[], &limits);
    assert_eq!(steps, Some(12));
}

#[test]
fn what_exposes_a_bug_does_not_break_the_protocol() {
    common::protocol_holds_where_bugs_show(&MultiPaxosModel, 50_000, |_| false);
}

#[test]
fn a_storm_breaks_nothing() {
    common::storm_breaks_nothing(&MultiPaxosModel, "storm", &[], 100);
}

#[test]
fn each_bug_shows_in_a_storm() {
    common::bugs_show_in_storms(&MultiPaxosModel, 2_000, &[]);
}

#[test]
fn bugs_are_found_by_their_names() {
    let (listed, bugs) = (MultiPaxosModel.bugs(), Bug::OF_MULTI_PAXOS);
    common::bugs_are_found_by_their_names(listed, &bugs, Bug::name, Bug::named);
}

#[test]
fn parameters_that_name_nodes_name_nodes_there_are() {
    let there_are = "names nodes by digits from 1 to 3";
    common::are_refused(
        &MultiPaxosModel,
        &[
            ("deep", &[("turns", 14), ("commands", 1)], there_are),
            ("deep", &[("turns", 101), ("commands", 1)], there_are),
            ("deep", &[("at", 4), ("commands", 1)], there_are),
        ],
    );
}
