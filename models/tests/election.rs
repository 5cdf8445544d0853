//! scratch
use std::collections::BTreeMap;
use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::election::{Election, ElectionModel};

#[test]
fn survey() {
    let only = std::env::var("ONLY").unwrap_or_default();
    let given: BTreeMap<String, u64> = std::env::var("SET").unwrap_or_default().split(',').filter(|s| !s.is_empty()).map(|p| { let (a,b)=p.split_once('=').unwrap(); (a.to_string(), b.parse().unwrap())}).collect();
    let bug = std::env::var("BUG").ok();
    let max: usize = std::env::var("MAX").ok().map_or(400_000, |m| m.parse().unwrap());
    for info in ElectionModel.scenarios() {
        if !(only.is_empty() && info.engine == Engine::Explore || only == info.name) { continue }
        let scenario = build(&ElectionModel, info.name, bug.as_deref(), &given).unwrap();
        if info.engine == Engine::Simulate {
            let at = std::time::Instant::now();
            let runs = std::env::var("RUNS").ok().map_or(300, |m| m.parse().unwrap());
            let campaign = Campaign { threads: 2, keep_going: std::env::var("GO").is_ok(), ..Campaign::new(runs, 1) };
            let found = simulate(&scenario, &campaign, &mut Undisturbed).unwrap();
            println!("{} {} failures {} goals {:?} marks {:?} {:?}", info.name, found.verdict, found.failures, found.goals, found.marks, at.elapsed());
            if let Some(f) = &found.failure { println!("  run {} replays {} {:?} steps {}", f.run, f.replays, f.violation, f.trace.len());
                if std::env::var("TELL").is_ok() { let steps = f.trace.clone(); let n = steps.len(); let s = splitbrain::explain::tell(&scenario, &steps, None); for l in s.steps_in_words().iter().skip(n.saturating_sub(60)) { println!("    {l}"); } } }
            continue;
        }
        let at = std::time::Instant::now();
        let r = explore(&scenario, &Limits { states: Some(max), full: std::env::var("FULL").is_ok(), threads: 2, ..Limits::default() }, &mut Undisturbed).unwrap();
        println!("{}: {} | {:?} quiet {} goals {:?} marks {:?} dead {:?} {:?}", info.name, r.verdict, (r.states, r.transitions, r.depth()), r.quiet, r.goals, r.marks, r.searched.dead_mail, at.elapsed());
        for f in &r.found {
            println!("  {} {} ({} steps)", f.invariant, f.reason, f.trace.len());
            if std::env::var("TELL").is_ok() { let s = splitbrain::explain::tell(&scenario, &f.trace, Some(&f.invariant)); for l in s.steps_in_words() { println!("    {l}"); } }
        }
    }
}
