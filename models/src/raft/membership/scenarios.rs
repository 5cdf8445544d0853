//! The systems that changes of members are checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, Sight, To, Units};

use super::super::scenarios::{elections, first_request, nodes_named};
use super::super::state::{Event, Input, Timer};
use super::super::{Bug, Options, Raft};
use super::{Change, invariants};
use crate::parts::machine::{Add, Request, Serial, Total};

type Counter = Raft<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let nodes = ask.get("nodes");
    let members = match ask.get("members") {
        0 => nodes,
        members if members <= nodes => members,
        members => {
            return Err(format!(
                "{members} of {nodes} servers cannot be members: set `nodes` higher"
            ));
        }
    };
    let fits_storm = match ask.scenario {
        "storm" => nodes == 4 || nodes == 5,
        "storm-joint" => nodes == 5,
        _ => true,
    };
    if !fits_storm {
        return Err("storms have an operator who names five servers (or four, in `storm`): set \
                    `nodes` so"
            .to_string());
    }
    let options = Options {
        members: Some(members as u8),
        noop: ask.get("noop") == 1,
        loyal: ask.get("loyal") == 1,
        ..Options::default()
    };
    let bug = ask.bug.and_then(Bug::named);
    let protocol = Raft { options, bug, ..Raft::new(Total(0)) };
    let first = protocol.first_members(nodes as usize);
    let mut scenario = Scenario::new(ask.scenario, protocol, nodes as usize)
        .timer("elections", |timer| *timer == Timer::Election, elections(ask)?)
        .timer(
            "heartbeats",
            |timer| *timer == Timer::Heartbeat,
            Firing::Times(ask.count("heartbeats")),
        )
        .faults(Faults {
            crashes: ask.count("crashes"),
            restarts: ask.count("crashes"),
            ..Faults::NONE
        })
        .storm(storm(ask));
    if ask.get("set-links") == 1 {
        scenario = scenario.links(Links::Set);
    }
    for lane in lanes(ask)? {
        scenario = scenario.lane(lane);
    }
    for invariant in invariants::all(Total(0), first) {
        scenario = scenario.invariant(invariant);
    }
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// What one client asks, and where.
type Lane = Vec<(To, Input<Add>)>;

/// A client for each command, and the operator behind them.
fn lanes(ask: &Ask<'_>) -> Result<Vec<Lane>, String> {
    let commands = ask.get("commands") as u8;
    let mut lanes: Vec<Lane> =
        (0..commands).map(|client| vec![(To::Any, first_request(client))]).collect();
    let at = nodes_named(ask, "at")?;
    let asked = |(serial, command): (usize, Change)| {
        let to = at.get(serial).map_or(To::Any, |&node| To::Node(node));
        let serial = Serial(serial as u32);
        (to, Input::Change(Request { client: ClientId(commands), serial, command }))
    };
    let changes: Lane = changes(ask)?.into_iter().enumerate().map(asked).collect();
    if !changes.is_empty() {
        lanes.push(changes);
    }
    Ok(lanes)
}

/// What the operator asks for, in this order.
fn changes(ask: &Ask<'_>) -> Result<Vec<Change>, String> {
    let mut changes = Vec::new();
    changes.extend(nodes_named(ask, "learn")?.into_iter().map(Change::Learner));
    changes.extend(nodes_named(ask, "add")?.into_iter().map(Change::Voter));
    changes.extend(nodes_named(ask, "remove")?.into_iter().map(Change::Remove));
    let joint = nodes_named(ask, "joint")?;
    if !joint.is_empty() {
        changes.push(Change::Joint(joint));
    }
    Ok(changes)
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Counter>> {
    let mut goals = vec![invariants::change_committed()];
    match ask.scenario {
        "learner" => goals.push(invariants::learner_promoted()),
        "joint" | "joint-takeover" => goals.push(invariants::joint_left()),
        "handover" => goals.extend([
            invariants::joint_left(),
            invariants::leader_retired(),
            invariants::successor_elected(),
        ]),
        "leader-removed" => {
            goals.extend([invariants::leader_retired(), invariants::successor_elected()]);
        }
        "needed-again" => goals.push(invariants::elected_without_a_vote()),
        "removed-server" | "loyal" => goals.push(invariants::removed_server_stands()),
        "remove" | "rival-changes" | "deep" => goals.push(invariants::change_rolled_back()),
        _ => {}
    }
    goals
}

/// An operator who never stops, two clients who add up, and every kind of fault but clocks, which
/// no server reads, and wiped disks, which Raft does not survive.
fn storm(ask: &Ask<'_>) -> Storm<Counter> {
    let storm = Storm::default();
    let storm = match (ask.scenario, ask.get("nodes")) {
        ("storm-joint", _) => storm.clients(3, |_, client, asked| wish(client, asked, joint)),
        (_, 4) => storm.clients(3, |_, client, asked| wish(client, asked, of_four)),
        (_, _) => storm.clients(3, |_, client, asked| wish(client, asked, of_five)),
    };
    storm
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .answered(Event::answers)
        .counts("elections", |event| matches!(event, Event::Elected { .. }))
        .lasts(60.s(), 20.s())
        .progress(match ask.get("noop") {
            // Without commands nothing of its term is committed then, however long it leads.
            0 => Goal::nodes("leader-leads", "A server leads.", |_, nodes| {
                nodes.iter().any(|node| node.up && node.state.leads())
            }),
            _ => Goal::seen(
                "entry-committed",
                "A leader commits an entry of its own term.",
                |_, sight| {
                    matches!(sight, Sight::Event { event: Event::Applied { entry, .. }, state, .. }
                        if state.leads() && entry.term == state.term)
                },
            ),
        })
}

/// What a client asks as its k-th request: the first client is the operator.
fn wish(client: ClientId, asked: u32, change: fn(u32) -> Change) -> Option<(To, Input<Add>)> {
    let serial = Serial(asked);
    let input = match client {
        ClientId(0) => Input::Change(Request { client, serial, command: change(asked) }),
        _ => Input::Command(Request { client, serial, command: Add { add: 1 } }),
    };
    Some((To::Any, input))
}

/// Of five servers some leave, others come back or learn, at paces that bring about many clusters.
fn of_five(asked: u32) -> Change {
    let (round, server) = (asked / 3, |step: u32| NodeId((step % 5) as u8));
    match asked % 3 {
        0 => Change::Remove(server(2 * round)),
        1 => Change::Voter(server(3 * round + 3)),
        _ => Change::Learner(server(round)),
    }
}

/// Of four servers one leaves and comes back, then the next one.
fn of_four(asked: u32) -> Change {
    let server = NodeId((3 - asked / 2 % 4) as u8);
    match asked % 2 {
        0 => Change::Remove(server),
        _ => Change::Voter(server),
    }
}

/// Three of five servers, three others, all, two.
fn joint(asked: u32) -> Change {
    let sets: [&[u8]; 4] = [&[0, 3, 4], &[0, 1, 2], &[0, 1, 2, 3, 4], &[2, 3]];
    Change::Joint(sets[asked as usize % sets.len()].iter().copied().map(NodeId).collect())
}
