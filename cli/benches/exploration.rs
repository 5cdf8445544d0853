//! `cargo bench -p splitbrain-cli [-- WORK… --short …]`: the same table as `splitbrain bench`.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let measuring = std::env::args().any(|word| word == "--bench");
    let given = match given.split_first() {
        // The process of a row is started as `bench --row …`.
        Some((first, row)) if first == "bench" => row.to_vec(),
        Some(_) => given,
        None if measuring => given,
        // `cargo test --all-targets` wants to see that it runs, and no more.
        None => vec!["--list".to_string()],
    };
    let words = ["splitbrain", "bench"].map(str::to_string).into_iter().chain(given);
    let (version, catalog) = (env!("CARGO_PKG_VERSION"), splitbrain_models::catalog());
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let code = splitbrain_cli::answer("splitbrain", version, &catalog, words, &mut out, &mut err);
    ExitCode::from(code)
}
