//! Which commands and flags there are. The fixed ones are declared here; `line` adds the parameters
//! of the catalog's models, and reads what was typed.

mod line;
mod long;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use splitbrain::catalog::Request;
use splitbrain::explore::Fingerprint;
use splitbrain::simulate::Preset;

use crate::bench::arguments::Bench;
use crate::history::objects::Object;
use crate::values;

pub(crate) use line::{command, parse};
pub(crate) use long::Long;

/// Explore every schedule of a small cluster, storm a large one, keep the shortest counterexamples.
#[derive(Parser, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true, term_width = 100)]
struct CommandLine {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What goes with every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Common {
    /// Answer in JSON, one document on standard output
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) json: bool,
    /// Say what the engines are doing; twice says more (RUST_LOG works, too)
    #[arg(short, long, global = true, help_heading = "Everywhere", action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Do not show how far the work is
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub(crate) no_progress: bool,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// List the models, their scenarios and their known bugs
    List(List),
    /// Say what a model is: source, parameters, invariants, goals, bugs
    Show(Show),
    /// Explore and simulate all of a model, or find one of its bugs
    Check(Check),
    /// Let both engines find every known bug, and tell what it took
    Bugs(Bugs),
    /// Explore every schedule of one scenario, breadth first
    Explore(Explore),
    /// Run one scenario many times under drawn faults
    Simulate(Simulate),
    /// Make a saved counterexample shorter
    Shrink(Shrink),
    /// Replay saved counterexamples, step by step
    Replay(Replay),
    /// Tell a saved counterexample as a diagram
    Explain(Explain),
    /// Show a shortest run that reaches a goal, as a diagram
    Reach(Reach),
    /// Hold a recorded history of a real system to the object it is of
    Linearize(Linearize),
    /// Measure exploration side by side with other checkers
    Bench(Bench),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Args, Debug)]
pub(crate) struct Bugs {
    /// The model; all of them if none is named
    pub(crate) model: Option<String>,
    /// How many runs each bug has to show in
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: u64,
    /// The seed they draw from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Save the shortest counterexample of each bug there, as MODEL-BUG.json
    #[arg(long, value_name = "DIR")]
    pub(crate) save: Option<PathBuf>,
    /// Write the table there as a page of Markdown
    #[arg(long, value_name = "PATH")]
    pub(crate) markdown: Option<PathBuf>,
    /// Count instead how many runs of each bug fail, and write that there: docs/hits.md
    #[arg(long, value_name = "PATH", conflicts_with_all = ["save", "markdown", "guidance"])]
    pub(crate) hits: Option<PathBuf>,
    /// Find instead each hard bug from many seeds, with guidance and without, and write there in how
    /// many runs
    #[arg(long, value_name = "PATH", conflicts_with_all = ["save", "markdown"])]
    pub(crate) guidance: Option<PathBuf>,
    /// From how many seeds, with --guidance
    #[arg(long, default_value_t = 20, requires = "guidance", value_parser = clap::value_parser!(u64).range(2..=1_000))]
    pub(crate) seeds: u64,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Write a page of Markdown there, and beside it a folder of that name with a page and a picture
    /// for each model: docs/models.md
    #[arg(long, value_name = "PATH")]
    pub(crate) markdown: Option<PathBuf>,
    /// Count the states of the large scenarios anew, too; else the figures of the pages that are
    /// there stay
    #[arg(long, requires = "markdown")]
    pub(crate) deep: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The model
    pub(crate) model: String,
    /// One scenario of it, with its bounds
    #[arg(long)]
    pub(crate) scenario: Option<String>,
    /// One bug of it
    #[arg(long)]
    pub(crate) bug: Option<String>,
}

/// Where counterexamples go.
#[derive(Args, Clone, Debug)]
pub(crate) struct Saving {
    /// Where counterexamples are saved
    #[arg(long, value_name = "DIR", default_value = "found")]
    pub(crate) save: String,
    /// Save no counterexamples
    #[arg(long, conflicts_with = "save")]
    pub(crate) no_save: bool,
}

/// When to end, however far the work is.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Ends {
    /// End each scenario after that long: 500ms, 60s, 5m, 2h
    #[arg(long, value_parser = values::span)]
    pub(crate) time: Option<Duration>,
    /// End when this process takes that much memory: 512M, 8G [default: three quarters of what is
    /// there]
    #[arg(long, value_name = "SIZE", value_parser = values::bytes)]
    pub(crate) memory: Option<u64>,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The model
    #[arg(required_unless_present = "all")]
    pub(crate) model: Option<String>,
    /// Check every model
    #[arg(long, conflicts_with_all = ["model", "bug"])]
    pub(crate) all: bool,
    /// Find this bug, in the scenarios known to expose it
    #[arg(long)]
    pub(crate) bug: Option<String>,
    /// Explore the large scenarios, too: minutes
    #[arg(long)]
    pub(crate) deep: bool,
    /// How many runs each simulated scenario makes; 1000, or with --bug up to 10000, until the bug
    /// shows
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: Option<u64>,
    /// The seed of the runs
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) ends: Ends,
    #[command(flatten)]
    pub(crate) saving: Saving,
}

#[derive(Args, Debug)]
pub(crate) struct Explore {
    /// The model
    pub(crate) model: String,
    /// The scenario; the first made for exploring if none is named
    #[arg(long)]
    pub(crate) scenario: Option<String>,
    /// Explore the model with this bug; without a scenario, in the one that exposes it
    #[arg(long)]
    pub(crate) bug: Option<String>,
    /// Follow worlds no deeper than that many steps
    #[arg(long)]
    pub(crate) depth: Option<u32>,
    /// Store at most that many states
    #[arg(long, value_name = "N")]
    pub(crate) states: Option<usize>,
    #[command(flatten)]
    pub(crate) ends: Ends,
    /// Go on after the first violation, to one of each invariant that can break
    #[arg(long, conflicts_with = "only")]
    pub(crate) all_invariants: bool,
    /// End at violations of this invariant only
    #[arg(long, value_name = "INVARIANT")]
    pub(crate) only: Option<String>,
    /// Threads; they change nothing but the time [default: 1]
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Search the full space: keep mail that the model says is dead
    #[arg(long)]
    pub(crate) full: bool,
    /// Search plainly over whole worlds: slower by far, and what the fast search is held to
    #[arg(long)]
    pub(crate) reference: bool,
    /// Where exact states take more bits than that, 64 or 128, tell them apart by fingerprints: less
    /// memory, and the verdict says the odds that a state was missed
    #[arg(long, value_name = "BITS", value_parser = values::fingerprint, conflicts_with = "web")]
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Say what was covered, too: what happened how often and what never, states by depth, and what
    /// makes the space large
    #[arg(long, conflicts_with_all = ["reference", "web"])]
    pub(crate) coverage: bool,
    /// Open stateright's Explorer there instead: 127.0.0.1:3000
    #[arg(long, value_name = "ADDR", conflicts_with = "json")]
    pub(crate) web: Option<SocketAddr>,
    #[command(flatten)]
    pub(crate) saving: Saving,
}

#[derive(Args, Debug)]
pub(crate) struct Simulate {
    /// The model
    pub(crate) model: String,
    /// The scenario; the first made for simulating if none is named
    #[arg(long)]
    pub(crate) scenario: Option<String>,
    /// Simulate the model with this bug; without a scenario, in the one that exposes it
    #[arg(long)]
    pub(crate) bug: Option<String>,
    /// How many runs
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) runs: u64,
    #[command(flatten)]
    pub(crate) long: Long,
    /// The number of the first run
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub(crate) first_run: u64,
    /// The seed they draw from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Threads; they change nothing but the time [default: all cores]
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Draw plans of this kind of trouble, within what the scenario allows: calm, flaky, partitions,
    /// crashes, clocks, storm, jepsen
    #[arg(long, value_name = "NAME", value_parser = values::preset, conflicts_with = "plan")]
    pub(crate) preset: Option<Preset>,
    /// Give all runs this plan, in TOML; what it leaves open, each draws by its own number
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<String>,
    /// Print the plan of the first run in TOML, with its timeline, and run nothing
    #[arg(long)]
    pub(crate) print_plan: bool,
    /// Give most runs the plans of earlier ones that showed something rare; a fifth stays blind
    #[arg(long, conflicts_with_all = ["campaign", "plan"])]
    pub(crate) guided: bool,
    /// Begin with what guided runs have kept there, and keep there what these do
    #[arg(long, value_name = "DIR", requires = "guided", conflicts_with = "no_save")]
    pub(crate) corpus: Option<PathBuf>,
    /// Go on after a failing run, to count how many there are
    #[arg(long)]
    pub(crate) keep_going: bool,
    /// Make every run twice: where the two differ, a handler is no pure function
    #[arg(long)]
    pub(crate) twice: bool,
    /// Leave the failing run as long as it is
    #[arg(long)]
    pub(crate) no_shrink: bool,
    #[command(flatten)]
    pub(crate) ends: Ends,
    /// Look for violations of this invariant only
    #[arg(long, value_name = "INVARIANT")]
    pub(crate) only: Option<String>,
    #[command(flatten)]
    pub(crate) saving: Saving,
}

#[derive(Args, Debug)]
pub(crate) struct Shrink {
    /// The counterexample
    pub(crate) file: PathBuf,
    /// Where the short one goes; FILE itself is allowed [default: beside it, as .shrunk.json]
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    /// Replay at most that many traces
    #[arg(long, value_name = "N")]
    pub(crate) tries: Option<u64>,
    /// The most states of the search for something shorter
    #[arg(long, value_name = "N")]
    pub(crate) states: Option<usize>,
    #[command(flatten)]
    pub(crate) ends: Ends,
}

#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// The counterexamples
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Replay in the model without the file's bug: is it fixed?
    #[arg(long)]
    pub(crate) without_bug: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The counterexample
    pub(crate) file: PathBuf,
    /// As what
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Where it goes, instead of standard output
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Reach {
    /// The model
    pub(crate) model: String,
    /// The goal, as `show MODEL` names it
    pub(crate) goal: String,
    /// The scenario; the first explored one that has this goal if none is named
    #[arg(long)]
    pub(crate) scenario: Option<String>,
    /// As what
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Where it goes, instead of standard output
    #[arg(long, value_name = "PATH")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ends: Ends,
}

#[derive(Args, Debug)]
pub(crate) struct Linearize {
    /// The history: JSON, one event a line, or EDN as Jepsen writes it; - is standard input
    pub(crate) history: PathBuf,
    /// The object it is of [default: what its operations show]
    #[arg(long = "as", value_name = "OBJECT", value_enum)]
    pub(crate) object: Option<Object>,
    /// What a register, or each key, or a counter has at first [default: nil, or 0 for a counter]
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) initial: Option<String>,
    /// Visit at most that many states
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) states: Option<u64>,
    #[command(flatten)]
    pub(crate) ends: Ends,
}

/// What a story can be told as.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Format {
    /// A diagram in characters, and the steps in words
    Text,
    /// A drawing
    Svg,
}

impl Format {
    /// Its name in an answer in JSON, which is that on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Svg => "svg",
        }
    }
}

/// A command line that was understood.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) common: Common,
    pub(crate) command: Command,
    /// The model's parameters that were given.
    pub(crate) parameters: BTreeMap<String, u64>,
}

impl Asked {
    /// A request for a scenario of a model, with the parameters given.
    pub(crate) fn request(&self, scenario: &str, bug: Option<&str>) -> Request {
        Request {
            scenario: scenario.to_string(),
            bug: bug.map(str::to_string),
            parameters: self.parameters.clone(),
            depth: None,
        }
    }
}
