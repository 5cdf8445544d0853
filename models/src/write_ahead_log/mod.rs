//! A store behind a write-ahead log: what was answered survives, whenever the power fails.
//!
//! A server keeps a small key-value store in memory. What is in memory a crash takes, and a disk
//! that is written here and there shows half of a change when the power fails in between. So what
//! is to be done is written first, as a *record* at the end of a **log**, and the store is changed
//! when that is safe (Gray & Reuter 1993, chapters 9 and 10). Three rules make a server of that.
//!
//! - **Log first.** A write is *applied* to the store, and its client is *answered*, when its
//!   record is durable and not before. Then whatever is read and whatever was answered is in the
//!   log, and no crash can undo it. Writes are applied in the order of the log.
//! - **Sync for many.** Written is not durable: the record may be in the memory of the operating
//!   system or of the disk, and a *sync* (`fsync`) gets it out. Syncs are slow, and one of them is
//!   as slow as another, so writes share them: **group commit** (DeWitt et al. 1984). A sync covers
//!   what was written when it *began*. What comes while it is under way waits for the next one.
//! - **Redo, up to the torn tail.** After a crash the server reads its log from the beginning and
//!   applies it. Of what was not synced some may be there, and at its end half a record: a *torn*
//!   one, whose checksum does not fit. There the log ends. What is torn was never answered; it is
//!   cut off before anything is written behind it, or the next recovery would end there, too.
//!
//! A **checkpoint** keeps recovery short. An image of the store is written to another file, with
//! the number (LSN) of the last record in it. Once *that* is synced, the log up to there is
//! needless and cut off. A crash in between leaves an image and the records that made it; a record
//! that is in the image is not applied again (Mohan et al. 1992, on the LSN of a page).
//!
//! A write that was not answered may be lost or found, and its client cannot know; if found, it is
//! there for good. To that end a recovery syncs what it has read before anybody sees it: when only
//! the process died, what was written and not synced is still in memory, where it is read as if it
//! were on the disk, until the power fails.
//!
//! Not modelled:
//! - Syncs that fail: after one, nobody knows what is on the disk, and a second one may report
//!   success for what the first has lost (Rebello et al. 2020). All that helps is to crash.
//! - Disks that lie about syncs, that write out of order, or whose old records go bad.
//! - Undo: a write is one record, so that there are no transactions to take back.
//! - A file's own name and length, which need syncs of their own (Pillai et al. 2014): cutting a
//!   file is durable at once.
//! - Clients that ask again: who is not answered does not know, and asks for something else.
//!
//! Sources: J. Gray, A. Reuter, *Transaction Processing: Concepts and Techniques*, 1993, chapters 9
//! to 11. D. DeWitt et al., *Implementation Techniques for Main Memory Database Systems*, SIGMOD
//! 1984. C. Mohan et al., *ARIES*, ACM TODS 17(1), 1992. T. S. Pillai et al., *All File Systems Are
//! Not Created Equal*, OSDI 2014. A. Rebello et al., *Can Applications Recover from fsync
//! Failures?*, USENIX ATC 2020.

mod bugs;
mod invariants;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Nothing, Outbox, Protocol, Units, Written};

pub use bugs::Bug;
pub use scenarios::WriteAheadLogModel;
pub use state::{Answer, Event, Input, Key, Lsn, Record, Server, Store, Timer, Value, Waiting};

/// A server with its log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct WriteAheadLog {
    /// How many records are applied from one checkpoint to the next; with 0 there are none.
    pub checkpoint: u32,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

impl Protocol for WriteAheadLog {
    type State = Server;
    type Message = Nothing;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, _: &mut Outbox<Self>) -> Server {
        Server::default()
    }

    fn on_message(&self, _: &mut Server, _: NodeId, nothing: Nothing, _: &mut Outbox<Self>) {
        match nothing {}
    }

    /// A client waits for one answer at a time.
    fn accepts(&self, _me: NodeId, server: &Server, input: &Input) -> bool {
        !server.waiting.iter().any(|waiting| waiting.client == input.client())
    }

    fn on_input(&self, server: &mut Server, input: Input, out: &mut Outbox<Self>) {
        match input {
            // The store holds nothing that is not durable, so it may be read at any time.
            Input::Get(client, key) => {
                let answer = Answer::Found(server.store.values.get(&key).copied());
                out.emit(Event::Answered { client, answer });
            }
            Input::Put(client, key, value) => {
                server.last = server.last.next();
                let lsn = server.last;
                out.persist(&mut server.log, Record { lsn, key, value });
                server.waiting.push(Waiting { client, lsn });
                if self.has(Bug::AppliedBeforeLogged) {
                    out.mark(Bug::AppliedBeforeLogged.name());
                    server.apply_to(lsn);
                }
                if self.has(Bug::AckBeforeSync) {
                    out.mark(Bug::AckBeforeSync.name());
                    commit(server, lsn, out);
                }
                begin_sync(server, out);
            }
        }
    }

    fn on_timeout(&self, server: &mut Server, timer: Timer, out: &mut Outbox<Self>) {
        match timer {
            Timer::Sync => {
                let covered =
                    server.syncing.take().expect("the timer is set by a sync that begins");
                self.end_sync(server, covered, out);
                begin_sync(server, out);
                self.begin_checkpoint(server, out);
            }
            Timer::Checkpoint => end_checkpoint(server, out),
        }
    }

    /// The log and the images survive, as the disk has them. The store is made anew of the last
    /// whole image and of the log behind it, up to where that ends or is torn.
    fn restart(&self, crashed: &Server, out: &mut Outbox<Self>) -> Server {
        let mut images = out.recover(&crashed.images);
        let mut log = out.recover(&crashed.log);
        // A torn image was never finished: the one before it is there, and the log behind that.
        if let Some(torn) = images.torn() {
            images.truncate(torn);
        }
        let mut store = images.readable().last().cloned().unwrap_or_default();
        for written in log.records() {
            match written {
                Written::Whole(record) => store.apply(record),
                // Where no checksum is looked at, half a record reads as what was there: zeros.
                Written::Torn if self.has(Bug::TornReadAsWhole) => {
                    out.mark(Bug::TornReadAsWhole.name());
                    store.apply(&Record { lsn: store.lsn.next(), ..Record::default() });
                }
                Written::Torn => break,
            }
        }
        // Nobody would find what is written behind half a record.
        let torn = log.torn();
        match (torn, self.bug) {
            (Some(_), Some(Bug::TornTailKept)) => out.mark(Bug::TornTailKept.name()),
            (Some(_), Some(Bug::TornReadAsWhole)) | (None, _) => {}
            (Some(torn), _) => log.truncate(torn),
        }
        // If only the process died, what was read may be in memory alone.
        if self.has(Bug::RecoveredUnsynced) && log.synced() < log.len() {
            out.mark(Bug::RecoveredUnsynced.name());
        } else {
            out.sync(&mut log);
        }
        out.sync(&mut images);
        let found = crashed.waiting.iter().filter(|waiting| waiting.lsn <= store.lsn).count();
        let lost = crashed.waiting.len() - found;
        out.emit(Event::Recovered { found, lost, torn: torn.is_some() });
        let last = store.lsn;
        Server { log, images, store, last, syncing: None, waiting: Vec::new() }
    }
}

/// Group commit.
impl WriteAheadLog {
    /// The sync is done that began when `covered` was the last record.
    fn end_sync(&self, server: &mut Server, covered: Lsn, out: &mut Outbox<Self>) {
        let (before, covers) = (server.log.synced(), server.records_to(covered));
        out.sync_to(&mut server.log, covers);
        out.emit(Event::Synced { records: server.log.synced() - before });
        if self.has(Bug::SyncAnswersLaterWrites) && covered < server.last {
            out.mark(Bug::SyncAnswersLaterWrites.name());
            return commit(server, server.last, out);
        }
        commit(server, covered, out);
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Begins to sync what is written, unless there is nothing new, or a sync is under way.
fn begin_sync(server: &mut Server, out: &mut Outbox<WriteAheadLog>) {
    if server.syncing.is_none() && server.log.synced() < server.log.len() {
        server.syncing = Some(server.last);
        out.set_timer(Timer::Sync, 10.ms()..30.ms());
    }
}

/// Applies the records up to that one, and answers those who wait for them.
fn commit(server: &mut Server, durable: Lsn, out: &mut Outbox<WriteAheadLog>) {
    server.apply_to(durable);
    for Waiting { client, lsn } in server.waiting.extract_if(.., |one| one.lsn <= durable) {
        out.emit(Event::Answered { client, answer: Answer::Written(lsn) });
    }
}

/// Checkpoints.
impl WriteAheadLog {
    /// Writes an image of the store, if enough was applied since the last one, and that is synced.
    fn begin_checkpoint(&self, server: &mut Server, out: &mut Outbox<Self>) {
        let applied = server.store.lsn.0.saturating_sub(server.checkpoint().0);
        let under_way = server.images.synced() < server.images.len();
        if self.checkpoint == 0 || applied < self.checkpoint || under_way {
            return;
        }
        let mut image = server.store.clone();
        if self.has(Bug::CheckpointMislabelled) && image.lsn < server.last {
            out.mark(Bug::CheckpointMislabelled.name());
            image.lsn = server.last;
        }
        out.persist(&mut server.images, image);
        out.set_timer(Timer::Checkpoint, 20.ms()..60.ms());
        if self.has(Bug::CheckpointTruncatesUnsynced) {
            out.mark(Bug::CheckpointTruncatesUnsynced.name());
            server.log.let_go(server.records_to(server.checkpoint()));
        }
    }
}

/// The image is durable: the images before it are needless, and so is the log up to it.
fn end_checkpoint(server: &mut Server, out: &mut Outbox<WriteAheadLog>) {
    out.sync(&mut server.images);
    server.images.let_go(server.images.len() - 1);
    let lsn = server.checkpoint();
    server.log.let_go(server.records_to(lsn));
    out.emit(Event::Checkpointed(lsn));
}
