//! Chain replication, with reads at the tail or, as in CRAQ, at every server.
//!
//! Servers stand in a chain. **Updates** enter at the *head*, which gives each a number, and are
//! passed on from server to server; the *tail* has them last, and it answers. So what was answered
//! is everywhere. **Queries** are answered by the tail alone: all it has was answered, or is being
//! answered. There are no votes: of t servers t − 1 may fail, and not one round trip is needed (van
//! Renesse & Schneider 2004, §3).
//!
//! What the tail has travels back up the chain as acknowledgements. A server that knows of its
//! updates up to some number that the tail has them calls those *clean*, the rest *dirty*: the
//! paper's `Sent`. One thing holds at every moment, the *update propagation invariant* (§3): each
//! server's history is a prefix of its predecessor's. All of the repair follows from it.
//!
//! **Failures** (§3.2). A *master* says who is in the chain, and its word is a *layout* with a
//! number, the epoch. A server that crashed is left out of the next layout.
//!
//! - The head: its successor has a prefix of what it had. What is lost was not answered.
//! - The tail: its predecessor has all that it had. What is dirty there is answered now, since
//!   there is nobody else to have it.
//! - A middle: it may have kept updates to itself. Its predecessor sends what is dirty on to its
//!   successor. The successor may have had them all, and only their acknowledgement was lost: then
//!   it acknowledges them again.
//!
//! **Extending a chain** (§3.3). A server joins behind the tail. From then on the last member is
//! the tail no more: it passes updates on, the whole history first, and answers nothing. The server
//! that joins is not the tail yet either. When it has the history it says so, and the master makes
//! it the tail.
//!
//! A fail-stop server never recovers (§2), so one that crashed and is back is a new one: layouts
//! name servers in one of their *lives*. It joins behind the tail like any other, and takes the
//! history it is sent in place of its own, which may be wrong by now. There is one exception: the
//! last member of a chain is never left out, for with it would go all that was answered. When it is
//! back it is all there is, in its new life, and resumes with what is on its own disk. Without
//! lives a late word of an earlier one could take a tail out of the chain that serves on.
//!
//! **CRAQ** (Terrace & Freedman 2009, §2.3) lets every server answer queries. One whose updates are
//! all clean has what the tail has. One with dirty updates asks the tail for its version, and
//! answers with that one, which it has: the tail's history is a prefix of its own.
//!
//! Not modelled:
//! - More than one object: a chain orders the updates of each by themselves.
//! - What updates do: each adds one and is answered with the total, so that one which is lost,
//!   taken twice or moved shows in the answers.
//! - A master that fails: the paper has it replicated by consensus.
//! - Mistaken suspicion: servers are fail-stop (§2), so the master's detector is perfect. It tells
//!   of a server only while that is down.
//! - A last member that stays the tail while it sends its history to the server that joins: in the
//!   paper it does, and queries need not wait. Here it stops first, and one step less is needed.
//! - Answers that are lost: a client hears an answer when it is given.
//!
//! Sources: R. van Renesse, F. B. Schneider, *Chain Replication for Supporting High Throughput and
//! Availability*, OSDI 2004. J. Terrace, M. J. Freedman, *Object Storage on CRAQ: High-Throughput
//! Chain Replication for Read-Mostly Workloads*, USENIX ATC 2009.

mod bugs;
mod invariants;
mod model;
mod repair;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

pub use bugs::Bug;
pub use model::ChainModel;
pub use state::{Event, Input, Master, Message, Server, Standing, State, Timer};

pub use crate::parts::counted::Request;
use crate::parts::in_order::{InOrder, Sequence};
use crate::parts::layout::{Layout, Life, Replica};

/// A master, servers in a chain, and spare ones behind them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Chain {
    /// How many servers are in the chain at first: n1, n2, and so on.
    pub members: u8,
    /// Whether every member answers queries, as in CRAQ, or the tail alone.
    pub apportioned: bool,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// The node that says who is in the chain.
pub const MASTER: NodeId = NodeId(0);

impl Protocol for Chain {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        repeat_later(out);
        let layout = self.first_layout();
        if out.me() == MASTER {
            let life = |server: NodeId| Life(u16::from(layout.contains(server)));
            let admitted = out.nodes().map(life).collect();
            return State::Master(Master { layout, admitted });
        }
        let member = layout.contains(out.me());
        let server = Server {
            life: Life(1),
            standing: if member { Standing::Member } else { Standing::Outside },
            layout: if member { layout } else { Layout::default() },
            history: InOrder::default(),
            clean: Sequence::default(),
        };
        if !member {
            out.send(MASTER, Message::Join(server.life));
        }
        State::Server(server)
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (&mut *state, message) {
            (State::Master(master), Message::Join(life)) => {
                self.admit(master, from, life, out);
            }
            (State::Master(master), Message::CaughtUp(epoch)) => {
                // Of a layout that was changed meanwhile it says nothing: the last member in the
                // new one may have been the tail, and have more.
                if master.layout.epoch == epoch && master.layout.joins(from) {
                    master.change(master.layout.joined(), out);
                }
            }
            // Who was still down when an answer to it was sent knows nothing of its query.
            (State::Server(server), Message::Version { query, version }) => {
                if server.standing == Standing::Member {
                    answer(query, version, out);
                }
            }
            (State::Server(server), message) => {
                let layout = message.layout().expect("whatever else servers are sent names one");
                // What was sent under an older layout is sent again under the new one, if need be.
                if layout.epoch >= server.layout.epoch {
                    self.hear_of(server, layout, out);
                    self.hear(server, from, message, out);
                }
            }
            (state, message) => unreachable!("nobody sends {message:?} to {state:?}"),
        }
    }

    fn on_timeout(&self, state: &mut State, timer: Timer, out: &mut Outbox<Self>) {
        match (&mut *state, timer) {
            (State::Master(master), Timer::Repeat) => master.tell(out),
            (State::Server(server), Timer::Repeat) => match server.standing {
                Standing::Outside => out.send(MASTER, Message::Join(server.life)),
                Standing::Joining => out.send(MASTER, Message::CaughtUp(server.layout.epoch)),
                Standing::Member => self.resend(server, out),
            },
        }
        repeat_later(out);
    }

    fn accepts(&self, me: NodeId, state: &State, input: &Input) -> bool {
        match (state, input) {
            (State::Server(server), Input::Update(_)) => server.is_head(me),
            (State::Server(server), Input::Query(_)) if self.apportioned => {
                server.standing == Standing::Member
            }
            (State::Server(server), Input::Query(_)) => self.acts_as_tail(server, me),
            // The last member stays: with it would go all that was answered.
            (State::Master(Master { layout, .. }), Input::Report(suspect)) => {
                layout.joins(suspect.0) || layout.contains(suspect.0) && layout.chain.len() > 1
            }
            (State::Master(_), Input::Update(_) | Input::Query(_))
            | (State::Server(_), Input::Report(_)) => false,
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        match (&mut *state, input) {
            (State::Server(server), Input::Update(update)) => self.update(server, update, out),
            (State::Server(server), Input::Query(query)) => self.query(server, query, out),
            (State::Master(master), Input::Report(suspect)) => {
                master.change(master.layout.without(suspect.0), out);
            }
            (state, input) => unreachable!("{state:?} takes no {input:?}"),
        }
    }

    /// Layouts only become newer, and servers act by the newest they have heard of.
    fn ignores(&self, _me: NodeId, state: &State, from: NodeId, message: &Message) -> bool {
        match (state, message) {
            (State::Master(master), Message::CaughtUp(epoch)) => *epoch < master.layout.epoch,
            (State::Master(master), Message::Join(life)) => {
                *life <= master.admitted[from.index()] && !self.has(Bug::NoLives)
            }
            (State::Server(server), message) => {
                message.layout().is_some_and(|layout| layout.epoch < server.layout.epoch)
            }
            (State::Master(_), _) => false,
        }
    }

    /// A server keeps its history, and the epoch that it acted in last, so that nothing older is
    /// ever taken up. It is no member any more, whatever the layout says: the chain may have gone
    /// on without it. The master never crashes.
    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        repeat_later(out);
        let State::Server(server) = crashed else { unreachable!("the master is replicated") };
        let mut server = Server { life: server.life.next(), ..server.clone() };
        server.history.forget_early();
        if self.has(Bug::KeepsOldChainAfterRestart) && server.standing == Standing::Member {
            out.mark(Bug::KeepsOldChainAfterRestart.name());
            return State::Server(server);
        }
        server.standing = Standing::Outside;
        out.send(MASTER, Message::Join(server.life));
        State::Server(server)
    }
}

/// The master.
impl Chain {
    /// Takes a server in, one at a time: one that has no turn asks again. Whoever is in the chain
    /// and asks in another life has crashed and come back before it was reported.
    fn admit(&self, master: &mut Master, server: NodeId, life: Life, out: &mut Outbox<Self>) {
        if life <= master.admitted[server.index()] {
            // It was taken in on this word already. If it was left out since, it was down, and is
            // in another life now; if not, it serves, and only it may say that it stopped.
            if !self.has(Bug::NoLives) {
                return;
            }
            out.mark(Bug::NoLives.name());
        }
        let (layout, replica) = (&master.layout, Replica { server, life });
        let contained = layout.contains(server);
        let rest = if contained { layout.without(server) } else { layout.clone() };
        if rest.chain.is_empty() {
            // It has all that was answered, and there is nobody to give it more.
            master.admitted[server.index()] = life;
            master.change(Layout { chain: vec![replica], ..rest }, out);
        } else if rest.joining.is_none() || rest.joins(server) {
            master.admitted[server.index()] = life;
            master.change(rest.with_joining(replica), out);
        } else if contained {
            master.change(rest, out);
        }
    }
}

/// Updates and queries, while nothing fails.
impl Chain {
    /// A client updates, at the head. What is known already is on its way to the tail, or answered.
    fn update(&self, server: &mut Server, update: Request, out: &mut Outbox<Self>) {
        if server.history.taken().contains(&update) {
            return;
        }
        let sequence = server.history.append(update);
        if self.has(Bug::AckNotTail) && !self.acts_as_tail(server, out.me()) {
            out.mark(Bug::AckNotTail.name());
            out.emit(Event::Updated { request: update, total: sequence.0 });
        }
        self.pass_on(server, 1, out);
    }

    /// A server has taken that many new updates: it passes them on, and the tail answers them.
    fn pass_on(&self, server: &mut Server, new: usize, out: &mut Outbox<Self>) {
        let last = server.history.last().0;
        if let Some(successor) = server.layout.successor(out.me()) {
            for number in (last + 1 - new as u32)..=last {
                let update = server.history.taken()[number as usize - 1];
                let (layout, sequence) = (server.layout.clone(), Sequence(number));
                out.send(successor, Message::Forward { layout, sequence, update });
            }
            if new > 0 && self.has(Bug::CleanWhenSent) {
                out.mark(Bug::CleanWhenSent.name());
                server.clean = server.history.last();
            }
        }
        if self.acts_as_tail(server, out.me()) {
            self.settle(server, out);
        }
    }

    /// The tail answers every update that it has and has not answered.
    fn settle(&self, server: &mut Server, out: &mut Outbox<Self>) {
        for (number, request) in (server.clean.0 + 1..).zip(server.history.after(server.clean)) {
            out.emit(Event::Updated { request: *request, total: number });
        }
        if !server.is_tail(out.me()) {
            out.mark(Bug::StaleLayout.name());
        }
        if !server.is_clean() {
            server.clean = server.history.last();
            acknowledge(server, out);
        }
    }

    /// The tail has everything up to that number.
    fn learn_clean(&self, server: &mut Server, clean: Sequence, out: &mut Outbox<Self>) {
        if clean <= server.clean {
            return;
        }
        server.clean = clean;
        if self.has(Bug::CraqDirtySet) && !server.is_clean() {
            out.mark(Bug::CraqDirtySet.name());
            server.clean = server.history.last();
        }
        acknowledge(server, out);
    }

    /// A client queries, at the tail or, with CRAQ, at any member.
    fn query(&self, server: &Server, query: Request, out: &mut Outbox<Self>) {
        if server.is_clean() {
            return answer(query, server.clean, out);
        }
        if self.has(Bug::CraqDirtyRead) {
            out.mark(Bug::CraqDirtyRead.name());
            return answer(query, server.history.last(), out);
        }
        // While a server joins there is no tail to ask: the client asks again.
        if let Some(tail) = server.layout.tail() {
            out.send(tail, Message::AskVersion { layout: server.layout.clone(), query });
        }
    }

    /// Whether this server is the tail, by the layout it knows.
    fn acts_as_tail(&self, server: &Server, me: NodeId) -> bool {
        let last = server.layout.last() == Some(me);
        let clings = self.has(Bug::StaleLayout) && server.standing == Standing::Member && last;
        clings || server.is_tail(me)
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// The layout at first.
    fn first_layout(&self) -> Layout {
        Layout::of((1..=self.members).map(NodeId))
    }
}

/// Tells the predecessor how far the tail is.
fn acknowledge(server: &Server, out: &mut Outbox<Chain>) {
    if let Some(predecessor) = server.layout.predecessor(out.me()) {
        let (layout, clean) = (server.layout.clone(), server.clean);
        out.send(predecessor, Message::Acknowledge { layout, clean });
    }
}

/// Answers a query with the object as it was after that update.
fn answer(request: Request, version: Sequence, out: &mut Outbox<Chain>) {
    out.emit(Event::Queried { request, total: version.0 });
}

impl Master {
    /// The layout is another one now: it tells everybody in it.
    fn change(&mut self, to: Layout, out: &mut Outbox<Chain>) {
        self.layout = to;
        self.tell(out);
    }

    /// Tells the layout.
    fn tell(&self, out: &mut Outbox<Chain>) {
        for member in self.layout.chain.iter().chain(&self.layout.joining) {
            out.send(member.server, Message::Layout(self.layout.clone()));
        }
    }
}

/// Says again after a while what may be lost.
fn repeat_later(out: &mut Outbox<Chain>) {
    out.set_timer(Timer::Repeat, 400.ms()..600.ms());
}
