//! A command line of one's own: hand your catalog to `splitbrain-cli`.
//!
//! Try `cargo run --example toy -- check toy --bug always-grants`.

mod model;

use std::process::ExitCode;

use splitbrain::catalog::Catalog;

fn main() -> ExitCode {
    let catalog = Catalog::new().with(model::LockModel);
    splitbrain_cli::run_as("toy", env!("CARGO_PKG_VERSION"), catalog)
}
