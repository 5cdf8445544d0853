//! The same run, stamped by Lamport's clock, a vector and a hybrid clock side by side; and what a
//! clock from the future does. `cargo run -p splitbrain-models --example clocks`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Story, tell};
use splitbrain::explore::{Limits, way};
use splitbrain::{Nodes, Undisturbed};
use splitbrain_models::clocks::{Clocks, ClocksModel, State};
use splitbrain_models::parts::clocks::{HybridLogicalClock, HybridStamp};

const BEFORE: &str = "\
ONE RUN, THREE CLOCKS

alice's physical clock is a tick fast. She sends to bob, and carol sends to her; bob passes on to
carol what he heard. carol's message takes longest. Every event, as each clock stamps it:
";

const BETWEEN: &str = "
What to look at:

- n0#1, n1#1, n1#2 and n2#2 happened one before the next, and every clock stamps them so.
- n2#1 is concurrent with the first three: carol knew of nobody, and nobody of her. Lamport's
  clock puts it after n0#1 and before n1#1 all the same, and the hybrid clock before them all, since
  alice's clock is fast. Only the vectors say neither: [n0:1] and [n2:1] have no order.
- n0#2 comes last, and its Lamport time is smaller than that of n1#2, of which alice never heard. A
  smaller time does not mean that it happened before; it means that the other did not.
- Hybrid clocks read physical time 1 everywhere in the end, though only alice's own clock shows it.
  What is heard counts on from there, until the others' clocks have caught up.

The run by vector clocks; the others differ in nothing but their stamps.
";

fn main() -> Result<(), String> {
    let names = ["lamport", "vector", "hybrid-jump"];
    let stories = names.map(stamped);
    let [lamport, vector, hybrid] = stories;
    let (lamport, vector, hybrid) = (lamport?, vector?, hybrid?);
    println!("{BEFORE}");
    println!("  {:6} {:<30} {:<9} {:<18} hybrid", "event", "what", "Lamport", "vector");
    let columns = events(&lamport).into_iter().zip(events(&vector)).zip(events(&hybrid));
    for ((one, other), third) in columns {
        let Stamped { event, what, stamp } = one;
        println!("  {event:6} {what:<30} {stamp:<9} {:<18} {}", other.stamp, third.stamp);
    }
    println!("{BETWEEN}\n{}", vector.to_text());
    from_the_future();
    Ok(())
}

/// An event of a story, as its process tells it.
struct Stamped {
    event: String,
    what: String,
    stamp: String,
}

/// The events of a story, in order.
fn events(story: &Story) -> Vec<Stamped> {
    let told = story.steps.iter().flat_map(|step| step.events.iter().map(move |told| (step, told)));
    let happened = told.filter_map(|(step, told)| {
        // Happens { event: n0#1, received: None, stamp: 1.n0 }
        let told = told.strip_prefix("Happens { event: ")?.strip_suffix(" }")?;
        let (event, rest) = told.split_once(", received: ")?;
        let (received, stamp) = rest.split_once(", stamp: ")?;
        let name = &story.nodes[step.node];
        let what = match received.strip_prefix("Some(").and_then(|sent| sent.strip_suffix(')')) {
            Some(sent) => format!("{name} hears of {sent}"),
            None => format!("{name} sends"),
        };
        Some(Stamped { event: event.to_string(), what, stamp: stamp.to_string() })
    });
    happened.collect()
}

/// The run by one kind of clock: each waypoint is one event more.
fn stamped(scenario: &str) -> Result<Story, String> {
    let settings = [("nodes", 3), ("sends", 2), ("works", 0), ("senders", 3)];
    let settings = BTreeMap::from(settings.map(|(name, value)| (name.to_string(), value)));
    let built = build(&ClocksModel, scenario, None, &settings).map_err(|no| no.to_string())?;
    let scenario = built
        .names(&["alice", "bob", "carol"])
        .waypoint("alice's clock, if she has one, has ticked", |_, nodes| {
            nodes[0].clock.is_none_or(|now| now == 1)
        })
        .waypoint("alice has sent to bob", |_, nodes| had(nodes) == [1, 0, 0])
        .waypoint("bob has heard of it", |_, nodes| had(nodes) == [1, 1, 0])
        .waypoint("carol has sent to alice", |_, nodes| had(nodes) == [1, 1, 1])
        .waypoint("bob has sent to carol", |_, nodes| had(nodes) == [1, 2, 1])
        .waypoint("carol has heard of it", |_, nodes| had(nodes) == [1, 2, 2])
        .waypoint("alice has heard of carol", |_, nodes| had(nodes) == [2, 2, 2]);
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    Ok(tell(&scenario, &steps, None))
}

/// How many events each process had.
fn had(nodes: &Nodes<Clocks>) -> Vec<u32> {
    let events = nodes.iter().map(|node| match &node.state {
        State::Process(process) => process.events,
        State::Member(_) => 0,
    });
    events.collect()
}

/// What a guard is for, with the clocks alone.
fn from_the_future() {
    println!("A CLOCK FROM THE FUTURE\n");
    println!("mallory's physical clock shows 9000, everybody else's 100 and something.\n");
    let sent = HybridLogicalClock::unguarded().tick(9_000);
    let clocks =
        [("without", HybridLogicalClock::unguarded()), ("with", HybridLogicalClock::guarded(50))];
    for (guard, mut clock) in clocks {
        let heard = match clock.receive(100, sent) {
            Ok(stamp) => format!("takes {sent} in, and stamps its receipt {stamp}"),
            Err(refused) => format!("refuses it: {refused}"),
        };
        println!("- A clock {guard} a guard {heard}.");
        let later: Vec<HybridStamp> = [101, 102, 103].map(|now| clock.tick(now)).to_vec();
        println!("  Its events at 101, 102 and 103 are stamped {later:?}.");
    }
    println!(
        "\nThe first has lost physical time for good, and so has everybody who hears of it: they \
         are\nin order still, but near to nothing. The second has lost a message."
    );
}
