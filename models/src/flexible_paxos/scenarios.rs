//! The systems that Flexible Paxos is checked in: their quorums, and what they must reach.

use splitbrain::catalog::Ask;
use splitbrain::{Goal, Scenario};

use crate::multi_paxos::{MultiPaxos, invariants, scenarios};
use crate::parts::machine::Total;
use crate::parts::quorum::{Phases, QuorumSystem};

type Counter = MultiPaxos<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let phases = phases(ask)?;
    let scenario = scenarios::system(ask, phases)?;
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// The quorums asked for, if those of one phase meet those of the other.
fn phases(ask: &Ask<'_>) -> Result<Phases, String> {
    let least = |phase: &str| ask.count(phase);
    let system = |phase: &str| -> Result<QuorumSystem, String> {
        match ask.get("system") {
            0 => {
                let (of, least) = (ask.count("nodes") as u8, least(phase) as u8);
                Ok(QuorumSystem::Count { of, least })
            }
            1 => {
                let (rows, columns) = (ask.count("rows") as u8, ask.count("columns") as u8);
                match least(phase) {
                    1 => Ok(QuorumSystem::Rows { rows, columns }),
                    2 => Ok(QuorumSystem::Columns { rows, columns }),
                    other => Err(format!(
                        "a quorum of a grid is a row or a column: set `{phase}` to 1 or 2, not \
                         {other}"
                    )),
                }
            }
            _ => {
                let digits = ask.get("weights").to_string();
                let weights = digits.bytes().map(|digit| u32::from(digit - b'0')).collect();
                Ok(QuorumSystem::Weights { weights, least: u32::from(least(phase)) })
            }
        }
    };
    Phases::checked(system("prepare")?, system("accept")?)
        .map_err(|refused| format!("{refused}: change `prepare` or `accept`"))
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Counter>> {
    let mut goals = vec![invariants::leads(), invariants::answered(), invariants::chosen_by_few()];
    match ask.scenario {
        "storm" | "storm-grid" | "storm-weights" => {}
        // n1 needs the promise of everyone, so n0 knows.
        "alone" => goals.push(invariants::taken_over()),
        _ => goals.extend([invariants::second_leader(), invariants::taken_over()]),
    }
    goals
}
