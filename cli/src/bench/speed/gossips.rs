//! Larger groups that gossip, with every invariant of their models on.

use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Scenario, To};
use splitbrain_models::crdt_store::{self, Gossip, Key, Replica, Update};
use splitbrain_models::parts::crdt::{Change, Kind};
use splitbrain_models::swim::{self, Swim};

/// How many updates each client makes: a minute's worth, where it makes ten a second.
const UPDATES: u32 = 600;

/// A store of counters under that many keys, at that many replicas, by push-pull. Each client counts
/// under one key after another, each time at a replica that is drawn.
pub fn counters(replicas: usize, keys: usize) -> Scenario<Replica> {
    let protocol = Replica {
        kinds: vec![Kind::PnCounter; keys],
        gossip: Gossip::PushPull,
        mail: false,
        durable: true,
        bug: None,
    };
    let scenario = Scenario::new("counters", protocol, replicas);
    crdt_store::invariants_of(true).into_iter().fold(scenario, Scenario::invariant).storm(
        Storm::default()
            .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
            .clients(replicas as u8, count),
    )
}

/// A client's k-th update: up twice, then down once.
fn count(protocol: &Replica, client: ClientId, k: u32) -> Option<(To, Update)> {
    let keys = protocol.kinds.len() as u32;
    let key = Key(((u32::from(client.0) * 7 + k) % keys) as u8);
    let change = if k % 3 == 2 { Change::Decrement } else { Change::Increment };
    (k < UPDATES).then_some((To::Any, Update(key, change)))
}

/// A group of that many members.
pub fn members(nodes: usize) -> Scenario<Swim> {
    let protocol = Swim { tells: 4, suspicion: 3, outside: 0, cut: false, bug: None };
    let scenario = Scenario::new("members", protocol, nodes);
    let scenario = swim::invariants_of(false).into_iter().fold(scenario, Scenario::invariant);
    scenario.storm(Storm::default().kinds(FaultKinds { clocks: false, ..FaultKinds::ALL }))
}
