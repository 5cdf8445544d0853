//! The detector in the catalog: parameters, scenarios and known bugs by name.

use splitbrain::catalog::{Ask, BugInfo, Engine, Model, Parameter, ScenarioInfo};
use splitbrain::simulate::{FaultKinds, Storm};
use splitbrain::{ClientId, Clocks, Faults, Firing, Goal, NodeId, Scenario, To, Units};

use super::bugs::BUGS;
use super::{Bug, Detection, Input, TICK, Timer, WATCHER, invariants};
use crate::parts::phi_accrual::{Phi, Settings};

/// The detector in the catalog.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PhiAccrualModel;

impl Model for PhiAccrualModel {
    type Protocol = Detection;

    fn name(&self) -> &'static str {
        "phi_accrual"
    }

    fn about(&self) -> &'static str {
        "The φ accrual failure detector: suspicion as a number that rises with silence, computed \
         from the heartbeats seen lately."
    }

    fn source(&self) -> &'static str {
        "Hayashibara, Défago, Yared & Katayama, The φ Accrual Failure Detector (SRDS 2004)"
    }

    fn not_modelled(&self) -> &'static [&'static str] {
        &[
            "Several thresholds for several applications: functions of the same level.",
            "Numbers of heartbeats, so a late one counts as of when it arrives.",
            "A watcher that crashes: it would begin anew.",
            "Who watches whom, which is membership's business.",
            "Fairness: that the view comes true is asked of one continuation of each state.",
        ]
    }

    fn prose(&self) -> &'static str {
        include_str!("mod.rs")
    }

    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Some(("small", "trusted-again"))
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

    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Detection>, String> {
        let settings = settings(ask)?;
        let period = ask.get("period");
        if period >= settings.grace() {
            return Err(format!(
                "a heartbeat in {period} ticks is one that may be suspected before it comes, from \
                 {} on: make `period` less, or `deviation` or `pause` greater",
                settings.grace()
            ));
        }
        let nodes = ask.get("nodes") as usize;
        let bug = ask.bug.and_then(Bug::named);
        let watched = (1..nodes).map(NodeId::at);
        let mut scenario = Scenario::new("phi_accrual", Detection { settings, period, bug }, nodes)
            .shrinks_to(2)
            .clocks(Clocks { of: vec![WATCHER], until: ask.get("ticks"), apart: 0, tick: TICK })
            .faults(Faults {
                crashes: ask.count("crashes"),
                restarts: ask.count("restarts"),
                duplicates: ask.count("duplicates"),
                ..Faults::NONE
            })
            .may_crash(watched)
            .timer("beats", |timer| *timer == Timer::Beat, Firing::Times(ask.count("beats")))
            .storm(storm())
            .invariant(invariants::finite())
            .invariant(invariants::rises_in_silence())
            .invariant(invariants::complete_in_time(&settings, nodes))
            .invariant(invariants::accurate_at_once(&settings, nodes))
            .invariant(invariants::view_comes_true());
        let set_backs = ask.get("set-backs") as usize;
        if set_backs > 0 {
            scenario = scenario.lane(vec![(To::Node(WATCHER), Input::SetBack(2)); set_backs]);
        }
        Ok(goals(ask, &settings).into_iter().fold(scenario, Scenario::goal))
    }
}

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "nodes", about: "nodes, one of which watches", default: 2, range: 2..=9 },
    Parameter {
        name: "threshold",
        about: "the level from which on a silence is suspected",
        default: 1,
        range: 1..=100,
    },
    Parameter { name: "window", about: "intervals remembered", default: 2, range: 1..=1_000 },
    Parameter {
        name: "estimate",
        about: "ticks an interval is thought to be before one is seen",
        default: 2,
        range: 1..=1_000,
    },
    Parameter {
        name: "deviation",
        about: "ticks that intervals are thought to deviate at least",
        default: 2,
        range: 1..=1_000,
    },
    Parameter {
        name: "pause",
        about: "ticks of lateness not worth mentioning",
        default: 0,
        range: 0..=1_000,
    },
    Parameter {
        name: "longest",
        about: "ticks of the longest interval that is a sample and no outage",
        default: 4,
        range: 1..=10_000,
    },
    Parameter { name: "period", about: "ticks between heartbeats", default: 2, range: 1..=1_000 },
    Parameter { name: "beats", about: "heartbeats sent in exploration", default: 2, range: 0..=20 },
    Parameter {
        name: "ticks",
        about: "ticks of the clock in exploration",
        default: 8,
        range: 0..=100,
    },
    Parameter { name: "crashes", about: "nodes that stop", default: 1, range: 0..=9 },
    Parameter { name: "restarts", about: "nodes that run again", default: 0, range: 0..=9 },
    Parameter {
        name: "duplicates",
        about: "heartbeats that arrive once more",
        default: 0,
        range: 0..=9,
    },
    Parameter {
        name: "set-backs",
        about: "times the clock is set back, by two ticks",
        default: 0,
        range: 0..=9,
    },
];

/// On unordered links a heartbeat may be on its way for ever, which is all that losing it comes to.
const SCENARIOS: &[ScenarioInfo] = &[
    ScenarioInfo {
        name: "small",
        about: "A node sends two heartbeats, which take as long as they like, and may crash.",
        engine: Engine::Explore,
        settings: &[],
    },
    ScenarioInfo {
        name: "restart",
        about: "A node crashes and comes back, and a heartbeat may arrive twice.",
        engine: Engine::Explore,
        settings: &[("restarts", 1), ("duplicates", 1)],
    },
    ScenarioInfo {
        name: "set-back",
        about: "The watcher's clock is set back by two ticks.",
        engine: Engine::Explore,
        settings: &[("set-backs", 1), ("ticks", 10)],
    },
    ScenarioInfo {
        name: "long",
        about: "A silence so long that six digits show its probability as 0.",
        engine: Engine::Explore,
        settings: &[("beats", 1), ("ticks", 20), ("pause", 1)],
    },
    ScenarioInfo {
        name: "three",
        about: "Two nodes are watched, and one of them may crash.",
        engine: Engine::ExploreDeep,
        settings: &[("nodes", 3), ("ticks", 7)],
    },
    ScenarioInfo {
        name: "deep",
        about: "Four heartbeats, a restart, and a clock that is set back.",
        engine: Engine::ExploreDeep,
        settings: &[("beats", 4), ("restarts", 1), ("set-backs", 1), ("ticks", 12), ("window", 3)],
    },
    ScenarioInfo {
        name: "storm",
        about: "Three nodes send a heartbeat a second, under loss, copies, partitions, pauses and \
                crashes; the clock is set back now and then.",
        engine: Engine::Simulate,
        settings: &[
            ("nodes", 4),
            ("threshold", 3),
            ("window", 10),
            ("estimate", 10),
            ("deviation", 4),
            ("pause", 5),
            ("longest", 20),
            ("period", 10),
        ],
    },
];

fn settings(ask: &Ask<'_>) -> Result<Settings, String> {
    let (estimate, longest) = (ask.get("estimate"), ask.get("longest"));
    if estimate + estimate / 4 > longest {
        return Err(format!(
            "a first estimate of {estimate} ticks, and a quarter of it more, is longer than the \
             longest sample: make `longest` at least {}",
            estimate + estimate / 4
        ));
    }
    Ok(Settings {
        threshold: Phi::whole(ask.get("threshold")),
        window: ask.get("window") as usize,
        first_estimate: Some(estimate),
        least_deviation: ask.get("deviation"),
        acceptable_pause: ask.get("pause"),
        longest_sample: Some(longest),
    })
}

/// What is reachable under these parameters.
fn goals(ask: &Ask<'_>, settings: &Settings) -> Vec<Goal<Detection>> {
    let some = |parameter| ask.get(parameter) > 0;
    let storm = ask.scenario == "storm";
    let enough = storm || ask.get("ticks") >= settings.detection();
    let set_back = ask.get("ticks") >= settings.detection() + 2 * ask.get("set-backs");
    let reachable = [
        (enough && (some("crashes") || storm), invariants::crash_suspected()),
        (enough && (some("beats") || storm), invariants::trusted_again()),
        (storm || some("set-backs") && set_back, invariants::suspected_though_set_back()),
    ];
    reachable.into_iter().filter_map(|(is, goal)| is.then_some(goal)).collect()
}

/// How the simulator runs it. A tick is a tenth of a second.
fn storm() -> Storm<Detection> {
    Storm::default()
        .lasts(60.s(), 60.s())
        .kinds(FaultKinds { clocks: false, ..FaultKinds::ALL })
        .clients(1, |_, _: ClientId, k| (k < 3).then_some((To::Node(WATCHER), Input::SetBack(10))))
        .progress(invariants::all_trusted())
}
