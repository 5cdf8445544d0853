//! The lock as a state machine: what is replicated.

use serde::{Deserialize, Serialize};
use splitbrain::ClientId;
use splitbrain::invariants::Specification;

use crate::lock::Token;

/// The lock. It knows no time: a clock read while a command is applied would read something else
/// at every replica. Time comes in as a command, [`Command::Expire`], that the leader proposes.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct LockMachine {
    /// The last token issued.
    pub issued: Token,
    /// The last stretch begun.
    pub begun: Stretch,
    /// Who has the lock.
    pub lease: Option<Lease>,
}

/// A lease, as all replicas agree on it: for whom, and how often renewed, but not until when.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The client that has it.
    pub holder: ClientId,
    /// Its token.
    pub token: Token,
    /// Its stretch.
    pub stretch: Stretch,
}

/// The time from a grant or a renewal to the end of the lease or the next renewal, by its number
/// among all there ever were. It is a stretch that runs out, not a lease: what is said of one
/// stretch is not said of the next.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Stretch(pub u32);

/// What the lock is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// A client asks for the lock.
    Acquire(ClientId),
    /// A holder asks for another stretch.
    Renew(Token),
    /// A holder gives the lock back.
    Release(Token),
    /// A leader says that this stretch is over.
    Expire(Stretch),
}

/// What the lock answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The lock is the client's, under this token.
    Granted(Token),
    /// The lock is somebody's. It may be the client's own: a client that crashed and forgot cannot
    /// be told from a late copy, so it gets neither what it has again nor loses it.
    Busy,
    /// It is done.
    Done,
    /// There is no such lease, or no such stretch, any more.
    Gone,
}

impl LockMachine {
    /// The next stretch.
    fn begin(&mut self) -> Stretch {
        self.begun = Stretch(self.begun.0 + 1);
        self.begun
    }

    /// Ends the lease if that is so of it.
    fn end(&mut self, is_meant: impl Fn(&Lease) -> bool) -> Answer {
        match self.lease.take_if(|lease| is_meant(lease)) {
            Some(_) => Answer::Done,
            None => Answer::Gone,
        }
    }
}

impl Specification for LockMachine {
    type Operation = Command;
    type Output = Answer;

    fn apply(&mut self, command: &Command) -> Answer {
        match *command {
            Command::Acquire(_) if self.lease.is_some() => Answer::Busy,
            Command::Acquire(holder) => {
                self.issued = self.issued.next();
                let (token, stretch) = (self.issued, self.begin());
                self.lease = Some(Lease { holder, token, stretch });
                Answer::Granted(token)
            }
            Command::Renew(token) => match self.lease {
                Some(lease) if lease.token == token => {
                    let stretch = self.begin();
                    self.lease = Some(Lease { stretch, ..lease });
                    Answer::Done
                }
                Some(_) | None => Answer::Gone,
            },
            Command::Release(token) => self.end(|lease| lease.token == token),
            Command::Expire(stretch) => self.end(|lease| lease.stretch == stretch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answer::{Busy, Done, Gone, Granted};
    use super::Command::{Acquire, Expire, Release, Renew};
    use super::*;

    #[test]
    fn the_lock_is_somebodys_until_it_is_released_or_its_last_stretch_is_over() {
        let (alice, bob) = (ClientId(0), ClientId(1));
        let table = [
            ("a free lock is granted", Acquire(alice), Granted(Token(1))),
            ("a lock is held once", Acquire(bob), Busy),
            ("a holder may not know that it holds", Acquire(alice), Busy),
            ("no other lease is renewed", Renew(Token(2)), Gone),
            ("a lease is renewed", Renew(Token(1)), Done),
            ("an expiry of the stretch before comes too late", Expire(Stretch(1)), Gone),
            ("the last stretch can be over", Expire(Stretch(2)), Done),
            ("it is over once", Expire(Stretch(2)), Gone),
            ("a lease that is over is not renewed", Renew(Token(1)), Gone),
            ("tokens rise", Acquire(bob), Granted(Token(2))),
            ("an old lease's release is a late one", Release(Token(1)), Gone),
            ("a holder gives it back", Release(Token(2)), Done),
        ];
        let mut lock = LockMachine::default();
        for (sentence, command, answer) in table {
            assert_eq!(lock.apply(&command), answer, "{sentence}");
        }
        assert_eq!(lock, LockMachine { issued: Token(2), begun: Stretch(3), lease: None });
    }
}
