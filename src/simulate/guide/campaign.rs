//! A guided campaign. Each generation is chosen from what was kept before it, made on all threads and
//! taken in in order, so that it is the same for any number of threads.

use super::corpus::{Corpus, Entry};
use super::mutate::mutated;
use super::signal::Signal;
use super::{Guidance, Guided};
use crate::observer::{Observer, Progress};
use crate::protocol::Protocol;
use crate::random::{Purpose, chance, stream};
use crate::scenario::Scenario;
use crate::simulate::campaign::{
    BATCH, Campaign, Planned, Simulation, Source, record_failure, run_batch,
};
use crate::simulate::strategy::Storms;

/// Makes a guided campaign.
pub(in crate::simulate) fn simulate<P: Protocol>(
    scenario: &Scenario<P>,
    storms: &Storms,
    campaign: &Campaign,
    guidance: &Guidance,
    observer: &mut dyn Observer,
) -> Simulation<P> {
    let mut so_far = Simulation::none(scenario);
    let mut corpus = Corpus::new();
    let mut guided = Guided::default();
    let mut stopped = None;
    let mut known = guidance.corpus.iter().peekable();
    // A campaign that goes on draws nothing that it has drawn before.
    let own = guidance.corpus.iter().filter(|entry| entry.seed == campaign.seed);
    let behind = own.map(|entry| entry.run.saturating_add(1)).max().unwrap_or(0);
    let mut next = campaign.first.max(behind).min(u64::MAX - campaign.runs);
    'runs: while so_far.runs < campaign.runs {
        let many = BATCH.min(campaign.runs - so_far.runs);
        let runs = if known.peek().is_some() {
            let known = known.by_ref().take(many as usize).cloned();
            known.map(|Entry { seed, run, plan }| Planned { seed, run, plan }).collect()
        } else {
            let numbers = next..next + many;
            next += many;
            choose(storms, campaign, guidance, &mut corpus, &mut guided, numbers)
        };
        let generation = Generation(runs);
        let signal = || Signal::new(scenario.nodes);
        let all = (0, generation.0.len() as u64);
        for (index, outcome, signal) in run_batch(scenario, &generation, campaign, all, signal) {
            so_far.add(&outcome);
            let features = signal.features(&outcome);
            if outcome.violation.is_some() && so_far.failure.is_none() {
                let failure = record_failure(scenario, &generation, campaign, index, &outcome);
                so_far.failure = Some(failure);
            }
            let Planned { seed, run, plan } = generation.planned(campaign, index);
            corpus.note(|| Entry { seed, run, plan }, features);
            if so_far.runs.is_power_of_two() {
                guided.grew.push((so_far.runs, corpus.features()));
            }
            if so_far.failures > 0 && !campaign.keep_going {
                break 'runs;
            }
        }
        let (runs, of, steps) = (so_far.runs, campaign.runs, so_far.tally.steps);
        stopped = observer.look(&Progress::Simulating { runs, of, steps });
        if stopped.is_some() {
            break;
        }
    }
    guided.features = corpus.features();
    if guided.grew.last().is_none_or(|(runs, _)| *runs < so_far.runs) {
        guided.grew.push((so_far.runs, guided.features));
    }
    guided.known = so_far.runs.min(guidance.corpus.len() as u64);
    guided.corpus = corpus.entries();
    so_far.verdict = so_far.judge(scenario, campaign, stopped);
    so_far.guided = Some(guided);
    so_far
}

/// Runs that are chosen together, by their place.
struct Generation(Vec<Planned>);

impl Source for Generation {
    fn planned(&self, _: &Campaign, place: u64) -> Planned {
        self.0[place as usize].clone()
    }
}

/// The runs of a generation: drawn blindly, or made from what is kept.
fn choose(
    storms: &Storms,
    campaign: &Campaign,
    guidance: &Guidance,
    corpus: &mut Corpus,
    guided: &mut Guided,
    numbers: std::ops::Range<u64>,
) -> Vec<Planned> {
    let seed = campaign.seed;
    let worths = corpus.worths();
    let one = |run: u64| {
        let draws = &mut stream(seed, run, Purpose::Guide);
        let blind = chance(draws, guidance.blind);
        let from = if blind { None } else { corpus.pick(draws, &worths) };
        let other = from.and_then(|_| corpus.pick(draws, &worths));
        let mut plan = match from.zip(other) {
            None => storms.draw(&mut stream(seed, run, Purpose::Plan)),
            Some((from, other)) => mutated(draws, storms, corpus.plan(from), corpus.plan(other)),
        };
        // What would begin with the end of the storm or later does not, and no plan is kept with it.
        let stormy = plan.stormy;
        plan.faults.retain(|timed| timed.at < stormy);
        (from, Planned { seed, run, plan })
    };
    let chosen: Vec<_> = numbers.map(one).collect();
    let keep = |(from, planned): (Option<usize>, Planned)| {
        match from {
            None => guided.blind += 1,
            Some(from) => {
                guided.mutated += 1;
                corpus.tried(from);
            }
        }
        planned
    };
    chosen.into_iter().map(keep).collect()
}
