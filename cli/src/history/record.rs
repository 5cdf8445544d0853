//! An event of a history: a process begins an operation, or hears what became of it.

use super::datum::Datum;
use super::edn::Reader;
use super::{Misread, Place};

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Type {
    Invoke,
    Ok,
    /// It had no effect.
    Fail,
    /// Nobody knows.
    Info,
}

/// An event of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    pub(crate) place: Place,
    pub(crate) process: u64,
    pub(crate) kind: Type,
    pub(crate) f: String,
    /// Nothing where the field is not there at all.
    pub(crate) value: Option<Datum>,
    pub(crate) key: Option<Datum>,
}

/// The events of a history, and how many others there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Records {
    pub(crate) records: Vec<Record>,
    /// Events of the nemesis, which are no operations.
    pub(crate) skipped: usize,
}

/// An event as it is to be written.
const SHAPE: &str =
    r#"write one such as {"process": 0, "type": "invoke", "f": "write", "value": 1}"#;

impl Records {
    /// Reads a history: JSON, one object a line, or EDN, maps one after the other or in a vector.
    pub(crate) fn read(text: &str) -> Result<Records, Misread> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut records = Records::default();
        match looks_like_json(text) {
            true => records.read_json(text)?,
            false => records.read_edn(text)?,
        }
        Ok(records)
    }

    fn read_json(&mut self, text: &str) -> Result<(), Misread> {
        for (at, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let place = |column| Place { line: at + 1, column };
            let value: serde_json::Value = serde_json::from_str(line).map_err(|error| {
                // Its own words end with the place in the line.
                let said = error.to_string();
                let said = said.split(" at line ").next().unwrap_or_default();
                let what = format!("expected one JSON object a line: {said}; {SHAPE}");
                Misread::at(place(error.column()), what)
            })?;
            let column = line.chars().take_while(|sign| sign.is_whitespace()).count() + 1;
            self.add(place(column), value.into())?;
        }
        Ok(())
    }

    fn read_edn(&mut self, text: &str) -> Result<(), Misread> {
        let mut reader = Reader::new(text);
        let end = reader.steps_into_list()?;
        loop {
            if let Some(end) = end
                && reader.ends_list(end)?
            {
                return match reader.value()? {
                    None => Ok(()),
                    Some((place, _)) => {
                        let what = "expected nothing behind the vector of all events; \
                                    keep one history in a file";
                        Err(Misread::at(place, what))
                    }
                };
            }
            match reader.value()? {
                Some((place, event)) => self.add(place, event)?,
                None => return Ok(()),
            }
        }
    }

    fn add(&mut self, place: Place, event: Datum) -> Result<(), Misread> {
        let wrong = |what: String| Misread::at(place, what);
        if !matches!(event, Datum::Map(_)) {
            return Err(wrong(format!("expected a map, found {event}; {SHAPE}")));
        }
        let field = |name: &str| {
            let missing = || wrong(format!("the event has no `{name}`; {SHAPE}"));
            event.field(name).ok_or_else(missing)
        };
        let process = match field("process")? {
            Datum::Int(number) if *number >= 0 => number.unsigned_abs(),
            other if other.word() == Some("nemesis") => {
                self.skipped += 1;
                return Ok(());
            }
            other => {
                return Err(wrong(format!(
                    "the process is {other}; expected a number from 0, or nemesis, which is skipped"
                )));
            }
        };
        let kind = field("type")?;
        let kind = match kind.word() {
            Some("invoke") => Type::Invoke,
            Some("ok") => Type::Ok,
            Some("fail") => Type::Fail,
            Some("info") => Type::Info,
            Some(_) | None => {
                return Err(wrong(format!(
                    "the type is {kind}; expected invoke, ok, fail (it had no effect) or info \
                     (nobody knows)"
                )));
            }
        };
        let f = field("f")?;
        let Some(f) = f.word() else {
            return Err(wrong(format!("the f is {f}; expected the name of an operation: {SHAPE}")));
        };
        let f = f.to_string();
        let value = event.field("value").cloned();
        let key = event.field("key").filter(|key| **key != Datum::Nil).cloned();
        self.records.push(Record { place, process, kind, f, value, key });
        Ok(())
    }
}

/// Whether the first event is an object of JSON: its first key is in quotation marks.
fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start();
    match text.strip_prefix('{') {
        Some(rest) => rest.trim_start().starts_with(['"', '}']),
        None => text.starts_with('"'),
    }
}
