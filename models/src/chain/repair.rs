//! What servers do when the layout changes, and what they say to each other under one.

use splitbrain::{NodeId, Outbox};

use super::{Bug, Chain, Event, MASTER, Message, Request, Server, Standing, acknowledge};
use crate::parts::in_order::Sequence;
use crate::parts::layout::{Layout, Replica};

impl Chain {
    /// A server hears of a layout that names it, in this life. A member takes it up, and so does
    /// one that has joined and has all it needs. One outside takes up nothing, unless it is all
    /// there is: the last member was down and is back.
    pub(super) fn hear_of(&self, server: &mut Server, layout: &Layout, out: &mut Outbox<Self>) {
        let me = out.me();
        if layout.epoch <= server.layout.epoch {
            return;
        }
        if self.has(Bug::EarlyTail) && self.names(layout.joining.as_slice(), server, me) {
            out.mark(Bug::EarlyTail.name());
            let epoch = layout.epoch;
            return self.adopt(server, &Layout { epoch, ..layout.joined() }, out);
        }
        let may = server.standing != Standing::Outside || layout.chain.len() == 1;
        if may && self.names(&layout.chain, server, me) {
            self.adopt(server, layout, out);
        }
    }

    /// Whether these are this server, in this life.
    pub(super) fn names(&self, replicas: &[Replica], server: &Server, me: NodeId) -> bool {
        let same = |life| life == server.life || self.has(Bug::NoLives);
        replicas.iter().any(|replica| replica.server == me && same(replica.life))
    }

    /// A server acts by a new layout from now on, as a member.
    fn adopt(&self, server: &mut Server, layout: &Layout, out: &mut Outbox<Self>) {
        let resumes = server.standing == Standing::Outside;
        server.layout = layout.clone();
        server.standing = Standing::Member;
        server.history.forget_early();
        out.emit(Event::Adopted { resumes });
        self.resend(server, out);
        if self.acts_as_tail(server, out.me()) {
            self.settle(server, out);
        }
    }

    /// Sends the successor what it may lack: what is dirty, or all there is, if it joins.
    pub(super) fn resend(&self, server: &Server, out: &mut Outbox<Self>) {
        let Some(successor) = server.layout.successor(out.me()) else { return };
        let joins = server.layout.joins(successor);
        if server.is_clean() && !joins {
            return;
        }
        if self.has(Bug::NoResend) && !joins {
            return out.mark(Bug::NoResend.name());
        }
        let after = if joins { Sequence::default() } else { server.clean };
        let (layout, updates) = (server.layout.clone(), server.history.after(after).to_vec());
        out.send(successor, Message::Resend { layout, after, updates });
    }

    /// What a server is told under the layout that it acts by, or that it is to join in.
    pub(super) fn hear(
        &self,
        server: &mut Server,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        let layout = message.layout().expect("servers name the layout they act by");
        let (current, standing) = (*layout == server.layout, server.standing);
        match (standing, message) {
            (_, Message::Resend { layout, updates, .. })
                if self.names(layout.joining.as_slice(), server, out.me()) =>
            {
                join(server, layout, updates, out);
            }
            (Standing::Member, Message::Resend { after, updates, .. }) if current => {
                self.take_again(server, after, updates, out);
            }
            (Standing::Member, Message::Forward { sequence, update, .. }) if current => {
                let new = self.take(server, sequence, update, out);
                self.pass_on(server, new, out);
            }
            (Standing::Joining, Message::Forward { sequence, update, .. }) if current => {
                self.take(server, sequence, update, out);
            }
            (Standing::Member, Message::Acknowledge { clean, .. }) if current => {
                self.learn_clean(server, clean, out);
            }
            (_, Message::AskVersion { query, .. }) if current && server.is_tail(out.me()) => {
                out.send(from, Message::Version { query, version: server.clean });
            }
            // To be heard of is all that a layout is for. The rest is said to a member under a
            // layout that this one is not in: it came back since, and joins.
            (_, Message::Layout(_))
            | (_, Message::Resend { .. })
            | (_, Message::Forward { .. })
            | (_, Message::Acknowledge { .. })
            | (_, Message::AskVersion { .. }) => {}
            (_, message) => unreachable!("{message:?} names no layout"),
        }
    }

    /// Takes one update when its turn has come. Says how many are taken now.
    fn take(
        &self,
        server: &mut Server,
        sequence: Sequence,
        update: Request,
        out: &mut Outbox<Self>,
    ) -> usize {
        let early = sequence > server.history.last().next();
        if early && self.has(Bug::NoSequence) && !server.history.taken().contains(&update) {
            out.mark(Bug::NoSequence.name());
            server.history.append(update);
            return 1;
        }
        server.history.offer(sequence, update)
    }

    /// Takes what it lacks of what is sent again. If it lacked nothing of it, the acknowledgement
    /// may have been lost, and is sent again, too.
    fn take_again(
        &self,
        server: &mut Server,
        after: Sequence,
        updates: Vec<Request>,
        out: &mut Outbox<Self>,
    ) {
        let numbered = (after.0 + 1..).map(Sequence).zip(updates);
        let new =
            numbered.map(|(number, update)| server.history.offer(number, update)).sum::<usize>();
        if new == 0 && server.clean > after {
            match self.has(Bug::NoReclean) {
                true => out.mark(Bug::NoReclean.name()),
                false => acknowledge(server, out),
            }
        }
        self.pass_on(server, new, out);
    }
}

/// A server that joins is given what the last member has. Under a new layout it takes that in place
/// of what it had.
fn join(server: &mut Server, layout: Layout, updates: Vec<Request>, out: &mut Outbox<Chain>) {
    if layout == server.layout && server.standing == Standing::Joining {
        for (number, update) in (1..).map(Sequence).zip(updates) {
            server.history.offer(number, update);
        }
    } else {
        server.history.replace(updates);
        server.standing = Standing::Joining;
    }
    out.send(MASTER, Message::CaughtUp(layout.epoch));
    server.layout = layout;
}
