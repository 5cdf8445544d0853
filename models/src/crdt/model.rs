//! Replicated types in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Replication, scenarios};

/// Replicated data types in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CrdtModel;

impl Model for CrdtModel {
    type Protocol = Replication;

    fn name(&self) -> &'static str {
        "crdt"
    }

    fn about(&self) -> &'static str {
        "Data types that converge by merging: counters, registers, a flag, a set, a map and a \
         sequence, sent as whole states or as deltas."
    }

    fn source(&self) -> &'static str {
        "Shapiro, Preguiça, Baquero, Zawirski, Conflict-free Replicated Data Types (2011); \
         Almeida, Shoker, Baquero, Delta State Replicated Data Types (2018); Burckhardt, Gotsman, \
         Yang, Zawirski, Replicated Data Types: Specification, Verification, Optimality (2014)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Operation-based types, which need causal delivery exactly once.",
            "Membership: who joins forks a copy.",
            "Collection of tombstones, which needs to know what all have seen; here as a mistake \
             only.",
            "Fairness: that gossip reaches everybody is asked of one fault-free run from every \
             reached world, and of storms.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("or-set", "add-wins"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Replication>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "replicas", about: "Replicas.", default: 2, range: 2..=5 },
    Parameter { name: "updates", about: "Updates at each replica.", default: 2, range: 1..=5 },
    Parameter {
        name: "gossips",
        about: "How often a replica tells a peer what it knows, in all.",
        default: 5,
        range: 0..=20,
    },
    Parameter {
        name: "deltas",
        about: "1: replicas send what others lack; 0: all they know.",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "disk",
        about: "1: copies survive a crash; 0: a replica comes back empty, under a new id.",
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

const THREE: &[(&str, u64)] = &[("replicas", 3)];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "g-counter",
        about: "Two replicas count up.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "pn-counter",
        about: "Two replicas count down and up.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "lww-register",
        about: "Two replicas write a register at the same time, and the later write stands.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "mv-register",
        about: "Two replicas write a register at the same time, and it keeps both values.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "flag",
        about: "One replica disables a flag while the other enables it, and it is enabled.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "or-set",
        about: "One replica removes an element while the other adds it, and it is in.",
        engine: Engine::Explore,
        settings: &[("updates", 3)],
    },
    ScenarioInfo {
        name: "lww-map",
        about: "Two replicas put something under a key and delete it.",
        engine: Engine::Explore,
        settings: &[("updates", 3), ("gossips", 4)],
    },
    ScenarioInfo {
        name: "sequence",
        about: "One replica erases a letter while the other writes behind it.",
        engine: Engine::Explore,
        settings: &[("updates", 4)],
    },
    ScenarioInfo {
        name: "three",
        about: "Three replicas of a set, of which some hear of others by way of the third.",
        engine: Engine::Explore,
        settings: &[("replicas", 3), ("updates", 1), ("gossips", 4)],
    },
    ScenarioInfo {
        name: "amnesia",
        about: "A replica of a counter crashes, comes back empty, and counts on under a new id.",
        engine: Engine::Explore,
        settings: &[("disk", 0), ("crashes", 1), ("gossips", 4)],
    },
    ScenarioInfo {
        name: "deltas",
        about: "Two replicas of a set send each other what is not acknowledged, and one crashes.",
        engine: Engine::Explore,
        settings: &[("deltas", 1), ("crashes", 1), ("gossips", 3)],
    },
    ScenarioInfo {
        name: "deltas-three",
        about: "Three replicas of a set pass deltas on.",
        engine: Engine::ExploreDeep,
        settings: &[("deltas", 1), ("replicas", 3), ("updates", 1), ("gossips", 4)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Three replicas of a set add and remove twice over.",
        engine: Engine::ExploreDeep,
        settings: &[("replicas", 3), ("gossips", 4)],
    },
    ScenarioInfo {
        name: "storm-g-counter",
        about: "Three replicas of a counter under every fault.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-pn-counter",
        about: "Three replicas of a counter that goes up and down.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-lww-register",
        about: "Three replicas of a register of which the last write stands.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-mv-register",
        about: "Three replicas of a register that keeps concurrent values.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-flag",
        about: "Three replicas of a flag.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-or-set",
        about: "Three replicas of a set.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-lww-map",
        about: "Three replicas of a map.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-sequence",
        about: "Three replicas of a sequence.",
        engine: Engine::Simulate,
        settings: THREE,
    },
    ScenarioInfo {
        name: "storm-amnesia",
        about: "Three replicas of a counter that come back empty from every crash.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("disk", 0)],
    },
    ScenarioInfo {
        name: "storm-deltas",
        about: "Three replicas of a set that send deltas.",
        engine: Engine::Simulate,
        settings: &[("replicas", 3), ("deltas", 1)],
    },
];
