//! The sequential objects that protocols most often implement.

use super::{Product, Specification};
use crate::Value;
use crate::table::Table;

/// A cell that holds one value.
///
/// *Source.* Lamport, *On Interprocess Communication, Part II* (1986), §1: an atomic register.
///
/// ```
/// use splitbrain_invariants::{Register, RegisterOperation, RegisterOutput, Specification};
///
/// let mut register = Register::new('a');
/// assert_eq!(register.apply(&RegisterOperation::Write('b')), RegisterOutput::Written);
/// assert_eq!(register.apply(&RegisterOperation::Read), RegisterOutput::Holds('b'));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Register<V> {
    value: V,
}

impl<V> Register<V> {
    /// A register that holds this value before the first write.
    pub const fn new(value: V) -> Self {
        Register { value }
    }
}

/// What is asked of a [`Register`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegisterOperation<V> {
    /// Which value does it hold?
    Read,
    /// Hold this value from now on.
    Write(V),
}

/// What a [`Register`] answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RegisterOutput<V> {
    /// To a read: the value.
    Holds(V),
    /// To a write.
    Written,
}

impl<V: Value> Specification for Register<V> {
    type Operation = RegisterOperation<V>;
    type Output = RegisterOutput<V>;

    fn apply(&mut self, operation: &Self::Operation) -> Self::Output {
        match operation {
            RegisterOperation::Read => RegisterOutput::Holds(self.value.clone()),
            RegisterOperation::Write(value) => {
                self.value = value.clone();
                RegisterOutput::Written
            }
        }
    }

    fn reads_only(operation: &Self::Operation) -> bool {
        matches!(operation, RegisterOperation::Read)
    }
}

/// A map from keys to values, with a conditional write.
///
/// A compare-and-swap writes only if the key has the expected value; expecting `None` is "if there
/// is none yet". Operations on different keys are unrelated.
///
/// *Source.* The interface etcd and Jepsen's linearizability tests share; for compare-and-swap,
/// Herlihy, *Wait-Free Synchronization* (1991), §3.
///
/// ```
/// use splitbrain_invariants::{KeyValue, KeyValueOperation, KeyValueOutput, Specification};
///
/// let mut store = KeyValue::default();
/// assert_eq!(store.apply(&KeyValueOperation::Get("x")), KeyValueOutput::Found(None));
/// assert_eq!(store.apply(&KeyValueOperation::Put("x", 1)), KeyValueOutput::Written);
/// let swap = KeyValueOperation::CompareAndSwap { key: "x", expected: Some(1), new: 2 };
/// assert_eq!(store.apply(&swap), KeyValueOutput::Swapped);
/// assert_eq!(store.apply(&swap), KeyValueOutput::Differs(Some(2)));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct KeyValue<K, V> {
    values: Table<K, V>,
}

impl<K, V> KeyValue<K, V> {
    /// No key has a value.
    pub const fn new() -> Self {
        KeyValue { values: Table::new() }
    }
}

impl<K, V> Default for KeyValue<K, V> {
    fn default() -> Self {
        KeyValue::new()
    }
}

/// What is asked of a [`KeyValue`] store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyValueOperation<K, V> {
    /// Which value has the key?
    Get(K),
    /// The key has this value from now on.
    Put(K, V),
    /// The key has the new value from now on, if it has the expected one now.
    CompareAndSwap {
        /// The key to write.
        key: K,
        /// The value it must have; `None`: it must have none.
        expected: Option<V>,
        /// The value it gets.
        new: V,
    },
}

impl<K, V> KeyValueOperation<K, V> {
    /// The key the operation is about.
    pub const fn key(&self) -> &K {
        match self {
            KeyValueOperation::Get(key)
            | KeyValueOperation::Put(key, _)
            | KeyValueOperation::CompareAndSwap { key, .. } => key,
        }
    }
}

/// What a [`KeyValue`] store answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyValueOutput<V> {
    /// To a get: the value, if there is one.
    Found(Option<V>),
    /// To a put.
    Written,
    /// To a compare-and-swap that wrote.
    Swapped,
    /// To a compare-and-swap that did not: the value that was there instead.
    Differs(Option<V>),
}

impl<K: Value, V: Value> KeyValue<K, V> {
    fn put(&mut self, key: &K, value: &V) {
        if let Some((_, there, value)) = self.values.insert_new(key.clone(), value.clone()) {
            *there = value;
        }
    }
}

impl<K: Value, V: Value> Specification for KeyValue<K, V> {
    type Operation = KeyValueOperation<K, V>;
    type Output = KeyValueOutput<V>;

    fn apply(&mut self, operation: &Self::Operation) -> Self::Output {
        let there = self.values.get(operation.key());
        match operation {
            KeyValueOperation::Get(_) => KeyValueOutput::Found(there.cloned()),
            KeyValueOperation::Put(key, value) => {
                self.put(key, value);
                KeyValueOutput::Written
            }
            KeyValueOperation::CompareAndSwap { key, expected, new } => {
                if there != expected.as_ref() {
                    return KeyValueOutput::Differs(there.cloned());
                }
                self.put(key, new);
                KeyValueOutput::Swapped
            }
        }
    }

    fn reads_only(operation: &Self::Operation) -> bool {
        matches!(operation, KeyValueOperation::Get(_))
    }

    fn observes(_operation: &Self::Operation, output: &Self::Output) -> bool {
        matches!(output, KeyValueOutput::Found(_) | KeyValueOutput::Differs(_))
    }

    fn related(one: &Self::Operation, other: &Self::Operation) -> bool {
        one.key() == other.key()
    }
}

impl<K: Value, V: Value> Product for KeyValue<K, V> {
    type Key = K;

    fn key(operation: &Self::Operation) -> K {
        operation.key().clone()
    }
}

/// A lock that one holder has at a time.
///
/// Acquiring what one already holds is granted again, so that a request may be repeated. A client
/// that waits until the lock is free simply has its response late: `Granted` has a place only
/// where the lock is free. A lease that runs out is a release the environment asks for.
///
/// *Source.* Burrows, *The Chubby Lock Service* (2006), §2.4.
///
/// ```
/// use splitbrain_invariants::{Lock, LockOperation, LockOutput, Specification};
///
/// let mut lock = Lock::default();
/// assert_eq!(lock.apply(&LockOperation::Acquire("c0")), LockOutput::Granted);
/// assert_eq!(lock.apply(&LockOperation::Acquire("c1")), LockOutput::Refused);
/// assert_eq!(lock.apply(&LockOperation::Release("c0")), LockOutput::Released);
/// assert_eq!(lock.apply(&LockOperation::Release("c0")), LockOutput::NotHeld);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lock<H> {
    holder: Option<H>,
}

impl<H> Default for Lock<H> {
    fn default() -> Self {
        Lock { holder: None }
    }
}

/// What is asked of a [`Lock`] or a [`FencedLock`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LockOperation<H> {
    /// The lock is this holder's from now on, if it is free.
    Acquire(H),
    /// The lock is free from now on, if it is this holder's.
    Release(H),
}

/// What a [`Lock`] answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LockOutput {
    /// To an acquire: it is the holder's.
    Granted,
    /// To an acquire: it is another one's.
    Refused,
    /// To a release: it was the holder's.
    Released,
    /// To a release: it was not.
    NotHeld,
}

impl<H: Value> Specification for Lock<H> {
    type Operation = LockOperation<H>;
    type Output = LockOutput;

    fn apply(&mut self, operation: &Self::Operation) -> Self::Output {
        match (operation, &self.holder) {
            (LockOperation::Acquire(holder), None) => {
                self.holder = Some(holder.clone());
                LockOutput::Granted
            }
            (LockOperation::Acquire(holder), Some(inside)) if holder == inside => {
                LockOutput::Granted
            }
            (LockOperation::Acquire(_), Some(_)) => LockOutput::Refused,
            (LockOperation::Release(holder), Some(inside)) if holder == inside => {
                self.holder = None;
                LockOutput::Released
            }
            (LockOperation::Release(_), _) => LockOutput::NotHeld,
        }
    }

    fn observes(_operation: &Self::Operation, output: &LockOutput) -> bool {
        matches!(output, LockOutput::Refused | LockOutput::NotHeld)
    }
}

/// A [`Lock`] that numbers its grants: each new holder gets the next fencing token, from 1.
///
/// The count of grants is part of the state, so a scope with this object is finite only if the
/// grants are.
///
/// *Source.* Burrows, *The Chubby Lock Service* (2006), §2.4 (sequencers and lock generation
/// numbers).
///
/// ```
/// use splitbrain_invariants::{FencedLock, FencedLockOutput, LockOperation, Specification};
///
/// let mut lock = FencedLock::default();
/// assert_eq!(lock.apply(&LockOperation::Acquire("c0")), FencedLockOutput::Granted { token: 1 });
/// assert_eq!(lock.apply(&LockOperation::Release("c0")), FencedLockOutput::Released);
/// assert_eq!(lock.apply(&LockOperation::Acquire("c1")), FencedLockOutput::Granted { token: 2 });
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FencedLock<H> {
    lock: Lock<H>,
    granted: u64,
}

impl<H> Default for FencedLock<H> {
    fn default() -> Self {
        FencedLock { lock: Lock::default(), granted: 0 }
    }
}

/// What a [`FencedLock`] answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FencedLockOutput {
    /// To an acquire: it is the holder's, under this token.
    Granted {
        /// How many times the lock has found a new holder, this one included.
        token: u64,
    },
    /// To an acquire: it is another one's.
    Refused,
    /// To a release: it was the holder's.
    Released,
    /// To a release: it was not.
    NotHeld,
}

impl<H: Value> Specification for FencedLock<H> {
    type Operation = LockOperation<H>;
    type Output = FencedLockOutput;

    fn apply(&mut self, operation: &Self::Operation) -> Self::Output {
        let free = self.lock.holder.is_none();
        match self.lock.apply(operation) {
            LockOutput::Granted => {
                self.granted += u64::from(free);
                FencedLockOutput::Granted { token: self.granted }
            }
            LockOutput::Refused => FencedLockOutput::Refused,
            LockOutput::Released => FencedLockOutput::Released,
            LockOutput::NotHeld => FencedLockOutput::NotHeld,
        }
    }

    fn observes(_operation: &Self::Operation, output: &FencedLockOutput) -> bool {
        matches!(output, FencedLockOutput::Refused | FencedLockOutput::NotHeld)
    }
}

/// A number that goes up by one. Both operations answer with the count after them.
///
/// *Source.* Fetch-and-increment, as in Herlihy, *Wait-Free Synchronization* (1991), §3.
///
/// ```
/// use splitbrain_invariants::{Counter, CounterOperation, Specification};
///
/// let mut counter = Counter::default();
/// assert_eq!(counter.apply(&CounterOperation::Increment), 1);
/// assert_eq!(counter.apply(&CounterOperation::Read), 1);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Counter {
    count: u64,
}

/// What is asked of a [`Counter`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CounterOperation {
    /// Count one more.
    Increment,
    /// How many are there?
    Read,
}

impl Specification for Counter {
    type Operation = CounterOperation;
    type Output = u64;

    fn apply(&mut self, operation: &CounterOperation) -> u64 {
        if *operation == CounterOperation::Increment {
            self.count += 1;
        }
        self.count
    }

    fn reads_only(operation: &CounterOperation) -> bool {
        *operation == CounterOperation::Read
    }
}
