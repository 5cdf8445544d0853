//! The README keeps its word: its code is the example's, its files are there, and what a failing
//! test prints is what it shows.

#[path = "../examples/primary_backup.rs"]
mod primary_backup;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const README: &str = include_str!("../README.md");
const EXAMPLE: &str = include_str!("../examples/primary_backup.rs");
const TESTS: &str = include_str!("example.rs");

/// The blocks of a language, as they stand.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let after = |at: usize| &README[at + fence.len()..];
    let starts = README.match_indices(&fence).map(|(at, _)| after(at));
    starts.map(|block| block.split("```").next().expect("the block's end")).collect()
}

/// Whether a block is one of the texts, but for what it leaves out as `// …`.
fn is_of(block: &str, text: &str) -> bool {
    let mut rest = text;
    block.split_inclusive('\n').collect::<Vec<_>>().split(|line| line.trim() == "// …").all(
        |part| {
            let part = part.concat();
            match rest.find(&part) {
                Some(at) => {
                    rest = &rest[at + part.len()..];
                    true
                }
                None => false,
            }
        },
    )
}

#[test]
fn its_code_is_the_examples() {
    let blocks = blocks("rust");
    assert_eq!(blocks.len(), 3, "protocol, scenario, tests");
    for block in blocks {
        assert!(is_of(block, EXAMPLE) || is_of(block, TESTS), "it is nowhere compiled:\n{block}");
    }
    primary_backup::main();
}

#[test]
fn a_block_that_was_edited_is_noticed() {
    assert!(is_of("one\n// …\nthree\n", "one\ntwo\nthree\n"));
    assert!(!is_of("one\nthree\n", "one\ntwo\nthree\n"));
    assert!(!is_of("three\n// …\none\n", "one\ntwo\nthree\n"));
}

#[test]
fn what_a_failing_test_prints_is_what_it_shows() {
    let fails = || primary_backup::scenario(true).explore().assert_holds();
    let panic = catch_unwind(AssertUnwindSafe(fails)).expect_err("an eager primary does not hold");
    let told = *panic.downcast::<String>().expect("a panic with a sentence");
    let shown = blocks("text");
    assert_eq!(shown.len(), 1, "one story");
    assert!(told.contains(shown[0]), "{told}");
}

#[test]
fn the_files_it_links_are_there() {
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/bugs.md"]
    {
        let text = std::fs::read_to_string(page).expect("a page");
        let folder = Path::new(page).parent().expect("a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let there = link.starts_with("https://") || folder.join(link).exists();
            assert!(there, "{page} links `{link}`, which is not there");
        }
    }
}
