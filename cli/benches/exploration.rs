//! `cargo bench -p splitbrain-cli [-- WORK… --short …]`: the same table as `splitbrain bench`.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo says `--bench`. The process of a row is started as `bench --row …`.
    let given = std::env::args_os().skip(1).filter(|word| word != "--bench");
    let given: Vec<OsString> = given.skip_while(|word| word == "bench").collect();
    let words = ["splitbrain", "bench"].map(OsString::from).into_iter().chain(given);
    let (version, catalog) = (env!("CARGO_PKG_VERSION"), splitbrain_models::catalog());
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let code = splitbrain_cli::answer("splitbrain", version, &catalog, words, &mut out, &mut err);
    ExitCode::from(code)
}
