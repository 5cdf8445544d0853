//! Primary and backup: one server acts, others keep what it does, and a view service says who.
//!
//! Clients ask the **primary**. It gives each update a number, forwards it to its **backups**, and
//! answers. When it fails, a backup takes its place. How much may be lost then depends on when it
//! answers:
//!
//! - **synchronous**: when every backup has the update;
//! - **semi-synchronous**: when the first backup has it, which is the one that would follow;
//! - **asynchronous**: at once. An answered update may be lost, and nothing else is promised but
//!   that backups have what the primary had, in its order.
//!
//! Nobody can tell a dead primary from a slow one, so the **view service** may be wrong about
//! either, and all must be well all the same. A *view* names a primary and its backups under a
//! number (6.824 lab 2). A server acts by the newest view it has heard of, and turns away what was
//! sent under an older one. Two rules make that safe.
//!
//! - **A view must be acknowledged before the next one.** The primary of a view transfers its whole
//!   history to each backup, and acknowledges the view when all have it. The next primary is a
//!   backup of an acknowledged view, so it has everything. If the primary fails before, the service
//!   waits for it, however long: nobody else has everything.
//! - **An old primary must find out.** It cannot answer an update, for its backup is in a newer
//!   view and turns it away: it is *fenced*. A query changes nothing, but it may not be answered
//!   alone either: the primary asks its backups to confirm that it still is the primary.
//!
//! A server that crashed comes back with its history and its view, as one that stood still for a
//! while; the view service may have gone on without it, and it joins as a backup.
//!
//! Not modelled:
//! - A view service that fails: in the lab it never does, elsewhere it is replicated by consensus.
//! - What updates do: each adds one and is answered with the total, so that one which is lost,
//!   taken twice or moved shows in the answers.
//! - Lost disks: a server without its history is a new one under another name.
//! - Semi-synchronous replication that waits for any one backup, and after a while for none: who
//!   follows would have to be chosen by what they have.
//! - Answers that are lost: a client hears an answer when it is given.
//!
//! Sources: N. Budhiraja, K. Marzullo, F. B. Schneider, S. Toueg, *The Primary-Backup Approach*, in
//! Distributed Systems (2nd ed.), 1993. MIT 6.824, *Lab 2: Primary/Backup Key/Value Service*, 2013
//! to 2015.

mod bugs;
mod invariants;
mod model;
mod scenarios;
mod server;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Units};

pub use bugs::Bug;
pub use model::PrimaryBackupModel;
pub use state::{Event, Input, Message, Server, Service, State, Timer};

pub use crate::parts::counted::Request;
use crate::parts::in_order::{InOrder, Sequence};
use crate::parts::view::View;

/// A view service, and servers of which some are in the view at first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct PrimaryBackup {
    /// When the primary answers.
    pub mode: Mode,
    /// How many backups the first view has: the primary is n1, its backups n2, n3 and so on.
    pub backups: u8,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// When the primary answers an update.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// When every backup has it.
    Synchronous,
    /// When the first backup has it.
    SemiSynchronous,
    /// At once.
    Asynchronous,
}

/// The node that is the view service.
pub const SERVICE: NodeId = NodeId(0);

impl Protocol for PrimaryBackup {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        let view = self.first_view();
        if out.me() == SERVICE {
            let servers: Vec<NodeId> = out.peers().collect();
            servers.iter().for_each(|server| expect(*server, out));
            let alive = servers.into_iter().filter(|server| view.contains(*server)).collect();
            return State::Service(Service { view, acknowledged: true, alive });
        }
        repeat_later(out);
        let member = view.contains(out.me());
        if !member {
            out.send(SERVICE, Message::Ping(0));
        }
        let primary = view.primary == out.me();
        let backups = view.backups.iter().filter(|_| primary);
        State::Server(Server {
            ready: member,
            held: backups.map(|backup| (*backup, Sequence::default())).collect(),
            view: if member { view } else { View { number: 0, ..view } },
            history: InOrder::default(),
            answered: Sequence::default(),
            asking: Vec::new(),
        })
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (&mut *state, message) {
            (State::Service(service), Message::Ping(number)) => {
                self.heard(service, from, number, out);
            }
            (State::Server(server), Message::View(view)) => self.hear_of(server, &view, out),
            (State::Server(server), Message::Transfer { view, history }) => {
                self.hear_of(server, &view, out);
                if self.minds(server, view.number, out) {
                    self.be_given(server, from, history, out);
                }
            }
            (State::Server(server), Message::Forward { view, sequence, update }) => {
                self.hear_of(server, &view, out);
                if self.minds(server, view.number, out) && server.ready {
                    self.take(server, sequence, update, out);
                    let last = server.history.last();
                    out.send(from, Message::Acknowledge { view: view.number, last });
                }
            }
            (State::Server(server), Message::Acknowledge { view, last }) => {
                if view == server.view.number {
                    self.note_held(server, from, last, out);
                }
            }
            (State::Server(server), Message::Confirm { view, query }) => {
                self.hear_of(server, &view, out);
                if self.minds(server, view.number, out) {
                    out.send(from, Message::Confirmed { view: view.number, query });
                }
            }
            (State::Server(server), Message::Confirmed { view, query }) => {
                if view == server.view.number {
                    self.note_confirmed(server, from, query, out);
                }
            }
            (state, message) => unreachable!("nobody sends {message:?} to {state:?}"),
        }
    }

    fn on_timeout(&self, state: &mut State, timer: Timer, out: &mut Outbox<Self>) {
        match (&mut *state, timer) {
            (State::Service(service), Timer::Dead(server)) => {
                service.alive.retain(|alive| *alive != server);
                self.move_on(service, out);
            }
            (State::Server(server), Timer::Repeat) => {
                self.repeat(server, out);
                repeat_later(out);
            }
            (state, timer) => unreachable!("nobody sets {timer:?} at {state:?}"),
        }
    }

    fn accepts(&self, me: NodeId, state: &State, _input: &Input) -> bool {
        matches!(state, State::Server(server) if server.leads(me))
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        match (&mut *state, input) {
            (State::Server(server), Input::Update(update)) => self.update(server, update, out),
            (State::Server(server), Input::Query(query)) => self.query(server, query, out),
            (state, input) => unreachable!("{state:?} takes no {input:?}"),
        }
    }

    /// Views only become newer.
    fn ignores(&self, _me: NodeId, state: &State, _from: NodeId, message: &Message) -> bool {
        let State::Server(server) = state else { return false };
        match message {
            Message::View(view) => view.number <= server.view.number,
            Message::Transfer { view, .. }
            | Message::Forward { view, .. }
            | Message::Confirm { view, .. } => {
                view.number < server.view.number && !self.has(Bug::NoViewCheck)
            }
            Message::Acknowledge { view, .. } | Message::Confirmed { view, .. } => {
                *view < server.view.number
            }
            Message::Ping(_) => false,
        }
    }

    /// A server keeps its view and its history, which it writes before it says anything about them,
    /// and what it has answered. What it knew of others it asks again. The view service never
    /// crashes.
    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        let State::Server(crashed) = crashed else { unreachable!("the view service never fails") };
        let mut server = Server { held: Vec::new(), asking: Vec::new(), ..crashed.clone() };
        server.history.forget_early();
        self.repeat(&mut server, out);
        repeat_later(out);
        State::Server(server)
    }
}

/// The view service.
impl PrimaryBackup {
    /// A server is alive. The primary's word that it has done its part is its acknowledgement.
    fn heard(&self, service: &mut Service, from: NodeId, number: u32, out: &mut Outbox<Self>) {
        expect(from, out);
        if let Err(at) = service.alive.binary_search(&from) {
            service.alive.insert(at, from);
        }
        if from == service.view.primary && number == service.view.number {
            service.acknowledged = true;
        }
        let before = service.view.number;
        self.move_on(service, out);
        // Whoever knows less is told, if it was not just now.
        if number < service.view.number && before == service.view.number {
            out.send(from, Message::View(service.view.clone()));
        }
    }

    /// Goes on to another view, if who is alive asks for one and this one is acknowledged.
    fn move_on(&self, service: &mut Service, out: &mut Outbox<Self>) {
        let heirs = match self.mode {
            Mode::Synchronous | Mode::Asynchronous => &service.view.backups[..],
            Mode::SemiSynchronous => &service.view.backups[..service.view.backups.len().min(1)],
        };
        let Some(next) = service.view.next(&service.alive, heirs) else { return };
        if !service.acknowledged {
            if !self.has(Bug::ViewBeforeAck) {
                return;
            }
            out.mark(Bug::ViewBeforeAck.name());
        }
        service.view = next;
        service.acknowledged = false;
        let view = &service.view;
        for member in [&view.primary].into_iter().chain(&view.backups) {
            out.send(*member, Message::View(view.clone()));
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// The view at first.
    fn first_view(&self) -> View {
        let backups = (2..2 + self.backups).map(NodeId).collect();
        View { number: 1, primary: NodeId(1), backups }
    }
}

/// Takes a server for dead if it says nothing for a second.
fn expect(server: NodeId, out: &mut Outbox<PrimaryBackup>) {
    out.set_timer(Timer::Dead(server), 1.s());
}

/// Says again after a while that it is alive.
fn repeat_later(out: &mut Outbox<PrimaryBackup>) {
    out.set_timer(Timer::Repeat, 200.ms()..300.ms());
}
