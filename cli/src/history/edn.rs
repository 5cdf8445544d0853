//! EDN, as far as histories use it: every value with the place where it begins.
//!
//! The crates there are keep no places with the values they read, and a complaint about a history
//! of thousands of operations is worth little without one.

use super::datum::Datum;
use super::{Misread, Place};

/// Values are nested no deeper than that.
const DEEPEST: usize = 64;

/// Reads values one after the other.
pub(super) struct Reader<'a> {
    rest: &'a str,
    place: Place,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Reader<'a> {
        Reader { rest: text, place: Place { line: 1, column: 1 }, depth: 0 }
    }

    /// The next value and where it begins; nothing at the end of the text.
    pub(super) fn value(&mut self) -> Result<Option<(Place, Datum)>, Misread> {
        self.skip_blanks()?;
        let place = self.place;
        match self.peek() {
            None => Ok(None),
            Some(_) => Ok(Some((place, self.datum()?))),
        }
    }

    /// Whether a vector or a list begins here; if so, steps into it.
    pub(super) fn steps_into_list(&mut self) -> Result<Option<char>, Misread> {
        self.skip_blanks()?;
        let end = match self.peek() {
            Some('[') => ']',
            Some('(') => ')',
            Some(_) | None => return Ok(None),
        };
        self.next();
        Ok(Some(end))
    }

    /// Whether the list that was stepped into ends here.
    pub(super) fn ends_list(&mut self, end: char) -> Result<bool, Misread> {
        self.skip_blanks()?;
        match self.peek() {
            None => Err(self.unfinished("the list", end)),
            Some(sign) => {
                let ends = sign == end;
                if ends {
                    self.next();
                }
                Ok(ends)
            }
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let sign = self.peek()?;
        self.rest = &self.rest[sign.len_utf8()..];
        match sign {
            '\n' => self.place = Place { line: self.place.line + 1, column: 1 },
            _ => self.place.column += 1,
        }
        Some(sign)
    }

    fn skip(&mut self, signs: usize) {
        for _ in 0..signs {
            self.next();
        }
    }

    /// Skips blanks, commas, comments and values that are to be ignored (`#_`).
    fn skip_blanks(&mut self) -> Result<(), Misread> {
        loop {
            match self.peek() {
                Some(sign) if sign.is_whitespace() || sign == ',' => self.skip(1),
                Some(';') => while self.next().is_some_and(|sign| sign != '\n') {},
                Some('#') if self.rest.starts_with("#_") => {
                    self.next();
                    self.next();
                    self.inner("a value behind `#_`")?;
                }
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// A value that has to be there, one level deeper.
    fn inner(&mut self, expected: &str) -> Result<Datum, Misread> {
        self.skip_blanks()?;
        if self.peek().is_none() {
            return Err(Misread::at(self.place, format!("expected {expected}, and the text ends")));
        }
        if self.depth == DEEPEST {
            let what = format!("values are nested more than {DEEPEST} deep; this is no history");
            return Err(Misread::at(self.place, what));
        }
        self.depth += 1;
        let datum = self.datum();
        self.depth -= 1;
        datum
    }

    fn datum(&mut self) -> Result<Datum, Misread> {
        let place = self.place;
        match self.peek().expect("there is something") {
            '[' => self.list(']'),
            '(' => self.list(')'),
            '{' => self.map(),
            '"' => self.text(),
            '\\' => self.character(),
            '#' => {
                self.next();
                match self.peek() {
                    Some('{') => self.list('}'),
                    Some(sign) if sign.is_alphabetic() => {
                        let tag = self.token();
                        let value = self.inner(&format!("a value behind #{tag}"))?;
                        Ok(match tag.as_str() {
                            // What an operation is called as a record of Clojure.
                            "jepsen.history.Op" | "jepsen.history/Op" => value,
                            _ => Datum::Tagged(tag, Box::new(value)),
                        })
                    }
                    Some('#') => {
                        self.next();
                        Ok(Datum::Number(format!("##{}", self.token())))
                    }
                    Some(_) | None => Err(Misread::at(
                        place,
                        "expected a tag or a set behind `#`; see edn-format.org",
                    )),
                }
            }
            sign @ (']' | ')' | '}') => Err(Misread::at(
                place,
                format!("expected a value, found `{sign}`, which closes nothing; take it out"),
            )),
            _ => self.atom(),
        }
    }

    fn list(&mut self, end: char) -> Result<Datum, Misread> {
        let place = self.place;
        self.next();
        let mut values = Vec::new();
        loop {
            self.skip_blanks()?;
            match self.peek() {
                None => return Err(unclosed(place, end)),
                Some(sign) if sign == end => {
                    self.next();
                    return Ok(Datum::List(values));
                }
                Some(_) => values.push(self.inner("a value")?),
            }
        }
    }

    fn map(&mut self) -> Result<Datum, Misread> {
        let place = self.place;
        self.next();
        let mut fields: Vec<(Datum, Datum)> = Vec::new();
        loop {
            self.skip_blanks()?;
            let here = self.place;
            match self.peek() {
                None => return Err(unclosed(place, '}')),
                Some('}') => {
                    self.next();
                    return Ok(Datum::Map(fields));
                }
                Some(_) => {}
            }
            let key = self.inner("a key")?;
            if fields.iter().any(|(other, _)| *other == key) {
                return Err(Misread::at(here, format!("the key {key} is there twice; keep one")));
            }
            self.skip_blanks()?;
            if self.peek() == Some('}') {
                return Err(Misread::at(
                    self.place,
                    format!("expected a value for {key}, found `}}`; a map has keys and values"),
                ));
            }
            let value = self.inner(&format!("a value for {key}"))?;
            fields.push((key, value));
        }
    }

    fn text(&mut self) -> Result<Datum, Misread> {
        let begun = self.place;
        self.next();
        let mut text = String::new();
        loop {
            let place = self.place;
            match self.next() {
                None => return Err(unclosed(begun, '"')),
                Some('"') => return Ok(Datum::Text(text)),
                Some('\\') => text.push(self.escaped(place)?),
                Some(sign) => text.push(sign),
            }
        }
    }

    fn escaped(&mut self, place: Place) -> Result<char, Misread> {
        match self.next() {
            Some('n') => Ok('\n'),
            Some('t') => Ok('\t'),
            Some('r') => Ok('\r'),
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some(sign @ ('"' | '\\' | '/')) => Ok(sign),
            Some('u') => {
                let digits: String = self.rest.chars().take(4).collect();
                let sign = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                let sign = sign.ok_or_else(|| {
                    Misread::at(place, "expected four hexadecimal digits behind `\\u`")
                })?;
                self.skip(4);
                Ok(sign)
            }
            Some(sign) => Err(Misread::at(
                place,
                format!("a text has no `\\{sign}`; write `\\\\` for a backslash"),
            )),
            None => Err(unclosed(place, '"')),
        }
    }

    fn character(&mut self) -> Result<Datum, Misread> {
        self.next();
        let mut name = self.next().map(String::from).unwrap_or_default();
        name.push_str(&self.token());
        Ok(Datum::Text(match name.as_str() {
            "newline" => "\n".to_string(),
            "space" => " ".to_string(),
            "tab" => "\t".to_string(),
            "return" => "\r".to_string(),
            _ => name,
        }))
    }

    /// The signs up to the next blank or bracket.
    fn token(&mut self) -> String {
        let ends = |sign: char| sign.is_whitespace() || ",;()[]{}\"".contains(sign);
        let length = self.rest.find(ends).unwrap_or(self.rest.len());
        let token = self.rest[..length].to_string();
        self.skip(token.chars().count());
        token
    }

    fn atom(&mut self) -> Result<Datum, Misread> {
        let place = self.place;
        let token = self.token();
        let mut signs = token.chars();
        let (first, second) = (signs.next(), signs.next());
        let digit = |sign: Option<char>| sign.is_some_and(|sign| sign.is_ascii_digit());
        match token.as_str() {
            "nil" => Ok(Datum::Nil),
            "true" => Ok(Datum::Bool(true)),
            "false" => Ok(Datum::Bool(false)),
            ":" => Err(Misread::at(place, "expected a keyword behind `:`, such as :read")),
            _ if first == Some(':') => Ok(Datum::Name(token[1..].to_string())),
            _ if digit(first) || (matches!(first, Some('-' | '+')) && digit(second)) => {
                let plain = token.strip_suffix('N').unwrap_or(&token);
                Ok(plain.parse().map_or_else(|_| Datum::Number(token.clone()), Datum::Int))
            }
            _ => Ok(Datum::Name(token)),
        }
    }

    fn unfinished(&self, what: &str, end: char) -> Misread {
        Misread::at(
            self.place,
            format!("expected `{end}` at the end of {what}, and the text ends; is it cut off?"),
        )
    }
}

fn unclosed(begun: Place, end: char) -> Misread {
    Misread::at(begun, format!("what begins here has no `{end}` at its end; is the file cut off?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let mut reader = Reader::new(text);
        let mut values = Vec::new();
        while let Some((place, value)) = reader.value().map_err(|misread| misread.to_string())? {
            values.push(format!("{}:{} {value}", place.line, place.column));
        }
        Ok(values)
    }

    #[test]
    fn values_are_read_with_their_places() {
        for (text, expected) in [
            ("", vec![]),
            (" ; nothing\n,", vec![]),
            ("nil true -7 +7 7N", vec!["1:1 nil", "1:5 true", "1:10 -7", "1:13 7", "1:16 7"]),
            (
                "1.5 1/2 99999999999999999999 ##NaN",
                vec!["1:1 1.5", "1:5 1/2", "1:9 99999999999999999999", "1:30 ##NaN"],
            ),
            (":read\n  :a/b sym - -a", vec!["1:1 read", "2:3 a/b", "2:8 sym", "2:12 -", "2:14 -a"]),
            (
                r#""a\n\"é\u0041" \a \newline"#,
                vec![r#"1:1 "a\n\"éA""#, r#"1:16 "a""#, r#"1:19 "\n""#],
            ),
            ("[1 (2 #{3}) {:a 1, :b [nil]}]", vec!["1:1 [1 [2 [3]] {a 1, b [nil]}]"]),
            ("#_ 1 2 [#_{:a 1} 3 #_4]", vec!["1:6 2", "1:8 [3]"]),
            ("#jepsen.history.Op{:a 1} #inst \"x\"", vec!["1:1 {a 1}", "1:26 #inst \"x\""]),
        ] {
            assert_eq!(read(text).expect(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_edn_is_refused_with_the_place() {
        for (text, expected) in [
            ("]", "line 1, column 1: expected a value, found `]`"),
            ("\n [1 2", "line 2, column 2: what begins here has no `]` at its end"),
            ("{:a 1", "line 1, column 1: what begins here has no `}` at its end"),
            ("{:a}", "line 1, column 4: expected a value for a, found `}`"),
            ("{:a 1 :a 2}", "line 1, column 7: the key a is there twice"),
            ("[1 }", "line 1, column 4: expected a value, found `}`"),
            ("\"abc", "line 1, column 1: what begins here has no `\"` at its end"),
            (r#""\q""#, "line 1, column 2: a text has no `\\q`"),
            (r#""\u00z0""#, "line 1, column 2: expected four hexadecimal digits"),
            ("# 1", "line 1, column 1: expected a tag or a set behind `#`"),
            ("#inst", "line 1, column 6: expected a value behind #inst, and the text ends"),
            ("[:]", "line 1, column 2: expected a keyword behind `:`"),
            (&"[".repeat(100), "line 1, column 66: values are nested more than 64 deep"),
        ] {
            let refused = read(text).expect_err(text);
            assert!(refused.starts_with(expected), "{text}: {refused}");
        }
    }
}
