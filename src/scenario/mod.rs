//! A scenario: a system to check, as data and named functions. `rules` holds what it says of timers,
//! inputs, clocks and bounds.

mod rules;

use std::collections::BTreeMap;

use crate::invariant::{Goal, Invariant, Nodes};
use crate::ledger::{Bound, Faults, Firing};
use crate::mail::Links;
use crate::node::Node;
use crate::protocol::{ClientId, NodeId, Protocol};
use crate::settle::loses_freely;
use crate::simulate::Storm;
use crate::situation::{DETERMINISTIC, NO_PANIC};
use crate::step::Step;
use crate::time::Span;
use crate::world::World;

pub use rules::{
    Boundary, Clocks, Flight, Lane, Offered, Patience, TimerRule, Timers, To, Waypoint, Within,
};

/// A system to check: protocol, cluster, workload, faults allowed, invariants, goals, bounds.
///
/// It is data: values and named functions, no captured state, so that it can be printed with every
/// verdict, rebuilt from a saved counterexample and made smaller by the shrinker.
#[derive(Clone, Debug)]
pub struct Scenario<P: Protocol> {
    /// The model it belongs to; for a scenario of one's own, its name.
    pub model: String,
    /// Its name within the model.
    pub name: String,
    /// The deliberate mistake its protocol carries, if any.
    pub bug: Option<String>,
    /// The numbers it was built from, as on the command line. Printed with the verdict, saved.
    pub parameters: BTreeMap<String, u64>,
    /// The protocol: one configuration for all nodes.
    pub protocol: P,
    /// How many nodes the cluster has.
    pub nodes: usize,
    /// The fewest nodes that still make sense; the shrinker goes no lower.
    pub least_nodes: usize,
    /// Names for the nodes in diagrams; `n0`, `n1`, … where there are none.
    pub names: Vec<&'static str>,
    /// What the links promise.
    pub links: Links,
    /// How often timers may fire in exploration. A timer without a rule fires any number of times.
    pub timers: Vec<TimerRule<P>>,
    /// Assumptions on timing: timers that never fire while certain messages are on their way.
    pub patience: Vec<Patience<P>>,
    /// The workload of exploration: in order within a lane, concurrent between lanes.
    pub lanes: Vec<Lane<P>>,
    /// Whether an input is offered at a node, given all nodes (a perfect detector looks here);
    /// always if `None`.
    pub offered: Option<Offered<P>>,
    /// The budget of faults in exploration.
    pub faults: Faults,
    /// The nodes that may crash; all of them if `None`.
    pub may_crash: Option<Vec<NodeId>>,
    /// Whether messages are lost only at nodes that are down: an assumption on the network.
    pub lost_only_when_down: bool,
    /// Which nodes have a clock, and how clocks behave.
    pub clocks: Clocks,
    /// What must hold.
    pub invariants: Vec<Invariant<P>>,
    /// What must be reachable by exploration.
    pub goals: Vec<Goal<P>>,
    /// How deep exploration goes; to the end if `None`.
    pub depth: Option<u32>,
    /// Worlds past it are checked, but not followed or stored.
    pub boundary: Option<Boundary<P>>,
    /// Steps that happen first, and what they stand for. Exploration starts behind them.
    pub prefix: Option<(&'static str, Vec<Step<P>>)>,
    /// Worlds a deep search goes by, a shortest path to each in turn.
    pub waypoints: Vec<Waypoint<P>>,
    /// How the simulator runs it.
    pub storm: Storm<P>,
}

impl<P: Protocol> Scenario<P> {
    /// A scenario of that many nodes on unordered links, with no inputs, no faults, no invariants.
    ///
    /// # Panics
    /// When the cluster has no node, or more than 255.
    pub fn new(name: &str, protocol: P, nodes: usize) -> Scenario<P> {
        assert!((1..=255).contains(&nodes), "a cluster has 1 to 255 nodes, not {nodes}");
        Scenario {
            model: name.to_string(),
            name: name.to_string(),
            bug: None,
            parameters: BTreeMap::new(),
            protocol,
            nodes,
            least_nodes: nodes,
            names: Vec::new(),
            links: Links::Unordered,
            timers: Vec::new(),
            patience: Vec::new(),
            lanes: Vec::new(),
            offered: None,
            faults: Faults::NONE,
            may_crash: None,
            lost_only_when_down: false,
            clocks: Clocks::none(),
            invariants: Vec::new(),
            goals: Vec::new(),
            depth: None,
            boundary: None,
            prefix: None,
            waypoints: Vec::new(),
            storm: Storm::default(),
        }
    }

    /// Sets what the links promise.
    pub fn links(mut self, links: Links) -> Self {
        self.links = links;
        self
    }

    /// Names the nodes for diagrams.
    pub fn names(mut self, names: &[&'static str]) -> Self {
        self.names = names.to_vec();
        self
    }

    /// Says that the protocol also makes sense with fewer nodes, so that a counterexample may be
    /// shrunk to as few as `least`.
    pub fn shrinks_to(mut self, least: usize) -> Self {
        self.least_nodes = least.clamp(1, self.nodes);
        self
    }

    /// Bounds how often certain timers fire in exploration.
    pub fn timer(mut self, name: &'static str, of: fn(&P::Timer) -> bool, firing: Firing) -> Self {
        self.timers.push(TimerRule { name: name.to_string(), of: Timers::Like(of), firing });
        self
    }

    /// Assumes that certain timers never fire while certain messages are on their way.
    pub fn patient(
        mut self,
        sentence: &'static str,
        of: fn(&P::Timer) -> bool,
        awaits: fn(NodeId, &Flight<'_, P>) -> bool,
    ) -> Self {
        self.patience.push(Patience { sentence, of, awaits });
        self
    }

    /// Adds a client that asks these inputs in order, each to go to that node or to any.
    pub fn lane(mut self, inputs: impl IntoIterator<Item = (To, P::Input)>) -> Self {
        self.lanes.push(Lane { inputs: inputs.into_iter().collect() });
        self
    }

    /// Offers inputs only where this function says so; it sees all nodes.
    pub fn offered(mut self, offered: fn(&Nodes<P>, NodeId, &P::Input) -> bool) -> Self {
        self.offered = Some(Offered::Nodes(offered));
        self
    }

    /// Offers inputs only where this function says so of the one node that the input is about,
    /// such as a detector's report that it is down. Cheaper to search than
    /// [`offered`](Scenario::offered).
    pub fn offered_about(
        mut self,
        whom: fn(&P::Input) -> NodeId,
        offered: fn(&P::Input, &Node<P>) -> bool,
    ) -> Self {
        self.offered = Some(Offered::About(whom, offered));
        self
    }

    /// Sets the budget of faults in exploration.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Lets only these nodes crash.
    pub fn may_crash(mut self, nodes: impl IntoIterator<Item = NodeId>) -> Self {
        self.may_crash = Some(nodes.into_iter().collect());
        self
    }

    /// Assumes that messages are lost only at nodes that are down. A network of bounded delay does
    /// that: with a budget of drops, mail to a node that crashed is out of the way in the end. It is
    /// part of what is possible, so a storm must leave out loss and partitions
    /// ([`FaultKinds`](crate::simulate::FaultKinds)).
    pub fn lost_only_when_down(mut self) -> Self {
        self.lost_only_when_down = true;
        self
    }

    /// Gives nodes clocks.
    pub fn clocks(mut self, clocks: Clocks) -> Self {
        self.clocks = clocks;
        self
    }

    /// Adds an invariant.
    pub fn invariant(mut self, invariant: Invariant<P>) -> Self {
        self.invariants.push(invariant);
        self
    }

    /// Adds a goal.
    pub fn goal(mut self, goal: Goal<P>) -> Self {
        self.goals.push(goal);
        self
    }

    /// Follows worlds no deeper than that many steps.
    pub fn depth(mut self, depth: u32) -> Self {
        self.depth = Some(depth);
        self
    }

    /// Checks, but does not follow, worlds past a boundary.
    pub fn boundary(mut self, sentence: &'static str, within: fn(&P, &World<P>) -> bool) -> Self {
        self.boundary = Some(Boundary { sentence, within: Within::World(within) });
        self
    }

    /// Checks, but does not follow, worlds in which some node is past a boundary. Cheaper to search
    /// than [`boundary`](Scenario::boundary).
    pub fn node_boundary(
        mut self,
        sentence: &'static str,
        within: fn(&P, NodeId, &Node<P>) -> bool,
    ) -> Self {
        self.boundary = Some(Boundary { sentence, within: Within::Nodes(within) });
        self
    }

    /// Starts exploration behind these steps.
    pub fn after(mut self, name: &'static str, steps: Vec<Step<P>>) -> Self {
        self.prefix = Some((name, steps));
        self
    }

    /// Makes exploration go by a waypoint: the shortest path to it, then on from there.
    pub fn waypoint(mut self, sentence: &'static str, reached: fn(&P, &Nodes<P>) -> bool) -> Self {
        self.waypoints.push(Waypoint { sentence, reached });
        self
    }

    /// Sets how the simulator runs it.
    pub fn storm(mut self, storm: Storm<P>) -> Self {
        self.storm = storm;
        self
    }

    /// Records a number the scenario was built from.
    pub fn parameter(mut self, name: &str, value: u64) -> Self {
        self.parameters.insert(name.to_string(), value);
        self
    }

    /// All nodes, in order.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<P> {
        (0..self.nodes).map(NodeId::at)
    }

    /// What a node is called in diagrams.
    pub fn node_name(&self, node: NodeId) -> String {
        self.names.get(node.index()).map_or_else(|| node.to_string(), |name| (*name).to_string())
    }

    /// The invariant of that name.
    pub fn find_invariant(&self, name: &str) -> Option<&Invariant<P>> {
        self.invariants.iter().find(|invariant| invariant.name == name)
    }

    /// The names of everything that may break in it: its own invariants, the goal of progress of its
    /// simulated runs, and what holds of every protocol.
    pub fn promises(&self) -> Vec<&'static str> {
        let own = self.invariants.iter().map(|held| held.name);
        let progress = self.storm.progress.iter().map(|goal| goal.name);
        own.chain(progress).chain([NO_PANIC, DETERMINISTIC]).collect()
    }

    /// What the [promise](Scenario::promises) of that name says, if there is one.
    pub fn sentence_of(&self, name: &str) -> Option<&'static str> {
        match name {
            NO_PANIC => Some("No handler panics."),
            DETERMINISTIC => {
                Some("A handler is a function of its node's state and what reaches it.")
            }
            name => {
                let own = self.find_invariant(name).map(|held| held.sentence);
                own.or_else(|| self.progress_named(name).map(|goal| goal.sentence))
            }
        }
    }

    /// The goal of progress, if that is its name.
    pub(crate) fn progress_named(&self, name: &str) -> Option<&Goal<P>> {
        self.storm.progress.as_ref().filter(|goal| goal.name == name)
    }

    /// Whether an invariant looks at that: `node`, `nodes`, `world`, `quiet`, `settles` or
    /// `history`.
    pub(crate) fn has_invariant_on(&self, scope: &str) -> bool {
        self.invariants.iter().any(|held| held.looks_at() == scope)
    }

    /// The first invariant that is checked in quiet worlds only.
    pub(crate) fn waits_for_quiet(&self) -> Option<&'static str> {
        let waits = |held: &&Invariant<P>| match held.looks_at() {
            "quiet" => true,
            "settles" => !loses_freely(self),
            _ => false,
        };
        self.invariants.iter().find(waits).map(|held| held.name)
    }

    /// Whether its boundary looks at whole worlds.
    pub(crate) fn has_world_boundary(&self) -> bool {
        let boundary = self.boundary.as_ref();
        boundary.is_some_and(|boundary| matches!(boundary.within, Within::World(_)))
    }

    /// Whether an input is offered at a node now.
    pub(crate) fn offers(&self, nodes: &Nodes<P>, me: NodeId, input: &P::Input) -> bool {
        match self.offered {
            None => true,
            Some(Offered::Nodes(offered)) => offered(nodes, me, input),
            Some(Offered::About(whom, offered)) => {
                nodes.get(whom(input).index()).is_some_and(|node| offered(input, node))
            }
        }
    }

    /// Whether that node may crash.
    pub(crate) fn can_crash(&self, node: NodeId) -> bool {
        self.may_crash.as_ref().is_none_or(|nodes| nodes.contains(&node))
    }

    /// The first reading of a node's clock, if it has one.
    pub(crate) fn first_clock(&self, node: NodeId) -> Option<u64> {
        self.clocks.of.contains(&node).then_some(0)
    }

    /// The input that a client would ask next, if its lane has more.
    pub(crate) fn next_input(&self, client: ClientId, given: u16) -> Option<&(To, P::Input)> {
        self.lanes.get(usize::from(client.0))?.inputs.get(usize::from(given))
    }

    /// A bound in words.
    pub fn bound_in_words(&self, bound: Bound) -> String {
        match bound {
            Bound::Timer(rule) => self.timers[rule].in_words(),
            Bound::Crashes => format!("crashes ≤ {}", self.faults.crashes),
            Bound::Restarts => format!("restarts ≤ {}", self.faults.restarts),
            Bound::Wipes => format!("wiped disks ≤ {}", self.faults.wipes),
            Bound::Drops => format!("drops ≤ {}", self.faults.drops),
            Bound::Duplicates => format!("duplicates ≤ {}", self.faults.duplicates),
            Bound::Clocks => format!("clocks ≤ {}", self.clocks.until),
            Bound::Boundary => {
                self.boundary.as_ref().map_or("", |boundary| boundary.sentence).to_string()
            }
            Bound::Depth => format!("depth ≤ {}", self.depth.unwrap_or(u32::MAX)),
        }
    }

    /// Everything that bounds or weakens a verdict on this scenario, a line each.
    pub fn in_words(&self) -> Vec<String> {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let nodes = self.nodes;
        let mut lines = vec![format!("{nodes} node{}; {}", plural(nodes), self.links.in_words())];
        let inputs: usize = self.lanes.iter().map(|lane| lane.inputs.len()).sum();
        let clients = self.lanes.len();
        lines.push(match inputs {
            0 => "no inputs".to_string(),
            _ => format!(
                "{clients} client{} with {inputs} input{} in all",
                plural(clients),
                plural(inputs)
            ),
        });
        lines.extend(self.timers.iter().map(TimerRule::in_words));
        lines.extend(self.patience.iter().map(|held| format!("assuming {}", held.sentence)));
        lines.push(format!("{}", self.faults));
        if self.lost_only_when_down {
            lines.push("assuming messages are lost only at nodes that are down".to_string());
        }
        if let Some(nodes) = &self.may_crash {
            let nodes: Vec<String> = nodes.iter().map(|&node| self.node_name(node)).collect();
            lines.push(format!("only {} may crash", nodes.join(", ")));
        }
        if !self.clocks.of.is_empty() {
            let nodes: Vec<String> =
                self.clocks.of.iter().map(|&node| self.node_name(node)).collect();
            let (nodes, apart) = (nodes.join(", "), self.clocks.apart);
            lines.push(format!(
                "clocks at {nodes}, up to {} ticks, assumed at most {apart} apart",
                self.clocks.until
            ));
        }
        lines.extend(self.depth.map(|depth| format!("depth ≤ {depth}")));
        lines.extend(self.boundary.as_ref().map(|boundary| boundary.sentence.to_string()));
        lines.extend(
            self.prefix
                .as_ref()
                .map(|(name, steps)| format!("after {} steps: {name}", steps.len())),
        );
        lines.extend(self.waypoints.iter().map(|way| format!("by way of: {}", way.sentence)));
        lines
    }

    /// What makes no sense in this scenario, as a sentence that says what to do.
    pub fn validate(&self) -> Result<(), String> {
        let beyond = |node: &NodeId| node.index() >= self.nodes;
        let bound_beyond =
            self.lanes.iter().flat_map(|lane| &lane.inputs).find_map(|(to, _)| match to {
                To::Node(node) if beyond(node) => Some(*node),
                To::Node(_) | To::Any => None,
            });
        let last = NodeId::at(self.nodes - 1);
        if let Some(node) = bound_beyond {
            return Err(format!("an input is bound to {node}, but the cluster ends at {last}"));
        }
        if let Some(node) = self.clocks.of.iter().find(|node| beyond(node)) {
            return Err(format!("{node} is given a clock, but the cluster ends at {last}"));
        }
        if self.clocks.of.len() > 1 && self.clocks.apart == 0 {
            return Err("clocks that may not be apart at all cannot tick, since they tick one by \
                        one: let them be at least 1 apart"
                .to_string());
        }
        if self.links == Links::Set {
            if !self.patience.is_empty() {
                return Err("timers cannot be held back on set links, where every message stays \
                            on its way: use unordered or FIFO links"
                    .to_string());
            }
            if let Some(quiet) = self.invariants.iter().find(|held| held.looks_at() == "quiet") {
                return Err(format!(
                    "`{}` is checked where nothing is on its way, which never is on set links: \
                     use unordered or FIFO links",
                    quiet.name
                ));
            }
        }
        if let Some(goal) = self.storm.progress.as_ref().filter(|_| self.storm.healed == Span::ZERO)
        {
            return Err(format!(
                "`{}` is to come about in no time behind a storm: say how long runs are waited for \
                 (Storm::lasts)",
                goal.name
            ));
        }
        let mut names = self.promises();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) if self.progress_named(pair[0]).is_some() => Err(format!(
                "an invariant and the goal of progress are called `{}`: rename one",
                pair[0]
            )),
            Some(pair) => Err(format!("two invariants are called `{}`: rename one", pair[0])),
            None => Ok(()),
        }
    }
}
