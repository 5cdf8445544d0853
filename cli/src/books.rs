//! The file of a campaign: what was asked, and what has come of it so far, so that a campaign whose
//! process ended can be gone on with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use splitbrain::catalog::{AnyModel, Request};
use splitbrain::counterexample::{FileError, read, write_whole};
use splitbrain::simulate::{Books, Campaign, Plans, Until};

use crate::session::Problem;

/// What the `format` field of every campaign's file says.
const FORMAT: &str = "splitbrain-campaign";
/// The version of the format written, and the only one read.
const VERSION: u32 = 1;

/// A campaign's file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    /// What the campaign is of; another one does not go on from here.
    campaign: Value,
    /// How much was asked for. More may be asked later.
    until: Amount,
    /// How long it took so far.
    elapsed_millis: u64,
    books: Books,
}

/// How much is asked of a campaign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Amount {
    Runs(u64),
    VirtualMicros(u64),
    ForMillis(u64),
}

/// Keeps the books of one campaign in its file.
pub(crate) struct Keeper {
    path: PathBuf,
    campaign: Value,
    until: Amount,
}

impl Keeper {
    /// The keeper of a campaign, and what its file says already, if it is there: the books to go on
    /// from, and how long they took.
    ///
    /// # Errors
    /// The file cannot be read, is no campaign's, or of another one.
    pub(crate) fn open(
        path: &Path,
        (model, request): (&dyn AnyModel, &Request),
        campaign: &Campaign,
        for_time: Option<Duration>,
    ) -> Result<(Keeper, Option<(Books, Duration)>), Problem> {
        let until = match campaign.until {
            Until::Runs => Amount::Runs(campaign.runs),
            Until::Lasted(time) => Amount::VirtualMicros(time.as_micros()),
            Until::Enough => Amount::ForMillis(for_time.map_or(0, millis)),
        };
        let identity = identity(model, request, campaign)?;
        let keeper = Keeper { path: path.to_path_buf(), campaign: identity, until };
        let text = match read(path) {
            Ok(text) => text,
            Err(FileError::Unreadable { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                return Ok((keeper, None));
            }
            Err(error) => return Err(error.into()),
        };
        let file = keeper.understood(&text)?;
        Ok((keeper, Some((file.books, Duration::from_millis(file.elapsed_millis)))))
    }

    /// Writes the books, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, books: Books, elapsed: Duration) -> Result<(), Problem> {
        let file = File {
            format: FORMAT.to_string(),
            version: VERSION,
            campaign: self.campaign.clone(),
            until: self.until,
            elapsed_millis: millis(elapsed),
            books,
        };
        let text = serde_json::to_string_pretty(&file)?;
        Ok(write_whole(&self.path, &format!("{text}\n"))?)
    }

    /// What to say of books that the engine cannot go on from.
    pub(crate) fn unfit(&self, why: &str) -> Problem {
        Problem(format!("{}: {why}; {}", self.path.display(), ANEW))
    }

    fn understood(&self, text: &str) -> Result<File, Problem> {
        let place = self.path.display();
        let value: Value = serde_json::from_str(text).map_err(|error| self.malformed(&error))?;
        match (value["format"].as_str(), value["version"].as_u64()) {
            (Some(FORMAT), Some(version)) if version == u64::from(VERSION) => {}
            (Some(FORMAT), version) => {
                let found = version.map_or("none".to_string(), |version| version.to_string());
                return Err(Problem(format!(
                    "{place} is of version {found} of the format, and this program reads version \
                     {VERSION}; {ANEW}"
                )));
            }
            (format, _) => {
                let found = format.unwrap_or("nothing");
                return Err(Problem(format!(
                    "{place} is no campaign: its field `format` says {found}, expected `{FORMAT}`; \
                     name a file that --campaign wrote, or a new one"
                )));
            }
        }
        // Read from the text, so that mistakes have their place.
        let file: File = serde_json::from_str(text).map_err(|error| self.malformed(&error))?;
        if let Some((what, there, asked)) = difference("", &file.campaign, &self.campaign) {
            return Err(Problem(format!(
                "{place} is of another campaign: there `{what}` is {there}, and {asked} is asked; \
                 ask for the same, or name another file"
            )));
        }
        let enough = match (file.until, self.until) {
            (Amount::Runs(there), Amount::Runs(asked))
            | (Amount::VirtualMicros(there), Amount::VirtualMicros(asked))
            | (Amount::ForMillis(there), Amount::ForMillis(asked)) => asked >= there,
            (_, _) => false,
        };
        if !enough {
            return Err(Problem(format!(
                "{place} is of a campaign {}, and one {} is asked; ask for as much or more, or name \
                 another file",
                file.until.in_words(),
                self.until.in_words()
            )));
        }
        Ok(file)
    }

    fn malformed(&self, error: &serde_json::Error) -> Problem {
        let (place, line, column) = (self.path.display(), error.line(), error.column());
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        Problem(format!("{place}, line {line}, column {column}: {what}; {ANEW}"))
    }
}

/// What to do about a file that does not serve.
const ANEW: &str = "mend it, or delete it to begin anew";

impl Amount {
    fn in_words(self) -> String {
        match self {
            Amount::Runs(runs) => format!("of {runs} runs (--runs)"),
            Amount::VirtualMicros(micros) => {
                format!("of {} s in virtual time (--virtual)", micros / 1_000_000)
            }
            Amount::ForMillis(millis) => format!("of {} s (--for)", millis / 1_000),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is asked of a campaign, and so what each run is, as far as the code of its model is the same:
/// for that, its first run and those that failed are made again.
fn identity(
    model: &dyn AnyModel,
    request: &Request,
    campaign: &Campaign,
) -> Result<Value, Problem> {
    let plans = match &campaign.plans {
        Plans::Drawn => Value::Null,
        Plans::Preset(preset) => json!({ "preset": preset.name() }),
        Plans::Given(plan) => json!({ "given": plan.to_toml() }),
    };
    let system = model.describe(request)?;
    Ok(json!({
        "splitbrain": env!("CARGO_PKG_VERSION"),
        "model": system.model,
        "scenario": system.scenario,
        "bug": system.bug,
        "parameters": system.parameters,
        "system": { "bounds": system.bounds, "invariants": system.invariants, "goals": system.goals },
        "seed": campaign.seed,
        "first_run": campaign.first,
        "plans": plans,
        "only": campaign.only,
        "twice": campaign.twice,
        "keep_going": campaign.keep_going,
        "failures": campaign.keeps,
    }))
}

/// The first place where two values differ: its name, and what is there in each.
fn difference(name: &str, one: &Value, other: &Value) -> Option<(String, String, String)> {
    if one == other {
        return None;
    }
    let below = |field: &str| match name {
        "" => field.to_string(),
        _ => format!("{name}.{field}"),
    };
    match (one, other) {
        (Value::Object(fields), Value::Object(others)) => {
            let names = fields.keys().chain(others.keys());
            let part = |field: &String| {
                let (one, other) = (fields.get(field), others.get(field));
                let (one, other) = (one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null));
                difference(&below(field), one, other)
            };
            names.into_iter().find_map(part)
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            let pairs = items.iter().zip(others).enumerate();
            let mut pairs =
                pairs.map(|(at, (one, other))| difference(&below(&at.to_string()), one, other));
            pairs.find_map(|found| found)
        }
        (_, _) => {
            let told = |value: &Value| match value {
                Value::Null => "nothing".to_string(),
                Value::String(text) => format!("`{text}`"),
                other => other.to_string(),
            };
            Some((name.to_string(), told(one), told(other)))
        }
    }
}
