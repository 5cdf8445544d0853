//! Chain replication: how a chain is repaired, how long updates take along chains of different
//! lengths, and what CRAQ makes of queries. `cargo run -p splitbrain-models --example chain`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, way};
use splitbrain::simulate::{FaultKinds, Latency, Plan, Storm, Workload, record, run};
use splitbrain::{Act, ClientId, Goal, Scenario, Sight, Span, To, Undisturbed, Units};
use splitbrain_models::chain::{Chain, ChainModel, Event, Input, Message, Request, Server, State};
use splitbrain_models::parts::machine::Serial;

const REPAIR: &str = "\
A CHAIN LOSES ITS MIDDLE

Three servers: n1 is the head, n3 the tail. n2 crashes before an update reaches it. The master
leaves it out, and n1 sends what it does not know to be at the tail to n3, its successor now:
";

const LENGTH: &str = "\
LATENCY AGAINST LENGTH

Every message takes 10 ms, and nobody fails. Measured from when the head takes an update; the way of
the client to the chain and back comes on top, and is the same for every length.

  servers   answered after   clean at the head after";

const AFTER_LENGTH: &str = "\
One hop more for each server, and no more messages at any one of them: a chain trades latency for
throughput. Where the head learns that the tail has the update matters to nobody but CRAQ, and then
for queries at the head.
";

const CRAQ: &str = "\
WHO ANSWERS QUERIES

Three servers, three clients, 10 ms a message, 600 requests or so. In a plain chain the tail answers
every query. With CRAQ they go to any server, and one with dirty updates has to ask the tail how
far it is. The fewer the updates, the less there is to ask.

                          queries at         had to
  updates     chain     n1     n2     n3     ask the tail";

fn main() -> Result<(), String> {
    println!("{REPAIR}");
    repair()?;
    println!("{LENGTH}");
    for servers in 1..=6 {
        let answered = since_asked(servers, updated())?;
        let clean = since_asked(servers, clean_at_head())?;
        println!("  {servers:>7} {answered:>13} ms {clean:>22} ms");
    }
    println!("\n{AFTER_LENGTH}\n{CRAQ}");
    let workloads: [(&str, Requests); 3] =
        [("1 in 2", requests::<2>), ("1 in 5", requests::<5>), ("1 in 20", requests::<20>)];
    for (in_words, requests) in workloads {
        for apportioned in [0, 1] {
            let counts = queries(apportioned, requests)?;
            let kind = if apportioned == 1 { "CRAQ" } else { "plain" };
            let [n1, n2, n3] = counts.at;
            let share = 100 * counts.asked / (n1 + n2 + n3).max(1);
            println!("  {in_words:<9} {kind:>7} {n1:>6} {n2:>6} {n3:>6} {share:>14} %");
        }
    }
    println!(
        "\nAsking costs a round trip to the tail, 20 ms, and the tail answers with a number: reads"
    );
    println!("of large objects are spared it all the same.");
    Ok(())
}

/// How a chain is repaired, in words and as a picture.
fn repair() -> Result<(), String> {
    let settings = [("updates", 1), ("queries", 0), ("crashes", 1)];
    let scenario = scenario("crash", &settings)?
        .waypoint("n2 is down, and only n1 has the update", |_, nodes| {
            let has = |at: usize| server(&nodes[at].state).history.last().0 == 1;
            !nodes[2].up && has(1) && !has(2) && !has(3)
        })
        .waypoint("n1 knows that the tail has it", |_, nodes| server(&nodes[1].state).clean.0 == 1);
    let steps = way(&scenario, &Limits::default(), &mut Undisturbed)?;
    let story = tell(&scenario, &steps, None);
    for step in story.steps_in_words() {
        // What each step changes is in the picture.
        println!("{}", step.split(" — ").next().unwrap_or_default());
    }
    println!("\n{}", story.to_text());
    Ok(())
}

/// The server at a node.
fn server(state: &State) -> &Server {
    match state {
        State::Server(server) => server,
        State::Master(_) => unreachable!("n0 is the master, and nobody else"),
    }
}

fn scenario(name: &str, settings: &[(&str, u64)]) -> Result<Scenario<Chain>, String> {
    let settings: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&ChainModel, name, None, &settings).map_err(|misfit| misfit.to_string())
}

/// A network on which every message takes 10 ms, and nothing fails.
fn plan(clients: u8, stormy: Span) -> Plan {
    Plan {
        stormy,
        latency: Latency::Constant(10.ms()),
        loss: 0,
        duplication: 0,
        network: None,
        workload: Workload { clients, think: 100.ms(), gives_up: 0, ..Workload::default() },
        clocks: Vec::new(),
        faults: Vec::new(),
    }
}

/// How many milliseconds after the update was asked this comes about, in a chain of so many
/// servers. The same seed makes the same run, which ends where its goal is reached.
fn since_asked(servers: u64, until: Goal<Chain>) -> Result<u64, String> {
    let moment = |goal: Goal<Chain>| -> Result<u64, String> {
        let mut calm = scenario("small", &[("members", servers), ("updates", 1), ("queries", 0)])?;
        calm.storm = Storm::default().lasts(Span::ZERO, 60.s()).progress(goal);
        Ok(run(&calm, &plan(1, Span::ZERO), 1).lasted.as_micros() / 1_000)
    };
    Ok(moment(until)? - moment(asked())?)
}

fn asked() -> Goal<Chain> {
    Goal::seen("asked", "An update is asked.", |_, sight| matches!(sight, Sight::Input { .. }))
}

fn updated() -> Goal<Chain> {
    Goal::seen("updated", "An update is answered.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Updated { .. }, .. })
    })
}

fn clean_at_head() -> Goal<Chain> {
    Goal::nodes("clean", "The head knows that the tail has it.", |_, nodes| {
        server(&nodes[1].state).clean.0 == 1
    })
}

/// Where queries were asked, and how many of them had to be asked on.
struct Queries {
    at: [usize; 3],
    asked: usize,
}

/// What clients ask.
type Requests = fn(&Chain, ClientId, u32) -> Option<(To, Input)>;

/// One update in so many requests.
fn requests<const EVERY: u32>(_: &Chain, client: ClientId, k: u32) -> Option<(To, Input)> {
    let request = Request { client, serial: Serial(k) };
    let updates = (k + u32::from(client.0)).is_multiple_of(EVERY);
    Some((To::Any, if updates { Input::Update(request) } else { Input::Query(request) }))
}

/// A run of twenty seconds in which three clients ask.
fn queries(apportioned: u64, requests: Requests) -> Result<Queries, String> {
    let mut calm = scenario("small", &[("apportioned", apportioned)])?;
    let answered = calm.storm.answered.ok_or("clients wait for answers")?;
    calm.storm = Storm::default()
        .lasts(20.s(), Span::ZERO)
        .kinds(FaultKinds::NONE)
        .clients(3, requests)
        .answered(answered);
    let (_, steps) = record(&calm, &plan(3, 20.s()), (1, 0), None);
    let mut counts = Queries { at: [0; 3], asked: 0 };
    for step in steps {
        match step.act {
            Act::Input { input: Input::Query(_), .. } => counts.at[step.node.index() - 1] += 1,
            Act::Deliver { message: Message::AskVersion { .. }, .. } => counts.asked += 1,
            _ => {}
        }
    }
    Ok(counts)
}
