//! `cargo bench -p splitbrain-cli --bench simulation [-- R2]`: how fast the simulator is.

fn main() {
    let measuring = std::env::args().any(|word| word == "--bench");
    let named = std::env::args().skip(1).find(|word| !word.starts_with('-')).unwrap_or_default();
    // `cargo test --all-targets` wants to see that it runs, and no more.
    if measuring {
        print!("{}", splitbrain_cli::bench::speed::table(&named, 5));
    }
}
