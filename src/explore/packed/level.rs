//! How a level is expanded: batch by batch, in the order in which the plain search would.
//!
//! A batch is a run of states of one depth. Each is expanded to its successors' keys; then all
//! those keys are looked up, and the new ones become the next states; then the new ones are
//! checked, in order. When the search ends inside a batch, what lies behind the end is undone, so
//! that the books say what a search state by state would have said. Each of the three is shared by
//! the threads, if there are several; what is learned and what is written in the books is not.

use super::books::Batch;
use super::candidates::{Candidates, Every, Nowhere, Outsiders};
use super::check::{Looked, goals_of_nodes};
use super::expand::{Came, Counted, Successors};
use super::key::{Layout, Word};
use super::parents::Parents;
use super::sleep::Sleep;
use super::states::{EARLY, States, in_any_width};
use super::tables::{Miss, Tables};
use super::team::{Worker, together};
use super::values::{Frame, Taken, Values};
use super::visited::Visited;
use crate::explore::Limits;
use crate::explore::tally::{Ended, Tally};
use crate::ledger::Bound;
use crate::observer::{Observer, Progress};
use crate::protocol::Protocol;
use crate::scenario::Scenario;

/// How many states are expanded at a time.
const BATCH: usize = 1 << 14;

/// Fewer states than that are not worth several threads.
const APART: usize = 1 << 9;

/// Tables are measured when there are more states by one in so many.
const MEASURED_BY: usize = 8;

/// A search by numbers: which states there are, how they were reached, and what is in the books. It
/// knows no protocol.
pub(super) struct Core<'a> {
    pub(super) frame: Frame,
    pub(super) limits: &'a Limits,
    pub(super) tables: Tables,
    states: States,
    pub(super) parents: Parents,
    pub(super) looked: Looked,
    /// The goals that show in the nodes and were not reached yet.
    pub(super) goals_open: Vec<usize>,
    pub(super) tally: Tally<Taken>,
    /// By note: whether its goals are in the books.
    pub(super) noted: Vec<bool>,
    pub(super) counted: Counted,
    /// The next state to be expanded.
    pub(super) at: usize,
    ids: Vec<u32>,
    /// Whether there are so many states that keys have to be narrow.
    late: bool,
    /// Why no key is wide enough, once that is so.
    pub(super) too_wide: Option<String>,
    /// Why a violation that was found cannot be told, once that is so.
    pub(super) lost: Option<String>,
    /// How many states there were when the tables were last measured, and the bytes they took.
    measured: (usize, usize),
}

/// Why the work on keys of one width ended.
enum Went {
    Ended(Ended),
    /// Ids have outgrown the layout, or should be packed closer; nothing of the batch is kept.
    Outgrown,
}

/// How states are stored.
pub(super) struct Stored {
    pub(super) key_bits: u32,
    pub(super) print_bits: Option<u32>,
    pub(super) bytes: usize,
}

impl<'a> Core<'a> {
    /// A search that begins at the state of these ids.
    pub(super) fn new<P: Protocol>(
        scenario: &Scenario<P>,
        limits: &'a Limits,
        tables: Tables,
        tally: Tally<Taken>,
        ids: &[u32],
    ) -> Core<'a> {
        Core {
            frame: Frame::of(scenario),
            limits,
            tables,
            states: States::first(ids, limits),
            parents: Parents::default(),
            looked: Looked::new(scenario),
            goals_open: goals_of_nodes(scenario),
            tally,
            noted: Vec::new(),
            counted: Counted::default(),
            at: 0,
            ids: Vec::new(),
            late: false,
            too_wide: None,
            lost: None,
            measured: (0, 0),
        }
    }

    /// Makes room for more than the first state, in which these goals are reached.
    pub(super) fn begin(&mut self, values: &dyn Values, reached: &[usize]) {
        // If there is none, it will be said when the first state is expanded.
        self.states.make_room(&values.counts(), self.limits);
        self.reach(reached, 0);
    }

    /// Searches to the waypoint with this sentence, or to the end.
    pub(super) fn run(
        &mut self,
        values: &mut dyn Values,
        observer: &mut dyn Observer,
        to: Option<&'static str>,
    ) -> Ended {
        loop {
            let mut states = std::mem::replace(&mut self.states, States::none());
            let went =
                in_any_width!(&mut states, visited => self.run_in(visited, values, observer, to));
            let outgrown = match &went {
                Went::Ended(_) => false,
                Went::Outgrown => !states.make_room(&values.counts(), self.limits),
            };
            self.states = states;
            if let Went::Ended(ended) = went {
                return ended;
            }
            if outgrown {
                let why = format!("a state takes more than {} bits", States::WIDEST);
                self.too_wide = Some(why.clone());
                return Ended::Stopped(why, self.at);
            }
        }
    }

    /// The steps from where the search began to a state, if they can be told.
    pub(super) fn trace_to(&self, state: usize) -> Option<Vec<Taken>> {
        in_any_width!(&self.states, visited => self.way_to(visited, state))
    }

    /// How many states it stored.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// How it stored them.
    pub(super) fn stored(&self) -> Stored {
        in_any_width!(&self.states, visited => Stored {
            key_bits: visited.layout.bits(),
            print_bits: visited.print_bits(),
            bytes: visited.bytes_with(0),
        })
    }

    /// Enters in the books what was only counted along the way.
    pub(super) fn close(&mut self, values: &dyn Values) {
        self.close_books(values);
        self.tally.quiet +=
            in_any_width!(&self.states, visited => self.quiet_from(visited, self.at));
    }
}

impl Core<'_> {
    fn run_in<W: Word + std::hash::Hash>(
        &mut self,
        visited: &mut Visited<W>,
        values: &mut dyn Values,
        observer: &mut dyn Observer,
        to: Option<&'static str>,
    ) -> Went {
        let mut team: Vec<Worker<W>> =
            (0..self.limits.threads.max(1)).map(|_| Worker::new()).collect();
        let mut outsiders = Outsiders::default();
        let mut fresh = Vec::new();
        while self.at < visited.len() {
            if *self.tally.levels.last().expect("a level") == self.at && self.at > 0 {
                let depth = self.tally.levels.len() - 1;
                tracing::debug!(depth, states = self.at, "a level is complete");
            }
            if self.tally.done(self.limits) {
                return Went::Ended(Ended::Found);
            }
            let mut end = self.batch_end(visited.len());
            if let Some(sentence) = to {
                let states = self.at..end;
                let there = states.into_iter().find(|&at| self.is_there(visited, values, at));
                match there {
                    Some(at) if at == self.at && self.way_to(visited, at).is_none() => {
                        let why = format!(
                            "the way to `{sentence}` cannot be told, for two states have the same \
                             fingerprint; search with wider fingerprints, or exactly"
                        );
                        return Went::Ended(Ended::Stopped(why, at));
                    }
                    Some(at) if at == self.at => return Went::Ended(Ended::Waypoint(at)),
                    there => end = there.unwrap_or(end),
                }
            }
            if let Some(why) = self.limit(visited, values, observer) {
                return Went::Ended(Ended::Stopped(why, self.at));
            }
            let late = !std::mem::replace(&mut self.late, visited.len() >= EARLY) && self.late;
            if late || !self.expand(visited, values, end, &mut team) {
                return Went::Outgrown;
            }
            let outside = self.outside(visited, values, &team, &mut outsiders);
            let base = visited.len();
            let is_outside = |at: usize| outside.get(at).is_some_and(|outside| *outside);
            let lists: Vec<_> = team.iter().map(|worker| &worker.candidates).collect();
            visited.admit(&lists, &is_outside, &mut fresh);
            self.look(visited, &mut team, &fresh);
            let batch = Batch { end, base, fresh: &fresh, outside: &outside };
            self.commit(visited, values, &mut team, &batch);
        }
        Went::Ended(match self.lost.take() {
            _ if self.tally.done(self.limits) => Ended::Found,
            Some(why) => Ended::Stopped(why, self.at),
            None => Ended::Exhausted,
        })
    }

    /// Where the batch that begins at the next state ends: all its states have one depth.
    fn batch_end(&self, states: usize) -> usize {
        let levels = &self.tally.levels;
        let next = levels.partition_point(|&first| first <= self.at);
        let level_end = levels.get(next).copied().unwrap_or(states);
        level_end.min(self.at + BATCH)
    }

    fn is_there<W: Word>(&self, visited: &Visited<W>, values: &dyn Values, at: usize) -> bool {
        values.is_there(&ids_of(visited, visited.keys.get(at)))
    }

    /// The sentence of the limit that ends the search here, if one does.
    fn limit<W: Word>(
        &mut self,
        visited: &Visited<W>,
        values: &dyn Values,
        observer: &mut dyn Observer,
    ) -> Option<String> {
        let states = visited.len();
        if self.lost.is_some() {
            return self.lost.clone();
        }
        if let Some(most) = self.limits.states
            && states >= most
        {
            return Some(format!("out of room: {most} states allowed"));
        }
        if visited.numbers() >= u32::MAX as usize - 1000 * BATCH {
            return Some("out of numbers for states".to_string());
        }
        if let Some(most) = self.limits.bytes
            && self.bytes_soon(visited, values) > most
        {
            return Some(format!("out of memory: the search may take {} MiB", most >> 20));
        }
        observer.look(&Progress::Exploring {
            states,
            transitions: self.tally.transitions + self.counted.transitions,
            depth: self.tally.depth_of(self.at),
            frontier: states - self.at,
            levels: &self.tally.levels,
            deepest: self.frame.depth,
        })
    }

    /// The bytes the search will take once the next batches are in: the index grows by leaps.
    fn bytes_soon<W: Word>(&mut self, visited: &Visited<W>, values: &dyn Values) -> usize {
        // Measuring the tables takes a while, so it is done whenever there are a few more states.
        let (states, _) = self.measured;
        if visited.len() >= states + states / MEASURED_BY {
            self.measured = (visited.len(), self.bytes() + values.bytes());
        }
        let (_, tables) = self.measured;
        visited.bytes_with(8 * BATCH) + tables + tables / MEASURED_BY
    }

    /// Whether states of this depth are only asked whether anything can happen.
    pub(super) fn is_bottom(&self, depth: u32) -> bool {
        self.frame.depth.is_some_and(|most| depth >= most)
    }

    /// Expands the states from the next one to `end`. False if ids have outgrown the layout.
    fn expand<W: Word>(
        &mut self,
        visited: &Visited<W>,
        values: &mut dyn Values,
        end: usize,
        team: &mut [Worker<W>],
    ) -> bool {
        team.iter_mut().for_each(Worker::clear);
        let states = end - self.at;
        let bottom = self.is_bottom(self.tally.depth_of(self.at));
        if bottom || states < APART || team.len() == 1 {
            return self.expand_alone(visited, values, end, bottom, &mut team[0]);
        }
        let share = states.div_ceil(team.len());
        let part = |number: usize| {
            let first = (self.at + number * share).min(end);
            first..(first + share).min(end)
        };
        // Successors past the boundary are no transitions: each has to be counted.
        let every = self.frame.has_world_boundary();
        let tables = &self.tables;
        together(true, team.iter_mut(), |number, worker| {
            worker.expand(tables, visited, part(number), every);
        });
        let mut late = Candidates::none();
        for (number, worker) in team.iter_mut().enumerate() {
            if worker.left_over.is_empty() {
                continue;
            }
            late.clear();
            for at in std::mem::take(&mut worker.left_over) {
                if !self.expand_one(visited, values, at, false, worker, &mut Every(&mut late)) {
                    return false;
                }
                late.ends.push(late.keys.len());
                worker.left_over.push(at);
            }
            worker.join((self.at + number * share).min(end), &late);
        }
        true
    }

    /// Lets one worker expand the states from the next one to `end`.
    fn expand_alone<W: Word>(
        &mut self,
        visited: &Visited<W>,
        values: &mut dyn Values,
        end: usize,
        bottom: bool,
        worker: &mut Worker<W>,
    ) -> bool {
        let every = self.frame.has_world_boundary();
        let mut candidates = std::mem::replace(&mut worker.candidates, Candidates::none());
        let mut fits = true;
        for at in self.at..end {
            fits = if bottom {
                self.expand_one(visited, values, at, true, worker, &mut Nowhere)
            } else if every {
                self.expand_one(visited, values, at, false, worker, &mut Every(&mut candidates))
            } else {
                self.expand_one(visited, values, at, false, worker, &mut candidates)
            };
            if !fits {
                break;
            }
            candidates.ends.push(candidates.keys.len());
        }
        candidates.impure.append(&mut worker.candidates.impure);
        worker.candidates = candidates;
        fits
    }

    /// Expands one state, and finds out what the tables lack about it.
    fn expand_one<W: Word, S: Successors<W>>(
        &mut self,
        visited: &Visited<W>,
        values: &mut dyn Values,
        at: usize,
        bottom: bool,
        worker: &mut Worker<W>,
        successors: &mut S,
    ) -> bool {
        let sleep = if bottom { Sleep::none() } else { visited.asleep.of(at) };
        let here = (visited.keys.get(at), sleep);
        let layout = &visited.layout;
        let expander = &mut worker.expander;
        let mut came = expander.expand(&self.tables, layout, here, bottom, successors);
        loop {
            match came {
                Came::Whole { acts, impure } => {
                    if bottom && acts {
                        self.tally.cut.insert(Bound::Depth);
                    }
                    worker.candidates.impure.extend(impure.then_some(at));
                    return true;
                }
                Came::Short => self.learn(layout, values, here.0, &expander.misses),
            }
            if !values.fit(layout) {
                return false;
            }
            came = expander.resume(&self.tables, layout, here, bottom, successors);
        }
    }

    /// Looks through the new states of a batch.
    fn look<W: Word>(&self, visited: &Visited<W>, team: &mut [Worker<W>], fresh: &[u32]) {
        let goals_open = !self.goals_open.is_empty();
        if !self.looked.looks(&self.tables, goals_open) {
            return;
        }
        let known = (&self.tables, &visited.layout, &self.looked);
        let (mut state, mut place, mut number) = (self.at, 0, 0);
        let mut parts = Vec::new();
        for worker in team {
            let end = place + worker.candidates.keys.len();
            let end_number = fresh.partition_point(|&fresh| (fresh as usize) < end);
            let states = worker.candidates.ends.len();
            parts.push((worker, state, place, number..end_number));
            (state, place, number) = (state + states, end, end_number);
        }
        let apart = fresh.len() >= APART;
        together(apart, parts.into_iter(), |_, (worker, state, place, numbers)| {
            let first = numbers.start;
            worker.look(known, (state, visited), (place, first), &fresh[numbers], goals_open);
        });
    }

    /// Finds out what the tables lacked about a state.
    fn learn<W: Word>(
        &mut self,
        layout: &Layout,
        values: &mut dyn Values,
        key: W,
        misses: &[Miss],
    ) {
        layout.unpack(key, &mut self.ids);
        let slots = &self.ids[..self.frame.nodes];
        for &miss in misses {
            values.fill(&mut self.tables, miss, slots);
        }
    }

    /// The bytes of everything but the states themselves and the values, about.
    pub(super) fn bytes(&self) -> usize {
        self.tables.bytes() + self.parents.bytes() + self.looked.bytes()
    }
}

/// The ids that make a key.
pub(super) fn ids_of<W: Word>(visited: &Visited<W>, key: W) -> Vec<u32> {
    let mut ids = Vec::new();
    visited.layout.unpack(key, &mut ids);
    ids
}
