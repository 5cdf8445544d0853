//! Every kind of fault exposes a bug: a campaign with that kind alone finds it, the same campaign without
//! finds nothing, and the protocol without the bug survives both.
//!
//! The table is printed into docs/faults.md by `UPDATE_FAULTS=1 cargo test --test engine exposed`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use splitbrain::catalog::{Model, build};
use splitbrain::simulate::{
    Fault, FaultKinds, Latency, Link, Loss, Network, Plan, Topology, plan_of, run,
};
use splitbrain::{NodeId, Protocol, Scenario, Span, Units};
use splitbrain_models::clocks::ClocksModel;
use splitbrain_models::lock::LockModel;
use splitbrain_models::raft::{RaftExtensionsModel, RaftModel};

use super::mistakes;

const PAGE: &str = "docs/faults.md";

const N0: NodeId = NodeId(0);
const N1: NodeId = NodeId(1);
const N2: NodeId = NodeId(2);

/// How many runs a campaign has.
const RUNS: u64 = 60;

/// A bug, and the runs in which it is looked for.
struct Subject {
    /// Whose it is.
    whose: String,
    /// What is done wrong.
    mistake: String,
    /// The invariant it breaks.
    breaks: String,
    /// The first failing run, from 1, and the invariant that it breaks: with the bug or without it,
    /// under these plans.
    first: Box<dyn Fn(bool, &Campaign) -> Option<(u64, String)>>,
}

/// Where the plans of a row come from.
#[derive(Clone)]
enum Campaign {
    /// All runs have this one.
    Given(Box<Plan>),
    /// Each run draws one with these kinds of fault; but messages always take a millisecond, so that
    /// nothing else is at fault.
    Drawn(FaultKinds),
}

fn first_failure<P: Protocol>(
    scenario: &Scenario<P>,
    campaign: &Campaign,
) -> Option<(u64, String)> {
    (0..RUNS).find_map(|number| {
        let plan = match campaign {
            Campaign::Given(plan) => {
                assert_eq!(plan.fits(scenario), Ok(()), "{}: {plan}", scenario.name);
                (**plan).clone()
            }
            Campaign::Drawn(kinds) => {
                let mut only = scenario.clone();
                only.storm = only.storm.kinds(*kinds);
                Plan { latency: Latency::Constant(1.ms()), ..plan_of(&only, 1, number) }
            }
        };
        let violation = run(scenario, &plan, number).violation?;
        Some((number + 1, violation.invariant))
    })
}

fn subject<P: Protocol>(
    whose: &str,
    mistake: &str,
    breaks: &str,
    faulty: Scenario<P>,
    sound: Scenario<P>,
) -> Subject {
    let first = move |is_faulty: bool, campaign: &Campaign| {
        first_failure(if is_faulty { &faulty } else { &sound }, campaign)
    };
    let (whose, mistake, breaks) = (whose.to_string(), mistake.to_string(), breaks.to_string());
    Subject { whose, mistake, breaks, first: Box::new(first) }
}

/// A toy with its mistake, and without it.
fn toy<P: Protocol>(mistake: &str, faulty: Scenario<P>, sound: Scenario<P>) -> Subject {
    let breaks = faulty.invariants[0].name;
    subject(&format!("toy `{}`", faulty.name), mistake, breaks, faulty, sound)
}

/// A bug of the catalog, in the scenario whose simulation exposes it.
fn known<M: Model>(model: &M, bug: &str) -> Subject {
    let info = model.bugs().iter().find(|info| info.name == bug).expect("it is listed");
    let (scenario, settings) = info.simulated;
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    let built = |bug| build(model, scenario, bug, &given).expect("it is listed");
    let whose = format!("`{}`: {bug}", model.name());
    subject(&whose, info.about, info.invariant, built(Some(bug)), built(None))
}

/// A kind of fault, and a bug that it exposes.
struct Row {
    kind: &'static str,
    does: &'static str,
    with: Campaign,
    without: Campaign,
    subject: Subject,
}

fn calm() -> Plan {
    let mut plan = Plan { latency: Latency::Constant(5.ms()), ..Plan::calm(10.s()) };
    plan.workload.think = 50.ms();
    plan
}

fn given(kind: &'static str, does: &'static str, with: Plan, subject: Subject) -> Row {
    let without = Plan { stormy: with.stormy, ..calm() };
    against(kind, does, with, without, subject)
}

fn against(
    kind: &'static str,
    does: &'static str,
    with: Plan,
    without: Plan,
    subject: Subject,
) -> Row {
    let given = |plan| Campaign::Given(Box::new(plan));
    Row { kind, does, with: given(with), without: given(without), subject }
}

fn drawn(kind: &'static str, does: &'static str, kinds: FaultKinds, subject: Subject) -> Row {
    let without = Campaign::Drawn(FaultKinds::NONE);
    Row { kind, does, with: Campaign::Drawn(kinds), without, subject }
}

/// A fault that comes six times, every second and a half, at each of these moments first.
fn again(lasts: Span, faults: &[(Span, Fault)]) -> Plan {
    faults.iter().fold(calm(), |plan, (at, fault)| {
        let up = Span::micros(1_500_000 - lasts.as_micros());
        plan.flapping(*at, fault.clone(), [lasts, up], 6)
    })
}

fn through(link: Link) -> Plan {
    let network = Network { topology: Topology::Mesh, link, special: Vec::new() };
    Plan { network: Some(network), ..calm() }
}

fn parcels() -> Subject {
    let mistake = "The source goes on to the next parcel after eight tries.";
    toy(mistake, mistakes::parcels(true), mistakes::parcels(false))
}

fn hears_majority() -> Subject {
    let mistake = "Who hears a majority, and nobody lower, leads, and asks for no vote.";
    toy(mistake, mistakes::epochs(Some(3)), mistakes::epochs(None))
}

fn hears_none_lower() -> Subject {
    let mistake = "Who hears nobody lower leads, however few it hears.";
    toy(mistake, mistakes::epochs(Some(1)), mistakes::epochs(None))
}

fn hasty() -> Subject {
    let mistake = "A node is suspected after 30 ms, as if no network ever were slow.";
    toy(mistake, mistakes::probes(false, true), mistakes::probes(false, false))
}

fn no_copy_on_disk() -> Subject {
    let mistake = "The value is in memory alone, though on three nodes.";
    toy(mistake, mistakes::memories(Some(10.ms())), mistakes::memories(None))
}

fn no_margin() -> Subject {
    let mistake = "A lease is passed on at its end, as if all clocks were one.";
    toy(mistake, mistakes::leases(true), mistakes::leases(false))
}

fn faults() -> Vec<Row> {
    let nodes = |numbers: &[u8]| numbers.iter().map(|number| NodeId(*number)).collect::<Vec<_>>();
    let ring = Fault::ring_of_majorities(nodes(&[0, 2, 1, 3, 4]));
    let bridge = Fault::Bridge { side: nodes(&[0, 3]), bridge: NodeId(4) };
    let minute = |plan: Plan| Plan { stormy: 60.s(), ..plan };
    let clock = |offset, drift| {
        let clocks = vec![splitbrain::simulate::ClockError { node: N0, offset, drift }];
        Plan { clocks, ..calm() }
    };
    let turns = |make: fn(NodeId) -> Fault, lasts| {
        again(lasts, &[(1.s(), make(N0)), (1_500.ms(), make(N1)), (2.s(), make(N2))])
    };
    let slow_link =
        |from: NodeId| Fault::SlowLink { from, to: NodeId((from.0 + 1) % 3), times: 100 };
    let all = nodes(&[0, 1, 2]);
    let bursts = Loss::Bursty { begins: 1_000, ends: 20_000, within: 1_000_000, between: 0 };
    let one = || Link::taking(Latency::Constant(1.ms()));
    let mut leaving = calm();
    leaving.workload.gives_up = 200;
    let slowly = Latency::Uniform { least: 0.ms(), most: 100.ms() };
    vec![
        given(
            "isolate",
            "one node is cut off from all others",
            turns(Fault::Isolate, 1_200.ms()),
            known(&RaftExtensionsModel, "read-no-quorum"),
        ),
        given(
            "split",
            "some nodes are cut off from the others",
            again(1.s(), &[(1.s(), Fault::Split(nodes(&[3, 4])))]),
            hears_none_lower(),
        ),
        given(
            "bridge",
            "two sides are cut off from each other, but for one node that reaches all",
            again(1.s(), &[(1.s(), bridge)]),
            hears_majority(),
        ),
        given(
            "circle",
            "a ring of majorities: each sees one, and no two the same",
            again(1.s(), &[(1.s(), ring)]),
            hears_majority(),
        ),
        given(
            "one-way",
            "messages from one node to another are lost, and those back arrive",
            again(1.s(), &[(1.s(), Fault::OneWay { from: N0, to: N1 })]),
            toy(
                "Who hears the other takes it that the other hears it.",
                mistakes::pair(true),
                mistakes::pair(false),
            ),
        ),
        given(
            "flapping",
            "a partition comes and goes",
            calm().flapping(1.s(), Fault::Isolate(N1), [150.ms(), 50.ms()], 20),
            parcels(),
        ),
        given(
            "slow-node",
            "messages of a node and to it take many times as long",
            again(1.s(), &[(1.s(), Fault::SlowNode { node: N1, times: 10 })]),
            hasty(),
        ),
        given(
            "slow-link",
            "messages from one node to another take many times as long",
            turns(slow_link, 1.s()),
            known(&ClocksModel, "fifo-only"),
        ),
        given(
            "pause",
            "a node stands still, and then acts on old news",
            minute(again(1_400.ms(), &[(1.s(), Fault::Pause(N1)), (1_500.ms(), Fault::Pause(N2))])),
            known(&LockModel, "return-after-expiry"),
        ),
        given(
            "crash",
            "a node is down, and comes back with what it keeps",
            turns(Fault::Crash, 300.ms()),
            known(&RaftModel, "ack-before-durable"),
        ),
        given(
            "crash loop",
            "a node crashes again and again",
            calm().crash_loop(1.s(), N0, [50.ms(), 100.ms()], 5),
            toy(
                "A node stores the count of its lives 300 ms after it has told it.",
                mistakes::lives(true),
                mistakes::lives(false),
            ),
        ),
        given(
            "rolling restart",
            "nodes crash one after another",
            calm().rolling_restart(1.s(), &all, 300.ms(), 500.ms()),
            toy(
                "Who restarts asks the others for what it had in memory, and not before two seconds.",
                mistakes::memories(Some(2.s())),
                mistakes::memories(None),
            ),
        ),
        given(
            "crash of all",
            "all nodes crash at once",
            calm().crash_of_all(1.s(), &all, 300.ms()),
            no_copy_on_disk(),
        ),
        given(
            "wipe",
            "a node is down, and comes back with an empty disk",
            again(300.ms(), &[(1.s(), Fault::Wipe(N1))]),
            toy(
                "The source never goes back behind what a keeper once had.",
                mistakes::copies(true),
                mistakes::copies(false),
            ),
        ),
        given(
            "clock offset",
            "a clock is ahead or behind from the start",
            clock(500_000, 0),
            no_margin(),
        ),
        given("clock drift", "a clock goes too fast or too slow", clock(0, 200_000), no_margin()),
        given(
            "jump",
            "a clock jumps, and back at the end",
            again(1.s(), &[(1.s(), Fault::Jump { node: N0, by: 5_000_000 })]),
            no_margin(),
        ),
        given(
            "stuck",
            "a clock reads the same until the end",
            again(1.s(), &[(1.s(), Fault::Stuck(N1)), (1_500.ms(), Fault::Stuck(N2))]),
            no_margin(),
        ),
        given(
            "smear",
            "a clock is corrected little by little, and its timers run faster or slower",
            again(1.s(), &[(1.s(), Fault::Smear { node: N0, by: 100_000 })]),
            no_margin(),
        ),
        given(
            "step",
            "a clock is corrected at once",
            calm().clock_step(1.s(), N0, 5_000_000),
            no_margin(),
        ),
        against(
            "loss in bursts",
            "messages are lost, many after one another; without, as many one by one",
            through(Link { loss: bursts, ..one() }),
            through(Link { loss: Loss::Independent(48_000), ..one() }),
            parcels(),
        ),
        given("loss", "messages are lost one by one", Plan { loss: 500_000, ..calm() }, parcels()),
        given(
            "duplication",
            "messages arrive twice",
            Plan { duplication: 200_000, ..calm() },
            known(&ClocksModel, "delivers-again"),
        ),
        given(
            "reordering",
            "messages overtake each other, since each takes as long as it takes",
            Plan { latency: slowly, ..calm() },
            known(&ClocksModel, "vector-gap"),
        ),
        given(
            "bandwidth",
            "a link takes so many messages a second, and the others queue",
            through(Link { per_second: 50, ..one() }),
            toy(
                "Who is not answered asks on, and so fills the link itself.",
                mistakes::probes(true, false),
                mistakes::probes(false, false),
            ),
        ),
        given(
            "clients that give up",
            "a client goes on to another request without an answer",
            leaving,
            toy(
                "A client's next request stands for its last.",
                mistakes::counter(true),
                mistakes::counter(false),
            ),
        ),
    ]
}

/// A row for each kind that is drawn.
fn kinds() -> Vec<Row> {
    let none = FaultKinds::NONE;
    vec![
        drawn("loss", "messages are lost", FaultKinds { loss: true, ..none }, parcels()),
        drawn(
            "duplication",
            "messages arrive twice",
            FaultKinds { duplication: true, ..none },
            known(&ClocksModel, "delivers-again"),
        ),
        drawn(
            "partitions",
            "one node is cut off, halves, bridges, one-way",
            FaultKinds { partitions: true, ..none },
            hears_none_lower(),
        ),
        drawn(
            "pauses",
            "nodes stand still",
            FaultKinds { pauses: true, ..none },
            known(&LockModel, "return-after-expiry"),
        ),
        drawn(
            "crashes",
            "nodes crash",
            FaultKinds { crashes: true, ..none },
            known(&RaftModel, "ack-before-durable"),
        ),
        drawn(
            "wipes",
            "nodes come back with an empty disk",
            FaultKinds { wipes: true, ..none },
            toy(
                "The source never goes back behind what a keeper once had.",
                mistakes::copies(true),
                mistakes::copies(false),
            ),
        ),
        drawn(
            "clocks",
            "clocks are off, drift and jump",
            FaultKinds { clocks: true, ..none },
            no_margin(),
        ),
        drawn(
            "patterns",
            "minorities, rings of majorities, flapping",
            FaultKinds { patterns: true, ..none },
            hears_majority(),
        ),
        drawn("slow", "nodes and links are slow", FaultKinds { slow: true, ..none }, hasty()),
        drawn(
            "waves",
            "nodes crash all at once, one after another, again and again",
            FaultKinds { waves: true, ..none },
            no_copy_on_disk(),
        ),
        drawn(
            "corrections",
            "clocks get stuck and are corrected",
            FaultKinds { corrections: true, ..none },
            no_margin(),
        ),
        drawn(
            "networks",
            "messages go through a drawn network",
            FaultKinds { networks: true, ..none },
            hasty(),
        ),
    ]
}

/// Holds a row to what it says, and returns the first failing run.
fn found(row: &Row) -> u64 {
    let Row { kind, with, without, subject, .. } = row;
    let Subject { whose, breaks, first, .. } = subject;
    assert_eq!(first(true, without), None, "{kind}: without it, {whose} shows nothing");
    assert_eq!(first(false, with), None, "{kind}: {whose} survives it without the mistake");
    let (run, invariant) =
        first(true, with).unwrap_or_else(|| panic!("{kind}: {whose} is not found"));
    assert_eq!(invariant, *breaks, "{kind}: {whose}");
    run
}

fn table(page: &mut String, rows: &[Row]) {
    page.push_str("| kind | what it does | the bug it exposes | what is wrong there | breaks | found in run |\n");
    page.push_str("|---|---|---|---|---|---|\n");
    for row in rows {
        let Subject { whose, mistake, breaks, .. } = &row.subject;
        let (kind, does, run) = (row.kind, row.does, found(row));
        writeln!(page, "| {kind} | {does} | {whose} | {mistake} | {breaks} | {run} |")
            .expect("text");
    }
}

fn page() -> String {
    let mut page = format!(
        "# What each kind of fault exposes\n\n\
         This page is written by `UPDATE_FAULTS=1 cargo test --test engine exposed`, and held to the \
         simulator by the same test.\n\n\
         A kind of fault that exposes no bug is worth nothing. For each kind there is a bug here that a \
         campaign of {RUNS} runs with that kind alone finds; the same campaign without it finds nothing, \
         and the protocol without the bug survives it. Bugs are those of the catalog \
         ([bugs.md](bugs.md)) or deliberate mistakes of toy protocols \
         (`tests/engine/mistakes.rs`).\n\n\
         ## Faults, in a plan written by hand\n\n"
    );
    table(&mut page, &faults());
    page.push_str(
        "\n## Kinds that a storm draws\n\n\
         Each run draws its plan with that kind alone; but messages always take a millisecond, unless \
         they go through a drawn network.\n\n",
    );
    table(&mut page, &kinds());
    page
}

#[test]
fn each_kind_of_fault_exposes_the_bug_that_the_page_says() {
    let page = page();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");
    if std::env::var_os("UPDATE_FAULTS").is_some() {
        std::fs::write(path, &page).expect("the page is written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    let why = "what is found has changed; if it is meant to, run `UPDATE_FAULTS=1 cargo test --test \
               engine exposed`";
    assert_eq!(there, page, "{PAGE}: {why}");
}

/// The name of each fault in plans. Another one fails to compile until it has a name, and then to
/// pass until it has a row.
fn name(fault: &Fault) -> &'static str {
    match fault {
        Fault::Isolate(_) => "isolate",
        Fault::Split(_) => "split",
        Fault::Bridge { .. } => "bridge",
        Fault::OneWay { .. } => "one-way",
        Fault::Circle { .. } => "circle",
        Fault::SlowNode { .. } => "slow-node",
        Fault::SlowLink { .. } => "slow-link",
        Fault::Pause(_) => "pause",
        Fault::Crash(_) => "crash",
        Fault::Wipe(_) => "wipe",
        Fault::Jump { .. } => "jump",
        Fault::Stuck(_) => "stuck",
        Fault::Smear { .. } => "smear",
    }
}

#[test]
fn every_fault_and_every_kind_has_a_row_with_nothing_else_in_it() {
    let rows = faults();
    let mut names = BTreeSet::new();
    for row in &rows {
        let (Campaign::Given(with), Campaign::Given(without)) = (&row.with, &row.without) else {
            panic!("{}: by hand", row.kind)
        };
        let own: BTreeSet<&str> = with.faults.iter().map(|timed| name(&timed.fault)).collect();
        assert!(own.len() <= 1 && without.faults.is_empty(), "{}", row.kind);
        names.extend(own);
        // One thing is different, and nothing else.
        let calm = Plan { stormy: with.stormy, ..calm() };
        let differs = [
            !with.faults.is_empty(),
            with.loss != calm.loss,
            with.duplication != calm.duplication,
            with.latency != calm.latency,
            with.network != calm.network,
            with.clocks != calm.clocks,
            with.workload != calm.workload,
        ];
        assert_eq!(differs.iter().filter(|differs| **differs).count(), 1, "{}", row.kind);
    }
    assert_eq!(names.len(), 13, "{names:?}");
    let all = [
        "isolate",
        "split",
        "bridge",
        "one-way",
        "circle",
        "slow-node",
        "slow-link",
        "pause",
        "crash",
        "wipe",
        "jump",
        "stuck",
        "smear",
    ];
    assert!(all.iter().all(|name| rows.iter().any(|row| row.kind == *name)));
    for row in kinds() {
        let Campaign::Drawn(kinds) = row.with else { panic!("{}: drawn", row.kind) };
        let on = switched_on(kinds);
        assert_eq!(on, [row.kind], "{}", row.kind);
    }
    let every = FaultKinds { wipes: true, patterns: true, slow: true, ..FaultKinds::ALL };
    let every = FaultKinds { waves: true, corrections: true, networks: true, ..every };
    let rows: Vec<&str> = kinds().iter().map(|row| row.kind).collect();
    assert_eq!(switched_on(every), rows, "every kind");
}

/// The kinds that are on. Another one fails to compile until it is here.
fn switched_on(kinds: FaultKinds) -> Vec<&'static str> {
    let FaultKinds {
        loss,
        duplication,
        partitions,
        pauses,
        crashes,
        wipes,
        clocks,
        patterns,
        slow,
        waves,
        corrections,
        networks,
    } = kinds;
    let all = [
        (loss, "loss"),
        (duplication, "duplication"),
        (partitions, "partitions"),
        (pauses, "pauses"),
        (crashes, "crashes"),
        (wipes, "wipes"),
        (clocks, "clocks"),
        (patterns, "patterns"),
        (slow, "slow"),
        (waves, "waves"),
        (corrections, "corrections"),
        (networks, "networks"),
    ];
    all.into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
}
