//! The known bugs of Flexible Paxos: a candidate that leads with too few promises.

use splitbrain::catalog::BugInfo;

use crate::multi_paxos::Bug;

/// The bugs as the catalog lists them. What they misjudge is the first phase; the cluster has the
/// quorums that it should have.
pub(super) const BUGS: &[BugInfo] = &[
    BugInfo {
        name: Bug::CountsTooSmall.name(),
        about: "Half of the acceptors promise, though half of them accept: two and two of four \
                need not meet.",
        source: "The paper's simple quorums, Q1 + Q2 > N, by taking Q1 + Q2 = N",
        invariant: "agreement",
        explored: ("deep-counts", &[]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::MajorityRecovery.name(),
        about: "Less than a majority accepts, and a new leader is content with a majority of \
                promises, as in Paxos.",
        source: "The paper's simple quorums: the smaller Q2, the larger must Q1 be",
        invariant: "agreement",
        explored: ("alone", &[("commands", 2), ("at", 12)]),
        simulated: ("storm", &[]),
    },
    BugInfo {
        name: Bug::GridRowRow.name(),
        about: "A row of the grid promises, though a row accepts: two rows never meet.",
        source: "The paper's grid quorums, by taking rows for both phases",
        invariant: "agreement",
        explored: ("deep-grid", &[]),
        simulated: ("storm-grid", &[]),
    },
];
