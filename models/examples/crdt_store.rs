//! A keyed store that gossips: what push, pull and push-pull cost, and what a digest must know.
//! `cargo run -p splitbrain-models --example crdt_store`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::{Story, tell};
use splitbrain::explore::{Limits, reach};
use splitbrain::{Scenario, Undisturbed};
use splitbrain_models::crdt_store::{CrdtStoreModel, Replica};

const COST: &str = "\
TO BE EQUAL AGAIN

Two replicas were cut off from each other, and each has updated a counter, a, and a set, b. The fewest
steps until both have everything, and the messages sent on the way:

             steps   messages   of them digests alone";

const COST_SEEN: &str = "
Push sends everything and asks nothing: one message each way, however little was missing. Pull asks,
and is sent what it lacks; whoever asks learns, so each must ask once. Push-pull asks once for both.";

const PUSH_PULL_SEEN: &str = "
A digest is short: n0:2 are the first two updates of n0, whatever their keys. The answer carries what
it shows to be missing, and a digest of its own.";

const GAP: &str = "
WHAT MAIL LEAVES OUT

Updates are mailed at once, here to the only other replica, and mail is lost. n0 updates a, then b;
only the second arrives.
";

const GAP_SEEN: &str = "
n1 has seen n0.2 and not n0.1. When it asks, its digest says just that, and n0 answers with a. A
version vector, which knows the last update of each replica and no gaps, would say that n0's first
two were seen, and nobody would ever send the first again: that is the mistake `version-vector-gap`.";

fn main() -> Result<(), String> {
    println!("{COST}");
    for name in ["push", "pull", "push-pull"] {
        println!("{name:<10}{}", cost(&in_step(name)?));
    }
    println!("{COST_SEEN}\n");
    show(&in_step("push-pull")?, PUSH_PULL_SEEN);
    println!("{GAP}");
    show(&gap()?, GAP_SEEN);
    Ok(())
}

fn scenario(name: &str, settings: &[(&str, u64)]) -> Result<Scenario<Replica>, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&CrdtStoreModel, name, None, &given).map_err(|misfit| misfit.to_string())
}

/// A shortest run to replicas that are equal, after updates that did not see each other.
fn in_step(name: &str) -> Result<Story, String> {
    let scenario = scenario(name, &[("updates", 2)])?;
    let steps = reach(&scenario, "in-step", &Limits::default(), &mut Undisturbed)?;
    Ok(tell(&scenario, &steps, None))
}

/// The first update of n0 is lost, and the second arrives.
fn gap() -> Result<Story, String> {
    let scenario = scenario("mail", &[])?;
    let steps = reach(&scenario, "gap", &Limits::default(), &mut Undisturbed)?;
    Ok(tell(&scenario, &steps, None))
}

/// Steps and messages of a run.
fn cost(story: &Story) -> String {
    let sent: Vec<&str> =
        story.steps.iter().flat_map(|step| &step.sends).map(|sent| &sent.message[..]).collect();
    let digests = sent.iter().filter(|message| message.starts_with("Digest")).count();
    format!("{:>8}{:>11}{digests:>14}", story.steps.len(), sent.len())
}

/// Prints a run in words and as a diagram, and what to look at.
fn show(story: &Story, seen: &str) {
    println!("{}\n\n{}{seen}", story.steps_in_words().join("\n"), story.to_text());
}
