//! The systems that Raft's extensions are checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    Act, ClientId, Clocks, Faults, Firing, Goal, Links, NodeId, Scenario, Sight, Step, To, Units,
};

use super::super::log::{Entry, Index, Payload};
use super::super::scenarios::{ask_command, elected, elections, first_request, lanes, nodes_named};
use super::super::state::{Event, Input, Message, Term, Timer};
use super::super::{Bug, Options, Raft, invariants as core};
use super::invariants;
use super::reads::{Reads, Round};
use crate::parts::machine::{Add, Request, Serial, Total};

type Counter = Raft<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let protocol =
        Raft { bug: ask.bug.and_then(Bug::named), options: options(ask)?, ..Raft::new(Total(0)) };
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
            ..Faults::NONE
        })
        .clocks(clocks(ask, nodes))
        .shrinks_to(nodes.min(3))
        .storm(storm(ask));
    if ask.get("set-links") == 1 {
        scenario = scenario.links(Links::Set);
    }
    for lane in lanes(ask)? {
        scenario = scenario.lane(lane);
    }
    for (at, node) in nodes_named(ask, "reads")?.into_iter().enumerate() {
        let reader = ClientId(ask.get("commands") as u8 + at as u8);
        scenario = scenario.lane([(To::Node(node), read(reader, 0))]);
    }
    if !ask.scenario.starts_with("storm") {
        for to in nodes_named(ask, "transfer")? {
            scenario = scenario.lane([(To::Any, Input::Transfer(to))]);
        }
    }
    for invariant in invariants::all(Total(0)) {
        scenario = scenario.invariant(invariant);
    }
    if ask.get("pre-vote") == 1 && ask.get("set-links") == 0 {
        scenario = scenario.invariant(invariants::mutual_block());
    }
    if let Some((name, steps)) = prefix(ask) {
        scenario = scenario.after(name, steps);
    }
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// What the servers do beyond the core.
fn options(ask: &Ask<'_>) -> Result<Options, String> {
    let (lease, skew) = (ask.get("lease"), ask.get("skew"));
    if ask.get("by") == 2 && lease <= skew {
        return Err(format!(
            "a lease of {lease} ticks is over at once where clocks may be {skew} ticks apart: make \
             `lease` greater than `skew`"
        ));
    }
    Ok(Options {
        noop: ask.get("noop") == 1,
        pre_vote: ask.get("pre-vote") == 1,
        reads: match ask.get("by") {
            0 => Reads::Log,
            1 => Reads::Index,
            _ => Reads::Lease { lease, skew },
        },
        compact: Some(ask.get("compact") as u32).filter(|enough| *enough > 0),
        ..Options::default()
    })
}

/// Everybody has a clock where there are leases. A tick of the simulator is a quarter of a second.
fn clocks(ask: &Ask<'_>, nodes: usize) -> Clocks {
    if ask.get("by") != 2 {
        return Clocks::none();
    }
    Clocks {
        of: (0..nodes).map(NodeId::at).collect(),
        until: ask.get("ticks"),
        apart: ask.get("skew"),
        tick: 250.ms(),
    }
}

/// The steps a scenario begins behind, and what they stand for.
fn prefix(ask: &Ask<'_>) -> Option<(&'static str, Vec<Step<Counter>>)> {
    let (n0, n1) = (NodeId(0), NodeId(1));
    let first = elected(n0, n1, Term(1), (Index(0), Term(0)));
    let noop = stored(n0, n1, Index(0), Payload::Noop, Index(0));
    let leads = [first, noop].concat();
    match ask.scenario {
        "read-index" => Some(("n0 leads term 1, and its empty entry is committed", leads)),
        "lease" | "deep-lease" | "deep-transfer" => {
            let (term, round) = (Term(1), Round(0));
            let reader = ClientId(ask.get("commands") as u8);
            let leased = vec![
                Step::new(n0, Act::Input { client: reader, input: read(reader, 0) }),
                Step::new(n1, Act::Deliver { from: n0, message: Message::Confirm { term, round } }),
                Step::new(
                    n0,
                    Act::Deliver { from: n1, message: Message::Confirmed { term, round } },
                ),
            ];
            let name = "n0 leads term 1, and has a lease since a read, which n1 confirmed";
            Some((name, [leads, leased].concat()))
        }
        "no-op" => {
            let command = match first_request(0) {
                Input::Command(request) => Payload::Command(request),
                Input::Change(_) | Input::Read(_) | Input::Transfer(_) => {
                    unreachable!("it is a command")
                }
            };
            let stored = stored(n0, n1, Index(1), command, Index(1));
            let steps = [leads, vec![ask_command(0, n0)], stored].concat();
            Some(("n0 leads term 1, and answered a command that n1 stored", steps))
        }
        _ => None,
    }
}

/// The steps by which a follower stores its leader's next entry of term 1, and the leader learns of
/// it.
fn stored(
    leader: NodeId,
    follower: NodeId,
    prev_index: Index,
    payload: Payload<Add>,
    commit: Index,
) -> Vec<Step<Counter>> {
    let term = Term(1);
    let prev_term = if prev_index == Index(0) { Term(0) } else { term };
    let entries = [Entry { term, payload }].into_iter().collect();
    let append = Message::Append { term, prev_index, prev_term, entries, commit };
    let appended = Message::Appended { term, matched: prev_index.next() };
    vec![
        Step::new(follower, Act::Deliver { from: leader, message: append }),
        Step::new(leader, Act::Deliver { from: follower, message: appended }),
    ]
}

/// What a client reads: to add nothing is to read.
fn read(client: ClientId, asked: u32) -> Input<Add> {
    Input::Read(Request { client, serial: Serial(asked), command: Add { add: 0 } })
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Counter>> {
    let by = ask.get("by");
    match ask.scenario {
        "read-index" => vec![
            core::second_leader(),
            core::command_committed(),
            invariants::read_answered(),
            invariants::read_confirmed(),
        ],
        "no-op" => vec![invariants::read_confirmed(), invariants::read_delayed()],
        "lease" | "deep-lease" | "deep-transfer" => vec![
            core::second_leader(),
            core::command_committed(),
            invariants::read_at_once(),
            invariants::read_confirmed(),
            invariants::lease_expired(),
        ],
        "pre-vote" => vec![core::leader_elected(), invariants::pre_vote_refused()],
        "deep-all" => vec![
            invariants::read_confirmed(),
            invariants::pre_vote_refused(),
            invariants::snapshot_installed(),
        ],
        "pre-vote-terms" => vec![core::leader_elected()],
        "transfer" => vec![invariants::transfer_completed(), core::command_committed()],
        "snapshot" => vec![
            core::command_committed(),
            invariants::snapshot_installed(),
            invariants::suffix_kept(),
        ],
        "deep-snapshot" => vec![core::second_leader(), invariants::snapshot_installed()],
        "storm-pre-vote" => vec![core::command_committed(), invariants::pre_vote_refused()],
        _ if by == 2 => vec![
            core::command_committed(),
            invariants::read_at_once(),
            invariants::read_confirmed(),
            invariants::lease_expired(),
        ],
        _ => vec![
            core::command_committed(),
            invariants::read_confirmed(),
            invariants::read_delayed(),
            invariants::pre_vote_refused(),
            invariants::transfer_completed(),
            invariants::snapshot_installed(),
            invariants::suffix_kept(),
        ],
    }
}

/// Clients that add up and read, each asking again until it is answered, and perhaps an operator,
/// under every kind of fault but wiped disks.
fn storm(ask: &Ask<'_>) -> Storm<Counter> {
    let operated = ask.get("transfer") > 0;
    Storm::default()
        .kinds(FaultKinds { clocks: ask.get("by") == 2, ..FaultKinds::ALL })
        .clients(if operated { 4 } else { 3 }, request)
        .answered(Event::answers)
        .counts("elections", |event| matches!(event, Event::Elected { .. }))
        .lasts(30.s(), 20.s())
        .progress(Goal::seen("client-answered", "A client is answered.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::Replied { .. } | Event::Read { .. }, .. })
        }))
}

/// What a client asks as its k-th request: it reads every other time. The fourth is the operator.
fn request(_: &Counter, client: ClientId, asked: u32) -> Option<(To, Input<Add>)> {
    let input = match (client, (asked + u32::from(client.0)) % 2) {
        (ClientId(3), _) => Input::Transfer(NodeId(asked as u8 % 3)),
        (_, 0) => {
            Input::Command(Request { client, serial: Serial(asked), command: Add { add: 1 } })
        }
        _ => read(client, asked),
    };
    Some((To::Any, input))
}
