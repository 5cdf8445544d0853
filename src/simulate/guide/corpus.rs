//! What a guided campaign keeps, and which of it is tried next.

use rand::rand_core::Rng;
use thiserror::Error;

use super::signal::FEATURES;
use crate::protocol::Protocol;
use crate::random::below;
use crate::scenario::Scenario;
use crate::simulate::fits::PlanError;
use crate::simulate::plan::Plan;

/// A run that showed something new.
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
        format!("# run {} of seed {}\n{}", self.run, self.seed, self.plan.to_toml())
    }

    /// Reads an entry for a scenario.
    ///
    /// # Errors
    /// Its first line does not say which run it was, or its plan does not fit the scenario.
    pub fn from_toml_for<P: Protocol>(
        text: &str,
        scenario: &Scenario<P>,
    ) -> Result<Entry, EntryError> {
        let first = text.lines().next().unwrap_or_default();
        let numbers = first.strip_prefix("# run ").and_then(|rest| rest.split_once(" of seed "));
        let numbers = numbers.and_then(|(run, seed)| Some((run.parse().ok()?, seed.parse().ok()?)));
        let (run, seed) = numbers.ok_or(EntryError::NoRun)?;
        let plan = Plan::from_toml_for(text, scenario).map_err(EntryError::Plan)?;
        Ok(Entry { seed, run, plan })
    }
}

/// How many entries are tried from. Beyond it the one whose features are the commonest goes.
const MOST: usize = 256;

/// What is kept.
pub(super) struct Corpus {
    /// In how many runs each feature was seen.
    seen: Vec<u64>,
    /// How many features were.
    features: u64,
    kept: Vec<Kept>,
}

struct Kept {
    entry: Entry,
    features: Vec<u32>,
    /// How often a plan was made from it.
    tried: u64,
}

impl Corpus {
    /// Nothing seen, nothing kept.
    pub(super) fn new() -> Corpus {
        Corpus { seen: vec![0; FEATURES], features: 0, kept: Vec::new() }
    }

    /// How many different features were seen.
    pub(super) fn features(&self) -> u64 {
        self.features
    }

    /// Notes what a run showed; it is kept if some of that is new.
    pub(super) fn note(&mut self, entry: impl FnOnce() -> Entry, features: Vec<u32>) {
        let before = self.features;
        for feature in &features {
            let runs = &mut self.seen[*feature as usize];
            self.features += u64::from(*runs == 0);
            *runs += 1;
        }
        if self.features == before {
            return;
        }
        self.kept.push(Kept { entry: entry(), features, tried: 0 });
        if self.kept.len() > MOST {
            let commonest = (0..self.kept.len()).min_by_key(|index| self.rarity(*index));
            self.kept.remove(commonest.expect("there are some"));
        }
    }

    /// How rare the rarest of its features is: one in so many runs, as parts of 2^20.
    fn rarity(&self, index: usize) -> u64 {
        let runs = |feature: &u32| self.seen[*feature as usize];
        let rarest = self.kept[index].features.iter().map(runs).min();
        (1 << 20) / rarest.unwrap_or(u64::MAX).max(1)
    }

    /// How much each entry is worth trying: the rarer what it showed, and the less often it was
    /// tried, the more.
    pub(super) fn worths(&self) -> Vec<u64> {
        let worth = |index: usize| (self.rarity(index) / (1 + self.kept[index].tried)).max(1);
        (0..self.kept.len()).map(worth).collect()
    }

    /// Draws an entry by what each is worth; `None` where nothing is kept.
    pub(super) fn pick(&self, stream: &mut impl Rng, worths: &[u64]) -> Option<usize> {
        let all: u64 = worths.iter().sum();
        if all == 0 {
            return None;
        }
        let mut drawn = below(stream, all);
        worths.iter().position(|worth| {
            let here = drawn < *worth;
            drawn = drawn.saturating_sub(*worth);
            here
        })
    }

    /// The plan of an entry.
    pub(super) fn plan(&self, index: usize) -> &Plan {
        &self.kept[index].entry.plan
    }

    /// Notes that a plan was made from it.
    pub(super) fn tried(&mut self, index: usize) {
        self.kept[index].tried += 1;
    }

    /// What is kept.
    pub(super) fn entries(self) -> Vec<Entry> {
        self.kept.into_iter().map(|kept| kept.entry).collect()
    }
}
