//! How the runs of a campaign are chosen, and the loop that makes them: one for those that are drawn
//! blindly and those that are guided.

use super::campaign::{BATCH, Campaign, Failure, Simulation, Source, Until, run_batch};
use super::kinds::Kinds;
use super::outcome::{Off, Outcome, Record};
use super::strategy::Storms;
use crate::observer::{Observer, Progress};
use crate::protocol::Protocol;
use crate::scenario::Scenario;
use crate::situation::Violation;

/// How the runs of a campaign are chosen, and what is noted of them beside what is added up.
pub(super) trait Choosing<P: Protocol> {
    /// What the runs of a batch come from.
    type Source: Source;
    /// What watches each of them.
    type Record: Record<P> + Send;
    /// Whether its runs are known by their numbers, so that it can be gone on with from its books.
    const KEEPS_BOOKS: bool;

    /// The next runs, so many at most: what they come from, the number of the first there, and how
    /// many they are. `made` have been made.
    ///
    /// # Errors
    /// A sentence when there are no more.
    fn next(&mut self, made: u64, many: u64) -> Result<(Self::Source, u64, u64), String>;

    /// A record for one run in a cluster of so many nodes.
    fn record(nodes: usize) -> Self::Record;

    /// Notes a run.
    fn note(&mut self, from: &Self::Source, run: u64, outcome: &Outcome, record: Self::Record);

    /// Notes that a run is the first that failed in its way.
    fn failed(&mut self, from: &Self::Source, run: u64, violation: &Violation);

    /// How many different things runs have shown, if that is counted.
    fn shown(&self) -> Option<u64>;
}

/// Runs are chosen by their numbers alone.
pub(super) struct Blindly<'a> {
    pub(super) storms: &'a Storms,
    /// The number of the first.
    pub(super) first: u64,
}

impl<'a, P: Protocol> Choosing<P> for Blindly<'a> {
    type Source = &'a Storms;
    type Record = Off;
    const KEEPS_BOOKS: bool = true;

    fn next(&mut self, made: u64, many: u64) -> Result<(&'a Storms, u64, u64), String> {
        Ok((self.storms, self.first + made, many))
    }

    fn record(_: usize) -> Off {
        Off
    }

    fn note(&mut self, _: &&'a Storms, _: u64, _: &Outcome, _: Off) {}

    // It is made again by its number, when all is over.
    fn failed(&mut self, _: &&'a Storms, _: u64, _: &Violation) {}

    fn shown(&self) -> Option<u64> {
        None
    }
}

impl<P: Protocol> Simulation<P> {
    /// Makes the runs of a campaign, until it is over or something ends it: what, if something did.
    pub(super) fn make<C: Choosing<P>>(
        &mut self,
        scenario: &Scenario<P>,
        campaign: &Campaign,
        choosing: &mut C,
        kinds: &mut Kinds,
        observer: &mut dyn Observer,
    ) -> Option<String> {
        let mut stopped = None;
        while stopped.is_none() && !campaign.is_over(self) {
            // Gone on with, it may have had enough already.
            if campaign.until == Until::Enough && self.runs > 0 && observer.enough() {
                break;
            }
            let most = BATCH.min(campaign.end() - campaign.first - self.runs);
            let (source, first, many) = match choosing.next(self.runs, most) {
                Ok(next) => next,
                Err(why) => {
                    stopped = Some(why);
                    break;
                }
            };
            let lasted = self.lasted;
            let record = || C::record(scenario.nodes);
            for (run, outcome, record) in
                run_batch(scenario, &source, campaign, (first, many), record)
            {
                self.add(&outcome);
                if let Some(violation) = &outcome.violation
                    && kinds.note(run, violation)
                {
                    choosing.failed(&source, run, violation);
                }
                choosing.note(&source, run, &outcome, record);
                if campaign.is_over(self) {
                    break;
                }
            }
            if C::KEEPS_BOOKS {
                observer.keep(&|| self.books(kinds), false);
            }
            if campaign.is_over(self) {
                break;
            }
            stopped = observer.look(&self.progress(campaign, choosing.shown()));
            if self.lasted == lasted && campaign.until != Until::Runs {
                stopped.get_or_insert(format!("no virtual time passes in {many} runs"));
            }
        }
        if C::KEEPS_BOOKS {
            observer.keep(&|| self.books(kinds), true);
        }
        stopped
    }

    /// What a campaign comes to that has ended.
    pub(super) fn close(
        mut self,
        scenario: &Scenario<P>,
        campaign: &Campaign,
        failures: Vec<Failure<P>>,
        kinds: &Kinds,
        stopped: Option<String>,
    ) -> Simulation<P> {
        let alike = kinds.kept.iter().map(|kept| kept.alike);
        let mut failures =
            failures.into_iter().zip(alike).map(|(failure, alike)| Failure { alike, ..failure });
        (self.failure, self.others) = (failures.next(), failures.collect());
        self.verdict = self.judge(scenario, campaign, stopped);
        self
    }

    fn progress(&self, campaign: &Campaign, shown: Option<u64>) -> Progress<'static> {
        Progress::Simulating {
            runs: self.runs,
            of: (campaign.until == Until::Runs).then_some(campaign.runs),
            steps: self.tally.steps,
            lasted: self.lasted,
            of_time: match campaign.until {
                Until::Lasted(asked) => Some(asked),
                Until::Runs | Until::Enough => None,
            },
            reached: self.goals.iter().filter(|(_, runs)| *runs > 0).count(),
            goals: self.goals.len(),
            failures: self.failures,
            faults: self.tally.kinds_of_fault(),
            shown,
        }
    }
}
