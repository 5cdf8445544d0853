//! What was covered, read from what the search remembers when it ends ([`told`]): handlers' answers
//! ([`happened`]), and what they were called in ([`forms`]).

mod forms;
mod happened;
mod told;

use super::meaning::Meaning;
use super::tables::Tables;
use crate::explain::shape::Shape;
use crate::explore::coverage::{Coverage, reading};
use crate::protocol::Protocol;
use told::{PlaceTold, Told};

/// By node, and by the local states that are looked at: the parts of each.
type Parts = Vec<Vec<Vec<(String, String)>>>;

/// What a search covered; its goals say at which depth each was reached. How many steps lead to where
/// it began is not known here.
pub(super) fn covered<P: Protocol>(
    meaning: &Meaning<'_, P>,
    tables: &Tables,
    goals: &[(&'static str, Option<u32>)],
) -> Coverage {
    read(&Told::of(meaning, tables), goals)
}

fn read(told: &Told, goals: &[(&'static str, Option<u32>)]) -> Coverage {
    let parts = |place: &PlaceTold| {
        place.locals.iter().map(|local| reading::parts(&Shape::clear(&local.state))).collect()
    };
    let parts: Parts = told.places.iter().map(parts).collect();
    let happened = happened::Happened::read(told, &parts);
    Coverage {
        begun_at: 0,
        goals: happened.goals(told),
        never: happened.never(told, goals),
        nodes: forms::of_nodes(told, parts),
        budgets: forms::of_ledgers(told),
        monitors: forms::of_monitors(told),
        variants: happened.variants,
        kinds: happened.kinds,
    }
}

#[cfg(test)]
mod tests {
    use crate::explore::coverage::{Arm, Coverage, Forms, LeverOf, MOST, Never, Sort};
    use crate::explore::{Limits, explore};
    use crate::invariant::{Goal, Invariant, Sight};
    use crate::invariants::Held;
    use crate::ledger::{Faults, Firing};
    use crate::observer::Undisturbed;
    use crate::protocol::{ClientId, NodeId, Outbox, Protocol};
    use crate::scenario::{Scenario, To};
    use crate::step::{Act, Step};
    use crate::time::Units;

    /// Node 0 is asked, sends the other node an errand, and is done when the answer comes.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct Errands;

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct State {
        asked: u8,
        role: Role,
    }

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    enum Role {
        Free,
        Busy,
    }

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    enum Message {
        Ping,
        Pong { again: bool },
    }

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    enum Timer {
        Retry,
        Unused,
    }

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct Ask;

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct Done;

    impl Protocol for Errands {
        type State = State;
        type Message = Message;
        type Timer = Timer;
        type Input = Ask;
        type Event = Done;

        fn start(&self, out: &mut Outbox<Self>) -> State {
            if out.me() == NodeId(0) {
                out.set_timer(Timer::Retry, 1.s()..2.s());
            }
            State { asked: 0, role: Role::Free }
        }

        fn on_message(&self, state: &mut State, from: NodeId, it: Message, out: &mut Outbox<Self>) {
            match (it, &state.role) {
                (Message::Ping, _) => out.send(from, Message::Pong { again: false }),
                (Message::Pong { .. }, Role::Busy) => {
                    state.role = Role::Free;
                    out.emit(Done);
                }
                (Message::Pong { .. }, Role::Free) => {}
            }
        }

        fn on_timeout(&self, _: &mut State, _: Timer, _: &mut Outbox<Self>) {}

        fn accepts(&self, me: NodeId, state: &State, _: &Ask) -> bool {
            me == NodeId(0) && state.role == Role::Free
        }

        fn on_input(&self, state: &mut State, _: Ask, out: &mut Outbox<Self>) {
            state.asked += 1;
            state.role = Role::Busy;
            out.send(NodeId(1), Message::Ping);
        }

        fn restart(&self, crashed: &State, _: &mut Outbox<Self>) -> State {
            crashed.clone()
        }
    }

    fn done_so_far(done: &mut u8, sight: &Sight<'_, Errands>) -> Held {
        *done += u8::from(matches!(sight, Sight::Event { .. }));
        Ok(())
    }

    /// Two errands, and one firing of the timer.
    fn errands() -> Scenario<Errands> {
        Scenario::new("errands", Errands, 2)
            .lane([(To::Node(NodeId(0)), Ask), (To::Node(NodeId(0)), Ask)])
            .timer("retries", |timer| *timer == Timer::Retry, Firing::Times(1))
            .invariant(Invariant::history("count", "It is counted.", 0, done_so_far))
            .goal(Goal::seen("done", "It is done.", |_, sight| {
                matches!(sight, Sight::Event { .. })
            }))
            .goal(Goal::nodes("busy", "Node 0 is busy.", |_, nodes| {
                nodes[0].state.role == Role::Busy
            }))
    }

    fn coverage<P: Protocol>(scenario: &Scenario<P>) -> Coverage {
        let limits = Limits { coverage: true, ..Limits::default() };
        let explored = explore(scenario, &limits, &mut Undisturbed).expect("it makes sense");
        explored.coverage.expect("the packed search knows")
    }

    /// `name calls/idle at nodes [calls/idle by variant]`, a line each.
    fn kinds(coverage: &Coverage) -> Vec<String> {
        let arm = |Arm { calls, idle }: &Arm| format!("{calls}/{idle}");
        let kinds = coverage.kinds.iter().map(|kind| {
            let arms: Vec<String> = kind.by_variant.iter().map(arm).collect();
            let (name, calls, idle) = (&kind.name, kind.calls, kind.idle);
            format!("{:?} {name} {calls}/{idle} {:?} {}", kind.sort, kind.nodes, arms.join(" "))
        });
        kinds.collect()
    }

    fn parts(forms: &Forms) -> Vec<String> {
        let parts = forms.parts.iter().map(|part| {
            let says = part.says.as_deref().unwrap_or("-");
            format!("{} {} values, {} without: {says}", part.name, part.values, part.without)
        });
        parts.collect()
    }

    #[test]
    fn calls_are_counted_by_kind_and_role() {
        let found = coverage(&errands());
        assert_eq!(found.variants, ["Free", "Busy"]);
        // Node 0 is free at 0, 1 and 2 errands and busy at 1 and 2, each with its timer and without.
        assert_eq!(
            kinds(&found),
            [
                "Message Ping 1/0 [n1] 1/0 0/0",
                "Message Pong 4/0 [n0] 0/0 4/0",
                "Timer Retry 5/5 [n0] 3/3 2/2",
                "Input Ask 4/0 [n0] 4/0 0/0",
                "Event Done 4/0 [n0] 0/0 4/0",
            ]
        );
        let goals = [("done".to_string(), Some(4)), ("busy".to_string(), None)];
        assert_eq!(found.goals, goals);
        assert_eq!(found.never, []);
    }

    #[test]
    fn what_each_part_makes_is_counted() {
        let found = coverage(&errands());
        let [n0, n1] = found.nodes.as_slice() else { panic!("two nodes") };
        // Mail waits where node 0 is busy only: 10 local states without, 4 with.
        assert_eq!((n0.slots, n0.locals.count, n0.mails.count, n0.most_letters), (14, 10, 2, 1));
        assert_eq!((n0.locals.looked_at, n0.locals.different), (10, 10));
        assert_eq!(
            parts(&n0.locals),
            [
                "asked 3 values, 4 without: 0 to 2",
                "its timers 2 values, 5 without: up to 1 long",
                "role 2 values, 6 without: Busy, Free",
            ]
        );
        assert_eq!(parts(&n0.mails), ["Pong 1 values, 1 without: up to 1 at once"]);
        assert_eq!((n1.slots, n1.locals.count, n1.mails.count), (2, 1, 2));
        assert_eq!(parts(&n1.locals), Vec::<String>::new());
        assert_eq!(
            parts(&found.budgets),
            ["inputs of c0 3 values, 2 without: 0 to 2", "retries 2 values, 3 without: 0 to 1",]
        );
        assert_eq!(parts(&found.monitors), ["count 3 values, 1 without: -"]);
        let levers = found.levers();
        let first: Vec<_> = levers.iter().map(|one| (one.of, one.name.as_str())).take(3).collect();
        assert_eq!(
            first,
            [
                (LeverOf::Budget, "inputs of c0"),
                (LeverOf::Monitor, "count"),
                (LeverOf::Field, "asked"),
            ]
        );
    }

    #[test]
    fn what_was_lost_and_doubled_is_counted_and_late_answers_are_idle() {
        let found = coverage(&errands().faults(Faults { drops: 1, ..Faults::NONE }));
        let lines = kinds(&found);
        // An answer in each of 4 slots, and the errand in one.
        assert!(lines.contains(&"Fault drop 5/0 [n0, n1] 1/0 4/0".to_string()), "{lines:?}");
        let found = coverage(&errands().faults(Faults { duplicates: 1, ..Faults::NONE }));
        let lines = kinds(&found);
        // An answer that comes once more finds node 0 free at 1 and 2 errands.
        assert!(lines.contains(&"Message Pong 8/4 [n0] 4/4 4/0".to_string()), "{lines:?}");
    }

    #[test]
    fn crashes_and_restarts_are_counted_and_never_idle() {
        let faults = Faults { crashes: 1, restarts: 1, ..Faults::NONE };
        let found = coverage(&errands().may_crash([NodeId(1)]).faults(faults));
        let lines = kinds(&found);
        assert!(lines.contains(&"Fault crash 1/0 [n1] 1/0 0/0".to_string()), "{lines:?}");
        assert!(lines.contains(&"Fault restart 1/0 [n1] 1/0 0/0".to_string()), "{lines:?}");
        assert_eq!(parts(&found.nodes[1].locals), ["up or down 2 values, 1 without: down, up"]);
    }

    #[test]
    fn what_could_have_happened_and_did_not_is_named() {
        let scenario = errands()
            .depth(1)
            .lane([(To::Node(NodeId(1)), Ask)])
            .timer("never set", |timer| *timer == Timer::Unused, Firing::Any)
            .timer("never fires", |timer| *timer == Timer::Retry, Firing::Times(0))
            .may_crash([])
            .faults(Faults { crashes: 1, drops: 1, ..Faults::NONE });
        let found = coverage(&scenario);
        let name = |Never { sort, name, why }: &Never| format!("{sort:?} {name}: {why}");
        assert_eq!(
            found.never.iter().map(name).collect::<Vec<_>>(),
            [
                "Message Ping: sent, and never delivered",
                "Timer Retry: set, and never fired",
                "Timer never set: has a rule, and was never set",
                "Input Ask of c0: in a lane, and never asked",
                "Input Ask of c1: in a lane, and never asked",
                "Fault crash: allowed, and never happened",
                "Fault drop: allowed, and never happened",
                "Goal done: never reached",
            ]
        );
        assert_eq!(kinds(&found), ["Input Ask 1/0 [n0] 1/0 0/0"]);
    }

    #[test]
    fn what_the_prefix_did_is_not_counted_and_not_missed() {
        let act = Act::Input { client: ClientId(0), input: Ask };
        let asked = vec![Step::new(NodeId(0), act)];
        let found = coverage(&errands().after("an errand", asked));
        assert_eq!(found.begun_at, 1);
        // The second errand, with the timer and without; the first one is done in either case.
        let lines = kinds(&found);
        assert!(lines.contains(&"Input Ask 2/0 [n0] 0/0 2/0".to_string()), "{lines:?}");
        assert_eq!(found.never, []);
    }

    /// A node that counts by itself.
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    struct Counts;

    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
    enum Parity {
        Even(u32),
        Odd(u32),
    }

    const LAST: u32 = MOST as u32 + 5;

    impl Protocol for Counts {
        type State = Parity;
        type Message = u8;
        type Timer = u8;
        type Input = u8;
        type Event = u8;

        fn start(&self, out: &mut Outbox<Self>) -> Parity {
            out.set_timer(7, 1.s()..2.s());
            Parity::Even(0)
        }

        fn on_message(&self, _: &mut Parity, _: NodeId, _: u8, _: &mut Outbox<Self>) {}

        fn on_timeout(&self, state: &mut Parity, _: u8, out: &mut Outbox<Self>) {
            *state = match *state {
                Parity::Even(count) => Parity::Odd(count + 1),
                Parity::Odd(count) => Parity::Even(count + 1),
            };
            if !matches!(state, Parity::Even(LAST) | Parity::Odd(LAST)) {
                out.set_timer(7, 1.s()..2.s());
            }
        }

        fn restart(&self, crashed: &Parity, _: &mut Outbox<Self>) -> Parity {
            crashed.clone()
        }
    }

    #[test]
    fn more_than_can_be_looked_at_is_said_to_be_more() {
        let found = coverage(&Scenario::new("counts", Counts, 1));
        let locals = &found.nodes[0].locals;
        assert_eq!((locals.count, locals.looked_at, locals.different), (MOST + 6, MOST, MOST));
        assert_eq!(found.variants, ["Even", "Odd"]);
        // The kind of a number has no name; the last 5 calls are of no variant.
        let half = MOST / 2;
        let expected = format!("Timer  {}/0 [n0] {half}/0 {half}/0", MOST + 5);
        assert_eq!(kinds(&found), [expected]);
    }

    #[test]
    fn a_node_to_which_nothing_happens_covers_nothing() {
        let alone = Scenario::new("alone", Counts, 1).depth(0);
        let found = coverage(&alone);
        assert_eq!(found.kinds, []);
        assert_eq!(found.variants, ["Even"; 0]);
        assert_eq!((found.nodes[0].slots, found.nodes[0].locals.count), (1, 1));
        assert_eq!((found.budgets.count, found.monitors.count), (1, 1));
        assert_eq!(found.levers(), []);
        let never = [Never {
            sort: Sort::Timer,
            name: String::new(),
            why: "set, and never fired".to_string(),
        }];
        assert_eq!(found.never, never);
    }

    #[test]
    fn it_is_told_by_the_packed_search_and_only_if_asked_for() {
        let told = |limits: &Limits, scenario: &Scenario<Errands>| {
            let explored = explore(scenario, limits, &mut Undisturbed).expect("it makes sense");
            explored.coverage.is_some()
        };
        let asked = Limits { coverage: true, ..Limits::default() };
        let plain = Limits { plain: true, ..asked.clone() };
        assert!(told(&asked, &errands()));
        assert!(!told(&Limits::default(), &errands()));
        assert!(!told(&plain, &errands()));
        let many = (0..300)
            .fold(errands(), |scenario, _| scenario.timer("retries", |_| true, Firing::Any));
        assert!(!told(&asked, &many), "the plain search stands in");
    }

    #[test]
    fn threads_change_nothing() {
        let all =
            errands().faults(Faults { duplicates: 2, crashes: 1, restarts: 1, ..Faults::NONE });
        let limits = Limits { coverage: true, threads: 2, ..Limits::default() };
        let two = explore(&all, &limits, &mut Undisturbed).expect("it makes sense");
        assert_eq!(two.coverage.expect("it is told"), coverage(&all));
    }
}
