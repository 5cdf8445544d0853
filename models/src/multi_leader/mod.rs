//! Multi-leader replication: everybody takes writes, and conflicts are found and settled later.
//!
//! Each node is a leader: it takes the writes of its users at once, asks nobody, and sends them to
//! the others. So it goes on writing when it is cut off, and two users may write the same key
//! without knowing of each other: a *conflict*. No order of such writes is the right one, and
//! whatever a store does about it, it has to notice.
//!
//! **Noticing.** Each write has a name, its *dot*: its leader and a number. A user opens a key, and
//! saves it later; the write carries as its *context* all that the leader had seen when the key was
//! *opened*. It replaces the versions that are in its context, and no others: those its user never
//! saw. Versions that nobody has replaced stand side by side, as *siblings*. These are version
//! vectors (Parker et al. 1983) with a dot beside them (Preguiça et al. 2010), without which two
//! users of one leader could not be told apart.
//!
//! **Settling.** Four ways, a scenario or more for each ([`Resolution`]):
//!
//! - *Siblings* (Dynamo, §4.4): all versions are shown to the next user, whose write replaces them.
//! - *Merge*: they are shown as one, here as their union (Dynamo's shopping cart). Nothing is lost.
//! - *Custom*: a rule of the application's says which of them counts: here the leaders have ranks.
//!   What counts is what a user goes on from: the next write says what that version says, and one
//!   thing more. The others stay beside it, and are shown with it, until such a write has replaced
//!   them (CouchDB's losing revisions). A rule may not drop them: what wins over them may be
//!   replaced by something that does not, and then it depends on the order of arrival what is left.
//! - *Last writer wins*: the version with the largest Lamport time is kept. It may drop the others,
//!   since whatever replaces the largest has a larger time still. Somebody's write is lost, so
//!   somebody is told. Without vectors there would be nothing to tell: by times alone a write that
//!   was lost looks like one that was replaced.
//!
//! **Causal order.** An update says what its leader had seen before, whatever the key, and is taken
//! where all of that was seen. If something is missing the leader drops the update and asks its
//! sender for all it has. So a vector says truly which writes were seen: it has no holes.
//!
//! **Anti-entropy.** (Demers et al. 1987.) From time to time a leader sends another its vector. Who
//! has seen more sends its versions and its vector; who has seen less asks for them. Versions merge
//! by the vectors alone: a version that only one side has was replaced if the other has seen its
//! write, and is new if not. Here lost updates, partitions and crashes are made good.
//!
//! Not modelled: deleted keys, because a deletion is a write of nothing; leaders that come and go,
//! whose entries would have to be forgotten; logs, since versions and a vector are all that is ever
//! sent again; a leader that loses its disk, which would give its dots a second time.
//!
//! Sources: D. S. Parker et al., *Detection of Mutual Inconsistency in Distributed Systems*, IEEE
//! TSE 9(3), 1983. A. Demers et al., *Epidemic Algorithms for Replicated Database Maintenance*,
//! PODC 1987. G. DeCandia et al., *Dynamo: Amazon's Highly Available Key-value Store*, SOSP 2007.
//! N. Preguiça, C. Baquero, P. Almeida, V. Fonte, R. Gonçalves, *Dotted Version Vectors: Logical
//! Clocks for Optimistic Replication*, 2010.

mod bugs;
mod invariants;
mod model;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

use crate::parts::dots::Dot;
use crate::parts::version_vector::VersionVector;

pub use bugs::Bug;
pub use invariants::Accounts;
pub use model::MultiLeaderModel;
pub use state::{
    Draft, Event, Input, Leader, Message, Timer, Update, Values, Version, is_in, shown, union,
};

/// The code of one leader.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct MultiLeader {
    /// How conflicts are settled.
    pub resolution: Resolution,
    /// How many keys there are.
    pub keys: u8,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// How conflicts are settled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// All versions are kept, and the next user who writes settles it.
    Siblings,
    /// The version with the largest time is kept, and the loss of the others told.
    LastWriter,
    /// Values are sets, and all versions are shown as their union.
    Merge,
    /// The application has a rule which of them counts: users go on from that one, and the others
    /// are kept beside it until they do.
    Custom,
}

type Out = Outbox<MultiLeader>;

impl Protocol for MultiLeader {
    type State = Leader;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Out) -> Leader {
        out.set_timer(Timer::Exchange, 200.ms()..400.ms());
        Leader::new(self.keys)
    }

    fn on_message(&self, leader: &mut Leader, from: NodeId, message: Message, out: &mut Out) {
        match message {
            Message::Update(update) => self.take(leader, from, &update, out),
            Message::Digest(theirs) => {
                if !theirs.includes(&leader.seen) {
                    send_all(leader, from, out);
                }
                if !leader.seen.includes(&theirs) {
                    out.send(from, Message::Pull(leader.seen.clone()));
                }
            }
            Message::Pull(theirs) => {
                if !theirs.includes(&leader.seen) {
                    send_all(leader, from, out);
                }
            }
            Message::Store { seen, values } => self.merge(leader, &seen, &values, out),
        }
    }

    fn on_timeout(&self, leader: &mut Leader, Timer::Exchange: Timer, out: &mut Out) {
        let peers: Vec<NodeId> = out.peers().collect();
        let peer = out.pick(&peers);
        out.send(peer, Message::Digest(leader.seen.clone()));
        match self.has(Bug::ExchangesOnce) {
            true => out.mark(Bug::ExchangesOnce.name()),
            false => out.set_timer(Timer::Exchange, 200.ms()..400.ms()),
        }
    }

    fn on_input(&self, leader: &mut Leader, input: Input, out: &mut Out) {
        match input {
            Input::Open { editor, key } => {
                let versions = &leader.values[usize::from(key)];
                let (shown, items) = (shown(versions), self.begun(versions));
                let draft = Draft { editor, context: leader.seen.clone(), items };
                leader.drafts.retain(|one| one.editor != editor);
                leader.drafts.push(draft);
                leader.drafts.sort_unstable();
                out.emit(Event::Opens { editor, shown });
            }
            Input::Save { editor, key } => {
                // A draft that a crash took with it is never saved.
                let at = leader.drafts.iter().position(|draft| draft.editor == editor);
                let Some(at) = at else { return };
                let draft = leader.drafts.remove(at);
                self.save(leader, key, draft, out);
            }
        }
    }

    /// An update whose write was seen changes nothing, nor does a store with nothing new: what was
    /// seen stays seen.
    fn ignores(&self, _: NodeId, leader: &Leader, _: NodeId, message: &Message) -> bool {
        match message {
            Message::Update(update) => is_in(update.dot, &leader.seen),
            Message::Store { seen, .. } => leader.seen.includes(seen),
            // Who has seen more by then answers.
            Message::Pull(_) | Message::Digest(_) => false,
        }
    }

    /// Everything is on disk but what users have not saved.
    fn restart(&self, crashed: &Leader, out: &mut Out) -> Leader {
        out.set_timer(Timer::Exchange, 200.ms()..400.ms());
        Leader { drafts: Vec::new(), ..crashed.clone() }
    }
}

impl MultiLeader {
    /// Takes a user's write, and sends it to the others.
    fn save(&self, leader: &mut Leader, key: u8, draft: Draft, out: &mut Out) {
        let me = out.me();
        let Draft { editor, mut context, mut items } = draft;
        let mut number = leader.seen.get(me) + 1;
        if self.has(Bug::CheckThenSet) && number > context.get(me) + 1 {
            out.mark(Bug::CheckThenSet.name());
            number = context.get(me) + 1;
        }
        let versions = &leader.values[usize::from(key)];
        if self.has(Bug::ContextAtSave) && versions.iter().any(|one| !is_in(one.dot, &context)) {
            out.mark(Bug::ContextAtSave.name());
            context = leader.seen.clone();
        }
        let dot = Dot { by: me.into(), number };
        let kept = items.clone();
        items.push(dot);
        items.sort_unstable();
        let update = Update { key, dot, after: leader.seen.clone(), context, items };
        leader.seen.raise(me, number);
        leader.put(key, update.version(), &update.context);
        self.settle(leader, key, out);
        out.emit(Event::Writes { editor, dot, kept });
        out.broadcast(Message::Update(update));
    }

    /// Takes another leader's write, if all that it depends on was seen; else asks for that.
    fn take(&self, leader: &mut Leader, from: NodeId, update: &Update, out: &mut Out) {
        if is_in(update.dot, &leader.seen) {
            return;
        }
        if !leader.seen.includes(&update.after) {
            if !self.has(Bug::Order) {
                out.emit(Event::Misses(update.dot));
                return out.send(from, Message::Pull(leader.seen.clone()));
            }
            out.mark(Bug::Order.name());
        }
        leader.seen.raise(update.dot.by.node(), update.dot.number);
        leader.put(update.key, update.version(), &update.context);
        self.settle(leader, update.key, out);
        out.emit(Event::Sees { dots: vec![update.dot], repaired: false });
    }

    /// Takes in all that another leader has.
    fn merge(&self, leader: &mut Leader, seen: &VersionVector, values: &Values, out: &mut Out) {
        let dots = leader.lacks(seen);
        if dots.is_empty() {
            return;
        }
        if self.has(Bug::UnionMerge) {
            out.mark(Bug::UnionMerge.name());
            leader.seen.merge(seen);
            for (ours, theirs) in leader.values.iter_mut().zip(values) {
                ours.extend(theirs.iter().cloned());
                ours.sort_unstable();
                ours.dedup();
            }
        } else {
            leader.merge(seen, values);
        }
        (0..self.keys).for_each(|key| self.settle(leader, key, out));
        out.emit(Event::Sees { dots, repaired: true });
    }

    /// Where the last writer wins one version is left, and whose write is lost is told. Elsewhere
    /// all of them are.
    fn settle(&self, leader: &mut Leader, key: u8, out: &mut Out) {
        let versions = &mut leader.values[usize::from(key)];
        if versions.len() < 2 {
            return;
        }
        let last = |one: &&Version| (one.time, one.dot.by);
        let winner = match self.resolution {
            Resolution::LastWriter if self.has(Bug::LwwTie) => {
                let time = versions.iter().map(|one| one.time).max();
                let mut latest = versions.iter().filter(|one| Some(one.time) == time);
                // Of equal times that which was there before: its own, or else any.
                let own = latest.clone().find(|one| one.dot.by.node() == out.me());
                if latest.clone().count() > 1 {
                    out.mark(Bug::LwwTie.name());
                }
                own.or(latest.next())
            }
            Resolution::LastWriter => versions.iter().max_by_key(last),
            Resolution::Custom if self.has(Bug::RuleDrops) => {
                out.mark(Bug::RuleDrops.name());
                versions.first()
            }
            Resolution::Custom | Resolution::Siblings | Resolution::Merge => return,
        };
        let Some(winner) = winner.cloned() else { return };
        let lost = versions.iter().filter(|one| **one != winner).map(|one| one.dot);
        match self.has(Bug::LwwLostUpdate) {
            true => out.mark(Bug::LwwLostUpdate.name()),
            false => lost.for_each(|dot| out.emit(Event::Loses(dot))),
        }
        *versions = vec![winner];
    }

    /// What a user's write begins with: all that is there, if values are merged; what counts, if
    /// there is a rule; and else nothing.
    fn begun(&self, versions: &[Version]) -> Vec<Dot> {
        match self.resolution {
            Resolution::Merge => union(versions),
            Resolution::Custom => versions.first().map_or(Vec::new(), |one| one.items.clone()),
            Resolution::Siblings | Resolution::LastWriter => Vec::new(),
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Sends another leader everything.
fn send_all(leader: &Leader, to: NodeId, out: &mut Out) {
    let Leader { seen, values, .. } = leader;
    out.send(to, Message::Store { seen: seen.clone(), values: values.clone() });
}
