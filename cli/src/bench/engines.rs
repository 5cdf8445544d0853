//! The engines, and one of them at one work.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::{Model, build};
use splitbrain::explore::oracle::Oracle;
use splitbrain::explore::{Exploration, Limits};
use splitbrain::{Protocol, Scenario, Undisturbed};
use splitbrain_models::lock::LockModel;
use splitbrain_models::raft::RaftModel;

use super::measure::{Counts, Outcome, measured};
use super::rivals::{self, Order};
use super::work::{paxos, register, two_phase};
use super::works::Subject;

/// Who searches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// This project's explorer, on one thread.
    Splitbrain,
    /// The same on two threads.
    #[serde(rename = "splitbrain-2")]
    TwoThreads,
    /// This project's plain search, which the explorer is held to.
    Plain,
    /// Stateright on a model written for it, breadth first.
    StaterightBfs,
    /// The same, depth first.
    StaterightDfs,
    /// Stateright on a model in the style of its book, breadth first: see [`rivals::paxos`].
    StaterightStyle,
    /// Stateright on our own scenario, through the adapter, breadth first.
    AdapterBfs,
    /// The same, depth first.
    AdapterDfs,
    /// Spin on a model written for it: exact, depth first, without reductions.
    Spin,
}

impl Engine {
    /// All of them, in the order of the table.
    pub const ALL: [Engine; 9] = [
        Engine::Splitbrain,
        Engine::TwoThreads,
        Engine::Plain,
        Engine::StaterightBfs,
        Engine::StaterightDfs,
        Engine::StaterightStyle,
        Engine::AdapterBfs,
        Engine::AdapterDfs,
        Engine::Spin,
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Splitbrain => "splitbrain",
            Engine::TwoThreads => "splitbrain, 2 threads",
            Engine::Plain => "splitbrain, plain search",
            Engine::StaterightBfs => "Stateright BFS",
            Engine::StaterightDfs => "Stateright DFS",
            Engine::StaterightStyle => "Stateright BFS, hashed",
            Engine::AdapterBfs => "Stateright BFS, adapter",
            Engine::AdapterDfs => "Stateright DFS, adapter",
            Engine::Spin => "Spin",
        }
    }

    /// Its name in JSON and between processes.
    pub fn id(self) -> &'static str {
        match self {
            Engine::Splitbrain => "splitbrain",
            Engine::TwoThreads => "splitbrain-2",
            Engine::Plain => "plain",
            Engine::StaterightBfs => "stateright-bfs",
            Engine::StaterightDfs => "stateright-dfs",
            Engine::StaterightStyle => "stateright-style",
            Engine::AdapterBfs => "adapter-bfs",
            Engine::AdapterDfs => "adapter-dfs",
            Engine::Spin => "spin",
        }
    }

    /// Whether it is this project's own.
    pub fn is_ours(self) -> bool {
        matches!(self, Engine::Splitbrain | Engine::TwoThreads | Engine::Plain)
    }

    /// On how many threads it searches.
    pub fn threads(self) -> usize {
        match self {
            Engine::TwoThreads => 2,
            Engine::Splitbrain
            | Engine::Plain
            | Engine::StaterightBfs
            | Engine::StaterightDfs
            | Engine::StaterightStyle
            | Engine::AdapterBfs
            | Engine::AdapterDfs
            | Engine::Spin => 1,
        }
    }
}

/// Lets an engine search a work in this process.
pub fn search(subject: Subject, engine: Engine) -> Outcome {
    match subject {
        Subject::TwoPhase { resources } => match engine {
            Engine::Spin => rivals::spin::search(resources),
            Engine::StaterightBfs | Engine::StaterightDfs => {
                rival(engine, rivals::two_phase::model(resources))
            }
            Engine::Splitbrain
            | Engine::TwoThreads
            | Engine::Plain
            | Engine::StaterightStyle
            | Engine::AdapterBfs
            | Engine::AdapterDfs => ours(engine, two_phase::scenario(resources)),
        },
        Subject::Paxos { clients, history } => match engine {
            Engine::StaterightBfs | Engine::StaterightDfs => {
                rival(engine, rivals::paxos::model(clients))
            }
            Engine::StaterightStyle => rival(engine, rivals::paxos::in_its_own_style(clients)),
            Engine::Splitbrain
            | Engine::TwoThreads
            | Engine::Plain
            | Engine::AdapterBfs
            | Engine::AdapterDfs
            | Engine::Spin => ours(engine, paxos::scenario(clients, history)),
        },
        Subject::Register { clients, servers, history } => match engine {
            Engine::StaterightBfs | Engine::StaterightDfs => {
                rival(engine, rivals::register::model(clients, servers))
            }
            Engine::Splitbrain
            | Engine::TwoThreads
            | Engine::Plain
            | Engine::AdapterBfs
            | Engine::StaterightStyle
            | Engine::AdapterDfs
            | Engine::Spin => ours(engine, register::scenario(clients, servers, history)),
        },
        Subject::Raft(scenario) => of_catalog(engine, &RaftModel, scenario, &[]),
        Subject::RaftWith { scenario, settings } => {
            of_catalog(engine, &RaftModel, scenario, settings)
        }
        Subject::Lock(scenario) => of_catalog(engine, &LockModel, scenario, &[]),
    }
}

fn of_catalog<M: Model>(
    engine: Engine,
    model: &M,
    scenario: &str,
    settings: &[(&str, u64)],
) -> Outcome {
    let given = settings.iter().map(|(name, value)| (name.to_string(), *value)).collect();
    match build(model, scenario, None, &given) {
        Ok(scenario) => ours(engine, scenario),
        Err(misfit) => Outcome::Failed { why: misfit.to_string() },
    }
}

/// A search of one of our own scenarios.
fn ours<P: Protocol>(engine: Engine, scenario: Scenario<P>) -> Outcome {
    measured(|| match engine {
        Engine::Splitbrain | Engine::TwoThreads => {
            counts_of(&explore(&scenario, engine.threads())?)
        }
        Engine::Plain => counts_of(&explore_plainly(&scenario)?),
        Engine::AdapterBfs => rivals::count(Oracle::new(scenario)?, Order::BreadthFirst),
        Engine::AdapterDfs => rivals::count(Oracle::new(scenario)?, Order::DepthFirst),
        Engine::StaterightBfs | Engine::StaterightDfs | Engine::StaterightStyle | Engine::Spin => {
            Err(format!("nobody has written this work for {}", engine.name()))
        }
    })
}

/// A search of a model written for Stateright.
fn rival<M: rivals::Searched>(engine: Engine, model: M) -> Outcome {
    let depth_first = engine == Engine::StaterightDfs;
    let order = if depth_first { Order::DepthFirst } else { Order::BreadthFirst };
    measured(|| rivals::count(model, order))
}

// The only two calls of this project's own searches.

/// The full space, as the rivals search it: mail that is dead is kept.
fn explore<P: Protocol>(scenario: &Scenario<P>, threads: usize) -> Result<Exploration<P>, String> {
    let limits = Limits { full: true, threads, ..Limits::default() };
    splitbrain::explore::explore(scenario, &limits, &mut Undisturbed)
}

fn explore_plainly<P: Protocol>(scenario: &Scenario<P>) -> Result<Exploration<P>, String> {
    splitbrain::explore::reference::explore(scenario, &Limits::default(), &mut Undisturbed)
}

fn counts_of<P: Protocol>(explored: &Exploration<P>) -> Result<Counts, String> {
    if explored.verdict.exit_code() != 0 {
        return Err(format!("the exploration says {:?}", explored.verdict));
    }
    Ok(Counts {
        states: explored.states as u64,
        transitions: explored.transitions,
        depth: Some(explored.depth()),
    })
}
