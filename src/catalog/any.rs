//! Models of any protocol behind one face, for command lines and whole-catalog tests.

use std::collections::BTreeMap;

use super::{
    BugInfo, Engine, Equivalent, Misfit, Model, Parameter, ScenarioInfo, build, choose_among, find,
    of,
};
use crate::counterexample::{Counterexample, FileError, FoundBy, Header};
use crate::explain::{Story, tell};
use crate::explore::{Limits, explore, reach};
use crate::found::{of_shrunk, of_shrunk_run};
use crate::observer::Observer;
use crate::report::{
    CounterexampleReport, ExploreReport, ReplayReport, ShrinkReport, SimulateReport, SystemReport,
};
use crate::scenario::Scenario;
use crate::shrink::{Effort, Origin, shrink, shrink_run};
use crate::simulate::{
    Campaign, Entry, EntryError, Plan, PlanError, Plans, Rerun, plan_under, simulate,
};

/// What is asked of a model by name; what is not given has its default.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Request {
    /// The scenario's name.
    pub scenario: String,
    /// The bug's name, if one is asked for.
    pub bug: Option<String>,
    /// The parameters given.
    pub parameters: BTreeMap<String, u64>,
    /// How deep exploration goes; as the scenario says if `None`.
    pub depth: Option<u32>,
}

/// Why something asked of a model cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name or a value that does not fit the catalog.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// A file that cannot be read, written or understood.
    #[error(transparent)]
    File(#[from] FileError),
    /// A scenario that makes no sense.
    #[error("the scenario makes no sense: {0}")]
    Scenario(String),
    /// A fault plan that cannot be understood, or does not fit the scenario.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An entry of a corpus that cannot be understood, or does not fit the scenario.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A trace that cannot be shrunk.
    #[error("there is nothing to shrink: {0}; `splitbrain replay` says what became of the trace")]
    NothingToShrink(String),
}

/// A model of any protocol.
pub trait AnyModel: Send + Sync {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// What it is, in a sentence.
    fn about(&self) -> &'static str;
    /// The paper it follows.
    fn source(&self) -> &'static str;
    /// What it leaves out, a sentence each.
    fn not_modelled(&self) -> &'static [&'static str];
    /// The source file whose first comment tells the protocol; empty if there is none.
    fn prose(&self) -> &'static str;
    /// The scenario and the goal of the picture on its page, if it names any.
    fn picture(&self) -> Option<(&'static str, &'static str)>;
    /// The numbers its scenarios are built from.
    fn parameters(&self) -> &'static [Parameter];
    /// Its scenarios.
    fn scenarios(&self) -> &'static [ScenarioInfo];
    /// Its deliberate mistakes.
    fn bugs(&self) -> &'static [BugInfo];
    /// Those of them that only exploration finds in reason, each with a sentence that says why.
    fn only_explored(&self) -> &'static [(&'static str, &'static str)];
    /// What looks like a mistake and is none.
    fn equivalents(&self) -> &'static [Equivalent];

    /// The system that a request builds: invariants, goals and bounds in words.
    ///
    /// # Errors
    /// The request does not fit the model.
    fn describe(&self, request: &Request) -> Result<SystemReport, Error>;

    /// Explores a scenario. A counterexample whose search began behind a prefix or waypoints is
    /// shrunk; any other is the shortest as found.
    ///
    /// # Errors
    /// The request does not fit the model, or the scenario makes no sense.
    fn explore(
        &self,
        request: &Request,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<ExploreReport, Error>;

    /// Simulates a scenario; the first failing run is shrunk with that effort, if any is given.
    ///
    /// # Errors
    /// The request does not fit the model, or the scenario makes no sense.
    fn simulate(
        &self,
        request: &Request,
        campaign: &Campaign,
        effort: Option<Effort>,
        observer: &mut dyn Observer,
    ) -> Result<SimulateReport, Error>;

    /// The plan that run number `run` of a campaign from that seed has.
    ///
    /// # Errors
    /// The request does not fit the model, or a plan that is given does not fit the scenario.
    fn plan(&self, request: &Request, plans: &Plans, seed: u64, run: u64) -> Result<Plan, Error>;

    /// Reads a plan in TOML for a scenario.
    ///
    /// # Errors
    /// The request does not fit the model, or the text is no plan that fits the scenario.
    fn read_plan(&self, request: &Request, text: &str) -> Result<Plan, Error>;

    /// Reads an entry of the corpus of a guided campaign for a scenario.
    ///
    /// # Errors
    /// The request does not fit the model, or the text is no entry that fits the scenario.
    fn read_entry(&self, request: &Request, text: &str) -> Result<Entry, Error>;

    /// Replays a saved counterexample; without its bug, if asked, to see whether it is fixed.
    ///
    /// # Errors
    /// The file is no sound counterexample of this model.
    fn replay(&self, text: &str, place: &str, without_bug: bool) -> Result<ReplayReport, Error>;

    /// Shrinks a saved counterexample.
    ///
    /// # Errors
    /// The file is no sound counterexample of this model, or its trace breaks nothing.
    fn shrink(
        &self,
        text: &str,
        place: &str,
        effort: Effort,
        observer: &mut dyn Observer,
    ) -> Result<ShrinkReport, Error>;

    /// A saved counterexample as it would be saved again: the same bytes, if nobody changed it.
    ///
    /// # Errors
    /// The file is no sound counterexample of this model.
    fn saved_again(&self, text: &str, place: &str) -> Result<String, Error>;

    /// The story of a saved counterexample.
    ///
    /// # Errors
    /// The file is no sound counterexample of this model.
    fn story(&self, text: &str, place: &str) -> Result<Story, Error>;

    /// The story of a shortest run that reaches a goal of a scenario.
    ///
    /// # Errors
    /// The request does not fit the model, the scenario makes no sense, or the goal is not reached
    /// within its bounds.
    fn reach(
        &self,
        request: &Request,
        goal: &str,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<Story, Error>;

    /// How many unique states and transitions stateright counts in a scenario, and whether every
    /// invariant holds there.
    ///
    /// # Errors
    /// The request does not fit the model, or the scenario makes no sense.
    #[cfg(feature = "stateright")]
    fn oracle(&self, request: &Request) -> Result<(usize, usize, bool), Error>;

    /// Opens stateright's web Explorer on a scenario; it returns only when the server ends.
    ///
    /// # Errors
    /// The request does not fit the model, or the scenario makes no sense.
    #[cfg(feature = "stateright")]
    fn serve(&self, request: &Request, address: std::net::SocketAddr) -> Result<(), Error>;
}

impl<M: Model> AnyModel for M {
    fn name(&self) -> &'static str {
        Model::name(self)
    }
    fn about(&self) -> &'static str {
        Model::about(self)
    }
    fn source(&self) -> &'static str {
        Model::source(self)
    }
    fn not_modelled(&self) -> &'static [&'static str] {
        Model::not_modelled(self)
    }
    fn prose(&self) -> &'static str {
        Model::prose(self)
    }
    fn picture(&self) -> Option<(&'static str, &'static str)> {
        Model::picture(self)
    }
    fn parameters(&self) -> &'static [Parameter] {
        Model::parameters(self)
    }
    fn scenarios(&self) -> &'static [ScenarioInfo] {
        Model::scenarios(self)
    }
    fn bugs(&self) -> &'static [BugInfo] {
        Model::bugs(self)
    }
    fn only_explored(&self) -> &'static [(&'static str, &'static str)] {
        Model::only_explored(self)
    }
    fn equivalents(&self) -> &'static [Equivalent] {
        Model::equivalents(self)
    }

    fn describe(&self, request: &Request) -> Result<SystemReport, Error> {
        Ok(SystemReport::of(&requested(self, request)?))
    }

    fn explore(
        &self,
        request: &Request,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<ExploreReport, Error> {
        let scenario = requested(self, request)?;
        let explored = explore(&scenario, limits, observer).map_err(Error::Scenario)?;
        let report = ExploreReport::of(&scenario, &explored, observer);
        let system = report.system.clone().only(limits.only.as_deref());
        Ok(ExploreReport { system, ..report })
    }

    fn simulate(
        &self,
        request: &Request,
        campaign: &Campaign,
        effort: Option<Effort>,
        observer: &mut dyn Observer,
    ) -> Result<SimulateReport, Error> {
        let scenario = requested(self, request)?;
        let simulated = simulate(&scenario, campaign, observer).map_err(Error::Scenario)?;
        Ok(SimulateReport::of(&scenario, campaign, &simulated, effort, observer))
    }

    fn plan(&self, request: &Request, plans: &Plans, seed: u64, run: u64) -> Result<Plan, Error> {
        let scenario = requested(self, request)?;
        plan_under(&scenario, plans, seed, run).map_err(Error::Scenario)
    }

    fn read_plan(&self, request: &Request, text: &str) -> Result<Plan, Error> {
        Ok(Plan::from_toml_for(text, &requested(self, request)?)?)
    }

    fn read_entry(&self, request: &Request, text: &str) -> Result<Entry, Error> {
        Ok(Entry::from_toml_for(text, &requested(self, request)?)?)
    }

    fn replay(&self, text: &str, place: &str, without_bug: bool) -> Result<ReplayReport, Error> {
        let (file, mut scenario) = restored(self, text, place)?;
        if without_bug {
            // Its protocol is then the model's own, and not the file's.
            let bare = self.rebuild(&file, place, None)?;
            let nodes = crate::shrink::with_nodes(&bare, file.nodes);
            scenario = Scenario { links: file.links, ..nodes };
            if file.run.is_some() {
                file.can_be_in(&scenario, place)?;
            }
        }
        Ok(ReplayReport::of(&file, &scenario))
    }

    fn shrink(
        &self,
        text: &str,
        place: &str,
        effort: Effort,
        observer: &mut dyn Observer,
    ) -> Result<ShrinkReport, Error> {
        let (file, scenario) = restored(self, text, place)?;
        let (sought, by) = (&file.invariant, file.found_by.clone());
        if let Some(Rerun { seed, run, plan, .. }) = file.run {
            let origin = Origin { seed, run, plan };
            let shrunk = shrink_run(&scenario, &origin, sought, effort, observer)
                .map_err(Error::NothingToShrink)?;
            return Ok(ShrinkReport {
                before: shrunk.before,
                tries: shrunk.tries,
                counterexample: CounterexampleReport::of(
                    &shrunk.scenario,
                    &of_shrunk_run(&shrunk, by),
                ),
                stages: shrunk.stages,
            });
        }
        let origin = match file.found_by {
            FoundBy::Simulate { seed, run } => Some(Origin::drawn(&scenario, seed, run)),
            FoundBy::Explore | FoundBy::Hand => None,
        };
        let shrunk = shrink(&scenario, &file.steps, sought, origin.as_ref(), effort, observer)
            .map_err(Error::NothingToShrink)?;
        Ok(ShrinkReport {
            before: shrunk.before,
            tries: shrunk.tries,
            counterexample: CounterexampleReport::of(&shrunk.scenario, &of_shrunk(&shrunk, by)),
            stages: shrunk.stages,
        })
    }

    fn saved_again(&self, text: &str, place: &str) -> Result<String, Error> {
        Ok(Counterexample::<M::Protocol>::parse(text, place)?.to_json())
    }

    fn story(&self, text: &str, place: &str) -> Result<Story, Error> {
        let (file, scenario) = restored(self, text, place)?;
        Ok(file.story(&scenario))
    }

    fn reach(
        &self,
        request: &Request,
        goal: &str,
        limits: &Limits,
        observer: &mut dyn Observer,
    ) -> Result<Story, Error> {
        let scenario = requested(self, request)?;
        let run = reach(&scenario, goal, limits, observer).map_err(|why| {
            let (model, scenario) = (&scenario.model, &scenario.name);
            Misfit(format!("`{model} {scenario}` does not reach `{goal}`: {why}"))
        })?;
        Ok(tell(&scenario, &run, None))
    }

    #[cfg(feature = "stateright")]
    fn oracle(&self, request: &Request) -> Result<(usize, usize, bool), Error> {
        let scenario = requested(self, request)?;
        let counted = crate::explore::oracle::count(scenario).map_err(Error::Scenario)?;
        Ok((counted.states, counted.transitions, counted.holds))
    }

    #[cfg(feature = "stateright")]
    fn serve(&self, request: &Request, address: std::net::SocketAddr) -> Result<(), Error> {
        let scenario = requested(self, request)?;
        crate::explore::oracle::serve(scenario, address).map_err(Error::Scenario)
    }
}

/// Rebuilding the scenario of a file.
trait Rebuild: Model {
    fn rebuild(
        &self,
        file: &Counterexample<Self::Protocol>,
        place: &str,
        bug: Option<&str>,
    ) -> Result<Scenario<Self::Protocol>, FileError> {
        build(self, &file.scenario, bug, &file.parameters)
            .map_err(|misfit| FileError::Unknown { place: place.to_string(), why: misfit.0 })
    }
}

impl<M: Model + ?Sized> Rebuild for M {}

fn requested<M: Model>(model: &M, request: &Request) -> Result<Scenario<M::Protocol>, Misfit> {
    let built = build(model, &request.scenario, request.bug.as_deref(), &request.parameters)?;
    Ok(Scenario { depth: request.depth.or(built.depth), ..built })
}

/// A file's counterexample and the scenario it runs in.
type Restored<M> = (Counterexample<<M as Model>::Protocol>, Scenario<<M as Model>::Protocol>);

/// Reads a file and builds the scenario it runs in.
fn restored<M: Model>(model: &M, text: &str, place: &str) -> Result<Restored<M>, FileError> {
    let file = Counterexample::<M::Protocol>::parse(text, place)?;
    let built = model.rebuild(&file, place, file.bug.as_deref())?;
    if built.sentence_of(&file.invariant).is_none() {
        let why = format!(
            "`{}` has no invariant `{}`; {}",
            file.model,
            file.invariant,
            choose_among(&built.promises(), &file.invariant)
        );
        return Err(FileError::Unknown { place: place.to_string(), why });
    }
    let scenario = file.restore(built);
    file.can_be_in(&scenario, place)?;
    Ok((file, scenario))
}

/// Models by name.
#[derive(Default)]
pub struct Catalog {
    models: Vec<Box<dyn AnyModel>>,
}

impl Catalog {
    /// A catalog without models.
    pub fn new() -> Catalog {
        Catalog::default()
    }

    /// Adds a model.
    ///
    /// # Panics
    /// When it has one of that name, or the model's bugs name scenarios it does not have.
    pub fn with(mut self, model: impl AnyModel + 'static) -> Catalog {
        let name = model.name();
        assert!(self.models.iter().all(|other| other.name() != name), "two models `{name}`");
        for bug in model.bugs() {
            for (scenario, _) in [bug.explored, bug.simulated] {
                let known = model.scenarios().iter().any(|info| info.name == scenario);
                assert!(known, "bug `{}` of `{name}` names no scenario: {scenario}", bug.name);
            }
        }
        self.models.push(Box::new(model));
        self
    }

    /// The models, in the order they were added.
    pub fn models(&self) -> impl Iterator<Item = &dyn AnyModel> {
        self.models.iter().map(|model| &**model)
    }

    /// The model of that name.
    ///
    /// # Errors
    /// There is none; the sentence names those there are.
    pub fn model(&self, name: &str) -> Result<&dyn AnyModel, Misfit> {
        let found = find(&self.models, name, |model| model.name(), "model", "the catalog".into());
        found.map(|model| &**model)
    }

    /// The model that a counterexample file is of.
    ///
    /// # Errors
    /// It is no counterexample, or of a model that is not in the catalog.
    pub fn model_of(&self, text: &str, place: &str) -> Result<&dyn AnyModel, FileError> {
        let header = Header::parse(text, place)?;
        self.model(&header.model)
            .map_err(|misfit| FileError::Unknown { place: place.to_string(), why: misfit.0 })
    }
}

impl dyn AnyModel + '_ {
    /// The bug of that name.
    ///
    /// # Errors
    /// There is none; the sentence names those there are.
    pub fn bug(&self, name: &str) -> Result<&'static BugInfo, Misfit> {
        find(self.bugs(), name, |bug| bug.name, "bug", of(self.name()))
    }

    /// Why only exploration finds that bug in reason, if it is so.
    pub fn why_only_explored(&self, bug: &str) -> Option<&'static str> {
        self.only_explored().iter().find(|(name, _)| *name == bug).map(|(_, why)| *why)
    }

    /// The scenario of that name.
    ///
    /// # Errors
    /// There is none; the sentence names those there are.
    pub fn scenario(&self, name: &str) -> Result<&'static ScenarioInfo, Misfit> {
        find(self.scenarios(), name, |info| info.name, "scenario", of(self.name()))
    }

    /// The first scenario made for that engine.
    ///
    /// # Errors
    /// It has none.
    pub fn first_for(&self, engine: Engine) -> Result<&'static ScenarioInfo, Misfit> {
        let found = self.scenarios().iter().find(|info| info.engine == engine);
        found.ok_or_else(|| {
            Misfit(format!("`{}` has no scenario for that engine: name one", self.name()))
        })
    }
}
