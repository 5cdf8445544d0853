//! The pictures of docs/long-runs.md are those of the report that its command writes.
//!
//! `UPDATE_CHARTS=1 cargo test -p splitbrain-cli --test charts` draws them anew.

use std::fs;
use std::path::Path;

/// The pictures, in the order in which the page shows them.
const PICTURES: [&str; 2] = ["latency", "availability"];

#[test]
fn the_pictures_of_long_runs_are_those_of_a_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = folder.path().join("report.html");
    let command = format!("splitbrain simulate raft --runs 60 --report {}", report.display());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = splitbrain_models::catalog();
    let words = command.split_whitespace();
    let code = splitbrain_cli::answer("splitbrain", "0", &catalog, words, &mut out, &mut err);
    assert_eq!(code, 0, "{}", String::from_utf8_lossy(&err));

    let page = fs::read_to_string(&report).expect("the report");
    let style = between(&page, "<style>", "</style>").expect("its style");
    let mut rest = page.as_str();
    for name in PICTURES {
        let begins = rest.find("<svg class=\"chart\"").expect("another picture");
        let drawn = between(&rest[begins..], "<svg", "</svg>").expect("its end");
        rest = &rest[begins + drawn.len()..];
        // By itself a picture has no page that says what its classes are, nor a paper to lie on.
        let alone = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\"{drawn}<style>{style}svg {{ font-family: sans-serif; background: \
             var(--card); }}</style>\n</svg>\n"
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/charts/{name}.svg"));
        if std::env::var_os("UPDATE_CHARTS").is_some() {
            fs::write(&path, &alone).expect("the picture is written");
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == alone, "docs/charts/{name}.svg is another; see this file's first lines");
    }
}

/// What stands between two marks.
fn between<'a>(text: &'a str, begins: &str, ends: &str) -> Option<&'a str> {
    let behind = &text[text.find(begins)? + begins.len()..];
    Some(&behind[..behind.find(ends)?])
}
