//! The register of Attiya, Bar-Noy and Dolev as actors of Stateright 0.31: the work of
//! [`work::register`](crate::bench::work::register).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::register::RegisterMsg;
use stateright::actor::{Actor, Id, Out, majority, model_peers};

use super::Served;

/// A place in the order of writes.
type Label = (u64, Id);

/// What servers say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// What is your newest value?
    Query(u64),
    /// This is.
    Newest(u64, Label, char),
    /// Record this value, unless you have a newer one.
    Record(u64, Label, char),
    /// Recorded.
    Recorded(u64),
}

/// What a server coordinates.
#[derive(Clone, Debug, PartialEq, Hash)]
enum Phase {
    Queries { request: u64, client: Id, write: Option<char>, newest: BTreeMap<Id, (Label, char)> },
    Records { request: u64, client: Id, read: Option<char>, recorded: BTreeSet<Id> },
}

/// What a server remembers.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct State {
    label: Label,
    value: char,
    phase: Option<Phase>,
}

impl State {
    fn record(&mut self, label: Label, value: char) {
        if label > self.label {
            (self.label, self.value) = (label, value);
        }
    }
}

/// A server and its peers.
#[derive(Clone, Debug)]
pub struct Server {
    peers: Vec<Id>,
}

impl Server {
    fn majority(&self) -> usize {
        majority(self.peers.len() + 1)
    }

    fn begins(
        &self,
        id: Id,
        state: &mut State,
        (client, request, write): (Id, u64, Option<char>),
        out: &mut Out<Self>,
    ) {
        let newest = BTreeMap::from([(id, (state.label, state.value))]);
        state.phase = Some(Phase::Queries { request, client, write, newest });
        out.broadcast(&self.peers, &RegisterMsg::Internal(Message::Query(request)));
    }

    fn goes_on_to_record(&self, id: Id, state: &mut State, out: &mut Out<Self>) {
        let Some(Phase::Queries { request, client, write, newest }) = &state.phase else { return };
        if newest.len() != self.majority() {
            return;
        }
        let (request, client) = (*request, *client);
        let (last, held) = *newest.values().max().expect("a majority is not empty");
        let (label, value, read) = match write {
            Some(value) => ((last.0 + 1, id), *value, None),
            None => (last, held, Some(held)),
        };
        state.record(label, value);
        let recorded = BTreeSet::from([id]);
        state.phase = Some(Phase::Records { request, client, read, recorded });
        let record = Message::Record(request, label, value);
        out.broadcast(&self.peers, &RegisterMsg::Internal(record));
    }

    fn answers(&self, state: &mut State, out: &mut Out<Self>) {
        let Some(Phase::Records { request, client, read, recorded }) = &state.phase else { return };
        if recorded.len() != self.majority() {
            return;
        }
        let answer = match read {
            Some(value) => RegisterMsg::GetOk(*request, *value),
            None => RegisterMsg::PutOk(*request),
        };
        out.send(*client, answer);
        state.phase = None;
    }
}

impl Actor for Server {
    type Msg = RegisterMsg<u64, char, Message>;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State { label: (0, id), value: char::default(), phase: None }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State>,
        from: Id,
        message: Self::Msg,
        out: &mut Out<Self>,
    ) {
        match (message, &state.phase) {
            (RegisterMsg::Put(request, value), None) => {
                self.begins(id, state.to_mut(), (from, request, Some(value)), out);
            }
            (RegisterMsg::Get(request), None) => {
                self.begins(id, state.to_mut(), (from, request, None), out);
            }
            (RegisterMsg::Internal(Message::Query(request)), _) => {
                let newest = Message::Newest(request, state.label, state.value);
                out.send(from, RegisterMsg::Internal(newest));
            }
            (RegisterMsg::Internal(Message::Record(request, label, value)), _) => {
                if label > state.label {
                    state.to_mut().record(label, value);
                }
                out.send(from, RegisterMsg::Internal(Message::Recorded(request)));
            }
            (
                RegisterMsg::Internal(Message::Newest(about, label, value)),
                Some(Phase::Queries { request, .. }),
            ) if *request == about => {
                let state = state.to_mut();
                if let Some(Phase::Queries { newest, .. }) = &mut state.phase {
                    newest.insert(from, (label, value));
                }
                self.goes_on_to_record(id, state, out);
            }
            (
                RegisterMsg::Internal(Message::Recorded(about)),
                Some(Phase::Records { request, recorded, .. }),
            ) if *request == about && !recorded.contains(&from) => {
                let state = state.to_mut();
                if let Some(Phase::Records { recorded, .. }) = &mut state.phase {
                    recorded.insert(from);
                }
                self.answers(state, out);
            }
            // Whoever changes nothing and says nothing takes no step, in Stateright.
            (
                RegisterMsg::Internal(Message::Newest(..) | Message::Recorded(_))
                | RegisterMsg::Put(..)
                | RegisterMsg::Get(_)
                | RegisterMsg::PutOk(_)
                | RegisterMsg::GetOk(..),
                _,
            ) => {}
        }
    }
}

/// So many clients of so many servers.
pub fn model(clients: u8, servers: u8) -> Served<Server> {
    let count = usize::from(servers);
    let servers = (0..count).map(|at| Server { peers: model_peers(at, count) });
    super::served(servers, usize::from(clients))
}
