//! Every saved counterexample: it breaks its invariant as recorded, it no longer does without its
//! bug, and its file is as the schema says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use splitbrain::catalog::Catalog;
use splitbrain::counterexample::{SCHEMA, read};
use splitbrain::report::ReplayOutcome;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/counterexamples");

fn files() -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(FOLDER).expect("the folder");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), read(&path).expect("a file"))).collect()
}

fn names(catalog: &Catalog) -> BTreeSet<String> {
    let of = |model: &dyn splitbrain::catalog::AnyModel| {
        let names = model.bugs().iter().map(|bug| format!("{}-{}.json", model.name(), bug.name));
        names.collect::<Vec<_>>()
    };
    catalog.models().flat_map(of).collect()
}

#[test]
fn there_is_one_for_each_bug_and_none_beside() {
    let file_name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let there: BTreeSet<String> = files().iter().filter_map(|(path, _)| file_name(path)).collect();
    assert_eq!(there, names(&splitbrain_models::catalog()));
}

#[test]
fn each_breaks_its_invariant_as_recorded_and_not_without_its_bug() {
    let catalog = splitbrain_models::catalog();
    for (path, text) in files() {
        let place = path.display().to_string();
        let model = catalog.model_of(&text, &place).expect("a model of the catalog");
        let recorded = model.replay(&text, &place, false).expect("a sound file");
        let as_recorded =
            matches!(recorded.outcome, ReplayOutcome::Breaks { as_recorded: true, .. });
        assert!(as_recorded, "{place}: {:?}", recorded.outcome);
        let fixed = model.replay(&text, &place, true).expect("a sound file");
        let still_breaks = matches!(fixed.outcome, ReplayOutcome::Breaks { .. });
        assert!(!still_breaks, "{place}: {:?}", fixed.outcome);
        assert_eq!(fixed.bug, None, "{place}");
    }
}

#[test]
fn loading_and_saving_one_again_gives_the_same_bytes() {
    let catalog = splitbrain_models::catalog();
    for (path, text) in files() {
        let place = path.display().to_string();
        let model = catalog.model_of(&text, &place).expect("a model of the catalog");
        let again = model.saved_again(&text, &place).expect("a sound file");
        assert_eq!(again, text, "{place}");
    }
}

#[test]
fn each_is_as_the_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is a schema");
    for (path, text) in files() {
        let file: Value = serde_json::from_str(&text).expect("JSON");
        let wrong: Vec<String> = schema.iter_errors(&file).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
    }
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("the schema is a schema");
    let (_, text) = files().remove(0);
    let good: Value = serde_json::from_str(&text).expect("JSON");
    let first = "/steps/0";
    let table = [
        ("another version", "/version", json!(2)),
        ("another format", "/format", json!("trace")),
        ("a number of nodes in words", "/nodes", json!("three")),
        ("no nodes", "/nodes", json!(0)),
        ("links of another kind", "/links", json!("tcp")),
        ("a negative parameter", "/parameters", json!({"crashes": -1})),
        ("an engine that is none", "/found_by", json!({"engine": "luck"})),
        ("a simulated one without its seed", "/found_by", json!({"engine": "simulate"})),
        ("an unknown minimality", "/minimality", json!("quite short")),
        ("steps that are no list", "/steps", json!({})),
        ("a node that is none", first, json!({"node": "x1", "act": "crash"})),
        ("an act that is none", first, json!({"node": "n1", "act": "explode"})),
        (
            "a delivery without its sender",
            first,
            json!({"node": "n1", "act": {"deliver": {"message": 1}}}),
        ),
        ("a step without its act", first, json!({"node": "n1"})),
        ("two acts in a step", first, json!({"node": "n1", "act": {"timeout": 1, "input": 2}})),
        ("an unknown field of a step", first, json!({"node": "n1", "act": "crash", "at": 3})),
        (
            "a choice that is no number",
            first,
            json!({"node": "n1", "act": "crash", "choices": ["a"]}),
        ),
    ];
    assert!(schema.is_valid(&good));
    for (what, place, value) in table {
        let mut bad = good.clone();
        *bad.pointer_mut(place).expect("a place in the file") = value;
        assert!(!schema.is_valid(&bad), "{what}");
    }
    for field in good.as_object().expect("an object").keys() {
        let mut bad = good.clone();
        bad.as_object_mut().expect("an object").remove(field);
        assert!(!schema.is_valid(&bad), "without {field}");
    }
    let mut bad = good.clone();
    bad["comment"] = json!("hello");
    assert!(!schema.is_valid(&bad), "a field of its own");
}
