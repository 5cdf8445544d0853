//! What the server remembers, what it writes, and what clients ask of it.

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, Disk, Written};

/// A log sequence number: the place of a record among all that the log ever held, from 1. 0 stands
/// for none yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Lsn(pub u32);

impl Lsn {
    /// That of the record behind it.
    pub fn next(self) -> Lsn {
        Lsn(self.0 + 1)
    }
}

/// `#3`.
impl Debug for Lsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The name of something stored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Key(pub u8);

/// `k0`.
impl Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "k{}", self.0)
    }
}

/// What is stored. Clients write each value once, from 1 on, so that a read tells whose it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Value(pub u32);

/// `v10`.
impl Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

/// A record of the log: a redo record, which says what to do and not what was there before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Record {
    /// Its place.
    pub lsn: Lsn,
    /// What it writes to.
    pub key: Key,
    /// What it writes.
    pub value: Value,
}

/// The store: what the records up to one of them make. A checkpoint is an image of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Store {
    /// The last record that was applied.
    pub lsn: Lsn,
    /// The values, by key.
    pub values: BTreeMap<Key, Value>,
}

impl Store {
    /// Applies a record, unless it was applied already: the test by which redo may be done as often
    /// as there are crashes (Mohan et al. 1992, on a page's LSN).
    pub fn apply(&mut self, record: &Record) {
        if record.lsn > self.lsn {
            self.lsn = record.lsn;
            self.values.insert(record.key, record.value);
        }
    }
}

/// The server.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Server {
    /// The log, from the last checkpoint on.
    pub log: Disk<Record>,
    /// Images of the store. The last one that is synced makes up for the log before it.
    pub images: Disk<Store>,
    /// The store, in memory.
    pub store: Store,
    /// The last record that was written.
    pub last: Lsn,
    /// The last record that was written when the sync began that is under way.
    pub syncing: Option<Lsn>,
    /// Who waits for the answer to a write, in the order of the log.
    pub waiting: Vec<Waiting>,
}

/// A client that waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Waiting {
    /// Who.
    pub client: ClientId,
    /// For which record to be durable.
    pub lsn: Lsn,
}

impl Server {
    /// How many records of the log there are up to that one.
    pub(super) fn records_to(&self, lsn: Lsn) -> usize {
        let within = |written: &Written<Record>| match written {
            Written::Whole(record) => record.lsn <= lsn,
            Written::Torn => false,
        };
        self.log.records().iter().rposition(within).map_or(0, |at| at + 1)
    }

    /// Applies the records up to that one, in their order.
    pub(super) fn apply_to(&mut self, lsn: Lsn) {
        for written in self.log.records() {
            match written {
                Written::Whole(record) if record.lsn <= lsn => self.store.apply(record),
                // Later ones wait for their sync. What is torn is no record.
                Written::Whole(_) | Written::Torn => {}
            }
        }
    }

    /// The last checkpoint that was begun; where there is none, the empty store.
    pub(super) fn checkpoint(&self) -> Lsn {
        self.images.readable().last().map_or(Lsn::default(), |image| image.lsn)
    }
}

/// What a client asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// The key has this value from now on.
    Put(ClientId, Key, Value),
    /// Which value has the key?
    Get(ClientId, Key),
}

impl Input {
    /// Who asks.
    pub fn client(self) -> ClientId {
        match self {
            Input::Put(client, ..) | Input::Get(client, _) => client,
        }
    }
}

/// What a client is answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// To a put: it is durable, as this record.
    Written(Lsn),
    /// To a get: the value, if there is one.
    Found(Option<Value>),
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// The sync of the log is done.
    Sync,
    /// The image of a checkpoint is synced.
    Checkpoint,
}

/// What the server tells the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// A client is answered.
    Answered {
        /// Who.
        client: ClientId,
        /// What.
        answer: Answer,
    },
    /// A sync made that many records durable.
    Synced {
        /// How many.
        records: usize,
    },
    /// A checkpoint made up for the log up to that record, and the log was cut there.
    Checkpointed(Lsn),
    /// The server runs again. What became of the writes that nobody was answered for, it cannot
    /// know; those who watch do.
    Recovered {
        /// How many of them it found in its log.
        found: usize,
        /// How many are lost.
        lost: usize,
        /// Whether half a record was at the end of its log.
        torn: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_applied_once_however_often_it_is_redone() {
        let record = |lsn, value| Record { lsn: Lsn(lsn), key: Key(0), value: Value(value) };
        let mut store = Store::default();
        let table = [
            ("the first one", record(1, 10), (1, 10)),
            ("the next one", record(2, 20), (2, 20)),
            ("the first one once more", record(1, 10), (2, 20)),
            ("the next one once more", record(2, 20), (2, 20)),
        ];
        for (sentence, record, (lsn, value)) in table {
            store.apply(&record);
            let values = BTreeMap::from([(Key(0), Value(value))]);
            assert_eq!(store, Store { lsn: Lsn(lsn), values }, "{sentence}");
        }
    }
}
