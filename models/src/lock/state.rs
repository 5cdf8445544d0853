//! What service, clients and store remember, and what they say to each other.

use std::fmt;

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// A fencing token: the service issues 1, 2, 3 and so on, each once. 0 stands for none yet.
///
/// Chubby calls it a sequencer (Burrows 2006, §2.4).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Token(pub u32);

impl Token {
    /// The next one issued.
    pub fn next(self) -> Token {
        Token(self.0 + 1)
    }
}

/// The place of a request among all that the store is ever asked: first by token, then by its
/// number under that token, from 1. The number tells a late copy from a new request.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Fence {
    /// The token of the lease it was asked under.
    pub token: Token,
    /// How many requests that lease had seen with it.
    pub number: u8,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `request 2 of token 7`.
impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} of token {}", self.number, self.token)
    }
}

/// What one node remembers; its role decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// n0.
    Service(Service),
    /// n1, n2, and so on.
    Client(Client),
    /// The last node.
    Store(Store),
}

/// The lock service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Service {
    /// The last token issued.
    pub issued: Token,
    /// Who has the lock. A lease that ran out stays here until the lock is passed on.
    pub lease: Option<Lease>,
    /// Who asked and waits, first come first.
    pub waiting: Vec<NodeId>,
}

/// A lease: the lock for a while.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lease {
    /// The client that has it.
    pub holder: NodeId,
    /// Its token.
    pub token: Token,
    /// The first tick of the service's clock at which it has run out.
    pub until: u64,
}

impl Lease {
    /// Whether it lasts at this tick of the service's clock.
    pub fn lasts(&self, now: u64) -> bool {
        now < self.until
    }
}

/// A client of the lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Client {
    /// The highest token it ever took up. Grants that are not newer are late copies.
    pub token: Token,
    /// How it stands to the lock.
    pub stance: Stance,
}

/// How a client stands to the lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Stance {
    /// It neither has the lock nor asks for it.
    #[default]
    Idle,
    /// It has asked for the lock.
    Waiting,
    /// It was handed the lock.
    Holding {
        /// The first tick of its own clock at which it no longer believes to hold the lock.
        ends: u64,
        /// How many requests it has sent to the store under this lease.
        asked: u8,
        /// The last of them, while it is not answered.
        open: Option<Request>,
    },
}

/// What a client may want of the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Request {
    /// Take a write.
    Write,
    /// Say what it holds.
    Read,
}

/// The store that the lock protects. What a write says does not matter to the protocol, so a write
/// is known by its fence, and the store holds the fence of the write it took last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Store {
    /// The write it took last.
    pub newest: Fence,
}

/// What nodes say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// Client to service: give me the lock.
    Acquire,
    /// Client to service: let my lease last longer.
    Renew(Token),
    /// Client to service: I am done.
    Release(Token),
    /// Service to client: the lock is yours until that tick of the service's clock.
    Granted {
        /// The lease's token.
        token: Token,
        /// The first tick of the service's clock at which the lease has run out.
        until: u64,
    },
    /// Service to client: the lease lasts until that tick of the service's clock.
    Renewed {
        /// The lease's token.
        token: Token,
        /// The first tick of the service's clock at which the lease has run out.
        until: u64,
    },
    /// Client to store: take this write.
    Write(Fence),
    /// Client to store: what do you hold?
    Read(Fence),
    /// Store to client: that write is taken.
    Written(Fence),
    /// Store to client: that write is too old.
    Refused(Fence),
    /// Store to client: the answer to a read.
    Value {
        /// The read.
        of: Fence,
        /// The write the store took last.
        newest: Fence,
    },
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// A client that waits, for the lock or for the store's answer, asks again.
    Retry,
    /// The service looks whether the lease that others wait for has run out.
    Expire,
}

/// What a client's application asks of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Get the lock.
    Acquire,
    /// Keep it for longer.
    Renew,
    /// Write to the store.
    Write,
    /// Read from the store.
    Read,
    /// Give the lock back.
    Release,
}

/// What nodes tell the outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// The service issued a token.
    Issued {
        /// The token.
        token: Token,
        /// To whom.
        holder: NodeId,
        /// Whether it had to wait.
        waited: bool,
    },
    /// The service found a lease run out, and the lock wanted.
    Expired(Token),
    /// A client took up the lock it was handed.
    Acquired(Token),
    /// A client learned that its lease lasts longer.
    Prolonged(Token),
    /// The store took a write.
    Stored(Fence),
    /// The store turned a write away.
    Fenced(Fence),
    /// A client sent a write to the store.
    Writes(Fence),
    /// A client sent a read to the store.
    Reads,
    /// A client learned that its write is taken.
    Wrote,
    /// A client learned what the store holds.
    Found(Fence),
    /// A client waits for the answer to its last request no more.
    Abandons,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_lasts_up_to_its_end_and_not_through_it() {
        let lease = Lease { holder: NodeId(1), token: Token(1), until: 3 };
        for (now, lasts) in [(0, true), (2, true), (3, false), (4, false)] {
            assert_eq!(lease.lasts(now), lasts, "at tick {now}");
        }
    }

    #[test]
    fn a_client_believes_only_while_it_holds_and_only_up_to_the_end() {
        let holding = Stance::Holding { ends: 3, asked: 0, open: None };
        let table = [
            ("a holder before the end believes", holding, 2, true),
            ("a holder at the end does not", holding, 3, false),
            ("a client that waits does not", Stance::Waiting, 0, false),
            ("a client that has nothing does not", Stance::Idle, 0, false),
        ];
        for (sentence, stance, now, believes) in table {
            let client = Client { token: Token(1), stance };
            assert_eq!(client.believes(now), believes, "{sentence}");
        }
    }

    #[test]
    fn requests_are_ordered_by_token_and_then_by_number() {
        let fence = |token, number| Fence { token: Token(token), number };
        let rising = [fence(0, 0), fence(1, 1), fence(1, 2), fence(2, 1), fence(10, 0)];
        assert!(rising.is_sorted_by(|one, next| one < next));
        assert_eq!(Token(1).next(), Token(2));
    }
}
