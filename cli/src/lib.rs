//! The splitbrain command line, for anyone's models.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! fn main() -> ExitCode {
//!     let catalog = splitbrain::catalog::Catalog::new(); // .with(MyModel)
//!     splitbrain_cli::run_as("myprotocols", env!("CARGO_PKG_VERSION"), catalog)
//! }
//! ```
//!
//! Standard output is the same for the same request, whatever the machine and the day: times and
//! rates are shown on standard error only. `bench`, whose answer they are, is the exception.
//!
//! - `arguments` says which commands and flags there are; models' parameters are flags, too;
//! - `commands` holds a file for each command, `print` a file for each kind of report;
//! - `history` reads recorded histories of real systems, for `linearize`;
//! - `progress` is the only place that knows a clock: it shows how far engines are, and ends them;
//! - `books` is the file that a campaign is kept in;
//! - `bench` measures exploration side by side with other checkers;
//! - `session` is what every command needs: the catalog, where to print, the exit codes.

#![warn(missing_docs)]

mod arguments;
pub mod bench;
mod books;
mod commands;
mod history;
mod print;
mod progress;
mod ranks;
mod session;
mod values;

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use splitbrain::catalog::Catalog;

use session::{Problem, Session, exit};

/// The `splitbrain` command line on the arguments of this process.
///
/// Exit codes: 0 holds, 1 violated, 2 a request or a file that makes no sense, 3 inconclusive,
/// 4 vacuous.
///
/// # Panics
/// When a parameter of a model is called like a flag of the command line.
pub fn run(catalog: Catalog) -> ExitCode {
    run_as("splitbrain", env!("CARGO_PKG_VERSION"), catalog)
}

/// As [`run`], for a program of another name and version.
///
/// # Panics
/// When a parameter of a model is called like a flag of the command line.
pub fn run_as(name: &'static str, version: &'static str, catalog: Catalog) -> ExitCode {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    ExitCode::from(answer(name, version, &catalog, std::env::args_os(), &mut out, &mut err))
}

/// Answers one command line, the program's name first, and returns its exit code. Reports go to
/// `out`, complaints to `err`; progress goes to this process's standard error.
///
/// # Panics
/// When a parameter of a model is called like a flag of the command line.
pub fn answer(
    name: &'static str,
    version: &'static str,
    catalog: &Catalog,
    arguments: impl IntoIterator<Item = impl Into<OsString>>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let command = arguments::command(name, version, catalog);
    let asked = match arguments::parse(command, &arguments, catalog) {
        Ok(asked) => asked,
        Err(refused) => return refused.tell(out, err),
    };
    let mut session = Session::new(name, version, catalog, &asked.common, out, err);
    let done = session::log_to_stderr(asked.common.verbose)
        .and_then(|()| guarded(|| commands::perform(&mut session, &asked)));
    match done {
        Ok(code) => code,
        Err(problem) => {
            session.complain(&problem);
            exit::MISTAKEN
        }
    }
}

/// Turns a panic, which is a fault of this program or of a model's code outside its handlers, into
/// a sentence.
fn guarded(work: impl FnOnce() -> Result<u8, Problem>) -> Result<u8, Problem> {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(|info| tracing::error!("{info}")));
    let done = catch_unwind(AssertUnwindSafe(work));
    std::panic::set_hook(usual);
    done.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason");
        Err(Problem(format!(
            "this is a fault in the program or in the model, not in what you asked: {said}; \
             `--verbose` says where; please report it"
        )))
    })
}
