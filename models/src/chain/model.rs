//! The chain in the catalog: its parameters and scenarios by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Chain, scenarios};

/// Chain replication and CRAQ in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ChainModel;

impl Model for ChainModel {
    type Protocol = Chain;

    fn name(&self) -> &'static str {
        "chain"
    }

    fn about(&self) -> &'static str {
        "Chain replication: updates from head to tail, failure of each role, joining as the tail; \
         and CRAQ, where every server answers queries."
    }

    fn source(&self) -> &'static str {
        "van Renesse & Schneider, Chain Replication for Supporting High Throughput and \
         Availability (OSDI 2004); Terrace & Freedman, Object Storage on CRAQ (USENIX ATC 2009)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "More than one object: a chain orders the updates of each by themselves.",
            "What updates do: each adds one and is answered with the total.",
            "A master that fails: the paper has it replicated.",
            "Mistaken suspicion: servers are fail-stop, and the master's detector is perfect.",
            "A last member that stays the tail while a server joins: here it stops first.",
            "Answers that are lost: a client hears an answer when it is given.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("crash", "middle-bridged"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Chain>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "members",
        about: "Servers in the chain at first.",
        default: 3,
        range: 1..=8,
    },
    Parameter { name: "spares", about: "Servers that ask to join.", default: 0, range: 0..=3 },
    Parameter {
        name: "apportioned",
        about: "Whether every member answers queries, as in CRAQ.",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "updates",
        about: "Updates, each of a client of its own.",
        default: 2,
        range: 0..=8,
    },
    Parameter {
        name: "queries",
        about: "Queries of one client, one after another.",
        default: 1,
        range: 0..=8,
    },
    Parameter { name: "crashes", about: "Servers that stop.", default: 0, range: 0..=8 },
    Parameter { name: "restarts", about: "Servers that come back.", default: 0, range: 0..=8 },
    Parameter { name: "duplicates", about: "Doubled messages.", default: 0, range: 0..=5 },
    Parameter {
        name: "repeats",
        about: "How often nodes say again what may be lost.",
        default: 0,
        range: 0..=8,
    },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "small",
        about: "Two updates and two queries, and nobody fails.",
        engine: Engine::Explore,
        settings: &[("queries", 2)],
    },
    ScenarioInfo {
        name: "craq",
        about: "Two updates, and queries at any server.",
        engine: Engine::Explore,
        settings: &[("apportioned", 1), ("queries", 2)],
    },
    ScenarioInfo {
        name: "crash",
        about: "Any one server fails: the head, the middle or the tail.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("queries", 2)],
    },
    ScenarioInfo {
        name: "join",
        about: "A spare server joins a chain of two during updates.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("spares", 1)],
    },
    ScenarioInfo {
        name: "return",
        about: "A server of two fails, comes back and joins.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "last",
        about: "Both servers of a chain fail, and come back one by one.",
        engine: Engine::Explore,
        settings: &[
            ("members", 2),
            ("updates", 1),
            ("queries", 0),
            ("crashes", 2),
            ("restarts", 2),
        ],
    },
    ScenarioInfo {
        name: "copies",
        about: "A message arrives twice, while queries go to any server.",
        engine: Engine::Explore,
        settings: &[("apportioned", 1), ("duplicates", 1), ("updates", 1), ("queries", 2)],
    },
    ScenarioInfo {
        name: "joins",
        about: "Two spares join one server in turn, and a message arrives twice.",
        engine: Engine::Explore,
        settings: &[("members", 1), ("spares", 2), ("updates", 1), ("duplicates", 1)],
    },
    ScenarioInfo {
        name: "join-return",
        about: "A spare joins a chain of two; one of the three fails, and comes back.",
        engine: Engine::Explore,
        settings: &[("members", 2), ("spares", 1), ("updates", 1), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "craq-crash",
        about: "Any one server fails, and queries go to those that run.",
        engine: Engine::ExploreDeep,
        settings: &[("apportioned", 1), ("queries", 2), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "four",
        about: "A chain of four, of which any two fail, one after the other or at once.",
        engine: Engine::Explore,
        settings: &[("members", 4), ("updates", 1), ("crashes", 2)],
    },
    ScenarioInfo {
        name: "four-deep",
        about: "The same with two updates.",
        engine: Engine::ExploreDeep,
        settings: &[("members", 4), ("crashes", 2)],
    },
    ScenarioInfo {
        name: "join-crash",
        about: "A spare joins a chain of two, one of the three fails, and nothing stays undone.",
        engine: Engine::ExploreDeep,
        settings: &[("members", 2), ("spares", 1), ("updates", 1), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "join-returns",
        about: "A spare joins a chain of two; two fail, and come back.",
        engine: Engine::ExploreDeep,
        settings: &[("members", 2), ("spares", 1), ("updates", 1), ("crashes", 2), ("restarts", 2)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three servers lose messages, are cut off, stand still, crash and come back.",
        engine: Engine::Simulate,
        settings: &[("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "storm-craq",
        about: "The same, and every server answers queries.",
        engine: Engine::Simulate,
        settings: &[("crashes", 1), ("restarts", 1), ("apportioned", 1)],
    },
    ScenarioInfo {
        name: "storm-join",
        about: "The same, with two in the chain at first and two that ask to join.",
        engine: Engine::Simulate,
        settings: &[("crashes", 1), ("restarts", 1), ("members", 2), ("spares", 2)],
    },
    ScenarioInfo {
        name: "storm-fail-stop",
        about: "Servers crash and come back on links that lose nothing, and nothing stays undone.",
        engine: Engine::Simulate,
        settings: &[("crashes", 1), ("restarts", 1), ("apportioned", 1)],
    },
];
