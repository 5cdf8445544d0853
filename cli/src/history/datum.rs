//! Values as histories write them, in JSON or in EDN.

use std::fmt;

/// A value. Two that are written alike are equal; floats are never computed with.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Datum {
    /// `null`, `nil`.
    Nil,
    Bool(bool),
    Int(i64),
    /// Any other number, as it is written.
    Number(String),
    Text(String),
    /// A keyword of EDN without its colon, or a symbol.
    Name(String),
    /// A list, vector or set, in the order in which it is written.
    List(Vec<Datum>),
    Map(Vec<(Datum, Datum)>),
    /// A value of EDN with a tag that means nothing here.
    Tagged(String, Box<Datum>),
}

impl Datum {
    /// A keyword, symbol or text as a word.
    pub(crate) fn word(&self) -> Option<&str> {
        match self {
            Datum::Text(word) | Datum::Name(word) => Some(word),
            _ => None,
        }
    }

    /// The value of a field of a map.
    pub(crate) fn field(&self, name: &str) -> Option<&Datum> {
        let Datum::Map(fields) = self else { return None };
        fields.iter().find(|(key, _)| key.word() == Some(name)).map(|(_, value)| value)
    }

    /// Both values of a list of two.
    pub(crate) fn pair(&self) -> Option<(&Datum, &Datum)> {
        match self {
            Datum::List(values) => match values.as_slice() {
                [one, other] => Some((one, other)),
                _ => None,
            },
            Datum::Tagged(_, value) => value.pair(),
            _ => None,
        }
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Datum::Nil => f.write_str("nil"),
            Datum::Bool(value) => write!(f, "{value}"),
            Datum::Int(value) => write!(f, "{value}"),
            Datum::Number(text) | Datum::Name(text) => f.write_str(text),
            Datum::Text(text) => write!(f, "{text:?}"),
            Datum::List(values) => {
                f.write_str("[")?;
                for (at, value) in values.iter().enumerate() {
                    let gap = if at > 0 { " " } else { "" };
                    write!(f, "{gap}{value}")?;
                }
                f.write_str("]")
            }
            Datum::Map(fields) => {
                f.write_str("{")?;
                for (at, (key, value)) in fields.iter().enumerate() {
                    let gap = if at > 0 { ", " } else { "" };
                    write!(f, "{gap}{key} {value}")?;
                }
                f.write_str("}")
            }
            Datum::Tagged(tag, value) => write!(f, "#{tag} {value}"),
        }
    }
}

impl From<serde_json::Value> for Datum {
    fn from(value: serde_json::Value) -> Datum {
        use serde_json::Value;
        match value {
            Value::Null => Datum::Nil,
            Value::Bool(value) => Datum::Bool(value),
            Value::Number(number) => match number.as_i64() {
                Some(number) => Datum::Int(number),
                None => Datum::Number(number.to_string()),
            },
            Value::String(text) => Datum::Text(text),
            Value::Array(values) => Datum::List(values.into_iter().map(Datum::from).collect()),
            Value::Object(fields) => {
                let fields = fields.into_iter();
                Datum::Map(fields.map(|(key, value)| (Datum::Text(key), value.into())).collect())
            }
        }
    }
}
