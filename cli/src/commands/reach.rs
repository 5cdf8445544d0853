//! `reach`: a shortest run that reaches a goal.

use serde_json::json;
use splitbrain::catalog::{AnyModel, Engine, Request, choose_among};
use splitbrain::counterexample::write_whole;
use splitbrain::explore::Limits;

use crate::arguments::{Asked, Format, Reach};
use crate::print::{Mood, Page, length};
use crate::progress::{Watch, memory_limit};
use crate::session::{Problem, Session, exit};

/// Looks for the run and shows it.
pub(super) fn reach(
    session: &mut Session<'_>,
    asked: &Asked,
    reach: &Reach,
) -> Result<u8, Problem> {
    let model = session.catalog.model(&reach.model)?;
    let scenario = match &reach.scenario {
        Some(scenario) => scenario.clone(),
        None => scenario_with(model, &reach.goal)?,
    };
    let request = asked.request(&scenario, None);
    let title = format!("{} {scenario}", model.name());
    let mut watch = Watch::new(&title, &reach.ends, session.progress)?;
    let bytes = memory_limit(&reach.ends).map(|bytes| bytes as usize);
    let limits = Limits { bytes, ..Limits::default() };
    let story = model.reach(&request, &reach.goal, &limits, &mut watch)?;
    drop(watch);
    let told = match reach.format {
        Format::Text => super::explain::in_text(&story),
        Format::Svg => story.to_svg(),
    };
    if let Some(path) = &reach.out {
        write_whole(path, &told)?;
    }
    let sentence = sentence_of(model, &request, &reach.goal)?;
    if session.json {
        session.say_json(&json!({
            "goal": reach.goal, "sentence": sentence, "scenario": scenario,
            "steps": story.steps.len(), "story": story, "format": reach.format.name(), "told": told,
            "written": reach.out, "steps_in_words": story.steps_in_words(),
        }))?;
    } else if let Some(path) = &reach.out {
        session.say(&format!("wrote {}\n", path.display()))?;
    } else if reach.format == Format::Svg {
        session.say(&told)?;
    } else {
        let mut page = Page::new(session.colour);
        let length = length(&story);
        let headline = format!("{}: {sentence} ({length}, the fewest in {scenario})", reach.goal);
        page.headline(Mood::Good, &headline);
        page.gap();
        page.block(&told);
        session.say(&page.done())?;
    }
    Ok(exit::HOLDS)
}

/// The first explored scenario that has this goal.
fn scenario_with(model: &dyn AnyModel, goal: &str) -> Result<String, Problem> {
    let mut goals: Vec<String> = Vec::new();
    for engine in [Engine::Explore, Engine::ExploreDeep] {
        for info in model.scenarios().iter().filter(|info| info.engine == engine) {
            let scenario = info.name.to_string();
            let system = model.describe(&Request { scenario, ..Request::default() })?;
            for (name, _) in system.goals {
                if name == goal {
                    return Ok(info.name.to_string());
                }
                if !goals.contains(&name) {
                    goals.push(name);
                }
            }
        }
    }
    Err(Problem(format!(
        "no explored scenario of `{}` has the goal `{goal}`; {}",
        model.name(),
        choose_among(&goals.iter().map(String::as_str).collect::<Vec<_>>(), goal)
    )))
}

/// What a goal says.
fn sentence_of(model: &dyn AnyModel, request: &Request, goal: &str) -> Result<String, Problem> {
    let system = model.describe(request)?;
    let found = system.goals.into_iter().find(|(name, _)| name == goal);
    Ok(found.map(|(_, sentence)| sentence).unwrap_or_default())
}
