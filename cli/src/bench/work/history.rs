//! The history of a register, kept whole: what was asked and answered, and what came before what.
//!
//! This is how much of the past Stateright's `LinearizabilityTester` (0.31) keeps in a state, and
//! two of these are equal exactly where two of those are. It tells apart far more states than
//! linearizability needs: [`Linearizable`](splitbrain::invariants::Linearizable) forgets what can
//! no longer matter. It is here so that both can be measured on one state space.

use splitbrain::invariants::{Register, RegisterOperation, RegisterOutput, Specification};
use splitbrain::{Held, NodeId, broken};

use super::served::Value;

/// An operation that was asked for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Invoked {
    /// For each other client that had finished anything by then: the place of its last operation.
    after: Vec<(NodeId, u8)>,
    operation: RegisterOperation<Value>,
}

/// An operation that was asked for and answered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Finished {
    invoked: Invoked,
    output: RegisterOutput<Value>,
}

/// What one client has asked, in its order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Asked {
    client: NodeId,
    finished: Vec<Finished>,
    /// What it waits for.
    waiting: Option<Invoked>,
}

/// The whole history of a register.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct WholeHistory {
    /// The clients, in order.
    clients: Vec<Asked>,
}

impl WholeHistory {
    /// A client asks for an operation.
    ///
    /// # Panics
    /// When it still waits for another.
    pub fn invoke(&mut self, client: NodeId, operation: RegisterOperation<Value>) {
        let others = self.clients.iter().filter(|other| other.client != client);
        let after = others
            .filter_map(|other| Some((other.client, other.finished.len().checked_sub(1)? as u8)))
            .collect();
        let at = self.clients.partition_point(|other| other.client < client);
        if self.clients.get(at).is_none_or(|found| found.client != client) {
            self.clients.insert(at, Asked { client, finished: Vec::new(), waiting: None });
        }
        let waiting = &mut self.clients[at].waiting;
        assert!(waiting.is_none(), "{client} asks for one thing at a time");
        *waiting = Some(Invoked { after, operation });
    }

    /// A client's operation ends with this output.
    ///
    /// # Errors
    /// No order of the operations explains the outputs.
    ///
    /// # Panics
    /// When the client waits for nothing.
    pub fn respond(&mut self, client: NodeId, output: RegisterOutput<Value>) -> Held {
        let at = self.clients.iter().position(|asked| asked.client == client);
        let asked = &mut self.clients[at.expect("only who asked is answered")];
        let invoked = asked.waiting.take().expect("only who waits is answered");
        asked.finished.push(Finished { invoked, output });
        let mut placed = vec![0; self.clients.len()];
        match self.explained(&Register::new(Value::NOTHING), &mut placed) {
            true => Ok(()),
            false => broken(format!("{client}: no order of the operations explains {output:?}")),
        }
    }

    /// Whether the operations that are not placed yet can be placed behind those that are: every
    /// finished one with its output, and those still waited for as they fit. `placed` says how many
    /// of each client's are.
    fn explained(&self, register: &Register<Value>, placed: &mut Vec<usize>) -> bool {
        let unfinished = |(asked, placed): (&Asked, &usize)| asked.finished.len() > *placed;
        if !self.clients.iter().zip(&*placed).any(unfinished) {
            return true;
        }
        (0..self.clients.len()).any(|client| {
            let asked = &self.clients[client];
            let finished = asked.finished.get(placed[client]);
            let next = match finished {
                Some(finished) => Some(&finished.invoked),
                None if placed[client] == asked.finished.len() => asked.waiting.as_ref(),
                None => None,
            };
            let Some(invoked) = next else { return false };
            if !self.may_come_next(invoked, placed) {
                return false;
            }
            let mut register = register.clone();
            let output = register.apply(&invoked.operation);
            if finished.is_some_and(|finished| finished.output != output) {
                return false;
            }
            placed[client] += 1;
            let explained = self.explained(&register, placed);
            placed[client] -= 1;
            explained
        })
    }

    /// Whether everything that had finished when the operation was asked for is placed.
    fn may_come_next(&self, invoked: &Invoked, placed: &[usize]) -> bool {
        invoked.after.iter().all(|(client, last)| {
            let at = self.clients.iter().position(|asked| asked.client == *client);
            placed[at.expect("who has finished something has asked")] > usize::from(*last)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RegisterOperation::{Read, Write};
    use RegisterOutput::{Holds, Written};

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    #[test]
    fn a_write_under_way_may_be_read_or_not_until_somebody_has_read_it() {
        let mut history = WholeHistory::default();
        history.invoke(A, Write(Value(1)));
        history.invoke(B, Read);
        assert!(history.clone().respond(B, Holds(Value::NOTHING)).is_ok());
        assert!(history.respond(B, Holds(Value(1))).is_ok());
        history.invoke(B, Read);
        assert!(history.clone().respond(B, Holds(Value(1))).is_ok());
        assert!(history.respond(B, Holds(Value::NOTHING)).is_err());
    }

    #[test]
    fn a_write_that_has_ended_is_read() {
        let mut history = WholeHistory::default();
        history.invoke(A, Write(Value(1)));
        assert!(history.respond(A, Written).is_ok());
        history.invoke(B, Read);
        assert!(history.clone().respond(B, Holds(Value(1))).is_ok());
        assert!(history.respond(B, Holds(Value::NOTHING)).is_err());
    }

    #[test]
    fn what_came_before_what_is_part_of_the_history() {
        let write = |history: &mut WholeHistory, client, value| {
            history.invoke(client, Write(Value(value)));
        };
        let (mut one, mut other) = (WholeHistory::default(), WholeHistory::default());
        write(&mut one, A, 1);
        write(&mut one, B, 2);
        assert!(one.respond(A, Written).is_ok());
        write(&mut other, A, 1);
        assert!(other.respond(A, Written).is_ok());
        write(&mut other, B, 2);
        assert_ne!(one, other, "the writes overlap in one of them only");
    }
}
