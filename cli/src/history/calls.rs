//! Beginnings and ends put together: which operations there are, and what became of each.

use std::collections::BTreeMap;

use super::datum::Datum;
use super::record::{Record, Records, Type};
use super::{Misread, Place};

/// What became of an operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// It ended, with this value if one is there.
    Ok(Option<Datum>),
    Fail,
    Unknown,
}

/// An operation of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    pub(crate) process: u64,
    pub(crate) f: String,
    /// What it is about, where there are several.
    pub(crate) key: Option<Datum>,
    /// What it was asked with.
    pub(crate) value: Datum,
    pub(crate) begun: Place,
    /// Where its end is, and what that says.
    pub(crate) ended: Option<Place>,
    pub(crate) end: End,
}

/// The operations of a history, and in which order they began and ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) calls: Vec<Call>,
    /// By number: where an operation begins, and where it ends.
    pub(crate) events: Vec<usize>,
    /// Whether they are about keys.
    pub(crate) keyed: bool,
    /// Events of the nemesis.
    pub(crate) skipped: usize,
}

/// How the keys of a history are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Keys {
    None,
    /// As a field of their own.
    Field,
    /// As the first of two values, as `jepsen.independent` has them.
    Tuples,
}

impl Calls {
    /// The operations of these events. `keyed` says whether they must or must not have keys.
    pub(crate) fn of(records: Records, keyed: Option<bool>) -> Result<Calls, Misread> {
        let keys = keys_of(&records.records, keyed)?;
        let mut calls =
            Calls { keyed: keys != Keys::None, skipped: records.skipped, ..Calls::default() };
        let mut open: BTreeMap<u64, usize> = BTreeMap::new();
        for record in records.records {
            match record.kind {
                Type::Invoke => calls.begin(record, keys, &mut open)?,
                Type::Ok | Type::Fail | Type::Info => calls.finish(record, keys, &mut open)?,
            }
        }
        Ok(calls)
    }

    fn begin(
        &mut self,
        record: Record,
        keys: Keys,
        open: &mut BTreeMap<u64, usize>,
    ) -> Result<(), Misread> {
        if let Some(&other) = open.get(&record.process) {
            let line = self.calls[other].begun.line;
            return Err(Misread::at(
                record.place,
                format!(
                    "process {} begins {} while its {} of line {line} has not ended; end that with \
                     ok, fail or info, or give each client a process of its own",
                    record.process, record.f, self.calls[other].f
                ),
            ));
        }
        let (key, value) = apart(&record, keys)?;
        open.insert(record.process, self.calls.len());
        self.events.push(self.calls.len());
        self.calls.push(Call {
            process: record.process,
            f: record.f,
            key,
            value: value.unwrap_or(Datum::Nil),
            begun: record.place,
            ended: None,
            end: End::Unknown,
        });
        Ok(())
    }

    fn finish(
        &mut self,
        record: Record,
        keys: Keys,
        open: &mut BTreeMap<u64, usize>,
    ) -> Result<(), Misread> {
        let wrong = |what: String| Err(Misread::at(record.place, what));
        let Some(number) = open.remove(&record.process) else {
            // Jepsen logs what its processes have to say as info.
            if record.kind == Type::Info {
                self.skipped += 1;
                return Ok(());
            }
            return wrong(format!(
                "process {} ends {}, and has begun nothing; expected an invoke of it before",
                record.process, record.f
            ));
        };
        let call = &mut self.calls[number];
        if call.f != record.f {
            return wrong(format!(
                "process {} ends {}, and has begun {} in line {}; expected the end of that",
                record.process, record.f, call.f, call.begun.line
            ));
        }
        call.ended = Some(record.place);
        call.end = match record.kind {
            Type::Fail => End::Fail,
            Type::Info => End::Unknown,
            Type::Invoke | Type::Ok => {
                let (key, value) = match (keys, &record.value) {
                    // What has no answer need not repeat the key.
                    (Keys::Tuples, None | Some(Datum::Nil)) => (None, None),
                    _ => apart(
                        &Record { key: record.key.clone().or(call.key.clone()), ..record.clone() },
                        keys,
                    )?,
                };
                if key.is_some() && key != call.key {
                    let (one, other) = (call.key.as_ref(), key.as_ref());
                    let name = |key: Option<&Datum>| key.map_or(String::new(), Datum::to_string);
                    return wrong(format!(
                        "the {} of process {} is about {}, and ends about {}; expected one key",
                        call.f,
                        call.process,
                        name(one),
                        name(other)
                    ));
                }
                self.events.push(number);
                End::Ok(value)
            }
        };
        Ok(())
    }
}

fn pair_of(record: &Record) -> Option<(&Datum, &Datum)> {
    record.value.as_ref().and_then(Datum::pair)
}

/// How keys are written, or that there are none.
fn keys_of(records: &[Record], keyed: Option<bool>) -> Result<Keys, Misread> {
    let begun: Vec<&Record> = records.iter().filter(|record| record.kind == Type::Invoke).collect();
    let with = begun.iter().find(|record| record.key.is_some());
    let without = begun.iter().find(|record| record.key.is_none());
    let tuples = || {
        // A pair is also what a cas is asked with, and anything can be written.
        let sure = |record: &&Record| match (record.f.as_str(), pair_of(record)) {
            (_, None) => false,
            ("cas", Some((_, value))) => value.pair().is_some(),
            (_, Some((_, value))) => *value == Datum::Nil || keyed == Some(true),
        };
        !begun.is_empty()
            && begun.iter().all(|record| pair_of(record).is_some())
            && begun.iter().any(sure)
            && begun.iter().all(|record| record.f != "cas" || sure(record))
    };
    let keys = match (with, without) {
        (Some(with), Some(without)) => {
            return Err(Misread::at(
                without.place,
                format!(
                    "this operation has no `key`, and that of line {} has one; expected a key \
                     with every invoke or with none",
                    with.place.line
                ),
            ));
        }
        (Some(_), None) => Keys::Field,
        (None, _) if tuples() => Keys::Tuples,
        (None, _) => Keys::None,
    };
    match (keyed, keys, begun.first()) {
        (Some(true), Keys::None, Some(first)) => Err(Misread::at(
            first.place,
            "expected a key: write it as \"key\", or as the first of two values ([key value], as \
             jepsen.independent does), or ask for one object with --as register",
        )),
        (Some(false), Keys::Field | Keys::Tuples, Some(first)) => Err(Misread::at(
            first.place,
            "expected one register, and the operations have keys; ask for --as key-value",
        )),
        _ => Ok(keys),
    }
}

/// The key and the value of an event.
fn apart(record: &Record, keys: Keys) -> Result<(Option<Datum>, Option<Datum>), Misread> {
    match keys {
        Keys::None => Ok((None, record.value.clone())),
        Keys::Field => Ok((record.key.clone(), record.value.clone())),
        Keys::Tuples => match record.value.as_ref().and_then(Datum::pair) {
            Some((key, value)) => Ok((Some(key.clone()), Some(value.clone()))),
            None => {
                let found = record.value.as_ref().map_or("nothing".to_string(), Datum::to_string);
                Err(Misread::at(
                    record.place,
                    format!(
                        "expected [key value] as the other operations have it, found {found}; \
                         write the key, too"
                    ),
                ))
            }
        },
    }
}
