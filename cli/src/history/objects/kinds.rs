//! The four kinds of objects: their specifications, and histories' words for them.

use std::collections::BTreeMap;

use splitbrain::invariants::{
    KeyValue, KeyValueOperation, KeyValueOutput, Keyed, Lock, LockOperation, LockOutput, Product,
    Queue, QueueOperation, QueueOutput, Specification, Sum, SumOperation,
};

use super::super::Misread;
use super::super::calls::Call;
use super::super::datum::Datum;
use super::{
    ACQUIRE, ADD, CAS, DECREMENT, DEQUEUE, ENQUEUE, INCREMENT, Object, READ, RELEASE, WRITE,
    unknown,
};

/// A value by its number: quick to copy and to compare.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Atom(u32);

/// The values of a history.
#[derive(Default)]
pub(super) struct Atoms {
    values: Vec<Datum>,
    numbers: BTreeMap<Datum, Atom>,
}

impl Atoms {
    pub(super) fn atom(&mut self, value: &Datum) -> Atom {
        if let Some(&atom) = self.numbers.get(value) {
            return atom;
        }
        let atom = Atom(u32::try_from(self.values.len()).expect("fewer than four billion values"));
        self.values.push(value.clone());
        self.numbers.insert(value.clone(), atom);
        atom
    }

    pub(super) fn value(&self, atom: Atom) -> &Datum {
        &self.values[atom.0 as usize]
    }

    fn text(&self, atom: Option<Atom>) -> String {
        atom.map_or_else(|| "nil".to_string(), |atom| self.value(atom).to_string())
    }
}

/// What was asked of an object, and how it is told.
pub(super) struct Asked<S: Specification> {
    pub(super) operation: S::Operation,
    pub(super) text: String,
}

/// A kind of object that histories are of.
pub(super) trait Kind {
    type Spec: Product<Key = Atom>;

    /// The object of a key, before anything happens.
    fn initial(&self, key: Atom) -> Self::Spec;
    /// What was asked.
    fn asked(
        &mut self,
        call: &Call,
        key: Atom,
        atoms: &mut Atoms,
    ) -> Result<Asked<Self::Spec>, Misread>;
    /// What was answered; nothing if that says nothing.
    fn answered(
        &mut self,
        call: &Call,
        value: Option<&Datum>,
        atoms: &mut Atoms,
    ) -> Result<Option<<Self::Spec as Specification>::Output>, Misread>;
    /// A state of the object of that key.
    fn state(&self, state: &Self::Spec, key: Atom, atoms: &Atoms) -> String;
    /// An answer.
    fn answer(&self, output: &<Self::Spec as Specification>::Output, atoms: &Atoms) -> String;
}

fn ended_wrong<T>(call: &Call, what: String) -> Result<T, Misread> {
    Err(Misread::at(call.ended.unwrap_or(call.begun), what))
}

/// Whether what an operation that changes something ended with says that it was done.
fn done(call: &Call, value: Option<&Datum>) -> Result<(), Misread> {
    match value {
        None | Some(Datum::Nil | Datum::Bool(true)) => Ok(()),
        Some(value) if *value == call.value => Ok(()),
        Some(Datum::Bool(false)) => {
            let f = &call.f;
            ended_wrong(call, format!("the {f} is ok with false; if it was refused, write fail"))
        }
        Some(value) => {
            let Call { f, value: asked, .. } = call;
            ended_wrong(
                call,
                format!("the {f} of {asked} is ok with {value}; repeat its value, or leave it out"),
            )
        }
    }
}

/// A value that is asked with and must be there.
fn needed<'a>(call: &'a Call, what: &str) -> Result<&'a Datum, Misread> {
    match &call.value {
        Datum::Nil => Err(Misread::at(
            call.begun,
            format!(
                "a {} needs a value, {what}, and nil is none; write it with the invoke",
                call.f
            ),
        )),
        value => Ok(value),
    }
}

fn number(call: &Call, value: &Datum) -> Result<i64, Misread> {
    match value {
        Datum::Int(number) => Ok(*number),
        other => Err(Misread::at(
            call.begun,
            format!("a {} needs a whole number of 64 bits, found {other}", call.f),
        )),
    }
}

/// Registers and stores.
pub(super) struct Stores {
    pub(super) object: Object,
    /// What every key has at first.
    pub(super) initial: Option<Atom>,
}

impl Kind for Stores {
    type Spec = KeyValue<Atom, Atom>;

    fn initial(&self, key: Atom) -> Self::Spec {
        let mut store = KeyValue::new();
        if let Some(value) = self.initial {
            store.apply(&KeyValueOperation::Put(key, value));
        }
        store
    }

    fn asked(
        &mut self,
        call: &Call,
        key: Atom,
        atoms: &mut Atoms,
    ) -> Result<Asked<Self::Spec>, Misread> {
        let f = call.f.as_str();
        if READ.contains(&f) {
            return Ok(Asked { operation: KeyValueOperation::Get(key), text: "read".to_string() });
        }
        if WRITE.contains(&f) {
            let value = needed(call, "the one to write")?;
            let operation = KeyValueOperation::Put(key, atoms.atom(value));
            return Ok(Asked { operation, text: format!("write {value}") });
        }
        if !CAS.contains(&f) {
            return Err(unknown(self.object, call));
        }
        let Some((expected, new)) = call.value.pair() else {
            return Err(Misread::at(
                call.begun,
                format!("a cas needs two values, [expected new], found {}", call.value),
            ));
        };
        if *new == Datum::Nil {
            return Err(Misread::at(
                call.begun,
                "a cas to nil is not known here: nil is what is read where nothing was written",
            ));
        }
        let text = format!("cas {expected} to {new}");
        let expected = (*expected != Datum::Nil).then(|| atoms.atom(expected));
        let new = atoms.atom(new);
        Ok(Asked { operation: KeyValueOperation::CompareAndSwap { key, expected, new }, text })
    }

    fn answered(
        &mut self,
        call: &Call,
        value: Option<&Datum>,
        atoms: &mut Atoms,
    ) -> Result<Option<KeyValueOutput<Atom>>, Misread> {
        let f = call.f.as_str();
        if CAS.contains(&f) {
            done(call, value)?;
            return Ok(Some(KeyValueOutput::Swapped));
        }
        if WRITE.contains(&f) {
            done(call, value)?;
            return Ok(Some(KeyValueOutput::Written));
        }
        match value {
            Some(Datum::Nil) => Ok(Some(KeyValueOutput::Found(None))),
            Some(value) => Ok(Some(KeyValueOutput::Found(Some(atoms.atom(value))))),
            None => ended_wrong(
                call,
                "the read is ok and has no value; write what was read, nil if there was nothing"
                    .to_string(),
            ),
        }
    }

    fn state(&self, state: &Self::Spec, key: Atom, atoms: &Atoms) -> String {
        match state.clone().apply(&KeyValueOperation::Get(key)) {
            KeyValueOutput::Found(value) => atoms.text(value),
            _ => unreachable!("a get finds something or nothing"),
        }
    }

    fn answer(&self, output: &KeyValueOutput<Atom>, atoms: &Atoms) -> String {
        match output {
            KeyValueOutput::Found(value) => atoms.text(*value),
            KeyValueOutput::Written => "written".to_string(),
            KeyValueOutput::Swapped => "swapped".to_string(),
            KeyValueOutput::Differs(value) => format!("refused: it is {}", atoms.text(*value)),
        }
    }
}

/// Locks. The holder is the process, or the value that it gives as its name.
pub(super) struct Locks;

impl Locks {
    fn holder(call: &Call) -> Datum {
        match &call.value {
            Datum::Nil => Datum::Name(format!("process {}", call.process)),
            name => name.clone(),
        }
    }
}

impl Kind for Locks {
    type Spec = Keyed<Atom, Lock<Atom>>;

    fn initial(&self, _key: Atom) -> Self::Spec {
        Keyed::new(Lock::default())
    }

    fn asked(
        &mut self,
        call: &Call,
        key: Atom,
        atoms: &mut Atoms,
    ) -> Result<Asked<Self::Spec>, Misread> {
        let holder = Locks::holder(call);
        let own = call.value == Datum::Nil;
        let by = if own { String::new() } else { format!(" by {holder}") };
        let holder = atoms.atom(&holder);
        let f = call.f.as_str();
        let (operation, text) = match (ACQUIRE.contains(&f), RELEASE.contains(&f)) {
            (true, _) => (LockOperation::Acquire(holder), "acquire"),
            (_, true) => (LockOperation::Release(holder), "release"),
            (false, false) => return Err(unknown(Object::Lock, call)),
        };
        Ok(Asked { operation: (key, operation), text: format!("{text}{by}") })
    }

    fn answered(
        &mut self,
        call: &Call,
        value: Option<&Datum>,
        _atoms: &mut Atoms,
    ) -> Result<Option<LockOutput>, Misread> {
        let done = match value {
            None | Some(Datum::Nil | Datum::Bool(true)) => true,
            Some(Datum::Bool(false)) => false,
            Some(value) if *value == call.value => true,
            Some(value) => {
                return ended_wrong(
                    call,
                    format!(
                        "the {} is ok with {value}; expected nil or true for done, false for \
                         refused. Fencing tokens are not looked at: leave them out",
                        call.f
                    ),
                );
            }
        };
        Ok(Some(match (ACQUIRE.contains(&call.f.as_str()), done) {
            (true, true) => LockOutput::Granted,
            (true, false) => LockOutput::Refused,
            (false, true) => LockOutput::Released,
            (false, false) => LockOutput::NotHeld,
        }))
    }

    fn state(&self, state: &Self::Spec, key: Atom, atoms: &Atoms) -> String {
        // Who holds it is who would be granted it again.
        let granted = |holder: &Atom| {
            let mut lock = state.object(&key).clone();
            lock.apply(&LockOperation::Release(*holder)) == LockOutput::Released
        };
        let holder = (0..atoms.values.len() as u32).map(Atom).find(granted);
        holder.map_or("free".to_string(), |holder| format!("held by {}", atoms.value(holder)))
    }

    fn answer(&self, output: &LockOutput, _atoms: &Atoms) -> String {
        let text = match output {
            LockOutput::Granted => "granted",
            LockOutput::Refused => "refused",
            LockOutput::Released => "released",
            LockOutput::NotHeld => "not held",
        };
        text.to_string()
    }
}

/// Counters.
pub(super) struct Counters {
    pub(super) initial: i64,
}

impl Kind for Counters {
    type Spec = Keyed<Atom, Sum>;

    fn initial(&self, _key: Atom) -> Self::Spec {
        Keyed::new(Sum::new(self.initial))
    }

    fn asked(
        &mut self,
        call: &Call,
        key: Atom,
        _atoms: &mut Atoms,
    ) -> Result<Asked<Self::Spec>, Misread> {
        let f = call.f.as_str();
        let by = |call: &Call| match &call.value {
            Datum::Nil => Ok(1),
            value => number(call, value),
        };
        let more = match () {
            () if READ.contains(&f) => {
                let operation = (key, SumOperation::Read);
                return Ok(Asked { operation, text: "read".to_string() });
            }
            () if ADD.contains(&f) => number(call, needed(call, "how much to add")?)?,
            () if INCREMENT.contains(&f) => by(call)?,
            () if DECREMENT.contains(&f) => by(call)?.wrapping_neg(),
            () => return Err(unknown(Object::Counter, call)),
        };
        Ok(Asked { operation: (key, SumOperation::Add(more)), text: format!("add {more}") })
    }

    fn answered(
        &mut self,
        call: &Call,
        value: Option<&Datum>,
        _atoms: &mut Atoms,
    ) -> Result<Option<i64>, Misread> {
        if !READ.contains(&call.f.as_str()) {
            return Ok(None);
        }
        match value {
            Some(Datum::Int(total)) => Ok(Some(*total)),
            other => {
                let found = other.map_or("none".to_string(), Datum::to_string);
                ended_wrong(
                    call,
                    format!("a read of a counter needs a whole number as its value, found {found}"),
                )
            }
        }
    }

    fn state(&self, state: &Self::Spec, key: Atom, _atoms: &Atoms) -> String {
        state.object(&key).total().to_string()
    }

    fn answer(&self, output: &i64, _atoms: &Atoms) -> String {
        output.to_string()
    }
}

/// Queues.
pub(super) struct Queues;

impl Kind for Queues {
    type Spec = Keyed<Atom, Queue<Atom>>;

    fn initial(&self, _key: Atom) -> Self::Spec {
        Keyed::new(Queue::default())
    }

    fn asked(
        &mut self,
        call: &Call,
        key: Atom,
        atoms: &mut Atoms,
    ) -> Result<Asked<Self::Spec>, Misread> {
        let f = call.f.as_str();
        if DEQUEUE.contains(&f) {
            let operation = (key, QueueOperation::Dequeue);
            return Ok(Asked { operation, text: "dequeue".to_string() });
        }
        if !ENQUEUE.contains(&f) {
            return Err(unknown(Object::Queue, call));
        }
        let value = needed(call, "the one to put in")?;
        let operation = (key, QueueOperation::Enqueue(atoms.atom(value)));
        Ok(Asked { operation, text: format!("enqueue {value}") })
    }

    fn answered(
        &mut self,
        call: &Call,
        value: Option<&Datum>,
        atoms: &mut Atoms,
    ) -> Result<Option<QueueOutput<Atom>>, Misread> {
        if ENQUEUE.contains(&call.f.as_str()) {
            return Ok(Some(QueueOutput::Enqueued));
        }
        match value {
            Some(Datum::Nil) => Ok(Some(QueueOutput::Empty)),
            Some(value) => Ok(Some(QueueOutput::Dequeued(atoms.atom(value)))),
            None => ended_wrong(
                call,
                "the dequeue is ok and has no value; write what came out, nil if it was empty"
                    .to_string(),
            ),
        }
    }

    fn state(&self, state: &Self::Spec, key: Atom, atoms: &Atoms) -> String {
        const SHOWN: usize = 5;
        let waiting = state.object(&key).waiting();
        let more = waiting.len().saturating_sub(SHOWN);
        let first: Vec<String> =
            waiting.take(SHOWN).map(|atom| atoms.value(*atom).to_string()).collect();
        match (first.is_empty(), more) {
            (true, _) => "empty".to_string(),
            (false, 0) => format!("[{}]", first.join(" ")),
            (false, more) => format!("[{} and {more} more]", first.join(" ")),
        }
    }

    fn answer(&self, output: &QueueOutput<Atom>, atoms: &Atoms) -> String {
        match output {
            QueueOutput::Enqueued => "enqueued".to_string(),
            QueueOutput::Dequeued(value) => atoms.value(*value).to_string(),
            QueueOutput::Empty => "nil".to_string(),
        }
    }
}
