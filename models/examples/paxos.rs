//! Two proposers race for one value: a refusal, a value that is adopted, and what becomes of it
//! where it is not. `cargo run -p splitbrain-models --example paxos`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, explore, way};
use splitbrain::{Nodes, Scenario, Undisturbed};
use splitbrain_models::paxos::{Paxos, PaxosModel, Phase, Proposer, State, Value};

const V1: Value = Value(1);

fn main() -> Result<(), String> {
    println!("THE RACE");
    println!();
    println!("Three acceptors (a1, a2, a3), any two of them a quorum, and two proposers (p1, p2).");
    println!("p1 is asked to propose v1, p2 to propose v2. Ballots are written 1.n3: the first of");
    println!(
        "node n3, which is p1; n4 is p2. This is a shortest way to each of five stations in turn:"
    );
    println!();
    let race = race()?;
    for station in &race.waypoints {
        println!("  - {}", station.sentence);
    }
    println!();
    let steps = way(&race, &Limits::default(), &mut Undisturbed)?;
    let story = tell(&race, &steps, None);
    for step in story.steps_in_words() {
        // What each step changes is in the diagram.
        println!("{}", step.split(" — ").next().unwrap_or_default());
    }
    println!();
    println!("{}", story.to_text());
    println!(
        "p2 came to propose v2 and proposes v1. It cannot know that v1 was not chosen: all it"
    );
    println!(
        "knows of p1's ballot is one vote, and there are acceptors that it has not asked. p1,"
    );
    println!("who was refused, could have given up: its value was on its way without it.");
    println!();

    println!("AND IF P2 KEPT TO ITS OWN VALUE?");
    println!();
    let stubborn = scenario("race", Some("ignore-accepted"), &[])?;
    let limits = Limits { only: Some("agreement".to_string()), ..Limits::default() };
    let found = explore(&stubborn, &limits, &mut Undisturbed)?;
    let first = found.found.first().ok_or("the mistake does not show")?;
    let story = tell(&stubborn, &first.trace, Some("agreement"));
    println!("{}", story.to_text());
    println!();
    println!("No node knows yet that two values are chosen, and perhaps none ever will. The votes");
    println!("tell, and only somebody who sees all of them: the invariant does.");
    Ok(())
}

fn scenario(
    name: &str,
    bug: Option<&str>,
    settings: &[(&str, u64)],
) -> Result<Scenario<Paxos>, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&PaxosModel, name, bug, &given).map_err(|misfit| misfit.to_string())
}

/// Acceptors tell whom they refuse; p1 may try twice.
fn race() -> Result<Scenario<Paxos>, String> {
    Ok(scenario("nacks", None, &[("acceptors", 3)])?
        .waypoint("p1 has proposed v1, and one acceptor has accepted it.", |_, nodes| {
            votes_for_v1(nodes) == 1
        })
        .waypoint("p1 is refused by an acceptor that has promised p2's ballot.", |_, nodes| {
            matches!(p1(nodes).phase, Phase::Refused { .. })
        })
        .waypoint("p2 hears of v1 and adopts it.", |_, nodes| {
            matches!(p2(nodes).phase, Phase::Proposing { value: V1, .. })
        })
        .waypoint("p2 learns that v1 is chosen.", |_, nodes| p2(nodes).phase == Phase::Learned(V1))
        .waypoint("p1 tries a higher ballot and learns the same.", |_, nodes| {
            p1(nodes).phase == Phase::Learned(V1)
        }))
}

fn votes_for_v1(nodes: &Nodes<Paxos>) -> usize {
    let voted = nodes.iter().filter(|node| match &node.state {
        State::Acceptor(acceptor) => acceptor.accepted.is_some_and(|vote| vote.value == V1),
        State::Proposer(_) => false,
    });
    voted.count()
}

fn p1(nodes: &Nodes<Paxos>) -> &Proposer {
    proposer(nodes, 3)
}

fn p2(nodes: &Nodes<Paxos>) -> &Proposer {
    proposer(nodes, 4)
}

fn proposer(nodes: &Nodes<Paxos>, at: usize) -> &Proposer {
    match &nodes[at].state {
        State::Proposer(proposer) => proposer,
        State::Acceptor(_) => unreachable!("the acceptors come first"),
    }
}
