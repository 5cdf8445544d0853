//! What must hold of the lock, and what must be reachable.

use splitbrain::invariants::{Agreement, Linearizable, Monotonic, Specification};
use splitbrain::{Broken, Goal, Invariant, NodeId, Nodes, Sight, broken};

use super::{Client, Event, Fence, Lock, Stance, State, Token};

/// A token is issued to one client only.
pub(super) fn one_holder_per_token() -> Invariant<Lock> {
    Invariant::history(
        "one-holder-per-token",
        "A token is issued to at most one client, ever.",
        Agreement::<Token, NodeId>::new(),
        |holders, sight| match sight {
            Sight::Event { event: Event::Issued { token, holder, .. }, .. } => {
                holders.agree_named("token", "holder", *token, *holder)
            }
            _ => Ok(()),
        },
    )
}

/// The store never goes back.
pub(super) fn tokens_never_decrease() -> Invariant<Lock> {
    Invariant::history(
        "tokens-never-decrease",
        "The store takes no write that is older than one it has taken: tokens never decrease, \
         nor do the numbers of one holder's writes.",
        Monotonic::<(), Fence>::new(),
        |writes, sight| match sight {
            Sight::Event { event: Event::Stored(fence), .. } => {
                let newest = writes.last(&()).copied().unwrap_or_default();
                writes.observe((), *fence).map_err(|_| {
                    Broken::new(format!("the store takes {fence} after it took {newest}"))
                })
            }
            _ => Ok(()),
        },
    )
}

/// At most one client at a time believes to hold the lock, each by its own clock.
pub(super) fn mutual_exclusion() -> Invariant<Lock> {
    Invariant::nodes(
        "mutual-exclusion",
        "At any moment at most one client believes, by its own clock, to hold the lock.",
        |_, nodes| {
            let mut believers = believers(nodes);
            match (believers.next(), believers.next()) {
                (Some((one, first)), Some((other, second))) => broken(format!(
                    "{one} (token {}) and {other} (token {}) both believe to hold the lock",
                    first.token, second.token
                )),
                _ => Ok(()),
            }
        },
    )
}

/// The clients that believe to hold the lock, at their own clocks.
fn believers(nodes: &Nodes<Lock>) -> impl Iterator<Item = (NodeId, &Client)> {
    nodes.iter().enumerate().filter_map(|(at, node)| match (&node.state, node.clock) {
        (State::Client(client), Some(now)) if node.up && client.believes(now) => {
            Some((NodeId::at(at), client))
        }
        _ => None,
    })
}

/// The store as its clients see it: a register that turns away writes with an old fence.
///
/// A plain register would not do. A write that comes late is one that took long, and a register
/// may take it whenever it comes; only the fence says that it must not any more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct FencedRegister {
    /// The newest write it has taken.
    pub newest: Fence,
}

/// What is asked of a [`FencedRegister`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FencedOperation {
    /// Take this write.
    Write(Fence),
    /// Which write did you take last?
    Read,
}

/// What a [`FencedRegister`] answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FencedOutput {
    /// The write is taken.
    Written,
    /// The write is older than one taken before.
    Refused,
    /// The write taken last.
    Holds(Fence),
}

impl Specification for FencedRegister {
    type Operation = FencedOperation;
    type Output = FencedOutput;

    fn apply(&mut self, operation: &FencedOperation) -> FencedOutput {
        match operation {
            FencedOperation::Write(fence) if *fence > self.newest => {
                self.newest = *fence;
                FencedOutput::Written
            }
            FencedOperation::Write(_) => FencedOutput::Refused,
            FencedOperation::Read => FencedOutput::Holds(self.newest),
        }
    }

    fn reads_only(operation: &FencedOperation) -> bool {
        matches!(operation, FencedOperation::Read)
    }
}

/// The store is linearizable, as a register with a fence.
///
/// A refusal ends nothing: of a doubled write one copy may have been taken before the other was
/// refused, so a refused write counts as one whose outcome its client never learned.
pub(super) fn store_linearizable() -> Invariant<Lock> {
    Invariant::history(
        "store-linearizable",
        "The answers of the store are those of one register that takes writes in the order of \
         their fences, each at some moment between request and answer.",
        Linearizable::<FencedRegister, NodeId>::default(),
        |store, sight| match sight {
            Sight::Event { node, event, .. } => match event {
                Event::Writes(fence) => {
                    store.invoke(*node, FencedOperation::Write(*fence));
                    Ok(())
                }
                Event::Reads => {
                    store.invoke(*node, FencedOperation::Read);
                    Ok(())
                }
                Event::Wrote => store.respond(*node, FencedOutput::Written),
                Event::Found(fence) => store.respond(*node, FencedOutput::Holds(*fence)),
                Event::Abandons => {
                    store.abandon(node);
                    Ok(())
                }
                Event::Issued { .. }
                | Event::Expired(_)
                | Event::Acquired(_)
                | Event::Prolonged(_)
                | Event::Stored(_)
                | Event::Fenced(_) => Ok(()),
            },
            Sight::Crash { node, .. } => {
                store.abandon(node);
                Ok(())
            }
            Sight::Input { .. } | Sight::Restart { .. } => Ok(()),
        },
    )
}

/// A client takes up the lock.
pub(super) fn acquired() -> Goal<Lock> {
    Goal::seen("acquired", "A client takes up the lock.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Acquired(_), .. })
    })
}

/// A lease runs out while the lock is wanted.
pub(super) fn lease_expired() -> Goal<Lock> {
    Goal::seen("lease-expired", "A lease runs out, and the lock is passed on.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Expired(_), .. })
    })
}

/// A client that had to wait gets its turn.
pub(super) fn waiter_served() -> Goal<Lock> {
    Goal::seen("waiter-served", "A client that had to wait is granted the lock.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Issued { waited: true, .. }, .. })
    })
}

/// A late write is turned away.
pub(super) fn write_fenced() -> Goal<Lock> {
    Goal::seen("write-fenced", "The store turns a late write away.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Fenced(_), .. })
    })
}

/// The lock outlives its holder.
pub(super) fn passed_on_after_crash() -> Goal<Lock> {
    Goal::nodes(
        "lock-passed-on-after-crash",
        "A holder crashes, and another client takes up the lock.",
        |_, nodes| {
            let crashed_holder = |taken_by: &Client| {
                nodes.iter().any(|node| match &node.state {
                    State::Client(client) => {
                        let held = matches!(client.stance, Stance::Holding { .. });
                        !node.up && held && client.token < taken_by.token
                    }
                    State::Service(_) | State::Store(_) => false,
                })
            };
            believers(nodes).any(|(_, client)| crashed_holder(client))
        },
    )
}

/// The service comes back with what it had promised.
pub(super) fn lease_survives_restart() -> Goal<Lock> {
    Goal::seen(
        "lease-survives-restart",
        "The service restarts while the lock is out.",
        |_, sight| {
            matches!(
                sight,
                Sight::Restart { state: State::Service(service), .. } if service.lease.is_some()
            )
        },
    )
}

/// A renewal moves the end of a lease.
pub(super) fn renewed() -> Goal<Lock> {
    Goal::seen("lease-renewed", "A client learns that its lease lasts longer.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Prolonged(_), .. })
    })
}

/// A read sees a write of an earlier holder.
pub(super) fn handed_over() -> Goal<Lock> {
    Goal::seen("value-handed-over", "A client reads what another holder wrote.", |_, sight| {
        matches!(
            sight,
            Sight::Event { event: Event::Found(fence), state: State::Client(client), .. }
                if Token::default() < fence.token && fence.token < client.token
        )
    })
}

#[cfg(test)]
mod tests {
    use super::FencedOperation::{Read, Write};
    use super::FencedOutput::{Holds, Refused, Written};
    use super::*;

    #[test]
    fn a_fenced_register_takes_what_is_newer_and_nothing_else() {
        let fence = |token, number| Fence { token: Token(token), number };
        let table = [
            ("the first write is taken", Write(fence(1, 1)), Written),
            ("a higher number of the same token is taken", Write(fence(1, 2)), Written),
            ("a lower number of the same token is refused", Write(fence(1, 1)), Refused),
            ("a higher token is taken whatever its number", Write(fence(2, 1)), Written),
            ("a lower token is refused whatever its number", Write(fence(1, 9)), Refused),
            ("a read finds the newest", Read, Holds(fence(2, 1))),
        ];
        let mut register = FencedRegister::default();
        for (sentence, operation, output) in table {
            assert_eq!(register.apply(&operation), output, "{sentence}");
        }
    }
}
