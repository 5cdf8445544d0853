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

#[test]
fn storms() {
    use splitbrain::simulate::{Campaign, simulate};
    let only_bug = std::env::var("ONLY").unwrap_or_default();
    let runs: u64 = std::env::var("RUNS").map_or(2000, |r| r.parse().unwrap());
    for name in ["storm", "storm-lease"] {
        if !name.contains(&only_bug) { continue; }
        let scenario = build(&RaftExtensionsModel, name, None, &BTreeMap::new()).expect("a storm");
        let start = std::time::Instant::now();
        let campaign = Campaign { threads: 2, ..Campaign::new(runs / 4, 1) };
        let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("ok");
        eprintln!("{name}: {} runs {} failures {} {:?}", found.runs, found.failures, found.verdict, start.elapsed());
    }
    for info in RaftExtensionsModel.bugs() {
        if !info.name.contains(&only_bug) { continue; }
        let scenario = match build(&RaftExtensionsModel, info.simulated.0, Some(info.name), &BTreeMap::new()) { Ok(s) => s, Err(e) => { eprintln!("{e}"); continue } };
        let start = std::time::Instant::now();
        let campaign = Campaign { threads: 2, only: Some(info.invariant.to_string()), ..Campaign::new(runs, 1) };
        let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("ok");
        eprintln!("{}: {:?} runs {} {} {:?}", info.name, found.failure.as_ref().map(|f| (f.run, f.violation.reason.clone())), found.runs, found.verdict, start.elapsed());
    }
}

#[test]
fn block() {
    use splitbrain::simulate::{Campaign, simulate};
    let runs: u64 = std::env::var("RUNS").map_or(2000, |r| r.parse().unwrap());
    for nodes in [2, 3, 5] {
        let given = BTreeMap::from([("nodes".to_string(), nodes)]);
        for bug in [None, Some("pre-vote-mutual-block"), Some("pre-vote-clears-vote")] {
            let scenario = build(&RaftExtensionsModel, "storm-pre-vote", bug, &given).expect("a storm");
            let start = std::time::Instant::now();
            let only = if bug == Some("pre-vote-clears-vote") { "election-safety" } else { "client-answered" };
            let campaign = Campaign { threads: 2, only: Some(only.into()), ..Campaign::new(runs, 1) };
            let found = simulate(&scenario, &campaign, &mut Undisturbed).expect("ok");
            eprintln!("{nodes} {bug:?}: {:?} runs {} {} {:?}", found.failure.as_ref().map(|f| (f.run, f.violation.reason.clone())), found.runs, found.verdict, start.elapsed());
        }
    }
}

#[test]
fn deep() {
    for info in RaftExtensionsModel.scenarios() {
        if info.engine != Engine::ExploreDeep { continue; }
        let start = std::time::Instant::now();
        let report = explored(info.name, None, &Limits { states: Some(20_000_000), threads: 2, ..Limits::default() });
        eprintln!("(\"{}\", ({}, {}, {}), {} {:?} {:?}", info.name, report.states, report.transitions, report.depth(), report.verdict, report.goals.iter().filter(|(_, at)| at.is_none()).collect::<Vec<_>>(), start.elapsed());
    }
}
