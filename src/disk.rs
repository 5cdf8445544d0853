//! A node's disk: what it wrote, in order, and how much of that is synced.

use crate::protocol::Data;

/// A file that a node only ever appends to, as the node sees it: a log, a journal. It is a value in
/// the node's state; what happens to it goes through the [`Outbox`](crate::Outbox):
///
/// - [`persist`](crate::Outbox::persist) writes a record at its end. A running node reads what it
///   wrote, synced or not.
/// - [`sync`](crate::Outbox::sync) makes everything written so far durable, and
///   [`sync_to`](crate::Outbox::sync_to) what was written when a slower sync began.
/// - [`recover`](crate::Outbox::recover), in [`restart`](crate::Protocol::restart), is what a crash
///   leaves: everything synced; of what was not, as many records as it happens to; and perhaps half
///   of the next one, a torn tail. An exploration tries every way, a simulation draws one where the
///   power fails ([`Fault::PowerCut`](crate::simulate::Fault::PowerCut)), and where only the process
///   dies, everything written is there.
///
/// Records that were synced are never lost and never torn, and what is written reaches the disk in
/// order. Not modelled: disks that lie about syncs, records that go bad later, and syncs that fail.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct Disk<R> {
    records: Vec<Written<R>>,
    /// How many of them are synced.
    synced: usize,
}

/// A record as it is found on a disk.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize,
)]
pub enum Written<R> {
    /// All of it.
    Whole(R),
    /// A part of it, as a checksum tells: a crash came while it was written.
    Torn,
}

impl<R> Default for Disk<R> {
    fn default() -> Self {
        Disk { records: Vec::new(), synced: 0 }
    }
}

impl<R: Data> Disk<R> {
    /// An empty disk.
    pub fn new() -> Disk<R> {
        Disk::default()
    }

    /// What is on it, in the order in which it was written.
    pub fn records(&self) -> &[Written<R>] {
        &self.records
    }

    /// The records that can be read from its beginning on: up to the first torn one, where a reader
    /// that goes by lengths and checksums loses its way.
    pub fn readable(&self) -> impl Iterator<Item = &R> {
        self.records.iter().map_while(|written| match written {
            Written::Whole(record) => Some(record),
            Written::Torn => None,
        })
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// How many of its records are synced.
    pub fn synced(&self) -> usize {
        self.synced
    }

    /// Cuts off everything from that record on: what a recovery does at a torn one, and what
    /// compaction does. It is durable at once, as the renaming of a file is.
    pub fn truncate(&mut self, records: usize) {
        self.records.truncate(records);
        self.synced = self.synced.min(records);
    }

    /// The record that is torn, if one is.
    pub fn torn(&self) -> Option<usize> {
        self.records.iter().position(|written| matches!(written, Written::Torn))
    }

    pub(crate) fn write(&mut self, record: R) {
        self.records.push(Written::Whole(record));
    }

    pub(crate) fn sync_to(&mut self, records: usize) {
        self.synced = self.synced.max(records.min(self.records.len()));
    }

    /// In how many ways a crash can leave it.
    pub(crate) fn ways(&self) -> u32 {
        let unsynced = self.records.len() - self.synced;
        u32::try_from(2 * unsynced + 1).expect("a disk with that many records unsynced")
    }

    /// As a crash leaves it, in one of those ways: 0 keeps all; then each loses one record more;
    /// then, in the same order, with half of the first lost one. What is left is synced, since it was
    /// read back from the disk.
    pub(crate) fn after_crash(mut self, way: u32) -> (Disk<R>, Lost) {
        let unsynced = self.records.len() - self.synced;
        let way = way as usize;
        let lost = if way <= unsynced { way } else { way - unsynced };
        let torn = way > unsynced;
        self.records.truncate(self.records.len() - lost);
        if torn {
            self.records.push(Written::Torn);
        }
        self.synced = self.records.len();
        (self, Lost { records: lost as u64, torn: u64::from(torn) })
    }
}

/// What a crash took from disks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Lost {
    /// Records that were written and not synced.
    pub(crate) records: u64,
    /// Those of them that are half there.
    pub(crate) torn: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(synced: &[u8], unsynced: &[u8]) -> Disk<u8> {
        let mut disk = Disk::new();
        synced.iter().for_each(|record| disk.write(*record));
        disk.sync_to(synced.len());
        unsynced.iter().for_each(|record| disk.write(*record));
        disk
    }

    #[test]
    fn a_crash_leaves_what_was_synced_and_some_of_the_rest() {
        use Written::{Torn, Whole};
        let left = |synced: &[u8], unsynced: &[u8]| -> Vec<Vec<Written<u8>>> {
            let disk = disk(synced, unsynced);
            (0..disk.ways()).map(|way| disk.clone().after_crash(way).0.records).collect()
        };
        assert_eq!(left(&[1, 2], &[]), [[Whole(1), Whole(2)]], "nothing can be lost");
        assert_eq!(
            left(&[1], &[2, 3]),
            [
                vec![Whole(1), Whole(2), Whole(3)],
                vec![Whole(1), Whole(2)],
                vec![Whole(1)],
                vec![Whole(1), Whole(2), Torn],
                vec![Whole(1), Torn],
            ]
        );
        let (after, lost) = disk(&[1], &[2, 3]).after_crash(4);
        assert_eq!((after.synced(), after.torn()), (2, Some(1)), "it was read from the disk");
        assert_eq!((lost.records, lost.torn), (2, 1));
        assert_eq!(after.readable().copied().collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn a_sync_that_was_begun_earlier_covers_less() {
        let mut disk = disk(&[1], &[2, 3]);
        disk.sync_to(2);
        assert_eq!((disk.synced(), disk.ways()), (2, 3));
        disk.sync_to(1);
        assert_eq!(disk.synced(), 2, "what is durable stays so");
        disk.sync_to(9);
        assert_eq!(disk.synced(), 3, "no more is synced than is written");
        disk.truncate(1);
        assert_eq!((disk.len(), disk.synced()), (1, 1));
    }
}
