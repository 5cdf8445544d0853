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

/// Both searches visit the same states by the same number of steps, and agree on the verdict.
/// The exact counts are asserted beside each model.
fn searches_agree(model: &str) {
    let catalog = splitbrain_models::catalog();
    let model = catalog.model(model).expect("a model of the catalog");
    let requests = requests(model, Engine::Explore);
    assert!(!requests.is_empty(), "{} has something to explore", model.name());
    for request in requests {
        let limits = Limits { all_invariants: true, full: true, ..Limits::default() };
        let ours = model.explore(&request, &limits, &mut Undisturbed).expect("it is listed");
        let theirs = model.oracle(&request).expect("it is listed");
        let counted = (ours.states, ours.transitions as usize, ours.verdict.holds());
        assert_eq!(counted, theirs, "{} {}", model.name(), request.scenario);
        assert!(ours.exhausted, "{} {}", model.name(), request.scenario);
        assert!(matches!(ours.verdict, Verdict::Holds { .. }), "{}", ours.verdict);
        let unreached = ours.goals.iter().find(|(_, depth)| depth.is_none());
        assert_eq!(unreached, None, "{} {}", model.name(), request.scenario);
    }
}

#[test]
fn raft_has_the_same_states_in_both_searches() {
    searches_agree("raft");
}

#[test]
fn the_lock_has_the_same_states_in_both_searches() {
    searches_agree("lock");
}

#[test]
fn every_model_holds_in_simulated_runs_with_its_goals_reached() {
    let catalog = splitbrain_models::catalog();
    for model in catalog.models() {
        let requests = requests(model, Engine::Simulate);
        assert!(!requests.is_empty(), "{} has something to simulate", model.name());
        for request in requests {
            // Ten thousand runs each: `splitbrain check --all --runs 10000`.
            let campaign = Campaign { threads: 2, ..Campaign::new(200, 7) };
            let report =
                model.simulate(&request, &campaign, None, &mut Undisturbed).expect("it is listed");
            let name = format!("{} {}", model.name(), request.scenario);
            assert!(report.verdict.holds(), "{name}: {}", report.verdict);
            let unreached = report.goals.iter().find(|(_, runs)| *runs == 0);
            assert_eq!(unreached, None, "{name}");
        }
    }
}
