//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in the detector.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// The deviation may be 0.
    ZeroDeviation,
    /// Nothing is thought of intervals before one was seen.
    FirstHeartbeatIgnored,
    /// The tail's probability has six digits.
    Underflow,
    /// Readings of a clock that was set back are subtracted without a look.
    ClockBack,
    /// An outage is an interval like any other.
    OutageInWindow,
    /// Each look takes the silence so far for an interval.
    SilenceSampled,
    /// Who is suspected once stays so.
    NeverTrustsAgain,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 7] = [
        Bug::ZeroDeviation,
        Bug::FirstHeartbeatIgnored,
        Bug::Underflow,
        Bug::ClockBack,
        Bug::OutageInWindow,
        Bug::SilenceSampled,
        Bug::NeverTrustsAgain,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::ZeroDeviation => "zero-deviation",
            Bug::FirstHeartbeatIgnored => "first-heartbeat-ignored",
            Bug::Underflow => "underflow",
            Bug::ClockBack => "clock-back",
            Bug::OutageInWindow => "outage-in-window",
            Bug::SilenceSampled => "silence-sampled",
            Bug::NeverTrustsAgain => "never-trusts-again",
        }
    }

    /// The mistake of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The mistakes as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::ZeroDeviation.name(),
        about: "Heartbeats that came to the tick have a deviation of 0, and the next is infinitely \
                suspicious as soon as it is late at all.",
        source: "Akka PR #550, min-std-deviation",
        invariant: "accurate-at-once",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::FirstHeartbeatIgnored.name(),
        about: "With no interval seen nothing can be said, so a node that stops after its first \
                heartbeat is trusted for ever.",
        source: "Akka PR #526, on the first heartbeat's estimate",
        invariant: "complete-in-time",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::Underflow.name(),
        about: "1 − F is computed with six digits, and a long silence has the logarithm of 0.",
        source: "GreptimeDB PR #1200, which clamps it",
        invariant: "finite",
        explored: ("small", &[("ticks", 11)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::ClockBack.name(),
        about: "After the wall clock is set back, the time since the last heartbeat is less than \
                nothing, and as a number without a sign it is very long.",
        source: "Akka's detector reads System.nanoTime for that reason; a derivation here",
        invariant: "accurate-at-once",
        explored: ("set-back", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::OutageInWindow.name(),
        about: "The interval across an outage is a sample like any other: while it is in the \
                window, the next outage goes unnoticed.",
        source: "Cassandra's ArrivalWindow ignores intervals beyond fd_max_interval_ms; Akka's \
                 heartbeat takes none while the node is suspected",
        invariant: "complete-in-time",
        explored: ("small", &[("window", 1), ("ticks", 12)]),
        simulated: ("storm", &[("window", 4)]),
    },
    BugInfo {
        name: Bug::SilenceSampled.name(),
        about: "Each look takes the silence so far for an interval: the longer a node is silent, \
                the more usual that becomes.",
        source: "Hayashibara et al. 2004, §2: a level of suspicion that must accrue; a derivation",
        invariant: "rises-in-silence",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NeverTrustsAgain.name(),
        about: "A node that is suspected stays so, though a late heartbeat has come and its level \
                is low again.",
        source: "Hayashibara et al. 2004, §2, on accrual detectors of class ◇P, which are wrong for \
                 a while and not for ever; a derivation",
        invariant: "view-comes-true",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
];
