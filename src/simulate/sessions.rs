//! The clients of a run whose workload says more than how often they ask.
//!
//! Each request that is without an answer has a session of its own, which is a client to the model.
//! In a closed loop a client has one, and thinks of its next request when the last is done. In an
//! open loop it has several, and requests arrive and wait in line for the next that is free.

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;

use super::agenda::Happening;
use super::clients::HEALED_THINK;
use super::operations::{Asked, Operations};
use super::outcome::Record;
use super::plan::Plan;
use super::run::Run;
use super::shares::Shares;
use super::storm::Storm;
use super::workload::{Arrivals, Keys, Retries};
use crate::protocol::{ClientId, Protocol};
use crate::random::{Purpose, chance, exponential, stream};
use crate::scenario::To;
use crate::time::Span;

/// The sessions of a run, and what is drawn for them.
pub(super) struct Sessions {
    stream: ChaCha8Rng,
    keys: Shares,
    /// How often each of the storm's operations is asked.
    mix: Shares,
    /// A client's stand together.
    sessions: Vec<Session>,
    /// When the requests that wait in a client's line arrived, in an open loop.
    lines: Vec<VecDeque<u64>>,
}

/// A session.
#[derive(Clone, Default)]
struct Session {
    /// The number of its request, from 0.
    number: u32,
    /// Its request, if it has one.
    wish: Option<Wish>,
    /// When the request that it is about to have arrived, in an open loop.
    arrived: Option<u64>,
    /// How many it has given up.
    given_up: u8,
    /// Whether it has a request, or is about to have one.
    busy: bool,
    /// Whether there is no more to ask.
    done: bool,
}

/// A request under way.
#[derive(Clone, Copy)]
struct Wish {
    operation: &'static str,
    key: u32,
    /// How often it was tried.
    tries: u32,
    /// When some node first took it.
    taken: Option<u64>,
}

impl Sessions {
    /// Those of a run, if its workload says more than how often they ask.
    pub(super) fn of<P: Protocol>(
        storm: &Storm<P>,
        plan: &Plan,
        (seed, run): (u64, u64),
    ) -> Option<Sessions> {
        let workload = &plan.workload;
        let operations = storm.operations.as_ref();
        if !storm.says_requests() || operations.is_none() && workload.is_plain() {
            return None;
        }
        let all = operations.map_or(1, |operations| operations.keys);
        let weight = |name: &&str| match workload.mix.is_empty() {
            true => 1,
            false => workload.mix.get(*name).map_or(0, |weight| u64::from(*weight)),
        };
        let names = operations.map_or(&[][..], |operations| operations.names);
        Some(Sessions {
            stream: stream(seed, run, Purpose::Workload),
            keys: Shares::of_keys(workload.keys.unwrap_or(Keys::Uniform { of: all })),
            mix: Shares::of(names.iter().map(weight)),
            sessions: vec![Session::default(); workload.sessions()],
            lines: match workload.arrivals {
                Some(_) => vec![VecDeque::new(); usize::from(workload.clients)],
                None => Vec::new(),
            },
        })
    }

    /// How many there are, with the arrivals of each client behind them.
    pub(super) fn many(&self) -> usize {
        self.sessions.len() + self.lines.len()
    }

    /// The client whose arrivals that is, if it is no session.
    fn line(&self, who: ClientId) -> Option<usize> {
        usize::from(who.0).checked_sub(self.sessions.len())
    }

    /// The client whose session that is.
    fn line_of(&self, session: usize) -> usize {
        session * self.lines.len() / self.sessions.len()
    }

    /// Gives a session a request that is drawn.
    fn wish<P: Protocol>(&mut self, session: usize, operations: Option<&Operations<P>>) {
        let (mut operation, mut key) = ("", 0);
        if let Some(operations) = operations {
            key = self.keys.draw(&mut self.stream) as u32;
            let drawn = self.mix.draw(&mut self.stream);
            operation = operations.names.get(drawn).copied().unwrap_or("");
        }
        let wish = Wish { operation, key, tries: 0, taken: None };
        let session = &mut self.sessions[session];
        (session.wish, session.busy) = (Some(wish), true);
    }
}

impl Session {
    /// It gives its request up, or has its answer.
    fn leaves(&mut self) -> Option<Wish> {
        self.number += 1;
        self.wish.take()
    }
}

impl<P: Protocol, R: Record<P>> Run<'_, P, R> {
    fn sessions(&mut self) -> &mut Sessions {
        self.sessions.as_mut().expect("asked only where there are any")
    }

    /// Puts the next thing that one of them does on the agenda, in place of what was there.
    fn schedule(&mut self, who: ClientId, at: u64) {
        let thought = self.agenda.take_number();
        self.asked[usize::from(who.0)].thought = thought;
        self.agenda.put_as(at, thought, Happening::Ask { client: who, thought });
    }

    /// At the beginning and when the storm is over: those that think, think anew, and so do those
    /// whose requests arrive.
    pub(super) fn think_in_session(&mut self, who: ClientId) {
        let closed = self.plan.workload.arrivals.is_none();
        if self.sessions().line(who).is_some() {
            self.await_arrival(who);
        } else if closed && self.sessions().sessions[usize::from(who.0)].wish.is_none() {
            self.rest(who);
        }
    }

    /// A span of that mean, not long once the storm is over.
    fn drawn(&mut self, mean: Span) -> u64 {
        let mean = if self.stormy { mean } else { mean.min(HEALED_THINK) };
        exponential(&mut self.sessions().stream, mean.as_micros()).max(1)
    }

    /// A client in a closed loop thinks of its next request.
    fn rest(&mut self, who: ClientId) {
        let pause = self.drawn(self.plan.workload.think);
        self.schedule(who, self.now + pause);
    }

    /// The next request arrives at a client in an open loop.
    fn await_arrival(&mut self, who: ClientId) {
        let pause = match self.plan.workload.arrivals {
            Some(Arrivals::Poisson { every, .. }) => self.drawn(every),
            Some(Arrivals::Constant { every, .. }) if self.stormy => every.as_micros(),
            Some(Arrivals::Constant { every, .. }) => every.min(HEALED_THINK).as_micros(),
            None => return,
        };
        self.schedule(who, self.now + pause);
    }

    /// Something that was put on the agenda for one of them is due.
    pub(super) fn ask_in_session(&mut self, who: ClientId) {
        if let Some(line) = self.sessions().line(who) {
            let now = self.now;
            let sessions = self.sessions();
            sessions.lines[line].push_back(now);
            let each = sessions.sessions.len() / sessions.lines.len();
            let own = line * each..(line + 1) * each;
            if own.clone().all(|session| sessions.sessions[session].done) {
                return;
            }
            self.await_arrival(who);
            for session in own {
                self.take_next(session);
            }
            return;
        }
        let session = usize::from(who.0);
        if self.gives_up(session) && self.plan.workload.arrivals.is_some() {
            return self.is_free(session);
        }
        let operations = self.scenario.storm.operations.as_ref();
        if self.sessions().sessions[session].wish.is_none() {
            self.sessions().wish(session, operations);
        }
        self.try_in_session(who);
    }

    /// A session that is free takes the next request that waits in line.
    fn take_next(&mut self, session: usize) {
        let sessions = self.sessions.as_mut().expect("asked only where there are any");
        let line = sessions.line_of(session);
        let own = &mut sessions.sessions[session];
        if own.busy || own.done || sessions.lines[line].is_empty() {
            return;
        }
        own.busy = true;
        own.arrived = sessions.lines[line].pop_front();
        // In a moment: it may be free because of the very step that is under way.
        self.schedule(ClientId(session as u8), self.now + 1);
    }

    /// Whether a session gives up a request that was taken and not answered, because it is time to.
    fn gives_up(&mut self, session: usize) -> bool {
        let (now, workload) = (self.now, &self.plan.workload);
        let sessions = self.sessions.as_mut().expect("asked only where there are any");
        let own = &mut sessions.sessions[session];
        let Some(Wish { taken: Some(since), .. }) = own.wish else { return false };
        if own.given_up >= workload.gives_up {
            return false;
        }
        let gone = match (workload.retries, workload.waits) {
            (_, Some(waits)) if now >= since + waits.as_micros() => true,
            (Some(Retries::Anew(_)), _) => {
                own.given_up += 1;
                self.gauge.gives_up(ClientId(session as u8), now);
                // Once more the same, under a new number.
                let again = own.leaves().map(|wish| Wish { taken: None, ..wish });
                own.wish = again;
                return false;
            }
            (_, Some(_)) => false,
            (_, None) => chance(&mut sessions.stream, 100_000),
        };
        if gone {
            self.gauge.gives_up(ClientId(session as u8), now);
            own.given_up += 1;
            own.leaves();
        }
        gone
    }

    /// Asks a session's request, and thinks of when to ask it again.
    fn try_in_session(&mut self, who: ClientId) {
        let session = usize::from(who.0);
        let Some((to, input)) = self.wished(who) else {
            let own = &mut self.sessions().sessions[session];
            (own.wish, own.done) = (None, true);
            return;
        };
        let now = self.now;
        let wanted = self.sessions().sessions[session].arrived.take().unwrap_or(now);
        self.gauge.asks_late(who, wanted, now);
        let node = self.taker(to, &input);
        let own = &mut self.sessions().sessions[session];
        if let Some(wish) = &mut own.wish {
            wish.tries += 1;
            wish.taken = wish.taken.or(node.map(|_| now));
        }
        let next = self.next_try(session);
        self.schedule(who, next);
        let Some(node) = node else { return };
        if self.scenario.storm.answered.is_none() {
            self.is_done(session);
        }
        self.take_request(who, node, input);
    }

    /// What a session asks now; nothing, if there is no more to ask.
    fn wished(&mut self, client: ClientId) -> Option<(To, P::Input)> {
        let scenario = self.scenario;
        let Session { number, wish, .. } = self.sessions().sessions[usize::from(client.0)];
        let Wish { operation, key, .. } = wish?;
        match (&scenario.storm.operations, scenario.storm.request) {
            (Some(operations), _) => {
                let asked = Asked { client, number, operation, key };
                (operations.request)(&scenario.protocol, &asked)
            }
            (None, Some(request)) => request(&scenario.protocol, client, number),
            (None, None) => None,
        }
    }

    /// When a session asks again, or gives up: whichever comes first.
    fn next_try(&mut self, session: usize) -> u64 {
        let (now, workload) = (self.now, &self.plan.workload);
        let own = &self.sessions().sessions[session];
        let wish = own.wish.expect("it has just tried");
        let forgets = own.given_up < workload.gives_up;
        let until = wish.taken.filter(|_| forgets).zip(workload.waits);
        let until = until.map(|(since, waits)| (since + waits.as_micros()).max(now + 1));
        let again = match (workload.retries, until) {
            (Some(Retries::Never), Some(until)) => return until,
            (Some(Retries::Same(spacing) | Retries::Anew(spacing)), _) => {
                now + spacing.after(wish.tries).as_micros()
            }
            (Some(Retries::Never) | None, _) => now + self.drawn(workload.think),
        };
        until.map_or(again, |until| until.min(again))
    }

    /// A session's request is done: it goes on to its next.
    fn is_done(&mut self, session: usize) {
        let own = &mut self.sessions().sessions[session];
        own.leaves();
        match self.plan.workload.arrivals {
            None => self.rest(ClientId(session as u8)),
            Some(_) => self.is_free(session),
        }
    }

    /// A session in an open loop has no request any more.
    fn is_free(&mut self, session: usize) {
        self.sessions().sessions[session].busy = false;
        // What it had in mind to try is of no account any more.
        self.asked[session].thought = 0;
        self.take_next(session);
    }

    /// Lets sessions whose request was just answered go on to their next.
    pub(super) fn note_answers_in_session(&mut self) {
        let Some(answered) = self.scenario.storm.answered else { return };
        let answers: Vec<(ClientId, u32)> = self.out.events.iter().filter_map(answered).collect();
        for (client, number) in answers {
            let own = self.sessions().sessions.get(usize::from(client.0));
            if own.is_some_and(|own| own.number == number && own.wish.is_some()) {
                self.gauge.answers(client, self.now);
                self.is_done(usize::from(client.0));
            }
        }
    }
}
