//! docs/models.md and the pages of the models say what the models say, with the figures that
//! exploration counts. The large scenarios' figures are written by `list --markdown docs/models.md
//! --deep`, and kept here as they are.

use std::path::{Path, PathBuf};

/// The files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| {
        panic!("{} cannot be read: {error}", folder.display());
    });
    let mut files: Vec<(String, PathBuf)> = entries
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
        .collect();
    files.sort();
    files
}

#[test]
fn the_pages_of_the_models_say_what_the_engines_say() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let there = docs.join("models");
    let folder = tempfile::tempdir().expect("a folder");
    let anew = folder.path().join("models");
    std::fs::create_dir(&anew).expect("a folder");
    for (name, path) in files(&there) {
        std::fs::copy(path, anew.join(name)).expect("a copy");
    }
    let index = folder.path().join("models.md");
    let words = ["splitbrain", "list", "--no-progress", "--markdown"].map(String::from);
    let words = words.into_iter().chain([index.display().to_string()]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = splitbrain_models::catalog();
    let code = splitbrain_cli::answer("splitbrain", "0", &catalog, words, &mut out, &mut err);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));

    let write_anew = "`splitbrain list --markdown docs/models.md` writes it";
    let read = |path: &Path| std::fs::read_to_string(path).expect("text");
    assert_eq!(read(&index), read(&docs.join("models.md")), "models.md: {write_anew}");
    let names = |files: &[(String, PathBuf)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    let (written, kept) = (files(&anew), files(&there));
    assert_eq!(names(&written), names(&kept), "a page and a picture for each model");
    for ((name, written), (_, kept)) in written.iter().zip(&kept) {
        assert_eq!(read(written), read(kept), "{name}: {write_anew}");
    }
}

#[test]
fn every_figure_of_an_explored_scenario_is_told() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/models");
    for (name, path) in files(&pages) {
        let text = std::fs::read_to_string(path).expect("text");
        for line in text.lines().filter(|line| line.contains("| explored")) {
            let missing = "`splitbrain list --markdown docs/models.md --deep` counts it";
            assert!(!line.contains("| – |"), "{name}: {line}: {missing}");
        }
    }
}

#[test]
fn a_model_is_shown_with_what_its_simulated_runs_must_come_to() {
    let catalog = splitbrain_models::catalog();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let words = ["splitbrain", "show", "raft"].map(String::from);
    let code = splitbrain_cli::answer("splitbrain", "0", &catalog, words, &mut out, &mut err);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));
    let shown = String::from_utf8(out).expect("text");
    let goal = "A command is answered. In each run within 600s after its storm.";
    assert_eq!(shown.matches(goal).count(), 1, "once, though several scenarios say it: {shown}");
}
