//! The example protocol as its user would test it, and what a failing test prints and leaves.

#[path = "../examples/primary_backup.rs"]
mod primary_backup;

use std::path::Path;
use std::process::Command;

use primary_backup::scenario;
use proptest::prelude::*;
use splitbrain::shrink::Minimality;
use splitbrain::simulate::{self, Storms};
use splitbrain::testing::{assert_fixed, assert_reproduces};

const KEPT: &str = "examples/counterexamples";

#[test]
fn a_confirmed_order_survives_the_primary() {
    scenario(false).explore().assert_holds();
    scenario(false).simulate(1_000, 1).assert_holds();
}

#[test]
fn an_eager_primary_loses_orders() {
    scenario(true).explore().assert_violates("confirmed-orders-survive");
    scenario(true).simulate(1_000, 1).assert_violates("confirmed-orders-survive");
}

#[test]
fn what_once_went_wrong_stays_mended() {
    assert_reproduces("examples/counterexamples", &[scenario(true)]);
    assert_fixed("examples/counterexamples", &[scenario(false)]);
}

proptest! {
    #[test]
    fn no_storm_breaks_it(plan in Storms::of(&scenario(false)), seed: u64) {
        prop_assert_eq!(simulate::run(&scenario(false), &plan, seed).violation, None);
    }
}

#[test]
fn the_example_stays_short_and_does_what_it_says() {
    let text = std::fs::read_to_string("examples/primary_backup.rs").expect("the example");
    assert!(text.lines().count() < 100, "{} lines", text.lines().count());
    primary_backup::main();
}

#[test]
fn both_engines_come_down_to_two_steps() {
    for checked in [scenario(true).explore(), scenario(true).simulate(1_000, 1)] {
        let found = checked.assert_violates("confirmed-orders-survive");
        assert_eq!(found.steps.len(), 2, "{:?}", found.steps);
        assert!(matches!(found.minimality, Minimality::Shortest { .. }), "{:?}", found.minimality);
    }
}

/// Fails, for the test below to look at: a test of an eager primary that expects it to hold.
#[test]
#[ignore = "it fails on purpose"]
fn an_eager_primary_is_asserted_to_hold() {
    scenario(true).explore().assert_holds();
}

#[test]
fn a_failing_test_says_all_and_leaves_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--ignored", "--exact", "an_eager_primary_is_asserted_to_hold"])
        .env("SPLITBRAIN_FOUND", folder.path())
        .output()
        .expect("this test runs");
    assert!(!output.status.success(), "the assertion fails");

    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let left = folder.path().join("primary-backup-confirmed-orders-survive.json");
    let left_at = left.display().to_string();
    let expected = [
        ("the place of the assertion", "tests/example.rs:"),
        ("the bounds", "primary-backup: 2 nodes; "),
        ("the invariant and the reason", "`confirmed-orders-survive` is violated: 1 was"),
        ("the sentence", "A backup that takes over has every order that was confirmed."),
        ("how it was found", "2 steps (shortest"),
        ("the first step in words", "primary: input 1 of c0"),
        ("the second step in words", "backup: timeout ()"),
        ("the diagram", "▼ c0: 1"),
        ("where the file is", &left_at),
        ("how to replay it", "splitbrain::testing::assert_reproduces("),
    ];
    for (what, part) in expected {
        assert!(text.contains(part), "{what} is missing (`{part}`) in:\n{text}");
    }

    assert_reproduces(folder.path(), &[scenario(true)]);
    let kept = Path::new(KEPT).join("primary-backup-confirmed-orders-survive.json");
    let [left, kept] = [&left, &kept].map(|path| std::fs::read_to_string(path).expect("a file"));
    assert_eq!(left, kept, "the file that is kept with the example");
}
