//! A lock that is passed on across the loss of the leader that granted it, and why its fence is
//! needed all the same. `cargo run -p splitbrain-models --example lock`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Story, tell};
use splitbrain::explore::{Limits, way};
use splitbrain::{Nodes, Undisturbed};
use splitbrain_models::lock::Token;
use splitbrain_models::replicated_lock::{Client, ReplicatedLock, ReplicatedLockModel, State};

const BEFORE: &str = "\
A LOCK THAT OUTLIVES ITS LEADER

Three servers replicate a lock by Raft. alice gets it from n0, with token 1, and sends a write to
the store the lock protects. The write dawdles; n0 is lost; n1 leads, and finds in its log that the
lock is alice's, but not until when: that was known to n0's clock alone. So n1 gives her a whole
lease anew, three ticks of its own clock. She never learns of that; she stopped counting on the lock
long before, by hers. When bob asks and the three ticks are over, n1 proposes that the stretch has
ended, n2 agrees, and bob gets token 2. Then alice's write arrives.
";

const AFTER: &str = "\
What to look at:

- n1's `count` is in no log. It is set when n1 comes to lead, from the clock it has then.
- `Expire` and bob's `Acquire` go into the log together. The lock is bob's when n2 has both, and not
  when n1's clock says so.
- bob first asks n0, which is down and says nothing. He asks n1 under the same number: had both heard
  him, he would get his first answer again, and not be told that somebody has the lock, himself.
- The store refuses alice's write, though she held the lock when she sent it and nobody did anything
  wrong. No lease, however well it is replicated, can help there: the token can.";

fn main() -> Result<(), String> {
    let story = passed_on()?;
    println!("{BEFORE}");
    for step in &story.steps {
        let node = &story.nodes[step.node];
        println!("{:>3}  {node}: {}", step.number, shortened(&step.label));
        // What Raft tells is of no interest here.
        for told in step.events.iter().filter(|told| !told.starts_with("Raft")) {
            println!("       {node} tells {told}");
        }
    }
    println!("\n{}\n{AFTER}", story.to_text());
    Ok(())
}

/// A text of at most 90 letters.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(90) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// A shortest way by which all this happens.
fn passed_on() -> Result<Story, String> {
    let built = build(&ReplicatedLockModel, "takeover", None, &BTreeMap::new())
        .map_err(|misfit| misfit.to_string())?;
    let scenario = built
        .waypoint("alice has sent a write", |_, nodes| {
            alice(nodes).holding.is_some_and(|holding| holding.requests == 1)
        })
        .waypoint("bob has the lock", |_, nodes| bob(nodes).token == Token(2))
        .waypoint("the store took bob's write", |_, nodes| stored(nodes) == Token(2))
        .waypoint("alice knows that hers is refused", |_, nodes| {
            alice(nodes).holding.is_none_or(|holding| holding.open.is_none())
        });
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    Ok(tell(&scenario, &steps, None))
}

/// The client at a node.
fn client(nodes: &Nodes<ReplicatedLock>, at: usize) -> &Client {
    match &nodes[at].state {
        State::Client(client) => client,
        state => unreachable!("n{at} is a client, not {state:?}"),
    }
}

fn alice(nodes: &Nodes<ReplicatedLock>) -> &Client {
    client(nodes, 3)
}

fn bob(nodes: &Nodes<ReplicatedLock>) -> &Client {
    client(nodes, 4)
}

/// The token of the write that the store took last.
fn stored(nodes: &Nodes<ReplicatedLock>) -> Token {
    match &nodes[5].state {
        State::Store(store) => store.newest.token,
        state => unreachable!("n5 is the store, not {state:?}"),
    }
}
