//! Replaying a trace whose steps may no longer fit.
//!
//! When steps are left out, terms and indices inside later messages shift. A step whose exact
//! content is gone is matched by its link and the kind of its message, and rewritten; a step that
//! fits nothing is left out.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::rc::Rc;

use crate::mail::Letter;
use crate::protocol::{Data, NodeId, Outbox, Protocol};
use crate::scenario::Scenario;
use crate::situation::{Situation, Violation};
use crate::step::{Act, Step};

/// Which message a step is rewritten to, where several of its kind are on the same link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Rewriting {
    /// The one whose content is most like the step's.
    MostAlike,
    /// The first, by content.
    First,
    /// The last, by content.
    Last,
}

impl Rewriting {
    /// All of them, the most promising first.
    pub(super) const ALL: [Rewriting; 3] =
        [Rewriting::MostAlike, Rewriting::First, Rewriting::Last];

    fn pick<'a, M: Data>(
        self,
        among: &[&'a Letter<M>],
        like: &M,
        texts: &mut Texts<M>,
    ) -> Option<&'a Letter<M>> {
        match self {
            Rewriting::MostAlike => {
                let like = texts.of(like);
                let alike = |letter: &&&Letter<M>| common(&texts.of(&letter.message), &like);
                among.iter().max_by_key(alike).copied()
            }
            Rewriting::First => among.first().copied(),
            Rewriting::Last => among.last().copied(),
        }
    }
}

/// How many bytes two texts have in common at their beginning and their end.
fn common(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let same = |(a, b): &(&u8, &u8)| a == b;
    one.iter().zip(other).take_while(same).count()
        + one.iter().rev().zip(other.iter().rev()).take_while(same).count()
}

/// What messages print. The same few are compared over and over while a trace shrinks, and printing
/// them took most of the time.
pub(super) struct Texts<M>(BTreeMap<M, Rc<str>>);

impl<M: Data> Texts<M> {
    /// They are printed again when they are forgotten, so some will do.
    const MOST: usize = 1 << 14;

    pub(super) fn new() -> Texts<M> {
        Texts(BTreeMap::new())
    }

    fn of(&mut self, message: &M) -> Rc<str> {
        if let Some(text) = self.0.get(message) {
            return Rc::clone(text);
        }
        if self.0.len() >= Self::MOST {
            self.0.clear();
        }
        let text: Rc<str> = format!("{message:?}").into();
        self.0.insert(message.clone(), Rc::clone(&text));
        text
    }
}

/// What following a trace takes: how steps are rewritten, and what is used again.
pub(super) struct Following<'t, P: Protocol> {
    rewriting: Rewriting,
    texts: &'t mut Texts<P::Message>,
    out: Outbox<P>,
}

impl<'t, P: Protocol> Following<'t, P> {
    pub(super) fn new(
        scenario: &Scenario<P>,
        rewriting: Rewriting,
        texts: &'t mut Texts<P::Message>,
    ) -> Following<'t, P> {
        Following { rewriting, texts, out: Outbox::new(scenario.nodes) }
    }
}

/// The steps that happen when this trace is followed as well as it goes, up to where the same
/// invariant breaks for the same kind of reason; nothing if it does not.
pub(super) fn fails<P: Protocol>(
    scenario: &Scenario<P>,
    steps: &[Step<P>],
    like: &Violation,
    following: &mut Following<'_, P>,
) -> Option<(Vec<Step<P>>, Violation)> {
    let start = (Situation::first(scenario), Vec::new());
    fails_from(scenario, start, steps, like, following)
}

/// As [`fails`], from a situation that these steps have led to.
pub(super) fn fails_from<P: Protocol>(
    scenario: &Scenario<P>,
    (mut here, mut taken): (Situation<P>, Vec<Step<P>>),
    steps: &[Step<P>],
    like: &Violation,
    following: &mut Following<'_, P>,
) -> Option<(Vec<Step<P>>, Violation)> {
    if let Some(violation) = same_failure(scenario, &here, None, like) {
        return Some((taken, violation));
    }
    if here.panicked.is_some() {
        return None;
    }
    for step in steps {
        let Some(mut step) = fitting(scenario, &here, step, following) else { continue };
        here.take(scenario, &step, &mut following.out);
        step.choices = following.out.choices.iter().map(|choice| choice.taken).collect();
        let node = step.node;
        taken.push(step);
        if let Some(violation) = same_failure(scenario, &here, Some(node), like) {
            return Some((taken, violation));
        }
        if here.panicked.is_some() {
            return None;
        }
    }
    None
}

/// The violation here that is of the same invariant and the same kind of reason.
pub(super) fn same_failure<P: Protocol>(
    scenario: &Scenario<P>,
    here: &Situation<P>,
    changed: Option<NodeId>,
    like: &Violation,
) -> Option<Violation> {
    here.violations(scenario, changed).into_iter().find(|violation| same_kind(violation, like))
}

/// Whether two violations are of one invariant and one kind of reason.
pub(super) fn same_kind(one: &Violation, other: &Violation) -> bool {
    one.invariant == other.invariant && kind(&one.reason) == kind(&other.reason)
}

/// A reason without its values: numbers become `#`, and so does all that is in brackets.
fn kind(reason: &str) -> String {
    let mut kind = String::new();
    let mut depth = 0_u32;
    for letter in reason.chars() {
        match letter {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if letter.is_ascii_digit() => {
                if !kind.ends_with('#') {
                    kind.push('#');
                }
            }
            _ => kind.push(letter),
        }
    }
    kind
}

/// The step itself if it can happen here; else the same kind of thing on the same link; else none.
fn fitting<P: Protocol>(
    scenario: &Scenario<P>,
    here: &Situation<P>,
    step: &Step<P>,
    following: &mut Following<'_, P>,
) -> Option<Step<P>> {
    if here.world.possible(scenario, step).is_ok() {
        return Some(step.clone());
    }
    let rewritten = |act| Step { node: step.node, act, choices: step.choices.clone() };
    let mut similar = |from: NodeId, message: &P::Message| {
        let mail = here.world.mail.get(step.node.index())?;
        let alike = |letter: &&Letter<P::Message>| {
            letter.from == from && discriminant(&letter.message) == discriminant(message)
        };
        let alike: Vec<&Letter<P::Message>> =
            mail.deliverable(scenario.links).filter(alike).collect();
        let letter = match &alike[..] {
            [only] => only,
            several => following.rewriting.pick(several, message, following.texts)?,
        };
        Some(letter.message.clone())
    };
    let step = match &step.act {
        Act::Deliver { from, message } => {
            let message = similar(*from, message)?;
            rewritten(Act::Deliver { from: *from, message })
        }
        Act::Drop { from, message } => {
            let message = similar(*from, message)?;
            rewritten(Act::Drop { from: *from, message })
        }
        Act::Duplicate { from, message } => {
            let message = similar(*from, message)?;
            rewritten(Act::Duplicate { from: *from, message })
        }
        Act::Timeout(_)
        | Act::Input { .. }
        | Act::Tick
        | Act::Crash
        | Act::Restart
        | Act::Wiped => return None,
    };
    here.world.possible(scenario, &step).is_ok().then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_of_one_kind_when_only_their_values_differ() {
        let violation = |reason: &str| Violation {
            invariant: "election-safety".to_string(),
            reason: reason.to_string(),
        };
        let two = violation("term 2 has two leaders: n0, then n2");
        for (other, same) in
            [("term 13 has two leaders: n4, then n1", true), ("term 2 has no leader", false)]
        {
            assert_eq!(same_kind(&two, &violation(other)), same, "{other}");
        }
        let lost = violation("n1 lost [1, 2]");
        assert!(same_kind(&lost, &violation("n2 lost [7]")), "lists of any length");
    }
}
