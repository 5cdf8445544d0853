//! The invariants as a run asks them: those that may have something to say, in the quickest way.

use splitbrain_invariants::Held;

use crate::invariant::{Invariant, Scope, Watch};
use crate::protocol::{NodeId, Protocol};
use crate::scenario::Scenario;
use crate::settle::settles;
use crate::situation::Look;
use crate::still::{Begins, Quicker};
use crate::world::World;

/// The invariants of a scenario, by when they are asked.
pub(crate) struct Checks<'a, P: Protocol> {
    /// After every step.
    always: Vec<Check<'a, P>>,
    /// Where no live node has mail waiting.
    quiet: Vec<&'a Invariant<P>>,
    /// Where the protocol must settle.
    settling: Vec<&'a Invariant<P>>,
}

/// One that is asked after every step.
struct Check<'a, P: Protocol> {
    invariant: &'a Invariant<P>,
    /// The quicker way to see that it holds, if it has one.
    quicker: Option<Box<dyn Quicker<P>>>,
}

impl<'a, P: Protocol> Checks<'a, P> {
    /// Those of a run that begins.
    pub(crate) fn begin(scenario: &'a Scenario<P>) -> Checks<'a, P> {
        let mut checks = Checks { always: Vec::new(), quiet: Vec::new(), settling: Vec::new() };
        for invariant in &scenario.invariants {
            let quicker = invariant.still.as_ref().map(Begins::begin);
            match &invariant.scope {
                Scope::Node(_) | Scope::Nodes(_) | Scope::World(_) => {
                    checks.always.push(Check { invariant, quicker });
                }
                Scope::Quiet(_) => checks.quiet.push(invariant),
                Scope::Settles(..) => checks.settling.push(invariant),
                // Their monitors were shown what happened.
                Scope::History(_) => {}
            }
        }
        checks
    }

    /// Whether all hold in a world, which they did in the one before.
    pub(crate) fn still_hold(
        &mut self,
        scenario: &Scenario<P>,
        world: &World<P>,
        watches: &[Watch<P>],
        look: Look,
    ) -> bool {
        self.always.iter_mut().all(|check| check.still_holds(scenario, world, look))
            && (!look.quiet || self.quiet.iter().all(|quiet| holds(quiet, scenario, world, None)))
            && (!look.settling || self.settling.iter().all(|end| holds(end, scenario, world, None)))
            && (!look.heard || watches.iter().all(|watch| watch.broken.is_none()))
    }
}

impl<P: Protocol> Check<'_, P> {
    fn still_holds(&mut self, scenario: &Scenario<P>, world: &World<P>, look: Look) -> bool {
        let Check { invariant, quicker } = self;
        if let (Some(quicker), Some(changed)) = (quicker, look.changed)
            && quicker.holds(&scenario.protocol, &world.nodes, changed)
        {
            debug_assert!(
                holds(invariant, scenario, world, look.changed),
                "`{}` holds still, it says, and does not",
                invariant.name
            );
            return true;
        }
        holds(invariant, scenario, world, look.changed)
    }
}

fn holds<P: Protocol>(
    invariant: &Invariant<P>,
    scenario: &Scenario<P>,
    world: &World<P>,
    changed: Option<NodeId>,
) -> bool {
    asked_now(invariant, scenario, world, changed).is_ok()
}

/// What an invariant says of a world, `changed` being the node that changed last, or all nodes if
/// `None`. One of the history says nothing: its monitor does.
pub(crate) fn asked_now<P: Protocol>(
    invariant: &Invariant<P>,
    scenario: &Scenario<P>,
    world: &World<P>,
    changed: Option<NodeId>,
) -> Held {
    let (protocol, nodes) = (&scenario.protocol, &world.nodes);
    match (&invariant.scope, changed) {
        (Scope::Node(check), Some(me)) => check(protocol, me, &nodes[me.index()]),
        (Scope::Node(check), None) => {
            scenario.node_ids().try_for_each(|me| check(protocol, me, &nodes[me.index()]))
        }
        (Scope::Nodes(check) | Scope::Quiet(check), _) => check(protocol, nodes),
        (Scope::World(check), _) => check(protocol, world),
        (Scope::Settles(within, well), _) => settles(scenario, nodes, *within, &**well),
        (Scope::History(_), _) => Ok(()),
    }
}
