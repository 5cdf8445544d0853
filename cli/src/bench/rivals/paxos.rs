//! Single-decree Paxos as actors of Stateright 0.31: the work of
//! [`work::paxos`](crate::bench::work::paxos).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::register::RegisterMsg;
use stateright::actor::{Actor, Id, Out, majority, model_peers};

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

/// What a server remembers.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct State {
    ballot: Ballot,
    proposal: Option<Proposal>,
    prepared: BTreeMap<Id, Option<Accepted>>,
    accepted_by: BTreeSet<Id>,
    accepted: Option<Accepted>,
    decided: bool,
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

    fn broadcast(&self, message: Message, out: &mut Out<Self>) {
        out.broadcast(&self.peers, &RegisterMsg::Internal(message));
    }

    fn is_promised(&self, id: Id, state: &mut State, out: &mut Out<Self>) {
        if state.prepared.len() != self.majority() {
            return;
        }
        let newest = state.prepared.values().max().copied().flatten();
        let proposal = match newest {
            Some((_, proposal)) => proposal,
            None => state.proposal.expect("who leads a ballot was asked to"),
        };
        state.proposal = Some(proposal);
        state.accepted = Some((state.ballot, proposal));
        state.accepted_by.insert(id);
        self.broadcast(Message::Accept(state.ballot, proposal), out);
    }

    fn is_accepted(&self, state: &mut State, out: &mut Out<Self>) {
        if state.accepted_by.len() != self.majority() {
            return;
        }
        state.decided = true;
        let proposal = state.proposal.expect("who leads a ballot was asked to");
        self.broadcast(Message::Decided(state.ballot, proposal), out);
        let (request, client, _) = proposal;
        out.send(client, RegisterMsg::PutOk(request));
    }
}

impl Actor for Server {
    type Msg = RegisterMsg<u64, char, Message>;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            ballot: (0, Id::from(0)),
            proposal: None,
            prepared: BTreeMap::new(),
            accepted_by: BTreeSet::new(),
            accepted: None,
            decided: false,
        }
    }

    fn on_msg(
        &self,
        id: Id,
        state: &mut Cow<'_, State>,
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
                state.prepared = BTreeMap::from([(id, state.accepted)]);
                self.broadcast(Message::Prepare(state.ballot), out);
            }
            RegisterMsg::Internal(Message::Prepare(ballot)) if state.ballot < ballot => {
                state.to_mut().ballot = ballot;
                let promise = Message::Prepared(ballot, state.accepted);
                out.send(from, RegisterMsg::Internal(promise));
            }
            RegisterMsg::Internal(Message::Prepared(ballot, last)) if state.ballot == ballot => {
                let state = state.to_mut();
                state.prepared.insert(from, last);
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
                state.accepted_by.insert(from);
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

/// So many clients of three servers.
pub fn model(clients: u8) -> Served<Server> {
    let servers = (0..3).map(|at| Server { peers: model_peers(at, 3) });
    super::served(servers, usize::from(clients))
}
