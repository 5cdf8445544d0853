//! Who stands where in a chain of replicas, epoch by epoch.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// The number of a layout: the master gives each a higher one.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The number after it.
    pub fn next(self) -> Epoch {
        Epoch(self.0 + 1)
    }
}

/// How often a server has started: its first life is 1. A fail-stop server never recovers, so what
/// comes back is another one, and this tells them apart.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Life(pub u16);

impl Life {
    /// The one after it.
    pub fn next(self) -> Life {
        Life(self.0 + 1)
    }
}

/// A server in one of its lives; written `n3` in the first and `n3_2` in the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replica {
    /// The server.
    pub server: NodeId,
    /// The life.
    pub life: Life,
}

impl Replica {
    /// A server in its first life.
    pub fn first(server: NodeId) -> Replica {
        Replica { server, life: Life(1) }
    }
}

impl fmt::Debug for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.life {
            Life(1) => write!(f, "{}", self.server),
            Life(life) => write!(f, "{}_{life}", self.server),
        }
    }
}

/// A chain of replicas, and the server that is about to become its last.
///
/// ```
/// use splitbrain::NodeId;
/// use splitbrain_models::parts::layout::{Layout, Life, Replica};
///
/// let [a, b, c] = [NodeId(1), NodeId(2), NodeId(3)];
/// let layout = Layout::of([a, b, c]).without(a);
/// assert_eq!((layout.head(), layout.tail()), (Some(b), Some(c)));
/// let layout = layout.with_joining(Replica { server: a, life: Life(2) });
/// assert_eq!((layout.successor(c), layout.tail()), (Some(a), None));
/// assert_eq!(layout.joined().tail(), Some(a));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Its number. Of two layouts the one with the higher holds.
    pub epoch: Epoch,
    /// The members, head first.
    pub chain: Vec<Replica>,
    /// The server that is given what the last member has, to become the tail.
    pub joining: Option<Replica>,
}

impl Layout {
    /// The first layout: these servers, in their first lives.
    pub fn of(chain: impl IntoIterator<Item = NodeId>) -> Layout {
        let chain = chain.into_iter().map(Replica::first).collect();
        Layout { epoch: Epoch(1), chain, joining: None }
    }

    /// The first member.
    pub fn head(&self) -> Option<NodeId> {
        self.chain.first().map(|member| member.server)
    }

    /// The last member; none while a server joins: the last member then is the tail no more, and
    /// the server that joins is not the tail yet.
    pub fn tail(&self) -> Option<NodeId> {
        match self.joining {
            Some(_) => None,
            None => self.last(),
        }
    }

    /// The last member.
    pub fn last(&self) -> Option<NodeId> {
        self.chain.last().map(|member| member.server)
    }

    /// Whether that server is a member, in whichever life.
    pub fn contains(&self, server: NodeId) -> bool {
        self.place(server).is_some()
    }

    /// Whom that member passes updates on to: the next, or the server that joins.
    pub fn successor(&self, of: NodeId) -> Option<NodeId> {
        let next = self.place(of)? + 1;
        self.chain.get(next).or(self.joining.as_ref()).map(|next| next.server)
    }

    /// Whom that server is passed updates by.
    pub fn predecessor(&self, of: NodeId) -> Option<NodeId> {
        if self.joins(of) {
            return self.last();
        }
        let before = self.place(of)?.checked_sub(1)?;
        Some(self.chain[before].server)
    }

    /// Whether that server joins, in whichever life.
    pub fn joins(&self, server: NodeId) -> bool {
        self.joining.is_some_and(|joining| joining.server == server)
    }

    /// The next layout, without that server.
    pub fn without(&self, server: NodeId) -> Layout {
        let mut next = self.renewed();
        next.chain.retain(|member| member.server != server);
        next.joining = next.joining.filter(|joining| joining.server != server);
        next
    }

    /// The next layout, in which that server joins.
    pub fn with_joining(&self, replica: Replica) -> Layout {
        Layout { joining: Some(replica), ..self.renewed() }
    }

    /// The next layout, in which the server that joined is a member: the last one.
    pub fn joined(&self) -> Layout {
        let mut next = self.renewed();
        next.chain.extend(next.joining.take());
        next
    }

    /// The same layout under the next number.
    pub fn renewed(&self) -> Layout {
        Layout { epoch: self.epoch.next(), ..self.clone() }
    }

    fn place(&self, of: NodeId) -> Option<usize> {
        self.chain.iter().position(|member| member.server == of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours() {
        let [a, b, c, d] = [1, 2, 3, 4].map(NodeId);
        let plain = Layout::of([a, b, c]);
        let joining = plain.with_joining(Replica::first(d));
        let alone = Layout::of([a]);
        let table = [
            ("the head has only a successor", &plain, a, None, Some(b)),
            ("a middle has both", &plain, b, Some(a), Some(c)),
            ("the tail has only a predecessor", &plain, c, Some(b), None),
            ("a stranger has neither", &plain, d, None, None),
            ("the last member passes on to whoever joins", &joining, c, Some(b), Some(d)),
            ("whoever joins has a predecessor", &joining, d, Some(c), None),
            ("one alone has neither", &alone, a, None, None),
        ];
        for (sentence, layout, of, before, after) in table {
            assert_eq!(layout.predecessor(of), before, "{sentence}");
            assert_eq!(layout.successor(of), after, "{sentence}");
        }
    }

    #[test]
    fn each_change_makes_a_layout_of_the_next_epoch() {
        let [a, b, c] = [1, 2, 3].map(NodeId);
        let both = Layout::of([a, b]);
        let layout = |epoch, chain: &[NodeId], joining: Option<NodeId>| Layout {
            epoch: Epoch(epoch),
            chain: chain.iter().copied().map(Replica::first).collect(),
            joining: joining.map(Replica::first),
        };
        let joining = both.with_joining(Replica::first(c));
        let table = [
            ("a member leaves", both.without(a), layout(2, &[b], None)),
            ("a server joins", joining.clone(), layout(2, &[a, b], Some(c))),
            ("it has joined", joining.joined(), layout(3, &[a, b, c], None)),
            ("it left while it joined", joining.without(c), layout(3, &[a, b], None)),
            ("a member left meanwhile", joining.without(b), layout(3, &[a], Some(c))),
            ("nothing changed but the number", both.renewed(), layout(2, &[a, b], None)),
        ];
        for (sentence, found, expected) in table {
            assert_eq!(found, expected, "{sentence}");
        }
    }

    #[test]
    fn there_is_no_tail_while_a_server_joins() {
        let layout = Layout::of([1, 2].map(NodeId));
        assert_eq!((layout.head(), layout.tail()), (Some(NodeId(1)), Some(NodeId(2))));
        assert_eq!(layout.with_joining(Replica::first(NodeId(3))).tail(), None);
        assert_eq!(Layout::default().head(), None);
    }
}
