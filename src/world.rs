//! One global state: nodes and mail; and what a step does to it.
//!
//! `World` is the readable reference of what a step means. Every faster path is held to it.

use std::sync::Arc;

use crate::mail::Mailbox;
use crate::node::{Node, Panicked};
use crate::protocol::{NodeId, Outbox, Protocol};
use crate::scenario::{Flight, Scenario};
use crate::shared::Shared;
use crate::step::{Act, Step};

/// Nodes and the mail on its way to each. Parts that a step leaves alone are shared with the world
/// before it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct World<P: Protocol> {
    /// The nodes, in order.
    pub nodes: Vec<Shared<Node<P>>>,
    /// The mail on its way to each of them, in the same order.
    pub mail: Vec<Arc<Mailbox<P::Message>>>,
}

impl<P: Protocol> World<P> {
    /// The first world: every node has started, in order. `seen` is told of each node's outbox.
    pub(crate) fn first(
        scenario: &Scenario<P>,
        out: &mut Outbox<P>,
        mut seen: impl FnMut(NodeId, &Node<P>, &Outbox<P>),
    ) -> Result<World<P>, (NodeId, Panicked)> {
        let mut world = World {
            nodes: Vec::with_capacity(scenario.nodes),
            mail: scenario.node_ids().map(|_| Arc::default()).collect(),
        };
        for me in scenario.node_ids() {
            let node = Node::start(&scenario.protocol, me, scenario.first_clock(me), out)
                .map_err(|panicked| (me, panicked))?;
            seen(me, &node, out);
            world.nodes.push(Shared::new(node));
            world.post(scenario, me, out);
        }
        Ok(world)
    }

    /// Whether the step can happen here at all, whatever it costs; if not, why.
    pub fn possible(&self, scenario: &Scenario<P>, step: &Step<P>) -> Result<(), String> {
        let me = step.node;
        let Some(node) = self.nodes.get(me.index()) else {
            return Err(format!("the cluster has no {me}: it ends at n{}", self.nodes.len() - 1));
        };
        let when = |holds: bool, otherwise: String| if holds { Ok(()) } else { Err(otherwise) };
        let up = || when(node.up, format!("{me} is down"));
        let in_mail = |from: NodeId, message: &P::Message| {
            when(
                self.mail[me.index()].can_deliver(scenario.links, from, message),
                format!("{message:?} from {from} is not in {me}'s mailbox, ready to arrive"),
            )
        };
        match &step.act {
            Act::Deliver { from, message } => up().and_then(|()| in_mail(*from, message)),
            Act::Drop { from, message } => {
                when(
                    !(node.up && scenario.lost_only_when_down),
                    format!("{me} is up, and messages are lost only at nodes that are down"),
                )?;
                in_mail(*from, message)
            }
            Act::Duplicate { from, message } => in_mail(*from, message),
            Act::Timeout(timer) => {
                when(node.up && node.has_set(timer), format!("{timer:?} is not set at {me}"))?;
                match self.holds_back(scenario, me, timer) {
                    Some(sentence) => Err(format!("{timer:?} is held back at {me}: {sentence}")),
                    None => Ok(()),
                }
            }
            Act::Input { input, .. } => {
                up()?;
                when(
                    scenario.offers(&self.nodes, me, input),
                    format!("{input:?} is not offered at {me} now"),
                )?;
                when(
                    node.accepts(&scenario.protocol, me, input),
                    format!("{me} does not accept {input:?} now"),
                )
            }
            Act::Tick => self.may_tick(scenario, me),
            Act::Crash => {
                when(scenario.can_crash(me), format!("{me} may not crash in this scenario"))?;
                up()
            }
            Act::Restart | Act::Wiped => when(!node.up, format!("{me} is up")),
        }
    }

    /// The sentence of the assumption that holds that timer back at that node now, if one does.
    pub(crate) fn holds_back(
        &self,
        scenario: &Scenario<P>,
        me: NodeId,
        timer: &P::Timer,
    ) -> Option<&'static str> {
        let held = scenario.patience.iter().filter(|patience| (patience.of)(timer));
        held.into_iter()
            .find(|patience| {
                self.mail.iter().enumerate().any(|(to, mail)| {
                    mail.letters().iter().any(|letter| {
                        let to = NodeId::at(to);
                        let flight = Flight { from: letter.from, to, message: &letter.message };
                        (patience.awaits)(me, &flight)
                    })
                })
            })
            .map(|patience| patience.sentence)
    }

    /// Whether a node's clock may move on: the scenario's bound on how far clocks are apart is an
    /// assumption on the system, not a budget.
    pub(crate) fn may_tick(&self, scenario: &Scenario<P>, me: NodeId) -> Result<(), String> {
        let Some(now) = self.nodes[me.index()].clock else {
            return Err(format!("{me} has no clock"));
        };
        let apart = scenario.clocks.apart;
        let others = self.nodes.iter().enumerate().filter(|(at, _)| *at != me.index());
        let slowest = others.filter_map(|(_, node)| node.clock).min();
        if slowest.is_none_or(|slowest| now < slowest.saturating_add(apart)) {
            Ok(())
        } else {
            Err(format!("{me}'s clock is {apart} ticks ahead of the slowest, the most assumed"))
        }
    }

    /// Lets a possible step happen. What its handler said is left in the outbox.
    pub(crate) fn apply(
        &mut self,
        scenario: &Scenario<P>,
        step: &Step<P>,
        out: &mut Outbox<P>,
    ) -> Result<(), Panicked> {
        let me = step.node;
        let at = me.index();
        let links = scenario.links;
        let Some(occurrence) = step.act.occurrence() else {
            out.begin(me, None, false);
            let mail = Arc::make_mut(&mut self.mail[at]);
            match &step.act {
                Act::Drop { from, message } => mail.take(links, *from, message),
                Act::Duplicate { from, message } => mail.copy(links, *from, message),
                act => unreachable!("{act} happens to its node"),
            };
            return Ok(());
        };
        if let Act::Deliver { from, message } = &step.act {
            let taken = Arc::make_mut(&mut self.mail[at]).take(links, *from, message);
            debug_assert!(taken, "only possible steps are applied");
        }
        let node = self.nodes[at].make_mut();
        node.happen(&scenario.protocol, me, occurrence, out)?;
        self.post(scenario, me, out);
        Ok(())
    }

    /// Puts what a handler sent into the mailboxes, in its order.
    fn post(&mut self, scenario: &Scenario<P>, me: NodeId, out: &Outbox<P>) {
        for (to, message) in &out.sends {
            let mail = &mut self.mail[to.index()];
            Arc::make_mut(mail).put(scenario.links, me, message.clone());
        }
    }

    /// Whether no live node has mail waiting.
    pub fn is_quiet(&self) -> bool {
        self.nodes.iter().zip(&self.mail).all(|(node, mail)| !node.up || mail.is_empty())
    }
}
