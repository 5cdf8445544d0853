//! How a batch is entered in the books: state by state, its new successors in order, each checked.

use std::collections::BTreeSet;

use super::candidates::{Candidates, Nowhere, Outsiders};
use super::check::{State, is_quiet};
use super::expand::Counted;
use super::key::Word;
use super::level::{Core, ids_of};
use super::meaning::bound_of;
use super::sleep::Sleep;
use super::team::Worker;
use super::values::{Looks, Values};
use super::visited::Visited;
use crate::audience::Shown;
use crate::ledger::Bound;

/// A batch whose new states are stored, and not in the books yet.
pub(super) struct Batch<'a> {
    /// Where its states end.
    pub(super) end: usize,
    /// The number of its first new state.
    pub(super) base: usize,
    /// The places of the new states among all candidates.
    pub(super) fresh: &'a [u32],
    /// By candidate: whether it lies past the boundary. Empty if none does.
    pub(super) outside: &'a [bool],
}

/// A successor that is looked at: where it comes from, and what it is.
struct Arrival<W> {
    from: usize,
    key: W,
    node: usize,
    stored: bool,
}

impl Core<'_> {
    /// Which successors lie past the scenario's boundary; nothing if it has none.
    pub(super) fn outside<W: Word + std::hash::Hash>(
        &self,
        visited: &Visited<W>,
        values: &dyn Values,
        team: &[Worker<W>],
        outsiders: &mut Outsiders<W>,
    ) -> Vec<bool> {
        let Some(looks) = self.frame.boundary else {
            return Vec::new();
        };
        let keys = team.iter().flat_map(|worker| &worker.candidates.keys);
        if looks == Looks::Nodes {
            if !team.iter().any(|worker| worker.expander.outsiders) {
                return Vec::new();
            }
            let via = team.iter().flat_map(|worker| &worker.candidates.via);
            let outside = |(key, &node): (&W, &u8)| {
                let slot = key.field(visited.layout.field(usize::from(node)));
                let panicked = key.field(visited.layout.field(self.frame.nodes));
                let panicked = self.tables.panicked[panicked as usize];
                self.tables.places[usize::from(node)].heads[slot as usize].outside && !panicked
            };
            return keys.zip(via).map(outside).collect();
        }
        let mut lies_outside = |&key: &W| {
            if outsiders.known.contains(&key) {
                return true;
            }
            // A fingerprint says nothing of a state that was never stored.
            if visited.print_bits().is_none() && visited.contains(key) {
                return false;
            }
            let outside = values.is_outside(&ids_of(visited, key));
            if outside {
                outsiders.note(key);
            }
            outside
        };
        keys.map(&mut lies_outside).collect()
    }

    /// Enters a batch in the books: state by state, its new successors in order.
    pub(super) fn commit<W: Word>(
        &mut self,
        visited: &mut Visited<W>,
        values: &dyn Values,
        team: &mut [Worker<W>],
        batch: &Batch<'_>,
    ) {
        let depth = self.tally.depth_of(self.at);
        let first = self.at;
        // States at the greatest depth are never expanded.
        let awaited = self.limits.fingerprint.is_some() || !self.is_bottom(depth + 1);
        let (mut at, mut stored, mut past_boundary) = (first, 0, 0);
        let mut begin = 0;
        let mut ended = false;
        'batch: for worker in team.iter() {
            let Worker { candidates, news, .. } = worker;
            let mut news = news.iter().map(|&new| new as usize).peekable();
            let mut from = begin;
            for &until in &candidates.ends {
                let until = begin + until;
                let before = stored;
                let arrival = |place: usize, stored: bool| Arrival {
                    from: at,
                    key: candidates.keys[place - begin],
                    node: usize::from(candidates.via[place - begin]),
                    stored,
                };
                if batch.outside.is_empty() {
                    while batch.fresh.get(stored).is_some_and(|new| (*new as usize) < until) {
                        let place = batch.fresh[stored] as usize;
                        if awaited {
                            self.falls_asleep(visited, candidates, place - begin);
                        }
                        if news.next_if_eq(&stored).is_some() {
                            self.arrive(visited, values, &arrival(place, true));
                        }
                        stored += 1;
                    }
                } else {
                    for place in from..until {
                        if batch.outside[place] {
                            past_boundary += 1;
                            self.tally.cut.insert(Bound::Boundary);
                            self.arrive(visited, values, &arrival(place, false));
                        } else if batch.fresh.get(stored) == Some(&(place as u32)) {
                            if awaited {
                                self.falls_asleep(visited, candidates, place - begin);
                            }
                            self.arrive(visited, values, &arrival(place, true));
                            stored += 1;
                        }
                    }
                }
                from = until;
                self.parents.push((stored - before) as u32);
                if !candidates.impure.is_empty() && candidates.impure.contains(&at) {
                    self.blame(visited, values, at);
                }
                at += 1;
                let states = batch.base + stored;
                let full = self.limits.states.is_some_and(|most| states >= most);
                if (full || self.tally.done(self.limits)) && at < batch.end {
                    ended = true;
                    break 'batch;
                }
            }
            begin += candidates.keys.len();
        }
        if ended {
            // What lies behind never happened.
            visited.keys.truncate(batch.base + stored);
            self.recount(visited, team, first, at);
        }
        if stored > 0 && self.tally.levels.len() as u32 <= depth + 1 {
            self.tally.levels.push(batch.base);
        }
        let mut counted = Counted::default();
        team.iter().for_each(|worker| counted.add(&worker.expander.counted));
        self.counted.add(&counted);
        if self.frame.has_world_boundary() {
            self.counted.transitions -= past_boundary;
        }
        self.note_goals(values, &counted, depth + 1);
        self.at = at;
        visited.go_to(at);
    }

    /// Remembers what is asleep in a new state.
    fn falls_asleep<W: Word>(
        &self,
        visited: &mut Visited<W>,
        candidates: &Candidates<W>,
        at: usize,
    ) {
        // Past a boundary of worlds nothing is followed, so that nothing says what was known.
        match self.frame.has_world_boundary() {
            true => visited.asleep.push(&Sleep::none()),
            false => visited.asleep.push(&candidates.sleep[at]),
        }
    }

    /// Counts a part of a batch again.
    fn recount<W: Word>(
        &mut self,
        visited: &Visited<W>,
        team: &mut [Worker<W>],
        first: usize,
        end: usize,
    ) {
        team.iter_mut().for_each(|worker| worker.expander.counted.clear());
        let expander = &mut team[0].expander;
        let bottom = self.is_bottom(self.tally.depth_of(first));
        for at in first..end {
            let sleep = if bottom { Sleep::none() } else { visited.asleep.of(at) };
            let here = (visited.keys.get(at), sleep);
            expander.expand(&self.tables, &visited.layout, here, bottom, &mut Nowhere);
        }
    }

    /// Arrives at a successor that is new or past the boundary: checks it.
    fn arrive<W: Word>(&mut self, visited: &Visited<W>, values: &dyn Values, arrival: &Arrival<W>) {
        let &Arrival { from, key, node, stored } = arrival;
        let layout = &visited.layout;
        let state = State { layout, key, before: visited.keys.get(from), node };
        let goals_open = !self.goals_open.is_empty();
        if !self.looked.is_news(&self.tables, &state, goals_open) {
            return;
        }
        let (violations, reached) = values.look(&ids_of(visited, key), node, &self.goals_open);
        for violation in violations {
            if self.tally.is_news(&violation) {
                self.find(visited, violation, (from, key));
            }
        }
        if stored {
            self.reach(&reached, self.tally.depth_of(from) + 1);
        }
    }

    /// How many states from a number on are quiet.
    pub(super) fn quiet_from<W: Word>(&self, visited: &Visited<W>, first: usize) -> u64 {
        let states = first..visited.len();
        let quiet =
            states.filter(|&at| is_quiet(&self.tables, &visited.layout, visited.keys.get(at)));
        quiet.count() as u64
    }

    /// Notes the goals that show in nodes and were reached.
    pub(super) fn reach(&mut self, reached: &[usize], depth: u32) {
        for &goal in reached {
            self.tally.goals[goal].1.get_or_insert(depth);
        }
        self.goals_open.retain(|goal| !reached.contains(goal));
    }

    /// Notes the goals that showed in something seen.
    fn note_goals(&mut self, values: &dyn Values, counted: &Counted, depth: u32) {
        self.noted.resize(values.notes(), false);
        for (note, _) in counted.notes.iter().enumerate().filter(|(_, count)| **count > 0) {
            if !std::mem::replace(&mut self.noted[note], true) {
                let Shown { goals, .. } = values.noted(note);
                self.tally.note(depth, &Shown { goals, marks: Vec::new() });
            }
        }
    }

    /// Enters what was counted along the way.
    pub(super) fn close_books(&mut self, values: &dyn Values) {
        self.tally.transitions += self.counted.transitions;
        self.tally.quiet += self.counted.quiet;
        // Handlers are called once for each state and message, also for steps that no budget allows.
        let happened = self.counted.notes.iter().enumerate().filter(|(_, count)| **count > 0);
        for (note, &count) in happened {
            for mark in values.noted(note).marks {
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
