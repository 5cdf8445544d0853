//! The replicated state machine, what clients ask of it, their sessions, and a small machine.
//!
//! Sessions are those of Ongaro's dissertation, *Consensus: Bridging Theory and Practice* (2014),
//! §6.3.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use splitbrain::invariants::{Linearizable, Specification};
use splitbrain::{ClientId, Held};

/// What a protocol replicates: any sequential object whose commands can be saved. Its specification is
/// also what the replies to clients are held to.
pub trait StateMachine:
    Specification<Operation: Serialize + DeserializeOwned, Output: Serialize + DeserializeOwned>
    + Serialize
    + DeserializeOwned
{
}

impl<S> StateMachine for S where
    S: Specification<Operation: Serialize + DeserializeOwned, Output: Serialize + DeserializeOwned>
        + Serialize
        + DeserializeOwned
{
}

/// The number a client gives a command, from 0. A retry carries the number of the first try.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Serial(pub u32);

/// What a client asks: a command under its number (dissertation §6.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<C> {
    /// Who asks.
    pub client: ClientId,
    /// Which of its commands this is.
    pub serial: Serial,
    /// What the state machine shall do.
    pub command: C,
}

/// A state machine to which entries were applied, and what it answered each client last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound = "")]
pub struct Applied<S: StateMachine> {
    /// The machine.
    pub machine: S,
    /// The clients it has heard of, in order.
    sessions: Vec<Session<S::Output>>,
}

/// What one client was answered last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Session<O> {
    client: ClientId,
    serial: Serial,
    output: O,
}

/// What a session makes of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen<O> {
    /// It is the client's next command.
    New,
    /// It is the client's last command once more, and this was its first answer.
    Again(O),
    /// The client has since asked for something later, so it waits for no answer.
    Old,
}

impl<S: StateMachine> Applied<S> {
    /// Nothing was applied yet.
    pub fn new(machine: S) -> Applied<S> {
        Applied { machine, sessions: Vec::new() }
    }

    /// Whether the request was applied before.
    pub fn seen(&self, client: ClientId, serial: Serial) -> Seen<S::Output> {
        match self.place(client).map(|at| &self.sessions[at]) {
            Ok(session) if serial == session.serial => Seen::Again(session.output.clone()),
            Ok(session) if serial < session.serial => Seen::Old,
            Ok(_) | Err(_) => Seen::New,
        }
    }

    /// Applies the request, whether or not it was applied before, and remembers the answer.
    pub fn apply(&mut self, request: &Request<S::Operation>) -> S::Output {
        let output = self.machine.apply(&request.command);
        let session =
            Session { client: request.client, serial: request.serial, output: output.clone() };
        match self.place(request.client) {
            Ok(at) => self.sessions[at] = session,
            Err(at) => self.sessions.insert(at, session),
        }
        output
    }

    fn place(&self, client: ClientId) -> Result<usize, usize> {
        self.sessions.binary_search_by_key(&client, |session| session.client)
    }
}

/// What clients asked and were answered. A retry is no operation of its own: it asks once more for
/// the answer to the one that is under way.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Replies<S: StateMachine> {
    /// Each client's latest command, in order of clients.
    asked: Vec<(ClientId, Serial)>,
    history: Linearizable<S, ClientId>,
}

impl<S: StateMachine> Replies<S> {
    /// Nobody asked anything yet of a machine that starts like this.
    pub fn new(machine: S) -> Replies<S> {
        Replies { asked: Vec::new(), history: Linearizable::new(machine) }
    }

    /// A client asks: for something new, or once more.
    pub fn ask(&mut self, client: ClientId, serial: Serial, command: S::Operation) {
        match self.asked.binary_search_by_key(&client, |(asker, _)| *asker) {
            Ok(at) if self.asked[at].1 >= serial => return,
            Ok(at) => self.asked[at].1 = serial,
            Err(at) => self.asked.insert(at, (client, serial)),
        }
        self.history.invoke(client, command);
    }

    /// A client is answered; it listens only to the answer to its latest command.
    ///
    /// # Errors
    /// The answer fits no order of the commands.
    pub fn answer(&mut self, client: ClientId, serial: Serial, output: S::Output) -> Held {
        match self.asked.contains(&(client, serial)) {
            true => self.history.respond(client, output),
            false => Ok(()),
        }
    }
}

/// A counter that answers each addition with the new total: a command that is lost, applied twice
/// or moved to another place shows in the answers.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Total(pub u32);

/// Adds that many. To add nothing is to read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// How many.
    pub add: u32,
}

impl Specification for Total {
    type Operation = Add;
    type Output = u32;

    fn apply(&mut self, command: &Add) -> u32 {
        self.0 = self.0.wrapping_add(command.add);
        self.0
    }

    fn reads_only(command: &Add) -> bool {
        command.add == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions() {
        let ask = |client, serial, add| Request {
            client: ClientId(client),
            serial: Serial(serial),
            command: Add { add },
        };
        let mut applied = Applied::new(Total(0));
        assert_eq!(applied.apply(&ask(0, 0, 1)), 1);
        assert_eq!(applied.apply(&ask(1, 4, 10)), 11);
        assert_eq!(applied.apply(&ask(0, 1, 5)), 16);
        let table = [
            ("a client's next command is new", 0, 2, Seen::New),
            ("a client never heard of asks something new", 7, 0, Seen::New),
            ("a retry has its first answer", 1, 4, Seen::Again(11)),
            ("only the last answer is kept", 0, 0, Seen::Old),
        ];
        for (sentence, client, serial, expected) in table {
            assert_eq!(applied.seen(ClientId(client), Serial(serial)), expected, "{sentence}");
        }
    }

    #[test]
    fn a_retry_is_no_operation_of_its_own() {
        let (one, other) = (ClientId(0), ClientId(1));
        let mut replies = Replies::new(Total(0));
        replies.ask(one, Serial(0), Add { add: 1 });
        replies.ask(one, Serial(0), Add { add: 1 });
        replies.ask(other, Serial(0), Add { add: 10 });
        let mut twice = replies.clone();
        assert!(replies.answer(other, Serial(0), 11).is_ok(), "after the first, once");
        assert!(replies.answer(one, Serial(7), 99).is_ok(), "nobody listens");
        assert!(replies.answer(one, Serial(0), 1).is_ok(), "the first answer");
        assert!(replies.answer(one, Serial(0), 12).is_ok(), "nobody listens any more");
        assert!(twice.answer(other, Serial(0), 12).is_err(), "the first was applied twice");
    }
}
