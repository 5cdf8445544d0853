//! Campaigns that end by time, keep several failures, and are put away and gone on with.

use std::cell::Cell;

use splitbrain::shrink::{Effort, shrink};
use splitbrain::simulate::{Books, Campaign, FaultKinds, Simulation, Storm, Until, simulate};
use splitbrain::{
    Goal, Invariant, Node, NodeId, Observer, Progress, Scenario, Shared, Sight, Undisturbed, Units,
    Verdict, broken,
};

use super::beacon::{Beacon, Heard, beacons};
use super::measures::shop;

fn made<P: splitbrain::Protocol>(scenario: &Scenario<P>, campaign: &Campaign) -> Simulation<P> {
    simulate(scenario, campaign, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn a_campaign_by_virtual_time_ends_with_the_run_that_reaches_it() {
    let scenario = shop();
    let asked = 90.s();
    let by_time = Campaign { until: Until::Lasted(asked), ..Campaign::new(1, 5) };
    let whole = made(&scenario, &by_time);
    assert!(whole.lasted >= asked && whole.verdict.holds(), "{}", whole.verdict);
    let one_less = made(&scenario, &Campaign::new(whole.runs - 1, 5));
    assert!(one_less.lasted < asked, "{:?} after {} runs", one_less.lasted, one_less.runs);
    for threads in [2, 3] {
        let other = made(&scenario, &Campaign { threads, ..by_time.clone() });
        assert_eq!((other.runs, other.digest), (whole.runs, whole.digest), "{threads} threads");
    }
    let same = made(&scenario, &Campaign::new(whole.runs, 5));
    assert_eq!((same.digest, &same.measures), (whole.digest, &whole.measures));
}

/// Has enough after so many looks, or breaks off with a reason; keeps the books it is shown.
#[derive(Default)]
struct Sated {
    looks: u32,
    enough_after: u32,
    breaks_off_after: u32,
    kept: Vec<Books>,
    last: Cell<u32>,
}

impl Observer for Sated {
    fn look(&mut self, progress: &Progress<'_>) -> Option<String> {
        let Progress::Simulating { of, of_time, reached, goals, .. } = progress else {
            panic!("it is a simulation")
        };
        assert!(of.is_none() || of_time.is_none());
        assert!(reached <= goals);
        self.looks += 1;
        (self.looks == self.breaks_off_after).then(|| "told to".to_string())
    }
    fn enough(&mut self) -> bool {
        self.looks == self.enough_after
    }
    fn keep(&mut self, books: &dyn Fn() -> Books, last: bool) {
        self.kept.push(books());
        self.last.set(self.last.get() + u32::from(last));
    }
}

#[test]
fn an_open_campaign_goes_on_until_its_observer_has_enough_and_then_holds() {
    let scenario = shop();
    let open = Campaign { until: Until::Enough, ..Campaign::new(1, 5) };
    let mut observer = Sated { enough_after: 3, ..Sated::default() };
    let ended = simulate(&scenario, &open, &mut observer).expect("it makes sense");
    assert_eq!((ended.runs, observer.last.get()), (96, 1));
    let Verdict::Holds { covered } = ended.verdict else { panic!("{}", ended.verdict) };
    assert!(covered.starts_with("in 96 runs"), "{covered}");

    let mut observer = Sated { breaks_off_after: 2, ..Sated::default() };
    let broken = simulate(&scenario, &open, &mut observer).expect("it makes sense");
    assert!(matches!(&broken.verdict, Verdict::Inconclusive { why, .. } if why == "told to"));
    assert_eq!(made(&scenario, &open).runs, 32, "who does not know has enough at once");
}

/// Beacons that break one of two invariants, each for reasons of several kinds.
fn fragile() -> Scenario<Beacon> {
    let early = Invariant::history("early", "Nothing is heard.", (), |(), sight| match sight {
        Sight::Event { node: NodeId(0), event: Heard(number), .. } if *number > 90 => {
            broken(format!("n0 hears {number}"))
        }
        Sight::Event { node, event: Heard(number), .. } if *number > 90 => {
            broken(format!("{node} is told {number} by another"))
        }
        _ => Ok(()),
    });
    let late =
        Invariant::node("late", "It beats fewer than 50 times.", |_, me, node: &Node<Beacon>| {
            if node.state.beats < 50 { Ok(()) } else { broken(format!("{me} beats on")) }
        });
    let mut scenario = beacons(3).invariant(late).invariant(early);
    scenario.storm = Storm::default().lasts(5.s(), 0.s()).kinds(FaultKinds {
        crashes: true,
        partitions: true,
        ..FaultKinds::NONE
    });
    scenario
}

#[test]
fn failures_of_one_kind_are_kept_once_and_counted() {
    let going = Campaign { keep_going: true, ..Campaign::new(200, 1) };
    let found = made(&fragile(), &going);
    let first = found.failure.as_ref().expect("it fails");
    assert_eq!((first.run, first.alike), (0, found.failures));
    assert!(found.others.is_empty(), "numbers and names are no difference: {:?}", found.others);

    let only = Campaign { only: Some("early".to_string()), ..going };
    let found = made(&fragile(), &only);
    let kinds: Vec<&str> =
        found.failure.iter().chain(&found.others).map(|one| &one.violation.reason[..]).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert!(kinds.iter().any(|kind| kind.starts_with("n0 hears")), "{kinds:?}");
    let alike: u64 = found.failure.iter().chain(&found.others).map(|one| one.alike).sum();
    assert_eq!(alike, found.failures);
    assert!(found.others[0].replays, "each has its trace");
    let fewer = made(&fragile(), &Campaign { keeps: 1, ..only.clone() });
    assert!(fewer.others.is_empty() && fewer.failures == found.failures);
    let ended = made(&fragile(), &Campaign { keep_going: false, ..only });
    assert!(ended.others.is_empty() && ended.failures == 1);
}

#[test]
fn books_of_a_model_that_has_changed_since_are_refused() {
    let beating = |nodes| {
        let mut scenario = beacons(nodes);
        scenario.storm = Storm::default().lasts(5.s(), 0.s()).kinds(FaultKinds::NONE);
        scenario
    };
    let mut observer = Sated::default();
    let asked = Campaign::new(40, 1);
    simulate(&beating(3), &asked, &mut observer).expect("it makes sense");
    let books = observer.kept.pop().expect("the last ones");
    let more = Campaign { from: Some(Box::new(books)), ..Campaign::new(80, 1) };
    assert_eq!(made(&beating(3), &more).runs, 80);
    let refused = simulate(&beating(4), &more, &mut Undisturbed).expect_err("it is another model");
    assert!(refused.contains("its run 0 went otherwise"), "{refused}");
}

/// Everything of a simulation that books are made of, and its verdict.
fn totals<P: splitbrain::Protocol>(simulation: &Simulation<P>, last: &Books) -> String {
    let runs: Vec<(u64, u64)> = simulation
        .failure
        .iter()
        .chain(&simulation.others)
        .map(|one| (one.run, one.alike))
        .collect();
    format!("{} {runs:?} {}", simulation.verdict, serde_json::to_string(last).expect("plain data"))
}

/// The whole of a campaign, and the same broken off after each batch and gone on with from its books
/// as text.
fn in_parts<P: splitbrain::Protocol>(
    scenario: &Scenario<P>,
    campaign: &Campaign,
) -> (String, String) {
    let mut observer = Sated::default();
    let whole = simulate(scenario, campaign, &mut observer).expect("it makes sense");
    let whole = totals(&whole, observer.kept.last().expect("its books"));
    let mut from: Option<Box<Books>> = None;
    loop {
        let mut observer = Sated { breaks_off_after: 1, ..Sated::default() };
        let part = Campaign { from: from.clone(), ..campaign.clone() };
        let made = simulate(scenario, &part, &mut observer).expect("it makes sense");
        let last = observer.kept.pop().expect("its books");
        if from.as_deref() == Some(&last) {
            return (whole, totals(&made, &last));
        }
        let text = serde_json::to_string(&last).expect("plain data");
        from = Some(Box::new(serde_json::from_str(&text).expect("its own text")));
    }
}

#[test]
fn a_campaign_in_parts_comes_to_what_it_comes_to_in_one() {
    let (whole, parts) = in_parts(&shop(), &Campaign { first: 7, ..Campaign::new(150, 3) });
    assert_eq!(parts, whole);
    let by_time = Campaign { until: Until::Lasted(800.s()), ..Campaign::new(1, 3) };
    let (whole, parts) = in_parts(&shop(), &by_time);
    assert_eq!(parts, whole);
    let failing =
        Campaign { keep_going: true, only: Some("early".to_string()), ..Campaign::new(150, 1) };
    let (whole, parts) = in_parts(&fragile(), &failing);
    assert!(whole.contains("early"), "{whole}");
    assert_eq!(parts, whole);
    let (whole, parts) = in_parts(&fragile(), &Campaign { keep_going: false, ..failing });
    assert_eq!(parts, whole);
}

#[test]
fn books_that_do_not_belong_to_the_campaign_are_refused() {
    let campaign = Campaign { keep_going: true, ..Campaign::new(40, 1) };
    let mut observer = Sated::default();
    simulate(&shop(), &campaign, &mut observer).expect("it makes sense");
    let sound = observer.kept.pop().expect("its books");
    let refused = |change: fn(&mut Books), words: &str| {
        let mut books = sound.clone();
        change(&mut books);
        let from = Some(Box::new(books));
        let error = simulate(&shop(), &Campaign { from, ..campaign.clone() }, &mut Undisturbed);
        let error = error.expect_err(words);
        assert!(error.contains(words), "no `{words}` in {error}");
    };
    refused(|books| books.goals.clear(), "its goals are");
    refused(|books| books.digest = "none".to_string(), "no hexadecimal number");
    refused(|books| books.measures.counts.clear(), "has 0 counts, and the scenario 2");
    refused(|books| books.failures = 3, "says 3 runs failed, and keeps 0");
    let goal = shop().goal(Goal::nodes("other", "Another.", |_, _| true));
    let from = Some(Box::new(sound));
    let error = simulate(&goal, &Campaign { from, ..campaign }, &mut Undisturbed);
    assert!(error.expect_err("another goal").contains("`served, other`"));
}

/// Counts how often it is shown books.
#[derive(Default)]
struct Listens {
    books: u32,
}

impl Observer for Listens {
    fn look(&mut self, _: &Progress<'_>) -> Option<String> {
        None
    }
    fn keep(&mut self, _: &dyn Fn() -> Books, _: bool) {
        self.books += 1;
    }
}

#[test]
fn runs_made_to_shrink_a_failure_have_no_books() {
    let mut scenario = beacons(5).invariant(Invariant::nodes("few", "Few beats.", |_, nodes| {
        let beats: u32 = nodes.iter().map(|node: &Shared<Node<Beacon>>| node.state.beats).sum();
        if beats < 40 { Ok(()) } else { broken(format!("{beats} beats")) }
    }));
    scenario.storm = Storm::default().lasts(5.s(), 0.s()).kinds(FaultKinds::NONE);
    scenario.least_nodes = 1;
    let mut listens = Listens::default();
    let found = simulate(&scenario, &Campaign::new(40, 1), &mut listens).expect("it makes sense");
    let trace = found.failure.expect("they beat").trace;
    assert_eq!(std::mem::take(&mut listens.books), 2, "after its batch, and at its end");
    // No part of the trace will do, so that the failure is sought in new runs of fewer nodes.
    let effort = Effort { tries: 5_000, states: 100, runs: 40 };
    let shrunk = shrink(&scenario, &trace, "few", None, effort, &mut listens).expect("it fails");
    assert!(shrunk.scenario.nodes < 5, "{} nodes", shrunk.scenario.nodes);
    assert_eq!(listens.books, 0);
}
