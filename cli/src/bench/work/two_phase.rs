//! Two-phase commit, as specified beside the paper.
//!
//! Gray and Lamport, *Consensus on Transaction Commit* (2006), and their specification
//! `TwoPhase.tla`: resource managers are prepared or abort of their own accord; the transaction
//! manager commits when it knows that all are prepared, or aborts when it likes. Messages are one
//! set that everybody reads and nobody takes from, so that receiving one again is a step, too.
//!
//! The states are those of the specification, and so are the steps from each, one for one:
//!
//! | `TwoPhase.tla` | here |
//! |---|---|
//! | `RMPrepare(r)`, `RMChooseToAbort(r)` | timers of r, set while it is working |
//! | `TMCommit`, `TMAbort` | timers of the manager, set while each is enabled |
//! | `RMRcvCommitMsg(r)`, `RMRcvAbortMsg(r)` | deliveries on set links: again and again |
//! | `TMRcvPrepared(r)`, the first time | an input of r's lane, offered once r has said so |
//! | `TMRcvPrepared(r)`, any time after | a timer of the manager, set until it decides |
//!
//! `TMRcvPrepared` is no delivery, because the specification disables it when the manager has
//! decided, and a message on set links can always be delivered. So whether a resource manager has
//! said that it is prepared is kept beside its state; the manager's input reads it there.
//! 3 resource managers have 288 states and 1,145 transitions (TLC says 1,146, with the first
//! state), 8 have 1,745,408 and 18,507,777, 9 have 10,340,352 and 123,558,401.
//!
//! Not modelled: loss, which a set of messages has by never receiving; crashes.

use std::collections::BTreeSet;

use splitbrain::invariants::Agreement;
use splitbrain::{
    Goal, Invariant, Links, Node, NodeId, Outbox, Protocol, Scenario, Sight, Span, To,
};

/// Two-phase commit. Node n0 is the transaction manager, the others are resource managers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TwoPhase;

/// The transaction manager.
pub const MANAGER: NodeId = NodeId(0);

/// What a transaction manager remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Manager {
    /// What it has decided, once it has.
    decided: Option<Decision>,
    /// The resource managers it knows to be prepared.
    prepared: BTreeSet<NodeId>,
}

/// What a resource manager remembers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Resource {
    stance: Stance,
    /// Whether it has said that it is prepared.
    said: bool,
}

/// How far a resource manager is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Stance {
    /// It may still do either.
    Working,
    /// It has promised to do as it is told.
    Prepared,
    /// It has committed.
    Committed,
    /// It has aborted.
    Aborted,
}

/// What a node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// The transaction manager.
    Manager(Manager),
    /// A resource manager.
    Resource(Resource),
}

/// What the transaction manager decides, and says to all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Decision {
    /// All commit.
    Commit,
    /// All abort.
    Abort,
}

/// What nodes do of their own accord: set exactly while it can be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Timer {
    /// A resource manager is prepared.
    Prepare,
    /// A resource manager aborts.
    ChooseToAbort,
    /// The transaction manager decides.
    Decide(Decision),
    /// The transaction manager hears once more what it knows.
    HearAgain(NodeId),
}

/// The transaction manager hears that this resource manager is prepared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Prepared(NodeId);

/// The timers run for no particular time: exploration asks only which are set.
const SOME_TIME: Span = Span::millis(1);

impl Protocol for TwoPhase {
    type State = State;
    type Message = Decision;
    type Timer = Timer;
    type Input = Prepared;
    type Event = Decision;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        if out.me() == MANAGER {
            out.set_timer(Timer::Decide(Decision::Abort), SOME_TIME);
            return State::Manager(Manager { decided: None, prepared: BTreeSet::new() });
        }
        out.set_timer(Timer::Prepare, SOME_TIME);
        out.set_timer(Timer::ChooseToAbort, SOME_TIME);
        State::Resource(Resource { stance: Stance::Working, said: false })
    }

    /// A resource manager does as it is told, whatever it has done.
    fn on_message(
        &self,
        state: &mut State,
        _from: NodeId,
        decision: Decision,
        out: &mut Outbox<Self>,
    ) {
        let State::Resource(resource) = state else {
            unreachable!("nobody sends {decision:?} to the manager")
        };
        let stance = match decision {
            Decision::Commit => Stance::Committed,
            Decision::Abort => Stance::Aborted,
        };
        resource.becomes(stance, out);
    }

    fn on_timeout(&self, state: &mut State, timer: Timer, out: &mut Outbox<Self>) {
        match (&mut *state, timer) {
            (State::Resource(resource), Timer::Prepare) => {
                resource.becomes(Stance::Prepared, out);
                resource.said = true;
            }
            (State::Resource(resource), Timer::ChooseToAbort) => {
                resource.becomes(Stance::Aborted, out);
            }
            (State::Manager(manager), Timer::Decide(decision)) => manager.decide(decision, out),
            (State::Manager(_), Timer::HearAgain(_)) => out.set_timer(timer, SOME_TIME),
            (state, timer) => unreachable!("nobody sets {timer:?} at {state:?}"),
        }
    }

    fn on_input(&self, state: &mut State, Prepared(by): Prepared, out: &mut Outbox<Self>) {
        let State::Manager(manager) = state else {
            unreachable!("only the manager is offered what others say")
        };
        manager.prepared.insert(by);
        out.set_timer(Timer::HearAgain(by), SOME_TIME);
        if manager.prepared.len() == out.cluster() - 1 {
            out.set_timer(Timer::Decide(Decision::Commit), SOME_TIME);
        }
    }

    fn accepts(&self, _me: NodeId, state: &State, _input: &Prepared) -> bool {
        matches!(state, State::Manager(Manager { decided: None, .. }))
    }
}

impl Resource {
    /// Only while it is working does it do anything of its own accord.
    fn becomes(&mut self, stance: Stance, out: &mut Outbox<TwoPhase>) {
        match stance {
            _ if self.stance == stance => {}
            Stance::Working | Stance::Prepared => {}
            Stance::Committed => out.emit(Decision::Commit),
            Stance::Aborted => out.emit(Decision::Abort),
        }
        self.stance = stance;
        out.cancel_timer(Timer::Prepare);
        out.cancel_timer(Timer::ChooseToAbort);
    }
}

impl Manager {
    fn decide(&mut self, decision: Decision, out: &mut Outbox<TwoPhase>) {
        self.decided = Some(decision);
        out.broadcast(decision);
        out.cancel_timer(Timer::Decide(Decision::Commit));
        out.cancel_timer(Timer::Decide(Decision::Abort));
        for resource in &self.prepared {
            out.cancel_timer(Timer::HearAgain(*resource));
        }
    }
}

/// So many resource managers and their transaction manager.
pub fn scenario(resources: u8) -> Scenario<TwoPhase> {
    let mut scenario = Scenario::new("two-phase", TwoPhase, usize::from(resources) + 1)
        .links(Links::Set)
        .offered_about(|Prepared(by)| *by, has_said)
        .invariant(Invariant::history(
            "consistent",
            "No resource manager aborts while another commits.",
            Agreement::<(), Decision>::new(),
            |decided, sight| match sight {
                Sight::Event { event, .. } => decided.agree((), **event),
                _ => Ok(()),
            },
        ))
        .goal(Goal::seen("committed", "A resource manager commits.", |_, sight| {
            matches!(sight, Sight::Event { event: Decision::Commit, .. })
        }))
        .goal(Goal::seen("aborted", "A resource manager aborts.", |_, sight| {
            matches!(sight, Sight::Event { event: Decision::Abort, .. })
        }));
    for resource in (1..=resources).map(NodeId) {
        scenario = scenario.lane([(To::Node(MANAGER), Prepared(resource))]);
    }
    scenario
}

/// A resource manager's word is heard once it is given.
fn has_said(_: &Prepared, resource: &Node<TwoPhase>) -> bool {
    matches!(resource.state, State::Resource(Resource { said: true, .. }))
}
