//! The command line on a catalog of one's own: what every command prints, its exit code, and every
//! bad input. `SNAPSHOTS=overwrite cargo test -p splitbrain-cli` writes the goldens anew.

#[path = "../examples/toy/model.rs"]
mod model;

use std::path::Path;

use snapbox::Data;
use splitbrain::catalog::Catalog;

/// What came of a command line.
struct Answered {
    code: u8,
    out: String,
    err: String,
}

/// Answers a command line, with what its folder is called taken out of the texts.
fn answer(folder: &Path, arguments: &str) -> Answered {
    let folder = folder.display().to_string();
    let words = arguments.split_whitespace().map(|word| word.replace("DIR", &folder));
    let words: Vec<String> = std::iter::once("toy".to_string()).chain(words).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = Catalog::new().with(model::LockModel);
    let code = splitbrain_cli::answer("toy", "1.2.3", &catalog, words, &mut out, &mut err);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").replace(&folder, "DIR");
    Answered { code, out: text(out), err: text(err) }
}

/// A folder with the counterexamples of both bugs, and one made long.
fn with_found() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code) in [
        ("explore toy --bug always-grants --save DIR", 1),
        ("simulate toy --bug forgets-holder --no-shrink --save DIR", 1),
    ] {
        assert_eq!(answer(folder.path(), arguments).code, code, "{arguments}");
    }
    folder
}

/// A report with its diagrams left out: how they are drawn is the engine's business, and its
/// goldens'. `explain` is looked at whole.
fn without_diagrams(report: &str) -> String {
    let mut drawing = false;
    let mut kept = String::new();
    for line in report.lines() {
        let begins = line.trim_start().starts_with('┌');
        let ends = line.starts_with('╔');
        if begins && !drawing {
            kept.push_str("[diagram]\n\n");
        }
        drawing = (drawing || begins) && !ends;
        if !drawing {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

const GRANTS: &str = "toy-always-grants-one-inside.json";
const STALLS: &str = "toy-storm-enters-again-simulated.json";
const FORGETS: &str = "toy-forgets-holder-one-inside-simulated.json";

#[test]
fn every_command_prints_what_its_golden_says() {
    let folder = with_found();
    let table: &[(&str, &str, u8)] = &[
        ("version", "--version", 0),
        ("help", "--help", 0),
        ("help-list", "list --help", 0),
        ("help-show", "show --help", 0),
        ("help-check", "check --help", 0),
        ("help-bugs", "bugs --help", 0),
        ("help-explore", "explore --help", 0),
        ("help-simulate", "simulate --help", 0),
        ("help-shrink", "shrink --help", 0),
        ("help-replay", "replay --help", 0),
        ("help-explain", "explain --help", 0),
        ("help-bench", "bench --help", 0),
        ("help-completions", "completions --help", 0),
        ("list", "list", 0),
        ("list-json", "list --json", 0),
        ("bench-list", "bench --list", 0),
        ("show", "show toy", 0),
        ("show-scenario", "show toy --scenario large", 0),
        ("show-bug", "show toy --bug forgets-holder", 0),
        ("check", "check toy --runs 200", 0),
        ("check-all-deep", "check --all --deep --runs 20", 0),
        ("check-bug", "check toy --bug forgets-holder --save DIR/check", 1),
        ("check-bug-not-reachable", "check toy --bug forgets-holder --crashes 0 --runs 1", 3),
        ("bugs", "bugs toy --runs 200 --markdown DIR/bugs.md --save DIR/bugs", 0),
        ("bugs-not-reached", "bugs --runs 1 --seed 2", 3),
        ("explore", "explore toy --clients 3", 0),
        ("explore-bug", "explore toy --bug always-grants --all-invariants --no-save", 1),
        ("explore-not-reachable", "explore toy --bug forgets-holder --crashes 0", 3),
        ("explore-states", "explore toy --states 5", 3),
        ("explore-vacuous", "explore toy --depth 1", 4),
        ("explore-fingerprint", "explore toy --clients 3 --fingerprint 64", 0),
        ("explore-coverage", "explore toy --clients 3 --crashes 1 --coverage", 0),
        (
            "explore-coverage-early",
            "explore toy --bug always-grants --states 9 --coverage --no-save",
            3,
        ),
        ("simulate", "simulate toy --runs 100 --seed 7", 0),
        ("simulate-bug", "simulate toy --bug always-grants --save DIR/simulate", 1),
        (
            "simulate-keep-going",
            "simulate toy --bug always-grants --runs 50 --keep-going --no-save",
            1,
        ),
        ("simulate-preset", "simulate toy --preset crashes --runs 100 --seed 7", 0),
        ("simulate-print-plan", "simulate toy --preset flaky --print-plan --first-run 3", 0),
        ("simulate-stalls", "simulate toy --progress 1 --runs 100 --save DIR/simulate", 1),
        (
            "simulate-stalls-only",
            "simulate toy --progress 1 --only enters-again --no-save --no-shrink",
            1,
        ),
        ("simulate-only", "simulate toy --progress 1 --only one-inside --runs 5", 0),
        ("replay-stalls", "replay DIR/simulate/STALLS", 1),
        ("shrink-stalls", "shrink DIR/simulate/STALLS", 0),
        ("explain-stalls", "explain DIR/simulate/STALLS", 0),
        ("simulate-not-reached", "simulate toy --bug always-grants --clients 1 --runs 20", 3),
        ("replay", "replay DIR/GRANTS DIR/FORGETS", 1),
        ("replay-without-bug", "replay DIR/GRANTS DIR/FORGETS --without-bug", 0),
        ("explain", "explain DIR/GRANTS", 0),
        ("explain-out", "explain DIR/GRANTS --format svg --out DIR/grants.svg", 0),
        ("shrink", "shrink DIR/FORGETS", 0),
        ("shrink-again", "shrink DIR/GRANTS --out DIR/short.json --tries 100 --states 100", 0),
    ];
    for (name, arguments, code) in table {
        let arguments = arguments.replace("GRANTS", GRANTS).replace("FORGETS", FORGETS);
        let answered = answer(folder.path(), &arguments.replace("STALLS", STALLS));
        assert_eq!(answered.code, *code, "{name}: {}{}", answered.out, answered.err);
        assert_eq!(answered.err, "", "{name}");
        let text = match *name {
            "explain" | "explain-stalls" => answered.out,
            _ => without_diagrams(&answered.out),
        };
        let golden = format!("{}/tests/goldens/{name}.txt", env!("CARGO_MANIFEST_DIR"));
        snapbox::assert_data_eq!(text, Data::read_from(Path::new(&golden), None).raw());
    }
    let svg = std::fs::read_to_string(folder.path().join("grants.svg")).expect("a drawing");
    assert!(svg.starts_with("<svg"), "{svg}");
    let shrunk = FORGETS.replace(".json", ".shrunk.json");
    assert!(folder.path().join(shrunk).is_file(), "the short one is beside the long one");
    assert!(!Path::new("found").exists(), "a check that finds nothing saves nothing");
}

#[test]
fn json_is_one_document_that_names_its_exit_code() {
    let folder = with_found();
    let table: &[(&str, u8, &[&str])] = &[
        ("check toy --runs 20", 0, &["/checks/0/states", "/checks/1/runs", "/exit_code"]),
        ("explore toy", 0, &["/verdict", "/system/parameters/clients", "/exit_code"]),
        (
            "explore toy --coverage",
            0,
            &[
                "/coverage/variants/0",
                "/coverage/kinds/0/by_variant/0/calls",
                "/coverage/nodes/1/locals/parts/0/without",
                "/coverage/nodes/0/mails/parts/0/says",
                "/coverage/budgets/parts/0/values",
            ],
        ),
        (
            "explore toy --bug always-grants --save DIR",
            1,
            &["/counterexamples/0/saved", "/counterexamples/0/file", "/exit_code"],
        ),
        ("simulate toy --runs 20", 0, &["/digest", "/tally/crashes", "/exit_code"]),
        ("simulate toy --bug always-grants --save DIR", 1, &["/failure/plan", "/saved"]),
        ("show toy", 0, &["/systems/0/bounds", "/bugs/1/source"]),
        ("replay DIR/GRANTS", 1, &["/replays/0/outcome", "/replays/0/exit_code"]),
        ("replay DIR/none.json", 2, &["/replays/0/error"]),
        ("explain DIR/GRANTS", 0, &["/story/steps/0", "/told", "/steps_in_words/0"]),
        ("shrink DIR/FORGETS", 0, &["/before", "/counterexample/steps", "/saved"]),
        ("explore nothing", 2, &["/error", "/exit_code"]),
    ];
    for (arguments, code, pointers) in table {
        let arguments = arguments.replace("GRANTS", GRANTS).replace("FORGETS", FORGETS);
        let answered = answer(folder.path(), &format!("{arguments} --json"));
        assert_eq!(answered.code, *code, "{arguments}: {}", answered.err);
        let value: serde_json::Value =
            serde_json::from_str(&answered.out).unwrap_or_else(|error| {
                panic!("{arguments}: {error}: {}", answered.out);
            });
        for pointer in *pointers {
            assert!(
                value.pointer(pointer).is_some_and(|value| !value.is_null()),
                "{arguments}: no {pointer}"
            );
        }
    }
}

#[test]
fn what_was_covered_is_told_only_if_asked_for_and_changes_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    for (without, asked) in [("", "--coverage"), ("--json", "--json --coverage")] {
        let plain = answer(folder.path(), &format!("explore toy {without}")).out;
        let covered = answer(folder.path(), &format!("explore toy {asked}")).out;
        match without {
            "" => {
                assert!(covered.starts_with(&plain), "{covered}");
                assert!(covered.len() > plain.len(), "{covered}");
            }
            _ => {
                let read = |text: &str| -> serde_json::Value {
                    serde_json::from_str(text).expect("a document")
                };
                let (plain, mut covered) = (read(&plain), read(&covered));
                assert!(plain.get("coverage").is_none(), "{plain}");
                let coverage = covered.as_object_mut().and_then(|all| all.remove("coverage"));
                assert!(coverage.is_some(), "{covered}");
                assert_eq!(plain, covered);
            }
        }
    }
}

#[test]
fn the_same_request_gets_the_same_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        "check toy --bug forgets-holder --no-save",
        "simulate toy --runs 300 --threads 1",
        "explore toy --clients 3 --crashes 1 --json",
        "explore toy --clients 3 --crashes 1 --coverage --threads 1",
    ] {
        let first = answer(folder.path(), arguments);
        let again = arguments.replace("--threads 1", "--threads 2");
        let second = answer(folder.path(), &again);
        assert_eq!(first.out, second.out, "{arguments}");
    }
}

#[test]
fn a_plan_that_is_printed_can_be_given_and_makes_the_same_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = folder.path().join("plan.toml");
    let digest = |arguments: &str| {
        let answered = answer(folder.path(), &format!("simulate toy {arguments} --json"));
        let report: serde_json::Value = serde_json::from_str(&answered.out).expect("a document");
        report["digest"].as_str().expect(&answered.out).to_string()
    };
    for preset in ["", "--preset flaky", "--preset jepsen"] {
        for run in [0, 7] {
            let which = format!("--seed 5 --first-run {run}");
            let printed =
                answer(folder.path(), &format!("simulate toy {preset} {which} --print-plan"));
            std::fs::write(&plan, &printed.out).expect("a file");
            let given = digest(&format!("--plan DIR/plan.toml {which} --runs 1"));
            assert_eq!(given, digest(&format!("{preset} {which} --runs 1")), "{}", printed.out);
            let again = format!("simulate toy --plan DIR/plan.toml {which} --print-plan");
            assert_eq!(answer(folder.path(), &again).out, printed.out);
        }
    }
    // The command that makes a failing run again names the plan: of the run that shows the bug.
    let printed = answer(folder.path(), "simulate toy --first-run 3 --print-plan");
    std::fs::write(&plan, &printed.out).expect("a file");
    let failing = "simulate toy --bug always-grants --no-save --plan DIR/plan.toml";
    let answered = answer(folder.path(), failing);
    assert_eq!(answered.code, 1, "{}{}", answered.out, answered.err);
    let again = answered.out.lines().find_map(|line| line.split_once("toy simulate"));
    let (_, again) = again.expect("a command");
    assert!(again.contains("--plan DIR/plan.toml"), "{again}");
    assert_eq!(answer(folder.path(), &format!("simulate {again} --no-save")).code, 1);
    // A plan that does not fit the scenario names its line.
    for (fault, word) in [("isolate = \"n9\"", "no node n9"), ("crash = \"n1\"", "let n1 crash")] {
        let text = format!(
            "stormy = \"1s\"\n[[faults]]\nat = \"0s\"\nlasts = \"1s\"\nfault = {{ {fault} }}"
        );
        std::fs::write(&plan, text).expect("a file");
        refused(
            folder.path(),
            "simulate toy --plan DIR/plan.toml",
            &["DIR/plan.toml: line 2", word],
        );
    }
}

/// Asserts that a command line is refused in one paragraph that says these words.
fn refused(folder: &Path, arguments: &str, words: &[&str]) {
    let answered = answer(folder, arguments);
    assert_eq!(answered.code, 2, "{arguments}: {}{}", answered.out, answered.err);
    assert!(answered.err.starts_with("error: "), "{arguments}: {}", answered.err);
    for word in words {
        assert!(answered.err.contains(word), "{arguments}: no `{word}` in {}", answered.err);
    }
    assert_eq!(answered.out, "", "{arguments}");
}

#[test]
fn requests_that_make_no_sense_are_refused_in_one_paragraph() {
    let folder = with_found();
    let table: &[(&str, &[&str])] = &[
        ("show nothing", &["no model `nothing`", "toy"]),
        ("check nothing", &["no model `nothing`"]),
        ("check toy --bug none", &["no bug `none`", "always-grants, forgets-holder"]),
        ("explore toy --scenario none", &["no scenario `none`", "small, large, storm"]),
        ("simulate toy --scenario none", &["no scenario `none`"]),
        ("show toy --scenario none", &["no scenario `none`"]),
        ("explore toy --nodes 3", &["`--nodes`", "clients, crashes", "toy show toy"]),
        ("explore toy --clients 9", &["out of range", "1 to 3"]),
        ("check toy --clients 9", &["out of range", "1 to 3"]),
        ("explore toy --clients 3 --crashes 2", &["more than a toy explores"]),
        ("explore toy --only none", &["no invariant `none`", "one-inside"]),
        ("simulate toy --only none", &["no invariant `none`", "one-inside"]),
        (
            "simulate toy --progress 1 --only enters-agin",
            &["no invariant `enters-agin`", "`enters-again`"],
        ),
        ("explore toy --progress 1 --only enters-again", &["no invariant `enters-again`"]),
        ("simulate toy --runs 2 --first-run 18446744073709551615", &["numbers end at"]),
        ("simulate toy --plan DIR/none.toml", &["cannot read", "DIR/none.toml"]),
        ("simulate toy --plan DIR/GRANTS", &["DIR/", "line 1 of the plan", "--print-plan"]),
        ("explore toy --web 192.0.2.1:80", &["cannot listen on 192.0.2.1:80"]),
        ("bench paxo", &["no work `paxo`", "paxos, paxos-canonical", "paxos-2, paxos-3"]),
        ("bench register-whole", &["--long only", "--list"]),
        ("bench --row paxos-2 none", &["no engine `none`", "splitbrain-2, plain"]),
        ("replay DIR/none.json", &["cannot read", "DIR/none.json"]),
        ("shrink DIR/none.json", &["cannot read", "DIR/none.json"]),
        ("explain DIR/none.json", &["cannot read", "DIR/none.json"]),
        ("explain DIR/GRANTS --out DIR/GRANTS/one.txt", &["cannot write", "nothing was written"]),
        ("shrink DIR/GRANTS --out DIR/GRANTS/one.json", &["cannot write", "nothing was written"]),
    ];
    for (arguments, words) in table {
        let arguments = arguments.replace("GRANTS", GRANTS);
        refused(folder.path(), &arguments, words);
        let answered = answer(folder.path(), &arguments);
        assert_eq!(answered.err.lines().count(), 1, "{arguments}: {}", answered.err);
    }
}

#[test]
fn flags_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, words) in [
        ("check", "<MODEL>"),
        ("check toy --all", "cannot be used with"),
        ("explore toy --depth deep", "invalid value 'deep'"),
        ("explore toy --time 1d", "500ms, 60s, 5m or 2h"),
        ("explore toy --memory lots", "512M or 8G"),
        ("explore toy --clients two", "invalid value 'two'"),
        ("simulate toy --runs 0", "invalid value '0'"),
        ("simulate toy --threads 0", "invalid value '0'"),
        (
            "check tory",
            "the catalog has no model `tory`; perhaps you mean `toy`; choose one of: toy",
        ),
        ("simulate toy --preset tornado", "choose one of: calm, flaky, partitions"),
        ("simulate toy --preset calm --plan plan.toml", "cannot be used with"),
        ("explore toy --web nowhere", "invalid value 'nowhere'"),
        ("explore toy --fingerprint 63", "fingerprints have 64 bits or 128, not 63"),
        ("explore toy --fingerprint wide", "write 64 or 128"),
        ("explore toy --fingerprint 64 --web 127.0.0.1:3000", "cannot be used with"),
        (
            "explore toy --fingerprint 64 --reference",
            "ask for one of --reference and --fingerprint",
        ),
        ("explore toy --coverage --reference", "cannot be used with"),
        ("explore toy --coverage --web 127.0.0.1:3000", "cannot be used with"),
        ("explain one.json --format png", "text, svg"),
        ("bench --short --long", "cannot be used with"),
        ("bench --repeat 0", "invalid value '0'"),
        ("completions cmd", "bash"),
        ("frobnicate", "unrecognized subcommand"),
    ] {
        refused(folder.path(), arguments, &[words]);
    }
}

#[test]
fn a_counterexample_that_cannot_be_saved_is_told_behind_the_report() {
    let folder = with_found();
    for arguments in [
        "explore toy --bug always-grants --save DIR/GRANTS/found",
        "check toy --bug always-grants --save DIR/GRANTS/found",
    ] {
        let answered = answer(folder.path(), &arguments.replace("GRANTS", GRANTS));
        assert_eq!(answered.code, 2, "{arguments}");
        assert!(answered.out.contains("violated"), "{}", answered.out);
        assert!(answered.err.starts_with("error: cannot write"), "{}", answered.err);
    }
}

#[test]
fn files_that_make_no_sense_are_refused_with_the_place() {
    let folder = with_found();
    let sound = std::fs::read_to_string(folder.path().join(GRANTS)).expect("the file");
    let edited = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from} is in {sound}");
        sound.replacen(from, to, 1)
    };
    let table: Vec<(&str, String, &[&str])> = vec![
        ("empty", String::new(), &["line 1", "column 0"]),
        ("no JSON", "one, two".to_string(), &["line 1", "column 1"]),
        ("truncated", sound[..sound.len() / 2].to_string(), &["line ", "EOF"]),
        ("a wrong type", edited("\"nodes\": 3", "\"nodes\": \"three\""), &["line 8", "usize"]),
        ("a field too many", edited("\"nodes\"", "\"colour\": 1, \"nodes\""), &["`colour`"]),
        ("a missing field", edited("  \"nodes\": 3,\n", ""), &["missing field `nodes`"]),
        ("another format", edited("splitbrain-counterexample", "trace"), &["`trace`"]),
        ("another version", edited("\"version\": 1", "\"version\": 7"), &["version 7"]),
        ("another model", edited("\"model\": \"toy\"", "\"model\": \"x\""), &["no model `x`"]),
        ("another scenario", edited("\"small\"", "\"tiny\""), &["no scenario `tiny`"]),
        ("another bug", edited("\"always-grants\"", "\"grants\""), &["no bug `grants`"]),
        ("another parameter", edited("\"clients\"", "\"users\""), &["no parameter `users`"]),
        ("a value too large", edited("\"clients\":2", "\"clients\":7"), &["out of range"]),
        ("another invariant", edited("\"one-inside\"", "\"two\""), &["no invariant `two`"]),
        ("no such node", edited("\"node\":\"n0\"", "\"node\":\"n7\""), &["no n7", "step "]),
        ("no node at all", edited("\"node\":\"n0\"", "\"node\":\"x\""), &["`x` is no node"]),
        ("no nodes", edited("\"nodes\": 3", "\"nodes\": 0"), &["line 8", "not 0"]),
    ];
    for (what, text, words) in table {
        let path = folder.path().join("edited.json");
        std::fs::write(&path, text).expect("a file");
        for command in ["replay", "explain", "shrink"] {
            let arguments = format!("{command} DIR/edited.json");
            let answered = answer(folder.path(), &arguments);
            assert_eq!(answered.code, 2, "{what}: {}{}", answered.out, answered.err);
            assert_eq!(answered.err.lines().count(), 1, "{what}: {}", answered.err);
            for word in words {
                assert!(answered.err.contains(word), "{what}: no `{word}` in {}", answered.err);
            }
        }
    }
}

#[test]
fn a_sound_file_whose_trace_goes_another_way_is_answered_not_refused() {
    let folder = with_found();
    let path = folder.path().join(GRANTS);
    let sound = std::fs::read_to_string(&path).expect("the file");
    let reason = sound.replace("while n1 is inside", "as it likes");
    let lines: Vec<&str> = sound.lines().filter(|line| !line.contains("\"Ask\"")).collect();
    for (what, text, code, words) in [
        ("another reason", reason, 1, "not as recorded"),
        ("steps left out", lines.join("\n"), 0, "went another way"),
    ] {
        std::fs::write(&path, text).expect("a file");
        let answered = answer(folder.path(), &format!("replay DIR/{GRANTS}"));
        assert_eq!(answered.code, code, "{what}: {}", answered.out);
        assert!(answered.out.contains(words), "{what}: {}", answered.out);
    }
    let answered = answer(folder.path(), &format!("shrink DIR/{GRANTS}"));
    assert_eq!(answered.code, 2, "there is nothing to shrink: {}", answered.out);
    assert!(answered.err.contains("toy replay"), "{}", answered.err);
}

#[test]
fn shrinking_in_place_needs_to_be_asked_for() {
    let folder = with_found();
    let path = folder.path().join(FORGETS);
    let before = std::fs::read_to_string(&path).expect("the file");
    assert_eq!(answer(folder.path(), &format!("shrink DIR/{FORGETS}")).code, 0);
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), before);
    assert_eq!(answer(folder.path(), &format!("shrink DIR/{FORGETS} --out DIR/{FORGETS}")).code, 0);
    let after = std::fs::read_to_string(&path).expect("the file");
    let steps = |text: &str| {
        let file: serde_json::Value = serde_json::from_str(text).expect("JSON");
        file["steps"].as_array().expect("steps").len()
    };
    assert!(steps(&after) < steps(&before), "{} of {} steps", steps(&after), steps(&before));
    assert_eq!(answer(folder.path(), &format!("replay DIR/{FORGETS}")).code, 1);
}

#[test]
fn completions_know_the_parameters_of_the_models() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let answered = answer(Path::new("none"), &format!("completions {shell}"));
        assert_eq!(answered.code, 0, "{shell}");
        assert!(answered.out.contains("clients"), "{shell}");
    }
}
