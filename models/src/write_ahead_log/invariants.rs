//! What must hold of the store, and what must be reachable.

use std::collections::BTreeMap;

use splitbrain::invariants::{
    Durability, Linearizable, Register, RegisterOperation, RegisterOutput, Validity,
};
use splitbrain::{Broken, ClientId, Goal, Invariant, Sight, broken};

use super::{Answer, Event, Input, Key, Lsn, Value, Waiting, WriteAheadLog};

/// What was answered is never lost. The last answered record stands for all before it.
pub(super) fn durability() -> Invariant<WriteAheadLog> {
    Invariant::history(
        "durability",
        "What was answered is there after every crash.",
        Durability::<Lsn>::new(),
        |answered, sight| match sight {
            Sight::Event {
                event: Event::Answered { answer: Answer::Written(lsn), .. }, ..
            } => {
                let before = answered.acknowledged().next_back().copied();
                before.iter().for_each(|before| answered.release(before));
                answered.acknowledge(*lsn);
                Ok(())
            }
            Sight::Restart { state, .. } => answered.survives(|lsn| *lsn <= state.store.lsn),
            Sight::Event { .. } | Sight::Input { .. } | Sight::Crash { .. } => Ok(()),
        },
    )
}

/// No value that nobody wrote.
pub(super) fn validity() -> Invariant<WriteAheadLog> {
    Invariant::history(
        "validity",
        "Whatever a recovery finds, some client asked to write.",
        Validity::<(Key, Value)>::new(),
        |asked, sight| match sight {
            Sight::Input { input, .. } => {
                if let Input::Put(_, key, value) = input {
                    asked.propose((*key, *value));
                }
                Ok(())
            }
            Sight::Restart { state, .. } => {
                state.store.values.iter().try_for_each(|(key, value)| {
                    let invented = || Broken::new(format!("{key:?} is {value:?}: nobody wrote it"));
                    asked.decide(&(*key, *value)).map_err(|_| invented())
                })
            }
            Sight::Event { .. } | Sight::Crash { .. } => Ok(()),
        },
    )
}

/// The writes in the order of the log, without those that a crash took.
type History = Vec<(Key, Value)>;

/// Recovery finds how the log began, and nothing else.
pub(super) fn prefix_order() -> Invariant<WriteAheadLog> {
    Invariant::history(
        "prefix-order",
        "A recovery finds what the log's first writes made, up to one of them and without a gap.",
        History::new(),
        |history, sight| match sight {
            Sight::Input { input, .. } => {
                if let Input::Put(_, key, value) = input {
                    history.push((*key, *value));
                }
                Ok(())
            }
            Sight::Restart { state, .. } => {
                let first = state.store.lsn.0 as usize;
                if first > history.len() {
                    return broken(format!(
                        "{first} writes are found where {} were made",
                        history.len()
                    ));
                }
                history.truncate(first);
                let made: BTreeMap<Key, Value> = history.iter().copied().collect();
                if made != state.store.values {
                    return broken(format!(
                        "the first {first} writes made {made:?}, and {:?} is found",
                        state.store.values
                    ));
                }
                Ok(())
            }
            Sight::Event { .. } | Sight::Crash { .. } => Ok(()),
        },
    )
}

/// The store as its clients see it: a register for each key that was asked for. It is enough to
/// look at each by itself (Herlihy & Wing 1990, on locality).
type Registers = BTreeMap<Key, Linearizable<Register<Option<Value>>, ClientId>>;

/// The store behaves as one that no crash can touch.
pub(super) fn linearizability() -> Invariant<WriteAheadLog> {
    Invariant::history(
        "linearizability",
        "The answers are those of one store that does each operation at some moment between \
         request and answer, or some time after the crash that left it unanswered, or never.",
        Registers::new(),
        |registers, sight| match sight {
            Sight::Input { client, input, .. } => {
                let (key, operation) = match **input {
                    Input::Put(_, key, value) => (key, RegisterOperation::Write(Some(value))),
                    Input::Get(_, key) => (key, RegisterOperation::Read),
                };
                registers.entry(key).or_default().invoke(*client, operation);
                Ok(())
            }
            Sight::Event { event: Event::Answered { client, answer }, .. } => {
                let output = match answer {
                    Answer::Written(_) => RegisterOutput::Written,
                    Answer::Found(value) => RegisterOutput::Holds(*value),
                };
                let mut asked = registers.values_mut().filter(|register| register.waits(client));
                asked.try_for_each(|register| register.respond(*client, output))
            }
            Sight::Crash { state, .. } => {
                let abandon = |waiting: &Waiting| {
                    registers.values_mut().for_each(|register| register.abandon(&waiting.client));
                };
                state.waiting.iter().for_each(abandon);
                Ok(())
            }
            Sight::Event { .. } | Sight::Restart { .. } => Ok(()),
        },
    )
}

/// A write is answered.
pub(super) fn answered() -> Goal<WriteAheadLog> {
    Goal::seen("answered", "A write is durable, and its client is told so.", |_, sight| {
        matches!(
            sight,
            Sight::Event { event: Event::Answered { answer: Answer::Written(_), .. }, .. }
        )
    })
}

/// A sync is for many.
pub(super) fn group_commit() -> Goal<WriteAheadLog> {
    Goal::seen("group-commit", "One sync makes several writes durable.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Synced { records: 2.. }, .. })
    })
}

/// A crash takes what was not answered.
pub(super) fn lost() -> Goal<WriteAheadLog> {
    Goal::seen("unanswered-lost", "A crash takes a write that was not answered.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Recovered { lost: 1.., .. }, .. })
    })
}

/// A crash leaves what was not answered.
pub(super) fn found() -> Goal<WriteAheadLog> {
    Goal::seen(
        "unanswered-found",
        "A write that was not answered is there after the crash, for good.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Recovered { found: 1.., .. }, .. }),
    )
}

/// A torn record is cut off.
pub(super) fn torn() -> Goal<WriteAheadLog> {
    Goal::seen("torn-tail", "A recovery finds half a record, and cuts it off.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Recovered { torn: true, .. }, .. })
    })
}

/// A checkpoint makes up for the log.
pub(super) fn checkpointed() -> Goal<WriteAheadLog> {
    Goal::seen("log-cut", "A checkpoint is synced, and the log up to it is cut.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Checkpointed(_), .. })
    })
}

/// Recovery begins at a checkpoint and goes on with the log.
pub(super) fn redone() -> Goal<WriteAheadLog> {
    Goal::seen(
        "image-and-log",
        "A recovery begins with a checkpoint, and redoes the log behind it.",
        |_, sight| match sight {
            Sight::Restart { state, .. } => {
                Lsn::default() < state.checkpoint() && state.checkpoint() < state.store.lsn
            }
            Sight::Event { .. } | Sight::Input { .. } | Sight::Crash { .. } => false,
        },
    )
}
