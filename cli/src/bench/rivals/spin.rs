//! Spin on two-phase commit: exact, depth first, without reductions.
//!
//! Spin writes a C program for the model, which is compiled and run. Only its run is measured; its
//! memory is what it says itself.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::bench::measure::{Counts, Measured, Meter, Outcome, Whose};

/// The model, in Promela.
const MODEL: &str = include_str!("two_phase.pml");

/// The most memory that the search may take, in megabytes.
const MEMORY: u32 = 16_384;

/// Lets Spin search two-phase commit with so many resource managers.
pub fn search(resources: u8) -> Outcome {
    for (program, version, package) in [("spin", "-V", "spin"), ("cc", "--version", "gcc")] {
        if !is_there(program, version) {
            let why = format!("{program} is not installed (Debian: apt-get install {package})");
            return Outcome::Unavailable { why };
        }
    }
    searched(resources).map_or_else(|why| Outcome::Failed { why }, Outcome::Measured)
}

fn is_there(program: &str, version: &str) -> bool {
    let asked = Command::new(program).arg(version).stdin(Stdio::null()).output();
    asked.is_ok_and(|answer| answer.status.success())
}

fn searched(resources: u8) -> Result<Measured, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder for Spin: {error}"))?;
    let model = folder.path().join("two_phase.pml");
    std::fs::write(&model, MODEL).map_err(|error| format!("no file for Spin: {error}"))?;
    run(folder.path(), "spin", &[&format!("-DN={resources}"), "-a", "two_phase.pml"])?;
    whole_numbers(&folder.path().join("pan.c"))?;
    let memory = format!("-DMEMLIM={MEMORY}");
    let flags = ["-O2", "-DSAFETY", "-DNOREDUCE", &memory, "-o", "pan", "pan.c"];
    run(folder.path(), "cc", &flags)?;
    let program = folder.path().join("pan");
    let meter = Meter::start(Whose::Children);
    let said = run(folder.path(), &program.display().to_string(), &[&slots(resources)])?;
    let seconds = meter.seconds();
    read(&said, seconds)
}

/// Spin's program prints eight digits of a count; more than a hundred million take nine.
fn whole_numbers(program: &Path) -> Result<(), String> {
    let told = |error| format!("Spin's program cannot be changed: {error}");
    let text = std::fs::read_to_string(program).map_err(told)?;
    std::fs::write(program, text.replace("%9.8g", "%9.0f")).map_err(told)
}

/// The size of its hash table: about a slot for each state, so that neither time nor memory is
/// lost. A resource manager more multiplies the states by about six.
fn slots(resources: u8) -> String {
    let states = 8_832.0 * 5.85_f64.powi(i32::from(resources) - 5);
    format!("-w{}", states.log2().ceil().max(10.0))
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<String, String> {
    let ran = Command::new(program).args(arguments).current_dir(folder).output();
    let output = ran.map_err(|error| format!("{program} does not run: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.success() {
        true => Ok(said),
        false => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            Err(format!("{program} ends with {}: {said}{complaint}", output.status))
        }
    }
}

/// What Spin's search reports.
fn read(said: &str, (seconds, clock): (f64, f64)) -> Result<Measured, String> {
    let number = |behind: &str| {
        let line = said.lines().find(|line| line.contains(behind))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    let whole = said.contains("errors: 0") && !said.contains("error:");
    let (true, Some(states), Some(transitions)) =
        (whole, number("states, stored"), number("transitions (="))
    else {
        return Err(format!("Spin did not search to its end: {said}"));
    };
    // It counts the first state as a transition, too, and its depth is that of its own path.
    let counts = Counts { states: states as u64, transitions: transitions as u64 - 1, depth: None };
    let megabytes = number("total actual memory usage");
    let bytes = megabytes.map(|megabytes| (megabytes * 1_048_576.0) as u64);
    Ok(Measured { counts, seconds, clock, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "State-vector 28 byte, depth reached 10, errors: 0\n      288 states, stored\n\
                        \x20     858 states, matched\n     1146 transitions (= stored+matched)\n\
                        \x20  32.653\ttotal actual memory usage\n";

    #[test]
    fn a_report_of_spin_is_read_and_an_error_in_it_is_not_passed_over() {
        let measured = read(SAID, (1.0, 1.0)).expect("a whole report");
        let counts = Counts { states: 288, transitions: 1_145, depth: None };
        assert_eq!(measured.counts, counts);
        assert_eq!(measured.bytes.map(|bytes| bytes / 1_048_576), Some(32));
        for wrong in [
            SAID.replace("errors: 0", "errors: 1"),
            format!("error: max search depth too small\n{SAID}"),
            SAID.replace("states, stored", ""),
        ] {
            assert!(read(&wrong, (1.0, 1.0)).is_err(), "{wrong}");
        }
    }
}
