//! The deliberate mistakes.

use serde::{Deserialize, Serialize};
use splitbrain::catalog::BugInfo;

/// A deliberate mistake in the replicated lock. Raft inside makes none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bug {
    /// A leader counts the tokens that it issues itself, from 1.
    TokenResetOnFailover,
    /// A leader answers before anything is committed.
    AsyncFailover,
    /// A client takes up a lease that has run out on its way, counting it from its arrival.
    ReturnAfterExpiry,
    /// A server comes back without what it had stored.
    RedlockRestart,
    /// A new leader takes leases granted by another for run out.
    LeaseNotRenewedOnFailover,
    /// A leader ends the lease it found run out, though it was renewed meanwhile.
    ExpiryNamesLease,
    /// A leader renews leases without asking the other servers.
    RenewWithoutLog,
    /// The store takes every write.
    NoFencing,
}

impl Bug {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Bug; 8] = [
        Bug::TokenResetOnFailover,
        Bug::AsyncFailover,
        Bug::ReturnAfterExpiry,
        Bug::RedlockRestart,
        Bug::LeaseNotRenewedOnFailover,
        Bug::ExpiryNamesLease,
        Bug::RenewWithoutLog,
        Bug::NoFencing,
    ];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Bug::TokenResetOnFailover => "token-reset-on-failover",
            Bug::AsyncFailover => "async-failover",
            Bug::ReturnAfterExpiry => "return-after-expiry",
            Bug::RedlockRestart => "redlock-restart",
            Bug::LeaseNotRenewedOnFailover => "lease-not-renewed-on-failover",
            Bug::ExpiryNamesLease => "expiry-names-lease",
            Bug::RenewWithoutLog => "renew-without-log",
            Bug::NoFencing => "no-fencing",
        }
    }

    /// The bug of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.into_iter().find(|bug| bug.name() == name)
    }
}

/// The mistakes as the catalog lists them.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::TokenResetOnFailover.name(),
        about: "The token counter is the leader's own, and a new leader counts from 1 again.",
        source: "Burrows 2006, §2.4, by taking the counter out of the replicated database",
        invariant: "one-holder-per-token",
        explored: ("retry", &[("from", 3), ("heartbeats", 1), ("releases", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::AsyncFailover.name(),
        about: "A leader grants the lock before any other server knows, and the next leader grants \
                it again.",
        source: "Redis documentation of SET NX, on fail-over with asynchronous replication; \
                 Kleppmann 2016",
        invariant: "mutual-exclusion",
        explored: ("elections", &[]),
        simulated: ("storm", &[("lease", 40)]),
    },
    BugInfo {
        name: Bug::ReturnAfterExpiry.name(),
        about: "A client is handed the lock and does not look whether the lease it was granted has \
                run out on its way.",
        source: "etcd#11456",
        invariant: "mutual-exclusion",
        explored: ("expiry", &[("from", 1), ("writes", 0)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::RedlockRestart.name(),
        about: "A server that restarts has forgotten its vote and its log, and helps to elect a \
                leader that does not know who has the lock.",
        source: "Kleppmann 2016 on Redlock, whose nodes may restart without what they had locked",
        invariant: "mutual-exclusion",
        explored: ("restart", &[("clients", 2), ("retries", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::LeaseNotRenewedOnFailover.name(),
        about: "A new leader, which knows of no clock that counted a lease, takes it for run out.",
        source: "etcd#2660; Gray & Cheriton 1989 on the server's recovery",
        invariant: "mutual-exclusion",
        explored: ("retry", &[("from", 3), ("heartbeats", 1)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::ExpiryNamesLease.name(),
        about: "A leader that finds a stretch run out ends the lease, whichever stretch it is in by \
                the time that the others agree: a renewal that is in the log before it is undone.",
        source: "etcd#12528, etcd#15247: an old leader revokes leases that were renewed",
        invariant: "mutual-exclusion",
        explored: ("renewal", &[("lease", 5), ("ticks", 5)]),
        simulated: ("storm", &[("lease", 5), ("skew", 1)]),
    },
    BugInfo {
        name: Bug::RenewWithoutLog.name(),
        about: "A leader renews a lease by itself, so an expiry that is in the log, or the next \
                leader, knows nothing of it.",
        source: "etcd#15247: an old leader goes on renewing leases",
        invariant: "linearizability",
        explored: ("renewal", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::NoFencing.name(),
        about: "The store takes every write, so one sent under a lease that is over since undoes \
                the next holder's, however well the lock is replicated.",
        source: "Kleppmann 2016, \"Making the lock safe with fencing\"; etcd#11457",
        invariant: "tokens-never-decrease",
        explored: ("release", &[]),
        simulated: ("storm", &[]),
    },
];
