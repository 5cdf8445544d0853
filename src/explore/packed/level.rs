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
use super::coverage::covered;
use super::dead::{must_stay, proved};
use super::expand::{Came, Counted, Successors};
use super::key::{Layout, Word};
use super::meaning::Meaning;
use super::parents::Parents;
use super::sleep::Sleep;
use super::states::{EARLY, States, in_any_width};
use super::tables::{Miss, Tables};
use super::team::{Worker, together};
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
const BATCH: usize = 1 << 14;

/// Fewer states than that are not worth several threads.
const APART: usize = 1 << 9;

/// Tables are measured when there are more states by one in so many.
const MEASURED_BY: usize = 8;

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
    ids: Vec<u32>,
    /// Whether there are so many states that keys have to be narrow.
    late: bool,
    /// Why no key is wide enough, once that is so.
    too_wide: Option<String>,
    /// Why a violation that was found cannot be told, once that is so.
    pub(super) lost: Option<String>,
    /// How many states there were when the tables were last measured, and the bytes they took.
    measured: (usize, usize),
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
    /// Ids have outgrown the layout, or should be packed closer; nothing of the batch is kept.
    Outgrown,
}

impl<'a, P: Protocol> Search<'a, P> for Packed<'a, P> {
    fn begin(scenario: &'a Scenario<P>, limits: &'a Limits, way: &[Step<P>]) -> Self {
        let (first, shown) = Situation::behind(scenario, way);
        let (mut meaning, mut tables) =
            Meaning::new(scenario, !limits.full && must_stay(scenario).is_none());
        let ids = meaning.ids_of(&mut tables, &first);
        let mut states = States::first(&ids, limits);
        // If there is none, it will be said when the first state is expanded.
        states.make_room(&meaning.counts().collect::<Vec<_>>(), limits);
        let mut tally = Tally::new(scenario);
        tally.note(0, &shown);
        for violation in first.violations(scenario, None) {
            tally.found.push((violation, Vec::new()));
        }
        let mut search = Packed {
            scenario,
            limits,
            meaning,
            tables,
            states,
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
        };
        search.reach(&first, 0);
        search
    }

    fn run(&mut self, observer: &mut dyn Observer, to: Option<&Waypoint<P>>) -> Ended {
        loop {
            let mut states = std::mem::replace(&mut self.states, States::none());
            let went = in_any_width!(&mut states, visited => self.run_in(visited, observer, to));
            let outgrown = match &went {
                Went::Ended(_) => false,
                Went::Outgrown => {
                    let counts: Vec<usize> = self.meaning.counts().collect();
                    !states.make_room(&counts, self.limits)
                }
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

    fn trace_to(&self, state: usize) -> Vec<Step<P>> {
        let way = in_any_width!(&self.states, visited => self.way_to(visited, state));
        way.expect("a waypoint that cannot be gone to ends the search")
    }

    fn states(&self) -> usize {
        self.states.len()
    }

    fn closed(mut self) -> (Tally<P>, Searched) {
        let (key_bits, fingerprint, keys) = in_any_width!(&self.states, visited => {
            (visited.layout.bits(), visited.print_bits(), visited.bytes_with(0))
        });
        self.close_books();
        self.tally.quiet +=
            in_any_width!(&self.states, visited => self.quiet_from(visited, self.at));
        if self.limits.coverage {
            self.tally.coverage = Some(covered(&self.meaning, &self.tables, &self.tally.goals));
        }
        let searched = Searched {
            packed: true,
            fallback: self.too_wide.take(),
            key_bits,
            fingerprint,
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

impl<P: Protocol> Packed<'_, P> {
    fn run_in<W: Word + std::hash::Hash>(
        &mut self,
        visited: &mut Visited<W>,
        observer: &mut dyn Observer,
        to: Option<&Waypoint<P>>,
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
            if let Some(waypoint) = to {
                let states = self.at..end;
                let there = states.into_iter().find(|&at| self.is_at(visited, at, waypoint));
                match there {
                    Some(at) if at == self.at && self.way_to(visited, at).is_none() => {
                        let why = format!(
                            "the way to `{}` cannot be told, for two states have the same \
                             fingerprint; search with wider fingerprints, or exactly",
                            waypoint.sentence
                        );
                        return Went::Ended(Ended::Stopped(why, at));
                    }
                    Some(at) if at == self.at => return Went::Ended(Ended::Waypoint(at)),
                    there => end = there.unwrap_or(end),
                }
            }
            if let Some(why) = self.limit(visited, observer) {
                return Went::Ended(Ended::Stopped(why, self.at));
            }
            let late = !std::mem::replace(&mut self.late, visited.len() >= EARLY) && self.late;
            if late || !self.expand(visited, end, &mut team) {
                return Went::Outgrown;
            }
            let outside = self.outside(visited, &team, &mut outsiders);
            let base = visited.len();
            let is_outside = |at: usize| outside.get(at).is_some_and(|outside| *outside);
            let lists: Vec<_> = team.iter().map(|worker| &worker.candidates).collect();
            visited.admit(&lists, &is_outside, &mut fresh);
            self.look(visited, &mut team, &fresh);
            let batch = Batch { end, base, fresh: &fresh, outside: &outside };
            self.commit(visited, &mut team, &batch);
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
    pub(super) fn is_bottom(&self, depth: u32) -> bool {
        self.scenario.depth.is_some_and(|most| depth >= most)
    }

    /// Expands the states from the next one to `end`. False if ids have outgrown the layout.
    fn expand<W: Word>(
        &mut self,
        visited: &Visited<W>,
        end: usize,
        team: &mut [Worker<W>],
    ) -> bool {
        team.iter_mut().for_each(Worker::clear);
        let states = end - self.at;
        let bottom = self.is_bottom(self.tally.depth_of(self.at));
        if bottom || states < APART || team.len() == 1 {
            return self.expand_alone(visited, end, bottom, &mut team[0]);
        }
        let share = states.div_ceil(team.len());
        let part = |number: usize| {
            let first = (self.at + number * share).min(end);
            first..(first + share).min(end)
        };
        // Successors past the boundary are no transitions: each has to be counted.
        let every = self.scenario.has_world_boundary();
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
                if !self.expand_one(visited, at, false, worker, &mut Every(&mut late)) {
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
        end: usize,
        bottom: bool,
        worker: &mut Worker<W>,
    ) -> bool {
        let every = self.scenario.has_world_boundary();
        let mut candidates = std::mem::replace(&mut worker.candidates, Candidates::none());
        let mut fits = true;
        for at in self.at..end {
            fits = if bottom {
                self.expand_one(visited, at, true, worker, &mut Nowhere)
            } else if every {
                self.expand_one(visited, at, false, worker, &mut Every(&mut candidates))
            } else {
                self.expand_one(visited, at, false, worker, &mut candidates)
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
                Came::Short => self.learn(layout, here.0, &expander.misses),
            }
            if !layout.holds(self.meaning.counts()) {
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
    fn learn<W: Word>(&mut self, layout: &Layout, key: W, misses: &[Miss]) {
        layout.unpack(key, &mut self.ids);
        let slots = &self.ids[..self.scenario.nodes];
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
        let tables = self.tables.bytes() + self.meaning.bytes();
        tables + self.parents.bytes() + self.looked.bytes()
    }
}
