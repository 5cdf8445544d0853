//! Who sees what happens at the nodes: the monitors of the history invariants, and the goals.

use crate::invariant::{Goal, Sight, Sign, Watch};
use crate::node::Node;
use crate::protocol::{NodeId, Outbox, Protocol};
use crate::step::{Act, Step};

/// What a step showed besides the situation it led to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// The goals reached by something seen, by index.
    pub(crate) goals: Vec<usize>,
    /// The lines its handler marked.
    pub(crate) marks: Vec<&'static str>,
}

/// The monitors and goals of one run or one situation.
pub(crate) struct Audience<'a, P: Protocol> {
    protocol: &'a P,
    goals: &'a [Goal<P>],
    watches: &'a mut [Watch<P>],
    shown: &'a mut Shown,
    /// By its index, whether a goal need not be looked for; beyond the end it is.
    reached: &'a [bool],
}

impl<'a, P: Protocol> Audience<'a, P> {
    pub(crate) fn new(
        protocol: &'a P,
        goals: &'a [Goal<P>],
        watches: &'a mut [Watch<P>],
        shown: &'a mut Shown,
    ) -> Self {
        Audience { protocol, goals, watches, shown, reached: &[] }
    }

    /// One that looks for no goal that was reached before.
    pub(crate) fn having_reached(self, reached: &'a [bool]) -> Self {
        Audience { reached, ..self }
    }

    /// Sees a step that has just happened: the step itself, then what its handler told, in order.
    pub(crate) fn attend(&mut self, step: &Step<P>, node: &Node<P>, out: &Outbox<P>) {
        let (me, state) = (step.node, &node.state);
        match &step.act {
            Act::Input { client, input } => {
                self.see(&Sight::Input { node: me, client: *client, input, state });
            }
            Act::Crash => self.see(&Sight::Crash { node: me, state }),
            Act::Restart => self.see(&Sight::Restart { node: me, wiped: false, state }),
            Act::Wiped => self.see(&Sight::Restart { node: me, wiped: true, state }),
            Act::Deliver { .. }
            | Act::Drop { .. }
            | Act::Duplicate { .. }
            | Act::Timeout(_)
            | Act::Tick => {}
        }
        self.hear(me, node, out);
    }

    /// Hears what a handler told, in order.
    pub(crate) fn hear(&mut self, me: NodeId, node: &Node<P>, out: &Outbox<P>) {
        for event in &out.events {
            self.see(&Sight::Event { node: me, event, state: &node.state });
        }
    }

    /// Sees one thing.
    pub(crate) fn see(&mut self, sight: &Sight<'_, P>) {
        self.watches.iter_mut().for_each(|watch| watch.see(sight));
        for (index, goal) in self.goals.iter().enumerate() {
            if let Sign::Seen(reached) = &goal.sign
                && !self.reached.get(index).is_some_and(|reached| *reached)
                && reached(self.protocol, sight)
            {
                self.shown.goals.push(index);
            }
        }
    }
}
