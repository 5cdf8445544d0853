//! Counterexamples as files: JSON that a person can read, `git diff` can show and `cargo test` can
//! replay.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::explain::{Story, tell, tell_run};
use crate::mail::Links;
use crate::protocol::{NodeId, Saved};
use crate::scenario::Scenario;
use crate::shrink::Minimality;
use crate::simulate::Rerun;
use crate::situation::Violation;
use crate::step::{Act, Step};
use crate::trace::{Replay, replay};

/// What the `format` field of every counterexample says.
pub const FORMAT: &str = "splitbrain-counterexample";

/// The version of the format written, and the only one read.
pub const VERSION: u32 = 1;

/// The JSON Schema of the format.
pub const SCHEMA: &str = include_str!("../docs/counterexample.schema.json");

/// A scenario, a trace, the invariant it breaks and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Saved", deserialize = "P: Saved"), deny_unknown_fields)]
pub struct Counterexample<P: Saved> {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    /// The model, by name.
    pub model: String,
    /// The scenario, by name.
    pub scenario: String,
    /// The deliberate mistake it runs with, if any.
    pub bug: Option<String>,
    /// The numbers the scenario was built from.
    pub parameters: BTreeMap<String, u64>,
    /// How many nodes there are: 1 to 255.
    #[serde(deserialize_with = "cluster")]
    pub nodes: usize,
    /// What the links promise.
    pub links: Links,
    /// The protocol's configuration.
    pub protocol: P,
    /// The invariant that breaks at the last step; of a run, the goal that is not met in time.
    pub invariant: String,
    /// Why it does not hold there.
    pub reason: String,
    /// Who found it.
    pub found_by: FoundBy,
    /// How short it is known to be.
    pub minimality: Minimality,
    /// The run it is, where no step breaks anything: a run that failed to make progress in its time.
    /// Time is nothing that steps have, so it is made again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<Rerun>,
    /// The steps; none where it is a run.
    pub steps: Vec<Step<P>>,
}

/// Which engine found a counterexample.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "engine", rename_all = "snake_case", deny_unknown_fields)]
pub enum FoundBy {
    /// Exhaustive exploration.
    Explore,
    /// Simulation.
    Simulate {
        /// The campaign's seed.
        seed: u64,
        /// The run's number in it.
        run: u64,
    },
    /// Somebody wrote or edited it.
    Hand,
}

impl fmt::Display for FoundBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FoundBy::Explore => write!(f, "exploration"),
            FoundBy::Simulate { seed, run } => write!(f, "simulation, seed {seed}, run {run}"),
            FoundBy::Hand => write!(f, "hand"),
        }
    }
}

/// What is wrong with a counterexample file: the place, what was expected and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}; name a file that exists and may be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It cannot be written.
    #[error("cannot write {}: {source}; nothing was written", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no JSON, or lacks a field, or a field has the wrong type.
    #[error(
        "{place}, line {line}, column {column}: {what}; expected a counterexample as described by \
         docs/counterexample.schema.json: mend that place, or save the counterexample again"
    )]
    Malformed {
        /// The file.
        place: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        what: String,
    },
    /// It is JSON of another kind.
    #[error(
        "{place} is no counterexample: its field `format` says `{found}`, expected `{FORMAT}`; \
         name a file saved by splitbrain"
    )]
    OtherFormat {
        /// The file.
        place: String,
        /// What `format` says.
        found: String,
    },
    /// It is of another version of the format.
    #[error(
        "{place} is of version {found} of the format, and this splitbrain reads version \
         {VERSION}; find the counterexample again, or use the splitbrain that wrote the file"
    )]
    OtherVersion {
        /// The file.
        place: String,
        /// What `version` says.
        found: u64,
    },
    /// A step that can never be, whatever the protocol does.
    #[error("{place}, step {step} ({text}) can never be: {why}; mend or remove that step")]
    ImpossibleStep {
        /// The file.
        place: String,
        /// The step, from 1.
        step: usize,
        /// The step in words.
        text: String,
        /// Why it can never be.
        why: String,
    },
    /// It names something that does not exist.
    #[error("{place}: {why}")]
    Unknown {
        /// The file.
        place: String,
        /// What does not exist, and what does.
        why: String,
    },
}

/// The fields that say what a file is, before its protocol is known.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Header {
    /// The model, by name.
    pub model: String,
    /// The scenario, by name.
    pub scenario: String,
    /// The bug, by name.
    #[serde(default)]
    pub bug: Option<String>,
    /// The numbers the scenario was built from.
    #[serde(default)]
    pub parameters: BTreeMap<String, u64>,
}

/// Reads a file's text.
///
/// # Errors
/// It cannot be read.
pub fn read(path: &Path) -> Result<String, FileError> {
    std::fs::read_to_string(path)
        .map_err(|source| FileError::Unreadable { path: path.to_path_buf(), source })
}

impl Header {
    /// What the text says it is. `place` names it in errors.
    ///
    /// # Errors
    /// It is no counterexample, or of another version.
    pub fn parse(text: &str, place: &str) -> Result<Header, FileError> {
        #[derive(Deserialize)]
        struct Kind {
            format: String,
            version: u64,
        }
        let kind: Kind = parse_at(text, place)?;
        if kind.format != FORMAT {
            return Err(FileError::OtherFormat { place: place.to_string(), found: kind.format });
        }
        if kind.version != u64::from(VERSION) {
            return Err(FileError::OtherVersion { place: place.to_string(), found: kind.version });
        }
        parse_at(text, place)
    }
}

fn parse_at<'a, T: Deserialize<'a>>(text: &'a str, place: &str) -> Result<T, FileError> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().to_string();
        FileError::Malformed { place: place.to_string(), line, column, what }
    })
}

impl<P: Saved> Counterexample<P> {
    /// The counterexample of a trace that breaks an invariant of a scenario.
    pub fn new(
        scenario: &Scenario<P>,
        steps: Vec<Step<P>>,
        violation: Violation,
        found_by: FoundBy,
        minimality: Minimality,
    ) -> Counterexample<P> {
        Counterexample {
            format: FORMAT.to_string(),
            version: VERSION,
            model: scenario.model.clone(),
            scenario: scenario.name.clone(),
            bug: scenario.bug.clone(),
            parameters: scenario.parameters.clone(),
            nodes: scenario.nodes,
            links: scenario.links,
            protocol: scenario.protocol.clone(),
            invariant: violation.invariant,
            reason: violation.reason,
            found_by,
            minimality,
            run: None,
            steps,
        }
    }

    /// The counterexample of a run that fails to make progress in a scenario.
    pub fn of_run(
        scenario: &Scenario<P>,
        run: Rerun,
        violation: Violation,
        found_by: FoundBy,
        minimality: Minimality,
    ) -> Counterexample<P> {
        let file = Counterexample::new(scenario, Vec::new(), violation, found_by, minimality);
        Counterexample { run: Some(run), ..file }
    }

    /// Loads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no sound counterexample of this protocol.
    pub fn load(path: &Path) -> Result<Counterexample<P>, FileError> {
        Self::parse(&read(path)?, &path.display().to_string())
    }

    /// Reads the text of a file; `place` names it in errors.
    ///
    /// # Errors
    /// It is no sound counterexample of this protocol.
    pub fn parse(text: &str, place: &str) -> Result<Counterexample<P>, FileError> {
        Header::parse(text, place)?;
        let file: Counterexample<P> = parse_at(text, place)?;
        if file.run.is_some() && !file.steps.is_empty() {
            let why = "it has a `run` and `steps`; expected one of the two, for a run takes its own \
                       steps: leave `steps` empty, or `run` out";
            return Err(FileError::Unknown { place: place.to_string(), why: why.to_string() });
        }
        file.each_step(place, |step| file.can_ever_be(step))?;
        Ok(file)
    }

    /// Whether every step can ever be in a scenario, whatever the protocol does; of a run, whether
    /// its plan fits.
    ///
    /// # Errors
    /// A clock ticks that is not there, a node crashes that may not, or a plan does not fit.
    pub(crate) fn can_be_in(&self, scenario: &Scenario<P>, place: &str) -> Result<(), FileError> {
        let unfit = |why: String| FileError::Unknown { place: place.to_string(), why };
        let of_progress = scenario.progress_named(&self.invariant).is_some();
        if let Some(run) = &self.run {
            let Counterexample { invariant, scenario: name, .. } = self;
            if !of_progress {
                return Err(unfit(format!(
                    "it has a `run`, and `{invariant}` is nothing that runs of `{name}` must come to \
                     in time; expected steps: save the counterexample again"
                )));
            }
            return run
                .plan
                .fits(scenario)
                .map_err(|error| unfit(format!("its run cannot be made: {error}")));
        }
        if of_progress {
            return Err(unfit(format!(
                "`{}` is what a run must come to in time, and steps have no time; expected a field \
                 `run`: save the counterexample again",
                self.invariant
            )));
        }
        self.each_step(place, |step| match step.act {
            Act::Tick if scenario.first_clock(step.node).is_none() => {
                Err(format!("the scenario gives {} no clock", step.node))
            }
            Act::Crash if !scenario.can_crash(step.node) => {
                Err(format!("{} may not crash in this scenario", step.node))
            }
            _ => Ok(()),
        })
    }

    fn each_step(
        &self,
        place: &str,
        can_be: impl Fn(&Step<P>) -> Result<(), String>,
    ) -> Result<(), FileError> {
        for (index, step) in self.steps.iter().enumerate() {
            can_be(step).map_err(|why| FileError::ImpossibleStep {
                place: place.to_string(),
                step: index + 1,
                text: step.to_string(),
                why,
            })?;
        }
        Ok(())
    }

    fn can_ever_be(&self, step: &Step<P>) -> Result<(), String> {
        let exists = |node: NodeId| match node.index() < self.nodes {
            true => Ok(()),
            false => Err(format!("the cluster has no {node}: it has {} nodes", self.nodes)),
        };
        exists(step.node)?;
        match &step.act {
            Act::Deliver { from, .. } => exists(*from),
            Act::Drop { from, .. } | Act::Duplicate { from, .. } => match self.links {
                Links::Unordered | Links::Fifo => exists(*from),
                Links::Set => Err("on set links nothing is dropped or doubled".to_string()),
            },
            Act::Timeout(_)
            | Act::Input { .. }
            | Act::Tick
            | Act::Crash
            | Act::Restart
            | Act::Wiped => Ok(()),
        }
    }

    /// The text of its file: a field a line, a step a line.
    ///
    /// # Panics
    /// When a part of the protocol cannot be written as JSON (a map whose keys are no strings).
    pub fn to_json(&self) -> String {
        let steps: Vec<String> =
            self.steps.iter().map(|step| format!("\n    {}", json(step))).collect();
        let mut fields = vec![
            ("format", json(&self.format)),
            ("version", json(&self.version)),
            ("model", json(&self.model)),
            ("scenario", json(&self.scenario)),
            ("bug", json(&self.bug)),
            ("parameters", json(&self.parameters)),
            ("nodes", json(&self.nodes)),
            ("links", json(&self.links)),
            ("protocol", json(&self.protocol)),
            ("invariant", json(&self.invariant)),
            ("reason", json(&self.reason)),
            ("found_by", json(&self.found_by)),
            ("minimality", json(&self.minimality)),
        ];
        let pretty = |run| serde_json::to_string_pretty(run).expect("a plan is JSON");
        let run = self.run.as_ref().map(|run| ("run", pretty(run).replace('\n', "\n  ")));
        fields.extend(run);
        fields.push(("steps", format!("[{}\n  ]", steps.join(","))));
        let lines: Vec<String> =
            fields.iter().map(|(name, value)| format!("  \"{name}\": {value}")).collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    /// Saves it: the file is there whole, or as it was before. Missing folders are made.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), FileError> {
        write_whole(path, &self.to_json())
    }

    /// The scenario it runs in: `scenario`, with the configuration, cluster and links of the file.
    pub fn restore(&self, scenario: Scenario<P>) -> Scenario<P> {
        let mut restored = crate::shrink::with_nodes(&scenario, self.nodes);
        restored.protocol = self.protocol.clone();
        restored.links = self.links;
        restored.bug.clone_from(&self.bug);
        restored.parameters.clone_from(&self.parameters);
        restored
    }

    /// Replays it in a scenario, each step exactly as it says, until its invariant breaks. A run is
    /// made again.
    pub fn replay(&self, scenario: &Scenario<P>) -> Replay<P> {
        match &self.run {
            Some(run) => run.replay(scenario, &self.invariant),
            None => replay(scenario, &self.steps, Some(&self.invariant)),
        }
    }

    /// How many steps it takes.
    pub fn length(&self) -> usize {
        self.run.as_ref().map_or(self.steps.len(), |run| run.steps as usize)
    }

    /// Whether its violation breaks behind its last step, for its reason.
    pub fn is_as_recorded(&self, steps: usize, violation: &Violation) -> bool {
        steps == self.length() && violation.reason == self.reason
    }

    /// What happens in it. Of a run only the end is told, and what there is before it.
    pub fn story(&self, scenario: &Scenario<P>) -> Story {
        match &self.run {
            Some(run) => tell_run(scenario, run, &self.invariant),
            None => tell(scenario, &self.steps, Some(&self.invariant)),
        }
    }
}

/// The size of a cluster, from a file that anyone may have edited.
fn cluster<'de, D: serde::Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    let nodes = usize::deserialize(from)?;
    match nodes {
        1..=255 => Ok(nodes),
        _ => Err(serde::de::Error::custom(format!("a cluster has 1 to 255 nodes, not {nodes}"))),
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("a protocol whose parts are JSON")
}

/// Writes a file so that it is there whole, or as it was before. Missing folders are made.
///
/// # Errors
/// It cannot be written.
pub fn write_whole(path: &Path, text: &str) -> Result<(), FileError> {
    let write = || -> std::io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        // For everybody whom the umask lets, as any file that is written.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| FileError::Unwritable { path: path.to_path_buf(), source })
}
