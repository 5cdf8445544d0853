//! The scenarios: clusters, workloads, faults and bounds under which the lock is checked.

use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Clocks, Faults, Firing, Goal, Invariant, NodeId, Scenario, To, Units};

use super::bugs::BUGS;
use super::state::Event;
use super::{Bug, Input, Lock, SERVICE, Timer, invariants};

/// The lock service in the catalog.
#[derive(Clone, Copy, Debug)]
pub struct LockModel;

impl Model for LockModel {
    type Protocol = Lock;

    fn name(&self) -> &'static str {
        "lock"
    }

    fn about(&self) -> &'static str {
        "A lock service that hands out leases, and a store that checks their fencing tokens."
    }

    fn source(&self) -> &'static str {
        "Gray & Cheriton, Leases (SOSP 1989); Burrows, The Chubby Lock Service (OSDI 2006), §2.4; \
         Kleppmann, How to do distributed locking (2016-02-08)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "More than one lock, because locks do not meet.",
            "A replicated service, because this is the state machine one would replicate.",
            "Chubby's lock-delay, because it only makes rarer what tokens make impossible.",
            "Clocks that run apart without bound, because then only the fence is safe.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("small", "write-fenced"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Lock>, String> {
        let (lease, skew) = (ask.get("lease"), ask.get("skew"));
        if lease <= skew {
            return Err(format!(
                "a lease of {lease} is over before it begins when clocks may be {skew} apart: \
                 make `lease` greater than `skew`"
            ));
        }
        let bug = ask.bug.and_then(Bug::named);
        let clients = ask.get("clients") as u8;
        let nodes = usize::from(clients) + 2;
        let mut scenario = Scenario::new("lock", Lock { lease, skew, bug }, nodes)
            .names(&names(usize::from(clients)))
            .clocks(clocks(ask, nodes))
            .faults(faults(ask))
            .timer("retries", |timer| *timer == Timer::Retry, Firing::Times(ask.count("retries")))
            .storm(storm(clients));
        for client in 1..=clients {
            let to = To::Node(NodeId(client));
            scenario = scenario.lane(workload(ask).into_iter().map(|input| (to, input)));
        }
        scenario = match ask.scenario {
            "restart" => scenario.may_crash([SERVICE]),
            "crash" => scenario.may_crash((1..=clients).map(NodeId)),
            _ => scenario,
        };
        let scenario = invariants_of(ask).into_iter().fold(scenario, Scenario::invariant);
        Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "clients", about: "clients of the lock", default: 2, range: 1..=4 },
    Parameter { name: "lease", about: "ticks a lease lasts", default: 2, range: 1..=1_000 },
    Parameter {
        name: "skew",
        about: "ticks clocks may be apart, and the margin clients keep",
        default: 1,
        range: 1..=1_000,
    },
    Parameter {
        name: "ticks",
        about: "ticks a clock makes in exploration",
        default: 2,
        range: 0..=100,
    },
    Parameter {
        name: "acquires",
        about: "times each client asks for the lock",
        default: 1,
        range: 1..=10,
    },
    Parameter { name: "renews", about: "renewals each holder asks for", default: 0, range: 0..=10 },
    Parameter { name: "writes", about: "writes of each holder", default: 1, range: 0..=10 },
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
    Parameter { name: "crashes", about: "nodes that stop", default: 0, range: 0..=10 },
    Parameter { name: "restarts", about: "nodes that run again", default: 0, range: 0..=10 },
    Parameter {
        name: "duplicates",
        about: "messages that arrive once more",
        default: 0,
        range: 0..=10,
    },
];

/// No scenario has a budget for loss: links are unordered, where a message may be on its way for
/// ever, and that is all that losing it comes to.
const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "small",
        about: "Two clients write under leases that run out, by clocks that disagree.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "crash",
        about: "A holder crashes, and the lock passes on when its lease has run out.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("restarts", 1), ("acquires", 2), ("ticks", 3)],
    },
    ScenarioInfo {
        name: "restart",
        about: "The service crashes and comes back, and knows what it has promised.",
        engine: Engine::Explore,
        settings: &[("crashes", 1), ("restarts", 1), ("releases", 1), ("retries", 1)],
    },
    ScenarioInfo {
        name: "release",
        about: "Two clients take turns, and may release a lease that is over.",
        engine: Engine::Explore,
        settings: &[("acquires", 2), ("writes", 0), ("releases", 1)],
    },
    ScenarioInfo {
        name: "renewal",
        about: "Holders renew their leases, some of them too late.",
        engine: Engine::Explore,
        settings: &[("renews", 1), ("writes", 0), ("ticks", 3)],
    },
    ScenarioInfo {
        name: "copies",
        about: "A message arrives twice.",
        engine: Engine::Explore,
        settings: &[("duplicates", 1), ("releases", 1)],
    },
    ScenarioInfo {
        name: "reads",
        about: "Holders read what the one before wrote, and the store is linearizable.",
        engine: Engine::Explore,
        settings: &[("reads", 1)],
    },
    ScenarioInfo {
        name: "three",
        about: "Three clients want the lock, by clocks that may be two ticks apart.",
        engine: Engine::Explore,
        settings: &[("clients", 3), ("lease", 3), ("skew", 2), ("ticks", 3)],
    },
    ScenarioInfo {
        name: "rounds",
        about: "Holders write, release and ask again, under leases that may run out.",
        engine: Engine::ExploreDeep,
        settings: &[("acquires", 2), ("releases", 1), ("ticks", 3)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Holders renew, write and release while a message arrives twice.",
        engine: Engine::ExploreDeep,
        settings: &[("renews", 1), ("releases", 1), ("duplicates", 1), ("ticks", 3)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three clients under loss, copies, pauses, crashes and clocks that disagree.",
        engine: Engine::Simulate,
        settings: &[
            ("clients", 3),
            ("lease", 8),
            ("skew", 2),
            ("reads", 1),
            ("renews", 1),
            ("releases", 1),
        ],
    },
];

/// The nodes' names: the service, the clients, the store.
fn names(clients: usize) -> Vec<&'static str> {
    let mut names = vec!["service"];
    names.extend(["alice", "bob", "carol", "dave"].iter().take(clients));
    names.push("store");
    names
}

/// Everyone but the store has a clock.
fn clocks(ask: &Ask<'_>, nodes: usize) -> Clocks {
    Clocks {
        of: (0..nodes - 1).map(NodeId::at).collect(),
        until: ask.get("ticks"),
        apart: ask.get("skew"),
        tick: 250.ms(),
    }
}

fn faults(ask: &Ask<'_>) -> Faults {
    Faults {
        crashes: ask.count("crashes"),
        restarts: ask.count("restarts"),
        duplicates: ask.count("duplicates"),
        ..Faults::NONE
    }
}

/// What one client asks, in order.
fn workload(ask: &Ask<'_>) -> Vec<Input> {
    let times = |parameter: &str, input| vec![input; usize::from(ask.count(parameter))];
    let round = [
        vec![Input::Acquire],
        times("renews", Input::Renew),
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
fn invariants_of(ask: &Ask<'_>) -> Vec<Invariant<Lock>> {
    let mut all = vec![
        invariants::one_holder_per_token(),
        invariants::tokens_never_decrease(),
        invariants::mutual_exclusion(),
    ];
    if ask.get("reads") > 0 {
        all.push(invariants::store_linearizable());
    }
    all
}

/// What is reachable under these parameters.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Lock>> {
    let some = |parameter| ask.get(parameter) > 0;
    let contested = ask.get("clients") > 1;
    // The simulator's clocks go on as long as its runs last.
    let run_out = ask.scenario == "storm" || ask.get("ticks") >= ask.get("lease");
    let passed_on = contested && (run_out || some("releases"));
    let doubled = some("duplicates") && ask.get("writes") > 1;
    let crashes = |at: &str| ask.scenario == at && some("crashes");
    let reachable = [
        (true, invariants::acquired()),
        (contested && run_out, invariants::lease_expired()),
        (passed_on, invariants::waiter_served()),
        (some("writes") && passed_on || doubled, invariants::write_fenced()),
        (some("renews") && (run_out || some("ticks")), invariants::renewed()),
        (some("reads") && some("writes") && passed_on, invariants::handed_over()),
        (crashes("crash") && contested && run_out, invariants::passed_on_after_crash()),
        (crashes("restart") && some("restarts"), invariants::lease_survives_restart()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// How the simulator runs it. A tick is a quarter of a second, so a lease lasts two seconds.
fn storm(clients: u8) -> Storm<Lock> {
    Storm::default()
        .lasts(60.s(), 60.s())
        .kinds(FaultKinds::ALL)
        .clients(clients, request)
        .counts("tokens issued", |event| matches!(event, Event::Issued { .. }))
        .counts("leases run out", |event| matches!(event, Event::Expired(_)))
        .progress(invariants::acquired())
}

/// What a client of the simulator asks, over and over.
fn request(_: &Lock, client: ClientId, k: u32) -> Option<(To, Input)> {
    let round =
        [Input::Acquire, Input::Read, Input::Write, Input::Renew, Input::Write, Input::Release];
    let input = round[k as usize % round.len()];
    Some((To::Node(NodeId(client.0 + 1)), input))
}
