//! What an exploration covered, as plain data: what happened, what never did, and what the space is
//! large by.
//!
//! Nothing here is counted over states. The packed search remembers each handler's answer, by local
//! state and what happened to it, and numbers each local state, mailbox, ledger and set of monitors;
//! a global state is a tuple of these. So those tables say which arms of the handlers were ever
//! taken, and leaving a field of a local state out of the table says how many local states it makes.

pub(super) mod parts;
pub(super) mod reading;

use serde::Serialize;

use crate::protocol::NodeId;

/// What an exploration covered, read from what the packed search remembers.
///
/// Where a search ended early, it may have asked a little ahead of its end; that counts, too.
/// Behind a prefix or waypoints, only what the search behind them did is counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Coverage {
    /// Steps before this search began, which are not counted: prefix and waypoints.
    pub begun_at: usize,
    /// What a node can be when something happens to it: the variants of its state, or of the first
    /// field that is an enum. Empty where there are no variants.
    pub variants: Vec<String>,
    /// What happened, by kind, in the order of [`Sort`] and then in the protocol's own.
    pub kinds: Vec<Kind>,
    /// By how many calls each goal showed. `None` for a goal that shows in the nodes: it is looked
    /// for until it is first reached.
    pub goals: Vec<(String, Option<u64>)>,
    /// What could have happened by the scenario, and never did.
    pub never: Vec<Never>,
    /// What each node can be.
    pub nodes: Vec<NodeForms>,
    /// The ledgers: how much of each budget is spent.
    pub budgets: Forms,
    /// The monitors of the history, all of them together.
    pub monitors: Forms,
}

/// A sort of thing that can happen or be told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// A message that arrives.
    Message,
    /// A timer that fires.
    Timer,
    /// An input.
    Input,
    /// A tick, a crash, a restart, a wiped disk, a message lost or doubled.
    Fault,
    /// An event that a node tells.
    Event,
    /// A goal.
    Goal,
}

/// How often one kind of thing happened.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Kind {
    /// What sort of thing.
    pub sort: Sort,
    /// Its kind: the name of the variant, as `Debug` prints it. Empty where that is no name.
    pub name: String,
    /// How many calls were remembered: pairs of a local state and what happened to it, such as a
    /// message with its sender. For messages lost and doubled: pairs of a mailbox with its node,
    /// and the message. For events: calls that told one.
    pub calls: u64,
    /// In how many of these calls nothing came of it: the state stayed as it was, nothing was sent,
    /// told or set. That a timer is no longer set once it has fired does not count. Only messages,
    /// timers and inputs are asked.
    pub idle: u64,
    /// The nodes where it happened.
    pub nodes: Vec<NodeId>,
    /// The same by [`variants`](Coverage::variants), in their order. Local states beyond the first
    /// [`MOST`] of a node are not looked at, so that these may be fewer in sum.
    pub by_variant: Vec<Arm>,
}

/// How often something happened to nodes of one variant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Arm {
    /// How many calls were remembered.
    pub calls: u64,
    /// In how many nothing came of it.
    pub idle: u64,
}

/// Something that never happened.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Never {
    /// What sort of thing.
    pub sort: Sort,
    /// Which.
    pub name: String,
    /// How one knows that it could have.
    pub why: String,
}

/// What one node can be.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NodeForms {
    /// The node.
    pub node: NodeId,
    /// Different slots: local states with a mailbox. States are tuples of these.
    pub slots: usize,
    /// Its local states: state, timers, up or down, clock. Parts are fields.
    pub locals: Forms,
    /// Its mailboxes. Parts are the kinds of messages.
    pub mails: Forms,
    /// The most messages that were on their way to it at once.
    pub most_letters: usize,
}

/// At most so many local states, mailboxes, ledgers and monitors each are taken apart.
pub const MOST: usize = 20_000;

/// Many values of one type, and what they differ by.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Forms {
    /// How many there are.
    pub count: usize,
    /// How many of them were taken apart: the first [`MOST`].
    pub looked_at: usize,
    /// How many different ones these are, as they are printed.
    pub different: usize,
    /// The parts by which they differ. Those without which fewest are left come first.
    pub parts: Vec<Part>,
}

/// One part of many values: a field, or the messages of one kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Part {
    /// Its name: `term`, `role.votes`.
    pub name: String,
    /// How many values it takes; of a kind of messages, how many different ones there are.
    pub values: usize,
    /// How many different ones of the whole would remain, were it left out.
    pub without: usize,
    /// Its values in a few words, where they can be told so: `0 to 3`, `up to 2 long`.
    pub says: Option<String>,
}

/// Something that could be bounded, and how much smaller the parts of the space would be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lever {
    /// What to bound.
    pub of: LeverOf,
    /// The part's name.
    pub name: String,
    /// Where: the node, or none for ledgers and monitors; how many forms there are, and how many
    /// without it. The largest gain first.
    pub gains: Vec<(Option<NodeId>, usize, usize)>,
}

/// What a [`Lever`] bounds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LeverOf {
    /// A field of local states.
    Field,
    /// Messages of a kind.
    Messages,
    /// A budget.
    Budget,
    /// What a monitor remembers.
    Monitor,
}

impl Coverage {
    /// What could be bounded, by how much smaller the parts of the space would be without it: the
    /// product over all nodes, for a state is a tuple of what its nodes are. An upper bound on what
    /// it takes off the states, for parts do not occur in every combination.
    pub fn levers(&self) -> Vec<Lever> {
        let mut levers: Vec<Lever> = Vec::new();
        let all = self.nodes.iter().flat_map(|node| {
            let at = Some(node.node);
            [(LeverOf::Field, at, &node.locals), (LeverOf::Messages, at, &node.mails)]
        });
        let rest =
            [(LeverOf::Budget, None, &self.budgets), (LeverOf::Monitor, None, &self.monitors)];
        for (of, at, forms) in all.chain(rest) {
            // What lies deeper is bounded with what it lies in, and nothing is left of a value
            // without itself.
            let whole = [reading::VARIANT, reading::VALUE];
            let parts = forms.parts.iter();
            let parts = parts
                .filter(|part| !part.name.contains('.') && !whole.contains(&part.name.as_str()));
            for part in parts.filter(|part| part.without < forms.different) {
                let gain = (at, forms.different, part.without);
                match levers.iter_mut().find(|one| one.of == of && one.name == part.name) {
                    Some(known) => known.gains.push(gain),
                    None => levers.push(Lever { of, name: part.name.clone(), gains: vec![gain] }),
                }
            }
        }
        for lever in &mut levers {
            lever.gains.sort_by(|one, other| ratio(other).total_cmp(&ratio(one)));
        }
        let product = |lever: &Lever| lever.gains.iter().map(ratio).product::<f64>();
        levers.sort_by(|one, other| {
            let by_gain = product(other).total_cmp(&product(one));
            by_gain.then_with(|| (one.of, &one.name).cmp(&(other.of, &other.name)))
        });
        levers
    }
}

/// How many times more there are with it than without.
fn ratio((_, with, without): &(Option<NodeId>, usize, usize)) -> f64 {
    *with as f64 / (*without).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(different: usize, parts: &[(&str, usize)]) -> Forms {
        let part = |(name, without): &(&str, usize)| Part {
            name: (*name).to_string(),
            values: 2,
            without: *without,
            says: None,
        };
        let parts = parts.iter().map(part).collect();
        Forms { count: different, looked_at: different, different, parts }
    }

    fn node(at: u8, locals: Forms, mails: Forms) -> NodeForms {
        NodeForms { node: NodeId(at), slots: 0, locals, mails, most_letters: 0 }
    }

    #[test]
    fn what_makes_most_over_all_nodes_is_the_first_to_bound() {
        let coverage = Coverage {
            nodes: vec![
                node(
                    0,
                    forms(12, &[("its value", 1), ("log", 4), ("term", 6), ("idle", 12)]),
                    Forms::default(),
                ),
                node(1, forms(12, &[("term", 3), ("role.votes", 1)]), forms(8, &[("Ask", 2)])),
            ],
            budgets: forms(10, &[("crashes", 1)]),
            monitors: forms(4, &[("agreement", 1)]),
            ..Coverage::default()
        };
        let found: Vec<_> = coverage.levers();
        let names: Vec<_> = found.iter().map(|lever| (lever.of, lever.name.as_str())).collect();
        assert_eq!(
            names,
            [
                (LeverOf::Budget, "crashes"),
                (LeverOf::Field, "term"),
                (LeverOf::Messages, "Ask"),
                (LeverOf::Monitor, "agreement"),
                (LeverOf::Field, "log"),
            ]
        );
        let at = |node: u8| Some(NodeId(node));
        assert_eq!(found[1].gains, [(at(1), 12, 3), (at(0), 12, 6)]);
    }

    #[test]
    fn where_nothing_differs_there_is_nothing_to_bound() {
        assert_eq!(Coverage::default().levers(), []);
    }
}
