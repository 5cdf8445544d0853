//! A node's own clock in a run: virtual time, with offset, drift and jumps.

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
        }
    }

    /// What it reads at that virtual moment, in ticks; never less than it read before.
    pub(crate) fn read(&self, now: u64, before: u64) -> u64 {
        let local = now as i64 + self.gained(now) + self.ahead;
        let local = u64::try_from(local).unwrap_or(0) / self.tick;
        let exact = now / self.tick;
        let (behind, ahead) = self.bounds;
        local.clamp(exact.saturating_sub(behind), exact + ahead).max(before)
    }

    /// Moves it by that many microseconds.
    pub(crate) fn jump(&mut self, by: i64) {
        self.ahead += by;
    }

    /// How much virtual time passes while this clock counts that many microseconds.
    pub(crate) fn virtual_span(&self, local: u64) -> u64 {
        let rate = u128::from(1_000_000_u64.saturating_add_signed(self.drift).max(1));
        (u128::from(local) * 1_000_000 / rate) as u64
    }

    fn gained(&self, now: u64) -> i64 {
        (i128::from(now) * i128::from(self.drift) / 1_000_000) as i64
    }
}
