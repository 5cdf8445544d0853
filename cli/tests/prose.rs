//! docs/linearize.md, docs/long-runs.md and docs/simulation.md keep their word: their commands print the lines they
//! show.

#[test]
fn the_lines_shown_are_what_the_commands_print() {
    // Files are named as they lie in the repository.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).expect("the repository");
    holds(include_str!("../../docs/linearize.md"), 5);
    holds(include_str!("../../docs/simulation.md"), 2);
    holds(include_str!("../../docs/long-runs.md"), 2);
}

/// The commands of a page, at least so many, print the lines it shows.
fn holds(page: &str, least: usize) {
    let blocks = page.split("```console\n$ ").skip(1);
    let mut shown = 0;
    for block in blocks {
        let block = block.split("```").next().expect("the block's end");
        let (command, lines) = block.split_once('\n').expect("a line of its own");
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let words = command.split_whitespace();
        let catalog = splitbrain_models::catalog();
        let code = splitbrain_cli::answer("splitbrain", "0", &catalog, words, &mut out, &mut err);
        let printed = String::from_utf8([out, err].concat()).expect("text");
        let (begins, whole) = match lines.strip_suffix("  …\n") {
            Some(begins) => (begins, false),
            None => (lines, true),
        };
        assert!(printed.starts_with(begins), "{command} prints, instead:\n{printed}");
        assert!(!whole || printed == begins, "{command} prints more:\n{printed}");
        let signs = ["✓", "✗", "error", "?"];
        let expected = signs.iter().position(|sign| lines.starts_with(sign)).unwrap_or(0);
        assert_eq!(expected, usize::from(code), "{command}");
        shown += 1;
    }
    assert!(shown >= least, "the page shows commands, {shown} of them");
}
