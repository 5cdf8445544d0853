//! The scenarios: leaders, their users, faults, and what must hold and be reached.

use splitbrain::catalog::Ask;
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Faults, Firing, Goal, Invariant, NodeId, Scenario, To, Units};

use super::{Bug, Input, MultiLeader, Resolution, Timer, invariants};

/// How many leaders the simulator lets write.
const STORMY: u64 = 3;
/// How often a user of the simulator writes: what became of every write is kept.
const SAVES: u32 = 12;

/// Builds a scenario of the resolution that its name tells.
pub(super) fn build(ask: &Ask<'_>) -> Result<Scenario<MultiLeader>, String> {
    let storm = ask.scenario.starts_with("storm-");
    if storm && ask.get("leaders") != STORMY {
        return Err(format!("storms have {STORMY} leaders: set `leaders` to {STORMY}"));
    }
    let resolution = resolution(ask);
    let bug = ask.bug.and_then(Bug::named);
    let keys = ask.get("keys") as u8;
    let leaders = usize::from(ask.count("leaders"));
    let mut scenario =
        Scenario::new("multi_leader", MultiLeader { resolution, keys, bug }, leaders)
            .timer(
                "exchanges",
                |timer| *timer == Timer::Exchange,
                Firing::Times(ask.count("exchanges")),
            )
            .faults(Faults {
                crashes: ask.count("crashes"),
                restarts: ask.count("restarts"),
                ..Faults::NONE
            })
            .storm(
                Storm::default()
                    .lasts(20.s(), 20.s())
                    .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
                    .clients(STORMY as u8, request),
            );
    for lane in lanes(ask) {
        scenario = scenario.lane(lane);
    }
    let scenario = invariants_of(ask).into_iter().fold(scenario, Scenario::invariant);
    Ok(goals(ask, resolution).into_iter().fold(scenario, Scenario::goal))
}

/// How a scenario settles conflicts, by its name.
fn resolution(ask: &Ask<'_>) -> Resolution {
    let is_of = |name: &str| ask.scenario.trim_start_matches("storm-").starts_with(name);
    if is_of("last-writer") {
        Resolution::LastWriter
    } else if is_of("merge") {
        Resolution::Merge
    } else if is_of("custom") {
        Resolution::Custom
    } else {
        Resolution::Siblings
    }
}

/// Each user opens a key and saves it, one key after another; the leaders' users begin with
/// different ones.
fn lanes(ask: &Ask<'_>) -> Vec<Vec<(To, Input)>> {
    let writers = ask.get("writers").min(ask.get("leaders")) as u8;
    let (editors, keys) = (ask.get("editors") as u8, ask.get("keys"));
    let users = (0..writers).flat_map(|leader| (0..editors).map(move |editor| (leader, editor)));
    let lane = |(leader, editor): (u8, u8)| {
        let saves = (0..ask.get("saves")).flat_map(move |save| {
            let key = ((u64::from(leader) + save) % keys) as u8;
            [Input::Open { editor, key }, Input::Save { editor, key }]
        });
        saves.map(|input| (To::Node(NodeId(leader)), input)).collect()
    };
    users.map(lane).collect()
}

/// What a user of the simulator asks: to open a key and to save it, at one leader after another, so
/// that some of them meet.
fn request(protocol: &MultiLeader, client: ClientId, k: u32) -> Option<(To, Input)> {
    let save = k / 2;
    if save >= SAVES {
        return None;
    }
    let leader = ((u32::from(client.0) + save / 2) % STORMY as u32) as u8;
    let (editor, key) = (client.0, (save % u32::from(protocol.keys)) as u8);
    let input = match k % 2 {
        0 => Input::Open { editor, key },
        _ => Input::Save { editor, key },
    };
    Some((To::Node(NodeId(leader)), input))
}

/// Where leaders compare they are also held to converge.
fn invariants_of(ask: &Ask<'_>) -> Vec<Invariant<MultiLeader>> {
    let mut all = vec![
        invariants::same_writes_same_values(),
        invariants::no_silent_loss(),
        invariants::causal_order(usize::from(ask.count("leaders"))),
    ];
    if ask.scenario.starts_with("storm-") || ask.scenario == "repair" {
        all.push(invariants::converges());
    }
    all
}

/// What must be seen to be reached.
fn goals(ask: &Ask<'_>, resolution: Resolution) -> Vec<Goal<MultiLeader>> {
    let storm = ask.scenario.starts_with("storm-");
    let several = |parameter| storm || ask.get(parameter) > 1;
    let same_key = ask.get("keys") == 1 || several("saves");
    let contested = storm || several("writers") && same_key;
    // Two writes that conflict, and somebody who is shown them.
    let writers = ask.get("writers").min(ask.get("leaders"));
    let writes = writers * ask.get("editors") * ask.get("saves");
    let again = storm || writes > 2 * ask.get("keys");
    let depends = storm || ask.get("leaders") > 2 && several("writers");
    let mut goals = vec![invariants::replicated()];
    if resolution == Resolution::LastWriter {
        goals.extend(contested.then(invariants::loss_told));
    } else {
        goals.extend(contested.then(invariants::conflict));
        goals.extend((contested && again).then(invariants::settled_by_user));
    }
    if matches!(resolution, Resolution::Merge | Resolution::Custom) {
        goals.extend(contested.then(invariants::goes_on));
    }
    goals.extend(depends.then(invariants::cause_missing));
    goals.extend((storm || ask.get("exchanges") > 0).then(invariants::repaired));
    goals
}
