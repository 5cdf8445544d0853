//! What a search took: its processor time and its memory, as the system tells them in `/proc`.
//!
//! Processor time is told in ticks of 10 ms. A search that takes less than a second is given the
//! seconds of the clock instead, which on one thread are nearly the same and finer. Several threads
//! spend more processor time than one and still end sooner: for them the clock is what counts, so
//! it is measured as well ([`Row::seconds`](super::rows::Row::seconds) chooses). Memory is the
//! most that the process ever had resident, less what it had before the search. Where there is no
//! `/proc`, memory is not measured and the clock's seconds are all there is.

use serde::{Deserialize, Serialize};

use crate::progress::Stopwatch;

/// What an engine counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Counts {
    /// Different states.
    pub states: u64,
    /// Steps from them, to new states and known ones.
    pub transitions: u64,
    /// The most steps that a shortest path to a state has, where the engine knows.
    pub depth: Option<u32>,
}

/// What a search counted, and what it took.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Measured {
    /// What it counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Its processor time in seconds; those of the clock where they are too few to be told finely.
    pub seconds: f64,
    /// The seconds of the clock.
    pub clock: f64,
    /// Its memory in bytes, where it can be measured.
    pub bytes: Option<u64>,
}

/// What became of a row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The search ran to its end.
    Measured(Measured),
    /// The engine is not there; how to get it.
    Unavailable {
        /// A sentence.
        why: String,
    },
    /// The search did not run to its end, or says that something does not hold.
    Failed {
        /// A sentence.
        why: String,
    },
}

/// Whose processor time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Whose {
    /// This process's own.
    Own,
    /// That of the processes it has started and waited for.
    Children,
}

/// Ticks in a second, as Linux tells processor time on every common machine.
const TICKS: f64 = 100.0;
/// From here on processor time is told finely enough: one tick is a hundredth.
const FINE: f64 = 1.0;

/// A measurement under way.
pub(super) struct Meter {
    clock: Stopwatch,
    whose: Whose,
    processor: Option<f64>,
    resident: Option<u64>,
}

impl Meter {
    pub(super) fn start(whose: Whose) -> Meter {
        let resident = memory("VmRSS:");
        Meter { clock: Stopwatch::start(), whose, processor: processor(whose), resident }
    }

    /// The seconds since it was started: of the processor, if they are enough to be told finely,
    /// and of the clock.
    pub(super) fn seconds(&self) -> (f64, f64) {
        let clock = self.clock.seconds();
        let spent = processor(self.whose).zip(self.processor).map(|(now, then)| now - then);
        (spent.filter(|spent| *spent >= FINE).unwrap_or(clock), clock)
    }

    /// The most memory this process had since it was started, beyond what it had then.
    pub(super) fn bytes(&self) -> Option<u64> {
        Some(memory("VmHWM:")?.saturating_sub(self.resident?))
    }
}

/// Runs a search in this process and measures it.
pub(super) fn measured(search: impl FnOnce() -> Result<Counts, String>) -> Outcome {
    let meter = Meter::start(Whose::Own);
    match search() {
        Ok(counts) => {
            let ((seconds, clock), bytes) = (meter.seconds(), meter.bytes());
            Outcome::Measured(Measured { counts, seconds, clock, bytes })
        }
        Err(why) => Outcome::Failed { why },
    }
}

/// Processor time so far, in seconds, where the system tells it.
fn processor(whose: Whose) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/stat").ok()?;
    processor_in(&text, whose)
}

/// The processor time in a line of `/proc/self/stat`: user and system, own or of children.
fn processor_in(text: &str, whose: Whose) -> Option<f64> {
    // The second field is the program's name in parentheses, and may hold spaces of its own.
    let (_, behind_name) = text.rsplit_once(')')?;
    let first = match whose {
        Whose::Own => 11,
        Whose::Children => 13,
    };
    let ticks = behind_name.split_whitespace().skip(first).take(2);
    let ticks: Vec<f64> = ticks.filter_map(|field| field.parse().ok()).collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS)
}

/// A line of `/proc/self/status` that is told in kilobytes, in bytes.
fn memory(label: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(label))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let fields = "S 1 2 3 4 5 6 7 8 9 10 250 50 700 7 20 0";
        for name in ["bench", "a b", "x) y"] {
            let text = format!("42 ({name}) {fields}");
            assert_eq!(processor_in(&text, Whose::Own), Some(3.0), "{name}");
            assert_eq!(processor_in(&text, Whose::Children), Some(7.07), "{name}");
        }
        assert_eq!(processor_in("42 (bench) S 1", Whose::Own), None);
    }
}
