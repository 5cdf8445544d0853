//! Random small protocols: transition tables with messages, timers, choices, clocks and crashes.

use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use splitbrain::{
    Clocks, Faults, Firing, Goal, Invariant, Links, NodeId, Outbox, Protocol, Scenario, Sight, To,
    Units, broken,
};

/// How many states, messages, timers and inputs a random protocol has.
const KINDS: u8 = 3;

/// What a node does about something: one of some effects, chosen by the handler.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// The alternatives.
    pub effects: Vec<Effect>,
}

/// A change of state and what is said with it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Effect {
    /// The next state.
    pub next: u8,
    /// Sends: how far round the ring of nodes, and what.
    pub sends: Vec<(u8, u8)>,
    /// A timer set (true) or cancelled.
    pub timer: Option<(u8, bool)>,
    /// An event told.
    pub event: Option<u8>,
    /// Whether it adds the clock to the state.
    pub reads_clock: bool,
    /// Whether the handler panics.
    pub panics: bool,
}

/// A protocol as a table: for each state, what it does about each message, timer and input.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Table {
    /// By state and message.
    pub messages: Vec<Rule>,
    /// By state and timer.
    pub timers: Vec<Rule>,
    /// By state and input.
    pub inputs: Vec<Rule>,
    /// The state kept over a crash, by state.
    pub durable: Vec<u8>,
    /// The timers set at the start, and after a restart.
    pub set_at_start: Vec<u8>,
    /// By state and message: whether it is claimed dead. Nothing is, in [`scenarios`].
    pub ignored: Vec<bool>,
}

impl Table {
    fn act(&self, rules: &[Rule], state: &mut u8, what: u8, out: &mut Outbox<Self>) {
        let rule = &rules[usize::from(*state * KINDS + what)];
        let effect = match &rule.effects[..] {
            [only] => only.clone(),
            several => out.pick(several),
        };
        *state = effect.next;
        if effect.reads_clock {
            *state = ((u64::from(*state) + out.now()) % u64::from(KINDS)) as u8;
        }
        for (far, message) in effect.sends {
            let to = (usize::from(out.me().0) + usize::from(far)) % out.cluster();
            out.send(NodeId(to as u8), message);
        }
        match effect.timer {
            Some((timer, true)) => out.set_timer(timer, 10.ms()..50.ms()),
            Some((timer, false)) => out.cancel_timer(timer),
            None => {}
        }
        if let Some(event) = effect.event {
            out.emit(event);
        }
        assert!(!effect.panics, "the table says so");
    }
}

impl Protocol for Table {
    type State = u8;
    type Message = u8;
    type Timer = u8;
    type Input = u8;
    type Event = u8;

    fn start(&self, out: &mut Outbox<Self>) -> u8 {
        for timer in &self.set_at_start {
            out.set_timer(*timer, 10.ms()..50.ms());
        }
        0
    }

    fn on_message(&self, state: &mut u8, _: NodeId, message: u8, out: &mut Outbox<Self>) {
        self.act(&self.messages, state, message, out);
    }

    fn on_timeout(&self, state: &mut u8, timer: u8, out: &mut Outbox<Self>) {
        self.act(&self.timers, state, timer, out);
    }

    fn on_input(&self, state: &mut u8, input: u8, out: &mut Outbox<Self>) {
        self.act(&self.inputs, state, input, out);
    }

    fn accepts(&self, _: NodeId, state: &u8, input: &u8) -> bool {
        state != input
    }

    fn ignores(&self, _: NodeId, state: &u8, _: NodeId, message: &u8) -> bool {
        self.ignored.get(usize::from(*state * KINDS + message)).copied().unwrap_or(false)
    }

    fn restart(&self, crashed: &u8, out: &mut Outbox<Self>) -> u8 {
        self.start(out);
        self.durable[usize::from(*crashed)]
    }
}

/// Any scenario of a random protocol: two or three nodes, all kinds of links, faults and clocks,
/// and invariants of every scope that fits.
pub fn scenarios() -> impl Strategy<Value = Scenario<Table>> {
    let few = || prop_oneof![4 => Just(0_u16), 4 => Just(1), 1 => Just(Faults::ANY)];
    let some = 0..=1_u16;
    let faults = (few(), few(), 0..=1_u16, few(), some).prop_map(
        |(crashes, restarts, wipes, drops, duplicates)| Faults {
            crashes,
            restarts,
            wipes,
            drops,
            duplicates,
        },
    );
    let links = prop_oneof![Just(Links::Unordered), Just(Links::Fifo), Just(Links::Set)];
    let clocks = prop_oneof![3 => Just(false), 1 => Just(true)];
    let lanes =
        vec(vec((prop_oneof![Just(None), (0..2_u8).prop_map(Some)], 0..KINDS), 0..=2), 0..=2);
    clocks
        .prop_flat_map(move |clocks| (Just(clocks), tables(clocks)))
        .prop_flat_map(move |(clocks, table)| {
            (Just((clocks, table)), 2..=4_usize, links.clone(), faults.clone(), lanes.clone())
        })
        .prop_map(|((clocks, table), nodes, links, faults, lanes)| {
            scenario(table, nodes, links, faults, lanes, clocks)
        })
}

fn scenario(
    table: Table,
    nodes: usize,
    links: Links,
    faults: Faults,
    lanes: Vec<Vec<(Option<u8>, u8)>>,
    clocks: bool,
) -> Scenario<Table> {
    let mut scenario = Scenario::new("random", table, nodes)
        .links(links)
        .faults(faults)
        .timer("timers 0", |timer| *timer == 0, Firing::Times(2))
        .timer("timers 1", |timer| *timer == 1, Firing::Turns(vec![NodeId(1), NodeId(0)]))
        .timer("timers 2", |timer| *timer == 2, Firing::Times(1))
        .boundary("at most 3 messages on their way", |_, world| {
            world.mail.iter().map(|mail| mail.letters().len()).sum::<usize>() <= 3
        })
        .invariant(Invariant::node("node", "No node is in state 2 and down.", |_, _, node| {
            if node.up || node.state != 2 { Ok(()) } else { broken("down in state 2") }
        }))
        .invariant(Invariant::nodes(
            "nodes",
            "Not all nodes are in state 1.",
            |_, nodes| match nodes.iter().any(|node| node.state != 1) {
                true => Ok(()),
                false => broken("all nodes are in state 1"),
            },
        ))
        .invariant(Invariant::world("world", "No node has three messages waiting.", |_, world| {
            match world.mail.iter().all(|mail| mail.letters().len() < 3) {
                true => Ok(()),
                false => broken("three messages wait at one node"),
            }
        }))
        .invariant(Invariant::history("history", "Event 2 comes once.", 0_u8, |seen, sight| {
            match sight {
                Sight::Event { event: 2, node, .. } if *seen == 1 => {
                    broken(format!("event 2 comes again, at {node}"))
                }
                Sight::Event { event: 2, .. } => {
                    *seen = 1;
                    Ok(())
                }
                _ => Ok(()),
            }
        }))
        .invariant(Invariant::history(
            "order",
            "Event 0 does not come after event 1.",
            false,
            |armed, sight| match sight {
                Sight::Event { event: 0, node, .. } if *armed => {
                    broken(format!("event 0 comes after event 1, at {node}"))
                }
                Sight::Event { event: 1, .. } => {
                    *armed = true;
                    Ok(())
                }
                _ => Ok(()),
            },
        ))
        .goal(Goal::nodes("some-one", "Some node is in state 1.", |_, nodes| {
            nodes.iter().any(|node| node.state == 1)
        }))
        .goal(Goal::seen("event-one", "Event 1 is told.", |_, sight| {
            matches!(sight, Sight::Event { event: 1, .. })
        }));
    if links != Links::Set {
        scenario = scenario
            .invariant(Invariant::quiet("quiet", "Quiet nodes agree.", |_, nodes| {
                match nodes.windows(2).all(|pair| pair[0].state == pair[1].state) {
                    true => Ok(()),
                    false => broken("quiet nodes differ"),
                }
            }))
            .patient(
                "timer 2 waits for messages 2 to its node",
                |timer| *timer == 2,
                |me, flight| flight.to == me && *flight.message == 2,
            );
    }
    // Some answer each message with two.
    scenario.storm.steps = 20_000;
    if clocks {
        let of = (0..nodes).map(NodeId::at).collect();
        scenario = scenario.clocks(Clocks { of, until: 2, apart: 1, tick: 1.s() });
    }
    for lane in lanes {
        let to = |node: Option<u8>| node.map_or(To::Any, |node| To::Node(NodeId(node)));
        scenario = scenario.lane(lane.into_iter().map(|(node, input)| (to(node), input)));
    }
    scenario
}

fn tables(clocks: bool) -> impl Strategy<Value = Table> {
    let rules = |clocks| vec(rule(clocks), usize::from(KINDS * KINDS));
    (
        rules(clocks),
        rules(clocks),
        rules(clocks),
        vec(0..KINDS, usize::from(KINDS)),
        vec(0..KINDS, 1..=2),
    )
        .prop_map(|(messages, timers, inputs, durable, set_at_start)| Table {
            messages,
            timers,
            inputs,
            durable,
            set_at_start,
            ignored: Vec::new(),
        })
}

/// Claims on dead mail: of state 2, which nothing leaves then but a wiped disk, if `kept`; false
/// ones in other states as well, now and then.
pub fn claims(kept: bool) -> impl Strategy<Value = Vec<bool>> {
    let claim = move |state: u8| match state {
        2 if kept => prop_oneof![Just(true), Just(false)].boxed(),
        _ => prop_oneof![9 => Just(false), 1 => Just(true)].boxed(),
    };
    (0..KINDS * KINDS).map(move |at| claim(at / KINDS)).collect::<Vec<_>>()
}

/// The protocol in which no message does anything in state 2, and nothing leaves it.
pub fn with_a_sink(mut table: Table) -> Table {
    let nothing = Effect {
        next: 2,
        sends: vec![],
        timer: None,
        event: None,
        reads_clock: false,
        panics: false,
    };
    for rules in [&mut table.messages, &mut table.timers, &mut table.inputs] {
        rules[usize::from(2 * KINDS)..].fill(Rule { effects: vec![nothing.clone()] });
    }
    table.durable[2] = 2;
    table
}

fn rule(clocks: bool) -> impl Strategy<Value = Rule> {
    prop_oneof![
        6 => vec(effect(clocks), 1),
        1 => vec(effect(clocks), 2..=3),
    ]
    .prop_map(|effects| Rule { effects })
}

fn effect(clocks: bool) -> impl Strategy<Value = Effect> {
    let often_none =
        |strategy: BoxedStrategy<u8>| prop_oneof![2 => Just(None), 1 => strategy.prop_map(Some)];
    let timer = prop_oneof![2 => Just(None), 1 => (0..KINDS, any::<bool>()).prop_map(Some)];
    let reads_clock =
        if clocks { prop_oneof![Just(true), Just(false)].boxed() } else { Just(false).boxed() };
    (
        0..KINDS,
        vec((0..3_u8, 0..KINDS), 0..=2),
        timer,
        often_none((0..KINDS).boxed()),
        reads_clock,
        prop_oneof![60 => Just(false), 1 => Just(true)],
    )
        .prop_map(|(next, sends, timer, event, reads_clock, panics)| Effect {
            next,
            sends,
            timer,
            event,
            reads_clock,
            panics,
        })
}
