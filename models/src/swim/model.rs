//! SWIM in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Swim, scenarios};

/// SWIM in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SwimModel;

impl Model for SwimModel {
    type Protocol = Swim;

    fn name(&self) -> &'static str {
        "swim"
    }

    fn about(&self) -> &'static str {
        "SWIM: group membership by probing in turn, asking others, suspicion that can be refuted, \
         and gossip that rides along."
    }

    fn source(&self) -> &'static str {
        "Das, Gupta & Motivala, SWIM: Scalable Weakly-consistent Infection-style Process Group \
         Membership Protocol (DSN 2002); the buddy system of Dadgar, Phillips & Currey, Lifeguard \
         (2018)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Protocol periods of one fixed length: a probe that is answered directly takes one wait, \
             and one that is not takes two.",
            "Random choices of relays and targets: all are asked, in a fixed order.",
            "Numbers of probes, so a late ack counts for the next probe of its target.",
            "A bound on how much rides on a message, which small groups do not reach.",
            "Discovery: the addresses of all who may ever join are known.",
            "A crash of all members at once, after which nobody could welcome anybody.",
            "Exchange of whole lists now and then, which would mend what gossip missed.",
            "Removing the dead from the list after a while.",
            "Fairness: that views converge is asked of one continuation of each state, and of the \
             calm after each storm.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("patient", "refutation-heard"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Swim>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "nodes", about: "nodes", default: 3, range: 2..=9 },
    Parameter {
        name: "turns",
        about: "whose waits for an ack end, in order: a digit for each, 1 is n0",
        default: 1111,
        range: 0..=999_999_999_999,
    },
    Parameter {
        name: "suspicion",
        about: "periods that a suspicion lasts",
        default: 1,
        range: 0..=200,
    },
    Parameter {
        name: "tells",
        about: "how often a member tells a piece of news",
        default: 1,
        range: 1..=100,
    },
    Parameter {
        name: "outside",
        about: "nodes that are outside at first",
        default: 0,
        range: 0..=8,
    },
    Parameter {
        name: "inputs",
        about: "how often the last node leaves or joins, in turn",
        default: 0,
        range: 0..=9,
    },
    Parameter { name: "crashes", about: "members that stop", default: 0, range: 0..=9 },
    Parameter { name: "restarts", about: "members that run again", default: 0, range: 0..=9 },
    Parameter {
        name: "mortal",
        about: "nodes that may crash, a digit each: 2 is n1",
        default: 2,
        range: 0..=999_999_999,
    },
    Parameter { name: "drops", about: "messages that are lost", default: 0, range: 0..=9 },
    Parameter {
        name: "cut",
        about: "1: the link between n0 and n1 is broken",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "patience",
        about: "1: nobody gives a probe up while messages of it are on their way",
        default: 0,
        range: 0..=1,
    },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "small",
        about: "n0 is hasty, and suspects a member that is well, which refutes it.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "crash",
        about: "n1 may crash, and n0 and n2 come to know.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("turns", 11131)],
    },
    ScenarioInfo {
        name: "rejoined",
        about: "n1 crashes and comes back, in its next incarnation.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("restarts", 1), ("turns", 111)],
    },
    ScenarioInfo {
        name: "left",
        about: "n2 leaves and comes back while n0 is hasty.",
        engine: Engine::Explore,
        settings: &[("inputs", 2), ("turns", 11)],
    },
    ScenarioInfo {
        name: "joined",
        about: "n2 joins a group of two, one of whom suspects the other.",
        engine: Engine::Explore,
        settings: &[("outside", 1), ("inputs", 1), ("turns", 111)],
    },
    ScenarioInfo {
        name: "two-probers",
        about: "n0 and n2 are hasty, and suspect each other and n1.",
        engine: Engine::Explore,
        settings: &[("turns", 13_131)],
    },
    ScenarioInfo {
        name: "patient",
        about: "Two messages are lost, everybody is patient, and nobody is declared dead.",
        engine: Engine::Explore,
        settings: &[("patience", 1), ("drops", 2), ("suspicion", 2), ("turns", 111_111)],
    },
    ScenarioInfo {
        name: "patient-all",
        about: "The same where all three probe, and accuse each other.",
        engine: Engine::Explore,
        settings: &[("patience", 1), ("drops", 2), ("suspicion", 3), ("turns", 123_123_123_123)],
    },
    ScenarioInfo {
        name: "broken-link",
        about: "n0 and n1 cannot reach each other, and know through n2 that they are well.",
        engine: Engine::Explore,
        settings: &[("patience", 1), ("cut", 1), ("suspicion", 2), ("turns", 121_212_121_212)],
    },
    ScenarioInfo {
        name: "buried",
        about: "n1 is declared dead twice, though it refutes the first time.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 111_111_111), ("suspicion", 0)],
    },
    ScenarioInfo {
        name: "again",
        about: "n1 crashes and comes back among two hasty members.",
        engine: Engine::ExploreDeep,
        settings: &[("crashes", 1), ("restarts", 1), ("turns", 131_131)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Four nodes under loss, copies, partitions, pauses and crashes; one leaves and \
                joins now and then.",
        engine: Engine::Simulate,
        settings: &[("nodes", 4), ("suspicion", 3), ("tells", 4), ("mortal", 234)],
    },
    ScenarioInfo {
        name: "storm-lossy",
        about: "Three patient members lose up to two messages in five, and nobody is declared \
                dead.",
        engine: Engine::Simulate,
        settings: &[("patience", 1), ("suspicion", 40), ("tells", 4)],
    },
    ScenarioInfo {
        name: "storm-cut",
        about: "n0 and n1 cannot reach each other, and nobody is declared dead.",
        engine: Engine::Simulate,
        settings: &[("nodes", 4), ("patience", 1), ("cut", 1), ("tells", 4)],
    },
];
