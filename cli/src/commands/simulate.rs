//! `simulate`: many runs of one scenario under drawn faults.

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use splitbrain::catalog::{AnyModel, Engine, Error, Request};
use splitbrain::counterexample::{read, write_whole};
use splitbrain::report::{FailureReport, SimulateReport};
use splitbrain::shrink::Effort;
use splitbrain::simulate::{Campaign, Plans, Until};

use super::{Answer, file_name, guided};
use crate::arguments::{Asked, Ends, Long, Saving, Simulate};
use crate::books::Keeper;
use crate::print::simulate::Beside;
use crate::print::{self, Page, measures, report};
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
    let only = simulate.only.as_deref();
    super::explore::known_invariant(model, &request, only, Engine::Simulate)?;
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
    let campaign = simulate.long.of(Campaign {
        plans,
        first: simulate.first_run,
        threads: simulate.threads.map_or_else(cores, usize::from),
        keep_going: simulate.keep_going,
        twice: simulate.twice,
        only: simulate.only.clone(),
        guided: guided::guidance(model, &request, simulate)?,
        ..Campaign::new(simulate.runs, simulate.seed)
    });
    let effort = (!simulate.no_shrink).then(Effort::default);
    let (ends, saving) = (&simulate.ends, &simulate.saving);
    let what = (&campaign, simulate.plan.as_deref(), simulate.corpus.as_deref());
    answer(session, model, &request, what, effort, &simulate.long, ends, saving)?.print(session)
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

/// Makes the runs of a campaign, from where its books end if it has some, and keeps its books.
fn made(
    session: &Session<'_>,
    (model, request): (&dyn AnyModel, &Request),
    campaign: &Campaign,
    effort: Option<Effort>,
    long: &Long,
    ends: &Ends,
) -> Result<(SimulateReport, Option<Problem>), Problem> {
    let title = format!("{} {}", model.name(), request.scenario);
    let mut watch = Watch::new(&title, ends, session.progress)?;
    let (mut campaign, mut before) = (campaign.clone(), Duration::ZERO);
    if let Some(path) = &long.campaign {
        let (keeper, there) = Keeper::open(path, (model, request), &campaign, long.for_time)?;
        watch.keeps_books(keeper);
        if let Some((books, elapsed)) = there {
            before = elapsed;
            campaign.from = Some(Box::new(books));
        }
    }
    watch.goes_on_for(long.for_time, before);
    let report = model.simulate(request, &campaign, effort, &mut watch);
    let (keeper, problem) = watch.books_kept().unzip();
    match (report, keeper) {
        (Err(Error::Scenario(why)), Some(keeper)) if campaign.from.is_some() => {
            Err(keeper.unfit(&why))
        }
        (report, _) => Ok((report?, problem.flatten())),
    }
}

/// Simulates a scenario and saves what it finds. `script` is the file that its plan came from, if one
/// did, and `corpus` the folder of a guided campaign.
#[expect(clippy::too_many_arguments, reason = "each is one part of what was asked")]
pub(super) fn answer(
    session: &mut Session<'_>,
    model: &dyn AnyModel,
    request: &Request,
    (campaign, script, corpus): (&Campaign, Option<&str>, Option<&Path>),
    effort: Option<Effort>,
    long: &Long,
    ends: &Ends,
    saving: &Saving,
) -> Result<Answer, Problem> {
    let (report, mut unsaved) = made(session, (model, request), campaign, effort, long, ends)?;
    let what = request.bug.as_deref().unwrap_or(&request.scenario);
    let mut saved: Vec<Option<String>> = Vec::new();
    for (place, failure) in failures(&report).enumerate() {
        let Some(one) = &failure.counterexample else {
            saved.push(None);
            continue;
        };
        // Its own name: what exploration found is often the shorter one, and not to be lost.
        let how = if campaign.guided.is_some() { "guided" } else { "simulated" };
        let name = format!("{}-{how}", file_name(model.name(), what, &one.invariant));
        let name = if place == 0 { name } else { format!("{name}-{}", place + 1) };
        let path = session.save(saving, &name, one).unwrap_or_else(|problem| {
            unsaved.get_or_insert(problem);
            None
        });
        saved.push(path);
    }
    let code = code_of(&report.verdict, request.bug.as_deref());
    let mut page = Page::new(session.colour);
    if let Err(problem) = guided::keep(&report, campaign, corpus) {
        unsaved.get_or_insert(problem);
    }
    let name = file_name(model.name(), what, "simulated");
    let plans = guided::failing_plans(&report, saving, &name);
    let plans = plans.unwrap_or_else(|problem| {
        unsaved.get_or_insert(problem);
        vec![None; failures(&report).count()]
    });
    let program = session.program;
    let once_more = |(failure, plan): (&FailureReport, &Option<String>)| {
        again((program, model, request), (campaign, script), &report, (failure, plan.as_deref()))
    };
    let commands: Vec<String> = failures(&report).zip(&plans).map(once_more).collect();
    let first = saved.first().and_then(Option::as_deref);
    let asked = (campaign.until == Until::Runs).then_some(campaign.runs);
    let of_first = commands.first().cloned().unwrap_or_default();
    let beside = Beside { asked, again: of_first, saved: first, program };
    print::simulate::simulated(&mut page, &report, &beside);
    let others = saved.get(1..).unwrap_or_default();
    let other_commands = commands.get(1..).unwrap_or_default();
    measures::others(&mut page, program, &report, (others, other_commands));
    if let Some(path) = &long.report {
        let told =
            report::Told { report: &report, asked, program, saved: &saved, again: &commands };
        match write_whole(path, &report::page(&told)) {
            Ok(()) => {
                page.gap();
                page.whole_row("report", &path.display().to_string());
            }
            Err(error) => {
                unsaved.get_or_insert(error.into());
            }
        }
    }
    let mut value = serde_json::to_value(&report)?;
    value["engine"] = json!("simulate");
    value["exit_code"] = json!(code);
    value["saved"] = json!(first);
    for (place, path) in others.iter().enumerate() {
        value["other_failures"][place]["saved"] = json!(path);
    }
    Ok(Answer { page, value, code, unsaved })
}

/// The failures that were kept, the first run's first.
fn failures(report: &SimulateReport) -> impl Iterator<Item = &FailureReport> {
    report.failure.iter().chain(&report.other_failures)
}

/// The command that makes one run again.
fn again(
    (program, model, request): (&str, &dyn AnyModel, &Request),
    (campaign, script): (&Campaign, Option<&str>),
    report: &SimulateReport,
    (failed, made): (&FailureReport, Option<&str>),
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
    let runs = match campaign.guided.is_some() && made.is_none() {
        // Its plan was made from those of all runs before it.
        true => format!(
            " --guided --seed {} --first-run {} --runs {}",
            campaign.seed, campaign.first, report.runs
        ),
        false => format!(" --seed {} --first-run {} --runs 1", failed.seed, failed.run),
    };
    let only = campaign.only.as_ref().map(|only| format!(" --only {only}")).unwrap_or_default();
    let whole = campaign.guided.is_some() && made.is_none() && campaign.keep_going;
    let keeps = if whole { format!(" --failures {}", campaign.keeps) } else { String::new() };
    format!(
        "{program} simulate {} --scenario {}{bug}{parameters}{plans}{only}{runs}{keeps}",
        model.name(),
        request.scenario
    )
}
