//! Exploration, stateright, random walks and simulation agree on random small protocols.
//!
//! More of them: `PROPTEST_CASES=100000 cargo test --release --test random_protocols`.

mod embedding;
mod table;

use std::collections::BTreeMap;

use proptest::prelude::*;
use splitbrain::explore::oracle;
use splitbrain::explore::{
    DeadMail, Exploration, Fingerprint, Limits, Searched, explore, reference,
};
use splitbrain::shrink::{Effort, shrink};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain::{
    Firing, Links, NodeId, Replay, Scenario, Step, Undisturbed, Verdict, follow_all, replay, walk,
};
use table::{Table, claims, scenarios, with_a_sink};

fn explored(scenario: &Scenario<Table>) -> Exploration<Table> {
    let limits = Limits { all_invariants: true, ..Limits::default() };
    explore(scenario, &limits, &mut Undisturbed).expect("a scenario that makes sense")
}

/// Larger spaces say no more, and take longer.
const ENOUGH: usize = 2_000;

fn small(scenario: &Scenario<Table>) -> bool {
    let limits = Limits { all_invariants: true, states: Some(ENOUGH), ..Limits::default() };
    explore(scenario, &limits, &mut Undisturbed).is_ok_and(|explored| explored.exhausted)
}

/// All that an exploration says of a scenario, but for how it searched.
fn told(explored: Exploration<Table>) -> String {
    format!("{:#?}", Exploration { searched: Searched::default(), ..explored })
}

/// What an exploration by fingerprints says, but for the odds.
fn without_odds(explored: Exploration<Table>) -> Exploration<Table> {
    let exactly = |covered: String| {
        let covered = covered.replace(
            "within these bounds, but for what fingerprints may have missed",
            "exhaustively within these bounds",
        );
        covered.split("; states told apart").next().expect("a first part").to_string()
    };
    let verdict = match explored.verdict {
        Verdict::Holds { covered } => Verdict::Holds { covered: exactly(covered) },
        Verdict::Inconclusive { why, covered } => {
            Verdict::Inconclusive { why, covered: exactly(covered) }
        }
        Verdict::Vacuous { missing } => {
            Verdict::Vacuous { missing: missing.into_iter().map(exactly).collect() }
        }
        same @ Verdict::Violated { .. } => same,
    };
    Exploration { verdict, ..explored }
}

/// Whether a trace ends within the scenario's boundary. Worlds past it are checked by our search
/// and not by stateright.
fn within_boundary(scenario: &Scenario<Table>, trace: &[Step<Table>]) -> bool {
    let there = follow_all(scenario, trace).expect("a trace that was found");
    let boundary = scenario.boundary.as_ref().expect("random scenarios have one");
    there.panicked.is_some() || boundary.includes(&scenario.protocol, &there.world)
}

/// A hundred cases, or as many as `PROPTEST_CASES` says.
fn config() -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { usual.cases } else { 100 };
    let max_global_rejects = cases * 100;
    ProptestConfig { cases, max_global_rejects, failure_persistence: None, ..usual }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn exploration_and_stateright_count_the_same(scenario in scenarios()) {
        prop_assume!(small(&scenario));
        let ours = explored(&scenario);
        let theirs = oracle::count(scenario.clone()).expect("a scenario that makes sense");
        prop_assert_eq!(ours.states, theirs.states);
        prop_assert_eq!(ours.transitions, theirs.transitions as u64);
        // Ours keeps the first trace to each invariant, which may end past the boundary, where
        // stateright does not look: what it finds we find, and what we find within it finds.
        prop_assert!(theirs.holds || !ours.found.is_empty());
        let within = ours.found.iter().any(|found| within_boundary(&scenario, &found.trace));
        prop_assert!(!theirs.holds || !within);
    }

    #[test]
    fn the_packed_search_is_the_plain_search(
        scenario in scenarios(),
        all_invariants: bool,
        states in prop_oneof![Just(None), (1..3_000_usize).prop_map(Some)],
        depth in prop_oneof![3 => Just(None), 1 => (0..12_u32).prop_map(Some)],
        bounded in 0..3,
        together: bool,
        detector in 0..4,
        any_number: bool,
        waypoint in prop_oneof![2 => Just(false), 1 => Just(true)],
        at_least_bits in prop_oneof![3 => Just(0), 1 => Just(128), 1 => Just(256), 1 => Just(512)],
        print in prop_oneof![2 => Just(None), 1 => Just(Some(Fingerprint::BITS_64))],
    ) {
        let mut scenario = Scenario { depth, ..scenario };
        if bounded > 0 {
            scenario.boundary = None;
        }
        if bounded == 2 {
            scenario = scenario
                .node_boundary("no node but n0 is in state 2", |_, me, node| {
                    me == NodeId(0) || node.state != 2
                });
        }
        match detector {
            0 => {
                scenario = scenario.offered(|nodes, _, input| {
                    nodes.iter().any(|node| !node.up || node.state > *input)
                });
            }
            1 => {
                scenario = scenario.offered_about(
                    |input| NodeId(*input),
                    |input, node| !node.up || node.state == (*input + 1) % 3,
                );
            }
            _ => {}
        }
        if any_number {
            // Timers 0 may fire any number of times, and some that are counted never end.
            scenario.timers[0].firing = Firing::Any;
        }
        if waypoint {
            scenario = scenario
                .waypoint("two nodes agree", |_, nodes| nodes[0].state == nodes[1].state)
                .waypoint("some node is in state 2", |_, nodes| {
                    nodes.iter().any(|node| node.state == 2)
                });
        }
        let states = states.or(Some(ENOUGH));
        let threads = if together { 3 } else { 1 };
        let exactly = Limits { all_invariants, states, threads, at_least_bits, ..Limits::default() };
        let packed = explore(&scenario, &exactly, &mut Undisturbed).expect("it makes sense");
        let plain = reference::explore(&scenario, &exactly, &mut Undisturbed).expect("it does");
        prop_assert_eq!(&packed.searched.fallback, &None);
        let plain = told(plain);
        prop_assert_eq!(told(packed), plain.clone());
        if print.is_some() && at_least_bits > 0 {
            let printed = Limits { fingerprint: print, ..exactly };
            let printed = explore(&scenario, &printed, &mut Undisturbed).expect("it makes sense");
            prop_assert_eq!(printed.searched.fingerprint, Some(64));
            if let Verdict::Holds { covered } = &printed.verdict {
                prop_assert!(!covered.contains("exhaustively"), "{}", covered);
                prop_assert!(covered.contains("the odds"), "{}", covered);
            }
            prop_assert_eq!(told(without_odds(printed)), plain);
        }
    }

    #[test]
    fn fingerprints_far_too_narrow_lose_states_and_break_no_promise(
        scenario in scenarios(),
        bits in 1..16_u32,
        together: bool,
    ) {
        let exactly = Limits { all_invariants: true, states: Some(ENOUGH), ..Limits::default() };
        let threads = if together { 2 } else { 1 };
        let fingerprint = Some(Fingerprint::narrow(bits));
        let printed = Limits { fingerprint, threads, ..exactly.clone() };
        let exact = explore(&scenario, &exactly, &mut Undisturbed).expect("it makes sense");
        let printed = explore(&scenario, &printed, &mut Undisturbed).expect("it makes sense");
        prop_assert!(printed.states <= exact.states || !exact.exhausted);
        prop_assert!(printed.states <= 1 << bits);
        match &printed.verdict {
            Verdict::Holds { covered } | Verdict::Inconclusive { covered, .. } => {
                prop_assert!(covered.contains("the odds that one was missed"), "{}", covered);
            }
            Verdict::Vacuous { missing } => {
                let missing = missing.join(", ");
                prop_assert!(missing.contains("the odds that one was missed"), "{}", missing);
            }
            Verdict::Violated { .. } => {}
        }
        for found in &printed.found {
            let replayed = replay(&scenario, &found.trace, Some(&found.invariant));
            prop_assert!(matches!(replayed, Replay::Breaks { .. }), "{:?}", replayed);
        }
    }

    #[test]
    fn without_dead_mail_it_finds_the_same_by_traces_as_short(
        scenario in scenarios(),
        (kept, ignored) in any::<bool>().prop_flat_map(|kept| (Just(kept), claims(kept))),
        set: bool,
    ) {
        let mut scenario = scenario;
        if kept {
            scenario.protocol = with_a_sink(scenario.protocol);
        }
        scenario.protocol.ignored = ignored;
        // What looks at mail keeps it.
        scenario.boundary = None;
        scenario.patience.clear();
        scenario.links = if set { Links::Set } else { Links::Unordered };
        scenario.invariants.retain(|held| !["world", "quiet"].contains(&held.looks_at()));
        scenario.depth = Some(9);
        let limits = Limits { all_invariants: true, states: Some(10_000), ..Limits::default() };
        let in_full = Limits { full: true, ..limits.clone() };
        let full = explore(&scenario, &in_full, &mut Undisturbed).expect("it makes sense");
        prop_assume!(full.exhausted);
        let smaller = explore(&scenario, &limits, &mut Undisturbed).expect("it does");
        if matches!(smaller.searched.dead_mail, DeadMail::Refuted { .. }) {
            prop_assert!(!smaller.exhausted || smaller.states == full.states);
        } else {
            let found = |explored: &Exploration<Table>| -> BTreeMap<String, usize> {
                let found = explored.found.iter();
                found.map(|one| (one.invariant.clone(), one.trace.len())).collect()
            };
            prop_assert_eq!(found(&smaller), found(&full));
            prop_assert_eq!(&smaller.goals, &full.goals);
            prop_assert!(smaller.states <= full.states);
            for one in &smaller.found {
                let replayed = replay(&scenario, &one.trace, Some(&one.invariant));
                prop_assert!(matches!(replayed, Replay::Breaks { .. }), "{:?}", replayed);
            }
        }
    }

    #[test]
    fn every_trace_found_replays_to_its_violation_and_is_the_shortest(scenario in scenarios()) {
        prop_assume!(small(&scenario));
        for found in explored(&scenario).found {
            let replayed = replay(&scenario, &found.trace, Some(&found.invariant));
            let Replay::Breaks { steps, violation } = replayed else {
                return Err(TestCaseError::fail(format!("{replayed:?}")));
            };
            prop_assert_eq!(steps, found.trace.len());
            prop_assert_eq!(violation.reason, found.reason);
        }
    }

    #[test]
    fn a_random_walk_finds_nothing_that_exploration_does_not(
        scenario in scenarios(),
        seed: u64,
    ) {
        prop_assume!(small(&scenario));
        let explored = explored(&scenario);
        for run in 0..20 {
            let steps = walk(&scenario, (seed, run), 40);
            if let Replay::Breaks { steps, violation } = replay(&scenario, &steps, None) {
                let found = explored.found.iter().find(|found| {
                    found.invariant == violation.invariant
                });
                prop_assert!(found.is_some_and(|found| found.trace.len() <= steps));
            }
        }
    }

    #[test]
    fn what_simulation_records_happens_on_world_and_shrinks_to_the_same_failure(
        scenario in scenarios(),
        seed: u64,
    ) {
        let mut scenario = scenario;
        scenario.storm.kinds.wipes = true;
        let simulated = simulate(&scenario, &Campaign::new(20, seed), &mut Undisturbed)
            .expect("a scenario that makes sense");
        if let Some(failure) = simulated.failure {
            prop_assert!(failure.replays, "{:?}", failure.violation);
            let effort = Effort { tries: 300, states: 300, runs: 0 };
            let sought = &failure.violation.invariant;
            let shrunk =
                shrink(&scenario, &failure.trace, sought, None, effort, &mut Undisturbed)
                    .expect("a trace that fails");
            prop_assert!(shrunk.trace.len() <= failure.trace.len());
            let replayed = replay(&shrunk.scenario, &shrunk.trace, Some(sought));
            let breaks = matches!(&replayed, Replay::Breaks { steps, .. } if *steps == shrunk.trace.len());
            prop_assert!(breaks, "{:?}", replayed);
        }
    }
}
