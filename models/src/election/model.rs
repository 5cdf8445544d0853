//! Elections in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Election, scenarios};

/// Leader election in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ElectionModel;

impl Model for ElectionModel {
    type Protocol = Election;

    fn name(&self) -> &'static str {
        "election"
    }

    fn about(&self) -> &'static str {
        "Leader election behind one interface: the bully, a ring of names, and a ring without \
         names that draws lots."
    }

    fn source(&self) -> &'static str {
        "Garcia-Molina, Elections in a Distributed Computing System (1982); Chang & Roberts, An \
         Improved Algorithm for Decentralized Extrema-Finding (1979); Itai & Rodeh, Symmetry \
         Breaking in Distributed Networks (1990), and Fokkink & Pang (2006)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "What leaders are for, because it changes no election.",
            "The bully's third phase, Ready, which hands out the task.",
            "The bully's check for nodes it has not heard of: who restarts calls an election.",
            "A cluster that grows or shrinks.",
            "Crashes on the ring without names, which must know its own size.",
            "Fairness: that timers and lots come to an end is checked in storms only.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("bully", "leader-replaced"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Election>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "nodes", about: "Nodes.", default: 3, range: 2..=9 },
    Parameter {
        name: "callers",
        about: "Nodes that call an election, from n0 on.",
        default: 0,
        range: 0..=9,
    },
    Parameter {
        name: "calls",
        about: "Elections that each of them calls.",
        default: 1,
        range: 1..=10_000,
    },
    Parameter { name: "crashes", about: "Crashes.", default: 0, range: 0..=9 },
    Parameter { name: "restarts", about: "Restarts.", default: 0, range: 0..=9 },
    Parameter {
        name: "mortal",
        about: "Nodes that may crash, from the highest down.",
        default: 9,
        range: 0..=9,
    },
    Parameter {
        name: "reports",
        about: "How often a node can be told of another's crash.",
        default: 1,
        range: 0..=1_000,
    },
    Parameter {
        name: "retries",
        about: "How often nodes wait for a coordinator in vain (bully).",
        default: 0,
        range: 0..=9,
    },
    Parameter {
        name: "synchrony",
        about: "1: silence means death, which the bully rests on; 0: it may be slowness.",
        default: 1,
        range: 0..=1,
    },
    Parameter {
        name: "ids",
        about: "Ids that nodes without names draw from.",
        default: 2,
        range: 1..=9,
    },
    Parameter {
        name: "rounds",
        about: "Rounds of an election without names that are followed.",
        default: 2,
        range: 1..=100,
    },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "bully",
        about: "The leader crashes, and the next lower node takes over.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("mortal", 1)],
    },
    ScenarioInfo {
        name: "bully-calls",
        about: "Two nodes call elections though the leader is well, and it stays.",
        engine: Engine::Explore,
        settings: &[("callers", 2)],
    },
    ScenarioInfo {
        name: "bully-return",
        about: "The leader crashes and comes back, and bullies whoever leads then.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("restarts", 1), ("mortal", 1)],
    },
    ScenarioInfo {
        name: "bully-crashes",
        about: "The leader crashes, and so does whoever was to follow it.",
        engine: Engine::Explore,
        settings: &[("crashes", 2), ("retries", 1), ("mortal", 2)],
    },
    ScenarioInfo {
        name: "ring",
        about: "All nodes call an election at once: one name comes home.",
        engine: Engine::Explore,
        settings: &[("callers", 3)],
    },
    ScenarioInfo {
        name: "ring-crash",
        about: "A node crashes during an election, perhaps the one that called it.",
        engine: Engine::Explore,
        settings: &[("callers", 3), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "ring-return",
        about: "A node crashes and comes back, and the ring is closed twice.",
        engine: Engine::Explore,
        settings: &[("callers", 1), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "randomized",
        about: "All nodes call an election and draw one of two ids.",
        engine: Engine::Explore,
        settings: &[("callers", 3)],
    },
    ScenarioInfo {
        name: "randomized-twice",
        about: "Two nodes call two elections each, and draw one of three ids.",
        engine: Engine::Explore,
        settings: &[("callers", 2), ("calls", 2), ("ids", 3)],
    },
    ScenarioInfo {
        name: "bully-deep",
        about: "Two crashes and two restarts of any nodes.",
        engine: Engine::ExploreDeep,
        settings: &[("crashes", 2), ("restarts", 2), ("retries", 1)],
    },
    ScenarioInfo {
        name: "ring-deep",
        about: "Four nodes, one of which crashes and comes back.",
        engine: Engine::ExploreDeep,
        settings: &[("nodes", 4), ("callers", 1), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "ring-crashes",
        about: "Two nodes crash, and the third is left.",
        engine: Engine::ExploreDeep,
        settings: &[("callers", 1), ("crashes", 2)],
    },
    ScenarioInfo {
        name: "ring-returns",
        about: "Two nodes crash, and one of them comes back, perhaps to nobody.",
        engine: Engine::ExploreDeep,
        settings: &[("callers", 1), ("crashes", 2), ("restarts", 1), ("mortal", 2)],
    },
    ScenarioInfo {
        name: "randomized-deep",
        about: "Four nodes that all call an election and draw one of three ids.",
        engine: Engine::ExploreDeep,
        settings: &[("nodes", 4), ("callers", 4), ("ids", 3), ("rounds", 3)],
    },
    ScenarioInfo {
        name: "storm-bully",
        about: "Four nodes crash, restart and stand still; silence means death, however long it \
                takes.",
        engine: Engine::Simulate,
        settings: &[("nodes", 4), ("callers", 4), ("calls", 6_000), ("reports", 100)],
    },
    ScenarioInfo {
        name: "storm-ring",
        about: "Four nodes crash, restart and stand still, on a slow ring.",
        engine: Engine::Simulate,
        settings: &[("nodes", 4), ("callers", 4), ("calls", 6_000), ("reports", 100)],
    },
    ScenarioInfo {
        name: "storm-randomized",
        about: "Four nodes without names stand still for a while, on a slow ring.",
        engine: Engine::Simulate,
        settings: &[("nodes", 4), ("callers", 4), ("calls", 6_000), ("ids", 4)],
    },
];
