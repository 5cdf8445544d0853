//! Every model of the catalog, as it should be: it holds in every small scenario, where our search
//! and stateright's count the same, and in simulated runs.

use splitbrain::catalog::{AnyModel, Engine, Request};
use splitbrain::explore::Limits;
use splitbrain::simulate::Campaign;
use splitbrain::{Undisturbed, Verdict};

fn requests(model: &dyn AnyModel, engine: Engine) -> Vec<Request> {
    let scenarios = model.scenarios().iter().filter(|info| info.engine == engine);
    let request = |name: &str| Request { scenario: name.to_string(), ..Request::default() };
    scenarios.map(|info| request(info.name)).collect()
}

/// The most states that the slow searches are asked to go through; scenarios that have more, with
/// all their mail, are compared in release builds only.
const SLOW: usize = if cfg!(debug_assertions) { 11_000 } else { 5_000_000 };

/// Both searches visit the same states by the same number of steps, and agree on the verdict.
/// The exact counts are asserted beside each model.
#[test]
fn every_model_has_the_same_states_in_both_searches() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        let requests = requests(model, Engine::Explore);
        assert!(!requests.is_empty(), "{} has something to explore", model.name());
        let compared = requests.iter().filter(|request| agrees(model, request)).count();
        assert!(compared > 0, "{} has a scenario small enough to compare", model.name());
    }
}

/// Whether a scenario is small enough to compare; then the searches agree on it.
fn agrees(model: &dyn AnyModel, request: &Request) -> bool {
    let limits =
        Limits { all_invariants: true, full: true, states: Some(SLOW), ..Limits::default() };
    let ours = model.explore(request, &limits, &mut Undisturbed).expect("it is listed");
    if !ours.exhausted {
        return false;
    }
    let theirs = model.oracle(request).expect("it is listed");
    let counted = (ours.states, ours.transitions as usize, ours.verdict.holds());
    let name = format!("{} {}", model.name(), request.scenario);
    assert_eq!(counted, theirs, "{name}");
    assert!(matches!(ours.verdict, Verdict::Holds { .. }), "{name}: {}", ours.verdict);
    let unreached = ours.goals.iter().find(|(_, depth)| depth.is_none());
    assert_eq!(unreached, None, "{name}");
    true
}

#[test]
fn every_model_holds_in_simulated_runs_with_its_goals_reached() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        let requests = requests(model, Engine::Simulate);
        assert!(!requests.is_empty(), "{} has something to simulate", model.name());
        for request in requests {
            // Few will do, or some more where a goal is rare. Ten thousand runs each:
            // `splitbrain check --all --runs 10000`.
            let missing = goals_missing(model, &request, 40);
            let missing =
                if missing.is_empty() { missing } else { goals_missing(model, &request, 200) };
            assert_eq!(missing, [""; 0], "{} {}", model.name(), request.scenario);
        }
    }
}

/// The goals that so many runs, none of which may fail, do not reach.
fn goals_missing(model: &dyn AnyModel, request: &Request, runs: u64) -> Vec<String> {
    let campaign = Campaign { threads: 2, ..Campaign::new(runs, 7) };
    let report = model.simulate(request, &campaign, None, &mut Undisturbed).expect("it is listed");
    let name = format!("{} {}", model.name(), request.scenario);
    assert!(report.failure.is_none(), "{name}: {}", report.verdict);
    let missing = report.goals.iter().filter(|(_, runs)| *runs == 0);
    missing.map(|(goal, _)| goal.clone()).collect()
}
