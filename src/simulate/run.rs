//! One run: a discrete-event simulation in virtual time.
//!
//! The event queue is the mail. Everything that happens goes through the same `Node::happen` as in
//! `World`, so a recorded run is a list of steps that `World` follows one by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::agenda::{Agenda, Happening};
use super::alarms::{Alarms, Ring};
use super::clients::Asking;
use super::clock::Clock;
use super::measures::{Gauge, Measures};
use super::outcome::{Outcome, Record, Tally};
use super::plan::Plan;
use super::sessions::Sessions;
use super::wires::Roads;
use crate::audience::{Audience, Shown};
use crate::checks::Checks;
use crate::invariant::{Goal, Sign, Watch};
use crate::node::{Occurrence, Panicked};
use crate::protocol::{Chooser, ClientId, NodeId, Outbox, Protocol};
use crate::random::{Draws, Purpose, stream};
use crate::scenario::Scenario;
use crate::settle::loses_freely;
use crate::shared::Shared;
use crate::situation::{Look, NO_PANIC, Violation, first_watches, violations_of};
use crate::step::{Act, Step};
use crate::time::Span;
use crate::world::World;

/// A run under way.
pub(crate) struct Run<'a, P: Protocol, R: Record<P>> {
    pub(super) scenario: &'a Scenario<P>,
    pub(super) plan: &'a Plan,
    /// The only invariant that is looked at, if one is named.
    pub(super) only: Option<&'a str>,
    /// The scenario's goals, and behind them its progress goal.
    pub(super) goals: Vec<Goal<P>>,
    pub(super) record: R,
    /// The nodes; its mailboxes are filled only where something looks into them.
    pub(super) world: World<P>,
    pub(super) keeps_mail: bool,
    /// How many messages are on their way to each node, and how many nodes that run await some.
    pub(super) waiting: Vec<u32>,
    pub(super) awaiting: usize,
    pub(super) watches: Vec<Watch<P>>,
    pub(super) checks: Checks<'a, P>,
    pub(super) shown: Shown,
    /// Whether they may have seen something since they were last asked.
    pub(super) heard: bool,
    /// Whether every invariant has held so far, those that nobody asks for included.
    pub(super) held: bool,
    pub(super) reached: Vec<bool>,
    pub(super) out: Outbox<P>,
    pub(super) stream: Draws,
    pub(super) now: u64,
    pub(super) stormy: bool,
    /// Whether the storm is over, and it was not asked yet whether the protocol settles.
    pub(super) settling: bool,
    pub(super) agenda: Agenda<P>,
    /// When the last message of each FIFO link arrives.
    pub(super) last_arrival: BTreeMap<(NodeId, NodeId), u64>,
    /// The timers of each node.
    pub(super) alarms: Vec<Alarms<P::Timer>>,
    pub(super) clocks: Vec<Option<Clock>>,
    pub(super) active: Vec<bool>,
    /// How many of the plan's faults cut each link just now; `from` by `to`.
    pub(super) cuts: Vec<u16>,
    pub(super) down: Vec<u16>,
    pub(super) wiped: Vec<bool>,
    /// Which nodes that are down lost their power.
    pub(super) powerless: Vec<bool>,
    pub(super) paused: Vec<u16>,
    pub(super) late: Vec<Vec<Happening<P>>>,
    pub(super) roads: Roads<'a>,
    pub(super) asked: Vec<Asking>,
    pub(super) gauge: Gauge,
    /// The clients' sessions, where the workload says more than how often they ask.
    pub(super) sessions: Option<Sessions>,
    pub(super) outcome: Outcome,
}

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
        let sessions = Sessions::of(&scenario.storm, plan, (seed, run));
        let clients = match (&sessions, scenario.storm.request) {
            (Some(sessions), _) => sessions.many(),
            (None, Some(_)) => usize::from(plan.workload.clients),
            (None, None) => scenario.lanes.len(),
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
            awaiting: 0,
            watches: first_watches(scenario),
            checks: Checks::begin(scenario),
            shown: Shown::default(),
            heard: true,
            held: true,
            out,
            stream: Draws::of(stream(seed, run, Purpose::Run)),
            now: 0,
            stormy: true,
            settling: false,
            agenda: Agenda::new(),
            last_arrival: BTreeMap::new(),
            alarms: (0..nodes).map(|_| Alarms::none()).collect(),
            clocks: scenario
                .node_ids()
                .map(|node| scenario.first_clock(node).map(|_| Clock::new(scenario, plan, node)))
                .collect(),
            active: vec![false; plan.faults.len()],
            cuts: vec![0; nodes * nodes],
            down: vec![0; nodes],
            wiped: vec![false; nodes],
            powerless: vec![false; nodes],
            paused: vec![0; nodes],
            late: (0..nodes).map(|_| Vec::new()).collect(),
            roads: Roads::new(plan, nodes),
            asked: vec![Asking::default(); clients],
            gauge: Gauge::new(&scenario.storm, clients),
            sessions,
            outcome: Outcome {
                violation: None,
                tally: Tally::default(),
                goals: Vec::new(),
                marks: BTreeMap::new(),
                lasted: Span::ZERO,
                quiet: 0,
                asked_to_settle: 0,
                cut_short: false,
                measures: Measures::default(),
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
            let Some(at) = self.agenda.next_at().filter(|at| *at <= end) else {
                self.now = end;
                self.judge_progress(healed);
                break;
            };
            self.now = at;
            if let Some(due) = self.agenda.pop() {
                self.come(due);
            }
            if self.outcome.tally.steps >= self.scenario.storm.steps {
                self.outcome.cut_short = true;
                break;
            }
        }
        self.outcome.lasted = Span::micros(self.now);
        self.outcome.measures = self.gauge.ends(self.now);
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
            Ok(world) => self.world.nodes = world.nodes.into_iter().map(Shared::alone).collect(),
        }
        self.world.mail = scenario.node_ids().map(|_| Arc::default()).collect();
        for (me, timers) in set {
            self.out.timers = timers;
            self.set_timers(me);
        }
        self.gauge.seen.sent += sent.len() as u64;
        for (from, to, message) in sent {
            self.send(from, to, message);
        }
        for (index, timed) in self.plan.faults.iter().enumerate() {
            let stormy = self.plan.stormy;
            if timed.at < stormy {
                self.agenda.put(timed.at.as_micros(), Happening::Begin(index));
                let end = (timed.at + timed.lasts).min(stormy);
                self.agenda.put(end.as_micros(), Happening::End(index));
            }
        }
        self.agenda.put(self.plan.stormy.as_micros(), Happening::Heal);
        for client in 0..self.asked.len() {
            self.think(ClientId(client as u8));
        }
        self.judge(None);
    }

    /// Whether the progress goal was reached in the healed phase.
    fn progressed(&self) -> bool {
        !self.stormy && self.reached.get(self.scenario.goals.len()) == Some(&true)
    }

    fn judge_progress(&mut self, healed: Span) {
        let sought = |name: &str| self.only.is_none_or(|only| only == name);
        if let Some(progress) = &self.scenario.storm.progress
            && sought(progress.name)
            && !self.has_come_to(progress)
        {
            let reason = format!("not within {healed} after the storm: {}", progress.sentence);
            let invariant = progress.name.to_string();
            self.outcome.violation = Some(Violation { invariant, reason });
        }
    }

    /// Whether the nodes are in the end as that goal wants them. Goals are looked for where a node
    /// takes a step, and those of nodes may have been met before the last, in the storm.
    fn has_come_to(&self, goal: &Goal<P>) -> bool {
        match &goal.sign {
            Sign::Nodes(reached) => reached(&self.scenario.protocol, &self.world.nodes),
            Sign::Seen(_) => false,
        }
    }

    /// Something on the agenda comes up.
    fn come(&mut self, what: Happening<P>) {
        if let Happening::Fire { node, timer, set } = &what {
            match self.alarms[node.index()].ring(timer, *set) {
                Ring::Stale => return,
                Ring::PutOff(at, set) => {
                    let again = Happening::Fire { node: *node, timer: timer.clone(), set };
                    return self.agenda.put_as(at, set, again);
                }
                Ring::Due => {}
            }
        }
        self.happen(what);
    }

    pub(super) fn happen(&mut self, what: Happening<P>) {
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

    fn fire(&mut self, node: NodeId, timer: P::Timer, set: u64) {
        let at = node.index();
        if !self.alarms[at].is_set(&timer, set) || !self.world.nodes[at].has_set(&timer) {
            return;
        }
        if self.keeps_mail && self.world.holds_back(self.scenario, node, &timer).is_some() {
            // What it waits for is still on its way: it looks again a little later.
            return self.set_alarm(node, timer, self.now + 1_000);
        }
        self.alarms[at].cancel(&timer);
        let act = R::ON.then(|| Act::Timeout(timer.clone()));
        self.step(node, act, Occurrence::Timeout(timer));
    }

    /// Lets something happen at a node. `act` is its step: always there when steps are recorded,
    /// and where monitors see the step itself and not only what its handler told.
    pub(super) fn step(&mut self, me: NodeId, act: Option<Act<P>>, what: Occurrence<P>) {
        let at = me.index();
        self.outcome.tally.steps += 1;
        self.digest(me, &what);
        self.record.comes(me, &what);
        let before = self.world.nodes[at].clock;
        let node = self.world.nodes[at].make_mut();
        if let Some(clock) = &mut self.clocks[at] {
            node.clock = Some(clock.read(self.now, before.unwrap_or(0)));
        }
        let was_up = node.up;
        let happened = node.happen(&self.scenario.protocol, me, what, &mut self.out);
        if was_up != node.up && self.waiting[at] > 0 {
            self.awaiting = if node.up { self.awaiting + 1 } else { self.awaiting - 1 };
        }
        let mut changed = Some(me);
        if !self.out.read_clock {
            node.clock = before;
        } else if let (Some(before), Some(now)) = (before, node.clock) {
            // Other clocks may have been moved, too.
            changed = if self.tick(me, before, now) { None } else { changed };
        }
        let speaks = !self.out.events.is_empty();
        if speaks || act.is_some() {
            self.show(me, act);
        }
        if let Err(panicked) = happened {
            return self.panicked(me, &panicked);
        }
        self.record.came(me, &self.out);
        if speaks {
            self.note_answers();
            self.note_counts();
        }
        if !self.out.timers.is_empty() {
            self.set_timers(me);
        }
        if !self.out.sends.is_empty() {
            self.send_all(me);
        }
        for &mark in &self.out.marks {
            *self.outcome.marks.entry(mark).or_default() += 1;
        }
        self.judge(changed);
    }

    /// Shows a step, or what its handler told, to monitors and goals, and records it.
    fn show(&mut self, me: NodeId, act: Option<Act<P>>) {
        self.heard = true;
        let (goals, watches, shown) = (&self.goals, &mut self.watches, &mut self.shown);
        let audience = Audience::new(&self.scenario.protocol, goals, watches, shown);
        let mut audience = audience.having_reached(&self.reached);
        let node = &self.world.nodes[me.index()];
        let Some(act) = act else {
            return audience.hear(me, node, &self.out);
        };
        let choices = self.out.choices.iter().map(|choice| choice.taken).collect();
        let step = Step { node: me, act, choices };
        audience.attend(&step, node, &self.out);
        if R::ON {
            self.record.write(step);
        }
    }

    /// Sends what a handler sent.
    fn send_all(&mut self, me: NodeId) {
        let mut sends = std::mem::take(&mut self.out.sends);
        self.gauge.seen.sent += sends.len() as u64;
        for (to, message) in sends.drain(..) {
            self.send(me, to, message);
        }
        self.out.sends = sends;
    }

    /// Records how far a node's clock went since it was last read, and moves clocks that were not
    /// read as far as they must have gone for the clocks to be no further apart than assumed.
    /// Says whether it moved any.
    fn tick(&mut self, me: NodeId, before: u64, now: u64) -> bool {
        let least = now.saturating_sub(self.scenario.clocks.apart);
        let others = |node: &NodeId| *node != me && self.clocks[node.index()].is_some();
        let others: Vec<NodeId> = self.scenario.node_ids().filter(others).collect();
        let clock = |world: &World<P>, node: NodeId| world.nodes[node.index()].clock.unwrap_or(0);
        let (mut own, mut moved) = (before, false);
        // The slowest first: then no two are ever further apart than they are before or after.
        loop {
            let slowest = others.iter().copied().min_by_key(|node| clock(&self.world, *node));
            let behind = slowest.filter(|node| clock(&self.world, *node) < least);
            let next = match behind {
                Some(other) if clock(&self.world, other) < own || own == now => other,
                Some(_) | None if own < now => me,
                Some(other) => other,
                None => return moved,
            };
            if next == me {
                own += 1;
            } else {
                moved = true;
                let node = self.world.nodes[next.index()].make_mut();
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
            match delay {
                None => self.alarms[at].cancel(timer),
                Some(delay) => {
                    let (least, most) = (delay.least.as_micros(), delay.most.as_micros());
                    let runs = self.stream.between(least, most);
                    let clock = self.clocks[at].as_ref();
                    let runs = clock.map_or(runs, |clock| clock.virtual_span(runs, self.now));
                    self.set_alarm(me, timer.clone(), self.now + runs);
                }
            }
        }
        self.out.timers = timers;
    }

    fn set_alarm(&mut self, node: NodeId, timer: P::Timer, at: u64) {
        let number = self.agenda.take_number();
        if self.alarms[node.index()].set(&timer, at, number) {
            self.agenda.put_as(at, number, Happening::Fire { node, timer, set: number });
        }
    }

    /// Checks every invariant and notes the goals reached, after something has changed.
    pub(super) fn judge(&mut self, changed: Option<NodeId>) {
        for goal in self.shown.goals.drain(..) {
            self.reached[goal] = true;
        }
        for (index, goal) in self.goals.iter().enumerate() {
            if !self.reached[index]
                && let Sign::Nodes(reached) = &goal.sign
            {
                self.reached[index] = reached(&self.scenario.protocol, &self.world.nodes);
            }
        }
        if self.outcome.violation.is_none() {
            let quiet = self.awaiting == 0;
            let settling = self.settling && (quiet || loses_freely(self.scenario));
            self.settling &= !settling;
            self.outcome.asked_to_settle += u64::from(settling);
            let heard = std::mem::take(&mut self.heard);
            self.outcome.quiet += u64::from(quiet);
            let look = Look { quiet, settling, changed, heard };
            let (scenario, world, watches) = (self.scenario, &self.world, &self.watches);
            self.held = self.held && self.checks.still_hold(scenario, world, watches, look);
            if !self.held {
                let found = violations_of(scenario, world, watches, look);
                let sought =
                    |found: &Violation| self.only.is_none_or(|only| only == found.invariant);
                self.outcome.violation = found.into_iter().find(sought);
            }
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
