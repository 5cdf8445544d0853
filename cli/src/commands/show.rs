//! `show`: one model at length.

use serde_json::json;
use splitbrain::catalog::{AnyModel, Engine, Request};
use splitbrain::report::SystemReport;

use crate::arguments::Show;
use crate::print::{Mood, Page, catalog};
use crate::session::{Problem, Session, exit};

/// Shows a model, a scenario of it or a bug of it.
pub(super) fn show(session: &mut Session<'_>, show: &Show) -> Result<u8, Problem> {
    let model = session.catalog.model(&show.model)?;
    let systems = systems(model, show)?;
    if session.json {
        let mut value = super::list::in_json(model);
        value["systems"] = json!(systems);
        session.say_json(&value)?;
        return Ok(exit::HOLDS);
    }
    let mut page = Page::new(session.colour);
    match (&show.scenario, &show.bug) {
        (None, None) => {
            catalog::model(&mut page, model);
            promises(&mut page, model, &systems)?;
            catalog::bugs(&mut page, model);
        }
        (_, Some(bug)) => {
            bug_at_length(&mut page, model, bug)?;
            systems.iter().for_each(|system| bounds(&mut page, system));
        }
        (Some(name), None) => {
            let scenario = model.scenario(name)?;
            page.headline(Mood::Plain, &format!("{} {}", model.name(), scenario.name));
            page.row_of(0, "", scenario.about);
            systems.iter().for_each(|system| bounds(&mut page, system));
            promises(&mut page, model, &systems)?;
        }
    }
    session.say(&page.done())?;
    Ok(exit::HOLDS)
}

/// The systems that are meant: of the scenario named, of those that expose the bug, or all.
fn systems(model: &dyn AnyModel, show: &Show) -> Result<Vec<SystemReport>, Problem> {
    let bug = show.bug.as_deref().map(|bug| model.bug(bug)).transpose()?;
    let mut scenarios: Vec<&str> = match (&show.scenario, bug) {
        (Some(scenario), _) => vec![scenario],
        (None, Some(bug)) => match model.why_only_explored(bug.name) {
            Some(_) => vec![bug.explored.0],
            None => vec![bug.explored.0, bug.simulated.0],
        },
        (None, None) => model.scenarios().iter().map(|one| one.name).collect(),
    };
    scenarios.dedup();
    let described = scenarios.iter().map(|scenario| {
        let scenario = (*scenario).to_string();
        let bug = bug.map(|bug| bug.name.to_string());
        Ok(model.describe(&Request { scenario, bug, ..Request::default() })?)
    });
    described.collect()
}

/// The bounds of a scenario.
fn bounds(page: &mut Page, system: &SystemReport) {
    page.gap();
    page.row("scenario", &system.scenario);
    crate::print::parameters(page, system);
    let mut label = "bounds";
    for bound in &system.bounds {
        page.row(label, bound);
        label = "";
    }
}

/// The invariants and goals of these systems, each once; goals of progress of those simulated.
fn promises(
    page: &mut Page,
    model: &dyn AnyModel,
    systems: &[SystemReport],
) -> Result<(), Problem> {
    let mut invariants: Vec<(String, String)> = Vec::new();
    let mut goals: Vec<(String, String)> = Vec::new();
    let mut progress: Vec<(String, String)> = Vec::new();
    for system in systems {
        for (name, sentence, _) in &system.invariants {
            let row = (name.clone(), sentence.clone());
            if !invariants.contains(&row) {
                invariants.push(row);
            }
        }
        let simulated = model.scenario(&system.scenario)?.engine == Engine::Simulate;
        if let Some((name, sentence, within)) = system.progress.as_ref().filter(|_| simulated) {
            let row =
                (name.clone(), format!("{sentence} In each run within {within} after its storm."));
            if !progress.contains(&row) {
                progress.push(row);
            }
        }
        for row in &system.goals {
            if !goals.contains(row) {
                goals.push(row.clone());
            }
        }
    }
    page.table("invariants", &invariants);
    page.table("goals", &goals);
    page.table("progress", &progress);
    Ok(())
}

fn bug_at_length(page: &mut Page, model: &dyn AnyModel, bug: &str) -> Result<(), Problem> {
    let bug = model.bug(bug)?;
    page.headline(Mood::Plain, &format!("{} {}", model.name(), bug.name));
    page.row_of(0, "", bug.about);
    page.gap();
    page.row("source", bug.source);
    page.row("breaks", bug.invariant);
    if let Some(why) = model.why_only_explored(bug.name) {
        page.row("not simulated", why);
    }
    Ok(())
}
