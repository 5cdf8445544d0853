//! What only a process shows: its exit code, a reader that goes away, Ctrl-C, limits.

use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

fn splitbrain(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_splitbrain"));
    command.args(arguments.split(' ')).env_remove("RUST_LOG");
    command
}

fn output(arguments: &str) -> Output {
    splitbrain(arguments).output().expect("the binary runs")
}

#[test]
fn the_exit_code_is_the_answer() {
    for (arguments, code) in [
        ("list", 0),
        ("explore raft --elections 1 --depth 2", 4),
        ("explore raft --states 10", 3),
        ("explore nothing", 2),
        ("explore raft --bogus 1", 2),
    ] {
        assert_eq!(output(arguments).status.code(), Some(code), "{arguments}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = splitbrain("show raft --json").stdout(Stdio::piped()).spawn().expect("it runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_history_may_come_by_standard_input() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/histories/stale-read.edn");
    let history = std::fs::File::open(file).expect("a history");
    let answered = splitbrain("linearize -").stdin(history).output().expect("it runs");
    let text = String::from_utf8_lossy(&answered.stdout);
    assert_eq!(answered.status.code(), Some(1), "{text}");
    assert!(text.starts_with("✗ standard input, as a register"), "{text}");
}

#[test]
fn limits_end_with_what_was_covered() {
    for (arguments, why) in [
        ("explore raft --elections 4 --crashes 2 --time 300ms", "out of time (--time 300ms)"),
        ("explore raft --elections 4 --crashes 2 --memory 20M", "out of memory (--memory 20M)"),
    ] {
        let ended = output(arguments);
        let text = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(3), "{arguments}: {text}");
        assert!(text.contains(why), "{arguments}: {text}");
        assert!(text.contains("every schedule of up to"), "{arguments}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_what_was_covered() {
    let mut child = splitbrain("explore raft --elections 6 --crashes 3")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    std::thread::sleep(Duration::from_millis(700));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(3), "{text}");
    assert!(text.contains("interrupted by Ctrl-C"), "{text}");
    assert!(text.contains("states"), "{text}");
}

#[test]
fn failures_of_several_kinds_are_each_kept_shrunk_and_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let found = folder.path().display();
    let report = folder.path().join("report.html");
    let asked = "simulate raft --bug minority-quorum --runs 20 --keep-going";
    let told = format!("{asked} --save {found} --report {}", report.display());
    let answered = output(&told);
    let text = String::from_utf8_lossy(&answered.stdout);
    assert_eq!(answered.status.code(), Some(1), "{text}");
    assert!(text.contains("2 kinds of failure were kept. The one above is the first of"), "{text}");
    let page = std::fs::read_to_string(report).expect("a page");
    let first = folder.path().join("raft-minority-quorum-election-safety-simulated.json");
    let second = folder.path().join("raft-minority-quorum-leader-completeness-simulated-2.json");
    for file in [first, second] {
        assert!(text.contains(&format!("  replay        splitbrain replay {}", file.display())));
        let replayed = output(&format!("replay {}", file.display()));
        assert_eq!(replayed.status.code(), Some(1), "{} breaks", file.display());
        assert!(page.contains(&file.display().to_string()));
    }
    assert_eq!(page.matches("data:image/svg+xml,").count(), 2);
    let one = output(&format!("{asked} --failures 1 --no-save --json"));
    let value: serde_json::Value = serde_json::from_slice(&one.stdout).expect("a document");
    assert!(value["other_failures"].is_null() && value["failure"]["run"].is_number());
}

#[test]
fn a_campaign_that_is_killed_goes_on_and_comes_to_what_it_would_have_come_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let books = folder.path().join("books.json");
    let lock = "simulate lock --runs 2000 --threads 1 --json --no-progress";
    let kept = format!("{lock} --campaign {}", books.display());
    let mut child = splitbrain(&kept).stdout(Stdio::null()).spawn().expect("it runs");
    while !books.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("it was running");
    child.wait().expect("it ends");
    let runs = || -> u64 {
        let text = std::fs::read_to_string(&books).expect("whole or not at all");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        value["books"]["runs"].as_u64().expect("a number")
    };
    let there = runs();
    assert!((1..2_000).contains(&there), "it was killed on its way: {there} runs");
    let (resumed, whole) = (output(&kept), output(lock));
    assert_eq!(resumed.status.code(), Some(0));
    assert!(resumed.stdout == whole.stdout, "{}", String::from_utf8_lossy(&resumed.stdout));
    assert_eq!(runs(), 2_000);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_books_of_an_open_campaign() {
    let folder = tempfile::tempdir().expect("a folder");
    let (books, report) = (folder.path().join("books.json"), folder.path().join("report.html"));
    let (kept, told) = (books.display(), report.display());
    let mut child =
        splitbrain(&format!("simulate raft --for 1h --campaign {kept} --report {told}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it runs");
    while !books.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill runs").success());
    let mut text = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(3), "{text}");
    assert!(text.contains("interrupted by Ctrl-C"), "{text}");
    for row in ["  requests  ", "  latency  ", "  available  ", " elections\n"] {
        assert!(text.contains(row), "no {row} in {text}");
    }
    let page = std::fs::read_to_string(report).expect("a page");
    for part in ["How long clients waited", "When they were served", "elections", "inconclusive"] {
        assert!(page.contains(part), "no {part}");
    }
    let value: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(books).expect("books")).expect("JSON");
    assert!(text.contains(&format!(" {} elections", value["books"]["measures"]["counts"][0])));
}
