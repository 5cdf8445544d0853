//! Two-phase commit as a plain model of Stateright 0.31: the work of
//! [`work::two_phase`](crate::bench::work::two_phase).

use std::collections::BTreeSet;

use stateright::{Model, Property};

/// So many resource managers.
#[derive(Clone, Debug)]
pub struct TwoPhase {
    resources: u8,
}

/// How far a resource manager is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stance {
    Working,
    Prepared,
    Committed,
    Aborted,
}

/// What is said, for all to read at any time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Message {
    Prepared(u8),
    Commit,
    Abort,
}

/// What all of them remember, and what was said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    resources: Vec<Stance>,
    /// Whether the transaction manager has decided.
    decided: bool,
    /// Which resource managers it knows to be prepared.
    prepared: Vec<bool>,
    messages: BTreeSet<Message>,
}

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// A resource manager is prepared.
    Prepare(u8),
    /// A resource manager aborts of its own accord.
    ChooseToAbort(u8),
    /// The transaction manager hears that a resource manager is prepared.
    HearPrepared(u8),
    /// A resource manager is told to commit.
    HearCommit(u8),
    /// A resource manager is told to abort.
    HearAbort(u8),
    /// The transaction manager commits.
    Commit,
    /// The transaction manager aborts.
    Abort,
}

impl Model for TwoPhase {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let count = usize::from(self.resources);
        vec![State {
            resources: vec![Stance::Working; count],
            decided: false,
            prepared: vec![false; count],
            messages: BTreeSet::new(),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if !state.decided {
            actions.push(Action::Abort);
            if state.prepared.iter().all(|known| *known) {
                actions.push(Action::Commit);
            }
        }
        let said = |message| state.messages.contains(&message);
        let (commit, abort) = (said(Message::Commit), said(Message::Abort));
        for resource in 0..self.resources {
            if state.resources[usize::from(resource)] == Stance::Working {
                actions.extend([Action::Prepare(resource), Action::ChooseToAbort(resource)]);
            }
            if !state.decided && said(Message::Prepared(resource)) {
                actions.push(Action::HearPrepared(resource));
            }
            if commit {
                actions.push(Action::HearCommit(resource));
            }
            if abort {
                actions.push(Action::HearAbort(resource));
            }
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut state = state.clone();
        let mut becomes = |resource: u8, stance| state.resources[usize::from(resource)] = stance;
        match action {
            Action::Prepare(resource) => {
                becomes(resource, Stance::Prepared);
                state.messages.insert(Message::Prepared(resource));
            }
            Action::ChooseToAbort(resource) | Action::HearAbort(resource) => {
                becomes(resource, Stance::Aborted);
            }
            Action::HearCommit(resource) => becomes(resource, Stance::Committed),
            Action::HearPrepared(resource) => state.prepared[usize::from(resource)] = true,
            Action::Commit => {
                state.decided = true;
                state.messages.insert(Message::Commit);
            }
            Action::Abort => {
                state.decided = true;
                state.messages.insert(Message::Abort);
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("consistent", |_, state: &State| {
                let has = |stance| state.resources.contains(&stance);
                !(has(Stance::Committed) && has(Stance::Aborted))
            }),
            Property::sometimes("committed", |_, state: &State| {
                state.resources.iter().all(|stance| *stance == Stance::Committed)
            }),
            Property::sometimes("aborted", |_, state: &State| {
                state.resources.iter().all(|stance| *stance == Stance::Aborted)
            }),
        ]
    }
}

/// So many resource managers and their transaction manager.
pub fn model(resources: u8) -> TwoPhase {
    TwoPhase { resources }
}
