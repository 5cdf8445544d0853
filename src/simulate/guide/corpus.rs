//! What a guided campaign keeps, and which of it is tried next.

use rand::rand_core::Rng;
use thiserror::Error;

use super::signal::FEATURES;
use crate::protocol::Protocol;
use crate::random::below;
use crate::scenario::Scenario;
use crate::simulate::fits::PlanError;
use crate::simulate::plan::Plan;
use crate::time::Span;

/// A run that showed something new.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The seed of its campaign.
    pub seed: u64,
    /// Its number in it. Both together are what everything was drawn from that the plan leaves open.
    pub run: u64,
    /// Its plan.
    pub plan: Plan,
    /// As which run of its campaign it was made: its number, but where it is the beginning of an
    /// earlier one, gone on with in another way.
    pub made: u64,
}

/// What is wrong with an entry that is read.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum EntryError {
    /// Its first line does not say which run it was.
    #[error(
        "line 1: expected `# run 17 of seed 1, made as run 90`, which says what the run drew from"
    )]
    NoRun,
    /// Its plan is none, or fits another scenario.
    #[error("{0}")]
    Plan(PlanError),
}

impl Entry {
    /// The entry as a file: which run it was, and its plan in TOML, as `simulate --plan` takes it.
    pub fn to_toml(&self) -> String {
        let Entry { seed, run, plan, made } = self;
        format!("# run {run} of seed {seed}, made as run {made}\n{}", plan.to_toml())
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
        let numbers = || {
            let (run, rest) = first.strip_prefix("# run ")?.split_once(" of seed ")?;
            let (seed, made) = rest.split_once(", made as run ")?;
            Some((run.parse().ok()?, seed.parse().ok()?, made.trim_end().parse().ok()?))
        };
        let (run, seed, made) = numbers().ok_or(EntryError::NoRun)?;
        let plan = Plan::from_toml_for(text, scenario).map_err(EntryError::Plan)?;
        Ok(Entry { seed, run, plan, made })
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
    features: Vec<(u32, u64)>,
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
    pub(super) fn note(&mut self, entry: impl FnOnce() -> Entry, features: Vec<(u32, u64)>) {
        let before = self.features;
        for (feature, _) in &features {
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
        (1 << 20) / self.rarest(index).0.max(1)
    }

    /// In how many runs its rarest feature was seen, and when in this one.
    fn rarest(&self, index: usize) -> (u64, u64) {
        let runs = |(feature, at): &(u32, u64)| (self.seen[*feature as usize], *at);
        self.kept[index].features.iter().map(runs).min().unwrap_or((u64::MAX, 0))
    }

    /// The moment at which an entry showed the rarest that it did.
    pub(super) fn moment(&self, index: usize) -> Span {
        Span::micros(self.rarest(index).1)
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

    /// An entry.
    pub(super) fn entry(&self, index: usize) -> &Entry {
        &self.kept[index].entry
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
