//! The replicated state machine, the clients' sessions, and the small machine of the catalog.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use splitbrain::ClientId;
use splitbrain::invariants::Specification;

use super::state::{Request, Serial};

/// What Raft replicates: any sequential object whose commands can be saved. Its specification is
/// also what the replies to clients are held to.
pub trait StateMachine:
    Specification<Operation: Serialize + DeserializeOwned> + Serialize + DeserializeOwned
{
}

impl<S> StateMachine for S where
    S: Specification<Operation: Serialize + DeserializeOwned> + Serialize + DeserializeOwned
{
}

/// A state machine to which entries were applied, and what it answered each client last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Applied<S: StateMachine> {
    /// The machine.
    pub machine: S,
    /// The clients it has heard of, in order.
    sessions: Vec<Session<S::Output>>,
}

/// What one client was answered last.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
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

/// A counter that answers each addition with the new total: a command that is lost, applied twice
/// or moved to another place shows in the answers.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Total(pub u32);

/// Adds that many.
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
}
