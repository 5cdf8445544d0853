//! Faults beyond the plainest, each seen to happen: circles, links that flap, what is slow, crashes
//! in patterns, clocks that are stuck or corrected. Each ends at its own end.

use super::beacon::{beacons, calm};
use super::simulation::{Made, made, with_clocks, with_faults};
use splitbrain::simulate::{Fault, Latency, Plan};
use splitbrain::{Act, NodeId, Span, Units};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

fn circle(nodes: u8) -> Fault {
    Fault::ring_of_majorities((0..nodes).map(NodeId).collect())
}

/// Beats come every ten milliseconds, so a cut from 95 to 305 takes the beats 10 to 30.
#[test]
fn a_minority_and_a_ring_of_majorities_cut_their_links_and_no_others() {
    let far = [(0, 2), (0, 3), (1, 3), (1, 4), (2, 4)];
    let minority = [(4, 1), (4, 2), (4, 3), (0, 1), (0, 2), (0, 3)];
    for (fault, cut) in [(circle(5), &far[..]), (Fault::minority(5, NodeId(4)), &minority[..])] {
        let made = made(&beacons(5), &with_faults(&[(95, 210, fault.clone())]), 1);
        for (from, to) in (0..5).flat_map(|from| (0..5).map(move |to| (from, to))) {
            let is_cut = cut.contains(&(from, to)) || cut.contains(&(to, from));
            let expected = if is_cut { vec![(10, 30)] } else { vec![] };
            let missing = made.missing(NodeId(from), NodeId(to));
            assert!(from == to || missing == expected, "{fault}: {from} to {to}: {missing:?}");
        }
        let tally = made.outcome.tally;
        assert_eq!((tally.partitions, tally.cut), (1, 2 * 21 * cut.len() as u64));
    }
}

#[test]
fn a_link_that_flaps_is_cut_again_and_again_and_overlaps_with_other_cuts() {
    let flapping = || calm().flapping(95.ms(), Fault::Isolate(B), [50.ms(), 50.ms()], 3);
    let flaps = [(10, 14), (20, 24), (30, 34)];
    for (plan, gaps) in [
        (flapping(), flaps.to_vec()),
        (flapping().fault(125.ms(), 100.ms(), Fault::Isolate(A)), vec![(10, 24), (30, 34)]),
        (flapping().fault(325.ms(), 100.ms(), circle(4)), flaps.to_vec()),
    ] {
        let made = made(&beacons(4), &plan, 1);
        assert_eq!(made.missing(A, B), gaps, "{plan}");
        assert_eq!(made.outcome.tally.partitions, plan.faults.len() as u64);
    }
    let made = made(&beacons(4), &flapping().fault(325.ms(), 100.ms(), circle(4)), 1);
    assert_eq!(made.missing(B, NodeId(3)), [flaps[0], flaps[1], (30, 42)], "across the circle");
}

fn late(made: &Made, from: NodeId, to: NodeId, numbers: [u32; 2]) -> Vec<u32> {
    let among = |(number, _): &(u32, u32)| (numbers[0]..=numbers[1]).contains(number);
    let mut late: Vec<u32> =
        made.beats_late(from, to).into_iter().filter(among).map(|(_, late)| late).collect();
    late.dedup();
    late
}

#[test]
fn slow_nodes_and_links_make_messages_late_and_together_later_still() {
    let plan = with_faults(&[
        (95, 210, Fault::SlowNode { node: B, times: 15 }),
        (195, 210, Fault::SlowLink { from: A, to: B, times: 3 }),
    ]);
    let made = made(&beacons(3), &plan, 1);
    // 15 times a millisecond is a beat and a half; three times that, four and a half.
    for (numbers, beats) in [([1, 9], 0), ([10, 19], 1), ([20, 30], 4), ([31, 90], 0)] {
        assert_eq!(late(&made, A, B, numbers), [beats], "{numbers:?} from n0 to n1");
        let back = u32::from(beats > 0);
        assert_eq!(late(&made, B, A, numbers), [back], "{numbers:?} from n1 to n0");
        assert_eq!(late(&made, A, C, numbers), [0], "{numbers:?} from n0 to n2");
    }
    assert_eq!((made.outcome.tally.slowed, made.missing(A, B)), (2, vec![]));
}

#[test]
fn what_is_slow_takes_five_seconds_at_most_or_as_long_as_it_would_anyway() {
    let slow = Fault::SlowLink { from: A, to: B, times: 1_000_000 };
    for (latency, seconds) in [(1.ms(), 5), (7.s(), 7)] {
        let mut scenario = beacons(2);
        scenario.protocol.beats = 1_000;
        let latency = Latency::Constant(latency);
        let plan = Plan { latency, stormy: 10.s(), ..with_faults(&[(0, 10_000, slow.clone())]) };
        let made = made(&scenario, &plan, 1);
        // It arrives at the moment of a beat, and before it.
        assert_eq!(late(&made, A, B, [1, 200]), [seconds * 100 - 1], "{plan}");
    }
}

/// The most nodes that were down at a time, and at the end.
fn down(made: &Made) -> (usize, usize) {
    let (mut down, mut most) = (0, 0);
    for step in &made.steps {
        match step.act {
            Act::Crash => down += 1,
            Act::Restart | Act::Wiped => down -= 1,
            _ => {}
        }
        most = most.max(down);
    }
    (most, down)
}

#[test]
fn nodes_crash_all_at_once_one_after_another_and_again_and_again() {
    let all = [A, B, C];
    let loops = || calm().crash_loop(95.ms(), B, [50.ms(), 50.ms()], 3);
    for (plan, most_down, lives) in [
        (calm().crash_of_all(95.ms(), &all, 100.ms()), 3, [1, 1, 1]),
        (calm().rolling_restart(95.ms(), &all, 90.ms(), 100.ms()), 1, [1, 1, 1]),
        (calm().rolling_restart(95.ms(), &all, 150.ms(), 100.ms()), 2, [1, 1, 1]),
        (loops(), 1, [0, 3, 0]),
        // Down from 95 to 145, and from 195 to the end of the longer crash at 320.
        (loops().fault(200.ms(), 120.ms(), Fault::Crash(B)), 1, [0, 2, 0]),
        (loops().rolling_restart(295.ms(), &[A, C], 30.ms(), 40.ms()), 2, [1, 3, 1]),
    ] {
        let made = made(&beacons(3), &plan, 1);
        assert_eq!(down(&made), (most_down, 0), "{plan}");
        assert_eq!(all.map(|node| made.memory(node).lives), lives, "{plan}");
        let restarts: u32 = lives.iter().sum();
        let tally = made.outcome.tally;
        assert_eq!((tally.crashes, tally.restarts), (restarts.into(), restarts.into()), "{plan}");
    }
}

/// What n0's clock reads at its beats, from the first.
fn readings(apart: u64, plan: &Plan) -> Vec<u64> {
    let made = made(&with_clocks(apart), plan, 1);
    assert_eq!(made.outcome.tally.jumps, plan.faults.len() as u64, "{plan}");
    let exact: Vec<u64> = (1..=100).map(|beat| beat * 10).collect();
    assert_eq!(made.memory(B).readings, exact, "{plan}: the other clock is left alone");
    let readings = made.memory(A).readings.clone();
    assert!(readings.is_sorted(), "{plan}: no clock ever goes back");
    readings
}

#[test]
fn a_stuck_clock_stands_still_until_its_end_and_its_timers_run_on() {
    let stuck = Fault::Stuck(A);
    for (faults, apart, expected) in [
        (vec![(95, 210, stuck.clone())], 1_000, [90, 95, 95, 310, 420]),
        (vec![(95, 210, stuck.clone())], 10, [90, 95, 295, 310, 420]),
        (vec![(95, 210, stuck.clone()), (195, 210, stuck.clone())], 1_000, [90, 95, 95, 95, 420]),
        (vec![(95, 310, stuck.clone()), (195, 10, stuck.clone())], 1_000, [90, 95, 95, 95, 420]),
        // A jump meanwhile shows where it ends later.
        (
            vec![(95, 210, stuck), (200, 210, Fault::Jump { node: A, by: 7_000 })],
            1_000,
            [90, 95, 95, 317, 420],
        ),
    ] {
        let plan = with_faults(&faults);
        let readings = readings(apart, &plan);
        assert_eq!([9, 10, 30, 31, 42].map(|beat| readings[beat - 1]), expected, "{plan}");
        assert_eq!(readings.len(), 100, "its timers ran on");
    }
}

#[test]
fn a_step_sets_a_clock_for_good_and_composes_with_jumps() {
    let step = |by| calm().clock_step(95.ms(), A, by);
    let jump = Fault::Jump { node: A, by: 4_000 };
    for (plan, expected) in [
        (step(40_000), [90, 140, 350, 1_040]),
        (step(-40_000), [90, 90, 270, 960]),
        (step(3_000).fault(95.ms(), 210.ms(), jump), [90, 107, 313, 1_003]),
        (step(3_000).clock_step(200.ms(), A, -1_000), [90, 103, 312, 1_002]),
    ] {
        let readings = readings(1_000, &plan);
        assert_eq!([9, 10, 31, 100].map(|beat| readings[beat - 1]), expected, "{plan}");
    }
}

#[test]
fn a_smeared_correction_makes_a_clock_and_its_timers_faster_while_it_lasts() {
    let smear =
        |by| Plan { stormy: 500.ms(), ..with_faults(&[(95, 200, Fault::Smear { node: A, by })]) };
    for (by, beats) in [(40_000, 54), (-40_000, 46)] {
        let made = made(&with_clocks(1_000), &smear(by), 1);
        let (own, exact) = (made.memory(A), made.memory(B));
        assert_eq!((own.beats, exact.beats), (beats, 50), "{by}");
        let steps: Vec<u64> = own.readings.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps.iter().all(|step| (8..=12).contains(step)), "{by}: {steps:?}");
        let last = *own.readings.last().expect("some beats");
        let expected = 500_i64 + by / 1_000;
        assert!((expected - last as i64).abs() <= 10, "it stays {by} off: {last}");
    }
    // Two at a time add up, and one that the end of the storm cuts short is over by then.
    let both =
        smear(20_000).fault(395.ms(), Span::seconds(9), Fault::Smear { node: A, by: 21_000 });
    let made = made(&with_clocks(1_000), &both, 1);
    let last = *made.memory(A).readings.last().expect("some beats");
    assert!((531..=541).contains(&last), "{last}");
}
