//! The scenarios: servers, workloads, faults and bounds under which they are checked.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Invariant, NodeId, Scenario, To, Units};

use super::{Bug, Event, Input, Mode, PrimaryBackup, Request, Timer, invariants};
use crate::parts::counted;
use crate::parts::machine::Serial;

/// The names of the nodes: digits are the nodes' own.
const NAMES: [&str; 10] = ["views", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8", "n9"];

/// Builds a scenario.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<PrimaryBackup>, String> {
    if ask.get("restarts") > ask.get("crashes") {
        return Err("only who crashed can come back: set `crashes` to `restarts` at least".into());
    }
    let bug = ask.bug.and_then(Bug::named);
    let protocol = PrimaryBackup { mode: mode(ask), backups: ask.get("backups") as u8, bug };
    let servers = 1 + protocol.backups + ask.get("spares") as u8;
    let nodes = usize::from(servers) + 1;
    let invariants = invariants_of(ask, &protocol);
    let scenario = Scenario::new("primary_backup", protocol, nodes)
        .names(&NAMES[..nodes])
        .faults(faults(ask))
        .may_crash((1..=servers).map(NodeId))
        .timer(
            "suspicions",
            |timer| matches!(timer, Timer::Dead(_)),
            Firing::Times(ask.count("suspicions")),
        )
        .timer("repeats", |timer| *timer == Timer::Repeat, Firing::Times(ask.count("repeats")))
        .storm(if ask.scenario == "storm-mixed" { mixed() } else { storm() });
    let scenario = lanes(ask).into_iter().fold(scenario, Scenario::lane);
    let scenario = invariants.into_iter().fold(scenario, Scenario::invariant);
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

fn mode(ask: &Ask<'_>) -> Mode {
    match ask.get("mode") {
        0 => Mode::Synchronous,
        1 => Mode::SemiSynchronous,
        _ => Mode::Asynchronous,
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

/// The clients.
fn lanes(ask: &Ask<'_>) -> Vec<Vec<(To, Input)>> {
    let request = |client, serial| Request { client: ClientId(client), serial: Serial(serial) };
    let updates = ask.get("updates") as u8;
    let mut lanes: Vec<Vec<_>> =
        (0..updates).map(|client| vec![(To::Any, Input::Update(request(client, 0)))]).collect();
    let queries = ask.get("queries") as u32;
    lanes.push((0..queries).map(|k| (To::Any, Input::Query(request(updates, k)))).collect());
    lanes
}

/// Each mode is held to what it promises.
fn invariants_of(ask: &Ask<'_>, protocol: &PrimaryBackup) -> Vec<Invariant<PrimaryBackup>> {
    let mut all = vec![invariants::one_primary(protocol), invariants::replica_agreement()];
    match mode(ask) {
        Mode::Synchronous | Mode::SemiSynchronous => {
            all.extend([invariants::durability(), counted::linearizability()]);
        }
        Mode::Asynchronous => {}
    }
    if ask.scenario.starts_with("storm") || ask.scenario == "reboot" {
        all.push(invariants::recovers());
    }
    all
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<PrimaryBackup>> {
    let storm = ask.scenario.starts_with("storm");
    let some = |parameter| ask.get(parameter) > 0 || storm;
    let suspects = some("suspicions");
    let (updates, two) = (some("updates"), ask.get("backups") > 0 || some("spares"));
    let transfers = updates && two && (ask.get("spares") > 0 || ask.get("backups") > 1 && suspects);
    let reachable = [
        (updates, counted::updated()),
        (updates && some("queries"), counted::queried()),
        (updates && two && suspects, invariants::failed_over()),
        (two && suspects, invariants::two_believe()),
        (transfers, invariants::transferred()),
        (mode(ask) == Mode::Asynchronous && suspects, invariants::answered_and_lost()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// The same with clients of every kind: each run draws how many of their requests are updates, whether
/// they wait for answers before they ask for more, and how they ask again.
fn mixed() -> Storm<PrimaryBackup> {
    storm().operations(3, &["query", "update"], 1, |_, asked| {
        let request = Request { client: asked.client, serial: Serial(asked.number) };
        let input = match asked.operation {
            "update" => Input::Update(request),
            _ => Input::Query(request),
        };
        Some((To::Any, input))
    })
}

/// How the simulator runs it.
fn storm() -> Storm<PrimaryBackup> {
    Storm::default()
        .lasts(30.s(), 60.s())
        .kinds(FaultKinds::ALL)
        .clients(3, |_, client, k| {
            let request = Request { client, serial: Serial(k) };
            Some((To::Any, if k % 2 == 0 { Input::Update(request) } else { Input::Query(request) }))
        })
        .answered(|event| match event {
            Event::Updated { request, .. } | Event::Queried { request, .. } => {
                Some((request.client, request.serial.0))
            }
            Event::Acts(_) | Event::Transferred => None,
        })
        .progress(counted::updated())
}
