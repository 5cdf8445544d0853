//! `settles`: from what was reached, one fault-free, timed, fair continuation must come to a moment at
//! which all is well. Whether it stays well is not asked.
//!
//! Safety says nothing of protocols that stop. Liveness under fairness is beyond the explorer. In
//! between lies this: from every reached tuple of nodes, *one* run without further faults is made,
//! as the simulator would make it: messages take [`LATENCY`], a timer runs for a time drawn from the
//! delay it was set for, choices are drawn, each node from a stream of its own. So what is said is
//! "from every reached world this run converges", and never "eventually".
//!
//! - What is on its way at first is lost, where losing is free. Where it is not (on first-in,
//!   first-out links, or where a timer's patience or the network's counts on messages), only worlds
//!   at rest are looked at, in which nothing is on its way.
//! - Nodes that are down run again if the scenario has restarts at all, or else stay down.
//! - Clients are silent. The reports of a perfect detector ([`Offered::About`]) on nodes that are
//!   down do come, since a detector owes them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use splitbrain_invariants::{Held, broken};

use crate::invariant::{Nodes, OfNodes};
use crate::mail::Links;
use crate::node::{Node, Occurrence};
use crate::protocol::{Chooser, NodeId, Outbox, Protocol};
use crate::random::{Purpose, between, stream};
use crate::scenario::{Offered, Scenario};
use crate::shared::Shared;
use crate::time::Span;

/// How long a message takes in a continuation.
const LATENCY: Span = Span::millis(10);
/// How long a perfect detector takes.
const DETECTION: Span = Span::millis(100);
/// The most things that happen in one; a protocol that chatters for ever does not settle.
const MOST: usize = 20_000;
/// The seed of all continuations: what a verdict says must not depend on the day.
const SEED: u64 = 0x5e77;

/// Whether losing what is on its way is a thing that may happen at no cost.
pub(crate) fn loses_freely<P: Protocol>(scenario: &Scenario<P>) -> bool {
    scenario.links != Links::Fifo && scenario.patience.is_empty() && !scenario.lost_only_when_down
}

/// Whether the continuation from these nodes comes to a moment, within that time, at which all is
/// well; else what was wrong in the end.
pub(crate) fn settles<P: Protocol>(
    scenario: &Scenario<P>,
    nodes: &Nodes<P>,
    within: Span,
    well: &OfNodes<P, Held>,
) -> Held {
    Continuation::from(scenario, nodes).settles(within, well)
}

/// The lines that run in the continuation from these nodes, in the order in which they do.
pub(crate) fn lines_while_settling<P: Protocol>(
    scenario: &Scenario<P>,
    nodes: &Nodes<P>,
    within: Span,
    well: &OfNodes<P, Held>,
) -> Vec<&'static str> {
    let mut run = Continuation::from(scenario, nodes);
    let _ = run.settles(within, well);
    run.marks
}

/// What is due.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Due<P: Protocol> {
    Arrive { from: NodeId, message: P::Message },
    Fire { timer: P::Timer, set: u64 },
    Report(P::Input),
    Restart,
}

/// When, in microseconds; which of all that was put on the agenda; where; and what.
type Entry<P> = Reverse<(u64, u64, NodeId, Due<P>)>;

struct Continuation<'a, P: Protocol> {
    scenario: &'a Scenario<P>,
    nodes: Vec<Shared<Node<P>>>,
    /// The clocks as they were at first.
    clocks: Vec<Option<u64>>,
    /// For each node, its timers with the numbers of their latest settings.
    settings: Vec<Vec<(P::Timer, u64)>>,
    streams: Vec<rand_chacha::ChaCha8Rng>,
    agenda: BinaryHeap<Entry<P>>,
    numbers: u64,
    now: u64,
    out: Outbox<P>,
    /// The lines that ran.
    marks: Vec<&'static str>,
}

impl<'a, P: Protocol> Continuation<'a, P> {
    fn from(scenario: &'a Scenario<P>, nodes: &Nodes<P>) -> Self {
        let ids = || (0..nodes.len()).map(NodeId::at);
        let mut run = Continuation {
            scenario,
            nodes: nodes.to_vec(),
            clocks: nodes.iter().map(|node| node.clock).collect(),
            settings: vec![Vec::new(); nodes.len()],
            streams: ids().map(|me| stream(SEED, u64::from(me.0), Purpose::Run)).collect(),
            agenda: BinaryHeap::new(),
            numbers: 0,
            now: 0,
            out: Outbox::new(nodes.len()),
            marks: Vec::new(),
        };
        for me in ids() {
            let node = run.nodes[me.index()].clone();
            if node.up {
                node.timers.iter().for_each(|(timer, delay)| run.set(me, timer, Some(*delay)));
            } else if scenario.faults.restarts > 0 {
                run.put(DETECTION, me, Due::Restart);
            }
        }
        run.put_reports();
        run
    }

    /// Goes on until all is well, or no further.
    fn settles(&mut self, within: Span, well: &OfNodes<P, Held>) -> Held {
        for _ in 0..MOST {
            let Err(why) = well(&self.scenario.protocol, &self.nodes) else { return Ok(()) };
            match self.next(within.as_micros()) {
                Some(Ok(())) => {}
                Some(Err(panicked)) => return broken(panicked),
                None => {
                    return broken(format!("without further faults, not within {within}: {why}"));
                }
            }
        }
        broken(format!("without further faults, not though {MOST} things happened within {within}"))
    }

    /// Puts on the agenda what a perfect detector owes: its reports on nodes that are down.
    fn put_reports(&mut self) {
        let Some(Offered::About(whom, offered)) = self.scenario.offered else { return };
        for (to, input) in self.scenario.lanes.iter().flat_map(|lane| &lane.inputs) {
            let about = self.nodes.get(whom(input).index());
            if !about.is_some_and(|node| !node.up && offered(input, node)) {
                continue;
            }
            for me in (0..self.nodes.len()).map(NodeId::at).filter(|me| to.admits(*me)) {
                self.put(DETECTION, me, Due::Report(input.clone()));
            }
        }
    }

    fn put(&mut self, after: Span, me: NodeId, due: Due<P>) {
        self.numbers += 1;
        self.agenda.push(Reverse((self.now + after.as_micros(), self.numbers, me, due)));
    }

    fn set(&mut self, me: NodeId, timer: &P::Timer, delay: Option<crate::time::Delay>) {
        let settings = &mut self.settings[me.index()];
        settings.retain(|(name, _)| name != timer);
        if let Some(delay) = delay {
            let (least, most) = (delay.least.as_micros(), delay.most.as_micros());
            let runs = between(&mut self.streams[me.index()], least, most);
            settings.push((timer.clone(), self.numbers + 1));
            let set = self.numbers + 1;
            self.put(Span::micros(runs), me, Due::Fire { timer: timer.clone(), set });
        }
    }

    /// Lets the next thing happen, unless it is due later than `end`. A handler that panics ends it.
    fn next(&mut self, end: u64) -> Option<Result<(), String>> {
        let Reverse((at, _, me, due)) = self.agenda.pop()?;
        if at > end {
            return None;
        }
        self.now = at;
        let node = &self.nodes[me.index()];
        let what = match due {
            Due::Restart => Occurrence::Restart,
            _ if !node.up => return Some(Ok(())),
            Due::Arrive { from, message } => Occurrence::Message { from, message },
            Due::Fire { timer, set } => {
                let current = self.settings[me.index()].contains(&(timer.clone(), set));
                if !current || !node.has_set(&timer) {
                    return Some(Ok(()));
                }
                Occurrence::Timeout(timer)
            }
            Due::Report(input) if node.accepts(&self.scenario.protocol, me, &input) => {
                Occurrence::Input(input)
            }
            Due::Report(_) => return Some(Ok(())),
        };
        Some(self.happen(me, what))
    }

    fn happen(&mut self, me: NodeId, what: Occurrence<P>) -> Result<(), String> {
        let ticks = self.now / self.scenario.clocks.tick.as_micros().max(1);
        let node = self.nodes[me.index()].make_mut();
        node.clock = self.clocks[me.index()].map(|first| first + ticks);
        // The node's own stream answers its choices.
        let draws = self.streams[me.index()].clone();
        self.out.chooser = Chooser::Draw(Box::new(draws));
        node.happen(&self.scenario.protocol, me, what, &mut self.out)
            .map_err(|panicked| format!("{me}'s handler panicked: {}", panicked.0))?;
        if let Chooser::Draw(drawn) = &self.out.chooser {
            self.streams[me.index()] = (**drawn).clone();
        }
        self.marks.extend_from_slice(&self.out.marks);
        for (timer, delay) in std::mem::take(&mut self.out.timers) {
            self.set(me, &timer, delay);
        }
        for (to, message) in std::mem::take(&mut self.out.sends) {
            self.put(LATENCY, to, Due::Arrive { from: me, message });
        }
        Ok(())
    }
}
