//! What a scenario allows, and how much of it is spent.
//!
//! What is *possible* is the world's business; the ledger says what is *affordable*. Replay asks
//! only for the first, bounded exploration for both.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::step::{Act, Step};

/// How many of each fault may happen: `Faults { crashes: 1, restarts: 1, ..Faults::NONE }`;
/// [`Faults::ANY`] for any number.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Nodes that stop.
    pub crashes: u16,
    /// Nodes that run again with what survives a crash.
    pub restarts: u16,
    /// Nodes that run again with an empty disk.
    pub wipes: u16,
    /// Messages that are lost.
    pub drops: u16,
    /// Messages that arrive once more.
    pub duplicates: u16,
}

impl Faults {
    /// No fault at all.
    pub const NONE: Faults = Faults { crashes: 0, restarts: 0, wipes: 0, drops: 0, duplicates: 0 };

    /// Any number of that fault. It is not counted, so that worlds which differ only in how many
    /// have happened are one state.
    pub const ANY: u16 = u16::MAX;
}

/// `1 crash, any number of drops`, or `no faults`.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            (self.crashes, "crash", "crashes"),
            (self.restarts, "restart", "restarts"),
            (self.wipes, "wiped disk", "wiped disks"),
            (self.drops, "drop", "drops"),
            (self.duplicates, "duplicate", "duplicates"),
        ];
        let said: Vec<String> = kinds
            .iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, one, many)| match *count {
                1 => format!("1 {one}"),
                Faults::ANY => format!("any number of {many}"),
                count => format!("{count} {many}"),
            })
            .collect();
        write!(f, "{}", if said.is_empty() { "no faults".to_string() } else { said.join(", ") })
    }
}

/// How often a timer may fire.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firing {
    /// Any number of times.
    Any,
    /// That many times, over the whole cluster.
    Times(u16),
    /// In turns: the first firing at the first of these nodes, and so on; none beyond the last.
    Turns(Vec<NodeId>),
}

/// `at most 2 times`, `in turns at n0, n1`.
impl fmt::Display for Firing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Firing::Any => write!(f, "any number of times"),
            Firing::Times(1) => write!(f, "at most once"),
            Firing::Times(times) => write!(f, "at most {times} times"),
            Firing::Turns(turns) => {
                let turns: Vec<String> = turns.iter().map(NodeId::to_string).collect();
                write!(f, "in turns at {}", turns.join(", "))
            }
        }
    }
}

/// How much of each budget is spent. Part of the explored state.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Ledger {
    /// The faults that happened.
    pub faults: Faults,
    /// How many inputs of each lane were given.
    pub lanes: Vec<u16>,
    /// How often the timers of each rule fired.
    pub timers: Vec<u16>,
}

/// A bound that cut something off: a step was possible and not affordable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Bound {
    /// The timers of the scenario's rule with this index fire no more, or not here.
    Timer(usize),
    /// No more crashes.
    Crashes,
    /// No more restarts.
    Restarts,
    /// No more wiped disks.
    Wipes,
    /// No more lost messages.
    Drops,
    /// No more doubled messages.
    Duplicates,
    /// A clock reached its limit.
    Clocks,
    /// Worlds past the scenario's boundary are checked, but not followed.
    Boundary,
    /// Worlds at the greatest depth are not followed.
    Depth,
}

/// How a step is charged.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Charge {
    /// Not at all: no ledger changes, and no bound forbids it.
    Nothing,
    /// It is counted, up to a number: it does not matter in which order such steps come.
    Counted,
    /// What may come next depends on what came before.
    InTurn,
}

impl Ledger {
    /// Nothing spent yet.
    pub(crate) fn open<P: Protocol>(scenario: &Scenario<P>) -> Ledger {
        Ledger {
            faults: Faults::NONE,
            lanes: vec![0; scenario.lanes.len()],
            timers: vec![0; scenario.timers.len()],
        }
    }

    /// How a step is charged, whatever is spent already.
    pub(crate) fn charge<P: Protocol>(scenario: &Scenario<P>, step: &Step<P>) -> Charge {
        let fault = |most: u16| if most == Faults::ANY { Charge::Nothing } else { Charge::Counted };
        let allowed = &scenario.faults;
        match &step.act {
            Act::Deliver { .. } | Act::Tick => Charge::Nothing,
            Act::Drop { .. } => fault(allowed.drops),
            Act::Duplicate { .. } => fault(allowed.duplicates),
            Act::Crash => fault(allowed.crashes),
            Act::Restart => fault(allowed.restarts),
            Act::Wiped => fault(allowed.wipes),
            Act::Input { .. } => Charge::InTurn,
            Act::Timeout(timer) => {
                let rules = scenario.timers.iter().filter(|rule| rule.of.include(timer));
                let charges = rules.map(|rule| match rule.firing {
                    Firing::Any => Charge::Nothing,
                    Firing::Times(_) => Charge::Counted,
                    Firing::Turns(_) => Charge::InTurn,
                });
                charges.max().unwrap_or(Charge::Nothing)
            }
        }
    }

    /// The ledger after the step, or the first bound that forbids it.
    ///
    /// An input that is not the next of its lane is never enabled in exploration, so it needs no
    /// bound; here it counts as the lane's.
    pub(crate) fn after<P: Protocol>(
        &self,
        scenario: &Scenario<P>,
        step: &Step<P>,
    ) -> Result<Ledger, Bound> {
        let allowed = &scenario.faults;
        let mut ledger = self.clone();
        let spent = &mut ledger.faults;
        let spend = |count: &mut u16, most: u16, bound: Bound| match most {
            Faults::ANY => Ok(()),
            most if *count < most => {
                *count += 1;
                Ok(())
            }
            _ => Err(bound),
        };
        match &step.act {
            Act::Deliver { .. } | Act::Tick => {}
            Act::Drop { .. } => spend(&mut spent.drops, allowed.drops, Bound::Drops)?,
            Act::Duplicate { .. } => {
                spend(&mut spent.duplicates, allowed.duplicates, Bound::Duplicates)?;
            }
            Act::Crash => spend(&mut spent.crashes, allowed.crashes, Bound::Crashes)?,
            Act::Restart => spend(&mut spent.restarts, allowed.restarts, Bound::Restarts)?,
            Act::Wiped => spend(&mut spent.wipes, allowed.wipes, Bound::Wipes)?,
            Act::Input { client, .. } => {
                if let Some(given) = ledger.lanes.get_mut(usize::from(client.0)) {
                    // A long run may ask more than any lane holds.
                    *given = given.saturating_add(1);
                }
            }
            Act::Timeout(timer) => {
                for (rule, fired) in ledger.timers.iter_mut().enumerate() {
                    let limit = &scenario.timers[rule];
                    if limit.of.include(timer) {
                        let so_far = usize::from(*fired);
                        let fires = match &limit.firing {
                            Firing::Any => continue,
                            Firing::Times(times) => *fired < *times,
                            Firing::Turns(turns) => turns.get(so_far) == Some(&step.node),
                        };
                        if !fires {
                            return Err(Bound::Timer(rule));
                        }
                        *fired += 1;
                    }
                }
            }
        }
        Ok(ledger)
    }
}
