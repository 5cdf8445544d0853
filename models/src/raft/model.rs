//! Raft in the catalog: its parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{Raft, scenarios};
use crate::parts::machine::Total;

/// Raft, replicating a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RaftModel;

impl Model for RaftModel {
    type Protocol = Raft<Total>;

    fn name(&self) -> &'static str {
        "raft"
    }

    fn about(&self) -> &'static str {
        "A replicated log under one elected leader at a time: elections, replication, commitment, \
         crashes with a disk that survives, and clients that ask again."
    }

    fn source(&self) -> &'static str {
        "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (Extended \
         Version), 2014; sessions: Ongaro, Consensus: Bridging Theory and Practice, 2014, §6.3"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Membership changes: the cluster is fixed.",
            "Log compaction: logs are short.",
            "Reads that bypass the log: every request goes through it.",
            "Connections: whichever leader applies a command answers its client.",
            "The end of sessions: clients are remembered.",
            "Writing to disk as a step of its own: a handler's change is durable when its messages \
             leave.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("rivals", "suffix-replaced"))
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

const PARAMETERS: &[Parameter] = &[
    NODES,
    ELECTIONS,
    TURNS,
    HEARTBEATS,
    COMMANDS,
    AT,
    RETRIES,
    CRASHES,
    DROPS,
    Parameter { name: "duplicates", about: "Doubled messages.", default: 0, range: 0..=5 },
    SET_LINKS,
];

// What the extensions and the changes of members are asked in the same words.

pub(super) const NODES: Parameter =
    Parameter { name: "nodes", about: "Servers.", default: 3, range: 1..=9 };
pub(super) const ELECTIONS: Parameter = Parameter {
    name: "elections",
    about: "Election timeouts, at any server; `turns` replaces it.",
    default: 2,
    range: 0..=20,
};
pub(super) const TURNS: Parameter = Parameter {
    name: "turns",
    about: "Whose election timers fire, a digit each: 121 is n0, n1, n0. 0 is any server.",
    default: 0,
    range: 0..=999_999_999,
};
pub(super) const HEARTBEATS: Parameter =
    Parameter { name: "heartbeats", about: "Heartbeat timeouts.", default: 0, range: 0..=20 };
pub(super) const COMMANDS: Parameter = Parameter {
    name: "commands",
    about: "Commands, each of a client of its own.",
    default: 0,
    range: 0..=9,
};
pub(super) const AT: Parameter = Parameter {
    name: "at",
    about: "Where the commands are asked, a digit each: 12 is n0, n1. 0 is any leader.",
    default: 0,
    range: 0..=999_999_999,
};
pub(super) const RETRIES: Parameter = Parameter {
    name: "retries",
    about: "How often the first client asks once more.",
    default: 0,
    range: 0..=5,
};
pub(super) const CRASHES: Parameter = Parameter {
    name: "crashes",
    about: "Crashes, and as many restarts.",
    default: 0,
    range: 0..=5,
};
pub(super) const DROPS: Parameter =
    Parameter { name: "drops", about: "Lost messages.", default: 0, range: 0..=5 };
pub(super) const SET_LINKS: Parameter = Parameter {
    name: "set-links",
    about: "1: what was sent stays on its way, so any loss and any number of copies; 0: each \
            message arrives at most once.",
    default: 1,
    range: 0..=1,
};

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "election",
        about: "Two elections and a crash: split votes, rivals in one term, a leader overtaken.",
        engine: Engine::Explore,
        settings: &[("elections", 2), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "crash",
        about: "Two elections and a crash at any time: what is on disk keeps a vote from being \
                given twice. Each message arrives at most once.",
        engine: Engine::Explore,
        settings: &[("elections", 2), ("crashes", 1), ("set-links", 0)],
    },
    ScenarioInfo {
        name: "replication",
        about: "n0 leads and replicates two commands; messages overtake each other.",
        engine: Engine::Explore,
        settings: &[("turns", 1), ("commands", 2)],
    },
    ScenarioInfo {
        name: "takeover",
        about: "n0 may lead, then n1; a command that n0 committed is not lost.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 1)],
    },
    ScenarioInfo {
        name: "rivals",
        about: "n0 leads term 1 and n1 term 2, each with an entry of its own: one gives way.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 2), ("at", 12)],
    },
    ScenarioInfo {
        name: "retry",
        about: "A client asks n0 twice, another one meanwhile: no command is done twice. Two \
                servers are enough.",
        engine: Engine::Explore,
        settings: &[("nodes", 2), ("turns", 1), ("commands", 2), ("retries", 1)],
    },
    ScenarioInfo {
        name: "figure-8",
        about: "Figure 8 on three servers, from its moment (c) on: n0 leads again, and what it \
                spreads then is never committed, for it is of an older term.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 1212), ("commands", 2), ("at", 12)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Two elections at any servers and a command.",
        engine: Engine::ExploreDeep,
        settings: &[("elections", 2), ("commands", 1)],
    },
    ScenarioInfo {
        name: "deep-crash",
        about: "Two elections at any servers, a command and a crash.",
        engine: Engine::ExploreDeep,
        settings: &[("elections", 2), ("commands", 1), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three servers and up to three clients under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[],
    },
    ScenarioInfo {
        name: "storm-5",
        about: "Five servers and up to three clients under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("nodes", 5)],
    },
    ScenarioInfo {
        name: "storm-busy",
        about: "Three servers, of which two are alive at any time, and clients of every kind: some ask \
                on without an answer, some ask again as if anew.",
        engine: Engine::Simulate,
        settings: &[],
    },
];
