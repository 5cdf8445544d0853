//! Primary and backup in the catalog: parameters and scenarios by name.

use splitbrain::Scenario;
use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};

use super::bugs::BUGS;
use super::{PrimaryBackup, scenarios};

/// Primary and backup in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PrimaryBackupModel;

impl Model for PrimaryBackupModel {
    type Protocol = PrimaryBackup;

    fn name(&self) -> &'static str {
        "primary_backup"
    }

    fn about(&self) -> &'static str {
        "A primary and its backups under a view service: synchronous, semi-synchronous and \
         asynchronous, with failover, state transfer and fenced old primaries."
    }

    fn source(&self) -> &'static str {
        "Budhiraja, Marzullo, Schneider & Toueg, The Primary-Backup Approach (1993); MIT 6.824, \
         Lab 2: Primary/Backup Key/Value Service (2013 to 2015)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "A view service that fails: in the lab it never does.",
            "What updates do: each adds one and is answered with the total.",
            "Lost disks: a server without its history is a new one under another name.",
            "Semi-synchronous replication that waits for any one backup, and then for none.",
            "Answers that are lost: a client hears an answer when it is given.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("failover", "failed-over"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<PrimaryBackup>, String> {
        scenarios::build(ask)
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "mode",
        about: "When the primary answers: 0 synchronous, 1 semi-synchronous, 2 asynchronous.",
        default: 0,
        range: 0..=2,
    },
    Parameter { name: "backups", about: "Backups in the first view.", default: 1, range: 0..=5 },
    Parameter { name: "spares", about: "Servers that ask to join.", default: 0, range: 0..=3 },
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
    Parameter {
        name: "suspicions",
        about: "How often the view service takes a server for dead, rightly or not.",
        default: 0,
        range: 0..=8,
    },
    Parameter {
        name: "repeats",
        about: "How often servers say again what may be lost.",
        default: 0,
        range: 0..=8,
    },
    Parameter { name: "crashes", about: "Servers that stop.", default: 0, range: 0..=8 },
    Parameter { name: "restarts", about: "Servers that come back.", default: 0, range: 0..=8 },
    Parameter { name: "duplicates", about: "Doubled messages.", default: 0, range: 0..=5 },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "small",
        about: "One backup, two updates and a query, and nobody is suspected.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "failover",
        about: "The view service takes a server for dead, rightly or not, and the backup follows.",
        engine: Engine::Explore,
        settings: &[("suspicions", 1), ("queries", 2)],
    },
    ScenarioInfo {
        name: "failover-two",
        about: "Two backups, and one server that is suspected.",
        engine: Engine::Explore,
        settings: &[("backups", 2), ("suspicions", 1)],
    },
    ScenarioInfo {
        name: "semi",
        about: "Two backups, of which the primary waits for the first.",
        engine: Engine::Explore,
        settings: &[("mode", 1), ("backups", 2), ("suspicions", 1)],
    },
    ScenarioInfo {
        name: "async",
        about: "The primary answers at once, and what it answered may be lost.",
        engine: Engine::Explore,
        settings: &[("mode", 2), ("backups", 2), ("suspicions", 1)],
    },
    ScenarioInfo {
        name: "join",
        about: "A new backup is given the history during updates; then the primary is suspected.",
        engine: Engine::Explore,
        settings: &[("backups", 0), ("spares", 1), ("suspicions", 1)],
    },
    ScenarioInfo {
        name: "join-two",
        about: "A second backup is given the history, and two servers are suspected.",
        engine: Engine::Explore,
        settings: &[("spares", 1), ("suspicions", 2), ("updates", 1)],
    },
    ScenarioInfo {
        name: "copies",
        about: "A message arrives twice, and a server is suspected.",
        engine: Engine::Explore,
        settings: &[("suspicions", 1), ("duplicates", 1), ("queries", 2)],
    },
    ScenarioInfo {
        name: "return",
        about: "A server crashes and comes back, and may say again what was lost.",
        engine: Engine::Explore,
        settings: &[
            ("updates", 1),
            ("suspicions", 1),
            ("crashes", 1),
            ("restarts", 1),
            ("repeats", 1),
        ],
    },
    ScenarioInfo {
        name: "reboot",
        about: "A server crashes and comes back before it is missed, and all is well again.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Two backups, two suspicions, and a server that comes back as a backup.",
        engine: Engine::ExploreDeep,
        settings: &[("backups", 2), ("suspicions", 2), ("repeats", 1)],
    },
    ScenarioInfo {
        name: "deep-semi",
        about: "The same, and the primary waits for the first backup.",
        engine: Engine::ExploreDeep,
        settings: &[("mode", 1), ("backups", 2), ("suspicions", 2), ("repeats", 1)],
    },
    ScenarioInfo {
        name: "deep-return",
        about: "Old primaries come back as backups, and may follow again.",
        engine: Engine::ExploreDeep,
        settings: &[("updates", 1), ("suspicions", 3), ("repeats", 3)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three servers lose messages, are cut off, stand still, crash and come back.",
        engine: Engine::Simulate,
        settings: &[("backups", 1), ("spares", 1), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "storm-semi",
        about: "The same with four, of which the primary waits for the first backup.",
        engine: Engine::Simulate,
        settings: &[("mode", 1), ("backups", 2), ("spares", 1), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "storm-async",
        about: "The same, and the primary waits for nobody.",
        engine: Engine::Simulate,
        settings: &[("mode", 2), ("backups", 2), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "storm-mixed",
        about: "Three servers, and clients of every kind: more updates or more queries, and some ask on \
                without an answer.",
        engine: Engine::Simulate,
        settings: &[("backups", 1), ("spares", 1), ("crashes", 1), ("restarts", 1)],
    },
];
