//! What nodes, mailboxes, ledgers and monitors can be, and what they differ by.

use std::collections::BTreeSet;

use super::Parts;
use super::told::{LocalTold, PlaceTold, Told};
use crate::explain::shape::Shape;
use crate::explore::coverage::parts::Table;
use crate::explore::coverage::{Forms, MOST, NodeForms, Part, reading};
use crate::protocol::NodeId;

/// What each node can be. The parts of its local states are consumed.
pub(super) fn of_nodes(told: &Told, parts: Parts) -> Vec<NodeForms> {
    let places = told.places.iter().zip(parts).enumerate();
    places
        .map(|(at, (place, parts))| {
            let (mails, most_letters) = of_mails(place);
            NodeForms {
                node: NodeId::at(at),
                slots: place.slots,
                locals: of_locals(place, parts),
                mails,
                most_letters,
            }
        })
        .collect()
}

fn of_locals(place: &PlaceTold, parts: Vec<Vec<(String, String)>>) -> Forms {
    let mut table = Table::default();
    for (local, mut parts) in place.locals.iter().zip(parts) {
        let LocalTold { state: _, timers, up, clock } = local;
        // No field has a space in its name, so that these are not taken for fields.
        parts.push(("its timers".to_string(), timers.clone()));
        parts.push(("up or down".to_string(), if *up { "up" } else { "down" }.to_string()));
        parts.extend(clock.map(|clock| ("its clock".to_string(), clock.to_string())));
        table.add(parts);
    }
    forms(place.local_count, &table)
}

/// The ledgers, by what is spent.
pub(super) fn of_ledgers(told: &Told) -> Forms {
    let mut table = Table::default();
    for (ledger, panicked) in &told.ledgers {
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
        for ((rule, _), fired) in told.rules.iter().zip(&ledger.timers) {
            parts.push((rule.clone(), fired.to_string()));
        }
        for (client, given) in ledger.lanes.iter().enumerate() {
            parts.push((format!("inputs of c{client}"), given.to_string()));
        }
        parts.extend(panicked.as_ref().map(|panicked| ("panic".into(), panicked.clone())));
        table.add(parts);
    }
    forms(told.ledger_count, &table)
}

/// The monitors, by invariant.
pub(super) fn of_monitors(told: &Told) -> Forms {
    let mut table = Table::default();
    told.monitors.iter().for_each(|watches| table.add(watches.iter().cloned()));
    forms(told.monitor_count, &table)
}

fn forms(count: usize, table: &Table) -> Forms {
    Forms { count, looked_at: count.min(MOST), different: table.different(), parts: table.parts() }
}

/// The mailboxes of a node, by kind of message, and the most letters in one.
fn of_mails(place: &PlaceTold) -> (Forms, usize) {
    let kinds: Vec<String> = place.letters.iter().map(|(_, text)| reading::kind(text)).collect();
    let mails = &place.mails;
    let (count, different) = (place.mail_count, mails.iter().collect::<BTreeSet<_>>().len());
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
            let says = Some(match differ_by(&place.letters, name) {
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
fn differ_by(letters: &[(NodeId, String)], kind: &str) -> Vec<String> {
    let mut table = Table::default();
    for (from, text) in letters.iter().filter(|(_, text)| reading::kind(text) == kind) {
        let sender = ("its sender".to_string(), from.to_string());
        // Fields of fields go with what they are in.
        let parts = reading::parts(&Shape::clear(text)).into_iter();
        let parts = parts.filter(|(name, _)| !name.contains('.'));
        table.add(parts.chain([sender]));
    }
    table.parts().into_iter().map(|part| part.name).collect()
}
