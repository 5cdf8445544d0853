//! Workloads: when clients ask, what of, and what they do without an answer, seen in what a desk
//! notes down.

use std::collections::BTreeMap;

use splitbrain::simulate::{
    Arrivals, Asked, Campaign, FaultKinds, Keys, Latency, Outcome, Plan, PlanTree, Plans, Retries,
    Spacing, Storm, Workload, plan_of, record, run, simulate,
};
use splitbrain::{
    Act, ClientId, Clocks, Node, NodeId, Nothing, Outbox, Protocol, Scenario, Span, To,
    Undisturbed, Units, follow_all,
};

use proptest::strategy::ValueTree;

/// A desk that takes requests, notes them down, and answers after a while, or never.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Desk {
    /// How long an answer takes.
    takes: Option<Span>,
    /// How many requests it can work on at a time; it takes no more.
    room: usize,
}

/// A request: who asks, its number, and for which operation and key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Wanted {
    client: ClientId,
    number: u32,
    operation: &'static str,
    key: u32,
}

/// What a desk remembers: each request with the millisecond in which it came, and those it works on.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
struct Book {
    notes: Vec<(u64, Wanted)>,
    open: Vec<Wanted>,
}

impl Protocol for Desk {
    type State = Book;
    type Message = Nothing;
    type Timer = Wanted;
    type Input = Wanted;
    type Event = Wanted;

    fn start(&self, _: &mut Outbox<Self>) -> Book {
        Book::default()
    }

    fn on_message(&self, _: &mut Book, _: NodeId, message: Nothing, _: &mut Outbox<Self>) {
        match message {}
    }

    fn on_timeout(&self, book: &mut Book, wanted: Wanted, out: &mut Outbox<Self>) {
        book.open.retain(|open| *open != wanted);
        out.emit(wanted);
    }

    fn on_input(&self, book: &mut Book, wanted: Wanted, out: &mut Outbox<Self>) {
        book.notes.push((out.now(), wanted));
        match self.takes {
            Some(Span::ZERO) => out.emit(wanted),
            Some(span) => {
                book.open.push(wanted);
                out.set_timer(wanted, span);
            }
            None => {}
        }
    }

    fn accepts(&self, _: NodeId, book: &Book, _: &Wanted) -> bool {
        book.open.len() < self.room
    }
}

fn wanted(_: &Desk, asked: &Asked) -> Option<(To, Wanted)> {
    let Asked { client, number, operation, key } = *asked;
    Some((To::Any, Wanted { client, number, operation, key }))
}

/// A desk for up to nine clients, which read and write ten keys and wait for answers.
fn desk(takes: Option<Span>) -> Scenario<Desk> {
    let storm = Storm::default()
        .lasts(10.s(), 0.s())
        .kinds(FaultKinds::NONE)
        .operations(9, &["read", "write"], 10, wanted)
        .answered(|wanted| Some((wanted.client, wanted.number)));
    Scenario::new("desk", Desk { takes, room: 99 }, 1)
        .clocks(Clocks { of: vec![NodeId(0)], until: 0, apart: 1, tick: 1.ms() })
        .storm(storm)
}

fn with(workload: Workload) -> Plan {
    Plan { workload, latency: Latency::Constant(1.ms()), ..Plan::calm(10.s()) }
}

/// What came to the desk in a run, by client, and when.
fn notes(scenario: &Scenario<Desk>, plan: &Plan) -> BTreeMap<ClientId, Vec<(u64, Wanted)>> {
    assert_eq!(plan.fits(scenario), Ok(()), "{plan}");
    let (outcome, steps) = record(scenario, plan, (1, 0), None);
    assert_eq!(run(scenario, plan, 1), outcome, "the same whether it is recorded or not");
    let there = follow_all(scenario, &steps).expect("every recorded step happens on World");
    let node: &Node<Desk> = &there.world.nodes[0];
    let mut by_client: BTreeMap<ClientId, Vec<(u64, Wanted)>> = BTreeMap::new();
    for note in &node.state.notes {
        by_client.entry(note.1.client).or_default().push(*note);
    }
    by_client
}

/// The distances between what came, in milliseconds.
fn gaps(notes: &[(u64, Wanted)]) -> Vec<u64> {
    notes.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
}

const ONE: ClientId = ClientId(0);

fn one() -> Workload {
    Workload { clients: 1, think: 20.ms(), ..Workload::default() }
}

#[test]
fn in_an_open_loop_requests_arrive_at_their_rate_whether_or_not_they_are_answered() {
    let constant = Arrivals::Constant { every: 50.ms(), outstanding: 3 };
    let poisson = Arrivals::Poisson { every: 50.ms(), outstanding: 9 };
    let quick =
        notes(&desk(Some(Span::ZERO)), &with(Workload { arrivals: Some(constant), ..one() }));
    assert_eq!(quick.len(), 1, "one session is enough");
    assert!(gaps(&quick[&ONE]).iter().all(|gap| *gap == 50));
    assert_eq!(quick[&ONE].len(), 199, "every 50 ms for ten seconds, from the first 50 on");
    // At a desk that takes 120 ms, three are out at a time.
    let busy = Workload { arrivals: Some(constant), think: 30.s(), ..one() };
    let several = notes(&desk(Some(120.ms())), &with(busy));
    assert_eq!(several.len(), 3);
    let all: usize = several.values().map(Vec::len).sum();
    assert_eq!(all, 199, "as many");
    let drawn =
        notes(&desk(Some(Span::ZERO)), &with(Workload { arrivals: Some(poisson), ..one() }));
    let (all, gaps) = (drawn[&ONE].len(), gaps(&drawn[&ONE]));
    assert!((170..230).contains(&all), "about 200, not {all}");
    let short = gaps.iter().filter(|gap| **gap < 35).count() * 100 / all;
    assert!((43..57).contains(&short), "half of the gaps are below 50 ln 2 ms, not {short} %");
}

#[test]
fn what_arrives_while_all_sessions_are_taken_waits_in_line() {
    let arrivals = Some(Arrivals::Constant { every: 50.ms(), outstanding: 2 });
    let slow = Workload { arrivals, think: 30.s(), ..one() };
    let found = notes(&desk(Some(500.ms())), &with(slow));
    for notes in found.values() {
        // The next is taken just when the last is answered, not at the next arrival.
        assert!(gaps(notes).iter().all(|gap| *gap == 500), "{notes:?}");
    }
    assert_eq!(found.values().map(Vec::len).sum::<usize>(), 40);
}

#[test]
fn in_a_closed_loop_a_client_thinks_from_the_answer_on() {
    let slow = Workload { retries: Some(Retries::Same(Spacing::Fixed(5.s()))), ..one() };
    let found = notes(&desk(Some(400.ms())), &with(slow));
    let gaps = gaps(&found[&ONE]);
    assert!(gaps.iter().all(|gap| *gap >= 400), "{gaps:?}");
    let mean = gaps.iter().sum::<u64>() / gaps.len() as u64;
    assert!((410..435).contains(&mean), "400 ms and 20 ms of thought, not {mean}");
}

#[test]
fn a_client_asks_again_as_it_is_told_and_gives_up_no_more_than_it_may() {
    let fixed = Spacing::Fixed(100.ms());
    let backoff = Spacing::Backoff { first: 100.ms(), most: 400.ms() };
    let waits = Some(250.ms());
    for (workload, gaps_there, numbers) in [
        (
            Workload { retries: Some(Retries::Same(fixed)), ..one() },
            [100, 100, 100, 100, 100],
            [0, 0, 0, 0, 0, 0],
        ),
        (
            Workload { retries: Some(Retries::Same(backoff)), ..one() },
            [100, 200, 400, 400, 400],
            [0, 0, 0, 0, 0, 0],
        ),
        (
            Workload { retries: Some(Retries::Anew(fixed)), gives_up: 3, ..one() },
            [100, 100, 100, 100, 100],
            [0, 1, 2, 3, 3, 3],
        ),
        (
            Workload { retries: Some(Retries::Never), gives_up: 200, waits, ..one() },
            [250, 250, 250, 250, 250],
            [0, 1, 2, 3, 4, 5],
        ),
        (
            Workload { retries: Some(Retries::Same(fixed)), gives_up: 200, waits, ..one() },
            [100, 100, 50, 100, 100],
            [0, 0, 0, 1, 1, 1],
        ),
        (
            Workload { retries: Some(Retries::Same(fixed)), gives_up: 1, waits, ..one() },
            [100, 100, 50, 100, 100],
            [0, 0, 0, 1, 1, 1],
        ),
    ] {
        let plan = with(workload);
        let found = &notes(&desk(None), &plan)[&ONE];
        assert_eq!(gaps(&found[..6]), gaps_there, "{plan}");
        let asked: Vec<u32> = found[..6].iter().map(|(_, wanted)| wanted.number).collect();
        assert_eq!(asked, numbers, "{plan}");
        let last = found.last().expect("many").1.number;
        assert!(last <= u32::from(plan.workload.gives_up), "{plan}: {last} given up");
        // The same number always is for the same; asked anew it is for the same, too.
        let what = |(_, wanted): &(u64, Wanted)| (wanted.operation, wanted.key);
        let anew = matches!(plan.workload.retries, Some(Retries::Anew(_)));
        for pair in found.windows(2).filter(|pair| anew || pair[0].1.number == pair[1].1.number) {
            assert_eq!(what(&pair[0]), what(&pair[1]), "{plan}");
        }
    }
}

#[test]
fn a_client_gives_up_by_chance_where_it_is_not_said_how_long_it_waits() {
    let plan = with(Workload { gives_up: 4, ..one() });
    let found = &notes(&desk(None), &plan)[&ONE];
    let last = found.last().expect("many").1.number;
    assert_eq!(last, 4, "about 500 tries");
    let first = found.iter().filter(|(_, wanted)| wanted.number == 0).count();
    assert!(first > 1, "not at once");
}

#[test]
fn an_answer_that_comes_too_late_is_no_answer_to_what_is_asked_by_then() {
    // It waits 250 ms, and the answers take 400.
    let retries = Some(Retries::Never);
    let plan = with(Workload { retries, gives_up: 200, waits: Some(250.ms()), ..one() });
    let found = &notes(&desk(Some(400.ms())), &plan)[&ONE];
    assert!(gaps(found).iter().all(|gap| *gap == 250), "{found:?}");
}

#[test]
fn keys_and_operations_are_asked_for_as_often_as_is_said() {
    let quick = desk(Some(Span::ZERO));
    let counts = |workload: Workload, what: fn(&Wanted) -> bool| {
        let found = &notes(&quick, &with(workload))[&ONE];
        (found.iter().filter(|(_, wanted)| what(wanted)).count() * 1_000 / found.len()) as i64
    };
    let mix = |read, write| [("read".to_string(), read), ("write".to_string(), write)].into();
    type What = fn(&Wanted) -> bool;
    let table: [(Workload, What, i64); 7] = [
        (one(), |wanted| wanted.operation == "read", 500),
        (one(), |wanted| wanted.key < 5, 500),
        (Workload { mix: mix(9, 1), ..one() }, |wanted| wanted.operation == "read", 900),
        (Workload { mix: mix(0, 1), ..one() }, |wanted| wanted.operation == "read", 0),
        (Workload { keys: Some(Keys::One), ..one() }, |wanted| wanted.key == 0, 1_000),
        (
            Workload { keys: Some(Keys::Hot { of: 10, share: 800_000 }), ..one() },
            |wanted| wanted.key == 0,
            800,
        ),
        (
            Workload { keys: Some(Keys::Zipf { of: 4, exponent: 1_000 }), ..one() },
            |wanted| wanted.key == 0,
            480,
        ),
    ];
    for (workload, what, permille) in table {
        let found = counts(workload.clone(), what);
        assert!((found - permille).abs() < 60, "{workload}: {found}, not {permille}");
    }
}

#[test]
fn where_clients_wait_for_no_answer_each_request_is_asked_until_it_is_taken() {
    let mut scenario = desk(Some(200.ms()));
    scenario.protocol.room = 1;
    scenario.storm.answered = None;
    for arrivals in [None, Some(Arrivals::Constant { every: 50.ms(), outstanding: 1 })] {
        let found = &notes(&scenario, &with(Workload { arrivals, ..one() }))[&ONE];
        let numbers: Vec<u32> = found.iter().map(|(_, wanted)| wanted.number).collect();
        assert_eq!(numbers, (0..found.len() as u32).collect::<Vec<u32>>());
        assert!((30..50).contains(&found.len()), "one each 200 ms, not {}", found.len());
    }
}

#[test]
fn clients_that_have_no_more_to_ask_fall_silent() {
    let mut scenario = desk(Some(Span::ZERO));
    let few = |desk: &Desk, asked: &Asked| {
        if asked.number < 3 { wanted(desk, asked) } else { None }
    };
    scenario.storm = scenario.storm.operations(9, &["read", "write"], 10, few);
    for arrivals in [None, Some(Arrivals::Poisson { every: 20.ms(), outstanding: 2 })] {
        let plan = with(Workload { arrivals, ..one() });
        let found = notes(&scenario, &plan);
        let most = if arrivals.is_some() { 6 } else { 3 };
        let all = found.values().map(Vec::len).sum::<usize>();
        assert!(all >= 3 && all <= most, "{found:?}");
        let asked = run(&scenario, &plan, 1).measures.asked;
        assert_eq!(asked, all as u64, "what there is not is not asked");
    }
}

#[test]
fn a_storm_that_says_what_may_be_asked_draws_all_there_is_and_only_what_fits() {
    let scenario = desk(Some(5.ms()));
    let plans: Vec<Plan> = (0..200).map(|run| plan_of(&scenario, 1, run)).collect();
    let text: String = plans.iter().map(Plan::to_toml).collect();
    for part in [
        "constant = { every",
        "poisson",
        "zipf",
        "uniform",
        "hot",
        "\"one\"",
        "never",
        "same",
        "anew",
        "fixed",
        "backoff",
        "waits",
        "mix = { read = 10",
    ] {
        assert!(text.contains(part), "{part} is never drawn");
    }
    for plan in &plans {
        assert_eq!(plan.fits(&scenario), Ok(()), "{plan}");
    }
    assert!(plans.iter().any(|plan| plan.workload.arrivals.is_none()));
    let outstanding = |plan: &Plan| plan.workload.arrivals.map_or(1, Arrivals::outstanding);
    assert!(plans.iter().any(|plan| outstanding(plan) > 2));
}

#[test]
fn a_storm_that_says_requests_alone_draws_what_it_always_drew() {
    let mut plain = desk(Some(5.ms()));
    plain.storm.operations = None;
    plain.storm = plain.storm.clients(9, |_, client, number| {
        Some((To::Any, Wanted { client, number, operation: "", key: 0 }))
    });
    for run in 0..20 {
        let (plan, rich) = (plan_of(&plain, 1, run), plan_of(&desk(Some(5.ms())), 1, run));
        let Workload { clients, think, gives_up, .. } = plan.workload.clone();
        assert_eq!(plan.workload, Workload { clients, think, gives_up, ..Workload::default() });
        let cut = Workload { clients, think, gives_up, ..Workload::default() };
        assert_eq!(Plan { workload: cut, ..rich }, plan, "the others are drawn as they were");
    }
    // By hand it may have all but keys and operations.
    let arrivals = Some(Arrivals::Poisson { every: 20.ms(), outstanding: 3 });
    let found = notes(&plain, &with(Workload { arrivals, ..one() }));
    assert!(found.len() > 1, "several at a time");
}

#[test]
fn campaigns_of_workloads_are_the_same_for_any_number_of_threads_and_twice() {
    let scenario = desk(Some(5.ms()));
    let campaign = Campaign { twice: true, ..Campaign::new(64, 3) };
    let digest = |campaign: &Campaign| {
        let made = simulate(&scenario, campaign, &mut Undisturbed).expect("a sound scenario");
        assert!(made.verdict.holds(), "{}", made.verdict);
        made.digest
    };
    assert_eq!(digest(&campaign), digest(&Campaign { threads: 3, ..campaign.clone() }));
}

#[test]
fn a_workload_that_does_not_fit_the_scenario_is_refused_with_what_it_has() {
    let rich = desk(None);
    let mut plain = desk(None);
    plain.storm.operations = None;
    let mut laned = plain.clone();
    plain.storm = plain.storm.clients(2, |_, _, _| None);
    laned.storm.request = None;
    let mut silent = desk(None);
    silent.storm.answered = None;
    let three = "arrivals = { poisson = { every = \"1s\", outstanding = 4 } }";
    for (scenario, workload, why) in [
        (&rich, "mix = { scan = 1 }", "no operation `scan`; choose from: read, write"),
        (&rich, "keys = { uniform = { of = 11 } }", "11 keys, and the scenario has 10"),
        (
            &rich,
            three,
            "3 clients with 4 requests outstanding each are 12 at once, and the scenario has 9",
        ),
        (&rich, "clients = 10", "10 clients ask, and the scenario has 9"),
        (&plain, "clients = 1, keys = \"one\"", "neither keys nor operations"),
        (&plain, "clients = 1, mix = { read = 1 }", "neither keys nor operations"),
        (&plain, &format!("clients = 1, {three}"), "are 4 at once, and the scenario has 2"),
        (&laned, three, "ask what its lanes say"),
        (&silent, "retries = { same = { fixed = \"1s\" } }", "wait for no answer"),
        (&silent, "gives_up = 1, waits = \"1s\"", "wait for no answer"),
    ] {
        let text = format!("stormy = \"9s\"\n\nworkload = {{ {workload} }}");
        let error = Plan::from_toml_for(&text, scenario).expect_err(workload);
        assert!(error.why.contains(why), "{workload}: {error}");
        assert_eq!(error.line, Some(3), "{error}");
    }
    let mut crowd = desk(None);
    crowd.storm.clients = 200;
    let many = with(Workload {
        clients: 200,
        arrivals: Some(Arrivals::Poisson { every: 20.ms(), outstanding: 1 }),
        ..one()
    });
    let error = many.fits(&crowd).expect_err("no numbers for all of them");
    assert!(error.why.contains("the scenario has 55"), "{error}");
}

/// What fails where a key is asked for that is not the first needs no open loop and no mix.
#[test]
fn what_a_failure_does_not_need_of_a_workload_is_left_out() {
    let plan = with(Workload {
        gives_up: 9,
        waits: Some(1.s()),
        arrivals: Some(Arrivals::Poisson { every: 20.ms(), outstanding: 2 }),
        keys: Some(Keys::Zipf { of: 10, exponent: 1_000 }),
        mix: [("read".to_string(), 3)].into(),
        retries: Some(Retries::Anew(Spacing::Fixed(1.s()))),
        ..Workload::default()
    });
    let simplest = |fails: &dyn Fn(&Outcome, &[Wanted]) -> bool| {
        let scenario = desk(Some(1.ms()));
        let fails = |plan: &Plan| {
            let (outcome, steps) = record(&scenario, plan, (1, 0), None);
            let asked: Vec<Wanted> = steps
                .iter()
                .filter_map(|step| match step.act {
                    Act::Input { input, .. } => Some(input),
                    _ => None,
                })
                .collect();
            fails(&outcome, &asked)
        };
        assert!(fails(&plan));
        let mut tree = PlanTree::new(plan.clone());
        let mut more = tree.simplify();
        while more {
            more = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        tree.current().workload
    };
    let keyed = simplest(&|_, asked| asked.iter().any(|wanted| wanted.key > 0));
    let needed =
        Workload { clients: 1, gives_up: 9, keys: plan.workload.keys, ..Workload::default() };
    assert_eq!(keyed, needed);
    let any = simplest(&|outcome, _| outcome.tally.requests > 0);
    assert_eq!(any, Workload { keys: Some(Keys::One), ..needed.clone() });
    let many = simplest(&|_, asked| asked.len() > 300);
    assert!(many.arrivals.is_some(), "{many}");
}

#[test]
fn plans_are_given_to_campaigns_with_their_workload() {
    let scenario = desk(Some(Span::ZERO));
    let plan = with(Workload { keys: Some(Keys::One), ..one() });
    let plans = Plans::Given(Box::new(plan));
    let campaign = Campaign { plans, ..Campaign::new(3, 1) };
    let made = simulate(&scenario, &campaign, &mut Undisturbed).expect("it fits");
    assert!(made.tally.requests > 3 * 300, "{:?}", made.tally);
}
