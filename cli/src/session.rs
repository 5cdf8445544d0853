//! What every command needs: the catalog, where to print, how to complain, the exit codes.

use std::io::{ErrorKind, IsTerminal, Write};
use std::path::Path;

use serde_json::Value;
use splitbrain::Verdict;
use splitbrain::catalog::{Catalog, Error, Misfit};
use splitbrain::counterexample::{FileError, write_whole};
use splitbrain::report::CounterexampleReport;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::{Common, Saving};

/// What a process ends with.
pub(crate) mod exit {
    /// What was checked holds, or what was asked is done.
    pub(crate) const HOLDS: u8 = 0;
    /// An invariant does not hold.
    pub(crate) const VIOLATED: u8 = 1;
    /// What was asked makes no sense, or a file cannot be read, written or understood.
    pub(crate) const MISTAKEN: u8 = 2;
    /// Nothing broke, but the engine did not get to the end, or a known bug was not reachable.
    pub(crate) const INCONCLUSIVE: u8 = 3;
    /// Nothing broke, but nothing of interest happened either.
    pub(crate) const VACUOUS: u8 = 4;

    /// The graver of two: mistaken, violated, inconclusive, vacuous, holds.
    pub(crate) fn graver(one: u8, other: u8) -> u8 {
        let order = [HOLDS, VACUOUS, INCONCLUSIVE, VIOLATED, MISTAKEN];
        let grave = |code: u8| order.iter().position(|known| *known == code);
        if grave(one) >= grave(other) { one } else { other }
    }
}

/// The exit code of a verdict. A system that carries a bug and shows nothing is never fine.
pub(crate) fn code_of(verdict: &Verdict, bug: Option<&str>) -> u8 {
    match (verdict.exit_code(), bug) {
        (exit::HOLDS, Some(_)) => exit::INCONCLUSIVE,
        (code, _) => code,
    }
}

/// Why a command cannot be carried out: one paragraph that says what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem(pub(crate) String);

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem(error.to_string())
    }
}

impl From<Misfit> for Problem {
    fn from(misfit: Misfit) -> Problem {
        Problem(misfit.to_string())
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Problem {
        Problem(error.to_string())
    }
}

impl From<serde_json::Error> for Problem {
    fn from(error: serde_json::Error) -> Problem {
        Problem(format!("the report cannot be written as JSON: {error}; ask without --json"))
    }
}

/// One command line being answered.
pub(crate) struct Session<'a> {
    pub(crate) program: &'static str,
    pub(crate) version: &'static str,
    pub(crate) catalog: &'a Catalog,
    pub(crate) json: bool,
    /// Whether to show how far an engine is.
    pub(crate) progress: bool,
    /// Whether the reader's terminal shows colours.
    pub(crate) colour: bool,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        program: &'static str,
        version: &'static str,
        catalog: &'a Catalog,
        common: &Common,
        out: &'a mut dyn Write,
        err: &'a mut dyn Write,
    ) -> Session<'a> {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = std::io::stdout().is_terminal() && !plain && !common.json;
        let progress = !common.json && !common.no_progress;
        Session { program, version, catalog, json: common.json, progress, colour, out, err }
    }

    /// Prints a text as it is. A reader that has gone away is no error: nobody misses the rest.
    pub(crate) fn say(&mut self, text: &str) -> Result<(), Problem> {
        let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Problem(format!("cannot write to standard output: {error}")))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Prints a value as JSON.
    pub(crate) fn say_json(&mut self, value: &Value) -> Result<(), Problem> {
        self.say(&format!("{}\n", serde_json::to_string_pretty(value)?))
    }

    /// Prints what went wrong, for machines, too, if they asked.
    pub(crate) fn complain(&mut self, problem: &Problem) {
        if self.json {
            let value = serde_json::json!({ "error": problem.0, "exit_code": exit::MISTAKEN });
            // When even this cannot be written, the sentence below is all there is.
            let _ = self.say_json(&value);
        }
        self.remark(&format!("error: {}", problem.0));
    }

    /// Prints a line beside the report. Where standard error is gone, there is nobody to tell.
    pub(crate) fn remark(&mut self, text: &str) {
        let _ = writeln!(self.err, "{text}");
    }

    /// Saves a counterexample, if that is wanted, and returns where it is.
    pub(crate) fn save(
        &mut self,
        saving: &Saving,
        name: &str,
        counterexample: &CounterexampleReport,
    ) -> Result<Option<String>, Problem> {
        if saving.no_save {
            return Ok(None);
        }
        let path = Path::new(&saving.save).join(format!("{name}.json"));
        write_whole(&path, &counterexample.file)?;
        Ok(Some(path.display().to_string()))
    }
}

/// Shows what the engines are doing on standard error, if `--verbose` or RUST_LOG asks for it.
pub(crate) fn log_to_stderr(verbose: u8) -> Result<(), Problem> {
    let targets = match (std::env::var("RUST_LOG"), verbose) {
        (Err(_), 0) => return Ok(()),
        (Ok(asked), 0) => asked.parse::<Targets>().map_err(|error| {
            Problem(format!(
                "RUST_LOG says `{asked}`, which is no filter ({error}); write a level or \
                 target=level, such as splitbrain=debug"
            ))
        })?,
        (_, 1) => Targets::new().with_default(LevelFilter::DEBUG),
        (_, _) => Targets::new().with_default(LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer().without_time().with_writer(std::io::stderr);
    // Whoever called us may have set up a subscriber already; then that one hears everything.
    let _ = tracing_subscriber::registry().with(lines).with(targets).try_init();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::exit::graver;

    #[test]
    fn violated_outweighs_inconclusive_outweighs_vacuous_outweighs_holds() {
        for (one, other, graver_of_them) in
            [(0, 0, 0), (0, 4, 4), (4, 3, 3), (3, 1, 1), (1, 2, 2), (1, 4, 1), (0, 1, 1)]
        {
            assert_eq!(graver(one, other), graver_of_them, "{one} and {other}");
            assert_eq!(graver(other, one), graver_of_them, "{other} and {one}");
        }
    }
}
