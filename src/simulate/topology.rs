//! What a network is made of: which nodes have a link, and what each link is like.

use std::collections::VecDeque;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::latency::Latency;
use super::written;
use crate::protocol::NodeId;
use crate::time::Span;

/// A network, as data: where there are links, and what they are like.
///
/// Nodes without a link between them are still able to speak: the network relays a message along a
/// shortest path. Each link on its way takes its time, may lose or double it, and may be cut; a
/// partition between its two ends cuts it off, too. It is the network that relays, not the nodes:
/// one that is down or stands still holds up nothing that only goes past it, and one that is cut
/// off does. A corrupted message is a lost one: checksums see to that.
///
/// Like all loss, loss and duplication here end with the stormy phase; latency and bandwidth stay.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Where there are links.
    pub topology: Topology,
    /// What links are like, where neither the topology nor `special` says otherwise.
    pub link: Link,
    /// Links that are unlike the others, each in one direction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub special: Vec<SpecialLink>,
}

/// Where there are links. They go both ways.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Topology {
    /// Between any two nodes.
    Mesh,
    /// From each node to the next, and from the last to the first.
    Ring,
    /// From one node to each other.
    Star(NodeId),
    /// From each node to that many children, at least 1: `n0` is the root, and levels are filled in
    /// order.
    Tree(u8),
    /// Between any two nodes, by place: `nodes` stand in a rack, `racks` in a datacentre, in order;
    /// both at least 1. Within a rack links are the network's own.
    Racks {
        /// How many nodes stand in a rack.
        nodes: u8,
        /// How many racks stand in a datacentre.
        racks: u8,
        /// The links between the racks of a datacentre.
        datacentre: Box<Link>,
        /// The links between datacentres.
        between: Box<Link>,
    },
    /// Between any two nodes, by region: the row is the sender's, the column the receiver's, and the
    /// span comes on top of the link's own latency. Node `n` is in region `n` modulo their number.
    Regions(#[serde(with = "written::rows")] Vec<Vec<Span>>),
}

/// What a link is like, in one direction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// How long a message takes once it has left.
    pub latency: Latency,
    /// How messages are lost in the stormy phase.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Loss,
    /// How many messages in a million arrive twice in the stormy phase. None do on links in order.
    #[serde(default, skip_serializing_if = "is_default")]
    pub duplication: u32,
    /// How many messages leave in a second; the others queue. Any number, if it is 0. A message
    /// takes its place in every queue on its way when it is sent.
    #[serde(default, skip_serializing_if = "is_default")]
    pub per_second: u32,
    /// Whether no message overtakes another.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fifo: bool,
}

/// How a link loses messages. Shares are in millionths.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Loss {
    /// Each by itself: so many in a million.
    Independent(u32),
    /// In bursts (Gilbert 1960, Elliott 1963): with every message a link that was good turns bad or
    /// the other way round, by these shares, and loses by the state it is in.
    Bursty {
        /// How often a burst begins.
        begins: u32,
        /// How often a burst ends.
        ends: u32,
        /// How many are lost in a burst.
        within: u32,
        /// How many are lost between bursts.
        between: u32,
    },
}

impl Default for Loss {
    fn default() -> Loss {
        Loss::Independent(0)
    }
}

/// A link that is unlike the others, in one direction.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialLink {
    /// Whose messages.
    pub from: NodeId,
    /// Messages to whom: a neighbour.
    pub to: NodeId,
    /// What it is like.
    pub link: Link,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Link {
    /// A link that loses nothing, at any speed.
    pub fn taking(latency: Latency) -> Link {
        Link { latency, loss: Loss::default(), duplication: 0, per_second: 0, fifo: false }
    }

    fn mistake(&self) -> Option<String> {
        let shares = match self.loss {
            Loss::Independent(share) => vec![share],
            Loss::Bursty { begins, ends, within, between } => vec![begins, ends, within, between],
        };
        let share = shares.into_iter().chain([self.duplication]).find(|share| *share > 1_000_000);
        let share = share.map(|share| format!("{share} in a million is too many"));
        share.or_else(|| self.latency.mistake())
    }
}

impl Network {
    /// The link from one node to a neighbour, and what the topology adds to its latency; nothing
    /// between nodes that are no neighbours.
    pub(super) fn link(&self, nodes: usize, from: NodeId, to: NodeId) -> Option<(&Link, Span)> {
        let (low, high) = (from.index().min(to.index()), from.index().max(to.index()));
        if low == high {
            return None;
        }
        let usual = |there: bool| there.then_some((&self.link, Span::ZERO));
        let (link, on_top) = match &self.topology {
            Topology::Mesh => usual(true),
            Topology::Ring => usual(low + 1 == high || (low == 0 && high + 1 == nodes)),
            Topology::Star(centre) => usual(from == *centre || to == *centre),
            Topology::Tree(children) => usual((high - 1) / usize::from((*children).max(1)) == low),
            Topology::Racks { nodes, racks, datacentre, between } => {
                let (nodes, racks) = (usize::from(*nodes).max(1), usize::from(*racks).max(1));
                let (low, high) = (low / nodes, high / nodes);
                let link = match (low == high, low / racks == high / racks) {
                    (true, _) => &self.link,
                    (false, true) => datacentre,
                    (false, false) => between,
                };
                Some((link, Span::ZERO))
            }
            Topology::Regions(spans) => {
                let region = |node: NodeId| node.index() % spans.len().max(1);
                let row = spans.get(region(from));
                let span = row.and_then(|row| row.get(region(to))).copied();
                Some((&self.link, span.unwrap_or(Span::ZERO)))
            }
        }?;
        let special = self.special.iter().find(|special| (special.from, special.to) == (from, to));
        Some((special.map_or(link, |special| &special.link), on_top))
    }

    /// For each node, by each node it may send to: to whom a message goes first.
    pub(super) fn ways(&self, nodes: usize) -> Vec<Vec<NodeId>> {
        let all = || (0..nodes).map(NodeId::at);
        let direct = match self.topology {
            Topology::Mesh | Topology::Racks { .. } | Topology::Regions(_) => true,
            Topology::Ring | Topology::Star(_) | Topology::Tree(_) => false,
        };
        let mut first: Vec<Vec<NodeId>> = vec![all().collect(); nodes];
        if direct {
            return first;
        }
        let neighbours: Vec<Vec<NodeId>> = all()
            .map(|from| all().filter(|to| self.link(nodes, from, *to).is_some()).collect())
            .collect();
        // Breadth first from where messages go to, for every node they may be at.
        for target in all() {
            let mut reached = vec![false; nodes];
            reached[target.index()] = true;
            let mut next = VecDeque::from([target]);
            while let Some(there) = next.pop_front() {
                for &here in &neighbours[there.index()] {
                    if !std::mem::replace(&mut reached[here.index()], true) {
                        first[here.index()][target.index()] = there;
                        next.push_back(here);
                    }
                }
            }
        }
        first
    }

    /// The nodes it names.
    pub(super) fn named(&self) -> Vec<NodeId> {
        let centre = match self.topology {
            Topology::Star(centre) => Some(centre),
            Topology::Mesh
            | Topology::Ring
            | Topology::Tree(_)
            | Topology::Racks { .. }
            | Topology::Regions(_) => None,
        };
        let special = self.special.iter().flat_map(|special| [special.from, special.to]);
        centre.into_iter().chain(special).collect()
    }

    /// What is wrong with its special links, if one is between nodes that are no neighbours.
    pub(super) fn lost_special(&self, nodes: usize) -> Option<String> {
        let nowhere = |special: &&SpecialLink| self.link(nodes, special.from, special.to).is_none();
        self.special.iter().find(nowhere).map(|SpecialLink { from, to, .. }| {
            format!("{} has no link from {from} to {to}; name two neighbours", self.topology)
        })
    }

    /// Whether any of its links loses messages.
    pub(super) fn loses(&self) -> bool {
        self.links().into_iter().any(|link| match link.loss {
            Loss::Independent(share) => share > 0,
            Loss::Bursty { begins, within, between, .. } => between > 0 || begins.min(within) > 0,
        })
    }

    /// Whether any of its links doubles messages.
    pub(super) fn doubles(&self) -> bool {
        self.links().into_iter().any(|link| link.duplication > 0)
    }

    /// Its kinds of link.
    fn links(&self) -> Vec<&Link> {
        let mut links = vec![&self.link];
        links.extend(self.special.iter().map(|special| &special.link));
        if let Topology::Racks { datacentre, between, .. } = &self.topology {
            links.extend([&**datacentre, &**between]);
        }
        links
    }

    /// What is wrong with it, if anything is.
    pub(super) fn mistake(&self) -> Option<String> {
        let shape = match &self.topology {
            Topology::Tree(0) => Some("a tree has at least 1 child a node".to_string()),
            Topology::Racks { nodes: 0, .. } | Topology::Racks { racks: 0, .. } => {
                Some("a rack has at least 1 node, a datacentre at least 1 rack".to_string())
            }
            Topology::Regions(rows) => regions_mistake(rows),
            Topology::Mesh
            | Topology::Ring
            | Topology::Star(_)
            | Topology::Tree(_)
            | Topology::Racks { .. } => None,
        };
        shape.or_else(|| self.links().into_iter().find_map(Link::mistake))
    }
}

fn regions_mistake(rows: &[Vec<Span>]) -> Option<String> {
    let regions = rows.len();
    let crooked = rows.iter().find(|row| row.len() != regions);
    let long = rows.iter().flatten().find(|span| **span > Latency::MOST);
    match (regions, crooked, long) {
        (0, ..) => Some("there is no region; write a row and a column for each".to_string()),
        (_, Some(row), _) => Some(format!(
            "a row of {} spans for {regions} regions; write a row and a column for each",
            row.len()
        )),
        (_, None, Some(span)) => {
            Some(format!("{span} is too long; write at most {}", Latency::MOST))
        }
        (_, None, None) => None,
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topology::Mesh => f.write_str("a full mesh"),
            Topology::Ring => f.write_str("a ring"),
            Topology::Star(centre) => write!(f, "a star around {centre}"),
            Topology::Tree(children) => write!(f, "a tree, {children} children a node"),
            Topology::Racks { nodes, racks, datacentre, between } => write!(
                f,
                "racks of {nodes} (between them {}), datacentres of {racks} racks (between them {})",
                datacentre.latency, between.latency
            ),
            Topology::Regions(rows) => write!(f, "{} regions", rows.len()),
        }
    }
}

/// In words: what differs from a link that loses nothing at any speed.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: u32| f64::from(share) / 10_000.0;
        write!(f, "{}", self.latency)?;
        match self.loss {
            Loss::Independent(0) => {}
            Loss::Independent(share) => write!(f, ", loss {} %", percent(share))?,
            Loss::Bursty { begins, ends, within, between } => write!(
                f,
                ", loss {} %, in bursts {} % (bursts begin with {} %, end with {} % of messages)",
                percent(between),
                percent(within),
                percent(begins),
                percent(ends)
            )?,
        }
        if self.duplication > 0 {
            write!(f, ", duplication {} %", percent(self.duplication))?;
        }
        if self.per_second > 0 {
            write!(f, ", {} messages a second", self.per_second)?;
        }
        f.write_str(if self.fifo { ", in order" } else { "" })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; a link takes {}", self.topology, self.link)?;
        for SpecialLink { from, to, link } in &self.special {
            write!(f, "; {from} to {to} {link}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Units;

    fn with(topology: Topology) -> Network {
        Network { topology, link: Link::taking(Latency::Constant(1.ms())), special: Vec::new() }
    }

    /// Whom a message from one node to another comes by, both included.
    fn way(network: &Network, nodes: usize, from: u8, to: u8) -> Vec<u8> {
        let ways = network.ways(nodes);
        let mut way = vec![from];
        while *way.last().expect("the first") != to {
            let here = usize::from(*way.last().expect("the first"));
            way.push(ways[here][usize::from(to)].0);
            assert!(way.len() <= nodes, "{way:?} does not end");
        }
        way
    }

    #[test]
    fn messages_go_along_a_shortest_path_of_links() {
        for (topology, nodes, from, to, expected) in [
            (Topology::Mesh, 5, 1, 4, vec![1, 4]),
            (Topology::Ring, 5, 0, 2, vec![0, 1, 2]),
            (Topology::Ring, 5, 0, 3, vec![0, 4, 3]),
            (Topology::Ring, 1, 0, 0, vec![0]),
            (Topology::Ring, 2, 1, 0, vec![1, 0]),
            (Topology::Star(NodeId(2)), 5, 0, 4, vec![0, 2, 4]),
            (Topology::Star(NodeId(2)), 5, 2, 4, vec![2, 4]),
            (Topology::Tree(2), 7, 3, 4, vec![3, 1, 4]),
            (Topology::Tree(2), 7, 3, 6, vec![3, 1, 0, 2, 6]),
            (Topology::Tree(1), 4, 3, 0, vec![3, 2, 1, 0]),
        ] {
            let network = with(topology);
            assert_eq!(way(&network, nodes, from, to), expected, "{network}");
        }
    }

    #[test]
    fn every_node_reaches_every_other_in_each_topology() {
        let topologies = [Topology::Ring, Topology::Star(NodeId(0)), Topology::Tree(3)];
        for network in topologies.map(with) {
            for nodes in 1..9_u8 {
                for (from, to) in (0..nodes).flat_map(|from| (0..nodes).map(move |to| (from, to))) {
                    let way = way(&network, usize::from(nodes), from, to);
                    let there = |pair: &[u8]| {
                        let [from, to] = [NodeId(pair[0]), NodeId(pair[1])];
                        network.link(usize::from(nodes), from, to).is_some()
                    };
                    assert!(way.windows(2).all(there), "{network}: {way:?}");
                }
            }
        }
    }

    #[test]
    fn racks_and_regions_say_which_link_is_which() {
        let taking = |span| Box::new(Link::taking(Latency::Constant(span)));
        let (datacentre, between) = (taking(5.ms()), taking(90.ms()));
        let racks = with(Topology::Racks { nodes: 2, racks: 2, datacentre, between });
        let latency = |network: &Network, from, to| {
            let (link, on_top) = network.link(8, NodeId(from), NodeId(to)).expect("a link");
            let Latency::Constant(span) = link.latency else { unreachable!("all are constant") };
            span + on_top
        };
        for (from, to, expected) in
            [(0, 1, 1.ms()), (1, 2, 5.ms()), (0, 3, 5.ms()), (3, 4, 90.ms()), (7, 0, 90.ms())]
        {
            assert_eq!(latency(&racks, from, to), expected, "{from} to {to}");
        }
        let mut regions = with(Topology::Regions(vec![vec![0.ms(), 7.ms()], vec![9.ms(), 0.ms()]]));
        for (from, to, expected) in
            [(0, 1, 8.ms()), (1, 0, 10.ms()), (0, 2, 1.ms()), (2, 3, 8.ms())]
        {
            assert_eq!(latency(&regions, from, to), expected, "{from} to {to}");
        }
        let link = *taking(3.ms());
        regions.special.push(SpecialLink { from: NodeId(0), to: NodeId(1), link });
        assert_eq!(latency(&regions, 0, 1), 10.ms(), "the region's span comes on top");
        assert_eq!(latency(&regions, 1, 0), 10.ms(), "the other direction is as it was");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let crooked = Topology::Regions(vec![vec![0.ms()], vec![0.ms(), 1.ms()]]);
        let link = Link { duplication: 1_000_001, ..Link::taking(Latency::Constant(1.ms())) };
        for (network, mistake) in [
            (with(Topology::Tree(0)), "at least 1 child"),
            (with(Topology::Regions(vec![])), "there is no region"),
            (with(crooked), "a row of 1 spans for 2 regions"),
            (with(Topology::Regions(vec![vec![3_601.s()]])), "too long"),
            (Network { link, ..with(Topology::Mesh) }, "1000001 in a million is too many"),
        ] {
            let found = network.mistake().expect("it is wrong");
            assert!(found.contains(mistake), "{found}");
        }
    }
}
