//! The packed search says what the plain search says, on every scenario and bug of the catalog;
//! and mail is forgotten only where it is proved dead.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::{AnyModel, Engine, Request};
use splitbrain::explore::{DeadMail, Limits, Searched, explore};
use splitbrain::report::ExploreReport;
use splitbrain::{
    Faults, Goal, Invariant, NodeId, Outbox, Protocol, Scenario, Sight, Undisturbed, Units,
    Verdict, broken,
};

fn report(model: &dyn AnyModel, request: &Request, limits: &Limits) -> ExploreReport {
    let report = model.explore(request, limits, &mut Undisturbed).expect("it is listed");
    ExploreReport { searched: Searched::default(), ..report }
}

/// What no way of searching may change: the verdict, each length, each goal's least depth.
fn essence(report: &ExploreReport) -> String {
    let found = report.counterexamples.iter();
    let found: Vec<_> = found.map(|one| (&one.invariant, one.steps)).collect();
    format!("{} {found:?} {:?}", report.verdict.exit_code(), report.goals)
}

#[test]
fn every_scenario_is_searched_alike_and_holds_without_dead_mail() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        let explored = model.scenarios().iter().filter(|info| info.engine == Engine::Explore);
        for info in explored {
            let request = Request { scenario: info.name.to_string(), ..Request::default() };
            let full = Limits { full: true, ..Limits::default() };
            let plain = Limits { plain: true, ..Limits::default() };
            let name = format!("{} {}", model.name(), info.name);
            let packed = report(model, &request, &full);
            assert_eq!(packed, report(model, &request, &plain), "{name}");
            let smaller = report(model, &request, &Limits::default());
            assert_eq!(essence(&smaller), essence(&packed), "{name}");
            assert!(smaller.states <= packed.states, "{name}");
        }
    }
}

#[test]
fn every_bug_is_found_alike_and_as_short_without_dead_mail() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        for bug in model.bugs() {
            let request = Request {
                scenario: bug.explored.0.to_string(),
                bug: Some(bug.name.to_string()),
                ..Request::default()
            };
            let only = Limits { only: Some(bug.invariant.to_string()), ..Limits::default() };
            let full = Limits { full: true, ..only.clone() };
            let plain = Limits { plain: true, ..only.clone() };
            let packed = report(model, &request, &full);
            assert_eq!(packed, report(model, &request, &plain), "{}", bug.name);
            let smaller = report(model, &request, &only);
            let found = |report: &ExploreReport| {
                let sought = report.counterexamples.iter();
                sought.filter(|one| one.invariant == bug.invariant).map(|one| one.steps).next()
            };
            assert!(found(&packed).is_some(), "{}", bug.name);
            assert_eq!(found(&smaller), found(&packed), "{}", bug.name);
        }
    }
}

/// Nodes count what they are told; a claim says which messages they no longer heed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Counter {
    claim: Claim,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Claim {
    /// No more than the highest number is heeded, and it is durable.
    True,
    /// Numbers below the highest *by two* are claimed dead, but one above is not heeded either.
    TooMuch,
    /// True until a restart, which forgets the highest number.
    NotOverRestarts,
}

impl Protocol for Counter {
    type State = u8;
    type Message = u8;
    type Timer = ();
    type Input = splitbrain::Nothing;
    type Event = u8;

    fn start(&self, out: &mut Outbox<Self>) -> u8 {
        if out.me() == NodeId(0) {
            (1..=3).for_each(|number| out.send(NodeId(1), number));
        }
        0
    }

    fn on_message(&self, highest: &mut u8, _: NodeId, number: u8, out: &mut Outbox<Self>) {
        if number > *highest {
            *highest = number;
            out.emit(number);
        }
    }

    fn ignores(&self, _: NodeId, highest: &u8, _: NodeId, number: &u8) -> bool {
        match self.claim {
            Claim::True | Claim::NotOverRestarts => number <= highest,
            Claim::TooMuch => *highest > 0 && *number <= highest + 1,
        }
    }

    fn restart(&self, crashed: &u8, _: &mut Outbox<Self>) -> u8 {
        if self.claim == Claim::NotOverRestarts { 0 } else { *crashed }
    }
}

fn counters(claim: Claim) -> Scenario<Counter> {
    Scenario::new("counters", Counter { claim }, 2)
        .faults(Faults { crashes: 1, restarts: 1, ..Faults::NONE })
        .invariant(Invariant::history("three-once", "Three is told once.", false, |told, sight| {
            match sight {
                Sight::Event { event: 3, .. } if *told => broken("three is told again"),
                Sight::Event { event: 3, .. } => {
                    *told = true;
                    Ok(())
                }
                _ => Ok(()),
            }
        }))
        .goal(Goal::seen("three", "Three is told.", |_, sight| {
            matches!(sight, Sight::Event { event: 3, .. })
        }))
}

#[test]
fn a_true_claim_makes_the_space_smaller_and_is_proved() {
    let scenario = counters(Claim::True);
    let full = Limits { full: true, ..Limits::default() };
    let full = explore(&scenario, &full, &mut Undisturbed).expect("sound");
    let smaller = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("sound");
    assert!(full.verdict.holds() && smaller.verdict.holds());
    assert!(smaller.states < full.states, "{} and {}", smaller.states, full.states);
    let DeadMail::Forgotten { letters, checks } = smaller.searched.dead_mail else {
        panic!("{:?}", smaller.searched.dead_mail);
    };
    assert!(letters == 2 && checks > 10, "{letters} letters, {checks} checks");
    assert_eq!(full.searched.dead_mail, DeadMail::Kept { why: "as was asked".to_string() });
}

#[test]
fn a_false_claim_is_refuted_by_name_and_state() {
    for (claim, why) in [
        (Claim::TooMuch, "n1 does not ignore 2 from n0 in 1, though its model says so"),
        (Claim::NotOverRestarts, "but after `n1: restart` no longer, in 0"),
    ] {
        let explored =
            explore(&counters(claim), &Limits::default(), &mut Undisturbed).expect("sound");
        let Verdict::Inconclusive { why: said, .. } = &explored.verdict else {
            panic!("{claim:?}: {}", explored.verdict);
        };
        assert!(said.contains(why), "{said}");
        assert!(!explored.exhausted);
    }
}

#[test]
fn a_claim_that_a_bug_makes_false_is_given_up_and_the_full_space_searched() {
    let bug = Scenario { bug: Some("forgets".to_string()), ..counters(Claim::NotOverRestarts) };
    let explored = explore(&bug, &Limits::default(), &mut Undisturbed).expect("sound");
    let full = Limits { full: true, ..Limits::default() };
    let full = explore(&bug, &full, &mut Undisturbed).expect("sound");
    assert!(matches!(explored.searched.dead_mail, DeadMail::Refuted { .. }));
    assert_eq!((explored.states, &explored.verdict), (full.states, &full.verdict));
}

#[test]
fn mail_stays_where_something_else_looks_at_it() {
    let quiet = Invariant::quiet("quiet", "Quiet nodes are quiet.", |_, _| Ok(()));
    for scenario in [
        counters(Claim::True).links(splitbrain::Links::Fifo),
        counters(Claim::True).boundary("little mail", |_, world| world.mail.len() < 9),
        counters(Claim::True).invariant(quiet),
    ] {
        let explored = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("sound");
        assert!(matches!(explored.searched.dead_mail, DeadMail::Kept { .. }));
        assert!(explored.verdict.holds(), "{}", explored.verdict);
    }
}

/// Nodes that count, each on its own, up to three; a message to itself goes with each number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Alone {
    sends: bool,
}

impl Protocol for Alone {
    type State = u8;
    type Message = ();
    type Timer = ();
    type Input = splitbrain::Nothing;
    type Event = splitbrain::Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> u8 {
        out.set_timer((), 1.ms());
        0
    }

    fn on_message(&self, _: &mut u8, _: NodeId, (): (), _: &mut Outbox<Self>) {}

    fn on_timeout(&self, number: &mut u8, (): (), out: &mut Outbox<Self>) {
        *number += 1;
        if *number < 3 {
            out.set_timer((), 1.ms());
        }
        if self.sends {
            out.send(out.me(), ());
        }
    }
}

#[test]
fn a_world_too_wide_for_a_key_is_searched_plainly_and_says_so() {
    let scenario = Scenario::new("many", Alone { sends: false }, 80);
    let limits = Limits { states: Some(4_000), ..Limits::default() };
    let explored = explore(&scenario, &limits, &mut Undisturbed).expect("sound");
    let why = explored.searched.fallback.clone().expect("the plain search stood in");
    assert!(why.contains("128 bits"), "{why}");
    let plain = Limits { plain: true, ..limits };
    let plain = explore(&scenario, &plain, &mut Undisturbed).expect("sound");
    assert_eq!((explored.states, &explored.verdict), (plain.states, &plain.verdict));
}

#[test]
fn a_single_node_is_looked_at_again_once_it_is_quiet() {
    let scenario = Scenario::new("alone", Alone { sends: true }, 1).invariant(Invariant::quiet(
        "two",
        "No quiet node has counted to two.",
        |_, nodes| if nodes[0].state == 2 { broken("it has") } else { Ok(()) },
    ));
    let packed = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("sound");
    let plain = Limits { plain: true, ..Limits::default() };
    let plain = explore(&scenario, &plain, &mut Undisturbed).expect("sound");
    assert!(matches!(plain.verdict, Verdict::Violated { .. }), "{}", plain.verdict);
    assert_eq!((packed.states, &packed.verdict), (plain.states, &plain.verdict));
}

#[test]
fn a_search_ends_at_its_limit_of_memory() {
    let scenario = Scenario::new("some", Alone { sends: true }, 8);
    let limits = Limits { bytes: Some(8 << 20), ..Limits::default() };
    let explored = explore(&scenario, &limits, &mut Undisturbed).expect("sound");
    let Verdict::Inconclusive { why, .. } = &explored.verdict else {
        panic!("{}", explored.verdict);
    };
    assert_eq!(why, "out of memory: the search may take 8 MiB");
    assert!(explored.searched.bytes <= 8 << 20, "{} bytes", explored.searched.bytes);
    assert!(explored.completed.is_some_and(|depth| depth > 2), "{:?}", explored.completed);
}
