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
    if let Some((name, steps)) = prefix(ask.scenario) {
        scenario = scenario.after(name, steps);
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

/// The steps a scenario begins behind, and what they stand for.
fn prefix(scenario: &str) -> Option<(&'static str, Vec<Step<Counter>>)> {
    let (n0, n1) = (NodeId(0), NodeId(1));
    match scenario {
        "gap" => {
            let steps = [elected(n0), vec![asked(0, n0), asked(1, n0), second_accepted()]];
            let name = "n0 leads and has proposed for slots 1 and 2; n1 has accepted in slot 2";
            Some((name, steps.concat()))
        }
        "retry" => {
            let first = [elected(n0), vec![asked(1, n0), asked(0, n0)]];
            let second = [elected(n1), vec![asked(0, n1)]];
            let name = "n0 has proposed c1's command and then c0's, n1 c0's in slot 1; nobody else \
                        has accepted any";
            Some((name, [first.concat(), second.concat()].concat()))
        }
        _ => None,
    }
}

/// The steps by which a replica leads for the first time, with the promise of n2, who has accepted
/// nothing yet.
fn elected(leader: NodeId) -> Vec<Step<Counter>> {
    let n2 = NodeId(2);
    let (ballot, first) = (Ballot::first_of(leader), Slot(1));
    let prepare = Message::Prepare { ballot, first };
    let promise = Message::Promise { ballot, accepted: Slots::new() };
    vec![
        Step::new(leader, Act::Timeout(Timer::Election)),
        Step::new(n2, Act::Deliver { from: leader, message: prepare }),
        Step::new(leader, Act::Deliver { from: n2, message: promise }),
    ]
}

/// A client's command is asked of that replica.
fn asked(client: u8, node: NodeId) -> Step<Counter> {
    let input = first_request(client);
    Step::new(node, Act::Input { client: ClientId(client), input })
}

/// n1 accepts what n0 proposes for slot 2.
fn second_accepted() -> Step<Counter> {
    let (ballot, value) = (Ballot::first_of(NodeId(0)), Value::Command(first_request(1)));
    let message = Message::Accept { ballot, slot: Slot(2), value };
    Step::new(NodeId(1), Act::Deliver { from: NodeId(0), message })
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
        // Only the first client asks again, wherever it likes.
        let tries = if client == 0 { tries } else { 1 };
        let tries = (0..tries).map(|attempt| if attempt == 0 { to } else { To::Any });
        tries.map(|to| (to, first_request(client))).collect()
    };
    Ok((0..ask.get("commands") as u8).map(lane).collect())
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Counter>> {
    let mut goals = vec![invariants::leads()];
    let more = match ask.scenario {
        "election" => vec![invariants::second_leader()],
        "slots" => vec![invariants::answered(), invariants::chosen_out_of_order()],
        "takeover" | "rivals" | "deep" | "three-ballots" => {
            vec![invariants::answered(), invariants::second_leader(), invariants::taken_over()]
        }
        "gap" => vec![invariants::taken_over(), invariants::gap_filled()],
        "forward" => vec![invariants::forwarded_answered()],
        "catch-up" => vec![invariants::answered(), invariants::caught_up()],
        "retry" => vec![invariants::taken_over(), invariants::chosen_twice()],
        "crash" | "deep-crash" => {
            vec![invariants::answered(), invariants::taken_over(), invariants::restarted()]
        }
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
