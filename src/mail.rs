//! A node's mailbox: the messages on their way to it, and what its links promise.

use serde::{Deserialize, Serialize};

use crate::protocol::{Data, NodeId};

/// What the links between nodes promise. The verdict prints it.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Links {
    /// Messages overtake each other; each is delivered at most once. Never delivering is allowed,
    /// so loss is free.
    #[default]
    Unordered,
    /// Messages from one node to another arrive in the order they were sent; losing one takes a
    /// `Drop`.
    Fifo,
    /// A message once sent can be delivered at any later time, any number of times: loss,
    /// duplication and reordering without a budget.
    Set,
}

impl Links {
    /// The promise in words, for verdicts.
    pub fn in_words(self) -> &'static str {
        match self {
            Links::Unordered => "unordered links: any order, any delay, each message at most once",
            Links::Fifo => "FIFO links: in order between two nodes, none lost unless dropped",
            Links::Set => "set links: any order, any loss, any number of copies",
        }
    }
}

/// A message on its way, and who sent it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Letter<M> {
    /// Who sent it.
    pub from: NodeId,
    /// What it says.
    pub message: M,
}

/// The messages on their way to one node, in a normal form: two mailboxes that allow the same
/// deliveries are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mailbox<M> {
    /// By sender and content; on FIFO links by sender and then in the order sent.
    letters: Vec<Letter<M>>,
}

impl<M> Default for Mailbox<M> {
    fn default() -> Self {
        Mailbox { letters: Vec::new() }
    }
}

impl<M: Data> Mailbox<M> {
    /// Every letter in it, copies included.
    pub fn letters(&self) -> &[Letter<M>] {
        &self.letters
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    /// Puts a letter in. On set links a second copy changes nothing.
    pub(crate) fn put(&mut self, links: Links, from: NodeId, message: M) {
        let letter = Letter { from, message };
        let at = match links {
            Links::Fifo => self.letters.partition_point(|other| other.from <= from),
            Links::Unordered => self.letters.partition_point(|other| *other < letter),
            Links::Set => match self.letters.binary_search(&letter) {
                Ok(_) => return,
                Err(at) => at,
            },
        };
        self.letters.insert(at, letter);
    }

    /// The letters that can be delivered now: each content once, in order.
    pub(crate) fn deliverable(&self, links: Links) -> impl Iterator<Item = &Letter<M>> {
        let mut last: Option<&Letter<M>> = None;
        self.letters.iter().filter(move |letter| {
            let new = match links {
                Links::Fifo => last.is_none_or(|last| last.from != letter.from),
                Links::Unordered | Links::Set => last != Some(*letter),
            };
            last = Some(letter);
            new
        })
    }

    /// Whether that letter can be delivered now.
    pub(crate) fn can_deliver(&self, links: Links, from: NodeId, message: &M) -> bool {
        self.position(links, from, message).is_some()
    }

    /// Takes one copy of a letter that can be delivered out of the box; on set links it stays.
    /// Says whether it was there.
    pub(crate) fn take(&mut self, links: Links, from: NodeId, message: &M) -> bool {
        match (self.position(links, from, message), links) {
            (Some(at), Links::Unordered | Links::Fifo) => {
                self.letters.remove(at);
                true
            }
            (found, Links::Set) => found.is_some(),
            (None, Links::Unordered | Links::Fifo) => false,
        }
    }

    /// Adds a copy of a letter that can be delivered; on FIFO links right behind the head.
    pub(crate) fn copy(&mut self, links: Links, from: NodeId, message: &M) -> bool {
        match (self.position(links, from, message), links) {
            (Some(at), Links::Unordered | Links::Fifo) => {
                self.letters.insert(at + 1, self.letters[at].clone());
                true
            }
            (found, Links::Set) => found.is_some(),
            (None, Links::Unordered | Links::Fifo) => false,
        }
    }

    fn position(&self, links: Links, from: NodeId, message: &M) -> Option<usize> {
        match links {
            Links::Fifo => {
                let head = self.letters.partition_point(|other| other.from < from);
                let letter = self.letters.get(head)?;
                (letter.from == from && letter.message == *message).then_some(head)
            }
            Links::Unordered | Links::Set => self
                .letters
                .binary_search_by(|other| {
                    other.from.cmp(&from).then_with(|| other.message.cmp(message))
                })
                .ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(0);
    const B: NodeId = NodeId(1);

    fn filled(links: Links) -> Mailbox<&'static str> {
        let mut mail = Mailbox::default();
        for (from, message) in [(B, "y"), (A, "z"), (A, "x"), (A, "z")] {
            mail.put(links, from, message);
        }
        mail
    }

    #[test]
    fn what_can_be_delivered_depends_on_the_links() {
        for (links, expected) in [
            (Links::Unordered, vec![(A, "x"), (A, "z"), (B, "y")]),
            (Links::Fifo, vec![(A, "z"), (B, "y")]),
            (Links::Set, vec![(A, "x"), (A, "z"), (B, "y")]),
        ] {
            let mail = filled(links);
            let found: Vec<_> =
                mail.deliverable(links).map(|letter| (letter.from, letter.message)).collect();
            assert_eq!(found, expected, "{links:?}");
        }
    }

    #[test]
    fn a_letter_is_consumed_once_a_copy_except_on_set_links() {
        for (links, times) in [(Links::Unordered, 2), (Links::Fifo, 1), (Links::Set, 5)] {
            let mut mail = filled(links);
            let taken = (0..5).take_while(|_| mail.take(links, A, &"z")).count();
            assert_eq!(taken, times, "{links:?}");
        }
    }

    #[test]
    fn the_order_of_sending_shows_only_on_fifo_links() {
        for (links, equal) in [(Links::Unordered, true), (Links::Set, true), (Links::Fifo, false)] {
            let (mut one, mut other) = (Mailbox::default(), Mailbox::default());
            for message in ["p", "q"] {
                one.put(links, A, message);
            }
            for message in ["q", "p"] {
                other.put(links, A, message);
            }
            assert_eq!(one == other, equal, "{links:?}");
        }
    }
}
