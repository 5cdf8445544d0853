//! The systems that stores are checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, To, Units};

use super::{Bug, Gossip, Key, Replica, Timer, Update, invariants};
use crate::parts::crdt::{Change, Kind};

/// What may be under keys: each type, in the order of the keys from `first` on, in a circle.
const KINDS: [Kind; 8] = [
    Kind::GCounter,
    Kind::OrSet,
    Kind::LwwRegister,
    Kind::MvRegister,
    Kind::PnCounter,
    Kind::Flag,
    Kind::LwwMap,
    Kind::Sequence,
];

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Replica>, String> {
    let protocol = protocol(ask);
    let replicas = ask.get("replicas") as u8;
    let crashes = ask.count("crashes");
    let times = Firing::Times(ask.count("gossips"));
    let mut scenario = Scenario::new(ask.scenario, protocol.clone(), usize::from(replicas))
        .shrinks_to(2)
        // Merging does not care how often or in which order something arrives, or whether at all.
        .links(Links::Set)
        .timer("anti-entropy", |Timer::AntiEntropy| true, times)
        .faults(Faults { crashes, restarts: crashes, ..Faults::NONE });
    scenario = invariants::all(protocol.durable).into_iter().fold(scenario, Scenario::invariant);
    for client in 0..replicas {
        let updates = 0..ask.get("updates") as u32;
        let asked = updates.map(|k| (To::Node(NodeId(client)), update(&protocol, client, k)));
        scenario = scenario.lane(asked);
    }
    scenario = match is_storm(ask) {
        true if ask.scenario == "storm-busy" => {
            scenario.storm(busy(replicas, ask.get("keys") as u32))
        }
        true => scenario.storm(storm(replicas)),
        false => scenario.may_crash([NodeId(0)]),
    };
    Ok(goals(ask, &protocol).into_iter().fold(scenario, Scenario::goal))
}

fn is_storm(ask: &Ask<'_>) -> bool {
    ask.scenario.starts_with("storm-")
}

fn protocol(ask: &Ask<'_>) -> Replica {
    let gossip = match ask.scenario.trim_start_matches("storm-") {
        "push" | "three" | "removes" => Gossip::Push,
        "pull" | "mail" | "amnesia" => Gossip::Pull,
        _ => Gossip::PushPull,
    };
    let (first, keys) = (ask.get("first") as usize, ask.get("keys") as usize);
    Replica {
        kinds: KINDS.into_iter().cycle().skip(first).take(keys).collect(),
        gossip,
        mail: ask.get("mail") == 1,
        durable: ask.get("disk") == 1,
        bug: ask.bug.and_then(Bug::named),
    }
}

/// What a client updates as its k-th request: the keys in turns, and each of them in two ways in
/// turns, where its type has two.
fn update(protocol: &Replica, client: u8, k: u32) -> Update {
    let keys = protocol.kinds.len() as u32;
    let (key, round) = (k % keys, k / keys);
    change(protocol, key as usize, round.is_multiple_of(2), client, 1 + client + 4 * round as u8)
}

/// A client's update of a key: the first way its type has, or the second; with that value, if it takes
/// one.
fn change(protocol: &Replica, key: usize, first: bool, client: u8, value: u8) -> Update {
    let change = match protocol.kinds[key] {
        Kind::GCounter => Change::Increment,
        Kind::PnCounter if first => Change::Decrement,
        Kind::PnCounter => Change::Increment,
        Kind::LwwRegister | Kind::MvRegister => Change::Write(value),
        Kind::Flag if first => Change::Enable,
        Kind::Flag => Change::Disable,
        Kind::OrSet if first => Change::Add(1),
        Kind::OrSet => Change::Remove(1),
        Kind::LwwMap if first => Change::Put(1, value),
        Kind::LwwMap => Change::Delete(1),
        // The first client writes in front and erases; the others write behind what they find.
        Kind::Sequence if first => Change::Insert(client.min(1), char::from(b'a' + value - 1)),
        Kind::Sequence => Change::Erase(0),
    };
    Update(Key(key as u8), change)
}

/// How the simulator runs it: under every kind of fault but wiped disks and wrong clocks. Clients
/// go to whichever replica takes what they ask, and fall silent after a while.
fn storm(replicas: u8) -> Storm<Replica> {
    Storm::default()
        .lasts(6.s(), 20.s())
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(replicas, request)
        .progress(invariants::equal())
}

/// What a client of the simulator asks: where there are many keys, each of them twice.
fn request(protocol: &Replica, client: ClientId, k: u32) -> Option<(To, Update)> {
    let most = if protocol.kinds.len() > 4 { 2 * protocol.kinds.len() as u32 } else { 6 };
    (k < most).then(|| (To::Any, update(protocol, client.0, k)))
}

/// The same with clients of every kind, which ask for some keys more often than for others and in any
/// order, and without waiting.
fn busy(replicas: u8, keys: u32) -> Storm<Replica> {
    storm(replicas).operations(replicas, &["first", "second"], keys, |store, asked| {
        let (client, number) = (asked.client.0, asked.number as u8);
        let (key, first) = (asked.key as usize, asked.operation == "first");
        let update = || change(store, key, first, client, 1 + client + 5 * number);
        (number < 10).then(|| (To::Any, update()))
    })
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>, protocol: &Replica) -> Vec<Goal<Replica>> {
    let storm = is_storm(ask);
    let crashes = storm || ask.get("crashes") > 0;
    let several = storm || ask.get("updates") > 1;
    // Updates of one key are mailed together.
    let gaps = protocol.mail && several && protocol.kinds.len() > 1;
    // The second update of a set removes what the first has added.
    let set = protocol.kinds.iter().position(|kind| *kind == Kind::OrSet);
    let again = |at| ask.get("updates") as usize > protocol.kinds.len() + at;
    // Where it is drawn what is asked, few runs have removed all.
    let drawn = ask.scenario == "storm-busy";
    let removes = !drawn && set.is_some_and(|at| storm || again(at));
    let reachable = [
        (removes, invariants::removed()),
        (storm || ask.get("updates") >= ask.get("keys"), invariants::in_step()),
        (ask.get("replicas") > 2, invariants::relayed()),
        (gaps, invariants::gap()),
        (!protocol.durable && crashes && several, invariants::reborn()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}
