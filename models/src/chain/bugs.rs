//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in the chain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// The head answers an update itself.
    AckNotTail,
    /// A server sends its new successor nothing of what its old one may have kept to itself.
    NoResend,
    /// A server that joins takes itself for the tail before it was given anything.
    EarlyTail,
    /// The old tail goes on as the tail until it hears that another one is.
    StaleLayout,
    /// A server takes updates in the order in which they arrive.
    NoSequence,
    /// A server answers queries with what is dirty.
    CraqDirtyRead,
    /// Whatever is acknowledged, a server takes all it has for clean.
    CraqDirtySet,
    /// A server that is sent again what it has does not acknowledge it again.
    NoReclean,
    /// A server that restarts acts by the layout from before.
    KeepsOldChainAfterRestart,
    /// Nobody tells one life of a server from another.
    NoLives,
    /// A server calls an update clean as soon as it has passed it on.
    CleanWhenSent,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 11] = [
        Bug::AckNotTail,
        Bug::NoResend,
        Bug::EarlyTail,
        Bug::StaleLayout,
        Bug::NoSequence,
        Bug::CraqDirtyRead,
        Bug::CraqDirtySet,
        Bug::NoReclean,
        Bug::KeepsOldChainAfterRestart,
        Bug::NoLives,
        Bug::CleanWhenSent,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Bug::AckNotTail => "ack-not-tail",
            Bug::NoResend => "no-resend",
            Bug::EarlyTail => "early-tail",
            Bug::StaleLayout => "stale-layout",
            Bug::NoSequence => "no-sequence",
            Bug::CraqDirtyRead => "craq-dirty-read",
            Bug::CraqDirtySet => "craq-dirty-set",
            Bug::NoReclean => "no-reclean",
            Bug::KeepsOldChainAfterRestart => "keeps-old-chain-after-restart",
            Bug::NoLives => "no-lives",
            Bug::CleanWhenSent => "clean-when-sent",
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
        name: "ack-not-tail",
        about: "The head answers an update before anybody else has it, and takes it along when it \
                crashes.",
        source: "van Renesse & Schneider 2004, §3, by answering at the other end",
        invariant: "durability",
        explored: ("crash", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "no-resend",
        about: "A server whose successor crashed sends the next one nothing of what that one had \
                yet to pass on.",
        source: "van Renesse & Schneider 2004, §3.2, by leaving out that Sent is forwarded",
        invariant: "all-pass-on",
        explored: ("crash", &[]),
        simulated: ("storm-fail-stop", &[]),
    },
    BugInfo {
        name: "early-tail",
        about: "A server that joins answers queries as the tail before it was given the history.",
        source: "van Renesse & Schneider 2004, §3.3, by not waiting for Hist",
        invariant: "linearizability",
        explored: ("join", &[]),
        simulated: ("storm-join", &[]),
    },
    BugInfo {
        name: "stale-layout",
        about: "The old tail goes on as the tail, under the layout it knows, while the new one is \
                the tail already.",
        source: "van Renesse & Schneider 2004, §3.3; CorfuDB#832, on layouts of old epochs",
        invariant: "linearizability",
        explored: ("join", &[]),
        simulated: ("storm-join", &[]),
    },
    BugInfo {
        name: "no-sequence",
        about: "A server takes updates in the order in which they arrive, as if links kept theirs.",
        source: "happy-simulator 0.2.5, whose replicas end different; van Renesse & Schneider \
                 2004, §3, which rests on reliable links in order",
        invariant: "update-propagation",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "craq-dirty-read",
        about: "A server answers a query with its newest update, though that is dirty, and does \
                not ask the tail.",
        source: "Terrace & Freedman 2009, §2.3, by leaving out the version query",
        invariant: "linearizability",
        explored: ("craq", &[]),
        simulated: ("storm-craq", &[]),
    },
    BugInfo {
        name: "craq-dirty-set",
        about: "A server keeps one mark for all that is dirty, and any acknowledgement clears it.",
        source: "happy-simulator 0.2.5, whose dirty keys are a set; Terrace & Freedman 2009, §2.3, \
                 by leaving out the versions",
        invariant: "linearizability",
        explored: ("craq", &[]),
        simulated: ("storm-craq", &[]),
    },
    BugInfo {
        name: "no-reclean",
        about: "An acknowledgement is lost with the server that should have passed it on, and \
                never comes again: its updates stay dirty for ever.",
        source: "Terrace & Freedman 2009, §2.5, by taking what is sent again for a mere copy",
        invariant: "all-clean",
        explored: ("crash", &[]),
        simulated: ("storm-fail-stop", &[]),
    },
    BugInfo {
        name: "keeps-old-chain-after-restart",
        about: "A server comes back, takes itself for the tail it was, and answers queries, though \
                the chain goes on without it.",
        source: "van Renesse & Schneider 2004, §2: servers are fail-stop, and one that stopped is \
                 in the chain no more",
        invariant: "linearizability",
        explored: ("return", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "no-lives",
        about: "A server's word that it is back arrives late, when it is the tail again: the \
                master takes it out of the chain, and it serves on.",
        source: "van Renesse & Schneider 2004, §2, by letting servers that stopped recover; found \
                 by simulation",
        invariant: "recovers",
        explored: ("joins", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "clean-when-sent",
        about: "A server calls an update clean when it has passed it on, and not when it is \
                acknowledged: nobody would send it again if it were lost with the next server.",
        source: "van Renesse & Schneider 2004, §3.2, by taking an update from Sent when it is sent",
        invariant: "clean-is-everywhere",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
];
