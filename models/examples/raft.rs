//! The life of a Raft cluster: it elects a leader, replicates a command, loses the leader, elects
//! another, and takes in a new server. `cargo run -p splitbrain-models --example raft`

use splitbrain::explain::{Story, tell};
use splitbrain::explore::{Limits, way};
use splitbrain::{ClientId, Faults, Firing, NodeId, Nodes, Scenario, To, Undisturbed};
use splitbrain_models::parts::machine::{Add, Request, Serial, Total};
use splitbrain_models::raft::{Change, Index, Input, Options, Raft, Timer};

type Counter = Raft<Total>;

const BEGIN: &str = "\
THE LIFE OF A RAFT CLUSTER

Three servers, n0 to n2, replicate a counter. A fourth, n3, runs with an empty log and is no member
yet. What follows is a shortest way by seven waypoints, as exhaustive search finds it: nothing happens
that need not.";

/// A chapter: its title, where it ends, and what to look at.
type Chapter = (&'static str, fn(&Counter, &Nodes<Counter>) -> bool, &'static str);

const CHAPTERS: [Chapter; 7] = [
    (
        "n0 is elected",
        |_, nodes| nodes[0].state.leads(),
        "n0 hears of no leader, begins term 1 and votes for itself. With n1's vote it has two of\n\
         three, a majority: n2 is not needed. It adds an empty entry to its log, so that soon\n\
         something of its own term is committed.",
    ),
    (
        "A command is committed",
        |_, nodes| nodes[0].state.commit == Index(2),
        "A client asks n0 to add 1. The entry is committed when n0 knows that two of three hold it;\n\
         the empty entry before it is committed with it. Only then does n0 apply it and answer.",
    ),
    (
        "n0 stops",
        |_, nodes| !nodes[0].up,
        "n1 holds the command but does not know that it is committed; n2 has not even heard of it.",
    ),
    (
        "n1 is elected",
        |_, nodes| nodes[1].state.leads(),
        "The command cannot be lost: whoever is elected needs two votes of three, so one of a server\n\
         that holds the command, and such a server votes for nobody whose log ends earlier. n2 could\n\
         not have won: n1 would have refused it.",
    ),
    (
        "n3 becomes a member",
        |_, nodes| nodes[1].state.commit == Index(4),
        "n1 may change the members only after an entry of its own term is committed: see the entry\n\
         of term 2 go to n2 and be acknowledged first. Then it names four voters in its log, and they\n\
         count at once. Three of four must hold the change: n0 is down, so n3 itself is needed, and\n\
         it has to catch up from nothing before anything is committed. (`Change::Learner` would have\n\
         let it catch up first.)",
    ),
    (
        "n0 is removed",
        |_, nodes| nodes[1].state.commit == Index(5),
        "Four voters are no safer than three: of four, too, only one may be missing, and n0 is. So the\n\
         operator removes it, which two of the three others must hold. No message goes to n0 any more.\n\
         If it came back it would know nothing of this, and bother the others with elections that it\n\
         cannot win.",
    ),
    (
        "All know of it",
        |_, nodes| nodes[1..].iter().all(|node| node.state.commit == Index(5)),
        "So far n1 alone knows that this is committed. The others learn it with the next message, here\n\
         a heartbeat. To n3 it is one about an entry that n3 lacks: its answer shows that, and n1 sends\n\
         the entry once more.",
    ),
];

fn main() -> Result<(), String> {
    println!("{BEGIN}");
    let mut told = 0;
    for (at, (title, _, seen)) in CHAPTERS.iter().enumerate() {
        let words = story(at + 1)?.steps_in_words();
        println!("\n\n{}. {title}\n\n{}\n\n{seen}", at + 1, words[told..].join("\n"));
        told = words.len();
    }
    println!("\n\nALL OF IT, TIME GOING DOWN\n\n{}", story(CHAPTERS.len())?.to_text());
    Ok(())
}

/// A shortest way through that many chapters.
fn story(chapters: usize) -> Result<Story, String> {
    let scenario = CHAPTERS[..chapters]
        .iter()
        .fold(cluster(), |scenario, (title, reached, _)| scenario.waypoint(title, *reached));
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    Ok(tell(&scenario, &steps, None))
}

/// Four servers, three of them members; n0 and then n1 may stand for election, and n0 may crash.
fn cluster() -> Scenario<Counter> {
    let (n0, n1, n3) = (NodeId(0), NodeId(1), NodeId(3));
    let options = Options { members: Some(3), noop: true, ..Options::default() };
    let protocol = Raft { options, ..Raft::new(Total(0)) };
    let (client, operator) = (ClientId(0), ClientId(1));
    let command = Request { client, serial: Serial(0), command: Add { add: 1 } };
    let change = |serial, command| {
        let serial = Serial(serial);
        (To::Node(n1), Input::Change(Request { client: operator, serial, command }))
    };
    Scenario::new("raft", protocol, 4)
        .timer("elections", |timer| *timer == Timer::Election, Firing::Turns(vec![n0, n1]))
        .timer("heartbeats", |timer| *timer == Timer::Heartbeat, Firing::Times(1))
        .faults(Faults { crashes: 1, ..Faults::NONE })
        .may_crash([n0])
        .lane([(To::Any, Input::Command(command))])
        .lane([change(0, Change::Voter(n3)), change(1, Change::Remove(n0))])
}
