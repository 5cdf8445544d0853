//! Multi-Paxos in the catalog: its parameters, scenarios and known bugs by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{MultiPaxos, scenarios};
use crate::parts::machine::Total;

/// Multi-Paxos with majorities, replicating a counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct MultiPaxosModel;

impl Model for MultiPaxosModel {
    type Protocol = MultiPaxos<Total>;

    fn name(&self) -> &'static str {
        "multi_paxos"
    }

    fn about(&self) -> &'static str {
        "A replicated state machine whose every command is decided by Paxos, under a leader that \
         did phase 1 for all slots at once: takeovers, gaps, catch-up, forwarded commands."
    }

    fn source(&self) -> &'static str {
        "Lamport, Paxos Made Simple, 2001, §3; van Renesse and Altinbuken, Paxos Made Moderately \
         Complex, 2015; Chandra, Griesemer and Redstone, Paxos Made Live, 2007"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        NOT_MODELLED
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("takeover", "taken-over"))
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

/// What is left out, whatever the quorums.
pub(crate) const NOT_MODELLED: &[&str] = &[
    "Reconfiguration: the cluster is fixed.",
    "Compaction: slots are few, and remembered.",
    "Leases and reads that bypass the slots: every request is decided in one.",
    "Batching.",
    "Disks that fail: a handler's change is durable when its messages leave.",
    "Replaying what is chosen after a restart: it would end in the same state machine.",
    "Connections: the leader that executes a command answers its client.",
];

const PARAMETERS: &[Parameter] = &[
    NODES, ELECTIONS, TURNS, HEARTBEATS, COMMANDS, AT, RETRIES, CRASHES, DROPS, DUPLICATES,
    SET_LINKS,
];

pub(crate) const NODES: Parameter =
    Parameter { name: "nodes", about: "Replicas.", default: 3, range: 1..=9 };
pub(crate) const ELECTIONS: Parameter = Parameter {
    name: "elections",
    about: "Election timeouts, at any replica; `turns` replaces it.",
    default: 2,
    range: 0..=20,
};
pub(crate) const TURNS: Parameter = Parameter {
    name: "turns",
    about: "Whose election timers fire, a digit each: 121 is n0, n1, n0. 0 is any replica.",
    default: 0,
    range: 0..=999_999_999,
};
pub(crate) const HEARTBEATS: Parameter =
    Parameter { name: "heartbeats", about: "Heartbeat timeouts.", default: 0, range: 0..=20 };
pub(crate) const COMMANDS: Parameter = Parameter {
    name: "commands",
    about: "Commands, each of a client of its own.",
    default: 0,
    range: 0..=9,
};
pub(crate) const AT: Parameter = Parameter {
    name: "at",
    about: "Where the commands are asked, a digit each: 12 is n0, n1. 0 is any replica that leads \
            or knows who does.",
    default: 0,
    range: 0..=999_999_999,
};
pub(crate) const RETRIES: Parameter = Parameter {
    name: "retries",
    about: "How often the first client asks once more.",
    default: 0,
    range: 0..=5,
};
pub(crate) const CRASHES: Parameter = Parameter {
    name: "crashes",
    about: "Crashes, and as many restarts.",
    default: 0,
    range: 0..=5,
};
pub(crate) const DROPS: Parameter =
    Parameter { name: "drops", about: "Lost messages.", default: 0, range: 0..=5 };
pub(crate) const DUPLICATES: Parameter =
    Parameter { name: "duplicates", about: "Doubled messages.", default: 0, range: 0..=5 };
pub(crate) const SET_LINKS: Parameter = Parameter {
    name: "set-links",
    about: "1: what was sent stays on its way, so any loss and any number of copies; 0: each \
            message arrives at most once.",
    default: 1,
    range: 0..=1,
};

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "election",
        about: "Two candidates at any replicas, without commands: one preempts the other.",
        engine: Engine::Explore,
        settings: &[("elections", 2)],
    },
    ScenarioInfo {
        name: "slots",
        about: "n0 leads and has two slots chosen, in any order; they are executed in order.",
        engine: Engine::Explore,
        settings: &[("turns", 1), ("commands", 2), ("at", 11)],
    },
    ScenarioInfo {
        name: "takeover",
        about: "n0 may lead, then n1, who takes over what n0 may have had chosen.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 1), ("at", 1)],
    },
    ScenarioInfo {
        name: "rivals",
        about: "n0 leads and then n1, who has not heard of n0's command: each has proposed one for \
                slot 1.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 2), ("at", 12)],
    },
    ScenarioInfo {
        name: "gap",
        about: "n1 leads and has heard of n0's second command only: it fills the gap before it.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 2), ("at", 11)],
    },
    ScenarioInfo {
        name: "forward",
        about: "n0 leads, and a command is asked of n1.",
        engine: Engine::Explore,
        settings: &[("turns", 1), ("commands", 1), ("at", 2)],
    },
    ScenarioInfo {
        name: "catch-up",
        about: "n0 leads, and a replica that missed what was chosen hears its heartbeat.",
        engine: Engine::Explore,
        settings: &[("turns", 1), ("commands", 1), ("at", 1), ("heartbeats", 1)],
    },
    ScenarioInfo {
        name: "crash",
        about: "A replica crashes and restarts while n0 leads, then n1: what it has promised and \
                accepted is on its disk. Each message arrives at most once.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 1), ("at", 1), ("crashes", 1), ("set-links", 0)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Two candidates at any replicas and two commands.",
        engine: Engine::ExploreDeep,
        settings: &[("elections", 2), ("commands", 2)],
    },
    ScenarioInfo {
        name: "deep-crash",
        about: "n0 leads and then n1, each with a command, and a replica crashes and restarts.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 12), ("commands", 2), ("at", 12), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "three-ballots",
        about: "n0 leads, then n1, then n0 again, who hears of two values for a slot: that of the \
                higher ballot may be chosen.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 121), ("commands", 2), ("at", 12)],
    },
    ScenarioInfo {
        name: "retry",
        about: "A client's command is proposed by n0 in slot 2 and, asked again, by n1 in slot 1: \
                whatever n0 makes of it when it leads again, it is done once.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 121), ("commands", 3), ("at", 111), ("retries", 1)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three replicas and up to three clients under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[],
    },
    ScenarioInfo {
        name: "storm-5",
        about: "Five replicas and up to three clients under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("nodes", 5)],
    },
];
