//! The lock service of [`lock`](crate::lock), replicated by [Raft](crate::raft), so that it outlives
//! the loss of its leader.
//!
//! The first nodes are servers, the last one is the store that the lock protects, those between are
//! clients. The lock itself, with its holder and its token counter, is a state machine in Raft's
//! log, [`LockMachine`]; Raft runs inside the servers as it is. So a token, once issued, is issued
//! whoever leads. This layer adds what a log cannot have: time, and clients that do not know whom
//! to ask.
//!
//! **Sessions.** A client numbers its requests. When no answer comes, it asks the next server under
//! the same number; Raft's servers do a command once and answer it as often as it is asked
//! (Ongaro's dissertation, §6.3). Since a late answer has an old number, nothing else is needed to
//! know it for one.
//!
//! **Leases.** Replicas cannot read a clock while they apply a command: each would read something
//! else. So only the leader looks at the time. It counts a stretch of a lease from when it applied
//! the grant or the renewal; when a client wants the lock and the stretch is over by the leader's
//! clock, the leader proposes [`Command::Expire`], and the lock is free once that is committed. What
//! the leader counts is in no log. A new leader gives every lease a whole term anew from when it
//! takes over, as Gray & Cheriton's server does when it recovers (§2) and etcd's lessor when it is
//! promoted; Chubby's clients likewise keep their locks over a fail-over (Burrows 2006, §2.9).
//!
//! It is safe for this reason. A holder counts from before it *asked*, and a leader from when it
//! *learned* of the grant, which is later, whichever leader it is and however often they change: to
//! count anew is only ever to count longer. Clocks are within `skew` of each other, so a leader that
//! begins to count may read `skew` less than the holder did before it asked, and `skew` more than
//! the holder when it stops; so a holder gives up `2 * skew` early. Then no leader proposes an
//! expiry before the holder has stopped believing.
//!
//! That would not be enough. A leader proposes the expiry from the lock as it has *applied* it, while
//! a renewal may be in the log already, not committed yet. So the command names the stretch that is
//! over, not the lease, and does nothing to a later stretch. (Old leaders of etcd ended leases that
//! had been renewed meanwhile: etcd#12528.) And renewals go through the log like everything else,
//! so that no leader can renew what another one has ended.
//!
//! None of this protects the store from a write that was sent in time and arrives late. Its fencing
//! tokens do, as in [`lock`](crate::lock), and the tokens rise over fail-overs, for they are counted
//! in the log.
//!
//! Not modelled: what [`raft`] and [`lock`](crate::lock) leave out; a queue of clients
//! that wait, because a client that is told that the lock is somebody's may ask anew, as with
//! Chubby's `TryAcquire`; servers that tell a client who leads, because it finds out by asking one
//! after the other.
//!
//! Sources: C. Gray, D. Cheriton, *Leases*, SOSP 1989. M. Burrows, *The Chubby Lock Service for
//! Loosely-Coupled Distributed Systems*, OSDI 2006. D. Ongaro, *Consensus: Bridging Theory and
//! Practice*, 2014, §6.3. M. Kleppmann, *How to do distributed locking*, 2016-02-08.

mod bugs;
mod client;
mod invariants;
mod machine;
mod scenarios;
mod server;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{ClientId, Embeds, NodeId, Outbox, Protocol};

use crate::lock::{Input, Request, Store};
use crate::raft::{self, Raft};

pub use bugs::Bug;
pub use machine::{Answer, Command, Lease, LockMachine, Stretch};
pub use scenarios::ReplicatedLockModel;
pub use state::{Asked, Client, Count, Event, Holding, Message, Server, State, Timer};

/// The protocol inside: Raft, replicating the lock.
pub type InnerRaft = Raft<LockMachine>;

/// The service itself, as the client that asks for the end of stretches.
pub const SERVICE: ClientId = ClientId(u8::MAX);

/// The servers of the lock, its clients and the store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicatedLock {
    /// What the servers run inside.
    pub raft: InnerRaft,
    /// How many nodes, from n0 on, are servers.
    pub servers: u8,
    /// How many ticks a lease lasts; more than twice `skew`.
    pub lease: u64,
    /// How many ticks clocks may be apart.
    pub skew: u64,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

impl ReplicatedLock {
    /// So many servers, and leases of so many ticks by clocks that may be `skew` apart.
    pub fn new(servers: u8, lease: u64, skew: u64) -> ReplicatedLock {
        let raft = Raft::new(LockMachine::default());
        ReplicatedLock { raft, servers, lease, skew, bug: None }
    }

    fn servers(&self) -> usize {
        usize::from(self.servers)
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// The node that is the store.
fn store(out: &Outbox<ReplicatedLock>) -> NodeId {
    NodeId::at(out.cluster() - 1)
}

impl Protocol for ReplicatedLock {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        match out.me() {
            server if server.index() < self.servers() => {
                let (raft, _) = out.embed(self.servers(), |inner| self.raft.start(inner));
                State::Server(Box::new(Server { raft, count: None }))
            }
            last if last == store(out) => State::Store(Store::default()),
            _ => State::Client(Client::new()),
        }
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (&mut *state, message) {
            (State::Server(server), Message::Raft(message)) => {
                self.run(server, out, |raft, state, inner| {
                    raft.on_message(state, from, message, inner);
                });
            }
            (State::Server(server), Message::Ask(request)) => self.serve(server, request, out),
            (State::Client(client), Message::Answer { serial, answer }) => {
                self.hear(client, serial, answer, out);
            }
            (State::Client(client), Message::Written(fence)) => {
                client.learn(fence, Event::Wrote, out);
            }
            // Being refused says that somebody else was granted the lock. It does not say that
            // the write was never taken: an earlier copy may have been, so nothing is concluded.
            (State::Client(client), Message::Refused(fence)) => {
                client.learn(fence, Event::Abandons, out);
            }
            (State::Client(client), Message::Value { of, newest }) => {
                client.learn(of, Event::Found(newest), out);
            }
            (State::Store(store), Message::Write(fence)) => {
                let answer = self.take_write(store, fence, out);
                out.send(from, answer);
            }
            // Reads need no token: they change nothing, and see whatever is there.
            (State::Store(store), Message::Read(of)) => {
                out.send(from, Message::Value { of, newest: store.newest });
            }
            (state, message) => unreachable!("nobody sends {message:?} to {state:?}"),
        }
    }

    fn on_timeout(&self, state: &mut State, timer: Timer, out: &mut Outbox<Self>) {
        match (&mut *state, timer) {
            (State::Server(server), Timer::Raft(timer)) => {
                self.run(server, out, |raft, state, inner| raft.on_timeout(state, timer, inner));
            }
            (State::Client(client), Timer::Retry) => self.ask_again(client, out),
            (state, timer) => unreachable!("nobody sets {timer:?} at {state:?}"),
        }
    }

    fn accepts(&self, _: NodeId, state: &State, input: &Input) -> bool {
        let State::Client(client) = state else { return false };
        match (client.holding, input) {
            // One request at a time to the service, and one to the store, so that the answers to a
            // client come in its order.
            (Some(_), Input::Acquire) => false,
            (None, _) | (Some(_), Input::Renew | Input::Release) => client.asked.is_none(),
            (Some(holding), Input::Write | Input::Read) => holding.open.is_none(),
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        let State::Client(client) = state else {
            unreachable!("only clients take inputs, not {state:?}")
        };
        match (client.holding, input) {
            (None, Input::Acquire) => {
                let command = Command::Acquire(self.client_at(out.me()));
                self.ask(client, command, out);
            }
            // It has lost the lock; what it meant to do with it does not come about.
            (None, Input::Renew | Input::Write | Input::Read | Input::Release) => {}
            // Releasing a lease that is over does no harm: it is the token that is released.
            (Some(_), Input::Release) => {
                client.give_up(out);
                self.ask(client, Command::Release(client.token), out);
            }
            // Here the client looks at its clock. What it sends may still arrive too late.
            (Some(holding), _) if out.now() >= holding.ends => client.give_up(out),
            (Some(_), Input::Renew) => self.ask(client, Command::Renew(client.token), out),
            (Some(_), Input::Write) => self.use_lock(client, Request::Write, out),
            (Some(_), Input::Read) => self.use_lock(client, Request::Read, out),
            (Some(_), Input::Acquire) => unreachable!("a holder does not ask for the lock"),
        }
    }

    /// Raft's late results, and late answers to clients, who never use a number twice.
    fn ignores(&self, me: NodeId, state: &State, from: NodeId, message: &Message) -> bool {
        match (state, message) {
            (State::Server(server), Message::Raft(message)) => {
                self.raft.ignores(me, &server.raft, from, message)
            }
            (State::Client(client), Message::Answer { serial, .. }) => {
                *serial < client.serial || *serial == client.serial && client.asked.is_none()
            }
            (
                State::Client(client),
                Message::Written(fence)
                | Message::Refused(fence)
                | Message::Value { of: fence, .. },
            ) => client.is_past(*fence),
            (State::Server(_) | State::Client(_) | State::Store(_), _) => false,
        }
    }

    /// A server keeps what Raft keeps. A client keeps its last number, or its next request would
    /// pass for a copy of an old one, and its last token; it forgets that it held the lock: requests
    /// under that token would pass for copies of those from before the crash. The store keeps
    /// everything.
    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        match crashed {
            State::Server(server) => State::Server(Box::new(self.restart_server(server, out))),
            State::Client(client) => {
                State::Client(Client { asked: None, holding: None, ..*client })
            }
            State::Store(store) => State::Store(*store),
        }
    }
}

impl Embeds<InnerRaft> for ReplicatedLock {
    fn inner(&self) -> &InnerRaft {
        &self.raft
    }

    fn message_of(inner: raft::Message<LockMachine>) -> Message {
        Message::Raft(inner)
    }

    fn timer_of(inner: raft::Timer) -> Timer {
        Timer::Raft(inner)
    }

    fn state_in(outer: &State) -> Option<&raft::State<LockMachine>> {
        match outer {
            State::Server(server) => Some(&server.raft),
            State::Client(_) | State::Store(_) => None,
        }
    }

    fn timer_in(outer: &Timer) -> Option<raft::Timer> {
        match outer {
            Timer::Raft(inner) => Some(*inner),
            Timer::Retry => None,
        }
    }

    fn event_in(outer: &Event) -> Option<&raft::Event<LockMachine>> {
        match outer {
            Event::Raft(inner) => Some(inner),
            _ => None,
        }
    }
}
