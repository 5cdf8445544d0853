//! Guided campaigns, on a ladder which only quick crashes one after another climb.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use splitbrain::simulate::{
    Campaign, Entry, FaultKinds, Guidance, Guided, Plan, Plans, Preset, Simulation, Storm, run,
    simulate,
};
use splitbrain::{
    Clocks, Invariant, NodeId, Nothing, Outbox, Protocol, Scenario, Undisturbed, Units, broken,
};

/// A node that climbs a rung with each restart and tells which, and falls to the ground where it runs
/// for long.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Ladder;

/// How high it stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
enum Rung {
    Ground,
    First,
    Second,
    Third,
    Top,
}

impl Rung {
    fn next(self) -> Rung {
        match self {
            Rung::Ground => Rung::First,
            Rung::First => Rung::Second,
            Rung::Second => Rung::Third,
            Rung::Third | Rung::Top => Rung::Top,
        }
    }
}

impl Protocol for Ladder {
    type State = Rung;
    type Message = Nothing;
    type Timer = ();
    type Input = Nothing;
    type Event = Rung;

    fn start(&self, _: &mut Outbox<Self>) -> Rung {
        Rung::Ground
    }

    fn on_message(&self, _: &mut Rung, _: NodeId, message: Nothing, _: &mut Outbox<Self>) {
        match message {}
    }

    fn on_timeout(&self, rung: &mut Rung, (): (), _: &mut Outbox<Self>) {
        *rung = Rung::Ground;
    }

    fn restart(&self, crashed: &Rung, out: &mut Outbox<Self>) -> Rung {
        out.set_timer((), 60.ms());
        out.emit(crashed.next());
        crashed.next()
    }
}

/// Five nodes under crashes and pauses; `below` is what none of them may reach.
fn ladders(below: Rung) -> Scenario<Ladder> {
    let kinds = FaultKinds { crashes: true, pauses: true, ..FaultKinds::NONE };
    let check: fn(&Ladder, NodeId, &splitbrain::Node<Ladder>) -> splitbrain::Held = match below {
        Rung::Top => |_, me, node| match node.state {
            Rung::Top => broken(format!("{me} is at the top")),
            _ => Ok(()),
        },
        _ => |_, _, _| Ok(()),
    };
    Scenario::new("ladders", Ladder, 5)
        .invariant(Invariant::node("below", "Nobody stands at the top.", check))
        .storm(Storm::default().lasts(20.s(), 0.s()).kinds(kinds))
}

fn guided(runs: u64, seed: u64) -> Campaign {
    Campaign { guided: Some(Guidance::default()), ..Campaign::new(runs, seed) }
}

fn made(scenario: &Scenario<Ladder>, campaign: &Campaign) -> Simulation<Ladder> {
    simulate(scenario, campaign, &mut Undisturbed).expect("a sound scenario")
}

fn told(simulation: Simulation<Ladder>) -> Guided {
    simulation.guided.expect("it was guided")
}

#[test]
fn a_guided_campaign_is_the_same_for_any_number_of_threads() {
    let scenario = ladders(Rung::Ground);
    let with = |threads| {
        let simulation = made(&scenario, &Campaign { threads, ..guided(200, 3) });
        (simulation.digest, simulation.tally, told(simulation))
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(3));
    assert_ne!(one.0, made(&scenario, &guided(200, 4)).digest, "and another for another seed");
}

#[test]
fn it_says_what_it_made_of_what() {
    let scenario = ladders(Rung::Ground);
    let simulation = made(&scenario, &guided(300, 1));
    assert_eq!(simulation.runs, 300);
    let digest = simulation.digest;
    let all = told(simulation);
    assert_eq!((all.blind + all.mutated, all.known), (300, 0));
    // A fifth of them, and those before which nothing rare was seen.
    assert!((60..270).contains(&all.blind), "{} are blind", all.blind);
    assert!(all.grew.is_sorted() && all.grew.last() == Some(&(300, all.features)), "{all:?}");
    assert!(all.features > all.grew[0].1, "it grew: {:?}", all.grew);
    let runs: BTreeSet<u64> = all.corpus.iter().map(|entry| entry.run).collect();
    assert!(runs.len() == all.corpus.len() && runs.len() > 1, "each run is kept once: {runs:?}");
    for Entry { plan, .. } in &all.corpus {
        assert_eq!(plan.fits(&scenario), Ok(()), "{plan}");
        assert!(plan.faults.is_sorted_by_key(|timed| timed.at), "{plan}");
    }

    let blind = Guidance { blind: 1_000_000, ..Guidance::default() };
    let blind = Campaign { guided: Some(blind), ..Campaign::new(300, 1) };
    let blind = made(&scenario, &blind);
    assert_eq!(blind.digest, made(&scenario, &Campaign::new(300, 1)).digest, "the same draws");
    assert_ne!(blind.digest, digest, "and other ones with guidance");
}

#[test]
fn a_failing_run_is_made_again_from_its_plan() {
    let scenario = ladders(Rung::Top);
    let simulation = made(&scenario, &guided(5_000, 1));
    let failure = simulation.failure.expect("somebody climbs");
    assert!(failure.replays);
    let plan = Plan::from_toml(&failure.plan.to_toml()).expect("as it was written");
    assert_eq!(plan, failure.plan);
    let again = Campaign {
        plans: splitbrain::simulate::Plans::Given(Box::new(plan)),
        first: failure.run,
        ..Campaign::new(1, failure.seed)
    };
    let again = made(&scenario, &again).failure.expect("it fails again");
    assert_eq!((again.violation, again.trace), (failure.violation, failure.trace));
}

#[test]
fn a_campaign_goes_on_from_what_an_earlier_one_kept() {
    let scenario = ladders(Rung::Ground);
    let first = told(made(&scenario, &guided(100, 1)));
    let known = first.corpus.len() as u64;
    let guidance = Guidance { corpus: first.corpus.clone(), ..Guidance::default() };
    let second = Campaign { guided: Some(guidance), ..Campaign::new(200, 1) };
    let second = told(made(&scenario, &second));
    assert_eq!((second.known, second.blind + second.mutated), (known, 200 - known));
    let last = first.corpus.iter().map(|entry| entry.run).max();
    let new = second.corpus.iter().filter(|entry| !first.corpus.contains(entry));
    assert!(new.clone().all(|entry| Some(entry.run) > last), "no run is drawn twice");
    assert_eq!(
        second.grew.iter().find(|(runs, _)| *runs == 1).map(|(_, features)| *features > 0),
        Some(true)
    );
}

#[test]
fn every_plan_that_is_kept_fits_under_every_preset() {
    let clocks = Clocks { of: vec![NodeId(0), NodeId(1)], until: 0, apart: 10, tick: 1.ms() };
    let mut scenario = ladders(Rung::Ground).clocks(clocks);
    scenario.storm.kinds = FaultKinds { power: true, wipes: true, ..FaultKinds::ALL };
    for preset in [Preset::Clocks, Preset::Crashes, Preset::Jepsen, Preset::Storm] {
        let campaign = Campaign { plans: Plans::Preset(preset), ..guided(300, 1) };
        let all = told(made(&scenario, &campaign));
        assert_eq!((all.blind + all.mutated, all.known), (300, 0));
        for Entry { plan, .. } in &all.corpus {
            let mine = scenario.clone();
            let fits = Plan::from_toml_for(&plan.to_toml(), &preset_of(mine, preset));
            assert!(fits.is_ok(), "{preset}: {fits:?}\n{plan}");
        }
    }
}

/// The scenario with every kind of fault that the preset may draw.
fn preset_of(mut scenario: Scenario<Ladder>, preset: Preset) -> Scenario<Ladder> {
    scenario.storm.kinds = preset.kinds(scenario.storm.kinds);
    scenario
}

#[test]
fn an_entry_is_read_as_it_is_written_and_refused_where_it_is_none() {
    let scenario = ladders(Rung::Ground);
    let entry = told(made(&scenario, &guided(10, 7))).corpus.remove(0);
    let text = entry.to_toml();
    assert_eq!(Entry::from_toml_for(&text, &scenario), Ok(entry.clone()));
    let older = text.replacen('\n', ", made as run 90\n", 1);
    assert_eq!(Entry::from_toml_for(&older, &scenario), Ok(entry.clone()), "as it once was");
    assert_eq!(run(&scenario, &Plan::from_toml(&text).expect("a plan"), 1).violation, None);
    let rest = text.split_once('\n').expect("lines").1;
    for (text, expected) in [
        (rest.to_string(), "line 1: expected `# run 17 of seed 1`"),
        (format!("# run x of seed 1\n{rest}"), "line 1: expected"),
        ("# run 1 of seed 1\nstormy = 3".to_string(), "line 2"),
        (
            "# run 1 of seed 1\nstormy = \"9s\"\n[[faults]]\nat = \"1s\"\nlasts = \"1s\"\n\
             fault = { crash = \"n9\" }"
                .to_string(),
            "line 3",
        ),
    ] {
        let error = Entry::from_toml_for(&text, &scenario).expect_err("it is refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}
