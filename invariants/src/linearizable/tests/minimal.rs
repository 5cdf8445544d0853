//! How close the normal form is to the smallest there is: monitors against the minimal automaton.

use super::Event::{Abandon, Invoke, Respond};
use super::*;
use std::collections::BTreeSet;

/// Where an event takes a monitor: to another one, to a broken condition, or it cannot happen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LeadsTo {
    Monitor(usize),
    Broken,
    Nowhere,
}

/// Monitors with the number of operations they may still abandon, and where the events lead, the
/// same events in the same order for each.
struct Automaton<S: Specification> {
    monitors: Vec<(Linearizable<S>, usize)>,
    edges: Vec<Vec<LeadsTo>>,
}

/// Every monitor that histories of these clients reach.
fn automaton<S: Specification>(
    initial: S,
    operations: &[S::Operation],
    outputs: &[S::Output],
    clients: u32,
    abandons: usize,
) -> Automaton<S> {
    let mut events: Vec<Event<S>> = Vec::new();
    for client in 0..clients {
        events.extend(operations.iter().map(|operation| Invoke(client, operation.clone())));
        events.extend(outputs.iter().map(|output| Respond(client, output.clone())));
        events.push(Abandon(client));
    }
    let start = (Linearizable::new(initial), abandons);
    let mut index = BTreeMap::from([(start.clone(), 0)]);
    let mut monitors = vec![start];
    let mut edges = Vec::new();
    while edges.len() < monitors.len() {
        let (monitor, left) = monitors[edges.len()].clone();
        let leads_to = events.iter().map(|event| {
            let (allowed, left) = match event {
                Invoke(client, _) => (!monitor.waits(client), left),
                Respond(client, _) => (monitor.waits(client), left),
                Abandon(client) => (monitor.waits(client) && left > 0, left.saturating_sub(1)),
            };
            if !allowed {
                return LeadsTo::Nowhere;
            }
            let mut next = (monitor.clone(), left);
            if follow(&mut next.0, event).is_err() {
                return LeadsTo::Broken;
            }
            LeadsTo::Monitor(*index.entry(next.clone()).or_insert_with(|| {
                monitors.push(next);
                monitors.len() - 1
            }))
        });
        edges.push(leads_to.collect());
    }
    Automaton { monitors, edges }
}

/// The class of each monitor: two are in one class if no future history tells them apart (Moore,
/// *Gedanken-Experiments on Sequential Machines*, 1956).
fn classes_of(edges: &[Vec<LeadsTo>]) -> Vec<usize> {
    let mut class = vec![0; edges.len()];
    let mut classes = 1;
    loop {
        let mut index = BTreeMap::new();
        let refined: Vec<usize> = (0..edges.len())
            .map(|at| {
                let successors = edges[at].iter().map(|to| match to {
                    LeadsTo::Monitor(to) => LeadsTo::Monitor(class[*to]),
                    LeadsTo::Broken | LeadsTo::Nowhere => *to,
                });
                let signature = (class[at], successors.collect::<Vec<_>>());
                let next = index.len();
                *index.entry(signature).or_insert(next)
            })
            .collect();
        if index.len() == classes {
            return class;
        }
        class = refined;
        classes = index.len();
    }
}

/// How many monitors there are, how many of them with the last client free, and how many of those
/// some future history tells apart. The last client is the witness: what all the others' pending
/// operations leave in the object can only be seen by one who is free to look.
fn counts<S: Specification>(
    initial: S,
    operations: &[S::Operation],
    outputs: &[S::Output],
    clients: u32,
    abandons: usize,
) -> (usize, usize, usize) {
    let Automaton { monitors, edges } = automaton(initial, operations, outputs, clients, abandons);
    let classes = classes_of(&edges);
    let witness = clients - 1;
    let free: Vec<usize> =
        (0..monitors.len()).filter(|&at| !monitors[at].0.waits(&witness)).collect();
    let distinct: BTreeSet<usize> = free.iter().map(|&at| classes[at]).collect();
    (monitors.len(), free.len(), distinct.len())
}

#[test]
fn monitors_of_a_register_are_as_few_as_can_be() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    // An abandoned write that its client repeats leaves a few pairs of monitors that differ only
    // in which of the two equal writes is meant.
    let table = [
        ("one client and a witness", 2, 0, (128, 22, 22)),
        ("two clients and a witness", 3, 0, (2184, 270, 270)),
        ("one client that may give up, and a witness", 2, 1, (784, 126, 122)),
    ];
    for (sentence, clients, abandons, expected) in table {
        let operations = [Read, Write(0), Write(1)];
        let outputs = [Holds(0), Holds(1), Written];
        let found = counts(Register::new(0), &operations, &outputs, clients, abandons);
        assert_eq!(found, expected, "{sentence}");
    }
}

#[test]
fn monitors_of_a_lock_are_as_few_as_can_be() {
    use LockOperation::{Acquire, Release};
    use LockOutput::{Granted, NotHeld, Refused, Released};
    let two_holders = [Acquire(0), Acquire(1), Release(0), Release(1)];
    let one_holder = [Acquire(0), Release(0)];
    let table = [
        ("one client and a witness", 2, 0, &two_holders[..], (605, 73, 73)),
        ("one client that may give up, and a witness", 2, 1, &two_holders, (8110, 926, 926)),
        // An acquire and a release may both be done and leave no trace in the state.
        ("two clients in one name and a witness", 3, 0, &one_holder, (1125, 185, 185)),
    ];
    for (sentence, clients, abandons, operations, expected) in table {
        let outputs = [Granted, Refused, Released, NotHeld];
        let found = counts(Lock::default(), operations, &outputs, clients, abandons);
        assert_eq!(found, expected, "{sentence}");
    }
}
