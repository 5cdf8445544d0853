//! SWIM: it holds in every scenario, accuracy where the network is patient, and every mistake
//! shows.

use std::sync::atomic::{AtomicU64, Ordering};

use super::common::{self, Settings};
use splitbrain::catalog::Model;
use splitbrain::simulate::{Latency, Plan, Workload, run};
use splitbrain::{Act, Invariant, NodeId, Scenario, Sight, Step, Units};
use splitbrain_models::parts::membership::Status;
use splitbrain_models::swim::{Bug, Event, Purpose, Swim, SwimModel, Timer};

fn scenario(name: &str, settings: Settings<'_>) -> Scenario<Swim> {
    common::scenario(&SwimModel, name, None, settings)
}

#[test]
fn the_group_holds_in_every_small_scenario() {
    // States, transitions, depth.
    let table = [
        ("small", (882, 2_222, 16)),
        ("crash", (9_448, 30_504, 20)),
        ("rejoined", (10_725, 32_651, 17)),
        ("left", (5_117, 17_406, 16)),
        ("joined", (3_150, 9_027, 16)),
        ("two-probers", (3_499, 11_270, 19)),
        ("patient", (116, 146, 20)),
        ("patient-all", (8_426, 23_088, 38)),
        ("broken-link", (89, 140, 36)),
    ];
    common::small_scenarios_are(&SwimModel, &table.map(|(name, _)| name));
    for report in common::hold_as_large(&SwimModel, &table, &common::up_to(200_000)) {
        assert!(report.quiet > 0, "it comes to rest: {}", report.verdict);
    }
}

#[test]
fn every_mistake_breaks_its_invariant_by_a_shortest_trace() {
    let table = [
        ("dead-incarnation-hole", 14),
        ("no-incarnation", 5),
        ("alive-ge-suspect", 5),
        ("no-self-refute", 11),
        ("restart-incarnation-zero", 2),
        ("timer-not-per-incarnation", 11),
        ("no-suspicion", 5),
        ("no-indirect", 6),
        ("relay-missing", 10),
        ("suspect-readds", 7),
        ("dead-forgotten", 7),
    ];
    common::bugs_show(&SwimModel, &table, |info| common::only(info.invariant, 100_000));
}

/// The scenario of `dead-incarnation-hole` is a deep one.
#[test]
fn the_group_holds_where_its_mistakes_show() {
    let to_the_end = |name: &str| name != "dead-incarnation-hole" && !is_without_goal(name);
    common::protocol_holds_where_bugs_show(&SwimModel, 100_000, to_the_end);
}

/// Where a mistake shows in fewer turns than the scenario's goals take, or with fewer nodes.
fn is_without_goal(name: &str) -> bool {
    ["no-incarnation", "alive-ge-suspect"].contains(&name)
}

#[test]
fn mistakes_are_found_by_their_names() {
    let listed = SwimModel.bugs();
    common::bugs_are_found_by_their_names(listed, &Bug::ALL, Bug::name, Bug::named);
}

/// Accuracy is no safety property: where nobody is patient, slowness is death. And every verdict
/// says that patience is assumed.
#[test]
fn without_patience_a_member_that_is_well_is_declared_dead() {
    let says = |scenario: &Scenario<Swim>| {
        let mut lines = scenario.in_words().into_iter();
        lines.any(|line| line.contains("assuming nobody gives a probe up while"))
    };
    assert!(says(&scenario("patient", &[])));
    let mut hasty = scenario("patient", &[("suspicion", 0)]);
    hasty.patience.clear();
    assert!(!says(&hasty));
    let report = common::explored(&hasty, &common::only("no-false-death", 100_000));
    assert_eq!(report.found[0].reason, "n0 knows n1 as dead@1; it is up");
    let waits_thrice = vec![Step::new(NodeId(0), Act::Timeout(Timer::Probe)); 3];
    assert_eq!(report.found[0].trace, waits_thrice, "no ack, none through n2, dead");
}

/// A probe takes two lost messages to fail: the ping, and the request to the one who could ask.
/// What two may not do, four may, if that is all the time there is.
#[test]
fn accuracy_ends_where_more_is_lost_than_suspicion_has_probes() {
    let limits = common::only("no-false-death", 100_000);
    let table = [(2, 1, true), (2, 2, false), (3, 2, false), (4, 2, true), (4, 4, false)];
    for (drops, suspicion, broken) in table {
        let settings: Settings<'_> =
            &[("drops", drops), ("suspicion", suspicion), ("turns", 1_111_111_111)];
        let report = common::explored(&scenario("patient", settings), &limits);
        assert_eq!(!report.found.is_empty(), broken, "{drops} lost, suspected for {suspicion}");
    }
}

/// Who hears of a suspicion does so in the middle of a period, with a ping on its way that says
/// nothing of it. It needs one period more to ask anew, and then to hear.
#[test]
fn a_suspicion_that_was_heard_of_must_last_a_period_longer() {
    let limits = common::only("no-false-death", 100_000);
    for (suspicion, broken) in [(2, true), (3, false)] {
        let report =
            common::explored(&scenario("patient-all", &[("suspicion", suspicion)]), &limits);
        assert_eq!(!report.found.is_empty(), broken, "suspected for {suspicion}");
        assert_eq!(report.exhausted, !broken);
    }
}

/// The three deliveries by which an old word brings back the dead, all at one node. A fourth before
/// them, that the member is alive, is no news here.
#[test]
fn the_hole_of_incarnations_is_a_matter_of_deliveries_at_one_node() {
    let bug = Bug::DeadIncarnationHole.name();
    let scenario = common::scenario(&SwimModel, "buried", Some(bug), &[]);
    let report = common::explored(&scenario, &common::only("death-undone-by-next", 100_000));
    let found = &report.found[0];
    assert!(found.reason.contains("n2 has heard of n1's death in incarnation 2"));
    let at_n2 = found.trace.iter().filter(|step| step.node == NodeId(2));
    let heard: Vec<String> = at_n2
        .map(|step| match &step.act {
            Act::Deliver { message, .. } => {
                assert_eq!(message.purpose, Purpose::Ping { asker: NodeId(0) });
                message.rumors.iter().map(|rumor| format!("{rumor:?} ")).collect()
            }
            act => panic!("only deliveries: {act:?}"),
        })
        .collect();
    let told = ["n1 dead@1", "n1 dead@2", "n1 alive@2"];
    assert_eq!(heard.len(), told.len(), "{heard:?}");
    assert!(heard.iter().zip(told).all(|(heard, told)| heard.contains(told)), "{heard:?}");
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let table: [(&str, Settings<'_>, &str); 3] = [
        ("joined", &[("outside", 3)], "make `outside` at most 2"),
        ("patient", &[("crashes", 1)], "set `crashes` or `patience` to 0"),
        ("small", &[("turns", 14)], "`turns` names nodes by digits from 1 to 3"),
    ];
    common::are_refused(&SwimModel, &table);
}

#[test]
fn the_group_holds_in_storms() {
    for name in ["storm", "storm-lossy", "storm-cut"] {
        let found = common::storm_breaks_nothing(&SwimModel, name, &[], 60);
        assert!(found.quiet > 0, "{name} comes to rest");
        assert_eq!(common::unreached(&found), [""; 0], "{name}");
    }
}

#[test]
fn every_mistake_shows_in_a_storm() {
    common::bugs_show_in_storms(&SwimModel, 1_000, &[]);
}

/// How often a patient member was told that a member is dead which is up, in so many runs of
/// four minutes in which one message in ten is lost.
fn wrong_verdicts(suspicion: u64, runs: u64) -> u64 {
    static WRONG: AtomicU64 = AtomicU64::new(0);
    let counted = Invariant::history("counted", "Every death is counted.", (), |(), sight| {
        if let Sight::Event { event: Event::News(_, record), .. } = sight
            && record.status == Status::Dead
        {
            WRONG.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    });
    let mut scenario = scenario("storm-lossy", &[("suspicion", suspicion)]).invariant(counted);
    scenario.invariants.retain(|invariant| invariant.name != "no-false-death");
    let plan = Plan {
        stormy: 240.s(),
        latency: Latency::Constant(1.ms()),
        loss: 100_000,
        duplication: 0,
        network: None,
        workload: Workload { clients: 0, think: 1.s(), gives_up: 0, ..Workload::default() },
        clocks: Vec::new(),
        faults: Vec::new(),
    };
    WRONG.store(0, Ordering::Relaxed);
    for seed in 0..runs {
        assert_eq!(run(&scenario, &plan, seed).violation, None, "seed {seed}");
    }
    WRONG.load(Ordering::Relaxed)
}

/// With one message in ten lost, a probe in a group of three fails with probability (1 − 0.9²)(1 −
/// 0.9⁴) = 0.065. There are about 29,000 probes in these runs. Without suspicion each that fails is
/// a wrong verdict, of which the third member hears as well: 3,800. Two periods of suspicion are
/// another probe of the same member, and so about one in fifteen of that is left.
#[test]
fn the_longer_a_suspicion_the_fewer_wrong_verdicts_at_a_stated_rate_of_loss() {
    // Periods that a suspicion lasts, and the bounds on wrong verdicts in 20 runs.
    let table = [(0, 3_300..=4_300), (2, 150..=450), (4, 0..=30)];
    for (suspicion, expected) in table {
        let wrong = wrong_verdicts(suspicion, 20);
        assert!(expected.contains(&wrong), "{suspicion} periods: {wrong} of {expected:?}");
    }
}
