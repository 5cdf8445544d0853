//! Linearizability of a whole history, after the fact: thousands of operations at a time.

mod history;
mod numbers;
mod plan;
mod search;
mod seen;
#[cfg(test)]
mod tests;

use super::{Product, Specification};
use search::{Found, Search};
use std::collections::BTreeMap;

pub use history::{History, Outcome, Recorded};

/// The first operation of a history that no order of operations explains.
///
/// Everything before its end can be explained; with its end nothing can. What the operations that
/// were open at that moment answered later is taken into account: where two answers rule each other
/// out, it is the first of them that has no place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unplaceable<S: Specification> {
    /// Its number in the history.
    pub operation: usize,
    /// The numbers of operations, in an order that explains everything seen before its end
    /// ([`History::is_explained_until`]). No order explains more.
    pub placed: Vec<usize>,
    /// Every state that the object may have been in when the operation took effect, each once, with
    /// what the operation would have answered there. No answer is the one that was seen.
    pub situations: Vec<(S, S::Output)>,
}

/// What a search for an order of the operations has come to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Placement<S: Specification> {
    /// The history is linearizable: these operations, by their numbers and in this order, explain
    /// it. Those of unknown outcome that are not among them need not have happened.
    Found {
        /// The order ([`History::is_explained_by`]).
        order: Vec<usize>,
    },
    /// The history is not linearizable.
    Impossible(Unplaceable<S>),
    /// The search was ended early, and nothing is known.
    GaveUp {
        /// The number of the furthest operation to whose end everything was explained, or nearly:
        /// the search was about to explain it.
        reached: usize,
    },
}

/// A history that was looked at, and how much work that was.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Linearization<S: Specification> {
    /// The answer.
    pub placement: Placement<S>,
    /// How many configurations were visited: a state of the object and what has taken effect.
    pub states: u64,
}

/// One of the independent parts of a history ([`linearize_parts`]).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part<S: Product> {
    /// The key that its operations are about.
    pub key: S::Key,
    /// The numbers of its operations in the whole history.
    pub operations: Vec<usize>,
    /// The answer. Its numbers are those of the whole history.
    pub linearization: Linearization<S>,
}

/// Whether a history is linearizable: whether every operation seems to take effect at one instant
/// between its beginning and its end.
///
/// The definition is that of [`Linearizable`](super::Linearizable), the monitor that follows a
/// history event by event and keeps everything that may have happened. This looks for *one* order
/// that explains the whole history, and goes back only where it has to: thousands of operations of a
/// few processes take milliseconds.
///
/// `may_go_on` is asked at each step with the number of configurations visited so far. If it says
/// no, the search gives up. Finding an order is NP-complete, so a limit is a good thing to have:
/// each configuration takes some hundred bytes.
///
/// *Source.* Herlihy and Wing, *Linearizability: A Correctness Condition for Concurrent Objects*
/// (1990), §2. The search is Wing and Gong's, *Testing and Verifying Concurrent Objects* (1993), with
/// what Lowe, *Testing for Linearizability* (2017), made of it: operations take effect just in time,
/// when a response cannot be explained without them, and no configuration is looked at twice.
///
/// # The search
///
/// Responses are explained in the order in which they were seen. Before each, operations that are
/// open may take effect, the fewest first, until the answered one has. If nothing explains a
/// response, the search returns to the one before. A configuration is a state of the object, the
/// open operations that have taken effect, and how many of each kind of unknown outcome have; those
/// visited are compared by value, never by a hash. Four things keep them few, and lose nothing:
///
/// - An operation that only [observes](Specification::observes) the state takes effect as soon as
///   its answer is right.
/// - Of equal operations with equal answers the one that ends first takes effect first. Of equal
///   ones with unknown outcome the earliest do, and only if the state changes by it.
/// - A configuration that has used up more operations of unknown outcome than another, and is
///   otherwise equal, is not looked at: it can do no more.
/// - Operations that are not [related](Specification::related) to the answered one wait.
///
/// ```
/// use splitbrain_invariants::{
///     History, Placement, Register, RegisterOperation, RegisterOutput, linearize,
/// };
/// use RegisterOperation::{Read, Write};
/// use RegisterOutput::{Holds, Written};
///
/// let mut history = History::new();
/// let write = history.invoke(0, Write(1));
/// let read = history.invoke(1, Read);
/// history.answer(read, Holds(1));
/// history.answer(write, Written);
/// let found = linearize(&Register::new(0), &history, &mut |states| states < 1_000_000);
/// assert_eq!(found.placement, Placement::Found { order: vec![write, read] });
///
/// let late = history.invoke(1, Read);
/// history.answer(late, Holds(0));
/// let found = linearize(&Register::new(0), &history, &mut |states| states < 1_000_000);
/// let Placement::Impossible(unplaceable) = found.placement else { panic!("it is too late") };
/// assert_eq!(unplaceable.operation, late);
/// assert_eq!(unplaceable.placed, [write, read]);
/// assert_eq!(unplaceable.situations, [(Register::new(1), Holds(1))]);
/// ```
pub fn linearize<S: Specification>(
    initial: &S,
    history: &History<S::Operation, S::Output>,
    may_go_on: &mut dyn FnMut(u64) -> bool,
) -> Linearization<S> {
    let mut search = Search::new(initial, history);
    let placement = match search.run(may_go_on) {
        Found::Order(order) => Placement::Found { order },
        Found::Nothing(unplaceable) => Placement::Impossible(unplaceable),
        Found::GaveUp(reached) => Placement::GaveUp { reached },
    };
    Linearization { placement, states: search.states }
}

/// Whether a history of an object made of independent parts is linearizable: it is if that of each
/// part is. The parts are in the order of their keys.
///
/// Each part is searched by itself, from the state that `initial` says for its key; `may_go_on` is
/// asked with the number of configurations visited in all of them.
///
/// *Source.* Herlihy and Wing (1990), Theorem 1 (locality); Horn and Kroening, *Faster
/// Linearizability Checking via P-Compositionality* (2015), with one operation's key as the
/// partition.
///
/// ```
/// use splitbrain_invariants::{
///     History, KeyValue, KeyValueOperation, KeyValueOutput, Placement, linearize_parts,
/// };
/// use KeyValueOperation::{Get, Put};
///
/// let mut history = History::new();
/// let put = history.invoke(0, Put("x", 1));
/// history.answer(put, KeyValueOutput::Written);
/// let other = history.invoke(0, Get("y"));
/// history.answer(other, KeyValueOutput::Found(None));
/// let get = history.invoke(0, Get("x"));
/// history.answer(get, KeyValueOutput::Found(None));
///
/// let parts = linearize_parts(|_| KeyValue::new(), &history, &mut |_| true);
/// assert_eq!(parts[0].key, "x");
/// assert!(matches!(&parts[0].linearization.placement, Placement::Impossible(x) if x.operation == get));
/// assert_eq!(parts[1].linearization.placement, Placement::Found { order: vec![other] });
/// ```
pub fn linearize_parts<S: Product>(
    initial: impl Fn(&S::Key) -> S,
    history: &History<S::Operation, S::Output>,
    may_go_on: &mut dyn FnMut(u64) -> bool,
) -> Vec<Part<S>> {
    let mut by_key: BTreeMap<S::Key, Vec<usize>> = BTreeMap::new();
    for (number, one) in history.operations().iter().enumerate() {
        by_key.entry(S::key(&one.operation)).or_default().push(number);
    }
    let mut before = 0;
    let parts = by_key.into_iter().map(|(key, operations)| {
        let own = history.only(&operations);
        let so_far = before;
        let mut linearization =
            linearize(&initial(&key), &own, &mut |states| may_go_on(so_far + states));
        before += linearization.states;
        linearization.placement.renumber(&operations);
        Part { key, operations, linearization }
    });
    parts.collect()
}

impl<S: Specification> Placement<S> {
    /// Gives each operation the number that stands in its place.
    fn renumber(&mut self, numbers: &[usize]) {
        let all = |order: &mut Vec<usize>| order.iter_mut().for_each(|one| *one = numbers[*one]);
        match self {
            Placement::Found { order } => all(order),
            Placement::Impossible(unplaceable) => {
                all(&mut unplaceable.placed);
                unplaceable.operation = numbers[unplaceable.operation];
            }
            Placement::GaveUp { reached } => *reached = numbers[*reached],
        }
    }
}
