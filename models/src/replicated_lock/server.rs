//! The servers: Raft inside, and the leader's clock.

use splitbrain::invariants::Specification;
use splitbrain::{ClientId, NodeId, Outbox, Protocol};

use super::machine::{Answer, Command, LockMachine, Stretch};
use super::state::{Count, Event, Message, Server};
use super::{Bug, InnerRaft, ReplicatedLock, SERVICE};
use crate::lock::Token;
use crate::parts::machine::{Request, Seen, Serial};
use crate::raft;

/// What Raft sends and tells goes through here, into the server's own outbox.
type Inner = Outbox<InnerRaft>;

impl ReplicatedLock {
    /// Runs one of Raft's handlers, carries its answers to the clients, and looks at the clock if
    /// another stretch has to be counted now.
    pub(super) fn run(
        &self,
        server: &mut Server,
        out: &mut Outbox<Self>,
        handler: impl FnOnce(&InnerRaft, &mut raft::State<LockMachine>, &mut Inner),
    ) {
        let led = server.leads();
        let ((), events) =
            out.embed(self.servers(), |inner| handler(&self.raft, &mut server.raft, inner));
        for event in events {
            if let raft::Event::Replied { client, serial, output } = event {
                self.answer(client, serial, output, out);
            }
            out.emit(Event::Raft(event));
        }
        let took_over = server.leads() && !led;
        if took_over && self.has(Bug::TokenResetOnFailover) && server.lock().issued.0 > 0 {
            out.mark(Bug::TokenResetOnFailover.name());
            server.raft.applied.machine.issued = Token(0);
        }
        self.keep_count(server, took_over, out);
    }

    /// A leader counts the stretch that the lock is out for, by its own clock, from when it learns
    /// of it: when it applies the grant or the renewal, or when it takes over. Nobody else counts.
    fn keep_count(&self, server: &mut Server, took_over: bool, out: &mut Outbox<Self>) {
        let out_for = server.lock().lease.filter(|_| server.leads()).map(|lease| lease.stretch);
        let counted = server.count.map(|count| count.stretch);
        if out_for == counted {
            return;
        }
        server.count = out_for.map(|stretch| {
            let mut until = out.now() + self.lease;
            if took_over && self.has(Bug::LeaseNotRenewedOnFailover) {
                out.mark(Bug::LeaseNotRenewedOnFailover.name());
                until = out.now();
            }
            Count { stretch, until }
        });
    }

    /// A client asks. Whoever does not lead says nothing; the client will ask the next one.
    ///
    /// A stretch that ran out is ended when somebody wants the lock, not before: until then the
    /// holder may renew it.
    pub(super) fn serve(
        &self,
        server: &mut Server,
        request: Request<Command>,
        out: &mut Outbox<Self>,
    ) {
        if !server.leads() {
            return;
        }
        if let Command::Acquire(_) = request.command
            && let Some(count) = server.count
            && out.now() >= count.until
        {
            let stretch = self.run_out(server, count, out);
            // The service is a client of its own, which asks for the end of each stretch once.
            let (client, serial) = (SERVICE, Serial(stretch.0));
            let command = Command::Expire(stretch);
            self.propose(server, Request { client, serial, command }, out);
        }
        if let Command::Renew(token) = request.command
            && self.has(Bug::RenewWithoutLog)
            && let Some(lease) = server.lock().lease.filter(|lease| lease.token == token)
        {
            out.mark(Bug::RenewWithoutLog.name());
            server.count = Some(Count { stretch: lease.stretch, until: out.now() + self.lease });
            return self.answer(request.client, request.serial, Answer::Done, out);
        }
        self.propose(server, request, out);
    }

    /// The stretch that is over: the one that was counted, and not whichever the lease is in by the
    /// time that the expiry is committed.
    fn run_out(&self, server: &Server, count: Count, out: &mut Outbox<Self>) -> Stretch {
        if self.has(Bug::ExpiryNamesLease)
            && let Some(lease) = server.lock_to_come().lease
            && lease.stretch != count.stretch
        {
            out.mark(Bug::ExpiryNamesLease.name());
            return lease.stretch;
        }
        count.stretch
    }

    /// Puts a request into the log, unless it is on its way to being committed already.
    fn propose(&self, server: &mut Server, request: Request<Command>, out: &mut Outbox<Self>) {
        if server.has_proposed(&request) {
            return;
        }
        let (client, serial) = (request.client, request.serial);
        if client == SERVICE {
            out.emit(Event::Asks(request.clone()));
        }
        let is_new = server.raft.applied.seen(client, serial) == Seen::New;
        if self.has(Bug::AsyncFailover) && is_new && server.is_settled() {
            out.mark(Bug::AsyncFailover.name());
            let answer = server.lock().clone().apply(&request.command);
            self.answer(client, serial, answer, out);
        }
        self.run(server, out, |raft, state, inner| {
            raft.on_input(state, raft::Input::Command(request), inner);
        });
    }

    /// Answers a client. The service itself waits for no answer.
    fn answer(&self, client: ClientId, serial: Serial, answer: Answer, out: &mut Outbox<Self>) {
        if client != SERVICE {
            let node = NodeId::at(self.servers() + usize::from(client.0));
            out.send(node, Message::Answer { serial, answer });
        }
    }

    /// What a server remembers after a crash is what Raft does; a clock's reading is of no use to
    /// whoever was away.
    pub(super) fn restart_server(&self, crashed: &Server, out: &mut Outbox<Self>) -> Server {
        let forgets = self.has(Bug::RedlockRestart) && crashed.raft.term.0 > 0;
        if forgets {
            out.mark(Bug::RedlockRestart.name());
        }
        let (raft, _) = out.embed(self.servers(), |inner: &mut Inner| match forgets {
            true => self.raft.start(inner),
            false => self.raft.restart(&crashed.raft, inner),
        });
        Server { raft, count: None }
    }
}
