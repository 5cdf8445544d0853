//! The systems that Multi-Paxos is checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    Act, ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, Sight, Step, To, Units,
};

use super::state::{Event, Message, Proposal, Slot, Slots, Timer, Value};
use super::{Bug, MultiPaxos, invariants};
use crate::parts::ballot::Ballot;
use crate::parts::machine::{Add, Request, Serial, Total};
use crate::parts::named::nodes_named;
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
    let (n0, n1, n2) = (NodeId(0), NodeId(1), NodeId(2));
    let (first, second) = (Ballot::first_of(n0), Ballot::first_of(n1));
    let elected = |ballot| [vec![stands(ballot)], promised(ballot, n2, Slots::new())].concat();
    match scenario {
        "rivals" => {
            let steps =
                [elected(first), vec![asked(0, n0)], elected(second), vec![asked(1, n1)]].concat();
            Some(("n0 leads and has proposed a command, then n1, who has heard of none", steps))
        }
        "gap" => {
            let half_heard = vec![asked(0, n0), asked(1, n0), accepts(first, Slot(2), n1, 1)];
            let taken_over = vec![accepts(second, Slot(2), n2, 1)];
            let steps = [elected(first), half_heard, elected(second), taken_over].concat();
            let name = "n0 has proposed for slots 1 and 2, n1 has heard of slot 2 only, leads, and \
                        has n2 accept there again";
            Some((name, steps))
        }
        "retry" => {
            let twice_asked =
                [vec![asked(1, n0), asked(0, n0)], elected(second), vec![asked(0, n1)]];
            let name = "n0 has proposed c1's command and then c0's, n1 c0's for slot 1; nobody else \
                        has accepted any";
            Some((name, [elected(first), twice_asked.concat()].concat()))
        }
        _ => None,
    }
}

/// A replica stands for election in its ballot.
pub(crate) fn stands(ballot: Ballot) -> Step<Counter> {
    Step::new(ballot.proposer, Act::Timeout(Timer::Election))
}

/// An acceptor that has accepted this promises, and the candidate hears it. Nobody has executed
/// anything.
pub(crate) fn promised(
    ballot: Ballot,
    by: NodeId,
    accepted: Slots<Proposal<Add>>,
) -> Vec<Step<Counter>> {
    let candidate = ballot.proposer;
    let prepare = Message::Prepare { ballot, first: Slot(1) };
    let promise = Message::Promise { ballot, accepted };
    vec![
        Step::new(by, Act::Deliver { from: candidate, message: prepare }),
        Step::new(candidate, Act::Deliver { from: by, message: promise }),
    ]
}

/// A client's command is asked of that replica.
pub(crate) fn asked(client: u8, node: NodeId) -> Step<Counter> {
    let input = first_request(client);
    Step::new(node, Act::Input { client: ClientId(client), input })
}

/// An acceptor accepts a client's command.
pub(crate) fn accepts(ballot: Ballot, slot: Slot, by: NodeId, client: u8) -> Step<Counter> {
    let message = Message::Accept { ballot, slot, value: Value::Command(first_request(client)) };
    Step::new(by, Act::Deliver { from: ballot.proposer, message })
}

/// The leader hears that an acceptor has accepted.
pub(crate) fn accepted(ballot: Ballot, slot: Slot, by: NodeId) -> Step<Counter> {
    let message = Message::Accepted { ballot, slot };
    Step::new(ballot.proposer, Act::Deliver { from: by, message })
}

/// A client's command in exploration. Its addend is its own power of two, so that a total tells
/// which commands are in it.
fn first_request(client: u8) -> Request<Add> {
    let command = Add { add: 1 << client };
    Request { client: ClientId(client), serial: Serial(0), command }
}

/// How there may be more nodes to name.
const LARGER: &str = "take a larger cluster";

/// How election timers fire: in turns if the scenario names them, or so many times anywhere.
fn elections(ask: &Ask<'_>, nodes: u8) -> Result<Firing, String> {
    let turns = nodes_named(ask, "turns", 0..nodes, LARGER)?;
    Ok(match turns.is_empty() {
        true => Firing::Times(ask.count("elections")),
        false => Firing::Turns(turns),
    })
}

/// What one client asks, and where.
type Lane = Vec<(To, Request<Add>)>;

/// One client for each command.
fn lanes(ask: &Ask<'_>, nodes: u8) -> Result<Vec<Lane>, String> {
    let at = nodes_named(ask, "at", 0..nodes, LARGER)?;
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
        "takeover" | "deep" | "three-ballots" => {
            vec![invariants::answered(), invariants::second_leader(), invariants::taken_over()]
        }
        "rivals" => vec![invariants::answered(), invariants::second_leader()],
        "gap" => vec![
            invariants::taken_over(),
            invariants::chosen_out_of_order(),
            invariants::gap_filled(),
        ],
        // Only n0 leads, and only n1 is asked.
        "forward" if only_forwarded(ask) => vec![invariants::forwarded_answered()],
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

/// Whether a command can reach its leader in no other way than from n1.
fn only_forwarded(ask: &Ask<'_>) -> bool {
    ["turns", "at", "commands", "retries"].map(|parameter| ask.get(parameter)) == [1, 2, 1, 0]
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
        .counts("elections", |event| matches!(event, Event::Leads { .. }))
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
