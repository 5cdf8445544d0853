//! The φ accrual failure detector: one node watches others by their heartbeats, and suspects those
//! whose silence would be improbable if they were up.
//!
//! N. Hayashibara, X. Défago, R. Yared, T. Katayama, *The φ Accrual Failure Detector* (SRDS 2004).
//! Each watched node sends a *heartbeat* in every period. The watcher keeps the latest intervals
//! between arrivals (*sampling window*), takes them for normally distributed, and computes from the
//! time since the last arrival a level of suspicion, φ = −log₁₀ of the probability that a
//! heartbeat would still come after such a silence. An application suspects the node from the
//! threshold on that suits it; here there is one, and one application: the watcher looks at
//! every tick of its clock, and says whom it suspects. The computation, without floats, is a part
//! of its own, [`crate::parts::phi_accrual`]; this is what becomes of it in a system where messages
//! are slow or lost, nodes crash and come back, and the watcher's wall clock is set back.
//!
//! # Beyond the paper
//!
//! - Deviations are taken to be at least so much, before the first interval there is an estimate,
//!   and some lateness is not worth mentioning: as in Akka (`min-std-deviation`,
//!   `heartbeat-interval`, `acceptable-heartbeat-pause`).
//! - An interval longer than the longest sample was an outage, and no sample: as in Cassandra
//!   (`fd_max_interval_ms`).
//! - The watcher's start counts as a heartbeat of everyone, so that who never says anything is
//!   suspected, too.
//!
//! # Time
//!
//! The watcher's wall clock goes on tick by tick, and whoever administers it may set it back. Code
//! that subtracts two readings of such a clock may get less than nothing. So the watcher takes for
//! its time the latest that its clock ever showed: while the clock catches up, time stands still,
//! and no silence grows.
//!
//! # What is claimed
//!
//! In an asynchronous network no detector is both complete and accurate, so an exhaustive search,
//! in which a heartbeat may be on its way as long as it likes, cannot ask for "only nodes that are
//! down are suspected". What it does ask, in every order of events:
//!
//! - φ is **finite**, and **never falls in silence**: nobody is trusted again for saying nothing.
//! - **Completeness in time**: who is silent for so many ticks is suspected, whatever came before.
//! - **Accuracy at once**: who was silent for less than so many ticks is not, whatever came before.
//! - **The view comes true**: from whatever was reached, if faults cease, there comes a moment,
//!   soon enough, at which exactly those that are down are suspected. One timed continuation of each
//!   state is run for that: what holds of all of them, and for ever, would need fairness.
//!
//! The two numbers are functions of the detector's settings
//! ([`Settings::detection`](crate::parts::phi_accrual::Settings::detection),
//! [`Settings::grace`](crate::parts::phi_accrual::Settings::grace)). How often it is wrong between
//! them is a matter of probability: it is measured, for the normal tail with the part itself and
//! for a network of a stated loss rate in simulation (`models/tests/protocols/phi_accrual.rs`).
//!
//! Not modelled: several thresholds for several applications, which are several functions of the
//! same level; heartbeats that carry numbers, so that a late one counts as of when it arrives; a
//! watcher that crashes, for it would begin anew; who watches whom, which is membership's business
//! (SWIM).

mod bugs;
mod invariants;
mod scenarios;

use serde::{Deserialize, Serialize};
use splitbrain::{NodeId, Outbox, Protocol, Span};

use crate::parts::phi_accrual::{History, Phi, Settings};

pub use bugs::Bug;
pub use scenarios::PhiAccrualModel;

/// The node that watches all others.
const WATCHER: NodeId = NodeId(0);

/// How long a tick of the watcher's clock is, for timers.
const TICK: Span = Span::millis(100);

/// The code of one node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Detection {
    /// What the watcher's detectors are set to, in ticks.
    pub settings: Settings,
    /// Ticks from one heartbeat of a node to its next.
    pub period: u64,
    /// The deliberate mistake, if any.
    pub bug: Option<Bug>,
}

/// What one node remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// The watcher.
    Watcher(Watcher),
    /// A watched node, which has nothing to remember.
    Watched,
}

/// What the watcher remembers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Watcher {
    /// The watched nodes, from n1 on.
    pub peers: Vec<Peer>,
    /// How many ticks its wall clock was set back in all.
    pub set_back: u64,
    /// The latest time that its wall clock showed when it looked.
    pub latest: u64,
}

/// What the watcher remembers of one node.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Peer {
    /// When its heartbeats came.
    pub history: History,
    /// Whether its silence was too long when the watcher last looked.
    pub suspected: bool,
}

/// What nodes say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Message {
    /// I am up.
    Heartbeat,
}

/// The names of the timers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Timer {
    /// It is time for a heartbeat.
    Beat,
    /// It is time to look at the levels.
    Look,
}

/// What the outside asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Input {
    /// Set the watcher's wall clock back by so many ticks.
    SetBack(u64),
}

/// What the watcher tells. Readings are those of a clock that nobody sets.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Event {
    /// A heartbeat came.
    Heard {
        /// From whom.
        of: NodeId,
        /// When.
        at: u64,
    },
    /// The watcher looked at a node's level.
    Looked {
        /// Whose.
        of: NodeId,
        /// When.
        at: u64,
        /// The level.
        phi: Phi,
    },
    /// A node is suspected from now on.
    Suspects(NodeId),
    /// A node is trusted again.
    Trusts(NodeId),
}

impl Protocol for Detection {
    type State = State;
    type Message = Message;
    type Timer = Timer;
    type Input = Input;
    type Event = Event;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        if out.me() == WATCHER {
            out.set_timer(Timer::Look, TICK);
            State::Watcher(self.watch(out))
        } else {
            out.set_timer(Timer::Beat, TICK * self.period);
            State::Watched
        }
    }

    fn on_message(&self, state: &mut State, from: NodeId, said: Message, out: &mut Outbox<Self>) {
        match (state, said) {
            (State::Watcher(watcher), Message::Heartbeat) => self.hear(watcher, from, out),
            (State::Watched, Message::Heartbeat) => {
                unreachable!("heartbeats go to the watcher, not to {}", out.me())
            }
        }
    }

    fn on_timeout(&self, state: &mut State, timer: Timer, out: &mut Outbox<Self>) {
        match (state, timer) {
            (State::Watched, Timer::Beat) => {
                out.send(WATCHER, Message::Heartbeat);
                out.set_timer(Timer::Beat, TICK * self.period);
            }
            (State::Watcher(watcher), Timer::Look) => {
                self.look(watcher, out);
                out.set_timer(Timer::Look, TICK);
            }
            (state, timer) => unreachable!("{timer:?} is not set at a node that is {state:?}"),
        }
    }

    fn accepts(&self, _: NodeId, state: &State, _: &Input) -> bool {
        matches!(state, State::Watcher(_))
    }

    fn on_input(&self, state: &mut State, input: Input, out: &mut Outbox<Self>) {
        match (state, input) {
            (State::Watcher(watcher), Input::SetBack(ticks)) => watcher.set_back += ticks,
            (State::Watched, Input::SetBack(_)) => unreachable!("{} has no clock", out.me()),
        }
    }

    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        match crashed {
            State::Watched => self.start(out),
            State::Watcher(_) => unreachable!("no scenario lets the watcher crash"),
        }
    }
}

impl Detection {
    /// The watcher begins. That counts as a heartbeat of everyone: who never says anything is to
    /// be suspected, too.
    fn watch(&self, out: &mut Outbox<Self>) -> Watcher {
        let latest = out.now();
        let mut peer = Peer::default();
        peer.history.heartbeat(&self.in_force(), latest);
        Watcher { peers: vec![peer; out.cluster() - 1], set_back: 0, latest }
    }

    /// A heartbeat. Whoever says something is up, or was when it said so.
    fn hear(&self, watcher: &mut Watcher, from: NodeId, out: &mut Outbox<Self>) {
        let now = self.time(watcher, out);
        let at = out.now();
        let peer = &mut watcher.peers[from.index() - 1];
        if self.has(Bug::OutageInWindow)
            && let (Some(last), Some(longest)) = (peer.history.last, self.settings.longest_sample)
            && now.saturating_sub(last) > longest
        {
            out.mark(Bug::OutageInWindow.name());
        }
        peer.history.heartbeat(&self.in_force(), now);
        out.emit(Event::Heard { of: from, at });
        if !self.has(Bug::NeverTrustsAgain) && std::mem::take(&mut peer.suspected) {
            out.emit(Event::Trusts(from));
        }
    }

    /// Looks at everyone's level.
    fn look(&self, watcher: &mut Watcher, out: &mut Outbox<Self>) {
        let now = self.time(watcher, out);
        let at = out.now();
        for (peer, of) in watcher.peers.iter_mut().zip((1..).map(NodeId)) {
            let phi = self.phi(&mut peer.history, now, out);
            out.emit(Event::Looked { of, at, phi });
            let stays = peer.suspected && self.has(Bug::NeverTrustsAgain);
            let suspected = stays || phi >= self.settings.threshold;
            if suspected != peer.suspected {
                if self.has(Bug::NeverTrustsAgain) {
                    // This is its last word of that node.
                    out.mark(Bug::NeverTrustsAgain.name());
                }
                peer.suspected = suspected;
                let changed = if suspected { Event::Suspects(of) } else { Event::Trusts(of) };
                out.emit(changed);
            }
        }
    }

    /// The watcher's time: the latest that its wall clock has shown.
    fn time(&self, watcher: &mut Watcher, out: &mut Outbox<Self>) -> u64 {
        let wall = out.now().saturating_sub(watcher.set_back);
        watcher.latest = match self.has(Bug::ClockBack) {
            true => wall,
            false => watcher.latest.max(wall),
        };
        watcher.latest
    }

    /// A node's level. Most mistakes are made here.
    fn phi(&self, history: &mut History, now: u64, out: &mut Outbox<Self>) -> Phi {
        let settings = self.in_force();
        let phi = history.phi(&settings, now);
        let last = history.last.unwrap_or(now);
        let mut mark = |bug: Bug, is_made: bool| {
            let made = is_made && self.has(bug);
            if made {
                out.mark(bug.name());
            }
            made
        };
        mark(Bug::ZeroDeviation, history.is_uniform());
        mark(Bug::FirstHeartbeatIgnored, history.intervals.is_empty());
        if mark(Bug::ClockBack, now < last) {
            // What is less than nothing is a very great number if it has no sign.
            return history.phi_after(&settings, now.wrapping_sub(last));
        }
        if mark(Bug::Underflow, phi > Phi::whole(6)) {
            // 1 − F with six digits is 0 by now.
            return Phi::INFINITE;
        }
        if mark(Bug::SilenceSampled, true) {
            history.sample(&settings, now - last);
        }
        phi
    }

    /// The settings as the watcher goes by them.
    fn in_force(&self) -> Settings {
        let right = self.settings;
        match self.bug {
            Some(Bug::ZeroDeviation) => Settings { least_deviation: 0, ..right },
            Some(Bug::FirstHeartbeatIgnored) => Settings { first_estimate: None, ..right },
            Some(Bug::OutageInWindow) => Settings { longest_sample: None, ..right },
            Some(Bug::Underflow | Bug::ClockBack | Bug::SilenceSampled | Bug::NeverTrustsAgain)
            | None => right,
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}
