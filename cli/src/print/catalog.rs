//! What there is: the list of models, and one model at length.

use splitbrain::catalog::{AnyModel, Catalog, Engine};

use super::{Mood, Page};

/// What an engine does with a scenario, in words.
pub(crate) fn engine_in_words(engine: Engine) -> &'static str {
    match engine {
        Engine::Explore => "explored",
        Engine::ExploreDeep => "explored with --deep",
        Engine::Simulate => "simulated",
    }
}

/// All models.
pub(crate) fn list(page: &mut Page, catalog: &Catalog, program: &str) {
    for model in catalog.models() {
        page.gap();
        page.headline(Mood::Plain, model.name());
        page.row_of(0, "", model.about());
        let scenarios = model.scenarios().iter().map(|one| {
            let how = engine_in_words(one.engine);
            (one.name, format!("{} ({how})", one.about))
        });
        let bugs = model.bugs().iter().map(|bug| (bug.name, bug.about.to_string()));
        let (scenarios, bugs): (Vec<_>, Vec<_>) = (scenarios.collect(), bugs.collect());
        let names = scenarios.iter().chain(&bugs).map(|(name, _)| name.len());
        let widest = names.max().unwrap_or_default();
        for (title, rows) in [("scenarios", scenarios), ("bugs", bugs)] {
            if !rows.is_empty() {
                page.gap();
                page.row_of(0, "", title);
            }
            for (name, text) in rows {
                page.row_of(widest + 4, &format!("  {name}"), &text);
            }
        }
    }
    match catalog.models().next() {
        Some(model) => {
            page.gap();
            let name = model.name();
            page.line(&format!(
                "`{program} show {name}` says more; `{program} check {name}` checks it."
            ));
        }
        None => page.line("The catalog has no models."),
    }
}

/// One model at length, but for its invariants and goals, which its scenarios know.
pub(crate) fn model(page: &mut Page, model: &dyn AnyModel) {
    page.headline(Mood::Plain, model.name());
    page.row_of(0, "", model.about());
    page.gap();
    page.row("source", model.source());
    page.row("not modelled", model.not_modelled().first().copied().unwrap_or_default());
    for left_out in model.not_modelled().iter().skip(1) {
        page.row("", left_out);
    }
    let parameters = model.parameters().iter().map(|one| {
        let (least, most, default) = (one.range.start(), one.range.end(), one.default);
        (format!("--{}", one.name), format!("{} ({least} to {most}, default {default})", one.about))
    });
    page.table("parameters", &parameters.collect::<Vec<_>>());
    let scenarios = model.scenarios().iter().map(|one| {
        let settings: Vec<String> =
            one.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let how = engine_in_words(one.engine);
        let with = match settings.is_empty() {
            true => String::new(),
            false => format!(": {}", settings.join(", ")),
        };
        (one.name.to_string(), format!("{} ({how}{with})", one.about))
    });
    page.table("scenarios", &scenarios.collect::<Vec<_>>());
}

/// The bugs of a model.
pub(crate) fn bugs(page: &mut Page, model: &dyn AnyModel) {
    let bugs = model.bugs().iter().map(|bug| {
        (bug.name.to_string(), format!("{} Breaks {}. ({})", bug.about, bug.invariant, bug.source))
    });
    page.table("bugs", &bugs.collect::<Vec<_>>());
}
