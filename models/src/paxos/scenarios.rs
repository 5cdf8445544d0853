//! The scenarios: acceptors, proposers, quorums, retries and crashes under which Paxos is checked.

use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{
    Act, ClientId, Faults, Firing, Goal, Links, NodeId, Scenario, Sight, Step, To, Units,
};

use super::bugs::BUGS;
use super::{Bug, Event, Message, Paxos, Propose, Timer, Value, invariants};
use crate::parts::ballot::Ballot;
use crate::parts::named::nodes_named;
use crate::parts::quorum::{Phases, QuorumSystem};

/// Single-decree Paxos in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PaxosModel;

impl Model for PaxosModel {
    type Protocol = Paxos;

    fn name(&self) -> &'static str {
        "paxos"
    }

    fn about(&self) -> &'static str {
        "Single-decree Paxos: proposers that outbid each other, acceptors that promise and accept, \
         and one value that is chosen."
    }

    fn source(&self) -> &'static str {
        "Lamport, Paxos Made Simple (2001); The Part-Time Parliament (1998)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "More than one value: see `multi_paxos`.",
            "A distinguished proposer: any proposer may begin at any time.",
            "Learners that are told by others: a learner that wants to know has a ballot run.",
            "Sending again within a ballot: who hears too little begins a new ballot.",
            "Writing to disk as a step of its own: a handler's change is durable when its messages \
             leave.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("race", "value-adopted"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Paxos>, String> {
        let (acceptors, proposers) = (ask.get("acceptors") as u8, ask.get("proposers") as u8);
        let phases = phases(ask)?;
        let bug = ask.bug.and_then(Bug::named);
        let invariants = invariants::all(&phases);
        let protocol = Paxos { phases, nacks: ask.get("nacks") == 1, bug };
        let links = if ask.get("set-links") == 1 { Links::Set } else { Links::Unordered };
        let crashes = ask.count("crashes");
        let nodes = usize::from(acceptors + proposers);
        let mut scenario = Scenario::new(ask.scenario, protocol, nodes)
            .names(&names(acceptors, proposers))
            .links(links)
            .timer("retries", |timer| *timer == Timer::Retry, retries(ask)?)
            .faults(Faults { crashes, restarts: crashes, ..Faults::NONE })
            .storm(storm(proposers));
        // Acceptors are alike, and so are proposers: which one crashes makes no difference.
        scenario = match ask.scenario {
            "storm" => scenario,
            "reborn" => scenario.may_crash([NodeId(acceptors)]),
            _ => scenario.may_crash([NodeId(0)]),
        };
        for client in 0..proposers {
            let to = To::Node(NodeId(acceptors + client));
            let values = (0..ask.get("asks") as u8).map(|k| Value(1 + client + k * proposers));
            scenario = scenario.lane(values.map(|value| (to, Propose(value))));
        }
        if ask.scenario == "rivals" {
            scenario = scenario.after(
                "p1 proposes v1 with the promises of a1 and a2, p2 v2 with those of a2 and a3",
                rivals(acceptors, proposers)?,
            );
        }
        scenario = invariants.into_iter().fold(scenario, Scenario::invariant);
        Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "acceptors", about: "Acceptors.", default: 3, range: 1..=7 },
    Parameter {
        name: "proposers",
        about: "Proposers, each asked for values of its own.",
        default: 2,
        range: 1..=4,
    },
    Parameter {
        name: "asks",
        about: "How often each proposer is asked, for another value every time.",
        default: 1,
        range: 1..=9,
    },
    Parameter {
        name: "prepare",
        about: "How many acceptors must promise; 0 is a majority.",
        default: 0,
        range: 0..=7,
    },
    Parameter {
        name: "accept",
        about: "How many acceptors must accept; 0 is a majority.",
        default: 0,
        range: 0..=7,
    },
    Parameter {
        name: "nacks",
        about: "1: acceptors tell whom they refuse; 0: they say nothing.",
        default: 0,
        range: 0..=1,
    },
    Parameter {
        name: "retries",
        about: "Ballots begun anew, by any proposer; `turns` replaces it.",
        default: 0,
        range: 0..=9,
    },
    Parameter {
        name: "turns",
        about: "Whose ballots are begun anew, a digit each: 12 is the first proposer, then the \
                second. 0 is any.",
        default: 0,
        range: 0..=999_999,
    },
    Parameter {
        name: "crashes",
        about: "Crashes of one node, the first acceptor unless the scenario says otherwise, and as \
                many restarts.",
        default: 0,
        range: 0..=5,
    },
    Parameter {
        name: "set-links",
        about: "1: what was sent stays on its way, so any loss and any number of copies; 0: each \
                message arrives at most once.",
        default: 1,
        range: 0..=1,
    },
];

const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "race",
        about: "Two proposers, a ballot each: one is chosen, or none, and never both.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "rivals",
        about: "Two values are proposed, and the first proposer tries again above the second: \
                three ballots.",
        engine: Engine::Explore,
        settings: &[("turns", 1)],
    },
    ScenarioInfo {
        name: "nacks",
        about: "A proposer is refused, and tries above the ballot that it lost to.",
        engine: Engine::Explore,
        settings: &[("acceptors", 2), ("nacks", 1), ("turns", 1), ("set-links", 0)],
    },
    ScenarioInfo {
        name: "restart",
        about: "An acceptor crashes and comes back with what it has promised and accepted.",
        engine: Engine::Explore,
        settings: &[("crashes", 1)],
    },
    ScenarioInfo {
        name: "flexible",
        about: "All three must promise, so one is enough to accept.",
        engine: Engine::Explore,
        settings: &[("prepare", 3), ("accept", 1)],
    },
    ScenarioInfo {
        name: "reborn",
        about: "A proposer crashes, comes back, and is asked for something else.",
        engine: Engine::Explore,
        settings: &[("proposers", 1), ("asks", 2), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "retry",
        about: "Three ballots: the first proposer tries again, above the second or not.",
        engine: Engine::ExploreDeep,
        settings: &[("turns", 1)],
    },
    ScenarioInfo {
        name: "two-of-four",
        about: "Three of four must promise, so two are enough to accept.",
        engine: Engine::ExploreDeep,
        settings: &[("acceptors", 4), ("prepare", 3), ("accept", 2)],
    },
    ScenarioInfo {
        name: "duel",
        about: "Four ballots and a crash: proposers try again, whoever comes first.",
        engine: Engine::ExploreDeep,
        settings: &[("retries", 2), ("crashes", 1)],
    },
    ScenarioInfo {
        name: "refused",
        about: "Three ballots, and acceptors that tell whom they refuse.",
        engine: Engine::ExploreDeep,
        settings: &[("nacks", 1), ("retries", 1)],
    },
    ScenarioInfo {
        name: "three",
        about: "Three proposers and four ballots.",
        engine: Engine::ExploreDeep,
        settings: &[("proposers", 3), ("turns", 1)],
    },
    ScenarioInfo {
        name: "five",
        about: "Five acceptors and two proposers, a ballot each.",
        engine: Engine::ExploreDeep,
        settings: &[("acceptors", 5)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three proposers, asked again and again, under every kind of fault.",
        engine: Engine::Simulate,
        settings: &[("proposers", 3), ("nacks", 1)],
    },
];

/// The quorums asked for.
fn phases(ask: &Ask<'_>) -> Result<Phases, String> {
    let of = ask.get("acceptors") as u8;
    let counted = |parameter| match ask.get(parameter) {
        0 => QuorumSystem::majority(of),
        least => QuorumSystem::Count { of, least: least as u8 },
    };
    Phases::checked(counted("prepare"), counted("accept")).map_err(|why| {
        format!("{why}. Set `prepare` and `accept` so that together they are more than `acceptors`")
    })
}

/// How ballots are begun anew: in turns if the scenario names them, or so many times anywhere.
fn retries(ask: &Ask<'_>) -> Result<Firing, String> {
    let (acceptors, proposers) = (ask.get("acceptors") as u8, ask.get("proposers") as u8);
    let among = acceptors..acceptors + proposers;
    let turns = nodes_named(ask, "turns", among, "set `proposers` higher")?;
    Ok(match turns.is_empty() {
        true => Firing::Times(ask.count("retries")),
        false => Firing::Turns(turns),
    })
}

/// The steps by which the first two proposers come to propose what they were asked.
fn rivals(acceptors: u8, proposers: u8) -> Result<Vec<Step<Paxos>>, String> {
    if acceptors != 3 || proposers < 2 {
        return Err(format!(
            "rivals are two proposers before three acceptors, not {proposers} before {acceptors}: \
             take `race`"
        ));
    }
    let (p1, p2) = (NodeId(acceptors), NodeId(acceptors + 1));
    let proposes = |client: u8, proposer: NodeId, promising: [NodeId; 2]| {
        let (client, input) = (ClientId(client), Propose(Value(client + 1)));
        let ballot = Ballot::first_of(proposer);
        let ask = Message::Prepare { ballot };
        let answer = Message::Promise { ballot, accepted: None };
        let asked =
            promising.map(|to| Step::new(to, Act::Deliver { from: proposer, message: ask }));
        let promised =
            promising.map(|from| Step::new(proposer, Act::Deliver { from, message: answer }));
        [vec![Step::new(proposer, Act::Input { client, input })], asked.into(), promised.into()]
            .concat()
    };
    let (a1, a2, a3) = (NodeId(0), NodeId(1), NodeId(2));
    Ok([proposes(0, p1, [a1, a2]), proposes(1, p2, [a2, a3])].concat())
}

/// The nodes' names: acceptors, then proposers.
fn names(acceptors: u8, proposers: u8) -> Vec<&'static str> {
    let acceptors = ["a1", "a2", "a3", "a4", "a5", "a6", "a7"].into_iter().take(acceptors.into());
    acceptors.chain(["p1", "p2", "p3", "p4"].into_iter().take(proposers.into())).collect()
}

/// What is reachable under these parameters.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Paxos>> {
    let some = |parameter| ask.get(parameter) > 0;
    let is_storm = ask.scenario == "storm";
    let retried = some("retries") || some("turns") || is_storm;
    let contested = ask.get("proposers") > 1 || ask.get("asks") > 1;
    let crashes = some("crashes");
    let reachable = [
        (true, invariants::learned()),
        (contested, invariants::adopted()),
        (contested && some("nacks") && retried, invariants::nack_heeded()),
        (crashes && ask.scenario != "reborn" || is_storm, invariants::vote_survives_restart()),
        (crashes && ask.scenario == "reborn" || is_storm, invariants::ballot_survives_restart()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// Clients that ask again and again, each for another value every time, and each at a proposer of
/// its own: every ballot after the choice must find it. What can go wrong goes wrong around the
/// choice, so runs are short and there can be many.
fn storm(proposers: u8) -> Storm<Paxos> {
    Storm::default()
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(proposers, request)
        .lasts(3.s(), 20.s())
        .progress(Goal::seen("learned-again", "A proposer learns what was chosen.", |_, sight| {
            matches!(sight, Sight::Event { event: Event::Learned(_), .. })
        }))
}

/// What a client asks as its k-th request. Values of different clients differ.
fn request(paxos: &Paxos, client: ClientId, k: u32) -> Option<(To, Propose)> {
    let value = Value(client.0 * 50 + 1 + (k % 50) as u8);
    Some((To::Node(NodeId(paxos.phases.accept.size() + client.0)), Propose(value)))
}
