//! The register of Attiya, Bar-Noy and Dolev: linearizable, and available while a majority is.
//!
//! Attiya, Bar-Noy and Dolev, *Sharing Memory Robustly in Message-Passing Systems* (1995), with
//! several writers (Lynch and Shvartsman, 1997), in the shape that Stateright 0.31's example
//! `linearizable-register` gives it, so that the counts are the same: any server coordinates what
//! it is asked, one request at a time; it asks a majority for the newest value, itself included
//! without a message, and lets a majority record the newest, or the new one, before it answers.
//! 2 clients and 2 servers have 544 states, 2 clients and 3 servers 41,138,199 states and
//! 194,646,242 transitions, with the whole history (Stateright says one transition more in both).
//!
//! Not modelled: servers that crash.

use std::collections::{BTreeMap, BTreeSet};

use splitbrain::{NodeId, Scenario};

use super::served::{self, Answer, Heed, History, Post, RequestId, Served, Server, Value};

/// The servers of the register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SharedMemory;

/// A place in the order of writes: a number, and the server that gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Label(u8, NodeId);

/// What servers say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Message {
    /// What is your newest value?
    Query(RequestId),
    /// This is.
    Newest(RequestId, Label, Value),
    /// Record this value, unless you have a newer one.
    Record(RequestId, Label, Value),
    /// Recorded.
    Recorded(RequestId),
}

/// What a server coordinates.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Phase {
    /// It asks for the newest value.
    Queries {
        request: RequestId,
        client: NodeId,
        /// What is to be written; nothing for a read.
        write: Option<Value>,
        newest: BTreeMap<NodeId, (Label, Value)>,
    },
    /// It lets a value be recorded.
    Records {
        request: RequestId,
        client: NodeId,
        /// What was read; nothing for a write.
        read: Option<Value>,
        recorded: BTreeSet<NodeId>,
    },
}

/// What a server remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State {
    label: Label,
    value: Value,
    phase: Option<Phase>,
}

impl Server for SharedMemory {
    const NAME: &'static str = "register";
    type State = State;
    type Message = Message;

    fn start(&self, me: NodeId) -> State {
        State { label: Label(0, me), value: Value::NOTHING, phase: None }
    }

    fn on_request(
        &self,
        state: &mut State,
        client: NodeId,
        request: served::Request,
        post: &mut Post<'_, Self>,
    ) -> Heed {
        if state.phase.is_some() {
            return Heed::Ignored;
        }
        let (request, write) = match request {
            served::Request::Put(request, value) => (request, Some(value)),
            served::Request::Get(request) => (request, None),
        };
        let newest = BTreeMap::from([(post.me(), (state.label, state.value))]);
        state.phase = Some(Phase::Queries { request, client, write, newest });
        post.broadcast(Message::Query(request));
        Heed::Acted
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        post: &mut Post<'_, Self>,
    ) -> Heed {
        match message {
            Message::Query(request) => {
                post.send(from, Message::Newest(request, state.label, state.value));
                Heed::Acted
            }
            Message::Record(request, label, value) => {
                state.record(label, value);
                post.send(from, Message::Recorded(request));
                Heed::Acted
            }
            Message::Newest(id, label, value) => match &mut state.phase {
                Some(Phase::Queries { request, newest, .. }) if *request == id => {
                    newest.insert(from, (label, value));
                    state.goes_on_to_record(post);
                    Heed::Acted
                }
                // Of a request that is further on, or over.
                Some(Phase::Queries { .. } | Phase::Records { .. }) | None => Heed::Ignored,
            },
            Message::Recorded(id) => match &mut state.phase {
                Some(Phase::Records { request, recorded, .. })
                    if *request == id && !recorded.contains(&from) =>
                {
                    recorded.insert(from);
                    state.answers(post);
                    Heed::Acted
                }
                // Of a request that is over.
                Some(Phase::Queries { .. } | Phase::Records { .. }) | None => Heed::Ignored,
            },
        }
    }
}

impl State {
    fn record(&mut self, label: Label, value: Value) {
        if label > self.label {
            (self.label, self.value) = (label, value);
        }
    }

    /// Once a majority has said what is newest, that is recorded; behind it, what is written.
    fn goes_on_to_record(&mut self, post: &mut Post<'_, SharedMemory>) {
        let Some(Phase::Queries { request, client, write, newest }) = &self.phase else { return };
        if newest.len() != post.majority() {
            return;
        }
        let (request, client) = (*request, *client);
        let (last, held) = *newest.values().max().expect("a majority is not empty");
        let (label, value) = match write {
            Some(value) => (Label(last.0 + 1, post.me()), *value),
            None => (last, held),
        };
        let read = write.is_none().then_some(held);
        self.record(label, value);
        let recorded = BTreeSet::from([post.me()]);
        self.phase = Some(Phase::Records { request, client, read, recorded });
        post.broadcast(Message::Record(request, label, value));
    }

    /// Once a majority has recorded it, the client is told.
    fn answers(&mut self, post: &mut Post<'_, SharedMemory>) {
        let Some(Phase::Records { request, client, read, recorded }) = &self.phase else { return };
        if recorded.len() != post.majority() {
            return;
        }
        let answer = match read {
            Some(value) => Answer::GetOk(*request, *value),
            None => Answer::PutOk(*request),
        };
        post.answer(*client, answer);
        self.phase = None;
    }
}

/// So many clients of so many servers.
pub fn scenario(clients: u8, servers: u8, history: History) -> Scenario<Served<SharedMemory>> {
    served::scenario(SharedMemory, clients, servers, history)
}
