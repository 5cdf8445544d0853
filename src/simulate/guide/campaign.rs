//! A guided campaign. Each generation is chosen from what was kept before it, made on all threads and
//! taken in in order, so that it is the same for any number of threads.

use rand::rand_core::Rng;

use super::corpus::{Corpus, Entry};
use super::signal::Signal;
use super::{Guidance, Guided};
use crate::observer::Observer;
use crate::protocol::Protocol;
use crate::random::{Purpose, chance, stream};
use crate::scenario::Scenario;
use crate::simulate::campaign::{
    BATCH, Campaign, Failure, Planned, Simulation, Source, Until, record_failure, run_batch,
};
use crate::simulate::kinds::Kinds;
use crate::simulate::plan::Plan;
use crate::simulate::strategy::Storms;

/// How many in a million of the runs that are made from earlier ones have their faults, too.
const SAME_FAULTS: u32 = 500_000;

/// Makes a guided campaign.
pub(in crate::simulate) fn simulate<P: Protocol>(
    scenario: &Scenario<P>,
    storms: &Storms,
    campaign: &Campaign,
    guidance: &Guidance,
    observer: &mut dyn Observer,
) -> Simulation<P> {
    let mut so_far = Simulation::none(scenario);
    let mut corpus = Corpus::default();
    let mut guided = Guided::default();
    let mut stopped = None;
    let mut known = guidance.corpus.iter().peekable();
    // A campaign that goes on begins behind the last run that it kept.
    let own = guidance.corpus.iter().filter(|entry| entry.seed == campaign.seed);
    let behind = own.map(|entry| entry.run.saturating_add(1)).max().unwrap_or(0);
    let mut next = campaign.first.max(behind).min(u64::MAX - campaign.runs);
    let mut kinds = Kinds::none(scenario, campaign.keeps);
    let mut failures: Vec<Failure<P>> = Vec::new();
    'runs: while !campaign.is_over(&so_far) {
        if campaign.until == Until::Enough && so_far.runs > 0 && observer.enough() {
            break;
        }
        let many = BATCH.min(campaign.end() - campaign.first - so_far.runs);
        let lasted = so_far.lasted;
        let runs = if known.peek().is_some() {
            let known = known.by_ref().take(many as usize).cloned();
            known.map(Made::known).collect()
        } else {
            let numbers = next..next.saturating_add(many);
            if numbers.is_empty() {
                stopped = Some("there are no more numbers for runs".to_string());
                break;
            }
            next = next.saturating_add(many);
            choose(storms, campaign.seed, guidance, &mut corpus, numbers)
        };
        let generation = Generation(runs);
        let signal = || Signal::new(scenario.nodes);
        let all = (0, generation.0.len() as u64);
        for (index, outcome, signal) in run_batch(scenario, &generation, campaign, all, signal) {
            so_far.add(&outcome);
            match generation.0[index as usize].from {
                Origin::Known => guided.known += 1,
                Origin::Blind => guided.blind += 1,
                Origin::Kept => guided.mutated += 1,
            }
            let features = signal.features(&outcome);
            if let Some(violation) = &outcome.violation
                && kinds.note(index, violation)
            {
                failures.push(record_failure(scenario, &generation, campaign, index, violation));
            }
            corpus.note(|| generation.0[index as usize].entry(), &features);
            if so_far.runs.is_power_of_two() {
                guided.grew.push((so_far.runs, corpus.features()));
            }
            if campaign.is_over(&so_far) {
                break 'runs;
            }
        }
        stopped = observer.look(&so_far.progress(campaign));
        if so_far.lasted == lasted && campaign.until != Until::Runs {
            stopped.get_or_insert(format!("no virtual time passes in {many} runs"));
        }
        if stopped.is_some() {
            break;
        }
    }
    guided.features = corpus.features();
    if guided.grew.last().is_none_or(|(runs, _)| *runs < so_far.runs) {
        guided.grew.push((so_far.runs, guided.features));
    }
    guided.corpus = corpus.entries();
    for (failure, kept) in failures.iter_mut().zip(&kinds.kept) {
        failure.alike = kept.alike;
    }
    let mut failures = failures.into_iter();
    (so_far.failure, so_far.others) = (failures.next(), failures.collect());
    so_far.verdict = so_far.judge(scenario, campaign, stopped);
    so_far.guided = Some(guided);
    so_far
}

/// A run of a guided campaign.
struct Made {
    planned: Planned,
    from: Origin,
}

/// Where the plan of a run comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// An earlier campaign kept it.
    Known,
    /// It was drawn as in a campaign without guidance.
    Blind,
    /// It was made from one that is kept.
    Kept,
}

impl Made {
    fn known(Entry { seed, run, plan }: Entry) -> Made {
        Made { planned: Planned { seed, run, plan }, from: Origin::Known }
    }

    fn entry(&self) -> Entry {
        let Planned { seed, run, plan } = self.planned.clone();
        Entry { seed, run, plan }
    }
}

/// Runs that are chosen together, by their place.
struct Generation(Vec<Made>);

impl Source for Generation {
    fn planned(&self, _: &Campaign, place: u64) -> Planned {
        self.0[place as usize].planned.clone()
    }
}

/// The runs of a generation: drawn blindly, or made from what is kept.
fn choose(
    storms: &Storms,
    seed: u64,
    guidance: &Guidance,
    corpus: &mut Corpus,
    numbers: std::ops::Range<u64>,
) -> Vec<Made> {
    let worths = corpus.worths();
    let one = |run: u64| {
        let draws = &mut stream(seed, run, Purpose::Guide);
        let blind = chance(draws, guidance.blind);
        let kept = if blind { None } else { corpus.pick(draws, &worths) };
        let (mut plan, from) = match kept {
            None => (storms.draw(&mut stream(seed, run, Purpose::Plan)), Origin::Blind),
            Some(entry) => (again(draws, storms, &entry.plan), Origin::Kept),
        };
        // What would begin with the end of the storm or later does not, and no plan is kept with it.
        let stormy = plan.stormy;
        plan.faults.retain(|timed| timed.at < stormy);
        Made { planned: Planned { seed, run, plan: storms.keeping(plan) }, from }
    };
    numbers.map(one).collect()
}

/// A plan once more, with its faults or with those of another one; all that it leaves open is drawn
/// anew.
fn again(draws: &mut impl Rng, storms: &Storms, plan: &Plan) -> Plan {
    match chance(draws, SAME_FAULTS) {
        true => plan.clone(),
        false => Plan { faults: storms.draw(draws).faults, ..plan.clone() },
    }
}
