//! The scenarios: clusters, workloads, faults and bounds under which the replicated lock is checked.

use std::collections::BTreeSet;

use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};
use splitbrain::explore::{Limits, way};
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    ClientId, Clocks, Faults, Firing, Goal, Invariant, Links, NodeId, Nodes, Scenario, Step, To,
    Undisturbed, Units,
};

use super::bugs::BUGS;
use super::state::{Event, State, Timer};
use super::{Bug, Client, ReplicatedLock, Server, invariants};
use crate::lock::Input;
use crate::parts::named::nodes_named;
use crate::raft;

/// The replicated lock in the catalog.
#[derive(Clone, Copy, Debug)]
pub struct ReplicatedLockModel;

impl Model for ReplicatedLockModel {
    type Protocol = ReplicatedLock;

    fn name(&self) -> &'static str {
        "replicated_lock"
    }

    fn about(&self) -> &'static str {
        "A lock service with leases and fencing tokens, replicated by Raft: it survives its leader."
    }

    fn source(&self) -> &'static str {
        "Gray & Cheriton, Leases (SOSP 1989); Burrows, The Chubby Lock Service (OSDI 2006), §2.4, \
         §2.9; Ongaro, Consensus: Bridging Theory and Practice (2014), §6.3"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "What `raft` and `lock` leave out.",
            "A queue of clients that wait: one that is told that the lock is somebody's asks anew.",
            "Servers that tell a client who leads: it asks one after the other.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("failover", "lock-passed-on-after-failover"))
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn scenarios(&self) -> &'static [ScenarioInfo] {
        SCENARIOS
    }

    fn bugs(&self) -> &'static [BugInfo] {
        BUGS
    }

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<ReplicatedLock>, String> {
        let (lease, skew) = (ask.get("lease"), ask.get("skew"));
        if lease <= 2 * skew {
            return Err(format!(
                "a lease of {lease} is over before it begins when clocks may be {skew} apart: \
                 make `lease` greater than twice `skew`"
            ));
        }
        let (servers, clients) = (ask.get("servers") as u8, ask.get("clients") as u8);
        let bug = ask.bug.and_then(Bug::named);
        let protocol = ReplicatedLock { bug, ..ReplicatedLock::new(servers, lease, skew) };
        let nodes = usize::from(servers + clients) + 1;
        let turns = nodes_named(ask, "turns", 0..servers, "set `servers` higher")?;
        let mut scenario = Scenario::new(self.name(), protocol, nodes)
            .names(&names(usize::from(servers), usize::from(clients)))
            .links(Links::Set)
            .clocks(clocks(ask, &turns, nodes))
            .faults(Faults {
                crashes: ask.count("crashes"),
                restarts: ask.count("restarts"),
                ..Faults::NONE
            })
            .timer(
                "elections",
                |timer| *timer == Timer::Raft(raft::Timer::Election),
                Firing::Turns(turns),
            )
            .timer(
                "heartbeats",
                |timer| *timer == Timer::Raft(raft::Timer::Heartbeat),
                Firing::Times(ask.count("heartbeats")),
            )
            .timer("retries", |timer| *timer == Timer::Retry, Firing::Times(ask.count("retries")))
            .storm(storm(clients));
        for client in servers..servers + clients {
            let to = To::Node(NodeId(client));
            let first = client == servers;
            scenario = scenario.lane(workload(ask, first).into_iter().map(|input| (to, input)));
        }
        scenario.may_crash = match ask.scenario {
            "failover" | "takeover" => Some(vec![NodeId(0)]),
            "restart" => Some(vec![NodeId(1)]),
            _ => None,
        };
        if let Some((name, _)) = WAYPOINTS[..usize::from(ask.count("from"))].last() {
            let steps = way_there(&scenario, usize::from(ask.count("from")))?;
            scenario = scenario.after(name, steps);
        }
        let scenario = invariants_of(ask).into_iter().fold(scenario, Scenario::invariant);
        Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "servers", about: "servers of the service", default: 3, range: 1..=9 },
    Parameter { name: "clients", about: "clients of the lock", default: 2, range: 1..=4 },
    Parameter { name: "lease", about: "ticks a lease lasts", default: 3, range: 1..=1_000 },
    Parameter {
        name: "skew",
        about: "ticks clocks may be apart; clients keep twice as many as a margin",
        default: 1,
        range: 1..=100,
    },
    Parameter {
        name: "ticks",
        about: "ticks a clock makes in exploration",
        default: 0,
        range: 0..=100,
    },
    Parameter {
        name: "from",
        about: "where exploration begins: 1: n0 leads; 2: alice has the lock; 3: n1 knows; 4: n1 \
                leads, too; 5: n0 is down",
        default: 1,
        range: 0..=5,
    },
    Parameter {
        name: "turns",
        about: "whose election timers fire, a digit each: 12 is n0, n1; these servers have clocks",
        default: 12,
        range: 1..=999_999_999,
    },
    Parameter { name: "heartbeats", about: "heartbeat timeouts", default: 0, range: 0..=10 },
    Parameter {
        name: "acquires",
        about: "times each client asks for the lock",
        default: 1,
        range: 1..=10,
    },
    Parameter { name: "renews", about: "renewals alice asks for", default: 0, range: 0..=10 },
    Parameter { name: "writes", about: "writes of each holder", default: 0, range: 0..=10 },
    Parameter {
        name: "reads",
        about: "reads of each holder before its writes, and again after them",
        default: 0,
        range: 0..=10,
    },
    Parameter {
        name: "releases",
        about: "whether holders give the lock back",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "retries",
        about: "times clients ask again for what does not come",
        default: 0,
        range: 0..=10,
    },
    Parameter { name: "crashes", about: "servers that stop", default: 0, range: 0..=5 },
    Parameter { name: "restarts", about: "servers that run again", default: 0, range: 0..=5 },
];

/// No scenario has a budget for loss or copies: links are set links, which cover both.
const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "release",
        about: "Two clients take turns with the lock, and write under it. Two servers are enough.",
        engine: Engine::Explore,
        settings: &[("servers", 2), ("turns", 1), ("writes", 1), ("releases", 1)],
    },
    ScenarioInfo {
        name: "expiry",
        about: "A lease runs out, by clocks that disagree, and the servers agree that it is over.",
        engine: Engine::Explore,
        settings: &[("servers", 2), ("turns", 1), ("from", 2), ("writes", 1), ("ticks", 3)],
    },
    ScenarioInfo {
        name: "renewal",
        about: "A holder renews its lease, while the leader may find that it has run out.",
        engine: Engine::Explore,
        settings: &[
            ("servers", 2),
            ("turns", 1),
            ("from", 2),
            ("lease", 4),
            ("renews", 1),
            ("ticks", 4),
        ],
    },
    ScenarioInfo {
        name: "retry",
        about: "n0 leads, then n1; a client that asks both has what it asks done once.",
        engine: Engine::Explore,
        settings: &[("servers", 2), ("retries", 1)],
    },
    ScenarioInfo {
        name: "failover",
        about: "n0 grants the lock and is lost; n1 takes the lock back and grants it to another.",
        engine: Engine::Explore,
        settings: &[
            ("from", 5),
            ("crashes", 1),
            ("heartbeats", 1),
            ("retries", 2),
            ("releases", 1),
        ],
    },
    ScenarioInfo {
        name: "restart",
        about: "n1 crashes and comes back, and knows what it had stored.",
        engine: Engine::Explore,
        settings: &[("clients", 1), ("from", 2), ("crashes", 1), ("restarts", 1)],
    },
    ScenarioInfo {
        name: "takeover",
        about: "n0 grants the lock and is lost; n1 gives the lease a whole term anew, ends it when \
                it has run out, and grants the lock to another.",
        engine: Engine::ExploreDeep,
        settings: &[
            ("from", 5),
            ("crashes", 1),
            ("heartbeats", 1),
            ("retries", 1),
            ("writes", 1),
            ("ticks", 3),
        ],
    },
    ScenarioInfo {
        name: "rivals",
        about: "n0 grants the lock, and does not know that n1 leads: the lock is held once, \
                whichever a client asks.",
        engine: Engine::ExploreDeep,
        settings: &[("from", 4), ("heartbeats", 1), ("retries", 2), ("releases", 1)],
    },
    ScenarioInfo {
        name: "elections",
        about: "n0 leads, and n1 may lead at any time.",
        engine: Engine::ExploreDeep,
        settings: &[("retries", 1)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three servers and three clients under loss, copies, pauses, crashes and clocks \
                that disagree.",
        engine: Engine::Simulate,
        settings: &[
            ("clients", 3),
            ("lease", 16),
            ("skew", 2),
            ("turns", 123),
            ("from", 0),
            ("reads", 1),
            ("writes", 1),
            ("renews", 1),
            ("releases", 1),
        ],
    },
];

/// What the world is like somewhere, and whether nodes are there.
type Waypoint = (&'static str, fn(&ReplicatedLock, &Nodes<ReplicatedLock>) -> bool);

/// Where exploration may begin, each a way on from the one before.
const WAYPOINTS: [Waypoint; 5] = [
    ("n0 leads", |_, nodes| server(nodes, 0).leads()),
    ("n0 leads, and alice has the lock", |protocol, nodes| {
        client(nodes, protocol.servers()).holding.is_some()
    }),
    ("n0 leads, alice has the lock, and n1 knows", |_, nodes| {
        server(nodes, 1).lock().lease.is_some()
    }),
    ("n0 leads, alice has the lock, and n1 leads, too", |_, nodes| {
        server(nodes, 0).leads() && server(nodes, 1).leads()
    }),
    ("alice has the lock, n0 is down, and n1 leads", |_, nodes| !nodes[0].up),
];

/// The steps to one of them: a shortest way by those before, while no clock ticks, nobody asks
/// again and nothing is wrong. Searching for it is short, and follows Raft where it changes.
fn way_there(
    scenario: &Scenario<ReplicatedLock>,
    waypoints: usize,
) -> Result<Vec<Step<ReplicatedLock>>, String> {
    let mut calm = scenario.clone();
    (calm.protocol.bug, calm.clocks.until) = (None, 0);
    (calm.invariants, calm.goals) = (Vec::new(), Vec::new());
    calm.timers.iter_mut().filter(|rule| rule.name == "retries").for_each(|rule| {
        rule.firing = Firing::Times(0);
    });
    for (sentence, reached) in &WAYPOINTS[..waypoints] {
        calm = calm.waypoint(sentence, *reached);
    }
    way(&calm, &Limits::default(), &mut Undisturbed)
        .map_err(|why| format!("there is no way to where exploration begins: {why}"))
}

fn server(nodes: &Nodes<ReplicatedLock>, at: usize) -> &Server {
    match &nodes[at].state {
        State::Server(server) => server,
        state => unreachable!("the first nodes are servers, not {state:?}"),
    }
}

fn client(nodes: &Nodes<ReplicatedLock>, at: usize) -> &Client {
    match &nodes[at].state {
        State::Client(client) => client,
        state => unreachable!("the nodes behind the servers are clients, not {state:?}"),
    }
}

/// The nodes' names: the servers have none of their own.
fn names(servers: usize, clients: usize) -> Vec<&'static str> {
    let servers = ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"].into_iter().take(servers);
    let clients = ["alice", "bob", "carol", "dave"].into_iter().take(clients);
    servers.chain(clients).chain(["store"]).collect()
}

/// The clients have clocks, and the servers that may lead.
fn clocks(ask: &Ask<'_>, turns: &[NodeId], nodes: usize) -> Clocks {
    let leaders: BTreeSet<NodeId> = turns.iter().copied().collect();
    let clients = (ask.get("servers") as usize..nodes - 1).map(NodeId::at);
    Clocks {
        of: leaders.into_iter().chain(clients).collect(),
        until: ask.get("ticks"),
        apart: ask.get("skew"),
        tick: 250.ms(),
    }
}

/// What one client asks, in order. Only the first one renews: that makes for fewer states.
fn workload(ask: &Ask<'_>, first: bool) -> Vec<Input> {
    let times = |parameter: &str, input| vec![input; usize::from(ask.count(parameter))];
    let round = [
        vec![Input::Acquire],
        if first { times("renews", Input::Renew) } else { Vec::new() },
        times("reads", Input::Read),
        times("writes", Input::Write),
        times("reads", Input::Read),
        times("releases", Input::Release),
    ]
    .concat();
    round.repeat(usize::from(ask.count("acquires")))
}

/// The store is watched for linearizability only where somebody reads: its answers to writes alone
/// say nothing that the order of its writes does not.
fn invariants_of(ask: &Ask<'_>) -> Vec<Invariant<ReplicatedLock>> {
    let mut all = vec![
        invariants::one_holder_per_token(),
        invariants::tokens_never_decrease(),
        invariants::mutual_exclusion(),
        invariants::linearizability(),
    ];
    if ask.get("reads") > 0 {
        all.push(invariants::store_linearizable());
    }
    all.extend(invariants::of_raft());
    all
}

/// What is reachable under these parameters.
fn goals(ask: &Ask<'_>) -> Vec<Goal<ReplicatedLock>> {
    let some = |parameter| ask.get(parameter) > 0;
    let run_out = ask.scenario == "storm" || ask.get("ticks") >= ask.get("lease");
    let passed_on = ask.get("clients") > 1 && (run_out || some("releases"));
    let failover = ask.get("turns") > 9;
    let reachable = [
        (ask.get("from") < 2, invariants::acquired()),
        (run_out, invariants::lease_expired()),
        (passed_on, invariants::passed_on()),
        (passed_on && failover, invariants::passed_on_after_failover()),
        (passed_on && some("writes"), invariants::write_fenced()),
        (some("renews"), invariants::renewed()),
        (some("renews") && ask.scenario == "renewal", invariants::renewed_in_time()),
        (failover && some("retries") && ask.get("from") == 1, invariants::answered_again()),
        (some("restarts") && ask.scenario == "restart", invariants::grant_survives_restart()),
        (some("reads") && some("writes") && passed_on, invariants::handed_over()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// How the simulator runs it. A tick is a quarter of a second, so a lease lasts four seconds.
fn storm(clients: u8) -> Storm<ReplicatedLock> {
    Storm::default()
        .lasts(60.s(), 60.s())
        .kinds(FaultKinds::ALL)
        .clients(clients, request)
        .counts("elections", |event| matches!(event, Event::Raft(raft::Event::Elected { .. })))
        .progress(invariants::acquired())
}

/// What a client of the simulator asks, over and over.
fn request(protocol: &ReplicatedLock, client: ClientId, k: u32) -> Option<(To, Input)> {
    let round = [
        Input::Acquire,
        Input::Read,
        Input::Write,
        Input::Renew,
        Input::Renew,
        Input::Renew,
        Input::Write,
        Input::Release,
    ];
    let input = round[k as usize % round.len()];
    Some((To::Node(NodeId(protocol.servers + client.0)), input))
}
