//! `explore`: every schedule of one scenario.

use std::net::{SocketAddr, TcpListener};

use serde_json::json;
use splitbrain::catalog::{AnyModel, Engine, Request, choose_among};
use splitbrain::explore::Limits;
use splitbrain::report::ExploreReport;

use super::{Answer, file_name};
use crate::arguments::{Asked, Ends, Explore, Saving};
use crate::print::{self, Page};
use crate::progress::{Watch, memory_limit};
use crate::session::{Problem, Session, code_of, exit};

/// Explores a scenario, or opens it in stateright's Explorer.
pub(super) fn explore(
    session: &mut Session<'_>,
    asked: &Asked,
    explore: &Explore,
) -> Result<u8, Problem> {
    let model = session.catalog.model(&explore.model)?;
    let bug = explore.bug.as_deref().map(|bug| model.bug(bug)).transpose()?;
    let scenario = match (&explore.scenario, bug) {
        (Some(scenario), _) => scenario.as_str(),
        (None, Some(bug)) => bug.explored.0,
        (None, None) => model.first_for(Engine::Explore)?.name,
    };
    let request = asked.request(scenario, explore.bug.as_deref());
    let request = Request { depth: explore.depth, ..request };
    known_invariant(model, &request, explore.only.as_deref(), Engine::Explore)?;
    if let Some(address) = explore.web {
        return serve(session, model, &request, address);
    }
    let limits = Limits {
        states: explore.states,
        all_invariants: explore.all_invariants,
        only: explore.only.clone(),
        full: explore.full,
        plain: explore.reference,
        threads: usize::from(explore.threads.unwrap_or(1)),
        bytes: memory_limit(&explore.ends).map(|bytes| bytes as usize),
        coverage: explore.coverage,
        fingerprint: explore.fingerprint,
        ..Limits::default()
    };
    answer(session, model, &request, &limits, &explore.ends, &explore.saving)?.print(session)
}

/// Explores a scenario and saves what it finds.
pub(super) fn answer(
    session: &mut Session<'_>,
    model: &dyn AnyModel,
    request: &Request,
    limits: &Limits,
    ends: &Ends,
    saving: &Saving,
) -> Result<Answer, Problem> {
    let title = format!("{} {}", model.name(), request.scenario);
    let mut watch = Watch::new(&title, ends, session.progress)?;
    let report = model.explore(request, limits, &mut watch)?;
    drop(watch);
    let what = request.bug.as_deref().unwrap_or(&request.scenario);
    let (mut saved, mut unsaved) = (Vec::new(), None);
    for one in &report.counterexamples {
        let name = file_name(model.name(), what, &one.invariant);
        let path = session.save(saving, &name, one);
        saved.push(path.unwrap_or_else(|problem| {
            unsaved = Some(problem);
            None
        }));
    }
    let code = code_of(&report.verdict, request.bug.as_deref());
    let mut page = Page::new(session.colour);
    print::explore::explored(&mut page, &report, &saved, session.program);
    if let (Some(print), None) = (limits.fingerprint, report.searched.fingerprint) {
        page.row("fingerprint", &print::explore::not_needed(print, &report.searched));
    }
    if limits.coverage {
        print::coverage::covered(&mut page, &report);
    }
    let value = in_json(&report, &saved, code)?;
    Ok(Answer { page, value, code, unsaved })
}

fn in_json(
    report: &ExploreReport,
    saved: &[Option<String>],
    code: u8,
) -> Result<serde_json::Value, Problem> {
    let mut value = serde_json::to_value(report)?;
    value["engine"] = json!("explore");
    value["exit_code"] = json!(code);
    for (one, path) in saved.iter().enumerate() {
        value["counterexamples"][one]["saved"] = json!(path);
    }
    Ok(value)
}

/// An invariant that is asked for must be one of the scenario's: nothing is skipped silently.
pub(super) fn known_invariant(
    model: &dyn AnyModel,
    request: &Request,
    only: Option<&str>,
    engine: Engine,
) -> Result<(), Problem> {
    let system = model.describe(request)?;
    let built_in = [splitbrain::NO_PANIC, splitbrain::DETERMINISTIC];
    let own = system.invariants.iter().map(|(name, ..)| name.as_str());
    let progress = system.progress.iter().map(|(name, ..)| name.as_str());
    let progress = progress.filter(|_| engine == Engine::Simulate);
    let names: Vec<&str> = own.chain(progress).chain(built_in).collect();
    match only {
        Some(only) if !names.contains(&only) => Err(Problem(format!(
            "`{} {}` has no invariant `{only}`; {}",
            model.name(),
            request.scenario,
            choose_among(&names, only)
        ))),
        Some(_) | None => Ok(()),
    }
}

fn serve(
    session: &mut Session<'_>,
    model: &dyn AnyModel,
    request: &Request,
    address: SocketAddr,
) -> Result<u8, Problem> {
    // The server would panic on an address that is taken.
    TcpListener::bind(address).map_err(|error| {
        Problem(format!("cannot listen on {address}: {error}; name a free address of this host"))
    })?;
    session.remark(&format!("the Explorer is at http://{address}; Ctrl-C ends it"));
    model.serve(request, address)?;
    Ok(exit::HOLDS)
}
