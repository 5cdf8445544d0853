//! What must hold of the replicated lock and of Raft inside it, and what must be reachable.

use splitbrain::invariants::{Agreement, Linearizable, Monotonic};
use splitbrain::{Broken, ClientId, Goal, Invariant, NodeId, Nodes, Sight, broken};

use super::machine::{Answer, Command, LockMachine};
use super::state::{Client, Event, State};
use super::{ReplicatedLock, SERVICE};
use crate::lock::{Fence, FencedOperation, FencedOutput, FencedRegister, Token};
use crate::parts::machine::Replies;
use crate::parts::segments::Segments;
use crate::raft;

type Held = Invariant<ReplicatedLock>;

/// Raft's invariants, of the Raft inside, but durability. Its linearizability is that of the lock.
pub(super) fn of_raft() -> Vec<Held> {
    vec![
        raft::election_safety::<LockMachine>().seen_through(),
        raft::leader_append_only::<LockMachine>().seen_through(),
        raft::log_matching::<LockMachine>().seen_through(),
        raft::leader_completeness::<LockMachine>().seen_through(),
        raft::state_machine_safety::<LockMachine>().seen_through(),
    ]
}

/// A token is granted to one client only.
pub(super) fn one_holder_per_token() -> Held {
    Invariant::history(
        "one-holder-per-token",
        "A token is granted to at most one client, ever.",
        Agreement::<Token, ClientId>::new(),
        |holders, sight| match sight {
            Sight::Event { event: Event::Answered { client, answer, .. }, .. } => match answer {
                Answer::Granted(token) => holders.agree_named("token", "holder", *token, *client),
                Answer::Busy | Answer::Done | Answer::Gone => Ok(()),
            },
            _ => Ok(()),
        },
    )
}

/// The store never goes back.
pub(super) fn tokens_never_decrease() -> Held {
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
pub(super) fn mutual_exclusion() -> Held {
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
fn believers(nodes: &Nodes<ReplicatedLock>) -> impl Iterator<Item = (NodeId, &Client)> {
    nodes.iter().enumerate().filter_map(|(at, node)| match (&node.state, node.clock) {
        (State::Client(client), Some(now)) if node.up && client.believes(now) => {
            Some((NodeId::at(at), client))
        }
        _ => None,
    })
}

/// The service is linearizable: a lock on one machine would answer the same. Expiries are commands
/// of the service itself; whether they come in time is what mutual exclusion is about.
pub(super) fn linearizability() -> Held {
    Invariant::history(
        "linearizability",
        "Every request to the service seems to be done once, between its first try and its answer.",
        Replies::new(LockMachine::default()),
        |replies, sight| match sight {
            Sight::Event { event: Event::Asks(request), .. } => {
                replies.ask(request.client, request.serial, request.command);
                Ok(())
            }
            Sight::Event { event: Event::Answered { client, serial, answer }, .. } => {
                replies.answer(*client, *serial, *answer)
            }
            // The service hears its own answers where they are given.
            Sight::Event {
                event: Event::Raft(raft::Event::Replied { client: SERVICE, serial, output }),
                ..
            } => replies.answer(SERVICE, *serial, *output),
            _ => Ok(()),
        },
    )
}

/// The store is linearizable, as a register with a fence; see [`FencedRegister`].
pub(super) fn store_linearizable() -> Held {
    Invariant::history(
        "store-linearizable",
        "The answers of the store are those of one register that takes writes in the order of \
         their fences, each at some moment between request and answer.",
        Linearizable::<FencedRegister, NodeId>::default(),
        |store, sight| match sight {
            Sight::Event { node, event: Event::Writes(fence), .. } => {
                store.invoke(*node, FencedOperation::Write(*fence));
                Ok(())
            }
            Sight::Event { node, event: Event::Reads, .. } => {
                store.invoke(*node, FencedOperation::Read);
                Ok(())
            }
            Sight::Event { node, event: Event::Wrote, .. } => {
                store.respond(*node, FencedOutput::Written)
            }
            Sight::Event { node, event: Event::Found(fence), .. } => {
                store.respond(*node, FencedOutput::Holds(*fence))
            }
            Sight::Event { node, event: Event::Abandons, .. } | Sight::Crash { node, .. } => {
                store.abandon(node);
                Ok(())
            }
            _ => Ok(()),
        },
    )
}

/// A client takes up the lock.
pub(super) fn acquired() -> Goal<ReplicatedLock> {
    Goal::seen("acquired", "A client takes up the lock.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Acquired(_), .. })
    })
}

/// The service ends a lease that has run out.
pub(super) fn lease_expired() -> Goal<ReplicatedLock> {
    Goal::seen(
        "lease-expired",
        "A lease has run out by the leader's clock, and the servers agree that it is over.",
        |_, sight| {
            let Sight::Event { event: Event::Raft(event), .. } = sight else { return false };
            matches!(event, raft::Event::Replied { client: SERVICE, output: Answer::Done, .. })
        },
    )
}

/// The lock is passed on, from one holder to the next.
pub(super) fn passed_on() -> Goal<ReplicatedLock> {
    Goal::seen(
        "lock-passed-on",
        "A client takes up the lock that another one had.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Acquired(token), .. } if *token > Token(1)),
    )
}

/// The lock outlives its leader.
pub(super) fn passed_on_after_failover() -> Goal<ReplicatedLock> {
    Goal::nodes(
        "lock-passed-on-after-failover",
        "One leader granted the lock, another one grants it next, and a client takes it up.",
        |_, nodes| {
            let terms = nodes.iter().filter_map(|node| match &node.state {
                State::Server(server) => Some(server.raft.log.entries()),
                State::Client(_) | State::Store(_) => None,
            });
            let several = |entries: &Segments<raft::Entry<Command>>| {
                entries.get(0).map(|entry| entry.term) < entries.last().map(|entry| entry.term)
            };
            terms.into_iter().any(several)
                && believers(nodes).any(|(_, client)| client.token > Token(1))
        },
    )
}

/// A late write is turned away.
pub(super) fn write_fenced() -> Goal<ReplicatedLock> {
    Goal::seen("write-fenced", "The store turns a late write away.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Fenced(_), .. })
    })
}

/// A renewal moves the end of a lease.
pub(super) fn renewed() -> Goal<ReplicatedLock> {
    Goal::seen("lease-renewed", "A client learns that its lease lasts longer.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Prolonged(_), .. })
    })
}

/// An expiry comes too late for a stretch that was renewed.
pub(super) fn renewed_in_time() -> Goal<ReplicatedLock> {
    Goal::seen(
        "renewed-in-time",
        "A leader proposes the end of a stretch, and a renewal is committed before it.",
        |_, sight| {
            let Sight::Event { event: Event::Raft(event), .. } = sight else { return false };
            matches!(event, raft::Event::Replied { client: SERVICE, output: Answer::Gone, .. })
        },
    )
}

/// A client that heard nothing asks elsewhere, and is told what was done the first time.
pub(super) fn answered_again() -> Goal<ReplicatedLock> {
    Goal::nodes("answered-again", "A request is in the log twice, and done once.", |_, nodes| {
        nodes.iter().any(|node| match &node.state {
            State::Server(server) => {
                let mut asked: Vec<_> =
                    server.raft.committed().filter_map(|entry| entry.payload.request()).collect();
                asked.sort_unstable();
                asked.windows(2).any(|pair| pair[0] == pair[1])
            }
            State::Client(_) | State::Store(_) => false,
        })
    })
}

/// A server comes back with what it had stored.
pub(super) fn grant_survives_restart() -> Goal<ReplicatedLock> {
    Goal::seen(
        "grant-survives-restart",
        "A server restarts, and its log says who was granted the lock.",
        |_, sight| match sight {
            Sight::Restart { state: State::Server(server), .. } => {
                server.raft.log.last() > raft::Index(0)
            }
            _ => false,
        },
    )
}

/// A read sees a write of an earlier holder.
pub(super) fn handed_over() -> Goal<ReplicatedLock> {
    Goal::seen("value-handed-over", "A client reads what another holder wrote.", |_, sight| {
        matches!(
            sight,
            Sight::Event { event: Event::Found(fence), state: State::Client(client), .. }
                if Token::default() < fence.token && fence.token < client.token
        )
    })
}
