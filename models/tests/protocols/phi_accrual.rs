//! The φ accrual detector: it holds in every scenario, to the last state, and every mistake shows.

use std::sync::atomic::{AtomicU64, Ordering};

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain::simulate::{Latency, Plan, Workload, run};
use splitbrain::{Invariant, Sight, Units};
use splitbrain_models::phi_accrual::{Bug, Event, PhiAccrualModel};

#[test]
fn the_detector_holds_in_every_small_scenario() {
    // States, transitions, depth.
    let table = [
        ("small", (2_374, 6_253, 14)),
        ("restart", (13_575, 39_813, 17)),
        ("set-back", (12_500, 36_646, 18)),
        ("long", (5_012, 12_694, 24)),
    ];
    common::small_scenarios_are(&PhiAccrualModel, &table.map(|(name, _)| name));
    common::hold_as_large(&PhiAccrualModel, &table, &common::up_to(300_000));
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("zero-deviation", 6),
        ("first-heartbeat-ignored", 8),
        ("underflow", 14),
        ("clock-back", 5),
        ("outage-in-window", 15),
        ("silence-sampled", 5),
        ("never-trusts-again", 6),
    ];
    common::bugs_show(&PhiAccrualModel, &table, |info| common::only(info.invariant, 300_000));
}

#[test]
fn the_detector_holds_where_its_mistakes_show() {
    common::protocol_holds_where_bugs_show(&PhiAccrualModel, 300_000, |_| true);
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = PhiAccrualModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 2] = [
        ("small", &[("estimate", 4)], "make `longest` at least 5"),
        ("small", &[("period", 3)], "make `period` less, or `deviation` or `pause` greater"),
    ];
    common::are_refused(&PhiAccrualModel, &table);
}

#[test]
fn the_detector_holds_in_a_storm() {
    let found = common::storm_breaks_nothing(&PhiAccrualModel, "storm", &[], 300);
    assert_eq!(common::unreached(&found), [""; 0]);
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&PhiAccrualModel, 1_000, &[]);
}

/// How many suspicions were wrong, over so many runs of ten minutes in a network that loses a
/// stated share of messages and is punctual otherwise.
fn wrong_suspicions(loss: u32, pause: u64, runs: u64) -> u64 {
    static WRONG: AtomicU64 = AtomicU64::new(0);
    let counted = Invariant::history("counted", "Every suspicion is counted.", (), |(), sight| {
        if matches!(sight, Sight::Event { event: Event::Suspects(_), .. }) {
            WRONG.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    let settings: Settings<'_> = &[("nodes", 2), ("pause", pause)];
    let scenario = common::scenario(&PhiAccrualModel, "storm", None, settings).invariant(counted);
    let plan = Plan {
        stormy: 600.s(),
        latency: Latency::Constant(1.ms()),
        loss,
        duplication: 0,
        network: None,
        workload: Workload { clients: 0, think: 1.s(), gives_up: 0, ..Workload::default() },
        clocks: Vec::new(),
        faults: Vec::new(),
    };
    WRONG.store(0, Ordering::Relaxed);
    for seed in 0..runs {
        let outcome = run(&scenario, &plan, seed);
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
    WRONG.load(Ordering::Relaxed)
}

/// Accuracy is a matter of probability. With heartbeats 10 ticks apart, a pause of 5 accepted and a
/// deviation of 4, one lost heartbeat is forgiven and two in a row are not; a pause of 15 forgives
/// two. So of n heartbeats about n p² (1 − p) begin a wrong suspicion, or n p³ (1 − p). While
/// losses are in the window, the detector forgives a little more, so at high rates it is wrong less often.
#[test]
fn it_is_wrong_as_often_as_the_loss_rate_says() {
    // Millionths lost, pause, runs of 600 heartbeats each, and the bounds on wrong suspicions.
    let table = [
        (0, 5, 10, 0..=0),
        (10_000, 5, 100, 3..=12),  // 60,000 · 0.0001 · 0.99 = 5.9
        (50_000, 5, 30, 25..=60),  // 18,000 · 0.0025 · 0.95 = 43
        (50_000, 15, 100, 2..=14), // 60,000 · 0.000125 · 0.95 = 7.1
    ];
    for (loss, pause, runs, expected) in table {
        let wrong = wrong_suspicions(loss, pause, runs);
        assert!(expected.contains(&wrong), "loss {loss}, pause {pause}: {wrong} of {expected:?}");
    }
}
