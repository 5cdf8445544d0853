//! `list --markdown`: a page for each model, with its picture and the figures of its scenarios.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::json;
use splitbrain::catalog::{AnyModel, Engine, Request};
use splitbrain::counterexample::write_whole;
use splitbrain::explain::Story;
use splitbrain::explore::Limits;
use splitbrain::report::SystemReport;

use crate::arguments::Ends;
use crate::print::length;
use crate::print::pages::{self, Figures, Picture};
use crate::progress::{Watch, interrupted};
use crate::session::{Problem, Session, exit};

/// Writes the page at that path and the models' pages in the folder beside it.
pub(super) fn write(session: &mut Session<'_>, path: &Path, deep: bool) -> Result<u8, Problem> {
    let folder = path.with_extension("");
    let folder_name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = Vec::new();
    for model in session.catalog.models() {
        let page = folder.join(model.name()).with_extension("md");
        // A page that is not there yet has no figures to keep.
        let before = std::fs::read_to_string(&page).unwrap_or_default();
        let (systems, figures) = counted(session, model, deep, &pages::figures(&before))?;
        let (picture, story) = picture(session, model)?;
        let text = pages::model(model, &systems, &figures, &picture, session.program);
        files.push((page, text));
        files.push((folder.join(model.name()).with_extension("svg"), story.to_svg()));
    }
    let command = format!("{} list --markdown", session.program);
    files.push((path.to_path_buf(), pages::index(session.catalog, &folder_name, &command)));
    let mut written = Vec::new();
    for (path, text) in &files {
        write_whole(path, text)?;
        written.push(path.display().to_string());
    }
    match session.json {
        true => session.say_json(&json!({ "written": written }))?,
        false => session.say(&format!("wrote {}\n", written.join("\nwrote ")))?,
    }
    Ok(exit::HOLDS)
}

type Counted = (Vec<SystemReport>, BTreeMap<String, Figures>);

/// The systems of a model's scenarios, and what exploration counts in those that it explores.
fn counted(
    session: &Session<'_>,
    model: &dyn AnyModel,
    deep: bool,
    before: &BTreeMap<String, Figures>,
) -> Result<Counted, Problem> {
    let (mut systems, mut figures) = (Vec::new(), BTreeMap::new());
    for info in model.scenarios() {
        let request = Request { scenario: info.name.to_string(), ..Request::default() };
        systems.push(model.describe(&request)?);
        let counts = match info.engine {
            Engine::Simulate => continue,
            Engine::ExploreDeep if !deep => {
                if let Some(kept) = before.get(info.name) {
                    figures.insert(info.name.to_string(), kept.clone());
                }
                continue;
            }
            Engine::Explore | Engine::ExploreDeep => {
                let title = format!("{} {}", model.name(), info.name);
                let mut watch = Watch::new(&title, &Ends::default(), session.progress)?;
                model.explore(&request, &Limits::default(), &mut watch)?
            }
        };
        if interrupted() {
            return Err(Problem("ended before every model was done; nothing is written".into()));
        }
        if !counts.verdict.holds() {
            return Err(Problem(format!(
                "`{model} {scenario}` is not shown to hold, so no page is written: {}; \
                 `{program} explore {model} --scenario {scenario}` says more",
                counts.verdict,
                model = model.name(),
                scenario = info.name,
                program = session.program,
            )));
        }
        let counts = Figures {
            states: counts.states as u64,
            transitions: counts.transitions,
            depth: counts.depth,
        };
        figures.insert(info.name.to_string(), counts);
    }
    Ok((systems, figures))
}

/// A shortest run to the goal that the model names for its picture.
fn picture(session: &Session<'_>, model: &dyn AnyModel) -> Result<(Picture, Story), Problem> {
    let (scenario, goal) = match model.picture() {
        Some((scenario, goal)) => (scenario.to_string(), goal.to_string()),
        None => {
            let scenario = model.first_for(Engine::Explore)?.name.to_string();
            let request = Request { scenario: scenario.clone(), ..Request::default() };
            let goals = model.describe(&request)?.goals;
            let (goal, _) = goals.into_iter().next_back().ok_or_else(|| {
                Problem(format!("`{} {scenario}` has no goal to picture", model.name()))
            })?;
            (scenario, goal)
        }
    };
    let request = Request { scenario: scenario.clone(), ..Request::default() };
    let title = format!("{} {scenario}", model.name());
    let mut watch = Watch::new(&title, &Ends::default(), session.progress)?;
    let story = model.reach(&request, &goal, &Limits::default(), &mut watch)?;
    let goals = model.describe(&request)?.goals;
    let sentence = goals.into_iter().find(|(name, _)| *name == goal).map(|(_, said)| said);
    let length = length(&story);
    Ok((Picture { scenario, goal, sentence: sentence.unwrap_or_default(), length }, story))
}
