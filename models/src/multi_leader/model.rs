//! Multi-leader replication in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{MultiLeader, scenarios};

/// Multi-leader replication in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MultiLeaderModel;

impl Model for MultiLeaderModel {
    type Protocol = MultiLeader;

    fn name(&self) -> &'static str {
        "multi_leader"
    }

    fn about(&self) -> &'static str {
        "Replication with a leader everywhere: conflicts found by version vectors, kept, merged, \
         settled by a rule or won by the last writer, and anti-entropy."
    }

    fn source(&self) -> &'static str {
        "Parker et al., Detection of Mutual Inconsistency (1983); Demers et al., Epidemic \
         Algorithms (1987); DeCandia et al., Dynamo (SOSP 2007); Preguiça et al., Dotted Version \
         Vectors (2010)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Deleted keys, because a deletion is a write of nothing.",
            "Leaders that come and go, whose entries would have to be forgotten.",
            "Logs: versions and a vector are all that is ever sent again.",
            "Leaders that lose their disk, which would give their dots a second time.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("siblings", "conflict-shown"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<MultiLeader>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "leaders", about: "Leaders.", default: 3, range: 2..=9 },
    Parameter { name: "keys", about: "Keys.", default: 1, range: 1..=9 },
    Parameter {
        name: "writers",
        about: "Leaders that have users, from n0 on.",
        default: 3,
        range: 1..=9,
    },
    Parameter { name: "editors", about: "Users of each of them.", default: 1, range: 1..=9 },
    Parameter {
        name: "saves",
        about: "How often each of them opens a key and saves it.",
        default: 1,
        range: 1..=100,
    },
    Parameter {
        name: "exchanges",
        about: "How often leaders compare with another.",
        default: 0,
        range: 0..=9,
    },
    Parameter { name: "crashes", about: "Leaders that stop.", default: 0, range: 0..=9 },
    Parameter { name: "restarts", about: "Leaders that run again.", default: 0, range: 0..=9 },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "siblings",
        about: "Two of three leaders take writes of one key; versions are kept until replaced.",
        engine: Engine::Explore,
        settings: &[("writers", 2), ("saves", 2)],
    },
    ScenarioInfo {
        name: "editors",
        about: "Two users of one leader open a key before either saves it.",
        engine: Engine::Explore,
        settings: &[("leaders", 2), ("writers", 2), ("editors", 2)],
    },
    ScenarioInfo {
        name: "last-writer",
        about: "Three leaders take writes of one key, and the last writer wins.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "merge",
        about: "Three leaders take writes of one key, whose values are sets.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "custom",
        about: "Three leaders take writes of one key; the first leader's users go first, and the \
                next user goes on from theirs.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "causes",
        about: "A write of one key depends on that of another, and overtakes it.",
        engine: Engine::Explore,
        settings: &[("keys", 2), ("writers", 2)],
    },
    ScenarioInfo {
        name: "repair",
        about: "Two leaders lose messages and a leader, and compare with each other.",
        engine: Engine::Explore,
        settings: &[
            ("leaders", 2),
            ("writers", 2),
            ("exchanges", 2),
            ("crashes", 1),
            ("restarts", 1),
        ],
    },
    ScenarioInfo {
        name: "siblings-deep",
        about: "Three leaders with users that write one key, and a comparison.",
        engine: Engine::ExploreDeep,
        settings: &[("exchanges", 1)],
    },
    ScenarioInfo {
        name: "causes-deep",
        about: "Two keys, each written by two leaders' users in turn.",
        engine: Engine::ExploreDeep,
        settings: &[("keys", 2), ("writers", 2), ("saves", 2), ("exchanges", 1)],
    },
    ScenarioInfo {
        name: "last-writer-deep",
        about: "The last writer wins, of two leaders' users that write twice and compare.",
        engine: Engine::ExploreDeep,
        settings: &[("writers", 2), ("saves", 2), ("exchanges", 1)],
    },
    ScenarioInfo {
        name: "storm-siblings",
        about: "Versions are kept side by side, under every kind of fault but wiped disks.",
        engine: Engine::Simulate,
        settings: &[("keys", 2)],
    },
    ScenarioInfo {
        name: "storm-last-writer",
        about: "The last writer wins, under every kind of fault but wiped disks.",
        engine: Engine::Simulate,
        settings: &[("keys", 2)],
    },
    ScenarioInfo {
        name: "storm-merge",
        about: "Values are merged, under every kind of fault but wiped disks.",
        engine: Engine::Simulate,
        settings: &[("keys", 2)],
    },
    ScenarioInfo {
        name: "storm-custom",
        about: "A rule of the application's decides, under every kind of fault but wiped disks.",
        engine: Engine::Simulate,
        settings: &[("keys", 2)],
    },
];
