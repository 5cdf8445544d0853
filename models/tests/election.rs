//! Elections: each algorithm holds in every scenario of its own, and every mistake shows.

use std::collections::BTreeMap;

use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, Simulation, simulate};
use splitbrain::{Act, ClientId, NodeId, Replay, Scenario, Step, Undisturbed, replay};
use splitbrain_models::election::{Bug, Election, ElectionModel, Input, Message, bully};

type Settings<'a> = &'a [(&'a str, u64)];

fn scenario(name: &str, bug: Option<&str>, settings: Settings<'_>) -> Scenario<Election> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&ElectionModel, name, bug, &given).expect("a scenario of the catalog")
}

fn explored(scenario: &Scenario<Election>) -> Exploration<Election> {
    let limits = Limits { states: Some(200_000), ..Limits::default() };
    explore(scenario, &limits, &mut Undisturbed).expect("a scenario that makes sense")
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
    let listed = ElectionModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
    let listed: Vec<&str> = listed.map(|info| info.name).collect();
    assert_eq!(listed, table.map(|(name, _)| name), "every small scenario has a row");
    for (name, expected) in table {
        let report = explored(&scenario(name, None, &[]));
        assert!(report.verdict.holds(), "{name}: {}", report.verdict);
        assert!(report.exhausted, "{name} is explored to the end");
        let unreached: Vec<_> = report.goals.iter().filter(|(_, at)| at.is_none()).collect();
        assert!(unreached.is_empty(), "{name} never reaches {unreached:?}");
        assert!(report.quiet > 0, "{name} comes to rest");
        let counts = (report.states, report.transitions, report.depth());
        assert_eq!(counts, expected, "{name}: states, transitions, depth");
    }
}

#[test]
fn four_nodes_hold_where_that_is_small() {
    let table: [(&str, Settings<'_>, (usize, u64, u32)); 3] = [
        ("bully", &[("nodes", 4)], (48_190, 220_199, 32)),
        ("ring", &[("nodes", 4), ("callers", 4)], (8_766, 26_514, 39)),
        ("randomized", &[("nodes", 4), ("callers", 4)], (0, 0, 0)),
    ];
    for (name, settings, expected) in table {
        let report = explored(&scenario(name, None, settings));
        assert!(report.verdict.holds(), "{name}: {}", report.verdict);
        let counts = (report.states, report.transitions, report.depth());
        assert_eq!(counts, expected, "{name}: states, transitions, depth");
    }
}

#[test]
fn each_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        (Bug::BullyFalseTimeout, 2),
        (Bug::BullyStaleCoordinator, 13),
        (Bug::BullyOkThenCrash, 7),
        (Bug::RingNoParticipant, 5),
        (Bug::RingInitiatorCrash, 6),
        (Bug::RandNoRound, 5),
    ];
    assert_eq!(table.map(|(bug, _)| bug), Bug::ALL, "every mistake has a row");
    for (info, (bug, steps)) in ElectionModel.bugs().iter().zip(table) {
        assert_eq!(info.name, bug.name());
        let (name, settings) = info.explored;
        let report = explored(&scenario(name, Some(info.name), settings));
        let first = &report.found[0];
        assert_eq!(first.invariant, info.invariant, "{}: {}", info.name, first.reason);
        assert_eq!(first.trace.len(), steps, "{}: steps to the violation", info.name);
        assert!(report.marks.contains_key(info.name), "{}: its line ran", info.name);
    }
}

#[test]
fn elections_hold_where_their_mistakes_show() {
    for info in ElectionModel.bugs() {
        let (name, settings) = info.explored;
        let report = explored(&scenario(name, None, settings));
        assert!(report.verdict.holds(), "{}: {}", info.name, report.verdict);
        assert!(report.exhausted, "{}: its scenario is explored to the end", info.name);
        assert!(report.marks.is_empty(), "{}: no faulty line runs in correct code", info.name);
    }
}

#[test]
fn mistakes_are_found_by_their_names() {
    for bug in Bug::ALL {
        assert_eq!(Bug::named(bug.name()), Some(bug));
    }
    assert_eq!(Bug::named("no-such-bug"), None);
}

/// The bully is right only because silence means death, and every verdict says that it is assumed.
#[test]
fn without_its_assumption_the_bully_breaks_in_two_steps() {
    let says = |scenario: &Scenario<Election>, part: &str| {
        scenario.in_words().iter().any(|line| line.contains(part))
    };
    let assuming = scenario("bully-calls", None, &[]);
    assert!(says(&assuming, "assuming `Answer` never fires at a node while"));
    assert!(says(&assuming, "assuming messages are lost only at nodes that are down"));
    let without = scenario("bully-calls", None, &[("synchrony", 0)]);
    assert!(!says(&without, "`Answer`"));
    let report = explored(&without);
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
    let scenario = scenario("bully", None, &[("callers", 1)]);
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
    for (name, settings, advice) in table {
        let given = settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
        let refused = build(&ElectionModel, name, None, &given).expect_err("it makes no sense");
        assert!(refused.to_string().contains(advice), "{refused}");
    }
}

/// Runs a storm to the first run that breaks that invariant, or any.
fn storm(scenario: &Scenario<Election>, only: Option<&str>, runs: u64) -> Simulation<Election> {
    let only = only.map(str::to_string);
    let campaign = Campaign { threads: 2, keep_going: false, only, ..Campaign::new(runs, 1) };
    simulate(scenario, &campaign, &mut Undisturbed).expect("a storm makes sense")
}

#[test]
fn elections_hold_in_storms() {
    for name in ["storm-bully", "storm-ring", "storm-randomized"] {
        let found = storm(&scenario(name, None, &[]), None, 100);
        assert_eq!(found.failures, 0, "{name}: {}", found.verdict);
        assert!(found.quiet > 0, "{name} comes to rest");
        let unreached: Vec<_> = found.goals.iter().filter(|(_, runs)| *runs == 0).collect();
        assert!(unreached.is_empty(), "{name} never reaches {unreached:?}");
    }
}

#[test]
fn each_mistake_shows_in_a_storm_where_elections_hold() {
    for info in ElectionModel.bugs() {
        let (name, settings) = info.simulated;
        let found = storm(&scenario(name, Some(info.name), settings), Some(info.invariant), 200);
        let failure = found.failure.unwrap_or_else(|| panic!("{}: {}", info.name, found.verdict));
        assert!(failure.replays, "{}: {} is replayed", info.name, failure.violation.reason);
        let bare = storm(&scenario(name, None, settings), None, 30);
        assert_eq!(bare.failures, 0, "{}: {}", info.name, bare.verdict);
        assert!(bare.marks.is_empty(), "{}: no faulty line runs in correct code", info.name);
    }
}
