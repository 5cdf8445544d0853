//! `simulate`: many runs of one scenario under drawn faults.

use std::path::Path;

use serde_json::json;
use splitbrain::catalog::{AnyModel, Engine, Error, Request};
use splitbrain::counterexample::read;
use splitbrain::report::SimulateReport;
use splitbrain::shrink::Effort;
use splitbrain::simulate::{Campaign, Plans};

use super::{Answer, file_name, guided};
use crate::arguments::{Asked, Ends, Saving, Simulate};
use crate::print::simulate::Beside;
use crate::print::{self, Page};
use crate::progress::Watch;
use crate::session::{Problem, Session, code_of, exit};

/// Simulates a scenario.
pub(super) fn simulate(
    session: &mut Session<'_>,
    asked: &Asked,
    simulate: &Simulate,
) -> Result<u8, Problem> {
    let model = session.catalog.model(&simulate.model)?;
    let bug = simulate.bug.as_deref().map(|bug| model.bug(bug)).transpose()?;
    let scenario = match (&simulate.scenario, bug) {
        (Some(scenario), _) => scenario.as_str(),
        (None, Some(bug)) => bug.simulated.0,
        (None, None) => model.first_for(Engine::Simulate)?.name,
    };
    let request = asked.request(scenario, simulate.bug.as_deref());
    super::explore::known_invariant(model, &request, simulate.only.as_deref())?;
    if simulate.first_run.checked_add(simulate.runs).is_none() {
        return Err(Problem(format!(
            "there are no {} runs from run {} on: numbers end at {}",
            simulate.runs,
            simulate.first_run,
            u64::MAX
        )));
    }
    let plans = plans(model, &request, simulate)?;
    if simulate.print_plan {
        return print_plan(session, model, &request, &plans, simulate);
    }
    let campaign = Campaign {
        plans,
        first: simulate.first_run,
        threads: simulate.threads.map_or_else(cores, usize::from),
        keep_going: simulate.keep_going,
        twice: simulate.twice,
        only: simulate.only.clone(),
        guided: guided::guidance(model, &request, simulate)?,
        ..Campaign::new(simulate.runs, simulate.seed)
    };
    let effort = (!simulate.no_shrink).then(Effort::default);
    let (ends, saving) = (&simulate.ends, &simulate.saving);
    let what = (&campaign, simulate.plan.as_deref(), simulate.corpus.as_deref());
    answer(session, model, &request, what, effort, ends, saving)?.print(session)
}

/// Where the runs' plans come from.
fn plans(model: &dyn AnyModel, request: &Request, simulate: &Simulate) -> Result<Plans, Problem> {
    let Some(path) = &simulate.plan else {
        return Ok(simulate.preset.map_or(Plans::Drawn, Plans::Preset));
    };
    let text = read(Path::new(path))?;
    let plan = model.read_plan(request, &text);
    plan.map(|plan| Plans::Given(Box::new(plan))).map_err(|error| match error {
        Error::Plan(error) => Problem(format!("{path}: {error}")),
        other => other.into(),
    })
}

/// Prints the plan of the first run: its timeline, and itself.
fn print_plan(
    session: &mut Session<'_>,
    model: &dyn AnyModel,
    request: &Request,
    plans: &Plans,
    simulate: &Simulate,
) -> Result<u8, Problem> {
    let (seed, run) = (simulate.seed, simulate.first_run);
    let plan = model.plan(request, plans, seed, run)?;
    let (timeline, toml) = (plan.to_string(), plan.to_toml());
    if session.json {
        session
            .say_json(&json!({ "seed": seed, "run": run, "timeline": timeline, "toml": toml }))?;
        return Ok(exit::HOLDS);
    }
    let title = format!("{} {}, run {run} of seed {seed}", model.name(), request.scenario);
    let told: String = timeline.lines().map(|line| format!("# {line}\n")).collect();
    session.say(&format!("# {title}\n{told}\n{toml}"))?;
    Ok(exit::HOLDS)
}

/// How many threads this machine runs at a time.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Simulates a scenario and saves what it finds. `script` is the file that its plan came from, if one
/// did, and `corpus` the folder of a guided campaign.
pub(super) fn answer(
    session: &mut Session<'_>,
    model: &dyn AnyModel,
    request: &Request,
    (campaign, script, corpus): (&Campaign, Option<&str>, Option<&Path>),
    effort: Option<Effort>,
    ends: &Ends,
    saving: &Saving,
) -> Result<Answer, Problem> {
    let title = format!("{} {}", model.name(), request.scenario);
    let mut watch = Watch::new(&title, ends, session.progress)?;
    let report = model.simulate(request, campaign, effort, &mut watch)?;
    drop(watch);
    let found = report.failure.as_ref().and_then(|failure| failure.counterexample.as_ref());
    let (mut saved, mut unsaved) = (None, None);
    if let Some(one) = found {
        let what = request.bug.as_deref().unwrap_or(&request.scenario);
        // Its own name: what exploration found is often the shorter one, and not to be lost.
        let name = format!("{}-simulated", file_name(model.name(), what, &one.invariant));
        match session.save(saving, &name, one) {
            Ok(path) => saved = path,
            Err(problem) => unsaved = Some(problem),
        }
    }
    let code = code_of(&report.verdict, request.bug.as_deref());
    let mut page = Page::new(session.colour);
    guided::keep(&report, campaign, corpus)?;
    let what = request.bug.as_deref().unwrap_or(&request.scenario);
    let name = file_name(model.name(), what, "simulated");
    let made = guided::failing_plan(&report, saving, &name)?;
    let again =
        again(session.program, model, request, (campaign, script), &report, made.as_deref());
    let (asked, path, program) = (campaign.runs, saved.as_deref(), session.program);
    let beside = Beside { asked, again, saved: path, program };
    print::simulate::simulated(&mut page, &report, &beside);
    let mut value = serde_json::to_value(&report)?;
    value["engine"] = json!("simulate");
    value["exit_code"] = json!(code);
    value["saved"] = json!(saved);
    Ok(Answer { page, value, code, unsaved })
}

/// The command that makes one run again.
fn again(
    program: &str,
    model: &dyn AnyModel,
    request: &Request,
    (campaign, script): (&Campaign, Option<&str>),
    report: &SimulateReport,
    made: Option<&str>,
) -> String {
    let bug = request.bug.as_ref().map(|bug| format!(" --bug {bug}")).unwrap_or_default();
    let given = request.parameters.iter();
    let parameters: String = given.map(|(name, value)| format!(" --{name} {value}")).collect();
    let plans = match (&campaign.plans, made.or(script)) {
        (_, Some(path)) if made.is_some() => format!(" --plan {path}"),
        (Plans::Preset(preset), _) => format!(" --preset {preset}"),
        (Plans::Given(_), Some(path)) => format!(" --plan {path}"),
        (Plans::Given(_), None) | (Plans::Drawn, _) => String::new(),
    };
    let failed = report.failure.as_ref();
    let runs = match (campaign.guided.is_some() && made.is_none(), failed) {
        // Its plan was made from those of all runs before it.
        (true, _) => format!(
            " --guided --seed {} --first-run {} --runs {}",
            campaign.seed, campaign.first, report.runs
        ),
        (false, Some(failed)) => {
            format!(" --seed {} --first-run {} --runs 1", failed.seed, failed.run)
        }
        (false, None) => {
            format!(" --seed {} --first-run {} --runs 1", campaign.seed, campaign.first)
        }
    };
    format!(
        "{program} simulate {} --scenario {}{bug}{parameters}{plans}{runs}",
        model.name(),
        request.scenario
    )
}
