//! What each kind of fault does to a run, forced by a plan and seen in what beacons hear.

use std::sync::atomic::{AtomicU32, Ordering};

use super::beacon::{BEAT, Beacon, Heard, Memory, beacons, calm};
use splitbrain::simulate::{
    Campaign, ClockError, Fault, FaultKinds, Latency, Outcome, Plan, Simulation, Storm, Tally,
    TimedFault, record, run, simulate,
};
use splitbrain::{
    Act, Clocks, DETERMINISTIC, Goal, Invariant, Links, Node, NodeId, Nothing, Outbox, Protocol,
    Replay, Scenario, Shared, Sight, Span, Step, Undisturbed, Units, Verdict, World, broken,
    follow_all, replay,
};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

/// What was left of a run: its outcome, its steps, and the nodes once `World` has taken them.
pub struct Made {
    pub outcome: Outcome,
    pub steps: Vec<Step<Beacon>>,
    nodes: Vec<Shared<Node<Beacon>>>,
}

impl Made {
    pub fn memory(&self, node: NodeId) -> &Memory {
        &self.nodes[node.index()].state
    }

    /// The numbers that a node heard from another, in order.
    pub fn heard(&self, node: NodeId, from: NodeId) -> Vec<u32> {
        let heard = self.memory(node).heard.iter();
        heard.filter(|(source, _)| *source == from).map(|(_, number)| *number).collect()
    }

    /// The numbers that one node said and the other never heard, as ranges.
    pub fn missing(&self, from: NodeId, to: NodeId) -> Vec<(u32, u32)> {
        let heard = self.heard(to, from);
        let mut gaps: Vec<(u32, u32)> = Vec::new();
        for number in (1..=self.memory(from).beats).filter(|number| !heard.contains(number)) {
            match gaps.last_mut() {
                Some((_, last)) if *last + 1 == number => *last = number,
                Some(_) | None => gaps.push((number, number)),
            }
        }
        gaps
    }

    /// How many of its own beats the receiver of each number counted between the beat of that number
    /// and its arrival, in the order of arrival: how long messages took, where all beat together.
    pub fn beats_late(&self, from: NodeId, to: NodeId) -> Vec<(u32, u32)> {
        let (mut beats, mut late) = (0, Vec::new());
        for step in self.steps.iter().filter(|step| step.node == to) {
            match &step.act {
                Act::Timeout(_) => beats += 1,
                Act::Deliver { from: source, message } if *source == from => {
                    late.push((*message, beats - message));
                }
                _ => {}
            }
        }
        late
    }
}

/// Makes a run and follows its record on `World`, which must be able to take every step.
pub fn made(scenario: &Scenario<Beacon>, plan: &Plan, seed: u64) -> Made {
    let (outcome, steps) = record(scenario, plan, (seed, 0), None);
    let there = follow_all(scenario, &steps).expect("every recorded step happens on World");
    Made { outcome, steps, nodes: there.world.nodes }
}

pub fn with_faults(faults: &[(u64, u64, Fault)]) -> Plan {
    let timed = |(at, lasts, fault): &(u64, u64, Fault)| TimedFault {
        at: at.ms(),
        lasts: lasts.ms(),
        fault: fault.clone(),
    };
    Plan { faults: faults.iter().map(timed).collect(), ..calm() }
}

#[test]
fn nothing_goes_wrong_in_a_calm_run() {
    let made = made(&beacons(3), &calm(), 1);
    let all: Vec<u32> = (1..=100).collect();
    for (from, to) in [(A, B), (B, C), (C, A)] {
        assert_eq!(made.heard(to, from), all);
    }
    assert_eq!(made.outcome.tally, Tally { steps: 900, delivered: 600, ..Tally::default() });
    assert_eq!((made.outcome.lasted, made.outcome.violation), (2.s(), None));
}

#[test]
fn loss_leaves_gaps_and_duplication_repeats() {
    let lossy = made(&beacons(2), &Plan { loss: 200_000, ..calm() }, 1);
    let lost = (100 - lossy.memory(A).heard.len()) + (100 - lossy.memory(B).heard.len());
    assert_eq!(lossy.outcome.tally.lost, lost as u64);
    assert!((20..60).contains(&lost), "a fifth of 200 on average, not {lost}");
    let doubled = made(&beacons(2), &Plan { duplication: 200_000, ..calm() }, 1);
    let twice = (doubled.memory(A).heard.len() - 100) + (doubled.memory(B).heard.len() - 100);
    assert_eq!(doubled.outcome.tally.duplicated, twice as u64);
    assert!((20..60).contains(&twice), "a fifth of 200 on average, not {twice}");
    assert_eq!(doubled.missing(A, B), [], "what arrives twice arrives");
}

/// Beats come every ten milliseconds, so a cut from 95 to 305 takes the beats 10 to 30.
#[test]
fn each_partition_cuts_its_links_while_it_lasts_and_no_others() {
    let all = [(A, B), (A, C), (B, A), (B, C), (C, A), (C, B)];
    for (fault, cut) in [
        (Fault::Isolate(B), vec![(A, B), (B, A), (B, C), (C, B)]),
        (Fault::Split(vec![A, B]), vec![(A, C), (B, C), (C, A), (C, B)]),
        (Fault::Bridge { side: vec![A], bridge: B }, vec![(A, C), (C, A)]),
        (Fault::OneWay { from: C, to: A }, vec![(C, A)]),
    ] {
        let made = made(&beacons(3), &with_faults(&[(95, 210, fault.clone())]), 1);
        for (from, to) in all {
            let expected = if cut.contains(&(from, to)) { vec![(10, 30)] } else { vec![] };
            assert_eq!(made.missing(from, to), expected, "{fault}: {from} to {to}");
        }
        let tally = made.outcome.tally;
        assert_eq!((tally.partitions, tally.cut, tally.lost), (1, 21 * cut.len() as u64, 0));
    }
}

#[test]
fn equal_partitions_that_overlap_heal_each_at_its_own_end() {
    let isolate = || Fault::Isolate(B);
    for (faults, gaps) in [
        (vec![(95, 210, isolate()), (195, 210, isolate())], vec![(10, 40)]),
        (vec![(95, 310, isolate()), (195, 10, isolate())], vec![(10, 40)]),
        (vec![(95, 10, isolate()), (195, 10, isolate())], vec![(10, 10), (20, 20)]),
    ] {
        let made = made(&beacons(2), &with_faults(&faults), 1);
        assert_eq!(made.missing(A, B), gaps, "{faults:?}");
        assert_eq!(made.outcome.tally.partitions, 2);
    }
}

#[test]
fn a_paused_node_stands_still_and_then_acts_on_old_news() {
    let made = made(&beacons(2), &with_faults(&[(95, 210, Fault::Pause(B))]), 1);
    assert_eq!(made.outcome.tally.pauses, 1);
    assert_eq!((made.missing(A, B), made.missing(B, A)), (vec![], vec![]), "nothing is lost");
    let beat_of_a = |number: usize| {
        let beats = made.steps.iter().enumerate();
        let mut beats =
            beats.filter(|(_, step)| step.node == A && matches!(step.act, Act::Timeout(_)));
        beats.nth(number - 1).expect("a hundred beats").0
    };
    let meanwhile = &made.steps[beat_of_a(11)..beat_of_a(30)];
    assert!(meanwhile.iter().all(|step| step.node == A), "nothing happens at n1");
    let late = &made.steps[beat_of_a(30)..beat_of_a(31)];
    assert!(late.iter().filter(|step| step.node == B).count() >= 21, "all of it at the end");
}

#[test]
fn a_crashed_node_loses_what_it_does_not_keep_and_a_wiped_one_everything() {
    for (fault, lives) in [(Fault::Crash(B), 1), (Fault::Wipe(B), 0)] {
        let made = made(&beacons(2), &with_faults(&[(95, 210, fault.clone())]), 1);
        let (tally, memory) = (made.outcome.tally, made.memory(B));
        let back = (tally.crashes, tally.restarts, tally.wipes);
        assert_eq!(back, (1, u64::from(lives), 1 - u64::from(lives)), "{fault}");
        assert_eq!(memory.lives, lives, "{fault}");
        assert_eq!(made.heard(B, A).first(), Some(&31), "{fault}: it heard nothing before");
        assert_eq!(tally.cut, 21, "{fault}: what comes to a node that is down is lost");
    }
}

#[test]
fn a_node_that_crashes_twice_at_once_comes_back_at_the_later_end() {
    let twice = [(95, 210, Fault::Crash(B)), (195, 210, Fault::Crash(B))];
    let made = made(&beacons(2), &with_faults(&twice), 1);
    assert_eq!((made.outcome.tally.crashes, made.outcome.tally.restarts), (1, 1));
    assert_eq!(made.heard(B, A).first(), Some(&41));
}

pub fn with_clocks(apart: u64) -> Scenario<Beacon> {
    let mut scenario = beacons(2).clocks(Clocks { of: vec![A, B], until: 0, apart, tick: 1.ms() });
    scenario.protocol.reads_clock = true;
    scenario
}

/// What n0's clock reads at its first, tenth and last beat. Exact clocks read 10, 100 and 1000.
#[test]
fn clocks_are_off_drift_and_jump_as_planned_and_no_further_than_assumed() {
    let off =
        |offset, drift| Plan { clocks: vec![ClockError { node: A, offset, drift }], ..calm() };
    let jump = |by| with_faults(&[(95, 210, Fault::Jump { node: A, by })]);
    for (plan, apart, expected) in [
        (calm(), 10, [10, 100, 1_000]),
        (off(3_000, 0), 10, [13, 103, 1_003]),
        (off(-3_000, 0), 10, [7, 97, 997]),
        (off(90_000, 0), 10, [15, 105, 1_005]),
        (off(-90_000, 0), 10, [5, 95, 995]),
        (jump(4_000), 10, [10, 104, 1_000]),
        (jump(-4_000), 10, [10, 96, 1_000]),
        (jump(90_000), 10, [10, 105, 1_000]),
    ] {
        let made = made(&with_clocks(apart), &plan, 1);
        let readings = &made.memory(A).readings;
        assert_eq!([readings[0], readings[9], readings[99]], expected, "{plan}");
        assert!(readings.is_sorted(), "{plan}: no clock ever goes back");
        let exact: Vec<u64> = (1..=100).map(|beat| beat * u64::from(BEAT)).collect();
        assert_eq!(made.memory(B).readings, exact, "{plan}: the other clock is left alone");
    }
}

#[test]
fn a_clock_that_drifts_gains_on_the_others_and_its_timers_run_fast() {
    let clocks = vec![ClockError { node: A, offset: 0, drift: 200_000 }];
    let made = made(&with_clocks(100), &Plan { clocks, stormy: 500.ms(), ..calm() }, 1);
    let (fast, exact) = (made.memory(A), made.memory(B));
    assert_eq!((fast.beats, exact.beats), (60, 50));
    assert!(fast.readings.windows(2).all(|pair| (8..=10).contains(&(pair[1] - pair[0]))));
    let last = *fast.readings.last().expect("sixty beats");
    assert!((540..=550).contains(&last), "clamped to 50 ticks ahead of 500, not {last}");
}

#[test]
fn clocks_that_are_clamped_are_never_further_apart_than_assumed() {
    let error = |node, offset| ClockError { node, offset, drift: 0 };
    let clocks = vec![error(A, 500_000), error(B, -500_000)];
    for apart in [1, 7, 10] {
        let scenario = with_clocks(apart);
        let made = made(&scenario, &Plan { clocks: clocks.clone(), ..calm() }, 1);
        let last = |node| *made.memory(node).readings.last().expect("a hundred beats");
        assert_eq!(last(A) - last(B), apart, "as far as they may");
        // Every step was taken by World, which refuses a tick beyond what is assumed.
        assert!(made.steps.iter().any(|step| step.act == Act::Tick));
    }
}

const LATENCIES: [Latency; 4] = [
    Latency::Constant(Span::millis(30)),
    Latency::Uniform { least: Span::ZERO, most: Span::millis(60) },
    Latency::Exponential { least: Span::millis(5), rest: Span::millis(30) },
    Latency::Spiky { usual: Span::millis(2), slow: Span::millis(200) },
];

#[test]
fn messages_overtake_each_other_unless_latency_is_constant_or_links_are_fifo() {
    for latency in LATENCIES {
        for (links, duplication) in
            [(Links::Unordered, 0), (Links::Fifo, 0), (Links::Set, 0), (Links::Fifo, 200_000)]
        {
            let plan = Plan { latency: latency.clone(), duplication, ..calm() };
            let made = made(&beacons(2).links(links), &plan, 3);
            let heard = made.heard(B, A);
            let in_order = links == Links::Fifo || matches!(latency, Latency::Constant(_));
            assert_eq!(heard.is_sorted(), in_order, "{links:?}, {latency}: {heard:?}");
        }
    }
}

#[test]
fn fifo_links_keep_their_order_through_loss_pauses_cuts_and_crashes() {
    let faults = [
        (45, 100, Fault::Pause(B)),
        (95, 210, Fault::Pause(B)),
        (395, 50, Fault::Isolate(A)),
        (595, 50, Fault::Crash(B)),
        (630, 50, Fault::Pause(B)),
    ];
    for latency in LATENCIES {
        for seed in 0..5 {
            let plan = Plan { latency: latency.clone(), loss: 200_000, ..with_faults(&faults) };
            let made = made(&beacons(3).links(Links::Fifo), &plan, seed);
            for (from, to) in [(A, B), (B, A), (A, C), (C, B)] {
                let heard = made.heard(to, from);
                assert!(heard.is_sorted(), "{latency}, {from} to {to}: {heard:?}");
            }
            assert!(made.outcome.tally.lost > 0 && made.outcome.tally.pauses == 3);
        }
    }
}

fn patient() -> Scenario<Beacon> {
    beacons(2).patient(
        "a beacon beats only where all it was told has arrived",
        |_| true,
        |me, flight| flight.to == me,
    )
}

#[test]
fn patience_is_respected_in_runs() {
    let plan = Plan { latency: LATENCIES[2].clone(), ..calm() };
    let hasty = made(&beacons(2), &plan, 1);
    let refused = follow_all(&patient(), &hasty.steps).expect_err("it beats too early");
    assert!(refused.contains("is held back at"), "{refused}");
    let held = made(&patient(), &plan, 1);
    assert!(held.memory(A).beats < hasty.memory(A).beats, "it takes its time");
    assert!(held.memory(A).beats > 10, "and goes on");
}

#[test]
fn a_run_is_the_same_whether_it_is_recorded_or_not() {
    let faults =
        [(95, 210, Fault::Pause(B)), (395, 50, Fault::Isolate(A)), (595, 50, Fault::Crash(B))];
    for latency in LATENCIES {
        let plan = Plan { latency, loss: 100_000, duplication: 100_000, ..with_faults(&faults) };
        for scenario in [beacons(3), with_clocks(10), patient()] {
            let recorded = made(&scenario, &plan, 5).outcome;
            assert_eq!(run(&scenario, &plan, 5), recorded);
            assert_ne!(run(&scenario, &plan, 6).digest, recorded.digest);
        }
    }
}

fn storms(scenario: &Scenario<Beacon>, runs: u64) -> Simulation<Beacon> {
    simulate(scenario, &Campaign::new(runs, 1), &mut Undisturbed).expect("a sound scenario")
}

#[test]
fn each_kind_of_fault_is_drawn_where_it_is_allowed_and_nowhere_else() {
    type Count = fn(&Tally) -> u64;
    let counts: [Count; 7] = [
        |tally| tally.lost,
        |tally| tally.duplicated,
        |tally| tally.partitions,
        |tally| tally.pauses,
        |tally| tally.restarts,
        |tally| tally.wipes,
        |tally| tally.jumps,
    ];
    let none = FaultKinds::NONE;
    let kinds = [
        FaultKinds { loss: true, ..none },
        FaultKinds { duplication: true, ..none },
        FaultKinds { partitions: true, ..none },
        FaultKinds { pauses: true, ..none },
        FaultKinds { crashes: true, ..none },
        FaultKinds { wipes: true, ..none },
        FaultKinds { clocks: true, ..none },
    ];
    for (allowed, kinds) in kinds.into_iter().enumerate() {
        let mut scenario = with_clocks(10);
        scenario.storm = scenario.storm.lasts(5.s(), 0.s()).kinds(kinds);
        scenario.protocol.beats = 500;
        let tally = storms(&scenario, 20).tally;
        for (kind, count) in counts.iter().enumerate() {
            assert_eq!(count(&tally) > 0, kind == allowed, "{kinds:?}: {tally:?}");
        }
    }
}

pub fn hears_on() -> Goal<Beacon> {
    Goal::seen("hears-on", "A number is heard.", |_, sight| matches!(sight, Sight::Event { .. }))
}

#[test]
fn a_run_without_progress_after_the_storm_fails_by_the_name_of_the_goal() {
    let lasting = |beats| {
        let mut scenario = beacons(2);
        scenario.protocol.beats = beats;
        scenario.storm =
            scenario.storm.lasts(1.s(), 1.s()).kinds(FaultKinds::NONE).progress(hears_on());
        scenario
    };
    assert!(storms(&lasting(1_000), 5).verdict.holds());
    // Ten beats are over long before the storm is: what was heard in it does not count.
    let silent = lasting(10);
    let failed = storms(&silent, 5);
    let invariant = "hears-on".to_string();
    let reason = "not within 1s after the storm: A number is heard.".to_string();
    assert_eq!(failed.verdict, Verdict::Violated { invariant, reason });
    let failure = failed.failure.expect("the run that failed");
    assert_eq!((failure.seed, failure.run), (1, 0));
    assert_eq!((failure.replays, failure.stalls), (false, true));
    let (again, _) = record(&silent, &failure.plan, (failure.seed, failure.run), None);
    let again = again.violation.expect("it can be run again");
    assert_eq!(again, failure.violation);
}

#[test]
fn a_run_of_too_many_steps_is_cut_short_and_says_nothing() {
    let mut scenario = beacons(2);
    scenario.storm.steps = 50;
    for (runs, expected) in
        [(1, "a run was cut short after 50 steps"), (3, "3 runs were cut short")]
    {
        let Verdict::Inconclusive { why, .. } = storms(&scenario, runs).verdict else {
            panic!("nothing is known")
        };
        assert!(why.starts_with(expected), "{why}");
    }
}

fn few(number: u32) -> Result<(), splitbrain::Broken> {
    if number < 5 { Ok(()) } else { broken(format!("{number} numbers")) }
}

/// One invariant for each scope, each of which a run breaks.
fn fragile() -> Vec<Invariant<Beacon>> {
    vec![
        Invariant::node("node", "It beats less than 5 times.", |_, _, node| few(node.state.beats)),
        Invariant::nodes("nodes", "They beat less than 5 times together.", |_, nodes| {
            few(nodes.iter().map(|node| node.state.beats).sum())
        }),
        Invariant::world(
            "world",
            "Less than 5 numbers are on their way.",
            |_, world: &World<_>| {
                few(world.mail.iter().map(|mail| mail.letters().len() as u32).sum())
            },
        ),
        Invariant::quiet("quiet", "Where all is quiet, no beat was the fifth.", |_, nodes| {
            few(nodes[0].state.beats)
        }),
        Invariant::history("history", "Less than 5 numbers are heard.", 0, |count, sight| {
            *count += u32::from(matches!(sight, Sight::Event { event: Heard(_), .. }));
            few(*count)
        }),
    ]
}

#[test]
fn invariants_of_every_scope_are_checked_in_runs_and_their_records_replay() {
    for invariant in fragile() {
        let (name, calm) = (invariant.name, invariant.looks_at() == "quiet");
        // Numbers pile up on a slow network, and are never all heard there.
        let latency = if calm { Latency::Constant(1.ms()) } else { LATENCIES[0].clone() };
        let mut scenario = beacons(3).invariant(invariant);
        let made = made(&scenario, &Plan { latency, ..with_faults(&[]) }, 1);
        let violation = made.outcome.violation.expect(name);
        assert_eq!((&violation.invariant[..], &violation.reason[1..]), (name, " numbers"));
        let steps = made.steps.len();
        let replayed = replay(&scenario, &made.steps, Some(name));
        assert_eq!(replayed, Replay::Breaks { steps, violation }, "at its last step");
        scenario.storm = scenario.storm.lasts(5.s(), 0.s());
        let failure = storms(&scenario, 40).failure.expect(name);
        assert!(failure.replays, "{name}: {:?}", failure.violation);
    }
}

#[test]
fn a_quiet_invariant_is_not_looked_at_while_something_is_on_its_way() {
    let heard = || {
        Invariant::quiet("all-heard", "Where all is quiet, all was heard.", |_, nodes| {
            let said: u32 = nodes.iter().map(|node: &Shared<Node<Beacon>>| node.state.beats).sum();
            let heard: usize = nodes.iter().map(|node| node.state.heard.len()).sum();
            if said as usize == heard { Ok(()) } else { broken(format!("{heard} of {said}")) }
        })
    };
    for (loss, holds) in [(0, true), (100_000, false)] {
        let made = made(&beacons(2).invariant(heard()), &Plan { loss, ..calm() }, 1);
        assert_eq!(made.outcome.violation.is_none(), holds, "loss {loss}");
    }
}

#[test]
fn a_simulation_that_reaches_no_goal_is_vacuous() {
    for (beats, nodes, holds) in [(5, 2, true), (5, 1, false)] {
        let mut scenario = beacons(nodes).goal(hears_on());
        scenario.protocol.beats = beats;
        let verdict = storms(&scenario, 40).verdict;
        let missing = vec!["hears-on".to_string()];
        assert_eq!(verdict.holds(), holds, "{verdict}");
        assert!(holds || verdict == Verdict::Vacuous { missing }, "{verdict}");
    }
}

/// How many calls the moody handler has had.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Two nodes that answer each other, but for every thousandth time that anybody anywhere asks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Moody;

impl Protocol for Moody {
    type State = ();
    type Message = ();
    type Timer = Nothing;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) {
        out.broadcast(());
    }
    fn on_message(&self, (): &mut (), from: NodeId, (): (), out: &mut Outbox<Self>) {
        if CALLS.fetch_add(1, Ordering::Relaxed) % 1_000 != 999 {
            out.send(from, ());
        }
    }
}

#[test]
fn a_run_that_goes_otherwise_the_second_time_is_reported() {
    let once = Campaign::new(20, 1);
    let twice = Campaign { twice: true, ..once.clone() };
    let calm = Storm::default().kinds(FaultKinds::NONE).lasts(5.s(), 0.s());
    let moody = Scenario::new("moody", Moody, 2).storm(calm);
    let made = |campaign| simulate(&moody, campaign, &mut Undisturbed).expect("it makes sense");
    assert!(made(&once).verdict.holds(), "whoever looks once sees nothing");
    let found = made(&twice);
    let failure = found.failure.expect("a run that went otherwise");
    assert_eq!(failure.violation.invariant, DETERMINISTIC);
    assert!(failure.violation.reason.contains("when it was made again"), "{failure:?}");

    let steady = Campaign { twice: true, ..Campaign::new(50, 1) };
    let beacons = simulate(&beacons(3), &steady, &mut Undisturbed).expect("it makes sense");
    let Verdict::Holds { covered } = beacons.verdict else { panic!("{}", beacons.verdict) };
    assert!(covered.contains("50 runs, each made twice"), "{covered}");
}
