//! The `splitbrain` binary: the command line with splitbrain's own models.

use std::process::ExitCode;

fn main() -> ExitCode {
    splitbrain_cli::run(splitbrain_models::catalog())
}
