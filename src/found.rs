//! From what an engine found to its counterexample: made short, and in the scenario it runs in.

use crate::counterexample::{Counterexample, FoundBy};
use crate::explore::{Exploration, Found};
use crate::observer::Observer;
use crate::protocol::Saved;
use crate::scenario::Scenario;
use crate::shrink::{Effort, Minimality, Origin, Shrunk, ShrunkRun, Stage, shrink, shrink_run};
use crate::simulate::{Failure, Rerun};
use crate::situation::Violation;

/// The counterexample of a violation that exploration found. Breadth first from the first world,
/// it is the shortest within the scenario's bounds; behind a prefix or waypoints it is shrunk.
pub(crate) fn of_found<P: Saved>(
    scenario: &Scenario<P>,
    explored: &Exploration<P>,
    found: &Found<P>,
    observer: &mut dyn Observer,
) -> (Scenario<P>, Counterexample<P>) {
    let violation = Violation { invariant: found.invariant.clone(), reason: found.reason.clone() };
    let trace = found.trace.clone();
    if explored.begun_at == 0 {
        let minimality = Minimality::Shortest { within: scenario.in_words() };
        let file = Counterexample::new(scenario, trace, violation, FoundBy::Explore, minimality);
        return (scenario.clone(), file);
    }
    let by = FoundBy::Explore;
    match shrink(scenario, &trace, &found.invariant, None, Effort::default(), observer) {
        Ok(shrunk) => {
            let file = of_shrunk(&shrunk, by);
            (shrunk.scenario, file)
        }
        Err(_) => {
            let file = Counterexample::new(scenario, trace, violation, by, Minimality::AsFound);
            (scenario.clone(), file)
        }
    }
}

/// The counterexample of a trace that was made short.
pub(crate) fn of_shrunk<P: Saved>(shrunk: &Shrunk<P>, by: FoundBy) -> Counterexample<P> {
    let (trace, violation) = (shrunk.trace.clone(), shrunk.violation.clone());
    Counterexample::new(&shrunk.scenario, trace, violation, by, shrunk.minimality.clone())
}

/// The counterexample of a run that was made simple.
pub(crate) fn of_shrunk_run<P: Saved>(shrunk: &ShrunkRun<P>, by: FoundBy) -> Counterexample<P> {
    let (run, violation) = (shrunk.run.clone(), shrunk.violation.clone());
    Counterexample::of_run(&shrunk.scenario, run, violation, by, shrunk.minimality.clone())
}

/// The counterexample of a failing run, and how it was made short.
pub(crate) struct OfFailure<P: Saved> {
    /// The scenario it runs in.
    pub(crate) scenario: Scenario<P>,
    /// The counterexample.
    pub(crate) file: Counterexample<P>,
    /// How many traces were replayed and runs made to make it short.
    pub(crate) tries: u64,
    /// What each stage of that left.
    pub(crate) stages: Vec<Stage>,
}

/// The counterexample of a failing run, made short with that effort, if any is given: its steps, or
/// the run itself where it makes no progress. There is none where a handler is no function.
pub(crate) fn of_failure<P: Saved>(
    scenario: &Scenario<P>,
    failure: &Failure<P>,
    effort: Option<Effort>,
    observer: &mut dyn Observer,
) -> Option<OfFailure<P>> {
    let (seed, run) = (failure.seed, failure.run);
    let by = FoundBy::Simulate { seed, run };
    let origin = Origin { seed, run, plan: failure.plan.clone() };
    let invariant = &failure.violation.invariant;
    if failure.stalls {
        let shrunk = effort
            .and_then(|effort| shrink_run(scenario, &origin, invariant, effort, observer).ok());
        if let Some(shrunk) = shrunk {
            let file = of_shrunk_run(&shrunk, by);
            let ShrunkRun { scenario, tries, stages, .. } = shrunk;
            return Some(OfFailure { scenario, file, tries, stages });
        }
    } else if failure.replays {
        let shrunk = effort.and_then(|effort| {
            shrink(scenario, &failure.trace, invariant, Some(&origin), effort, observer).ok()
        });
        if let Some(shrunk) = shrunk {
            let file = of_shrunk(&shrunk, by);
            let Shrunk { scenario, tries, stages, .. } = shrunk;
            return Some(OfFailure { scenario, file, tries, stages });
        }
    }
    as_found(scenario, failure, by)
}

/// The counterexample of a failing run as it was found.
fn as_found<P: Saved>(
    scenario: &Scenario<P>,
    failure: &Failure<P>,
    by: FoundBy,
) -> Option<OfFailure<P>> {
    let (violation, minimality) = (failure.violation.clone(), Minimality::AsFound);
    let file = if failure.stalls {
        let (streams, invariant) = ((failure.seed, failure.run), &violation.invariant);
        let (mut rerun, _) = Rerun::failing(scenario, &failure.plan, streams, invariant)?;
        rerun.later = rerun.later(scenario, invariant);
        Counterexample::of_run(scenario, rerun, violation, by, minimality)
    } else if failure.replays {
        Counterexample::new(scenario, failure.trace.clone(), violation, by, minimality)
    } else {
        return None;
    };
    Some(OfFailure { scenario: scenario.clone(), file, tries: 0, stages: Vec::new() })
}
