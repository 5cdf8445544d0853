//! A situation: a world, what was spent to get there, and what the monitors remember of the way.
//! It is the state that exploration tells apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audience::{Audience, Shown};
use crate::checks::asked_now;
use crate::invariant::{Goal, Scope, Sign, Watch};
use crate::ledger::{Bound, Ledger};
use crate::mail::Links;
use crate::node::{Node, Panicked};
use crate::protocol::{Chooser, ClientId, NodeId, Outbox, Protocol};
use crate::scenario::Scenario;
use crate::settle::loses_freely;
use crate::step::{Act, Step};
use crate::world::World;

/// The name under which a handler's panic is reported, beside the scenario's own invariants.
pub const NO_PANIC: &str = "no-panic";

/// The name under which a handler that is not a pure function is reported.
pub const DETERMINISTIC: &str = "deterministic";

/// A world, its ledger and its monitors.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Situation<P: Protocol> {
    /// Nodes and mail.
    pub world: World<P>,
    /// What is spent.
    pub ledger: Arc<Ledger>,
    /// The monitors of the history invariants, in the scenario's order.
    pub watches: Arc<Vec<Watch<P>>>,
    /// The handler that panicked on the way here; nothing happens any more.
    pub panicked: Option<(NodeId, Panicked)>,
}

/// An invariant that does not hold, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Violation {
    /// The name of the invariant.
    pub invariant: String,
    /// The reason, with the offending values.
    pub reason: String,
}

impl<P: Protocol> Situation<P> {
    /// The first situation of a scenario. A node that panics as it starts gives one in which
    /// nothing can happen.
    pub fn first(scenario: &Scenario<P>) -> Situation<P> {
        Situation::first_shown(scenario, &mut Outbox::new(scenario.nodes)).0
    }

    pub(crate) fn first_shown(
        scenario: &Scenario<P>,
        out: &mut Outbox<P>,
    ) -> (Situation<P>, Shown) {
        let mut watches = first_watches(scenario);
        let mut shown = Shown::default();
        let mut audience =
            Audience::new(&scenario.protocol, &scenario.goals, &mut watches, &mut shown);
        let started = World::first(scenario, out, |me, node, out| audience.hear(me, node, out));
        let (world, panicked) = match started {
            Ok(world) => (world, None),
            Err(panicked) => (World { nodes: Vec::new(), mail: Vec::new() }, Some(panicked)),
        };
        let ledger = Arc::new(Ledger::open(scenario));
        (Situation { world, ledger, watches: Arc::new(watches), panicked }, shown)
    }

    /// The situation behind these steps from the first one, and what they showed.
    pub(crate) fn behind(scenario: &Scenario<P>, way: &[Step<P>]) -> (Situation<P>, Shown) {
        let mut out = Outbox::new(scenario.nodes);
        let (mut there, mut shown) = Situation::first_shown(scenario, &mut out);
        for step in way {
            let more = there.take(scenario, step, &mut out);
            shown.goals.extend(more.goals);
        }
        (there, shown)
    }

    /// What can happen here and is paid for, in the order of its content, without the choices
    /// handlers make. Bounds that forbade something possible are added to `cut`.
    pub fn acts(&self, scenario: &Scenario<P>, cut: &mut BTreeSet<Bound>) -> Vec<Step<P>> {
        let mut steps = Vec::new();
        if self.panicked.is_some() {
            return steps;
        }
        for me in scenario.node_ids() {
            self.acts_at(scenario, me, &mut steps);
        }
        steps.retain(|step| match self.affordable(scenario, step) {
            Ok(()) => true,
            Err(bound) => {
                cut.insert(bound);
                false
            }
        });
        steps
    }

    fn affordable(&self, scenario: &Scenario<P>, step: &Step<P>) -> Result<(), Bound> {
        match step.act {
            Act::Tick => self.clock_goes_on(scenario, step.node),
            _ => self.ledger.after(scenario, step).map(drop),
        }
    }

    /// Everything that can happen at one node, whatever it costs.
    fn acts_at(&self, scenario: &Scenario<P>, me: NodeId, steps: &mut Vec<Step<P>>) {
        let node = &self.world.nodes[me.index()];
        let mail = &self.world.mail[me.index()];
        for fate in fates(scenario, node.up) {
            for letter in mail.deliverable(scenario.links) {
                let (from, message) = (letter.from, letter.message.clone());
                steps.push(Step::new(me, fate.of(from, message)));
            }
        }
        let timers = node.timers.iter().filter(|_| node.up);
        for (timer, _) in timers {
            if self.world.holds_back(scenario, me, timer).is_none() {
                steps.push(Step::new(me, Act::Timeout(timer.clone())));
            }
        }
        for (client, given) in self.ledger.lanes.iter().enumerate() {
            let client = ClientId(client as u8);
            if let Some((to, input)) = scenario.next_input(client, *given)
                && to.admits(me)
                && scenario.offers(&self.world.nodes, me, input)
                && node.accepts(&scenario.protocol, me, input)
            {
                steps.push(Step::new(me, Act::Input { client, input: input.clone() }));
            }
        }
        let others = other_acts(scenario, me, node);
        let others =
            others.filter(|act| *act != Act::Tick || self.world.may_tick(scenario, me).is_ok());
        steps.extend(others.map(|act| Step::new(me, act)));
    }

    fn clock_goes_on(&self, scenario: &Scenario<P>, me: NodeId) -> Result<(), Bound> {
        let now = self.world.nodes[me.index()].clock.unwrap_or(0);
        if now < scenario.clocks.until { Ok(()) } else { Err(Bound::Clocks) }
    }

    /// Lets one step happen and shows every outcome: one for each answer to the choices its
    /// handler asks for, in order.
    pub(crate) fn outcomes(
        &self,
        scenario: &Scenario<P>,
        step: &Step<P>,
        out: &mut Outbox<P>,
        mut show: impl FnMut(Step<P>, Situation<P>, Shown),
    ) {
        let mut script = Vec::new();
        loop {
            let mut step = step.clone();
            step.choices.clone_from(&script);
            let mut next = self.clone();
            let shown = next.take(scenario, &step, out);
            step.choices = out.choices.iter().map(|choice| choice.taken).collect();
            show(step, next, shown);
            match out.next_script() {
                Some(next) => script = next,
                None => return,
            }
        }
    }

    /// Takes a possible step: world, ledger (if the step is within the budget) and monitors. The
    /// choices are the step's; what it asks beyond them gets the first alternative.
    pub(crate) fn take(
        &mut self,
        scenario: &Scenario<P>,
        step: &Step<P>,
        out: &mut Outbox<P>,
    ) -> Shown {
        out.chooser = Chooser::Script(step.choices.clone());
        let mut shown = Shown::default();
        if let Err(panicked) = self.world.apply(scenario, step, out) {
            self.panicked = Some((step.node, panicked));
            return shown;
        }
        if let Ok(ledger) = self.ledger.after(scenario, step)
            && ledger != *self.ledger
        {
            self.ledger = Arc::new(ledger);
        }
        let node = &self.world.nodes[step.node.index()];
        if is_sighted(step, out) {
            let watches = Arc::make_mut(&mut self.watches);
            Audience::new(&scenario.protocol, &scenario.goals, watches, &mut shown)
                .attend(step, node, out);
        }
        shown.marks.extend_from_slice(&out.marks);
        shown
    }

    /// Every invariant that does not hold here. `changed` is the node whose step led here; all
    /// nodes if `None`.
    pub fn violations(&self, scenario: &Scenario<P>, changed: Option<NodeId>) -> Vec<Violation> {
        if let Some((node, Panicked(sentence))) = &self.panicked {
            let reason = format!("{node}'s handler panicked: {sentence}");
            return vec![Violation { invariant: NO_PANIC.to_string(), reason }];
        }
        let quiet = self.world.is_quiet();
        let settling = quiet || loses_freely(scenario);
        let look = Look { quiet, settling, changed, heard: true };
        violations_of(scenario, &self.world, &self.watches, look)
    }

    /// Whether a goal that shows in the nodes is reached here.
    pub(crate) fn reaches(&self, scenario: &Scenario<P>, goal: &Goal<P>) -> bool {
        match &goal.sign {
            Sign::Nodes(reached) => {
                self.panicked.is_none() && reached(&scenario.protocol, &self.world.nodes)
            }
            Sign::Seen(_) => false,
        }
    }
}

/// What can happen to a letter that can be delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fate {
    /// It arrives.
    Deliver,
    /// It is lost.
    Drop,
    /// It is doubled.
    Duplicate,
}

impl Fate {
    /// The act in which a letter meets it.
    pub(crate) fn of<P: Protocol>(self, from: NodeId, message: P::Message) -> Act<P> {
        match self {
            Fate::Deliver => Act::Deliver { from, message },
            Fate::Drop => Act::Drop { from, message },
            Fate::Duplicate => Act::Duplicate { from, message },
        }
    }
}

/// What can happen to the letters of a node, in order.
pub(crate) fn fates<P: Protocol>(scenario: &Scenario<P>, up: bool) -> impl Iterator<Item = Fate> {
    // A kind of fault with no budget at all is no part of the scenario, and cuts nothing off.
    let (faults, set) = (scenario.faults, scenario.links == Links::Set);
    let open = [
        (Fate::Deliver, up),
        (Fate::Drop, faults.drops > 0 && !set && !(up && scenario.lost_only_when_down)),
        (Fate::Duplicate, faults.duplicates > 0 && !set),
    ];
    open.into_iter().filter_map(|(fate, open)| open.then_some(fate))
}

/// What can happen at a node besides its mail, its timers and its inputs, as far as the node
/// itself says: whether its clock may move on is the world's business.
pub(crate) fn other_acts<P: Protocol>(
    scenario: &Scenario<P>,
    me: NodeId,
    node: &Node<P>,
) -> impl Iterator<Item = Act<P>> {
    let faults = &scenario.faults;
    let open = [
        (Act::Tick, node.clock.is_some()),
        (Act::Crash, node.up && faults.crashes > 0 && scenario.can_crash(me)),
        (Act::Restart, !node.up && faults.restarts > 0),
        (Act::Wiped, !node.up && faults.wipes > 0),
    ];
    open.into_iter().filter_map(|(act, open)| open.then_some(act))
}

/// What to look at in a world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    /// Whether no live node has mail waiting.
    pub(crate) quiet: bool,
    /// Whether it is a world from which the protocol must settle.
    pub(crate) settling: bool,
    /// Which node changed last; all of them if `None`.
    pub(crate) changed: Option<NodeId>,
    /// Whether monitors may have seen something since they were last looked at.
    pub(crate) heard: bool,
}

/// Every invariant that does not hold in a world with these monitors.
pub(crate) fn violations_of<P: Protocol>(
    scenario: &Scenario<P>,
    world: &World<P>,
    watches: &[Watch<P>],
    look: Look,
) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut watches = watches.iter();
    for invariant in &scenario.invariants {
        let held = match &invariant.scope {
            Scope::Quiet(_) if !look.quiet => Ok(()),
            Scope::Settles(..) if !look.settling => Ok(()),
            Scope::History(_) => {
                let watch = watches.next().expect("a watch for each history invariant");
                watch.broken.clone().map_or(Ok(()), Err)
            }
            _ => asked_now(invariant, scenario, world, look.changed),
        };
        if let Err(broken) = held {
            let reason = broken.to_string();
            found.push(Violation { invariant: invariant.name.to_string(), reason });
        }
    }
    found
}

impl Violation {
    /// The violation of a handler that answered differently the second time.
    pub(crate) fn of_purity<P: Protocol>(step: &Step<P>) -> Violation {
        let reason = format!("the handler of `{step}` answered differently the second time");
        Violation { invariant: DETERMINISTIC.to_string(), reason }
    }
}

/// A fresh watch for each history invariant, in order.
pub(crate) fn first_watches<P: Protocol>(scenario: &Scenario<P>) -> Vec<Watch<P>> {
    scenario
        .invariants
        .iter()
        .filter_map(|invariant| match &invariant.scope {
            Scope::History(monitor) => Some(Watch { monitor: monitor.copied(), broken: None }),
            Scope::Node(_) | Scope::Nodes(_) | Scope::World(_) => None,
            Scope::Quiet(_) | Scope::Settles(..) => None,
        })
        .collect()
}

/// Whether a step shows anything to monitors.
pub(crate) fn is_sighted<P: Protocol>(step: &Step<P>, out: &Outbox<P>) -> bool {
    match step.act {
        Act::Input { .. } | Act::Crash | Act::Restart | Act::Wiped => true,
        Act::Deliver { .. } | Act::Timeout(_) => !out.events.is_empty(),
        Act::Drop { .. } | Act::Duplicate { .. } | Act::Tick => false,
    }
}
