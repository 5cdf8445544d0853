//! Elections: each algorithm holds in every scenario of its own, and every mistake shows.

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain::{Act, ClientId, NodeId, Replay, Scenario, Step, replay};
use splitbrain_models::election::{Bug, Election, ElectionModel, Input, Message, bully};

fn scenario(name: &str, settings: Settings<'_>) -> Scenario<Election> {
    common::scenario(&ElectionModel, name, None, settings)
}

/// The full space and the one without dead mail are the same here: where mail matters to who may
/// rest, none is dead, and where links are FIFO, it keeps others waiting.
#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth.
    let table = [
        ("bully", (92, 181, 12)),
        ("bully-calls", (1_403, 3_821, 22)),
        ("bully-return", (3_580, 10_695, 23)),
        ("bully-crashes", (2_011, 5_409, 23)),
        ("ring", (538, 1_176, 22)),
        ("ring-crash", (42_885, 120_358, 30)),
        ("ring-return", (26_761, 81_181, 34)),
        ("randomized", (1_141, 1_998, 21)),
        ("randomized-twice", (1_584, 3_157, 28)),
    ];
    common::small_scenarios_are(&ElectionModel, &table.map(|(name, _)| name));
    for report in common::hold_as_large(&ElectionModel, &table, &common::up_to(200_000)) {
        assert!(report.quiet > 0, "it comes to rest: {}", report.verdict);
    }
}

#[test]
fn four_nodes_hold_where_that_is_small() {
    let table: [(&str, Settings<'_>, (usize, u64, u32)); 3] = [
        ("bully", &[("nodes", 4)], (48_190, 220_199, 32)),
        ("ring", &[("nodes", 4), ("callers", 4)], (8_766, 26_514, 39)),
        ("randomized", &[("nodes", 4), ("callers", 4)], (14_095, 29_432, 36)),
    ];
    for (name, settings, expected) in table {
        let report = common::holds(&scenario(name, settings), &common::up_to(200_000));
        assert_eq!(common::counts(&report), expected, "{name}: states, transitions, depth");
    }
}

#[test]
fn each_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("bully-false-timeout", 2),
        ("bully-stale-coordinator", 13),
        ("bully-ok-then-crash", 7),
        ("ring-no-participant", 5),
        ("ring-initiator-crash", 6),
        ("rand-no-round", 5),
    ];
    common::bugs_show(&ElectionModel, &table, |_| common::up_to(200_000));
}

#[test]
fn elections_hold_where_their_mistakes_show() {
    common::protocol_holds_where_bugs_show(&ElectionModel, 200_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = ElectionModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

/// The bully is right only because silence means death, and every verdict says that it is assumed.
#[test]
fn without_its_assumption_the_bully_breaks_in_two_steps() {
    let says = |scenario: &Scenario<Election>, part: &str| {
        scenario.in_words().iter().any(|line| line.contains(part))
    };
    let assuming = scenario("bully-calls", &[]);
    assert!(says(&assuming, "assuming `Answer` never fires at a node while"));
    assert!(says(&assuming, "assuming messages are lost only at nodes that are down"));
    let without = scenario("bully-calls", &[("synchrony", 0)]);
    assert!(!says(&without, "`Answer`"));
    let report = common::explored(&without, &common::up_to(200_000));
    let first = &report.found[0];
    assert_eq!(first.reason, "n0 and n2 both lead in epoch 0");
    let n0 = NodeId(0);
    let client = ClientId(0);
    let two = [
        Step::new(n0, Act::Input { client, input: Input::Elect }),
        Step::new(n0, Act::Timeout(bully::Timer::Answer)),
    ];
    assert_eq!(first.trace, two, "n0 calls an election, and takes silence for death");
}

/// That messages are lost only at nodes that are down is part of what can happen at all.
#[test]
fn mail_is_lost_only_at_nodes_that_are_down() {
    let scenario = scenario("bully", &[("callers", 1)]);
    let (n0, n2) = (NodeId(0), NodeId(2));
    let called = scenario.lanes[0].inputs[0].1;
    let call = Step::new(n0, Act::Input { client: ClientId(0), input: called });
    let lost = Act::Drop { from: n0, message: Message::Bully(bully::Message::Election) };
    let lost = Step::new(n2, lost);
    match replay(&scenario, &[call.clone(), lost.clone()], None) {
        Replay::WentAnotherWay(detour) => assert_eq!(detour.at, 1, "n2 is up"),
        other => panic!("it cannot be lost: {other:?}"),
    }
    let crash = Step::new(n2, Act::Crash);
    let ran = replay(&scenario, &[call, crash, lost], None);
    assert!(matches!(ran, Replay::RanToEnd), "n2 is down: {ran:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 3] = [
        ("ring", &[("callers", 4)], "set `callers` to 3 at most"),
        ("randomized", &[("crashes", 1)], "set `crashes` to 0"),
        ("randomized", &[("rounds", 4)], "set `rounds` to 3 at most"),
    ];
    common::are_refused(&ElectionModel, &table);
}

#[test]
fn elections_hold_in_storms() {
    for name in ["storm-bully", "storm-ring", "storm-randomized"] {
        let found = common::storm_breaks_nothing(&ElectionModel, name, &[], 100);
        assert!(found.quiet > 0, "{name} comes to rest");
        assert_eq!(common::unreached(&found), [""; 0], "{name}");
    }
}

#[test]
fn each_mistake_shows_in_a_storm_where_elections_hold() {
    common::bugs_show_in_storms(&ElectionModel, 200, &[]);
    for info in ElectionModel.bugs() {
        let (name, settings) = info.simulated;
        let bare = common::storm_breaks_nothing(&ElectionModel, name, settings, 30);
        assert!(bare.marks.is_empty(), "{}: no faulty line runs in correct code", info.name);
    }
}
