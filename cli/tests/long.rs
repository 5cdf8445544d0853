//! Long campaigns on a catalog of one's own: how they end, what they keep, the books they go on from,
//! and the page that tells of them.

#[path = "../examples/toy/model.rs"]
mod model;

use std::path::Path;

use serde_json::Value;
use splitbrain::catalog::Catalog;

/// What a command line prints and complains of, and its exit code.
fn answer(folder: &Path, arguments: &str) -> (u8, String, String) {
    let folder = folder.display().to_string();
    let words = arguments.split_whitespace().map(|word| word.replace("DIR", &folder));
    let words: Vec<String> = std::iter::once("toy".to_string()).chain(words).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = Catalog::new().with(model::LockModel);
    let code = splitbrain_cli::answer("toy", "1.2.3", &catalog, words, &mut out, &mut err);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text").replace(&folder, "DIR");
    (code, text(out), text(err))
}

fn in_json(folder: &Path, arguments: &str) -> Value {
    let (_, out, err) = answer(folder, &format!("{arguments} --json"));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments}: {error}: {out}{err}"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_campaign_ends_by_the_clock_or_by_virtual_time_and_holds() {
    let folder = folder();
    let (code, out, _) = answer(folder.path(), "simulate toy --for 1s");
    assert_eq!(code, 0, "an open campaign asks for no number of runs: {out}");
    assert!(out.contains("  covered       ") && !out.contains(" of 10,000 runs"), "{out}");

    let virtually = |threads: u8| {
        in_json(folder.path(), &format!("simulate toy --virtual 10m --threads {threads}"))
    };
    let one = virtually(1);
    assert!(one["virtual_micros"].as_u64() >= Some(600_000_000), "{one}");
    assert_eq!(one.to_string(), virtually(2).to_string());
    let runs = one["runs"].as_u64().expect("a number");
    let by_runs = in_json(folder.path(), &format!("simulate toy --runs {runs}"));
    assert_eq!(by_runs.to_string(), one.to_string(), "which are the first {runs}");
    let less = in_json(folder.path(), &format!("simulate toy --runs {}", runs - 1));
    assert!(less["virtual_micros"].as_u64() < Some(600_000_000), "{less}");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    for (arguments, words) in [
        ("--for 10", "such as 90s, 10m, 2h or 30d"),
        ("--for 0s", "such as 90s, 10m, 2h or 30d"),
        ("--virtual soon", "such as 90s, 10m, 2h or 30d"),
        ("--virtual 99999999999999d", "such as 90s, 10m, 2h or 30d"),
        ("--for 1s --runs 3", "cannot be used with"),
        ("--virtual 1h --runs 3", "cannot be used with"),
        ("--for 1s --virtual 1h", "cannot be used with"),
        ("--for 1s --time 1s", "cannot be used with"),
        ("--failures 0", "invalid value '0'"),
    ] {
        let (code, out, err) = answer(Path::new("none"), &format!("simulate toy {arguments}"));
        assert_eq!((code, out.as_str()), (2, ""), "{arguments}: {err}");
        assert!(err.contains(words), "{arguments}: {err}");
    }
}

#[test]
fn several_failures_are_kept_shrunk_saved_and_told() {
    let folder = folder();
    // The server forgets, and two are inside; nothing else can go wrong with it.
    let found = "simulate toy --bug forgets-holder --runs 200 --failures 3 --save DIR";
    let report = in_json(folder.path(), found);
    assert_eq!(report["failure"]["alike"], report["failures"], "{report}");
    assert!(report.get("other_failures").is_none(), "one kind: {report}");
    assert_eq!(report["runs"], 200, "it went on");
    let (code, out, _) = answer(folder.path(), found);
    assert_eq!(code, 1);
    assert!(!out.contains("kinds of failure"), "{out}");
}

#[test]
fn a_campaign_that_is_asked_again_goes_on_from_its_books() {
    let folder = folder();
    for arguments in [
        "simulate toy --seed 4",
        "simulate toy --preset crashes",
        "simulate toy --bug always-grants --keep-going --no-save",
        "simulate toy --bug forgets-holder --no-save --first-run 5",
    ] {
        let whole = answer(folder.path(), &format!("{arguments} --runs 400"));
        let books = folder.path().join("books.json");
        let _ = std::fs::remove_file(&books);
        for runs in [1, 40, 333, 400, 400] {
            let part = format!("{arguments} --runs {runs} --campaign DIR/books.json");
            let told = answer(folder.path(), &part);
            assert!(told.0 != 2, "{part}: {}", told.2);
            if runs == 400 {
                assert_eq!(told, whole, "{part}");
            }
        }
        let books: Value =
            serde_json::from_str(&std::fs::read_to_string(books).expect("books")).expect("JSON");
        assert_eq!(books["format"], "splitbrain-campaign");
    }
}

#[test]
fn books_of_another_campaign_and_broken_ones_are_refused() {
    let folder = folder();
    let path = folder.path().join("books.json");
    let asked = "simulate toy --runs 50 --campaign DIR/books.json";
    assert_eq!(answer(folder.path(), asked).0, 0);
    let sound = std::fs::read_to_string(&path).expect("books");
    let refused = |arguments: &str, words: &[&str]| {
        let (code, out, err) = answer(folder.path(), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments}: {err}");
        assert_eq!(err.lines().count(), 1, "{arguments}: {err}");
        for word in words {
            assert!(err.contains(word), "{arguments}: no `{word}` in {err}");
        }
    };
    for (more, words) in [
        ("--seed 2", ["`seed` is 1", "2 is asked"]),
        ("--clients 3", ["`parameters.clients` is 2", "3 is asked"]),
        ("--bug always-grants", ["`bug` is nothing", "`always-grants` is asked"]),
        ("--preset flaky", ["`plans` is nothing", "flaky"]),
        ("--first-run 1", ["`first_run` is 0", "1 is asked"]),
        ("--keep-going", ["`keep_going` is false", "true is asked"]),
        ("--twice", ["`twice` is false", "true is asked"]),
    ] {
        refused(&format!("{asked} {more}"), &words);
        refused(&format!("{asked} {more}"), &["books.json is of another campaign"]);
    }
    let other = "simulate toy --campaign DIR/books.json";
    refused(&format!("{other} --runs 49"), &["of 50 runs", "of 49 runs", "as much or more"]);
    refused(&format!("{other} --virtual 2h"), &["of 50 runs", "of 7200 s in virtual time"]);
    let edited = |from: &str, to: &str| {
        assert!(sound.contains(from), "{from} is in {sound}");
        sound.replacen(from, to, 1)
    };
    let in_its_books = |from: &str, to: &str| {
        let (before, books) = sound.split_once("\"books\"").expect("its books");
        format!("{before}\"books\"{}", books.replacen(from, to, 1))
    };
    for (text, words) in [
        (String::new(), ["line 1, column 0", "delete it to begin anew"]),
        (sound[..sound.len() / 2].to_string(), ["line ", "delete it to begin anew"]),
        ("{}".to_string(), ["is no campaign", "`splitbrain-campaign`"]),
        (edited("splitbrain-campaign", "diary"), ["is no campaign", "says diary"]),
        (edited("\"version\": 1", "\"version\": 9"), ["version 9", "reads version 1"]),
        (edited("\"runs\": 50", "\"runs\": \"many\""), ["line ", "expected u64"]),
        (edited("\"failures\": 0", "\"failures\": 9"), ["9 runs failed", "keeps 0"]),
        (in_its_books("\"entered\"", "\"left\""), ["its goals are", "begin anew"]),
        (edited("\"digest\": \"", "\"digest\": \"no"), ["no hexadecimal number", "books.json"]),
    ] {
        std::fs::write(&path, text).expect("a file");
        refused(asked, &words);
        refused(asked, &["books.json"]);
    }
    let (code, out, err) =
        answer(folder.path(), "simulate toy --runs 50 --campaign DIR/books.json/no");
    assert_eq!(code, 2, "{out}");
    assert!(err.contains("cannot"), "{err}");
}

#[test]
fn the_report_is_one_page_that_needs_nothing_else_and_has_every_failure() {
    let folder = folder();
    let asked =
        "simulate toy --bug always-grants --runs 60 --keep-going --save DIR --report DIR/r.html";
    let (code, out, err) = answer(folder.path(), asked);
    assert_eq!(code, 1, "{err}");
    assert!(out.ends_with("  report        DIR/r.html\n"), "{out}");
    let page = std::fs::read_to_string(folder.path().join("r.html")).expect("a page");
    for part in [
        "<!doctype html>",
        "toy storm with bug always-grants <span class=\"verdict\">✗ violated</span>",
        "<code>one-inside</code>",
        "data:image/svg+xml,%3Csvg",
        "toy replay ",
        "--first-run",
        "At most one client is inside.",
        "prefers-color-scheme",
        "</html>",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    for part in ["<script", "src=\"http", "href=", "url(", "@import", "<link"] {
        assert!(!page.contains(part), "{part}: the page needs something else");
    }
    let open = page.matches("<section").count();
    assert_eq!(open, page.matches("</section>").count());
    let again = answer(folder.path(), asked);
    let second = std::fs::read_to_string(folder.path().join("r.html")).expect("a page");
    assert_eq!((again.1, second), (out, page), "the same for the same campaign");

    let (code, out, err) =
        answer(folder.path(), "simulate toy --runs 5 --report DIR/r.html/inside.html");
    assert_eq!(code, 2);
    assert!(out.contains("5 runs") && err.contains("cannot write"), "{err}");
}
