//! What each kind of step means, told as transcripts: what has happened, and what can happen next.

use std::collections::BTreeSet;

use super::puppet::{AGAIN, Note, Order, Puppet};
use splitbrain::explore::{Limits, explore};
use splitbrain::{
    Bound, Clocks, Faults, Firing, Links, NO_PANIC, NodeId, Replay, Scenario, Situation, Step, To,
    Undisturbed, Units, Verdict, follow_all, replay,
};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);
const C: NodeId = NodeId(2);

/// Three puppets, and one client for each list of orders; each order is bound to a node.
fn puppets(lanes: &[&[(NodeId, Order)]]) -> Scenario<Puppet> {
    lanes.iter().fold(Scenario::new("puppets", Puppet, 3), |scenario, orders| {
        scenario.lane(orders.iter().map(|(node, order)| (To::Node(*node), order.clone())))
    })
}

fn enabled(scenario: &Scenario<Puppet>, here: &Situation<Puppet>) -> Vec<Step<Puppet>> {
    here.acts(scenario, &mut BTreeSet::new())
}

/// Takes enabled steps, each the first that begins with these words.
fn steps(scenario: &Scenario<Puppet>, words: &[&str]) -> Vec<Step<Puppet>> {
    let mut taken = Vec::new();
    for said in words {
        let here = follow_all(scenario, &taken).expect("enabled steps can happen");
        let next = enabled(scenario, &here);
        let fits = |step: &&Step<Puppet>| step.to_string().starts_with(said);
        let step = next.iter().find(fits);
        taken.push(step.unwrap_or_else(|| panic!("`{said}` is not among {next:?}")).clone());
    }
    taken
}

fn there(scenario: &Scenario<Puppet>, words: &[&str]) -> Situation<Puppet> {
    follow_all(scenario, &steps(scenario, words)).expect("enabled steps can happen")
}

/// What can happen behind these steps, in words.
fn next(scenario: &Scenario<Puppet>, words: &[&str]) -> Vec<String> {
    enabled(scenario, &there(scenario, words)).iter().map(ToString::to_string).collect()
}

/// The bounds that forbid something behind these steps.
fn cut(scenario: &Scenario<Puppet>, words: &[&str]) -> Vec<Bound> {
    let mut cut = BTreeSet::new();
    there(scenario, words).acts(scenario, &mut cut);
    cut.into_iter().collect()
}

fn notes(here: &Situation<Puppet>, node: NodeId) -> Vec<Note> {
    here.world.nodes[node.index()].state.notes.clone()
}

/// Three numbers on their way from `n0` to `n1`, the first of them twice.
fn letters(links: Links) -> Scenario<Puppet> {
    let orders = [2, 1, 2].map(|number| (A, Order::Send(B, number)));
    puppets(&[&orders]).links(links)
}

const SENT: [&str; 3] = ["n0: input", "n0: input", "n0: input"];

/// The steps by which `letters` are sent, and then these.
fn sent<'a>(then: &[&'a str]) -> Vec<&'a str> {
    SENT.iter().copied().chain(then.iter().copied()).collect()
}

#[test]
fn links_deliver_what_they_promise() {
    let (one, two) = ("n1: deliver 1 from n0", "n1: deliver 2 from n0");
    for (links, taken, expected) in [
        (Links::Unordered, vec![], vec![one, two]),
        (Links::Unordered, vec![two], vec![one, two]),
        (Links::Unordered, vec![two, two], vec![one]),
        (Links::Unordered, vec![two, one, two], vec![]),
        (Links::Fifo, vec![], vec![two]),
        (Links::Fifo, vec![two], vec![one]),
        (Links::Fifo, vec![two, one, two], vec![]),
        (Links::Set, vec![], vec![one, two]),
        (Links::Set, vec![two, two, two, one, two], vec![one, two]),
    ] {
        let scenario = letters(links);
        assert_eq!(next(&scenario, &sent(&taken)), expected, "{links:?} behind {taken:?}");
    }
}

#[test]
fn a_message_that_is_not_deliverable_is_refused_with_the_reason() {
    let scenario = letters(Links::Fifo);
    let mut trace = steps(&scenario, &SENT);
    let deliver = |message| splitbrain::Act::Deliver { from: A, message };
    trace.push(Step::new(B, deliver(1)));
    let Replay::WentAnotherWay(detour) = replay(&scenario, &trace, None) else {
        panic!("the second letter cannot overtake the first on a FIFO link")
    };
    assert_eq!(detour.at, 3);
    assert_eq!(detour.why, "1 from n0 is not in n1's mailbox, ready to arrive");
    let enabled: Vec<String> = detour.enabled.iter().map(ToString::to_string).collect();
    assert_eq!(enabled, ["n1: deliver 2 from n0"]);
}

#[test]
fn drops_and_duplicates_take_from_their_budgets_and_then_are_cut() {
    let faults = Faults { drops: 1, duplicates: 1, ..Faults::NONE };
    let (lost, twice) = ("n1: drop 2 from n0", "n1: duplicate 2 from n0");
    let scenario = letters(Links::Fifo).faults(faults);
    for (taken, cuts, left) in [
        (vec![], vec![], 3),
        (vec![lost], vec![Bound::Drops], 2),
        (vec![twice], vec![Bound::Duplicates], 4),
        (vec![twice, lost], vec![Bound::Drops, Bound::Duplicates], 3),
    ] {
        let words = sent(&taken);
        assert_eq!(cut(&scenario, &words), cuts, "behind {taken:?}");
        let mail = there(&scenario, &words).world.mail[B.index()].letters().len();
        assert_eq!(mail, left, "behind {taken:?}");
    }
    let heard = there(&scenario, &sent(&[twice, "n1: deliver 2", "n1: deliver 2"]));
    assert_eq!(notes(&heard, B), vec![Note::Heard(A, 2); 2], "the copy comes right behind");
}

#[test]
fn faults_without_a_budget_and_faults_of_set_links_are_no_part_of_the_scenario() {
    let lossy = Faults { drops: 5, duplicates: 5, ..Faults::NONE };
    for (links, faults) in [(Links::Unordered, Faults::NONE), (Links::Set, lossy)] {
        let scenario = letters(links).faults(faults);
        let expected = ["n1: deliver 1 from n0", "n1: deliver 2 from n0"];
        assert_eq!(next(&scenario, &SENT), expected, "{links:?}");
        assert_eq!(cut(&scenario, &SENT), []);
    }
}

#[test]
fn timers_fire_as_often_as_their_rule_says() {
    let (a, b) = ("n0: timeout 100", "n1: timeout 100");
    let turns = Firing::Turns(vec![B, A, B]);
    for (firing, taken, expected, is_cut) in [
        (Firing::Any, vec![a, b, a, a], vec![a, b], false),
        (Firing::Times(2), vec![a], vec![a, b], false),
        (Firing::Times(2), vec![a, b], vec![], true),
        (Firing::Times(0), vec![], vec![], true),
        (turns.clone(), vec![], vec![b], true),
        (turns.clone(), vec![b], vec![a], true),
        (turns.clone(), vec![b, a], vec![b], true),
        (turns, vec![b, a, b], vec![], true),
    ] {
        let scenario = puppets(&[&[(A, Order::Set(AGAIN)), (B, Order::Set(AGAIN))]]).timer(
            "periodic",
            |timer| *timer >= AGAIN,
            firing.clone(),
        );
        let words: Vec<&str> = ["n0: input", "n1: input"].into_iter().chain(taken).collect();
        assert_eq!(next(&scenario, &words), expected, "{firing} behind {words:?}");
        let cuts = cut(&scenario, &words);
        assert_eq!(cuts.contains(&Bound::Timer(0)), is_cut, "{firing} behind {words:?}");
    }
}

#[test]
fn a_timer_fires_once_and_not_when_it_is_cancelled_or_never_set() {
    let scenario = puppets(&[&[(A, Order::Set(1)), (A, Order::Cancel(1))]]);
    assert_eq!(next(&scenario, &[]), ["n0: input Set(1) of c0"]);
    let set = ["n0: input"];
    assert_eq!(next(&scenario, &set), ["n0: timeout 1", "n0: input Cancel(1) of c0"]);
    assert_eq!(next(&scenario, &["n0: input", "n0: timeout"]), ["n0: input Cancel(1) of c0"]);
    assert_eq!(next(&scenario, &["n0: input", "n0: input"]), [""; 0]);
}

#[test]
fn a_patient_timer_waits_for_the_messages_named_and_for_no_others() {
    let scenario = puppets(&[&[
        (A, Order::Set(1)),
        (A, Order::Set(2)),
        (B, Order::Send(A, 7)),
        (B, Order::Send(C, 7)),
    ]])
    .patient(
        "answers come before timer 1",
        |timer| *timer == 1,
        |me, flight| flight.to == me && *flight.message == 7,
    );
    let all = ["n0: input", "n0: input", "n1: input", "n1: input"];
    let held = ["n0: deliver 7 from n1", "n0: timeout 2", "n2: deliver 7 from n1"];
    assert_eq!(next(&scenario, &all), held);
    let answered: Vec<&str> = all.into_iter().chain(["n0: deliver"]).collect();
    let free = ["n0: timeout 1", "n0: timeout 2", "n2: deliver 7 from n1"];
    assert_eq!(next(&scenario, &answered), free);
    let early = steps(&scenario, &all).into_iter();
    let early: Vec<_> = early.chain([Step::new(A, splitbrain::Act::Timeout(1))]).collect();
    let why = follow_all(&scenario, &early).expect_err("it is held back");
    assert_eq!(why, "1 is held back at n0: answers come before timer 1");
    let why = scenario.links(Links::Set).validate().expect_err("nothing ever leaves a set");
    assert!(why.starts_with("timers cannot be held back on set links"), "{why}");
}

#[test]
fn a_lane_asks_in_order_and_lanes_ask_concurrently() {
    let [first, second, other] = [Order::Keep(1), Order::Keep(2), Order::Keep(3)];
    let scenario =
        puppets(&[&[(A, first), (B, second)]]).lane([(To::Any, other), (To::Any, Order::Keep(4))]);
    let free = ["n0: input Keep(1) of c0", "n0: input Keep(3) of c1", "n1: input Keep(3) of c1"];
    assert_eq!(next(&scenario, &[])[..3], free, "a free input goes anywhere, a bound one to n0");
    let words = next(&scenario, &["n0: input Keep(1)", "n2: input Keep(3)"]);
    let expected = [
        "n0: input Keep(4) of c1",
        "n1: input Keep(2) of c0",
        "n1: input Keep(4) of c1",
        "n2: input Keep(4) of c1",
    ];
    assert_eq!(words, expected);
}

#[test]
fn an_input_that_is_not_accepted_is_not_offered() {
    let scenario = puppets(&[&[(B, Order::Send(A, 7))]]).lane([(To::Any, Order::OnceHeard)]);
    assert_eq!(next(&scenario, &["n1: input"]), ["n0: deliver 7 from n1"]);
    let heard = next(&scenario, &["n1: input", "n0: deliver"]);
    assert_eq!(heard, ["n0: input OnceHeard of c1"]);
    let client = splitbrain::ClientId(1);
    let early = Step::new(C, splitbrain::Act::Input { client, input: Order::OnceHeard });
    let why = follow_all(&scenario, &[early]).expect_err("it is not accepted");
    assert_eq!(why, "n2 does not accept OnceHeard now");
}

#[test]
fn a_perfect_detector_suspects_only_a_node_that_is_down() {
    let faults = Faults { crashes: 1, restarts: 1, ..Faults::NONE };
    let scenario = puppets(&[&[(A, Order::Suspect(B))]]).faults(faults).may_crash([B]).offered(
        |nodes, _, order| match order {
            Order::Suspect(node) => !nodes[node.index()].up,
            _ => true,
        },
    );
    assert_eq!(next(&scenario, &[]), ["n1: crash"]);
    assert_eq!(next(&scenario, &["n1: crash"]), ["n0: input Suspect(n1) of c0", "n1: restart"]);
    assert_eq!(next(&scenario, &["n1: crash", "n1: restart"]), [""; 0]);
}

fn clocks(until: u64, apart: u64) -> Scenario<Puppet> {
    let of = vec![A, B];
    puppets(&[&[(A, Order::Read)]]).clocks(Clocks { of, until, apart, tick: 1.ms() })
}

#[test]
fn only_nodes_with_a_clock_tick_as_far_as_the_bounds_go() {
    let (a, b, read) = ("n0: tick", "n1: tick", "n0: input Read of c0");
    for (until, apart, taken, expected, cuts) in [
        (2, 9, vec![], vec![read, a, b], vec![]),
        (2, 9, vec![a, a], vec![read, b], vec![Bound::Clocks]),
        (9, 1, vec![a], vec![read, b], vec![]),
        (9, 2, vec![a, b, b, b], vec![read, a], vec![]),
        (9, 1, vec![b, a], vec![read, a, b], vec![]),
    ] {
        let scenario = clocks(until, apart);
        assert_eq!(next(&scenario, &taken), expected, "until {until} apart {apart} {taken:?}");
        assert_eq!(cut(&scenario, &taken), cuts, "until {until} apart {apart} {taken:?}");
    }
    let read = there(&clocks(9, 9), &["n0: tick", "n0: tick", "n1: tick", "n0: input"]);
    assert_eq!(notes(&read, A), [Note::Read(2)]);
}

#[test]
fn a_clock_that_is_too_far_ahead_is_refused_even_to_a_replay_that_asks_no_budget() {
    let tick = || Step::new(A, splitbrain::Act::Tick);
    let why = follow_all(&clocks(1, 2), &[tick(), tick(), tick()]).expect_err("two apart");
    assert_eq!(why, "n0's clock is 2 ticks ahead of the slowest, the most assumed");
    let clockless = Step::new(C, splitbrain::Act::Tick);
    assert_eq!(follow_all(&clocks(9, 9), &[clockless]).expect_err("no clock"), "n2 has no clock");
}

#[test]
fn reading_a_clock_that_is_not_there_is_a_panic_with_its_trace() {
    let scenario = puppets(&[&[(C, Order::Keep(1)), (C, Order::Read)]]);
    let explored = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("sound");
    let reason = "n2's handler panicked: n2 read its clock, but the scenario gives it none \
                  (Scenario::clocks)";
    let (invariant, reason) = (NO_PANIC.to_string(), reason.to_string());
    assert_eq!(explored.verdict, Verdict::Violated { invariant, reason });
    let words: Vec<String> = explored.found[0].trace.iter().map(ToString::to_string).collect();
    assert_eq!(words, ["n2: input Keep(1) of c0", "n2: input Read of c0"]);
}

#[test]
fn exploration_tries_every_choice_and_a_replay_takes_exactly_those_it_says() {
    let scenario = puppets(&[&[(A, Order::Choose(3))]]);
    let explored = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("sound");
    assert_eq!((explored.states, explored.transitions), (4, 3));
    for (choices, expected) in [
        (vec![0], Ok(Note::Chose(0))),
        (vec![2], Ok(Note::Chose(2))),
        (vec![], Err("its handler chooses [0], the step says []")),
        (vec![3], Err("its handler chooses [2], the step says [3]")),
        (vec![1, 0], Err("its handler chooses [1], the step says [1, 0]")),
    ] {
        let mut step = steps(&scenario, &["n0: input"]).remove(0);
        step.choices = choices;
        let found = follow_all(&scenario, &[step]).map(|here| notes(&here, A)[0].clone());
        assert_eq!(found, expected.map_err(str::to_string));
    }
}

/// A puppet with something kept, something noted and a timer set, that may crash.
fn mortal(faults: Faults) -> Scenario<Puppet> {
    let orders =
        [(A, Order::Keep(7)), (A, Order::Set(1)), (A, Order::Set(2)), (B, Order::Send(A, 3))];
    puppets(&[&orders]).faults(faults).may_crash([A, B])
}

#[test]
fn a_crash_loses_timers_and_what_is_not_kept_and_a_wiped_disk_loses_all() {
    let scenario = mortal(Faults { crashes: 2, restarts: 1, wipes: 1, ..Faults::NONE });
    let alive = ["n0: input", "n0: input", "n0: input", "n0: timeout 2", "n1: input"];
    let and = |then: &[&'static str]| [&alive[..], then].concat();
    let before = there(&scenario, &and(&[])).world.nodes[0].clone();
    assert_eq!((before.up, before.timers.len(), before.state.notes.len()), (true, 1, 1));
    for (then, up, kept, notes) in [
        (vec!["n0: crash"], false, 7, 1),
        (vec!["n0: crash", "n0: restart"], true, 7, 0),
        (vec!["n0: crash", "n0: restart with"], true, 0, 0),
    ] {
        let node = there(&scenario, &and(&then)).world.nodes[0].clone();
        assert_eq!((node.up, node.timers.len()), (up, 0), "{then:?}");
        assert_eq!((node.state.kept, node.state.notes.len()), (kept, notes), "{then:?}");
    }
    let down = next(&scenario, &and(&["n0: crash"]));
    let expected = ["n0: restart", "n0: restart with a wiped disk", "n1: crash"];
    assert_eq!(down, expected, "a node that is down hears nothing and fires nothing");
    let back = next(&scenario, &and(&["n0: crash", "n0: restart"]));
    assert!(back.contains(&"n0: deliver 3 from n1".to_string()), "what was sent stays: {back:?}");
}

#[test]
fn each_budget_of_crashes_restarts_and_wiped_disks_is_its_own() {
    for (faults, taken, expected, cuts) in [
        (Faults { crashes: 1, ..Faults::NONE }, vec!["n0: crash"], vec![], vec![Bound::Crashes]),
        (
            Faults { crashes: 2, restarts: 1, ..Faults::NONE },
            vec!["n0: crash", "n1: crash", "n1: restart"],
            vec![],
            vec![Bound::Crashes, Bound::Restarts],
        ),
        (
            Faults { crashes: 1, wipes: 1, ..Faults::NONE },
            vec!["n1: crash"],
            vec!["n1: restart with a wiped disk"],
            vec![Bound::Crashes],
        ),
        (
            Faults { crashes: 2, wipes: 1, ..Faults::NONE },
            vec!["n1: crash", "n1: restart with", "n1: crash"],
            vec![],
            vec![Bound::Crashes, Bound::Wipes],
        ),
    ] {
        let scenario = puppets(&[]).faults(faults).may_crash([A, B]);
        assert_eq!(next(&scenario, &taken), expected, "{faults} behind {taken:?}");
        assert_eq!(cut(&scenario, &taken), cuts, "{faults} behind {taken:?}");
    }
}

#[test]
fn a_node_that_may_not_crash_does_not_even_in_a_replay() {
    let scenario = mortal(Faults { crashes: 9, ..Faults::NONE });
    let crash = Step::new(C, splitbrain::Act::Crash);
    let why = follow_all(&scenario, &[crash]).expect_err("n2 may not crash");
    assert_eq!(why, "n2 may not crash in this scenario");
    assert!(next(&scenario, &[]).iter().all(|step| step != "n2: crash"));
}
