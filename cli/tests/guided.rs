//! Guided campaigns on the command line: a failing run can be had again, a corpus is kept and read.

#[path = "../examples/toy/model.rs"]
mod model;

use std::fs;
use std::path::Path;

use splitbrain::catalog::Catalog;

/// The exit code, what was printed, and what was remarked.
fn answer(arguments: &str) -> (u8, String, String) {
    let words = std::iter::once("toy").chain(arguments.split_whitespace()).map(str::to_string);
    let words: Vec<String> = words.collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = Catalog::new().with(model::LockModel);
    let code = splitbrain_cli::answer("toy", "1.2.3", &catalog, words, &mut out, &mut err);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (code, text(out), text(err))
}

fn files(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder");
    let name = |file: fs::DirEntry| file.file_name().to_string_lossy().into_owned();
    let mut files: Vec<String> = files.map(|file| name(file.expect("a file"))).collect();
    files.sort();
    files
}

#[test]
fn a_guided_run_that_fails_is_had_again_by_the_command_that_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display();
    let asked = format!("simulate toy --bug forgets-holder --guided --no-shrink --save {place}");
    let (code, page, _) = answer(&asked);
    assert_eq!(code, 1, "{page}");
    assert!(page.contains("guided"), "{page}");
    let line = |page: &str, word: &str| -> String {
        let line = page.lines().find(|line| line.trim_start().starts_with(word));
        line.unwrap_or_else(|| panic!("{page}")).trim_start()[word.len()..].trim().to_string()
    };
    let again = line(&page, "again");
    assert!(again.contains("--plan") && again.contains(".plan.toml"), "{again}");
    let command = format!("{} --no-shrink --no-save", again.trim_start_matches("toy "));
    let (code, second, _) = answer(&command);
    assert_eq!((code, line(&second, "failed")), (1, line(&page, "failed")));

    let (_, unsaved, _) =
        answer("simulate toy --bug forgets-holder --guided --no-shrink --no-save");
    let again = line(&unsaved, "again");
    assert!(again.contains("--guided") && !again.contains("--plan"), "{again}");
    let command = format!("{} --no-shrink --no-save", again.trim_start_matches("toy "));
    let (code, second, _) = answer(&command);
    assert_eq!((code, line(&second, "failed")), (1, line(&unsaved, "failed")));
}

#[test]
fn a_corpus_is_kept_and_gone_on_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let corpus = folder.path().join("corpus");
    let asked = format!("simulate toy --guided --runs 40 --corpus {}", corpus.display());
    let (code, page, err) = answer(&asked);
    assert_eq!(code, 0, "{page}{err}");
    let kept = files(&corpus);
    assert!(kept.len() > 2 && kept[0] == "00001.toml", "{kept:?}");

    let (code, page, err) = answer(&format!("{asked} --seed 2"));
    assert_eq!(code, 0, "{page}{err}");
    assert!(page.contains("kept earlier"), "{page}");
    let more = files(&corpus);
    assert!(more.starts_with(&kept), "what was there stays: {more:?}");

    // An entry is a plan like any other.
    let plan = corpus.join(&kept[0]);
    let (code, page, err) = answer(&format!("simulate toy --runs 5 --plan {}", plan.display()));
    assert_eq!(code, 0, "{page}{err}");

    fs::write(corpus.join("99999.toml"), "stormy = \"2s\"\n").expect("written");
    let (code, _, err) = answer(&asked);
    assert_eq!(code, 2);
    assert!(err.contains("99999.toml: line 1: expected `# run 17 of seed 1`"), "{err}");
}

#[test]
fn what_makes_no_sense_together_is_refused() {
    for (arguments, expected) in [
        ("simulate toy --corpus x", "--guided"),
        ("simulate toy --guided --corpus x --no-save", "--no-save"),
        ("simulate toy --guided --plan x", "--plan"),
        ("bugs --hits x --guidance y", "cannot be used with"),
        ("bugs --seeds 3", "--guidance"),
    ] {
        let (code, out, err) = answer(arguments);
        assert_eq!(code, 2, "{arguments}");
        assert!(format!("{out}{err}").contains(expected), "{arguments}: {out}{err}");
    }
}

#[test]
fn pages_of_what_was_measured_are_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hits.md");
    let (code, out, err) = answer(&format!("bugs --hits {} --runs 500", path.display()));
    assert_eq!(code, 0, "{out}{err}");
    let page = fs::read_to_string(&path).expect("written");
    assert!(page.contains("| toy | forgets-holder | 500 |"), "{page}");

    let path = folder.path().join("guidance.md");
    let asked = format!("bugs --guidance {} --runs 10 --seeds 2", path.display());
    let (code, out, err) = answer(&asked);
    assert_eq!(code, 0, "{out}{err}");
    assert!(fs::read_to_string(&path).expect("written").contains("Of 0 bugs"), "none is hard");
}
