//! Where a campaign's plans come from: drawn from what the scenario allows, drawn from a preset, or
//! given.

use std::fmt;
use std::str::FromStr;

use super::plan::Plan;
use super::storm::FaultKinds;
use super::strategy::Storms;
use crate::protocol::Protocol;
use crate::random::{Purpose, stream};
use crate::scenario::Scenario;

/// Where the plans of a campaign's runs come from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Plans {
    /// Each run draws one from what the scenario's storm allows.
    #[default]
    Drawn,
    /// Each run draws one from a preset, within what the scenario's storm allows.
    Preset(Preset),
    /// All runs have this one. What it leaves open, each draws by its own number: which messages are
    /// lost, how long each takes, when timers fire.
    Given(Box<Plan>),
}

/// Kinds of trouble with a name. Each takes what the scenario's storm allows, and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Preset {
    /// Nothing goes wrong.
    Calm,
    /// A bad network: messages are lost, doubled and late, nodes and links are slow.
    Flaky,
    /// Links are cut in every way: one node, halves, minorities, bridges, rings of majorities,
    /// one-way, flapping.
    Partitions,
    /// Nodes crash: one, all at once, one after another, again and again; their power fails and
    /// disks are wiped, if the scenario allows those.
    Crashes,
    /// Clocks are off, drift, jump, get stuck and are corrected.
    Clocks,
    /// Everything: each run draws which kinds of fault it has, and how hard.
    Storm,
    /// What Jepsen's tests do by custom: partitions, pauses, crashes and clocks that are off, one at
    /// a time, each followed by a rest as long as itself.
    Jepsen,
}

impl Preset {
    /// All of them.
    pub const ALL: [Preset; 7] = [
        Preset::Calm,
        Preset::Flaky,
        Preset::Partitions,
        Preset::Crashes,
        Preset::Clocks,
        Preset::Storm,
        Preset::Jepsen,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Calm => "calm",
            Preset::Flaky => "flaky",
            Preset::Partitions => "partitions",
            Preset::Crashes => "crashes",
            Preset::Clocks => "clocks",
            Preset::Storm => "storm",
            Preset::Jepsen => "jepsen",
        }
    }

    /// The kinds of fault it has, among those that are allowed. Each newer kind is allowed where the
    /// one is that it is a harder form of.
    pub fn kinds(self, allowed: FaultKinds) -> FaultKinds {
        let all = FaultKinds {
            patterns: allowed.partitions,
            slow: allowed.pauses,
            waves: allowed.crashes,
            corrections: allowed.clocks,
            networks: true,
            ..allowed
        };
        let none = FaultKinds::NONE;
        match self {
            Preset::Calm => none,
            Preset::Flaky => FaultKinds {
                loss: all.loss,
                duplication: all.duplication,
                slow: all.slow,
                networks: true,
                ..none
            },
            Preset::Partitions => {
                FaultKinds { partitions: all.partitions, patterns: all.patterns, ..none }
            }
            Preset::Crashes => {
                let FaultKinds { crashes, waves, wipes, power, .. } = all;
                FaultKinds { crashes, waves, wipes, power, ..none }
            }
            Preset::Clocks => {
                FaultKinds { clocks: all.clocks, corrections: all.corrections, ..none }
            }
            Preset::Storm => all,
            Preset::Jepsen => FaultKinds {
                loss: false,
                duplication: false,
                slow: false,
                networks: false,
                wipes: false,
                power: false,
                ..all
            },
        }
    }
}

impl Plans {
    /// What a verdict says of them; nothing where they are drawn as the scenario says.
    pub fn in_words(&self) -> Option<String> {
        match self {
            Plans::Drawn => None,
            Plans::Preset(preset) => Some(format!("drawn as preset {preset}")),
            Plans::Given(_) => Some("with the plan that was given".to_string()),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Preset, String> {
        Preset::ALL.into_iter().find(|preset| preset.name() == text).ok_or_else(|| {
            let names = Preset::ALL.map(Preset::name).join(", ");
            format!("there is no preset `{text}`; choose one of: {names}")
        })
    }
}

/// The plan that run number `run` of a campaign from that seed has.
///
/// # Errors
/// A sentence when a plan that is given does not fit the scenario.
pub fn plan_under<P: Protocol>(
    scenario: &Scenario<P>,
    plans: &Plans,
    seed: u64,
    run: u64,
) -> Result<Plan, String> {
    let storms = Storms::of(scenario).under(plans, scenario)?;
    Ok(storms.draw(&mut stream(seed, run, Purpose::Plan)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_read_by_its_name() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        let unknown = "tornado".parse::<Preset>().expect_err("there is none");
        assert!(unknown.contains("no preset `tornado`"), "{unknown}");
        assert!(unknown.contains("calm, flaky, partitions"), "{unknown}");
    }

    #[test]
    fn no_preset_has_what_the_scenario_does_not_allow() {
        let networks = |preset| matches!(preset, Preset::Flaky | Preset::Storm);
        for preset in Preset::ALL {
            let kinds = preset.kinds(FaultKinds::NONE);
            let expected = FaultKinds { networks: networks(preset), ..FaultKinds::NONE };
            assert_eq!(kinds, expected, "{preset}: a network without loss is no fault");
            assert!(!preset.kinds(FaultKinds::ALL).wipes, "{preset}");
        }
    }
}
