//! Single-decree Paxos as a register that can be put once.
//!
//! The protocol is that of Lamport's *Paxos Made Simple* (2001), §2.2, in the shape that
//! Stateright 0.31's example `paxos` gives it, so that the counts are the same: a server that is
//! asked to put a value leads a ballot of its own at once; it promises and accepts for itself
//! without a message; it tells the client when a majority has accepted. A server that has decided
//! answers gets and is deaf to everything else. 2 clients and 3 servers have 16,668 states and
//! 32,970 transitions (Stateright says 32,971, with the first state), 3 clients 1,194,428 and
//! 2,420,476.
//!
//! Not modelled: a second ballot of the same server, since each is asked to put once only.

use std::collections::{BTreeMap, BTreeSet};

use splitbrain::{NodeId, Scenario};

use super::served::{self, Answer, Heed, History, Post, RequestId, Served, Server, Value};

/// The servers of single-decree Paxos.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Paxos;

/// A ballot: its number, and the server that leads it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ballot(u8, NodeId);

/// A value that is proposed, and for whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Proposal {
    request: RequestId,
    client: NodeId,
    value: Value,
}

/// A proposal and the ballot it was accepted in.
type Accepted = (Ballot, Proposal);

/// What servers say to each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Message {
    /// Phase 1a: promise to take part in no lower ballot.
    Prepare(Ballot),
    /// Phase 1b: promised; this is what I have accepted last.
    Prepared(Ballot, Option<Accepted>),
    /// Phase 2a: accept this proposal.
    Accept(Ballot, Proposal),
    /// Phase 2b: accepted.
    Accepted(Ballot),
    /// A majority has accepted it.
    Decided(Ballot, Proposal),
}

/// What a server remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State {
    /// The highest ballot it takes part in.
    ballot: Ballot,
    /// What it proposes as a leader.
    proposal: Option<Proposal>,
    /// What those who promised had accepted.
    prepared: BTreeMap<NodeId, Option<Accepted>>,
    /// Those who accepted its proposal.
    accepted_by: BTreeSet<NodeId>,
    /// What it has accepted last.
    accepted: Option<Accepted>,
    /// Whether it knows that what it accepted is decided.
    decided: bool,
}

impl Server for Paxos {
    const NAME: &'static str = "paxos";
    type State = State;
    type Message = Message;

    fn start(&self, _me: NodeId) -> State {
        State {
            ballot: Ballot(0, NodeId(0)),
            proposal: None,
            prepared: BTreeMap::new(),
            accepted_by: BTreeSet::new(),
            accepted: None,
            decided: false,
        }
    }

    fn on_request(
        &self,
        state: &mut State,
        client: NodeId,
        request: served::Request,
        post: &mut Post<'_, Self>,
    ) -> Heed {
        match request {
            served::Request::Get(id) if state.decided => {
                let (_, proposal) = state.accepted.expect("what is decided was accepted");
                post.answer(client, Answer::GetOk(id, proposal.value));
            }
            served::Request::Put(request, value) if !state.decided && state.proposal.is_none() => {
                state.proposal = Some(Proposal { request, client, value });
                state.ballot = Ballot(state.ballot.0 + 1, post.me());
                state.prepared = BTreeMap::from([(post.me(), state.accepted)]);
                state.accepted_by.clear();
                post.broadcast(Message::Prepare(state.ballot));
            }
            served::Request::Get(_) | served::Request::Put(..) => return Heed::Ignored,
        }
        Heed::Acted
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        post: &mut Post<'_, Self>,
    ) -> Heed {
        if state.decided {
            return Heed::Ignored;
        }
        match message {
            Message::Prepare(ballot) if state.ballot < ballot => {
                state.ballot = ballot;
                post.send(from, Message::Prepared(ballot, state.accepted));
            }
            Message::Prepared(ballot, accepted) if ballot == state.ballot => {
                state.is_promised(from, accepted, post);
            }
            Message::Accept(ballot, proposal) if state.ballot <= ballot => {
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                post.send(from, Message::Accepted(ballot));
            }
            Message::Accepted(ballot) if ballot == state.ballot => {
                state.is_accepted(from, post);
            }
            Message::Decided(ballot, proposal) => {
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                state.decided = true;
            }
            // Of a ballot that is over, or that it has left.
            Message::Prepare(_)
            | Message::Prepared(..)
            | Message::Accept(..)
            | Message::Accepted(_) => return Heed::Ignored,
        }
        Heed::Acted
    }
}

impl State {
    /// A promise for its own ballot has come. With a majority it proposes what was accepted in the
    /// highest ballot, since that may be decided already; its client's value only if nothing was.
    fn is_promised(&mut self, by: NodeId, accepted: Option<Accepted>, post: &mut Post<'_, Paxos>) {
        self.prepared.insert(by, accepted);
        if self.prepared.len() != post.majority() {
            return;
        }
        let newest = self.prepared.values().max().copied().flatten();
        let own = self.proposal.expect("who leads a ballot was asked to");
        let proposal = newest.map_or(own, |(_, proposal)| proposal);
        self.proposal = Some(proposal);
        self.accepted = Some((self.ballot, proposal));
        self.accepted_by.insert(post.me());
        post.broadcast(Message::Accept(self.ballot, proposal));
    }

    /// Its proposal was accepted by another. With a majority it is decided.
    fn is_accepted(&mut self, by: NodeId, post: &mut Post<'_, Paxos>) {
        self.accepted_by.insert(by);
        if self.accepted_by.len() != post.majority() {
            return;
        }
        self.decided = true;
        let proposal = self.proposal.expect("who leads a ballot was asked to");
        post.broadcast(Message::Decided(self.ballot, proposal));
        post.answer(proposal.client, Answer::PutOk(proposal.request));
    }
}

/// So many clients of three servers.
pub fn scenario(clients: u8, history: History) -> Scenario<Served<Paxos>> {
    served::scenario(Paxos, clients, 3, history)
}
