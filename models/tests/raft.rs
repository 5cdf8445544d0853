//! Raft.
use splitbrain::Undisturbed;
use splitbrain::catalog::{Model, build};
use splitbrain::explore::{Limits, explore};
use splitbrain_models::raft::RaftModel;
use std::collections::BTreeMap;

#[test]
fn trial() {
    let args = std::env::var("TRIAL").unwrap_or_default();
    let mut words = args.split_whitespace();
    let scenario = words.next().unwrap_or("election");
    let bug = words.next().filter(|bug| *bug != "-");
    let only = words.next().filter(|only| *only != "-").map(str::to_string);
    let most = words.next().map_or(2_000_000, |most| most.parse().unwrap());
    let given: BTreeMap<String, u64> = words
        .map(|w| {
            let (k, v) = w.split_once('=').unwrap();
            (k.to_string(), v.parse().unwrap())
        })
        .collect();
    let scenario = build(&RaftModel, scenario, bug, &given).unwrap();
    let limits = Limits { only, states: Some(most), ..Limits::default() };
    let report = explore(&scenario, &limits, &mut Undisturbed).unwrap();
    println!("{}", report.verdict);
    println!(
        "states {} transitions {} depth {} goals {:?} marks {:?} cut {:?}",
        report.states,
        report.transitions,
        report.depth(),
        report.goals,
        report.marks,
        report.cut
    );
    for found in &report.found {
        println!("{} {}: {}", found.invariant, found.trace.len(), found.reason);
    }
    if let Some(found) = report.found.last() {
        for step in &found.trace {
            println!("   {step}");
        }
    }
    let _ = RaftModel.name();
}
