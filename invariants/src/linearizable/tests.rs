//! The monitor against the definition, on histories small enough to try every order.

use super::*;
use std::collections::BTreeMap;

/// What happens at the object's clients.
#[derive(Clone, Debug)]
enum Event<S: Specification> {
    Invoke(u32, S::Operation),
    Respond(u32, S::Output),
    Abandon(u32),
}
use Event::{Abandon, Invoke, Respond};

fn follow<S: Specification>(monitor: &mut Linearizable<S>, event: &Event<S>) -> Held {
    match event.clone() {
        Invoke(client, operation) => monitor.invoke(client, operation),
        Respond(client, output) => monitor.respond(client, output)?,
        Abandon(client) => monitor.abandon(&client),
    }
    Ok(())
}

fn after<S: Specification>(initial: S, history: &[Event<S>]) -> Linearizable<S> {
    let mut monitor = Linearizable::new(initial);
    for event in history {
        assert_eq!(follow(&mut monitor, event), Ok(()), "{event:?}");
    }
    monitor
}

mod definition {
    use super::*;

    /// An operation with the positions of its events in the history.
    struct Interval<S: Specification> {
        operation: S::Operation,
        invoked: usize,
        ended: Option<(usize, S::Output)>,
    }

    fn intervals<S: Specification>(history: &[Event<S>]) -> Vec<Interval<S>> {
        let mut all: Vec<Interval<S>> = Vec::new();
        let mut open = BTreeMap::new();
        for (at, event) in history.iter().enumerate() {
            match event {
                Invoke(client, operation) => {
                    open.insert(*client, all.len());
                    all.push(Interval { operation: operation.clone(), invoked: at, ended: None });
                }
                Respond(client, output) => {
                    if let Some(index) = open.remove(client) {
                        all[index].ended = Some((at, output.clone()));
                    }
                }
                Abandon(client) => drop(open.remove(client)),
            }
        }
        all
    }

    fn can_continue<S: Specification>(state: &S, rest: &[&Interval<S>]) -> bool {
        let ends = rest.iter().filter_map(|one| one.ended.as_ref().map(|(at, _)| *at));
        let Some(first_end) = ends.min() else { return true };
        (0..rest.len()).any(|at| {
            let one = rest[at];
            if one.invoked > first_end {
                return false;
            }
            let mut state = state.clone();
            let output = state.apply(&one.operation);
            if one.ended.as_ref().is_some_and(|(_, seen)| *seen != output) {
                return false;
            }
            let mut rest = rest.to_vec();
            rest.remove(at);
            can_continue(&state, &rest)
        })
    }

    /// Whether some sequence of the operations explains the history: all of them are tried.
    pub(super) fn linearizable<S: Specification>(initial: &S, history: &[Event<S>]) -> bool {
        let all = intervals(history);
        can_continue(initial, &all.iter().collect::<Vec<_>>())
    }
}

/// A linear congruential generator (Knuth, *Seminumerical Algorithms*, §3.3.4, MMIX's constants).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % bound
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }
}

enum Client<S: Specification> {
    Idle,
    Asked(S::Operation),
    Answered(S::Output),
}

/// A history of a real atomic object with a few clients, whose operations take effect at a drawn
/// moment between invocation and response, or after they were abandoned.
fn drawn_history<S: Specification>(
    initial: &S,
    operations: &[S::Operation],
    clients: u32,
    length: usize,
    draws: &mut Draws,
) -> Vec<Event<S>> {
    let mut object = initial.clone();
    let mut orphans = Vec::new();
    let mut states: Vec<Client<S>> = (0..clients).map(|_| Client::Idle).collect();
    let mut history = Vec::new();
    while history.len() < length {
        if !orphans.is_empty() && draws.below(4) == 0 {
            let at = draws.below(orphans.len());
            object.apply(&orphans.swap_remove(at));
        }
        let client = draws.below(clients as usize);
        let name = client as u32;
        let gives_up = draws.below(6) == 0;
        states[client] = match std::mem::replace(&mut states[client], Client::Idle) {
            Client::Idle => {
                let operation = draws.one_of(operations);
                history.push(Invoke(name, operation.clone()));
                Client::Asked(operation)
            }
            Client::Asked(operation) if gives_up => {
                history.push(Abandon(name));
                orphans.push(operation);
                Client::Idle
            }
            Client::Asked(operation) => Client::Answered(object.apply(&operation)),
            Client::Answered(_) if gives_up => {
                history.push(Abandon(name));
                Client::Idle
            }
            Client::Answered(output) => {
                history.push(Respond(name, output));
                Client::Idle
            }
        };
    }
    history
}

/// Gives one of the responses another output, if there is one.
fn mutated<S: Specification>(
    mut history: Vec<Event<S>>,
    outputs: &[S::Output],
    draws: &mut Draws,
) -> Vec<Event<S>> {
    let responses: Vec<usize> =
        (0..history.len()).filter(|&at| matches!(history[at], Respond(..))).collect();
    if responses.is_empty() {
        return history;
    }
    if let Respond(_, output) = &mut history[responses[draws.below(responses.len())]] {
        *output = draws.one_of(outputs);
    }
    history
}

/// Follows drawn histories with monitor and definition; both must give up at the same event. Says
/// how many histories were linearizable and how many were not.
fn compare<S: Specification>(
    initial: &S,
    operations: &[S::Operation],
    outputs: &[S::Output],
) -> (usize, usize) {
    let mut draws = Draws(operations.len() as u64);
    let (mut good, mut bad) = (0, 0);
    for round in 0..3000 {
        let clients = 2 + (round % 3) as u32;
        let mut history = drawn_history(initial, operations, clients, 14, &mut draws);
        assert!(definition::linearizable(initial, &history), "{history:?}");
        if round % 2 == 1 {
            history = mutated(history, outputs, &mut draws);
        }
        let mut monitor = Linearizable::new(initial.clone());
        let broken_at = history.iter().position(|event| follow(&mut monitor, event).is_err());
        let expected = (1..=history.len())
            .find(|&end| !definition::linearizable(initial, &history[..end]))
            .map(|end| end - 1);
        assert_eq!(broken_at, expected, "{history:?}");
        if expected.is_some() { bad += 1 } else { good += 1 }
    }
    (good, bad)
}

#[test]
fn registers_agree_with_the_definition() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let operations = [Read, Read, Write(0), Write(1), Write(2)];
    let counts = compare(&Register::new(0), &operations, &[Holds(0), Holds(1), Holds(2), Written]);
    assert!(counts.0 > 1500 && counts.1 > 500, "{counts:?}");
}

#[test]
fn key_value_stores_agree_with_the_definition() {
    use KeyValueOperation::{CompareAndSwap, Get, Put};
    use KeyValueOutput::{Differs, Found, Swapped, Written};
    let operations = [
        Get('x'),
        Get('y'),
        Put('x', 1),
        Put('x', 2),
        Put('y', 1),
        CompareAndSwap { key: 'x', expected: Some(1), new: 2 },
        CompareAndSwap { key: 'x', expected: None, new: 1 },
        CompareAndSwap { key: 'y', expected: Some(1), new: 1 },
    ];
    let values = [None, Some(1), Some(2)];
    let mut outputs = vec![Written, Swapped];
    outputs.extend(values.map(Found));
    outputs.extend(values.map(Differs));
    let counts = compare(&KeyValue::default(), &operations, &outputs);
    assert!(counts.0 > 1500 && counts.1 > 500, "{counts:?}");
}

#[test]
fn locks_agree_with_the_definition() {
    use LockOperation::{Acquire, Release};
    use LockOutput::{Granted, NotHeld, Refused, Released};
    let operations = [Acquire(0), Acquire(1), Release(0), Release(1)];
    let outputs = [Granted, Refused, Released, NotHeld];
    let counts = compare(&Lock::default(), &operations, &outputs);
    assert!(counts.0 > 1500 && counts.1 > 500, "{counts:?}");
}

#[test]
fn fenced_locks_agree_with_the_definition() {
    use FencedLockOutput::{Granted, NotHeld, Refused, Released};
    use LockOperation::{Acquire, Release};
    let operations = [Acquire(0), Acquire(1), Release(0), Release(1)];
    let outputs = [
        Granted { token: 1 },
        Granted { token: 2 },
        Granted { token: 3 },
        Refused,
        Released,
        NotHeld,
    ];
    let counts = compare(&FencedLock::default(), &operations, &outputs);
    assert!(counts.0 > 1500 && counts.1 > 500, "{counts:?}");
}

#[test]
fn counters_agree_with_the_definition() {
    use CounterOperation::{Increment, Read};
    let counts = compare(&Counter::default(), &[Increment, Read], &[0, 1, 2, 3, 4]);
    assert!(counts.0 > 1500 && counts.1 > 500, "{counts:?}");
}
