//! Every kind of fault exposes a bug: a campaign with that kind alone finds it, the same campaign without
//! finds nothing, and the protocol without the bug survives both.
//!
//! The table is printed into docs/faults.md by `UPDATE_FAULTS=1 cargo test --test engine exposed`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use splitbrain::catalog::{Model, build};
use splitbrain::simulate::{Fault, FaultKinds, Latency, Plan, plan_of, run};
use splitbrain::{Protocol, Scenario, Units};

use rows::{calm, faults, kinds};

mod rows;

const PAGE: &str = "docs/faults.md";

/// How many runs a campaign has.
const RUNS: u64 = 20;

/// The first failing run, from 1, and the invariant that it breaks, if one fails.
type Failure = Option<(u64, String)>;

/// Looks for the first failure under these plans: with the bug or without it.
type Look = dyn Fn(bool, &Campaign) -> Failure;

/// A bug, and the runs in which it is looked for.
struct Subject {
    /// Whose it is.
    whose: String,
    /// What is done wrong.
    mistake: String,
    /// The invariant it breaks.
    breaks: String,
    /// Its first failure under these plans: with the bug or without it.
    first: Box<Look>,
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

/// The first failing run, if the row is true.
fn found(row: &Row) -> Result<u64, String> {
    let Row { kind, with, without, subject, .. } = row;
    let Subject { whose, breaks, first, .. } = subject;
    if let Some((run, invariant)) = first(true, without) {
        return Err(format!("{kind}: without it, run {run} of {whose} breaks {invariant}"));
    }
    if let Some((run, invariant)) = first(false, with) {
        return Err(format!(
            "{kind}: without the mistake, run {run} of {whose} breaks {invariant}"
        ));
    }
    match first(true, with) {
        Some((run, invariant)) if invariant == *breaks => Ok(run),
        other => Err(format!("{kind}: in {whose} not {breaks} is found, but {other:?}")),
    }
}

fn table(page: &mut String, rows: &[Row]) -> Vec<String> {
    page.push_str("| kind | what it does | the bug it exposes | what is wrong there | breaks | found in run |\n");
    page.push_str("|---|---|---|---|---|---|\n");
    let mut untrue = Vec::new();
    for row in rows {
        let Subject { whose, mistake, breaks, .. } = &row.subject;
        let (kind, does) = (row.kind, row.does);
        let run = found(row).unwrap_or_else(|why| {
            untrue.push(why);
            0
        });
        writeln!(page, "| {kind} | {does} | {whose} | {mistake} | {breaks} | {run} |")
            .expect("text");
    }
    untrue
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
         (`tests/engine/mistakes.rs`, `mishaps.rs`).\n\n\
         ## Faults, in a plan written by hand\n\n"
    );
    let mut untrue = table(&mut page, &faults());
    page.push_str(
        "\n## Kinds that a storm draws\n\n\
         Each run draws its plan with that kind alone; but messages always take a millisecond, unless \
         they go through a drawn network.\n\n",
    );
    untrue.extend(table(&mut page, &kinds()));
    assert!(untrue.is_empty(), "{}", untrue.join("\n"));
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
        Fault::PowerCut(_) => "power-cut",
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
    assert_eq!(names.len(), 14, "{names:?}");
    assert!(names.iter().all(|name| rows.iter().any(|row| row.kind == *name)), "{names:?}");
    for row in kinds() {
        let Campaign::Drawn(kinds) = row.with else { panic!("{}: drawn", row.kind) };
        let on = switched_on(kinds);
        assert_eq!(on, [row.kind], "{}", row.kind);
    }
    let every = FaultKinds { wipes: true, patterns: true, slow: true, ..FaultKinds::ALL };
    let every = FaultKinds { waves: true, corrections: true, networks: true, power: true, ..every };
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
        power,
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
        (power, "power"),
    ];
    all.into_iter().filter_map(|(is, name)| is.then_some(name)).collect()
}
