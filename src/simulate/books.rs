//! The books of a campaign: everything that its end is made of, as plain data, so that a campaign
//! can be put away and gone on with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::campaign::{Campaign, Simulation, one};
use super::kinds::{Kept, Kinds};
use super::measures::Measures;
use super::outcome::{Off, Tally};
use super::strategy::Storms;
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::situation::DETERMINISTIC;
use crate::time::Span;

/// What a campaign has come to so far. Its runs are those from its first on, without a gap, so that
/// their number says which is next.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Books {
    /// Runs made.
    pub runs: u64,
    /// Runs that failed.
    pub failures: u64,
    /// Runs that were cut short.
    pub cut_short: u64,
    /// How often nothing was on its way to a live node.
    pub quiet: u64,
    /// How often it was asked whether the protocol settles.
    pub asked_to_settle: u64,
    /// How often each kind of thing happened.
    pub tally: Tally,
    /// Each goal with the number of runs that reached it.
    pub goals: Vec<(String, u64)>,
    /// Each marked line: in how many runs it ran, and how often in all.
    pub marks: BTreeMap<String, (u64, u64)>,
    /// Virtual time, in microseconds.
    pub virtual_micros: u64,
    /// The fingerprint so far, in hexadecimal.
    pub digest: String,
    /// That of the first run alone: where it comes out otherwise, the model has changed since.
    pub first_digest: String,
    /// What clients saw.
    pub measures: Measures,
    /// The first failing run of each kind.
    pub kept: Vec<Kept>,
}

impl<P: Protocol> Simulation<P> {
    /// Everything that was added up so far.
    pub(super) fn books(&self, kinds: &Kinds) -> Books {
        Books {
            runs: self.runs,
            failures: self.failures,
            cut_short: self.cut_short,
            quiet: self.quiet,
            asked_to_settle: self.asked_to_settle,
            tally: self.tally,
            goals: self.goals.iter().map(|(name, runs)| ((*name).to_string(), *runs)).collect(),
            marks: self.marks.clone(),
            virtual_micros: self.lasted.as_micros(),
            digest: format!("{:016x}", self.digest),
            first_digest: format!("{:016x}", self.first_digest),
            measures: self.measures.clone(),
            kept: kinds.kept.clone(),
        }
    }

    /// Goes on from where these books end. The first run and those that failed are made again, to
    /// see whether they are what they were.
    ///
    /// # Errors
    /// A sentence when they are not of such a campaign.
    pub(super) fn go_on(
        &mut self,
        books: &Books,
        (scenario, storms): (&Scenario<P>, &Storms),
        campaign: &Campaign,
        kinds: &mut Kinds,
    ) -> Result<(), String> {
        let names = |goals: Vec<&str>| goals.join(", ");
        let known = names(books.goals.iter().map(|(name, _)| name.as_str()).collect());
        let own = names(scenario.goals.iter().map(|goal| goal.name).collect());
        if known != own {
            return Err(format!("its goals are `{known}`, and the scenario's are `{own}`"));
        }
        let counts = (books.measures.counts.len(), scenario.storm.counts.len());
        if counts.0 != counts.1 {
            return Err(format!("it has {} counts, and the scenario {}", counts.0, counts.1));
        }
        let end =
            campaign.first.checked_add(books.runs).ok_or("it has more runs than there are")?;
        let ours = |kept: &Kept| (campaign.first..end).contains(&kept.run);
        if let Some(other) = books.kept.iter().find(|kept| !ours(kept)) {
            let (first, run) = (campaign.first, other.run);
            return Err(format!("its run {run} failed, which is not among {first} to {end}"));
        }
        if books.failures < books.kept.len() as u64
            || books.kept.is_empty() != (books.failures == 0)
        {
            let kept = books.kept.len();
            return Err(format!("it says {} runs failed, and keeps {kept}", books.failures));
        }
        let hexadecimal = |digest: &str| {
            u64::from_str_radix(digest, 16)
                .map_err(|_| format!("its digest `{digest}` is no hexadecimal number"))
        };
        self.digest = hexadecimal(&books.digest)?;
        self.first_digest = hexadecimal(&books.first_digest)?;
        let again = |run| one(scenario, storms, campaign, run, Off).1;
        let changed = |run| {
            format!(
                "its run {run} went otherwise when it was made again: the model or the program has \
                 changed since; name another file"
            )
        };
        if books.runs > 0 && again(campaign.first).digest != self.first_digest {
            return Err(changed(campaign.first));
        }
        for kept in books.kept.iter().filter(|kept| kept.invariant != DETERMINISTIC) {
            if again(kept.run).violation != Some(kept.violation()) {
                return Err(changed(kept.run));
            }
        }
        self.runs = books.runs;
        self.failures = books.failures;
        self.cut_short = books.cut_short;
        self.quiet = books.quiet;
        self.asked_to_settle = books.asked_to_settle;
        self.tally = books.tally;
        for ((_, runs), (_, known)) in self.goals.iter_mut().zip(&books.goals) {
            *runs = *known;
        }
        self.marks.clone_from(&books.marks);
        self.lasted = Span::micros(books.virtual_micros);
        self.measures = books.measures.clone();
        kinds.go_on(&books.kept);
        Ok(())
    }
}
