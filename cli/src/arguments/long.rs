//! The flags of long campaigns: how they end, what they keep, where they are told.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use splitbrain::Span;
use splitbrain::simulate::{Campaign, Until};

use crate::values;

/// How a long campaign ends, what it keeps, and where it is told.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Long {
    /// Make runs for that long, whatever their number: 90s, 10m, 2h, 3d
    #[arg(
        long = "for",
        value_name = "TIME",
        value_parser = values::long_span,
        conflicts_with_all = ["runs", "virtual_time", "time"]
    )]
    pub(crate) for_time: Option<Duration>,
    /// Make runs until they have lasted that long in virtual time, all together: 12h, 30d
    #[arg(
        long = "virtual",
        id = "virtual_time",
        value_name = "TIME",
        value_parser = values::long_span,
        conflicts_with = "runs"
    )]
    pub(crate) virtual_time: Option<Duration>,
    /// Go on after a failing run, and keep that many different failures, each shrunk; --keep-going
    /// keeps 5
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) failures: Option<u16>,
    /// Keep the campaign's books in this file, and go on from there if it exists: nothing is lost when
    /// the process is killed
    #[arg(long, value_name = "FILE")]
    pub(crate) campaign: Option<PathBuf>,
    /// Write a page there that tells what came of it, with pictures: report.html
    #[arg(long, value_name = "PATH")]
    pub(crate) report: Option<PathBuf>,
}

impl Long {
    /// The campaign with what these flags ask for.
    pub(crate) fn of(&self, campaign: Campaign) -> Campaign {
        let until = match (self.for_time, self.virtual_time) {
            (Some(_), _) => Until::Enough,
            (None, Some(time)) => {
                Until::Lasted(Span::micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)))
            }
            (None, None) => Until::Runs,
        };
        Campaign {
            until,
            keep_going: campaign.keep_going || self.failures.is_some(),
            keeps: self.failures.map_or(campaign.keeps, usize::from),
            ..campaign
        }
    }
}
