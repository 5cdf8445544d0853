//! A protocol checked in a test, and what a failing assertion leaves its reader with.

#[path = "../examples/election.rs"]
mod election;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use election::scenario;
use splitbrain::counterexample::Counterexample;
use splitbrain::testing::{assert_fixed, assert_reproduces};

#[test]
fn three_votes_of_four_elect_one_leader() {
    scenario(3).explore().assert_holds();
    scenario(3).simulate(1_000, 1).assert_holds();
}

#[test]
fn the_example_runs() {
    election::main();
}

#[test]
fn two_votes_of_four_elect_two() {
    let found = scenario(2).explore().assert_violates("one-leader").steps.len();
    assert_eq!(found, 6, "two elections of three steps each");
    let simulated = scenario(2).simulate(1_000, 1);
    assert_eq!(simulated.assert_violates("one-leader").steps.len(), 6, "shrunk to as few");
}

/// A folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("the folder of the last run");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// What a panic says.
fn said(work: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(work)).expect_err("it should panic");
    *panic.downcast::<String>().expect("a panic with a sentence")
}

#[test]
fn a_failing_assertion_tells_the_whole_story_and_leaves_its_file() {
    let told = said(|| scenario(2).explore().assert_holds());
    for part in [
        "`one-leader` is violated: term 1 has two leaders: n0, then n2",
        "At most one node is ever elected.",
        "found by exploration, 6 steps (shortest)",
        "n0: timeout ()",
        "│",
        "╔═ ✗ one-leader",
        "replay it: splitbrain::testing::assert_reproduces(",
    ] {
        assert!(told.contains(part), "`{part}` is missing in:\n{told}");
    }
    let saved = told.lines().find_map(|line| line.strip_prefix("saved as ")).expect("its path");
    let file = Counterexample::<election::Election>::load(Path::new(saved)).expect("a sound file");
    assert_eq!(file.invariant, "one-leader");
}

#[test]
fn an_assertion_of_another_invariant_names_the_one_that_breaks() {
    let told = said(|| {
        scenario(2).explore().assert_violates("no-leader");
    });
    assert!(told.starts_with("`no-leader` should break, another one does"), "{told}");
    let told = said(|| {
        scenario(3).explore().assert_violates("one-leader");
    });
    assert!(told.contains("holds exhaustively within these bounds"), "{told}");
}

#[test]
fn a_folder_of_counterexamples_reproduces_until_it_is_fixed() {
    let folder = folder("reproduces");
    let checked = scenario(2).explore();
    let (_, file) = checked.counterexample.as_ref().expect("it is violated");
    file.save(&folder.join("two-leaders.json")).expect("saved");

    // It runs with the configuration it was saved with, or with the scenario's own.
    assert_reproduces(&folder, &[scenario(3)]);
    assert_fixed(&folder, &[scenario(3)]);
    let told = said(|| assert_fixed(&folder, &[scenario(2)]));
    assert!(told.contains("still breaks `one-leader` behind step 6"), "{told}");
}

#[test]
fn a_folder_that_shows_nothing_is_no_success() {
    let folder = folder("empty");
    let told = said(|| assert_reproduces(&folder, &[scenario(2)]));
    assert!(told.contains("no counterexamples (*.json)"), "{told}");
    std::fs::write(folder.join("one.json"), "{}").expect("written");
    let told = said(|| assert_reproduces(&folder, &[scenario(2)]));
    assert!(told.contains("missing field `format`"), "{told}");
}
