//! The plain search: breadth first over whole situations, compared by value.
//!
//! One insertion-ordered set is both the visited set and the queue. A state remembers the state it
//! was first reached from, and a trace is rebuilt by taking the same successors again.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::{Exploration, Found, Limits, Parent, changed, unreached};
use crate::audience::Shown;
use crate::ledger::Bound;
use crate::observer::{Observer, Progress};
use crate::protocol::{Outbox, Protocol};
use crate::scenario::{Scenario, Waypoint};
use crate::situation::{DETERMINISTIC, Situation, Violation};
use crate::step::Step;
use crate::trace;
use crate::verdict::Verdict;

/// Explores a scenario: every order of everything that can happen within its bounds.
///
/// The traces it finds are the shortest there are, for each invariant. It is exact: two states are
/// the same only if they are equal.
///
/// # Errors
/// A sentence when the scenario makes no sense, or its prefix cannot happen.
pub fn explore<P: Protocol>(
    scenario: &Scenario<P>,
    limits: &Limits,
    observer: &mut dyn Observer,
) -> Result<Exploration<P>, String> {
    scenario.validate()?;
    let mut way = trace::prefix(scenario)?;
    let mut waypoints = Vec::new();
    for waypoint in &scenario.waypoints {
        let mut search = Search::new(scenario, limits, &way);
        match search.run(observer, Some(waypoint)) {
            Ended::Waypoint(state) => {
                let leg = search.trace_to(state);
                waypoints.push((waypoint.sentence, leg.len()));
                way.extend(leg);
            }
            Ended::Exhausted => {
                let ended = Ended::Missed(waypoint.sentence);
                return Ok(search.report(&ended, way, waypoints));
            }
            ended => return Ok(search.report(&ended, way, waypoints)),
        }
    }
    let mut search = Search::new(scenario, limits, &way);
    let ended = search.run(observer, None);
    Ok(search.report(&ended, way, waypoints))
}

/// Why a search ended.
enum Ended {
    /// Every state was expanded.
    Exhausted,
    /// As many violations were found as were asked for.
    Found,
    /// A limit or the observer ended it, before the state with this number was expanded.
    Stopped(String, usize),
    /// The state with this number is at the waypoint.
    Waypoint(usize),
    /// Every state was expanded, and none was at this waypoint.
    Missed(&'static str),
}

struct Search<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    states: IndexSet<Situation<P>, FxBuildHasher>,
    parents: Vec<Parent>,
    /// The number of the first state of each depth.
    levels: Vec<usize>,
    transitions: u64,
    found: Vec<(Violation, Vec<Step<P>>)>,
    cut: BTreeSet<Bound>,
    goals: Vec<(&'static str, Option<u32>)>,
    marks: BTreeMap<&'static str, u64>,
    quiet: u64,
}

/// How many states are expanded between two looks of the observer.
const LOOK_EVERY: usize = 1_024;

/// The parent of the state a search begins with.
const NO_PARENT: Parent = Parent { state: u32::MAX, successor: 0 };

impl<'a, P: Protocol> Search<'a, P> {
    /// A search that begins where these steps lead.
    fn new(scenario: &'a Scenario<P>, limits: &'a Limits, way: &[Step<P>]) -> Self {
        let mut out = Outbox::new(scenario.nodes);
        let (mut first, mut shown) = Situation::first_shown(scenario, &mut out);
        for step in way {
            let more = first.take(scenario, step, &mut out);
            shown.goals.extend(more.goals);
        }
        let mut search = Search {
            scenario,
            limits,
            states: IndexSet::default(),
            parents: Vec::new(),
            levels: vec![0],
            transitions: 0,
            found: Vec::new(),
            cut: BTreeSet::new(),
            goals: unreached(scenario),
            marks: BTreeMap::new(),
            quiet: 0,
        };
        search.note(0, &shown);
        for violation in first.violations(scenario, None) {
            search.found.push((violation, Vec::new()));
        }
        search.insert(first, NO_PARENT, 0);
        search
    }

    fn run(&mut self, observer: &mut dyn Observer, to: Option<&Waypoint<P>>) -> Ended {
        let mut out = Outbox::new(self.scenario.nodes);
        let mut at = 0;
        while at < self.states.len() {
            if *self.levels.last().expect("a level") == at && at > 0 {
                tracing::debug!(depth = self.levels.len() - 1, states = at, "a level is complete");
            }
            if self.done() {
                return Ended::Found;
            }
            if let Some(waypoint) = to
                && self.states[at].panicked.is_none()
                && (waypoint.reached)(&self.scenario.protocol, &self.states[at].world.nodes)
            {
                return Ended::Waypoint(at);
            }
            if let Some(why) = self.limit(at, observer) {
                return Ended::Stopped(why, at);
            }
            self.expand(at, &mut out);
            at += 1;
        }
        if self.done() { Ended::Found } else { Ended::Exhausted }
    }

    /// Whether as much was found as was asked for.
    fn done(&self) -> bool {
        match &self.limits.only {
            Some(only) => self.found.iter().any(|(violation, _)| violation.invariant == *only),
            None => !self.limits.all_invariants && !self.found.is_empty(),
        }
    }

    /// The sentence of the limit that ends the search here, if one does.
    fn limit(&self, at: usize, observer: &mut dyn Observer) -> Option<String> {
        if let Some(most) = self.limits.states
            && self.states.len() >= most
        {
            return Some(format!("out of room: {most} states allowed"));
        }
        if self.states.len() >= u32::MAX as usize {
            return Some("out of numbers for states".to_string());
        }
        if !at.is_multiple_of(LOOK_EVERY) {
            return None;
        }
        observer.look(&Progress::Exploring {
            states: self.states.len(),
            transitions: self.transitions,
            depth: self.depth_of(at),
            frontier: self.states.len() - at,
        })
    }

    fn depth_of(&self, state: usize) -> u32 {
        (self.levels.partition_point(|&first| first <= state) - 1) as u32
    }

    /// Takes every step that can happen in a state.
    fn expand(&mut self, at: usize, out: &mut Outbox<P>) {
        let scenario = self.scenario;
        let depth = self.depth_of(at);
        let here = self.states[at].clone();
        let acts = here.acts(scenario, &mut self.cut);
        if scenario.depth.is_some_and(|most| depth >= most) {
            if !acts.is_empty() {
                self.cut.insert(Bound::Depth);
            }
            return;
        }
        let mut successor = 0;
        for act in acts {
            here.outcomes(scenario, &act, out, |step, next, shown| {
                self.arrive(at, successor, depth + 1, &step, next, &shown);
                successor += 1;
            });
            self.twice(at, &here, &act, out);
        }
    }

    /// Arrives at a successor: checks it, and stores it if it is new and within the boundary.
    fn arrive(
        &mut self,
        from: usize,
        successor: u32,
        depth: u32,
        step: &Step<P>,
        next: Situation<P>,
        shown: &Shown,
    ) {
        let scenario = self.scenario;
        let within = scenario.boundary.as_ref().is_none_or(|boundary| {
            next.panicked.is_some() || (boundary.within)(&scenario.protocol, &next.world)
        });
        self.note(depth, shown);
        if within {
            self.transitions += 1;
            if self.states.contains(&next) {
                return;
            }
        } else {
            self.cut.insert(Bound::Boundary);
        }
        for violation in next.violations(scenario, changed(step)) {
            if self.found.iter().all(|(known, _)| known.invariant != violation.invariant) {
                let mut trace = self.trace_to(from);
                trace.push(step.clone());
                self.found.push((violation, trace));
            }
        }
        if within {
            let parent = Parent { state: from as u32, successor };
            self.insert(next, parent, depth);
        }
    }

    /// Stores a new state.
    fn insert(&mut self, state: Situation<P>, parent: Parent, depth: u32) {
        for (index, goal) in self.scenario.goals.iter().enumerate() {
            if self.goals[index].1.is_none() && state.reaches(self.scenario, goal) {
                self.goals[index].1 = Some(depth);
            }
        }
        if state.panicked.is_none() && state.world.is_quiet() {
            self.quiet += 1;
        }
        if self.levels.len() as u32 <= depth {
            self.levels.push(self.states.len());
        }
        self.states.insert(state);
        self.parents.push(parent);
    }

    /// Notes the goals something seen has reached, and the lines that ran.
    fn note(&mut self, depth: u32, shown: &Shown) {
        for &goal in &shown.goals {
            self.goals[goal].1.get_or_insert(depth);
        }
        for &mark in &shown.marks {
            *self.marks.entry(mark).or_default() += 1;
        }
    }

    /// Takes a step a second time: a handler that answers differently is no function.
    fn twice(&mut self, at: usize, here: &Situation<P>, act: &Step<P>, out: &mut Outbox<P>) {
        let known = self.found.iter().any(|(found, _)| found.invariant == DETERMINISTIC);
        if known || !is_handled(act) {
            return;
        }
        let mut run = || {
            let mut next = here.clone();
            next.take(self.scenario, act, out);
            (next, out.choices.clone())
        };
        let (first, second) = (run(), run());
        if first != second {
            let mut trace = self.trace_to(at);
            trace.push(act.clone());
            self.found.push((Violation::of_purity(act), trace));
        }
    }

    /// The steps from where the search began to a state, by taking the same successors again.
    fn trace_to(&self, state: usize) -> Vec<Step<P>> {
        let mut path = Vec::new();
        let mut at = state;
        while self.parents[at].state != NO_PARENT.state {
            path.push(self.parents[at]);
            at = self.parents[at].state as usize;
        }
        let mut out = Outbox::new(self.scenario.nodes);
        let step_of = |parent: &Parent| {
            let here = &self.states[parent.state as usize];
            let mut taken = None;
            let mut successor = 0;
            for act in here.acts(self.scenario, &mut BTreeSet::new()) {
                here.outcomes(self.scenario, &act, &mut out, |step, _, _| {
                    if successor == parent.successor {
                        taken = Some(step);
                    }
                    successor += 1;
                });
            }
            taken.expect("the same successors in the same order")
        };
        path.iter().rev().map(step_of).collect()
    }

    /// The number of states at each depth.
    fn per_level(&self) -> Vec<usize> {
        let ends = self.levels[1..].iter().copied().chain([self.states.len()]);
        self.levels.iter().zip(ends).map(|(first, end)| end - first).collect()
    }

    fn report(
        self,
        ended: &Ended,
        way: Vec<Step<P>>,
        waypoints: Vec<(&'static str, usize)>,
    ) -> Exploration<P> {
        let levels = self.per_level();
        let completed = match ended {
            Ended::Stopped(_, at) => Some(self.depth_of(*at)),
            Ended::Exhausted | Ended::Found | Ended::Waypoint(_) | Ended::Missed(_) => None,
        };
        let verdict = self.verdict(ended, levels.len() - 1);
        let begun_at = way.len();
        let whole = |(violation, trace): (Violation, Vec<Step<P>>)| Found {
            invariant: violation.invariant,
            reason: violation.reason,
            trace: way.iter().cloned().chain(trace).collect(),
        };
        Exploration {
            verdict,
            completed,
            exhausted: matches!(ended, Ended::Exhausted),
            states: self.states.len(),
            transitions: self.transitions,
            levels,
            cut: self.cut,
            goals: self.goals,
            marks: self.marks,
            quiet: self.quiet,
            found: self.found.into_iter().map(whole).collect(),
            waypoints,
            begun_at,
        }
    }

    fn verdict(&self, ended: &Ended, depth: usize) -> Verdict {
        let sought = self.found.iter().find(|(violation, _)| {
            self.limits.only.as_ref().is_none_or(|only| violation.invariant == *only)
        });
        if let Some((violation, _)) = sought.or(self.found.first()) {
            let Violation { invariant, reason } = violation.clone();
            return Verdict::Violated { invariant, reason };
        }
        let (states, transitions) = (self.states.len(), self.transitions);
        let covered = format!("{states} states, {transitions} transitions, depth {depth}");
        let missing = self.missing();
        let way = match (&self.scenario.prefix, self.scenario.waypoints.is_empty()) {
            (None, true) => "",
            _ => " behind the prefix and waypoints named",
        };
        match ended {
            Ended::Stopped(why, at) => {
                let depth = self.depth_of(*at);
                let covered = format!("{covered}: every schedule of up to {depth} steps");
                Verdict::Inconclusive { why: why.clone(), covered }
            }
            Ended::Missed(sentence) => {
                Verdict::Vacuous { missing: vec![format!("the waypoint: {sentence}")] }
            }
            Ended::Exhausted if !self.scenario.waypoints.is_empty() => Verdict::Inconclusive {
                why: "a search by waypoints covers only what lies behind them".to_string(),
                covered,
            },
            Ended::Exhausted if !missing.is_empty() => Verdict::Vacuous { missing },
            Ended::Exhausted | Ended::Found | Ended::Waypoint(_) => Verdict::Holds {
                covered: format!("exhaustively within these bounds{way}: {covered}"),
            },
        }
    }

    /// What should have been seen and was not.
    fn missing(&self) -> Vec<String> {
        let goals = self.goals.iter().filter(|(_, depth)| depth.is_none());
        let mut missing: Vec<String> = goals.map(|(name, _)| (*name).to_string()).collect();
        let quiet = self.scenario.invariants.iter().find(|held| held.looks_at() == "quiet");
        if let (Some(quiet), 0) = (quiet, self.quiet) {
            missing.push(format!("a quiet world, where `{}` is checked", quiet.name));
        }
        missing
    }
}

/// Whether a step calls a handler.
fn is_handled<P: Protocol>(step: &Step<P>) -> bool {
    use crate::step::Act;
    match step.act {
        Act::Deliver { .. } | Act::Timeout(_) | Act::Input { .. } => true,
        Act::Restart | Act::Wiped => true,
        Act::Drop { .. } | Act::Duplicate { .. } | Act::Tick | Act::Crash => false,
    }
}
