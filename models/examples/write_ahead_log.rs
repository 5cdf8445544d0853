//! What a power failure leaves of a log, what a sync for many saves, and how a torn record that is
//! left in its place takes along what is written behind it.
//! `cargo run -p splitbrain-models --example write_ahead_log`

use std::collections::BTreeMap;

use splitbrain::catalog::build;
use splitbrain::explain::tell;
use splitbrain::explore::{Limits, explore};
use splitbrain::simulate::{Plan, Workload, record};
use splitbrain::{Act, ClientId, NodeId, Scenario, Step, Undisturbed, Units, follow_all};
use splitbrain_models::write_ahead_log::{
    Input, Key, Server, Timer, Value, WriteAheadLog, WriteAheadLogModel,
};

const LEFT: &str = "\
WHAT A POWER FAILURE LEAVES

Three clients write, and the power fails. The first record was synced, and its client answered; the
sync of the others had begun. This is every way in which the server may find its log:

  whole records   half a one   the store after recovery";

const LEFT_SEEN: &str = "
What was answered is there in each of them, and what was not is there up to one record, in the order
of the log. There is no way with v12 and without v11. In the first, perhaps nothing failed but the
server's own process; what it reads is not on the disk yet, and it syncs that first.
";

const GROUPS: &str = "\
A SYNC FOR MANY

A sync takes 10 to 30 ms. Clients wait for their answers, and think for 2 ms on average in between:

  clients   writes in 10 s   syncs   writes a sync";

const GROUPS_SEEN: &str = "
One client waits for one sync a write. Of two, each waits for the other's sync and then for its own,
and nothing is shared. The more there are, the more wait for the next sync together; and none waits
for more than two, the one that is under way and its own.
";

const TORN: &str = "\
A TORN RECORD THAT IS LEFT WHERE IT IS

The mistake `torn-tail-kept`: a recovery reads up to the torn record, and writes behind it.
";

const TORN_SEEN: &str = "
The second write was answered rightly: its record is on the disk, whole and synced. The second
recovery never gets there.";

fn main() -> Result<(), String> {
    println!("{LEFT}");
    for way in 0..5 {
        let server = after(way)?;
        let (whole, torn) = (server.log.readable().count(), way > 2);
        let half = if torn { "cut off" } else { "-" };
        println!("  {whole:<15} {half:<12} {:?}", server.store.values);
    }
    println!("{LEFT_SEEN}\n{GROUPS}");
    for clients in [1, 2, 3, 6, 9] {
        println!("{}", groups(clients)?);
    }
    println!("{GROUPS_SEEN}\n{TORN}");
    println!("{}{TORN_SEEN}", torn_tail_kept()?);
    Ok(())
}

fn scenario(
    name: &str,
    bug: Option<&str>,
    settings: &[(&str, u64)],
) -> Result<Scenario<WriteAheadLog>, String> {
    let given: BTreeMap<String, u64> =
        settings.iter().map(|(name, value)| ((*name).to_string(), *value)).collect();
    build(&WriteAheadLogModel, name, bug, &given).map_err(|misfit| misfit.to_string())
}

/// The server after three writes, the sync of the first of them, and a crash that leaves its log in
/// one of five ways.
fn after(way: u32) -> Result<Server, String> {
    let server = NodeId(0);
    let put = |client| {
        let (client, key) = (ClientId(client), Key(client));
        Act::Input { client, input: Input::Put(client, key, Value(10 + u32::from(key.0))) }
    };
    let mut steps: Vec<Step<WriteAheadLog>> =
        [put(0), put(1), put(2), Act::Timeout(Timer::Sync), Act::Crash]
            .into_iter()
            .map(|act| Step::new(server, act))
            .collect();
    steps.push(Step { node: server, act: Act::Restart, choices: vec![way] });
    let scenario = scenario("crash", None, &[("writes", 1), ("keys", 3)])?;
    let there = follow_all(&scenario, &steps)?;
    Ok(there.world.nodes[0].state.clone())
}

/// How many writes and how many syncs there are in ten seconds without a fault.
fn groups(clients: u8) -> Result<String, String> {
    let workload = Workload { clients, think: 2.ms(), gives_up: 0, ..Workload::default() };
    let plan = Plan { workload, ..Plan::calm(10.s()) };
    let (_, steps) = record(&scenario("storm", None, &[])?, &plan, (1, 0), None);
    let count =
        |is: fn(&Act<WriteAheadLog>) -> bool| steps.iter().filter(|step| is(&step.act)).count();
    let writes = count(|act| matches!(act, Act::Input { input: Input::Put(..), .. }));
    let syncs = count(|act| matches!(act, Act::Timeout(Timer::Sync)));
    let (whole, tenths) = (writes / syncs, writes * 10 / syncs % 10);
    Ok(format!("  {clients:<9} {writes:<16} {syncs:<7} {whole}.{tenths}"))
}

/// A shortest run to the loss.
fn torn_tail_kept() -> Result<String, String> {
    let scenario = scenario("again", Some("torn-tail-kept"), &[])?;
    let limits = Limits { only: Some("durability".to_string()), ..Limits::default() };
    let report = explore(&scenario, &limits, &mut Undisturbed)?;
    let found = report.found.first().ok_or("nothing is lost")?;
    let story = tell(&scenario, &found.trace, None);
    Ok(format!("{}\n\n{}", story.steps_in_words().join("\n"), story.to_text()))
}
