//! The models as pages of Markdown.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use splitbrain::catalog::{AnyModel, Catalog, Engine};
use splitbrain::report::SystemReport;

use super::catalog::engine_in_words;
use super::{count, of};

/// What exploration counts in a scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Figures {
    pub(crate) states: u64,
    pub(crate) transitions: u64,
    pub(crate) depth: u32,
}

/// What a model's picture shows.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) scenario: String,
    pub(crate) goal: String,
    /// What the goal says.
    pub(crate) sentence: String,
    /// How long the run is, in words.
    pub(crate) length: String,
}

/// The page that lists the models.
pub(crate) fn index(catalog: &Catalog, folder: &str, command: &str) -> String {
    let mut text = format!(
        "# The models\n\nEach model is a protocol as a pure state machine, with what must hold of \
         it, the systems it is checked in and its known bugs. These pages are written by `{command} \
         docs/models.md`, and held to the engines by `cargo test`; what it takes to find the bugs \
         is told in [bugs.md](bugs.md).\n\n| model | what it is | how it is checked |\n|---|---|---|\n"
    );
    for model in catalog.models() {
        let name = model.name();
        let bugs = of(model.bugs().len() as u64, "bug");
        let explored = model.scenarios().iter().filter(|info| info.engine != Engine::Simulate);
        let explored = of(explored.count() as u64, "scenario");
        let _ = writeln!(
            text,
            "| [{name}]({folder}/{name}.md) | {} | {explored} explored, {bugs} |",
            model.about(),
        );
    }
    text.push_str(
        "\n## What these checks say, and what they do not\n\n\
         Exploration goes through every order of everything that can happen within the bounds of a \
         scenario, which are printed with each verdict; simulation draws long runs of larger \
         clusters. Both are about *safety*: that something bad never happens.\n\n\
         That something good happens in the end is checked in three ways, and none is a proof of \
         liveness. *Quiet* invariants are asked in every explored world where no message waits for \
         a live node: they find a protocol that has stopped and cannot go on by itself. Invariants \
         of what *settles* make one timed run without further faults from everything that was \
         reached, and ask that all is well at some moment of it. And each simulated run ends with a \
         healed phase, in which the model's goal must be met within a stated virtual time. What only \
         fairness and cycles would find, such as two candidates that outbid each other for ever, is \
         beyond all three.\n",
    );
    text
}

/// The page of one model.
pub(crate) fn model(
    model: &dyn AnyModel,
    systems: &[SystemReport],
    figures: &BTreeMap<String, Figures>,
    picture: &Picture,
    program: &str,
) -> String {
    let name = model.name();
    let mut text = format!("# {name}\n\n{}\n\n*{}*\n\n", model.about(), model.source());
    let _ = write!(
        text,
        "![{goal}: {sentence}]({name}.svg)\n\n*{sentence} A shortest run to there within the bounds of \
         `{scenario}`, of {length}: `{program} reach {name} {goal} --scenario {scenario}`.*\n\n",
        goal = picture.goal,
        sentence = picture.sentence,
        scenario = picture.scenario,
        length = picture.length,
    );
    let prose = prose(model.prose());
    if !prose.is_empty() {
        let _ = write!(text, "## How it works\n\n{prose}\n");
    }
    text.push_str("## What is not modelled\n\n");
    for left_out in model.not_modelled() {
        let _ = writeln!(text, "- {left_out}");
    }
    promises(&mut text, model, systems);
    scenarios(&mut text, model, figures);
    bugs(&mut text, model);
    text
}

/// Invariants and goals, each once.
fn promises(text: &mut String, model: &dyn AnyModel, systems: &[SystemReport]) {
    text.push_str(
        "\n## What must hold\n\n| invariant | what it says | looks at | broken by |\n|---|---|---|---|\n",
    );
    let mut told: Vec<&str> = Vec::new();
    for (name, sentence, looks_at) in systems.iter().flat_map(|system| &system.invariants) {
        if told.contains(&name.as_str()) {
            continue;
        }
        told.push(name);
        let breakers = model.bugs().iter().filter(|bug| bug.invariant == name);
        let breakers: Vec<&str> = breakers.map(|bug| bug.name).collect();
        let _ = writeln!(text, "| {name} | {sentence} | {looks_at} | {} |", breakers.join(", "));
    }
    text.push_str("\n## What must be reachable\n\n| goal | what it says |\n|---|---|\n");
    let mut told: Vec<&str> = Vec::new();
    for goal in systems.iter().flat_map(|system| &system.goals) {
        let (name, sentence) = goal;
        if told.contains(&name.as_str()) {
            continue;
        }
        told.push(name);
        let is_explored =
            model.scenarios().iter().zip(systems).any(|(info, system)| {
                info.engine != Engine::Simulate && system.goals.contains(goal)
            });
        let only = if is_explored { "" } else { " (In simulation only.)" };
        let _ = writeln!(text, "| {name} | {sentence}{only} |");
    }
}

/// Where the figures of a scenario are not known.
const UNKNOWN: &str = "–";

fn scenarios(text: &mut String, model: &dyn AnyModel, figures: &BTreeMap<String, Figures>) {
    text.push_str(
        "\n## Where it is checked\n\nStates are those that exploration stores; mail that is proved \
         to change nothing any more is forgotten.\n\n| scenario | what it shows | how | with | \
         states | transitions | depth |\n|---|---|---|---|---|---|---|\n",
    );
    for info in model.scenarios() {
        let settings: Vec<String> =
            info.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let figures = figures.get(info.name);
        let figure = |of: fn(&Figures) -> u64| match figures {
            Some(figures) => count(of(figures)),
            None => UNKNOWN.to_string(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            info.name,
            info.about,
            engine_in_words(info.engine),
            settings.join(", "),
            figure(|figures| figures.states),
            figure(|figures| figures.transitions),
            figure(|figures| u64::from(figures.depth)),
        );
    }
}

fn bugs(text: &mut String, model: &dyn AnyModel) {
    text.push_str(
        "\n## Its known bugs\n\n| bug | what goes wrong | breaks | source |\n|---|---|---|---|\n",
    );
    for bug in model.bugs() {
        let (model, name) = (model.name(), bug.name);
        let _ = writeln!(
            text,
            "| [{name}](../../counterexamples/{model}-{name}.json) | {} | {} | {} |",
            bug.about, bug.invariant, bug.source
        );
    }
}

/// The first comment of a module as Markdown, up to where it says what is not modelled, and without
/// its first paragraph, which says what the model is, as the head of the page does.
fn prose(source: &str) -> String {
    let comment = source.lines().map_while(|line| line.strip_prefix("//!"));
    let lines = comment.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let told = lines.take_while(|line| !line.starts_with("Not modelled"));
    let mut prose = String::new();
    for line in told.skip_while(|line| !line.is_empty()) {
        // Its headings are below those of the page.
        if line.starts_with('#') {
            prose.push_str("##");
        }
        prose.push_str(&without_links(line));
        prose.push('\n');
    }
    match prose.trim() {
        "" => String::new(),
        told => format!("{told}\n"),
    }
}

/// Links between items of code lead nowhere on a page.
fn without_links(line: &str) -> String {
    let mut rest = line;
    let mut plain = String::new();
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((code, after)) = link.split_once("`]") else { break };
        plain.push_str(before);
        let _ = write!(plain, "`{code}`");
        // A link with a target: `[`text`](path)`.
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    plain.push_str(rest);
    without_paths(&plain)
}

/// The same of links whose target is a path of code: `[option](super::Options)`.
fn without_paths(line: &str) -> String {
    let Some((before, target)) = line.split_once("](") else { return line.to_string() };
    let (Some((head, text)), Some((path, after))) =
        (before.rsplit_once('['), target.split_once(')'))
    else {
        return line.to_string();
    };
    let rest = without_paths(after);
    match path.contains("::") {
        true => format!("{head}{text}{rest}"),
        false => format!("{before}]({path}){rest}"),
    }
}

/// The figures that a page has, by scenario.
pub(crate) fn figures(page: &str) -> BTreeMap<String, Figures> {
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, scenario, .., states, transitions, depth, _] = cells[..] else { return None };
        let number = |cell: &str| cell.replace(',', "").parse::<u64>().ok();
        let figures = Figures {
            states: number(states)?,
            transitions: number(transitions)?,
            depth: u32::try_from(number(depth)?).ok()?,
        };
        Some((scenario.to_string(), figures))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_ends_where_the_code_begins_and_has_no_links_into_it() {
        let source = "//! A lock.\n//!\n//! See [`Lock`], [`take`](Lock::take), [it](super::it).\n//!\n\
                      //! # Why\n//!\n//! Not modelled: time.\n\nmod bugs;\n";
        assert_eq!(prose(source), "See `Lock`, `take`, it.\n\n### Why\n");
        assert_eq!(prose("//! A lock.\n\nmod bugs;\n"), "");
    }

    #[test]
    fn figures_are_read_from_a_page() {
        let page = "| small | A | explored | | 1,436 | 4,410 | 18 |\n| storm | B | simulated | | – | – | – |\n";
        let small = Figures { states: 1_436, transitions: 4_410, depth: 18 };
        assert_eq!(figures(page), BTreeMap::from([("small".to_string(), small)]));
    }
}
