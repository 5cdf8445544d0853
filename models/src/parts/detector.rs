//! The perfect failure detector of fail-stop systems.
//!
//! A failure detector is a module at each node that says which nodes it *suspects* to have crashed
//! (Chandra & Toueg, *Unreliable Failure Detectors for Reliable Distributed Systems*, JACM 1996).
//! The perfect one, their class P, is
//!
//! - **strongly complete**: in the end every node that crashed is suspected by every node that runs;
//! - **strongly accurate**: no node is suspected before it crashes.
//!
//! Nothing in an asynchronous network can do that, so it is an assumption on the system, and here
//! it comes from outside: the detector's report is an input, [`Suspect`], and a scenario *offers* it
//! only while the node it names is down, which is accuracy:
//!
//! ```
//! # use splitbrain::{Node, NodeId, Nothing, Outbox, Protocol, Scenario};
//! use splitbrain_models::parts::detector::{Suspect, Suspects};
//! # #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
//! # struct Watcher;
//! # impl Protocol for Watcher {
//! #     type State = Suspects; type Message = Nothing; type Timer = Nothing;
//! #     type Input = Suspect; type Event = Nothing;
//! #     fn start(&self, _: &mut Outbox<Self>) -> Suspects { Suspects::default() }
//! #     fn on_message(&self, _: &mut Suspects, _: NodeId, m: Nothing, _: &mut Outbox<Self>) {
//! #         match m {}
//! #     }
//! # }
//! let scenario = Scenario::new("watched", Watcher, 3)
//!     .offered_about(|report: &Suspect| report.0, |_, node| !node.up);
//! ```
//!
//! Completeness is for the scenario to grant, by inputs enough to report every crash to everyone.
//! A check cut off before a report shows less than P allows, and never more: an invariant about
//! rest must not blame a node that has not been told yet ([`Suspects::lacks`]).
//!
//! Chandra & Toueg's nodes never recover. Where they do, whoever comes back says so itself, and is
//! trusted again. Messages it sent before it crashed may arrive late and be taken for that; then it
//! is reported anew, for it is still down.

use serde::{Deserialize, Serialize};
use splitbrain::NodeId;

/// What the detector reports: that node is down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Suspect(pub NodeId);

/// The nodes that a node suspects.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Suspects {
    /// In order, each once.
    nodes: Vec<NodeId>,
}

impl Suspects {
    /// Takes up a report. Says whether it was news.
    pub fn suspect(&mut self, Suspect(node): Suspect) -> bool {
        match self.nodes.binary_search(&node) {
            Ok(_) => false,
            Err(at) => {
                self.nodes.insert(at, node);
                true
            }
        }
    }

    /// That node is back. Says whether it was suspected.
    pub fn trust(&mut self, node: NodeId) -> bool {
        match self.nodes.binary_search(&node) {
            Ok(at) => {
                self.nodes.remove(at);
                true
            }
            Err(_) => false,
        }
    }

    /// Whether that node is suspected.
    pub fn contains(&self, node: NodeId) -> bool {
        self.nodes.binary_search(&node).is_ok()
    }

    /// The nodes that are suspected, in order.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// Whether a report is still to come, given which nodes are down.
    pub fn lacks(&self, mut down: impl Iterator<Item = NodeId>) -> bool {
        down.any(|node| !self.contains(node))
    }

    /// The next node after `me` on a ring of `nodes` that is not suspected: `me`, if all others are.
    pub fn successor(&self, me: NodeId, nodes: usize) -> NodeId {
        let after = (1..nodes).map(|step| NodeId::at((me.index() + step) % nodes));
        after.into_iter().find(|&node| !self.contains(node)).unwrap_or(me)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suspects(nodes: &[u8]) -> Suspects {
        let mut suspects = Suspects::default();
        for &node in nodes {
            suspects.suspect(Suspect(NodeId(node)));
        }
        suspects
    }

    #[test]
    fn suspects_are_in_order_whatever_the_order_of_the_reports() {
        let table: [(&[u8], &[u8]); 4] =
            [(&[], &[]), (&[2, 0], &[0, 2]), (&[0, 2], &[0, 2]), (&[1, 1, 0], &[0, 1])];
        for (reports, listed) in table {
            let listed: Vec<NodeId> = listed.iter().map(|&node| NodeId(node)).collect();
            assert_eq!(suspects(reports).nodes(), listed, "after reports of {reports:?}");
        }
    }

    #[test]
    fn only_news_is_news() {
        let mut one = suspects(&[1]);
        assert!(one.suspect(Suspect(NodeId(0))), "a first report is news");
        assert!(!one.suspect(Suspect(NodeId(0))), "a second is not");
        assert!(one.trust(NodeId(0)), "who comes back is trusted");
        assert!(!one.trust(NodeId(0)), "who was never suspected already was");
        assert_eq!(one, suspects(&[1]), "and nothing is left of it");
    }

    #[test]
    fn a_report_is_lacking_while_a_node_that_is_down_is_not_suspected() {
        let table: [(&[u8], &[u8], bool); 5] = [
            (&[], &[], false),
            (&[], &[1], true),
            (&[1], &[1], false),
            (&[1], &[1, 2], true),
            (&[1, 2], &[1], false),
        ];
        for (told, down, lacks) in table {
            let nodes = down.iter().map(|&node| NodeId(node));
            assert_eq!(suspects(told).lacks(nodes), lacks, "told of {told:?}, down {down:?}");
        }
    }

    #[test]
    fn the_successor_skips_suspects_and_may_be_the_node_itself() {
        let table: [(&[u8], u8, u8); 5] =
            [(&[], 0, 1), (&[], 2, 0), (&[1], 0, 2), (&[0, 1], 2, 2), (&[0], 2, 1)];
        for (suspected, me, next) in table {
            let found = suspects(suspected).successor(NodeId(me), 3);
            assert_eq!(found, NodeId(next), "after n{me}, suspecting {suspected:?}");
        }
    }
}
