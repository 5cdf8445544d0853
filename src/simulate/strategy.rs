//! Drawing plans, and shrinking them: a proptest strategy.

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rand::rand_core::Rng;

use super::alive::Keeps;
use super::latency::Latency;
use super::operations::Demand;
use super::plan::{ClockError, Fault, Plan, TimedFault};
use super::preset::{Plans, Preset};
use super::storm::FaultKinds;
use super::workload::{Keys, Workload};
use crate::protocol::{NodeId, Protocol};
use crate::random::{below, between, chance, exponential};
use crate::scenario::Scenario;
use crate::time::{Span, Units};

/// The plans a scenario's runs draw from, as a proptest strategy:
///
/// ```
/// # use splitbrain::{Nothing, NodeId, Outbox, Protocol, Scenario};
/// # #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
/// # struct Idle;
/// # impl Protocol for Idle {
/// #     type State = (); type Message = Nothing; type Timer = Nothing;
/// #     type Input = Nothing; type Event = Nothing;
/// #     fn start(&self, _: &mut Outbox<Self>) {}
/// #     fn on_message(&self, _: &mut (), _: NodeId, m: Nothing, _: &mut Outbox<Self>) { match m {} }
/// # }
/// # let scenario = Scenario::new("idle", Idle, 3);
/// use proptest::prelude::*;
/// use splitbrain::simulate::{self, Storms};
///
/// proptest!(ProptestConfig::with_cases(8), |(plan in Storms::of(&scenario), seed: u64)| {
///     prop_assert_eq!(simulate::run(&scenario, &plan, seed).violation, None);
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Storms {
    pub(super) nodes: u8,
    pub(super) may_crash: Vec<NodeId>,
    pub(super) clocks: Vec<NodeId>,
    /// How far clocks may be off, in microseconds either way.
    pub(super) clock_error: u64,
    stormy: Span,
    kinds: FaultKinds,
    keeps: Keeps,
    clients: u8,
    /// What is drawn of a workload beside how many ask how often.
    demand: Option<Demand>,
    /// What plans are drawn from instead, or the one that there is.
    plans: Plans,
}

impl Storms {
    /// The plans of that scenario's runs.
    pub fn of<P: Protocol>(scenario: &Scenario<P>) -> Storms {
        let storm = &scenario.storm;
        let nodes = scenario.nodes as u8;
        Storms {
            nodes,
            may_crash: scenario.node_ids().filter(|node| scenario.can_crash(*node)).collect(),
            clocks: scenario.clocks.of.clone(),
            clock_error: scenario.clocks.tick.as_micros() * scenario.clocks.apart.div_ceil(2),
            stormy: storm.stormy,
            kinds: storm.kinds,
            keeps: storm.keeps,
            clients: match storm.says_requests() {
                true => storm.clients,
                false => scenario.lanes.len() as u8,
            },
            demand: storm.demand(),
            plans: Plans::Drawn,
        }
    }

    /// These plans instead of the scenario's own.
    ///
    /// # Errors
    /// A sentence when a plan that is given does not fit the scenario.
    pub fn under<P: Protocol>(
        mut self,
        plans: &Plans,
        scenario: &Scenario<P>,
    ) -> Result<Storms, String> {
        match plans {
            Plans::Drawn => {}
            Plans::Preset(preset) => self.kinds = preset.kinds(self.kinds),
            Plans::Given(plan) => plan.fits(scenario).map_err(|error| error.to_string())?,
        }
        self.plans = plans.clone();
        Ok(self)
    }

    /// Draws a plan. Swarm testing (Groce et al., ISSTA 2012): each run draws which kinds of fault
    /// it has at all, and how hard, and how dense its workload is.
    pub(crate) fn draw(&self, stream: &mut impl Rng) -> Plan {
        let swarm = match &self.plans {
            Plans::Given(plan) => return (**plan).clone(),
            Plans::Drawn | Plans::Preset(Preset::Storm) => true,
            // Who names a kind of trouble wants it in every run.
            Plans::Preset(_) => false,
        };
        let mut on = |allowed: bool| allowed && (!swarm || chance(stream, 500_000));
        let kinds = FaultKinds {
            loss: on(self.kinds.loss),
            duplication: on(self.kinds.duplication),
            partitions: on(self.kinds.partitions),
            pauses: on(self.kinds.pauses),
            crashes: on(self.kinds.crashes),
            wipes: on(self.kinds.wipes),
            clocks: on(self.kinds.clocks),
            patterns: on(self.kinds.patterns),
            slow: on(self.kinds.slow),
            waves: on(self.kinds.waves),
            corrections: on(self.kinds.corrections),
            networks: on(self.kinds.networks),
            // Drawn only where it is asked for, so that the others draw what they always drew.
            power: self.kinds.power && on(true),
        };
        let latency = draw_latency(stream);
        let loss = pick(stream, &[10_000, 50_000, 200_000, 400_000]);
        let duplication = pick(stream, &[10_000, 50_000, 200_000]);
        let think = pick(stream, &[2, 10, 50, 200, 500, 1_000, 2_000, 4_000]).ms();
        let gives_up = pick(stream, &[0, 1, 4]);
        let clients = 1 + below(stream, u64::from(self.clients.max(1))) as u8;
        // Where every run has every kind, half of them still lose and double without a network.
        let through = kinds.networks && (swarm || chance(stream, 500_000));
        // About two hundred requests of each client.
        let stormy = (think * 200).clamp(self.stormy / 6, self.stormy);
        let mut plan = Plan {
            stormy,
            latency,
            loss: if kinds.loss { loss } else { 0 },
            duplication: if kinds.duplication { duplication } else { 0 },
            network: through.then(|| self.draw_network(stream, kinds)),
            workload: Workload {
                clients: clients.min(self.clients),
                think,
                gives_up,
                ..Workload::default()
            },
            clocks: if kinds.clocks { self.draw_clocks(stream) } else { Vec::new() },
            faults: self.draw_faults(stream, kinds, stormy),
        };
        if let Some(demand) = &self.demand {
            demand.draw(stream, &mut plan.workload);
        }
        self.keeping(plan)
    }

    /// The plan without the faults with which too few nodes would be alive.
    pub(super) fn keeping(&self, plan: Plan) -> Plan {
        plan.keeping(self.keeps, self.nodes)
    }

    fn draw_clocks(&self, stream: &mut impl Rng) -> Vec<ClockError> {
        let mut error = |node: &NodeId| ClockError {
            node: *node,
            offset: either_way(stream, self.clock_error),
            drift: either_way(stream, 200_000),
        };
        self.clocks.iter().map(&mut error).collect()
    }

    /// Faults at exponentially distributed distances: independent of how long they last, or about
    /// one after another, so that the trouble moves from node to node.
    fn draw_faults(
        &self,
        stream: &mut impl Rng,
        kinds: FaultKinds,
        stormy: Span,
    ) -> Vec<TimedFault> {
        let lasts = pick(stream, &[100, 500, 2_000, 5_000]).ms();
        let between_two = match chance(stream, 500_000) {
            true => lasts.as_micros(),
            false => stormy.as_micros() / pick(stream, &[3, 10, 30]),
        };
        let crash = kinds.crashes && !self.may_crash.is_empty();
        let wipe = kinds.wipes && !self.may_crash.is_empty();
        let jump = kinds.clocks && !self.clocks.is_empty();
        let partition = kinds.partitions && self.nodes > 1;
        let mut drawn: Vec<Kind> = Vec::new();
        let mut add = |on: bool, some: &[Kind]| drawn.extend(some.iter().filter(|_| on));
        add(partition, &[Kind::Isolate, Kind::Split, Kind::OneWay]);
        add(partition && self.nodes > 2, &[Kind::Bridge]);
        add(kinds.pauses, &[Kind::Pause, Kind::Pause]);
        add(crash, &[Kind::Crash, Kind::Crash]);
        add(wipe, &[Kind::Wipe]);
        add(jump, &[Kind::Jump]);
        add(kinds.power && !self.may_crash.is_empty(), &[Kind::PowerCut, Kind::PowerCut]);
        drawn.extend(self.patterns(kinds));
        if self.plans == Plans::Preset(Preset::Jepsen) {
            drawn.retain(|kind| !kind.goes_on());
            return self.one_at_a_time(stream, &drawn, stormy);
        }
        let mut faults = Vec::new();
        let mut at = exponential(stream, between_two);
        while !drawn.is_empty() && at < stormy.as_micros() {
            let kind = pick(stream, &drawn);
            if kind.is_plain() {
                let fault = self.draw_fault(stream, kind);
                let lasts = whole_millis(exponential(stream, lasts.as_micros()));
                faults.push(TimedFault { at: whole_millis(at), lasts, fault });
            } else {
                let lasts = whole_millis(exponential(stream, lasts.as_micros()));
                faults.extend(self.draw_pattern(stream, kind, whole_millis(at), lasts));
            }
            at += exponential(stream, between_two).max(1);
        }
        // What is rounded up to the end of the storm, or is the rest of a pattern, does not begin.
        faults.retain(|timed: &TimedFault| timed.at < stormy);
        // What is made of several goes on while others begin.
        faults.sort_by_key(|timed| timed.at);
        faults
    }

    /// A fault for a quarter of the time, at five seconds at most, and a rest as long, again and
    /// again.
    fn one_at_a_time(
        &self,
        stream: &mut impl Rng,
        kinds: &[Kind],
        stormy: Span,
    ) -> Vec<TimedFault> {
        let lasts = whole_millis((stormy / 4).min(5.s()).as_micros());
        let mut plan = Plan::calm(stormy);
        let mut at = lasts;
        while !kinds.is_empty() && at < stormy {
            let kind = pick(stream, kinds);
            plan = plan.with(self.draw_pattern(stream, kind, at, lasts));
            at = at + lasts * 2;
        }
        plan.faults.retain(|timed| timed.at < stormy);
        plan.faults
    }

    pub(super) fn draw_fault(&self, stream: &mut impl Rng, kind: Kind) -> Fault {
        let any = |stream: &mut _| NodeId(below(stream, u64::from(self.nodes)) as u8);
        match kind {
            Kind::Isolate => Fault::Isolate(any(stream)),
            Kind::Split => Fault::Split(self.draw_side(stream)),
            Kind::Bridge => {
                let (side, bridge) = (self.draw_side(stream), any(stream));
                Fault::Bridge { side, bridge }
            }
            Kind::OneWay => {
                let (from, far) = (any(stream), below(stream, u64::from(self.nodes) - 1) as u8);
                Fault::OneWay { from, to: NodeId((from.0 + 1 + far) % self.nodes) }
            }
            Kind::Pause => Fault::Pause(any(stream)),
            Kind::Crash => Fault::Crash(pick(stream, &self.may_crash)),
            Kind::Wipe => Fault::Wipe(pick(stream, &self.may_crash)),
            Kind::PowerCut => Fault::PowerCut(pick(stream, &self.may_crash)),
            Kind::Jump => {
                let (node, by) = (pick(stream, &self.clocks), 2 * self.clock_error);
                Fault::Jump { node, by: either_way(stream, by) }
            }
            Kind::Minority
            | Kind::Ring
            | Kind::Flapping
            | Kind::SlowNode
            | Kind::SlowLink
            | Kind::AllCrash
            | Kind::Rolling
            | Kind::CrashLoop
            | Kind::Stuck
            | Kind::Smear
            | Kind::Step => unreachable!("{kind:?} is no plain fault"),
        }
    }

    /// Some of the nodes: at least one, and not all.
    fn draw_side(&self, stream: &mut impl Rng) -> Vec<NodeId> {
        let first = below(stream, u64::from(self.nodes)) as u8;
        let size = between(stream, 1, (u64::from(self.nodes) / 2).max(1)) as u8;
        let mut side: Vec<NodeId> =
            (0..size).map(|next| NodeId((first + next) % self.nodes)).collect();
        side.sort_unstable();
        side
    }
}

/// What kind of fault comes next: the plain ones, and those that `patterns` draws.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Kind {
    Isolate,
    Split,
    Bridge,
    OneWay,
    Pause,
    Crash,
    Wipe,
    Jump,
    PowerCut,
    Minority,
    Ring,
    Flapping,
    SlowNode,
    SlowLink,
    AllCrash,
    Rolling,
    CrashLoop,
    Stuck,
    Smear,
    Step,
}

impl Kind {
    fn is_plain(self) -> bool {
        self <= Kind::PowerCut
    }

    /// Whether it is made of several, one after another.
    fn goes_on(self) -> bool {
        matches!(self, Kind::Flapping | Kind::Rolling | Kind::CrashLoop)
    }
}

fn draw_latency(stream: &mut impl Rng) -> Latency {
    let usual = Span::micros(pick(stream, &[200, 1_000, 5_000, 20_000, 60_000, 150_000]));
    let [constant, uniform, exponential] = [
        Latency::Constant(usual),
        Latency::Uniform { least: Span::ZERO, most: usual * 2 },
        Latency::Exponential { least: Span::micros(usual.as_micros() / 2), rest: usual },
    ];
    let spiky = Latency::Spiky { usual, slow: usual * 20 };
    pick(stream, &[constant, uniform, exponential, spiky])
}

pub(super) fn pick<T: Clone>(stream: &mut impl Rng, among: &[T]) -> T {
    among[below(stream, among.len() as u64) as usize].clone()
}

/// That many microseconds, to the next whole millisecond: plans are read by people.
pub(super) fn whole_millis(micros: u64) -> Span {
    Span::millis(micros / 1_000 + 1)
}

/// A number in `-most..=most`; a multiple of a thousand, for the same reason.
pub(super) fn either_way(stream: &mut impl Rng, most: u64) -> i64 {
    (between(stream, 0, 2 * most) as i64 - most as i64) / 1_000 * 1_000
}

impl Strategy for Storms {
    type Tree = PlanTree;
    type Value = Plan;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        Ok(PlanTree::new(self.draw(runner.rng())))
    }
}

/// A plan and the simpler ones next to it.
///
/// It becomes simpler by losing faults (all, then halves, then one by one), by calming what is
/// left of the network and the clocks, and by shortening each fault.
#[derive(Clone, Debug)]
pub struct PlanTree {
    plan: Plan,
    /// The plan before the last simplification, while that one is on trial.
    before: Option<Plan>,
    next: Simplification,
}

/// A way to make a plan simpler.
#[derive(Clone, Copy, Debug)]
enum Simplification {
    /// Leave out that many faults, from that one on.
    LeaveOut { from: usize, many: usize },
    /// No loss, no duplication, exact clocks, constant latency, one client, no network of its own, a
    /// plain workload: one after another.
    Calm(u8),
    /// Halve how long that fault lasts.
    Shorten { fault: usize, times: u8 },
    /// It is as simple as it gets.
    Done,
}

impl PlanTree {
    /// The tree of simpler plans below this one.
    pub fn new(plan: Plan) -> PlanTree {
        let many = plan.faults.len();
        PlanTree { plan, before: None, next: Simplification::LeaveOut { from: 0, many } }
    }

    /// The next simpler plan, if this simplification changes anything.
    fn tried(&self) -> Option<Plan> {
        let mut plan = self.plan.clone();
        match self.next {
            Simplification::LeaveOut { from, many } => {
                let end = (from + many).min(plan.faults.len());
                plan.faults.drain(from.min(end)..end);
            }
            Simplification::Calm(0) => plan.loss = 0,
            Simplification::Calm(1) => plan.duplication = 0,
            Simplification::Calm(2) => plan.clocks.clear(),
            Simplification::Calm(3) => plan.latency = Latency::Constant(1.ms()),
            Simplification::Calm(4) => plan.workload.clients = plan.workload.clients.min(1),
            Simplification::Calm(5) => plan.network = None,
            Simplification::Calm(6) => plan.workload.arrivals = None,
            Simplification::Calm(7) => (plan.workload.retries, plan.workload.waits) = (None, None),
            Simplification::Calm(8) => plan.workload.mix.clear(),
            Simplification::Calm(_) => {
                plan.workload.keys = plan.workload.keys.map(|_| Keys::One);
            }
            Simplification::Shorten { fault, .. } => {
                let lasts = &mut plan.faults[fault].lasts;
                *lasts = Span::micros(lasts.as_micros() / 2);
            }
            Simplification::Done => {}
        }
        (plan != self.plan).then_some(plan)
    }

    /// Moves on to the next way, after one that was taken (`kept`) or not.
    fn advance(&mut self, kept: bool) {
        let faults = self.plan.faults.len();
        self.next = match self.next {
            Simplification::LeaveOut { from, many } => {
                let from = if kept { from } else { from + many };
                match (from < faults, many > 1) {
                    (true, _) => Simplification::LeaveOut { from, many },
                    (false, true) => Simplification::LeaveOut { from: 0, many: many / 2 },
                    (false, false) => Simplification::Calm(0),
                }
            }
            Simplification::Calm(9) if faults > 0 => Simplification::Shorten { fault: 0, times: 0 },
            Simplification::Calm(9) => Simplification::Done,
            Simplification::Calm(way) => Simplification::Calm(way + 1),
            Simplification::Shorten { fault, times } if kept && times < 12 => {
                Simplification::Shorten { fault, times: times + 1 }
            }
            Simplification::Shorten { fault, .. } if fault + 1 < faults => {
                Simplification::Shorten { fault: fault + 1, times: 0 }
            }
            Simplification::Shorten { .. } | Simplification::Done => Simplification::Done,
        };
    }
}

impl ValueTree for PlanTree {
    type Value = Plan;

    fn current(&self) -> Plan {
        self.plan.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.before.take().is_some() {
            self.advance(true);
        }
        while !matches!(self.next, Simplification::Done) {
            match self.tried() {
                Some(simpler) => {
                    self.before = Some(std::mem::replace(&mut self.plan, simpler));
                    return true;
                }
                None => self.advance(false),
            }
        }
        false
    }

    fn complicate(&mut self) -> bool {
        match self.before.take() {
            Some(before) => {
                self.plan = before;
                self.advance(false);
                self.simplify()
            }
            None => false,
        }
    }
}
