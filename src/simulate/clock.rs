//! A node's own clock in a run: virtual time, with offset, drift, jumps and corrections; or stuck.

use super::plan::Plan;
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;

/// A clock as the simulator keeps it. Its reading is in ticks, never falls, and is never further
/// from true time than half of what the scenario lets two clocks be apart.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Microseconds ahead of true time, without drift.
    ahead: i64,
    /// Millionths too fast.
    drift: i64,
    /// Microseconds a tick lasts.
    tick: u64,
    /// How many ticks it may be behind true time, and ahead of it.
    bounds: (u64, u64),
    /// What it has been corrected by, or is being.
    smears: Vec<Smear>,
    /// How many faults hold it, and where the first of them did.
    stuck: (u16, i64),
}

/// A correction by so many microseconds, evenly from one moment until another.
#[derive(Clone, Debug)]
struct Smear {
    by: i64,
    from: u64,
    until: u64,
}

impl Smear {
    /// How far it is, in microseconds.
    fn done(&self, now: u64) -> i64 {
        let (way, length) = (now.min(self.until) - self.from, self.until - self.from);
        match length {
            0 => self.by,
            _ => (i128::from(self.by) * i128::from(way) / i128::from(length)) as i64,
        }
    }

    /// How much faster it makes its clock, in millionths: by half of its rate at most, either way.
    fn rate(&self) -> i64 {
        let length = i128::from(self.until - self.from).max(1);
        (i128::from(self.by) * 1_000_000 / length).clamp(-500_000, 500_000) as i64
    }
}

impl Clock {
    pub(crate) fn new<P: Protocol>(scenario: &Scenario<P>, plan: &Plan, node: NodeId) -> Clock {
        let error = plan.clocks.iter().find(|error| error.node == node);
        let apart = scenario.clocks.apart;
        Clock {
            ahead: error.map_or(0, |error| error.offset),
            drift: error.map_or(0, |error| error.drift),
            tick: scenario.clocks.tick.as_micros().max(1),
            bounds: (apart / 2, apart - apart / 2),
            smears: Vec::new(),
            stuck: (0, 0),
        }
    }

    /// What it reads at that virtual moment, in ticks; never less than it read before.
    pub(crate) fn read(&self, now: u64, before: u64) -> u64 {
        let local = if self.stuck.0 > 0 { self.stuck.1 } else { self.local(now) };
        let local = u64::try_from(local).unwrap_or(0) / self.tick;
        let exact = now / self.tick;
        let (behind, ahead) = self.bounds;
        local.clamp(exact.saturating_sub(behind), exact + ahead).max(before)
    }

    /// Moves it by that many microseconds.
    pub(crate) fn jump(&mut self, by: i64) {
        self.ahead += by;
    }

    /// Holds it where it is at that virtual moment, until it is let go as often as it was held.
    pub(crate) fn hold(&mut self, now: u64) {
        if self.stuck.0 == 0 {
            self.stuck.1 = self.local(now);
        }
        self.stuck.0 += 1;
    }

    /// Lets it go.
    pub(crate) fn let_go(&mut self) {
        self.stuck.0 -= 1;
    }

    /// Corrects it by that many microseconds, evenly from one moment until another.
    pub(crate) fn smear(&mut self, by: i64, from: u64, until: u64) {
        self.smears.push(Smear { by, from, until });
    }

    /// Microseconds on it.
    fn local(&self, now: u64) -> i64 {
        let corrected: i64 = self.smears.iter().map(|smear| smear.done(now)).sum();
        now as i64 + self.gained(now) + self.ahead + corrected
    }

    /// How much virtual time passes while this clock counts that many microseconds, at the rate it
    /// has now.
    pub(crate) fn virtual_span(&self, local: u64, now: u64) -> u64 {
        let under_way = self.smears.iter().filter(|smear| (smear.from..smear.until).contains(&now));
        let rate = self.drift + under_way.map(Smear::rate).sum::<i64>();
        let rate = u128::from(1_000_000_u64.saturating_add_signed(rate).max(1));
        (u128::from(local) * 1_000_000 / rate) as u64
    }

    fn gained(&self, now: u64) -> i64 {
        (i128::from(now) * i128::from(self.drift) / 1_000_000) as i64
    }
}
