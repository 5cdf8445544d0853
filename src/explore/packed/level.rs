//! How a level is expanded: batch by batch, in the order in which the plain search would.
//!
//! A batch is a run of states of one depth. Each is expanded to its successors' keys; then all
//! those keys are looked up, and the new ones become the next states; then the new ones are
//! checked, in order. When the search ends inside a batch, what lies behind the end is undone, so
//! that the books say what a search state by state would have said.

use std::collections::BTreeSet;

use super::candidates::{Candidates, Every, Nowhere, Outsiders};
use super::check::{Looked, State, goals_of_nodes};
use super::dead::{must_stay, proved};
use super::expand::{Came, Counted, Expander};
use super::key::{Layout, Word};
use super::meaning::{Meaning, bound_of};
use super::parents::Parents;
use super::tables::{Miss, Tables};
use super::team::{self, Worker};
use super::visited::Visited;
use crate::audience::Shown;
use crate::explore::tally::{Ended, Search, Tally};
use crate::explore::{DeadMail, Limits, Searched};
use crate::ledger::Bound;
use crate::observer::{Observer, Progress};
use crate::protocol::{Outbox, Protocol};
use crate::scenario::{Scenario, Waypoint, Within};
use crate::situation::Situation;
use crate::step::Step;

/// How many states are expanded at a time.
const BATCH: usize = 1_024;

/// Fewer states than that are not worth a team.
const TOGETHER: usize = 128;

/// The most bits a key may have.
const WIDEST: u32 = 128;

/// The packed search of one scenario.
pub(super) struct Packed<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    pub(super) meaning: Meaning<'a, P>,
    pub(super) tables: Tables,
    states: States,
    pub(super) parents: Parents,
    looked: Looked,
    /// The goals that show in the nodes and were not reached yet.
    goals_open: Vec<usize>,
    pub(super) tally: Tally<P>,
    /// By note: whether its goals are in the books.
    noted: Vec<bool>,
    counted: Counted,
    /// The next state to be expanded.
    at: usize,
    scratch: Scratch,
}

/// The states found, in keys as narrow as will do.
enum States {
    Narrow(Visited<u64>),
    Wide(Visited<u128>),
}

/// What a batch works with.
#[derive(Default)]
struct Scratch {
    expander: Expander,
    ids: Vec<u32>,
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
        let mut out = Outbox::new(scenario.nodes);
        let (mut first, mut shown) = Situation::first_shown(scenario, &mut out);
        for step in way {
            let more = first.take(scenario, step, &mut out);
            shown.goals.extend(more.goals);
        }
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
                Went::Outgrown => self.states = states.with_room_for(&self.meaning.counts()),
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
            fallback: None,
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

    /// The same states with room for that many ids.
    fn with_room_for(self, counts: &[usize]) -> States {
        let (roomy, tight) = (Layout::roomy(counts), Layout::tight(counts));
        let narrowest = if tight.bits() <= 64 { 64 } else { WIDEST };
        let layout = if roomy.bits() <= narrowest { roomy } else { tight };
        assert!(layout.bits() <= WIDEST, "the search ends before keys outgrow {WIDEST} bits");
        tracing::debug!(bits = layout.bits(), "keys are packed anew");
        match (self, layout.bits() <= 64) {
            (States::Narrow(visited), true) => States::Narrow(visited.repacked(layout)),
            (States::Narrow(visited), false) => States::Wide(visited.repacked(layout)),
            (States::Wide(visited), _) => States::Wide(visited.repacked(layout)),
        }
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
        let threads = if self.has_world_boundary() { 1 } else { self.limits.threads };
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
                team.iter_mut().for_each(|worker| worker.candidates.forget());
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
    fn limit<W: Word>(&self, visited: &Visited<W>, observer: &mut dyn Observer) -> Option<String> {
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
        let tight = Layout::tight(&self.meaning.counts());
        if tight.bits() > WIDEST {
            return Some(format!("out of room: a state takes more than {WIDEST} bits"));
        }
        observer.look(&Progress::Exploring {
            states,
            transitions: self.tally.transitions + self.counted.transitions,
            depth: self.tally.depth_of(self.at),
            frontier: states - self.at,
        })
    }

    /// The bytes the search will take once the next batches are in: the index grows by leaps.
    fn bytes_soon<W: Word>(&self, visited: &Visited<W>) -> usize {
        // Tables are measured now and then, for that takes a while.
        let measured = self.at.is_multiple_of(64 * BATCH);
        let tables = if measured { self.bytes() } else { self.tables.bytes() };
        visited.bytes_with(64 * BATCH) + tables
    }

    /// Whether successors past the boundary are counted as transitions, until they are known.
    fn has_world_boundary(&self) -> bool {
        let boundary = self.scenario.boundary.as_ref();
        boundary.is_some_and(|boundary| matches!(boundary.within, Within::World(_)))
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
                } else if self.has_world_boundary() {
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
                candidates.forget();
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

    /// Which successors lie past the scenario's boundary; nothing if it has none.
    fn outside<W: Word + std::hash::Hash>(
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
    fn commit<W: Word>(
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
            let mut fresh_here = fresh[stored..].iter().take_while(|&&at| (at as usize) < until);
            if outside.is_empty() {
                for &new in fresh_here.by_ref() {
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
        if self.has_world_boundary() {
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
            for violation in there.violations(self.scenario, Some(crate::NodeId::at(node))) {
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
    fn reach(&mut self, there: &Situation<P>, depth: u32) {
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
        self.noted.resize(self.tables.notes, false);
        for (note, _) in counted.notes.iter().enumerate().filter(|(_, count)| **count > 0) {
            if !std::mem::replace(&mut self.noted[note], true) {
                let (goals, _) = self.meaning.notes.get_index(note).expect("a note").clone();
                self.tally.note(depth, &Shown { goals, marks: Vec::new() });
            }
        }
    }

    /// Enters what was counted along the way.
    fn close_books(&mut self) {
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

    fn situation<W: Word>(&self, visited: &Visited<W>, key: W) -> Situation<P> {
        let mut ids = Vec::new();
        visited.layout.unpack(key, &mut ids);
        self.meaning.situation(&ids)
    }

    /// The bytes of everything but the states themselves, about.
    fn bytes(&self) -> usize {
        self.tables.bytes() + self.meaning.bytes() + self.parents.bytes() + self.looked.bytes()
    }
}
