//! Histories written by hand, good and bad.

use super::*;

/// An operation written down: process, operation, its beginning and its end, by events.
type Row<S> = (
    u64,
    <S as Specification>::Operation,
    usize,
    Option<(usize, Option<<S as Specification>::Output>)>,
);

/// A sentence, a history, and which row of it has no place.
type Case<'a, S> = (&'a str, Vec<Row<S>>, Option<usize>);

/// The history of rows whose events are all different.
fn history<S: Specification>(rows: &[Row<S>]) -> Of<S> {
    let mut history = History::new();
    let mut numbers = BTreeMap::new();
    let events = rows.iter().flat_map(|row| [Some(row.2), row.3.as_ref().map(|end| end.0)]);
    let last = events.flatten().max().unwrap_or(0);
    for event in 0..=last {
        for (at, (process, operation, invoked, end)) in rows.iter().enumerate() {
            if *invoked == event {
                numbers.insert(at, history.invoke(*process, operation.clone()));
            }
            match end {
                Some((end, Some(output))) if *end == event => {
                    history.answer(numbers[&at], output.clone());
                }
                Some((end, None)) if *end == event => history.end(numbers[&at]),
                Some(_) | None => {}
            }
        }
    }
    history
}

/// Where the search stops: the row that has no place, or nothing.
fn check<S: Specification>(initial: &S, table: &[Case<'_, S>]) {
    for (sentence, rows, expected) in table {
        let history = history::<S>(rows);
        let stuck = match linearize(initial, &history, &mut |_| true).placement {
            Placement::Found { .. } => None,
            Placement::Impossible(unplaceable) => Some(unplaceable.operation),
            Placement::GaveUp { .. } => panic!("it was not asked to"),
        };
        assert_eq!(stuck, *expected, "{sentence}");
        assert_eq!(against_the_definition(initial, &history), expected.is_none(), "{sentence}");
    }
}

#[test]
fn histories_of_registers() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let written = |at| Some((at, Some(Written)));
    let held = |at, value| Some((at, Some(Holds(value))));
    check(
        &Register::new(0),
        &[
            ("nothing happened", vec![], None),
            ("the initial value is read", vec![(0, Read, 0, held(1, 0))], None),
            ("a value comes from nowhere", vec![(0, Read, 0, held(1, 7))], Some(0)),
            (
                "a read sees a write that has not ended",
                vec![(0, Write(1), 0, written(3)), (1, Read, 1, held(2, 1))],
                None,
            ),
            (
                "reads of two values that were written at the same time, one order",
                vec![
                    (0, Write(1), 0, written(3)),
                    (1, Write(2), 1, written(2)),
                    (2, Read, 4, held(5, 1)),
                    (2, Read, 6, held(7, 1)),
                ],
                None,
            ),
            (
                "two orders at once",
                vec![
                    (0, Write(1), 0, written(3)),
                    (1, Write(2), 1, written(2)),
                    (2, Read, 4, held(5, 1)),
                    (2, Read, 6, held(7, 2)),
                ],
                Some(3),
            ),
            (
                "a write of unknown outcome is seen late, after others",
                vec![
                    (0, Write(1), 0, None),
                    (1, Write(2), 1, written(2)),
                    (1, Read, 3, held(4, 2)),
                    (1, Read, 5, held(6, 1)),
                ],
                None,
            ),
            (
                "a write of unknown outcome takes effect twice",
                vec![
                    (0, Write(1), 0, None),
                    (1, Read, 1, held(2, 1)),
                    (1, Write(2), 3, written(4)),
                    (1, Read, 5, held(6, 1)),
                ],
                Some(3),
            ),
            (
                "a write of unknown outcome is seen before it was asked for",
                vec![(1, Read, 0, held(1, 1)), (0, Write(1), 2, None)],
                Some(0),
            ),
            (
                "of two equal writes of unknown outcome each takes effect",
                vec![
                    (0, Write(1), 0, None),
                    (2, Write(1), 1, None),
                    (1, Read, 2, held(3, 1)),
                    (1, Write(2), 4, written(5)),
                    (1, Read, 6, held(7, 1)),
                ],
                None,
            ),
            ("a read of unknown outcome stands in no way", vec![(0, Read, 0, None)], None),
            (
                "a read whose answer nobody looked at stands in no way",
                vec![(0, Write(1), 0, written(1)), (0, Read, 2, Some((3, None)))],
                None,
            ),
            (
                "a write whose answer nobody looked at has been done",
                vec![(0, Write(1), 0, Some((1, None))), (1, Read, 2, held(3, 0))],
                Some(1),
            ),
        ],
    );
}

#[test]
fn histories_of_queues() {
    use QueueOperation::{Dequeue, Enqueue};
    use QueueOutput::{Dequeued, Empty, Enqueued};
    let put = |at| Some((at, Some(Enqueued)));
    let got = |at, value| Some((at, Some(Dequeued(value))));
    check(
        &Queue::default(),
        &[
            // Herlihy and Wing (1990), Figure 1: H1 to H4.
            (
                "H1: what was put in at the same time comes out in either order",
                vec![
                    (0, Enqueue('x'), 0, put(2)),
                    (1, Enqueue('y'), 1, put(3)),
                    (1, Dequeue, 4, got(6, 'x')),
                    (0, Dequeue, 5, got(7, 'y')),
                    (0, Enqueue('z'), 8, None),
                ],
                None,
            ),
            (
                "H2: what was put in later comes out first",
                vec![
                    (0, Enqueue('x'), 0, put(1)),
                    (1, Enqueue('y'), 2, put(4)),
                    (0, Dequeue, 3, got(5, 'y')),
                ],
                Some(2),
            ),
            (
                "H3: it comes out while it is still being put in",
                vec![(0, Enqueue('x'), 0, put(3)), (1, Dequeue, 1, got(2, 'x'))],
                None,
            ),
            (
                "H4: it comes out twice",
                vec![
                    (0, Enqueue('x'), 0, put(3)),
                    (1, Dequeue, 1, got(4, 'x')),
                    (2, Dequeue, 2, got(5, 'x')),
                ],
                Some(2),
            ),
            (
                "a dequeue of unknown outcome has taken one",
                vec![
                    (0, Enqueue('x'), 0, put(1)),
                    (0, Enqueue('y'), 2, put(3)),
                    (1, Dequeue, 4, None),
                    (0, Dequeue, 5, got(6, 'y')),
                    (0, Dequeue, 7, Some((8, Some(Empty)))),
                ],
                None,
            ),
            (
                "it is empty while something is in it",
                vec![(0, Enqueue('x'), 0, put(1)), (0, Dequeue, 2, Some((3, Some(Empty))))],
                Some(1),
            ),
        ],
    );
}

#[test]
fn histories_of_locks_and_sums() {
    use LockOperation::{Acquire, Release};
    use LockOutput::{Granted, Released};
    let granted = |at| Some((at, Some(Granted)));
    check(
        &Lock::default(),
        &[
            (
                "a lock passes on",
                vec![
                    (0, Acquire(0), 0, granted(1)),
                    (1, Acquire(1), 2, granted(5)),
                    (0, Release(0), 3, Some((4, Some(Released)))),
                ],
                None,
            ),
            (
                "two have it",
                vec![(0, Acquire(0), 0, granted(1)), (1, Acquire(1), 2, granted(3))],
                Some(1),
            ),
            (
                "a release of unknown outcome has freed it",
                vec![
                    (0, Acquire(0), 0, granted(1)),
                    (0, Release(0), 2, None),
                    (1, Acquire(1), 3, granted(4)),
                ],
                None,
            ),
        ],
    );
    use SumOperation::{Add, Read};
    check(
        &Sum::new(10),
        &[
            (
                "one of two additions is seen",
                vec![
                    (0, Add(1), 0, Some((4, None))),
                    (1, Add(5), 1, Some((5, None))),
                    (2, Read, 2, Some((3, Some(15)))),
                ],
                None,
            ),
            (
                "an addition is seen and then is not",
                vec![
                    (0, Add(1), 0, None),
                    (2, Read, 1, Some((2, Some(11)))),
                    (2, Read, 3, Some((4, Some(10)))),
                ],
                Some(2),
            ),
        ],
    );
}

#[test]
fn orders_that_explain_nothing_are_refused() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let mut history = History::new();
    let write = history.invoke(0, Write(1));
    let failed = history.invoke(1, Write(9));
    history.never_happened(failed);
    let unknown = history.invoke(2, Write(2));
    history.answer(write, Written);
    let read = history.invoke(0, Read);
    history.answer(read, Holds(2));
    let initial = Register::new(0);
    for (order, expected) in [
        (vec![write, unknown, read], None),
        (
            vec![write, read],
            Some("operation 3 answered Holds(2), and in this order it is Holds(1)"),
        ),
        (vec![unknown, read, write], Some("operation 0 comes behind one that began after its end")),
        (vec![unknown, read], Some("operation 0 ended and is not in the order")),
        (vec![write, write], Some("operation 0 is in the order twice")),
        (vec![failed], Some("operation 1 never happened")),
    ] {
        let held = history.is_explained_by(&initial, &order);
        assert_eq!(held.as_ref().err().map(|broken| broken.reason()), expected, "{order:?}");
    }
}

#[test]
fn a_search_that_may_not_go_on_says_how_far_it_got() {
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};
    let mut history = History::new();
    for value in 0..10 {
        let write = history.invoke(0, Write(value));
        history.answer(write, Written);
        let read = history.invoke(1, Read);
        history.answer(read, Holds(value));
    }
    let found = linearize(&Register::new(0), &history, &mut |states| states < 6);
    assert_eq!(found.states, 6);
    assert_eq!(found.placement, Placement::GaveUp { reached: 5 });
}

#[test]
#[should_panic(expected = "operation 0 has an outcome already")]
fn an_operation_ends_once() {
    let mut history = History::new();
    let read = history.invoke(0, RegisterOperation::<u8>::Read);
    history.answer(read, RegisterOutput::Holds(1));
    history.end(read);
}
