//! The scenarios: what clients write and read, and how often the power fails.

use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Goal, NodeId, Scenario, To, Units};

use super::bugs::BUGS;
use super::{Bug, Input, Key, Value, WriteAheadLog, invariants};

/// The write-ahead log in the catalog.
#[derive(Clone, Copy, Debug)]
pub struct WriteAheadLogModel;

impl Model for WriteAheadLogModel {
    type Protocol = WriteAheadLog;

    fn name(&self) -> &'static str {
        "write_ahead_log"
    }

    fn about(&self) -> &'static str {
        "A store behind a write-ahead log: group commit, recovery from a torn log, checkpoints."
    }

    fn source(&self) -> &'static str {
        "Gray & Reuter, Transaction Processing (1993), chapters 9 to 11; DeWitt et al., \
         Implementation Techniques for Main Memory Database Systems (SIGMOD 1984); Mohan et al., \
         ARIES (TODS 1992); Pillai et al., All File Systems Are Not Created Equal (OSDI 2014)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Syncs that fail, after which nobody knows what is on the disk: all that helps is to \
             crash.",
            "Disks that lie about syncs, that write out of order, or whose old records go bad.",
            "Undo, because a write is one record.",
            "The name and the length of a file, which need syncs of their own.",
            "Clients that ask again: who is not answered asks for something else.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("checkpoint", "image-and-log"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<WriteAheadLog>, String> {
        let bug = ask.bug.and_then(Bug::named);
        let checkpoint = u32::from(ask.count("checkpoint"));
        let mut scenario = Scenario::new("write_ahead_log", WriteAheadLog { checkpoint, bug }, 1)
            .names(&["server"])
            .faults(Faults {
                crashes: ask.count("crashes"),
                restarts: ask.count("restarts"),
                ..Faults::NONE
            })
            .storm(storm())
            .invariant(invariants::durability())
            .invariant(invariants::validity())
            .invariant(invariants::prefix_order())
            .invariant(invariants::linearizability());
        for client in (0..=ask.count("writers") as u8).map(ClientId) {
            scenario = scenario.lane(lane(ask, client));
        }
        Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "writers", about: "clients that write", default: 2, range: 1..=4 },
    Parameter { name: "writes", about: "writes of each of them", default: 1, range: 1..=100 },
    Parameter { name: "reads", about: "reads of one more client", default: 0, range: 0..=100 },
    Parameter { name: "keys", about: "keys that are written, in turn", default: 1, range: 1..=100 },
    Parameter {
        name: "checkpoint",
        about: "records from one checkpoint to the next, or 0 for none",
        default: 0,
        range: 0..=1_000,
    },
    Parameter { name: "crashes", about: "times the server stops", default: 1, range: 0..=10 },
    Parameter { name: "restarts", about: "times it runs again", default: 1, range: 0..=10 },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "crash",
        about: "Three clients write two keys in groups, and the power fails.",
        engine: Engine::Explore,
        settings: &[("writers", 3), ("writes", 2), ("keys", 2)],
    },
    ScenarioInfo {
        name: "again",
        about: "The power fails again after the recovery.",
        engine: Engine::Explore,
        settings: &[("writes", 2), ("crashes", 2), ("restarts", 2)],
    },
    ScenarioInfo {
        name: "reads",
        about: "A client reads what two others write, across two crashes.",
        engine: Engine::Explore,
        settings: &[("reads", 2), ("crashes", 2), ("restarts", 2)],
    },
    ScenarioInfo {
        name: "checkpoint",
        about: "Checkpoints make up for the log, and the power fails twice.",
        engine: Engine::Explore,
        settings: &[("writes", 2), ("checkpoint", 1), ("crashes", 2), ("restarts", 2)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Two clients write two keys and one reads, with checkpoints, across two crashes.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("writes", 3),
            ("reads", 2),
            ("keys", 2),
            ("checkpoint", 2),
            ("crashes", 2),
            ("restarts", 2),
        ],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three clients, while the power fails and the process dies or stands still.",
        engine: Engine::Simulate,
        settings: &[("writers", 3), ("reads", 1), ("checkpoint", 3)],
    },
];

/// The value that a client writes as its k-th. No other write has it.
fn value(ClientId(client): ClientId, k: u32) -> Value {
    Value(10 * (k + 1) + u32::from(client))
}

/// What a client asks in exploration: the last one reads, the others write.
fn lane(ask: &Ask<'_>, client: ClientId) -> Vec<(To, Input)> {
    let reads = ask.get("writers") == u64::from(client.0);
    let times = ask.count(if reads { "reads" } else { "writes" });
    let asks = |k: u16| {
        let key = Key(((u16::from(client.0) + k) % ask.count("keys")) as u8);
        let input = match reads {
            true => Input::Get(client, key),
            false => Input::Put(client, key, value(client, u32::from(k))),
        };
        (To::Node(NodeId(0)), input)
    };
    (0..times).map(asks).collect()
}

/// What is reachable under these parameters.
fn goals(ask: &Ask<'_>) -> Vec<Goal<WriteAheadLog>> {
    let storm = ask.scenario == "storm";
    let (writes, every) = (ask.get("writers") * ask.get("writes"), ask.get("checkpoint"));
    let recovers = storm || ask.get("crashes") > 0 && ask.get("restarts") > 0;
    let reachable = [
        (true, invariants::answered()),
        // While the first one syncs, two more have to write.
        (ask.get("writers") > 2, invariants::group_commit()),
        (recovers, invariants::lost()),
        (recovers, invariants::found()),
        (recovers, invariants::torn()),
        (every > 0 && (storm || writes >= every), invariants::checkpointed()),
        (every > 0 && recovers && (storm || writes > every), invariants::redone()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// How the simulator runs it.
fn storm() -> Storm<WriteAheadLog> {
    let kinds = FaultKinds { power: true, crashes: true, pauses: true, ..FaultKinds::NONE };
    Storm::default()
        .lasts(20.s(), 20.s())
        .kinds(kinds)
        .clients(3, request)
        .progress(invariants::answered())
}

/// What a client of the simulator asks: two writes, then a read, of a few keys for a while, then of
/// others. What a crash left unanswered is a possibility for ever, and monitors keep all of a key.
fn request(_: &WriteAheadLog, client: ClientId, k: u32) -> Option<(To, Input)> {
    let key = Key((k / 20 * 3 + (u32::from(client.0) + k) % 3) as u8);
    let input = match k % 3 {
        2 => Input::Get(client, key),
        _ => Input::Put(client, key, value(client, k)),
    };
    Some((To::Node(NodeId(0)), input))
}
