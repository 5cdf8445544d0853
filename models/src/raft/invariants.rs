//! What must hold of Raft (Figure 3), of what it acknowledged, and of the answers clients get.

use splitbrain::invariants::{Agreement, Specification};
use splitbrain::{Goal, Held, Invariant, NodeId, Nodes, Sight, Span, broken};

use super::log::{Entry, Index, Payload};
use super::state::{Event, Input, Term};
use super::{Raft, State};
use crate::parts::machine::{Replies, StateMachine};

/// All of them, for a state machine that starts like this.
pub(super) fn all<S: StateMachine>(machine: S) -> Vec<Invariant<Raft<S>>> {
    vec![
        election_safety(),
        leader_append_only(),
        log_matching(),
        leader_completeness(),
        state_machine_safety(),
        durability(),
        linearizability(machine),
    ]
}

/// *Election safety*: at most one leader is elected in a term.
pub fn election_safety<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::history(
        "election-safety",
        "At most one leader is elected in a term.",
        Agreement::<Term, NodeId>::new(),
        |leaders, sight| match sight {
            Sight::Event { node, event: Event::Elected { term }, .. } => {
                leaders.agree_named("term", "leader", *term, *node)
            }
            _ => Ok(()),
        },
    )
}

/// *Leader append-only*: a leader never overwrites or deletes entries of its log.
pub fn leader_append_only<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::history(
        "leader-append-only",
        "A leader never removes entries from its log; it only appends.",
        (),
        |(), sight| only_followers_remove(sight),
    )
}

/// Left to themselves the servers elect a leader, whatever was lost and whoever is down (half of
/// liveness: see [`Invariant::settles`]).
pub fn leader_in_the_end<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::settles(
        "leader-in-the-end",
        "Left to themselves, the servers that run come to have a leader.",
        Span::seconds(20),
        |_, nodes| {
            let mut running = nodes.iter().filter(|node| node.up);
            match running.any(|node| node.state.leads()) {
                true => Ok(()),
                false => broken("nobody leads"),
            }
        },
    )
}

/// What one removal says about leader append-only.
fn only_followers_remove<S: StateMachine>(sight: &Sight<'_, Raft<S>>) -> Held {
    match sight {
        Sight::Event { node, event: Event::Truncated { from }, state } if state.leads() => {
            broken(format!("{node} leads term {} and removed entry {from}", state.term))
        }
        _ => Ok(()),
    }
}

/// *Log matching*: if two logs have an entry of the same place and term, they are equal up to it.
///
/// It is followed entry by entry: place and term determine what the entry says and the term of the one
/// before, wherever and whenever they are stored. The rest is induction (§5.3).
pub fn log_matching<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::history(
        "log-matching",
        "Two logs with an entry of the same place and term are equal up to there.",
        Stored::<S>::new(),
        is_stored_alike,
    )
}

/// By place and term: the term of the entry before, and what the entry says.
type Stored<S> = Agreement<(Index, Term), (Option<Term>, Payload<<S as Specification>::Operation>)>;

/// What one stored entry says about log matching.
fn is_stored_alike<S: StateMachine>(stored: &mut Stored<S>, sight: &Sight<'_, Raft<S>>) -> Held {
    let Sight::Event { node, event: Event::Stored { index }, state } = sight else {
        return Ok(());
    };
    // A snapshot may stand for it already; that one is held to what was applied.
    let Some(entry) = state.log.at(*index) else { return Ok(()) };
    let found = (state.log.term_at(index.before()), entry.payload.clone());
    stored.agree_or((*index, entry.term), found, |(index, term), first, second| {
        format!(
            "{node} stored entry {index} of term {term} as {second:?} (the term before it, and \
             what it says), but it was {first:?}"
        )
    })
}

/// By place: the entry that a leader committed there first, and the term of that leader.
type Commitments<S> = Agreement<Index, (Entry<<S as Specification>::Operation>, Term)>;

/// *Leader completeness*: what is committed in a term is in the log of every leader of a later one.
///
/// A leader may learn of its election late, when a later one has committed already; what that one
/// committed it need not have.
pub fn leader_completeness<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::history(
        "leader-completeness",
        "An entry committed in one term is in the log of every leader of a later term.",
        Commitments::<S>::new(),
        |committed, sight| match sight {
            Sight::Event { event: Event::Applied { index, entry }, state, .. } if state.leads() => {
                match committed.get(index) {
                    Some(_) => Ok(()),
                    None => committed.agree(*index, (entry.clone(), state.term)),
                }
            }
            Sight::Event { node, event: Event::Elected { term }, state } => {
                let lacks = |(index, (entry, by)): &(&Index, &(Entry<_>, Term))| {
                    let discarded = **index <= state.log.base().index;
                    by < term && !discarded && state.log.at(**index) != Some(entry)
                };
                match committed.iter().find(lacks) {
                    Some((index, (_, by))) => broken(format!(
                        "{node} leads term {term} without entry {index}, which was committed in \
                         term {by}"
                    )),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        },
    )
}

/// *State machine safety*: no two servers apply different entries at the same place.
pub fn state_machine_safety<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::history(
        "state-machine-safety",
        "No two servers ever apply different entries at the same place of the log.",
        Agreement::<Index, Entry<S::Operation>>::new(),
        |applied, sight| match sight {
            Sight::Event { node, event: Event::Applied { index, entry }, .. } => {
                applied.agree_or(*index, entry.clone(), |index, first, second| {
                    format!(
                        "{second:?} was applied at {index} by {node}, where {first:?} was before"
                    )
                })
            }
            _ => Ok(()),
        },
    )
}

/// Durability: whatever one server knows to be committed is on the disks of a majority, so that it
/// outlives the loss of any minority. Crashed servers count with what they will have again.
pub fn durability<S: StateMachine>() -> Invariant<Raft<S>> {
    Invariant::<Raft<S>>::nodes(
        "durability",
        "What is committed stays in the logs of a majority.",
        |_, nodes| {
            for (at, node) in nodes.iter().enumerate() {
                if at > 0 && knows_the_same(&nodes[at - 1].state, &node.state) {
                    continue;
                }
                if !is_durable(nodes, &node.state) {
                    let (who, commit) = (NodeId::at(at), node.state.commit);
                    let holders = holders(nodes, &node.state);
                    return broken(format!(
                        "{who} knows entries up to {commit} to be committed, but only {holders:?} \
                         of {} servers hold them",
                        nodes.len()
                    ));
                }
            }
            Ok(())
        },
    )
    .still(|_, nodes, changed| {
        let mine = &nodes[changed.index()].state;
        let others = nodes.iter().enumerate().filter(|(at, _)| *at != changed.index());
        let mut others = others.map(|(_, other)| &other.state);
        // Of what others know to be committed, it may only have lost something.
        others.clone().all(|knows| holds(mine, knows) || is_durable(nodes, knows))
            && (others.any(|knows| knows_the_same(knows, mine)) || is_durable(nodes, mine))
    })
}

/// Whether what a server knows to be committed is in the logs of a majority.
fn is_durable<S: StateMachine>(nodes: &Nodes<Raft<S>>, knows: &State<S>) -> bool {
    let holds =
        |other: NodeId| nodes.get(other.index()).is_some_and(|other| holds(&other.state, knows));
    knows.commit == Index(0) || knows.members.decided_if(holds)
}

/// Whether two servers know the same to be committed, and count on the same members for it: who has
/// been asked about one need not be asked about the other.
fn knows_the_same<S: StateMachine>(one: &State<S>, other: &State<S>) -> bool {
    // The members last: they are a list, and mostly the same.
    let commit = one.commit;
    commit == other.commit
        && one.log.at(commit).is_some()
        && one.log.at(commit) == other.log.at(commit)
        && one.members == other.members
}

/// The servers whose logs begin with what this one knows to be committed.
pub(super) fn holders<S: StateMachine>(nodes: &Nodes<Raft<S>>, knows: &State<S>) -> Vec<NodeId> {
    (0..nodes.len()).filter(|&at| holds(&nodes[at].state, knows)).map(NodeId::at).collect()
}

/// Whether a server's log begins with what another knows to be committed. By log matching, which is
/// checked by itself, the last entry of it tells, or its term where a snapshot stands for it.
fn holds<S: StateMachine>(holder: &State<S>, knows: &State<S>) -> bool {
    let (commit, log) = (knows.commit, &holder.log);
    match (log.at(commit), knows.log.at(commit)) {
        (Some(held), Some(known)) => held == known,
        (_, known) => {
            let term = known.map(|entry| entry.term).or_else(|| knows.log.term_at(commit));
            term.is_some() && (log.base().index > commit || log.term_at(commit) == term)
        }
    }
}

/// Linearizability of the replicated machine, retries included: every command takes effect once,
/// between its first try and its first answer (§8).
pub fn linearizability<S: StateMachine>(machine: S) -> Invariant<Raft<S>> {
    Invariant::history(
        "linearizability",
        "Every command seems to be done once, between its first try and its answer.",
        Replies::new(machine),
        |replies, sight| match sight {
            Sight::Input { input: Input::Command(request) | Input::Read(request), .. } => {
                replies.ask(request.client, request.serial, request.command.clone());
                Ok(())
            }
            Sight::Event { event: Event::Replied { client, serial, output }, .. } => {
                replies.answer(*client, *serial, output.clone())
            }
            Sight::Event { event: Event::Read { client, serial, output, .. }, .. } => {
                replies.answer(*client, *serial, output.clone())
            }
            _ => Ok(()),
        },
    )
}

/// Some server leads.
pub(super) fn leader_elected<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("leader-elected", "A leader is elected.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Elected { .. }, .. })
    })
}

/// A leader answers a client.
pub(super) fn command_committed<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen("command-committed", "A command is committed and answered.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Replied { .. }, .. })
    })
}

/// A leader takes over while the one of an earlier term has not heard of it.
pub(super) fn second_leader<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes("second-leader", "Two servers lead, in different terms.", |_, nodes| {
        let leaders = nodes.iter().map(|node| &node.state).filter(|state| state.leads());
        let mut terms = leaders.map(|state| state.term);
        terms.next().is_some_and(|first| terms.any(|term| term != first))
    })
}

/// A follower gives way to its leader's log.
pub(super) fn suffix_replaced<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::seen(
        "suffix-replaced",
        "Entries that conflict with the leader's give way.",
        |_, sight| matches!(sight, Sight::Event { event: Event::Truncated { .. }, .. }),
    )
}

/// A command that is in the log twice is answered.
pub(super) fn command_twice_in_log<S: StateMachine>() -> Goal<Raft<S>> {
    Goal::nodes("command-twice-in-log", "A retried command is committed twice.", |_, nodes| {
        nodes.iter().any(|node| {
            let committed = node.state.committed();
            (1..).zip(committed.clone()).any(|(behind, entry)| {
                let mut later = committed.clone().skip(behind);
                entry.payload.request().is_some()
                    && later.any(|later| later.payload == entry.payload)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use splitbrain::ClientId;

    use super::super::log::Log;
    use super::super::members::Configuration;
    use super::super::state::{Leader, Role};
    use super::*;
    use crate::parts::machine::{Add, Applied, Request, Serial, Total};

    fn log(terms: &[(u32, u32)]) -> Log<Add> {
        let mut log = Log::new();
        for &(term, add) in terms {
            let command = Add { add };
            let request = Request { client: ClientId(0), serial: Serial(0), command };
            log.append(Entry { term: Term(term), payload: Payload::Command(request) });
        }
        log
    }

    fn state(log: Log<Add>, role: Role<Add>) -> State<Total> {
        let (term, voted_for, commit) = (Term(2), None, Index(0));
        let members = Configuration::of([NodeId(0)]);
        let (applied, snapshot) = (Applied::new(Total(0)), None);
        let (hears_leader, promise) = (false, 0);
        State {
            term,
            voted_for,
            log,
            members,
            role,
            hears_leader,
            commit,
            applied,
            snapshot,
            promise,
        }
    }

    #[test]
    fn entries_of_one_place_and_term_are_one_entry() {
        type Terms<'a> = &'a [(u32, u32)];
        let table: &[(&str, Terms<'_>, Terms<'_>, bool)] = &[
            ("a prefix matches", &[(1, 1)], &[(1, 1), (1, 2)], true),
            ("other terms, other entries", &[(1, 1), (2, 5)], &[(1, 1), (3, 7)], true),
            ("one term, one request", &[(1, 1)], &[(1, 2)], false),
            ("one term, one entry before", &[(1, 1), (3, 3)], &[(2, 1), (3, 3)], false),
        ];
        for (sentence, one, other, matches) in table {
            let mut stored = Stored::<Total>::new();
            let held = [one, other].into_iter().try_for_each(|terms| {
                (1..=terms.len() as u32).try_for_each(|place| {
                    let event = Event::Stored { index: Index(place) };
                    let state = state(log(terms), Role::Follower);
                    let sight = Sight::Event { node: NodeId(0), event: &event, state: &state };
                    is_stored_alike(&mut stored, &sight)
                })
            });
            assert_eq!(held.is_ok(), *matches, "{sentence}: {held:?}");
        }
    }

    #[test]
    fn only_a_leader_that_removes_entries_breaks_append_only() {
        let leader = Role::Leader(Leader::new(1, Index(0)));
        for (role, breaks) in [(Role::Follower, false), (leader, true)] {
            let state = state(log(&[]), role);
            let event = Event::Truncated { from: Index(1) };
            let sight = Sight::Event { node: NodeId(0), event: &event, state: &state };
            assert_eq!(only_followers_remove(&sight).is_err(), breaks, "{:?}", state.role);
        }
    }
}
