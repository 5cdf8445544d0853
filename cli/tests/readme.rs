//! The README keeps its word: every command it names is answered, with the exit code it claims and
//! the lines it shows.

use std::path::Path;

const README: &str = include_str!("../../README.md");

/// What the README calls the command line, in a clone and installed.
const NAMES: [&str; 2] = ["cargo run --release -- ", "splitbrain "];

/// Commands that are no command lines of ours: the suite itself, and its installation.
const OTHERS: [&str; 2] = ["cargo test", "cargo install --path cli"];

fn ours(command: &str) -> Option<&str> {
    NAMES.iter().find_map(|name| command.strip_prefix(name))
}

/// Answers a command line; what it saves as `found/…` goes to that folder.
fn answer(found: &Path, arguments: &str) -> (u8, String) {
    let folder = found.display().to_string();
    let saves = ["check", "explore", "simulate"].iter().any(|name| arguments.starts_with(name));
    let save = if saves { " --save found/" } else { "" };
    let line = format!("splitbrain {arguments}{save} --no-progress")
        .replace("found/", &format!("{folder}/"));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let catalog = splitbrain_models::catalog();
    let words = line.split_whitespace();
    let code = splitbrain_cli::answer("splitbrain", "0", &catalog, words, &mut out, &mut err);
    let text = String::from_utf8([out, err].concat()).expect("text");
    (code, text.replace(&format!("{folder}/"), "found/"))
}

/// What `check raft` prints of the scenarios the README quotes, each run by itself, and its last
/// lines. The others are explored by their own tests.
fn check_raft(found: &Path) -> (u8, String) {
    let parts = ["explore raft --scenario election", "simulate raft --scenario storm --runs 1000"];
    // `check` makes a thousand runs of a scenario, `simulate` ten thousand, unless told otherwise.
    let answers = parts.map(|part| answer(found, part));
    assert_eq!([answers[0].0, answers[1].0], [0, 0], "both hold");
    let catalog = splitbrain_models::catalog();
    let model = catalog.model("raft").expect("a model of the catalog");
    let deep = |info: &&splitbrain::catalog::ScenarioInfo| {
        info.engine == splitbrain::catalog::Engine::ExploreDeep
    };
    let large = model.scenarios().iter().filter(deep).count();
    let all = model.scenarios().len() - large;
    let last = format!("{all} checks: {all} holding\n{large} large scenarios left to --deep\n");
    (0, format!("{}{}{last}", answers[0].1, answers[1].1))
}

/// The blocks of console lines: a command, and the lines shown of what it prints.
fn shown() -> Vec<(&'static str, Vec<&'static str>)> {
    let blocks = README.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().expect("the block's end"));
    blocks
        .flat_map(|block| block.split("$ ").skip(1))
        .map(|one| {
            let (command, lines) = one.split_once('\n').expect("a line of its own");
            let lines = lines.lines().map(str::trim).filter(|line| !["", "…"].contains(line));
            (command, lines.collect())
        })
        .collect()
}

/// Every command between backticks.
fn named() -> Vec<&'static str> {
    let code = README.split('`').skip(1).step_by(2);
    code.filter(|code| ours(code).is_some()).collect()
}

#[test]
fn the_lines_shown_are_what_the_commands_print() {
    // Files are named as they lie in the repository.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).expect("the repository");
    let found = tempfile::tempdir().expect("a folder");
    let shown = shown();
    assert_eq!(shown.len(), 4, "the README shows four commands");
    for (command, lines) in shown {
        let Some(arguments) = ours(command) else {
            assert!(OTHERS.contains(&command), "`{command}` is known");
            continue;
        };
        let (code, printed) = match arguments {
            "check raft" => check_raft(found.path()),
            _ => answer(found.path(), arguments),
        };
        let violated = lines.iter().any(|line| line.starts_with('✗'));
        assert_eq!(code, u8::from(violated), "{command}:\n{printed}");
        let mut rest = printed.lines().map(str::trim);
        for line in lines {
            let there = rest.any(|printed| printed == line);
            assert!(there, "`{line}` is not, in this order, what {command} prints:\n{printed}");
        }
    }
}

#[test]
fn the_commands_named_are_answered() {
    // Files are named as they lie in the repository.
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).expect("the repository");
    let found = tempfile::tempdir().expect("a folder");
    let mut answered = 0;
    for command in named() {
        // A line that stands for many, one that is shown in full, and the costly ones.
        let elsewhere = ["check raft", "explore raft --bug commit-old-term"];
        let arguments = ours(command).expect("a command of ours");
        let general = command.contains("FILE") || command.contains("MODEL");
        if general || elsewhere.contains(&arguments.trim()) {
            continue;
        }
        // Two hundred runs of each scenario say as well that the line is understood.
        let fewer = if arguments.starts_with("check") { " --runs 200" } else { "" };
        let (code, printed) = answer(found.path(), &format!("{arguments}{fewer}"));
        let row = README.lines().find(|line| line.contains(&format!("`{command}`")));
        let claims = README.lines().find_map(|line| {
            let (code, rest) = line.strip_prefix("| ")?.split_once(" | ")?;
            rest.contains(&format!("`{command}`")).then(|| code.parse::<u8>().ok())?
        });
        let expected = match claims {
            Some(code) => code,
            None if printed.starts_with('✗') => 1,
            None => 0,
        };
        assert_eq!(code, expected, "{command}, in {row:?}:\n{printed}");
        answered += 1;
    }
    assert!(answered >= 15, "the README names commands, {answered} of them");
}

#[test]
fn the_pictures_are_of_the_counterexamples() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (picture, file) in [("forgot-vote", "forgot-vote"), ("figure-8", "commit-old-term")] {
        let file = repository.join(format!("counterexamples/raft-{file}.json"));
        let picture = repository.join(format!("docs/{picture}.svg"));
        let command = format!("explain {} --format svg", file.display());
        let (code, drawn) = answer(&repository, &command);
        let kept = std::fs::read_to_string(&picture).expect("a picture");
        assert_eq!(code, 0, "{drawn}");
        assert!(kept == drawn, "`splitbrain {command} --out {}` draws it anew", picture.display());
    }
}

#[test]
fn the_commands_of_the_table_are_all_there_are() {
    let found = tempfile::tempdir().expect("a folder");
    let (_, help) = answer(found.path(), "--help");
    let commands = help.split("Commands:\n").nth(1).expect("commands");
    let commands = commands.split("\n\n").next().expect("the end of the commands");
    for command in commands.lines().filter_map(|line| line.split_whitespace().next()) {
        let row = format!("| `splitbrain {command} ");
        let there = README.contains(&row) || README.contains(&format!("{}`", row.trim_end()));
        assert!(there || command == "help", "the README's table has no `{command}`");
    }
}
