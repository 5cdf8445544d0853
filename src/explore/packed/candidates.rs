//! The successors of a batch, and others who take successors in.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::expand::{Sink, Successors};
use super::key::Word;
use super::sleep::Sleep;

/// The successors of a batch, in order.
pub(super) struct Candidates<W> {
    pub(super) keys: Vec<W>,
    /// The node whose step led to each.
    pub(super) via: Vec<u8>,
    /// What is asleep in each.
    pub(super) sleep: Vec<Sleep<W>>,
    /// By state of the batch: where its successors end.
    pub(super) ends: Vec<usize>,
    /// States of the batch at which an impure handler ran.
    pub(super) impure: Vec<usize>,
    /// Keys met lately, by hash: most successors are met several times within a short while. The
    /// first state, whose key is zero, is always known.
    lately: Vec<W>,
}

/// How many keys are remembered as met lately.
const LATELY: usize = 1 << 14;

impl<W: Word> Candidates<W> {
    pub(super) fn new() -> Candidates<W> {
        Candidates {
            keys: Vec::new(),
            via: Vec::new(),
            sleep: Vec::new(),
            ends: Vec::new(),
            impure: Vec::new(),
            lately: vec![W::default(); LATELY],
        }
    }

    /// No successors, and no room for any; in place of others for a while.
    pub(super) fn none() -> Candidates<W> {
        Candidates {
            keys: Vec::new(),
            via: Vec::new(),
            sleep: Vec::new(),
            ends: Vec::new(),
            impure: Vec::new(),
            lately: Vec::new(),
        }
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.via.clear();
        self.sleep.clear();
        self.ends.clear();
        self.impure.clear();
    }

    /// Takes back the successors from that place on.
    pub(super) fn take_back(&mut self, from: usize) {
        for key in self.keys.drain(from..) {
            self.lately[key.hash() as usize % LATELY] = W::default();
        }
        self.via.truncate(from);
        self.sleep.truncate(from);
    }

    /// Exchanges the successors with another's; what was met lately stays.
    pub(super) fn swap(&mut self, other: &mut Candidates<W>) {
        std::mem::swap(self, other);
        std::mem::swap(&mut self.lately, &mut other.lately);
    }

    /// Adds the successors of the state that another has in that place.
    pub(super) fn add(&mut self, other: &Candidates<W>, state: usize) {
        let first = if state == 0 { 0 } else { other.ends[state - 1] };
        let theirs = first..other.ends[state];
        self.keys.extend_from_slice(&other.keys[theirs.clone()]);
        self.via.extend_from_slice(&other.via[theirs.clone()]);
        self.sleep.extend_from_slice(&other.sleep[theirs]);
        self.ends.push(self.keys.len());
    }
}

impl<W: Word> Sink<W> for Candidates<W> {
    #[inline]
    fn arrive(&mut self, key: W, [node, ..]: [u32; 3], sleep: Sleep<W>) {
        let place = &mut self.lately[key.hash() as usize % LATELY];
        if *place != key {
            *place = key;
            self.keys.push(key);
            self.via.push(node as u8);
            self.sleep.push(sleep);
        }
    }
}

impl<W: Word> Successors<W> for Candidates<W> {
    fn count(&self) -> usize {
        self.keys.len()
    }

    fn take_back(&mut self, from: usize) {
        Candidates::take_back(self, from);
    }
}

impl<W: Word> Successors<W> for Every<'_, W> {
    fn count(&self) -> usize {
        self.0.keys.len()
    }

    fn take_back(&mut self, from: usize) {
        self.0.keys.truncate(from);
        self.0.via.truncate(from);
        self.0.sleep.truncate(from);
    }
}

impl<W> Successors<W> for Nowhere {
    fn count(&self) -> usize {
        0
    }

    fn take_back(&mut self, _: usize) {}
}

/// All successors, those met lately included.
pub(super) struct Every<'a, W>(pub(super) &'a mut Candidates<W>);

impl<W: Word> Sink<W> for Every<'_, W> {
    fn arrive(&mut self, key: W, [node, ..]: [u32; 3], sleep: Sleep<W>) {
        self.0.keys.push(key);
        self.0.via.push(node as u8);
        self.0.sleep.push(sleep);
    }
}

/// The first successor that is wanted: its key, its node, its deed, and which of the deed's moves it
/// is.
pub(super) struct Finder<W, F> {
    pub(super) wanted: F,
    pub(super) found: Option<(W, [u32; 3])>,
}

impl<W: Word, F: Fn(W, [u32; 3]) -> bool> Sink<W> for Finder<W, F> {
    fn arrive(&mut self, key: W, step: [u32; 3], _: Sleep<W>) {
        if self.found.is_none() && (self.wanted)(key, step) {
            self.found = Some((key, step));
        }
    }
}

impl<W: Word, F: Fn(W, [u32; 3]) -> bool> Successors<W> for Finder<W, F> {
    fn count(&self) -> usize {
        0
    }

    fn take_back(&mut self, _: usize) {
        // What was found stays found, whatever else is not known.
    }
}

/// Nobody.
pub(super) struct Nowhere;

impl<W> Sink<W> for Nowhere {
    fn arrive(&mut self, _: W, _: [u32; 3], _: Sleep<W>) {}
}

/// Successors known to lie past the boundary.
pub(super) struct Outsiders<W> {
    pub(super) known: IndexSet<W, FxBuildHasher>,
}

impl<W> Default for Outsiders<W> {
    fn default() -> Self {
        Outsiders { known: IndexSet::default() }
    }
}

impl<W: Word + std::hash::Hash> Outsiders<W> {
    /// They are found again when they are forgotten, so a few will do.
    const MOST: usize = 1 << 20;

    pub(super) fn note(&mut self, key: W) {
        if self.known.len() >= Self::MOST {
            self.known.clear();
        }
        self.known.insert(key);
    }
}
