//! A keyed store of values that converge by merging, spread by gossip.
//!
//! Every replica has every key; under each is a value of one of the types of
//! [`parts::crdt`](crate::parts::crdt). Clients update whichever replica is near. What is left is to
//! let each replica hear of all updates, over links that lose and reorder and are cut at times, at
//! replicas that crash. That is the problem of *epidemic* protocols (Demers et al. 1987), and there
//! are two ways:
//!
//! - **Direct mail** (§1.2), which can be switched on ([`Replica::mail`]): a replica that was
//!   updated sends the key to all others at once. Fast, and not reliable: what is lost is lost.
//! - **Anti-entropy** (§1.3), of three kinds ([`Gossip`]): now and then each replica picks a peer,
//!   and they remove their differences. By *push* the first sends all it has. By *pull* it sends a
//!   *digest*, and the peer answers with the keys that the digest shows to be behind. By
//!   *push-pull* the answer carries the peer's digest too, and the first sends back what is missing
//!   there.
//!
//! A digest says which updates a store has seen, as dots: the k-th update of a replica, whatever
//! its key. Since mail is lost, a replica may have the third update of another without its second,
//! and its digest must say so: a [`DotContext`] has gaps, where a version vector would have none.
//!
//! # What is claimed
//!
//! **Explained: each key says at every replica what the updates seen there mean**, by the
//! definition of its type. So no update is lost once it was seen, and none counts twice.
//!
//! **Remembering: a store with a disk has every update that it had before**, whatever it hears and
//! however often its replica crashes. What a key says and the updates seen there could be lost
//! together, and nobody would see.
//!
//! **Converged: where the same updates of a key were seen, the values are equal.**
//!
//! **Digest true: what a digest says was seen went into the values.** A peer goes by it, and will
//! never send that again.
//!
//! **Healing: from every reached world, one fault-free run brings every update that a live replica
//! has seen to all live replicas**, within ten seconds of virtual time. With the rest it is
//! "convergence once gossip has healed". It is one run from each world, and not all: that in the
//! end somebody picks the right peer rests on fairness. In storms it is asked of the healed phase.
//!
//! An update at a replica that forgets all in a crash may be lost, if nobody has heard of it: it
//! is gone from every past. Such a replica goes on under a new id.
//!
//! Not modelled: partial replication and membership, since it is about convergence; rumors that die
//! out, deletion of keys, and digests as trees of hashes, which save messages and decide nothing.
//!
//! Sources: A. Demers et al., *Epidemic Algorithms for Replicated Database Maintenance* (PODC 1987).
//! G. DeCandia et al., *Dynamo* (SOSP 2007), §4.7, on anti-entropy under keys. P. S. Almeida,
//! A. Shoker, C. Baquero, *Delta State Replicated Data Types* (2018), arXiv 1603.01529.

mod bugs;
mod invariants;
mod looked;
mod model;
mod scenarios;
mod state;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

use crate::parts::crdt::{AnyCrdt, Change, Kind, LwwRegister};
use crate::parts::dots::{Dot, DotContext, ReplicaId};

pub use bugs::Bug;
pub use invariants::all as invariants_of;
pub use model::CrdtStoreModel;
pub use state::{Entries, Entry, Key, Store};

/// The code of one replica.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Replica {
    /// The type of what is under each key, from key `a` on.
    pub kinds: Vec<Kind>,
    /// How anti-entropy goes.
    pub gossip: Gossip,
    /// Whether updates are mailed at once.
    pub mail: bool,
    /// Whether the store survives a crash. If not, the replica comes back empty under a new id.
    pub durable: bool,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// How two replicas remove their differences.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gossip {
    /// One sends all it has.
    Push,
    /// One asks, the other answers with what is missing.
    Pull,
    /// One asks, the other answers, and is sent what is missing there.
    PushPull,
}

/// What replicas say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Message {
    /// This is what I have seen: send me what I have not.
    Digest(DotContext),
    /// Take these in; and if I say what I have seen, send me what I have not.
    Entries(Entries, Option<DotContext>),
}

/// A key is told by what is under it and the updates that it comes from.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Digest(seen) => write!(f, "Digest({seen})"),
            Message::Entries(entries, seen) => {
                let one = |(key, entry): (&Key, &Arc<Entry>)| {
                    format!("{key:?} is {} of {:?}", entry.value.value(), entry.past)
                };
                let all: Vec<String> = entries.iter().map(one).collect();
                let seen = seen.as_ref().map_or(String::new(), |seen| format!(", seen {seen}"));
                write!(f, "Entries({}{seen})", all.join("; "))
            }
        }
    }
}

/// The only timer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timer {
    /// It is time to remove differences with some peer.
    AntiEntropy,
}

/// What a client asks: to update what is under a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Update(pub Key, pub Change);

/// What a replica tells the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// It saw updates that it had not, from that peer.
    Learned(NodeId),
}

impl Protocol for Replica {
    type State = Store;
    type Message = Message;
    type Timer = Timer;
    type Input = Update;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> Store {
        set_timer(out);
        Store::default()
    }

    fn accepts(&self, me: NodeId, store: &Store, Update(key, change): &Update) -> bool {
        match store.entries.get(key) {
            Some(entry) => entry.value.admits(*change),
            None => self.fresh(*key, ReplicaId::in_life(me, store.life)).value.admits(*change),
        }
    }

    fn on_input(&self, store: &mut Store, Update(key, change): Update, out: &mut Outbox<Self>) {
        let me = ReplicaId::in_life(out.me(), store.life);
        let dot = store.seen.next(me);
        store.seen.insert(dot);
        let entry = store.entries.get_or_insert_with(key, || Arc::new(self.fresh(key, me)));
        let updated = Arc::make_mut(entry);
        drop(updated.value.apply(change));
        updated.note(dot, change);
        if self.mail {
            let mailed = [(key, Arc::clone(entry))].into_iter().collect();
            out.broadcast(Message::Entries(mailed, None));
        }
    }

    fn on_timeout(&self, store: &mut Store, timer: Timer, out: &mut Outbox<Self>) {
        let Timer::AntiEntropy = timer;
        match self.has(Bug::GossipsOnce) {
            true => out.mark(Bug::GossipsOnce.name()),
            false => set_timer(out),
        }
        let peers: Vec<NodeId> = out.peers().collect();
        let to = out.pick(&peers);
        match self.gossip {
            Gossip::Push if store.entries.is_empty() => {}
            Gossip::Push => out.send(to, Message::Entries(store.entries.clone(), None)),
            Gossip::Pull | Gossip::PushPull => out.send(to, Message::Digest(store.seen.clone())),
        }
    }

    fn on_message(
        &self,
        store: &mut Store,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match message {
            Message::Digest(seen) => {
                let missing = store.unseen_by(&seen);
                let asks = self.gossip == Gossip::PushPull && !store.seen.includes(&seen);
                if asks || !missing.is_empty() {
                    let mine = asks.then(|| store.seen.clone());
                    out.send(from, Message::Entries(missing, mine));
                }
            }
            Message::Entries(entries, seen) => {
                self.take_in(store, from, entries, out);
                let missing = seen.map(|seen| store.unseen_by(&seen)).unwrap_or_default();
                if !missing.is_empty() {
                    out.send(from, Message::Entries(missing, None));
                }
            }
        }
    }

    /// What a store has, and does not forget, is no news; a mistake may make news of it. Whoever asks
    /// is answered.
    fn ignores(&self, _: NodeId, store: &Store, _: NodeId, message: &Message) -> bool {
        match message {
            Message::Entries(entries, None) => {
                self.bug.is_none()
                    && self.durable
                    && entries.iter().all(|(key, theirs)| {
                        store.entries.get(key).is_some_and(|mine| mine.knows(theirs))
                    })
            }
            Message::Entries(_, Some(_)) | Message::Digest(_) => false,
        }
    }

    fn restart(&self, crashed: &Store, out: &mut Outbox<Self>) -> Store {
        set_timer(out);
        if self.durable {
            return crashed.clone();
        }
        let mut store = Store { life: crashed.life + 1, ..Store::default() };
        if self.has(Bug::DigestOutlivesData) && !crashed.seen.is_empty() {
            out.mark(Bug::DigestOutlivesData.name());
            store.seen.clone_from(&crashed.seen);
        }
        store
    }
}

impl Replica {
    /// What is under a key that was not updated yet.
    fn fresh(&self, key: Key, me: ReplicaId) -> Entry {
        Entry::fresh(self.kinds[usize::from(key.0)], me)
    }

    /// Merges what a peer sent, key by key.
    fn take_in(&self, store: &mut Store, from: NodeId, entries: Entries, out: &mut Outbox<Self>) {
        let me = ReplicaId::in_life(out.me(), store.life);
        let before = store.seen.clone();
        if self.has(Bug::StoreReplaced) {
            self.replace(store, &entries, out);
        }
        // As in a store that is one last-writer-wins register: the one with more updates stands.
        let theirs_stands = self.has(Bug::WholeMapLww) && {
            let seen: DotContext =
                entries.values().flat_map(|theirs| theirs.version.dots()).collect();
            out.mark(Bug::WholeMapLww.name());
            seen.dots().count() >= before.dots().count()
        };
        for (key, theirs) in entries {
            self.see(&mut store.seen, &theirs.version, out);
            let Some(mine) = store.entries.get_mut(&key) else {
                let mut entry = theirs;
                if self.has(Bug::MergeKeepsRemoteId) {
                    out.mark(Bug::MergeKeepsRemoteId.name());
                } else {
                    let taken_over = Arc::make_mut(&mut entry);
                    taken_over.value = taken_over.value.fork(me);
                }
                store.entries.insert(key, entry);
                continue;
            };
            // A mistaken merge may change even what is known already.
            if self.bug.is_none() && mine.knows(&theirs) {
                continue;
            }
            let mine = Arc::make_mut(mine);
            if !self.has(Bug::WholeMapLww) {
                self.merge(&mut mine.value, &theirs.value, out);
            } else if theirs_stands {
                mine.value = theirs.value.fork(me);
            }
            mine.note_all(&theirs);
        }
        if store.seen != before {
            out.emit(Event::Learned(from));
        }
    }

    /// Merges what is under a key.
    fn merge(&self, mine: &mut AnyCrdt, theirs: &AnyCrdt, out: &mut Outbox<Self>) {
        if let (AnyCrdt::LwwRegister(here), AnyCrdt::LwwRegister(there)) = (&*mine, theirs) {
            let time = |of: &LwwRegister<u8>| of.written.map(|(stamp, _)| stamp.at);
            let tie = here.written != there.written && time(here) == time(there);
            if tie && self.has(Bug::LwwTie) {
                return out.mark(Bug::LwwTie.name());
            }
        }
        mine.merge(theirs);
    }

    /// Forgets all that a peer does not have.
    fn replace(&self, store: &mut Store, entries: &Entries, out: &mut Outbox<Self>) {
        let theirs: DotContext = entries.values().flat_map(|entry| entry.version.dots()).collect();
        if !theirs.includes(&store.seen) {
            out.mark(Bug::StoreReplaced.name());
            store.entries.clear();
            store.seen = DotContext::new();
        }
    }

    /// Notes that these updates were seen.
    fn see(&self, seen: &mut DotContext, version: &DotContext, out: &mut Outbox<Self>) {
        seen.merge(version);
        if self.has(Bug::VersionVectorGap) {
            for dot in version.dots() {
                let earlier = (1..dot.number).map(|number| Dot { number, ..dot });
                let gap: Vec<Dot> = earlier.filter(|one| !seen.contains(*one)).collect();
                gap.into_iter().for_each(|one| {
                    out.mark(Bug::VersionVectorGap.name());
                    seen.insert(one);
                });
            }
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Lets the next anti-entropy be some time from now.
fn set_timer(out: &mut Outbox<Replica>) {
    out.set_timer(Timer::AntiEntropy, 100.ms()..200.ms());
}
