//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in the group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// Of a member that is dead already no later death is taken up.
    DeadIncarnationHole,
    /// Whatever is heard last of a member counts.
    NoIncarnation,
    /// A word of the same incarnation ends a suspicion.
    AliveGeSuspect,
    /// A member that is suspected does not raise its incarnation.
    NoSelfRefute,
    /// The incarnation does not survive a restart.
    RestartIncarnationZero,
    /// A suspicion is one of the member, whatever its incarnation.
    TimerNotPerIncarnation,
    /// Who does not answer is dead.
    NoSuspicion,
    /// Nobody else is asked.
    NoIndirect,
    /// Nobody who is asked asks on.
    RelayMissing,
    /// A suspicion brings a member back that is gone.
    SuspectReadds,
    /// The dead are never asked again.
    DeadForgotten,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 11] = [
        Bug::DeadIncarnationHole,
        Bug::NoIncarnation,
        Bug::AliveGeSuspect,
        Bug::NoSelfRefute,
        Bug::RestartIncarnationZero,
        Bug::TimerNotPerIncarnation,
        Bug::NoSuspicion,
        Bug::NoIndirect,
        Bug::RelayMissing,
        Bug::SuspectReadds,
        Bug::DeadForgotten,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::DeadIncarnationHole => "dead-incarnation-hole",
            Bug::NoIncarnation => "no-incarnation",
            Bug::AliveGeSuspect => "alive-ge-suspect",
            Bug::NoSelfRefute => "no-self-refute",
            Bug::RestartIncarnationZero => "restart-incarnation-zero",
            Bug::TimerNotPerIncarnation => "timer-not-per-incarnation",
            Bug::NoSuspicion => "no-suspicion",
            Bug::NoIndirect => "no-indirect",
            Bug::RelayMissing => "relay-missing",
            Bug::SuspectReadds => "suspect-readds",
            Bug::DeadForgotten => "dead-forgotten",
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
        name: Bug::DeadIncarnationHole.name(),
        about: "A death of a member that is dead already is not looked at, so its incarnation is \
                not kept, and an old word brings the member back though a later death was heard.",
        source: "memberlist (Rust) PR #197 (2026), inherited from hashicorp/memberlist",
        invariant: "death-undone-by-next",
        explored: ("buried", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoIncarnation.name(),
        about: "Words of a member's health have no order: whichever comes last counts.",
        source: "Das, Gupta & Motivala 2002, §4.2, by leaving out incarnations; habitat #5571",
        invariant: "records-rise",
        explored: ("small", &[("nodes", 2), ("turns", 2111)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AliveGeSuspect.name(),
        about: "A word that was said before the suspicion ends it: of a member that has crashed \
                there may always be one more on its way.",
        source: "Das, Gupta & Motivala 2002, §4.2: alive overrides suspect of lower incarnations",
        invariant: "records-rise",
        explored: ("small", &[("nodes", 2), ("turns", 2111)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoSelfRefute.name(),
        about: "A member hears that it is suspected and does nothing about it; it answers pings, \
                and is declared dead all the same.",
        source: "tarantool #4249",
        invariant: "no-false-death",
        explored: ("patient", &[]),
        simulated: ("storm-lossy", &[]),
    },
    BugInfo {
        name: Bug::RestartIncarnationZero.name(),
        about: "A member that restarts begins at incarnation 0, where everything said of its \
                former life counts against it.",
        source: "habitat #5581; hashicorp/memberlist PR #345",
        invariant: "own-incarnation",
        explored: ("rejoined", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::TimerNotPerIncarnation.name(),
        about: "A suspicion goes on though it was refuted, and its end is the death of the \
                incarnation that refuted it.",
        source: "DAOS-19148, daos PR #18635",
        invariant: "no-false-death",
        explored: ("patient", &[]),
        simulated: ("storm-lossy", &[]),
    },
    BugInfo {
        name: Bug::NoSuspicion.name(),
        about: "A member that does not answer a single probe is declared dead.",
        source: "Das, Gupta & Motivala 2002, §4.2, by leaving it out",
        invariant: "no-false-death",
        explored: ("patient", &[]),
        simulated: ("storm-lossy", &[]),
    },
    BugInfo {
        name: Bug::NoIndirect.name(),
        about: "Nobody else is asked, so a broken link between two members makes each declare the \
                other dead.",
        source: "Das, Gupta & Motivala 2002, §3.1, by leaving out ping-req",
        invariant: "no-false-death",
        explored: ("broken-link", &[("turns", 11_111_111)]),
        simulated: ("storm-cut", &[]),
    },
    BugInfo {
        name: Bug::RelayMissing.name(),
        about: "Members are asked to ping another, and do not.",
        source: "happy-simulator 0.2.5, whose indirect probes nobody relays; Das, Gupta & Motivala \
                 2002, §3.1",
        invariant: "no-false-death",
        explored: ("broken-link", &[("turns", 11_111_111)]),
        simulated: ("storm-cut", &[]),
    },
    BugInfo {
        name: Bug::SuspectReadds.name(),
        about: "A suspicion that comes late brings a member back that is known to be gone.",
        source: "atomix PR #962",
        invariant: "records-rise",
        explored: ("small", &[("turns", 11111)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::DeadForgotten.name(),
        about: "The dead are not asked again. After a partition each side thinks the other dead, \
                and nobody asks.",
        source: "Das, Gupta & Motivala 2002, whose dead are gone for good; Serf's reconnect",
        invariant: "views-converge",
        explored: ("small", &[("nodes", 2), ("turns", 11_112_222)]),
        simulated: ("storm", &[]),
    },
];
