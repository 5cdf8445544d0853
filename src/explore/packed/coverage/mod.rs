//! What was covered, read from what the search remembers when it ends: handlers' answers
//! ([`happened`]), and the values behind the numbers ([`forms`]).

mod forms;
mod happened;
#[cfg(test)]
mod tests;

use super::meaning::Meaning;
use super::tables::Tables;
use crate::explain::shape::Shape;
use crate::explore::coverage::{Coverage, MOST, reading};
use crate::protocol::Protocol;

/// By node, and by the local states that are looked at: the parts of each.
type Parts = Vec<Vec<Vec<(String, String)>>>;

/// What a search covered; its goals say at which depth each was reached.
pub(super) fn covered<P: Protocol>(
    meaning: &Meaning<'_, P>,
    tables: &Tables,
    goals: &[(&'static str, Option<u32>)],
) -> Coverage {
    let parts: Parts = meaning
        .places
        .iter()
        .map(|place| {
            let looked_at = place.locals.iter().take(MOST);
            looked_at
                .map(|node| reading::parts(&Shape::clear(&format!("{:?}", node.state))))
                .collect()
        })
        .collect();
    let happened = happened::Happened::read(meaning, tables, &parts);
    let never = happened.never(meaning, goals);
    Coverage {
        goals: happened.goals(meaning),
        never,
        nodes: forms::of_nodes(meaning, parts),
        budgets: forms::of_ledgers(meaning),
        monitors: forms::of_monitors(meaning),
        variants: happened.variants,
        kinds: happened.kinds,
    }
}
