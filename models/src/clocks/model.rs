//! Logical clocks in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Equivalent, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Clocks, scenarios};

/// Logical clocks in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ClocksModel;

impl Model for ClocksModel {
    type Protocol = Clocks;

    fn name(&self) -> &'static str {
        "clocks"
    }

    fn about(&self) -> &'static str {
        "Logical clocks behind one interface: Lamport's, vectors, hybrids with physical time, and \
         causal broadcast."
    }

    fn source(&self) -> &'static str {
        "Lamport, Time, Clocks, and the Ordering of Events in a Distributed System (1978); Fidge, \
         Timestamps in Message-Passing Systems (1988); Mattern, Virtual Time and Global States \
         (1989); Kulkarni et al., Logical Physical Clocks (2014); Birman, Schiper & Stephenson, \
         Lightweight Causal and Atomic Group Multicast (1991)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Processes that join and leave, whose entries would have to come and go.",
            "Vectors cut short, and matrix clocks, which say what others know.",
            "Physical clocks that are set back: a process reads the largest time its own showed.",
            "Members of a broadcast that fail, because who is left must agree on what to deliver.",
            "Broadcasts that are lost, because links are reliable in the paper.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("broadcast", "waits-for-its-cause"))
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

    fn equivalents(&self) -> &'static [Equivalent] {
        EQUIVALENTS
    }

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Clocks>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "nodes", about: "Processes.", default: 3, range: 2..=9 },
    Parameter {
        name: "sends",
        about: "Messages or broadcasts of each sender.",
        default: 1,
        range: 0..=1_000,
    },
    Parameter {
        name: "senders",
        about: "Processes that send, from n0 on.",
        default: 9,
        range: 1..=9,
    },
    Parameter {
        name: "works",
        about: "Events of each process that no other hears of.",
        default: 0,
        range: 0..=1_000,
    },
    Parameter {
        name: "increment",
        about: "How much a Lamport or vector clock counts for an event.",
        default: 1,
        range: 1..=9,
    },
    Parameter {
        name: "ticks",
        about: "Ticks that physical clocks make in exploration.",
        default: 0,
        range: 0..=100,
    },
    Parameter {
        name: "apart",
        about: "Ticks that physical clocks may be apart.",
        default: 1,
        range: 1..=1_000,
    },
    Parameter {
        name: "ahead",
        about: "Ticks that a hybrid clock may be ahead of its physical one.",
        default: 1,
        range: 0..=1_000,
    },
    Parameter { name: "crashes", about: "Processes that stop.", default: 0, range: 0..=9 },
    Parameter { name: "restarts", about: "Processes that run again.", default: 0, range: 0..=9 },
    Parameter {
        name: "duplicates",
        about: "Messages that arrive once more.",
        default: 0,
        range: 0..=9,
    },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "lamport",
        about: "Lamport clocks at three processes that send, receive and work.",
        engine: Engine::Explore,
        settings: &[("works", 1)],
    },
    ScenarioInfo {
        name: "lamport-restart",
        about: "Lamport clocks at two processes, one of which crashes and comes back.",
        engine: Engine::Explore,
        settings: &[("nodes", 2), ("sends", 2), ("works", 1), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "vector",
        about: "Vector clocks at three processes, two of which send and work.",
        engine: Engine::Explore,
        settings: &[("sends", 2), ("works", 1), ("senders", 2)],
    },
    ScenarioInfo {
        name: "hybrid",
        about: "Hybrid clocks without a guard, over physical clocks that are a tick apart at most.",
        engine: Engine::Explore,
        settings: &[("nodes", 2), ("sends", 2), ("ticks", 2)],
    },
    ScenarioInfo {
        name: "hybrid-jump",
        about: "Hybrid clocks with a guard, over a physical clock that may jump two ticks ahead.",
        engine: Engine::Explore,
        settings: &[("nodes", 2), ("sends", 2), ("ticks", 3), ("apart", 2)],
    },
    ScenarioInfo {
        name: "broadcast",
        about: "Three members, two of which broadcast twice.",
        engine: Engine::Explore,
        settings: &[("senders", 2), ("sends", 2)],
    },
    ScenarioInfo {
        name: "broadcast-copies",
        about: "Three members, and a broadcast that arrives twice.",
        engine: Engine::Explore,
        settings: &[("senders", 2), ("duplicates", 1)],
    },
    ScenarioInfo {
        name: "vector-deep",
        about: "Vector clocks at three processes that send twice each, and work.",
        engine: Engine::ExploreDeep,
        settings: &[("sends", 2), ("works", 1)],
    },
    ScenarioInfo {
        name: "hybrid-deep",
        about: "Hybrid clocks with a guard at three processes whose clocks may be two ticks apart.",
        engine: Engine::ExploreDeep,
        settings: &[("sends", 2), ("ticks", 2), ("apart", 2)],
    },
    ScenarioInfo {
        name: "broadcast-deep",
        about: "Three members that broadcast twice each.",
        engine: Engine::ExploreDeep,
        settings: &[("sends", 2)],
    },
    ScenarioInfo {
        name: "storm-lamport",
        about: "Lamport clocks under loss, copies, partitions, pauses and crashes.",
        engine: Engine::Simulate,
        settings: &[],
    },
    ScenarioInfo {
        name: "storm-vector",
        about: "Vector clocks under loss, copies, partitions, pauses and crashes.",
        engine: Engine::Simulate,
        settings: &[],
    },
    ScenarioInfo {
        name: "storm-hybrid",
        about: "Hybrid clocks with a guard, over clocks that are off, drift and jump beyond it.",
        engine: Engine::Simulate,
        settings: &[("apart", 6), ("ahead", 2)],
    },
    ScenarioInfo {
        name: "storm-broadcast",
        about: "Causal broadcast under copies and pauses, with messages that overtake each other.",
        engine: Engine::Simulate,
        settings: &[],
    },
];

const EQUIVALENTS: &[Equivalent] = &[
    Equivalent {
        name: "vc-double-increment",
        about: "A vector clock counts each of its events twice.",
        source: "hetu-project/Setu #22",
        why: "Vectors are compared entry by entry, so by how much an entry grows is of no \
              importance.",
        scenario: "vector",
        settings: &[("increment", 2)],
    },
    Equivalent {
        name: "lamport-double-increment",
        about: "Lamport's clock counts each event twice.",
        source: "Lamport 1978, whose rule IR1 asks for any increment",
        why: "Every time is twice what it would be, and their order is the same.",
        scenario: "lamport",
        settings: &[("increment", 2)],
    },
];
