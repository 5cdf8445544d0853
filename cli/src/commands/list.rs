//! `list`: the models, their scenarios and their known bugs.

use serde_json::{Value, json};
use splitbrain::catalog::{AnyModel, Engine};

use crate::arguments::List;
use crate::print::{Page, catalog};
use crate::session::{Problem, Session, exit};

/// Lists the catalog.
pub(super) fn list(session: &mut Session<'_>, list: &List) -> Result<u8, Problem> {
    if let Some(path) = &list.markdown {
        return super::pages::write(session, path, list.deep);
    }
    if session.json {
        let models: Vec<Value> = session.catalog.models().map(in_json).collect();
        session.say_json(&json!({ "models": models }))?;
    } else {
        let mut page = Page::new(session.colour);
        catalog::list(&mut page, session.catalog, session.program);
        session.say(&page.done())?;
    }
    Ok(exit::HOLDS)
}

/// A model as data.
pub(super) fn in_json(model: &dyn AnyModel) -> Value {
    let settings = |settings: &[(&'static str, u64)]| -> Value {
        settings.iter().map(|(name, value)| ((*name).to_string(), json!(value))).collect()
    };
    let parameters = model.parameters().iter().map(|one| {
        let (least, most) = (one.range.start(), one.range.end());
        json!({
            "name": one.name, "about": one.about, "default": one.default,
            "least": least, "most": most,
        })
    });
    let scenarios = model.scenarios().iter().map(|one| {
        json!({
            "name": one.name, "about": one.about, "engine": engine(one.engine),
            "settings": settings(one.settings),
        })
    });
    let exposed = |exposed: (&str, &[(&'static str, u64)])| {
        let (scenario, values) = exposed;
        json!({ "scenario": scenario, "settings": settings(values) })
    };
    let bugs = model.bugs().iter().map(|bug| {
        let mut told = json!({
            "name": bug.name, "about": bug.about, "source": bug.source,
            "invariant": bug.invariant, "explored": exposed(bug.explored),
        });
        match model.why_only_explored(bug.name) {
            Some(why) => told["only_explored"] = json!(why),
            None => told["simulated"] = exposed(bug.simulated),
        }
        told
    });
    json!({
        "name": model.name(), "about": model.about(), "source": model.source(),
        "not_modelled": model.not_modelled(), "parameters": parameters.collect::<Vec<_>>(),
        "scenarios": scenarios.collect::<Vec<_>>(), "bugs": bugs.collect::<Vec<_>>(),
    })
}

fn engine(engine: Engine) -> &'static str {
    match engine {
        Engine::Explore => "explore",
        Engine::ExploreDeep => "explore_deep",
        Engine::Simulate => "simulate",
    }
}
