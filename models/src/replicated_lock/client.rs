//! The clients, and the store.

use splitbrain::{ClientId, NodeId, Outbox, Units};

use super::machine::{Answer, Command};
use super::state::{Asked, Client, Event, Holding, Message, Timer};
use super::{Bug, ReplicatedLock};
use crate::lock::{self, Fence, Store, Token};
use crate::parts::machine::{Request, Serial};

impl Client {
    /// A client that has asked for nothing yet.
    pub(super) fn new() -> Client {
        Client { serial: Serial(0), server: NodeId(0), token: Token(0), asked: None, holding: None }
    }

    /// Leaves the lock, and waits for no more answers of the store.
    pub(super) fn give_up(&mut self, out: &mut Outbox<ReplicatedLock>) {
        if self.holding.take().is_some_and(|holding| holding.open.is_some()) {
            out.emit(Event::Abandons);
        }
        self.rest(out);
    }

    /// Stops the timer if nothing is left to wait for.
    fn rest(&self, out: &mut Outbox<ReplicatedLock>) {
        if self.asked.is_none() && self.holding.is_none_or(|holding| holding.open.is_none()) {
            out.cancel_timer(Timer::Retry);
        }
    }

    /// The store answered; answers to earlier requests are late copies.
    pub(super) fn learn(&mut self, fence: Fence, what: Event, out: &mut Outbox<ReplicatedLock>) {
        if self.is_past(fence) {
            return;
        }
        if let Some(holding) = &mut self.holding {
            holding.open = None;
        }
        self.rest(out);
        out.emit(what);
    }
}

/// The clients and the service.
impl ReplicatedLock {
    /// Asks the service for something new. The clock is read before, so that whatever the service
    /// counts it counts from later.
    pub(super) fn ask(&self, client: &mut Client, command: Command, out: &mut Outbox<Self>) {
        client.serial = Serial(client.serial.0 + 1);
        client.asked = Some(Asked { command, since: out.now() });
        let request = self.request(client, command, out);
        out.emit(Event::Asks(request.clone()));
        out.send(client.server, Message::Ask(request));
        wait(out);
    }

    /// Asks again whatever is not answered; the service at the next server. Request or answer may
    /// be lost, or the server does not lead, or is gone.
    pub(super) fn ask_again(&self, client: &mut Client, out: &mut Outbox<Self>) {
        if let Some(asked) = client.asked {
            client.server = NodeId::at((client.server.index() + 1) % self.servers());
            out.send(client.server, Message::Ask(self.request(client, asked.command, out)));
            wait(out);
        }
        if let Some(Holding { ends, requests, open: Some(open) }) = client.holding {
            if out.now() >= ends {
                return client.give_up(out);
            }
            self.send_to_store(client, requests, open, out);
        }
    }

    fn request(&self, client: &Client, command: Command, out: &Outbox<Self>) -> Request<Command> {
        Request { client: self.client_at(out.me()), serial: client.serial, command }
    }

    /// The client at that node.
    pub(super) fn client_at(&self, node: NodeId) -> ClientId {
        ClientId(node.0 - self.servers)
    }

    /// The service answered. Its answers have numbers, so that a late copy is known for one.
    pub(super) fn hear(
        &self,
        client: &mut Client,
        serial: Serial,
        answer: Answer,
        out: &mut Outbox<Self>,
    ) {
        let Some(asked) = client.asked.take_if(|_| serial == client.serial) else { return };
        out.emit(Event::Answered { client: self.client_at(out.me()), serial, answer });
        client.rest(out);
        match (asked.command, answer) {
            (Command::Acquire(_), Answer::Granted(token)) => {
                self.take_up(client, token, asked.since, out);
            }
            (Command::Renew(token), Answer::Done) => {
                let renewed = self.belief_ends(asked.since);
                if let Some(holding) = &mut client.holding
                    && holding.ends < renewed
                {
                    holding.ends = renewed;
                    out.emit(Event::Prolonged(token));
                }
            }
            (Command::Renew(_), Answer::Gone) => client.give_up(out),
            // Somebody has the lock: the application may ask anew. Or the lock is given back, or
            // was not the client's any more, which is as good.
            (Command::Acquire(_), Answer::Busy)
            | (Command::Release(_), Answer::Done | Answer::Gone) => {}
            (command, answer) => unreachable!("the lock answers no {answer:?} to {command:?}"),
        }
    }

    /// Takes up the lock, unless the grant was on its way for too long: then the lease, or what the
    /// margin leaves of it, is over, and the client's application asks anew.
    fn take_up(&self, client: &mut Client, token: Token, since: u64, out: &mut Outbox<Self>) {
        let mut ends = self.belief_ends(since);
        let now = out.now();
        if now >= ends && self.has(Bug::ReturnAfterExpiry) {
            out.mark(Bug::ReturnAfterExpiry.name());
            ends = self.belief_ends(now);
        }
        if now < ends {
            client.token = token;
            client.holding = Some(Holding { ends, requests: 0, open: None });
            out.emit(Event::Acquired(token));
        }
    }

    /// The tick of its own clock at which a client stops believing in a stretch that it asked for
    /// at that tick. A leader's clock may have been behind by `skew` when it began to count, and
    /// ahead by as much when it stops.
    fn belief_ends(&self, since: u64) -> u64 {
        since + self.lease - 2 * self.skew
    }

    /// Sends a new request to the store, under the lease.
    pub(super) fn use_lock(
        &self,
        client: &mut Client,
        open: lock::Request,
        out: &mut Outbox<Self>,
    ) {
        let holding = client.holding.as_mut().expect("only holders ask the store");
        (holding.requests, holding.open) = (holding.requests + 1, Some(open));
        let number = holding.requests;
        let fence = self.send_to_store(client, number, open, out);
        out.emit(match open {
            lock::Request::Write => Event::Writes(fence),
            lock::Request::Read => Event::Reads,
        });
    }

    /// Sends a request to the store, and again after a while. A copy changes nothing there.
    fn send_to_store(
        &self,
        client: &Client,
        number: u8,
        open: lock::Request,
        out: &mut Outbox<Self>,
    ) -> Fence {
        let fence = Fence { token: client.token, number };
        let message = match open {
            lock::Request::Write => Message::Write(fence),
            lock::Request::Read => Message::Read(fence),
        };
        out.send(super::store(out), message);
        wait(out);
        fence
    }

    /// The store takes a write unless it has taken a newer one, and answers. A copy of the newest
    /// one is answered as the first was.
    pub(super) fn take_write(
        &self,
        store: &mut Store,
        fence: Fence,
        out: &mut Outbox<Self>,
    ) -> Message {
        if fence == store.newest {
            return Message::Written(fence);
        }
        if fence < store.newest {
            if !self.has(Bug::NoFencing) {
                out.emit(Event::Fenced(fence));
                return Message::Refused(fence);
            }
            out.mark(Bug::NoFencing.name());
        }
        store.newest = fence;
        out.emit(Event::Stored(fence));
        Message::Written(fence)
    }
}

/// Waits for an answer, for a while.
fn wait(out: &mut Outbox<ReplicatedLock>) {
    out.set_timer(Timer::Retry, 500.ms()..1_000.ms());
}
