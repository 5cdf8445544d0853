//! The boundaries ARCHITECTURE.md draws, as far as reading the sources shows them.

use std::path::{Path, PathBuf};

const ARCHITECTURE: &str = include_str!("../ARCHITECTURE.md");

/// The Rust files under a folder in order, each with its code: no comments, no unit tests.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut folders = vec![PathBuf::from(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let code = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(&text);
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        (path.display().to_string(), lines.collect::<Vec<_>>().join("\n"))
    };
    let found: Vec<(String, String)> = files.into_iter().map(code).collect();
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The files whose code has one of these words.
fn with_words(sources: &[(String, String)], words: &[&str]) -> Vec<String> {
    let has = |code: &str| {
        let mut own = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        own.any(|word| words.contains(&word))
    };
    sources.iter().filter(|(_, code)| has(code)).map(|(path, _)| path.clone()).collect()
}

/// The files whose code has one of these parts.
fn with_parts(sources: &[(String, String)], parts: &[&str]) -> Vec<String> {
    let has = |code: &str| parts.iter().any(|part| code.contains(part));
    sources.iter().filter(|(_, code)| has(code)).map(|(path, _)| path.clone()).collect()
}

#[test]
fn every_file_of_the_engine_is_on_the_map() {
    for (path, _) in sources("src") {
        let name = Path::new(&path).file_name().expect("a name").to_string_lossy().into_owned();
        let folder = path.trim_start_matches("src/").trim_end_matches("mod.rs").to_string();
        let root = ["lib.rs", "golden.rs"].contains(&name.as_str());
        let named = match name.as_str() {
            "mod.rs" => ARCHITECTURE.contains(&format!("`{folder}`")),
            _ => ARCHITECTURE.contains(&format!("`{name}`")),
        };
        assert!(named || root, "ARCHITECTURE.md does not say what {path} is for");
    }
}

#[test]
fn only_the_node_calls_handlers() {
    let handlers = [".on_message(", ".on_timeout(", ".on_input(", ".restart(", ".start("];
    assert_eq!(with_parts(&sources("src"), &handlers[..3]), ["src/node.rs"]);
    let others = with_parts(&sources("src"), &["protocol.restart(", "protocol.start("]);
    assert_eq!(others, ["src/node.rs"]);
}

#[test]
fn no_engine_has_a_word_of_a_protocol() {
    let words = [
        "raft",
        "Raft",
        "paxos",
        "Paxos",
        "ballot",
        "Ballot",
        "quorum",
        "Quorum",
        "RequestVote",
        "AppendEntries",
        "lease",
        "Lease",
        "fencing",
        "gossip",
        "Gossip",
    ];
    // What diagrams are tested on is a protocol, compiled for the tests only.
    assert_eq!(with_words(&sources("src"), &words), ["src/explain/toy.rs"]);
    let models = with_words(&sources("models/src"), &words);
    assert!(models.contains(&"models/src/raft/mod.rs".to_string()), "the search finds words");
}

#[test]
fn what_differs_from_run_to_run_is_the_command_lines_business() {
    let unsteady = ["HashMap", "HashSet", "Instant", "SystemTime", "thread_rng", "OsRng"];
    for folder in ["src", "invariants/src", "models/src"] {
        assert_eq!(with_words(&sources(folder), &unsteady), [""; 0], "{folder}");
    }
    assert_eq!(with_words(&sources("cli/src"), &unsteady), ["cli/src/progress.rs"]);
}

#[test]
fn dependencies_point_one_way() {
    let names = ["splitbrain-invariants", "splitbrain", "splitbrain-models", "splitbrain-cli"];
    let manifests = ["invariants/Cargo.toml", "Cargo.toml", "models/Cargo.toml", "cli/Cargo.toml"];
    for (at, manifest) in manifests.iter().enumerate() {
        let text = std::fs::read_to_string(manifest).expect("a manifest");
        let normal = text.split("\n[dependencies]\n").nth(1).unwrap_or("");
        let normal = normal.split("\n[").next().expect("the end of the section");
        for line in normal.lines() {
            let dependency = line.split([' ', '.', '=']).next().unwrap_or("");
            let depth = names.iter().position(|name| *name == dependency);
            assert!(depth.is_none_or(|depth| depth < at), "{manifest} depends on {dependency}");
        }
    }
}
