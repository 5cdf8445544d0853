//! How a level is expanded: batch by batch, in the order in which the plain search would.
//!
//! A batch is a run of states of one depth. Each is expanded to its successors' keys; then all
//! those keys are looked up, and the new ones become the next states; then the new ones are
//! checked, in order. When the search ends inside a batch, what lies behind the end is undone, so
//! that the books say what a search state by state would have said.

use super::candidates::{Candidates, Every, Nowhere, Outsiders};
use super::check::{Looked, goals_of_nodes};
use super::dead::{must_stay, proved};
use super::expand::{Came, Counted, Expander};
use super::key::{Layout, Word};
use super::meaning::Meaning;
use super::parents::Parents;
use super::tables::{Miss, Tables};
use super::team::{self, Worker};
use super::visited::Visited;
use crate::explore::tally::{Ended, Search, Tally};
use crate::explore::{DeadMail, Limits, Searched};
use crate::ledger::Bound;
use crate::observer::{Observer, Progress};
use crate::protocol::Protocol;
use crate::scenario::{Scenario, Waypoint};
use crate::situation::Situation;
use crate::step::Step;

/// How many states are expanded at a time.
const BATCH: usize = 1_024;

/// Fewer states than that are not worth a team.
const TOGETHER: usize = 128;

/// Tables are measured when there are more states by one in so many.
const MEASURED_BY: usize = 8;

/// The most bits a key may have.
const WIDEST: u32 = 128;

/// The packed search of one scenario.
pub(super) struct Packed<'a, P: Protocol> {
    pub(super) scenario: &'a Scenario<P>,
    pub(super) limits: &'a Limits,
    pub(super) meaning: Meaning<'a, P>,
    pub(super) tables: Tables,
    states: States,
    pub(super) parents: Parents,
    pub(super) looked: Looked,
    /// The goals that show in the nodes and were not reached yet.
    pub(super) goals_open: Vec<usize>,
    pub(super) tally: Tally<P>,
    /// By note: whether its goals are in the books.
    pub(super) noted: Vec<bool>,
    pub(super) counted: Counted,
    /// The next state to be expanded.
    pub(super) at: usize,
    pub(super) scratch: Scratch,
    /// Why no key is wide enough, once that is so.
    too_wide: Option<String>,
    /// How many states there were when the tables were last measured, and the bytes they took.
    measured: (usize, usize),
}

/// The states found, in keys as narrow as will do.
enum States {
    Narrow(Visited<u64>),
    Wide(Visited<u128>),
}

/// What a batch works with.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) expander: Expander,
    pub(super) ids: Vec<u32>,
    fresh: Vec<u32>,
}

/// Why a scenario cannot be packed, if it cannot.
pub(super) fn cannot_pack<P: Protocol>(scenario: &Scenario<P>) -> Option<String> {
    if scenario.timers.len() > 240 {
        return Some("it has more than 240 rules for timers".to_string());
    }
    // A node that panics as it starts leaves no world to pack.
    let first = Situation::first(scenario);
    first.world.nodes.is_empty().then(|| "a node panics as it starts".to_string())
}

/// Why the work on keys of one width ended.
enum Went {
    Ended(Ended),
    /// Ids have outgrown the layout; nothing of the current batch is kept.
    Outgrown,
}

impl<'a, P: Protocol> Search<'a, P> for Packed<'a, P> {
    fn begin(scenario: &'a Scenario<P>, limits: &'a Limits, way: &[Step<P>]) -> Self {
        let (first, shown) = Situation::behind(scenario, way);
        let (mut meaning, mut tables) =
            Meaning::new(scenario, !limits.full && must_stay(scenario).is_none());
        let ids = meaning.ids_of(&mut tables, &first);
        let layout = Layout::roomy(&meaning.counts());
        let mut visited = Visited::<u64>::new(layout);
        let key = visited.layout.pack(&ids);
        visited.admit(&[key], |_| false, &mut Vec::new());
        let mut tally = Tally::new(scenario);
        tally.note(0, &shown);
        for violation in first.violations(scenario, None) {
            tally.found.push((violation, Vec::new()));
        }
        tally.quiet = u64::from(first.panicked.is_none() && first.world.is_quiet());
        let mut search = Packed {
            scenario,
            limits,
            meaning,
            tables,
            states: States::Narrow(visited),
            parents: Parents::default(),
            looked: Looked::new(scenario),
            goals_open: goals_of_nodes(scenario),
            tally,
            noted: Vec::new(),
            counted: Counted::default(),
            at: 0,
            scratch: Scratch::default(),
            too_wide: None,
            measured: (0, 0),
        };
        search.reach(&first, 0);
        search
    }

    fn run(&mut self, observer: &mut dyn Observer, to: Option<&Waypoint<P>>) -> Ended {
        loop {
            let states = std::mem::replace(&mut self.states, States::none());
            let (went, states) = match states {
                States::Narrow(mut visited) => {
                    let went = self.run_in(&mut visited, observer, to);
                    (went, States::Narrow(visited))
                }
                States::Wide(mut visited) => {
                    let went = self.run_in(&mut visited, observer, to);
                    (went, States::Wide(visited))
                }
            };
            match went {
                Went::Ended(ended) => {
                    self.states = states;
                    return ended;
                }
                Went::Outgrown => match states.with_room_for(&self.meaning.counts()) {
                    Ok(wider) => self.states = wider,
                    Err(states) => {
                        self.states = states;
                        let why = format!("a state takes more than {WIDEST} bits");
                        self.too_wide = Some(why.clone());
                        return Ended::Stopped(why, self.at);
                    }
                },
            }
        }
    }

    fn trace_to(&self, state: usize) -> Vec<Step<P>> {
        match &self.states {
            States::Narrow(visited) => self.way_to(visited, state),
            States::Wide(visited) => self.way_to(visited, state),
        }
    }

    fn states(&self) -> usize {
        match &self.states {
            States::Narrow(visited) => visited.len(),
            States::Wide(visited) => visited.len(),
        }
    }

    fn closed(mut self) -> (Tally<P>, Searched) {
        let (key_bits, keys) = match &self.states {
            States::Narrow(visited) => (visited.layout.bits(), visited.bytes_with(0)),
            States::Wide(visited) => (visited.layout.bits(), visited.bytes_with(0)),
        };
        self.close_books();
        let searched = Searched {
            packed: true,
            fallback: self.too_wide.take(),
            key_bits,
            slots: self.meaning.places.iter().map(|place| place.slots.len()).sum(),
            handler_calls: self.meaning.handler_calls,
            bytes: keys + self.bytes(),
            dead_mail: match must_stay(self.scenario) {
                _ if self.limits.full => DeadMail::Kept { why: "as was asked".to_string() },
                Some(why) => DeadMail::Kept { why: why.to_string() },
                None => proved(&self.meaning),
            },
        };
        (self.tally, searched)
    }
}

impl States {
    /// No states at all, while they are elsewhere.
    fn none() -> States {
        States::Narrow(Visited::new(Layout::tight(&[1])))
    }

    /// The same states with room for that many ids; as they are if no key is wide enough.
    fn with_room_for(self, counts: &[usize]) -> Result<States, States> {
        let (roomy, tight) = (Layout::roomy(counts), Layout::tight(counts));
        let narrowest = if tight.bits() <= 64 { 64 } else { WIDEST };
        let layout = if roomy.bits() <= narrowest { roomy } else { tight };
        if layout.bits() > WIDEST {
            return Err(self);
        }
        tracing::debug!(bits = layout.bits(), "keys are packed anew");
        Ok(match (self, layout.bits() <= 64) {
            (States::Narrow(visited), true) => States::Narrow(visited.repacked(layout)),
            (States::Narrow(visited), false) => States::Wide(visited.repacked(layout)),
            (States::Wide(visited), _) => States::Wide(visited.repacked(layout)),
        })
    }
}

impl<P: Protocol> Packed<'_, P> {
    fn run_in<W: Word + std::hash::Hash>(
        &mut self,
        visited: &mut Visited<W>,
        observer: &mut dyn Observer,
        to: Option<&Waypoint<P>>,
    ) -> Went {
        let mut candidates = Candidates::new();
        let threads = if self.scenario.has_world_boundary() { 1 } else { self.limits.threads };
        let mut team: Vec<Worker<W>> = (1..threads).map(|_| Worker::new()).collect();
        team.extend((threads > 1).then(Worker::new));
        let mut outsiders = Outsiders::default();
        while self.at < visited.len() {
            if *self.tally.levels.last().expect("a level") == self.at && self.at > 0 {
                let depth = self.tally.levels.len() - 1;
                tracing::debug!(depth, states = self.at, "a level is complete");
            }
            if self.tally.done(self.limits) {
                return Went::Ended(Ended::Found);
            }
            let most = BATCH * if team.is_empty() { 1 } else { 16 * team.len() };
            let mut end = self.batch_end(visited.len(), most);
            if let Some(waypoint) = to {
                let states = self.at..end;
                let there = states.into_iter().find(|&at| self.is_at(visited, at, waypoint));
                match there {
                    Some(at) if at == self.at => return Went::Ended(Ended::Waypoint(at)),
                    there => end = there.unwrap_or(end),
                }
            }
            if let Some(why) = self.limit(visited, observer) {
                return Went::Ended(Ended::Stopped(why, self.at));
            }
            let bottom = self.is_bottom(self.tally.depth_of(self.at));
            let fits = if team.is_empty() || bottom || end - self.at < TOGETHER {
                self.expand(visited, end, &mut candidates)
            } else {
                self.expand_together(visited, end, &mut candidates, &mut team)
            };
            if !fits {
                return Went::Outgrown;
            }
            let outside = self.outside(visited, &candidates, &mut outsiders);
            let base = visited.len();
            let mut fresh = std::mem::take(&mut self.scratch.fresh);
            fresh.clear();
            let is_outside = |at: usize| outside.get(at).is_some_and(|outside| *outside);
            visited.admit(&candidates.keys, is_outside, &mut fresh);
            self.commit(visited, &candidates, base, &fresh, &outside, end);
            self.scratch.fresh = fresh;
        }
        let done = self.tally.done(self.limits);
        Went::Ended(if done { Ended::Found } else { Ended::Exhausted })
    }

    /// Where the batch that begins at the next state ends: all its states have one depth.
    fn batch_end(&self, states: usize, most: usize) -> usize {
        let levels = &self.tally.levels;
        let next = levels.partition_point(|&first| first <= self.at);
        let level_end = levels.get(next).copied().unwrap_or(states);
        level_end.min(self.at + most)
    }

    fn is_at<W: Word>(&self, visited: &Visited<W>, at: usize, waypoint: &Waypoint<P>) -> bool {
        let here = self.situation(visited, visited.keys.get(at));
        here.panicked.is_none() && (waypoint.reached)(&self.scenario.protocol, &here.world.nodes)
    }

    /// The sentence of the limit that ends the search here, if one does.
    fn limit<W: Word>(
        &mut self,
        visited: &Visited<W>,
        observer: &mut dyn Observer,
    ) -> Option<String> {
        let states = visited.len();
        if let Some(most) = self.limits.states
            && states >= most
        {
            return Some(format!("out of room: {most} states allowed"));
        }
        if states >= u32::MAX as usize - 100 * BATCH {
            return Some("out of numbers for states".to_string());
        }
        if let Some(most) = self.limits.bytes
            && self.bytes_soon(visited) > most
        {
            return Some(format!("out of memory: the search may take {} MiB", most >> 20));
        }
        observer.look(&Progress::Exploring {
            states,
            transitions: self.tally.transitions + self.counted.transitions,
            depth: self.tally.depth_of(self.at),
            frontier: states - self.at,
            levels: &self.tally.levels,
            deepest: self.scenario.depth,
        })
    }

    /// The bytes the search will take once the next batches are in: the index grows by leaps.
    fn bytes_soon<W: Word>(&mut self, visited: &Visited<W>) -> usize {
        // Measuring the tables takes a while, so it is done whenever there are a few more states.
        let (states, _) = self.measured;
        if visited.len() >= states + states / MEASURED_BY {
            self.measured = (visited.len(), self.bytes());
        }
        let (_, tables) = self.measured;
        visited.bytes_with(8 * BATCH) + tables + tables / MEASURED_BY
    }

    /// Whether states of this depth are only asked whether anything can happen.
    fn is_bottom(&self, depth: u32) -> bool {
        self.scenario.depth.is_some_and(|most| depth >= most)
    }

    /// Expands the states from the next one to `end`. False if ids have outgrown the layout.
    fn expand<W: Word>(
        &mut self,
        visited: &Visited<W>,
        end: usize,
        candidates: &mut Candidates<W>,
    ) -> bool {
        candidates.clear();
        let depth = self.tally.depth_of(self.at);
        let bottom = self.is_bottom(depth);
        let mut expander = std::mem::take(&mut self.scratch.expander);
        expander.counted.clear();
        let mut fits = true;
        for at in self.at..end {
            let key = visited.keys.get(at);
            let from = candidates.keys.len();
            loop {
                let (tables, layout) = (&self.tables, &visited.layout);
                let came = if bottom {
                    expander.expand(tables, layout, key, true, &mut Nowhere)
                } else if self.scenario.has_world_boundary() {
                    // Successors past the boundary are no transitions: each has to be counted.
                    expander.expand(tables, layout, key, false, &mut Every(candidates))
                } else {
                    expander.expand(tables, layout, key, false, candidates)
                };
                match came {
                    Came::Whole { acts, impure } => {
                        if bottom && acts {
                            self.tally.cut.insert(Bound::Depth);
                        }
                        if impure {
                            candidates.impure.push(at);
                        }
                        break;
                    }
                    Came::Short => {
                        candidates.take_back(from);
                        self.learn(&visited.layout, key, &expander.misses);
                    }
                }
                fits = visited.layout.holds(self.meaning.counts().into_iter());
                if !fits {
                    break;
                }
            }
            if !fits {
                break;
            }
            candidates.ends.push(candidates.keys.len());
        }
        self.scratch.expander = expander;
        fits
    }

    /// Lets a team expand the states from the next one to `end`.
    fn expand_together<W: Word>(
        &mut self,
        visited: &Visited<W>,
        end: usize,
        candidates: &mut Candidates<W>,
        team: &mut [Worker<W>],
    ) -> bool {
        team::expand(team, &self.tables, visited, self.at..end);
        let mut expander = std::mem::take(&mut self.scratch.expander);
        expander.counted.clear();
        // What was left over, in order: all of its successors, known or not.
        let mut late = Candidates::new();
        for &at in team.iter().flat_map(|worker| &worker.left_over) {
            let key = visited.keys.get(at);
            loop {
                let (tables, layout) = (&self.tables, &visited.layout);
                let from = late.keys.len();
                match expander.expand(tables, layout, key, false, &mut Every(&mut late)) {
                    Came::Whole { impure, .. } => {
                        late.impure.extend(impure.then_some(at));
                        break;
                    }
                    Came::Short => {
                        late.keys.truncate(from);
                        late.via.truncate(from);
                        self.learn(&visited.layout, key, &expander.misses);
                    }
                }
                if !visited.layout.holds(self.meaning.counts().into_iter()) {
                    self.scratch.expander = expander;
                    return false;
                }
            }
            late.ends.push(late.keys.len());
        }
        candidates.clear();
        let (mut at, mut late_at) = (self.at, 0);
        for worker in team.iter() {
            expander.counted.add(&worker.expander.counted);
            candidates.impure.extend(&worker.candidates.impure);
            let mut left_over = worker.left_over.iter().peekable();
            for state in 0..worker.candidates.ends.len() {
                if left_over.next_if_eq(&&at).is_some() {
                    candidates.add(&late, late_at);
                    late_at += 1;
                } else {
                    candidates.add(&worker.candidates, state);
                }
                at += 1;
            }
        }
        candidates.impure.extend(&late.impure);
        self.scratch.expander = expander;
        true
    }

    /// Finds out what the tables lacked about a state.
    fn learn<W: Word>(&mut self, layout: &Layout, key: W, misses: &[Miss]) {
        let ids = &mut self.scratch.ids;
        layout.unpack(key, ids);
        let slots = &ids[..self.scenario.nodes];
        for &miss in misses {
            self.meaning.fill(&mut self.tables, miss, slots);
        }
    }

    pub(super) fn situation<W: Word>(&self, visited: &Visited<W>, key: W) -> Situation<P> {
        let mut ids = Vec::new();
        visited.layout.unpack(key, &mut ids);
        self.meaning.situation(&ids)
    }

    /// The bytes of everything but the states themselves, about.
    fn bytes(&self) -> usize {
        self.tables.bytes() + self.meaning.bytes() + self.parents.bytes() + self.looked.bytes()
    }
}
