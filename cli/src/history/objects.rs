//! What the operations of a history mean: which object they are of, what was asked of it, and what
//! it answered.

mod kinds;
mod look;

use clap::ValueEnum;

use super::Misread;
use super::calls::Call;
use super::record::Records;

pub(crate) use look::{Looked, Operation, Situation, Told, look};

/// The objects that histories are held to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Object {
    /// One value: read, write, cas
    Register,
    /// A value for each key: read, write, cas
    KeyValue,
    /// One holder at a time: acquire, release
    Lock,
    /// A number that is added to: add, increment, decrement, read
    Counter,
    /// First in, first out: enqueue, dequeue
    Queue,
}

impl Object {
    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Object::Register => "register",
            Object::KeyValue => "key-value",
            Object::Lock => "lock",
            Object::Counter => "counter",
            Object::Queue => "queue",
        }
    }

    /// What it is called in a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Object::KeyValue => "key-value store",
            Object::Register | Object::Lock | Object::Counter | Object::Queue => self.name(),
        }
    }

    /// Its operations, as histories name them: each with the names it goes by.
    fn operations(self) -> &'static [&'static [&'static str]] {
        match self {
            Object::Register | Object::KeyValue => &[READ, WRITE, CAS],
            Object::Lock => &[ACQUIRE, RELEASE],
            Object::Counter => &[ADD, INCREMENT, DECREMENT, READ],
            Object::Queue => &[ENQUEUE, DEQUEUE],
        }
    }

    fn has(self, f: &str) -> bool {
        self.operations().iter().any(|names| names.contains(&f))
    }

    /// What the operations of a history show it to be of.
    pub(crate) fn of(records: &Records) -> Result<Object, Misread> {
        let all = [Object::Register, Object::Lock, Object::Counter, Object::Queue];
        let mut possible = all.to_vec();
        for record in &records.records {
            let fits: Vec<Object> =
                possible.iter().copied().filter(|object| object.has(&record.f)).collect();
            if fits.is_empty() {
                let so_far: Vec<&str> = possible.iter().map(|object| object.name()).collect();
                let known = all.iter().any(|object| object.has(&record.f));
                let what = match known {
                    true => format!(
                        "`{}` is no operation of a {}, which the ones before are of; say what it \
                         is with --as",
                        record.f,
                        so_far.join(" or ")
                    ),
                    false => format!("no object has an operation `{}`; {KNOWN}", record.f),
                };
                return Err(Misread::at(record.place, what));
            }
            possible = fits;
        }
        match possible.as_slice() {
            [one] => Ok(*one),
            _ if records.records.is_empty() => Err(Misread::whole(
                "there is no operation in it; expected events with a process, a type, an f and a \
                 value, one a line",
            )),
            _ => Err(Misread::whole(
                "its operations do not say what they are of: registers and counters have reads; \
                 say which with --as",
            )),
        }
    }
}

const KNOWN: &str = "the known ones are read, write and cas; acquire and release; add, increment, \
                     decrement and read; enqueue and dequeue";
const READ: &[&str] = &["read", "get", "r"];
const WRITE: &[&str] = &["write", "put", "set", "w"];
const CAS: &[&str] = &["cas", "compare-and-set", "compare-and-swap"];
const ACQUIRE: &[&str] = &["acquire", "lock"];
const RELEASE: &[&str] = &["release", "unlock"];
const ADD: &[&str] = &["add"];
const INCREMENT: &[&str] = &["increment", "inc"];
const DECREMENT: &[&str] = &["decrement", "dec"];
const ENQUEUE: &[&str] = &["enqueue"];
const DEQUEUE: &[&str] = &["dequeue"];

/// That an object has no such operation.
fn unknown(object: Object, call: &Call) -> Misread {
    let names: Vec<&str> = object.operations().iter().map(|names| names[0]).collect();
    Misread::at(
        call.begun,
        format!(
            "`{}` is no operation of a {}; expected one of {}, or another --as",
            call.f,
            object.name(),
            names.join(", ")
        ),
    )
}
