//! The table of works, and what each of them takes.

use std::fmt::Write;

use splitbrain::simulate::{Fault, Latency, Outcome, Plan, TimedFault, Workload, run};
use splitbrain::{NodeId, Protocol, Scenario, Span};

use super::{gossips, rafts, toys};
use crate::progress::processor;

/// A work of the table.
pub struct Row {
    /// Its name: `R1`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// What is counted: messages or runs.
    pub unit: &'static str,
    /// How many of them happy-simulator 0.2.5 does in a second (for `W2`, madsim 0.2.34), measured on one
    /// core of a quiet machine.
    pub other: f64,
    /// How many times as many are to be done.
    pub goal: f64,
    /// Does it once, and says how many were done.
    work: fn(u64) -> u64,
}

/// Every work.
const ROWS: &[Row] = &[
    Row {
        name: "P1",
        about: "ping-pong over 1 ms",
        unit: "messages",
        other: 63e3,
        goal: 1_200.0,
        work: |seed| {
            let plan = calm(Span::seconds(1_000), Latency::Constant(Span::millis(1)));
            messages(&toys::ping_pong(), &plan, seed)
        },
    },
    Row {
        name: "R1",
        about: "Raft, 5 servers, elections 1.5-3 s, 100 commands/s, 300 s",
        unit: "messages",
        other: 6.4e3,
        goal: 450.0,
        work: |seed| {
            let timing = rafts::timing(Span::millis(1_500), Span::seconds(3), Span::millis(500));
            let plan = commands(Span::seconds(300), 10, Span::millis(100));
            messages(&rafts::cluster("r1", 5, timing), &plan, seed)
        },
    },
    Row {
        name: "R2",
        about: "Raft, 5 servers, elections 150-300 ms, no commands, 300 s",
        unit: "messages",
        other: 30.2e3,
        goal: 900.0,
        work: |seed| {
            let timing = rafts::timing(Span::millis(150), Span::millis(300), Span::millis(50));
            let plan = calm(Span::seconds(300), LINKS);
            messages(&rafts::cluster("r2", 5, timing), &plan, seed)
        },
    },
    Row {
        name: "R3",
        about: "Raft, 5 servers, heartbeats 10 ms, 1,000 commands/s, 30 s",
        unit: "messages",
        other: 15.4e3,
        goal: 650.0,
        work: |seed| {
            let timing = rafts::timing(Span::millis(150), Span::millis(300), Span::millis(10));
            let plan = commands(Span::seconds(30), 10, Span::millis(10));
            messages(&rafts::cluster("r3", 5, timing), &plan, seed)
        },
    },
    Row {
        name: "F1",
        about: "Raft, 3 servers, 100 ms links, partitions, a command every 50 ms, 60 s",
        unit: "runs",
        other: 12.8,
        goal: 700.0,
        work: |seed| {
            let timing = rafts::timing(Span::millis(1_500), Span::seconds(3), Span::millis(500));
            let scenario = rafts::cluster("f1", 3, timing);
            let runs = 20;
            (0..runs).for_each(|run| {
                let plan = partitions(Span::seconds(60), seed * runs + run);
                messages(&scenario, &plan, run);
            });
            runs
        },
    },
    Row {
        name: "C1",
        about: "store, 10 replicas, 100 counters, gossip every 100-200 ms, 100 writes/s, 65 s",
        unit: "messages",
        other: 870.0,
        goal: 500.0,
        work: |seed| {
            let plan = commands(Span::seconds(65), 10, Span::millis(100));
            messages(&gossips::counters(10, 100), &plan, seed)
        },
    },
    Row {
        name: "S2",
        about: "SWIM, 50 members, probes every 400-500 ms, 300 s",
        unit: "messages",
        other: 9.2e3,
        goal: 500.0,
        work: |seed| messages(&gossips::members(50), &calm(Span::seconds(300), LINKS), seed),
    },
    Row {
        name: "W2",
        about: "a leader beats 4 followers every 50 ms, they answer, 300 s",
        unit: "messages",
        other: 520e3,
        goal: 30.0,
        work: |seed| {
            let latency = Latency::Uniform { least: Span::millis(1), most: Span::millis(5) };
            messages(&toys::beats(), &calm(Span::seconds(300), latency), seed)
        },
    },
];

/// The links of the rows' clusters.
const LINKS: Latency = Latency::Constant(Span::micros(600));

/// A plan without faults and clients.
fn calm(lasts: Span, latency: Latency) -> Plan {
    Plan {
        stormy: lasts,
        latency,
        network: None,
        loss: 0,
        duplication: 0,
        workload: Workload {
            clients: 0,
            think: Span::seconds(1),
            gives_up: 0,
            ..Workload::default()
        },
        clocks: Vec::new(),
        faults: Vec::new(),
    }
}

/// A plan with that many clients, each of which asks anew so long after an answer, on average.
fn commands(lasts: Span, clients: u8, think: Span) -> Plan {
    Plan {
        workload: Workload { clients, think, gives_up: 0, ..Workload::default() },
        ..calm(lasts, LINKS)
    }
}

/// One of three servers is cut off every 1.5 s, in turns that the number decides, for 2 s.
fn partitions(lasts: Span, number: u64) -> Plan {
    let (every, cut) = (Span::millis(1_500), Span::seconds(2));
    let begun = lasts.as_micros() / every.as_micros();
    let faults = (1..begun).map(|k| TimedFault {
        at: every * k,
        lasts: cut,
        fault: Fault::Isolate(NodeId(((number + k * k) % 3) as u8)),
    });
    let workload =
        Workload { clients: 3, think: Span::millis(150), gives_up: 0, ..Workload::default() };
    let latency = Latency::Constant(Span::millis(100));
    Plan { workload, faults: faults.collect(), ..calm(lasts, latency) }
}

/// Makes a run, and says how many messages it delivered.
fn messages<P: Protocol>(scenario: &Scenario<P>, plan: &Plan, seed: u64) -> u64 {
    let Outcome { violation, tally, .. } = run(scenario, plan, seed);
    assert_eq!(violation, None, "{} holds", scenario.name);
    tally.delivered
}

/// A sample takes at least so many seconds of processor time, so that a short work is done several
/// times.
const LEAST: f64 = 0.25;

/// Does every work whose name begins so, once to warm up and then `times` times; the figures are
/// medians.
pub fn table(named: &str, times: usize) -> String {
    let mut page = String::from(
        "| work | what | done per second | the other | times as many | goal |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in ROWS.iter().filter(|row| row.name.starts_with(named)) {
        (row.work)(0);
        let mut speeds: Vec<f64> = (1..=times)
            .map(|sample| {
                let (before, mut done, mut took) = (processor(), 0, 0.0);
                for seed in (sample as u64..).step_by(times) {
                    done += (row.work)(seed);
                    took = processor() - before;
                    if took >= LEAST {
                        break;
                    }
                }
                done as f64 / took
            })
            .collect();
        speeds.sort_by(f64::total_cmp);
        let speed = speeds[speeds.len() / 2];
        let Row { name, about, unit, other, goal, .. } = row;
        let ratio = speed / other;
        let _ = writeln!(
            page,
            "| {name} | {about} | {speed:.0} {unit} | {other:.0} | {ratio:.0} | {goal:.0} |"
        );
    }
    page
}
