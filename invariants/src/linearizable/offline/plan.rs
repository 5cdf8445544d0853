//! What a search needs to know of a history: which operations ended, in which order, and which of
//! them are open at the same time; and which may take effect at any later time.

use super::super::Specification;
use super::history::{History, Outcome};
use super::numbers::Numbers;
use std::collections::{BTreeMap, BTreeSet};

/// An operation that ended.
pub(super) struct Finished {
    /// Its number in the history.
    pub(super) number: usize,
    pub(super) operation: u32,
    /// What it answered, if that is compared.
    pub(super) expects: Option<u32>,
    /// Whether it can have answered that only without changing the state.
    pub(super) observes: bool,
    pub(super) invoked: usize,
    pub(super) ended: usize,
    /// Its place among the operations open at the same time.
    pub(super) slot: u32,
}

/// Equal operations of unknown outcome. It makes no difference which of them take effect, but that
/// they were invoked: so the earliest do.
pub(super) struct Kind {
    pub(super) operation: u32,
    /// The events of their invocations, in order, and their numbers in the history.
    members: Vec<(usize, usize)>,
}

impl Kind {
    /// How many of them were invoked before that event.
    pub(super) fn available(&self, event: usize) -> u32 {
        let available = self.members.partition_point(|(invoked, _)| *invoked < event);
        u32::try_from(available).expect("fewer than four billion operations")
    }

    /// The number in the history of the one that is taken to effect behind that many others.
    pub(super) fn member(&self, behind: u32) -> usize {
        self.members[behind as usize].1
    }
}

/// A history, prepared.
pub(super) struct Plan {
    /// In the order of their invocations.
    pub(super) finished: Vec<Finished>,
    /// The finished operations in the order of their ends.
    pub(super) responses: Vec<usize>,
    pub(super) kinds: Vec<Kind>,
    /// For each slot the finished operations that have it, one after the other.
    slots: Vec<Vec<usize>>,
}

impl Plan {
    pub(super) fn new<S: Specification>(
        history: &History<S::Operation, S::Output>,
        numbers: &mut Numbers<S>,
    ) -> Plan {
        let mut plan =
            Plan { finished: Vec::new(), responses: Vec::new(), kinds: Vec::new(), slots: vec![] };
        let mut kinds: BTreeMap<u32, usize> = BTreeMap::new();
        for (number, one) in history.operations().iter().enumerate() {
            let (expects, observes, ended) = match &one.outcome {
                Outcome::NeverHappened => continue,
                // Nobody can tell whether it has been done.
                Outcome::Unknown if S::reads_only(&one.operation) => continue,
                Outcome::Unknown => {
                    let operation = numbers.operation(&one.operation);
                    let kind = *kinds.entry(operation).or_insert_with(|| {
                        plan.kinds.push(Kind { operation, members: Vec::new() });
                        plan.kinds.len() - 1
                    });
                    plan.kinds[kind].members.push((one.invoked, number));
                    continue;
                }
                Outcome::Ended { at } => (None, S::reads_only(&one.operation), *at),
                Outcome::Answered { at, output } => {
                    (Some(numbers.output(output)), S::observes(&one.operation, output), *at)
                }
            };
            let operation = numbers.operation(&one.operation);
            let invoked = one.invoked;
            plan.finished.push(Finished {
                number,
                operation,
                expects,
                observes,
                invoked,
                ended,
                slot: 0,
            });
        }
        plan.responses = (0..plan.finished.len()).collect();
        plan.responses.sort_unstable_by_key(|&at| plan.finished[at].ended);
        plan.give_slots();
        plan
    }

    /// Gives each operation the lowest slot that is free while it is open.
    fn give_slots(&mut self) {
        let mut free: BTreeSet<usize> = BTreeSet::new();
        let mut taken: BTreeSet<(usize, usize)> = BTreeSet::new();
        for (at, one) in self.finished.iter_mut().enumerate() {
            while let Some(&(ended, slot)) = taken.first()
                && ended < one.invoked
            {
                taken.pop_first();
                free.insert(slot);
            }
            let slot = free.pop_first().unwrap_or(self.slots.len());
            if slot == self.slots.len() {
                self.slots.push(Vec::new());
            }
            taken.insert((one.ended, slot));
            self.slots[slot].push(at);
            one.slot = u32::try_from(slot).expect("fewer than four billion operations");
        }
    }

    /// The finished operations that are open just before that one ends, in the order of their ends:
    /// it is the first of them.
    pub(super) fn open_at(&self, response: usize) -> Vec<usize> {
        let ended = self.finished[self.responses[response]].ended;
        let open = |slot: &Vec<usize>| {
            let begun = slot.partition_point(|&at| self.finished[at].invoked < ended);
            let last = *slot.get(begun.checked_sub(1)?)?;
            (self.finished[last].ended >= ended).then_some(last)
        };
        let mut open: Vec<usize> = self.slots.iter().filter_map(open).collect();
        open.sort_unstable_by_key(|&at| self.finished[at].ended);
        open
    }
}
