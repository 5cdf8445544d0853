//! Replacing a few steps by fewer that a search finds.

use std::collections::BTreeSet;

use super::Work;
use super::fit::{Following, Rewriting, Texts, fails_from};
use super::search::within_budget_of;
use crate::protocol::{Outbox, Protocol};
use crate::scenario::Scenario;
use crate::situation::Situation;
use crate::step::Step;

/// The longest window that is replaced.
const WIDEST: usize = 4;

/// The most situations searched for a replacement of one window.
const MOST_SITUATIONS: usize = 1_500;

/// Replaces windows of two to four steps by fewer, as long as that helps.
pub(super) fn replace<P: Protocol>(work: &mut Work<'_, P>) {
    let mut width = 2;
    while width <= WIDEST {
        let shorter = replace_some(work, width);
        if work.spent() {
            return;
        }
        width = if shorter { 2 } else { width + 1 };
    }
}

/// Replaces the first window of that width that can be. Says whether one was.
fn replace_some<P: Protocol>(work: &mut Work<'_, P>, width: usize) -> bool {
    let mut texts = std::mem::replace(&mut work.texts, Texts::new());
    let replaced = replace_one(work, width, &mut texts);
    work.texts = texts;
    replaced
}

fn replace_one<P: Protocol>(
    work: &mut Work<'_, P>,
    width: usize,
    texts: &mut Texts<P::Message>,
) -> bool {
    let scenario = within_budget_of(&work.scenario, &work.trace);
    let mut out = Outbox::new(scenario.nodes);
    let mut following = Following::new(&scenario, Rewriting::MostAlike, texts);
    let mut here = Situation::first(&scenario);
    for start in 0..work.trace.len().saturating_sub(width - 1) {
        let rest = work.trace[start + width..].to_vec();
        let way = work.trace[..start].to_vec();
        for (steps, there) in detours(&scenario, &here, width - 1) {
            if work.spent() {
                return false;
            }
            work.tries += 1;
            let taken: Vec<Step<P>> = way.iter().cloned().chain(steps).collect();
            let like = &work.violation;
            if let Some((trace, violation)) =
                fails_from(&scenario, (there, taken), &rest, like, &mut following)
                && trace.len() < work.trace.len()
            {
                (work.trace, work.violation) = (trace, violation);
                return true;
            }
        }
        here.take(&scenario, &work.trace[start].clone(), &mut out);
    }
    false
}

/// Every situation within that many steps of this one, each by a shortest way, nearest first.
fn detours<P: Protocol>(
    scenario: &Scenario<P>,
    here: &Situation<P>,
    most: usize,
) -> Vec<(Vec<Step<P>>, Situation<P>)> {
    let mut out = Outbox::new(scenario.nodes);
    let mut known = BTreeSet::from([here.clone()]);
    let mut found = vec![(Vec::new(), here.clone())];
    let mut next = 0;
    while next < found.len() && found.len() < MOST_SITUATIONS {
        let (way, there) = found[next].clone();
        next += 1;
        if way.len() >= most {
            break;
        }
        for act in there.acts(scenario, &mut BTreeSet::new()) {
            there.outcomes(scenario, &act, &mut out, |step, after, _| {
                if known.insert(after.clone()) {
                    found.push((way.iter().cloned().chain([step]).collect(), after));
                }
            });
        }
    }
    found
}
