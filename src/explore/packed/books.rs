//! How a batch is entered in the books: state by state, its new successors in order, each checked.

use std::collections::BTreeSet;

use super::candidates::{Candidates, Nowhere, Outsiders};
use super::check::State;
use super::expand::{Came, Counted};
use super::key::Word;
use super::level::Packed;
use super::meaning::bound_of;
use super::visited::Visited;
use crate::audience::Shown;
use crate::ledger::Bound;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Within;
use crate::situation::Situation;

impl<P: Protocol> Packed<'_, P> {
    /// Which successors lie past the scenario's boundary; nothing if it has none.
    pub(super) fn outside<W: Word + std::hash::Hash>(
        &self,
        visited: &Visited<W>,
        candidates: &Candidates<W>,
        outsiders: &mut Outsiders<W>,
    ) -> Vec<bool> {
        let Some(boundary) = &self.scenario.boundary else {
            return Vec::new();
        };
        if matches!(boundary.within, Within::Nodes(_)) {
            let via = candidates.keys.iter().zip(&candidates.via);
            let outside = |(key, &node): (&W, &u8)| {
                let slot = key.field(visited.layout.field(usize::from(node)));
                let panicked = key.field(visited.layout.field(self.scenario.nodes));
                let panicked = self.tables.ledgers[panicked as usize].panicked;
                self.tables.places[usize::from(node)].heads[slot as usize].outside && !panicked
            };
            return via.map(outside).collect();
        }
        let mut lies_outside = |&key: &W| {
            if outsiders.known.contains(&key) {
                return true;
            }
            if visited.contains(key) {
                return false;
            }
            let there = self.situation(visited, key);
            let outside = there.panicked.is_none()
                && !boundary.includes(&self.scenario.protocol, &there.world);
            if outside {
                outsiders.note(key);
            }
            outside
        };
        candidates.keys.iter().map(&mut lies_outside).collect()
    }

    /// Enters a batch in the books: state by state, its new successors in order.
    pub(super) fn commit<W: Word>(
        &mut self,
        visited: &mut Visited<W>,
        candidates: &Candidates<W>,
        base: usize,
        fresh: &[u32],
        outside: &[bool],
        mut end: usize,
    ) {
        let depth = self.tally.depth_of(self.at);
        let (first, mut candidate, mut stored) = (self.at, 0, 0);
        let mut past_boundary = 0;
        for (at, &until) in (first..end).zip(&candidates.ends) {
            let children_before = stored;
            if outside.is_empty() {
                while let Some(&new) = fresh.get(stored).filter(|new| (**new as usize) < until) {
                    self.arrive(visited, at, candidates, new as usize, Some(base + stored));
                    stored += 1;
                }
            } else {
                for (new, &is_outside) in (candidate..until).zip(&outside[candidate..until]) {
                    if is_outside {
                        past_boundary += 1;
                        self.tally.cut.insert(Bound::Boundary);
                        self.arrive(visited, at, candidates, new, None);
                    } else if fresh.get(stored) == Some(&(new as u32)) {
                        self.arrive(visited, at, candidates, new, Some(base + stored));
                        stored += 1;
                    }
                }
            }
            candidate = until;
            self.parents.push((stored - children_before) as u32);
            if candidates.impure.contains(&at) {
                self.blame(visited, at);
            }
            let full = self.limits.states.is_some_and(|most| base + stored >= most);
            if (self.tally.done(self.limits) || full) && at + 1 < end {
                // What lies behind never happened.
                visited.keys.truncate(base + stored);
                self.recount(visited, first, at + 1);
                end = at + 1;
                break;
            }
        }
        let counted = self.scratch.expander.counted.clone();
        self.counted.add(&counted);
        if self.scenario.has_world_boundary() {
            self.counted.transitions -= past_boundary;
        }
        self.note_goals(&counted, depth + 1);
        self.at = end;
    }

    /// Counts a part of a batch again.
    fn recount<W: Word>(&mut self, visited: &Visited<W>, first: usize, end: usize) {
        let expander = &mut self.scratch.expander;
        expander.counted.clear();
        for at in first..end {
            let key = visited.keys.get(at);
            let came = expander.expand(&self.tables, &visited.layout, key, false, &mut Nowhere);
            debug_assert!(matches!(came, Came::Whole { .. }), "it was expanded before");
        }
    }

    /// Arrives at a successor that is new (`number`) or past the boundary: checks it.
    fn arrive<W: Word>(
        &mut self,
        visited: &Visited<W>,
        from: usize,
        candidates: &Candidates<W>,
        candidate: usize,
        number: Option<usize>,
    ) {
        let (key, node) = (candidates.keys[candidate], usize::from(candidates.via[candidate]));
        let depth = self.tally.depth_of(from) + 1;
        if let Some(number) = number
            && self.tally.levels.len() as u32 <= depth
        {
            self.tally.levels.push(number);
        }
        let mut ids = std::mem::take(&mut self.scratch.ids);
        visited.layout.unpack(key, &mut ids);
        let places = self.tables.places.iter().zip(&ids);
        let quiet = places.clone().all(|(place, &slot)| !place.heads[slot as usize].waiting);
        let panicked = self.tables.ledgers[ids[self.scenario.nodes] as usize].panicked;
        if number.is_some() && quiet && !panicked {
            self.tally.quiet += 1;
        }
        let was = visited.keys.get(from).field(visited.layout.field(node));
        let heads = &self.tables.places[node].heads;
        let moved = heads[was as usize].local != heads[ids[node] as usize].local;
        let state = State { ids: &ids, changed: (node, moved), quiet };
        let goals_open = !self.goals_open.is_empty();
        if self.looked.is_news(&self.tables, &state, goals_open) {
            let there = self.meaning.situation(&ids);
            for violation in there.violations(self.scenario, Some(NodeId::at(node))) {
                if self.tally.is_news(&violation) {
                    let trace = self.trace_by(visited, from, key);
                    self.tally.found.push((violation, trace));
                }
            }
            if number.is_some() {
                self.reach(&there, depth);
            }
        }
        self.scratch.ids = ids;
    }

    /// Notes the goals that show in the nodes here.
    pub(super) fn reach(&mut self, there: &Situation<P>, depth: u32) {
        let (scenario, goals) = (self.scenario, &mut self.tally.goals);
        self.goals_open.retain(|&goal| {
            let reached = there.reaches(scenario, &scenario.goals[goal]);
            if reached {
                goals[goal].1.get_or_insert(depth);
            }
            !reached
        });
    }

    /// Notes the goals that showed in something seen.
    fn note_goals(&mut self, counted: &Counted, depth: u32) {
        self.noted.resize(self.meaning.notes.len(), false);
        for (note, _) in counted.notes.iter().enumerate().filter(|(_, count)| **count > 0) {
            if !std::mem::replace(&mut self.noted[note], true) {
                let (goals, _) = self.meaning.notes.get_index(note).expect("a note").clone();
                self.tally.note(depth, &Shown { goals, marks: Vec::new() });
            }
        }
    }

    /// Enters what was counted along the way.
    pub(super) fn close_books(&mut self) {
        self.tally.transitions += self.counted.transitions;
        for (note, &count) in self.counted.notes.iter().enumerate() {
            let (_, marks) = self.meaning.notes.get_index(note).expect("a note");
            for &mark in marks {
                *self.tally.marks.entry(mark).or_default() += count;
            }
        }
        let words = self.counted.cut.iter().enumerate();
        let bits = words.flat_map(|(word, bits)| {
            (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit)
        });
        let cut: BTreeSet<Bound> = bits.map(bound_of).collect();
        self.tally.cut.extend(cut);
        self.counted.clear();
    }
}
