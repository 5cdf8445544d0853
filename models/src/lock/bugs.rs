//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in the lock.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// The store takes every write.
    NoFencing,
    /// The store compares tokens with "at least" and does not look at numbers.
    TokenGe,
    /// The service's last token does not survive its restart.
    TokenReset,
    /// The service's lease does not survive its restart.
    LeaseForgotten,
    /// A client believes in its lease to the very end by its own clock.
    ClockSkew,
    /// The service frees the lock whoever says so.
    ReleaseNotOwner,
    /// A client takes up a lease that has run out on its way, counting it from its arrival.
    ReturnAfterExpiry,
    /// The service renews a lease that has run out.
    RenewAfterExpiry,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 8] = [
        Bug::NoFencing,
        Bug::TokenGe,
        Bug::TokenReset,
        Bug::LeaseForgotten,
        Bug::ClockSkew,
        Bug::ReleaseNotOwner,
        Bug::ReturnAfterExpiry,
        Bug::RenewAfterExpiry,
    ];

    /// Its name on the command line and in files.
    pub fn name(self) -> &'static str {
        match self {
            Bug::NoFencing => "no-fencing",
            Bug::TokenGe => "token-ge",
            Bug::TokenReset => "token-reset",
            Bug::LeaseForgotten => "lease-forgotten",
            Bug::ClockSkew => "clock-skew",
            Bug::ReleaseNotOwner => "release-not-owner",
            Bug::ReturnAfterExpiry => "return-after-expiry",
            Bug::RenewAfterExpiry => "renew-after-expiry",
        }
    }

    /// The mistake of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The mistakes as the catalog lists them. A short lease and margin make for traces with few ticks.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: "no-fencing",
        about: "The store takes every write, so one sent under a lease that has run out since \
                undoes the next holder's.",
        source: "Kleppmann 2016, \"Making the lock safe with fencing\"; etcd#11457",
        invariant: "tokens-never-decrease",
        explored: ("small", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "token-ge",
        about: "The store takes every write whose token is at least the newest, so a holder's own \
                late copy undoes its next write.",
        source: "etcd#11788",
        invariant: "tokens-never-decrease",
        explored: ("copies", &[("clients", 1), ("writes", 2), ("ticks", 0), ("releases", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "token-reset",
        about: "The service forgets its last token in a restart and issues it a second time.",
        source: "Burrows 2006, §2.4, by taking its counter away",
        invariant: "one-holder-per-token",
        explored: ("restart", &[("ticks", 0), ("writes", 0), ("retries", 0)]),
        simulated: ("storm", &[("lease", 3), ("skew", 1)]),
    },
    BugInfo {
        name: "lease-forgotten",
        about: "The service forgets in a restart that the lock is out, and grants it again.",
        source: "Kleppmann 2016 on Redlock, whose nodes may restart without what they had locked; \
                 Gray & Cheriton 1989 on the server's recovery",
        invariant: "mutual-exclusion",
        explored: ("restart", &[("ticks", 0), ("writes", 0), ("releases", 0), ("retries", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "clock-skew",
        about: "A client ignores how far clocks may be apart, and believes in its lease while the \
                service's faster clock has passed the lock on.",
        source: "Gray & Cheriton 1989 on clocks that fail; etcd PR#11490",
        invariant: "mutual-exclusion",
        explored: ("small", &[]),
        simulated: ("storm", &[("lease", 3), ("skew", 1)]),
    },
    BugInfo {
        name: "release-not-owner",
        about: "The service frees the lock at any release, even one that was late and means a \
                lease long over.",
        source: "Redis documentation of SET NX, on releasing with a random value",
        invariant: "mutual-exclusion",
        explored: ("release", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: "return-after-expiry",
        about: "A client that waited is handed the lock and does not look whether the lease it \
                was granted has run out on its way.",
        source: "etcd#11456",
        invariant: "mutual-exclusion",
        explored: ("small", &[]),
        simulated: ("storm", &[("lease", 3), ("skew", 1)]),
    },
    BugInfo {
        name: "renew-after-expiry",
        about: "The service renews a lease that has run out, though the lock is another's now.",
        source: "etcd#10811",
        invariant: "mutual-exclusion",
        explored: ("renewal", &[]),
        simulated: ("storm", &[("lease", 3), ("skew", 1)]),
    },
];
