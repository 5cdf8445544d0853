//! The rows of the table: each measured in a process of its own, so that its memory and its
//! processor time are its own, and their counts held to each other.

use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::engines::{Engine, search};
use super::measure::{Counts, Measured, Outcome};
use super::works::Work;
use crate::print::count;

/// One engine at one work.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The engine.
    pub engine: Engine,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl Row {
    /// What was measured, if anything was.
    pub fn measured(&self) -> Option<&Measured> {
        match &self.outcome {
            Outcome::Measured(measured) => Some(measured),
            Outcome::Unavailable { .. } | Outcome::Failed { .. } => None,
        }
    }

    /// What it took, in the seconds that count for it: one thread's are those of the processor,
    /// which others on the machine disturb least; several threads' are those of the clock, for what
    /// they are there for is to end sooner.
    pub fn seconds(&self) -> Option<f64> {
        let measured = self.measured()?;
        Some(if self.engine.threads() > 1 { measured.clock } else { measured.seconds })
    }
}

/// Measures a row in this process.
///
/// # Errors
/// There is no such engine; the sentence names those there are.
pub fn here(work: &Work, engine: &str) -> Result<Row, String> {
    let found = Engine::ALL.into_iter().find(|one| one.id() == engine);
    let engine = found.ok_or_else(|| {
        let ids: Vec<&str> = Engine::ALL.into_iter().map(Engine::id).collect();
        format!("there is no engine `{engine}`; choose one of: {}", ids.join(", "))
    })?;
    Ok(Row { engine, outcome: search(work.subject, engine) })
}

/// Measures a row in a process of its own, so many times; the fastest counts.
pub fn apart(work: &Work, engine: Engine, times: u16) -> Row {
    let mut best: Option<Measured> = None;
    for _ in 0..times {
        let outcome = once(work, engine).unwrap_or_else(|why| Outcome::Failed { why });
        let Outcome::Measured(measured) = outcome else { return Row { engine, outcome } };
        if let Some(before) = best.filter(|before| before.counts != measured.counts) {
            let (one, other) = (in_words(before.counts), in_words(measured.counts));
            let why = format!("it counts {one} the one time, {other} the other");
            return Row { engine, outcome: Outcome::Failed { why } };
        }
        let faster = |best: Measured| match engine.threads() {
            0..=1 => measured.seconds < best.seconds,
            _ => measured.clock < best.clock,
        };
        if best.is_none_or(faster) {
            best = Some(measured);
        }
    }
    let outcome = best.map_or_else(
        || Outcome::Failed { why: "it was not run at all".to_string() },
        Outcome::Measured,
    );
    Row { engine, outcome }
}

fn once(work: &Work, engine: Engine) -> Result<Outcome, String> {
    let program = std::env::current_exe()
        .map_err(|error| format!("this program cannot be started again: {error}"))?;
    let ran = Command::new(program)
        .args(["bench", "--row", work.name, engine.id()])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("this program cannot be started again: {error}"))?;
    let said = String::from_utf8_lossy(&ran.stdout);
    match serde_json::from_str::<Row>(said.trim()) {
        Ok(row) => Ok(row.outcome),
        Err(_) => {
            let complaint = String::from_utf8_lossy(&ran.stderr);
            let last = complaint.lines().last().unwrap_or("it said nothing");
            Err(format!("its process ended with {}: {last}", ran.status))
        }
    }
}

/// Where counts of a work differ that should be the same, a sentence each. Without published counts
/// the first engine that ran is the measure.
pub fn differences(work: &Work, rows: &[Row]) -> Vec<String> {
    let measured = || rows.iter().filter_map(|row| Some((row.engine, row.measured()?.counts)));
    let published = work.counts.map(|counts| (counts, "what is published".to_string()));
    let first = measured().next().map(|(engine, counts)| (counts, engine.name().to_string()));
    let Some((right, whose)) = published.or(first) else { return Vec::new() };
    let differs = |counts: &Counts| {
        let depths = counts.depth.zip(right.depth);
        (counts.states, counts.transitions) != (right.states, right.transitions)
            || depths.is_some_and(|(one, other)| one != other)
    };
    measured()
        .filter(|(_, counts)| differs(counts))
        .map(|(engine, counts)| {
            format!(
                "{}: {} counts {}, but {whose} is {}: one of them searches something else",
                work.name,
                engine.name(),
                in_words(counts),
                in_words(right)
            )
        })
        .collect()
}

/// Counts in words.
pub(crate) fn in_words(counts: Counts) -> String {
    let depth = counts.depth.map(|depth| format!(", depth {depth}")).unwrap_or_default();
    format!("{} states, {} transitions{depth}", count(counts.states), count(counts.transitions))
}

/// How many times as long a row took as this project's explorer took for the same work on one
/// thread. Like is compared with like: with several threads, the clock's seconds of both.
pub fn slower(row: &Row, rows: &[Row]) -> Option<f64> {
    let ours = rows.iter().find(|row| row.engine == Engine::Splitbrain)?.measured()?;
    let ours = if row.engine.threads() > 1 { ours.clock } else { ours.seconds };
    Some(row.seconds()? / ours.max(f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::works::work;

    fn row(engine: Engine, states: u64, depth: Option<u32>) -> Row {
        let counts = Counts { states, transitions: 32_970, depth };
        let measured = Measured { counts, seconds: 2.0, clock: 3.0, bytes: None };
        Row { engine, outcome: Outcome::Measured(measured) }
    }

    #[test]
    fn a_count_that_differs_from_what_is_published_is_a_difference() {
        let paxos = work("paxos-2").expect("a work");
        let right = row(Engine::Splitbrain, 16_668, Some(20));
        let blind = row(Engine::StaterightDfs, 16_668, None);
        assert_eq!(differences(paxos, &[right.clone(), blind]), [""; 0]);
        for wrong in [
            row(Engine::StaterightBfs, 16_667, Some(20)),
            row(Engine::StaterightBfs, 16_668, Some(19)),
        ] {
            let found = differences(paxos, &[right.clone(), wrong]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("paxos-2: Stateright BFS counts 16,66"), "{found:?}");
        }
    }

    #[test]
    fn where_nothing_is_published_engines_are_held_to_each_other() {
        let raft = work("raft-crash").expect("a work");
        let rows = |other| [row(Engine::Splitbrain, 5, None), row(Engine::AdapterBfs, other, None)];
        assert_eq!(differences(raft, &rows(5)), [""; 0]);
        assert_eq!(differences(raft, &rows(6)).len(), 1);
        assert_eq!(differences(raft, &[]), [""; 0]);
    }

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let unavailable = Outcome::Unavailable { why: "no".to_string() };
        for row in
            [row(Engine::Plain, 7, Some(3)), Row { engine: Engine::Spin, outcome: unavailable }]
        {
            let text = serde_json::to_string(&row).expect("a line");
            assert_eq!(serde_json::from_str::<Row>(&text).expect("a row"), row, "{text}");
        }
    }

    #[test]
    fn ratios_are_to_our_own_explorer() {
        let rows = [row(Engine::Splitbrain, 1, None), row(Engine::Spin, 1, None)];
        assert_eq!(slower(&rows[1], &rows), Some(1.0));
        assert_eq!(slower(&rows[1], &rows[1..]), None);
    }

    #[test]
    fn several_threads_are_compared_by_the_clock() {
        let (one, mut two) = (row(Engine::Splitbrain, 1, None), row(Engine::TwoThreads, 1, None));
        let Outcome::Measured(measured) = &mut two.outcome else { unreachable!("it is one") };
        (measured.seconds, measured.clock) = (2.4, 1.5);
        assert_eq!((one.seconds(), two.seconds()), (Some(2.0), Some(1.5)));
        assert_eq!(slower(&two, &[one, two.clone()]), Some(0.5));
    }

    #[test]
    fn every_engine_is_called_in_json_as_between_processes() {
        for engine in Engine::ALL {
            assert_eq!(serde_json::json!(engine), serde_json::json!(engine.id()));
        }
    }
}
