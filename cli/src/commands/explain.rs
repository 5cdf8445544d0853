//! `explain`: a saved counterexample as a diagram.

use serde_json::json;
use splitbrain::counterexample::{read, write_whole};
use splitbrain::explain::Story;

use crate::arguments::{Explain, Format};
use crate::print::{Mood, Page};
use crate::session::{Problem, Session, exit};

/// Tells a file.
pub(super) fn explain(session: &mut Session<'_>, explain: &Explain) -> Result<u8, Problem> {
    let text = read(&explain.file)?;
    let place = explain.file.display().to_string();
    let model = session.catalog.model_of(&text, &place)?;
    let story = model.story(&text, &place)?;
    let told = match explain.format {
        Format::Text => in_text(&story),
        Format::Svg => story.to_svg(),
    };
    if let Some(path) = &explain.out {
        write_whole(path, &told)?;
    }
    if session.json {
        session.say_json(&json!({
            "story": story, "format": explain.format.name(), "told": told, "written": explain.out,
            "steps_in_words": story.steps_in_words(),
        }))?;
    } else if let Some(path) = &explain.out {
        session.say(&format!("wrote {}\n", path.display()))?;
    } else {
        session.say(&told)?;
    }
    Ok(exit::HOLDS)
}

/// The diagram, and the steps in words below it.
pub(super) fn in_text(story: &Story) -> String {
    let mut page = Page::new(false);
    page.block(&story.to_text());
    page.gap();
    page.headline(Mood::Plain, "Step by step");
    page.gap();
    story.steps_in_words().iter().for_each(|step| page.line(step));
    page.done()
}
