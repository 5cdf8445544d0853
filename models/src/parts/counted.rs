//! The object behind a protocol that does not care what it is: clients add one to it, or ask how it
//! stands, and what they are answered is held to that.
//!
//! Each update is answered with the total, so that one which is lost, taken twice or moved to
//! another place shows in the answers.

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, Goal, Held, Invariant, Protocol, Sight};

use super::machine::{Add, Replies, Serial, Total};

/// A client's request, by which it is known however often it is asked. What an update does to the
/// object does not matter to the protocol: each adds one, and is answered with the total.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Who asks.
    pub client: ClientId,
    /// Which of its requests this is.
    pub serial: Serial,
}

/// What is seen of clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// One asks that the object be changed.
    Update(Request),
    /// One asks how it stands.
    Query(Request),
    /// An update is answered with the total after it.
    Updated(Request, u32),
    /// A query is answered with the total.
    Queried(Request, u32),
}

/// A protocol that replicates such an object.
pub trait Counted: Protocol {
    /// What is seen of clients there, if it is anything of them.
    fn seen(sight: &Sight<'_, Self>) -> Option<Seen>;
}

/// Clients see one object.
pub fn linearizability<P: Counted>() -> Invariant<P> {
    Invariant::history(
        "linearizability",
        "The answers to clients are those of one object that does one thing after another, each \
         between its request and its answer.",
        Replies::new(Total(0)),
        |replies, sight| P::seen(sight).map_or(Ok(()), |seen| enter(replies, seen)),
    )
}

/// An update is answered.
pub fn updated<P: Counted>() -> Goal<P> {
    Goal::seen("updated", "An update is answered.", |_, sight| {
        matches!(P::seen(sight), Some(Seen::Updated(..)))
    })
}

/// A query sees an update.
pub fn queried<P: Counted>() -> Goal<P> {
    Goal::seen("queried", "A query is answered with an update that was answered.", |_, sight| {
        matches!(P::seen(sight), Some(Seen::Queried(_, 1..)))
    })
}

/// Enters what is seen among what clients asked and were answered.
fn enter(replies: &mut Replies<Total>, seen: Seen) -> Held {
    match seen {
        Seen::Update(Request { client, serial }) => {
            replies.ask(client, serial, Add { add: 1 });
            Ok(())
        }
        Seen::Query(Request { client, serial }) => {
            replies.ask(client, serial, Add { add: 0 });
            Ok(())
        }
        Seen::Updated(Request { client, serial }, total)
        | Seen::Queried(Request { client, serial }, total) => replies.answer(client, serial, total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_those_of_one_counter() {
        let of = |client| Request { client: ClientId(client), serial: Serial(0) };
        let (writes, reads) = (of(0), of(1));
        let asked = [Seen::Update(writes), Seen::Query(reads)];
        let table = [
            ("the query came first", [Seen::Queried(reads, 0), Seen::Updated(writes, 1)], true),
            ("the update came first", [Seen::Updated(writes, 1), Seen::Queried(reads, 1)], true),
            ("it counted twice", [Seen::Updated(writes, 2), Seen::Queried(reads, 2)], false),
            ("it was lost", [Seen::Updated(writes, 0), Seen::Queried(reads, 0)], false),
        ];
        for (sentence, answered, holds) in table {
            let mut replies = Replies::new(Total(0));
            let held = asked.into_iter().chain(answered).try_for_each(|it| enter(&mut replies, it));
            assert_eq!(held.is_ok(), holds, "{sentence}");
        }
    }
}
