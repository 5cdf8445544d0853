//! Guided campaigns: where their corpus is read and kept, and how a run whose plan was made can be
//! had again.

use std::fs;
use std::path::{Path, PathBuf};

use splitbrain::catalog::{AnyModel, Error, Request};
use splitbrain::counterexample::{read, write_whole};
use splitbrain::report::SimulateReport;
use splitbrain::simulate::{Campaign, Entry, Guidance};

use crate::arguments::{Saving, Simulate};
use crate::session::Problem;

/// How the campaign is guided, if it is: with what was kept in the folder that is named.
pub(super) fn guidance(
    model: &dyn AnyModel,
    request: &Request,
    simulate: &Simulate,
) -> Result<Option<Guidance>, Problem> {
    if !simulate.guided {
        return Ok(None);
    }
    let mut corpus = Vec::new();
    for path in simulate.corpus.as_deref().map_or(Ok(Vec::new()), files)? {
        let entry = model.read_entry(request, &read(&path)?).map_err(|error| match error {
            Error::Entry(error) => Problem(format!("{}: {error}", path.display())),
            other => other.into(),
        })?;
        corpus.push(entry);
    }
    Ok(Some(Guidance { corpus, ..Guidance::default() }))
}

/// The entries of a corpus, in order; none where there is no such folder yet.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let unreadable =
        |error| Problem(format!("cannot read the corpus {}: {error}", folder.display()));
    let mut files = Vec::new();
    for file in fs::read_dir(folder).map_err(unreadable)? {
        let path = file.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Writes what a campaign kept, and did not begin with, behind what is in the folder.
pub(super) fn keep(
    report: &SimulateReport,
    campaign: &Campaign,
    folder: Option<&Path>,
) -> Result<(), Problem> {
    let (Some(folder), Some(guided), Some(guidance)) = (folder, &report.guided, &campaign.guided)
    else {
        return Ok(());
    };
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    let last = files(folder)?.iter().filter_map(number).max().unwrap_or(0);
    let new = guided.corpus.iter().filter(|entry| !guidance.corpus.contains(entry));
    for (number, entry) in (last.saturating_add(1)..).zip(new) {
        write_whole(&folder.join(format!("{number:05}.toml")), &Entry::to_toml(entry))?;
    }
    Ok(())
}

/// Saves the plans of failing runs that were guided, and returns where each is: no seed draws them.
pub(super) fn failing_plans(
    report: &SimulateReport,
    saving: &Saving,
    name: &str,
) -> Result<Vec<Option<String>>, Problem> {
    let failures = report.failure.iter().chain(&report.other_failures);
    let saved = failures.enumerate().map(|(place, failure)| {
        let toml = failure.toml.as_ref().filter(|_| !saving.no_save);
        let Some(toml) = toml else { return Ok(None) };
        let told: String = failure.plan.lines().map(|line| format!("# {line}\n")).collect();
        let (run, seed) = (failure.run, failure.seed);
        let toml = format!("# run {run} of seed {seed}\n{told}\n{toml}");
        let number = if place == 0 { String::new() } else { format!("-{}", place + 1) };
        let path = Path::new(&saving.save).join(format!("{name}{number}.plan.toml"));
        write_whole(&path, &toml)?;
        Ok(Some(path.display().to_string()))
    });
    saved.collect()
}
