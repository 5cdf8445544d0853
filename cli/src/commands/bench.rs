//! `bench`: engines side by side.

use serde_json::{Value, json};

use crate::bench::arguments::Bench;
use crate::bench::engines::Engine;
use crate::bench::measure::Outcome;
use crate::bench::rows::{self, Row};
use crate::bench::works::{self, WORKS, Work};
use crate::print::{self, Page};
use crate::session::{Problem, Session, exit};

/// Measures every engine at every work asked for.
pub(super) fn bench(session: &mut Session<'_>, asked: &Bench) -> Result<u8, Problem> {
    if let Some([work, engine]) = asked.row.as_deref() {
        let row = rows::here(works::work(work).map_err(Problem)?, engine).map_err(Problem)?;
        session.say(&format!("{}\n", serde_json::to_string(&row)?))?;
        return Ok(exit::HOLDS);
    }
    let chosen = works::chosen(&asked.works, asked.short, asked.long).map_err(Problem)?;
    if asked.list {
        return list(session, if asked.works.is_empty() { WORKS.iter().collect() } else { chosen });
    }
    if chosen.is_empty() {
        let sentence = "what you name runs with --long only; name its size, too: see --list";
        return Err(Problem(sentence.to_string()));
    }
    table(session, asked, &chosen, |work, engine| rows::apart(work, engine, asked.repeat))
}

/// Measures every row and prints the table; the exit code says whether the counts agree.
fn table(
    session: &mut Session<'_>,
    asked: &Bench,
    chosen: &[&Work],
    measure: impl Fn(&Work, Engine) -> Row,
) -> Result<u8, Problem> {
    let mut done = Vec::new();
    for work in chosen {
        let rows = rows_of(session, asked, work, &measure);
        let differences = rows::differences(work, &rows);
        if !session.json {
            let mut page = Page::new(session.colour);
            print::bench::work(&mut page, work, &rows, &differences);
            session.say(&page.done())?;
        }
        done.push((work, rows, differences));
    }
    if !session.json {
        let mut page = Page::new(session.colour);
        print::bench::legend(&mut page);
        session.say(&page.done())?;
    }
    let code = done.iter().map(|(_, rows, differences)| code_of(rows, differences));
    let code = code.fold(exit::HOLDS, exit::graver);
    if session.json {
        let works: Vec<Value> = done
            .iter()
            .map(|(work, rows, differences)| in_json(work, rows, differences))
            .collect::<Result<_, _>>()?;
        session.say_json(&json!({ "works": works, "exit_code": code }))?;
    }
    Ok(code)
}

/// The rows of one work, told as they are begun.
fn rows_of(
    session: &mut Session<'_>,
    asked: &Bench,
    work: &Work,
    measure: impl Fn(&Work, Engine) -> Row,
) -> Vec<Row> {
    let engines = work.engines(asked.long, asked.only_ours);
    let mut rows = Vec::new();
    for engine in engines {
        if session.progress {
            session.remark(&format!("{}: {} is at it", work.name, engine.name()));
        }
        rows.push(measure(work, engine));
    }
    rows
}

/// Counts that differ are a violation; a row that failed leaves the table unfinished.
fn code_of(rows: &[Row], differences: &[String]) -> u8 {
    let failed = rows.iter().any(|row| matches!(row.outcome, Outcome::Failed { .. }));
    match (differences.is_empty(), failed) {
        (false, _) => exit::VIOLATED,
        (true, true) => exit::INCONCLUSIVE,
        (true, false) => exit::HOLDS,
    }
}

fn in_json(work: &Work, rows: &[Row], differences: &[String]) -> Result<Value, Problem> {
    let rows = rows.iter().map(|row| {
        let mut value = serde_json::to_value(row)?;
        value["slower"] = json!(rows::slower(row, rows));
        Ok(value)
    });
    Ok(json!({
        "work": work.name, "kind": work.kind, "about": work.about, "published": work.counts,
        "rows": rows.collect::<Result<Vec<Value>, Problem>>()?, "differences": differences,
    }))
}

fn list(session: &mut Session<'_>, chosen: Vec<&Work>) -> Result<u8, Problem> {
    if session.json {
        let works: Result<Vec<Value>, Problem> =
            chosen.into_iter().map(|work| in_json(work, &[], &[])).collect();
        session.say_json(&json!({ "works": works? }))?;
    } else {
        let mut page = Page::new(session.colour);
        print::bench::list(&mut page, &chosen);
        session.say(&page.done())?;
    }
    Ok(exit::HOLDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Common;
    use crate::bench::engines::search;
    use crate::bench::measure::Counts;

    #[test]
    fn a_difference_fails_the_command_and_a_failed_row_leaves_it_unfinished() {
        let why = || "no".to_string();
        let row = |outcome| Row { engine: Engine::Spin, outcome };
        let unavailable = [row(Outcome::Unavailable { why: why() })];
        let failed = [row(Outcome::Failed { why: why() })];
        assert_eq!(code_of(&unavailable, &[]), exit::HOLDS);
        assert_eq!(code_of(&failed, &[]), exit::INCONCLUSIVE);
        assert_eq!(code_of(&failed, &[why()]), exit::VIOLATED);
    }

    /// What the command says of a work and ends with, its engines at it in this process.
    fn told(work: &Work, json: bool) -> (String, u8) {
        let asked = Bench {
            works: Vec::new(),
            short: true,
            long: false,
            repeat: 1,
            only_ours: false,
            list: false,
            row: None,
        };
        let common = Common { json, verbose: 0, no_progress: true };
        let catalog = splitbrain_models::catalog();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut session = Session::new("splitbrain", "0", &catalog, &common, &mut out, &mut err);
        let measure = |work: &Work, engine| Row { engine, outcome: search(work.subject, engine) };
        let code = table(&mut session, &asked, &[work], measure).expect("a table");
        (String::from_utf8(out).expect("text"), code)
    }

    #[test]
    fn the_command_ends_with_a_violation_where_engines_count_what_they_should_not() {
        let right = works::work("register-whole-2x2").expect("a work").clone();
        let counts = right.counts.expect("they are known");
        let (text, code) = told(&right, false);
        assert_eq!(code, exit::HOLDS, "{text}");
        assert!(!text.contains("searches something else"), "{text}");
        for wrong in [
            Counts { states: counts.states + 1, ..counts },
            Counts { transitions: counts.transitions - 1, ..counts },
            Counts { depth: Some(3), ..counts },
        ] {
            let work = Work { counts: Some(wrong), ..right.clone() };
            let (text, code) = told(&work, false);
            assert_eq!(code, exit::VIOLATED, "{text}");
            assert!(text.contains("splitbrain counts 544 states, 874 transitions"), "{text}");
            let (json, code) = told(&work, true);
            assert_eq!(code, exit::VIOLATED, "{json}");
            assert!(json.contains("\"exit_code\": 1"), "{json}");
        }
    }
}
