//! The same seed gives the same bytes: whatever the number of threads, the build or the day.

use splitbrain::Undisturbed;
use splitbrain::catalog::{AnyModel, Request};
use splitbrain::explore::Limits;
use splitbrain::shrink::Effort;
use splitbrain::simulate::Campaign;

fn request(scenario: &str, bug: Option<&str>) -> Request {
    let (scenario, bug) = (scenario.to_string(), bug.map(str::to_string));
    Request { scenario, bug, ..Request::default() }
}

/// Everything a simulation reports, as text.
fn simulated(model: &dyn AnyModel, request: &Request, campaign: &Campaign) -> serde_json::Value {
    let effort = Effort { tries: 100, states: 500, runs: 0 };
    let report = model.simulate(request, campaign, Some(effort), &mut Undisturbed);
    serde_json::to_value(report.expect("it is listed")).expect("plain data")
}

#[test]
fn a_simulation_reports_the_same_bytes_with_any_number_of_threads() {
    let catalog = splitbrain_models::catalog();
    for (name, scenario, bug, runs, keep_going) in [
        ("raft", "storm", None, 20, false),
        ("lock", "storm", None, 40, false),
        ("raft", "storm", Some("double-vote"), 20, false),
        ("lock", "storm", Some("no-fencing"), 64, true),
    ] {
        let model = catalog.model(name).expect("it is in the catalog");
        let request = request(scenario, bug);
        let with = |threads| {
            let campaign = Campaign { threads, keep_going, ..Campaign::new(runs, 3) };
            simulated(model, &request, &campaign)
        };
        let one = with(1);
        assert_eq!(one["failure"].is_object(), bug.is_some(), "{name} {bug:?}");
        for threads in [2, 3] {
            assert_eq!(with(threads).to_string(), one.to_string(), "{name}, {threads} threads");
        }
    }
}

/// Debug and release builds, today's and tomorrow's, must equal these: virtual moments, places and
/// kinds of all that happens in twenty runs, and how many steps that is. Where one changes, every
/// saved seed of that model means another run: the change says why.
#[test]
fn storms_have_the_fingerprints_they_have_always_had() {
    let catalog = splitbrain_models::catalog();
    let mut found = Vec::new();
    for (name, scenario, ..) in GOLDEN {
        let model = catalog.model(name).expect("it is in the catalog");
        let report = simulated(model, &request(scenario, None), &Campaign::new(20, 1));
        let digest = report["digest"].as_str().expect("a text").to_string();
        found.push((name, scenario, digest, report["tally"]["steps"].as_u64().expect("a number")));
    }
    assert_eq!(found, GOLDEN.map(|(a, b, digest, steps)| (a, b, digest.to_string(), steps)));
}

const GOLDEN: [(&str, &str, &str, u64); 3] = [
    ("raft", "storm", "2a6ad093c8e156d2", 92_277),
    ("raft", "storm-5", "aa9f4d6df813761a", 177_338),
    ("lock", "storm", "5d01bf210c4cb72e", 8_098),
];

#[test]
fn different_seeds_and_different_runs_differ() {
    let catalog = splitbrain_models::catalog();
    let raft = catalog.model("raft").expect("it is in the catalog");
    let digest = |seed, first| {
        let campaign = Campaign { first, ..Campaign::new(3, seed) };
        simulated(raft, &request("storm", None), &campaign)["digest"].to_string()
    };
    assert_ne!(digest(1, 0), digest(2, 0));
    assert_ne!(digest(1, 0), digest(1, 3));
}

#[test]
fn exploration_finds_the_same_counterexample_byte_for_byte() {
    let catalog = splitbrain_models::catalog();
    for (name, bug) in
        [("raft", "double-vote"), ("raft", "minority-quorum"), ("lock", "no-fencing")]
    {
        let model = catalog.model(name).expect("it is in the catalog");
        let info = model.bugs().iter().find(|info| info.name == bug).expect("it is listed");
        let request = request(info.explored.0, Some(bug));
        let explored = || {
            let report = model.explore(&request, &Limits::default(), &mut Undisturbed);
            let report = report.expect("it is listed");
            assert!(!report.counterexamples.is_empty(), "{name} {bug}");
            serde_json::to_string(&report).expect("plain data")
        };
        assert_eq!(explored(), explored(), "{name} {bug}");
    }
}
