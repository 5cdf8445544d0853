//! What the mistakes do to values. Each function does as the type does, but for one bug.

use splitbrain::Outbox;

use super::{Bug, Replication, State};
use crate::parts::crdt::{AnyCrdt, Change, GCounter, LwwRegister, PnCounter};
use crate::parts::dots::{Dot, ReplicaId};

impl Replication {
    /// Updates the value; returns the delta.
    pub(super) fn update(
        &self,
        value: &mut AnyCrdt,
        change: Change,
        out: &mut Outbox<Self>,
    ) -> AnyCrdt {
        let delta = match (self.bug, &mut *value, change) {
            (Some(Bug::ClockBehind), AnyCrdt::LwwRegister(register), Change::Write(new)) => {
                AnyCrdt::LwwRegister(register.write_at(register.next_time() / 2, new))
            }
            (Some(Bug::NoTags), AnyCrdt::OrSet(set), Change::Add(element)) => {
                let tag = Dot { by: ReplicaId::new(0), number: u32::from(element) };
                set.kernel.context.insert(tag);
                set.kernel.entries.insert(tag, element);
                AnyCrdt::OrSet(set.clone())
            }
            (Some(Bug::RemoveUnobserved), AnyCrdt::OrSet(set), Change::Remove(element)) => {
                let _ = set.remove(&element);
                let me = set.kernel.me;
                for other in out.peers().map(ReplicaId::from).filter(|other| *other != me) {
                    let unseen = set.kernel.context.next(other);
                    set.kernel.context.insert(unseen);
                }
                AnyCrdt::OrSet(set.clone())
            }
            (Some(Bug::EraseOrphans), AnyCrdt::Sequence(text), Change::Erase(at)) => {
                let delta = text.remove(usize::from(at));
                let gone = &text.removed;
                text.inserted.retain(|letter| !gone.contains(&letter.stamp));
                AnyCrdt::Sequence(delta)
            }
            _ => return value.apply(change),
        };
        self.bug.into_iter().for_each(|bug| out.mark(bug.name()));
        delta
    }

    /// Takes in what a peer knows.
    pub(super) fn merge(&self, mine: &mut AnyCrdt, theirs: &AnyCrdt, out: &mut Outbox<Self>) {
        if let Some(bug) = merge(self.bug, mine, theirs) {
            out.mark(bug.name());
        }
    }

    /// Forgets what is left of removals.
    pub(super) fn collect(&self, value: &mut AnyCrdt, out: &mut Outbox<Self>) {
        let before = value.clone();
        match value {
            AnyCrdt::OrSet(set) => {
                let me = set.kernel.me;
                let of_others = set.kernel.removed().into_iter().filter(|dot| dot.by != me);
                of_others.for_each(|dot| set.kernel.context.remove(dot));
            }
            AnyCrdt::LwwMap(map) => map.written.retain(|_, (_, value)| value.is_some()),
            _ => {}
        }
        if *value != before {
            out.mark(Bug::EarlyCollection.name());
        }
    }

    /// Forgets all deltas, as if all others had them.
    pub(super) fn forget_deltas(&self, state: &mut State, out: &mut Outbox<Self>) {
        out.mark(Bug::DeltaResetOnMerge.name());
        let (peers, end): (Vec<_>, _) = (out.peers().collect(), state.deltas.end());
        peers.iter().for_each(|peer| state.deltas.acknowledge(*peer, end, &peers));
    }
}

/// Merges as the protocol with that mistake does; says if it was the mistake that did.
pub(super) fn merge(bug: Option<Bug>, mine: &mut AnyCrdt, theirs: &AnyCrdt) -> Option<Bug> {
    match (bug, &mut *mine, theirs) {
        (Some(Bug::MergeSum), AnyCrdt::GCounter(mine), AnyCrdt::GCounter(theirs)) => {
            add_counts(mine, theirs);
        }
        (Some(Bug::MaxTotal), AnyCrdt::GCounter(mine), AnyCrdt::GCounter(theirs)) => {
            if theirs.value() > mine.value() {
                mine.counts.clone_from(&theirs.counts);
            }
        }
        (Some(Bug::SignedMax), AnyCrdt::PnCounter(mine), AnyCrdt::PnCounter(theirs)) => {
            take_greater_differences(mine, theirs);
        }
        (Some(Bug::LwwTie), AnyCrdt::LwwRegister(mine), AnyCrdt::LwwRegister(theirs)) => {
            take_later(mine, theirs);
        }
        (Some(Bug::DropSibling), AnyCrdt::MvRegister(mine), AnyCrdt::MvRegister(theirs)) => {
            mine.merge(theirs);
            let greatest = mine.kernel.entries.values().max().copied();
            mine.kernel.entries.retain(|_, value| Some(*value) == greatest);
        }
        (Some(Bug::UnionMerge), AnyCrdt::OrSet(mine), AnyCrdt::OrSet(theirs)) => {
            mine.kernel.entries.extend(theirs.kernel.entries.clone());
            mine.kernel.context.merge(&theirs.kernel.context);
        }
        (Some(Bug::EraseOrphans), AnyCrdt::Sequence(mine), AnyCrdt::Sequence(theirs)) => {
            mine.merge(theirs);
            let gone = &mine.removed;
            mine.inserted.retain(|letter| !gone.contains(&letter.stamp));
        }
        (_, mine, theirs) => {
            mine.merge(theirs);
            return None;
        }
    }
    bug
}

fn add_counts(mine: &mut GCounter, theirs: &GCounter) {
    for (&by, &count) in &theirs.counts {
        *mine.counts.get_or_insert_with(by, || 0) += count;
    }
}

fn take_greater_differences(mine: &mut PnCounter, theirs: &PnCounter) {
    let count = |of: &GCounter, by: ReplicaId| of.counts.get(&by).copied().unwrap_or(0);
    let difference = |of: &PnCounter, by| count(&of.up, by) as i64 - count(&of.down, by) as i64;
    let replicas: Vec<ReplicaId> =
        theirs.up.counts.keys().chain(theirs.down.counts.keys()).copied().collect();
    for by in replicas {
        if difference(theirs, by) > difference(mine, by) {
            mine.up.counts.insert(by, count(&theirs.up, by));
            mine.down.counts.insert(by, count(&theirs.down, by));
        }
    }
}

fn take_later(mine: &mut LwwRegister<u8>, theirs: &LwwRegister<u8>) {
    let time = |of: &LwwRegister<u8>| of.written.map(|(stamp, _)| stamp.at);
    if time(theirs) > time(mine) {
        mine.written = theirs.written;
    }
}
