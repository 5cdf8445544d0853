//! What must hold and what must be reachable: invariants by scope, goals, and what monitors see.

use std::any::Any;
use std::cmp::Ordering;
use std::fmt::{self, Debug};
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use splitbrain_invariants::{Broken, Held};

use crate::node::Node;
use crate::protocol::{ClientId, Data, Embeds, NodeId, Protocol};
use crate::shared::Shared;
use crate::still::Begins;
use crate::time::Span;
use crate::world::World;

/// Something that was seen at a node. Monitors see these, in the order they happened.
#[derive(Debug)]
pub enum Sight<'a, P: Protocol> {
    /// A client asked something of the node.
    Input {
        /// Where.
        node: NodeId,
        /// Who asked.
        client: ClientId,
        /// What was asked.
        input: &'a P::Input,
        /// The node's state after it took the input.
        state: &'a P::State,
    },
    /// The node told the outside something.
    Event {
        /// Where.
        node: NodeId,
        /// What it told.
        event: &'a P::Event,
        /// The node's state after the step that told it.
        state: &'a P::State,
    },
    /// The node stopped.
    Crash {
        /// Where.
        node: NodeId,
        /// The node's state when it stopped.
        state: &'a P::State,
    },
    /// The node runs again.
    Restart {
        /// Where.
        node: NodeId,
        /// Whether its disk was wiped.
        wiped: bool,
        /// The state it begins with.
        state: &'a P::State,
    },
}

/// The nodes of a world, in order.
pub type Nodes<P> = [Shared<Node<P>>];

/// What must hold: a short name, a sentence a student understands, and how it is checked.
#[derive(Clone, Debug)]
pub struct Invariant<P: Protocol> {
    /// Its name, as in files and on the command line: `election-safety`.
    pub name: &'static str,
    /// What it says: "At most one leader is elected in a term."
    pub sentence: &'static str,
    /// What it looks at, which decides what it costs.
    pub(crate) scope: Scope<P>,
    /// A quicker way to see that it still holds, once one node has changed.
    pub(crate) still: Option<Begins<P>>,
}

/// What an invariant looks at. Its functions are named ones, or named ones seen through a protocol
/// that embeds theirs.
pub(crate) enum Scope<P: Protocol> {
    Node(Arc<OfNode<P, Held>>),
    Nodes(Arc<OfNodes<P, Held>>),
    World(fn(&P, &World<P>) -> Held),
    Quiet(Arc<OfNodes<P, Held>>),
    Settles(Span, Arc<OfNodes<P, Held>>),
    History(Box<dyn Monitor<P>>),
}

/// What can be said of a node, of the nodes together, and of something seen.
pub(crate) type OfNode<P, T> = dyn Fn(&P, NodeId, &Node<P>) -> T + Send + Sync;
pub(crate) type OfNodes<P, T> = dyn Fn(&P, &Nodes<P>) -> T + Send + Sync;
pub(crate) type OfSight<P, T> = dyn Fn(&P, &Sight<'_, P>) -> T + Send + Sync;

impl<P: Protocol> Invariant<P> {
    fn of(name: &'static str, sentence: &'static str, scope: Scope<P>) -> Invariant<P> {
        Invariant { name, sentence, scope, still: None }
    }

    /// An invariant of each node by itself, checked where the node changed.
    pub fn node(
        name: &'static str,
        sentence: &'static str,
        check: fn(&P, NodeId, &Node<P>) -> Held,
    ) -> Invariant<P> {
        Invariant::of(name, sentence, Scope::Node(Arc::new(check)))
    }

    /// An invariant of the nodes together, without their mail.
    pub fn nodes(
        name: &'static str,
        sentence: &'static str,
        check: fn(&P, &Nodes<P>) -> Held,
    ) -> Invariant<P> {
        Invariant::of(name, sentence, Scope::Nodes(Arc::new(check)))
    }

    /// An invariant of whole worlds, mail included: the most costly scope.
    pub fn world(
        name: &'static str,
        sentence: &'static str,
        check: fn(&P, &World<P>) -> Held,
    ) -> Invariant<P> {
        Invariant::of(name, sentence, Scope::World(check))
    }

    /// An invariant of the nodes, checked only where no live node has mail waiting: it catches
    /// stalls that safety never sees. Worlds seen quiet are counted; none is vacuous.
    pub fn quiet(
        name: &'static str,
        sentence: &'static str,
        check: fn(&P, &Nodes<P>) -> Held,
    ) -> Invariant<P> {
        Invariant::of(name, sentence, Scope::Quiet(Arc::new(check)))
    }

    /// Half-liveness: from every reached tuple of nodes, one continuation without further faults,
    /// timed and fair, must come to a moment within that virtual time at which all is well. It says
    /// "from every reached world this run converges", and never "eventually".
    ///
    /// What is on its way is lost first, where losing is free; on first-in, first-out links and
    /// under assumptions of patience, or that up nodes lose nothing, only worlds at rest are looked
    /// at. Nodes that are down run again if the scenario has restarts, and stay down if it has none;
    /// clients are silent; a perfect detector reports. The simulator asks it once a run, when the
    /// storm ends, or else where a world is at rest first after that.
    pub fn settles(
        name: &'static str,
        sentence: &'static str,
        within: Span,
        well: fn(&P, &Nodes<P>) -> Held,
    ) -> Invariant<P> {
        Invariant::of(name, sentence, Scope::Settles(within, Arc::new(well)))
    }

    /// An invariant of the history: a monitor from [`invariants`](crate::invariants), or any value
    /// of one's own, and the projection of what is seen onto it. The monitor's value is part of
    /// the explored state, so it must be small and forget what no longer matters.
    pub fn history<M: Data>(
        name: &'static str,
        sentence: &'static str,
        monitor: M,
        project: fn(&mut M, &Sight<'_, P>) -> Held,
    ) -> Invariant<P> {
        let monitor = Projection { monitor, project };
        Invariant::of(name, sentence, Scope::History(Box::new(monitor)))
    }

    /// The same invariant of a protocol that embeds this one: it looks at the inner states, events
    /// and inputs alone. With an event it sees the inner state as it is when the *outer* handler has
    /// ended, which may have run several inner ones. One of quiet worlds is looked at where the outer protocol is quiet,
    /// and one that settles, where the outer one is left to itself.
    ///
    /// # Panics
    /// When it looks at whole worlds: mail is not seen through.
    pub fn seen_through<O: Embeds<P>>(self) -> Invariant<O> {
        let of_nodes = |check: Arc<OfNodes<P, Held>>| -> Arc<OfNodes<O, Held>> {
            Arc::new(move |outer: &O, nodes: &Nodes<O>| check(outer.inner(), &nodes_in(nodes)))
        };
        let scope = match self.scope {
            Scope::Node(check) => Scope::Node(Arc::new(move |outer: &O, me, node: &Node<O>| {
                node_in(node).map_or(Ok(()), |node| check(outer.inner(), me, &node))
            })),
            Scope::Nodes(check) => Scope::Nodes(of_nodes(check)),
            Scope::Quiet(check) => Scope::Quiet(of_nodes(check)),
            Scope::Settles(within, well) => Scope::Settles(within, of_nodes(well)),
            Scope::World(_) => panic!("`{}` looks at mail, which is not seen through", self.name),
            Scope::History(monitor) => Scope::History(Box::new(Through::<O, P>::new(monitor))),
        };
        Invariant::of(self.name, self.sentence, scope)
    }

    /// What it looks at, in a word: `node`, `nodes`, `world`, `quiet`, `settles` or
    /// `history`.
    pub fn looks_at(&self) -> &'static str {
        match self.scope {
            Scope::Node(_) => "node",
            Scope::Nodes(_) => "nodes",
            Scope::World(_) => "world",
            Scope::Quiet(_) => "quiet",
            Scope::Settles(..) => "settles",
            Scope::History(_) => "history",
        }
    }
}

impl<P: Protocol> Clone for Scope<P> {
    fn clone(&self) -> Self {
        match self {
            Scope::Node(check) => Scope::Node(Arc::clone(check)),
            Scope::Nodes(check) => Scope::Nodes(Arc::clone(check)),
            Scope::World(check) => Scope::World(*check),
            Scope::Quiet(check) => Scope::Quiet(Arc::clone(check)),
            Scope::Settles(within, well) => Scope::Settles(*within, Arc::clone(well)),
            Scope::History(monitor) => Scope::History(monitor.copied()),
        }
    }
}

impl<P: Protocol> Debug for Scope<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Scope::Node(_) => "Node",
            Scope::Nodes(_) => "Nodes",
            Scope::World(_) => "World",
            Scope::Quiet(_) => "Quiet",
            Scope::Settles(..) => "Settles",
            Scope::History(_) => "History",
        })
    }
}

/// What must be *reachable*: a check that reaches no goal has proved nothing.
#[derive(Clone, Debug)]
pub struct Goal<P: Protocol> {
    /// Its name: `leader-elected`.
    pub name: &'static str,
    /// What it says: "A leader is elected."
    pub sentence: &'static str,
    pub(crate) sign: Sign<P>,
}

/// How a goal shows.
pub(crate) enum Sign<P: Protocol> {
    Nodes(Arc<OfNodes<P, bool>>),
    Seen(Arc<OfSight<P, bool>>),
}

impl<P: Protocol> Clone for Sign<P> {
    fn clone(&self) -> Self {
        match self {
            Sign::Nodes(reached) => Sign::Nodes(Arc::clone(reached)),
            Sign::Seen(reached) => Sign::Seen(Arc::clone(reached)),
        }
    }
}

impl<P: Protocol> Debug for Sign<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sign::Nodes(_) => "Nodes",
            Sign::Seen(_) => "Seen",
        })
    }
}

impl<P: Protocol> Goal<P> {
    /// A goal that shows in the nodes.
    pub fn nodes(
        name: &'static str,
        sentence: &'static str,
        reached: fn(&P, &Nodes<P>) -> bool,
    ) -> Goal<P> {
        Goal { name, sentence, sign: Sign::Nodes(Arc::new(reached)) }
    }

    /// A goal that shows in something seen.
    pub fn seen(
        name: &'static str,
        sentence: &'static str,
        reached: fn(&P, &Sight<'_, P>) -> bool,
    ) -> Goal<P> {
        Goal { name, sentence, sign: Sign::Seen(Arc::new(reached)) }
    }

    /// The same goal of a protocol that embeds this one.
    pub fn seen_through<O: Embeds<P>>(self) -> Goal<O> {
        let sign = match self.sign {
            Sign::Nodes(reached) => Sign::Nodes(Arc::new(move |outer: &O, nodes: &Nodes<O>| {
                reached(outer.inner(), &nodes_in(nodes))
            })),
            Sign::Seen(reached) => Sign::Seen(Arc::new(move |outer: &O, sight: &Sight<'_, O>| {
                sight_in(sight).is_some_and(|sight| reached(outer.inner(), &sight))
            })),
        };
        Goal { name: self.name, sentence: self.sentence, sign }
    }
}

/// The inner node, where there is one.
fn node_in<O: Embeds<P>, P: Protocol>(outer: &Node<O>) -> Option<Node<P>> {
    let state = O::state_in(&outer.state)?.clone();
    let timers = outer.timers.iter();
    let mut timers: Vec<_> =
        timers.filter_map(|(timer, delay)| Some((O::timer_in(timer)?, *delay))).collect();
    timers.sort_unstable();
    Some(Node { state, timers, up: outer.up, clock: outer.clock })
}

/// The inner cluster: the first nodes.
fn nodes_in<O: Embeds<P>, P: Protocol>(outer: &Nodes<O>) -> Vec<Shared<Node<P>>> {
    outer.iter().map_while(|node| node_in(node)).map(Shared::new).collect()
}

/// What the inner protocol's monitors see, if they see anything.
fn sight_in<'a, O: Embeds<P>, P: Protocol>(outer: &Sight<'a, O>) -> Option<Sight<'a, P>> {
    Some(match *outer {
        Sight::Input { node, client, input, state } => {
            Sight::Input { node, client, input: O::input_in(input)?, state: O::state_in(state)? }
        }
        Sight::Event { node, event, state } => {
            Sight::Event { node, event: O::event_in(event)?, state: O::state_in(state)? }
        }
        Sight::Crash { node, state } => Sight::Crash { node, state: O::state_in(state)? },
        Sight::Restart { node, wiped, state } => {
            Sight::Restart { node, wiped, state: O::state_in(state)? }
        }
    })
}

/// A condition on the history as the engines hold it: some monitor behind its projection.
pub(crate) trait Monitor<P: Protocol>: Any + Send + Sync + Debug {
    fn see(&mut self, sight: &Sight<'_, P>) -> Held;
    fn copied(&self) -> Box<dyn Monitor<P>>;
    fn compare(&self, other: &dyn Monitor<P>) -> Ordering;
    fn same(&self, other: &dyn Monitor<P>) -> bool;
    fn digest(&self, hasher: &mut dyn Hasher);
    fn as_any(&self) -> &dyn Any;
}

/// A monitor and the function that projects what is seen onto it.
struct Projection<P: Protocol, M> {
    monitor: M,
    project: fn(&mut M, &Sight<'_, P>) -> Held,
}

impl<P: Protocol, M: Data> Projection<P, M> {
    /// The same invariant's monitor in another state.
    fn kin(other: &dyn Monitor<P>) -> &M {
        let other: &Self = other.as_any().downcast_ref().expect("monitors of one invariant");
        &other.monitor
    }
}

impl<P: Protocol, M: Data> Debug for Projection<P, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.monitor.fmt(f)
    }
}

impl<P: Protocol, M: Data> Monitor<P> for Projection<P, M> {
    fn see(&mut self, sight: &Sight<'_, P>) -> Held {
        (self.project)(&mut self.monitor, sight)
    }
    fn copied(&self) -> Box<dyn Monitor<P>> {
        Box::new(Projection { monitor: self.monitor.clone(), project: self.project })
    }
    fn compare(&self, other: &dyn Monitor<P>) -> Ordering {
        self.monitor.cmp(Self::kin(other))
    }
    fn same(&self, other: &dyn Monitor<P>) -> bool {
        self.monitor == *Self::kin(other)
    }
    fn digest(&self, mut hasher: &mut dyn Hasher) {
        self.monitor.hash(&mut hasher);
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A monitor of an inner protocol, seen through the outer one.
struct Through<O, P: Protocol> {
    monitor: Box<dyn Monitor<P>>,
    outer: PhantomData<fn(&O)>,
}

impl<O: Embeds<P>, P: Protocol> Through<O, P> {
    fn new(monitor: Box<dyn Monitor<P>>) -> Self {
        Through { monitor, outer: PhantomData }
    }

    /// The same invariant's inner monitor in another state.
    fn kin(other: &dyn Monitor<O>) -> &dyn Monitor<P> {
        let other: &Self = other.as_any().downcast_ref().expect("monitors of one invariant");
        &*other.monitor
    }
}

impl<O, P: Protocol> Debug for Through<O, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.monitor.fmt(f)
    }
}

impl<O: Embeds<P>, P: Protocol> Monitor<O> for Through<O, P> {
    fn see(&mut self, sight: &Sight<'_, O>) -> Held {
        sight_in(sight).map_or(Ok(()), |sight| self.monitor.see(&sight))
    }
    fn copied(&self) -> Box<dyn Monitor<O>> {
        Box::new(Through::<O, P>::new(self.monitor.copied()))
    }
    fn compare(&self, other: &dyn Monitor<O>) -> Ordering {
        self.monitor.compare(Self::kin(other))
    }
    fn same(&self, other: &dyn Monitor<O>) -> bool {
        self.monitor.same(Self::kin(other))
    }
    fn digest(&self, hasher: &mut dyn Hasher) {
        self.monitor.digest(hasher);
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A monitor on watch: its state, and why its invariant is broken once it is.
#[derive(Debug)]
pub struct Watch<P: Protocol> {
    pub(crate) monitor: Box<dyn Monitor<P>>,
    pub(crate) broken: Option<Broken>,
}

impl<P: Protocol> Watch<P> {
    /// Sees one thing. A broken watch sees no more.
    pub(crate) fn see(&mut self, sight: &Sight<'_, P>) {
        if self.broken.is_none() {
            self.broken = self.monitor.see(sight).err();
        }
    }
}

// A boxed monitor has no derivable traits; these four compare and hash its value, nothing else.

impl<P: Protocol> Clone for Watch<P> {
    fn clone(&self) -> Self {
        Watch { monitor: self.monitor.copied(), broken: self.broken.clone() }
    }
}

impl<P: Protocol> PartialEq for Watch<P> {
    fn eq(&self, other: &Self) -> bool {
        self.broken == other.broken && self.monitor.same(&*other.monitor)
    }
}

impl<P: Protocol> Eq for Watch<P> {}

impl<P: Protocol> PartialOrd for Watch<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<P: Protocol> Ord for Watch<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.monitor.compare(&*other.monitor).then_with(|| self.broken.cmp(&other.broken))
    }
}

impl<P: Protocol> Hash for Watch<P> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.monitor.digest(hasher);
        self.broken.hash(hasher);
    }
}
