//! The systems that Multi-Paxos is checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    Act, ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, Sight, Step, To, Units,
};

use super::state::{Event, Message, Slot, Slots, Timer, Value};
use super::{Bug, MultiPaxos, invariants};
use crate::parts::ballot::Ballot;
use crate::parts::machine::{Add, Request, Serial, Total};
use crate::parts::quorum::Phases;

type Counter = MultiPaxos<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let nodes = ask.get("nodes");
    let mut scenario =
        system(ask, Phases::majority(nodes as u8))?.shrinks_to(nodes.min(3) as usize);
    if ask.scenario == "gap" {
        scenario = scenario.after(
            "n0 leads, has proposed for slots 1 and 2, and n1 has accepted in slot 2",
            half_heard(),
        );
    }
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// A cluster with these quorums, with everything but its goals.
pub(crate) fn system(ask: &Ask<'_>, phases: Phases) -> Result<Scenario<Counter>, String> {
    let nodes = phases.accept.size();
    let bug = ask.bug.and_then(Bug::named);
    let protocol = MultiPaxos { machine: Total(0), phases, bug };
    let invariants = invariants::all(&protocol);
    let mut scenario = Scenario::new(ask.scenario, protocol, usize::from(nodes))
        .timer("elections", |timer| *timer == Timer::Election, elections(ask, nodes)?)
        .timer(
            "heartbeats",
            |timer| *timer == Timer::Heartbeat,
            Firing::Times(ask.count("heartbeats")),
        )
        .faults(Faults {
            crashes: ask.count("crashes"),
            restarts: ask.count("crashes"),
            drops: ask.count("drops"),
            duplicates: ask.count("duplicates"),
            ..Faults::NONE
        })
        .storm(storm());
    if ask.get("set-links") == 1 {
        scenario = scenario.links(Links::Set);
    }
    for lane in lanes(ask, nodes)? {
        scenario = scenario.lane(lane);
    }
    Ok(invariants.into_iter().fold(scenario, Scenario::invariant))
}

/// The steps by which n0 leads with the promise of n2, proposes twice, and n1 accepts in slot 2.
fn half_heard() -> Vec<Step<Counter>> {
    let (n0, n1, n2) = (NodeId(0), NodeId(1), NodeId(2));
    let (ballot, first) = (Ballot::first_of(n0), Slot(1));
    let ask = |client| {
        let input = first_request(client);
        Step::new(n0, Act::Input { client: ClientId(client), input })
    };
    let promise = Message::Promise { ballot, accepted: Slots::new() };
    let value = Value::Command(first_request(1));
    let second = Message::Accept { ballot, slot: Slot(2), value };
    vec![
        Step::new(n0, Act::Timeout(Timer::Election)),
        Step::new(n2, Act::Deliver { from: n0, message: Message::Prepare { ballot, first } }),
        Step::new(n0, Act::Deliver { from: n2, message: promise }),
        ask(0),
        ask(1),
        Step::new(n1, Act::Deliver { from: n0, message: second }),
    ]
}

/// A client's command in exploration. Its addend is its own power of two, so that a total tells
/// which commands are in it.
fn first_request(client: u8) -> Request<Add> {
    let command = Add { add: 1 << client };
    Request { client: ClientId(client), serial: Serial(0), command }
}

/// How election timers fire: in turns if the scenario names them, or so many times anywhere.
fn elections(ask: &Ask<'_>, nodes: u8) -> Result<Firing, String> {
    let turns = nodes_named(ask, "turns", nodes)?;
    Ok(match turns.is_empty() {
        true => Firing::Times(ask.count("elections")),
        false => Firing::Turns(turns),
    })
}

/// The nodes that a parameter names, a digit each: 121 is n0, n1, n0.
fn nodes_named(ask: &Ask<'_>, parameter: &str, nodes: u8) -> Result<Vec<NodeId>, String> {
    let value = ask.get(parameter);
    if value == 0 {
        return Ok(Vec::new());
    }
    value
        .to_string()
        .bytes()
        .map(|digit| match digit - b'0' {
            digit @ 1.. if digit <= nodes => Ok(NodeId(digit - 1)),
            digit => Err(format!(
                "`{parameter}` names nodes by digits from 1 to {nodes} (1 is n0), and {digit} is \
                 none: use others, or a larger cluster"
            )),
        })
        .collect()
}

/// What one client asks, and where.
type Lane = Vec<(To, Request<Add>)>;

/// One client for each command.
fn lanes(ask: &Ask<'_>, nodes: u8) -> Result<Vec<Lane>, String> {
    let at = nodes_named(ask, "at", nodes)?;
    let tries = usize::from(ask.count("retries")) + 1;
    let lane = |client: u8| {
        let to = at.get(usize::from(client)).map_or(To::Any, |&node| To::Node(node));
        // Only the first client asks again.
        let tries = if client == 0 { tries } else { 1 };
        vec![(to, first_request(client)); tries]
    };
    Ok((0..ask.get("commands") as u8).map(lane).collect())
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Counter>> {
    let mut goals = vec![invariants::leads()];
    let more = match ask.scenario {
        "election" => vec![invariants::second_leader()],
        "slots" => vec![invariants::answered(), invariants::chosen_out_of_order()],
        "takeover" | "rivals" | "deep" => {
            vec![invariants::answered(), invariants::second_leader(), invariants::taken_over()]
        }
        "gap" => vec![invariants::taken_over(), invariants::gap_filled()],
        "forward" => vec![invariants::forwarded_answered()],
        "catch-up" => vec![invariants::answered(), invariants::caught_up()],
        "retry" => vec![invariants::answered(), invariants::chosen_twice()],
        "crash" | "deep-crash" => vec![invariants::taken_over(), invariants::restarted()],
        _ => vec![invariants::answered()],
    };
    goals.extend(more);
    goals
}

/// Three clients that add up, each asking again until it is answered, under every kind of fault but
/// clocks, which no replica reads, and wiped disks, which Paxos does not survive.
fn storm() -> Storm<Counter> {
    Storm::default()
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(3, |_, client, asked| Some((To::Any, request(client, asked))))
        .answered(|event| match event {
            Event::Replied { client, serial, .. } => Some((*client, serial.0)),
            Event::Leads { .. }
            | Event::TookOver { .. }
            | Event::Accepted { .. }
            | Event::CaughtUp { .. }
            | Event::Executed { .. } => None,
        })
        .lasts(60.s(), 20.s())
        .progress(Goal::seen("command-answered", "A command is answered.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::Replied { .. }, .. })
        }))
}

/// What a client asks as its k-th request. All commands are alike, so that few orders of them can
/// be told apart by the monitor of answers.
fn request(client: ClientId, asked: u32) -> Request<Add> {
    Request { client, serial: Serial(asked), command: Add { add: 1 } }
}
