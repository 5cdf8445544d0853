//! The works of `bench` have the counts that others publish.

use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::{Protocol, Scenario, Undisturbed};
use splitbrain_cli::bench::work::served::History;
use splitbrain_cli::bench::work::{paxos, register, two_phase};

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
