//! Which acceptors a leader must hear: one command replicated under three systems of quorums.
//!
//! `cargo run -p splitbrain-models --example quorums`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, way};
use splitbrain::{NodeId, Scenario, Undisturbed};
use splitbrain_models::flexible_paxos::FlexiblePaxosModel;
use splitbrain_models::multi_paxos::{MultiPaxos, Slot};
use splitbrain_models::parts::machine::Total;
use splitbrain_models::parts::quorum::QuorumSystem;

type Settings<'a> = &'a [(&'a str, u64)];

/// Four replicas, of whom n0 leads and is asked for one command.
fn scenario(name: &str, quorums: Settings<'_>) -> Result<Scenario<MultiPaxos<Total>>, String> {
    let asked = [("turns", 1), ("commands", 1), ("at", 1)];
    let given: BTreeMap<String, u64> =
        asked.iter().chain(quorums).map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&FlexiblePaxosModel, name, None, &given).map_err(|misfit| misfit.to_string())
}

/// Each system with what to look at in its run.
const SYSTEMS: [(&str, &str, Settings<'_>, &str); 3] = [
    (
        "Majorities",
        "deep-counts",
        &[("prepare", 3), ("accept", 3)],
        "Both phases wait for two others. Four acceptors survive no more than three would.",
    ),
    (
        "Fewer accept than promise",
        "deep-counts",
        &[("prepare", 3), ("accept", 2)],
        "The command waits for one other. Two may be down, while nobody has to take over.",
    ),
    (
        "A 2x2 grid: n0 n1 above n2 n3",
        "deep-grid",
        &[],
        "Each phase waits for one other: phase 1 for n2 below n0, phase 2 for n1 beside it. n3 has\n\
         heard of nothing. But if it stands for election, the column that promises crosses the row\n\
         that accepted, in n0 or in n1, and n3 hears of the command.",
    ),
];

fn main() -> Result<(), String> {
    println!(
        "Paxos decides a command in two phases. In phase 1 acceptors promise a leader to take part\n\
         in no lower ballot, and say what they have accepted; in phase 2 they accept its value. A\n\
         leader that stays does phase 1 once, and phase 2 for each command. One command alone, as in\n\
         the runs below, is the single decree of the first paper; the next one would begin at the\n\
         client's request. A later leader must hear of what was chosen, so quorums of one phase must\n\
         meet those of the other. That two of the same phase meet is not needed: Flexible Paxos."
    );
    for (title, name, quorums, remark) in SYSTEMS {
        let scenario = scenario(name, quorums)?;
        let phases = &scenario.protocol.phases;
        println!("\n{title}\n{}\n", "=".repeat(title.len()));
        describe("promise", &phases.prepare);
        describe("accept", &phases.accept);
        println!("{remark}");
        show(scenario)?;
    }

    println!(
        "\nA system that is refused\n========================\n\n\
         Rows in both phases need as few acceptors as columns and rows do. But n0 might be prepared\n\
         by its row and have a value chosen by it, and n2 another one by the other row:\n"
    );
    match scenario("deep-grid", &[("prepare", 1), ("accept", 1)]) {
        Ok(_) => Err("rows never meet, and were taken".to_string()),
        Err(refused) => {
            println!("  {refused}");
            Ok(())
        }
    }
}

/// Says who must be heard in a phase, and who may be down.
fn describe(verb: &str, system: &QuorumSystem) {
    let leader = NodeId(0);
    let quorums = system.minimal_quorums();
    let others: Vec<String> = quorums
        .iter()
        .filter(|quorum| quorum.contains(&leader))
        .map(|quorum| {
            let others = quorum.iter().filter(|node| **node != leader);
            others.map(NodeId::to_string).collect::<Vec<_>>().join(" and ")
        })
        .collect();
    let size = u32::from(system.size());
    let is_stuck = |down: &u32| {
        let up = (0..system.size()).filter(|node| down & (1 << node) == 0).map(NodeId);
        !system.is_quorum(&up.collect::<Vec<_>>())
    };
    let fewest = (0..1_u32 << size).filter(is_stuck).map(u32::count_ones).min();
    let any = fewest.expect("all of them down are enough") - 1;
    let most = size - quorums[0].len() as u32;
    println!("To {verb}: {system}. Beside itself n0 must hear {}.", others.join(", or "));
    let best =
        if most > any { format!("; if it is the right ones, {most}") } else { String::new() };
    println!("    Any {any} of {size} may be down{best}.");
}

/// Shows a shortest run in which n0 leads and has the command executed.
fn show(scenario: Scenario<MultiPaxos<Total>>) -> Result<(), String> {
    let scenario = scenario
        .waypoint("n0 has executed the command", |_, nodes| nodes[0].state.executed == Slot(1));
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    let story = tell(&scenario, &steps, None);
    println!();
    for line in story.steps_in_words() {
        println!("{line}");
    }
    println!("\n{}", story.to_text());
    Ok(())
}
