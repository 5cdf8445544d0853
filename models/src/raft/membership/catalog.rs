//! Changes of members in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::super::Raft;
use super::super::model;
use super::bugs::BUGS;
use super::scenarios;
use crate::parts::machine::Total;

/// Raft whose members change, replicating a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RaftMembershipModel;

impl Model for RaftMembershipModel {
    type Protocol = Raft<Total>;

    fn name(&self) -> &'static str {
        "raft_membership"
    }

    fn about(&self) -> &'static str {
        "Raft whose members change while it runs: one server at a time, or many by joint \
         consensus; learners, and a leader that removes itself."
    }

    fn source(&self) -> &'static str {
        "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (Extended \
         Version), 2014, §6; Ongaro, Consensus: Bridging Theory and Practice, 2014, §4; Ongaro, \
         bug in single-server membership changes, raft-dev, 2015-07-10"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Rounds of catching up: a learner may vote once it holds what is committed.",
            "How servers are started and stopped: one that was removed keeps its log and runs on.",
            "Answers to the operator: it asks for what shall be so, twice if it likes.",
            "Whatever else the model `raft` leaves out.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("joint", "joint-left"))
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn scenarios(&self) -> &'static [ScenarioInfo] {
        SCENARIOS
    }

    fn bugs(&self) -> &'static [BugInfo] {
        BUGS
    }

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Raft<Total>>, String> {
        scenarios::build(ask)
    }
}

/// Digits that name servers.
const DIGITS: std::ops::RangeInclusive<u64> = 0..=999_999_999;

const PARAMETERS: &[Parameter] = &[
    model::NODES,
    Parameter {
        name: "members",
        about: "How many of them, from n0 on, are members at first. 0 is all.",
        default: 0,
        range: 0..=9,
    },
    model::ELECTIONS,
    model::TURNS,
    model::HEARTBEATS,
    model::COMMANDS,
    Parameter {
        name: "learn",
        about: "Servers to send the log, a digit each: 3 is n2. Changes are asked for one after \
                the other, first these.",
        default: 0,
        range: DIGITS,
    },
    Parameter {
        name: "add",
        about: "Servers to make voters, a digit each, after that.",
        default: 0,
        range: DIGITS,
    },
    Parameter {
        name: "remove",
        about: "Servers to remove, a digit each, after that.",
        default: 0,
        range: DIGITS,
    },
    Parameter {
        name: "joint",
        about: "The voters to have in the end, by joint consensus, a digit each. 0 is no change.",
        default: 0,
        range: DIGITS,
    },
    Parameter {
        name: "at",
        about: "Where the changes are asked for, a digit each: 12 is n0, n1. 0 is any leader.",
        default: 0,
        range: DIGITS,
    },
    Parameter {
        name: "noop",
        about: "1: a new leader commits an empty entry, and may change members after it; 0: it \
                waits for a command.",
        default: 1,
        range: 0..=1,
    },
    Parameter {
        name: "loyal",
        about: "1: servers that hear of a leader disregard candidates; 0: they do not.",
        default: 0,
        range: 0..=1,
    },
    model::CRASHES,
    model::SET_LINKS,
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "add",
        about: "n0 leads two servers and adds a third, which counts at once.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("turns", 1), ("add", 3), ("commands", 1)],
    },
    ScenarioInfo {
        name: "remove",
        about: "n0 leads three servers and removes one; n1 may lead after it.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("remove", 3)],
    },
    ScenarioInfo {
        name: "one-by-one",
        about: "n0 leads three servers and removes the others, one after the other; n1 may lead \
                meanwhile.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("remove", 32)],
    },
    ScenarioInfo {
        name: "removed-server",
        about: "n2 is removed, is not told, and stands for election.",
        engine: Engine::Explore,
        settings: &[("turns", 13), ("remove", 3)],
    },
    ScenarioInfo {
        name: "loyal",
        about: "The same, where servers that hear of a leader disregard n2.",
        engine: Engine::Explore,
        settings: &[("turns", 13), ("remove", 3), ("loyal", 1)],
    },
    ScenarioInfo {
        name: "leader-removed",
        about: "n0 leads, removes itself and retires; n1 leads those who are left.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("remove", 1)],
    },
    ScenarioInfo {
        name: "learner",
        about: "n2 learns, catches up, and is made a voter.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("turns", 12), ("learn", 3), ("add", 3)],
    },
    ScenarioInfo {
        name: "joint",
        about: "n0 leads alone and hands over to n1 and n2 by joint consensus.",
        engine: Engine::Explore,
        settings: &[("members", 1), ("turns", 12), ("joint", 23)],
    },
    ScenarioInfo {
        name: "joint-takeover",
        about: "n0 leads n1, and the two give way to n0 and n2 by joint consensus; n1 may lead \
                meanwhile.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("turns", 12), ("joint", 13)],
    },
    ScenarioInfo {
        name: "handover",
        about: "n0 leads n1, and hands over to n2 and n3 by joint consensus; n2 leads after it.",
        engine: Engine::Explore,
        settings: &[("nodes", 4), ("members", 2), ("turns", 13), ("joint", 34)],
    },
    ScenarioInfo {
        name: "needed-again",
        about: "n0 hands over to n1, but crashes before n1 hears that it leads alone: n0 must stand \
                for election once more.",
        engine: Engine::Explore,
        settings: &[("nodes", 2), ("members", 1), ("turns", 121), ("joint", 2), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "crash",
        about: "n0 leads two servers and adds a third; one crashes at any time, and knows the \
                members from its log again.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("turns", 12), ("add", 3), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "rival-changes",
        about: "n0 removes n3, and n1 removes n2, each as the leader of four; then n0 may lead \
                again. The members that they come to could decide apart.",
        engine: Engine::ExploreDeep,
        settings: &[("nodes", 4), ("turns", 121), ("remove", 43), ("at", 12)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Two elections at any of three servers, one of which is removed, and a command.",
        engine: Engine::ExploreDeep,
        settings: &[("elections", 2), ("remove", 3), ("commands", 1)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Five servers, of which an operator adds and removes one after the other, under \
                every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("nodes", 5), ("loyal", 1)],
    },
    ScenarioInfo {
        name: "storm-joint",
        about: "Five servers, among which an operator changes many at once by joint consensus, \
                under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("nodes", 5), ("members", 3), ("loyal", 1)],
    },
];
