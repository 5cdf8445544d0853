//! Paxos: one value is chosen, whatever is lost, late or repeated, and whoever crashes.
//!
//! Lamport, *Paxos Made Simple* (2001), whose section numbers these are, and *The Part-Time
//! Parliament* (1998), which calls numbers ballots. The first nodes are **acceptors**, the others
//! **proposers**; each proposer is also the learner of its own ballots (a distinguished learner,
//! §2.3).
//!
//! A value is **chosen** when a quorum of acceptors has accepted it in one ballot (§2.2). Acceptors
//! may accept more than one proposal, because one that stuck to its first might be the third of
//! three to hear three different ones, and nothing would ever be chosen. So proposals are numbered,
//! by **ballots** that no two proposers share, and what has to be seen to is that all proposals
//! above one that was chosen have its value.
//!
//! **Phase 1.** A proposer takes a ballot above all it has used, and asks the acceptors to
//! *prepare*. An acceptor that has seen no higher one *promises*: it will take part in no ballot
//! below, and it says which proposal it has accepted last, if any.
//!
//! **Phase 2.** With the promises of a quorum the proposer issues a proposal. If any of them
//! reported an accepted one, it must *adopt* the value of the highest; else it is free to propose
//! its own. An acceptor *accepts* it unless it has promised a higher ballot since.
//!
//! Why this is safe: if v was chosen in ballot b, and a proposer completes phase 1 of a later one,
//! then some acceptor belongs to both quorums. It accepted v in b before it promised, for after it
//! would not have; so it reports v, or something from a ballot between the two, where by induction
//! v was proposed, too. A quorum of phase 1 must meet each of phase 2, and that is all
//! (Howard, Malkhi and Spiegelman, *Flexible Paxos*, 2016): see [`Phases`].
//!
//! **Progress** is not guaranteed: two proposers may outbid each other for ever (§2.4). An acceptor
//! may tell whom it refuses, which changes nothing for safety (§2.2): the proposer that is refused
//! gives its ballot up, and after a while of random length tries one above that which it lost to.
//! A proposer that hears nothing does the same above its own.
//!
//! A client that asks a proposer may ask again later, here or elsewhere: a new ballot finds out
//! what was chosen (§2.3, at its end). So there is nothing to be told to others.
//!
//! Not modelled:
//! - More than one value (§3): see [`multi_paxos`](crate::multi_paxos).
//! - A distinguished proposer (§2.4): any proposer may begin at any time.
//! - Learners that are told by others: a learner that wants to know has a ballot run.
//! - Sending a message again within a ballot: who hears too little begins a new ballot.
//! - Writing to disk as a step of its own: a handler's change is durable when its messages leave.

mod bugs;
mod invariants;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Span};

use crate::parts::ballot::Ballot;
use crate::parts::quorum::{Phases, QuorumSystem};

pub use bugs::Bug;
pub use scenarios::PaxosModel;
pub use state::{Acceptor, Event, Message, Phase, Propose, Proposer, State, Timer, Value, Vote};

/// How long a proposer waits for its first ballot, at least; so many times as long for its n-th.
const WAIT_LEAST: Span = Span::millis(50);
/// How long it waits for its first ballot at most. The two are apart so that proposers which
/// outbid each other fall out of step (§2.4).
const WAIT_MOST: Span = Span::millis(150);
/// The ballot from which on it waits no longer than before: as long as a slow network needs.
const LONGEST_WAIT: u32 = 10;

/// The code of proposers and acceptors.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paxos {
    /// Who must promise, and who must accept. Its nodes are the acceptors; all others propose.
    pub phases: Phases,
    /// Whether an acceptor tells whom it refuses. Safety does not depend on it.
    pub nacks: bool,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

impl Protocol for Paxos {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Propose;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        match out.me().0 < self.phases.accept.size() {
            true => State::Acceptor(Acceptor::default()),
            false => State::Proposer(Proposer::default()),
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
            (State::Acceptor(acceptor), Message::Prepare { ballot }) => {
                self.promise(acceptor, from, ballot, out);
            }
            (State::Acceptor(acceptor), Message::Accept { ballot, value }) => {
                self.accept(acceptor, from, Vote { ballot, value }, out);
            }
            // The answer is to a ballot that this proposer has given up since.
            (
                State::Proposer(proposer),
                Message::Promise { ballot, .. }
                | Message::Accepted { ballot }
                | Message::Nack { ballot, .. },
            ) if ballot != proposer.ballot => {}
            (State::Proposer(proposer), Message::Promise { accepted, .. }) => {
                self.count_promise(proposer, from, accepted, out);
            }
            (State::Proposer(proposer), Message::Accepted { .. }) => {
                self.count_acceptance(proposer, from, out);
            }
            (State::Proposer(proposer), Message::Nack { promised, .. }) => match proposer.phase {
                Phase::Preparing { .. } | Phase::Proposing { .. } => {
                    proposer.phase = Phase::Refused { by: promised };
                }
                // It has given this ballot up already, or it was not needed to complete it.
                Phase::Idle | Phase::Refused { .. } | Phase::Learned(_) => {}
            },
            (state, message) => unreachable!("nobody sends {message:?} to {state:?}"),
        }
    }

    fn on_timeout(&self, state: &mut State, Timer::Retry: Timer, out: &mut Outbox<Self>) {
        let State::Proposer(proposer) = state else {
            unreachable!("acceptors set no timers");
        };
        let above = match proposer.phase {
            Phase::Preparing { .. } | Phase::Proposing { .. } => proposer.ballot,
            Phase::Refused { by } => {
                out.emit(Event::TriedHigher { above: by });
                by
            }
            Phase::Idle | Phase::Learned(_) => unreachable!("it waits for nothing"),
        };
        if self.bug == Some(Bug::ValueForgotten) {
            out.mark(Bug::ValueForgotten.name());
            proposer.own = Value::NOTHING;
        }
        self.begin(proposer, above, out);
    }

    /// A proposer works for one client at a time.
    fn accepts(&self, _me: NodeId, state: &State, _input: &Propose) -> bool {
        match state {
            State::Acceptor(_) => false,
            State::Proposer(proposer) => {
                matches!(proposer.phase, Phase::Idle | Phase::Learned(_))
            }
        }
    }

    fn on_input(&self, state: &mut State, Propose(value): Propose, out: &mut Outbox<Self>) {
        let State::Proposer(proposer) = state else {
            unreachable!("clients ask proposers");
        };
        proposer.own = value;
        self.begin(proposer, proposer.ballot, out);
    }

    /// Questions that an acceptor has answered or is past, if it says nothing to whom it refuses;
    /// answers to what a proposer no longer asks, or has counted.
    fn ignores(&self, _: NodeId, state: &State, from: NodeId, message: &Message) -> bool {
        match state {
            State::Acceptor(_) if self.nacks || self.acceptors_go_back() => false,
            State::Acceptor(acceptor) => match *message {
                Message::Prepare { ballot } => ballot <= acceptor.promised,
                Message::Accept { ballot, value } => {
                    let is_done = acceptor.accepted == Some(Vote { ballot, value });
                    is_done || ballot < acceptor.promised
                }
                Message::Promise { .. } | Message::Accepted { .. } | Message::Nack { .. } => false,
            },
            State::Proposer(_) if self.proposers_go_back() => false,
            State::Proposer(proposer) => match *message {
                Message::Prepare { .. } | Message::Accept { .. } => false,
                Message::Promise { ballot, .. }
                | Message::Accepted { ballot }
                | Message::Nack { ballot, .. }
                    if ballot != proposer.ballot =>
                {
                    ballot < proposer.ballot
                }
                Message::Promise { .. } => match &proposer.phase {
                    Phase::Preparing { promised, .. } => promised.contains(&from),
                    Phase::Idle
                    | Phase::Proposing { .. }
                    | Phase::Refused { .. }
                    | Phase::Learned(_) => true,
                },
                Message::Accepted { .. } => match &proposer.phase {
                    Phase::Preparing { .. } => false,
                    Phase::Proposing { accepted, .. } => accepted.contains(&from),
                    Phase::Idle | Phase::Refused { .. } | Phase::Learned(_) => true,
                },
                Message::Nack { .. } => {
                    !matches!(proposer.phase, Phase::Preparing { .. } | Phase::Proposing { .. })
                }
            },
        }
    }

    /// An acceptor's promise and vote are in stable storage, and so is a proposer's ballot, so that
    /// it uses none twice (§2.5). The proposer's client has to ask again.
    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        match crashed {
            State::Acceptor(acceptor) => {
                let mut kept = *acceptor;
                if self.bug == Some(Bug::Amnesia) && kept != Acceptor::default() {
                    out.mark(Bug::Amnesia.name());
                    kept = Acceptor::default();
                }
                State::Acceptor(kept)
            }
            State::Proposer(proposer) => {
                let mut ballot = proposer.ballot;
                if self.bug == Some(Bug::BallotForgotten) && ballot != Ballot::NONE {
                    out.mark(Bug::BallotForgotten.name());
                    ballot = Ballot::NONE;
                }
                State::Proposer(Proposer { ballot, own: Value::NOTHING, phase: Phase::Idle })
            }
        }
    }
}

/// What an acceptor does.
impl Paxos {
    /// Phase 1b: promises to take part in no lower ballot, if it has not promised a higher one.
    fn promise(
        &self,
        acceptor: &mut Acceptor,
        proposer: NodeId,
        ballot: Ballot,
        out: &mut Outbox<Self>,
    ) {
        if ballot < acceptor.promised {
            return self.refuse(acceptor, proposer, ballot, out);
        }
        if ballot == acceptor.promised {
            // It has promised this already, or even accepted what came of it.
            return;
        }
        if self.bug == Some(Bug::PromiseNotStored) {
            out.mark(Bug::PromiseNotStored.name());
        } else {
            acceptor.promised = ballot;
        }
        let mut accepted = acceptor.accepted;
        if self.bug == Some(Bug::PromiseHidesAccepted) && accepted.take().is_some() {
            out.mark(Bug::PromiseHidesAccepted.name());
        }
        out.send(proposer, Message::Promise { ballot, accepted });
    }

    /// Phase 2b: accepts the proposal, unless it has promised a higher ballot. To accept is to take
    /// part in this ballot, and so to take part in none below it any more.
    fn accept(
        &self,
        acceptor: &mut Acceptor,
        proposer: NodeId,
        proposal: Vote,
        out: &mut Outbox<Self>,
    ) {
        let ballot = proposal.ballot;
        if ballot < acceptor.promised {
            if self.bug != Some(Bug::AcceptBelowPromise) {
                return self.refuse(acceptor, proposer, ballot, out);
            }
            out.mark(Bug::AcceptBelowPromise.name());
        }
        if acceptor.accepted == Some(proposal) {
            return;
        }
        if self.bug != Some(Bug::NoBumpOnAccept) {
            acceptor.promised = acceptor.promised.max(ballot);
        } else if acceptor.promised < ballot {
            out.mark(Bug::NoBumpOnAccept.name());
        }
        acceptor.accepted = Some(proposal);
        out.emit(Event::Accepted(proposal));
        out.send(proposer, Message::Accepted { ballot });
    }

    /// Says that a higher ballot was promised, for the proposer's sake alone (§2.2).
    fn refuse(
        &self,
        acceptor: &Acceptor,
        proposer: NodeId,
        ballot: Ballot,
        out: &mut Outbox<Self>,
    ) {
        if self.nacks {
            out.send(proposer, Message::Nack { ballot, promised: acceptor.promised });
        }
    }

    /// Whether an acceptor that is past a question may come back to it: only by mistake. Then no
    /// mail of an acceptor is ever dead.
    fn acceptors_go_back(&self) -> bool {
        matches!(
            self.bug,
            Some(
                Bug::AcceptBelowPromise
                    | Bug::Amnesia
                    | Bug::BallotCollision
                    | Bug::BallotForgotten
                    | Bug::NoBumpOnAccept
                    | Bug::Rephase2
            )
        )
    }
}

/// What a proposer does.
impl Paxos {
    /// Phase 1a: begins its smallest ballot above that one.
    fn begin(&self, proposer: &mut Proposer, above: Ballot, out: &mut Outbox<Self>) {
        let mut ballot = above.next_for(out.me());
        if self.bug == Some(Bug::BallotCollision) {
            // All proposers number their ballots as if they were the first one.
            let mistaken = above.next_for(NodeId(self.phases.prepare.size()));
            if mistaken != ballot {
                out.mark(Bug::BallotCollision.name());
            }
            ballot = mistaken;
        }
        proposer.ballot = ballot;
        proposer.phase = Phase::Preparing { promised: Vec::new(), highest: None };
        let tries = u64::from(ballot.round.min(LONGEST_WAIT));
        out.set_timer(Timer::Retry, WAIT_LEAST * tries..WAIT_MOST * tries);
        self.ask_acceptors(Message::Prepare { ballot }, out);
    }

    /// Notes a promise and what it reports. With a quorum of them it may propose.
    fn count_promise(
        &self,
        proposer: &mut Proposer,
        from: NodeId,
        reported: Option<Vote>,
        out: &mut Outbox<Self>,
    ) {
        match &mut proposer.phase {
            Phase::Preparing { promised, highest } => {
                let Err(place) = promised.binary_search(&from) else { return };
                promised.insert(place, from);
                let mut top = (*highest).max(reported);
                if self.bug == Some(Bug::AnyAccepted) && top != reported.or(*highest) {
                    out.mark(Bug::AnyAccepted.name());
                    top = reported.or(*highest);
                }
                *highest = top;
                if self.is_quorum(&self.phases.prepare, promised, out) {
                    let value = self.value_for(proposer.own, top, out);
                    self.propose(proposer, value, top.is_some(), out);
                }
            }
            Phase::Proposing { value, .. } if self.bug == Some(Bug::Rephase2) => {
                if let Some(Vote { value: anew, .. }) = reported.filter(|vote| vote.value != *value)
                {
                    out.mark(Bug::Rephase2.name());
                    self.propose(proposer, anew, true, out);
                }
            }
            // A quorum is enough. Whoever promises beyond it changes nothing.
            Phase::Proposing { .. } | Phase::Idle | Phase::Refused { .. } | Phase::Learned(_) => {}
        }
    }

    /// The value it must propose: that of the highest proposal reported, or else its own (§2.2,
    /// P2c).
    fn value_for(&self, own: Value, highest: Option<Vote>, out: &mut Outbox<Self>) -> Value {
        let adopted = highest.map_or(own, |vote| vote.value);
        if self.bug == Some(Bug::IgnoreAccepted) && adopted != own {
            out.mark(Bug::IgnoreAccepted.name());
            return own;
        }
        adopted
    }

    /// Phase 2a: issues its proposal. It does so once a ballot.
    fn propose(
        &self,
        proposer: &mut Proposer,
        value: Value,
        adopted: bool,
        out: &mut Outbox<Self>,
    ) {
        let ballot = proposer.ballot;
        proposer.phase = Phase::Proposing { value, accepted: Vec::new() };
        out.emit(Event::Proposed { proposal: Vote { ballot, value }, adopted });
        self.ask_acceptors(Message::Accept { ballot, value }, out);
    }

    /// Notes that its proposal was accepted. With a quorum of those its value is chosen.
    fn count_acceptance(&self, proposer: &mut Proposer, from: NodeId, out: &mut Outbox<Self>) {
        match &mut proposer.phase {
            Phase::Proposing { value, accepted } => {
                let Err(place) = accepted.binary_search(&from) else { return };
                accepted.insert(place, from);
                if self.is_quorum(&self.phases.accept, accepted, out) {
                    let value = *value;
                    proposer.own = Value::NOTHING;
                    proposer.phase = Phase::Learned(value);
                    out.cancel_timer(Timer::Retry);
                    out.emit(Event::Learned(value));
                }
            }
            // It knows already, or it has given this ballot up.
            Phase::Idle | Phase::Refused { .. } | Phase::Learned(_) => {}
            // Only a proposer that has forgotten a ballot and begins it again gets here.
            Phase::Preparing { .. } => {}
        }
    }

    /// Whether these acceptors are enough for a phase.
    fn is_quorum(&self, system: &QuorumSystem, nodes: &[NodeId], out: &mut Outbox<Self>) -> bool {
        let is_quorum = system.is_quorum(nodes);
        if self.bug == Some(Bug::QuorumTooSmall) && !is_quorum {
            // One acceptor too few.
            let with_one = |one| system.is_quorum(&[nodes, &[NodeId(one)]].concat());
            if (0..system.size()).any(with_one) {
                out.mark(Bug::QuorumTooSmall.name());
                return true;
            }
        }
        is_quorum
    }

    /// Whether a proposer that is done with an answer may come back to it: only by mistake.
    fn proposers_go_back(&self) -> bool {
        matches!(self.bug, Some(Bug::BallotForgotten | Bug::Rephase2))
    }

    fn ask_acceptors(&self, message: Message, out: &mut Outbox<Self>) {
        for acceptor in (0..self.phases.accept.size()).map(NodeId) {
            out.send(acceptor, message);
        }
    }
}
