//! The packed search of one scenario: a search by numbers, and the values behind them.

use super::coverage::covered;
use super::dead::{must_stay, proved};
use super::key::Layout;
use super::level::Core;
use super::meaning::Meaning;
use super::tables::{Miss, Tables};
use super::values::{Taken, Values};
use crate::audience::Shown;
use crate::explore::tally::{Ended, Search, Tally};
use crate::explore::{DeadMail, Limits, Searched};
use crate::observer::Observer;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::{Scenario, Waypoint};
use crate::situation::{Situation, Violation};
use crate::step::Step;

/// The packed search of one scenario.
pub(super) struct Packed<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    limits: &'a Limits,
    meaning: Meaning<'a, P>,
    core: Core<'a>,
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

impl<'a, P: Protocol> Search<'a, P> for Packed<'a, P> {
    fn begin(scenario: &'a Scenario<P>, limits: &'a Limits, way: &[Step<P>]) -> Self {
        let (first, shown) = Situation::behind(scenario, way);
        let forgets = !limits.full && must_stay(scenario).is_none();
        let (mut meaning, mut tables) = Meaning::new(scenario, forgets);
        let ids = meaning.ids_of(&mut tables, &first);
        let mut tally = Tally::new(scenario);
        tally.note(0, &shown);
        for violation in first.violations(scenario, None) {
            tally.found.push((violation, Vec::new()));
        }
        let mut core = Core::new(scenario, limits, tables, tally, &ids);
        let reached = reached(scenario, &first, &core.goals_open);
        core.begin(&Behind { meaning: &mut meaning, to: None }, &reached);
        Packed { scenario, limits, meaning, core }
    }

    fn run(&mut self, observer: &mut dyn Observer, to: Option<&Waypoint<P>>) -> Ended {
        let sentence = to.map(|waypoint| waypoint.sentence);
        self.core.run(&mut Behind { meaning: &mut self.meaning, to }, observer, sentence)
    }

    fn trace_to(&self, state: usize) -> Vec<Step<P>> {
        let way = self.core.trace_to(state);
        told(&self.meaning, way.expect("a waypoint that cannot be gone to ends the search"))
    }

    fn states(&self) -> usize {
        self.core.len()
    }

    fn closed(mut self) -> (Tally<Step<P>>, Searched) {
        self.core.close(&Behind { meaning: &mut self.meaning, to: None });
        let meaning = &self.meaning;
        if self.limits.coverage {
            let goals = &self.core.tally.goals;
            self.core.tally.coverage = Some(covered(meaning, &self.core.tables, goals));
        }
        let stored = self.core.stored();
        let searched = Searched {
            packed: true,
            fallback: self.core.too_wide.take(),
            key_bits: stored.key_bits,
            fingerprint: stored.print_bits,
            slots: meaning.places.iter().map(|place| place.slots.len()).sum(),
            handler_calls: meaning.handler_calls,
            bytes: stored.bytes + self.core.bytes() + meaning.bytes(),
            dead_mail: match must_stay(self.scenario) {
                _ if self.limits.full => DeadMail::Kept { why: "as was asked".to_string() },
                Some(why) => DeadMail::Kept { why: why.to_string() },
                None => proved(meaning),
            },
        };
        let tally = self.core.tally;
        (tally.told(|steps| told(meaning, steps)), searched)
    }
}

/// The steps that numbers stand for.
fn told<P: Protocol>(meaning: &Meaning<'_, P>, steps: Vec<Taken>) -> Vec<Step<P>> {
    steps.into_iter().map(|step| meaning.step(step)).collect()
}

/// Those of these goals, by their places among all, that show in the nodes there.
fn reached<P: Protocol>(
    scenario: &Scenario<P>,
    there: &Situation<P>,
    goals: &[usize],
) -> Vec<usize> {
    let is_reached = |goal: &usize| there.reaches(scenario, &scenario.goals[*goal]);
    goals.iter().copied().filter(is_reached).collect()
}

/// The values behind a search's numbers, and where it goes.
struct Behind<'m, 'a, P: Protocol> {
    meaning: &'m mut Meaning<'a, P>,
    to: Option<&'m Waypoint<P>>,
}

impl<P: Protocol> Values for Behind<'_, '_, P> {
    fn fill(&mut self, tables: &mut Tables, miss: Miss, slots: &[u32]) {
        self.meaning.fill(tables, miss, slots);
    }

    fn counts(&self) -> Vec<usize> {
        self.meaning.counts().collect()
    }

    fn fit(&self, layout: &Layout) -> bool {
        layout.holds(self.meaning.counts())
    }

    fn noted(&self, note: usize) -> Shown {
        let (goals, marks) = self.meaning.notes[note as u32].clone();
        Shown { goals, marks }
    }

    fn notes(&self) -> usize {
        self.meaning.notes.len()
    }

    fn look(&self, ids: &[u32], node: usize, goals: &[usize]) -> (Vec<Violation>, Vec<usize>) {
        let (scenario, there) = (self.meaning.scenario, self.meaning.situation(ids));
        let reached = reached(scenario, &there, goals);
        (there.violations(scenario, Some(NodeId::at(node))), reached)
    }

    fn is_outside(&self, ids: &[u32]) -> bool {
        let (scenario, there) = (self.meaning.scenario, self.meaning.situation(ids));
        let boundary = scenario.boundary.as_ref();
        there.panicked.is_none()
            && boundary.is_some_and(|it| !it.includes(&scenario.protocol, &there.world))
    }

    fn is_there(&self, ids: &[u32]) -> bool {
        let (scenario, there) = (self.meaning.scenario, self.meaning.situation(ids));
        let reached = |to: &Waypoint<P>| (to.reached)(&scenario.protocol, &there.world.nodes);
        there.panicked.is_none() && self.to.is_some_and(reached)
    }

    fn impurity(&self, step: Taken) -> Violation {
        let step = self.meaning.step(step);
        Violation::of_purity(&Step { choices: Vec::new(), ..step })
    }

    fn bytes(&self) -> usize {
        self.meaning.bytes()
    }
}
