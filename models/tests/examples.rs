//! Every example runs, and prints what is written beside it.
//!
//! `cargo test -p splitbrain-models` builds the examples and runs this; after
//! `cargo build -p splitbrain-models --examples`, `UPDATE_EXAMPLES=1 cargo test -p splitbrain-models
//! --test examples` writes the files anew.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The examples' sources.
fn sources() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries = std::fs::read_dir(&folder).expect("models/examples");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let mut sources: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect();
    sources.sort();
    sources
}

/// The program that cargo made of an example: beside the folder of this test.
fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/THIS");
    profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

#[test]
fn examples_print_what_is_written_beside_them() {
    let sources = sources();
    assert!(!sources.is_empty(), "there are examples");
    for source in sources {
        let name = source.file_stem().expect("a name").to_string_lossy().into_owned();
        let output = Command::new(program(&name)).output().unwrap_or_else(|error| {
            panic!("{name} was not built: `cargo test` builds examples ({error})")
        });
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} fails: {errors}");
        let printed = String::from_utf8(output.stdout).expect("text");
        let beside = source.with_extension("txt");
        if std::env::var_os("UPDATE_EXAMPLES").is_some() {
            std::fs::write(&beside, &printed).expect("the file beside it");
        }
        let expected = std::fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(printed, expected, "{name}: write {} anew?", beside.display());
    }
}
