//! Both engines catch every bug, or exploration alone where docs/bugs.md says why; the page says what
//! it took.
//!
//! The page is written by `splitbrain bugs --markdown docs/bugs.md --save counterexamples`. Every
//! figure of it is held to the engines here, but for the seconds. Finding a bug anew takes all the
//! runs up to the failing one; here the failing run itself is made again, and where it is among the
//! first few, also those before it. In debug builds long runs are not shrunk again: `cargo test
//! --release --test bugs` holds every row.

use std::collections::BTreeMap;

use splitbrain::catalog::{AnyModel, BugInfo, Request};
use splitbrain::explore::Limits;
use splitbrain::shrink::Effort;
use splitbrain::simulate::Campaign;
use splitbrain::{Undisturbed, Verdict};

const PAGE: &str = include_str!("../docs/bugs.md");

/// Failing runs up to this one are made again with all those before them.
const FIRST_FEW: u64 = if cfg!(debug_assertions) { 20 } else { 100 };

/// Failing runs of more steps are not shrunk again.
const LONG: usize = if cfg!(debug_assertions) { 250 } else { usize::MAX };

/// The figures of one bug, as the page has them.
#[derive(Debug)]
struct Row {
    invariant: String,
    shortest: usize,
    minimality: String,
    states: usize,
    simulated: Option<Simulated>,
}

/// What simulation takes, where it is asked.
#[derive(Debug)]
struct Simulated {
    runs: u64,
    line_ran_in: u64,
    found: usize,
    shrunk: usize,
}

/// The rows of the page, by model and bug.
fn page() -> BTreeMap<(String, String), Row> {
    let mut rows = BTreeMap::new();
    let mut model = String::new();
    for line in PAGE.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            model = name.to_string();
        }
        let Some(cells) = line.strip_prefix("| [") else { continue };
        let (bug, rest) = cells.split_once(']').expect("a bug's name");
        let cells: Vec<&str> = rest.split('|').map(str::trim).collect();
        let number = |text: &str| -> usize {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            digits.parse().unwrap_or_else(|_| panic!("{bug}: `{text}` is no number"))
        };
        let (shortest, minimality) = cells[3].split_once(' ').expect("a length and how short");
        let simulated = cells[9].split_once('→').map(|(found, shrunk)| Simulated {
            runs: number(cells[6]) as u64,
            line_ran_in: number(cells[7]) as u64,
            found: number(found),
            shrunk: number(shrunk.split('(').next().expect("a length")),
        });
        let row = Row {
            invariant: cells[1].to_string(),
            shortest: number(shortest),
            minimality: minimality.trim_matches(['(', ')']).to_string(),
            states: number(cells[4]),
            simulated,
        };
        rows.insert((model.clone(), bug.to_string()), row);
    }
    rows
}

fn request(scenario: &str, bug: Option<&str>) -> Request {
    let (scenario, bug) = (scenario.to_string(), bug.map(str::to_string));
    Request { scenario, bug, ..Request::default() }
}

/// Does something with each bug of the catalog and its row.
fn with_each_bug(check: impl Fn(&dyn AnyModel, &BugInfo, &Row)) {
    let catalog = splitbrain_models::catalog();
    let rows = page();
    for model in catalog.models() {
        for bug in model.bugs() {
            let row = rows.get(&(model.name().to_string(), bug.name.to_string()));
            let row = row.unwrap_or_else(|| panic!("docs/bugs.md has no row for {}", bug.name));
            check(model, bug, row);
        }
    }
}

/// Exploration finds the bug by a trace as short as the page says, and its line ran.
fn exploration_finds(model: &dyn AnyModel, bug: &BugInfo, row: &Row) {
    let limits = Limits { only: Some(bug.invariant.to_string()), ..Limits::default() };
    let report = model
        .explore(&request(bug.explored.0, Some(bug.name)), &limits, &mut Undisturbed)
        .expect("it is listed");
    let found = report.counterexamples.iter().find(|found| found.invariant == bug.invariant);
    let found = found.unwrap_or_else(|| panic!("{}: {}", bug.name, report.verdict));
    let told = (&found.invariant[..], found.steps, found.minimality.in_words(), report.states);
    let (shortest, minimality) = (row.shortest, &row.minimality[..]);
    assert_eq!(told, (&row.invariant[..], shortest, minimality, row.states), "{}", bug.name);
    assert!(report.marks.contains_key(bug.name), "{}: its line is marked", bug.name);
}

/// The run that the page names fails, and those before it do not, as far as they are made again.
fn simulation_finds(model: &dyn AnyModel, bug: &BugInfo, row: &Row) {
    let Some(row) = &row.simulated else {
        let why = model.why_only_explored(bug.name);
        return assert!(
            why.is_some_and(|why| PAGE.contains(why)),
            "{}: the page says why",
            bug.name
        );
    };
    let request = request(bug.simulated.0, Some(bug.name));
    let campaign = |first: u64, runs: u64| Campaign {
        first,
        threads: 2,
        only: Some(bug.invariant.to_string()),
        ..Campaign::new(runs, 1)
    };
    let before = if row.runs <= FIRST_FEW { row.runs - 1 } else { 0 };
    let report = model
        .simulate(&request, &campaign(row.runs - 1 - before, before + 1), None, &mut Undisturbed)
        .expect("it is listed");
    let failure = report.failure.unwrap_or_else(|| panic!("{}: {}", bug.name, report.verdict));
    assert_eq!((failure.run + 1, failure.steps), (row.runs, row.found), "{}", bug.name);
    let broken = matches!(&report.verdict, Verdict::Violated { invariant, .. } if *invariant == bug.invariant);
    assert!(broken, "{}: {}", bug.name, report.verdict);
    let (line_ran_in, _) = report.marks.get(bug.name).copied().unwrap_or_default();
    match before + 1 == row.runs {
        true => assert_eq!(line_ran_in, row.line_ran_in, "{}", bug.name),
        false => assert!(line_ran_in > 0, "{}: its line ran", bug.name),
    }
}

/// The failing run shrinks to what the page says.
fn simulation_shrinks(model: &dyn AnyModel, bug: &BugInfo, row: &Row) {
    let Some(row) = row.simulated.as_ref().filter(|row| row.found <= LONG) else { return };
    let request = request(bug.simulated.0, Some(bug.name));
    let campaign = Campaign {
        first: row.runs - 1,
        only: Some(bug.invariant.to_string()),
        ..Campaign::new(1, 1)
    };
    let report = model
        .simulate(&request, &campaign, Some(Effort::default()), &mut Undisturbed)
        .expect("it is listed");
    let shrunk = report.failure.and_then(|failure| failure.counterexample);
    let shrunk = shrunk.unwrap_or_else(|| panic!("{}: no counterexample", bug.name));
    assert_eq!((&shrunk.invariant[..], shrunk.steps), (bug.invariant, row.shrunk), "{}", bug.name);
}

/// The model without the bug holds where the bug shows: as far as a bounded search goes.
fn the_bare_model_holds(model: &dyn AnyModel, bug: &BugInfo, _: &Row) {
    let settings = bug.explored.1.iter().map(|(name, value)| ((*name).to_string(), *value));
    let request = Request { parameters: settings.collect(), ..request(bug.explored.0, None) };
    let limits = Limits { states: Some(20_000), ..Limits::default() };
    let report = model.explore(&request, &limits, &mut Undisturbed).expect("it is listed");
    assert!(report.counterexamples.is_empty(), "{}: {}", bug.name, report.verdict);
    assert!(report.marks.is_empty(), "{}: no faulty line runs", bug.name);
}

/// What is listed as equivalent holds, in as many states and transitions as the protocol.
#[test]
fn equivalent_deviations_make_no_difference() {
    let mut checked = 0;
    for model in splitbrain_models::catalog().models() {
        for it in model.equivalents() {
            let counts = |settings: &[(&'static str, u64)]| {
                let given = settings.iter().map(|(name, value)| ((*name).to_string(), *value));
                let request = Request { parameters: given.collect(), ..request(it.scenario, None) };
                let limits = Limits::default();
                let explored = model.explore(&request, &limits, &mut Undisturbed).expect("listed");
                assert!(explored.verdict.holds(), "{}: {}", it.name, explored.verdict);
                (explored.states, explored.transitions)
            };
            assert_eq!(counts(it.settings), counts(&[]), "{}", it.name);
            assert!(
                PAGE.contains(it.name) && PAGE.contains(it.why),
                "{}: the page says it",
                it.name
            );
            checked += 1;
        }
    }
    assert!(checked >= 2, "some are listed");
}

#[test]
fn the_page_has_a_row_for_each_bug_and_none_beside() {
    let catalog = splitbrain_models::catalog();
    let of = |model: &dyn AnyModel| {
        let named = |bug: &BugInfo| (model.name().to_string(), bug.name.to_string());
        model.bugs().iter().map(named).collect::<Vec<_>>()
    };
    let mut bugs: Vec<(String, String)> = catalog.models().flat_map(of).collect();
    bugs.sort();
    assert_eq!(page().into_keys().collect::<Vec<_>>(), bugs);
}

#[test]
fn exploration_finds_every_bug() {
    with_each_bug(exploration_finds);
}

#[test]
fn simulation_finds_every_bug_it_is_asked_for() {
    with_each_bug(simulation_finds);
}

#[test]
fn what_simulation_finds_shrinks() {
    with_each_bug(simulation_shrinks);
}

#[test]
fn the_bare_models_hold_where_their_bugs_show() {
    with_each_bug(the_bare_model_holds);
}
