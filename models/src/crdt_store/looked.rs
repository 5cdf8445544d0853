//! What was looked at in a store before, so that only what is new need be looked at.
//!
//! What was looked at is held here, and so it is shared with its store: a store that changes it makes
//! a copy of its own. So what is still the same value in memory is the same: most keys of a large store
//! are, after any one step.

use std::sync::Arc;

use super::{Entries, Entry, Key};
use crate::parts::dots::DotContext;

/// What was under each key of one store, in order, when it was looked at last: its entries, or their
/// versions.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Looked<T>(Vec<(Key, Arc<T>)>);

impl<T> Default for Looked<T> {
    fn default() -> Self {
        Looked(Vec::new())
    }
}

impl Looked<Entry> {
    /// Looks at the entries that are not as they were: at the key, what was there before, and what
    /// is there now. Whether all of them are well, and no key is gone.
    pub(super) fn look(
        &mut self,
        entries: &Entries,
        is_well: impl FnMut(Key, Option<&Entry>, &Arc<Entry>) -> bool,
    ) -> bool {
        self.look_at(entries, |entry| entry, is_well)
    }
}

impl Looked<DotContext> {
    /// Whether all these updates went into those entries, each under its key.
    pub(super) fn are_in(&self, entries: &Entries) -> bool {
        let mut now = entries.iter();
        self.0.iter().all(|(key, before)| {
            now.find(|(one, _)| *one >= key).is_some_and(|(one, entry)| {
                one == key
                    && (Arc::ptr_eq(&entry.version, before) || entry.version.includes(before))
            })
        })
    }

    /// The updates under each key.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Arc<DotContext>> {
        self.0.iter().map(|(_, version)| version)
    }
}

impl<T> Looked<T> {
    /// The same of what `part` is of each entry.
    pub(super) fn look_at(
        &mut self,
        entries: &Entries,
        part: impl Fn(&Arc<Entry>) -> &Arc<T>,
        mut is_well: impl FnMut(Key, Option<&T>, &Arc<T>) -> bool,
    ) -> bool {
        let (mut well, mut at) = (true, 0);
        for (key, entry) in entries {
            let now = part(entry);
            while self.0.get(at).is_some_and(|(one, _)| one < key) {
                self.0.remove(at);
                well = false;
            }
            match self.0.get_mut(at) {
                Some((one, before)) if one == key => {
                    if !Arc::ptr_eq(before, now) {
                        well &= is_well(*key, Some(before), now);
                        before.clone_from(now);
                    }
                }
                _ => {
                    well &= is_well(*key, None, now);
                    self.0.insert(at, (*key, Arc::clone(now)));
                }
            }
            at += 1;
        }
        let gone = self.0.len() > at;
        self.0.truncate(at);
        well && !gone
    }
}
