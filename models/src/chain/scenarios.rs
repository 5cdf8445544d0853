//! The scenarios: chains, workloads, faults and bounds under which they are checked.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Invariant, NodeId, Scenario, To, Units};

use super::{Bug, Chain, Event, Input, MASTER, Request, Timer, invariants};
use crate::parts::counted;
use crate::parts::detector::Suspect;
use crate::parts::machine::Serial;

/// The names of the nodes: digits are the nodes' own.
const NAMES: [&str; 12] =
    ["master", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9", "n10", "n11"];

/// Builds a scenario.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Chain>, String> {
    let (members, spares) = (ask.get("members") as u8, ask.get("spares") as u8);
    if ask.get("restarts") > ask.get("crashes") {
        return Err("only who crashed can come back: set `crashes` to `restarts` at least".into());
    }
    let bug = ask.bug.and_then(Bug::named);
    let protocol = Chain { members, apportioned: ask.get("apportioned") == 1, bug };
    let servers = members + spares;
    let nodes = usize::from(servers) + 1;
    let scenario = Scenario::new("chain", protocol, nodes)
        .names(&NAMES[..nodes])
        .faults(faults(ask))
        .may_crash((1..=servers).map(NodeId))
        .timer("repeats", |timer| *timer == Timer::Repeat, Firing::Times(ask.count("repeats")))
        .offered_about(about, |input, node| match input {
            Input::Report(_) => !node.up,
            Input::Update(_) | Input::Query(_) => true,
        })
        .storm(storm(ask));
    let scenario = lanes(ask, servers).into_iter().fold(scenario, Scenario::lane);
    let scenario = invariants_of(ask).into_iter().fold(scenario, Scenario::invariant);
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// Whom an input is about: a report, the server it names.
fn about(input: &Input) -> NodeId {
    match input {
        Input::Report(Suspect(server)) => *server,
        Input::Update(_) | Input::Query(_) => MASTER,
    }
}

fn faults(ask: &Ask<'_>) -> Faults {
    Faults {
        crashes: ask.count("crashes"),
        restarts: ask.count("restarts"),
        duplicates: ask.count("duplicates"),
        ..Faults::NONE
    }
}

/// The clients, and the detector: a client for each server that may crash, which reports it as
/// often as it may be down.
fn lanes(ask: &Ask<'_>, servers: u8) -> Vec<Vec<(To, Input)>> {
    let request = |client, serial| Request { client: ClientId(client), serial: Serial(serial) };
    let updates = ask.get("updates") as u8;
    let mut lanes: Vec<Vec<_>> =
        (0..updates).map(|client| vec![(To::Any, Input::Update(request(client, 0)))]).collect();
    let queries = ask.get("queries") as u32;
    lanes.push((0..queries).map(|k| (To::Any, Input::Query(request(updates, k)))).collect());
    if ask.get("crashes") > 0 {
        for server in (1..=servers).map(NodeId) {
            let report = (To::Node(MASTER), Input::Report(Suspect(server)));
            lanes.push(vec![report; usize::from(ask.count("crashes"))]);
        }
    }
    lanes
}

/// What a quiet chain has come to is asked where links are reliable, as in the paper. Where
/// messages are lost it takes repetition, and a storm asks whether all is well after a while. Where
/// servers join and fail at once it is not asked, since then dead mail need not be kept: that
/// leaves one state in a hundred.
fn invariants_of(ask: &Ask<'_>) -> Vec<Invariant<Chain>> {
    let storm = ask.scenario.starts_with("storm");
    let mut all = vec![
        invariants::update_propagation(),
        invariants::clean_is_everywhere(),
        invariants::durability(),
        counted::linearizability(),
    ];
    let without = ["joins", "join-return", "join-returns"].contains(&ask.scenario);
    if is_reliable(ask) && !without {
        all.extend([invariants::all_pass_on(), invariants::all_clean()]);
    }
    if storm || ask.scenario == "joins" {
        all.push(invariants::recovers());
    }
    all
}

/// Whether no message is lost between servers that run.
fn is_reliable(ask: &Ask<'_>) -> bool {
    !ask.scenario.starts_with("storm") || ask.scenario == "storm-fail-stop"
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Chain>> {
    let storm = ask.scenario.starts_with("storm");
    let (members, spares) = (ask.get("members"), ask.get("spares"));
    let some = |parameter| ask.get(parameter) > 0;
    let (updates, queries) = (some("updates") || storm, some("queries") || storm);
    let apportioned = some("apportioned") && members > 1 && updates && queries;
    let crashes = (some("crashes") || storm) && updates;
    let last = storm || ask.get("restarts") >= members && ask.get("crashes") >= members;
    let joins = spares > 0 || some("restarts") || storm;
    let reachable = [
        (updates, counted::updated()),
        (updates && queries, counted::queried()),
        (apportioned, invariants::clean_read()),
        (apportioned, invariants::dirty_read()),
        (crashes && members > 1, invariants::head_replaced()),
        (crashes && members > 1, invariants::tail_replaced()),
        (crashes && members > 2, invariants::middle_bridged()),
        (joins && updates && (members > 1 || spares > 0), invariants::joined()),
        (last && some("crashes"), invariants::resumed()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// Of the simulator's clients, these ask for themselves, and the others are the detector: each
/// reports one server, whenever that is down.
const CLIENTS: u8 = 3;

/// How the simulator runs it.
fn storm(ask: &Ask<'_>) -> Storm<Chain> {
    let lossy = !is_reliable(ask);
    Storm::default()
        .lasts(60.s(), 60.s())
        .kinds(FaultKinds { loss: lossy, partitions: lossy, ..FaultKinds::ALL })
        .clients(CLIENTS + 4, |_, client, k| {
            let request = Request { client, serial: Serial(k) };
            Some(match client.0.checked_sub(CLIENTS) {
                Some(server) => (To::Node(MASTER), Input::Report(Suspect(NodeId(server + 1)))),
                None if k % 2 == 0 => (To::Any, Input::Update(request)),
                None => (To::Any, Input::Query(request)),
            })
        })
        .answered(|event| match event {
            Event::Updated { request, .. } | Event::Queried { request, .. } => {
                Some((request.client, request.serial.0))
            }
            Event::Adopted { .. } => None,
        })
        .progress(counted::updated())
}
