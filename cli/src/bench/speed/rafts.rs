//! Raft as others simulate it, with every invariant of the model on.

use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Invariant, Scenario, Span, To};
use splitbrain_models::parts::machine::{Add, Request, Serial, Total};
use splitbrain_models::raft::{self, Event, Input, Options, Raft, Timing};

/// A cluster with that timing, and clients that add one again and again.
pub fn cluster(name: &str, nodes: usize, timing: Timing) -> Scenario<Raft<Total>> {
    let options = Options { timing, ..Options::default() };
    let scenario = Scenario::new(name, Raft { options, ..Raft::new(Total(0)) }, nodes);
    invariants().into_iter().fold(scenario, Scenario::invariant).storm(
        Storm::default()
            .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
            .clients(16, |_, client, asked| Some((To::Any, add(client, asked))))
            .answered(Event::answers),
    )
}

fn add(client: ClientId, asked: u32) -> Input<Add> {
    Input::Command(Request { client, serial: Serial(asked), command: Add { add: 1 } })
}

/// All that the model holds its storms to.
fn invariants() -> Vec<Invariant<Raft<Total>>> {
    vec![
        raft::election_safety(),
        raft::leader_append_only(),
        raft::log_matching(),
        raft::leader_completeness(),
        raft::state_machine_safety(),
        raft::durability(),
        raft::linearizability(Total(0)),
    ]
}

/// Elections after such a silence, and beats that often.
pub fn timing(least: Span, most: Span, heartbeat: Span) -> Timing {
    Timing { election_least: least, election_most: most, heartbeat }
}
