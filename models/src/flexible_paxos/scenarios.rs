//! The systems that Flexible Paxos is checked in: their quorums, and what they must reach.

use splitbrain::catalog::Ask;
use splitbrain::{Goal, NodeId, Scenario, Step};

use crate::multi_paxos::scenarios::{self, accepted, accepts, asked, promised, stands};
use crate::multi_paxos::{MultiPaxos, Slot, Slots, invariants};
use crate::parts::ballot::Ballot;
use crate::parts::machine::Total;
use crate::parts::quorum::{Phases, QuorumSystem};

type Counter = MultiPaxos<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let mut scenario = scenarios::system(ask, phases(ask)?)?;
    if let Some((name, steps)) = prefix(ask.scenario) {
        scenario = scenario.after(name, steps);
    }
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// The steps a scenario begins behind, and what they stand for: a command of n0's is chosen, and a
/// rival that has not heard of it lacks one promise.
fn prefix(scenario: &str) -> Option<(&'static str, Vec<Step<Counter>>)> {
    let [n0, n1, n2, n3] = [0, 1, 2, 3].map(NodeId);
    let leads = |promising: &[NodeId]| {
        let ballot = Ballot::first_of(n0);
        let promises = promising.iter().flat_map(|&by| promised(ballot, by, Slots::new()));
        let mut steps: Vec<Step<Counter>> = [stands(ballot)].into_iter().chain(promises).collect();
        let slot = Slot(1);
        steps.extend([asked(0, n0), accepts(ballot, slot, n1, 0), accepted(ballot, slot, n1)]);
        steps
    };
    let rival = Ballot::first_of(n2);
    let stands_third = [vec![stands(rival)], promised(rival, n3, Slots::new())].concat();
    match scenario {
        "counts" => Some((
            "n0, n1 and n2 have promised, n0 and n1 accepted a command; n3 has promised n2",
            [leads(&[n1, n2]), stands_third].concat(),
        )),
        "grid" => Some((
            "the column of n0 and n2 has promised, the row of n0 and n1 accepted a command; n3 \
             stands for election",
            [leads(&[n2]), vec![stands(Ballot::first_of(n3))]].concat(),
        )),
        "weights" => Some((
            "n0 and n1 have promised and accepted a command; n3 has promised n2",
            [leads(&[n1]), stands_third].concat(),
        )),
        _ => None,
    }
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
