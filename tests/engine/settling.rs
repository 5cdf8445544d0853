//! `Invariant::settles`: one continuation from everything reached, without further faults.

use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, FaultKinds, Storm, simulate};
use splitbrain::{
    Faults, Goal, Invariant, Links, NodeId, Nothing, Outbox, Protocol, Scenario, To, Undisturbed,
    Units, Verdict, broken,
};

/// n0 asks n1 something once; until it has the answer it asks again, if it is patient.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Caller {
    retries: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Call {
    Not,
    Waiting,
    Answered,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Say {
    Question,
    Answer,
}

impl Caller {
    fn ask(&self, out: &mut Outbox<Self>) {
        out.send(NodeId(1), Say::Question);
        if self.retries {
            out.set_timer((), 400.ms()..600.ms());
        }
    }
}

impl Protocol for Caller {
    type State = Call;
    type Message = Say;
    type Timer = ();
    type Input = ();
    type Event = Nothing;

    fn start(&self, _: &mut Outbox<Self>) -> Call {
        Call::Not
    }
    fn on_message(&self, state: &mut Call, from: NodeId, say: Say, out: &mut Outbox<Self>) {
        match say {
            Say::Question => out.send(from, Say::Answer),
            Say::Answer => {
                *state = Call::Answered;
                out.cancel_timer(());
            }
        }
    }
    fn on_timeout(&self, _: &mut Call, (): (), out: &mut Outbox<Self>) {
        out.mark("asks again");
        self.ask(out);
    }
    fn on_input(&self, state: &mut Call, (): (), out: &mut Outbox<Self>) {
        *state = Call::Waiting;
        self.ask(out);
    }
    fn restart(&self, crashed: &Call, out: &mut Outbox<Self>) -> Call {
        if *crashed == Call::Waiting {
            self.ask(out);
        }
        *crashed
    }
}

fn scenario(retries: bool) -> Scenario<Caller> {
    Scenario::new("caller", Caller { retries }, 2)
        .lane([(To::Node(NodeId(0)), ())])
        .timer("retries", |()| true, splitbrain::Firing::Times(1))
        .invariant(Invariant::settles("answered", "Who asked is answered.", 2.s(), |_, nodes| {
            match nodes[0].state {
                Call::Waiting => broken("n0 waits for its answer"),
                Call::Not | Call::Answered => Ok(()),
            }
        }))
        .goal(Goal::nodes("answered", "n0 is answered.", |_, nodes| {
            nodes[0].state == Call::Answered
        }))
}

/// Both searches, which must say the same.
fn both(scenario: &Scenario<Caller>) -> Exploration<Caller> {
    let search = |plain: bool| {
        let limits = Limits { plain, ..Limits::default() };
        explore(scenario, &limits, &mut Undisturbed).expect("it makes sense")
    };
    let (plain, packed) = (search(true), search(false));
    assert_eq!(packed.verdict, plain.verdict);
    assert_eq!((packed.states, packed.transitions), (plain.states, plain.transitions));
    assert_eq!(packed.marks, plain.marks);
    assert!(packed.searched.packed, "{:?}", packed.searched);
    packed
}

#[test]
fn who_asks_again_settles_though_everything_may_be_lost() {
    let found = both(&scenario(true));
    assert!(matches!(found.verdict, Verdict::Holds { .. }), "{}", found.verdict);
}

#[test]
fn who_asks_once_is_found_waiting() {
    let found = both(&scenario(false));
    let first = &found.found[0];
    assert_eq!((first.invariant.as_str(), first.trace.len()), ("answered", 1), "one step: it asks");
    assert_eq!(first.reason, "without further faults, not within 2s: n0 waits for its answer");
}

#[test]
fn on_links_that_lose_nothing_it_is_asked_where_nothing_is_on_its_way() {
    let fifo = |retries| Scenario { links: Links::Fifo, ..scenario(retries) };
    let found = both(&fifo(false));
    assert!(matches!(found.verdict, Verdict::Holds { .. }), "{}", found.verdict);
    let drops = Faults { drops: 1, ..Faults::NONE };
    let found = both(&fifo(false).faults(drops));
    assert_eq!(found.found[0].trace.len(), 2, "it asks, and the question is lost");
    let found = both(&fifo(true).faults(drops));
    assert!(matches!(found.verdict, Verdict::Holds { .. }), "{}", found.verdict);
}

#[test]
fn nodes_that_are_down_run_again_where_there_are_restarts() {
    let crash = |restarts| Faults { crashes: 1, restarts, ..Faults::NONE };
    let found = both(&scenario(true).faults(crash(1)));
    assert!(matches!(found.verdict, Verdict::Holds { .. }), "{}", found.verdict);
    let found = both(&scenario(true).faults(crash(0)));
    let first = &found.found[0];
    assert_eq!(first.trace.len(), 2, "n0 asks, and n1 is gone for good: {:?}", first.trace);
}

#[test]
fn lines_that_run_while_it_does_not_settle_are_counted() {
    let crash = Faults { crashes: 1, ..Faults::NONE };
    let found = both(&scenario(true).faults(crash).may_crash([NodeId(1)]));
    assert_eq!(found.found[0].trace.len(), 2, "n0 asks, and n1 is gone for good");
    // At most once within two steps; and every half second of the two in which n0 is left alone.
    let often = found.marks["asks again"];
    assert!((4..=6).contains(&often), "{often} times");
}

#[test]
fn simulation_asks_when_the_storm_ends() {
    let storm = Storm::default()
        .kinds(FaultKinds { loss: true, ..FaultKinds::NONE })
        .clients(1, |_, _, asked| (asked == 0).then_some((To::Node(NodeId(0)), ())))
        .lasts(5.s(), 5.s());
    let run = |retries| {
        let scenario = scenario(retries).storm(storm.clone());
        simulate(&scenario, &Campaign::new(2_000, 1), &mut Undisturbed).expect("it makes sense")
    };
    let held = run(true);
    assert!(matches!(held.verdict, Verdict::Holds { .. }), "{}", held.verdict);
    let found = run(false);
    assert!(
        matches!(&found.verdict, Verdict::Violated { invariant, .. } if invariant == "answered"),
        "{}",
        found.verdict
    );
}

#[test]
fn simulation_asks_at_rest_where_nothing_is_lost_freely() {
    let storm = Storm::default()
        .kinds(FaultKinds { loss: true, ..FaultKinds::NONE })
        .clients(1, |_, _, asked| (asked == 0).then_some((To::Node(NodeId(0)), ())))
        .lasts(5.s(), 5.s());
    let scenario = Scenario { links: Links::Fifo, ..scenario(false).storm(storm) };
    let found = simulate(&scenario, &Campaign::new(2_000, 1), &mut Undisturbed).expect("sense");
    assert!(
        matches!(&found.verdict, Verdict::Violated { invariant, .. } if invariant == "answered"),
        "{}",
        found.verdict
    );
}
