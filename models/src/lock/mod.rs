//! A lock service that hands out leases with fencing tokens.
//!
//! Node n0 is the service, the last node a store that the lock protects, those between are clients.
//! A client that asks is *granted* the lock, when it is free, with a token and an end: a **lease**
//! (Gray & Cheriton 1989, §2). Leases make the lock outlive its holder: the service waits until
//! its own clock says that the lease has run out, and passes the lock on. So the holder must stop
//! believing first. All clocks are assumed to be within `skew` ticks of each other, and the holder
//! gives up `skew` ticks early (the ε that Gray & Cheriton take off a lease's term): whoever
//! believes reads less than `until - skew`, so the service reads less than `until`, and has not
//! passed the lock on. At any moment at most one client believes to hold it.
//!
//! Belief does not protect the store. A client may look at its clock, find its lease in order, send
//! a write and stand still, or the write may dawdle in the network until the lease is over and the
//! lock another's (Kleppmann 2016, "Protecting a resource with a lock"). Nothing the client does
//! can help. What helps is a number: every lease has a **token** higher than all before, writes
//! carry it, and the store turns away what is older than what it has taken. Chubby's sequencers
//! are such tokens (Burrows 2006, §2.4). This needs no clock at all.
//!
//! Not modelled: more than one lock, because locks don't meet; a replicated service, because this
//! is the state machine one would replicate; Chubby's lock-delay, because it is for stores that
//! check no tokens, and makes the race rarer but not impossible; clocks that run apart without
//! bound, because then no lease is safe, and only the fence is.
//!
//! Sources: C. Gray, D. Cheriton, *Leases: An Efficient Fault-Tolerant Mechanism for Distributed
//! File Cache Consistency*, SOSP 1989. M. Burrows, *The Chubby Lock Service for Loosely-Coupled
//! Distributed Systems*, OSDI 2006. M. Kleppmann, *How to do distributed locking*, 2016-02-08.

mod bugs;
mod invariants;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

pub use bugs::Bug;
pub use invariants::{FencedOperation, FencedOutput, FencedRegister};
pub use scenarios::LockModel;
pub use state::{
    Client, Event, Fence, Input, Lease, Message, Request, Service, Stance, State, Store, Timer,
    Token,
};

/// The lock service, its clients and the store.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Lock {
    /// How many ticks a lease lasts; more than `skew`.
    pub lease: u64,
    /// How many ticks before the end a client gives its lease up: as many as clocks may be apart.
    pub skew: u64,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// The node that is the lock service.
pub const SERVICE: NodeId = NodeId(0);

impl Protocol for Lock {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        match out.me() {
            SERVICE => State::Service(Service::default()),
            last if last == store(out) => State::Store(Store::default()),
            _ => State::Client(Client::default()),
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
            // Whoever asks stands in the queue once, however often its request arrives. The holder
            // may ask as well: the service cannot tell a late copy from a client that crashed and
            // forgot, so it gives neither what it has again nor the lease away.
            (State::Service(service), Message::Acquire) => {
                if !service.waiting.contains(&from) {
                    service.waiting.push(from);
                }
                self.pass_on(service, Some(from), out);
            }
            (State::Service(service), Message::Renew(token)) => {
                self.renew(service, from, token, out);
            }
            (State::Service(service), Message::Release(token)) => {
                self.release(service, token, out);
            }
            (State::Client(client), Message::Granted { token, until }) => {
                self.take_up(client, token, until, out);
            }
            // A renewal of the lease it holds moves the end of its belief, never back: renewals
            // may overtake each other. One of a lease that it gave up comes too late.
            (State::Client(client), Message::Renewed { token, until }) => {
                let renewed = self.belief_ends(until, out);
                if let Stance::Holding { ends, .. } = &mut client.stance
                    && client.token == token
                    && *ends < renewed
                {
                    *ends = renewed;
                    out.emit(Event::Prolonged(token));
                }
            }
            (State::Client(client), Message::Written(fence)) => {
                client.answered(fence, Event::Wrote, out);
            }
            // Being refused says that somebody else was granted the lock. It does not say that
            // the write was never taken: an earlier copy may have been, so nothing is concluded.
            (State::Client(client), Message::Refused(fence)) => {
                client.answered(fence, Event::Abandons, out);
            }
            (State::Client(client), Message::Value { of, newest }) => {
                client.answered(of, Event::Found(newest), out);
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
            (State::Service(service), Timer::Expire) => self.pass_on(service, None, out),
            (State::Client(client), Timer::Retry) => client.retry(out),
            (state, timer) => unreachable!("nobody sets {timer:?} at {state:?}"),
        }
    }

    fn accepts(&self, _me: NodeId, state: &State, input: &Input) -> bool {
        let State::Client(client) = state else { return false };
        match (client.stance, input) {
            (Stance::Idle, _) => true,
            (Stance::Waiting, _) | (Stance::Holding { .. }, Input::Acquire) => false,
            (Stance::Holding { .. }, Input::Renew | Input::Release) => true,
            // One request at a time, so that the answers to a client come in its order.
            (Stance::Holding { open, .. }, Input::Write | Input::Read) => open.is_none(),
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        let State::Client(client) = state else {
            unreachable!("only clients take inputs, not {state:?}")
        };
        match (client.stance, input) {
            (Stance::Idle, Input::Acquire) => {
                client.stance = Stance::Waiting;
                ask(out);
            }
            // It has lost the lock; what it meant to do with it does not come about.
            (Stance::Idle, Input::Renew | Input::Write | Input::Read | Input::Release) => {}
            // Releasing a lease that is over does no harm: it is the token that is released.
            (Stance::Holding { .. }, Input::Release) => {
                out.send(SERVICE, Message::Release(client.token));
                client.give_up(out);
            }
            // Here the client looks at its clock. What it sends may still arrive too late.
            (Stance::Holding { ends, .. }, _) if out.now() >= ends => client.give_up(out),
            (Stance::Holding { .. }, Input::Renew) => {
                out.send(SERVICE, Message::Renew(client.token));
            }
            (Stance::Holding { ends, asked, .. }, Input::Write) => {
                let (asked, open) = (asked + 1, Some(Request::Write));
                client.stance = Stance::Holding { ends, asked, open };
                let fence = client.send_request(asked, Request::Write, out);
                out.emit(Event::Writes(fence));
            }
            (Stance::Holding { ends, asked, .. }, Input::Read) => {
                let (asked, open) = (asked + 1, Some(Request::Read));
                client.stance = Stance::Holding { ends, asked, open };
                client.send_request(asked, Request::Read, out);
                out.emit(Event::Reads);
            }
            (stance, input) => unreachable!("a client that is {stance:?} takes no {input:?}"),
        }
    }

    /// The service keeps the last token and the lease, one record that it writes before it grants
    /// or renews. Its queue is gone; clients that still wait ask again. (With the token alone it
    /// would have to grant nothing for a whole lease after a restart: Gray & Cheriton 1989.)
    ///
    /// A client keeps the highest token it took up, or a late copy of a grant would revive a lease
    /// it gave back. It forgets that it held the lock: requests under that token would pass for
    /// copies of those from before the crash. The store keeps everything.
    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        match crashed {
            State::Service(service) => {
                let mut issued = service.issued;
                if self.has(Bug::TokenReset) && issued > Token::default() {
                    out.mark(Bug::TokenReset.name());
                    issued = Token::default();
                }
                let mut lease = service.lease;
                if self.has(Bug::LeaseForgotten) && lease.is_some() {
                    out.mark(Bug::LeaseForgotten.name());
                    lease = None;
                }
                State::Service(Service { issued, lease, waiting: Vec::new() })
            }
            State::Client(client) => {
                State::Client(Client { token: client.token, stance: Stance::Idle })
            }
            State::Store(store) => State::Store(*store),
        }
    }
}

/// The service.
impl Lock {
    /// Hands the lock to the first that waits if it is free or its lease has run out. `asker` is
    /// the client whose request is being handled.
    fn pass_on(&self, service: &mut Service, asker: Option<NodeId>, out: &mut Outbox<Self>) {
        let Some(&holder) = service.waiting.first() else { return };
        let now = out.now();
        if let Some(lease) = service.lease {
            if lease.lasts(now) {
                return out.set_timer(Timer::Expire, 100.ms()..200.ms());
            }
            out.emit(Event::Expired(lease.token));
        }
        service.waiting.remove(0);
        service.issued = service.issued.next();
        let (token, until) = (service.issued, now + self.lease);
        service.lease = Some(Lease { holder, token, until });
        out.send(holder, Message::Granted { token, until });
        out.emit(Event::Issued { token, holder, waited: asker != Some(holder) });
        match service.waiting.is_empty() {
            true => out.cancel_timer(Timer::Expire),
            false => out.set_timer(Timer::Expire, 100.ms()..200.ms()),
        }
    }

    /// Lets the lease last a whole term from now, if it is the current one and has not run out.
    /// Of one that ran out the holder has stopped believing; it may as well ask anew.
    fn renew(&self, service: &mut Service, from: NodeId, token: Token, out: &mut Outbox<Self>) {
        let now = out.now();
        let until = now + self.lease;
        match &mut service.lease {
            Some(lease) if lease.token == token && lease.lasts(now) => {
                lease.until = until;
                out.send(from, Message::Renewed { token, until });
            }
            Some(_) | None if self.has(Bug::RenewAfterExpiry) => {
                out.mark(Bug::RenewAfterExpiry.name());
                out.send(from, Message::Renewed { token, until });
            }
            Some(_) | None => {}
        }
    }

    /// Frees the lock if that token has it. An older token's release is a late one: its lease is
    /// over and the lock another's.
    fn release(&self, service: &mut Service, token: Token, out: &mut Outbox<Self>) {
        let Some(lease) = service.lease else { return };
        if lease.token != token {
            if !self.has(Bug::ReleaseNotOwner) {
                return;
            }
            out.mark(Bug::ReleaseNotOwner.name());
        }
        service.lease = None;
        self.pass_on(service, None, out);
    }
}

/// The clients.
impl Lock {
    /// Takes up the lock, unless the grant is a late copy or was on its way for too long: then the
    /// lease, or what the margin leaves of it, is over, and the client's application asks anew.
    fn take_up(&self, client: &mut Client, token: Token, until: u64, out: &mut Outbox<Self>) {
        if client.stance != Stance::Waiting || token <= client.token {
            return;
        }
        let mut ends = self.belief_ends(until, out);
        let now = out.now();
        if now >= ends && self.has(Bug::ReturnAfterExpiry) {
            out.mark(Bug::ReturnAfterExpiry.name());
            ends = now + self.lease - self.skew;
        }
        client.token = token;
        out.cancel_timer(Timer::Retry);
        client.stance = Stance::Idle;
        if now < ends {
            client.stance = Stance::Holding { ends, asked: 0, open: None };
            out.emit(Event::Acquired(token));
        }
    }

    /// The tick of its own clock at which a client stops believing in a lease that lasts until
    /// that tick of the service's clock: early enough for a clock that is as slow as clocks may be.
    fn belief_ends(&self, until: u64, out: &mut Outbox<Self>) -> u64 {
        if self.has(Bug::ClockSkew) && self.skew > 0 {
            out.mark(Bug::ClockSkew.name());
            return until;
        }
        until.saturating_sub(self.skew)
    }
}

impl Client {
    /// Whether at this tick of its own clock it believes to hold the lock.
    pub fn believes(&self, now: u64) -> bool {
        matches!(self.stance, Stance::Holding { ends, .. } if now < ends)
    }

    /// Sends a request to the store, and again after a while. A copy changes nothing there.
    fn send_request(&self, number: u8, request: Request, out: &mut Outbox<Lock>) -> Fence {
        let fence = Fence { token: self.token, number };
        let message = match request {
            Request::Write => Message::Write(fence),
            Request::Read => Message::Read(fence),
        };
        out.send(store(out), message);
        out.set_timer(Timer::Retry, 500.ms()..1_000.ms());
        fence
    }

    /// Asks again. Request, grant or answer may be lost, or the service may have crashed with its
    /// queue.
    fn retry(&mut self, out: &mut Outbox<Lock>) {
        match self.stance {
            Stance::Waiting => ask(out),
            Stance::Holding { ends, .. } if out.now() >= ends => self.give_up(out),
            Stance::Holding { asked, open: Some(request), .. } => {
                self.send_request(asked, request, out);
            }
            stance => unreachable!("a client that is {stance:?} has nothing to ask again"),
        }
    }

    /// Leaves the lock, and waits for no more answers.
    fn give_up(&mut self, out: &mut Outbox<Lock>) {
        if matches!(self.stance, Stance::Holding { open: Some(_), .. }) {
            out.emit(Event::Abandons);
            out.cancel_timer(Timer::Retry);
        }
        self.stance = Stance::Idle;
    }

    /// The store answered its last request; answers to earlier ones are late copies.
    fn answered(&mut self, fence: Fence, learned: Event, out: &mut Outbox<Lock>) {
        if let Stance::Holding { asked, open, .. } = &mut self.stance
            && open.is_some()
            && fence == (Fence { token: self.token, number: *asked })
        {
            *open = None;
            out.cancel_timer(Timer::Retry);
            out.emit(learned);
        }
    }
}

/// The store.
impl Lock {
    /// Takes a write unless it has taken a newer one, and answers. A copy of the newest one is
    /// answered as the first was.
    fn take_write(&self, store: &mut Store, fence: Fence, out: &mut Outbox<Self>) -> Message {
        if fence == store.newest {
            return Message::Written(fence);
        }
        if fence < store.newest {
            let same_lease = fence.token == store.newest.token;
            match self.bug {
                Some(Bug::NoFencing) => out.mark(Bug::NoFencing.name()),
                Some(Bug::TokenGe) if same_lease => out.mark(Bug::TokenGe.name()),
                _ => {
                    out.emit(Event::Fenced(fence));
                    return Message::Refused(fence);
                }
            }
        }
        store.newest = fence;
        out.emit(Event::Stored(fence));
        Message::Written(fence)
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Asks the service for the lock, and again after a while.
fn ask(out: &mut Outbox<Lock>) {
    out.send(SERVICE, Message::Acquire);
    out.set_timer(Timer::Retry, 500.ms()..1_000.ms());
}

/// The node that is the store.
fn store(out: &Outbox<Lock>) -> NodeId {
    NodeId::at(out.cluster() - 1)
}
