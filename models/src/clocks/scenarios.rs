//! The scenarios: what processes send, by which clocks, and what must hold and be reached.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Goal, NodeId, Scenario, To, Units};

use super::{Bug, Clocks, Input, Kind, invariants};

/// How many processes the simulator lets send to each other.
const STORMY: u64 = 3;

/// How often a client of the simulator asks.
const MOST: u32 = 40;

/// Builds a scenario of the clock that its name begins with.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Clocks>, String> {
    let kind = kind(ask);
    if kind == Kind::Hybrid && ask.get("ahead") < ask.get("apart") {
        return Err(format!(
            "a clock without a guard gets as far ahead as physical clocks are apart, and that may \
             be {}: make `ahead` as large",
            ask.get("apart")
        ));
    }
    if kind == Kind::Broadcast && ask.get("crashes") > 0 {
        return Err("members of a broadcast do not fail: set `crashes` to 0".to_string());
    }
    if kind != Kind::Broadcast && ask.scenario.starts_with("storm-") && ask.get("nodes") != STORMY {
        return Err(format!("storms of clocks have {STORMY} processes: set `nodes` to {STORMY}"));
    }
    let bug = ask.bug.and_then(Bug::named);
    let nodes = ask.count("nodes").into();
    let (ahead, increment) = (ask.get("ahead"), u32::from(ask.count("increment")));
    let clocks = Clocks { kind, ahead, increment, bug };
    let mut scenario = Scenario::new("clocks", clocks, nodes)
        .faults(Faults {
            crashes: ask.count("crashes"),
            restarts: ask.count("restarts"),
            duplicates: ask.count("duplicates"),
            ..Faults::NONE
        })
        .storm(storm(kind, nodes));
    if matches!(kind, Kind::Hybrid | Kind::Guarded) {
        scenario = scenario.clocks(splitbrain::Clocks {
            of: (0..nodes).map(NodeId::at).collect(),
            until: ask.get("ticks"),
            apart: ask.get("apart"),
            tick: 50.ms(),
        });
    }
    if kind == Kind::Broadcast {
        scenario = scenario.may_crash([]).shrinks_to(2);
    }
    let scenario = lanes(ask, kind).into_iter().fold(scenario, Scenario::lane);
    let scenario = invariants::of(kind, nodes).into_iter().fold(scenario, Scenario::invariant);
    Ok(goals(ask, kind).into_iter().fold(scenario, Scenario::goal))
}

/// The clock that a scenario is of, by its name.
fn kind(ask: &Ask<'_>) -> Kind {
    let storm = ask.scenario.starts_with("storm-");
    match ask.scenario.trim_start_matches("storm-").split('-').next() {
        Some("lamport") => Kind::Lamport,
        Some("vector") => Kind::Vector,
        Some("hybrid") if ask.scenario == "hybrid" && !storm => Kind::Hybrid,
        Some("hybrid") => Kind::Guarded,
        _ => Kind::Broadcast,
    }
}

/// Each process sends to the others in turn, beginning with the next one, and works in between.
fn lanes(ask: &Ask<'_>, kind: Kind) -> Vec<Vec<(To, Input)>> {
    let nodes = ask.get("nodes") as u8;
    let senders = nodes.min(ask.get("senders") as u8);
    let sends = (0..senders).map(|node| {
        let send = |k| (To::Node(NodeId(node)), sends(kind, nodes, node, u32::from(k)));
        (0..ask.count("sends")).map(send).collect()
    });
    let works = (0..nodes)
        .map(|node| vec![(To::Node(NodeId(node)), Input::Work); usize::from(ask.count("works"))]);
    sends.chain(works).filter(|lane: &Vec<_>| !lane.is_empty()).collect()
}

/// What a process sends as its k-th message.
fn sends(kind: Kind, nodes: u8, node: u8, k: u32) -> Input {
    match kind {
        Kind::Broadcast => Input::Broadcast,
        Kind::Lamport | Kind::Vector | Kind::Hybrid | Kind::Guarded => {
            let far = (k % u32::from(nodes - 1)) as u8;
            Input::Send(NodeId((node + 1 + far) % nodes))
        }
    }
}

/// What must be seen to be reached.
fn goals(ask: &Ask<'_>, kind: Kind) -> Vec<Goal<Clocks>> {
    let storm = ask.scenario.starts_with("storm-");
    let some = |parameter| storm || ask.get(parameter) > 0;
    let answers = storm || ask.get("sends") > 0 && ask.get("senders") > 1;
    let beyond =
        ask.get("apart") > ask.get("ahead") && (storm || ask.get("ticks") > ask.get("ahead"));
    let goals = match kind {
        Kind::Lamport => vec![
            (true, invariants::received()),
            (some("works") || answers, invariants::taken_along()),
            (some("restarts"), invariants::goes_on()),
        ],
        Kind::Vector => vec![
            (true, invariants::received()),
            (answers, invariants::judged_known()),
            (answers, invariants::judged_concurrent()),
        ],
        Kind::Hybrid | Kind::Guarded => vec![
            (true, invariants::received()),
            (some("ticks"), invariants::ahead()),
            (some("ticks"), invariants::caught_up()),
            (kind == Kind::Guarded && beyond, invariants::refused()),
        ],
        Kind::Broadcast => vec![
            (true, invariants::delivered()),
            (answers && ask.get("nodes") > 2, invariants::delivered_after_wait()),
        ],
    };
    goals.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// How the simulator runs it. Clocks survive everything; a broadcast needs links that lose nothing.
/// Neither promises that anything comes about, but where nothing is on its way all is delivered.
fn storm(kind: Kind, nodes: usize) -> Storm<Clocks> {
    let kinds = match kind {
        Kind::Broadcast => FaultKinds { duplication: true, pauses: true, ..FaultKinds::NONE },
        Kind::Lamport | Kind::Vector | Kind::Hybrid | Kind::Guarded => FaultKinds::ALL,
    };
    Storm::default().lasts(20.s(), 20.s()).kinds(kinds).clients(nodes as u8, request)
}

/// What a client of the simulator lets happen at its process, so many times: the monitors remember
/// every event that somebody has not heard of.
fn request(clocks: &Clocks, client: ClientId, k: u32) -> Option<(To, Input)> {
    let input = match k {
        MOST.. => return None,
        k if k % 4 == 3 && clocks.kind != Kind::Broadcast => Input::Work,
        k => sends(clocks.kind, STORMY as u8, client.0, k),
    };
    Some((To::Node(NodeId(client.0)), input))
}
