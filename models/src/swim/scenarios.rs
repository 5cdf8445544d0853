//! How scenarios are built from their parameters.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{Faults, Firing, Goal, NodeId, Scenario, To, Units};

use super::{Bug, Input, Purpose, Swim, Timer, invariants};
use crate::parts::named::nodes_named;

/// A scenario from its parameters.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<Swim>, String> {
    let nodes = ask.get("nodes");
    let outside = ask.get("outside");
    if outside >= nodes {
        return Err(format!("a group of nobody: make `outside` at most {}", nodes - 1));
    }
    let patient = ask.get("patience") > 0;
    if patient && ask.get("crashes") > 0 {
        return Err(
            "mail to a node that is down keeps the patient waiting for ever: set `crashes` \
                    or `patience` to 0"
                .to_string(),
        );
    }
    let more = "set `nodes` higher";
    let turns = nodes_named(ask, "turns", 0..nodes as u8, more)?;
    let protocol = Swim {
        tells: ask.get("tells") as u8,
        suspicion: ask.get("suspicion") as u8,
        outside: outside as u8,
        cut: ask.get("cut") > 0,
        bug: ask.bug.and_then(Bug::named),
    };
    let mut scenario = Scenario::new("swim", protocol, nodes as usize)
        .timer("waits for an ack", |Timer::Probe| true, Firing::Turns(turns))
        .faults(Faults {
            crashes: ask.count("crashes"),
            restarts: ask.count("restarts"),
            drops: ask.count("drops"),
            ..Faults::NONE
        })
        .may_crash(nodes_named(ask, "mortal", 0..nodes as u8, more)?)
        .storm(storm(ask));
    if patient {
        scenario = scenario.patient(
            "nobody gives a probe up while its pings, acks and requests are on their way",
            |Timer::Probe| true,
            |me, flight| match flight.message.purpose {
                Purpose::Ping { asker } | Purpose::Ack { asker, .. } => asker == me,
                Purpose::PingRequest { .. } => flight.from == me,
                Purpose::Join | Purpose::Welcome | Purpose::Tell => false,
            },
        );
    }
    let inputs = inputs(ask);
    if !inputs.is_empty() {
        scenario = scenario.lane(inputs);
    }
    let scenario = invariants::all(patient).into_iter().fold(scenario, Scenario::invariant);
    Ok(goals(ask).into_iter().fold(scenario, Scenario::goal))
}

/// The last node leaves and joins in turn, or joins first if it is outside.
fn inputs(ask: &Ask<'_>) -> Vec<(To, Input)> {
    let last = To::Node(NodeId(ask.get("nodes") as u8 - 1));
    let first = usize::from(ask.get("outside") > 0);
    let turns = [Input::Leave, Input::Join].into_iter().cycle().skip(first);
    turns.take(ask.get("inputs") as usize).map(|input| (last, input)).collect()
}

/// What each scenario must be seen to reach.
fn goals(ask: &Ask<'_>) -> Vec<Goal<Swim>> {
    let (refuted, again) = (invariants::refutation_heard, invariants::all_alive_again);
    match ask.scenario {
        "small" | "patient" | "patient-all" => vec![refuted(), again()],
        "rejoined" | "joined" | "two-probers" | "again" => vec![again()],
        "crash" => vec![invariants::crash_confirmed()],
        "left" => vec![invariants::departure_known(), again()],
        "buried" | "storm-lossy" => vec![refuted()],
        "broken-link" | "storm-cut" => vec![invariants::acked_through_relay()],
        "storm" => {
            let (crash, departure) = (invariants::crash_confirmed(), invariants::departure_known());
            vec![refuted(), again(), crash, departure]
        }
        other => unreachable!("`{other}` is not listed"),
    }
}

/// How the simulator runs it, with faults for which the scenario is made.
fn storm(ask: &Ask<'_>) -> Storm<Swim> {
    let none = FaultKinds { pauses: true, duplication: true, ..FaultKinds::NONE };
    let kinds = match ask.scenario {
        "storm-lossy" => FaultKinds { loss: true, ..none },
        "storm-cut" => none,
        _ => FaultKinds::ALL,
    };
    let storm =
        Storm::default().lasts(120.s(), 60.s()).kinds(kinds).progress(invariants::views_true());
    match ask.scenario {
        "storm" => storm.clients(1, |_, _, k| {
            let input = if k % 2 == 0 { Input::Leave } else { Input::Join };
            (k < 20).then_some((To::Node(NodeId(3)), input))
        }),
        _ => storm,
    }
}
