//! A protocol embedded in another goes the ways it goes by itself, and is seen through it.

use super::table::{Table, claims, scenarios, with_a_sink};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use splitbrain::explore::{Exploration, Limits, explore};
use splitbrain::simulate::{Campaign, simulate};
use splitbrain::{
    Act, Embeds, Flight, Invariant, Lane, Links, NodeId, Outbox, Protocol, Scenario, Step,
    TimerRule, Timers, Undisturbed, Units, World,
};

/// A shell: a random protocol at the first nodes, and nothing at the others. It hands everything
/// through.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Shell {
    table: Table,
    nodes: usize,
}

/// Something of the inner protocol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct Inner(u8);

/// What a node remembers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum State {
    Inside(u8),
    Outside,
}

impl Shell {
    /// Runs an inner handler, and tells what it told.
    fn run<T>(
        &self,
        out: &mut Outbox<Self>,
        handler: impl FnOnce(&Table, &mut Outbox<Table>) -> T,
    ) -> T {
        let (result, events) = out.embed(self.nodes, |inner| handler(&self.table, inner));
        events.into_iter().for_each(|event| out.emit(Inner(event)));
        result
    }
}

impl State {
    fn inside(&mut self) -> &mut u8 {
        match self {
            State::Inside(state) => state,
            State::Outside => unreachable!("nothing happens outside"),
        }
    }
}

impl Protocol for Shell {
    type State = State;
    type Message = Inner;
    type Timer = Inner;
    type Input = Inner;
    type Event = Inner;

    fn start(&self, out: &mut Outbox<Self>) -> State {
        match out.me().index() < self.nodes {
            true => State::Inside(self.run(out, |table, inner| table.start(inner))),
            false => State::Outside,
        }
    }

    fn on_message(&self, state: &mut State, from: NodeId, what: Inner, out: &mut Outbox<Self>) {
        self.run(out, |table, inner| table.on_message(state.inside(), from, what.0, inner));
    }

    fn on_timeout(&self, state: &mut State, timer: Inner, out: &mut Outbox<Self>) {
        self.run(out, |table, inner| table.on_timeout(state.inside(), timer.0, inner));
    }

    fn on_input(&self, state: &mut State, input: Inner, out: &mut Outbox<Self>) {
        self.run(out, |table, inner| table.on_input(state.inside(), input.0, inner));
    }

    fn accepts(&self, me: NodeId, state: &State, input: &Inner) -> bool {
        matches!(state, State::Inside(state) if self.table.accepts(me, state, &input.0))
    }

    fn ignores(&self, me: NodeId, state: &State, from: NodeId, message: &Inner) -> bool {
        matches!(state, State::Inside(state) if self.table.ignores(me, state, from, &message.0))
    }

    fn restart(&self, crashed: &State, out: &mut Outbox<Self>) -> State {
        let mut crashed = *crashed;
        State::Inside(self.run(out, |table, inner| table.restart(crashed.inside(), inner)))
    }
}

impl Embeds<Table> for Shell {
    fn inner(&self) -> &Table {
        &self.table
    }
    fn message_of(inner: u8) -> Inner {
        Inner(inner)
    }
    fn timer_of(inner: u8) -> Inner {
        Inner(inner)
    }
    fn state_in(outer: &State) -> Option<&u8> {
        match outer {
            State::Inside(state) => Some(state),
            State::Outside => None,
        }
    }
    fn timer_in(outer: &Inner) -> Option<u8> {
        Some(outer.0)
    }
    fn event_in(outer: &Inner) -> Option<&u8> {
        Some(&outer.0)
    }
    fn input_in(outer: &Inner) -> Option<&u8> {
        Some(&outer.0)
    }
}

/// How many messages are on their way.
fn in_flight<P: Protocol>(world: &World<P>) -> usize {
    world.mail.iter().map(|mail| mail.letters().len()).sum()
}

/// The scenario with everything in a shell, and so many nodes outside, which have no clocks and do
/// not crash. Invariants of whole worlds stay behind: they are not seen through.
fn in_a_shell(bare: &Scenario<Table>, outside: usize) -> Scenario<Shell> {
    let shell = Shell { table: bare.protocol.clone(), nodes: bare.nodes };
    let mut scenario = Scenario::new("random", shell, bare.nodes + outside)
        .links(bare.links)
        .faults(bare.faults)
        .clocks(bare.clocks.clone())
        .may_crash((0..bare.nodes).map(NodeId::at))
        .boundary("at most 3 messages on their way", |_, world| in_flight(world) <= 3);
    for (number, rule) in (0..).zip(&bare.timers) {
        let (name, of, firing) =
            (rule.name.clone(), Timers::Exactly(Inner(number)), rule.firing.clone());
        scenario.timers.push(TimerRule { name, of, firing });
    }
    for lane in &bare.lanes {
        let inputs = lane.inputs.iter().map(|&(to, input)| (to, Inner(input))).collect();
        scenario.lanes.push(Lane { inputs });
    }
    if bare.links != Links::Set {
        let awaits =
            |me: NodeId, flight: &Flight<'_, Shell>| flight.to == me && *flight.message == Inner(2);
        scenario = scenario.patient("timer 2 waits", |timer| *timer == Inner(2), awaits);
    }
    let through = |held: &Invariant<Table>| held.clone().seen_through();
    scenario.invariants = bare.invariants.iter().map(through).collect();
    scenario.goals = bare.goals.iter().map(|goal| goal.clone().seen_through()).collect();
    scenario
}

/// A step without its shell.
fn without_shell(step: &Step<Shell>) -> Step<Table> {
    let act = match &step.act {
        Act::Deliver { from, message } => Act::Deliver { from: *from, message: message.0 },
        Act::Drop { from, message } => Act::Drop { from: *from, message: message.0 },
        Act::Duplicate { from, message } => Act::Duplicate { from: *from, message: message.0 },
        Act::Timeout(timer) => Act::Timeout(timer.0),
        Act::Input { client, input } => Act::Input { client: *client, input: input.0 },
        Act::Tick => Act::Tick,
        Act::Crash => Act::Crash,
        Act::Restart => Act::Restart,
        Act::Wiped => Act::Wiped,
    };
    Step { node: step.node, act, choices: step.choices.clone() }
}

fn explored<P: Protocol>(scenario: &Scenario<P>) -> Exploration<P> {
    let limits = Limits { all_invariants: true, states: Some(2_000), ..Limits::default() };
    explore(scenario, &limits, &mut Undisturbed).expect("a scenario that makes sense")
}

/// What an exploration says, but for its traces.
fn told<P: Protocol>(found: &Exploration<P>) -> String {
    let broken: Vec<_> = found.found.iter().map(|one| (&one.invariant, &one.reason)).collect();
    let counts = (found.states, found.transitions, &found.levels, found.quiet, found.exhausted);
    format!("{counts:?} {broken:?} {:?} {:?}", found.goals, found.cut)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 100, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn an_embedded_protocol_is_explored_like_the_bare_one(
        bare in scenarios(),
        outside in 0..=1_usize,
        ignored in prop_oneof![Just(None), claims(true).prop_map(Some)],
    ) {
        let mut bare = bare;
        if let Some(ignored) = ignored {
            bare.protocol = Table { ignored, ..with_a_sink(bare.protocol) };
        }
        bare.invariants.retain(|held| held.looks_at() != "world");
        let shell = in_a_shell(&bare, outside);
        let (bare, shell) = (explored(&bare), explored(&shell));
        prop_assert_eq!(told(&bare), told(&shell));
        for (one, other) in bare.found.iter().zip(&shell.found) {
            let steps: Vec<Step<Table>> = other.trace.iter().map(without_shell).collect();
            prop_assert_eq!(&one.trace, &steps, "{}", one.invariant);
        }
    }

    #[test]
    fn an_embedded_protocol_is_simulated_like_the_bare_one(bare in scenarios(), seed: u64) {
        let mut bare = bare;
        bare.invariants.retain(|held| held.looks_at() != "world");
        // Messages that are answered, and doubled on their way, would be too many too soon.
        let table = &mut bare.protocol;
        for effect in table.messages.iter_mut().flat_map(|rule| &mut rule.effects) {
            effect.sends.clear();
        }
        let campaign = Campaign::new(2, seed);
        let mut shell = in_a_shell(&bare, 0);
        shell.storm = shell.storm.lasts(300.ms(), 100.ms());
        bare.storm = bare.storm.lasts(300.ms(), 100.ms());
        let shell = simulate(&shell, &campaign, &mut Undisturbed).expect("sense");
        let bare = simulate(&bare, &campaign, &mut Undisturbed).expect("sense");
        prop_assert_eq!(bare.failures, shell.failures);
        prop_assert_eq!(bare.goals, shell.goals);
        prop_assert_eq!(bare.lasted, shell.lasted);
        prop_assert_eq!(format!("{:?}", bare.tally), format!("{:?}", shell.tally));
        if let (Some(one), Some(other)) = (bare.failure, shell.failure) {
            let steps: Vec<Step<Table>> = other.trace.iter().map(without_shell).collect();
            prop_assert_eq!(&one.violation.reason, &other.violation.reason);
            prop_assert_eq!(&one.trace, &steps);
            prop_assert_eq!(one.replays, other.replays);
        }
    }
}

#[test]
#[should_panic(expected = "`mail` looks at mail, which is not seen through")]
fn invariants_of_whole_worlds_are_not_seen_through() {
    let held: Invariant<Table> = Invariant::world("mail", "Any mail will do.", |_, _| Ok(()));
    let _: Invariant<Shell> = held.seen_through();
}
