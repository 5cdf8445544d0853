//! Flexible Paxos in the catalog: its parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::scenarios;
use crate::multi_paxos::MultiPaxos;
use crate::multi_paxos::model as multi;
use crate::parts::machine::Total;

/// Multi-Paxos with quorums that meet only where they must, replicating a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FlexiblePaxosModel;

impl Model for FlexiblePaxosModel {
    type Protocol = MultiPaxos<Total>;

    fn name(&self) -> &'static str {
        "flexible_paxos"
    }

    fn about(&self) -> &'static str {
        "Multi-Paxos in which quorums of promises meet quorums of acceptances, and no others need \
         meet: counts, grids and weights."
    }

    fn source(&self) -> &'static str {
        "Howard, Malkhi and Spiegelman, Flexible Paxos: Quorum Intersection Revisited, 2016"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        NOT_MODELLED
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("alone", "chosen-by-few"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<MultiPaxos<Total>>, String> {
        scenarios::build(ask)
    }
}

const NOT_MODELLED: &[&str] = &[
    "Quorums that change from ballot to ballot.",
    "What multi_paxos leaves out: reconfiguration, compaction, reads that bypass the slots, \
     batching, disks that fail.",
];

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "system",
        about: "What makes a quorum: 0 how many there are, 1 a row or a column of a grid, 2 weights.",
        default: 0,
        range: 0..=2,
    },
    Parameter {
        name: "prepare",
        about: "Who must promise: how many, or how much weight; in a grid 1 is a row, 2 a column.",
        default: 3,
        range: 1..=99,
    },
    Parameter {
        name: "accept",
        about: "Who must accept: how many, or how much weight; in a grid 1 is a row, 2 a column.",
        default: 2,
        range: 1..=99,
    },
    Parameter {
        name: "nodes",
        about: "Replicas, where they are counted.",
        default: 4,
        range: 1..=9,
    },
    Parameter { name: "rows", about: "Rows of the grid.", default: 2, range: 1..=3 },
    Parameter { name: "columns", about: "Columns of the grid.", default: 2, range: 1..=3 },
    Parameter {
        name: "weights",
        about: "The replicas' weights, a digit each.",
        default: 2111,
        range: 1..=999_999_999,
    },
    multi::ELECTIONS,
    multi::TURNS,
    multi::HEARTBEATS,
    multi::COMMANDS,
    multi::AT,
    multi::RETRIES,
    multi::CRASHES,
    multi::DROPS,
    multi::DUPLICATES,
    multi::SET_LINKS,
];

const GRID: u64 = 1;
const WEIGHTS: u64 = 2;

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "alone",
        about: "All of three replicas promise, and one accepts: what n0 proposes is chosen at once. \
                n0 may lead, then n1.",
        engine: Engine::Explore,
        settings: ALONE,
    },
    ScenarioInfo {
        name: "counts",
        about: "Three of four replicas promise, two accept: n2 lacks one promise, and must hear of \
                what n0 and n1 have accepted.",
        engine: Engine::Explore,
        settings: &[("turns", 13), ("commands", 1), ("at", 1)],
    },
    ScenarioInfo {
        name: "grid",
        about: "A column of a 2x2 grid promises, a row accepts: n3 hears of what n0's row has \
                accepted, whichever column promises.",
        engine: Engine::Explore,
        settings: &[
            ("system", GRID),
            ("prepare", 2),
            ("accept", 1),
            ("turns", 14),
            ("commands", 1),
            ("at", 1),
        ],
    },
    ScenarioInfo {
        name: "weights",
        about: "n0 has two votes of five, three others one each, and three votes decide: n2 and n3 \
                need one more.",
        engine: Engine::Explore,
        settings: &[
            ("system", WEIGHTS),
            ("prepare", 3),
            ("accept", 3),
            ("turns", 13),
            ("commands", 1),
            ("at", 1),
        ],
    },
    ScenarioInfo {
        name: "deep-counts",
        about: "Three of four promise, two accept: n0 leads, then n2, each with a command.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 13), ("commands", 2), ("at", 13)],
    },
    ScenarioInfo {
        name: "deep-grid",
        about: "A column of a 2x2 grid promises, a row accepts: n0 leads, then n2, each with a \
                command.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("system", GRID),
            ("prepare", 2),
            ("accept", 1),
            ("turns", 13),
            ("commands", 2),
            ("at", 13),
        ],
    },
    ScenarioInfo {
        name: "deep-weights",
        about: "n0 has two votes of five, and three decide: n0 leads, then n2, each with a \
                command.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("system", WEIGHTS),
            ("prepare", 3),
            ("accept", 3),
            ("turns", 13),
            ("commands", 2),
            ("at", 13),
        ],
    },
    ScenarioInfo {
        name: "storm",
        about: "Four of five replicas promise and two accept, under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("nodes", 5), ("prepare", 4), ("accept", 2)],
    },
    ScenarioInfo {
        name: "storm-grid",
        about: "A column of a 2x2 grid promises and a row accepts, under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("system", GRID), ("prepare", 2), ("accept", 1)],
    },
    ScenarioInfo {
        name: "storm-weights",
        about: "Three votes of five decide, and n0 has two, under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("system", WEIGHTS), ("prepare", 3), ("accept", 3)],
    },
];

const ALONE: &[(&str, u64)] =
    &[("nodes", 3), ("prepare", 3), ("accept", 1), ("turns", 12), ("commands", 1), ("at", 1)];
