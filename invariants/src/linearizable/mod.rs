//! Linearizability: every operation seems to take effect at one instant between its invocation
//! and its response.

mod configuration;
mod keyed;
mod offline;
mod queue;
mod specifications;
mod sum;
#[cfg(test)]
mod tests;

use crate::{Held, Value, broken};
use configuration::{Configuration, Entry, Search, normal_form};
use std::fmt::Debug;

pub use keyed::Keyed;
pub use offline::{
    History, Linearization, Outcome, Part, Placement, Recorded, Unplaceable, linearize,
    linearize_parts,
};
pub use queue::{Queue, QueueOperation, QueueOutput};
pub use specifications::{
    Counter, CounterOperation, FencedLock, FencedLockOutput, KeyValue, KeyValueOperation,
    KeyValueOutput, Lock, LockOperation, LockOutput, Register, RegisterOperation, RegisterOutput,
};
pub use sum::{Sum, SumOperation};

/// What an object does when its operations come one after the other: the meaning that concurrent
/// histories are held to.
///
/// The value that implements this trait is the object's state. Operations are total: where one
/// has nothing to do, its output says so.
///
/// ```
/// use splitbrain_invariants::{Linearizable, Specification};
///
/// /// The largest number ever written.
/// #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
/// struct Maximum(u32);
///
/// impl Specification for Maximum {
///     type Operation = u32;
///     type Output = u32;
///
///     fn apply(&mut self, written: &u32) -> u32 {
///         self.0 = self.0.max(*written);
///         self.0
///     }
/// }
///
/// let mut history: Linearizable<Maximum> = Linearizable::default();
/// history.invoke(0, 7);
/// history.invoke(1, 5);
/// history.respond(1, 7)?; // 7 took effect before 5 did, though its writer has not heard of it
/// assert!(history.respond(0, 5).is_err());
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
pub trait Specification: Value {
    /// What is asked of the object.
    type Operation: Value;
    /// What it answers.
    type Output: Value;

    /// Does the operation and answers it. A pure function of the state and the operation.
    fn apply(&mut self, operation: &Self::Operation) -> Self::Output;

    /// Whether the operation changes no state whatsoever. Those that nobody waits for any more are
    /// forgotten, and an answer to one is looked for no further than need be.
    ///
    /// `false` is always right, `true` makes monitors smaller.
    fn reads_only(_operation: &Self::Operation) -> bool {
        false
    }

    /// Whether the operation, where it answers this, has changed no state: a read, or a conditional
    /// write that was refused. Where a whole history is looked at, it is in nobody's way
    /// ([`linearize`]).
    ///
    /// `false` is always right, `true` makes searches smaller.
    fn observes(operation: &Self::Operation, _output: &Self::Output) -> bool {
        Self::reads_only(operation)
    }

    /// Whether the order of the two operations can matter: to what either of them answers or to
    /// the state after both. An answer to one is not looked for among the orders of operations
    /// unrelated to it, directly or by way of others.
    ///
    /// `true` is always right. It is symmetric.
    fn related(_one: &Self::Operation, _other: &Self::Operation) -> bool {
        true
    }
}

/// An object made of independent parts, one for each key: an operation is about one part, and what
/// it does and answers depends on no other.
///
/// A history of such an object is linearizable if that of each part is, which is far less work to
/// find out ([`linearize_parts`]).
pub trait Product: Specification {
    /// What tells the parts apart.
    type Key: Value;

    /// The part that the operation is about.
    fn key(operation: &Self::Operation) -> Self::Key;
}

/// Every operation seems to take effect at one instant between its invocation and its response.
///
/// *Definition.* There is a sequence of the operations that the specification allows, with the
/// outputs that were seen, in which every operation that ended before another began comes first. An
/// operation without a response may be in the sequence, at any place after its invocation, or not.
///
/// *Source.* Herlihy and Wing, *Linearizability: A Correctness Condition for Concurrent Objects*
/// (1990), §2; the search for the sequence is Wing and Gong's, *Testing and Verifying Concurrent
/// Objects* (1993), in the just-in-time order of Lowe, *Testing for Linearizability* (2017).
///
/// # Events
///
/// [`invoke`](Linearizable::invoke), [`respond`](Linearizable::respond), and
/// [`abandon`](Linearizable::abandon) for an operation nobody waits for any more, because its
/// client timed out or crashed. It may still take effect at any later time, once, or never.
///
/// A client has one operation at a time: if it invokes a second one, it has abandoned the first. A
/// response to a client that waits for nothing is ignored: it is a second copy, or comes too late
/// to matter. A late response to an operation *before* the one a client waits for is the model's
/// to tell apart, by whatever names its requests; the monitor sees only clients.
///
/// # State
///
/// The clients that wait, and every *configuration* the object may be in: the object's state, what
/// each waiting client's operation has answered if it took effect already, and the abandoned
/// operations that have not. Of all that would say the same, a small form is kept:
///
/// - An operation takes effect just in time: when a response cannot be explained without it. Until
///   then it is one configuration, not one for each moment it might have been.
/// - An operation that takes effect without changing the state concerns its client only. Its
///   possible outputs are a set, which is one configuration for all of them; outputs that the
///   present state gives anyway are not listed. There is one fixed way to cut the possibilities
///   into such sets.
/// - Abandoned operations have lost their client: two equal ones are one, twice. Those that only
///   read are gone.
/// - A configuration is dropped where another can do whatever it can: by taking some of its
///   operations to effect, the other reaches the same state, with the same operations or more still
///   open, and the same outputs or more to choose from.
/// - An operation that has taken effect in every configuration is forgotten; its outputs remain.
///
/// So histories that end in the same situation are equal monitors. Tests hold the form against the
/// minimal automaton: for a register and for a lock, with two clients and a third one to look,
/// there is no smaller form. Where an equal operation is both abandoned and waited for, a few
/// situations that nothing tells apart remain different monitors.
///
/// The number of configurations is exponential in the operations open at the same time, in the
/// worst case. Three or four clients are fine. An object made of independent parts, one for each
/// key, may have a monitor for each part: that suffices (Herlihy and Wing, Theorem 1, locality) and
/// is far smaller. A long history that is there as a whole is what [`linearize`] is for.
///
/// ```
/// use splitbrain_invariants::{Linearizable, Register, RegisterOperation, RegisterOutput};
/// use RegisterOperation::{Read, Write};
/// use RegisterOutput::{Holds, Written};
///
/// let mut register = Linearizable::new(Register::new(0));
/// register.invoke("c0", Write(1));
/// register.invoke("c1", Read);
/// register.respond("c1", Holds(1))?; // the write took effect first
/// register.invoke("c1", Read);
/// let broken = register.respond("c1", Holds(0)).unwrap_err();
/// assert_eq!(
///     broken.reason(),
///     r#""c1": Read → Holds(0) cannot be placed: the only answer possible here is Holds(1)"#
/// );
/// register.respond("c0", Written)?;
/// # Ok::<(), splitbrain_invariants::Broken>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Linearizable<S: Specification, C = u32> {
    /// The clients that wait, in their order, and their operations where these still matter.
    waiting: Vec<(C, Option<S::Operation>)>,
    /// In order, none of them dispensable, at least one. Their entries are in the order of
    /// `waiting`.
    configurations: Vec<Configuration<S, S::Operation, S::Output>>,
}

impl<S: Specification + Default, C: Value> Default for Linearizable<S, C> {
    fn default() -> Self {
        Linearizable::new(S::default())
    }
}

impl<S: Specification, C: Value> Linearizable<S, C> {
    /// The object is in its initial state and no client waits.
    pub fn new(initial: S) -> Self {
        Linearizable { waiting: Vec::new(), configurations: vec![Configuration::new(initial)] }
    }

    /// How many configurations the object may be in: what this monitor multiplies a state space by,
    /// and what its time is proportional to.
    pub fn configurations(&self) -> usize {
        self.configurations.len()
    }

    /// Whether the client waits for a response.
    pub fn waits(&self, client: &C) -> bool {
        self.place(client).is_ok()
    }

    /// The client asks for the operation. One it was still waiting for is abandoned.
    pub fn invoke(&mut self, client: C, operation: S::Operation) {
        self.abandon(&client);
        let at = self.place(&client).unwrap_or_else(|at| at);
        self.waiting.insert(at, (client, Some(operation)));
        for configuration in &mut self.configurations {
            configuration.entries.insert(at, Entry::Open(Vec::new()));
        }
    }

    /// The client stops waiting. Its operation takes effect at some later time, or never.
    pub fn abandon(&mut self, client: &C) {
        let Ok(at) = self.place(client) else { return };
        let (_, operation) = self.waiting.remove(at);
        for configuration in &mut self.configurations {
            let entry = configuration.entries.remove(at);
            if let (Entry::Open(_), Some(operation)) = (entry, &operation)
                && !S::reads_only(operation)
            {
                configuration.add_orphan(operation.clone());
            }
        }
        self.normalise();
    }

    /// The client's operation ends with this output.
    ///
    /// # Errors
    ///
    /// No sequence of the operations explains the output: "c1: Read → Holds(0) cannot be placed:
    /// the only answer possible here is Holds(1)", with client, operation and outputs as their
    /// `Debug` shows them. The monitor stays as it was.
    pub fn respond(&mut self, client: C, output: S::Output) -> Held {
        let Ok(at) = self.place(&client) else { return Ok(()) };
        let mut search = Search::<S>::new(at, &output, self.operations());
        let explained = search.explain(&self.configurations);
        if explained.is_empty() {
            return broken(self.unexplained(at, &output, &search.possible_outputs()));
        }
        self.waiting.remove(at);
        self.configurations = explained;
        self.normalise();
        Ok(())
    }

    fn place(&self, client: &C) -> Result<usize, usize> {
        self.waiting.binary_search_by(|(waiting, _)| waiting.cmp(client))
    }

    fn operations(&self) -> Vec<Option<&S::Operation>> {
        self.waiting.iter().map(|(_, operation)| operation.as_ref()).collect()
    }

    fn normalise(&mut self) {
        let mut configurations = std::mem::take(&mut self.configurations);
        normal_form(&mut configurations, &self.operations());
        self.configurations = configurations;
        for (at, (_, operation)) in self.waiting.iter_mut().enumerate() {
            let open = |c: &Configuration<_, _, _>| matches!(c.entries[at], Entry::Open(_));
            if !self.configurations.iter().any(open) {
                *operation = None;
            }
        }
    }

    fn unexplained(&self, at: usize, output: &S::Output, possible: &[S::Output]) -> String {
        let (client, operation) = &self.waiting[at];
        let operation = match operation {
            Some(operation) => format!("{operation:?} → {output:?}"),
            None => format!("{output:?} for what has taken effect"),
        };
        format!("{client:?}: {operation} cannot be placed: {}", alternatives(possible))
    }
}

fn alternatives<T: Debug>(possible: &[T]) -> String {
    let names: Vec<String> = possible.iter().map(|output| format!("{output:?}")).collect();
    match names.as_slice() {
        [one] => format!("the only answer possible here is {one}"),
        more => format!("the answers possible here are {}", more.join(", ")),
    }
}
