//! What exploration counts, finds and says, on systems small enough to count by hand or counted by
//! others.

use std::sync::atomic::{AtomicU32, Ordering};

use super::commit::{TwoPhase, with_participants};
use super::puppet::{AGAIN, Note, Order, Puppet};
use splitbrain::explore::{Exploration, Limits, explore, reach, way};
use splitbrain::simulate::Storm;
use splitbrain::{
    Act, Bound, ClientId, DETERMINISTIC, Faults, Firing, Goal, Invariant, Links, NO_PANIC, NodeId,
    Nothing, Observer, Outbox, Progress, Protocol, Replay, Scenario, Span, Step, To, Undisturbed,
    Verdict, broken, replay,
};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

fn all<P: Protocol>(scenario: &Scenario<P>) -> Exploration<P> {
    let limits = Limits { all_invariants: true, ..Limits::default() };
    explore(scenario, &limits, &mut Undisturbed).expect("a sound scenario")
}

fn words<P: Protocol>(trace: &[Step<P>]) -> Vec<String> {
    trace.iter().map(ToString::to_string).collect()
}

fn puppets(nodes: usize, lanes: &[&[(NodeId, Order)]]) -> Scenario<Puppet> {
    lanes.iter().fold(Scenario::new("puppets", Puppet, nodes), |scenario, orders| {
        scenario.lane(orders.iter().map(|(node, order)| (To::Node(*node), order.clone())))
    })
}

#[test]
fn two_phase_commit_with_a_timer_has_the_states_that_others_count() {
    for (participants, lossless, lossy) in
        [(1, (10, 12), (18, 30)), (2, (72, 148), (220, 680)), (3, (538, 1_616), (2_868, 13_360))]
    {
        for (drops, expected) in [(0, lossless), (Faults::ANY, lossy)] {
            let scenario = with_participants(TwoPhase::Asked, participants)
                .faults(Faults { drops, ..Faults::NONE });
            let explored = all(&scenario);
            let counted = (explored.states, explored.transitions);
            assert_eq!(counted, expected, "{participants} participants, {}", scenario.faults);
            assert!(explored.exhausted && explored.cut.is_empty());
        }
    }
}

#[test]
fn a_budget_that_is_counted_is_part_of_the_state_and_cuts() {
    let lossy = |drops| {
        let faults = Faults { drops, ..Faults::NONE };
        all(&with_participants(TwoPhase::Asked, 1).faults(faults))
    };
    assert!(lossy(100).states > lossy(Faults::ANY).states, "how many were lost tells them apart");
    assert_eq!(lossy(1).cut.into_iter().collect::<Vec<_>>(), [Bound::Drops]);
    let any = Faults { crashes: 1, drops: Faults::ANY, ..Faults::NONE };
    assert_eq!(any.to_string(), "1 crash, any number of drops");
    assert!(lossy(100).cut.is_empty(), "a budget that is never spent cuts nothing");
}

#[test]
fn two_phase_commit_as_specified_by_gray_and_lamport_has_its_published_states() {
    for (participants, states, depth) in [(3, 288, 10), (5, 8_832, 16)] {
        let explored = all(&with_participants(TwoPhase::Unasked, participants));
        assert_eq!((explored.states, explored.depth()), (states, depth));
    }
}

/// One message there; each arrival lets the receiver's own client answer. Counted by hand: sent,
/// arrived, asked, answered, arrived back, and the beginning: six in a row.
#[test]
fn one_message_there_and_one_back_are_six_states_in_a_row() {
    let scenario =
        puppets(2, &[&[(A, Order::Send(B, 1)), (B, Order::OnceHeard), (B, Order::Send(A, 2))]]);
    let explored = all(&scenario);
    assert_eq!((explored.states, explored.transitions), (6, 5));
    assert_eq!(explored.levels, [1; 6]);
}

#[test]
fn independent_clients_multiply_and_dependent_messages_do_not() {
    // Two clients that keep two numbers each, one at each node: 3 × 3 states, 2 × (2 × 3) steps.
    let orders = |node| [(node, Order::Keep(1)), (node, Order::Keep(2))];
    let explored = all(&puppets(2, &[&orders(A), &orders(B)]));
    assert_eq!((explored.states, explored.transitions, explored.depth()), (9, 12, 4));
    // Two numbers from one node to another: which comes first is open, or is not.
    let sent = [(A, Order::Send(B, 1)), (A, Order::Send(B, 2))];
    for (links, states) in [(Links::Unordered, 8), (Links::Fifo, 6)] {
        assert_eq!(all(&puppets(2, &[&sent]).links(links)).states, states, "{links:?}");
    }
}

/// That no node keeps so much: 1, or 2.
fn keeps_below(most: u8) -> Invariant<Puppet> {
    match most {
        1 => Invariant::node("below-1", "No node keeps 1.", |_, me, node| match node.state.kept {
            0 => Ok(()),
            kept => broken(format!("{me} keeps {kept}")),
        }),
        _ => Invariant::node("below-2", "No node keeps 2.", |_, me, node| match node.state.kept {
            0 | 1 => Ok(()),
            kept => broken(format!("{me} keeps {kept}")),
        }),
    }
}

fn keepers() -> Scenario<Puppet> {
    // By way of the first client alone, 2 is kept behind three steps; the second does it at once.
    let slow = [(A, Order::Keep(0)), (A, Order::Keep(1)), (A, Order::Keep(2))];
    puppets(2, &[&slow, &[(B, Order::Keep(2))]])
}

#[test]
fn every_invariant_that_can_break_is_found_by_its_own_shortest_trace() {
    let scenario = keepers().invariant(keeps_below(1)).invariant(keeps_below(2));
    let explored = all(&scenario);
    let found: Vec<(&str, Vec<String>)> =
        explored.found.iter().map(|found| (&found.invariant[..], words(&found.trace))).collect();
    let at_once = vec!["n1: input Keep(2) of c1".to_string()];
    assert_eq!(found, [("below-1", at_once.clone()), ("below-2", at_once)]);
    for found in &explored.found {
        let replayed = replay(&scenario, &found.trace, Some(&found.invariant));
        assert!(matches!(replayed, Replay::Breaks { steps: 1, .. }), "{replayed:?}");
    }
}

#[test]
fn a_search_for_one_invariant_passes_the_others_and_a_plain_one_ends_at_the_first() {
    let slow = [(A, Order::Keep(1)), (A, Order::Keep(2))];
    let scenario = puppets(1, &[&slow]).invariant(keeps_below(1)).invariant(keeps_below(2));
    for (only, violated, steps) in [(None, "below-1", 1), (Some("below-2"), "below-2", 2)] {
        let limits = Limits { only: only.map(str::to_string), ..Limits::default() };
        let explored = explore(&scenario, &limits, &mut Undisturbed).expect("sound");
        let Verdict::Violated { invariant, reason } = &explored.verdict else {
            panic!("{}", explored.verdict)
        };
        assert_eq!(invariant, violated);
        assert_eq!(*reason, format!("n0 keeps {steps}"));
        assert_eq!(explored.found.last().map(|found| found.trace.len()), Some(steps));
        assert!(!explored.exhausted || steps == 2, "it ended early");
    }
}

#[test]
fn what_breaks_at_the_very_start_has_the_empty_trace() {
    let never = Invariant::nodes("nowhere", "There are no nodes.", |_: &Puppet, nodes| {
        broken(format!("there are {} nodes", nodes.len()))
    });
    let explored = all(&keepers().invariant(never));
    assert_eq!(explored.found[0].trace, []);
    let reason = "there are 2 nodes".to_string();
    let invariant = "nowhere".to_string();
    assert_eq!(explored.verdict, Verdict::Violated { invariant, reason });
}

fn reaches(kept: u8) -> Goal<Puppet> {
    match kept {
        2 => Goal::nodes("keeps-2", "A node keeps 2.", |_, nodes| {
            nodes.iter().any(|node| node.state.kept == 2)
        }),
        _ => Goal::nodes("keeps-9", "A node keeps 9.", |_, nodes| {
            nodes.iter().any(|node| node.state.kept == 9)
        }),
    }
}

/// Ends the work at its first look.
struct Impatient;

impl Observer for Impatient {
    fn look(&mut self, _: &Progress<'_>) -> Option<String> {
        Some("out of patience".to_string())
    }
}

#[test]
fn a_verdict_says_no_more_than_what_was_covered() {
    let goal = || keepers().goal(reaches(2));
    let few = Limits { states: Some(3), ..Limits::default() };
    let none = Limits::default();
    let observers: [&mut dyn Observer; 2] = [&mut Undisturbed, &mut Impatient];
    for (scenario, limits, observer, expected) in [
        (
            goal(),
            &none,
            0,
            "holds exhaustively within these bounds: 8 states, 10 transitions, depth 4",
        ),
        (
            goal(),
            &few,
            0,
            "inconclusive: out of room: 3 states allowed; 3 states, 2 transitions, depth 1: every \
             schedule of up to 1 steps",
        ),
        (
            goal(),
            &none,
            1,
            "inconclusive: out of patience; 1 states, 0 transitions, depth 0: every schedule of \
             up to 0 steps",
        ),
        (goal().goal(reaches(9)), &none, 0, "vacuous: never reached keeps-9"),
    ] {
        let explored = explore(&scenario, limits, observers[observer]).expect("sound");
        assert_eq!(explored.verdict.to_string(), expected);
    }
}

#[test]
fn an_invariant_of_quiet_worlds_is_vacuous_where_no_world_is_quiet() {
    let calm = || {
        Invariant::quiet(
            "calm",
            "When nothing is on its way, all is well.",
            |_: &Chatter, _| Ok(()),
        )
    };
    let explored = all(&Scenario::new("chatter", Chatter, 2).invariant(calm()));
    assert_eq!(explored.quiet, 0);
    let missing = "a quiet world, where `calm` is checked".to_string();
    assert_eq!(explored.verdict, Verdict::Vacuous { missing: vec![missing] });
    let set = Scenario::new("chatter", Chatter, 2).links(Links::Set).invariant(calm());
    let why =
        explore(&set, &Limits::default(), &mut Undisturbed).map(|_| ()).expect_err("never quiet");
    assert!(why.contains("never is on set links"), "{why}");
}

/// Two nodes that pass one message to and fro without end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Chatter;

impl Protocol for Chatter {
    type State = ();
    type Message = ();
    type Timer = Nothing;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) {
        if out.me() == A {
            out.broadcast(());
        }
    }
    fn on_message(&self, (): &mut (), from: NodeId, (): (), out: &mut Outbox<Self>) {
        out.send(from, ());
    }
}

#[test]
fn a_message_passed_to_and_fro_is_two_states_and_two_transitions() {
    let explored = all(&Scenario::new("chatter", Chatter, 2));
    assert_eq!((explored.states, explored.transitions), (2, 2));
}

#[test]
fn bounds_that_cut_are_named_and_those_that_did_not_are_not() {
    let periodic = |firing| {
        puppets(1, &[&[(A, Order::Set(AGAIN))]]).timer("beats", |timer| *timer >= AGAIN, firing)
    };
    let deadly = Faults { crashes: 3, restarts: 1, wipes: 1, ..Faults::NONE };
    let roomy = Faults { crashes: 1, restarts: 1, wipes: 1, ..Faults::NONE };
    for (scenario, expected) in [
        (periodic(Firing::Times(2)), vec![Bound::Timer(0)]),
        (periodic(Firing::Any).depth(3), vec![Bound::Depth]),
        (keepers().depth(3), vec![Bound::Depth]),
        (keepers().depth(4), vec![]),
        (keepers().faults(Faults { drops: 1, duplicates: 1, ..Faults::NONE }), vec![]),
        (puppets(1, &[]).faults(roomy), vec![Bound::Crashes]),
        (puppets(1, &[]).faults(deadly), vec![Bound::Restarts, Bound::Wipes]),
    ] {
        let explored = all(&scenario);
        assert_eq!(explored.cut.into_iter().collect::<Vec<_>>(), expected, "{scenario:?}");
        assert!(explored.exhausted, "a bound is part of the question, not of the answer");
    }
    let beats = periodic(Firing::Times(2));
    assert_eq!(beats.bound_in_words(Bound::Timer(0)), "beats fire at most 2 times");
}

#[test]
fn worlds_past_a_boundary_are_checked_and_not_followed() {
    let below_two = |_: &Puppet, world: &splitbrain::World<Puppet>| {
        world.nodes.iter().all(|node| node.state.kept < 2)
    };
    let slow = [(A, Order::Keep(1)), (A, Order::Keep(2)), (A, Order::Keep(3))];
    let bounded = || puppets(1, &[&slow]).boundary("no node keeps more than 1", below_two);
    let explored = all(&bounded().goal(reaches(9)).invariant(keeps_below(2)));
    assert_eq!(explored.states, 2);
    assert_eq!(explored.cut.into_iter().collect::<Vec<_>>(), [Bound::Boundary]);
    assert_eq!(explored.found.len(), 1, "the first world past it is checked");
    assert_eq!(explored.found[0].reason, "n0 keeps 2", "and the one behind is never seen");
}

fn keep(number: u8) -> Step<Puppet> {
    let (client, input) = (splitbrain::ClientId(0), Order::Keep(number));
    Step::new(A, Act::Input { client, input })
}

#[test]
fn a_search_behind_a_prefix_tells_the_whole_trace_and_refuses_a_prefix_that_cannot_be() {
    let slow = [1, 2, 3].map(|number| (A, Order::Keep(number)));
    let scenario = puppets(1, &[&slow]).invariant(keeps_below(2));
    let explored = all(&scenario.clone().after("1 is kept", vec![keep(1)]));
    assert_eq!(explored.begun_at, 1);
    let whole = ["n0: input Keep(1) of c0", "n0: input Keep(2) of c0"];
    assert_eq!(words(&explored.found[0].trace), whole);
    let bounded = puppets(1, &[&slow]).after("1 is kept", vec![keep(1)]);
    let covered = all(&bounded).verdict.to_string();
    assert!(covered.contains("behind the prefix"), "{covered}");
    let deliver = Act::Deliver { from: A, message: 9 };
    for (prefix, expected) in [
        (vec![keep(1), keep(2)], "the prefix `p` breaks `below-2` after 2 steps: n0 keeps 2"),
        (
            vec![keep(1), Step::new(A, deliver)],
            "step 2 of the prefix `p` (n0: deliver 9 from n0) cannot happen: 9 from n0 is not in \
             n0's mailbox, ready to arrive",
        ),
    ] {
        let scenario = scenario.clone().after("p", prefix);
        let why = explore(&scenario, &Limits::default(), &mut Undisturbed).map(|_| ());
        assert_eq!(why, Err(expected.to_string()));
    }
}

#[test]
fn a_search_goes_by_its_waypoints_and_claims_only_what_lies_behind_them() {
    let slow = [1, 2, 3].map(|number| (A, Order::Keep(number)));
    let by = |scenario: Scenario<Puppet>| {
        scenario.waypoint("1 is kept", |_, nodes| nodes[0].state.kept == 1)
    };
    let found = all(&by(puppets(1, &[&slow])).invariant(keeps_below(2)));
    assert_eq!(found.waypoints, [("1 is kept", 1)]);
    assert_eq!(found.found[0].trace.len(), 2);
    let verdict = all(&by(puppets(1, &[&slow]))).verdict.to_string();
    assert!(verdict.starts_with("inconclusive: a search by waypoints covers only"), "{verdict}");
    let slow = by(puppets(1, &[&slow]));
    for plain in [false, true] {
        let limits = Limits { plain, ..Limits::default() };
        let way = way(&slow, &limits, &mut Undisturbed).expect("1 can be kept");
        assert_eq!(way.len(), 1, "{way:?}");
    }
    let unreached = by(puppets(1, &[])).waypoint("9 is kept", |_, nodes| nodes[0].state.kept == 9);
    let why = way(&unreached, &Limits::default(), &mut Undisturbed).expect_err("no 9");
    assert!(why.contains("the waypoint: 1 is kept"), "{why}");
    assert!(!all(&unreached).verdict.holds(), "a waypoint that is never reached proves nothing");
}

#[test]
fn a_goal_is_reached_by_a_shortest_run_whatever_it_shows_in() {
    let orders = [(A, Order::Keep(1)), (A, Order::Send(B, 7)), (A, Order::Keep(2))];
    let scenario = puppets(2, &[&orders])
        .invariant(Invariant::nodes("nothing-is-kept", "No node keeps anything.", |_, nodes| {
            if nodes[0].state.kept > 0 { broken("kept") } else { Ok(()) }
        }))
        .goal(Goal::seen("heard", "A number is heard.", |_, sight| {
            matches!(sight, splitbrain::Sight::Event { event: Note::Heard(..), .. })
        }))
        .goal(Goal::nodes("two-kept", "2 is kept.", |_, nodes| nodes[0].state.kept == 2))
        .goal(Goal::nodes("nine-kept", "9 is kept.", |_, nodes| nodes[0].state.kept == 9));
    let to = |goal| reach(&scenario, goal, &Limits::default(), &mut Undisturbed);
    assert_eq!(to("heard").expect("reachable").len(), 3);
    assert_eq!(to("two-kept").expect("reachable").len(), 3);
    let why = to("nine-kept").expect_err("9 is never kept");
    assert!(why.starts_with("it was not reached (holds exhaustively"), "{why}");
    let sends =
        |n: usize| Step::new(A, Act::Input { client: ClientId(0), input: orders[n].1.clone() });
    let heard = Step::new(B, Act::Deliver { from: A, message: 7 });
    let behind = scenario.clone().after("all of it", vec![sends(0), sends(1), heard, sends(2)]);
    for (goal, steps) in [("heard", 3), ("two-kept", 4)] {
        let run = reach(&behind, goal, &Limits::default(), &mut Undisturbed).expect("reached");
        assert_eq!(run.len(), steps, "{goal} is reached by so much of the prefix");
    }
    let why = to("nine").expect_err("no such goal");
    assert_eq!(
        why,
        "it has no goal `nine`; perhaps you mean `nine-kept`; choose one of: heard, two-kept, nine-kept"
    );
}

#[test]
fn a_panicking_handler_is_reported_with_its_trace_and_nothing_happens_behind_it() {
    let orders = [(A, Order::Keep(1)), (A, Order::Panic), (A, Order::Keep(2))];
    let scenario = puppets(2, &[&orders]);
    let explored = all(&scenario);
    assert_eq!(explored.found.len(), 1);
    let found = &explored.found[0];
    assert_eq!(
        (&found.invariant[..], &found.reason[..]),
        (NO_PANIC, "n0's handler panicked: as ordered")
    );
    assert_eq!(words(&found.trace), ["n0: input Keep(1) of c0", "n0: input Panic of c0"]);
    let on: Vec<Step<Puppet>> = found.trace.iter().cloned().chain([keep(2)]).collect();
    let replayed = replay(&scenario, &on, Some("below-2"));
    let Replay::WentAnotherWay(detour) = replayed else { panic!("{replayed:?}") };
    assert_eq!(detour.why, "n0's handler panicked before it");
}

/// A node that panics as it starts.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Stillborn;

impl Protocol for Stillborn {
    type State = ();
    type Message = Nothing;
    type Timer = Nothing;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) {
        assert_ne!(out.me(), B, "it never lived");
    }
    fn on_message(&self, (): &mut (), _: NodeId, nothing: Nothing, _: &mut Outbox<Self>) {
        match nothing {}
    }
}

#[test]
fn a_node_that_panics_as_it_starts_is_reported_and_nothing_is_asked_of_its_world() {
    let scenario = Scenario::new("stillborn", Stillborn, 2)
        .boundary("n0 is up", |_, world| world.nodes[0].up)
        .goal(Goal::nodes("up", "n0 is up.", |_, nodes| nodes[0].up))
        .waypoint("n0 is up", |_, nodes| nodes[0].up);
    let explored = all(&scenario);
    assert_eq!(explored.found.len(), 1);
    assert_eq!((&explored.found[0].invariant[..], explored.found[0].trace.len()), (NO_PANIC, 0));
    let reason = &explored.found[0].reason;
    assert!(reason.starts_with("n1's handler panicked") && reason.contains("it never lived"));
    assert!(matches!(replay(&scenario, &[], None), Replay::Breaks { steps: 0, .. }));
    let crash = Step::new(A, Act::Crash);
    let replayed = replay(&scenario, &[crash], Some("another"));
    assert!(matches!(replayed, Replay::WentAnotherWay(_)), "{replayed:?}");
}

/// How many calls the impure handler has had.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// A node whose state depends on something beside its handler's arguments.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Impure;

impl Protocol for Impure {
    type State = u32;
    type Message = ();
    type Timer = Nothing;
    type Input = Nothing;
    type Event = Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> u32 {
        out.broadcast(());
        0
    }
    fn on_message(&self, state: &mut u32, _: NodeId, (): (), _: &mut Outbox<Self>) {
        *state = 1 + CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_handler_that_answers_differently_the_second_time_is_reported_with_its_trace() {
    let limits = Limits::default();
    let explored = explore(&Scenario::new("impure", Impure, 2), &limits, &mut Undisturbed);
    let found = &explored.expect("sound").found[0];
    assert_eq!(found.invariant, DETERMINISTIC);
    assert_eq!(
        found.reason,
        "the handler of `n0: deliver () from n1` answered differently the second time"
    );
    assert_eq!(words(&found.trace), ["n0: deliver () from n1"]);
}

#[test]
fn a_scenario_that_makes_no_sense_is_refused_with_what_to_do() {
    let twice = || Invariant::node("same", "It holds.", |_: &Puppet, _, _| Ok(()));
    let clocks = |of: Vec<NodeId>, apart| splitbrain::Clocks {
        of,
        until: 5,
        apart,
        tick: splitbrain::Span::millis(1),
    };
    for (scenario, expected) in [
        (puppets(1, &[&[(B, Order::Read)]]), "an input is bound to n1, but the cluster ends at n0"),
        (
            puppets(1, &[]).clocks(clocks(vec![B], 1)),
            "n1 is given a clock, but the cluster ends at n0",
        ),
        (puppets(2, &[]).clocks(clocks(vec![A, B], 0)), "let them be at least 1 apart"),
        (
            puppets(1, &[]).invariant(twice()).invariant(twice()),
            "two invariants are called `same`: rename one",
        ),
        (
            puppets(1, &[]).storm(
                Storm::default().lasts(Span::ZERO, Span::ZERO).progress(Goal::nodes(
                    "idle",
                    "It idles.",
                    |_: &Puppet, _| true,
                )),
            ),
            "say how long runs are waited for (Storm::lasts)",
        ),
    ] {
        let why = explore(&scenario, &Limits::default(), &mut Undisturbed).map(|_| ());
        let why = why.expect_err("it makes no sense");
        assert!(why.ends_with(expected), "{why}");
    }
}

#[test]
fn a_goal_may_show_in_what_is_seen() {
    let fired = Goal::seen("fired", "A timer fires.", |_: &Puppet, sight| {
        matches!(sight, splitbrain::Sight::Event { event: Note::Fired(_), .. })
    });
    let explored = all(&puppets(1, &[&[(A, Order::Set(1))]]).goal(fired));
    assert_eq!(explored.goals, [("fired", Some(2))]);
}
