//! Dead mail: messages that change nothing where they are, nor ever after.
//!
//! A model claims such messages ([`Protocol::ignores`]); the search forgets them, and worlds that
//! differ only in dead mail become one. That is sound if delivery of what was forgotten does
//! nothing in any state in which the claim is made, and if every step of the node keeps the claim.
//! Both are facts about one node and not about schedules, so that they are proved by visiting each
//! local state and each remembered handler call once: of all letters that were forgotten anywhere
//! at the node, in all local states the search has met there.

use super::meaning::Meaning;
use crate::explore::DeadMail;
use crate::mail::Links;
use crate::node::{Node, Occurrence};
use crate::protocol::{Chooser, NodeId, Outbox, Protocol};
use crate::scenario::Scenario;
use crate::shared::Shared;

/// Why dead mail must be kept in this scenario, if it must: something other than its receiver
/// looks at it.
pub(super) fn must_stay<P: Protocol>(scenario: &Scenario<P>) -> Option<&'static str> {
    let reasons = [
        (scenario.links == Links::Fifo, "on FIFO links it keeps others waiting"),
        (!scenario.patience.is_empty(), "timers wait for mail"),
        (scenario.has_world_boundary(), "the boundary looks at mail"),
        (scenario.has_invariant_on("world"), "an invariant looks at mail"),
        (scenario.has_invariant_on("quiet"), "an invariant waits until there is no mail"),
        (!scenario.waypoints.is_empty(), "the search goes by waypoints"),
    ];
    reasons.into_iter().find_map(|(stays, why)| stays.then_some(why))
}

/// Proves that what was forgotten was dead, or names where it was not.
pub(super) fn proved<P: Protocol>(meaning: &Meaning<'_, P>) -> DeadMail {
    let letters = meaning.places.iter().map(|place| place.forgotten.len()).sum::<usize>();
    if letters == 0 {
        return DeadMail::None;
    }
    let mut checks = 0;
    for at in 0..meaning.places.len() {
        match proved_at(meaning, at) {
            Ok(more) => checks += more,
            Err(why) => return DeadMail::Refuted { why },
        }
    }
    if checks == 0 {
        let why = "nothing could be checked".to_string();
        return DeadMail::Refuted { why };
    }
    DeadMail::Forgotten { letters, checks }
}

/// The number of checks made at one node, or the claim that fails.
fn proved_at<P: Protocol>(meaning: &Meaning<'_, P>, at: usize) -> Result<u64, String> {
    let (place, me) = (&meaning.places[at], NodeId::at(at));
    if place.forgotten.is_empty() {
        return Ok(0);
    }
    let protocol = &meaning.scenario.protocol;
    let mut out = Outbox::new(meaning.scenario.nodes);
    let mut checks = 0;
    // By local state: which of the forgotten letters are claimed dead there, a bit for each.
    let mut claims: Vec<Vec<u64>> = Vec::with_capacity(place.locals.len());
    for node in place.locals.iter() {
        let mut claimed = vec![0; place.forgotten.len().div_ceil(64)];
        for (number, &letter) in place.forgotten.iter().enumerate() {
            let letter = place.letter(letter);
            checks += 1;
            if protocol.ignores(me, &node.state, letter.from, &letter.message) {
                claimed[number / 64] |= 1_u64 << (number % 64);
                if node.up {
                    let (from, message) = (letter.from, letter.message.clone());
                    let what = Occurrence::Message { from, message };
                    does_nothing(protocol, me, node, what, &mut out)?;
                }
            }
        }
        claims.push(claimed);
    }
    let calls = &meaning.calls[at];
    for (before, claimed) in claims.iter().enumerate() {
        for (what, range) in calls.known.row(before as u32) {
            let (first, count) = calls.ranges[range as usize];
            for answer in &calls.answers[first as usize..(first + count) as usize] {
                checks += 1;
                let kept = &claims[answer.local as usize];
                let lost = |(old, new): (&u64, &u64)| old & !new != 0;
                if !answer.panicked() && claimed.iter().zip(kept).any(lost) {
                    let step = meaning.seen_step(me, what);
                    let (old, new) = (place.local(before as u32), place.local(answer.local));
                    return Err(format!(
                        "{me} ignores a message in {:?}, but after `{step}` no longer, in {:?}",
                        old.state, new.state
                    ));
                }
            }
        }
    }
    Ok(checks)
}

/// Delivers a letter that is claimed dead.
fn does_nothing<P: Protocol>(
    protocol: &P,
    me: NodeId,
    node: &Shared<Node<P>>,
    what: Occurrence<P>,
    out: &mut Outbox<P>,
) -> Result<(), String> {
    let Occurrence::Message { from, message } = &what else {
        unreachable!("only letters are forgotten");
    };
    let said = format!("{message:?} from {from}");
    out.chooser = Chooser::Script(Vec::new());
    let mut after = Node::clone(node);
    let came = after.happen(protocol, me, what, out);
    let silent = out.sends.is_empty() && out.events.is_empty() && out.choices.is_empty();
    if came.is_ok() && silent && after == **node {
        return Ok(());
    }
    Err(format!("{me} does not ignore {said} in {:?}, though its model says so", node.state))
}
