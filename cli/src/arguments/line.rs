//! The command line as clap sees it: with the parameters of the catalog's models as flags of the
//! commands that build scenarios; and what was typed, understood or refused.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory, FromArgMatches};
use splitbrain::catalog::Catalog;

use super::{Asked, CommandLine};
use crate::session::exit;

/// The commands that build scenarios, and so take a model's parameters.
const BUILDERS: [&str; 4] = ["check", "explore", "simulate", "reach"];

/// The whole command line, the parameters of the catalog's models included.
///
/// # Panics
/// When a parameter is called like a flag.
pub(crate) fn command(
    name: &'static str,
    version: &'static str,
    catalog: &Catalog,
) -> clap::Command {
    let mut command = CommandLine::command().name(name).bin_name(name).version(version);
    command = command.after_help(format!(
        "Start here:\n  {name} list\n  {name} show MODEL\n  {name} check MODEL\n\nExit codes: 0 \
         holds, 1 violated, 2 not understood, 3 inconclusive, 4 vacuous"
    ));
    let first = catalog.models().next();
    let model = first.map_or("MODEL", |model| model.name());
    let bug = first.and_then(|model| model.bugs().first()).map_or("BUG", |bug| bug.name);
    for (subcommand, examples) in examples(name, model, bug) {
        let note = format!("Examples:\n  {}", examples.join("\n  "));
        command = command.mut_subcommand(subcommand, |sub| sub.after_help(note));
    }
    for builder in BUILDERS {
        command = command.mut_subcommand(builder, |sub| with_parameters(sub, builder, catalog));
    }
    command
}

fn examples(name: &str, model: &str, bug: &str) -> Vec<(&'static str, Vec<String>)> {
    let line = |text: &str| format!("{name} {text}");
    vec![
        ("show", vec![line(&format!("show {model}")), line(&format!("show {model} --bug {bug}"))]),
        (
            "check",
            vec![
                line(&format!("check {model}")),
                line(&format!("check {model} --bug {bug}")),
                line("check --all --deep"),
            ],
        ),
        (
            "explore",
            vec![
                line(&format!("explore {model} --depth 12 --time 60s")),
                line(&format!("explore {model} --bug {bug}")),
                line(&format!("explore {model} --coverage")),
                line(&format!("explore {model} --web 127.0.0.1:3000")),
            ],
        ),
        (
            "simulate",
            vec![
                line(&format!("simulate {model} --runs 100000")),
                line(&format!("simulate {model} --bug {bug} --seed 7")),
                line(&format!("simulate {model} --seed 7 --first-run 42 --runs 1")),
                line(&format!("simulate {model} --print-plan --preset partitions > plan.toml")),
                line(&format!("simulate {model} --plan plan.toml")),
            ],
        ),
        (
            "bugs",
            vec![
                line(&format!("bugs {model}")),
                line("bugs --markdown docs/bugs.md --save counterexamples"),
            ],
        ),
        ("shrink", vec![line("shrink found/one.json"), line("shrink one.json --out one.json")]),
        ("replay", vec![line("replay found/*.json"), line("replay found/one.json --without-bug")]),
        (
            "explain",
            vec![
                line("explain found/one.json"),
                line("explain found/one.json --format svg --out one.svg"),
            ],
        ),
        (
            "reach",
            vec![
                line(&format!("reach {model} GOAL")),
                line(&format!("reach {model} GOAL --format svg --out run.svg")),
            ],
        ),
        (
            "linearize",
            vec![
                line("linearize history.jsonl"),
                line("linearize store/latest/history.edn --as register --initial 0"),
            ],
        ),
        ("list", vec![line("list"), line("list --markdown docs/models.md --deep")]),
        (
            "bench",
            vec![line("bench --list"), line("bench paxos --short"), line("bench two-phase-8")],
        ),
        ("completions", vec![line(&format!("completions bash > {name}.bash"))]),
    ]
}

/// Adds every parameter of the catalog as a flag. Which of them a model has is said by the catalog.
fn with_parameters(mut command: clap::Command, builder: &str, catalog: &Catalog) -> clap::Command {
    let mut about: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for model in catalog.models() {
        for one in model.parameters() {
            let (least, most) = (one.range.start(), one.range.end());
            about.entry(one.name).or_default().push(format!(
                "{}: {} {least} to {most}, default {}",
                model.name(),
                one.about,
                one.default
            ));
        }
    }
    for (name, lines) in about {
        let reserved = ["help", "version", "json", "verbose", "no-progress"];
        let taken = command.get_arguments().any(|one| one.get_long() == Some(name))
            || reserved.contains(&name);
        assert!(
            !taken,
            "a model has a parameter `{name}`, which is a flag of `{builder}`: rename the parameter"
        );
        command = command.arg(
            clap::Arg::new(format!("parameter {name}"))
                .long(name)
                .value_name("N")
                .value_parser(clap::value_parser!(u64))
                .help(lines.join("\n"))
                .help_heading("Parameters of the models (`show MODEL` lists those of one)"),
        );
    }
    command
}

/// Why a command line was not understood, or that it asked for help.
pub(crate) enum Refused {
    /// Help and version, and mistakes that clap explains best.
    Clap(clap::Error),
    /// A mistake in our own words.
    Sentence(String),
}

impl Refused {
    /// Tells it, and returns the exit code.
    pub(crate) fn tell(&self, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
        // Where neither can be written to, there is nobody to tell.
        match self {
            Refused::Clap(error) if error.use_stderr() => {
                let _ = write!(err, "{}", error.render());
                exit::MISTAKEN
            }
            Refused::Clap(error) => {
                let _ = write!(out, "{}", error.render());
                exit::HOLDS
            }
            Refused::Sentence(sentence) => {
                let _ = writeln!(err, "error: {sentence}");
                exit::MISTAKEN
            }
        }
    }
}

/// Understands a command line.
pub(crate) fn parse(
    mut command: clap::Command,
    arguments: &[OsString],
    catalog: &Catalog,
) -> Result<Asked, Refused> {
    let program = command.get_name().to_string();
    let matches = command
        .try_get_matches_from_mut(arguments)
        .map_err(|error| in_our_words(error, &program, arguments, catalog))?;
    let line = CommandLine::from_arg_matches(&matches).map_err(Refused::Clap)?;
    let parameters = match matches.subcommand() {
        Some((builder, given)) if BUILDERS.contains(&builder) => parameters(given, catalog),
        Some(_) | None => BTreeMap::new(),
    };
    Ok(Asked { common: line.common, command: line.command, parameters })
}

fn parameters(given: &ArgMatches, catalog: &Catalog) -> BTreeMap<String, u64> {
    let names = catalog.models().flat_map(|model| model.parameters()).map(|one| one.name);
    names
        .filter_map(|name| {
            let value = given.get_one::<u64>(&format!("parameter {name}"))?;
            Some((name.to_string(), *value))
        })
        .collect()
}

/// An unknown flag beside a model is perhaps meant as a parameter of it: name those there are.
fn in_our_words(
    error: clap::Error,
    program: &str,
    arguments: &[OsString],
    catalog: &Catalog,
) -> Refused {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let builder = words.iter().find(|word| BUILDERS.contains(word));
    let model = words.iter().find_map(|word| catalog.model(word).ok());
    let (Some(builder), Some(model), ErrorKind::UnknownArgument) = (builder, model, error.kind())
    else {
        return Refused::Clap(error);
    };
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return Refused::Clap(error);
    };
    let near = match error.get(ContextKind::SuggestedArg) {
        Some(ContextValue::String(near)) => format!("perhaps you mean `{near}`; "),
        Some(_) | None => String::new(),
    };
    let names: Vec<&str> = model.parameters().iter().map(|one| one.name).collect();
    let there = match names.is_empty() {
        true => "it has none".to_string(),
        false => format!("it has: {}", names.join(", ")),
    };
    let name = model.name();
    Refused::Sentence(format!(
        "`{unknown}` is neither a flag of `{builder}` nor a parameter of `{name}` ({there}); \
         {near}`{program} {builder} --help` lists the flags, `{program} show {name}` the parameters"
    ))
}
