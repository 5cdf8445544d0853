//! Raft's extensions in the catalog.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::super::model;
use super::super::{Bug, Raft};
use super::bugs::BUGS;
use super::scenarios;
use crate::parts::machine::Total;

/// Raft with PreVote, leadership transfer, reads that bypass the log and snapshots, replicating a
/// counter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RaftExtensionsModel;

impl Model for RaftExtensionsModel {
    type Protocol = Raft<Total>;

    fn name(&self) -> &'static str {
        "raft_extensions"
    }

    fn about(&self) -> &'static str {
        "Raft with what deployments add: reads by ReadIndex and by lease, snapshots, PreVote and \
         leadership transfer."
    }

    fn source(&self) -> &'static str {
        "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (Extended \
         Version), 2014, §7 and §8; Ongaro, Consensus: Bridging Theory and Practice, 2014, §3.10, \
         §5, §6.4, §9.6"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Membership changes: the cluster is fixed.",
            "Reads at followers: clients read at the leader.",
            "Applying as a step of its own: what is known to be committed is applied.",
            "Snapshots in chunks, and the time that it takes to write or load one.",
            "Leaders that step down because they hear of no majority.",
            "The end of sessions: clients are remembered.",
            "Writing to disk as a step of its own: a handler's change is durable when its messages \
             leave.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("no-op", "read-delayed"))
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

    fn only_explored(&self) -> &'static [(&'static str, &'static str)] {
        ONLY_EXPLORED
    }

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Raft<Total>>, String> {
        scenarios::build(ask)
    }
}

const ONLY_EXPLORED: &[(&str, &str)] = &[(
    Bug::PreVoteMutualBlock.name(),
    "two servers are stuck only where every other one is cut off for good, and a storm heals; \
     while it rages, a world without mail says nothing, for mail is lost.",
)];

const PARAMETERS: &[Parameter] = &[
    model::NODES,
    model::ELECTIONS,
    model::TURNS,
    model::HEARTBEATS,
    model::COMMANDS,
    model::AT,
    model::RETRIES,
    Parameter {
        name: "reads",
        about: "Where clients read, a digit each, every one a client of its own: 1 is n0.",
        default: 0,
        range: 0..=999_999,
    },
    Parameter {
        name: "by",
        about: "How reads are answered. 0: through the log; 1: ReadIndex; 2: by lease.",
        default: 1,
        range: 0..=2,
    },
    Parameter { name: "lease", about: "How many ticks a lease lasts.", default: 2, range: 1..=100 },
    Parameter {
        name: "skew",
        about: "How many ticks clocks may be apart.",
        default: 1,
        range: 1..=50,
    },
    Parameter { name: "ticks", about: "How far clocks go.", default: 0, range: 0..=20 },
    Parameter {
        name: "noop",
        about: "1: a new leader commits an empty entry.",
        default: 1,
        range: 0..=1,
    },
    Parameter {
        name: "pre-vote",
        about: "1: a server asks who would vote for it before it raises its term.",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "transfer",
        about: "To whom the leader hands its leadership: 1 is n0. 0: to nobody. In a storm, 1: to \
                any server, now and then.",
        default: 0,
        range: 0..=9,
    },
    Parameter {
        name: "compact",
        about: "How many applied entries make a snapshot. 0: there are none.",
        default: 0,
        range: 0..=20,
    },
    model::CRASHES,
    model::DROPS,
    model::SET_LINKS,
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "read-index",
        about: "n0 leads, then n1, which takes a command; a client reads at n0.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 1), ("at", 2), ("reads", 1)],
    },
    ScenarioInfo {
        name: "no-op",
        about: "n0 answered a command with n1's help; n1 leads next, and a client reads there.",
        engine: Engine::Explore,
        settings: &[("turns", 12), ("commands", 1), ("at", 1), ("reads", 2)],
    },
    ScenarioInfo {
        name: "lease",
        about: "n0 leads and has a lease; it ends, n1 leads and takes a command; a client reads \
                twice at n0.",
        engine: Engine::Explore,
        settings: &[
            ("turns", 12),
            ("commands", 1),
            ("at", 2),
            ("reads", 11),
            ("by", 2),
            ("ticks", 2),
        ],
    },
    ScenarioInfo {
        name: "pre-vote",
        about: "Three servers ask for pre-votes; two may stand in one term, and one vote decides.",
        engine: Engine::Explore,
        settings: &[("pre-vote", 1), ("turns", 12), ("noop", 0)],
    },
    ScenarioInfo {
        name: "pre-vote-terms",
        about: "Of two servers one stands, the other misses it and asks for pre-votes in the term \
                before: it learns of the later one. One message is lost.",
        engine: Engine::Explore,
        settings: &[
            ("nodes", 2),
            ("pre-vote", 1),
            ("turns", 12),
            ("noop", 0),
            ("set-links", 0),
            ("drops", 1),
        ],
    },
    ScenarioInfo {
        name: "transfer",
        about: "n0 hands its leadership to n1, perhaps in vain, and takes a command.",
        engine: Engine::Explore,
        settings: &[("turns", 1), ("commands", 1), ("at", 1), ("transfer", 2), ("noop", 0)],
    },
    ScenarioInfo {
        name: "snapshot",
        about: "n0 leads, takes two commands and discards what it has applied; snapshots arrive \
                late and more than once.",
        engine: Engine::Explore,
        settings: &[
            ("turns", 1),
            ("commands", 2),
            ("at", 11),
            ("compact", 1),
            ("noop", 0),
            ("heartbeats", 1),
        ],
    },
    ScenarioInfo {
        name: "deep-lease",
        about: "As `lease`, with a crash.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("turns", 12),
            ("commands", 1),
            ("at", 2),
            ("reads", 11),
            ("by", 2),
            ("ticks", 2),
            ("crashes", 1),
        ],
    },
    ScenarioInfo {
        name: "deep-transfer",
        about: "As `lease`, and n0 may hand its leadership to n1.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("turns", 12),
            ("commands", 1),
            ("at", 2),
            ("reads", 11),
            ("by", 2),
            ("ticks", 2),
            ("transfer", 2),
        ],
    },
    ScenarioInfo {
        name: "deep-snapshot",
        about: "n0 leads, then n1, each takes a command and discards what it has applied.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("turns", 12),
            ("commands", 2),
            ("at", 12),
            ("compact", 1),
            ("noop", 0),
            ("heartbeats", 1),
        ],
    },
    ScenarioInfo {
        name: "deep-all",
        about: "PreVote, ReadIndex and snapshots at once: n0 leads, then n1; a command, and a read \
                at n0.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 12), ("commands", 1), ("reads", 1), ("pre-vote", 1), ("compact", 1)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three servers with PreVote, ReadIndex, snapshots and transfers under every kind of \
                fault; up to three clients write and read, an operator hands leadership over.",
        engine: Engine::Simulate,
        settings: &[("pre-vote", 1), ("compact", 2), ("transfer", 1)],
    },
    ScenarioInfo {
        name: "storm-lease",
        about: "Three servers with leases, whose clocks are off, drift and jump; up to three clients \
                write and read.",
        engine: Engine::Simulate,
        settings: &[("by", 2), ("lease", 8), ("skew", 4)],
    },
    ScenarioInfo {
        name: "storm-pre-vote",
        about: "Three servers with PreVote alone, under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("pre-vote", 1), ("noop", 0), ("by", 0)],
    },
];
