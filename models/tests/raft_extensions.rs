//! Raft's extensions explored and stormed.

use std::collections::BTreeMap;

use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain_models::parts::machine::Total;
use splitbrain_models::raft::{Raft, RaftExtensionsModel};

fn explored(scenario: &str, bug: Option<&str>, limits: &Limits) -> Exploration<Raft<Total>> {
    let scenario =
        build(&RaftExtensionsModel, scenario, bug, &BTreeMap::new()).expect("it is listed");
    explore(&scenario, limits, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn survey() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for info in RaftExtensionsModel.scenarios() {
        if info.engine != Engine::Explore || !info.name.contains(&only) { continue; }
        for full in [true, false] {
            let start = std::time::Instant::now();
            let report = explored(info.name, None, &Limits { full, states: Some(1_000_000), ..Limits::default() });
            eprintln!("(\"{}\", full {full} ({}, {}, {}), {} {:?} {:?}", info.name, report.states, report.transitions, report.depth(), report.verdict, report.goals.iter().filter(|(_, at)| at.is_none()).map(|(g, _)| g.clone()).collect::<Vec<_>>(), start.elapsed());
        }
    }
}

#[test]
fn bugs() {
    let only_bug = std::env::var("ONLY").unwrap_or_default();
    for info in RaftExtensionsModel.bugs() {
        if !info.name.contains(&only_bug) && !info.explored.0.contains(&only_bug) { continue; }
        let start = std::time::Instant::now();
        let only = Some(info.invariant.to_string());
        let limits = Limits { only, states: Some(1_000_000), ..Limits::default() };
        let report = explored(info.explored.0, Some(info.name), &limits);
        let found = report.found.iter().find(|found| found.invariant == info.invariant);
        eprintln!("{}: {:?} {} states {} marks {:?} {:?}", info.name, found.map(|f| (f.trace.len(), f.reason.clone())), report.states, report.verdict, report.marks, start.elapsed());
    }
}
