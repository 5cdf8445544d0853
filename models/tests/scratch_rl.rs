use splitbrain::Undisturbed;
use splitbrain::catalog::{Engine, Model, build};
use splitbrain::explore::{Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain_models::replicated_lock::ReplicatedLockModel as M;
use std::collections::BTreeMap;
use std::time::Instant;
#[test]
fn scratch() {
    let env = |k: &str| std::env::var(k).ok();
    let settings: BTreeMap<String, u64> = env("SET")
        .unwrap_or_default()
        .split(',')
        .filter(|s| !s.is_empty())
        .map(|s| {
            let (a, b) = s.split_once('=').unwrap();
            (a.to_string(), b.parse().unwrap())
        })
        .collect();
    let cap: usize = env("CAP").map_or(300_000, |c| c.parse().unwrap());
    let bug = env("BUG");
    let names: Vec<String> = match env("SCEN") {
        Some(s) => s.split(',').map(String::from).collect(),
        None => M
            .scenarios()
            .iter()
            .filter(|i| i.engine == Engine::Explore)
            .map(|i| i.name.to_string())
            .collect(),
    };
    for name in names {
        let sc = build(&M, &name, bug.as_deref(), &settings).unwrap();
        let t = Instant::now();
        if let Some(runs) = env("RUNS") {
            let c = Campaign {
                threads: 2,
                only: env("ONLY"),
                keep_going: env("KEEP").is_some(),
                ..Campaign::new(runs.parse().unwrap(), 1)
            };
            let f = simulate(&sc, &c, &mut Undisturbed).unwrap();
            println!(
                "{name} {bug:?}: runs {} failures {} first {:?} goals {:?} marks {:?} {:?}",
                f.runs,
                f.failures,
                f.failure.as_ref().map(|x| (x.run, x.violation.reason.clone(), x.replays)),
                f.goals,
                f.marks,
                t.elapsed()
            );
            continue;
        }
        for full in [false, true] {
            if full && env("FULL").is_none() {
                continue;
            }
            let l = Limits {
                states: Some(cap),
                full,
                only: env("ONLY"),
                all_invariants: env("ALL").is_some(),
                ..Limits::default()
            };
            match explore(&sc, &l, &mut Undisturbed) {
                Err(e) => println!("{name}: ERR {e}"),
                Ok(f) => {
                    println!(
                        "{name} full={full} {bug:?}: {} / {} / {} begun {} exh {} bytes {} {:?} dead {:?}",
                        f.states,
                        f.transitions,
                        f.depth(),
                        f.begun_at,
                        f.exhausted,
                        f.searched.bytes,
                        t.elapsed(),
                        f.searched.dead_mail
                    );
                    println!("   verdict {}", f.verdict.to_string().lines().next().unwrap());
                    println!("   goals {:?} marks {:?} way {:?}", f.goals, f.marks, f.waypoints);
                    for x in &f.found {
                        println!("   FOUND {} len {}: {}", x.invariant, x.trace.len(), x.reason);
                        if env("TRACE").is_some() {
                            for s in &x.trace {
                                println!("      {s}");
                            }
                        }
                    }
                }
            }
        }
    }
}
