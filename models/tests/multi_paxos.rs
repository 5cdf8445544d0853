//! Multi-Paxos explored: what each scenario covers, and the bug that each invariant catches.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain_models::multi_paxos::{Bug, MultiPaxos, MultiPaxosModel};
use splitbrain_models::parts::machine::Total;

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<MultiPaxos<Total>> {
    let scenario = build(&MultiPaxosModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn probe() {
    for info in MultiPaxosModel.scenarios().iter().filter(|info| info.engine == Engine::Explore) {
        for full in [false, true] {
            let limits = Limits { full, states: Some(400_000), ..Limits::default() };
            let at = std::time::Instant::now();
            let report = explored(info.name, None, &limits);
            println!(
                "{} full {full}: {} {} {} {:?} {:?}",
                info.name,
                report.states,
                report.transitions,
                report.depth(),
                at.elapsed(),
                report.goals
            );
            println!("   {}", report.verdict);
        }
    }
    for info in MultiPaxosModel.bugs() {
        let limits = Limits { states: Some(200_000), ..Limits::default() };
        let at = std::time::Instant::now();
        let report = explored(info.explored.0, Some(info.name), &limits);
        println!(
            "{} in {}: {} states {:?} marks {:?}",
            info.name,
            info.explored.0,
            report.states,
            at.elapsed(),
            report.marks
        );
        for found in &report.found {
            println!("   {} {}: {}", found.trace.len(), found.invariant, found.reason);
        }
    }
    let _ = Bug::named("x");
}
