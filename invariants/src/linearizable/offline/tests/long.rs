//! Histories as long as those of real systems, of simulated objects.

use super::*;

/// What a process of a simulated system is doing.
enum Doing<S: Specification> {
    Nothing,
    /// The operation was asked for and has not taken effect.
    Waiting(usize, S::Operation),
    /// It has taken effect, and the answer is on its way.
    Done(usize, S::Output),
}

/// How a system is simulated.
struct Simulated {
    operations: usize,
    processes: u64,
    /// One operation in so many is given up on; none at 0.
    lost: usize,
    seed: u64,
}

impl Simulated {
    /// A history of an object whose operations take effect at a drawn moment.
    fn history<S: Specification>(
        &self,
        initial: &S,
        mut ask: impl FnMut(&mut Draws, usize) -> S::Operation,
    ) -> Of<S> {
        let mut draws = Draws(self.seed);
        let mut object = initial.clone();
        let mut history = History::new();
        let mut doing: Vec<Doing<S>> = (0..self.processes).map(|_| Doing::Nothing).collect();
        let mut orphans: Vec<S::Operation> = Vec::new();
        while history.operations().len() < self.operations {
            if !orphans.is_empty() && draws.below(50) == 0 {
                let late = draws.below(orphans.len());
                object.apply(&orphans.swap_remove(late));
            }
            let process = draws.below(doing.len());
            let lost = self.lost > 0 && draws.below(2 * self.lost) == 0;
            let before = std::mem::replace(&mut doing[process], Doing::Nothing);
            doing[process] = match before {
                Doing::Nothing => {
                    let operation = ask(&mut draws, history.operations().len());
                    let number = history.invoke(process as u64, operation.clone());
                    Doing::Waiting(number, operation)
                }
                Doing::Waiting(_, operation) if lost => {
                    orphans.push(operation);
                    Doing::Nothing
                }
                Doing::Waiting(number, operation) => Doing::Done(number, object.apply(&operation)),
                Doing::Done(..) if lost => Doing::Nothing,
                Doing::Done(number, output) => {
                    history.answer(number, output);
                    Doing::Nothing
                }
            };
        }
        history
    }
}

/// The history with one answer changed: that of the last operation before the given one that
/// `other` has another answer for.
fn altered<S: Specification>(
    history: &Of<S>,
    from: usize,
    other: impl Fn(&S::Output) -> Option<S::Output>,
) -> (Of<S>, usize) {
    let mut events: Vec<(usize, usize, bool)> = Vec::new();
    for (number, one) in history.operations().iter().enumerate() {
        events.push((one.invoked, number, false));
        events.extend(one.ended().map(|at| (at, number, true)));
    }
    events.sort_unstable();
    let answer = |number: usize| match &history.operations()[number].outcome {
        Outcome::Answered { output, .. } => Some(output.clone()),
        Outcome::Ended { .. } | Outcome::Unknown | Outcome::NeverHappened => None,
    };
    let changed = (from..history.operations().len())
        .find(|&number| answer(number).is_some_and(|output| other(&output).is_some()))
        .expect("an answer to change");
    let mut copy = History::new();
    for (_, number, end) in events {
        match (end, answer(number)) {
            (false, _) => {
                let one = &history.operations()[number];
                assert_eq!(copy.invoke(one.process, one.operation.clone()), number);
            }
            (true, Some(output)) if number == changed => {
                copy.answer(number, other(&output).expect("another answer"));
            }
            (true, Some(output)) => copy.answer(number, output),
            (true, None) => {}
        }
    }
    (copy, changed)
}

/// Asks for reads half the time, and else for writes of a value of so many.
fn reads_and_writes(values: u64) -> impl FnMut(&mut Draws, usize) -> RegisterOperation<u64> {
    move |draws, _| match draws.below(2) {
        0 => RegisterOperation::Read,
        _ => RegisterOperation::Write(draws.below(values as usize) as u64),
    }
}

/// Looks at a simulated history, which holds, and at the same with one answer altered, which does
/// not: it is that answer that has no place. Says how many states either took.
fn both_ways<S: Product>(
    initial: &S,
    simulated: &Simulated,
    ask: impl FnMut(&mut Draws, usize) -> S::Operation,
    other: impl Fn(&S::Output) -> Option<S::Output>,
) -> (u64, u64) {
    let history = simulated.history(initial, ask);
    let visited = |parts: &[Part<S>]| parts.iter().map(|part| part.linearization.states).sum();
    let parts = linearize_parts(|_| initial.clone(), &history, &mut |states| states < 1_000_000);
    for part in &parts {
        let Placement::Found { order } = &part.linearization.placement else {
            panic!("{:?}: {} states", part.key, part.linearization.states);
        };
        let own: Vec<usize> = order
            .iter()
            .map(|number| part.operations.binary_search(number).expect("one of its own"))
            .collect();
        assert_eq!(history.only(&part.operations).is_explained_by(initial, &own), Ok(()));
    }
    let (bad, changed) = altered::<S>(&history, simulated.operations / 2, other);
    let bad_parts = linearize_parts(|_| initial.clone(), &bad, &mut |states| states < 1_000_000);
    let key = S::key(&bad.operations()[changed].operation);
    for part in &bad_parts {
        match &part.linearization.placement {
            Placement::Impossible(unplaceable) => {
                assert_eq!((&part.key, unplaceable.operation), (&key, changed));
                assert!(unplaceable.placed.len() <= part.operations.len());
            }
            Placement::Found { .. } => assert_ne!(part.key, key),
            Placement::GaveUp { .. } => panic!("{} states", part.linearization.states),
        }
    }
    (visited(&parts), visited(&bad_parts))
}

#[test]
fn ten_thousand_operations_of_a_register_hold_until_an_answer_is_altered() {
    type One = Keyed<(), Register<u64>>;
    for (processes, values, lost, most) in [
        (5, 5, 0, (15_000, 30_000)),
        (5, 1_000_000, 0, (16_000, 30_000)),
        (10, 5, 0, (20_000, 120_000)),
        (5, 5, 1_000, (20_000, 200_000)),
    ] {
        let simulated = Simulated { operations: 10_000, processes, lost, seed: 1 };
        let mut ask = reads_and_writes(values);
        let states = both_ways::<One>(
            &Keyed::new(Register::new(0)),
            &simulated,
            |draws, at| ((), ask(draws, at)),
            |output| match output {
                RegisterOutput::Holds(value) => Some(RegisterOutput::Holds(value + 7_000_000)),
                RegisterOutput::Written => None,
            },
        );
        assert!(states.0 <= most.0 && states.1 <= most.1, "{processes}, {values}: {states:?}");
    }
}

#[test]
fn ten_thousand_operations_on_a_hundred_keys_hold_until_an_answer_is_altered() {
    use KeyValueOperation::{CompareAndSwap, Get, Put};
    for (processes, lost) in [(5, 0), (20, 0), (20, 100)] {
        let simulated = Simulated { operations: 10_000, processes, lost, seed: 1 };
        let states = both_ways::<KeyValue<usize, usize>>(
            &KeyValue::new(),
            &simulated,
            |draws, _| {
                let key = draws.below(100);
                match draws.below(4) {
                    0 | 1 => Get(key),
                    2 => Put(key, draws.below(5)),
                    _ => {
                        CompareAndSwap { key, expected: Some(draws.below(5)), new: draws.below(5) }
                    }
                }
            },
            |output| match output {
                KeyValueOutput::Found(_) => Some(KeyValueOutput::Found(Some(77))),
                _ => None,
            },
        );
        assert!(states.0 < 20_000 && states.1 < 20_000, "{processes}, {lost}: {states:?}");
    }
}

#[test]
fn thousands_of_operations_of_other_objects_hold_until_an_answer_is_altered() {
    let simulated = Simulated { operations: 3_000, processes: 5, lost: 300, seed: 1 };
    let states = both_ways::<Keyed<(), Sum>>(
        &Keyed::new(Sum::default()),
        &simulated,
        |draws, _| match draws.below(2) {
            0 => ((), SumOperation::Read),
            _ => ((), SumOperation::Add(1 + draws.below(3) as i64)),
        },
        |total| Some(total + 1_000_000),
    );
    assert!(states.0 < 10_000 && states.1 < 10_000, "sum: {states:?}");
    let states = both_ways::<Keyed<(), Queue<usize>>>(
        &Keyed::new(Queue::default()),
        &Simulated { lost: 0, ..simulated },
        // It is mostly short: which of two that were put in at once comes first shows soon.
        |draws, at| match draws.below(3) {
            0 | 1 => ((), QueueOperation::Dequeue),
            _ => ((), QueueOperation::Enqueue(at)),
        },
        |output| match output {
            QueueOutput::Dequeued(_) => Some(QueueOutput::Dequeued(7_000_000)),
            QueueOutput::Enqueued | QueueOutput::Empty => None,
        },
    );
    assert!(states.0 < 50_000 && states.1 < 50_000, "queue: {states:?}");
    let states = both_ways::<Keyed<u64, Lock<usize>>>(
        &Keyed::new(Lock::default()),
        &Simulated { operations: 3_000, processes: 5, lost: 0, seed: 1 },
        |draws, _| match (draws.below(2), draws.below(5)) {
            (0, holder) => (holder as u64 % 2, LockOperation::Acquire(holder)),
            (_, holder) => (holder as u64 % 2, LockOperation::Release(holder)),
        },
        |output| match output {
            LockOutput::Refused => Some(LockOutput::NotHeld),
            LockOutput::Granted | LockOutput::Released | LockOutput::NotHeld => None,
        },
    );
    assert!(states.0 < 10_000 && states.1 < 10_000, "lock: {states:?}");
}
