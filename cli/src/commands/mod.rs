//! The commands, a file each.

mod bench;
mod bugs;
mod check;
mod explain;
mod explore;
mod guided;
mod linearize;
mod list;
mod measured;
mod pages;
mod reach;
mod replay;
mod show;
mod shrink;
mod simulate;

use serde_json::Value;

use crate::arguments::{Asked, Command};
use crate::print::Page;
use crate::session::{Problem, Session, exit};

/// Carries out a command and returns its exit code.
pub(crate) fn perform(session: &mut Session<'_>, asked: &Asked) -> Result<u8, Problem> {
    match &asked.command {
        Command::List(list) => list::list(session, list),
        Command::Show(show) => show::show(session, show),
        Command::Check(check) => check::check(session, asked, check),
        Command::Bugs(bugs) => bugs::bugs(session, bugs),
        Command::Explore(explore) => explore::explore(session, asked, explore),
        Command::Simulate(simulate) => simulate::simulate(session, asked, simulate),
        Command::Shrink(shrink) => shrink::shrink(session, shrink),
        Command::Replay(replay) => replay::replay(session, replay),
        Command::Explain(explain) => explain::explain(session, explain),
        Command::Reach(reach) => reach::reach(session, asked, reach),
        Command::Linearize(asked) => linearize::linearize(session, asked),
        Command::Bench(bench) => bench::bench(session, bench),
        Command::Completions { shell } => completions(session, *shell),
    }
}

fn completions(session: &mut Session<'_>, shell: clap_complete::Shell) -> Result<u8, Problem> {
    let program = session.program;
    let mut command = crate::arguments::command(program, session.version, session.catalog);
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, program, &mut script);
    session.say(&String::from_utf8_lossy(&script))?;
    Ok(exit::HOLDS)
}

/// The answer to one scenario: for people, for machines, and as an exit code.
struct Answer {
    page: Page,
    value: Value,
    code: u8,
    /// A counterexample that could not be saved: told once the report is out.
    unsaved: Option<Problem>,
}

impl Answer {
    /// Prints it, as the only answer of its command.
    fn print(self, session: &mut Session<'_>) -> Result<u8, Problem> {
        match session.json {
            true => session.say_json(&self.value)?,
            false => session.say(&self.page.done())?,
        }
        match self.unsaved {
            None => Ok(self.code),
            Some(problem) if session.json => {
                session.remark(&format!("error: {}", problem.0));
                Ok(exit::MISTAKEN)
            }
            Some(problem) => Err(problem),
        }
    }
}

/// The name of the file of a counterexample.
fn file_name(model: &str, what: &str, invariant: &str) -> String {
    format!("{model}-{what}-{invariant}").replace(['/', '\\', ' '], "-")
}
