//! The store in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Replica, scenarios};

/// A gossiping store of replicated types in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CrdtStoreModel;

impl Model for CrdtStoreModel {
    type Protocol = Replica;

    fn name(&self) -> &'static str {
        "crdt_store"
    }

    fn about(&self) -> &'static str {
        "A keyed store of values that converge by merging, spread by direct mail and by \
         anti-entropy: push, pull and push-pull with digests."
    }

    fn source(&self) -> &'static str {
        "Demers et al., Epidemic Algorithms for Replicated Database Maintenance (1987); DeCandia \
         et al., Dynamo (2007), §4.7; Almeida, Shoker, Baquero, Delta State Replicated Data Types \
         (2018)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Partial replication and membership: it is about convergence.",
            "Rumors that die out, and digests as trees of hashes: they save messages and decide \
             nothing.",
            "Deletion of keys, which is an element removed from a set of them.",
            "Fairness: that gossip reaches everybody is asked of one fault-free run from every \
             reached world, and of storms.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("push-pull", "in-step"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Replica>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "replicas", about: "Replicas.", default: 2, range: 2..=5 },
    Parameter {
        name: "keys",
        about: "Keys, each of another type: a counter, a set, a register, one that keeps \
                concurrent values, a counter that goes down, too, a flag, a map, a sequence.",
        default: 2,
        range: 1..=8,
    },
    Parameter {
        name: "first",
        about: "Which of the types the first key is of, from 0.",
        default: 0,
        range: 0..=7,
    },
    Parameter {
        name: "updates",
        about: "Updates at each replica, of the keys in turns.",
        default: 2,
        range: 1..=8,
    },
    Parameter {
        name: "gossips",
        about: "How often a replica removes its differences with a peer, in all.",
        default: 3,
        range: 0..=20,
    },
    Parameter {
        name: "mail",
        about: "1: an update is mailed to all others at once; 0: it is not.",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "disk",
        about: "1: stores survive a crash; 0: a replica comes back empty, under a new id.",
        default: 1,
        range: 0..=1,
    },
    Parameter {
        name: "crashes",
        about: "Crashes of n0, after each of which it runs again.",
        default: 0,
        range: 0..=3,
    },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "push",
        about: "Two replicas of a counter and a set send each other all they have.",
        engine: Engine::Explore,
        settings: &[("gossips", 4)],
    },
    ScenarioInfo {
        name: "pull",
        about: "Two replicas ask each other for what is missing.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "push-pull",
        about: "Two replicas ask each other, and are sent back what is missing there.",
        engine: Engine::Explore,
        settings: &[("gossips", 2)],
    },
    ScenarioInfo {
        name: "mail",
        about: "Updates are mailed at once, and a replica asks for what was lost.",
        engine: Engine::Explore,
        settings: &[("mail", 1), ("gossips", 2)],
    },
    ScenarioInfo {
        name: "three",
        about: "Three replicas of a counter, of which some hear of others by way of the third.",
        engine: Engine::Explore,
        settings: &[("replicas", 3), ("keys", 1), ("updates", 1), ("gossips", 4)],
    },
    ScenarioInfo {
        name: "removes",
        about: "Two replicas of a set add an element and remove it, while the other may do either.",
        engine: Engine::Explore,
        settings: &[("keys", 1), ("first", 1)],
    },
    ScenarioInfo {
        name: "amnesia",
        about: "A replica crashes, comes back empty under a new id, and asks for all of it again.",
        engine: Engine::Explore,
        settings: &[("disk", 0), ("crashes", 1), ("keys", 1), ("gossips", 2)],
    },
    ScenarioInfo {
        name: "three-push-pull",
        about: "Three replicas of a counter ask each other, and are sent back what is missing there.",
        engine: Engine::ExploreDeep,
        settings: &[("replicas", 3), ("keys", 1), ("updates", 1)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Two replicas of two keys mail updates and lose them, and ask each other by push-pull.",
        engine: Engine::ExploreDeep,
        settings: &[("mail", 1), ("gossips", 2)],
    },
    ScenarioInfo {
        name: "storm-push",
        about: "Three replicas of four keys under every fault, by push.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("keys", 4)],
    },
    ScenarioInfo {
        name: "storm-pull",
        about: "Three replicas of four keys under every fault, by mail and pull.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("keys", 4), ("mail", 1)],
    },
    ScenarioInfo {
        name: "storm-push-pull",
        about: "Five replicas of four keys under every fault, by mail and push-pull.",
        engine: Engine::Simulate,
        settings: &[("replicas", 5), ("keys", 4), ("mail", 1)],
    },
    ScenarioInfo {
        name: "storm-all",
        about: "Three replicas of eight keys, one of each type, under every fault, by push-pull.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("keys", 8)],
    },
    ScenarioInfo {
        name: "storm-busy",
        about: "Three replicas of three keys under every fault, by push-pull; some keys are asked for \
                more often than others.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("keys", 3)],
    },
    ScenarioInfo {
        name: "storm-amnesia",
        about: "Three replicas that come back empty from every crash.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("disk", 0)],
    },
];
