//! Recorded histories of real systems: reading them, and what their operations mean.
//!
//! - `edn` and `datum` know values and no histories;
//! - `record` is an event of a history, in either format;
//! - `calls` puts beginnings and ends together;
//! - `objects` says what operations of registers, locks, counters and queues are.

pub(crate) mod calls;
mod datum;
mod edn;
pub(crate) mod objects;
pub(crate) mod record;

use std::fmt;

/// One value, as EDN writes it.
pub(crate) fn value(text: &str) -> Result<datum::Datum, Misread> {
    let mut reader = edn::Reader::new(text);
    match (reader.value()?, reader.value()?) {
        (Some((_, value)), None) => Ok(value),
        (None, _) => Err(Misread::whole("there is no value")),
        (Some(_), Some((place, _))) => Err(Misread::at(place, "there is more than one value")),
    }
}

/// Where something begins in a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) line: usize,
    /// From 1, in characters.
    pub(crate) column: usize,
}

/// What is wrong with a history: where, what was expected, what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Misread {
    place: Option<Place>,
    what: String,
}

impl Misread {
    /// Something at a place is wrong.
    pub(crate) fn at(place: Place, what: impl Into<String>) -> Misread {
        Misread { place: Some(place), what: what.into() }
    }

    /// The whole is wrong.
    pub(crate) fn whole(what: impl Into<String>) -> Misread {
        Misread { place: None, what: what.into() }
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => {
                write!(f, "line {line}, column {column}: {}", self.what)
            }
            None => f.write_str(&self.what),
        }
    }
}
