//! The search against the definition and against the monitor, on histories small enough to try
//! every order; and on histories as long as it is made for.

use super::super::tests::Draws;
use super::super::*;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

mod long;
mod tables;

type Of<S> = History<<S as Specification>::Operation, <S as Specification>::Output>;

/// What happens to a process in a drawn history.
#[derive(Clone, Debug)]
enum Turn {
    /// It is answered with this output, by its place among the outputs; if it is idle it asks.
    Answer(usize),
    /// Its operation ends, and nobody looks at the answer.
    End,
    /// It gives up on what it asked for.
    GiveUp,
    /// Its operation turns out to have had no effect.
    Fail,
}

/// Turns of up to three processes, which ask for an operation where they are idle.
fn turns() -> impl Strategy<Value = Vec<(u64, usize, Turn)>> {
    let turn = prop_oneof![
        8 => (0..16_usize).prop_map(Turn::Answer),
        1 => Just(Turn::End),
        2 => Just(Turn::GiveUp),
        1 => Just(Turn::Fail),
    ];
    vec((0..3_u64, 0..16_usize, turn), 0..13)
}

/// The history of these turns, of at most six operations.
fn drawn<S: Specification>(
    turns: &[(u64, usize, Turn)],
    operations: &[S::Operation],
    outputs: &[S::Output],
) -> Of<S> {
    let mut history = History::new();
    let mut open: BTreeMap<u64, usize> = BTreeMap::new();
    for (process, operation, turn) in turns {
        let Some(number) = open.remove(process) else {
            if history.operations().len() < 6 {
                let operation = operations[operation % operations.len()].clone();
                open.insert(*process, history.invoke(*process, operation));
            }
            continue;
        };
        match turn {
            Turn::Answer(output) => history.answer(number, outputs[output % outputs.len()].clone()),
            Turn::End => history.end(number),
            Turn::GiveUp => {}
            Turn::Fail => history.never_happened(number),
        }
    }
    history
}

/// Whether some order explains the history: every permutation of every choice is tried.
fn explainable<S: Specification>(initial: &S, history: &Of<S>, until: usize) -> bool {
    fn extended<S: Specification>(
        initial: &S,
        history: &Of<S>,
        until: usize,
        order: &mut Vec<usize>,
    ) -> bool {
        if history.is_explained_until(until, initial, order).is_ok() {
            return true;
        }
        (0..history.operations().len()).any(|number| {
            if order.contains(&number) {
                return false;
            }
            order.push(number);
            let explained = extended(initial, history, until, order);
            order.pop();
            explained
        })
    }
    extended(initial, history, until, &mut Vec::new())
}

/// Holds the search to the definition, and says whether the history is linearizable.
fn against_the_definition<S: Specification>(initial: &S, history: &Of<S>) -> bool {
    let found = linearize(initial, history, &mut |_| true);
    let expected = explainable(initial, history, history.events());
    match &found.placement {
        Placement::Found { order } => {
            assert_eq!(history.is_explained_by(initial, order), Ok(()), "{history:?}");
        }
        Placement::Impossible(unplaceable) => {
            let one = &history.operations()[unplaceable.operation];
            let end = one.ended().expect("what cannot be placed has ended");
            let explained = history.is_explained_until(end, initial, &unplaceable.placed);
            assert_eq!(explained, Ok(()), "{history:?}");
            assert!(!explainable(initial, history, end + 1), "{history:?}");
            assert!(!unplaceable.situations.is_empty());
            for (state, output) in &unplaceable.situations {
                assert_eq!(state.clone().apply(&one.operation), *output);
                let seen = Outcome::Answered { at: end, output: output.clone() };
                assert_ne!(one.outcome, seen, "{history:?}");
            }
        }
        Placement::GaveUp { .. } => panic!("it was not asked to"),
    }
    let holds = matches!(found.placement, Placement::Found { .. });
    assert_eq!(holds, expected, "{history:?}");
    holds
}

/// Holds the search to the monitor: both find something impossible, or neither does. The monitor
/// does not know yet what open operations will answer, so it may find that later. What never
/// happened is not told to it, and there are no ends without an answer.
fn against_the_monitor<S: Specification>(initial: &S, history: &Of<S>) {
    /// What was asked, or which operation ends and with what answer.
    type Told<S> = Result<<S as Specification>::Operation, (usize, <S as Specification>::Output)>;
    let mut events: Vec<(usize, u64, Told<S>)> = Vec::new();
    for (number, one) in history.operations().iter().enumerate() {
        if one.outcome == Outcome::NeverHappened {
            continue;
        }
        events.push((one.invoked, one.process, Ok(one.operation.clone())));
        if let Outcome::Answered { at, output } = &one.outcome {
            events.push((*at, one.process, Err((number, output.clone()))));
        }
    }
    events.sort_by_key(|(at, ..)| *at);
    let mut monitor: Linearizable<S, u64> = Linearizable::new(initial.clone());
    let impossible = events.into_iter().find_map(|(_, process, event)| match event {
        Ok(operation) => {
            monitor.invoke(process, operation);
            None
        }
        Err((number, output)) => monitor.respond(process, output).is_err().then_some(number),
    });
    let found = match linearize(initial, history, &mut |_| true).placement {
        Placement::Found { .. } => None,
        Placement::Impossible(unplaceable) => Some(unplaceable.operation),
        Placement::GaveUp { .. } => panic!("it was not asked to"),
    };
    let end = |number: Option<usize>| number.map(|at| history.operations()[at].ended());
    assert_eq!(found.is_some(), impossible.is_some(), "{history:?}");
    assert!(end(found) <= end(impossible), "{history:?}");
}

fn compare<S: Specification>(
    initial: &S,
    operations: &[S::Operation],
    outputs: &[S::Output],
    turns: &[(u64, usize, Turn)],
) {
    let history = drawn::<S>(turns, operations, outputs);
    against_the_definition(initial, &history);
    if history.operations().iter().all(|one| !matches!(one.outcome, Outcome::Ended { .. })) {
        against_the_monitor(initial, &history);
    }
}

fn register() -> (Register<u8>, Vec<RegisterOperation<u8>>, Vec<RegisterOutput<u8>>) {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let operations = vec![Read, Read, Write(0), Write(1), Write(2)];
    (Register::new(0), operations, vec![Holds(0), Holds(1), Holds(2), Written, Written])
}

type Store = KeyValue<char, u8>;

fn store() -> (Store, Vec<KeyValueOperation<char, u8>>, Vec<KeyValueOutput<u8>>) {
    use KeyValueOperation::{CompareAndSwap, Get, Put};
    use KeyValueOutput::{Differs, Found, Swapped, Written};
    let operations = vec![
        Get('x'),
        Get('y'),
        Put('x', 1),
        Put('x', 2),
        Put('y', 1),
        CompareAndSwap { key: 'x', expected: Some(1), new: 2 },
        CompareAndSwap { key: 'x', expected: None, new: 1 },
    ];
    let outputs =
        vec![Written, Written, Swapped, Found(None), Found(Some(1)), Found(Some(2)), Differs(None)];
    (KeyValue::new(), operations, outputs)
}

fn queue() -> (Queue<u8>, Vec<QueueOperation<u8>>, Vec<QueueOutput<u8>>) {
    use QueueOperation::{Dequeue, Enqueue};
    use QueueOutput::{Dequeued, Empty, Enqueued};
    let operations = vec![Enqueue(1), Enqueue(2), Dequeue, Dequeue];
    (Queue::default(), operations, vec![Enqueued, Enqueued, Dequeued(1), Dequeued(2), Empty])
}

fn lock() -> (Lock<u8>, Vec<LockOperation<u8>>, Vec<LockOutput>) {
    use LockOperation::{Acquire, Release};
    use LockOutput::{Granted, NotHeld, Refused, Released};
    let operations = vec![Acquire(0), Acquire(1), Release(0), Release(1)];
    (Lock::default(), operations, vec![Granted, Granted, Released, Released, Refused, NotHeld])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn registers_agree_with_definition_and_monitor(turns in turns()) {
        let (initial, operations, outputs) = register();
        compare(&initial, &operations, &outputs, &turns);
    }

    #[test]
    fn stores_agree_with_definition_and_monitor(turns in turns()) {
        let (initial, operations, outputs) = store();
        compare(&initial, &operations, &outputs, &turns);
    }

    #[test]
    fn queues_agree_with_definition_and_monitor(turns in turns()) {
        let (initial, operations, outputs) = queue();
        compare(&initial, &operations, &outputs, &turns);
    }

    #[test]
    fn locks_agree_with_definition_and_monitor(turns in turns()) {
        let (initial, operations, outputs) = lock();
        compare(&initial, &operations, &outputs, &turns);
    }

    #[test]
    fn sums_agree_with_definition_and_monitor(turns in turns()) {
        use SumOperation::{Add, Read};
        compare(&Sum::default(), &[Add(1), Add(2), Add(-1), Read], &[0, 1, 2, 3], &turns);
    }

    /// A store is linearizable exactly if each key is.
    #[test]
    fn parts_agree_with_the_whole(turns in turns()) {
        let (initial, operations, outputs) = store();
        let history = drawn::<Store>(&turns, &operations, &outputs);
        let whole = linearize(&initial, &history, &mut |_| true);
        let parts = linearize_parts(|_| Store::new(), &history, &mut |_| true);
        let found = |placement: &_| matches!(placement, Placement::Found { .. });
        let all = parts.iter().all(|part| found(&part.linearization.placement));
        prop_assert_eq!(found(&whole.placement), all);
        // The first response that has no place in the whole is the first that has none in its part.
        let first = parts.iter().filter_map(|part| match &part.linearization.placement {
            Placement::Impossible(unplaceable) => Some(unplaceable.operation),
            Placement::Found { .. } | Placement::GaveUp { .. } => None,
        });
        let first = first.min_by_key(|&number| history.operations()[number].ended());
        let of_whole = match whole.placement {
            Placement::Impossible(unplaceable) => Some(unplaceable.operation),
            Placement::Found { .. } | Placement::GaveUp { .. } => None,
        };
        prop_assert_eq!(first, of_whole);
    }

    /// What the parts of a product answer does not depend on each other.
    #[test]
    fn objects_of_different_keys_are_independent(operations in vec((0..3_u8, 0..16_usize), 0..20)) {
        let (initial, of_queue, _) = queue();
        let asked = operations.iter().map(|(key, at)| (*key, of_queue[at % of_queue.len()]));
        let asked: Vec<_> = asked.collect();
        let mut whole = Keyed::new(initial.clone());
        let mut apart = vec![initial.clone(); 3];
        for one in &asked {
            let (key, operation) = (usize::from(one.0), &one.1);
            prop_assert_eq!(whole.apply(one), apart[key].apply(operation));
            prop_assert_eq!(whole.object(&one.0), &apart[key]);
        }
        // However it came about, it is the same value.
        let mut by_key = Keyed::new(initial);
        for key in 0..3 {
            for one in asked.iter().filter(|one| one.0 == key) {
                by_key.apply(one);
            }
        }
        prop_assert_eq!(whole, by_key);
    }
}

/// What a specification says of its operations is true of every state that a few of them lead to.
fn claims_are_true<S: Specification>(initial: &S, operations: &[S::Operation]) {
    let mut states = vec![initial.clone()];
    let mut next = 0;
    while next < states.len().min(40) {
        for operation in operations {
            let (before, mut after) = (&states[next], states[next].clone());
            let output = after.apply(operation);
            let claims = S::observes(operation, &output) || S::reads_only(operation);
            assert!(!claims || after == *before, "{operation:?} in {before:?}");
            for other in operations.iter().filter(|other| !S::related(operation, other)) {
                let (mut here, mut there) = (after.clone(), before.clone());
                let behind = here.apply(other);
                assert_eq!(behind, there.apply(other), "{operation:?} and {other:?}");
                assert_eq!(output, there.apply(operation), "{operation:?} and {other:?}");
                assert_eq!(here, there);
            }
            if !states.contains(&after) {
                states.push(after);
            }
        }
        next += 1;
    }
}

#[test]
fn specifications_say_the_truth_of_their_operations() {
    let (initial, operations, _) = register();
    claims_are_true(&initial, &operations);
    let (initial, operations, _) = store();
    claims_are_true(&initial, &operations);
    let (initial, operations, _) = queue();
    claims_are_true(&initial, &operations);
    let keyed: Vec<_> = operations.iter().flat_map(|one| [(0, *one), (1, *one)]).collect();
    claims_are_true(&Keyed::new(initial), &keyed);
    let (initial, operations, _) = lock();
    claims_are_true(&initial, &operations);
    claims_are_true(&FencedLock::default(), &operations);
    claims_are_true(
        &Sum::default(),
        &[SumOperation::Add(0), SumOperation::Add(2), SumOperation::Read],
    );
    claims_are_true(&Counter::default(), &[CounterOperation::Increment, CounterOperation::Read]);
}
