//! The works of `bench` have the counts that others publish, and so have the rivals.

use std::process::Command;

use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::{Protocol, Scenario, Undisturbed};
use splitbrain_cli::bench::engines::{Engine, search};
use splitbrain_cli::bench::measure::Outcome;
use splitbrain_cli::bench::rows::{Row, differences};
use splitbrain_cli::bench::work::served::History;
use splitbrain_cli::bench::work::{paxos, register, two_phase};
use splitbrain_cli::bench::works::{Size, Subject, WORKS};

/// States, transitions and depth of a scenario that must hold and reach its goals.
fn explored<P: Protocol>(scenario: &Scenario<P>) -> (usize, u64, u32) {
    let found: Exploration<P> =
        explore(scenario, &Limits::default(), &mut Undisturbed).expect("it makes sense");
    assert_eq!(found.verdict.exit_code(), 0, "{:?}", found.verdict);
    (found.states, found.transitions, found.depth())
}

#[test]
fn two_phase_commit_has_the_counts_of_its_specification() {
    // TLC says 1,146 and depth 11: it counts the first state as generated, and as a level.
    assert_eq!(explored(&two_phase::scenario(3)), (288, 1_145, 10));
    assert_eq!(explored(&two_phase::scenario(5)), (8_832, 58_145, 16));
}

/// States and transitions of two-phase commit, by counting where each resource manager can be: in 4
/// places before the decision, 2 behind a commit, 6 behind an abort.
fn by_hand(resources: u32) -> (u64, u64) {
    let n = u64::from(resources);
    let (before, committed, aborted) =
        (4_u64.pow(resources), 2_u64.pow(resources), 6_u64.pow(resources));
    // Before: abort anywhere, commit in one place, and of the 4 places one has two steps, two have
    // one, one has none. Behind: all hear the decision again and again; who works may still choose.
    let transitions = before + 1 + n * before + n * committed + n * aborted + 2 * n * (aborted / 6);
    (before + committed + aborted, transitions)
}

#[test]
fn two_phase_commit_has_the_counts_that_a_formula_gives() {
    for work in WORKS {
        if let Subject::TwoPhase { resources } = work.subject {
            let counts = work.counts.expect("they are published");
            let (states, transitions) = by_hand(u32::from(resources));
            assert_eq!((counts.states, counts.transitions), (states, transitions), "{}", work.name);
        }
    }
}

#[test]
fn paxos_has_the_counts_of_stateright() {
    assert_eq!(explored(&paxos::scenario(2, History::Whole)), (16_668, 32_970, 20));
    // Nothing of the past that the canonical monitor forgets is told apart with two clients.
    assert_eq!(explored(&paxos::scenario(2, History::Canonical)), (16_668, 32_970, 20));
}

#[test]
fn the_register_has_the_counts_of_stateright() {
    assert_eq!(explored(&register::scenario(2, 2, History::Whole)), (544, 874, 24));
    assert_eq!(explored(&register::scenario(2, 2, History::Canonical)), (465, 808, 24));
}

#[test]
fn every_engine_counts_the_same_in_the_small_sizes() {
    for work in WORKS.iter().filter(|work| work.size == Size::Short) {
        // The debug build is slow; the larger of these are the benchmark's own business.
        if matches!(work.subject, Subject::Raft(_) | Subject::TwoPhase { resources: 7 }) {
            continue;
        }
        let others = work
            .engines(true, false)
            .into_iter()
            .filter(|engine| !matches!(engine, Engine::Spin | Engine::TwoThreads));
        // On two threads the table has the large ones only; the count is a matter of any size.
        let engines = others.chain([Engine::TwoThreads]);
        let rows: Vec<Row> =
            engines.map(|engine| Row { engine, outcome: search(work.subject, engine) }).collect();
        for row in &rows {
            assert!(row.measured().is_some(), "{}: {row:?}", work.name);
        }
        assert_eq!(differences(work, &rows), [""; 0]);
    }
}

#[test]
fn spin_counts_the_same_where_it_is_installed() {
    let engine = Engine::Spin;
    let work = WORKS.iter().find(|work| work.name == "two-phase-5").expect("a work");
    let row = Row { engine, outcome: search(work.subject, engine) };
    match &row.outcome {
        Outcome::Measured(_) => assert_eq!(differences(work, &[row]), [""; 0]),
        Outcome::Unavailable { why } => assert!(why.contains("apt-get install"), "{why}"),
        Outcome::Failed { why } => panic!("{why}"),
    }
}

#[test]
fn the_command_measures_each_row_in_a_process_of_its_own() {
    let bench = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
        command.args(arguments.split(' ')).env_remove("RUST_LOG").output().expect("it runs")
    };
    let ran = bench("bench two-phase-5 --only-ours --repeat 2 --json");
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let value: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("one document");
    for (pointer, expected) in [
        ("/works/0/work", "two-phase-5".into()),
        ("/works/0/rows/0/engine", "splitbrain".into()),
        ("/works/0/rows/0/states", 8_832.into()),
        ("/works/0/rows/0/slower", 1.0.into()),
        ("/works/0/rows/1/transitions", 58_145.into()),
        ("/works/0/differences", serde_json::json!([])),
    ] {
        assert_eq!(value.pointer(pointer), Some(&expected), "{pointer}: {value}");
    }
    let ran = bench("bench --row paxos-2 splitbrain-2");
    let row: Row = serde_json::from_slice(&ran.stdout).expect("a row");
    assert_eq!(row.engine, Engine::TwoThreads);
    assert_eq!(row.seconds(), row.measured().map(|measured| measured.clock));
    let ran = bench("bench register-2x2 --no-progress");
    let text = String::from_utf8_lossy(&ran.stdout);
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0), "{text}");
    assert!(text.contains("Stateright BFS, adapter"), "{text}");
    assert!(text.contains("of the clock below that"), "{text}");
}
