//! What happened, by kind and by what the node was; and what never did.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxBuildHasher;

use super::Parts;
use super::told::{PlaceTold, Told};
use crate::explore::coverage::{Arm, Kind, Never, Sort, reading};
use crate::ledger::Faults;
use crate::protocol::{ClientId, NodeId};

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
    pub(super) fn read(told: &Told, parts: &Parts) -> Happened {
        let (variants, variant_of) = variants(parts);
        let mut happened = Happened {
            variants,
            kinds: Vec::new(),
            variant_of,
            notes: BTreeMap::new(),
            asked: BTreeSet::new(),
        };
        let mut known = happened.kinds_of(told);
        for (at, place) in told.places.iter().enumerate() {
            happened.calls_of(told, NodeId::at(at), place, &mut known);
            happened.lost_and_doubled(told, NodeId::at(at), place, &mut known);
        }
        happened.kinds = known.into_values().filter(|kind| kind.calls > 0).collect();
        happened
    }

    /// Every kind that may have happened, in the order of its sort and then of the protocol.
    fn kinds_of(&self, told: &Told) -> Known {
        let faults = ["drop", "duplicate"].map(|name| (Sort::Fault, name.to_string()));
        let events = told.events.iter().map(|name| (Sort::Event, name.clone()));
        let mut known = Known::default();
        for (sort, name) in told.acts.iter().cloned().chain(faults).chain(events) {
            let (nodes, by_variant) = (Vec::new(), vec![Arm::default(); self.variants.len()]);
            let kind = Kind { sort, name: name.clone(), calls: 0, idle: 0, nodes, by_variant };
            known.entry((sort, name)).or_insert(kind);
        }
        known
    }

    /// Counts the calls of one node's handlers.
    fn calls_of(&mut self, told: &Told, me: NodeId, place: &PlaceTold, known: &mut Known) {
        let number = |kind: &(Sort, String)| known.get_index_of(kind).expect("a kind");
        let kinds: Vec<usize> = place.whats.iter().map(number).collect();
        let kinds_of = |events: &Vec<String>| -> BTreeSet<usize> {
            events.iter().map(|event| number(&(Sort::Event, event.clone()))).collect()
        };
        let told: Vec<BTreeSet<usize>> = told.sights.iter().map(kinds_of).collect();
        for call in &place.calls {
            self.count(known, kinds[call.what as usize], me, call.local, call.idle);
            let sights = call.answers.iter().map(|(sight, _)| &told[*sight as usize]);
            let events: BTreeSet<usize> = sights.flatten().copied().collect();
            for event in events {
                self.count(known, event, me, call.local, false);
            }
            let notes: BTreeSet<u32> = call.answers.iter().map(|(_, note)| *note).collect();
            notes.into_iter().for_each(|note| *self.notes.entry(note).or_default() += 1);
            self.asked.extend(call.input.map(|input| input as usize));
        }
    }

    /// Counts the messages that were lost and doubled at one node.
    fn lost_and_doubled(&self, told: &Told, me: NodeId, place: &PlaceTold, known: &mut Known) {
        let Faults { drops, duplicates, .. } = told.faults;
        if drops == 0 && duplicates == 0 {
            return;
        }
        let kind = |name: &str| known.get_index_of(&(Sort::Fault, name.to_string()));
        let (drop, double) = (kind("drop").expect("a kind"), kind("duplicate").expect("a kind"));
        for &(local, lost) in &place.faults {
            self.count(known, if lost { drop } else { double }, me, local, false);
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
    pub(super) fn goals(&self, told: &Told) -> Vec<(String, Option<u64>)> {
        let calls = |goal: usize| {
            let of_note = |(note, calls): (&u32, &u64)| {
                told.notes[*note as usize].contains(&goal).then_some(*calls)
            };
            self.notes.iter().filter_map(of_note).sum()
        };
        let goals = told.goals.iter().enumerate();
        goals.map(|(at, (name, seen))| ((*name).to_string(), seen.then(|| calls(at)))).collect()
    }

    /// What could have happened by the scenario, and did not.
    pub(super) fn never(&self, told: &Told, goals: &[(&'static str, Option<u32>)]) -> Vec<Never> {
        let mut never = BTreeSet::new();
        let mut add = |sort: Sort, name: String, why: &str| {
            never.insert(Never { sort, name, why: why.to_string() });
        };
        let letters = told.places.iter().flat_map(|place| &place.letters);
        for kind in letters.map(|(_, text)| reading::kind(text)) {
            if !self.has(Sort::Message, &kind) {
                add(Sort::Message, kind, "sent, and never delivered");
            }
        }
        for kind in &told.timers {
            if !self.has(Sort::Timer, kind) {
                add(Sort::Timer, kind.clone(), "set, and never fired");
            }
        }
        for (rule, _) in told.rules.iter().filter(|(_, set)| !set) {
            add(Sort::Timer, rule.clone(), "has a rule, and was never set");
        }
        self.inputs_never(told, &mut add);
        let Faults { crashes, restarts, wipes, drops, duplicates } = told.faults;
        for (name, possible) in [
            ("tick", told.clocks),
            ("crash", crashes > 0),
            ("restart", restarts > 0),
            ("wiped", wipes > 0),
            ("drop", drops > 0 && !told.set),
            ("duplicate", duplicates > 0 && !told.set),
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
    fn inputs_never(&self, told: &Told, add: &mut impl FnMut(Sort, String, &str)) {
        // The first ledger is the one that the search began with.
        let given = told.ledgers.first().map(|(ledger, _)| ledger.lanes.clone());
        let given = given.unwrap_or_default();
        let mut number = 0;
        for (lane, client) in told.lanes.iter().zip(0..) {
            let before = given.get(usize::from(client)).copied().unwrap_or(0);
            for (at, input) in lane.iter().enumerate() {
                if at >= usize::from(before) && !self.asked.contains(&number) {
                    let name = format!("{input} of {}", ClientId(client));
                    add(Sort::Input, name, "in a lane, and never asked");
                }
                number += 1;
            }
        }
    }

    fn has(&self, sort: Sort, name: &str) -> bool {
        self.kinds.iter().any(|kind| kind.sort == sort && kind.name == name)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::shape::Shape;

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
