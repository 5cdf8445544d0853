//! Runs that make no progress: made simple, saved, replayed, told.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use splitbrain::counterexample::{Counterexample, FoundBy, SCHEMA};
use splitbrain::explain::{Ending, Moment, tell_run};
use splitbrain::report::{ReplayOutcome, ReplayReport, SimulateReport};
use splitbrain::shrink::{Effort, Minimality, Origin, shrink_run};
use splitbrain::simulate::{
    Campaign, ClockError, Fault, FaultKinds, Latency, Later, Plan, Plans, Preset, Rerun, Storm,
    plan_under, simulate,
};
use splitbrain::testing::{assert_fixed, assert_reproduces};
use splitbrain::{
    Clocks, Goal, Invariant, Links, NodeId, Nothing, Outbox, Protocol, Replay, Scenario, Sight,
    Undisturbed, Units, Verdict, Violation,
};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

/// n0 asks the others every 100 ms for as long as it lives, and they answer.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Caller {
    /// Whether it goes on asking when it comes back. Without that a crash silences it for ever.
    asks_again: bool,
    /// Whether it cannot stand answers.
    panics: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Call {
    Ask,
    Answer,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Asking;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Answered;

impl Protocol for Caller {
    /// How many answers there were.
    type State = u32;
    type Message = Call;
    type Timer = Asking;
    type Input = Nothing;
    type Event = Answered;

    fn start(&self, out: &mut Outbox<Self>) -> u32 {
        out.set_timer(Asking, 100.ms());
        0
    }

    fn on_message(&self, answers: &mut u32, from: NodeId, call: Call, out: &mut Outbox<Self>) {
        match call {
            Call::Ask => out.send(from, Call::Answer),
            Call::Answer if self.panics => panic!("no answer is wanted"),
            Call::Answer => {
                *answers += 1;
                out.emit(Answered);
            }
        }
    }

    fn on_timeout(&self, _: &mut u32, Asking: Asking, out: &mut Outbox<Self>) {
        if out.me() == A {
            out.broadcast(Call::Ask);
            out.set_timer(Asking, 100.ms());
        }
    }

    fn restart(&self, crashed: &u32, out: &mut Outbox<Self>) -> u32 {
        if self.asks_again {
            out.set_timer(Asking, 100.ms());
        }
        *crashed
    }
}

fn callers(nodes: usize, asks_again: bool) -> Scenario<Caller> {
    let answered = Goal::seen("answered", "A call is answered.", |_, sight| {
        matches!(sight, Sight::Event { .. })
    });
    let mut scenario = Scenario::new("callers", Caller { asks_again, panics: false }, nodes);
    scenario.least_nodes = 2;
    scenario.storm = Storm::default().lasts(5.s(), 2.s()).kinds(FaultKinds::ALL).progress(answered);
    scenario
}

/// Everything at once; only that n0 is down silences it.
fn busy() -> Plan {
    let mut plan = Plan::calm(5.s())
        .fault(200.ms(), 300.ms(), Fault::Isolate(B))
        .fault(400.ms(), 900.ms(), Fault::Pause(NodeId(2)))
        .fault(1_500.ms(), 800.ms(), Fault::Crash(A))
        .fault(2_500.ms(), 100.ms(), Fault::Crash(B))
        .fault(3.s(), 900.ms(), Fault::OneWay { from: A, to: B });
    (plan.loss, plan.duplication) = (50_000, 50_000);
    plan.latency = Latency::Uniform { least: 1.ms(), most: 30.ms() };
    plan
}

fn origin(plan: Plan) -> Origin {
    Origin { seed: 1, run: 0, plan }
}

#[test]
fn what_does_not_matter_is_left_out_of_the_plan() {
    let scenario = callers(3, false);
    let effort = Effort::default();
    let shrunk = shrink_run(&scenario, &origin(busy()), "answered", effort, &mut Undisturbed)
        .expect("it stalls");
    assert_eq!(shrunk.scenario.nodes, 2, "the third does nothing for it");
    let plan = &shrunk.run.plan;
    let [only] = &plan.faults[..] else { panic!("one fault is left: {plan}") };
    assert_eq!((&only.fault, only.at), (&Fault::Crash(A), 0.s()), "{plan}");
    assert!(only.lasts < 2.ms() && plan.stormy < 3.ms(), "{plan}");
    assert!(only.lasts >= 1.ms(), "nothing hangs on a hair: {plan}");
    plan.fits(&shrunk.scenario).expect("it can be given");
    assert_eq!((plan.loss, plan.duplication), (0, 0));
    assert_eq!(plan.latency, Latency::Constant(1.ms()));
    assert_eq!(shrunk.minimality, Minimality::LocallyMinimal);
    // It fails as it says: it is made again, and again.
    let Rerun { seed, run, plan, steps, later } = shrunk.run;
    assert_eq!(later, Later::Stuck);
    let (outcome, trace) =
        splitbrain::simulate::record(&shrunk.scenario, &plan, (seed, run), Some("answered"));
    assert_eq!(outcome.violation, Some(shrunk.violation));
    assert_eq!(trace.len() as u64, steps);
}

#[test]
fn a_run_that_is_stuck_does_not_become_one_that_is_slow() {
    // Two seconds there and two back are too long; and who is down before it asks never does.
    let scenario = callers(3, false);
    let slow = Plan { latency: Latency::Constant(2.s()), ..Plan::calm(1.s()) };
    let stuck = slow.clone().fault(50.ms(), 500.ms(), Fault::Crash(A));
    for (plan, faults, expected) in [(slow, 0, Later::Slow), (stuck, 1, Later::Stuck)] {
        let effort = Effort::default();
        let shrunk =
            shrink_run(&scenario, &origin(plan), "answered", effort, &mut Undisturbed).unwrap();
        assert_eq!(shrunk.run.later, expected, "{}", shrunk.run.plan);
        assert_eq!(shrunk.run.plan.faults.len(), faults, "{}", shrunk.run.plan);
    }
}

#[test]
fn a_run_that_makes_progress_is_not_shrunk() {
    let effort = Effort::default();
    let scenario = callers(3, true);
    let why = shrink_run(&scenario, &origin(busy()), "answered", effort, &mut Undisturbed);
    assert_eq!(why.unwrap_err(), "run 0 of seed 1 does not break `answered`");
}

#[test]
fn shrinking_ends_when_its_effort_is_spent() {
    let scenario = callers(3, false);
    let effort = Effort { tries: 300, ..Effort::default() };
    let shrunk = shrink_run(&scenario, &origin(busy()), "answered", effort, &mut Undisturbed)
        .expect("it stalls");
    assert!(shrunk.tries <= 6, "{}", shrunk.tries);
    assert_eq!(shrunk.violation.invariant, "answered", "what is left fails all the same");
}

/// The file of a run that stalls, found by a campaign and made simple.
fn found(scenario: &Scenario<Caller>) -> (Verdict, String) {
    let campaign = Campaign::new(50, 1);
    let simulated = simulate(scenario, &campaign, &mut Undisturbed).expect("a sound scenario");
    let failure = simulated.failure.as_ref().expect("a run that stalls");
    assert!(failure.stalls && !failure.replays);
    let effort = Some(Effort::default());
    let report = SimulateReport::of(scenario, &campaign, &simulated, effort, &mut Undisturbed);
    let failure = report.failure.expect("it is told");
    let one = failure.counterexample.expect("it has a counterexample");
    assert_eq!((one.nodes, one.invariant.as_str()), (2, "answered"));
    assert!(one.plan.expect("its plan").contains("n0 is down"));
    assert!(failure.stages.len() == 3 && failure.tries > 0);
    (report.verdict, one.file)
}

#[test]
fn a_campaign_saves_it_and_it_is_replayed_by_being_made_again() {
    let scenario = callers(3, false);
    let (verdict, text) = found(&scenario);
    let Verdict::Violated { invariant, reason } = verdict else { panic!("{verdict}") };
    let waited = "not within 2s after the storm: A call is answered.";
    assert_eq!((invariant.as_str(), reason.as_str()), ("answered", waited));
    let file = Counterexample::<Caller>::parse(&text, "file").expect("a sound file");
    assert_eq!(file.to_json(), text, "it is saved as it was");
    assert!(file.steps.is_empty() && file.length() > 0);
    assert!(matches!(file.found_by, FoundBy::Simulate { seed: 1, .. }));
    let restored = file.restore(scenario.clone());
    let Replay::Breaks { steps, violation } = file.replay(&restored) else { panic!("it breaks") };
    assert!(file.is_as_recorded(steps, &violation));
    let report = ReplayReport::of(&file, &restored);
    assert!(matches!(report.outcome, ReplayOutcome::Breaks { as_recorded: true, .. }));
    // Mended, it makes progress.
    let mended = file.restore(callers(3, true));
    let mended = Scenario { protocol: Caller { asks_again: true, panics: false }, ..mended };
    assert_eq!(file.replay(&mended), Replay::RanToEnd);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("stalls.json"), &text).expect("a file");
    assert_reproduces(folder.path(), &[scenario]);
    assert_fixed(folder.path(), &[callers(3, true)]);
}

#[test]
#[should_panic(expected = "still breaks `answered`")]
fn a_run_that_still_stalls_is_not_fixed() {
    let scenario = callers(3, false);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("stalls.json"), found(&scenario).1).expect("a file");
    assert_fixed(folder.path(), &[scenario]);
}

#[test]
fn a_check_in_a_test_tells_it() {
    let scenario = callers(3, false);
    let checked = scenario.simulate(50, 1);
    let file = checked.assert_violates("answered");
    assert!(file.run.is_some());
    let story = checked.story().expect("a story");
    assert!(matches!(story.ending, Ending::Stalls { .. }));
}

/// Why the files of a folder are not replayed.
fn refused(folder: &Path) -> String {
    let folder = folder.to_path_buf();
    let refused = std::panic::catch_unwind(move || {
        assert_reproduces(&folder, &[callers(3, false)]);
    });
    *refused.expect_err("a bad file").downcast::<String>().expect("a text")
}

#[test]
fn its_file_is_as_the_schema_says_and_bad_ones_are_refused() {
    let text = found(&callers(3, false)).1;
    let schema = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let good: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let wrong: Vec<String> = schema.iter_errors(&good).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let folder = tempfile::tempdir().expect("a folder");
    let step = json!([{"node": "n0", "act": "crash"}]);
    let table = [
        ("/steps", step.clone(), "expected one of the two"),
        (
            "/run/plan/faults/0/fault",
            json!({"crash": "n9"}),
            "its run cannot be made: the plan: n9",
        ),
        ("/run/plan/faults/0/fault", json!({"explode": "n0"}), "unknown variant `explode`"),
        ("/run/seed", json!(-1), "invalid value"),
        ("/run", json!({"seed": 1}), "missing field `run`"),
        ("/run/plan/stormy", json!("18446744073709s"), "is too long"),
        ("/invariant", json!("no-panic"), "nothing that runs of `callers` must come to"),
    ];
    for (place, value, why) in table {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect("a place in the file") = value;
        let path = folder.path().join("bad.json");
        std::fs::write(&path, bad.to_string()).expect("a file");
        let told = refused(folder.path());
        assert!(told.contains(why), "{place}: {told}");
    }
    // What a run must come to in time cannot be shown by steps.
    let mut bad = good.clone();
    bad.as_object_mut().expect("an object").remove("run");
    bad["steps"] = step;
    std::fs::write(folder.path().join("bad.json"), bad.to_string()).expect("a file");
    let told = refused(folder.path());
    assert!(told.contains("expected a field `run`"), "{told}");
}

#[test]
fn its_story_tells_the_last_steps_and_what_they_leave() {
    // n0 is silent, and n1 stays down.
    let mut scenario = callers(3, false);
    scenario.storm = scenario.storm.lasts(5.s(), 60.s());
    let plan = Plan::calm(5.s()).fault(3.s(), 1.s(), Fault::Crash(A));
    let run = Rerun { seed: 1, run: 0, plan, steps: 0, later: Later::Stuck };
    let story = tell_run(&scenario, &run, "answered");
    let Ending::Stalls { later, plan, before, nodes, invariant, sentence, reason } = &story.ending
    else {
        panic!("it stalls: {:?}", story.ending)
    };
    assert_eq!(*later, Later::Stuck);
    assert!(plan.iter().any(|line| line == "3s to 4s: n0 is down"), "{plan:?}");
    assert_eq!((invariant.as_str(), sentence.as_str()), ("answered", "A call is answered."));
    assert_eq!(reason, "not within 60s after the storm: A call is answered.");
    assert_eq!(story.steps.len(), 24);
    assert_eq!(before.iter().map(|(_, many)| many).sum::<usize>(), story.left_out);
    let first = format!("{:>3}  ", story.left_out + 1);
    assert!(story.steps_in_words()[0].starts_with(&first), "{:?}", story.steps_in_words());
    let kinds: Vec<&str> = before.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds[..2], ["deliver Ask", "deliver Answer"]);
    assert!(nodes[0].starts_with("n0, with no timer set: "), "{nodes:?}");
    let last: Vec<&str> = story.steps.iter().rev().map(|moment| moment.label.as_str()).collect();
    assert_eq!(last[..2], ["restart", "crash"]);
    // An answer that was on its way where the telling begins comes from nowhere.
    let first = &story.steps[0];
    assert_eq!((first.number, first.sent_at), (1, None), "{first:?}");
    assert!(story.steps.iter().any(|moment| moment.sent_at.is_some()));
    for text in [story.to_text(), story.to_svg()] {
        assert!(text.contains("these are the last 24"), "{text}");
        assert!(text.contains("n0, with no timer set"), "{text}");
        assert!(text.contains("stuck: in ten times as long"), "{text}");
    }
}

#[test]
fn a_node_that_is_down_where_the_telling_begins_is_drawn_so() {
    let scenario = callers(3, false);
    let plan = Plan::calm(5.s()).fault(100.ms(), 4_900.ms(), Fault::Crash(B)).fault(
        4_800.ms(),
        50.ms(),
        Fault::Crash(A),
    );
    let run = Rerun { seed: 1, run: 0, plan, steps: 0, later: Later::Stuck };
    let story = tell_run(&scenario, &run, "answered");
    assert_eq!(story.down, [1], "{:?}", story.ending);
    assert!(story.to_text().contains('┊'));
}

#[test]
fn clocks_and_networks_are_left_out_with_their_nodes() {
    let mut scenario = callers(3, false);
    scenario.clocks = Clocks { of: [A, B, NodeId(2)].into(), until: 0, apart: 1, tick: 250.ms() };
    let mut plan = busy();
    plan.clocks = vec![ClockError { node: NodeId(2), offset: 1_000, drift: 0 }];
    let effort = Effort::default();
    let shrunk = shrink_run(&scenario, &origin(plan), "answered", effort, &mut Undisturbed)
        .expect("it stalls");
    assert_eq!((shrunk.scenario.nodes, shrunk.run.plan.clocks.len()), (2, 0));
    shrunk.run.plan.fits(&shrunk.scenario).expect("it fits");
    // Drawn plans, with a crash that silences n0, become ones that fit.
    let mut stalled = 0;
    for run in 0..20 {
        let drawn = plan_under(&scenario, &Plans::Preset(Preset::Storm), 1, run).expect("a plan");
        let plan = drawn.clone().fault(drawn.stormy / 2, 1.s(), Fault::Crash(A));
        // Where messages take long, answers come when the storm is over.
        let shrunk = shrink_run(&scenario, &origin(plan), "answered", effort, &mut Undisturbed);
        let Ok(shrunk) = shrunk else { continue };
        shrunk.run.plan.fits(&shrunk.scenario).expect("it fits");
        assert_eq!(shrunk.run.plan.faults.len(), 1, "{}", shrunk.run.plan);
        stalled += 1;
    }
    assert!(stalled >= 10, "{stalled}");
}

#[test]
fn a_run_that_ends_otherwise_is_neither_fixed_nor_as_it_was() {
    let scenario = callers(2, false);
    let plan = Plan::calm(5.s()).fault(3.s(), 1.s(), Fault::Crash(A));
    let run = Rerun { seed: 1, run: 0, plan, steps: 0, later: Later::Unknown };
    let reason = "not within 2s after the storm: A call is answered.".to_string();
    let violation = Violation { invariant: "answered".to_string(), reason };
    let (by, minimality) = (FoundBy::Hand, Minimality::AsFound);
    let file = Counterexample::of_run(&scenario, run, violation, by, minimality);
    let mut panics = scenario.clone();
    panics.protocol.panics = true;
    let Replay::WentAnotherWay(detour) = file.replay(&panics) else { panic!("it panics") };
    assert!(detour.why.contains("n0's handler panicked: no answer is wanted"), "{}", detour.why);
    assert!(
        matches!(file.story(&panics).ending, Ending::Breaks { invariant, .. } if invariant == "no-panic")
    );
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("stalls.json"), file.to_json()).expect("a file");
    let folder = folder.path().to_path_buf();
    let told = std::panic::catch_unwind(move || {
        let mut panics = callers(2, false);
        panics.protocol.panics = true;
        assert_fixed(&folder, &[panics]);
    });
    let told = *told.expect_err("it is not fixed").downcast::<String>().expect("a text");
    assert!(told.contains("does not come to `answered`"), "{told}");
    // So is one that takes too many steps.
    let mut long = callers(2, true);
    long.storm.steps = 10;
    let Replay::WentAnotherWay(detour) = file.replay(&long) else { panic!("it is cut short") };
    assert_eq!(detour.why, "the run is ended after 10 steps");
    // Mended, its story goes on to where an answer comes.
    let story = file.story(&callers(2, true));
    assert_eq!(story.ending, Ending::RanToEnd);
    assert!(story.steps.len() <= 24 && story.left_out > 0);
}

#[test]
fn losses_and_faults_are_named_before_what_is_usual() {
    let scenario = callers(2, false);
    let plan = Plan { loss: 100_000, ..Plan::calm(20.s()) };
    let plan = plan.fault(1.s(), 100.ms(), Fault::Crash(B)).fault(19.s(), 1.s(), Fault::Crash(A));
    let run = Rerun { seed: 1, run: 0, plan, steps: 0, later: Later::Stuck };
    let Ending::Stalls { before, .. } = tell_run(&scenario, &run, "answered").ending else {
        panic!("it stalls")
    };
    let kinds: Vec<&str> = before.iter().map(|(kind, _)| kind.as_str()).collect();
    let usual = kinds.iter().position(|kind| kind.starts_with("deliver")).expect("deliveries");
    let faults = &kinds[..usual];
    for kind in ["crash", "restart", "drop Ask"] {
        assert!(faults.contains(&kind), "{kinds:?}");
    }
    assert!(!kinds[usual..].iter().any(|kind| kind.starts_with("drop")), "{kinds:?}");
}

#[test]
fn what_only_moves_the_draws_fixes_nothing() {
    // Half of what is sent is lost, and there is one call in the storm: some draws are answered.
    let scenario = callers(2, false);
    let plan = Plan { loss: 500_000, latency: Latency::Constant(150.ms()), ..Plan::calm(150.ms()) };
    let plan = plan.fault(110.ms(), 10.ms(), Fault::Crash(A));
    let fails = |run| {
        let made = splitbrain::simulate::record(&scenario, &plan, (1, run), Some("answered"));
        made.0.violation
    };
    let lucky = (0..100).find(|run| fails(*run).is_none()).expect("an answer");
    let unlucky = (0..100).find(|run| fails(*run).is_some()).expect("no answer");
    let violation = fails(unlucky).expect("a violation");
    let run = Rerun { seed: 1, run: lucky, plan: plan.clone(), steps: 0, later: Later::Stuck };
    let (by, minimality) = (FoundBy::Hand, Minimality::AsFound);
    let file = Counterexample::of_run(&scenario, run, violation, by, minimality);
    assert_eq!(file.replay(&scenario), Replay::RanToEnd, "its own draws are lucky");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("stalls.json"), file.to_json()).expect("a file");
    let folder = folder.path().to_path_buf();
    let told = std::panic::catch_unwind(move || assert_fixed(&folder, &[callers(2, false)]));
    let told = *told.expect_err("it is not fixed").downcast::<String>().expect("a text");
    let expected = format!("its plan still fails `answered` with the draws of run {unlucky}:");
    assert!(told.contains(&expected), "{told}");
}

#[test]
fn nodes_that_stand_still_as_they_should_have_come_to_it() {
    let mut scenario = callers(2, true);
    let (stays, never) = ("stays", "never");
    for (name, holds) in [(stays, true), (never, false)] {
        let goal = match holds {
            true => Goal::nodes(stays, "All is well.", |_, _| true),
            false => Goal::nodes(never, "Nothing is well.", |_, _| false),
        };
        scenario.storm =
            Storm::default().lasts(1.s(), 1.s()).kinds(FaultKinds::NONE).progress(goal);
        scenario.may_crash = Some(Vec::new());
        let made = simulate(&scenario, &Campaign::new(3, 1), &mut Undisturbed).expect("runs");
        let violated =
            matches!(&made.verdict, Verdict::Violated { invariant, .. } if invariant == name);
        assert_eq!(violated, !holds, "{}", made.verdict);
    }
}

#[test]
fn on_set_links_a_message_told_comes_from_the_step_that_sent_it() {
    let scenario = callers(2, false).links(Links::Set);
    let plan = Plan::calm(5.s()).fault(3.s(), 1.s(), Fault::Crash(A));
    let run = Rerun { seed: 1, run: 0, plan, steps: 0, later: Later::Stuck };
    let story = tell_run(&scenario, &run, "answered");
    assert!(matches!(story.ending, Ending::Stalls { .. }));
    let ask = |moment: &&Moment| moment.label.starts_with("deliver Ask");
    let sent: Vec<_> = story.steps.iter().filter(ask).map(|moment| moment.sent_at).collect();
    assert!(sent.len() > 3 && sent[1..].iter().all(Option::is_some), "{sent:?}");
}

#[test]
fn a_goal_of_progress_has_a_name_of_its_own() {
    let same = callers(2, true).invariant(Invariant::node("answered", "", |_, _, _| Ok(())));
    let why = simulate(&same, &Campaign::new(1, 1), &mut Undisturbed).unwrap_err();
    assert!(why.contains("goal of progress are called `answered`"), "{why}");
}
