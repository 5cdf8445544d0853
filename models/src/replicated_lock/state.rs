//! What servers and clients remember, what nodes say to each other, and what they tell.

use serde::{Deserialize, Serialize};
use splitbrain::invariants::Specification;
use splitbrain::{ClientId, NodeId};

use super::machine::{Answer, Command, LockMachine, Stretch};
use crate::lock::{self, Fence, Store, Token};
use crate::parts::machine::{Request, Serial};
use crate::raft;

/// What one node remembers; its role decides.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// n0, n1, and so on.
    Server(Box<Server>),
    /// Those between.
    Client(Client),
    /// The last node.
    Store(Store),
}

/// A server of the lock service.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Server {
    /// Raft's, with the lock as its state machine.
    pub raft: raft::State<LockMachine>,
    /// While it leads and the lock is out: until when. Volatile, and never replicated.
    pub count: Option<Count>,
}

/// What a leader counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Count {
    /// The stretch it counts.
    pub stretch: Stretch,
    /// The first tick of its own clock at which the stretch is over.
    pub until: u64,
}

impl Server {
    /// Whether it leads, as far as it knows.
    pub fn leads(&self) -> bool {
        self.raft.leads()
    }

    /// The lock as it knows it: with everything applied that it knows to be committed.
    pub fn lock(&self) -> &LockMachine {
        &self.raft.applied.machine
    }

    /// The lock as it will be once everything in its log is committed, if it ever is.
    pub(super) fn lock_to_come(&self) -> LockMachine {
        let mut lock = *self.lock();
        let pending = self.raft.log.behind(self.raft.commit);
        for request in pending.filter_map(|entry| entry.payload.request()) {
            lock.apply(&request.command);
        }
        lock
    }

    /// Whether its log has nothing that it does not know to be committed.
    pub(super) fn is_settled(&self) -> bool {
        self.raft.commit == self.raft.log.last()
    }

    /// Whether it put that request into its log in this term already, and it is not applied yet.
    /// One of an earlier term does not count: it is committed with the next entry of this term, and
    /// not without one (Raft, §5.4.2).
    pub(super) fn has_proposed(&self, request: &Request<Command>) -> bool {
        let pending = self.raft.log.behind(self.raft.commit);
        let mut own = pending.filter(|entry| entry.term == self.raft.term);
        own.any(|entry| entry.payload.request() == Some(request))
    }
}

/// A client of the lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Client {
    /// The number of its last request to the service; 0 before the first.
    pub serial: Serial,
    /// The server it asks.
    pub server: NodeId,
    /// The last token it took up.
    pub token: Token,
    /// What it has asked of the service, while it is not answered.
    pub asked: Option<Asked>,
    /// How it holds the lock, if it does.
    pub holding: Option<Holding>,
}

/// A request to the service that is not answered yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Asked {
    /// What it asked.
    pub command: Command,
    /// What its clock read when it asked for the first time. A retry may be answered for the sake
    /// of the first try.
    pub since: u64,
}

/// The lock in a client's hands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Holding {
    /// The first tick of its own clock at which it no longer believes to hold the lock.
    pub ends: u64,
    /// How many requests it has sent to the store under this lease.
    pub requests: u8,
    /// The last of them, while it is not answered.
    pub open: Option<lock::Request>,
}

impl Client {
    /// Whether at this tick of its own clock it believes to hold the lock.
    pub fn believes(&self, now: u64) -> bool {
        self.holding.is_some_and(|holding| now < holding.ends)
    }

    /// Whether it is past the answer to that request of its to the store, for good.
    pub(super) fn is_past(&self, fence: Fence) -> bool {
        let answered = |holding: Holding| {
            fence.number < holding.requests
                || fence.number == holding.requests && holding.open.is_none()
        };
        fence.token < self.token || fence.token == self.token && self.holding.is_none_or(answered)
    }
}

/// What nodes say to each other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Message {
    /// Server to server: Raft's own.
    Raft(raft::Message<LockMachine>),
    /// Client to server: do this.
    Ask(Request<Command>),
    /// Server to client: that is done, and this came of it.
    Answer {
        /// The client's number of the request.
        serial: Serial,
        /// The answer.
        answer: Answer,
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
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// Servers: Raft's own.
    Raft(raft::Timer),
    /// A client that waits for an answer asks again, and the next server.
    Retry,
}

/// What nodes tell the outside.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// What Raft tells.
    Raft(raft::Event<LockMachine>),
    /// A client asks the service for the first time; or a leader proposes the end of a stretch.
    Asks(Request<Command>),
    /// A client has the answer it waits for.
    Answered {
        /// The client.
        client: ClientId,
        /// Its number of the request.
        serial: Serial,
        /// The answer.
        answer: Answer,
    },
    /// A client took up the lock.
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
    /// A client waits for the answer to its last request to the store no more.
    Abandons,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_believes_only_while_it_holds_and_only_up_to_the_end() {
        let holding = Some(Holding { ends: 3, requests: 0, open: None });
        let idle = Client {
            serial: Serial(1),
            server: NodeId(0),
            token: Token(1),
            asked: None,
            holding: None,
        };
        let table = [
            ("a holder before the end believes", holding, 2, true),
            ("a holder at the end does not", holding, 3, false),
            ("a client that has nothing does not", None, 0, false),
        ];
        for (sentence, holding, now, believes) in table {
            assert_eq!(Client { holding, ..idle }.believes(now), believes, "{sentence}");
        }
    }

    #[test]
    fn a_client_is_past_what_it_no_longer_waits_for() {
        let open = Some(lock::Request::Write);
        let table = [
            ("an earlier lease's", Some((1, open)), (1, 1), true),
            ("an earlier request's", Some((2, open)), (2, 1), true),
            ("the last one's, not answered yet", Some((1, open)), (2, 1), false),
            ("the last one's, answered", Some((1, None)), (2, 1), true),
            ("one's of a lease that it gave up", None, (2, 1), true),
            ("one's that it may send yet", Some((1, None)), (2, 2), false),
        ];
        for (sentence, holding, (token, number), past) in table {
            let holding = holding.map(|(requests, open)| Holding { ends: 3, requests, open });
            let (serial, server) = (Serial(1), NodeId(0));
            let client = Client { serial, server, token: Token(2), asked: None, holding };
            let fence = Fence { token: Token(token), number };
            assert_eq!(client.is_past(fence), past, "{sentence}");
        }
    }
}
