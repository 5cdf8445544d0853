//! What nodes, mailboxes, ledgers and monitors can be, and what they differ by.

use std::collections::BTreeSet;

use super::Parts;
use crate::explain::shape::Shape;
use crate::explore::coverage::parts::Table;
use crate::explore::coverage::{Forms, MOST, NodeForms, Part, reading};
use crate::explore::packed::meaning::Meaning;
use crate::explore::packed::place::Place;
use crate::mail::Letter;
use crate::node::Node;
use crate::protocol::{Data, NodeId, Protocol};

/// What each node can be. The parts of its local states are consumed.
pub(super) fn of_nodes<P: Protocol>(meaning: &Meaning<'_, P>, parts: Parts) -> Vec<NodeForms> {
    let places = meaning.places.iter().zip(parts).enumerate();
    places
        .map(|(at, (place, parts))| {
            let (mails, most_letters) = of_mails(place);
            NodeForms {
                node: NodeId::at(at),
                slots: place.slots.len(),
                locals: of_locals(place, parts),
                mails,
                most_letters,
            }
        })
        .collect()
}

fn of_locals<P: Protocol>(place: &Place<P>, parts: Vec<Vec<(String, String)>>) -> Forms {
    let mut table = Table::default();
    for (node, mut parts) in place.locals.iter().zip(parts) {
        let Node { state: _, timers, up, clock } = node.as_ref();
        // No field has a space in its name, so that these are not taken for fields.
        parts.push(("its timers".to_string(), format!("{timers:?}")));
        parts.push(("up or down".to_string(), if *up { "up" } else { "down" }.to_string()));
        parts.extend(clock.map(|clock| ("its clock".to_string(), clock.to_string())));
        table.add(parts);
    }
    forms(place.locals.len(), &table)
}

/// The ledgers, by what is spent.
pub(super) fn of_ledgers<P: Protocol>(meaning: &Meaning<'_, P>) -> Forms {
    let mut table = Table::default();
    for (ledger, panicked) in meaning.ledgers.iter().take(MOST) {
        let faults = ledger.faults;
        let spent = [
            ("crashes", faults.crashes),
            ("restarts", faults.restarts),
            ("wiped disks", faults.wipes),
            ("drops", faults.drops),
            ("duplicates", faults.duplicates),
        ];
        let mut parts: Vec<(String, String)> =
            spent.iter().map(|(name, spent)| ((*name).to_string(), spent.to_string())).collect();
        for (rule, fired) in meaning.scenario.timers.iter().zip(&ledger.timers) {
            parts.push((rule.name.clone(), fired.to_string()));
        }
        for (client, given) in ledger.lanes.iter().enumerate() {
            parts.push((format!("inputs of c{client}"), given.to_string()));
        }
        parts.extend(panicked.as_ref().map(|panicked| ("panic".into(), format!("{panicked:?}"))));
        table.add(parts);
    }
    forms(meaning.ledgers.len(), &table)
}

/// The monitors, by invariant.
pub(super) fn of_monitors<P: Protocol>(meaning: &Meaning<'_, P>) -> Forms {
    let invariants = meaning.scenario.invariants.iter();
    let names: Vec<&str> = invariants
        .filter(|invariant| invariant.looks_at() == "history")
        .map(|invariant| invariant.name)
        .collect();
    let mut table = Table::default();
    for watches in meaning.watches.iter().take(MOST) {
        let watches = names.iter().zip(watches.iter());
        table.add(watches.map(|(name, watch)| ((*name).to_string(), format!("{watch:?}"))));
    }
    forms(meaning.watches.len(), &table)
}

fn forms(count: usize, table: &Table) -> Forms {
    Forms { count, looked_at: count.min(MOST), different: table.different(), parts: table.parts() }
}

/// The mailboxes of a node, by kind of message, and the most letters in one.
fn of_mails<P: Protocol>(place: &Place<P>) -> (Forms, usize) {
    let kind = |letter: &Letter<P::Message>| reading::kind(&format!("{:?}", letter.message));
    let kinds: Vec<String> = place.letters.iter().map(kind).collect();
    let mails = place.mails.iter().take(MOST).map(|mail| mail.letters().iter());
    let mails: Vec<Vec<u32>> =
        mails.map(|letters| letters.map(|letter| letter.message).collect()).collect();
    let (count, different) = (place.mails.len(), mails.iter().collect::<BTreeSet<_>>().len());
    let most = mails.iter().map(Vec::len).max().unwrap_or(0);
    let met: BTreeSet<u32> = mails.iter().flatten().copied().collect();
    let names: BTreeSet<&String> = met.iter().map(|letter| &kinds[*letter as usize]).collect();
    let mut parts: Vec<Part> = names
        .into_iter()
        .map(|name| {
            let is_other = |letter: &&u32| kinds[**letter as usize] != *name;
            let rest = mails.iter().map(|mail| mail.iter().filter(is_other).collect::<Vec<_>>());
            let without = rest.collect::<BTreeSet<_>>().len();
            let of_kind = |mail: &Vec<u32>| mail.len() - mail.iter().filter(is_other).count();
            let at_once = mails.iter().map(of_kind).max().unwrap_or(0);
            let values = met.iter().filter(|letter| kinds[**letter as usize] == *name).count();
            let says = Some(match differ_by(place.letters.iter(), name) {
                by if by.is_empty() => format!("up to {at_once} at once"),
                by => format!("up to {at_once} at once, by {}", by.join(", ")),
            });
            Part { name: name.clone(), values, without, says }
        })
        .collect();
    parts.sort_by(|one, other| (one.without, &one.name).cmp(&(other.without, &other.name)));
    (Forms { count, looked_at: count.min(MOST), different, parts }, most)
}

/// By what the letters of one kind differ: the sender, fields.
fn differ_by<'a, M: Data>(letters: impl Iterator<Item = &'a Letter<M>>, kind: &str) -> Vec<String> {
    let mut table = Table::default();
    for letter in letters {
        let text = format!("{:?}", letter.message);
        if reading::kind(&text) == kind {
            let sender = ("its sender".to_string(), letter.from.to_string());
            // Fields of fields go with what they are in.
            let parts = reading::parts(&Shape::clear(&text)).into_iter();
            let parts = parts.filter(|(name, _)| !name.contains('.'));
            table.add(parts.chain([sender]));
        }
    }
    table.parts().into_iter().map(|part| part.name).collect()
}
