//! The systems that Raft is checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Keeps, Storm};
use splitbrain::{
    Act, ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, Sight, Step, To, Units,
};

use super::invariants;
use super::log::Index;
use super::state::{Event, Input, Message, Term, Timer};
use super::{Bug, Raft};
use crate::parts::machine::{Add, Request, Serial, Total};
use crate::parts::named;

type Counter = Raft<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let protocol = Raft { bug: ask.bug.and_then(Bug::named), ..Raft::new(Total(0)) };
    let nodes = ask.get("nodes") as usize;
    let mut scenario = Scenario::new(ask.scenario, protocol, nodes)
        .timer("elections", |timer| *timer == Timer::Election, elections(ask)?)
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
        .shrinks_to(nodes.min(3))
        .storm(if ask.scenario == "storm-busy" { busy() } else { storm() });
    if ask.get("set-links") == 1 {
        scenario = scenario.links(Links::Set);
    }
    for lane in lanes(ask)? {
        scenario = scenario.lane(lane);
    }
    for invariant in invariants::all(Total(0)) {
        scenario = scenario.invariant(invariant);
    }
    if ["election", "storm", "storm-busy"].contains(&ask.scenario) {
        scenario = scenario.invariant(invariants::leader_in_the_end());
    }
    if let Some((name, steps)) = prefix(ask.scenario) {
        scenario = scenario.after(name, steps);
    }
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// The steps a scenario begins behind, and what they stand for.
fn prefix(scenario: &str) -> Option<(&'static str, Vec<Step<Counter>>)> {
    let empty = (Index(0), Term(0));
    let (n0, n1, n2) = (NodeId(0), NodeId(1), NodeId(2));
    let first = elected(n0, n1, Term(1), empty);
    let second = elected(n1, n2, Term(2), empty);
    let rivals = [first, vec![ask_command(0, n0)], second, vec![ask_command(1, n1)]].concat();
    match scenario {
        "rivals" => Some(("n0 leads term 1, n1 term 2, each with an entry of its own", rivals)),
        "figure-8" => {
            let heard = Step::new(n0, Act::Deliver { from: n1, message: call(Term(2), empty) });
            let again = elected(n0, n2, Term(3), (Index(1), Term(1)));
            let name = "n0 leads term 1, n1 term 2, each with an entry of its own, and n0 term 3";
            Some((name, [rivals, vec![heard], again].concat()))
        }
        _ => None,
    }
}

/// The steps by which a server whose log has this end is elected by one other vote.
pub(super) fn elected(
    leader: NodeId,
    voter: NodeId,
    term: Term,
    end: (Index, Term),
) -> Vec<Step<Counter>> {
    let vote = Message::Vote { term, granted: true };
    vec![
        Step::new(leader, Act::Timeout(Timer::Election)),
        Step::new(voter, Act::Deliver { from: leader, message: call(term, end) }),
        Step::new(leader, Act::Deliver { from: voter, message: vote }),
    ]
}

/// The call of a candidate whose log has this end.
pub(super) fn call(term: Term, (last_index, last_term): (Index, Term)) -> Message<Total> {
    Message::RequestVote { term, last_index, last_term }
}

/// A client's first command, asked at that node.
pub(super) fn ask_command(client: u8, node: NodeId) -> Step<Counter> {
    let input = first_request(client);
    Step::new(node, Act::Input { client: ClientId(client), input })
}

/// A client's command in exploration. Its addend is its own power of two, so that a total tells
/// which commands are in it.
pub(super) fn first_request(client: u8) -> Input<Add> {
    let command = Add { add: 1 << client };
    Input::Command(Request { client: ClientId(client), serial: Serial(0), command })
}

/// How election timers fire: in turns if the scenario names them, or so many times anywhere.
pub(super) fn elections(ask: &Ask<'_>) -> Result<Firing, String> {
    let turns = nodes_named(ask, "turns")?;
    Ok(match turns.is_empty() {
        true => Firing::Times(ask.count("elections")),
        false => Firing::Turns(turns),
    })
}

/// The servers that a parameter names, a digit each: 121 is n0, n1, n0.
pub(super) fn nodes_named(ask: &Ask<'_>, parameter: &str) -> Result<Vec<NodeId>, String> {
    named::nodes_named(ask, parameter, 0..ask.get("nodes") as u8, "set `nodes` higher")
}

/// What one client asks, and where.
type Lane = Vec<(To, Input<Add>)>;

/// One client for each command.
pub(super) fn lanes(ask: &Ask<'_>) -> Result<Vec<Lane>, String> {
    let at = nodes_named(ask, "at")?;
    let tries = ask.get("retries") as usize + 1;
    let lane = |client: u8| {
        let to = at.get(usize::from(client)).map_or(To::Any, |&node| To::Node(node));
        let request = first_request(client);
        // Only the first client asks again, wherever it likes.
        let again = if client == 0 { tries } else { 1 };
        let tries = (0..again).map(|attempt| if attempt == 0 { to } else { To::Any });
        tries.map(|to| (to, request.clone())).collect()
    };
    Ok((0..ask.get("commands") as u8).map(lane).collect())
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Counter>> {
    let mut goals = vec![invariants::leader_elected()];
    match ask.scenario {
        "election" | "crash" => goals.push(invariants::second_leader()),
        "replication" => goals.push(invariants::command_committed()),
        "takeover" | "deep" | "deep-crash" => {
            goals.extend([invariants::second_leader(), invariants::command_committed()]);
        }
        "rivals" => goals.extend([
            invariants::second_leader(),
            invariants::command_committed(),
            invariants::suffix_replaced(),
        ]),
        // Without a command of a leader's own term nothing is ever committed: that is its point.
        "figure-8" => {
            goals.extend([invariants::second_leader(), invariants::suffix_replaced()]);
        }
        "retry" => {
            goals.extend([invariants::command_committed(), invariants::command_twice_in_log()])
        }
        _ => goals.push(invariants::command_committed()),
    }
    goals
}

/// Three clients that add up, each asking again until it is answered, under every kind of fault but clocks,
/// which no server reads, and wiped disks, which Raft does not survive.
///
/// It may take minutes until one is answered again. Clients that ask all the time leave a leader that is
/// cut off with a thousand entries that nobody else has, and the next leader goes back over them one by
/// one, a round trip each (Figure 2).
fn storm() -> Storm<Counter> {
    Storm::default()
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(3, |_, client, asked| Some((To::Any, request(client, asked))))
        .answered(Event::answers)
        .counts("elections", |event| matches!(event, Event::Elected { .. }))
        .lasts(60.s(), 600.s())
        .progress(Goal::seen("command-answered", "A command is answered.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::Replied { .. }, .. })
        }))
}

/// The same with clients of every kind: some wait for no answer before they ask for more, and some ask
/// as a new client would, so that a command may be done twice and nobody knows whether it was. A
/// majority is alive at any time.
fn busy() -> Storm<Counter> {
    storm()
        .keeps(Keeps::Majority)
        .operations(3, &["add"], 1, |_, asked| Some((To::Any, request(asked.client, asked.number))))
}

/// What a client asks as its k-th request. All commands are alike, so that few orders of them can
/// be told apart by the monitor of answers.
fn request(client: ClientId, asked: u32) -> Input<Add> {
    Input::Command(Request { client, serial: Serial(asked), command: Add { add: 1 } })
}
