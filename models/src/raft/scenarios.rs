//! The systems that Raft is checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, To, Units};

use super::invariants;
use super::machine::{Add, Total};
use super::state::{Event, Request, Serial, Timer};
use super::{Bug, Raft};

type Counter = Raft<Total>;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Counter>, String> {
    let protocol = Raft { machine: Total(0), bug: ask.bug.and_then(Bug::named) };
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
        .storm(storm());
    if ask.get("set-links") == 1 {
        scenario = scenario.links(Links::Set);
    }
    for lane in lanes(ask)? {
        scenario = scenario.lane(lane);
    }
    for invariant in invariants::all(Total(0)) {
        scenario = scenario.invariant(invariant);
    }
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// How election timers fire: in turns if the scenario names them, or so many times anywhere.
fn elections(ask: &Ask<'_>) -> Result<Firing, String> {
    let turns = nodes_named(ask, "turns")?;
    Ok(match turns.is_empty() {
        true => Firing::Times(ask.count("elections")),
        false => Firing::Turns(turns),
    })
}

/// The nodes that a parameter names, a digit each: 121 is n0, n1, n0.
fn nodes_named(ask: &Ask<'_>, parameter: &str) -> Result<Vec<NodeId>, String> {
    let nodes = ask.get("nodes");
    digits(ask.get(parameter))
        .into_iter()
        .map(|digit| match digit {
            1.. if digit <= nodes => Ok(NodeId(digit as u8 - 1)),
            _ => Err(format!(
                "`{parameter}` names nodes by digits from 1 to {nodes} (1 is n0), and {digit} is \
                 none: use others, or set `nodes` higher"
            )),
        })
        .collect()
}

/// The decimal digits of a number, the first one first; 0 has none.
fn digits(mut number: u64) -> Vec<u64> {
    let mut digits = Vec::new();
    while number > 0 {
        digits.insert(0, number % 10);
        number /= 10;
    }
    digits
}

/// One client for each command. Its addend is its own power of two, so that a total tells which
/// commands are in it.
fn lanes(ask: &Ask<'_>) -> Result<Vec<Vec<(To, Request<Add>)>>, String> {
    let at = nodes_named(ask, "at")?;
    let tries = ask.get("retries") as usize + 1;
    let lane = |client: u8| {
        let to = at.get(usize::from(client)).map_or(To::Any, |&node| To::Node(node));
        let command = Add { add: 1 << client };
        let request = Request { client: ClientId(client), serial: Serial(0), command };
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
        "election" => goals.push(invariants::second_leader()),
        "replication" => goals.push(invariants::command_committed()),
        "takeover" | "rivals" | "figure-8" | "deep" | "deep-crash" => goals.extend([
            invariants::second_leader(),
            invariants::command_committed(),
            invariants::suffix_replaced(),
        ]),
        "retry" => {
            goals.extend([invariants::command_committed(), invariants::command_twice_in_log()])
        }
        _ => goals.push(invariants::command_committed()),
    }
    goals
}

/// Three clients that add up, now and then asking again, under every kind of fault but clocks,
/// which no server reads, and wiped disks, which Raft does not survive.
fn storm() -> Storm<Counter> {
    Storm::default()
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(3, |_, client, asked| Some((To::Any, request(client, asked))))
        .lasts(20.s(), 20.s())
        .progress(Goal::seen("command-answered", "A command is answered.", |_, sight| {
            matches!(sight, splitbrain::Sight::Event { event: Event::Replied { .. }, .. })
        }))
}

/// What a client asks as its k-th request: every fourth is the one before it once more.
///
/// All commands are alike, so that those nobody waits for any more remain few different ones.
fn request(client: ClientId, asked: u32) -> Request<Add> {
    let serial = Serial(asked / 4 * 3 + (asked % 4).min(2));
    Request { client, serial, command: Add { add: 1 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_from_the_left() {
        for (number, expected) in [(0, vec![]), (7, vec![7]), (1_213, vec![1, 2, 1, 3])] {
            assert_eq!(digits(number), expected);
        }
    }

    #[test]
    fn every_fourth_request_is_a_retry() {
        let serials: Vec<u32> = (0..9).map(|k| request(ClientId(0), k).serial.0).collect();
        assert_eq!(serials, [0, 1, 2, 2, 3, 4, 5, 5, 6]);
    }
}
