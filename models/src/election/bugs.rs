//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in an election.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// Silence is taken for death after a while that nothing bounds.
    BullyFalseTimeout,
    /// Whoever says that it leads is believed.
    BullyStaleCoordinator,
    /// A node that was told to stand back waits for ever.
    BullyOkThenCrash,
    /// A node that takes part sends its own name again for every lower one that comes by.
    RingNoParticipant,
    /// The name of a node that has crashed is passed on past the gap.
    RingInitiatorCrash,
    /// A token is known by its id alone.
    RandNoRound,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 6] = [
        Bug::BullyFalseTimeout,
        Bug::BullyStaleCoordinator,
        Bug::BullyOkThenCrash,
        Bug::RingNoParticipant,
        Bug::RingInitiatorCrash,
        Bug::RandNoRound,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::BullyFalseTimeout => "bully-false-timeout",
            Bug::BullyStaleCoordinator => "bully-stale-coordinator",
            Bug::BullyOkThenCrash => "bully-ok-then-crash",
            Bug::RingNoParticipant => "ring-no-participant",
            Bug::RingInitiatorCrash => "ring-initiator-crash",
            Bug::RandNoRound => "rand-no-round",
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
        name: Bug::BullyFalseTimeout.name(),
        about: "A node takes silence for death after a while of its own choice, though answers may \
                be on their way, and leads beside a leader that is alive.",
        source: "Garcia-Molina 1982, on why elections with unbounded delays need other means; \
                 Stoller, Leader Election in Distributed Systems with Crash Failures (1997)",
        invariant: "one-leader-per-epoch",
        explored: ("bully-calls", &[]),
        simulated: ("storm-bully", &[]),
    },
    BugInfo {
        name: Bug::BullyStaleCoordinator.name(),
        about: "A node believes any `Coordinator`, even that of a lower node which comes after a \
                higher one has taken over.",
        source: "Garcia-Molina 1982, by leaving out *h*, the node that halted a node last; Stoller \
                 1997",
        invariant: "leaders-agree",
        explored: ("bully-return", &[]),
        // With one caller there is rest in between, in which to see who disagrees.
        simulated: ("storm-bully", &[("nodes", 3), ("callers", 1)]),
    },
    BugInfo {
        name: Bug::BullyOkThenCrash.name(),
        about: "A node that is answered stands back for good; whoever answered may crash before it \
                leads.",
        source: "Svensson & Arts, A New Leader Election Implementation (Erlang Workshop 2005), on \
                 what textbook versions leave out",
        invariant: "leader-known",
        explored: ("bully-crashes", &[]),
        simulated: ("storm-bully", &[]),
    },
    BugInfo {
        name: Bug::RingNoParticipant.name(),
        about: "A node does not look whether its own name is on its way, and sends it again for \
                every lower one: a name goes round as often as there are callers.",
        source: "Chang & Roberts 1979, by leaving out the mark of participants",
        invariant: "passes-once",
        explored: ("ring", &[]),
        simulated: ("storm-ring", &[]),
    },
    BugInfo {
        name: Bug::RingInitiatorCrash.name(),
        about: "The name of a node that has crashed is passed on past the gap, and nobody takes \
                it home.",
        source: "Le Lann, Distributed Systems: Towards a Formal Approach (IFIP 1977), on lost and \
                 orphaned tokens; Chang & Roberts 1979 assume no crash",
        invariant: "passes-once",
        explored: ("ring-crash", &[]),
        simulated: ("storm-ring", &[]),
    },
    BugInfo {
        name: Bug::RandNoRound.name(),
        about: "A node knows its token by the id alone, and not by its hops and round: two that \
                drew the same take each other's token for their own.",
        source: "Itai & Rodeh 1990; Fokkink & Pang 2006, §2, by leaving out round and hop",
        invariant: "one-leader-per-epoch",
        explored: ("randomized", &[]),
        simulated: ("storm-randomized", &[]),
    },
];
