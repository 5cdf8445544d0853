//! `linearize`: what it prints of the histories beside this file, its exit codes, and every bad input.
//! `SNAPSHOTS=overwrite cargo test -p splitbrain-cli` writes the goldens anew.

use std::path::Path;

use snapbox::Data;
use splitbrain::catalog::Catalog;

/// The exit code of a command line, and what it prints and complains of. It needs no models.
fn answer(folder: &Path, arguments: &str) -> (u8, String, String) {
    let folder = folder.display().to_string();
    let words = arguments.split_whitespace().map(|word| word.replace("DIR", &folder));
    let words: Vec<String> = std::iter::once("splitbrain".to_string()).chain(words).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = Catalog::new();
    let code = splitbrain_cli::answer("splitbrain", "0", &catalog, words, &mut out, &mut err);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").replace(&folder, "DIR");
    (code, text(out), text(err))
}

fn histories() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories"))
}

#[test]
fn every_history_is_told_as_its_golden_says() {
    for (name, arguments, code) in [
        ("register", "DIR/register.jsonl", 0),
        ("register-initial", "DIR/register.jsonl --initial 0", 1),
        ("stale-read", "DIR/stale-read.edn", 1),
        ("stale-read-json", "DIR/stale-read.edn --json", 1),
        ("keys-tuples", "DIR/keys.edn", 0),
        ("keys", "DIR/keys.jsonl --as key-value", 1),
        ("lock", "DIR/lock.jsonl", 1),
        ("counter", "DIR/counter.edn", 0),
        ("queue", "DIR/queue.jsonl", 1),
        ("states", "DIR/register.jsonl --states 2", 3),
        ("nothing-ended", "DIR/nothing-ended.jsonl", 4),
        ("help", "--help", 0),
    ] {
        let (answered, out, err) = answer(histories(), &format!("linearize {arguments}"));
        assert_eq!((answered, err.as_str()), (code, ""), "{name}: {out}");
        let golden = format!("{}/tests/goldens/linearize-{name}.txt", env!("CARGO_MANIFEST_DIR"));
        snapbox::assert_data_eq!(out, Data::read_from(Path::new(&golden), None).raw());
    }
}

#[test]
fn histories_that_make_no_sense_are_refused_with_the_place_and_what_to_do() {
    let invoke = r#"{"process": 0, "type": "invoke", "f": "write", "value": 1}"#;
    let ok = r#"{"process": 0, "type": "ok", "f": "write"}"#;
    let read = r#"{"process": 0, "type": "invoke", "f": "read"}"#;
    let two = |one: &str, other: &str| format!("{one}\n{other}\n");
    let table: Vec<(&str, String, &str, &[&str])> = vec![
        ("empty", String::new(), "", &["there is no operation in it", "one a line"]),
        ("no history", "hello".into(), "", &["line 1, column 1", "expected a map, found hello"]),
        ("a JSON array", "[[1]]".into(), "", &["line 1, column 2", "expected a map, found [1]"]),
        ("broken JSON", two(invoke, "{\"process\": 0,"), "", &["line 2, column 14", "EOF"]),
        (
            "two a line",
            format!("{invoke} {ok}"),
            "",
            &["line 1, column 60", "one JSON object a line"],
        ),
        (
            "broken EDN",
            "{:process 0, :type".into(),
            "",
            &["line 1, column 19", "and the text ends"],
        ),
        ("text behind", "[] {}".into(), "", &["line 1, column 4", "nothing behind the vector"]),
        ("no process", "{\"type\": \"ok\"}".into(), "", &["line 1", "no `process`", "write one"]),
        ("no type", "{:process 0}".into(), "", &["line 1, column 1", "no `type`"]),
        ("no f", "{:process 0 :type :ok}".into(), "", &["no `f`"]),
        (
            "a process by name",
            invoke.replace("0", "\"a\""),
            "",
            &["the process is \"a\"", "nemesis"],
        ),
        ("another type", invoke.replace("invoke", "start"), "", &["the type is \"start\"", "info"]),
        ("a number as f", invoke.replace("\"write\"", "7"), "", &["the f is 7"]),
        ("another f", invoke.replace("write", "fly"), "", &["`fly`", "enqueue and dequeue"]),
        ("mixed fs", two(invoke, &ok.replace("write", "release")), "", &["line 2", "--as"]),
        ("only reads", two(read, &read.replace("0", "1")), "", &["registers and counters", "--as"]),
        ("an end of nothing", ok.into(), "", &["line 1", "has begun nothing"]),
        ("another end", two(invoke, &ok.replace("write", "cas")), "", &["line 2", "in line 1"]),
        ("two at once", two(invoke, invoke), "", &["line 2", "write of line 1 has not ended"]),
        ("a write of nil", invoke.replace("1}", "null}"), "", &["needs a value"]),
        ("a cas of one", invoke.replace("write", "cas"), "", &["[expected new], found 1"]),
        (
            "a cas to nil",
            invoke.replace("write", "cas").replace("1}", "[1, null]}"),
            "",
            &["cas to nil"],
        ),
        (
            "another value than was written",
            two(invoke, &ok.replace("\"write\"", "\"write\", \"value\": 2")),
            "",
            &["line 2", "the write of 1 is ok with 2"],
        ),
        (
            "a cas that was refused and is ok",
            two(
                &invoke.replace("write", "cas").replace("1}", "[1, 2]}"),
                &ok.replace("\"write\"", "\"cas\", \"value\": false"),
            ),
            "",
            &["line 2", "if it was refused, write fail"],
        ),
        (
            "a read of nothing known",
            two(read, &ok.replace("write", "read")),
            "--as register",
            &["line 2", "nil if there was nothing"],
        ),
        ("a write to a queue", invoke.into(), "--as queue", &["line 1", "enqueue, dequeue"]),
        ("no keys", invoke.into(), "--as key-value", &["expected a key", "--as register"]),
        (
            "keys of one register",
            invoke.replace("1}", "1, \"key\": 2}"),
            "--as register",
            &["expected one register", "--as key-value"],
        ),
        (
            "a key here and none there",
            two(&invoke.replace("1}", "1, \"key\": 2}"), &invoke.replace("0", "1")),
            "",
            &["line 2", "that of line 1 has one"],
        ),
        (
            "another key at the end",
            "{:process 0 :type :invoke :f :read :value [1 nil]}\n\
             {:process 0 :type :ok :f :read :value [2 7]}"
                .into(),
            "--as key-value",
            &["line 2", "is about 1, and ends about 2"],
        ),
        (
            "no key at the end",
            "{:process 0 :type :invoke :f :read :value [1 nil]}\n\
             {:process 0 :type :ok :f :read :value 7}"
                .into(),
            "--as key-value",
            &["line 2", "expected [key value]", "found 7"],
        ),
        (
            "a fencing token",
            two(
                &invoke.replace("write", "acquire").replace("1}", "null}"),
                &ok.replace("\"write\"", "\"acquire\", \"value\": 33"),
            ),
            "",
            &["line 2", "ok with 33", "leave them out"],
        ),
        (
            "an addition of text",
            invoke.replace("write", "add").replace("1}", "\"x\"}"),
            "",
            &["found \"x\""],
        ),
        (
            "a count of text",
            two(read, &ok.replace("\"write\"", "\"read\", \"value\": \"x\"")),
            "--as counter",
            &["line 2", "a whole number as its value, found \"x\""],
        ),
        (
            "a dequeue of nothing known",
            two(&read.replace("read", "dequeue"), &ok.replace("write", "dequeue")),
            "",
            &["line 2", "nil if it was empty"],
        ),
        ("an initial lock", read.replace("read", "acquire"), "--initial 1", &["begins free"]),
        ("an initial text", invoke.replace("write", "add"), "--initial x", &["a whole number"]),
        ("no initial value", invoke.into(), "--initial ]", &["--initial: line 1, column 1"]),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for (what, text, flags, words) in table {
        std::fs::write(folder.path().join("history"), text).expect("a file");
        let (code, out, err) = answer(folder.path(), &format!("linearize DIR/history {flags}"));
        assert_eq!((code, out.as_str()), (2, ""), "{what}: {err}");
        let place = if flags.contains("--initial ]") { "error: " } else { "error: DIR/history: " };
        assert!(err.starts_with(place), "{what}: {err}");
        assert_eq!(err.lines().count(), 1, "{what}: {err}");
        for word in words {
            assert!(err.contains(word), "{what}: no `{word}` in {err}");
        }
    }
    let (code, _, err) = answer(folder.path(), "linearize DIR/none.edn");
    assert_eq!(code, 2);
    assert!(err.contains("cannot read DIR/none.edn"), "{err}");
}

/// A history of one register as its clients saw it, in order, of writes and reads by turns.
fn long(operations: u64, last: u64) -> String {
    let mut text = String::new();
    for number in 0..operations {
        let (process, value) = (number % 5, number / 2);
        let read = if number + 1 == operations { last } else { value };
        let (f, asked, answered) = match number % 2 {
            0 => ("write", format!(":value {value}"), format!(":value {value}")),
            _ => ("read", ":value nil".to_string(), format!(":value {read}")),
        };
        text.push_str(&format!("{{:process {process} :type :invoke :f :{f} {asked}}}\n"));
        text.push_str(&format!("{{:process {process} :type :ok :f :{f} {answered}}}\n"));
    }
    text
}

#[test]
fn ten_thousand_operations_are_looked_at_and_the_last_is_found_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    for (last, code, words) in [
        (4_999, 0, "10,000 operations of 5 processes"),
        (4_998, 1, "process 4: read → 4998 (lines 19999 and 20000) cannot be placed"),
    ] {
        std::fs::write(folder.path().join("long.edn"), long(10_000, last)).expect("a file");
        let (answered, out, err) = answer(folder.path(), "linearize DIR/long.edn");
        assert_eq!(answered, code, "{out}{err}");
        assert!(out.contains(words), "{out}");
    }
}
