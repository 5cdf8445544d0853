//! What must hold of clocks and broadcasts, and what must be reachable.

use splitbrain::invariants::{CausalOrder, HappenedBefore, Held, Monotonic};
use splitbrain::{Broken, Goal, Invariant, Node, NodeId, Sight, broken};

use super::{Clock, Clocks, Event, EventId, Kind, Stamp, State};
use crate::parts::version_vector::Causality;

/// What happened before what, from the events alone, with the stamps beside them.
type History = HappenedBefore<NodeId, EventId, Stamp>;

/// Takes an event into the history; the event, if it was one.
fn note(history: &mut History, sight: &Sight<'_, Clocks>) -> Option<EventId> {
    match sight {
        Sight::Event { node, event: Event::Happens { event, received, stamp }, .. } => {
            history.happens(*node, *event, received.as_ref(), stamp.clone());
            Some(*event)
        }
        _ => None,
    }
}

/// What happened before is smaller.
pub(super) fn clock_condition(processes: usize) -> Invariant<Clocks> {
    Invariant::history(
        "clock-condition",
        "What happened before an event has an earlier stamp.",
        History::among(processes),
        |history, sight| {
            let Some(event) = note(history, sight) else { return Ok(()) };
            history.consistent(&event, Stamp::is_before)
        },
    )
}

/// Stamps order all events.
pub(super) fn total_order(processes: usize) -> Invariant<Clocks> {
    Invariant::history(
        "total-order",
        "No two events have the same stamp, so that all are in one order.",
        History::among(processes),
        |history, sight| {
            let Some(event) = note(history, sight) else { return Ok(()) };
            history.unique(&event)
        },
    )
}

/// Vectors say neither too little nor too much.
pub(super) fn vectors_tell_causality(processes: usize) -> Invariant<Clocks> {
    Invariant::history(
        "vectors-tell-causality",
        "An event has an earlier vector than another if, and only if, it happened before.",
        History::among(processes),
        |history, sight| {
            let Some(event) = note(history, sight) else { return Ok(()) };
            history.characterized(&event, Stamp::is_before)
        },
    )
}

/// Processes read vectors as they are meant.
pub(super) fn judgements_are_right(processes: usize) -> Invariant<Clocks> {
    Invariant::history(
        "judgements-are-right",
        "A process that judges by vectors how the sending of a message is related to its own last \
         event is right.",
        History::among(processes),
        |history, sight| {
            if let Sight::Event { event: Event::Judges { sent, own, found }, .. } = sight {
                judged(history, sent, own, *found)
            } else {
                note(history, sight);
                Ok(())
            }
        },
    )
}

fn judged(history: &History, sent: &EventId, own: &EventId, found: Causality) -> Held {
    let is = match (history.before(sent, own), history.before(own, sent)) {
        (true, _) => Causality::Before,
        (_, true) => Causality::After,
        (false, false) => Causality::Concurrent,
    };
    match is == found {
        true => Ok(()),
        false => broken(format!("{sent} is judged {found:?} {own}, and is {is:?}")),
    }
}

/// A hybrid time is near the physical one.
pub(super) fn near_physical_time() -> Invariant<Clocks> {
    Invariant::node(
        "near-physical-time",
        "No clock is further ahead of its process's physical clock than it may be.",
        |clocks, me, node| match hybrid(node) {
            Some((physical, now)) if physical > now + clocks.ahead => broken(format!(
                "the clock of {me} is at {physical}, which is {} ahead of physical time, and not \
                 {} at most",
                physical - now,
                clocks.ahead
            )),
            _ => Ok(()),
        },
    )
}

/// A hybrid time is not behind the physical one.
pub(super) fn not_behind_physical_time() -> Invariant<Clocks> {
    Invariant::history(
        "not-behind-physical-time",
        "No event has an earlier hybrid time than its process's physical clock shows then.",
        (),
        |(), sight| match sight {
            Sight::Event { event: Event::Dates { event, time, physical }, .. }
                if time.physical < *physical =>
            {
                broken(format!(
                    "{event} has the time {time}, and the physical clock there shows {physical}"
                ))
            }
            _ => Ok(()),
        },
    )
}

/// The physical part of a hybrid time, and the physical time there.
fn hybrid(node: &Node<Clocks>) -> Option<(u64, u64)> {
    match &node.state {
        State::Process(process) => match process.clock {
            Clock::Hybrid(clock) => Some((clock.stamp().physical, node.clock?)),
            Clock::Lamport(_) | Clock::Vector(_) => None,
        },
        State::Member(_) => None,
    }
}

/// No effect before its cause.
pub(super) fn causal_delivery(members: usize) -> Invariant<Clocks> {
    Invariant::history(
        "causal-delivery",
        "Wherever a broadcast is delivered, everything that its sender had sent or been delivered \
         before was delivered there before.",
        CausalOrder::<NodeId, EventId>::among(members),
        |order, sight| match sight {
            Sight::Event { node, event: Event::Broadcasts(sent), .. } => {
                order.send(*node, *sent);
                Ok(())
            }
            Sight::Event { node, event: Event::Delivers(sent), .. } => order.deliver(*node, *sent),
            _ => Ok(()),
        },
    )
}

/// Nothing is delivered twice.
pub(super) fn delivered_once() -> Invariant<Clocks> {
    Invariant::history(
        "delivered-once",
        "A member is delivered the broadcasts of another one in their order, each once.",
        Monotonic::<(NodeId, NodeId), u32>::new(),
        |numbers, sight| match sight {
            Sight::Event { node, event: Event::Delivers(sent), .. } => {
                let last = numbers.last(&(*node, sent.node)).copied();
                numbers.observe_strictly((*node, sent.node), sent.number).map_err(|_| {
                    Broken::new(format!(
                        "{node} is delivered {sent} after {}#{}",
                        sent.node,
                        last.unwrap_or_default()
                    ))
                })
            }
            _ => Ok(()),
        },
    )
}

/// Everything is delivered in the end.
pub(super) fn all_delivered() -> Invariant<Clocks> {
    Invariant::quiet(
        "all-delivered",
        "Where nothing is on its way, no member holds anything, and all were delivered the same.",
        |_, nodes| {
            let members = nodes.iter().enumerate().filter_map(|(at, node)| match &node.state {
                State::Member(member) => Some((NodeId::at(at), member)),
                State::Process(_) => None,
            });
            let mut first = None;
            for (me, member) in members {
                if let Some(held) = member.held.first() {
                    return broken(format!("{me} still holds {}#{}", held.from, held.number));
                }
                let (other, delivered) = *first.get_or_insert((me, &member.delivered));
                if *delivered != member.delivered {
                    return broken(format!(
                        "{other} was delivered {delivered}, and {me} {}",
                        member.delivered
                    ));
                }
            }
            Ok(())
        },
    )
}

/// A message is received.
pub(super) fn received() -> Goal<Clocks> {
    Goal::seen("received", "A process receives a message.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Happens { received: Some(_), .. }, .. })
    })
}

/// A clock goes ahead of what it counted.
pub(super) fn taken_along() -> Goal<Clocks> {
    Goal::seen(
        "taken-along",
        "A clock goes ahead of its own events, because it hears of more.",
        |_, sight| match sight {
            Sight::Event {
                event: Event::Happens { .. }, state: State::Process(process), ..
            } => {
                let Clock::Lamport(clock) = process.clock else { return false };
                clock.time() > u64::from(process.events)
            }
            _ => false,
        },
    )
}

/// A clock outlives its process's crash.
pub(super) fn goes_on() -> Goal<Clocks> {
    Goal::seen("goes-on", "A process restarts, and its clock goes on.", |_, sight| {
        matches!(
            sight,
            Sight::Restart { state: State::Process(process), .. } if process.events > 0
        )
    })
}

/// A process finds that a sender knew of its last event.
pub(super) fn judged_known() -> Goal<Clocks> {
    Goal::seen(
        "judged-known",
        "A process finds that whoever sent a message knew of its own last event.",
        |_, sight| {
            matches!(
                sight,
                Sight::Event { event: Event::Judges { found: Causality::After, .. }, .. }
            )
        },
    )
}

/// A process finds that a sender did not know of its last event.
pub(super) fn judged_concurrent() -> Goal<Clocks> {
    Goal::seen(
        "judged-concurrent",
        "A process finds that a message and its own last event are concurrent.",
        |_, sight| {
            matches!(
                sight,
                Sight::Event { event: Event::Judges { found: Causality::Concurrent, .. }, .. }
            )
        },
    )
}

/// A hybrid clock is ahead of physical time, as far as it may be.
pub(super) fn ahead() -> Goal<Clocks> {
    Goal::nodes(
        "as-far-ahead-as-may-be",
        "A clock is as far ahead of its process's physical clock as it may be.",
        |clocks, nodes| {
            let mut hybrids = nodes.iter().filter_map(|node| hybrid(node));
            hybrids.any(|(physical, now)| physical == now + clocks.ahead)
        },
    )
}

/// Physical time has caught up with a clock that counted.
pub(super) fn caught_up() -> Goal<Clocks> {
    Goal::seen(
        "caught-up",
        "A process has another event at a later physical time, and its counter begins anew.",
        |_, sight| match sight {
            Sight::Event { event: Event::Happens { event, stamp, .. }, .. } => match stamp {
                Stamp::Hybrid(stamp) => event.number > 1 && stamp.counter == 0,
                Stamp::Lamport(_) | Stamp::Vector(_) => false,
            },
            _ => false,
        },
    )
}

/// The guard refuses a message.
pub(super) fn refused() -> Goal<Clocks> {
    Goal::seen("refused", "A clock refuses a message from the future.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Refuses(_), .. })
    })
}

/// A broadcast is delivered.
pub(super) fn delivered() -> Goal<Clocks> {
    Goal::seen("delivered", "A broadcast is delivered.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Delivers(_), .. })
    })
}

/// A broadcast waits for its cause, and is delivered after it.
pub(super) fn delivered_after_wait() -> Goal<Clocks> {
    Goal::nodes(
        "waits-for-its-cause",
        "A broadcast that came before its cause waits for it.",
        |_, nodes| {
            nodes.iter().any(|node| match &node.state {
                // Of another sender than the one it waits for.
                State::Member(member) => member
                    .held
                    .iter()
                    .any(|held| held.stamp.get(held.from) == member.delivered.get(held.from) + 1),
                State::Process(_) => false,
            })
        },
    )
}

/// What must hold of that kind of clock.
pub(super) fn of(kind: Kind, processes: usize) -> Vec<Invariant<Clocks>> {
    match kind {
        Kind::Lamport => vec![clock_condition(processes), total_order(processes)],
        Kind::Vector => vec![vectors_tell_causality(processes), judgements_are_right(processes)],
        Kind::Hybrid | Kind::Guarded => {
            vec![clock_condition(processes), near_physical_time(), not_behind_physical_time()]
        }
        Kind::Broadcast => vec![causal_delivery(processes), delivered_once(), all_delivered()],
    }
}
