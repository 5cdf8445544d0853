//! Single-decree Paxos as actors of Stateright 0.31: the work of
//! [`work::paxos`](crate::bench::work::paxos).
//!
//! There are two of them. [`model`] is as lean as actors can be written; [`in_its_own_style`] is
//! built as Stateright's own examples are, with hashed collections in the servers' states and a
//! property that must be seen. They have the same states and do the same in each.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::hash::Hash;
use std::marker::PhantomData;

use stateright::Expectation;
use stateright::actor::register::RegisterMsg;
use stateright::actor::{Actor, Id, Out, majority, model_peers};
use stateright::util::{HashableHashMap, HashableHashSet};

use super::Served;

/// A ballot: its number, and who leads it.
type Ballot = (u32, Id);
/// The request, who asked, and the value.
type Proposal = (u64, Id, char);
/// A proposal and the ballot it was accepted in.
type Accepted = (Ballot, Proposal);

/// What servers say to each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// Phase 1a.
    Prepare(Ballot),
    /// Phase 1b.
    Prepared(Ballot, Option<Accepted>),
    /// Phase 2a.
    Accept(Ballot, Proposal),
    /// Phase 2b.
    Accepted(Ballot),
    /// A majority has accepted.
    Decided(Ballot, Proposal),
}

/// What a leader notes of the others, in one kind of collection or another.
pub trait Notes: Clone + Debug + Default + PartialEq + Hash + Send + Sync + 'static {
    /// Somebody promised, and has accepted this last.
    fn promised(&mut self, by: Id, last: Option<Accepted>);
    /// How many have promised.
    fn promises(&self) -> usize;
    /// What was accepted in the highest ballot by those who promised.
    fn newest(&self) -> Option<Accepted>;
    /// Somebody accepted.
    fn accepted(&mut self, by: Id);
    /// How many have accepted.
    fn acceptances(&self) -> usize;
}

/// In ordered collections of the standard library: what is fastest in such small states.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Ordered {
    prepared: BTreeMap<Id, Option<Accepted>>,
    accepted_by: BTreeSet<Id>,
}

/// In the hashed collections that Stateright offers for states.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Hashed {
    prepared: HashableHashMap<Id, Option<Accepted>>,
    accepted_by: HashableHashSet<Id>,
}

impl Notes for Ordered {
    fn promised(&mut self, by: Id, last: Option<Accepted>) {
        self.prepared.insert(by, last);
    }

    fn promises(&self) -> usize {
        self.prepared.len()
    }

    fn newest(&self) -> Option<Accepted> {
        self.prepared.values().max().copied().flatten()
    }

    fn accepted(&mut self, by: Id) {
        self.accepted_by.insert(by);
    }

    fn acceptances(&self) -> usize {
        self.accepted_by.len()
    }
}

impl Notes for Hashed {
    fn promised(&mut self, by: Id, last: Option<Accepted>) {
        self.prepared.insert(by, last);
    }

    fn promises(&self) -> usize {
        self.prepared.len()
    }

    fn newest(&self) -> Option<Accepted> {
        self.prepared.values().max().copied().flatten()
    }

    fn accepted(&mut self, by: Id) {
        self.accepted_by.insert(by);
    }

    fn acceptances(&self) -> usize {
        self.accepted_by.len()
    }
}

/// What a server remembers.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct State<N> {
    ballot: Ballot,
    proposal: Option<Proposal>,
    notes: N,
    accepted: Option<Accepted>,
    decided: bool,
}

/// A server and its peers.
#[derive(Clone, Debug)]
pub struct Server<N> {
    peers: Vec<Id>,
    notes: PhantomData<N>,
}

impl<N: Notes> Server<N> {
    fn majority(&self) -> usize {
        majority(self.peers.len() + 1)
    }

    fn broadcast(&self, message: Message, out: &mut Out<Self>) {
        out.broadcast(&self.peers, &RegisterMsg::Internal(message));
    }

    fn is_promised(&self, id: Id, state: &mut State<N>, out: &mut Out<Self>) {
        if state.notes.promises() != self.majority() {
            return;
        }
        let proposal = match state.notes.newest() {
            Some((_, proposal)) => proposal,
            None => state.proposal.expect("who leads a ballot was asked to"),
        };
        state.proposal = Some(proposal);
        state.accepted = Some((state.ballot, proposal));
        state.notes.accepted(id);
        self.broadcast(Message::Accept(state.ballot, proposal), out);
    }

    fn is_accepted(&self, state: &mut State<N>, out: &mut Out<Self>) {
        if state.notes.acceptances() != self.majority() {
            return;
        }
        state.decided = true;
        let proposal = state.proposal.expect("who leads a ballot was asked to");
        self.broadcast(Message::Decided(state.ballot, proposal), out);
        let (request, client, _) = proposal;
        out.send(client, RegisterMsg::PutOk(request));
    }
}

impl<N: Notes> Actor for Server<N> {
    type Msg = RegisterMsg<u64, char, Message>;
    type State = State<N>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State<N> {
        State {
            ballot: (0, Id::from(0)),
            proposal: None,
            notes: N::default(),
            accepted: None,
            decided: false,
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State<N>>,
        from: Id,
        message: Self::Msg,
        out: &mut Out<Self>,
    ) {
        if state.decided {
            if let (RegisterMsg::Get(request), Some((_, (.., value)))) = (message, state.accepted) {
                out.send(from, RegisterMsg::GetOk(request, value));
            }
            return;
        }
        match message {
            RegisterMsg::Put(request, value) if state.proposal.is_none() => {
                let state = state.to_mut();
                state.proposal = Some((request, from, value));
                state.ballot = (state.ballot.0 + 1, id);
                state.notes = N::default();
                state.notes.promised(id, state.accepted);
                self.broadcast(Message::Prepare(state.ballot), out);
            }
            RegisterMsg::Internal(Message::Prepare(ballot)) if state.ballot < ballot => {
                state.to_mut().ballot = ballot;
                let promise = Message::Prepared(ballot, state.accepted);
                out.send(from, RegisterMsg::Internal(promise));
            }
            RegisterMsg::Internal(Message::Prepared(ballot, last)) if state.ballot == ballot => {
                let state = state.to_mut();
                state.notes.promised(from, last);
                self.is_promised(id, state, out);
            }
            RegisterMsg::Internal(Message::Accept(ballot, proposal)) if state.ballot <= ballot => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                out.send(from, RegisterMsg::Internal(Message::Accepted(ballot)));
            }
            RegisterMsg::Internal(Message::Accepted(ballot)) if state.ballot == ballot => {
                let state = state.to_mut();
                state.notes.accepted(from);
                self.is_accepted(state, out);
            }
            RegisterMsg::Internal(Message::Decided(ballot, proposal)) => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                state.decided = true;
            }
            // Whoever changes nothing and says nothing takes no step, in Stateright.
            RegisterMsg::Internal(_)
            | RegisterMsg::Put(..)
            | RegisterMsg::Get(_)
            | RegisterMsg::PutOk(_)
            | RegisterMsg::GetOk(..) => {}
        }
    }
}

/// So many clients of three servers, as lean as it can be written.
pub fn model(clients: u8) -> Served<Server<Ordered>> {
    served(clients)
}

/// The same as Stateright's book and its examples would have it: with the hashed collections that it
/// offers for states, and with a property that must be seen, lest nothing was searched at all.
pub fn in_its_own_style(clients: u8) -> Served<Server<Hashed>> {
    served(clients).property(Expectation::Sometimes, "value read", |_, state| {
        let is_value = |message: &RegisterMsg<u64, char, Message>| {
            matches!(message, RegisterMsg::GetOk(_, value) if *value != char::default())
        };
        state.network.iter_deliverable().any(|envelope| is_value(envelope.msg))
    })
}

fn served<N: Notes>(clients: u8) -> Served<Server<N>> {
    let servers = (0..3).map(|at| Server { peers: model_peers(at, 3), notes: PhantomData });
    super::served(servers, usize::from(clients))
}
