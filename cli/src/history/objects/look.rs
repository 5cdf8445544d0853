//! A history held to the object it is of, and what came of that, in words.

use std::collections::BTreeSet;

use splitbrain::invariants::{History, Part, Placement, Unplaceable, linearize_parts};

use super::super::calls::{Calls, End};
use super::super::datum::Datum;
use super::super::{Misread, Place};
use super::Object;
use super::kinds::{Atom, Atoms, Counters, Kind, Locks, Queues, Stores};

/// An operation in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Operation {
    pub(crate) process: u64,
    /// What was asked: `write 5`.
    pub(crate) asked: String,
    /// What was answered, where that says anything.
    pub(crate) answered: Option<String>,
    pub(crate) begun: Place,
    pub(crate) ended: Option<Place>,
    /// The events that are its beginning and its end; no end where its outcome is unknown.
    pub(crate) from: usize,
    pub(crate) to: Option<usize>,
    /// Whether it had no effect.
    pub(crate) failed: bool,
}

/// What the object may have been, and what it would have answered then.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Situation {
    pub(crate) state: String,
    pub(crate) answer: String,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Told {
    Holds,
    Violated {
        /// The operation that has no place.
        operation: usize,
        key: Option<String>,
        /// The operations of its key, and those of them that an order explains, in that order.
        own: Vec<usize>,
        placed: Vec<usize>,
        situations: Vec<Situation>,
        /// How many other keys have an operation without a place.
        others: usize,
    },
    Inconclusive {
        /// The operation that the search had reached.
        reached: usize,
        key: Option<String>,
    },
    /// Nothing ended, so nothing could be wrong.
    Vacuous,
}

/// A history that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Looked {
    pub(crate) object: Object,
    pub(crate) operations: Vec<Operation>,
    pub(crate) processes: usize,
    pub(crate) keys: Option<usize>,
    pub(crate) unknown: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
    pub(crate) states: u64,
    pub(crate) told: Told,
}

/// Holds a history to its object. `initial` is what a register, or a counter, has at first.
pub(crate) fn look(
    object: Object,
    calls: &Calls,
    initial: Option<&Datum>,
    may_go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Looked, Misread> {
    let mut atoms = Atoms::default();
    match (object, initial) {
        (Object::Register | Object::KeyValue, initial) => {
            let initial = initial.filter(|value| **value != Datum::Nil);
            let initial = initial.map(|value| atoms.atom(value));
            look_at(object, &mut Stores { object, initial }, atoms, calls, may_go_on)
        }
        (Object::Counter, None) => {
            look_at(object, &mut Counters { initial: 0 }, atoms, calls, may_go_on)
        }
        (Object::Counter, Some(Datum::Int(initial))) => {
            look_at(object, &mut Counters { initial: *initial }, atoms, calls, may_go_on)
        }
        (Object::Counter, Some(other)) => Err(Misread::whole(format!(
            "a counter begins at a whole number, and --initial says {other}"
        ))),
        (Object::Lock | Object::Queue, Some(_)) => Err(Misread::whole(format!(
            "a {} begins free or empty; --initial is for registers, key-value stores and counters",
            object.name()
        ))),
        (Object::Lock, None) => look_at(object, &mut Locks, atoms, calls, may_go_on),
        (Object::Queue, None) => look_at(object, &mut Queues, atoms, calls, may_go_on),
    }
}

fn look_at<K: Kind>(
    object: Object,
    kind: &mut K,
    mut atoms: Atoms,
    calls: &Calls,
    may_go_on: &mut dyn FnMut(u64) -> bool,
) -> Result<Looked, Misread> {
    let mut history = History::new();
    let mut operations: Vec<Operation> = Vec::new();
    for &number in &calls.events {
        let call = &calls.calls[number];
        if number == operations.len() {
            let key = atoms.atom(call.key.as_ref().unwrap_or(&Datum::Nil));
            let asked = kind.asked(call, key, &mut atoms)?;
            let from = history.events();
            history.invoke(call.process, asked.operation);
            let failed = call.end == End::Fail;
            if failed {
                history.never_happened(number);
            }
            operations.push(Operation {
                process: call.process,
                asked: asked.text,
                answered: None,
                begun: call.begun,
                ended: call.ended,
                from,
                to: None,
                failed,
            });
        } else if let End::Ok(value) = &call.end {
            let answer = kind.answered(call, value.as_ref(), &mut atoms)?;
            let operation = &mut operations[number];
            operation.to = Some(history.events());
            match answer {
                Some(answer) => {
                    operation.answered = Some(kind.answer(&answer, &atoms));
                    history.answer(number, answer);
                }
                None => history.end(number),
            }
        }
    }
    let parts = linearize_parts(|key| kind.initial(*key), &history, may_go_on);
    let states = parts.iter().map(|part| part.linearization.states).sum();
    let count = |end: &dyn Fn(&End) -> bool| calls.calls.iter().filter(|one| end(&one.end)).count();
    let processes: BTreeSet<u64> = operations.iter().map(|one| one.process).collect();
    let told = match operations.iter().all(|one| one.to.is_none()) {
        true => Told::Vacuous,
        false => told(kind, &atoms, calls, &operations, parts),
    };
    Ok(Looked {
        object,
        processes: processes.len(),
        keys: calls.keyed.then(|| {
            calls.calls.iter().filter_map(|one| one.key.as_ref()).collect::<BTreeSet<_>>().len()
        }),
        unknown: count(&|end| *end == End::Unknown),
        failed: count(&|end| *end == End::Fail),
        skipped: calls.skipped,
        operations,
        states,
        told,
    })
}

/// What came of the parts together: the operation without a place that ended first, if there is one.
fn told<K: Kind>(
    kind: &K,
    atoms: &Atoms,
    calls: &Calls,
    operations: &[Operation],
    parts: Vec<Part<K::Spec>>,
) -> Told {
    let name = |key: Atom| calls.keyed.then(|| atoms.value(key).to_string());
    let mut broken: Vec<(Atom, Vec<usize>, Unplaceable<K::Spec>)> = Vec::new();
    let mut unsure: Vec<(Atom, usize)> = Vec::new();
    for part in parts {
        match part.linearization.placement {
            Placement::Found { .. } => {}
            Placement::Impossible(one) => broken.push((part.key, part.operations, one)),
            Placement::GaveUp { reached } => unsure.push((part.key, reached)),
        }
    }
    broken.sort_by_key(|(_, _, one)| operations[one.operation].to);
    let others = broken.len().saturating_sub(1);
    if let Some((key, own, one)) = broken.into_iter().next() {
        let situations: BTreeSet<Situation> = one
            .situations
            .iter()
            .map(|(state, output)| Situation {
                state: kind.state(state, key, atoms),
                answer: kind.answer(output, atoms),
            })
            .collect();
        return Told::Violated {
            operation: one.operation,
            key: name(key),
            own,
            placed: one.placed,
            situations: situations.into_iter().collect(),
            others,
        };
    }
    match unsure.into_iter().min_by_key(|(_, reached)| *reached) {
        Some((key, reached)) => Told::Inconclusive { reached, key: name(key) },
        None => Told::Holds,
    }
}
