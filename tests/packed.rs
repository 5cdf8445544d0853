//! The packed search says what the plain search says, on every scenario and bug of the catalog;
//! and mail is forgotten only where it is proved dead.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::{AnyModel, Engine, Request};
use splitbrain::explore::{DeadMail, Exploration, Fingerprint, Limits, Searched, explore};
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

/// The most states that the plain search is asked to go through; scenarios that have more, with all
/// their mail, are compared in release builds only.
const SLOW: usize = if cfg!(debug_assertions) { 11_000 } else { 5_000_000 };

#[test]
fn every_scenario_is_searched_alike_and_holds_without_dead_mail() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        let explored = model.scenarios().iter().filter(|info| info.engine == Engine::Explore);
        let mut compared = 0;
        for info in explored {
            let request = Request { scenario: info.name.to_string(), ..Request::default() };
            let full = Limits { full: true, states: Some(SLOW), ..Limits::default() };
            let plain = Limits { plain: true, ..Limits::default() };
            let name = format!("{} {}", model.name(), info.name);
            let packed = report(model, &request, &full);
            if !packed.exhausted {
                continue;
            }
            assert_eq!(packed, report(model, &request, &plain), "{name}");
            let smaller = report(model, &request, &Limits::default());
            assert_eq!(essence(&smaller), essence(&packed), "{name}");
            assert!(smaller.states <= packed.states, "{name}");
            compared += 1;
        }
        assert!(compared > 0, "{} has a scenario small enough to compare", model.name());
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
            let full = Limits { full: true, states: Some(SLOW), ..only.clone() };
            let plain = Limits { plain: true, ..only.clone() };
            let packed = report(model, &request, &full);
            let found = |report: &ExploreReport| {
                let sought = report.counterexamples.iter();
                sought.filter(|one| one.invariant == bug.invariant).map(|one| one.steps).next()
            };
            // Others may have broken on the way to where it was left.
            let is_too_large = found(&packed).is_none() && !packed.exhausted;
            if is_too_large {
                continue;
            }
            assert_eq!(packed, report(model, &request, &plain), "{}", bug.name);
            let smaller = report(model, &request, &only);
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

/// All that an exploration says of a scenario, but for how it searched.
fn told(explored: &Exploration<Alone>) -> String {
    format!("{:#?}", Exploration { searched: Searched::default(), ..explored.clone() })
}

/// Nodes that count on their own; one must not count to two once another has counted.
fn many(nodes: usize, sends: bool) -> Scenario<Alone> {
    Scenario::new("many", Alone { sends }, nodes).invariant(Invariant::nodes(
        "slow",
        "No node counts to two once another has counted.",
        |_, nodes| {
            let counted = nodes.iter().filter(|node| node.state > 0).count();
            match counted > 1 && nodes.iter().any(|node| node.state == 2) {
                true => broken("one has"),
                false => Ok(()),
            }
        },
    ))
}

#[test]
fn a_wide_world_is_packed_into_a_wide_key_and_searched_alike() {
    for (nodes, sends, states, bits) in [
        (40, false, 6_000, 65..=128),
        (80, false, 6_000, 129..=256),
        (80, true, 6_000, 129..=256),
        (170, false, 3_000, 257..=512),
    ] {
        for threads in [1, 2] {
            let limits = Limits { states: Some(states), threads, ..Limits::default() };
            let limits = Limits { all_invariants: true, ..limits };
            let explored = explore(&many(nodes, sends), &limits, &mut Undisturbed).expect("sound");
            assert_eq!(explored.searched.fallback, None, "{nodes} nodes");
            let key_bits = explored.searched.key_bits;
            assert!(bits.contains(&key_bits), "{nodes} nodes: {key_bits} bits");
            let plain = Limits { plain: true, ..limits };
            let plain = explore(&many(nodes, sends), &plain, &mut Undisturbed).expect("sound");
            assert_eq!(told(&explored), told(&plain), "{nodes} nodes");
        }
    }
}

/// Nodes that draw a number, each on its own: ten local states each, which take four bits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Drawing;

impl Protocol for Drawing {
    type State = usize;
    type Message = ();
    type Timer = ();
    type Input = splitbrain::Nothing;
    type Event = splitbrain::Nothing;

    fn start(&self, out: &mut Outbox<Self>) -> usize {
        out.set_timer((), 1.ms());
        0
    }

    fn on_message(&self, _: &mut usize, _: NodeId, (): (), _: &mut Outbox<Self>) {}

    fn on_timeout(&self, number: &mut usize, (): (), out: &mut Outbox<Self>) {
        *number = 1 + out.choose(9) as usize;
    }
}

#[test]
fn a_world_too_wide_for_any_key_is_searched_plainly_and_says_so() {
    let scenario = Scenario::new("many", Drawing, 255);
    let limits = Limits { states: Some(4_000), ..Limits::default() };
    let explored = explore(&scenario, &limits, &mut Undisturbed).expect("sound");
    let why = explored.searched.fallback.clone().expect("the plain search stood in");
    assert!(why.contains("512 bits"), "{why}");
    let plain = Limits { plain: true, ..limits };
    let plain = explore(&scenario, &plain, &mut Undisturbed).expect("sound");
    assert_eq!((explored.states, &explored.verdict), (plain.states, &plain.verdict));
}

#[test]
fn fingerprints_find_what_exact_keys_find_and_the_odds_are_said() {
    let limits = Limits { states: Some(6_000), all_invariants: true, ..Limits::default() };
    let exact = explore(&many(80, false), &limits, &mut Undisturbed).expect("sound");
    for fingerprint in [Fingerprint::BITS_64, Fingerprint::BITS_128] {
        let limits = Limits { fingerprint: Some(fingerprint), ..limits.clone() };
        let printed = explore(&many(80, false), &limits, &mut Undisturbed).expect("sound");
        assert_eq!(printed.searched.fingerprint, Some(fingerprint.bits()));
        assert_eq!(told(&printed), told(&exact));
        let alone = Scenario::new("many", Alone { sends: false }, 80);
        let printed = explore(&alone, &limits, &mut Undisturbed).expect("sound");
        let said = format!("{}", printed.verdict);
        let odds = format!(
            "; states told apart by {}-bit fingerprints: the odds that one was missed are at most 1 in ",
            fingerprint.bits()
        );
        assert!(said.contains(&odds), "{said}");
    }
}

#[test]
fn narrow_fingerprints_lose_states_and_say_so() {
    let scenario = Scenario::new("few", Alone { sends: false }, 5);
    let exact = explore(&scenario, &Limits::default(), &mut Undisturbed).expect("sound");
    assert_eq!(exact.states, 4_usize.pow(5));
    for (bits, odds) in [(8, "are high"), (40, "at most 1 in 2.0e6")] {
        let limits = Limits { fingerprint: Some(Fingerprint::narrow(bits)), ..Limits::default() };
        let printed = explore(&scenario, &limits, &mut Undisturbed).expect("sound");
        assert_eq!(printed.states < exact.states, bits == 8, "{} states", printed.states);
        let Verdict::Holds { covered } = &printed.verdict else {
            panic!("{}", printed.verdict);
        };
        assert!(covered.contains(odds), "{covered}");
        assert!(!covered.contains("exhaustively"), "{covered}");
    }
}

#[test]
fn keys_no_wider_than_fingerprints_stay_exact_and_the_plain_search_takes_none() {
    let scenario = Scenario::new("few", Alone { sends: false }, 5);
    let limits = Limits { fingerprint: Some(Fingerprint::BITS_64), ..Limits::default() };
    let explored = explore(&scenario, &limits, &mut Undisturbed).expect("sound");
    assert_eq!(explored.searched.fingerprint, None);
    assert!(explored.verdict.to_string().contains("exhaustively"), "{}", explored.verdict);
    let plain = Limits { plain: true, ..limits };
    let refused = explore(&scenario, &plain, &mut Undisturbed).expect_err("both at once");
    assert!(refused.contains("ask for one of --reference and --fingerprint"), "{refused}");
}

#[test]
fn every_scenario_is_searched_alike_by_fingerprints_and_in_wide_keys() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        let explored = model.scenarios().iter().filter(|info| info.engine == Engine::Explore);
        for info in explored {
            let request = Request { scenario: info.name.to_string(), ..Request::default() };
            let name = format!("{} {}", model.name(), info.name);
            let exact = report(model, &request, &Limits::default());
            let wide = Limits { at_least_bits: 256, ..Limits::default() };
            assert_eq!(report(model, &request, &wide), exact, "{name}");
            let printed = Limits { fingerprint: Some(Fingerprint::BITS_64), ..wide };
            let printed = report(model, &request, &printed);
            assert_eq!(essence(&printed), essence(&exact), "{name}");
            assert_eq!(
                (printed.states, printed.transitions, &printed.counterexamples),
                (exact.states, exact.transitions, &exact.counterexamples),
                "{name}"
            );
        }
    }
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
