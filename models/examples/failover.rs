//! Primary and backup: how long an update takes by mode, and what a failover may lose.
//! `cargo run -p splitbrain-models --example failover`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, explore, reach};
use splitbrain::simulate::{Latency, Plan, Storm, Workload, run};
use splitbrain::{Goal, Scenario, Sight, Span, Undisturbed, Units};
use splitbrain_models::primary_backup::{Event, PrimaryBackup, PrimaryBackupModel};

const LATENCY: &str = "\
LATENCY BY MODE

A primary and two backups. A message takes 2 ms, and what comes on top is 8 ms on average, seldom
much more. Of 1,000 updates each, measured from when the primary takes it:

                        median     1 in 10 takes     1 in 100 takes";

const AFTER_LATENCY: &str = "\
A synchronous primary waits for the slower of two round trips, a semi-synchronous one for one of
them, an asynchronous one for none.
";

const LOST: &str = "\
WHAT ASYNCHRONOUS REPLICATION LOSES

The shortest way to an update that was answered and is gone. Nobody is down and no message is lost:
the view service took n1 for dead, which was only slow to say that it was not.
";

const FENCED: &str = "\
WHAT FENCES AN OLD PRIMARY

A synchronous primary cannot make that mistake with updates: its backup is in a newer view and turns
it away. With queries it could. This is what happens if it answers them without asking:
";

fn main() -> Result<(), String> {
    println!("{LATENCY}");
    for (name, mode) in [("synchronous", 0), ("semi-synchronous", 1), ("asynchronous", 2)] {
        let mut spans: Vec<u64> =
            (0..1_000).map(|seed| latency(mode, seed)).collect::<Result<_, _>>()?;
        spans.sort_unstable();
        let [median, tenth, hundredth] = [500, 900, 990].map(|at| millis(spans[at]));
        println!("  {name:<18} {median:>8} ms {tenth:>14} ms {hundredth:>15} ms");
    }
    println!("\n{AFTER_LATENCY}\n{LOST}");
    let asynchronous = scenario("async", None, &[("backups", 1)])?;
    let steps = reach(&asynchronous, "answered-and-lost", &Limits::default(), &mut Undisturbed)?;
    println!("{}\n{FENCED}", tell(&asynchronous, &steps, None).to_text());
    let careless = scenario("failover", Some("old-primary-reads"), &[])?;
    let found = explore(&careless, &Limits::default(), &mut Undisturbed)?;
    let first = found.found.first().ok_or("the mistake does not show")?;
    println!("{}", tell(&careless, &first.trace, Some("linearizability")).to_text());
    Ok(())
}

fn scenario(
    name: &str,
    bug: Option<&str>,
    settings: &[(&str, u64)],
) -> Result<Scenario<PrimaryBackup>, String> {
    let settings: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&PrimaryBackupModel, name, bug, &settings).map_err(|misfit| misfit.to_string())
}

/// How many microseconds an update takes. The same seed makes the same run, which ends where its
/// goal is reached: once where the update is asked, once where it is answered.
fn latency(mode: u64, seed: u64) -> Result<u64, String> {
    let plan = Plan {
        stormy: Span::ZERO,
        latency: Latency::Exponential { least: 2.ms(), rest: 8.ms() },
        loss: 0,
        duplication: 0,
        network: None,
        workload: Workload { clients: 1, think: 10.ms(), gives_up: 0, ..Workload::default() },
        clocks: Vec::new(),
        faults: Vec::new(),
    };
    let settings = [("mode", mode), ("backups", 2), ("updates", 1), ("queries", 0)];
    let mut calm = scenario("small", None, &settings)?;
    let mut moment = |goal: Goal<PrimaryBackup>| {
        calm.storm = Storm::default().lasts(Span::ZERO, 60.s()).progress(goal);
        run(&calm, &plan, seed).lasted.as_micros()
    };
    let asked =
        Goal::seen("asked", "An update is asked.", |_, sight| matches!(sight, Sight::Input { .. }));
    let answered = Goal::seen("answered", "An update is answered.", |_, sight| {
        matches!(sight, Sight::Event { event: Event::Updated { .. }, .. })
    });
    Ok(moment(answered) - moment(asked))
}

/// Microseconds as milliseconds with one decimal, rounded down.
fn millis(micros: u64) -> String {
    format!("{}.{}", micros / 1_000, micros / 100 % 10)
}
