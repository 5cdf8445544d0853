//! Raft's changes of members explored: what each scenario covers, and what each bug breaks.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain_models::parts::machine::Total;
use splitbrain_models::raft::{Raft, RaftMembershipModel};

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<Raft<Total>> {
    let scenario =
        build(&RaftMembershipModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn probe() {
    for info in RaftMembershipModel.scenarios() {
        if info.engine == Engine::Simulate { continue }
        for full in [true, false] {
            let start = std::time::Instant::now();
            let report = explored(info.name, None, &Limits { full, states: Some(300_000), ..Limits::default() });
            println!("{} full {full}: {} / {} states {} trans {} depth {:?}", info.name, report.verdict, report.states, report.transitions, report.depth(), start.elapsed());
            for found in &report.found { println!("  {} {} {}", found.invariant, found.trace.len(), found.reason); }
        }
    }
}

#[test]
fn probe_bugs() {
    for info in RaftMembershipModel.bugs() {
        let start = std::time::Instant::now();
        let report = explored(info.explored.0, Some(info.name), &Limits { states: Some(1_000_000), ..Limits::default() });
        println!("{}: {} / {} states {} trans {} depth {:?}", info.name, report.verdict, report.states, report.transitions, report.depth(), start.elapsed());
        println!("  marks {:?}", report.marks);
        for found in &report.found { println!("  {} {} {}", found.invariant, found.trace.len(), found.reason); }
    }
}
