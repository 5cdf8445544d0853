//! `bugs --hits` and `bugs --guidance`: how often simulation finds each bug, and whether guidance
//! finds the hard ones sooner.

use std::path::Path;

use serde_json::json;
use splitbrain::catalog::{AnyModel, BugInfo, Request};
use splitbrain::counterexample::write_whole;
use splitbrain::simulate::{Campaign, Guidance};

use super::simulate::cores;
use crate::arguments::{Bugs, Ends};
use crate::print::measured::{self, Compared, Found, Hits};
use crate::progress::{Watch, interrupted, processor};
use crate::session::{Problem, Session, exit};

/// How many runs are made before it is asked again whether enough have failed.
const CHUNK: u64 = 500;

/// How many failing runs are enough to say how often runs fail.
const ENOUGH: u64 = 30;

/// Bugs that a blind campaign makes about a hundred runs for, or more: model and name.
const HARD: [(&str, &str); 20] = [
    ("raft", "stale-vote-count"),
    ("raft", "commit-old-term"),
    ("raft_membership", "single-server-no-barrier"),
    ("raft_membership", "config-not-rolled-back"),
    ("raft_extensions", "lease-drift"),
    ("raft_extensions", "lease-forgotten"),
    ("raft_extensions", "transfer-keeps-lease"),
    ("raft_extensions", "transfer-unchecked"),
    ("raft_extensions", "pre-vote-clears-vote"),
    ("paxos", "any-accepted"),
    ("paxos", "no-bump-on-accept"),
    ("paxos", "rephase2"),
    ("election", "bully-stale-coordinator"),
    ("lock", "renew-after-expiry"),
    ("replicated_lock", "async-failover"),
    ("replicated_lock", "redlock-restart"),
    ("primary_backup", "async-failover"),
    ("chain", "no-lives"),
    ("write_ahead_log", "applied-before-logged"),
    ("write_ahead_log", "recovered-unsynced"),
];

/// Every bug of the models asked for that simulation finds in reason.
fn simulated<'a>(
    session: &Session<'a>,
    bugs: &Bugs,
) -> Result<Vec<(&'a dyn AnyModel, &'static BugInfo)>, Problem> {
    let models: Vec<&dyn AnyModel> = match &bugs.model {
        Some(name) => vec![session.catalog.model(name)?],
        None => session.catalog.models().collect(),
    };
    let of = |model: &'a dyn AnyModel| model.bugs().iter().map(move |bug| (model, bug));
    let all = models.into_iter().flat_map(of);
    Ok(all.filter(|(model, bug)| model.why_only_explored(bug.name).is_none()).collect())
}

fn request(bug: &BugInfo) -> Request {
    Request {
        scenario: bug.simulated.0.to_string(),
        bug: Some(bug.name.to_string()),
        ..Request::default()
    }
}

fn ended() -> Result<(), Problem> {
    match interrupted() {
        true => Err(Problem("ended before every bug was tried; nothing is told".into())),
        false => Ok(()),
    }
}

/// Counts how many runs of each bug fail: until enough do, or as many are made as are asked for.
pub(super) fn hits(session: &mut Session<'_>, bugs: &Bugs, path: &Path) -> Result<u8, Problem> {
    let mut rows = Vec::new();
    for (model, bug) in simulated(session, bugs)? {
        let title = format!("{} {}", model.name(), bug.name);
        let mut watch = Watch::new(&title, &Ends::default(), session.progress)?;
        let (mut runs, mut failed) = (0, 0);
        while runs < bugs.runs && failed < ENOUGH {
            let campaign = Campaign {
                threads: cores(),
                only: Some(bug.invariant.to_string()),
                keep_going: true,
                first: runs,
                ..Campaign::new(CHUNK.min(bugs.runs - runs), bugs.seed)
            };
            let found = model.simulate(&request(bug), &campaign, None, &mut watch)?;
            (runs, failed) = (runs + found.runs, failed + found.failures);
            ended()?;
        }
        rows.push(Hits { model: model.name(), bug: bug.name, runs, failed });
    }
    let of = bugs.model.as_ref().map(|model| format!(" {model}")).unwrap_or_default();
    let command = format!(
        "{} bugs{of} --hits {} --runs {} --seed {}",
        session.program,
        path.display(),
        bugs.runs,
        bugs.seed
    );
    write_whole(path, &measured::hits(&rows, &command, bugs.runs, bugs.seed))?;
    told(session, &json!({ "hits": rows }), path)
}

/// Finds each hard bug from many seeds, with guidance and without.
pub(super) fn guidance(session: &mut Session<'_>, bugs: &Bugs, path: &Path) -> Result<u8, Problem> {
    let mut rows = Vec::new();
    if bugs.seed.checked_add(bugs.seeds).is_none() {
        return Err(Problem(format!("there are no {} seeds from {} on", bugs.seeds, bugs.seed)));
    }
    for (model, bug) in simulated(session, bugs)? {
        if !HARD.contains(&(model.name(), bug.name)) {
            continue;
        }
        let title = format!("{} {}", model.name(), bug.name);
        let mut watch = Watch::new(&title, &Ends::default(), session.progress)?;
        let mut until_found = |seed, guided| -> Result<(u64, u64), Problem> {
            // On one thread, whose processor time is what a campaign takes.
            let only = Some(bug.invariant.to_string());
            let campaign = Campaign { only, guided, ..Campaign::new(bugs.runs, seed) };
            let before = processor();
            let report = model.simulate(&request(bug), &campaign, None, &mut watch)?;
            let took = ((processor() - before) * 1e3) as u64;
            ended()?;
            // Who finds nothing stands behind all who do, and so does who was ended before.
            Ok((report.failure.map_or(bugs.runs + 1, |_| report.runs), took))
        };
        let (mut blind, mut guided) = (Found::default(), Found::default());
        for seed in bugs.seed..bugs.seed + bugs.seeds {
            blind.push(until_found(seed, None)?);
            guided.push(until_found(seed, Some(Guidance::default()))?);
        }
        rows.push(Compared { model: model.name(), bug: bug.name, blind, guided });
    }
    let of = bugs.model.as_ref().map(|model| format!(" {model}")).unwrap_or_default();
    let command = format!(
        "{} bugs{of} --guidance {} --seeds {} --runs {} --seed {}",
        session.program,
        path.display(),
        bugs.seeds,
        bugs.runs,
        bugs.seed
    );
    write_whole(path, &measured::guidance(&rows, &command, bugs.runs))?;
    told(session, &json!({ "guidance": rows }), path)
}

fn told(session: &mut Session<'_>, value: &serde_json::Value, path: &Path) -> Result<u8, Problem> {
    match session.json {
        true => session.say_json(value)?,
        false => session.say(&format!("written: {}\n", path.display()))?,
    }
    Ok(exit::HOLDS)
}
