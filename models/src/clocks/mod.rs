//! Logical clocks: when one event may have caused another, told without a common clock.
//!
//! Processes exchange messages. An event is something a process does by itself, sends, or receives.
//! One event *happened before* another, a → b, if both are at one process and a came first, or if a
//! sends the message that b receives, or by several such steps (Lamport 1978). Nothing else can
//! have been the cause of b. Events of which neither happened before the other are *concurrent*.
//! Each event is given a stamp, and stamps are to tell of →:
//!
//! | clock | a stamp is | it says | it costs |
//! |---|---|---|---|
//! | Lamport's | a number, and the process | a → b ⇒ smaller; all events in one total order | a number |
//! | vector | how many events of each process | a → b ⇔ smaller; else they are concurrent | a number for each process |
//! | hybrid | physical time and a counter | a → b ⇒ smaller; as near to physical time as clocks are | two numbers, and a physical clock |
//!
//! The clocks are plain values, in [`parts::clocks`](crate::parts::clocks); here each runs at every
//! process of a cluster, in scenarios of its own. *Lamport's* (IR1, IR2): count at each event; on
//! receipt go above what the message says, first. *Vectors* (Fidge 1988, Mattern 1989): count one's
//! own entry at each event; on receipt take the larger of each entry, first. With them a process
//! can *judge* whether whoever sent it a message knew of its own last event, and it tells so. By
//! how much an entry counts is of no importance, as long as it is more than nothing: a clock that
//! counts every event twice (`increment`) is right, and so is Lamport's.
//!
//! *Hybrid* (Kulkarni et al. 2014, Figure 5): *l* is the largest physical time heard of, and *c*
//! counts the events at that *l*. If physical clocks are never more than ε apart then no *l* is
//! further ahead of its process's clock than ε, since *l* was some process's clock at an event
//! before. Nor is it ever behind: each event takes in its own process's clock. Clocks do get further
//! apart, and then one that is far in the future would take along
//! everybody who hears of it. A *guard* refuses such messages, as if they had never come.
//!
//! [`broadcast`] is what vectors were made for besides: broadcasts delivered everywhere in an order
//! in which no effect comes before its cause.
//!
//! **How it is checked.** What happened before what is known from the processes and messages of the
//! events alone, by a monitor that keeps the set of each event's causes. It asks no clock. Events
//! are numbered at their process, for the monitor and for nothing else.
//!
//! Not modelled: processes that join and leave, whose entries would have to come and go; vectors
//! cut short, and matrix clocks, which say what others know; physical clocks that are set back,
//! because a process reads the largest time that its own has shown; lost stamps, because a message
//! that is lost is no event.
//!
//! Sources: L. Lamport, *Time, Clocks, and the Ordering of Events in a Distributed System*, CACM
//! 21(7), 1978. C. Fidge, *Timestamps in Message-Passing Systems That Preserve the Partial
//! Ordering*, 1988. F. Mattern, *Virtual Time and Global States of Distributed Systems*, 1989. S.
//! Kulkarni, M. Demirbas, D. Madappa, B. Avva, M. Leone, *Logical Physical Clocks*, OPODIS 2014. R.
//! Schwarz, F. Mattern, *Detecting Causal Relationships in Distributed Computations*, Distributed
//! Computing 7(3), 1994.

pub mod broadcast;
mod bugs;
mod invariants;
mod model;
mod scenarios;
mod state;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol};

use crate::parts::clocks::{
    HybridLogicalClock, HybridStamp, LamportClock, LamportStamp, VectorClock,
};
use crate::parts::version_vector::{Causality, VersionVector};

pub use bugs::Bug;
pub use model::ClocksModel;
pub use state::{Clock, Event, EventId, Input, Message, Process, Stamp, State};

/// The code of one process.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Clocks {
    /// What processes tell the time by, or use it for.
    pub kind: Kind,
    /// How many ticks a hybrid time may be ahead of its process's clock.
    pub ahead: u64,
    /// How much a vector clock adds to its own entry at an event, and Lamport's to its time; any
    /// amount will do.
    pub increment: u32,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// What processes tell the time by, or use it for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Lamport's clock.
    Lamport,
    /// A vector clock.
    Vector,
    /// A hybrid clock that believes every message.
    Hybrid,
    /// A hybrid clock with a guard against messages from the future.
    Guarded,
    /// Causal broadcast.
    Broadcast,
}

impl Protocol for Clocks {
    type State = State;
    type Message = Message;
    type Timer = splitbrain::Nothing;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        let clock = match self.kind {
            Kind::Lamport => Clock::Lamport(Default::default()),
            Kind::Vector => Clock::Vector(VectorClock::of(out.me())),
            Kind::Hybrid => Clock::Hybrid(HybridLogicalClock::unguarded()),
            Kind::Guarded => Clock::Hybrid(HybridLogicalClock::guarded(self.ahead)),
            Kind::Broadcast => return State::Member(broadcast::Member::default()),
        };
        State::Process(Process { events: 0, clock })
    }

    fn on_message(
        &self,
        state: &mut State,
        from: NodeId,
        message: Message,
        out: &mut Outbox<Self>,
    ) {
        match (state, message) {
            (State::Process(process), Message::Stamped { event, stamp }) => {
                self.receive(process, event, stamp, out);
            }
            (State::Member(member), Message::Broadcast { number, stamp }) => {
                member.hear(self, broadcast::Held { from, number, stamp }, out);
            }
            (state, message) => unreachable!("nobody sends {message:?} to {state:?}"),
        }
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        match (state, input) {
            (State::Process(process), Input::Work) => {
                let stamp = self.tick(&mut process.clock, out);
                self.happens(process, None, stamp, out);
            }
            (State::Process(process), Input::Send(to)) => {
                let stamp = self.tick(&mut process.clock, out);
                let event = self.happens(process, None, stamp.clone(), out);
                out.send(to, Message::Stamped { event, stamp });
            }
            (State::Member(member), Input::Broadcast) => member.broadcast(out),
            (state, input) => unreachable!("nobody asks {input:?} of {state:?}"),
        }
    }

    /// A clock is written down before its stamp leaves the process. It is a few bytes, and a clock
    /// that began anew would give stamps a second time. Members of a broadcast do not come back:
    /// they would have to be told what they missed.
    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        let State::Process(process) = crashed else {
            unreachable!("no scenario lets a member of a broadcast crash")
        };
        if self.has(Bug::ClockForgotten) && process.events > 0 {
            out.mark(Bug::ClockForgotten.name());
            let State::Process(anew) = self.start(out) else { unreachable!("it is a process") };
            // The numbers of events are the monitor's, and go on.
            return State::Process(Process { events: process.events, ..anew });
        }
        crashed.clone()
    }
}

impl Clocks {
    /// Something happens at a process by itself, or is sent.
    fn tick(&self, clock: &mut Clock, out: &mut Outbox<Self>) -> Stamp {
        match clock {
            Clock::Lamport(clock) => {
                clock.tick();
                self.lamport(clock, out)
            }
            Clock::Vector(clock) => {
                clock.tick();
                Stamp::Vector(self.count_on(clock))
            }
            Clock::Hybrid(clock) => {
                let (now, before) = (out.now(), clock.stamp());
                let mut stamp = clock.tick(now);
                if self.has(Bug::EqualNoBump) && stamp.physical == before.physical {
                    out.mark(Bug::EqualNoBump.name());
                    stamp = before;
                    *clock = clock.showing(stamp);
                }
                Stamp::Hybrid(stamp)
            }
        }
    }

    /// A message arrives. Only a guarded clock refuses it, and then nothing has happened.
    fn receive(&self, process: &mut Process, sent: EventId, stamp: Stamp, out: &mut Outbox<Self>) {
        let own = EventId { node: out.me(), number: process.events };
        let received = match (&mut process.clock, stamp) {
            (Clock::Lamport(clock), Stamp::Lamport(stamp)) => {
                let behind = clock.time() < stamp.time;
                if self.has(Bug::NoMax) && behind {
                    out.mark(Bug::NoMax.name());
                    clock.tick();
                } else {
                    clock.receive(stamp.time);
                }
                self.lamport(clock, out)
            }
            (Clock::Vector(clock), Stamp::Vector(stamp)) => {
                if process.events > 0 {
                    let found = self.judge(&stamp, clock.vector(), out);
                    out.emit(Event::Judges { sent, own, found });
                }
                if self.has(Bug::NoMerge) && !clock.vector().includes(&stamp) {
                    out.mark(Bug::NoMerge.name());
                    clock.tick();
                } else {
                    clock.receive(&stamp);
                }
                Stamp::Vector(self.count_on(clock))
            }
            (Clock::Hybrid(clock), Stamp::Hybrid(stamp)) => match self.hear(clock, stamp, out) {
                Some(stamp) => Stamp::Hybrid(stamp),
                None => return out.emit(Event::Refuses(sent)),
            },
            (clock, stamp) => unreachable!("one kind of clock runs: {stamp:?} at {clock:?}"),
        };
        self.happens(process, Some(sent), received, out);
    }

    /// The next event of a process, and its stamp.
    fn happens(
        &self,
        process: &mut Process,
        received: Option<EventId>,
        stamp: Stamp,
        out: &mut Outbox<Self>,
    ) -> EventId {
        process.events += 1;
        let event = EventId { node: out.me(), number: process.events };
        if let Stamp::Hybrid(time) = stamp {
            let physical = out.now();
            out.emit(Event::Dates { event, time, physical });
        }
        out.emit(Event::Happens { event, received, stamp });
        event
    }

    /// A hybrid clock hears of a time: that of the receipt, unless it is refused.
    fn hear(
        &self,
        clock: &mut HybridLogicalClock,
        sent: HybridStamp,
        out: &mut Outbox<Self>,
    ) -> Option<HybridStamp> {
        let (now, before) = (out.now(), clock.stamp());
        if self.has(Bug::Unwired) && sent.physical >= before.physical.max(now) {
            out.mark(Bug::Unwired.name());
            return Some(clock.tick(now));
        }
        if self.has(Bug::IgnoresNow) && now > before.physical.max(sent.physical) {
            out.mark(Bug::IgnoresNow.name());
            return clock.receive(before.physical.max(sent.physical), sent).ok();
        }
        let mut stamp = match clock.receive(now, sent) {
            Ok(stamp) => stamp,
            Err(_) if self.has(Bug::NoDriftGuard) => {
                out.mark(Bug::NoDriftGuard.name());
                let believed = HybridLogicalClock::unguarded().showing(before).receive(now, sent);
                *clock = clock.showing(believed.ok()?);
                clock.stamp()
            }
            Err(_) => return None,
        };
        let heard_of = stamp.physical == sent.physical && stamp.physical > before.physical.max(now);
        if self.has(Bug::CounterReset) && heard_of {
            out.mark(Bug::CounterReset.name());
            stamp.counter = 0;
            *clock = clock.showing(stamp);
        }
        Some(stamp)
    }

    /// What a vector clock shows when it has counted an event as often as it is to.
    fn count_on(&self, clock: &mut VectorClock) -> VersionVector {
        for _ in 1..self.increment {
            clock.tick();
        }
        clock.vector().clone()
    }

    /// What a Lamport clock shows when it has counted an event as often as it is to.
    fn lamport(&self, clock: &mut LamportClock, out: &mut Outbox<Self>) -> Stamp {
        for _ in 1..self.increment {
            clock.tick();
        }
        let (time, mut node) = (clock.time(), out.me());
        if self.has(Bug::NoTieBreak) {
            out.mark(Bug::NoTieBreak.name());
            node = NodeId(0);
        }
        Stamp::Lamport(LamportStamp { time, node })
    }

    /// How the event that sent a message is related to this process's last one, by their vectors.
    fn judge(
        &self,
        sent: &VersionVector,
        own: &VersionVector,
        out: &mut Outbox<Self>,
    ) -> Causality {
        let lacks_one_of = |one: &VersionVector, other: &VersionVector| {
            other.iter().any(|(node, _)| one.get(node) == 0)
        };
        let related = sent.compare(own);
        if self.has(Bug::MissingEntry)
            && related != Causality::Concurrent
            && (lacks_one_of(sent, own) || lacks_one_of(own, sent))
        {
            out.mark(Bug::MissingEntry.name());
            return Causality::Concurrent;
        }
        related
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}
