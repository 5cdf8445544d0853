//! Disks: what is written, what is synced, and what a crash leaves.

use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{
    Campaign, Fault, FaultKinds, Plan, Plans, Simulation, Storm, record, simulate,
};
use splitbrain::{
    Act, ClientId, Disk, Faults, Goal, Invariant, NodeId, Nothing, Outbox, Protocol, Scenario,
    Step, To, Undisturbed, Units, Verdict, Written, broken, follow_all,
};

const A: NodeId = NodeId(0);

/// Where a journal parts from the right way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Mistake {
    /// It answers before it has synced.
    AnswersFirst,
    /// A sync answers what was written after it had begun.
    AnswersAll,
    /// A torn record stays where it is, and new ones are written behind it.
    WritesBehindTorn,
}

/// One node writes numbers into a journal, syncs it now and then, and answers what is synced.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Journal {
    mistake: Option<Mistake>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Page {
    disk: Disk<u8>,
    /// What it answered: the world's memory, and not the node's.
    answered: Vec<u8>,
    /// Up to where the sync goes that is under way.
    syncing: Option<usize>,
    crashes: u8,
}

impl Journal {
    fn answer(page: &mut Page, upto: usize) {
        let written = page.disk.records().iter().take(upto);
        let whole = |written: &Written<u8>| match written {
            Written::Whole(number) => Some(*number),
            Written::Torn => None,
        };
        page.answered = written.filter_map(whole).collect();
    }
}

impl Protocol for Journal {
    type State = Page;
    type Message = Nothing;
    type Timer = ();
    type Input = u8;
    type Event = Nothing;

    fn start(&self, _: &mut Outbox<Self>) -> Page {
        Page::default()
    }
    fn on_message(&self, _: &mut Page, _: NodeId, nothing: Nothing, _: &mut Outbox<Self>) {
        match nothing {}
    }
    fn on_input(&self, page: &mut Page, number: u8, out: &mut Outbox<Self>) {
        out.persist(&mut page.disk, number);
        if self.mistake == Some(Mistake::AnswersFirst) {
            let all = page.disk.len();
            Journal::answer(page, all);
        }
        if page.syncing.is_none() {
            page.syncing = Some(page.disk.len());
            out.set_timer((), 10.ms()..30.ms());
        }
    }
    fn on_timeout(&self, page: &mut Page, (): (), out: &mut Outbox<Self>) {
        let upto = page.syncing.take().expect("a sync is under way");
        out.sync_to(&mut page.disk, upto);
        let answers = match self.mistake {
            Some(Mistake::AnswersAll) => page.disk.len(),
            _ => page.disk.synced(),
        };
        Journal::answer(page, answers);
        if page.disk.synced() < page.disk.len() {
            page.syncing = Some(page.disk.len());
            out.set_timer((), 10.ms()..30.ms());
        }
    }
    fn restart(&self, crashed: &Page, out: &mut Outbox<Self>) -> Page {
        let mut disk = out.recover(&crashed.disk);
        if let Some(torn) = disk.torn()
            && self.mistake != Some(Mistake::WritesBehindTorn)
        {
            disk.truncate(torn);
        }
        let crashes = crashed.crashes + 1;
        Page { disk, answered: crashed.answered.clone(), syncing: None, crashes }
    }
}

fn scenario(mistake: Option<Mistake>) -> Scenario<Journal> {
    let storm = Storm::default()
        .kinds(FaultKinds { power: true, crashes: true, ..FaultKinds::NONE })
        .clients(3, |_, ClientId(client), asked| {
            (asked < 80).then(|| (To::Node(A), 3 * asked as u8 + client))
        })
        .lasts(5.s(), 1.s());
    Scenario::new("journal", Journal { mistake }, 1)
        .lane([(To::Node(A), 1), (To::Node(A), 2), (To::Node(A), 3)])
        .faults(Faults { crashes: 2, restarts: 2, ..Faults::NONE })
        .storm(storm)
        .invariant(Invariant::node("durable", "What was answered is on the disk.", |_, _, node| {
            let page = &node.state;
            let lost = page.answered.iter().find(|one| !page.disk.readable().any(|on| on == *one));
            match lost {
                Some(lost) if node.up => broken(format!("{lost} was answered and is lost")),
                _ => Ok(()),
            }
        }))
        .goal(Goal::nodes("answers", "Something is answered.", |_, nodes| {
            !nodes[0].state.answered.is_empty()
        }))
}

/// Both searches, which must say the same.
fn explored(mistake: Option<Mistake>) -> Exploration<Journal> {
    let scenario = scenario(mistake);
    let search = |plain: bool| {
        let limits = Limits { plain, ..Limits::default() };
        explore(&scenario, &limits, &mut Undisturbed).expect("it makes sense")
    };
    let (plain, packed) = (search(true), search(false));
    assert_eq!(packed.verdict, plain.verdict);
    assert_eq!((packed.states, packed.transitions), (plain.states, plain.transitions));
    packed
}

fn simulated(mistake: Option<Mistake>, plans: Plans) -> Simulation<Journal> {
    let campaign = Campaign { plans, ..Campaign::new(300, 1) };
    simulate(&scenario(mistake), &campaign, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn a_journal_that_answers_what_is_synced_loses_nothing_and_others_do() {
    let held = explored(None);
    assert!(held.verdict.holds(), "{}", held.verdict);
    // Written, crashed, restarted without it; a second crash, where the torn record has to be read.
    for (mistake, steps) in
        [(Mistake::AnswersFirst, 3), (Mistake::AnswersAll, 5), (Mistake::WritesBehindTorn, 5)]
    {
        let found = explored(Some(mistake));
        let first = found.found.first().unwrap_or_else(|| panic!("{mistake:?}: {}", found.verdict));
        assert_eq!(first.trace.len(), steps, "{mistake:?}: {:?}", first.trace);
    }
}

#[test]
fn every_way_in_which_a_crash_leaves_a_disk_is_explored() {
    let scenario = scenario(None).faults(Faults { crashes: 1, restarts: 1, ..Faults::NONE });
    let way = |taken| {
        let input = |input| Act::Input { client: ClientId(0), input };
        vec![
            Step::new(A, input(1)),
            Step::new(A, input(2)),
            Step::new(A, Act::Crash),
            Step { node: A, act: Act::Restart, choices: vec![taken] },
        ]
    };
    let left = |taken| -> Vec<u8> {
        let there = follow_all(&scenario, &way(taken)).expect("it can happen");
        there.world.nodes[0].state.disk.readable().copied().collect()
    };
    assert_eq!(
        (0..5).map(left).collect::<Vec<_>>(),
        [vec![1, 2], vec![1], vec![], vec![1], vec![]]
    );
    let none = follow_all(&scenario, &way(5));
    assert!(none.is_err(), "there is no sixth way");
}

/// Two faults at the same moments: what was not synced survives a crash of the process, and not a
/// failure of the power.
#[test]
fn a_power_cut_takes_what_was_not_synced_and_a_crash_does_not() {
    let plan = |fault: Fault| {
        (0..20).fold(Plan::calm(5.s()), |plan, time| {
            plan.fault(200.ms() + 200.ms() * time, 20.ms(), fault.clone())
        })
    };
    for (fault, takes) in [(Fault::Crash(A), false), (Fault::PowerCut(A), true)] {
        let held = simulated(None, Plans::Given(Box::new(plan(fault.clone()))));
        assert!(matches!(held.verdict, Verdict::Holds { .. }), "{fault}: {}", held.verdict);
        let (lost, torn) = (held.tally.unsynced, held.tally.torn);
        assert_eq!((lost > 0, torn > 0), (takes, takes), "{fault}: {lost} lost, {torn} torn");
        assert!(held.tally.restarts > 0, "{fault}");
    }
}

#[test]
fn a_storm_with_power_cuts_finds_every_mistake_and_one_without_them_none() {
    for mistake in [Mistake::AnswersFirst, Mistake::AnswersAll, Mistake::WritesBehindTorn] {
        let found = simulated(Some(mistake), Plans::Drawn);
        assert!(
            matches!(&found.verdict, Verdict::Violated { invariant, .. } if invariant == "durable"),
            "{mistake:?}: {}",
            found.verdict
        );
        let failure = found.failure.expect("a run that failed");
        assert!(failure.replays, "{mistake:?}: {}", failure.violation.reason);
        let mut mild = scenario(Some(mistake));
        mild.storm.kinds.power = false;
        let held = simulate(&mild, &Campaign::new(300, 1), &mut Undisturbed).expect("sense");
        assert!(matches!(held.verdict, Verdict::Holds { .. }), "{mistake:?}: {}", held.verdict);
    }
}

#[test]
fn what_a_crash_left_is_recorded_and_replayed() {
    let plan = (0..20).fold(Plan::calm(5.s()), |plan, time| {
        plan.fault(200.ms() + 200.ms() * time, 20.ms(), Fault::PowerCut(A))
    });
    let scenario = scenario(None);
    let (outcome, steps) = record(&scenario, &plan, (1, 0), None);
    assert_eq!(outcome.violation, None);
    let torn = |written: &Written<u8>| matches!(written, Written::Torn);
    let unbound =
        Scenario { faults: Faults { crashes: 99, restarts: 99, ..Faults::NONE }, ..scenario };
    let there = follow_all(&unbound, &steps).expect("every step can happen");
    let page = &there.world.nodes[0].state;
    assert!(!page.disk.records().iter().any(torn), "torn ones are cut off");
    let chose = steps.iter().filter(|step| !step.choices.is_empty()).count() as u64;
    assert!(chose > 0 && chose <= outcome.tally.restarts, "{chose} restarts had a choice");
}
