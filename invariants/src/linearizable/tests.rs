//! The monitor against the definition, on histories small enough to try every order.

mod minimal;

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
pub(super) struct Draws(pub(super) u64);

impl Draws {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % bound
    }

    pub(super) fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
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

type RegisterEvent = Event<Register<u32>>;
type RegisterRow<'a> = (&'a str, &'a [RegisterEvent], Option<&'a str>);
type Pair<'a> = (&'a str, &'a [RegisterEvent], &'a [RegisterEvent]);

#[test]
fn register_histories() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let table: &[RegisterRow<'_>] = &[
        ("the initial value is read", &[Invoke(1, Read), Respond(1, Holds(0))], None),
        (
            "a pending write may be seen",
            &[Invoke(0, Write(1)), Invoke(1, Read), Respond(1, Holds(1))],
            None,
        ),
        (
            "a pending write may be missed",
            &[Invoke(0, Write(1)), Invoke(1, Read), Respond(0, Written), Respond(1, Holds(0))],
            None,
        ),
        (
            "an abandoned write may be seen late",
            &[
                Invoke(0, Write(1)),
                Abandon(0),
                Invoke(0, Read),
                Respond(0, Holds(0)),
                Invoke(0, Read),
                Respond(0, Holds(1)),
            ],
            None,
        ),
        (
            "a second invocation abandons the first",
            &[Invoke(0, Write(1)), Invoke(0, Read), Respond(0, Holds(1))],
            None,
        ),
        (
            "what answers nothing is ignored",
            &[Respond(0, Holds(9)), Invoke(0, Read), Abandon(0), Respond(0, Holds(9))],
            None,
        ),
        (
            "a finished write is missed",
            &[Invoke(0, Write(1)), Respond(0, Written), Invoke(1, Read), Respond(1, Holds(0))],
            Some("1: Read → Holds(0) cannot be placed: the only answer possible here is Holds(1)"),
        ),
        (
            "a value comes from nowhere",
            &[Invoke(0, Write(1)), Invoke(1, Read), Respond(1, Holds(2))],
            Some(
                "1: Read → Holds(2) cannot be placed: \
                 the answers possible here are Holds(0), Holds(1)",
            ),
        ),
        (
            "reads go back in time",
            &[
                Invoke(0, Write(1)),
                Invoke(1, Read),
                Respond(1, Holds(1)),
                Invoke(2, Read),
                Respond(2, Holds(0)),
            ],
            Some("2: Read → Holds(0) cannot be placed: the only answer possible here is Holds(1)"),
        ),
        (
            "an abandoned write takes effect twice",
            &[
                Invoke(0, Write(1)),
                Abandon(0),
                Invoke(0, Read),
                Respond(0, Holds(1)),
                Invoke(0, Write(2)),
                Respond(0, Written),
                Invoke(0, Read),
                Respond(0, Holds(1)),
            ],
            Some("0: Read → Holds(1) cannot be placed: the only answer possible here is Holds(2)"),
        ),
        (
            "what took effect was answered otherwise",
            &[Invoke(0, Write(1)), Invoke(1, Read), Respond(1, Holds(1)), Respond(0, Holds(1))],
            Some(
                "0: Holds(1) for what has taken effect cannot be placed: \
                 the only answer possible here is Written",
            ),
        ),
    ];
    for (sentence, history, expected) in table {
        let mut monitor = Linearizable::new(Register::new(0));
        let held = history.iter().try_for_each(|event| follow(&mut monitor, event));
        assert_eq!(held.as_ref().err().map(|b| b.reason()), *expected, "{sentence}");
    }
}

#[test]
fn histories_that_end_in_the_same_situation_are_equal_monitors() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let table: &[Pair<'_>] = &[
        ("finished operations are forgotten", &[Invoke(0, Read), Respond(0, Holds(0))], &[]),
        ("abandoned reads are forgotten", &[Invoke(0, Read), Abandon(0)], &[]),
        (
            "the order of invocations is forgotten",
            &[Invoke(0, Write(1)), Invoke(1, Read)],
            &[Invoke(1, Read), Invoke(0, Write(1))],
        ),
        (
            "an abandoned operation has lost its client",
            &[Invoke(0, Write(1)), Abandon(0)],
            &[Invoke(1, Write(1)), Abandon(1)],
        ),
        (
            "a write that was seen is the value, and which value it wrote is forgotten",
            &[
                Invoke(0, Write(2)),
                Invoke(1, Read),
                Respond(1, Holds(2)),
                Invoke(1, Write(1)),
                Respond(1, Written),
            ],
            &[Invoke(0, Write(1)), Invoke(1, Read), Respond(1, Holds(1))],
        ),
        (
            "who wrote first is forgotten once a later write has ended",
            &[
                Invoke(0, Write(1)),
                Invoke(1, Write(2)),
                Respond(0, Written),
                Respond(1, Written),
                Invoke(0, Write(3)),
                Respond(0, Written),
            ],
            &[Invoke(0, Write(3)), Respond(0, Written)],
        ),
    ];
    for (sentence, one, other) in table {
        let initial = Register::new(0);
        assert_eq!(after(initial.clone(), one), after(initial, other), "{sentence}");
    }
    let waiting = after(Register::new(0), &[Invoke(0, Write(1))]);
    assert_ne!(waiting, after(Register::new(0), &[Invoke(0, Write(2))]));
    assert_ne!(waiting, after(Register::new(0), &[Invoke(1, Write(1))]));
    assert_ne!(waiting, after(Register::new(0), &[Invoke(0, Write(1)), Abandon(0)]));
}

#[test]
fn a_broken_response_leaves_the_monitor_as_it_was() {
    let mut monitor: Linearizable<Counter> = Linearizable::default();
    monitor.invoke(0, CounterOperation::Increment);
    let before = monitor.clone();
    assert!(monitor.respond(0, 2).is_err());
    assert_eq!(monitor, before);
    assert_eq!(monitor.respond(0, 1), Ok(()));
}

#[test]
fn counters_of_many_abandoned_increments_stay_small() {
    let mut monitor: Linearizable<Counter> = Linearizable::default();
    for client in 0..12 {
        monitor.invoke(client, CounterOperation::Increment);
        monitor.abandon(&client);
    }
    assert_eq!(monitor.configurations(), 1);
    monitor.invoke(0, CounterOperation::Read);
    assert_eq!(monitor.respond(0, 7), Ok(()));
    assert_eq!(monitor.configurations(), 1);
    monitor.invoke(0, CounterOperation::Read);
    assert!(monitor.clone().respond(0, 6).is_err());
    assert!(monitor.clone().respond(0, 13).is_err());
    assert_eq!(monitor.respond(0, 12), Ok(()));
}

#[test]
fn writes_to_other_keys_cost_nothing() {
    use KeyValueOperation::{Get, Put};
    let mut monitor = Linearizable::new(KeyValue::new());
    for key in 0..12 {
        monitor.invoke(key, Put(key, 'a'));
        monitor.abandon(&key);
    }
    monitor.invoke(0, Get(3));
    assert_eq!(monitor.respond(0, KeyValueOutput::Found(Some('a'))), Ok(()));
    assert_eq!(monitor.configurations(), 1);
    monitor.invoke(0, Get(3));
    assert!(monitor.respond(0, KeyValueOutput::Found(None)).is_err());
}
