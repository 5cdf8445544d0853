//! What clients see of a run: forced by plans, and measured.

use serde::{Deserialize, Serialize};
use splitbrain::simulate::{
    Campaign, Fault, FaultKinds, Measured, Measures, Plan, Plans, Simulation, Slice, Storm,
    Workload, run, simulate,
};
use splitbrain::{
    ClientId, Goal, NodeId, Nothing, Outbox, Protocol, Scenario, Sight, Span, To, Undisturbed,
    Units,
};

use super::simulation::with_faults;

/// A counter that customers come to, and behind it a store that knows the answers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Shop;

/// Which request of which client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Order(u8, u32);

/// An order was answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Served(Order);

pub const COUNTER: NodeId = NodeId(0);
pub const STORE: NodeId = NodeId(1);

impl Protocol for Shop {
    type State = ();
    type Message = Order;
    type Timer = Nothing;
    type Input = Order;
    type Event = Served;

    fn start(&self, _: &mut Outbox<Self>) {}
    fn on_message(&self, (): &mut (), from: NodeId, order: Order, out: &mut Outbox<Self>) {
        match out.me() {
            STORE => out.send(from, order),
            _ => out.emit(Served(order)),
        }
    }
    fn on_input(&self, (): &mut (), order: Order, out: &mut Outbox<Self>) {
        out.send(STORE, order);
    }
}

/// The shop, whose clients wait.
pub fn shop() -> Scenario<Shop> {
    let storm = Storm::default()
        .kinds(FaultKinds { partitions: true, loss: true, ..FaultKinds::NONE })
        .clients(2, |_, ClientId(client), k| Some((To::Node(COUNTER), Order(client, k))))
        .answered(|Served(Order(client, k))| Some((ClientId(*client), *k)))
        .counts("first orders", |Served(Order(_, k))| *k == 0)
        .counts("orders", |_| true)
        .lasts(10.s(), 5.s());
    Scenario::new("shop", Shop, 2).storm(storm).goal(Goal::seen(
        "served",
        "An order is served.",
        |_, sight| matches!(sight, Sight::Event { .. }),
    ))
}

/// Ten seconds with messages of ten milliseconds, two clients that ask often, and these faults.
fn plan(faults: &[(u64, u64, Fault)]) -> Plan {
    Plan {
        stormy: 10.s(),
        latency: splitbrain::simulate::Latency::Constant(10.ms()),
        workload: Workload { clients: 2, think: 50.ms(), gives_up: 0, ..Workload::default() },
        ..with_faults(faults)
    }
}

fn measured(plan: &Plan) -> Measures {
    run(&shop(), plan, 1).measures
}

fn served(slices: &[Slice]) -> Vec<(u64, u64)> {
    slices.iter().map(|slice| (slice.wanted, slice.served)).collect()
}

#[test]
fn a_calm_shop_serves_in_every_second_and_in_the_time_of_two_messages() {
    let seen = measured(&plan(&[]));
    assert!(seen.asked > 100, "{}", seen.asked);
    assert!(seen.asked - seen.answered <= 2, "what is open at the end");
    let most = |of| seen.latency.at_most(of).expect("there are some");
    assert_eq!((most(0), most(50_000), most(100_000)), (20.ms(), 20.ms(), 20.ms()));
    assert_eq!(served(&seen.stormy), [(1, 1); 10]);
    assert!(seen.healed.is_empty(), "there is no such phase");
    // One to the store and one back, and those of requests that were asked twice.
    assert!(seen.sent >= 2 * seen.answered, "{} for {}", seen.sent, seen.answered);
    assert_eq!(seen.counts[0], 2, "each client's first");
    assert!(seen.counts[1] >= seen.answered, "{:?}", seen.counts);
}

#[test]
fn while_the_store_is_cut_off_service_is_wanted_and_not_there() {
    let seen = measured(&plan(&[(2_000, 4_000, Fault::Isolate(STORE))]));
    let expected = [(1, 1), (1, 1), (1, 0), (1, 0), (1, 0), (1, 0), (1, 1), (1, 1), (1, 1), (1, 1)];
    assert_eq!(served(&seen.stormy), expected);
    assert!(seen.latency.most() > 3_500.ms(), "who waited since: {}", seen.latency.most());
    assert!(seen.latency.at_most(50_000) < Some(21.ms()), "most waited as ever");
    // Who comes while the counter is closed waits, though nobody takes the request.
    let closed = measured(&plan(&[(2_000, 4_000, Fault::Pause(COUNTER))]));
    assert_eq!(served(&closed.stormy)[2..5], [(1, 0), (1, 0), (1, 0)]);
}

#[test]
fn what_is_given_up_is_not_answered() {
    let patience = Plan {
        workload: Workload { clients: 2, think: 50.ms(), gives_up: 3, ..Workload::default() },
        ..plan(&[(0, 10_000, Fault::Isolate(STORE))])
    };
    let seen = measured(&patience);
    assert_eq!((seen.given_up, seen.answered, seen.asked), (6, 0, 8), "three each, and one open");
    assert_eq!(seen.latency.count(), 0);
    let simulated = campaign(&patience, Campaign::new(3, 1));
    let told = Measured::of(&shop().storm, &simulated.measures).expect("it is measured");
    let requests = told.requests.expect("clients wait");
    assert_eq!((requests.given_up, requests.answered), (18, 0));
    assert_eq!((requests.latency, requests.tenths_of_messages_each), (None, None));
    assert_eq!(told.counts, [("first orders", 0), ("orders", 0)]);
}

fn campaign(plan: &Plan, campaign: Campaign) -> Simulation<Shop> {
    let campaign = Campaign { plans: Plans::Given(Box::new(plan.clone())), ..campaign };
    simulate(&shop(), &campaign, &mut Undisturbed).expect("it makes sense")
}

#[test]
fn runs_add_up_to_the_same_measures_for_any_number_of_threads() {
    let made = |threads, first, runs| {
        let campaign = Campaign { threads, first, ..Campaign::new(runs, 3) };
        simulate(&shop(), &campaign, &mut Undisturbed).expect("it makes sense").measures
    };
    let whole = made(1, 0, 100);
    assert_eq!(made(3, 0, 100), whole);
    assert_eq!(made(1, 0, 40).answered + made(2, 40, 60).answered, whole.answered);
    let stormy = Slice::sum(&whole.stormy);
    assert!(stormy.served > 0 && stormy.served < stormy.wanted, "{stormy:?}");
    assert_eq!(whole.latency.count(), whole.answered);
}

#[test]
fn clients_that_do_not_wait_are_not_measured() {
    let mut scenario = shop();
    scenario.storm.answered = None;
    scenario.storm.counts.clear();
    let simulated = simulate(&scenario, &Campaign::new(3, 1), &mut Undisturbed).expect("sense");
    assert!(simulated.tally.requests > 0);
    assert_eq!((simulated.measures.asked, simulated.measures.latency.count()), (0, 0));
    assert_eq!(Measured::of(&scenario.storm, &simulated.measures), None);
    assert_eq!(Span::ZERO, simulated.measures.latency.most());
}
