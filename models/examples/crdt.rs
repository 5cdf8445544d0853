//! Replicated data types through a partition: both sides go on, and agree when it heals.
//! `cargo run -p splitbrain-models --example crdt`

use std::collections::BTreeMap;

use splitbrain::catalog::{Model, build};
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, explore, reach};
use splitbrain::{Scenario, Undisturbed};
use splitbrain_models::crdt::{CrdtModel, Replication};
use splitbrain_models::parts::crdt::{AnyCrdt, Change, Kind, OrSet};
use splitbrain_models::parts::dots::ReplicaId;

const BASKET: &str = "\
A BASKET, AND A PARTITION

Alice and Bob share a basket, a set of which each has a copy. Then they are cut off.
";

const BASKET_SEEN: &str = "
The milk is in: Bob added it once more, and Alice's removal had not seen that. The bread is out: its
removal saw the only addition there was. Nobody was asked to decide; both would have come to the same
whoever had merged first, or twice.";

const TYPES: &str = "
EIGHT TYPES, THE SAME PARTITION

Both sides update the same value while they are cut off, and merge when they are not.

                 here says      there says     merged, both say";

const SYSTEM: &str = "
WITH A NETWORK

The same as a system: replicas tell each other what they know when a timer fires, over links that
lose, double and reorder. This is a shortest run to a removal that loses against an addition.
";

const SYSTEM_SEEN: &str = "
n1 removes the element when it has seen its own addition only, n1.1. The one of n0 comes later, under
a dot that no removal saw, and stays. What is left of the removal is a dot that was seen and has no
entry, n1:1; that is enough for n0 not to take the addition up again.";

const MISTAKES: &str = "
WHAT GOES WRONG IF IT IS DONE A LITTLE DIFFERENTLY

Each with the fewest steps to what it breaks. `explained`: a replica is not what its past means.
`converged`: two have the same past and differ. `remembers`: what was seen is forgotten. `still-owed`:
an update will not be sent to who lacks it. `heals`: left alone, replicas stay different.
";

fn main() -> Result<(), String> {
    println!("{BASKET}");
    basket();
    println!("{BASKET_SEEN}\n{TYPES}");
    for kind in Kind::ALL {
        through_a_partition(kind);
    }
    println!("{SYSTEM}");
    let scenario = scenario("or-set", None)?;
    let steps = reach(&scenario, "add-wins", &Limits::default(), &mut Undisturbed)?;
    let story = tell(&scenario, &steps, None);
    println!("{}\n\n{}{SYSTEM_SEEN}", story.steps_in_words().join("\n"), story.to_text());
    println!("{MISTAKES}");
    mistakes()
}

/// Two people, cut off from each other.
fn basket() {
    let show = |who: &str, basket: &OrSet<&str>| {
        let things: Vec<&str> = basket.value().into_iter().collect();
        println!("  {who:<28}{}", things.join(", "));
    };
    let mut alice = OrSet::new(ReplicaId::new(0));
    alice.add("milk");
    alice.add("bread");
    let mut bob = alice.fork(ReplicaId::new(1));
    show("both", &alice);
    alice.remove(&"milk");
    alice.remove(&"bread");
    alice.add("eggs");
    show("Alice, cut off", &alice);
    bob.add("milk");
    show("Bob, cut off", &bob);
    let unmerged = alice.clone();
    alice.merge(&bob);
    bob.merge(&unmerged);
    show("Alice, when it has healed", &alice);
    show("Bob, when it has healed", &bob);
}

/// A line: what both sides of a partition say, and what they say when they have merged.
fn through_a_partition(kind: Kind) {
    let (before, here, there): (&[Change], &[Change], &[Change]) = match kind {
        Kind::GCounter => (&[Change::Increment], &[Change::Increment; 2], &[Change::Increment]),
        Kind::PnCounter => (&[Change::Increment], &[Change::Decrement; 3], &[Change::Increment]),
        Kind::LwwRegister | Kind::MvRegister => {
            (&[Change::Write(1)], &[Change::Write(2)], &[Change::Write(3)])
        }
        Kind::Flag => (&[Change::Enable], &[Change::Disable], &[Change::Enable]),
        Kind::OrSet => (&[Change::Add(1)], &[Change::Remove(1), Change::Add(2)], &[Change::Add(1)]),
        Kind::LwwMap => {
            (&[Change::Put(1, 1)], &[Change::Put(1, 5), Change::Put(2, 2)], &[Change::Delete(1)])
        }
        Kind::Sequence => (
            &[Change::Insert(0, 'c'), Change::Insert(1, 't')],
            &[Change::Insert(1, 'a')],
            &[Change::Insert(2, 's')],
        ),
    };
    let apply = |value: &mut AnyCrdt, changes: &[Change]| {
        changes.iter().for_each(|change| drop(value.apply(*change)));
    };
    let mut left = AnyCrdt::new(kind, ReplicaId::new(0));
    apply(&mut left, before);
    let mut right = left.fork(ReplicaId::new(1));
    apply(&mut left, here);
    apply(&mut right, there);
    let cut_off = (left.value().to_string(), right.value().to_string());
    let unmerged = left.clone();
    left.merge(&right);
    right.merge(&unmerged);
    assert!(left.is_equal_to(&right), "they converge");
    let (here, there) = cut_off;
    println!("{:<17}{here:<15}{there:<15}{}", kind.name(), left.value());
}

fn scenario(name: &str, bug: Option<&str>) -> Result<Scenario<Replication>, String> {
    build(&CrdtModel, name, bug, &BTreeMap::new()).map_err(|misfit| misfit.to_string())
}

/// What each mistake breaks, and in how many steps.
fn mistakes() -> Result<(), String> {
    for info in CrdtModel.bugs() {
        let scenario = scenario(info.explored.0, Some(info.name))?;
        let limits = Limits { only: Some(info.invariant.to_string()), ..Limits::default() };
        let found = explore(&scenario, &limits, &mut Undisturbed)?.found;
        let broken = found.iter().find(|found| found.invariant == info.invariant);
        let steps = broken.map_or(0, |found| found.trace.len());
        let plural = if steps == 1 { "" } else { "s" };
        println!("  {:<22}{steps} step{plural}, {}", info.name, info.invariant);
    }
    Ok(())
}
