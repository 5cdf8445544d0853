//! Paxos explored and simulated: what each scenario covers, and the mistakes that each invariant
//! catches.

use super::common::{self, Settings, only, up_to};
use splitbrain::catalog::Model;
use splitbrain::explore::{Limits, way};
use splitbrain::{Node, Undisturbed};
use splitbrain_models::paxos::{Bug, Paxos, PaxosModel, Phase, State, Value};

/// The most states that a search here goes through.
const STATES: usize = 1_000_000;

/// How many steps a shortest violation of that invariant takes.
fn shortest(name: &str, bug: Bug, settings: Settings<'_>, invariant: &str) -> Option<usize> {
    common::shortest(&PaxosModel, name, bug.name(), settings, &only(invariant, STATES))
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
    common::small_scenarios_hold(&PaxosModel, &table, &up_to(STATES));
}

#[test]
fn each_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("accept-below-promise", 14),
        ("promise-not-stored", 14),
        ("amnesia", 16),
        ("ignore-accepted", 14),
        ("any-accepted", 20),
        ("promise-hides-accepted", 14),
        ("ballot-collision", 6),
        ("quorum-too-small", 10),
        ("no-bump-on-accept", 20),
        ("rephase2", 17),
        ("value-forgotten", 7),
        ("ballot-forgotten", 10),
    ];
    common::bugs_show(&PaxosModel, &table, |bug| only(bug.invariant, STATES));
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
    let scenario = common::scenario(&PaxosModel, "race", None, &[]);
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
    common::protocol_holds_where_bugs_show(&PaxosModel, STATES, |_| true);
}

/// An acceptor with one of the two votes for v1 restarts; then it and the one that has none promise
/// to p2, who can only know v1 from it.
#[test]
fn a_choice_survives_a_restart() {
    let stations = common::scenario(&PaxosModel, "restart", None, &[])
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
        let mistaken = common::scenario(&PaxosModel, name, Some(bug.name()), majorities);
        let report = common::explored(&mistaken, &up_to(STATES));
        assert!(report.found.is_empty(), "{name} with {bug:?}: {}", report.verdict);
        assert!(report.exhausted, "{name} with {bug:?} is explored to the end");
        assert_eq!(report.marks.contains_key(bug.name()), marked, "{name}: {bug:?} runs");
    }
}

#[test]
fn bugs_are_found_by_their_names() {
    let listed = PaxosModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
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
        (
            "race",
            &[("turns", 13)],
            "`turns` names nodes by digits from 1 to 2 (1 is n3), and 3 is none",
        ),
    ];
    common::are_refused(&PaxosModel, &table);
}

#[test]
fn paxos_holds_in_a_storm() {
    let found = common::storm_breaks_nothing(&PaxosModel, "storm", &[], 300);
    assert_eq!(common::unreached(&found), [""; 0]);
    for info in PaxosModel.bugs() {
        let (storm, settings) = info.simulated;
        let found = common::storm_breaks_nothing(&PaxosModel, storm, settings, 50);
        assert_eq!(common::unreached(&found), [""; 0], "settings of {}", info.name);
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&PaxosModel, 2_000, &[]);
}
