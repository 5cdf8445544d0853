//! `check`: all scenarios of a model by the engines they are made for, or one bug by both.

use serde_json::{Value, json};
use splitbrain::catalog::{AnyModel, BugInfo, Engine};
use splitbrain::explore::Limits;
use splitbrain::shrink::Effort;
use splitbrain::simulate::Campaign;

use super::{Answer, explore, simulate};
use crate::arguments::{Asked, Check, Long};
use crate::print::{Mood, Page, of};
use crate::progress::interrupted;
use crate::session::{Problem, Session, exit};

/// One scenario to be checked by one engine.
struct Task<'a> {
    model: &'a dyn AnyModel,
    scenario: &'static str,
    engine: Engine,
    bug: Option<&'static BugInfo>,
}

/// Checks a model, a bug or everything.
pub(super) fn check(
    session: &mut Session<'_>,
    asked: &Asked,
    check: &Check,
) -> Result<u8, Problem> {
    let catalog = session.catalog;
    let models: Vec<&dyn AnyModel> = match &check.model {
        Some(name) => vec![catalog.model(name)?],
        None => catalog.models().collect(),
    };
    let mut tasks = Vec::new();
    let mut deeper = 0;
    for model in models {
        match &check.bug {
            Some(bug) => tasks.extend(tasks_of_bug(model, model.bug(bug)?)),
            None => deeper += tasks_of_model(model, check.deep, &mut tasks),
        }
    }
    // What makes no sense is said before anything takes its time.
    for task in &tasks {
        task.model.describe(&asked.request(task.scenario, task.bug.map(|bug| bug.name)))?;
    }
    let mut tally = Tally::default();
    if let (Some(bug), Some(name)) = (&check.bug, &check.model)
        && let Some(why) = catalog.model(name)?.why_only_explored(bug)
    {
        session.remark(&format!("`{bug}` is not simulated: {why}"));
    }
    for task in &tasks {
        if interrupted() {
            tally.unbegun += 1;
            continue;
        }
        let answer = answer(session, asked, check, task)?;
        if !session.json {
            session.say(&format!("{}\n", answer.page.text()))?;
        }
        tally.add(answer);
    }
    tally.report(session, deeper)
}

/// A bug is looked for by both engines, or by the one that finds it in reason.
fn tasks_of_bug<'a>(model: &'a dyn AnyModel, bug: &'static BugInfo) -> Vec<Task<'a>> {
    let task = |scenario, engine| Task { model, scenario, engine, bug: Some(bug) };
    let explored = task(bug.explored.0, Engine::Explore);
    match model.why_only_explored(bug.name) {
        Some(_) => vec![explored],
        None => vec![explored, task(bug.simulated.0, Engine::Simulate)],
    }
}

/// Adds the scenarios of a model, explored ones first, and returns how many are left to `--deep`.
fn tasks_of_model<'a>(model: &'a dyn AnyModel, deep: bool, tasks: &mut Vec<Task<'a>>) -> u64 {
    let mut left = 0;
    for engine in [Engine::Explore, Engine::ExploreDeep, Engine::Simulate] {
        for info in model.scenarios().iter().filter(|info| info.engine == engine) {
            if engine == Engine::ExploreDeep && !deep {
                left += 1;
            } else {
                tasks.push(Task { model, scenario: info.name, engine, bug: None });
            }
        }
    }
    left
}

fn answer(
    session: &mut Session<'_>,
    asked: &Asked,
    check: &Check,
    task: &Task<'_>,
) -> Result<Answer, Problem> {
    let request = asked.request(task.scenario, task.bug.map(|bug| bug.name));
    let only = task.bug.map(|bug| bug.invariant.to_string());
    let (ends, saving) = (&check.ends, &check.saving);
    match task.engine {
        Engine::Explore | Engine::ExploreDeep => {
            let limits = Limits { only, ..Limits::default() };
            explore::answer(session, task.model, &request, &limits, ends, saving)
        }
        Engine::Simulate => {
            let threads = simulate::cores();
            let usual = if task.bug.is_some() { 10_000 } else { 1_000 };
            let runs = check.runs.unwrap_or(usual);
            let campaign = Campaign { threads, only, ..Campaign::new(runs, check.seed) };
            let effort = Some(Effort::default());
            let what = (&campaign, None, None);
            let long = Long::default();
            simulate::answer(session, task.model, &request, what, effort, &long, ends, saving)
        }
    }
}

/// What came of all of them.
#[derive(Default)]
struct Tally {
    code: u8,
    values: Vec<Value>,
    /// How many ended with each exit code, by the code.
    by_code: [u64; 5],
    unbegun: u64,
    unsaved: Option<Problem>,
}

impl Tally {
    fn add(&mut self, answer: Answer) {
        self.code = exit::graver(self.code, answer.code);
        self.by_code[usize::from(answer.code)] += 1;
        self.values.push(answer.value);
        self.unsaved = self.unsaved.take().or(answer.unsaved);
    }

    fn report(mut self, session: &mut Session<'_>, deeper: u64) -> Result<u8, Problem> {
        if self.unbegun > 0 {
            self.code = exit::graver(self.code, exit::INCONCLUSIVE);
        }
        let code = if self.unsaved.is_some() { exit::MISTAKEN } else { self.code };
        if session.json {
            session.say_json(&json!({
                "checks": self.values, "unbegun": self.unbegun, "left_to_deep": deeper,
                "exit_code": code,
            }))?;
        } else {
            let mut page = Page::new(session.colour);
            self.summary(&mut page, deeper);
            session.say(&page.done())?;
        }
        if let Some(problem) = self.unsaved {
            session.remark(&format!("error: {}", problem.0));
        }
        Ok(code)
    }

    fn summary(&self, page: &mut Page, deeper: u64) {
        let words = [
            (exit::VIOLATED, "violated"),
            (exit::INCONCLUSIVE, "inconclusive or not reachable"),
            (exit::VACUOUS, "vacuous"),
            (exit::HOLDS, "holding"),
        ];
        let counted = words.iter().map(|(code, word)| (self.by_code[usize::from(*code)], word));
        let mut said: Vec<String> = counted
            .filter(|(times, _)| *times > 0)
            .map(|(times, word)| format!("{times} {word}"))
            .collect();
        if self.unbegun > 0 {
            said.push(format!("{} not begun", self.unbegun));
        }
        if said.is_empty() {
            said.push("nothing to check".to_string());
        }
        let mood = match self.code {
            exit::HOLDS => Mood::Good,
            exit::VIOLATED => Mood::Bad,
            _ => Mood::Unsure,
        };
        let checks: u64 = self.by_code.iter().sum::<u64>() + self.unbegun;
        page.headline(mood, &format!("{}: {}", of(checks, "check"), said.join(", ")));
        if deeper > 0 {
            page.line(&format!("{} left to --deep", of(deeper, "large scenario")));
        }
    }
}
