//! What happened, by kind and by what the node was; and what never did.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::Parts;
use crate::explain::shape::Shape;
use crate::explore::coverage::{Arm, Kind, Never, Sort, reading};
use crate::explore::packed::meaning::{Answer, DeedKind, Meaning, What};
use crate::explore::packed::tables::{Tables, UNKNOWN};
use crate::invariant::Sign;
use crate::ledger::Faults;
use crate::mail::Links;
use crate::protocol::{ClientId, NodeId, Protocol};
use crate::situation::Fate;
use crate::step::Act;

/// More variants than that are no role a node plays.
const ROLES: usize = 8;

/// What happened.
pub(super) struct Happened {
    pub(super) variants: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    /// By node and local state: its number among the variants, if it was looked at and has one.
    variant_of: Vec<Vec<Option<usize>>>,
    /// By note: how many calls left it.
    notes: BTreeMap<u32, u64>,
    /// The inputs that were asked, by number.
    asked: BTreeSet<usize>,
}

/// The kinds there may be, in order, before it is known how often each happened.
type Known = IndexMap<(Sort, String), Kind, FxBuildHasher>;

impl Happened {
    /// Reads what handlers were called for, and what they answered.
    pub(super) fn read<P: Protocol>(
        meaning: &Meaning<'_, P>,
        tables: &Tables,
        parts: &Parts,
    ) -> Happened {
        let (variants, variant_of) = variants(parts);
        let mut happened = Happened {
            variants,
            kinds: Vec::new(),
            variant_of,
            notes: BTreeMap::new(),
            asked: BTreeSet::new(),
        };
        let mut known = happened.kinds_of(meaning);
        for at in 0..meaning.places.len() {
            happened.calls_of(meaning, at, &mut known);
            happened.lost_and_doubled(meaning, tables, at, &mut known);
        }
        happened.kinds = known.into_values().filter(|kind| kind.calls > 0).collect();
        happened
    }

    /// Every kind that may have happened, in the order of its sort and then of the protocol.
    fn kinds_of<P: Protocol>(&self, meaning: &Meaning<'_, P>) -> Known {
        let mut acts: BTreeSet<(Sort, Act<P>)> = BTreeSet::new();
        for (at, calls) in meaning.calls.iter().enumerate() {
            for what in 0..calls.whats.len() as u32 {
                let act = meaning.seen_step(NodeId::at(at), what).act;
                acts.insert((sort_of(&act), by_nobody(act)));
            }
        }
        let acts = acts.iter().map(|(sort, act)| (*sort, name_of(act)));
        let faults = ["drop", "duplicate"].map(|name| (Sort::Fault, name.to_string()));
        let events: BTreeSet<&P::Event> =
            meaning.sights.iter().flat_map(|sighting| &sighting.events).collect();
        let events = events.iter().map(|event| (Sort::Event, reading::kind(&format!("{event:?}"))));
        let mut known = Known::default();
        for (sort, name) in acts.chain(faults).chain(events) {
            let (nodes, by_variant) = (Vec::new(), vec![Arm::default(); self.variants.len()]);
            let kind = Kind { sort, name: name.clone(), calls: 0, idle: 0, nodes, by_variant };
            known.entry((sort, name)).or_insert(kind);
        }
        known
    }

    /// Counts the calls of one node's handlers.
    fn calls_of<P: Protocol>(&mut self, meaning: &Meaning<'_, P>, at: usize, known: &mut Known) {
        let (me, calls) = (NodeId::at(at), &meaning.calls[at]);
        let acts: Vec<Act<P>> =
            (0..calls.whats.len()).map(|what| meaning.seen_step(me, what as u32).act).collect();
        let kinds: Vec<usize> = acts
            .iter()
            .map(|act| known.get_index_of(&(sort_of(act), name_of(act))).expect("a kind"))
            .collect();
        // By sight: the kinds of its events.
        let mut told: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
        for local in 0..meaning.places[at].locals.len() as u32 {
            for (what, range) in calls.known.row(local) {
                let (first, count) = calls.ranges[range as usize];
                let answers = &calls.answers[first as usize..][..count as usize];
                let act = &acts[what as usize];
                let idle = answers.iter().all(|answer| is_idle(meaning, at, local, act, answer));
                self.count(known, kinds[what as usize], me, local, idle);
                let mut events = BTreeSet::new();
                for answer in answers {
                    let of_sight = told
                        .entry(answer.sight)
                        .or_insert_with(|| events_of(meaning, answer.sight, known));
                    events.extend(of_sight.iter().copied());
                }
                for event in events {
                    self.count(known, event, me, local, false);
                }
                let notes: BTreeSet<u32> = answers.iter().map(|answer| answer.note).collect();
                notes.into_iter().for_each(|note| *self.notes.entry(note).or_default() += 1);
                if let Some(What::Input(input)) = calls.whats.get_index(what as usize) {
                    self.asked.insert(*input as usize);
                }
            }
        }
    }

    /// Counts the messages that were lost and doubled at one node.
    fn lost_and_doubled<P: Protocol>(
        &self,
        meaning: &Meaning<'_, P>,
        tables: &Tables,
        at: usize,
        known: &mut Known,
    ) {
        let Faults { drops, duplicates, .. } = meaning.scenario.faults;
        if drops == 0 && duplicates == 0 {
            return;
        }
        let kind = |name: &str| known.get_index_of(&(Sort::Fault, name.to_string()));
        let (drop, double) = (kind("drop").expect("a kind"), kind("duplicate").expect("a kind"));
        let place = &tables.places[at];
        for head in place.heads.iter().filter(|head| head.deeds != UNKNOWN) {
            let deeds = head.deeds..head.deeds + head.count.0;
            for deed in deeds.filter(|deed| place.deeds[*deed as usize].count > 0) {
                let kind = match meaning.calls[at].deeds[deed as usize] {
                    DeedKind::Letter(Fate::Drop, _) => drop,
                    DeedKind::Letter(Fate::Duplicate, _) => double,
                    DeedKind::Letter(Fate::Deliver, _) | DeedKind::Call(_) => continue,
                };
                self.count(known, kind, NodeId::at(at), head.local, false);
            }
        }
    }

    fn count(&self, known: &mut Known, kind: usize, me: NodeId, local: u32, idle: bool) {
        let kind = &mut known[kind];
        kind.calls += 1;
        kind.idle += u64::from(idle);
        if kind.nodes.last() != Some(&me) {
            kind.nodes.push(me);
        }
        let variants = &self.variant_of[me.index()];
        if let Some(variant) = variants.get(local as usize).copied().flatten() {
            kind.by_variant[variant].calls += 1;
            kind.by_variant[variant].idle += u64::from(idle);
        }
    }

    /// By how many calls each goal showed.
    pub(super) fn goals<P: Protocol>(
        &self,
        meaning: &Meaning<'_, P>,
    ) -> Vec<(String, Option<u64>)> {
        let calls = |goal: usize| {
            let of_note = |(note, calls): (&u32, &u64)| {
                let (goals, _) = meaning.notes.get_index(*note as usize).expect("a note");
                goals.contains(&goal).then_some(*calls)
            };
            self.notes.iter().filter_map(of_note).sum()
        };
        let goals = meaning.scenario.goals.iter().enumerate();
        goals
            .map(|(at, goal)| match goal.sign {
                Sign::Seen(_) => (goal.name.to_string(), Some(calls(at))),
                Sign::Nodes(_) => (goal.name.to_string(), None),
            })
            .collect()
    }

    /// What could have happened by the scenario, and did not.
    pub(super) fn never<P: Protocol>(
        &self,
        meaning: &Meaning<'_, P>,
        goals: &[(&'static str, Option<u32>)],
    ) -> Vec<Never> {
        let mut never = BTreeSet::new();
        let mut add = |sort: Sort, name: String, why: &str| {
            never.insert(Never { sort, name, why: why.to_string() });
        };
        let letters = meaning.places.iter().flat_map(|place| &place.letters);
        for kind in letters.map(|letter| reading::kind(&format!("{:?}", letter.message))) {
            if !self.has(Sort::Message, &kind) {
                add(Sort::Message, kind, "sent, and never delivered");
            }
        }
        self.timers_never(meaning, &mut add);
        self.inputs_never(meaning, &mut add);
        let Faults { crashes, restarts, wipes, drops, duplicates } = meaning.scenario.faults;
        let (set, clocks) = (meaning.scenario.links == Links::Set, &meaning.scenario.clocks);
        for (name, possible) in [
            ("tick", !clocks.of.is_empty() && clocks.until > 0),
            ("crash", crashes > 0),
            ("restart", restarts > 0),
            ("wiped", wipes > 0),
            ("drop", drops > 0 && !set),
            ("duplicate", duplicates > 0 && !set),
        ] {
            if possible && !self.has(Sort::Fault, name) {
                add(Sort::Fault, name.to_string(), "allowed, and never happened");
            }
        }
        for (goal, _) in goals.iter().filter(|(_, depth)| depth.is_none()) {
            add(Sort::Goal, (*goal).to_string(), "never reached");
        }
        never.into_iter().collect()
    }

    /// Inputs that were not asked, neither in this search nor before it began.
    fn inputs_never<P: Protocol>(
        &self,
        meaning: &Meaning<'_, P>,
        add: &mut impl FnMut(Sort, String, &str),
    ) {
        // The first ledger is the one that the search began with.
        let given = meaning.ledgers.first().map(|(ledger, _)| ledger.lanes.clone());
        let given = given.unwrap_or_default();
        let mut number = 0;
        for (lane, client) in meaning.scenario.lanes.iter().zip(0..) {
            let before = given.get(usize::from(client)).copied().unwrap_or(0);
            for (at, (_, input)) in lane.inputs.iter().enumerate() {
                if at >= usize::from(before) && !self.asked.contains(&number) {
                    let input = Shape::clear(&format!("{input:?}"));
                    let name = format!("{input} of {}", ClientId(client));
                    add(Sort::Input, name, "in a lane, and never asked");
                }
                number += 1;
            }
        }
    }

    /// Timers that were set and never fired, and rules for timers that were never set.
    fn timers_never<P: Protocol>(
        &self,
        meaning: &Meaning<'_, P>,
        add: &mut impl FnMut(Sort, String, &str),
    ) {
        let locals = meaning.places.iter().flat_map(|place| place.locals.iter());
        let set: BTreeSet<&P::Timer> =
            locals.flat_map(|node| node.timers.iter().map(|(timer, _)| timer)).collect();
        for timer in &set {
            let kind = reading::kind(&format!("{timer:?}"));
            if !self.has(Sort::Timer, &kind) {
                add(Sort::Timer, kind, "set, and never fired");
            }
        }
        for rule in &meaning.scenario.timers {
            if !set.iter().any(|timer| rule.of.include(timer)) {
                add(Sort::Timer, rule.name.clone(), "has a rule, and was never set");
            }
        }
    }

    fn has(&self, sort: Sort, name: &str) -> bool {
        self.kinds.iter().any(|kind| kind.sort == sort && kind.name == name)
    }
}

/// The kinds of events in a sight.
fn events_of<P: Protocol>(meaning: &Meaning<'_, P>, sight: u32, known: &Known) -> BTreeSet<usize> {
    let sighting = meaning.sights.get_index(sight as usize).expect("a sight");
    let kind = |event: &P::Event| (Sort::Event, reading::kind(&format!("{event:?}")));
    let events = sighting.events.iter();
    events.map(|event| known.get_index_of(&kind(event)).expect("a kind")).collect()
}

/// Whether nothing came of a call. A timer that has fired is no longer set: that alone is nothing.
fn is_idle<P: Protocol>(
    meaning: &Meaning<'_, P>,
    at: usize,
    local: u32,
    act: &Act<P>,
    answer: &Answer,
) -> bool {
    let said = |sight: u32| {
        let sighting = meaning.sights.get_index(sight as usize).expect("a sight");
        !sighting.events.is_empty()
    };
    let asked = matches!(act, Act::Deliver { .. } | Act::Timeout(_) | Act::Input { .. });
    let silent = answer.post == 0 && answer.own == 0 && !said(answer.sight);
    if !asked || !silent || answer.panicked() {
        return false;
    }
    let (before, after) = (meaning.places[at].local(local), meaning.places[at].local(answer.local));
    match act {
        Act::Timeout(fired) if before.state == after.state => {
            let set_before = before.timers.iter().filter(|(timer, _)| timer != fired);
            let set_after = after.timers.iter().filter(|(timer, _)| timer != fired);
            set_before.eq(set_after)
        }
        _ => answer.local == local,
    }
}

/// Of the local states of one variant: each part, and the variants it takes, if it takes no others.
type Roles<'a> = IndexMap<&'a str, Option<BTreeSet<String>>, FxBuildHasher>;

/// The variants that nodes take, and by node the variant of each local state.
fn variants(parts: &Parts) -> (Vec<String>, Vec<Vec<Option<usize>>>) {
    let own = |local: &'_ [(String, String)]| {
        let found = local.iter().find(|(name, _)| name == reading::VARIANT);
        found.map_or_else(String::new, |(_, variant)| variant.clone())
    };
    // By variant of the state: each of its parts, and the variants that it takes, if that is all.
    let mut roles: BTreeMap<String, Roles<'_>> = BTreeMap::new();
    for local in parts.iter().flatten() {
        let of_own = roles.entry(own(local)).or_default();
        for (name, text) in local.iter().filter(|(name, _)| name != reading::VARIANT) {
            let seen = of_own.entry(name).or_insert_with(|| Some(BTreeSet::new()));
            match (reading::variant(text), seen.as_mut()) {
                (Some(variant), Some(seen)) => {
                    seen.insert(variant);
                }
                (None, _) => *seen = None,
                (Some(_), None) => {}
            }
        }
    }
    let many = roles.len() > 1;
    let is_role = |(name, seen): (&&str, &Option<BTreeSet<String>>)| {
        let variants = seen.as_ref().map_or(0, BTreeSet::len);
        (2..=ROLES).contains(&variants).then(|| (*name).to_string())
    };
    let roles: BTreeMap<&str, Option<String>> =
        roles.iter().map(|(own, seen)| (own.as_str(), seen.iter().find_map(is_role))).collect();
    let mut names: IndexSet<String, FxBuildHasher> = IndexSet::default();
    let mut of_local = |local: &Vec<(String, String)>| {
        let own = own(local);
        let field = roles[own.as_str()].as_ref();
        let role = field.and_then(|field| local.iter().find(|(name, _)| name == field));
        let role = role.and_then(|(_, text)| reading::variant(text));
        let name = match (many, role) {
            (true, Some(role)) => format!("{own} {role}"),
            (true, None) => own,
            (false, Some(role)) => role,
            (false, None) => return None,
        };
        (!name.is_empty()).then(|| names.insert_full(name).0)
    };
    let variant_of =
        parts.iter().map(|locals| locals.iter().map(&mut of_local).collect()).collect();
    (names.into_iter().collect(), variant_of)
}

fn sort_of<P: Protocol>(act: &Act<P>) -> Sort {
    match act {
        Act::Deliver { .. } => Sort::Message,
        Act::Timeout(_) => Sort::Timer,
        Act::Input { .. } => Sort::Input,
        Act::Drop { .. } | Act::Duplicate { .. } => Sort::Fault,
        Act::Tick | Act::Crash | Act::Restart | Act::Wiped => Sort::Fault,
    }
}

fn name_of<P: Protocol>(act: &Act<P>) -> String {
    match act {
        Act::Deliver { message, .. } => reading::kind(&format!("{message:?}")),
        Act::Timeout(timer) => reading::kind(&format!("{timer:?}")),
        Act::Input { input, .. } => reading::kind(&format!("{input:?}")),
        Act::Drop { .. } => "drop".to_string(),
        Act::Duplicate { .. } => "duplicate".to_string(),
        Act::Tick => "tick".to_string(),
        Act::Crash => "crash".to_string(),
        Act::Restart => "restart".to_string(),
        Act::Wiped => "wiped".to_string(),
    }
}

/// The act without who sent or asked it, so that acts are in the order of their content.
fn by_nobody<P: Protocol>(act: Act<P>) -> Act<P> {
    match act {
        Act::Deliver { message, .. } => Act::Deliver { from: NodeId(0), message },
        Act::Input { input, .. } => Act::Input { client: ClientId(0), input },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variants of one node with these local states, and which is whose.
    fn of(locals: &[&str]) -> (Vec<String>, Vec<Option<usize>>) {
        let parts = locals.iter().map(|text| reading::parts(&Shape::clear(text))).collect();
        let (names, mut variant_of) = variants(&vec![parts]);
        (names, variant_of.remove(0))
    }

    #[test]
    fn a_node_is_what_its_enum_or_its_first_field_of_an_enum_says() {
        for (locals, expected) in [
            (vec!["Even(0)", "Odd(1)"], vec!["Even", "Odd"]),
            (
                vec!["Server { held: [] }", "Client(Waiting)", "Client(Inside)"],
                vec!["Server", "Client Waiting", "Client Inside"],
            ),
            (
                vec![
                    "S { term: 1, role: Free, log: Short }",
                    "S { term: 1, role: Busy(2), log: Long }",
                ],
                vec!["Free", "Busy"],
            ),
            (vec!["S { at: A { phase: One } }", "S { at: A { phase: Two } }"], vec!["One", "Two"]),
            // None of these is an enum of the protocol, or it never varies.
            (vec!["S { held: None }", "S { held: Some(1) }"], vec![]),
            (vec!["S { held: Free }", "S { held: Free }"], vec![]),
            (vec!["S { held: Free }", "S { held: [] }"], vec![]),
            (vec!["S { term: Term(1) }", "S { term: Term(2) }"], vec![]),
            (vec!["1", "2"], vec![]),
            (vec![], vec![]),
        ] {
            assert_eq!(of(&locals).0, expected, "{locals:?}");
        }
    }

    #[test]
    fn an_enum_of_very_many_variants_is_no_role() {
        let states: Vec<String> = (0..9).map(|at| format!("S {{ at: At{at} }}")).collect();
        let states: Vec<&str> = states.iter().map(String::as_str).collect();
        assert_eq!(of(&states), (vec![], vec![None; 9]));
        assert_eq!(of(&states[..8]).0.len(), 8);
    }
}
