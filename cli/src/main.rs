//! The `splitbrain` binary: the command line with splitbrain's own models.

use std::process::ExitCode;

fn main() -> ExitCode {
    splitbrain_cli::run(
        splitbrain::catalog::Catalog::new().with(splitbrain_models::raft::RaftModel),
    )
}
