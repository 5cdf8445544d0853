//! What a shrinker keeps, what it makes smaller, and what it claims of the result.

use super::beacon::{Beacon, Beat, beacons, calm};
use super::puppet::{Note, Order, Puppet};
use proptest::strategy::ValueTree;
use splitbrain::catalog::Request;
use splitbrain::shrink::{Effort, Minimality, Origin, Shrunk, shrink};
use splitbrain::simulate::{
    Campaign, ClockError, Fault, Latency, Plan, PlanTree, TimedFault, record, run, simulate,
};
use splitbrain::{
    Act, ClientId, Faults, Invariant, NodeId, Replay, Scenario, Sight, Step, To, Undisturbed,
    Units, broken, replay,
};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

const EFFORT: Effort = Effort { tries: 5_000, states: 5_000, runs: 20 };

fn ask(node: NodeId, input: Order) -> Step<Puppet> {
    Step::new(node, Act::Input { client: ClientId(0), input })
}

fn deliver(message: u8) -> Step<Puppet> {
    Step::new(B, Act::Deliver { from: A, message })
}

fn puppets(nodes: usize, orders: &[(NodeId, Order)]) -> Scenario<Puppet> {
    let lane = orders.iter().map(|(node, order)| (To::Node(*node), order.clone()));
    // Two mistakes of one invariant: a node hears 8 first, or 8 right behind 7.
    Scenario::new("puppets", Puppet, nodes).lane(lane).invariant(Invariant::node(
        "unheard",
        "None hears an eight.",
        |_, me, node| {
            let heard = node.state.notes.iter().filter_map(|note| match note {
                Note::Heard(_, number) => Some(*number),
                Note::Fired(_) | Note::Read(_) | Note::Chose(_) => None,
            });
            match &heard.collect::<Vec<u8>>()[..] {
                [.., 7, 8] => broken(format!("{me} heard an eight behind a seven")),
                [.., 8] => broken(format!("{me} heard an eight")),
                _ => Ok(()),
            }
        },
    ))
}

/// A trace to the second of the two, with steps that nobody needs.
fn noisy() -> (Scenario<Puppet>, Vec<Step<Puppet>>) {
    let orders = [
        (A, Order::Keep(1)),
        (A, Order::Send(B, 7)),
        (B, Order::Set(1)),
        (A, Order::Send(B, 8)),
        (A, Order::Send(B, 3)),
        (B, Order::Keep(2)),
    ];
    let mut steps: Vec<_> = orders.iter().map(|(node, order)| ask(*node, order.clone())).collect();
    steps.push(Step::new(B, Act::Timeout(1)));
    steps.extend([deliver(3), deliver(7), deliver(8)]);
    (puppets(2, &orders), steps)
}

fn shrunk(scenario: &Scenario<Puppet>, steps: &[Step<Puppet>], effort: Effort) -> Shrunk<Puppet> {
    shrink(scenario, steps, "unheard", None, effort, &mut Undisturbed).expect("a trace that fails")
}

#[test]
fn a_shrinker_does_not_slide_to_a_shorter_failure_of_another_kind() {
    let (scenario, steps) = noisy();
    let shrunk = shrunk(&scenario, &steps, EFFORT);
    assert_eq!(shrunk.violation.reason, "n1 heard an eight behind a seven");
    assert_eq!((shrunk.before, shrunk.trace.len()), (10, 4));
    let other = [ask(A, Order::Send(B, 8)), deliver(8)];
    let breaks = replay(&scenario, &other, Some("unheard"));
    assert!(matches!(breaks, Replay::Breaks { steps: 2, .. }), "the shorter one is there");
}

#[test]
fn only_a_search_that_was_completed_proves_the_shortest() {
    let orders = [(A, Order::Send(B, 3)), (A, Order::Send(B, 8))];
    let (scenario, steps) = (
        puppets(2, &orders),
        vec![ask(A, orders[0].1.clone()), ask(A, orders[1].1.clone()), deliver(8)],
    );
    for (states, proved) in [(5_000, true), (2, false)] {
        let shrunk = shrunk(&scenario, &steps, Effort { states, ..EFFORT });
        assert_eq!(shrunk.trace, [ask(A, Order::Send(B, 8)), deliver(8)]);
        match shrunk.minimality {
            Minimality::Shortest { within } => {
                assert!(proved && within.iter().any(|bound| bound == "no faults"), "{within:?}");
            }
            other => assert_eq!((other, proved), (Minimality::LocallyMinimal, false)),
        }
    }
}

#[test]
fn nodes_that_take_no_part_are_left_out() {
    let (scenario, steps) = noisy();
    for (least_nodes, nodes) in [(2, 2), (4, 4), (5, 5)] {
        let roomy = Scenario { nodes: 5, least_nodes, ..scenario.clone() };
        let shrunk = shrunk(&roomy, &steps, EFFORT);
        assert_eq!(shrunk.scenario.nodes, nodes, "it goes no lower than {least_nodes}");
    }
}

#[test]
fn nodes_that_stay_are_numbered_anew() {
    let four = Scenario { nodes: 4, ..once() };
    let beat = |node| Step::new(node, Act::Timeout(Beat));
    let [c, d] = [NodeId(2), NodeId(3)];
    let number = |act: fn(NodeId, u32) -> Act<Beacon>| Step::new(d, act(NodeId(2), 1));
    let hear = || number(|from, message| Act::Deliver { from, message });
    let twice = number(|from, message| Act::Duplicate { from, message });
    let steps = [beat(A), beat(c), beat(B), twice, hear(), hear()];
    let shrunk = shrink(&four, &steps, "once", None, EFFORT, &mut Undisturbed);
    let shrunk = shrunk.expect("a trace that fails");
    assert_eq!((shrunk.scenario.nodes, shrunk.trace.len()), (2, 4));
    assert_eq!(shrunk.violation.reason, "n1 heard 1 twice");
}

#[test]
fn a_trace_that_does_not_break_is_refused() {
    let (scenario, steps) = noisy();
    for (trace, invariant, expected) in [
        (&steps[..9], "unheard", "the trace does not break `unheard`"),
        (&steps[..], "another", "the trace does not break `another`"),
        (
            &steps[9..],
            "unheard",
            "step 1 of the trace (n1: deliver 8 from n0) cannot happen: 8 from n0 is not in n1's \
             mailbox, ready to arrive",
        ),
    ] {
        let refused = shrink(&scenario, trace, invariant, None, EFFORT, &mut Undisturbed);
        assert_eq!(refused.map(|_| ()), Err(expected.to_string()));
    }
}

#[test]
fn what_comes_behind_the_failure_is_cut_off() {
    let (scenario, mut steps) = noisy();
    steps.extend([Step::new(A, Act::Crash), Step::new(B, Act::Crash)]);
    let shrunk = shrunk(&scenario, &steps, Effort { tries: 0, ..EFFORT });
    assert!(shrunk.trace.len() <= 10, "{:?}", shrunk.trace);
    let replayed = replay(&shrunk.scenario, &shrunk.trace, Some("unheard"));
    assert!(matches!(replayed, Replay::Breaks { .. }), "{replayed:?}");
}

#[test]
fn a_trace_of_more_steps_than_a_budget_can_count_is_shrunk_like_any_other() {
    let (scenario, steps) = noisy();
    let scenario = scenario.faults(Faults { drops: Faults::ANY, ..Faults::NONE });
    let idle = [
        ask(A, Order::Keep(1)),
        ask(A, Order::Set(1)),
        ask(A, Order::Send(B, 1)),
        Step::new(B, Act::Drop { from: A, message: 1 }),
    ];
    let long: Vec<_> = idle.iter().cycle().take(4 * 66_000).cloned().chain(steps).collect();
    let effort = Effort { tries: 1, states: 10, runs: 0 };
    let shrunk = shrunk(&scenario, &long, effort);
    assert_eq!(shrunk.minimality, Minimality::LocallyMinimal);
    assert_eq!(shrunk.violation.reason, "n1 heard an eight behind a seven");
}

fn wild() -> Plan {
    let at = |at: u64, fault| TimedFault { at: at.ms(), lasts: 200.ms(), fault };
    Plan {
        latency: Latency::Uniform { least: 0.ms(), most: 9.ms() },
        loss: 100_000,
        duplication: 100_000,
        clocks: vec![ClockError { node: A, offset: 1_000, drift: 0 }],
        faults: vec![
            at(95, Fault::Pause(A)),
            at(195, Fault::Isolate(B)),
            at(295, Fault::Crash(A)),
            at(395, Fault::Split(vec![A])),
        ],
        ..calm()
    }
}

#[test]
fn a_plan_loses_every_fault_that_the_failure_does_not_need() {
    let scenario = beacons(2);
    let fails = |plan: &Plan| run(&scenario, plan, 1).tally.cut >= 3;
    assert!(fails(&wild()));
    let mut tree = PlanTree::new(wild());
    let mut more = tree.simplify();
    while more {
        more = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
    }
    let plan = tree.current();
    assert!(fails(&plan), "what is left still fails: {plan}");
    let calmed = Plan { faults: plan.faults.clone(), ..calm() };
    assert_eq!(plan, calmed, "loss, duplication, clocks and latency are calm");
    assert_eq!(plan.faults.len(), 1, "one partition does: {plan}");
    assert!(plan.faults[0].lasts < 200.ms(), "and a shorter one: {plan}");
}

/// Beacons of which none should hear a number twice.
fn once() -> Scenario<Beacon> {
    beacons(2).invariant(Invariant::history(
        "once",
        "No number is heard twice at one node.",
        Vec::new(),
        |heard: &mut Vec<(NodeId, u32)>, sight| {
            let Sight::Event { node, event, .. } = sight else { return Ok(()) };
            let number = event.0;
            if heard.contains(&(*node, number)) {
                return broken(format!("{node} heard {number} twice"));
            }
            heard.push((*node, number));
            Ok(())
        },
    ))
}

#[test]
fn the_run_of_a_trace_becomes_simpler_before_its_steps_do() {
    let scenario = once();
    let plan = Plan { duplication: 20_000, loss: 300_000, ..calm() };
    let (outcome, steps) = record(&scenario, &plan, (1, 0), None);
    assert!(outcome.violation.is_some(), "something arrives twice");
    let origin = Origin { seed: 1, run: 0, plan };
    let shrunk = shrink(&scenario, &steps, "once", Some(&origin), EFFORT, &mut Undisturbed);
    let shrunk = shrunk.expect("a trace that fails");
    let stages: Vec<&str> = shrunk.stages.iter().map(|(name, ..)| *name).collect();
    assert_eq!(stages[..4], ["found", "scenario", "fault plan", "steps"]);
    assert!(shrunk.stages.is_sorted_by(|one, next| one.2 >= next.2), "{:?}", shrunk.stages);
    // It beats, the number is doubled, and arrives twice.
    assert_eq!(shrunk.trace.len(), 4);
    assert_eq!(shrunk.minimality.in_words(), "shortest");
}

#[test]
fn a_failing_campaign_can_be_shrunk_from_the_run_it_names() {
    let scenario = once();
    let simulated = simulate(&scenario, &Campaign::new(40, 1), &mut Undisturbed).expect("sound");
    let failure = simulated.failure.expect("some run doubles a message");
    let origin = Origin::drawn(&scenario, failure.seed, failure.run);
    assert_eq!(origin.plan, failure.plan, "what a run draws can be drawn again");
    let shrunk = shrink(&scenario, &failure.trace, "once", Some(&origin), EFFORT, &mut Undisturbed);
    assert_eq!(shrunk.expect("a trace that fails").trace.len(), 4);
}

#[test]
fn a_vote_cast_twice_among_five_is_told_with_three() {
    let catalog = splitbrain_models::catalog();
    let raft = catalog.model("raft").expect("it is in the catalog");
    let bug = Some("double-vote".to_string());
    let request = Request { scenario: "storm-5".to_string(), bug, ..Request::default() };
    let effort = Effort { tries: 20_000, states: 20_000, runs: 200 };
    let campaign = Campaign { threads: 2, ..Campaign::new(2_000, 1) };
    let report = raft.simulate(&request, &campaign, Some(effort), &mut Undisturbed);
    let failure = report.expect("it is listed").failure.expect("it is caught");
    let told = failure.counterexample.expect("it replays");
    assert_eq!((&told.invariant[..], told.nodes), ("election-safety", 3));
    assert_eq!(told.steps, 6, "as short as exploration's");
    let agrees = told.file.contains(r#""nodes": 3,"#) && told.file.contains(r#""nodes":3"#);
    assert!(agrees, "the file says three, too: {}", told.file);
}
