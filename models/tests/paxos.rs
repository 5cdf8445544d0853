//! Paxos explored and simulated: what each scenario covers, and the mistakes that each invariant
//! catches.

use std::collections::BTreeMap;

use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore, way};
use splitbrain::serde::Deserialize;
use splitbrain::serde::de::IntoDeserializer;
use splitbrain::serde::de::value::Error as Misread;
use splitbrain::simulate::{Campaign, simulate};
use splitbrain::{Node, Scenario, Undisturbed};
use splitbrain_models::paxos::{Bug, Paxos, PaxosModel, Phase, State, Value};

type Settings<'a> = &'a [(&'a str, u64)];

fn built(name: &str, bug: Option<&str>, settings: Settings<'_>) -> Result<Scenario<Paxos>, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&PaxosModel, name, bug, &given).map_err(|misfit| misfit.to_string())
}

fn explored(
    name: &str,
    bug: Option<&str>,
    settings: Settings<'_>,
    limits: Limits,
) -> Exploration<Paxos> {
    let scenario = built(name, bug, settings).expect("a scenario of the catalog");
    let limits = Limits { states: Some(1_000_000), ..limits };
    explore(&scenario, &limits, &mut Undisturbed).expect("it makes sense")
}

/// The length of a shortest trace to a violation of that invariant.
fn shortest(name: &str, bug: Bug, settings: Settings<'_>, invariant: &str) -> Option<usize> {
    let only = Limits { only: Some(invariant.to_string()), ..Limits::default() };
    let report = explored(name, Some(bug.name()), settings, only);
    assert!(report.marks.contains_key(bug.name()), "{}: its line is marked", bug.name());
    let found = report.found.iter().find(|found| found.invariant == invariant);
    found.map(|found| found.trace.len())
}

#[test]
fn small_scenarios_hold_exhaustively() {
    // States, transitions, depth: first in full, then without dead mail.
    let table = [
        ("race", (14_265, 261_738, 22), (3_789, 15_915, 19)),
        ("rivals", (11_856, 332_238, 18), (3_808, 15_685, 15)),
        ("nacks", (36_752, 149_784, 27), (7_872, 28_078, 25)),
        ("restart", (42_795, 761_832, 24), (11_367, 52_468, 21)),
        ("flexible", (1_764, 24_276, 22), (1_704, 5_733, 21)),
        ("reborn", (11_287, 197_584, 23), (1_905, 6_751, 20)),
    ];
    let listed = PaxosModel.scenarios().iter().filter(|info| info.engine == Engine::Explore);
    let names: Vec<&str> = table.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, listed.map(|info| info.name).collect::<Vec<_>>(), "all are in the table");
    for (name, in_full, without_dead_mail) in table {
        for (full, expected) in [(true, in_full), (false, without_dead_mail)] {
            let report = explored(name, None, &[], Limits { full, ..Limits::default() });
            assert!(report.verdict.holds(), "{name}: {}", report.verdict);
            assert!(report.exhausted, "{name} is explored to the end");
            let unreached: Vec<_> = report.goals.iter().filter(|(_, at)| at.is_none()).collect();
            assert!(unreached.is_empty(), "{name} never reaches {unreached:?}");
            let counts = (report.states, report.transitions, report.depth());
            assert_eq!(counts, expected, "{name}, in full: {full}");
        }
    }
}

#[test]
fn each_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        (Bug::AcceptBelowPromise, 14),
        (Bug::PromiseNotStored, 14),
        (Bug::Amnesia, 16),
        (Bug::IgnoreAccepted, 14),
        (Bug::AnyAccepted, 20),
        (Bug::PromiseHidesAccepted, 14),
        (Bug::BallotCollision, 6),
        (Bug::QuorumTooSmall, 10),
        (Bug::NoBumpOnAccept, 20),
        (Bug::Rephase2, 17),
        (Bug::ValueForgotten, 7),
        (Bug::BallotForgotten, 10),
    ];
    assert_eq!(table.map(|(bug, _)| bug), Bug::ALL, "every mistake has a row");
    for (info, (bug, steps)) in PaxosModel.bugs().iter().zip(table) {
        assert_eq!(info.name, bug.name());
        let (name, settings) = info.explored;
        assert_eq!(shortest(name, bug, settings, info.invariant), Some(steps), "{}", info.name);
    }
}

#[test]
fn votes_tell_sooner_than_what_is_learned() {
    let collision: Settings<'_> = &[("acceptors", 2), ("prepare", 1), ("accept", 2)];
    let table: [(&str, Bug, Settings<'_>, usize, usize); 6] = [
        ("race", Bug::AcceptBelowPromise, &[], 14, 18),
        ("race", Bug::IgnoreAccepted, &[], 14, 18),
        ("restart", Bug::Amnesia, &[], 16, 20),
        ("rivals", Bug::AnyAccepted, &[], 20, 24),
        ("race", Bug::BallotCollision, collision, 10, 14),
        ("reborn", Bug::BallotForgotten, &[], 14, 16),
    ];
    for (name, bug, settings, voted, learned) in table {
        let steps = ["agreement", "learners-agree"]
            .map(|invariant| shortest(name, bug, settings, invariant));
        assert_eq!(steps, [Some(voted), Some(learned)], "{bug:?}");
    }
}

#[test]
fn every_invariant_is_broken_by_a_mistake() {
    let collision: Settings<'_> = &[("acceptors", 2), ("prepare", 1), ("accept", 2)];
    let table: [(&str, &str, Bug, Settings<'_>, usize); 5] = [
        ("validity", "race", Bug::ValueForgotten, &[], 7),
        ("agreement", "race", Bug::IgnoreAccepted, &[], 14),
        ("learned-is-chosen", "race", Bug::QuorumTooSmall, &[], 5),
        ("learners-agree", "race", Bug::QuorumTooSmall, &[], 10),
        ("one-value-per-ballot", "race", Bug::BallotCollision, collision, 6),
    ];
    let scenario = built("race", None, &[]).expect("listed");
    let names: Vec<&str> = scenario.invariants.iter().map(|invariant| invariant.name).collect();
    assert_eq!(names, table.map(|(invariant, ..)| invariant), "every invariant has a row");
    for (invariant, name, bug, settings, steps) in table {
        assert_eq!(shortest(name, bug, settings, invariant), Some(steps), "{invariant}");
    }
}

/// The scenario that begins behind two proposals misses nothing shorter.
#[test]
fn three_ballots_take_as_long_from_the_start() {
    for bug in [Bug::AnyAccepted, Bug::NoBumpOnAccept] {
        let steps = ["rivals", "retry"].map(|scenario| shortest(scenario, bug, &[], "agreement"));
        assert_eq!(steps, [Some(20), Some(20)], "{bug:?}");
    }
}

#[test]
fn quorums_that_are_one_too_small() {
    let table: [(&str, Settings<'_>, usize); 4] = [
        ("1 and 1 of 3", &[], 10),
        ("2 and 1 of 3", &[("prepare", 3)], 14),
        ("1 and 2 of 3", &[("accept", 3)], 14),
        ("2 and 2 of 4", &[("acceptors", 4)], 18),
    ];
    for (quorums, settings, steps) in table {
        let found = shortest("race", Bug::QuorumTooSmall, settings, "learners-agree");
        assert_eq!(found, Some(steps), "{quorums}");
    }
}

#[test]
fn what_exposes_a_mistake_does_not_break_the_protocol() {
    for info in PaxosModel.bugs() {
        let (name, settings) = info.explored;
        let report = explored(name, None, settings, Limits::default());
        assert!(report.verdict.holds(), "{}: {}", info.name, report.verdict);
        assert!(report.exhausted, "{}: its scenario is explored to the end", info.name);
        assert!(report.marks.is_empty(), "{}: no faulty line runs", info.name);
    }
}

/// An acceptor with one of the two votes for v1 restarts; then it and the one that has none promise
/// to p2, who can only know v1 from it.
#[test]
fn a_choice_survives_a_restart() {
    let stations = built("restart", None, &[])
        .expect("listed")
        .waypoint("a1 and a2 have chosen v1, and a1 is down.", |_, nodes| {
            voted_v1(&nodes[0]) && voted_v1(&nodes[1]) && !nodes[0].up
        })
        .waypoint("a1 is back.", |_, nodes| nodes[0].up)
        .waypoint("p2 adopts v1, and a2 has not promised it anything.", |_, nodes| {
            let proposes_v1 = Phase::Proposing { value: Value(1), accepted: Vec::new() };
            match (&nodes[4].state, &nodes[1].state) {
                (State::Proposer(p2), State::Acceptor(a2)) => {
                    p2.phase == proposes_v1 && a2.promised != p2.ballot
                }
                _ => unreachable!("acceptors come first"),
            }
        });
    let steps = way(&stations, &Limits::default(), &mut Undisturbed).map(|steps| steps.len());
    assert_eq!(steps, Ok(14));
}

fn voted_v1(node: &Node<Paxos>) -> bool {
    match &node.state {
        State::Acceptor(acceptor) => acceptor.accepted.is_some_and(|vote| vote.value == Value(1)),
        State::Proposer(_) => false,
    }
}

/// Two mistakes take three ballots; and equal ballots do no harm where quorums of phase 1 meet,
/// since an acceptor promises a ballot once, to one proposer.
#[test]
fn what_is_no_mistake_within_smaller_bounds() {
    let majorities: Settings<'_> = &[("acceptors", 3), ("prepare", 2), ("accept", 2)];
    let table = [
        ("race", Bug::AnyAccepted, false),
        ("race", Bug::NoBumpOnAccept, true),
        ("race", Bug::BallotCollision, true),
        ("retry", Bug::BallotCollision, true),
    ];
    for (name, bug, marked) in table {
        let report = explored(name, Some(bug.name()), majorities, Limits::default());
        assert!(report.found.is_empty(), "{name} with {bug:?}: {}", report.verdict);
        assert!(report.exhausted, "{name} with {bug:?} is explored to the end");
        assert_eq!(report.marks.contains_key(bug.name()), marked, "{name}: {bug:?} runs");
    }
}

#[test]
fn bugs_are_found_by_their_names() {
    let listed: Vec<&str> = PaxosModel.bugs().iter().map(|info| info.name).collect();
    assert_eq!(listed, Bug::ALL.map(Bug::name));
    for bug in Bug::ALL {
        assert_eq!(Bug::named(bug.name()), Some(bug));
        let in_files: Result<Bug, Misread> = Bug::deserialize(bug.name().into_deserializer());
        assert_eq!(in_files, Ok(bug), "its name in files is that on the command line");
    }
    assert_eq!(Bug::named("no-such-bug"), None);
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 4] = [
        (
            "race",
            &[("acceptors", 4), ("prepare", 2), ("accept", 2)],
            "{n0, n1} may promise while {n2, n3} accept",
        ),
        ("race", &[("prepare", 4)], "any 4 of 3 is never reached"),
        ("rivals", &[("acceptors", 5)], "rivals are two proposers before three acceptors"),
        ("race", &[("turns", 13)], "`turns` names proposers by digits from 1 to 2, and 3 is none"),
    ];
    for (name, settings, expected) in table {
        let refused = built(name, None, settings).expect_err("it makes no sense");
        assert!(refused.contains(expected), "{refused}");
    }
}

/// Runs a storm with that mistake until it breaks that invariant, and says in which run it does.
fn first_failure(bug: Option<(&str, &str)>, settings: Settings<'_>, runs: u64) -> Option<u64> {
    let name = bug.map(|(name, _)| name);
    let scenario = built("storm", name, settings).expect("a storm");
    let only = bug.map(|(_, invariant)| invariant.to_string());
    let campaign = Campaign { threads: 2, only, ..Campaign::new(runs, 1) };
    let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("a storm makes sense");
    if bug.is_none() {
        let unreached: Vec<_> = found.goals.iter().filter(|(_, runs)| *runs == 0).collect();
        assert!(unreached.is_empty(), "the storm never reaches {unreached:?}");
    }
    found.failure.map(|failure| {
        assert!(failure.replays, "{name:?}: {} is replayed", failure.violation.reason);
        failure.run
    })
}

#[test]
fn paxos_holds_in_a_storm() {
    assert_eq!(first_failure(None, &[], 300), None);
    for info in PaxosModel.bugs() {
        assert_eq!(first_failure(None, info.simulated.1, 50), None, "settings of {}", info.name);
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    for info in PaxosModel.bugs() {
        let run = first_failure(Some((info.name, info.invariant)), &[], 2_000);
        assert!(run.is_some(), "{} breaks {} in some run", info.name, info.invariant);
    }
}
