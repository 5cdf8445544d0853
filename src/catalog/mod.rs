//! Models by name: their scenarios, parameters and named bugs, and how a scenario is built.

mod any;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::protocol::Saved;
use crate::scenario::Scenario;

pub use any::{AnyModel, Catalog, Error, Request};

/// A protocol with everything needed to check it by name.
pub trait Model: Send + Sync + 'static {
    /// The protocol it models.
    type Protocol: Saved;

    /// Its name on the command line: `counter`.
    fn name(&self) -> &'static str;
    /// What it is, in a sentence.
    fn about(&self) -> &'static str;
    /// The paper it follows.
    fn source(&self) -> &'static str;
    /// What it leaves out, a sentence each.
    fn not_modelled(&self) -> &'static [&'static str];
    /// The source file whose first comment tells the protocol (`include_str!("mod.rs")`), for its
    /// page; empty if there is none.
    fn prose(&self) -> &'static str {
        ""
    }
    /// A scenario and a goal of it: the shortest run that reaches it is the picture on its page. By
    /// default the last goal of the first scenario.
    fn picture(&self) -> Option<(&'static str, &'static str)> {
        None
    }
    /// The numbers its scenarios are built from.
    fn parameters(&self) -> &'static [Parameter];
    /// Its scenarios. `check` goes through them in this order.
    fn scenarios(&self) -> &'static [ScenarioInfo];
    /// Its deliberate mistakes.
    fn bugs(&self) -> &'static [BugInfo];
    /// Those of them that only exploration finds in reason, each with a sentence that says why.
    fn only_explored(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
    /// What looks like a mistake and is none.
    fn equivalents(&self) -> &'static [Equivalent] {
        &[]
    }
    /// Builds a scenario. The scenario and the bug asked for are among those listed, every
    /// parameter has a value within its range.
    ///
    /// # Errors
    /// A sentence when these values do not go together, and what to do about it.
    fn build(&self, ask: &Ask<'_>) -> Result<Scenario<Self::Protocol>, String>;
}

/// A number that scenarios are built from; a flag on the command line.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name: `nodes`.
    pub name: &'static str,
    /// What it counts, in a sentence.
    pub about: &'static str,
    /// Its value where neither scenario, bug nor user says otherwise.
    pub default: u64,
    /// The values it may take.
    pub range: RangeInclusive<u64>,
}

/// What an engine does with a scenario.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Engine {
    /// It is explored, in seconds.
    Explore,
    /// It is explored by `check --deep` only: minutes.
    ExploreDeep,
    /// It is simulated.
    Simulate,
}

/// A scenario as a model lists it.
#[derive(Clone, Debug)]
pub struct ScenarioInfo {
    /// Its name: `small`.
    pub name: &'static str,
    /// What it shows, in a sentence.
    pub about: &'static str,
    /// Which engine it is made for.
    pub engine: Engine,
    /// Where its parameters differ from their defaults.
    pub settings: &'static [(&'static str, u64)],
}

/// A deliberate mistake as a model lists it.
#[derive(Clone, Debug)]
pub struct BugInfo {
    /// Its name: `forgot-vote`.
    pub name: &'static str,
    /// What the protocol does wrong, in a sentence.
    pub about: &'static str,
    /// Where it was seen or described.
    pub source: &'static str,
    /// The invariant it breaks.
    pub invariant: &'static str,
    /// The scenario whose exploration exposes it, and where its parameters differ from that
    /// scenario's: the smallest budget that is known to do.
    pub explored: (&'static str, &'static [(&'static str, u64)]),
    /// The same for the scenario whose simulation exposes it.
    pub simulated: (&'static str, &'static [(&'static str, u64)]),
}

/// A deviation that was taken for a mistake and is equivalent to the protocol: nothing can find it,
/// and it stays listed as such. It is a parameter of a scenario, which holds with it, in as many states
/// and transitions as without.
#[derive(Clone, Debug)]
pub struct Equivalent {
    /// Its name: `double-increment`.
    pub name: &'static str,
    /// What is done differently, in a sentence.
    pub about: &'static str,
    /// Where it was seen or described.
    pub source: &'static str,
    /// Why that makes no difference, in a sentence.
    pub why: &'static str,
    /// The scenario that shows it.
    pub scenario: &'static str,
    /// Where its parameters differ from the scenario's.
    pub settings: &'static [(&'static str, u64)],
}

/// What is asked of a model: a scenario, a bug, and a value for every parameter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ask<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The bug's name, if one is asked for.
    pub bug: Option<&'a str>,
    /// The value of every parameter.
    pub settings: BTreeMap<String, u64>,
}

impl Ask<'_> {
    /// The value of a parameter.
    ///
    /// # Panics
    /// When the model declares no such parameter.
    pub fn get(&self, parameter: &str) -> u64 {
        let value = self.settings.get(parameter);
        *value.unwrap_or_else(|| panic!("the model declares no parameter `{parameter}`"))
    }

    /// The value of a parameter that counts something small.
    ///
    /// # Panics
    /// When the model declares no such parameter, or lets it go beyond 65535.
    pub fn count(&self, parameter: &str) -> u16 {
        u16::try_from(self.get(parameter)).expect("a range that fits 16 bits")
    }
}

/// A request that does not fit the catalog: what is wrong, what was expected and what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misfit(pub String);

/// Builds a model's scenario by name. Values given override the bug's, those the scenario's, those
/// the defaults.
///
/// # Errors
/// The scenario, the bug or a parameter does not exist, or a value is out of its range.
pub fn build<M: Model + ?Sized>(
    model: &M,
    scenario: &str,
    bug: Option<&str>,
    given: &BTreeMap<String, u64>,
) -> Result<Scenario<M::Protocol>, Misfit> {
    let info = find(model.scenarios(), scenario, |info| info.name, "scenario", of(model.name()))?;
    let bug = bug
        .map(|bug| find(model.bugs(), bug, |info| info.name, "bug", of(model.name())))
        .transpose()?;
    let mut settings: BTreeMap<String, u64> =
        model.parameters().iter().map(|one| (one.name.to_string(), one.default)).collect();
    let mut set = |pairs: &[(&'static str, u64)]| {
        settings.extend(pairs.iter().map(|(name, value)| ((*name).to_string(), *value)));
    };
    set(info.settings);
    for (exposing, values) in bug.iter().flat_map(|bug| [bug.explored, bug.simulated]) {
        if exposing == info.name {
            set(values);
        }
    }
    for (name, value) in given {
        let parameter =
            find(model.parameters(), name, |one| one.name, "parameter", of(model.name()))?;
        if !parameter.range.contains(value) {
            let (least, most) = (parameter.range.start(), parameter.range.end());
            return Err(Misfit(format!(
                "{value} is out of range for `{name}` of `{}`, which goes from {least} to {most}: \
                 {}",
                model.name(),
                parameter.about
            )));
        }
        settings.insert(name.clone(), *value);
    }
    let ask = Ask { scenario: info.name, bug: bug.map(|bug| bug.name), settings };
    let mut built = model.build(&ask).map_err(Misfit)?;
    built.model = model.name().to_string();
    built.name = info.name.to_string();
    built.bug = bug.map(|bug| bug.name.to_string());
    built.parameters = ask.settings;
    Ok(built)
}

/// A model as sentences name it.
pub(crate) fn of(model: &str) -> String {
    format!("`{model}`")
}

/// The entry of that name, or a sentence that says which there are.
pub(crate) fn find<'a, T>(
    entries: &'a [T],
    name: &str,
    named: impl Fn(&T) -> &'static str,
    what: &str,
    of: String,
) -> Result<&'a T, Misfit> {
    entries.iter().find(|entry| named(entry) == name).ok_or_else(|| {
        let names: Vec<&str> = entries.iter().map(&named).collect();
        let there = match names.is_empty() {
            true => format!("it has no {what}s"),
            false => choose_among(&names, name),
        };
        Misfit(format!("{of} has no {what} `{name}`; {there}"))
    })
}

/// What to do where a name is not one of those there are: "perhaps you mean `storm`; choose one of:
/// election, storm", or without the guess where nothing is near.
pub fn choose_among(names: &[&str], wrong: &str) -> String {
    let alike = |name: &&str| (strsim::jaro_winkler(name, wrong) * 1_000.0) as u32;
    let nearest = names.iter().copied().max_by_key(alike).filter(|name| alike(name) > 800);
    let guess = nearest.map_or(String::new(), |name| format!("perhaps you mean `{name}`; "));
    format!("{guess}choose one of: {}", names.join(", "))
}
