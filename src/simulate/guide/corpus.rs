//! What a guided campaign keeps, and which of it is tried next.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rand::rand_core::Rng;
use thiserror::Error;

use crate::protocol::Protocol;
use crate::random::below;
use crate::scenario::Scenario;
use crate::simulate::fits::PlanError;
use crate::simulate::plan::Plan;

/// A run that showed something rare.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The seed of its campaign.
    pub seed: u64,
    /// Its number in it. Both together are what everything was drawn from that the plan leaves open.
    pub run: u64,
    /// Its plan.
    pub plan: Plan,
}

/// What is wrong with an entry that is read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EntryError {
    /// Its first line does not say which run it was.
    #[error("line 1: expected `# run 17 of seed 1`, which says what the run drew from")]
    NoRun,
    /// Its plan is none, or fits another scenario.
    #[error("{0}")]
    Plan(PlanError),
}

impl Entry {
    /// The entry as a file: which run it was, and its plan in TOML, as `simulate --plan` takes it.
    pub fn to_toml(&self) -> String {
        let Entry { seed, run, plan } = self;
        format!("# run {run} of seed {seed}\n{}", plan.to_toml())
    }

    /// Reads an entry for a scenario. What its first line says behind a comma is of no account.
    ///
    /// # Errors
    /// Its first line does not say which run it was, or its plan does not fit the scenario.
    pub fn from_toml_for<P: Protocol>(
        text: &str,
        scenario: &Scenario<P>,
    ) -> Result<Entry, EntryError> {
        let first = text.lines().next().unwrap_or_default();
        let numbers = || {
            let (run, rest) = first.strip_prefix("# run ")?.split_once(" of seed ")?;
            let seed = rest.split(',').next()?;
            Some((run.parse().ok()?, seed.trim_end().parse().ok()?))
        };
        let (run, seed) = numbers().ok_or(EntryError::NoRun)?;
        let plan = Plan::from_toml_for(text, scenario).map_err(EntryError::Plan)?;
        Ok(Entry { seed, run, plan })
    }
}

/// A feature is rare while at most one in so many runs has shown it.
const RARE: u64 = 10;

/// How many runs are kept for a rare feature: the first that showed it. With one or two, what comes of
/// them would depend on whether those had a good plan.
const EXAMPLES: usize = 16;

/// How many examples are kept for all features together. Where there is no more room, none is kept until
/// some feature is rare no longer. The first run that showed a feature is kept beside them: there are no
/// more features than their hashes tell apart.
const MOST: usize = 1 << 14;

/// How many are told in the end, and saved.
const TOLD: usize = 256;

/// What is kept.
#[derive(Default)]
pub(super) struct Corpus {
    /// How many runs were noted.
    runs: u64,
    features: BTreeMap<u32, Feature>,
    /// How many examples all features have together.
    examples: usize,
}

/// Something that runs show.
#[derive(Default)]
struct Feature {
    /// How many runs have shown it.
    shown: u64,
    /// How often a plan was drawn because of it.
    tried: u64,
    /// The first run that showed it.
    first: Option<Arc<Entry>>,
    /// The first runs that showed it, while it is rare.
    examples: Vec<Arc<Entry>>,
}

impl Feature {
    /// How much it is worth trying: the rarer it is, and the less often it was tried, the more.
    fn worth(&self, runs: u64) -> u64 {
        match is_rare(self.shown, runs) && !self.examples.is_empty() {
            true => (1 << 20) / (self.shown + self.tried),
            false => 0,
        }
    }
}

/// Whether that many runs of so many are few. With less than as many runs as make one in ten,
/// everything that only one has shown is rare.
fn is_rare(shown: u64, runs: u64) -> bool {
    shown.saturating_mul(RARE) <= runs.max(RARE)
}

impl Corpus {
    /// How many different features were seen.
    pub(super) fn features(&self) -> u64 {
        self.features.len() as u64
    }

    /// Notes what a run showed; it is kept for what of that is rare.
    pub(super) fn note(&mut self, entry: impl FnOnce() -> Entry, features: &[u32]) {
        self.runs += 1;
        let entry = std::cell::LazyCell::new(|| Arc::new(entry()));
        for feature in features {
            let feature = self.features.entry(*feature).or_default();
            feature.shown += 1;
            feature.first.get_or_insert_with(|| Arc::clone(&entry));
            if !is_rare(feature.shown, self.runs) {
                self.examples -= feature.examples.len();
                feature.examples = Vec::new();
            } else if feature.examples.len() < EXAMPLES && self.examples < MOST {
                self.examples += 1;
                feature.examples.push(Arc::clone(&entry));
            }
        }
    }

    /// Each feature that is worth trying, and how much.
    pub(super) fn worths(&self) -> Vec<(u32, u64)> {
        let worth = |(name, feature): (&u32, &Feature)| (*name, feature.worth(self.runs));
        self.features.iter().map(worth).filter(|(_, worth)| *worth > 0).collect()
    }

    /// Draws a feature by what each is worth, and a run that showed it; `None` where nothing is kept.
    pub(super) fn pick(
        &mut self,
        stream: &mut impl Rng,
        worths: &[(u32, u64)],
    ) -> Option<Arc<Entry>> {
        let all: u64 = worths.iter().map(|(_, worth)| worth).sum();
        if all == 0 {
            return None;
        }
        let mut drawn = below(stream, all);
        let (name, _) = worths.iter().find(|(_, worth)| {
            let here = drawn < *worth;
            drawn = drawn.saturating_sub(*worth);
            here
        })?;
        let feature = self.features.get_mut(name)?;
        feature.tried += 1;
        let example = below(stream, feature.examples.len() as u64) as usize;
        feature.examples.get(example).cloned()
    }

    /// The first run that showed each of the rarest features, by seed and number. Of equally rare ones
    /// the last, for what goes on from them begins behind the last.
    pub(super) fn entries(&self) -> Vec<Entry> {
        let first = |feature: &Feature| Some((feature.shown, Arc::clone(feature.first.as_ref()?)));
        let mut firsts: Vec<(u64, Arc<Entry>)> = self.features.values().filter_map(first).collect();
        firsts.sort_by_key(|(shown, entry)| (*shown, Reverse((entry.seed, entry.run))));
        let mut told = BTreeSet::new();
        firsts.retain(|(_, entry)| told.len() < TOLD && told.insert((entry.seed, entry.run)));
        firsts.sort_by_key(|(_, entry)| (entry.seed, entry.run));
        firsts.into_iter().map(|(_, entry)| Entry::clone(&entry)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use crate::time::Units;

    fn entry(run: u64) -> Entry {
        Entry { seed: 1, run, plan: Plan::calm(1.s()) }
    }

    #[test]
    fn a_run_is_kept_for_what_is_rare_until_it_is_no_longer() {
        let mut corpus = Corpus::default();
        for run in 0..100 {
            let features: &[u32] = if run == 60 { &[1, 2] } else { &[1] };
            corpus.note(|| entry(run), features);
        }
        assert_eq!(corpus.features(), 2);
        assert_eq!(corpus.entries(), [entry(0), entry(60)], "the first of each");
        assert_eq!(corpus.worths(), [(2, 1 << 20)], "all show the one, and one shows the other");
        for run in 100..120 {
            corpus.note(|| entry(run), &[2]);
        }
        assert_eq!((corpus.examples, corpus.worths()), (0, vec![]), "one in six is not rare");
    }

    #[test]
    fn the_rarer_is_tried_more_often_and_less_often_once_it_was() {
        let mut corpus = Corpus::default();
        for run in 0..1_000 {
            let features: &[u32] = match (run, run % 100) {
                (10, _) => &[8],
                (_, 5) => &[7],
                _ => &[],
            };
            corpus.note(|| entry(run), features);
        }
        let [often, once] = [(7, (1 << 20) / 10), (8, 1 << 20)];
        assert_eq!(corpus.worths(), [often, once]);
        let draws = &mut stream(1, 1, Purpose::Guide);
        let worths = corpus.worths();
        let picked: Vec<u64> = (0..1_000)
            .map(|_| corpus.pick(draws, &worths).expect("something is kept").run)
            .collect();
        let rarest = picked.iter().filter(|run| **run == 10).count();
        assert!((880..940).contains(&rarest), "ten in eleven, not {rarest}");
        assert!(picked.iter().any(|run| run % 100 == 5));
        let later: Vec<u64> = corpus.worths().iter().map(|(_, worth)| *worth).collect();
        assert!(later[1] < 2_000 && later[0] > later[1], "it was tried enough: {later:?}");
    }
}
