//! The systems that replicated types are checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, To, Units};

use super::{Bug, Exchange, Memory, Replication, Timer, invariants};
use crate::parts::crdt::{Change, Kind};

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Replication>, String> {
    let protocol = protocol(ask)?;
    let replicas = ask.get("replicas") as u8;
    let mut scenario = Scenario::new(ask.scenario, protocol.clone(), usize::from(replicas))
        .shrinks_to(2)
        // Merging does not care how often or in which order something arrives, or whether at all.
        .links(Links::Set)
        .timer("gossip", |Timer::Gossip| true, Firing::Times(ask.count("gossips")))
        .faults(Faults {
            crashes: ask.count("crashes"),
            restarts: ask.count("crashes"),
            ..Faults::NONE
        })
        .may_crash([NodeId(0)])
        .invariant(invariants::explained())
        .invariant(invariants::converged())
        .invariant(invariants::merge_laws())
        .invariant(invariants::still_owed())
        .invariant(invariants::heals());
    for client in 0..replicas {
        let updates = 0..ask.get("updates") as u32;
        let asked = updates.map(|k| (To::Node(NodeId(client)), change(protocol.kind, client, k)));
        scenario = scenario.lane(asked);
    }
    if protocol.memory == Memory::Disk {
        scenario = scenario.invariant(invariants::remembers());
    }
    if is_storm(ask) {
        scenario.may_crash = None;
        scenario = scenario.storm(storm(replicas));
    }
    Ok(goals(ask, &protocol).into_iter().fold(scenario, Scenario::goal))
}

fn is_storm(ask: &Ask<'_>) -> bool {
    ask.scenario.starts_with("storm-")
}

fn protocol(ask: &Ask<'_>) -> Result<Replication, String> {
    let name = ask.scenario.trim_start_matches("storm-");
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(match name {
        "amnesia" => Kind::GCounter,
        _ => Kind::OrSet,
    });
    let exchange = if ask.get("deltas") == 1 { Exchange::Deltas } else { Exchange::States };
    let memory = if ask.get("disk") == 1 { Memory::Disk } else { Memory::Nothing };
    if exchange == Exchange::Deltas && memory == Memory::Nothing {
        return Err(
            "a replica that acknowledged deltas must not forget them, or nobody will send \
                    them again: set `disk` to 1, or `deltas` to 0"
                .to_string(),
        );
    }
    Ok(Replication { kind, exchange, memory, bug: ask.bug.and_then(Bug::named) })
}

/// What a client updates as its k-th request: two kinds of update in turns, where a type has two.
fn change(kind: Kind, client: u8, k: u32) -> Change {
    let first = k.is_multiple_of(2);
    let value = 1 + client + 4 * (k as u8);
    match kind {
        Kind::GCounter => Change::Increment,
        Kind::PnCounter if first => Change::Decrement,
        Kind::PnCounter => Change::Increment,
        Kind::LwwRegister | Kind::MvRegister => Change::Write(value),
        Kind::Flag if first => Change::Enable,
        Kind::Flag => Change::Disable,
        Kind::OrSet if first => Change::Add(1),
        Kind::OrSet => Change::Remove(1),
        Kind::LwwMap if first => Change::Put(1, value),
        Kind::LwwMap => Change::Delete(1),
        // The first client writes in front and erases; the others write behind what they find.
        Kind::Sequence if first => Change::Insert(client.min(1), char::from(b'a' + value - 1)),
        Kind::Sequence => Change::Erase(0),
    }
}

/// How the simulator runs it: under every kind of fault but wiped disks, and copies with a clock.
/// Clients go to whichever replica takes what they ask, and fall silent after a while.
fn storm(replicas: u8) -> Storm<Replication> {
    Storm::default()
        .lasts(6.s(), 20.s())
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(replicas, request)
        .progress(invariants::equal())
}

/// What a client of the simulator asks.
fn request(protocol: &Replication, client: ClientId, k: u32) -> Option<(To, Change)> {
    (k < 5).then(|| (To::Any, change(protocol.kind, client.0, k)))
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>, protocol: &Replication) -> Vec<Goal<Replication>> {
    let deltas = protocol.exchange == Exchange::Deltas;
    let forgets = protocol.memory == Memory::Nothing;
    let crashes = is_storm(ask) || ask.get("crashes") > 0;
    let adds_win = matches!(protocol.kind, Kind::OrSet | Kind::Flag) && ask.get("updates") > 1;
    let reachable = [
        (true, invariants::merged_concurrent()),
        (true, invariants::in_step()),
        (ask.get("replicas") > 2, invariants::relayed()),
        (deltas, invariants::acknowledged()),
        (adds_win, invariants::add_wins()),
        (forgets && crashes && ask.get("updates") > 1, invariants::reborn()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}
