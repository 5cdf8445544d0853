//! One run: a discrete-event simulation in virtual time.
//!
//! The event queue is the mail. Everything that happens goes through the same `Node::happen` as in
//! `World`, so a recorded run is a list of steps that `World` follows one by one.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::clock::Clock;
use super::plan::{Fault, Plan};
use crate::audience::{Audience, Shown};
use crate::invariant::{Goal, Sign, Watch};
use crate::mail::Links;
use crate::node::{Occurrence, Panicked};
use crate::protocol::{Chooser, ClientId, NodeId, Outbox, Protocol};
use crate::random::{Purpose, below, between, chance, exponential, stream};
use crate::scenario::Scenario;
use crate::situation::{NO_PANIC, Violation, first_watches, violations_of};
use crate::step::{Act, Step};
use crate::time::Span;
use crate::world::World;

/// What happened in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The first violation, and in how much virtual time.
    pub violation: Option<Violation>,
    /// How often each kind of thing happened.
    pub tally: Tally,
    /// Which of the scenario's goals were reached, in its order.
    pub goals: Vec<bool>,
    /// How often each marked line ran.
    pub marks: BTreeMap<&'static str, u64>,
    /// How much virtual time passed.
    pub lasted: Span,
    /// Whether it took so many steps that it was ended before its time.
    pub cut_short: bool,
    /// A fingerprint of everything that happened, and when.
    pub digest: u64,
}

/// How often each kind of thing happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Steps of all kinds.
    pub steps: u64,
    /// Messages that arrived.
    pub delivered: u64,
    /// Messages lost by chance.
    pub lost: u64,
    /// Messages lost because a link was cut or the receiver down.
    pub cut: u64,
    /// Messages that were doubled.
    pub duplicated: u64,
    /// Requests taken.
    pub requests: u64,
    /// Partitions begun, of all kinds.
    pub partitions: u64,
    /// Pauses begun.
    pub pauses: u64,
    /// Nodes that stopped.
    pub crashes: u64,
    /// Nodes that came back with what they keep.
    pub restarts: u64,
    /// Nodes that came back with an empty disk.
    pub wipes: u64,
    /// Clocks that jumped.
    pub jumps: u64,
}

impl Tally {
    /// Adds another run's.
    pub(crate) fn add(&mut self, other: &Tally) {
        self.steps += other.steps;
        self.delivered += other.delivered;
        self.lost += other.lost;
        self.cut += other.cut;
        self.duplicated += other.duplicated;
        self.requests += other.requests;
        self.partitions += other.partitions;
        self.pauses += other.pauses;
        self.crashes += other.crashes;
        self.restarts += other.restarts;
        self.wipes += other.wipes;
        self.jumps += other.jumps;
    }
}

/// Whether a run writes down its steps. A type, so that a run that records nothing pays nothing.
pub(crate) trait Record<P: Protocol> {
    /// Whether it does.
    const ON: bool;
    /// Writes one down.
    fn write(&mut self, step: Step<P>);
}

/// Writes nothing down.
pub(crate) struct Off;

impl<P: Protocol> Record<P> for Off {
    const ON: bool = false;
    fn write(&mut self, _: Step<P>) {}
}

impl<P: Protocol> Record<P> for Vec<Step<P>> {
    const ON: bool = true;
    fn write(&mut self, step: Step<P>) {
        self.push(step);
    }
}

/// Something due at some moment. Ties go in the order in which they were put on the agenda.
struct Due<P: Protocol> {
    at: u64,
    order: u64,
    what: Happening<P>,
}

/// What is on a run's agenda.
enum Happening<P: Protocol> {
    /// A message arrives, or turns out lost.
    Arrive { to: NodeId, from: NodeId, message: P::Message, fate: Fate },
    /// A timer fires, if it is still set as it was then.
    Fire { node: NodeId, timer: P::Timer, set: u64 },
    /// A client asks its next request, if it has not thought of asking at another time since.
    Ask { client: ClientId, thought: u64 },
    /// The plan's fault with this index begins.
    Begin(usize),
    /// The plan's fault with this index ends.
    End(usize),
    /// The stormy phase is over.
    Heal,
}

/// What becomes of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Arrives,
    Lost,
    Cut,
}

impl<P: Protocol> PartialEq for Due<P> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<P: Protocol> Eq for Due<P> {}

impl<P: Protocol> PartialOrd for Due<P> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By moment; nothing else about it matters, since the order is unique.
impl<P: Protocol> Ord for Due<P> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// How far a client has come.
#[derive(Clone, Copy, Default)]
struct Asking {
    /// Which request it asks, from 0.
    request: u32,
    /// Whether some node has taken it already.
    taken: bool,
    /// How many it has given up.
    given_up: u8,
    /// Which of its thoughts of asking is in force.
    thought: u64,
}

/// A run under way.
pub(crate) struct Run<'a, P: Protocol, R: Record<P>> {
    scenario: &'a Scenario<P>,
    plan: &'a Plan,
    /// The only invariant that is looked at, if one is named.
    only: Option<&'a str>,
    /// The scenario's goals, and behind them its progress goal.
    goals: Vec<Goal<P>>,
    record: R,
    /// The nodes; its mailboxes are filled only where something looks into them.
    world: World<P>,
    keeps_mail: bool,
    /// How many messages are on their way to each node.
    waiting: Vec<u32>,
    watches: Vec<Watch<P>>,
    shown: Shown,
    reached: Vec<bool>,
    out: Outbox<P>,
    stream: ChaCha8Rng,
    now: u64,
    stormy: bool,
    agenda: BinaryHeap<Reverse<Due<P>>>,
    order: u64,
    /// When the last message of each FIFO link arrives.
    last_arrival: BTreeMap<(NodeId, NodeId), u64>,
    /// The timers of each node and which setting of it is in force.
    settings: Vec<Vec<(P::Timer, u64)>>,
    clocks: Vec<Option<Clock>>,
    active: Vec<bool>,
    down: Vec<u16>,
    wiped: Vec<bool>,
    paused: Vec<u16>,
    late: Vec<Vec<Happening<P>>>,
    asked: Vec<Asking>,
    outcome: Outcome,
}

/// How long a client waits on average, at most, before it asks in the healed phase.
const HEALED_THINK: Span = Span::millis(200);

/// The most steps of one run; a run that takes more is cut short.
pub(crate) const MOST_STEPS: u64 = 20_000_000;

impl<'a, P: Protocol, R: Record<P>> Run<'a, P, R> {
    /// The run with this plan, before anything has happened; `seed` and `run` name its random
    /// streams. It ends at the first violation; of `only` that invariant, if one is named.
    pub(crate) fn new(
        scenario: &'a Scenario<P>,
        plan: &'a Plan,
        (seed, run): (u64, u64),
        only: Option<&'a str>,
        record: R,
    ) -> Self {
        let nodes = scenario.nodes;
        let goals: Vec<Goal<P>> =
            scenario.goals.iter().chain(&scenario.storm.progress).cloned().collect();
        let mut out = Outbox::new(nodes);
        out.chooser = Chooser::Draw(Box::new(stream(seed, run, Purpose::Choices)));
        let looks = |what: &str| scenario.invariants.iter().any(|held| held.looks_at() == what);
        let clients = match scenario.storm.request {
            Some(_) => usize::from(plan.workload.clients),
            None => scenario.lanes.len(),
        };
        Run {
            scenario,
            plan,
            only,
            reached: vec![false; goals.len()],
            goals,
            record,
            world: World { nodes: Vec::with_capacity(nodes), mail: Vec::new() },
            keeps_mail: looks("world") || !scenario.patience.is_empty(),
            waiting: vec![0; nodes],
            watches: first_watches(scenario),
            shown: Shown::default(),
            out,
            stream: stream(seed, run, Purpose::Run),
            now: 0,
            stormy: true,
            agenda: BinaryHeap::new(),
            order: 0,
            last_arrival: BTreeMap::new(),
            settings: vec![Vec::new(); nodes],
            clocks: scenario
                .node_ids()
                .map(|node| scenario.first_clock(node).map(|_| Clock::new(scenario, plan, node)))
                .collect(),
            active: vec![false; plan.faults.len()],
            down: vec![0; nodes],
            wiped: vec![false; nodes],
            paused: vec![0; nodes],
            late: (0..nodes).map(|_| Vec::new()).collect(),
            asked: vec![Asking::default(); clients],
            outcome: Outcome {
                violation: None,
                tally: Tally::default(),
                goals: Vec::new(),
                marks: BTreeMap::new(),
                lasted: Span::ZERO,
                cut_short: false,
                digest: 0xcbf2_9ce4_8422_2325,
            },
        }
    }

    /// Runs it to its end: to the first violation, or to progress after the storm, or until time
    /// is up.
    pub(crate) fn go(mut self) -> (Outcome, R) {
        self.begin();
        let storm = &self.scenario.storm;
        let healed = if storm.progress.is_some() { storm.healed } else { Span::ZERO };
        let end = (self.plan.stormy + healed).as_micros();
        while self.outcome.violation.is_none() && !self.progressed() {
            match self.agenda.pop() {
                Some(Reverse(due)) if due.at <= end => {
                    self.now = due.at;
                    self.happen(due.what);
                }
                Some(_) | None => {
                    self.now = end;
                    self.judge_progress(healed);
                    break;
                }
            }
            if self.outcome.tally.steps >= MOST_STEPS {
                self.outcome.cut_short = true;
                break;
            }
        }
        self.outcome.lasted = Span::micros(self.now);
        self.outcome.goals = self.reached[..self.scenario.goals.len()].to_vec();
        (self.outcome, self.record)
    }

    /// Starts every node, and puts the faults and the clients on the agenda.
    fn begin(&mut self) {
        let scenario = self.scenario;
        let (mut sent, mut set) = (Vec::new(), Vec::new());
        let (goals, watches, shown) = (&self.goals, &mut self.watches, &mut self.shown);
        let mut audience = Audience::new(&scenario.protocol, goals, watches, shown);
        let started = World::first(scenario, &mut self.out, |me, node, out| {
            audience.hear(me, node, out);
            sent.extend(out.sends.iter().map(|(to, message)| (me, *to, message.clone())));
            set.push((me, out.timers.clone()));
        });
        match started {
            Err((node, panicked)) => return self.panicked(node, &panicked),
            Ok(world) => self.world.nodes = world.nodes,
        }
        self.world.mail = scenario.node_ids().map(|_| Arc::default()).collect();
        for (me, timers) in set {
            self.out.timers = timers;
            self.set_timers(me);
        }
        for (from, to, message) in sent {
            self.send(from, to, message);
        }
        for (index, timed) in self.plan.faults.iter().enumerate() {
            let stormy = self.plan.stormy;
            if timed.at < stormy {
                self.put(timed.at.as_micros(), Happening::Begin(index));
                let end = (timed.at + timed.lasts).min(stormy);
                self.put(end.as_micros(), Happening::End(index));
            }
        }
        self.put(self.plan.stormy.as_micros(), Happening::Heal);
        for client in 0..self.asked.len() {
            self.think(ClientId(client as u8));
        }
        self.judge(None);
    }

    fn put(&mut self, at: u64, what: Happening<P>) {
        self.order += 1;
        self.agenda.push(Reverse(Due { at, order: self.order, what }));
    }

    /// Whether the progress goal was reached in the healed phase.
    fn progressed(&self) -> bool {
        !self.stormy && self.reached.get(self.scenario.goals.len()) == Some(&true)
    }

    fn judge_progress(&mut self, healed: Span) {
        if let Some(progress) = &self.scenario.storm.progress {
            let reason = format!("not within {healed} after the last fault: {}", progress.sentence);
            let invariant = progress.name.to_string();
            self.outcome.violation = Some(Violation { invariant, reason });
        }
    }

    fn happen(&mut self, what: Happening<P>) {
        match what {
            Happening::Arrive { to, .. } | Happening::Fire { node: to, .. }
                if self.paused[to.index()] > 0 =>
            {
                self.late[to.index()].push(what);
            }
            Happening::Arrive { to, from, message, fate } => self.arrive(to, from, message, fate),
            Happening::Fire { node, timer, set } => self.fire(node, timer, set),
            Happening::Ask { client, thought } => {
                if self.asked[usize::from(client.0)].thought == thought {
                    self.ask(client);
                }
            }
            Happening::Begin(index) => self.begin_fault(index),
            Happening::End(index) => self.end_fault(index),
            Happening::Heal => self.heal(),
        }
    }

    fn arrive(&mut self, to: NodeId, from: NodeId, message: P::Message, fate: Fate) {
        let at = to.index();
        self.waiting[at] -= 1;
        if self.keeps_mail {
            let links = self.scenario.links;
            Arc::make_mut(&mut self.world.mail[at]).take(links, from, &message);
        }
        match fate {
            Fate::Arrives if self.world.nodes[at].up => {
                self.outcome.tally.delivered += 1;
                let act = R::ON.then(|| Act::Deliver { from, message: message.clone() });
                self.step(to, act, Occurrence::Message { from, message });
            }
            Fate::Arrives | Fate::Lost | Fate::Cut => {
                let tally = &mut self.outcome.tally;
                let count = if fate == Fate::Lost { &mut tally.lost } else { &mut tally.cut };
                *count += 1;
                if R::ON && self.scenario.links != Links::Set {
                    self.record.write(Step::new(to, Act::Drop { from, message }));
                }
                self.outcome.tally.steps += 1;
                self.judge(Some(to));
            }
        }
    }

    fn fire(&mut self, node: NodeId, timer: P::Timer, set: u64) {
        let at = node.index();
        let current = self.settings[at].iter().any(|(name, last)| *name == timer && *last == set);
        if !current || !self.world.nodes[at].has_set(&timer) {
            return;
        }
        if self.keeps_mail && self.world.holds_back(self.scenario, node, &timer).is_some() {
            // What it waits for is still on its way: it looks again a little later.
            let later = self.now + 1_000;
            return self.put(later, Happening::Fire { node, timer, set });
        }
        self.settings[at].retain(|(name, _)| *name != timer);
        let act = R::ON.then(|| Act::Timeout(timer.clone()));
        self.step(node, act, Occurrence::Timeout(timer));
    }

    /// A client thinks of when to ask next; not for long once the storm is over.
    fn think(&mut self, client: ClientId) {
        let mean = match self.stormy {
            true => self.plan.workload.think,
            false => self.plan.workload.think.min(HEALED_THINK),
        };
        let pause = exponential(&mut self.stream, mean.as_micros()).max(1);
        let thought = self.order + 1;
        self.asked[usize::from(client.0)].thought = thought;
        self.put(self.now + pause, Happening::Ask { client, thought });
    }

    /// A client asks its next request, if the node it would go to takes it; else it asks again
    /// later.
    fn ask(&mut self, client: ClientId) {
        let scenario = self.scenario;
        let asking = self.asking(client);
        let next = match scenario.storm.request {
            Some(request) => request(&scenario.protocol, client, asking),
            None => scenario.next_input(client, asking as u16).cloned(),
        };
        let Some((to, input)) = next else { return };
        self.think(client);
        let takes = |node: &NodeId| {
            self.paused[node.index()] == 0
                && (scenario.offered)(&self.world.nodes, *node, &input)
                && self.world.nodes[node.index()].accepts(&scenario.protocol, *node, &input)
        };
        // A client that may go anywhere finds out who takes its request.
        let takers: Vec<NodeId> =
            scenario.node_ids().filter(|node| to.admits(*node)).filter(takes).collect();
        if !takers.is_empty() {
            let node = takers[below(&mut self.stream, takers.len() as u64) as usize];
            let asking = &mut self.asked[usize::from(client.0)];
            asking.taken = true;
            asking.request += u32::from(scenario.storm.answered.is_none());
            self.outcome.tally.requests += 1;
            let act = Act::Input { client, input: input.clone() };
            self.step(node, Some(act), Occurrence::Input(input));
        }
    }

    /// Which request a client asks now. One that was taken and not answered it may give up first.
    fn asking(&mut self, client: ClientId) -> u32 {
        let asking = &mut self.asked[usize::from(client.0)];
        let waits = asking.taken && self.scenario.storm.answered.is_some();
        if waits
            && asking.given_up < self.plan.workload.gives_up
            && chance(&mut self.stream, 100_000)
        {
            asking.given_up += 1;
            asking.taken = false;
            asking.request += 1;
        }
        asking.request
    }

    /// Lets clients whose request was just answered go on to their next.
    fn note_answers(&mut self) {
        let Some(answered) = self.scenario.storm.answered else { return };
        for (client, request) in self.out.events.iter().filter_map(answered) {
            if let Some(asking) = self.asked.get_mut(usize::from(client.0))
                && asking.request == request
            {
                asking.taken = false;
                asking.request += 1;
            }
        }
    }

    /// Lets something happen at a node. `act` is its step: always there when steps are recorded,
    /// and where monitors see the step itself and not only what its handler told.
    fn step(&mut self, me: NodeId, act: Option<Act<P>>, what: Occurrence<P>) {
        let at = me.index();
        self.outcome.tally.steps += 1;
        self.digest(me, &what);
        let before = self.world.nodes[at].clock;
        let node = Arc::make_mut(&mut self.world.nodes[at]);
        if let Some(clock) = &mut self.clocks[at] {
            node.clock = Some(clock.read(self.now, before.unwrap_or(0)));
        }
        let happened = node.happen(&self.scenario.protocol, me, what, &mut self.out);
        if !self.out.read_clock {
            node.clock = before;
        } else if let (Some(before), Some(now)) = (before, node.clock) {
            self.tick(me, before, now);
        }
        let (goals, watches, shown) = (&self.goals, &mut self.watches, &mut self.shown);
        let mut audience = Audience::new(&self.scenario.protocol, goals, watches, shown);
        let node = &self.world.nodes[at];
        if let Some(act) = act {
            let choices = self.out.choices.iter().map(|choice| choice.taken).collect();
            let step = Step { node: me, act, choices };
            audience.attend(&step, node, &self.out);
            if R::ON {
                self.record.write(step);
            }
        } else {
            audience.hear(me, node, &self.out);
        }
        if let Err(panicked) = happened {
            return self.panicked(me, &panicked);
        }
        self.note_answers();
        self.set_timers(me);
        let mut sends = std::mem::take(&mut self.out.sends);
        for (to, message) in sends.drain(..) {
            self.send(me, to, message);
        }
        self.out.sends = sends;
        for &mark in &self.out.marks {
            *self.outcome.marks.entry(mark).or_default() += 1;
        }
        self.judge(Some(me));
    }

    /// Records how far a node's clock went since it was last read, and moves clocks that were not
    /// read as far as they must have gone for the clocks to be no further apart than assumed.
    fn tick(&mut self, me: NodeId, before: u64, now: u64) {
        let least = now.saturating_sub(self.scenario.clocks.apart);
        let others = |node: &NodeId| *node != me && self.clocks[node.index()].is_some();
        let others: Vec<NodeId> = self.scenario.node_ids().filter(others).collect();
        let clock = |world: &World<P>, node: NodeId| world.nodes[node.index()].clock.unwrap_or(0);
        let mut own = before;
        // The slowest first: then no two are ever further apart than they are before or after.
        loop {
            let slowest = others.iter().copied().min_by_key(|node| clock(&self.world, *node));
            let behind = slowest.filter(|node| clock(&self.world, *node) < least);
            let next = match behind {
                Some(other) if clock(&self.world, other) < own || own == now => other,
                Some(_) | None if own < now => me,
                Some(other) => other,
                None => return,
            };
            if next == me {
                own += 1;
            } else {
                let node = Arc::make_mut(&mut self.world.nodes[next.index()]);
                node.clock = node.clock.map(|clock| clock + 1);
            }
            if R::ON {
                self.record.write(Step::new(next, Act::Tick));
            }
        }
    }

    /// Puts the timers a handler set on the agenda.
    fn set_timers(&mut self, me: NodeId) {
        let at = me.index();
        let timers = std::mem::take(&mut self.out.timers);
        for (timer, delay) in &timers {
            self.settings[at].retain(|(name, _)| name != timer);
            if let Some(delay) = delay {
                let (least, most) = (delay.least.as_micros(), delay.most.as_micros());
                let runs = between(&mut self.stream, least, most);
                let runs = self.clocks[at].as_ref().map_or(runs, |clock| clock.virtual_span(runs));
                let set = self.order + 1;
                self.settings[at].push((timer.clone(), set));
                self.put(self.now + runs, Happening::Fire { node: me, timer: timer.clone(), set });
            }
        }
        self.out.timers = timers;
    }

    /// Sends a message on its way: it arrives after its latency, or is lost, or arrives twice.
    fn send(&mut self, from: NodeId, to: NodeId, message: P::Message) {
        let plan = self.plan;
        let cut = plan
            .faults
            .iter()
            .zip(&self.active)
            .any(|(timed, active)| *active && timed.fault.cuts(from, to));
        let fate = match cut {
            true => Fate::Cut,
            false if self.stormy && chance(&mut self.stream, plan.loss) => Fate::Lost,
            false => Fate::Arrives,
        };
        let twice = self.stormy && chance(&mut self.stream, plan.duplication);
        if twice && fate == Fate::Arrives && self.scenario.links != Links::Fifo {
            self.outcome.tally.duplicated += 1;
            self.travel(from, to, message.clone(), fate);
            self.travel(from, to, message.clone(), fate);
            if R::ON && self.scenario.links == Links::Unordered {
                self.record.write(Step::new(to, Act::Duplicate { from, message }));
            }
        } else {
            self.travel(from, to, message, fate);
        }
    }

    fn travel(&mut self, from: NodeId, to: NodeId, message: P::Message, fate: Fate) {
        self.waiting[to.index()] += 1;
        let links = self.scenario.links;
        if self.keeps_mail {
            Arc::make_mut(&mut self.world.mail[to.index()]).put(links, from, message.clone());
        }
        let mut at = self.now + self.plan.latency.draw(&mut self.stream);
        if links == Links::Fifo {
            let last = self.last_arrival.entry((from, to)).or_default();
            at = at.max(*last);
            *last = at;
        }
        self.put(at, Happening::Arrive { to, from, message, fate });
    }

    fn begin_fault(&mut self, index: usize) {
        self.active[index] = true;
        let fault = &self.plan.faults[index].fault;
        let tally = &mut self.outcome.tally;
        match fault {
            Fault::Isolate(_) | Fault::Split(_) | Fault::Bridge { .. } | Fault::OneWay { .. } => {
                tally.partitions += 1;
            }
            Fault::Pause(node) => {
                tally.pauses += 1;
                self.paused[node.index()] += 1;
            }
            Fault::Jump { node, by } => {
                tally.jumps += 1;
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.jump(*by);
                }
            }
            Fault::Crash(node) | Fault::Wipe(node) => {
                let (node, wipe) = (*node, matches!(fault, Fault::Wipe(_)));
                self.down[node.index()] += 1;
                self.wiped[node.index()] |= wipe;
                if self.world.nodes[node.index()].up {
                    self.outcome.tally.crashes += 1;
                    self.step(node, Some(Act::Crash), Occurrence::Crash);
                    self.settings[node.index()].clear();
                }
            }
        }
    }

    fn end_fault(&mut self, index: usize) {
        if !std::mem::replace(&mut self.active[index], false) {
            return;
        }
        match &self.plan.faults[index].fault {
            Fault::Isolate(_) | Fault::Split(_) | Fault::Bridge { .. } | Fault::OneWay { .. } => {}
            Fault::Pause(node) => {
                self.paused[node.index()] -= 1;
                if self.paused[node.index()] == 0 {
                    for late in std::mem::take(&mut self.late[node.index()]) {
                        if self.outcome.violation.is_none() {
                            self.happen(late);
                        }
                    }
                }
            }
            Fault::Jump { node, by } => {
                if let Some(clock) = &mut self.clocks[node.index()] {
                    clock.jump(-by);
                }
            }
            Fault::Crash(node) | Fault::Wipe(node) => {
                let node = *node;
                self.down[node.index()] -= 1;
                if self.down[node.index()] == 0 {
                    self.restart(node);
                }
            }
        }
    }

    fn restart(&mut self, node: NodeId) {
        if std::mem::replace(&mut self.wiped[node.index()], false) {
            self.outcome.tally.wipes += 1;
            self.step(node, Some(Act::Wiped), Occurrence::Wiped);
        } else {
            self.outcome.tally.restarts += 1;
            self.step(node, Some(Act::Restart), Occurrence::Restart);
        }
    }

    /// The storm is over: faults have ended, nothing is lost any more, and progress counts afresh.
    fn heal(&mut self) {
        for index in 0..self.active.len() {
            if self.active[index] {
                self.end_fault(index);
            }
        }
        self.stormy = false;
        for client in 0..self.asked.len() {
            self.think(ClientId(client as u8));
        }
        if let Some(progress) = self.reached.get_mut(self.scenario.goals.len()) {
            *progress = false;
        }
    }

    /// Checks every invariant and notes the goals reached, after something has changed.
    fn judge(&mut self, changed: Option<NodeId>) {
        for goal in self.shown.goals.drain(..) {
            self.reached[goal] = true;
        }
        for (index, goal) in self.goals.iter().enumerate() {
            if !self.reached[index]
                && let Sign::Nodes(reached) = goal.sign
            {
                self.reached[index] = reached(&self.scenario.protocol, &self.world.nodes);
            }
        }
        if self.outcome.violation.is_none() {
            let quiet = self
                .world
                .nodes
                .iter()
                .zip(&self.waiting)
                .all(|(node, waiting)| !node.up || *waiting == 0);
            let found = violations_of(self.scenario, &self.world, quiet, &self.watches, changed);
            let sought = |found: &Violation| self.only.is_none_or(|only| only == found.invariant);
            self.outcome.violation = found.into_iter().find(sought);
        }
    }

    fn panicked(&mut self, node: NodeId, panicked: &Panicked) {
        let reason = format!("{node}'s handler panicked: {}", panicked.0);
        self.outcome.violation = Some(Violation { invariant: NO_PANIC.to_string(), reason });
    }

    /// Mixes what happens into the run's fingerprint (FNV-1a over moment, place and kind).
    fn digest(&mut self, me: NodeId, what: &Occurrence<P>) {
        let kind: u64 = match what {
            Occurrence::Message { from, .. } => 8 + u64::from(from.0),
            Occurrence::Timeout(_) => 1,
            Occurrence::Input(_) => 2,
            Occurrence::Tick => 3,
            Occurrence::Crash => 4,
            Occurrence::Restart => 5,
            Occurrence::Wiped => 6,
        };
        for part in [self.now, u64::from(me.0), kind] {
            self.outcome.digest = (self.outcome.digest ^ part).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
