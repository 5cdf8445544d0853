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

fn main() -> Result<(), String> {
    println!(
        "Paxos decides a command in two phases. In phase 1 a leader is promised that no lower"
    );
    println!("ballot goes on, and hears what was accepted; in phase 2 it has a value accepted. A");
    println!(
        "stable leader does phase 1 once, and phase 2 for every command: one command alone is"
    );
    println!("the single decree of the first paper, the next one needs phase 2 only. A later");
    println!("leader must hear of what was chosen, so quorums of one phase must meet those of the");
    println!("other. Whether two of the same phase meet does not matter: that is Flexible Paxos.");

    let table: [(&str, &str, Settings<'_>); 3] = [
        ("Majorities", "deep-counts", &[("prepare", 3), ("accept", 3)]),
        ("Fewer accept than promise", "deep-counts", &[("prepare", 3), ("accept", 2)]),
        ("A 2x2 grid: n0 n1 above n2 n3", "deep-grid", &[]),
    ];
    for (title, name, quorums) in table {
        let scenario = scenario(name, quorums)?;
        let phases = &scenario.protocol.phases;
        println!("\n{title}\n{}\n", "=".repeat(title.len()));
        describe("promise", &phases.prepare);
        describe("accept", &phases.accept);
        show(scenario)?;
    }

    println!("\nA system that is refused\n========================\n");
    println!(
        "Rows in both phases would have as few acceptors as columns and rows. But n0 might be"
    );
    println!(
        "promised by its row and have a value chosen by it, and n2 another by the other row:\n"
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
    println!("    Any {any} may be down, and with luck {most}.");
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
