//! The systems that elections are checked in.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{Faults, Firing, Goal, Links, NodeId, Scenario, To, Units};

use super::bully::{self, Timer};
use super::randomized::Stance;
use super::{Algorithm, Bug, Election, Event, Input, Message, State, invariants};
use crate::parts::detector::Suspect;

/// The scenario asked for.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Election>, String> {
    let nodes = ask.get("nodes");
    let callers = ask.get("callers");
    if callers > nodes {
        return Err(format!(
            "{callers} of {nodes} nodes cannot call elections: set `callers` to {nodes} at most"
        ));
    }
    let algorithm = algorithm(ask);
    let protocol = Election { algorithm, bug: ask.bug.and_then(Bug::named) };
    let mut scenario = Scenario::new(ask.scenario, protocol, nodes as usize)
        .faults(faults(ask, algorithm))
        .offered_about(about, |input, node| match input {
            Input::Elect => true,
            Input::Report(_) => !node.up,
        })
        .storm(storm(algorithm))
        .invariant(invariants::one_leader())
        .invariant(invariants::leaders_agree())
        .invariant(invariants::leader_known());
    for lane in lanes(ask, algorithm) {
        scenario = scenario.lane(lane);
    }
    scenario = match algorithm {
        Algorithm::Bully => bully(scenario, ask),
        Algorithm::Ring => scenario.invariant(invariants::passes_once()).may_crash(mortal(ask)),
        Algorithm::Randomized { .. } => randomized(scenario, ask)?,
    };
    Ok(goals(ask, algorithm).into_iter().fold(scenario, Scenario::goal))
}

/// The algorithm that a scenario is of, by its name.
fn algorithm(ask: &Ask<'_>) -> Algorithm {
    let is_of = |name: &str| ask.scenario.trim_start_matches("storm-").starts_with(name);
    if is_of("bully") {
        Algorithm::Bully
    } else if is_of("ring") {
        Algorithm::Ring
    } else {
        Algorithm::Randomized { ids: ask.get("ids") as u8 }
    }
}

/// The node that an input is about. An election may be called whoever is up.
fn about(input: &Input) -> NodeId {
    match input {
        Input::Elect => NodeId(0),
        Input::Report(Suspect(node)) => *node,
    }
}

/// The nodes that may crash.
fn mortal(ask: &Ask<'_>) -> Vec<NodeId> {
    let (nodes, mortal) = (ask.get("nodes"), ask.get("mortal"));
    (nodes.saturating_sub(mortal)..nodes).map(|node| NodeId(node as u8)).collect()
}

/// The bully needs the mail of nodes that are down out of the way. A ring does not care.
fn faults(ask: &Ask<'_>, algorithm: Algorithm) -> Faults {
    let crashes = ask.count("crashes");
    let drops = match algorithm {
        Algorithm::Bully if crashes > 0 => Faults::ANY,
        Algorithm::Bully | Algorithm::Ring | Algorithm::Randomized { .. } => 0,
    };
    Faults { crashes, restarts: ask.count("restarts"), drops, ..Faults::NONE }
}

/// The bully's assumptions on the network.
fn bully(scenario: Scenario<Election>, ask: &Ask<'_>) -> Scenario<Election> {
    let scenario = scenario.links(Links::Fifo).may_crash(mortal(ask)).lost_only_when_down().timer(
        "retries",
        |timer| *timer == Timer::Coordinator,
        Firing::Times(ask.count("retries")),
    );
    if ask.get("synchrony") == 0 {
        return scenario;
    }
    scenario.patient(
        "`Answer` never fires at a node while an `Election` it sent or an `Answer` to it is on its \
         way",
        |timer| *timer == Timer::Answer,
        |me, flight| match flight.message {
            Message::Bully(bully::Message::Election) => flight.from == me,
            Message::Bully(bully::Message::Answer) => flight.to == me,
            Message::Bully(bully::Message::Coordinator)
            | Message::Ring(_)
            | Message::Randomized(_) => false,
        },
    )
}

/// FIFO links, and a bound on rounds: a function for each number, since scenarios capture nothing.
fn randomized(scenario: Scenario<Election>, ask: &Ask<'_>) -> Result<Scenario<Election>, String> {
    if ask.get("crashes") > 0 {
        return Err("a ring without names survives no crash: set `crashes` to 0".to_string());
    }
    let scenario = scenario.links(Links::Fifo).may_crash([]);
    Ok(match ask.get("rounds") {
        1 => scenario.node_boundary("rounds ≤ 1", |_, _, node| round(&node.state) <= 1),
        2 => scenario.node_boundary("rounds ≤ 2", |_, _, node| round(&node.state) <= 2),
        3 => scenario.node_boundary("rounds ≤ 3", |_, _, node| round(&node.state) <= 3),
        more => {
            return Err(format!("{more} rounds make too many states: set `rounds` to 3 at most"));
        }
    })
}

/// The round a node is in, if it draws lots.
fn round(state: &State) -> u8 {
    match state {
        State::Randomized(member) => match member.stance {
            Stance::Active { lot } => lot.round,
            Stance::Asleep | Stance::Passive | Stance::Leader | Stance::Follower => 0,
        },
        State::Bully(_) | State::Ring(_) => 0,
    }
}

/// The callers, and the detector: a client for each node to tell and each to tell of.
fn lanes(ask: &Ask<'_>, algorithm: Algorithm) -> Vec<Vec<(To, Input)>> {
    let storm = ask.scenario.starts_with("storm-");
    let times = |parameter: &str, to: NodeId, input: Input| {
        vec![(To::Node(to), input); usize::from(ask.count(parameter))]
    };
    let callers = (0..ask.get("callers") as u8).map(NodeId);
    let mut lanes: Vec<_> = callers.map(|caller| times("calls", caller, Input::Elect)).collect();
    let detects = match algorithm {
        Algorithm::Bully | Algorithm::Ring => storm || ask.get("crashes") > 0,
        Algorithm::Randomized { .. } => false,
    };
    let nodes = (0..ask.get("nodes") as u8).map(NodeId).filter(|_| detects);
    for told in nodes {
        for of in mortal(ask).into_iter().filter(|of| *of != told) {
            lanes.push(times("reports", told, Input::Report(Suspect(of))));
        }
    }
    lanes
}

/// How the simulator runs it: with faults that the algorithm is made for.
///
/// - The bully: pauses and crashes. Lost messages and partitions are silence without death. The
///   simulator keeps to the scenario's patience, so delays may be as long as they like.
/// - The ring: pauses and crashes. Whoever passes a message on does not ask whether it arrived.
/// - The ring without names: pauses.
///
/// No algorithm is made for copies; FIFO links make none.
fn storm(algorithm: Algorithm) -> Storm<Election> {
    let crashes = match algorithm {
        Algorithm::Bully | Algorithm::Ring => true,
        Algorithm::Randomized { .. } => false,
    };
    Storm::default()
        .lasts(60.s(), 60.s())
        .kinds(FaultKinds { pauses: true, crashes, ..FaultKinds::NONE })
        .counts("elections", |event| matches!(event, Event::Leads(_)))
        .progress(invariants::elected())
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>, algorithm: Algorithm) -> Vec<Goal<Election>> {
    let some = |parameter| ask.get(parameter) > 0;
    let storm = ask.scenario.starts_with("storm-");
    let reachable = match algorithm {
        Algorithm::Bully => [
            (some("crashes") || storm, invariants::replaced()),
            (some("restarts") || storm, invariants::reinstated()),
        ],
        Algorithm::Ring => [
            (some("crashes") || storm, invariants::replaced()),
            (some("crashes") || storm, invariants::elected_again()),
        ],
        Algorithm::Randomized { .. } => [
            (ask.get("calls") > 1 || storm, invariants::elected_again()),
            (ask.get("rounds") > 1 || storm, invariants::draws_again()),
        ],
    };
    let reachable = reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal));
    [invariants::elected()].into_iter().chain(reachable).collect()
}
