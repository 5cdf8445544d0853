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
use crate::simulate::campaign::{Campaign, Failure, Planned, Simulation, Source, record_failure};
use crate::simulate::choosing::Choosing;
use crate::simulate::kinds::Kinds;
use crate::simulate::outcome::Outcome;
use crate::simulate::plan::Plan;
use crate::simulate::strategy::Storms;
use crate::situation::Violation;

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
    // A campaign that goes on begins behind the last run that it kept.
    let own = guidance.corpus.iter().filter(|entry| entry.seed == campaign.seed);
    let behind = own.map(|entry| entry.run.saturating_add(1)).max().unwrap_or(0);
    let mut by_rarity = ByRarity {
        scenario,
        storms,
        campaign,
        guidance,
        known: guidance.corpus.iter(),
        next: campaign.first.max(behind).min(u64::MAX - campaign.runs),
        corpus: Corpus::default(),
        guided: Guided::default(),
        failures: Vec::new(),
    };
    let mut so_far = Simulation::none(scenario);
    let mut kinds = Kinds::none(scenario, campaign.keeps);
    let stopped = so_far.make(scenario, campaign, &mut by_rarity, &mut kinds, observer);
    let ByRarity { corpus, mut guided, failures, .. } = by_rarity;
    guided.features = corpus.features();
    if guided.grew.last().is_none_or(|(runs, _)| *runs < so_far.runs) {
        guided.grew.push((so_far.runs, guided.features));
    }
    guided.corpus = corpus.entries();
    so_far.guided = Some(guided);
    so_far.close(scenario, campaign, failures, &kinds, stopped)
}

/// Runs are chosen by what earlier ones showed.
struct ByRarity<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    storms: &'a Storms,
    campaign: &'a Campaign,
    guidance: &'a Guidance,
    /// What an earlier campaign kept and was not made again yet.
    known: std::slice::Iter<'a, Entry>,
    /// The number of the next run that is not from there.
    next: u64,
    corpus: Corpus,
    guided: Guided,
    /// The first of each kind, recorded while it is known what they were made of.
    failures: Vec<Failure<P>>,
}

impl<P: Protocol> Choosing<P> for ByRarity<'_, P> {
    type Source = Generation;
    type Record = Signal;
    const KEEPS_BOOKS: bool = false;

    fn next(&mut self, _: u64, many: u64) -> Result<(Generation, u64, u64), String> {
        let mut runs: Vec<Made> =
            self.known.by_ref().take(many as usize).cloned().map(Made::known).collect();
        if runs.is_empty() {
            let numbers = self.next..self.next.saturating_add(many);
            if numbers.is_empty() {
                return Err("there are no more numbers for runs".to_string());
            }
            self.next = numbers.end;
            runs =
                choose(self.storms, self.campaign.seed, self.guidance, &mut self.corpus, numbers);
        }
        let many = runs.len() as u64;
        Ok((Generation(runs), 0, many))
    }

    fn record(nodes: usize) -> Signal {
        Signal::new(nodes)
    }

    fn note(&mut self, from: &Generation, run: u64, outcome: &Outcome, signal: Signal) {
        let made = &from.0[run as usize];
        match made.from {
            Origin::Known => self.guided.known += 1,
            Origin::Blind => self.guided.blind += 1,
            Origin::Kept => self.guided.mutated += 1,
        }
        self.corpus.note(|| made.entry(), &signal.features(outcome));
        let runs = self.guided.known + self.guided.blind + self.guided.mutated;
        if runs.is_power_of_two() {
            self.guided.grew.push((runs, self.corpus.features()));
        }
    }

    fn failed(&mut self, from: &Generation, run: u64, violation: &Violation) {
        let failure = record_failure(self.scenario, from, self.campaign, run, violation);
        self.failures.push(failure);
    }

    fn shown(&self) -> Option<u64> {
        Some(self.corpus.features())
    }
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
        let (plan, from) = match kept {
            None => (storms.draw(&mut stream(seed, run, Purpose::Plan)), Origin::Blind),
            Some(entry) => (again(draws, storms, &entry.plan), Origin::Kept),
        };
        Made { planned: Planned { seed, run, plan }, from }
    };
    numbers.map(one).collect()
}

/// A plan once more, with its faults or with those of another one; all that it leaves open is drawn
/// anew.
fn again(draws: &mut impl Rng, storms: &Storms, plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    if !chance(draws, SAME_FAULTS) {
        plan.faults = storms.draw(draws).faults;
        // Its own storm may be over before some of them.
        plan.faults.retain(|timed| timed.at < plan.stormy);
        plan = storms.keeping(plan);
    }
    plan
}
