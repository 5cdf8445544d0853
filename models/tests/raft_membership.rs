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


fn with(scenario: &str, given: &[(&str, u64)]) -> splitbrain::Scenario<Raft<Total>> {
    let given = given.iter().map(|(n, v)| (n.to_string(), *v)).collect();
    build(&RaftMembershipModel, scenario, None, &given).expect("it is listed")
}

#[test]
fn probe_some() {
    for (name, given) in [
        ("removed-server", &[("loyal", 1)][..]),
        ("joint-takeover", &[("nodes", 4), ("turns", 13), ("joint", 34)]),
        ("joint-takeover", &[("nodes", 4), ("turns", 13), ("joint", 23)]),
        ("joint-takeover", &[("commands", 1)]),
        ("joint-takeover", &[("members", 3), ("joint", 1)]),
        ("joint-takeover", &[("nodes", 4), ("joint", 34)]),
    ] {
        for full in [true, false] {
            let start = std::time::Instant::now();
            let report = explore(&with(name, given), &Limits { full, states: Some(400_000), ..Limits::default() }, &mut Undisturbed).unwrap();
            println!("{name} {given:?} full {full}: {} / {} states {} trans {} depth {:?}", report.verdict, report.states, report.transitions, report.depth(), start.elapsed());
            for found in &report.found { println!("  {} {} {}", found.invariant, found.trace.len(), found.reason); }
        }
    }
}

#[test]
fn probe_storms() {
    use splitbrain::simulate::{Campaign, simulate};
    for name in ["storm", "storm-joint"] {
        let start = std::time::Instant::now();
        let scenario = build(&RaftMembershipModel, name, None, &BTreeMap::new()).unwrap();
        let s = simulate(&scenario, &Campaign { threads: 2, ..Campaign::new(1000, 1) }, &mut Undisturbed).unwrap();
        println!("{name}: {} {:?}", s.verdict, start.elapsed());
        println!("{:?}", s.tally);
    }
    for info in RaftMembershipModel.bugs() {
        let start = std::time::Instant::now();
        let scenario = build(&RaftMembershipModel, info.simulated.0, Some(info.name), &BTreeMap::new()).unwrap();
        for only in [Some(info.invariant.to_string()), None] {
            let s = simulate(&scenario, &Campaign { threads: 2, only, ..Campaign::new(5000, 1) }, &mut Undisturbed).unwrap();
            println!("{}: {} {:?} {:?}", info.name, s.verdict, s.marks, start.elapsed());
            if let Some(f) = s.failure { println!("  run {} steps {} {} {}", f.run, f.trace.len(), f.violation.invariant, f.violation.reason); }
        }
    }
}
#[test]
fn probe_bugs() {
    for info in RaftMembershipModel.bugs() {
        let start = std::time::Instant::now();
        let report = explored(info.explored.0, Some(info.name), &Limits { only: Some(info.invariant.to_string()), states: Some(1_500_000), ..Limits::default() });
        println!("{}: {} / {} states {} trans {} depth {:?}", info.name, report.verdict, report.states, report.transitions, report.depth(), start.elapsed());
        println!("  marks {:?}", report.marks);
        for found in &report.found { println!("  {} {} {}", found.invariant, found.trace.len(), found.reason); }
    }
}


#[test]
fn probe_stall() {
    use splitbrain::simulate::{Campaign, simulate};
    for name in ["storm", "storm-joint"] {
        let scenario = build(&RaftMembershipModel, name, None, &BTreeMap::new()).unwrap();
        let s = simulate(&scenario, &Campaign { threads: 2, ..Campaign::new(1000, 1) }, &mut Undisturbed).unwrap();
        let Some(f) = s.failure else { continue };
        println!("{} {:?}", f.trace.len(), f.plan);
        for back in [60, 0] {
        let end = splitbrain::follow_all(&scenario, &f.trace[..f.trace.len() - back]).unwrap();
        for node in &end.world.nodes {
            let st = &node.state;
            println!("{} {:?} voted {:?} commit {} last {:?}/{:?} members {:?} change {:?}", st.term, match &st.role { splitbrain_models::raft::Role::Leader(_) => "LEADER".into(), r => format!("{r:?}") }, st.voted_for, st.commit, st.log.last(), st.log.last_term(), st.members, st.log.last_change().map(|c| c.0));
        }
        }
        for step in &f.trace[f.trace.len().saturating_sub(60)..] { println!("{step:?}"); }
    }
}
