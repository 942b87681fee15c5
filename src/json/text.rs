//! Reading JSON text, token by token: strict about what JSON is, and nothing of it is lost or changed.
//!
//! Half a pair of surrogates, which no text can hold, becomes U+FFFD.

use std::borrow::Cow;
use std::collections::btree_map::Entry;

use super::number::Number;
use super::value::{Map, Value};

/// Maximum nesting depth of a text, objects and lists together.
const MAX_DEPTH: u32 = 128;

/// Token of a text. Of a list or an object it is only the beginning.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it is written.
    Number(&'a str),
    /// A text.
    Text(Cow<'a, str>),
    /// `[`
    List,
    /// `{`
    Object,
}

/// Syntax error, and its position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at line {line} column {column}")]
pub struct Fault {
    what: Cow<'static, str>,
    line: usize,
    column: usize,
}

/// A place in a text.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

type Read<T> = Result<T, Fault>;

/// Parses one value.
///
/// # Errors
///
/// If it is no JSON, or has a key twice in one object.
pub fn parse(text: &[u8]) -> Read<Value> {
    let mut reader = Reader::new(text)?;
    let value = reader.value(MAX_DEPTH)?;
    reader.end()?;
    Ok(value)
}

/// Parses one object.
///
/// # Errors
///
/// If it is no JSON, has a key twice in one object, or is something else.
pub fn parse_object(text: &[u8]) -> Read<Map> {
    match parse(text)? {
        Value::Object(object) => Ok(object),
        _ => Err(fault(text, 0, "expected an object".into())),
    }
}

fn fault(text: &[u8], at: usize, what: Cow<'static, str>) -> Fault {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n + 1);
    Fault {
        what,
        line: 1 + before.iter().filter(|b| **b == b'\n').count(),
        column: 1 + before.len() - line_start,
    }
}

impl<'a> Reader<'a> {
    /// The beginning of a text.
    ///
    /// # Errors
    ///
    /// If it is not UTF-8.
    pub(super) fn new(text: &'a [u8]) -> Read<Self> {
        match std::str::from_utf8(text) {
            Ok(text) => Ok(Reader { text, at: 0 }),
            Err(error) => Err(fault(
                text,
                error.valid_up_to(),
                "bytes that are not UTF-8".into(),
            )),
        }
    }

    /// That something is wrong here.
    pub(super) fn fault(&self, what: impl Into<Cow<'static, str>>) -> Fault {
        fault(self.text.as_bytes(), self.at, what.into())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) -> Option<u8> {
        while let Some(byte) = self.peek() {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// That nothing but space follows.
    ///
    /// # Errors
    ///
    /// If something does.
    pub(super) fn end(&mut self) -> Read<()> {
        match self.skip_space() {
            None => Ok(()),
            Some(_) => Err(self.fault("trailing characters")),
        }
    }

    /// The next value, or the beginning of one.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(super) fn token(&mut self) -> Read<Token<'a>> {
        let simple = |reader: &mut Self, word: &str, token| {
            let rest = reader.text.get(reader.at..).unwrap_or_default();
            if !rest.starts_with(word) {
                return Err(reader.fault("expected value"));
            }
            reader.at += word.len();
            Ok(token)
        };
        match self.skip_space() {
            None => Err(self.fault("EOF while parsing a value")),
            Some(b'"') => self.text().map(Token::Text),
            Some(b'{') => simple(self, "{", Token::Object),
            Some(b'[') => simple(self, "[", Token::List),
            Some(b't') => simple(self, "true", Token::Bool(true)),
            Some(b'f') => simple(self, "false", Token::Bool(false)),
            Some(b'n') => simple(self, "null", Token::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(Token::Number),
            Some(_) => Err(self.fault("expected value")),
        }
    }

    /// Whether another element of a list follows; after the last one the list is over.
    ///
    /// # Errors
    ///
    /// If neither an element nor the end follows.
    pub(super) fn element(&mut self, first: bool) -> Read<bool> {
        match self.skip_space() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                match self.skip_space() {
                    Some(b']') => Err(self.fault("trailing comma")),
                    _ => Ok(true),
                }
            }
            None => Err(self.fault("EOF while parsing a list")),
            Some(_) => Err(self.fault("expected `,` or `]`")),
        }
    }

    /// The next key of an object, up to its value; none if the object is over.
    ///
    /// # Errors
    ///
    /// If neither a key nor the end follows.
    pub(super) fn key(&mut self, first: bool) -> Read<Option<Cow<'a, str>>> {
        match self.skip_space() {
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(_) if first => {}
            Some(b',') => {
                self.at += 1;
                if self.skip_space() == Some(b'}') {
                    return Err(self.fault("trailing comma"));
                }
            }
            None => return Err(self.fault("EOF while parsing an object")),
            Some(_) => return Err(self.fault("expected `,` or `}`")),
        }
        let key = match self.skip_space() {
            Some(b'"') => self.text()?,
            None => return Err(self.fault("EOF while parsing an object")),
            Some(_) => return Err(self.fault("key must be a string")),
        };
        match self.skip_space() {
            Some(b':') => self.at += 1,
            None => return Err(self.fault("EOF while parsing an object")),
            Some(_) => return Err(self.fault("expected `:`")),
        }
        Ok(Some(key))
    }

    /// A whole value that nests at most so deep.
    fn value(&mut self, depth: u32) -> Read<Value> {
        let deeper = |reader: &Self| {
            depth
                .checked_sub(1)
                .ok_or_else(|| reader.fault(format!("nests deeper than {MAX_DEPTH} levels")))
        };
        Ok(match self.token()? {
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Number(text) => Value::Number(Number::written(text)),
            Token::Text(text) => Value::String(text.into_owned()),
            Token::List => {
                let depth = deeper(self)?;
                let mut items = Vec::new();
                while self.element(items.is_empty())? {
                    items.push(self.value(depth)?);
                }
                Value::Array(items)
            }
            Token::Object => {
                let depth = deeper(self)?;
                let mut members = Map::new();
                while let Some(key) = self.key(members.is_empty())? {
                    let value = self.value(depth)?;
                    self.insert(&mut members, key, value)?;
                }
                Value::Object(members)
            }
        })
    }

    /// Puts a member into an object that has no such one yet.
    ///
    /// # Errors
    ///
    /// If it has one: which of them is meant?
    pub(super) fn insert(&self, members: &mut Map, key: Cow<'a, str>, value: Value) -> Read<()> {
        match members.entry(key.into_owned()) {
            Entry::Vacant(place) => {
                place.insert(value);
                Ok(())
            }
            Entry::Occupied(place) => {
                let key: String = place.key().chars().take(60).collect();
                Err(self.fault(format!(
                    "the key {key:?} is in one object twice; send it once"
                )))
            }
        }
    }

    fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.peek().is_some_and(|b| b.is_ascii_digit()) {
                reader.at += 1;
            }
            match reader.at > from {
                true => Ok(()),
                false => Err(reader.fault("invalid number")),
            }
        };
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => digits(self)?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            digits(self)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            digits(self)?;
        }
        match self.peek() {
            // Only a zero in front of others can end up here.
            Some(b'0'..=b'9') => Err(self.fault("invalid number")),
            _ => Ok(self.text.get(start..self.at).unwrap_or_default()),
        }
    }

    /// A text, from its quote on.
    fn text(&mut self) -> Read<Cow<'a, str>> {
        self.at += 1;
        let mut unescaped: Option<String> = None;
        loop {
            let start = self.at;
            let rest = self.text.as_bytes().get(start..).unwrap_or_default();
            let plain = rest
                .iter()
                .position(|b| matches!(b, b'"' | b'\\' | 0..=0x1f))
                .unwrap_or(rest.len());
            self.at += plain;
            let part = self.text.get(start..self.at).unwrap_or_default();
            match self.peek() {
                None => return Err(self.fault("EOF while parsing a string")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match unescaped {
                        None => Cow::Borrowed(part),
                        Some(text) => Cow::Owned(text + part),
                    });
                }
                Some(b'\\') => {
                    let text = unescaped.get_or_insert_default();
                    text.push_str(part);
                    let escaped = self.escape()?;
                    text.push(escaped);
                }
                Some(_) => {
                    return Err(
                        self.fault("a control character in a string, which has to be escaped")
                    );
                }
            }
        }
    }

    /// The character that an escape stands for.
    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let byte = self.peek();
        let Some(byte) = byte else {
            return Err(self.fault("EOF while parsing a string"));
        };
        let plain = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                self.at += 1;
                let unit = self.hex()?;
                return Ok(self.character(unit));
            }
            _ => return Err(self.fault("invalid escape")),
        };
        self.at += 1;
        Ok(plain)
    }

    /// Four hexadecimal digits.
    fn hex(&mut self) -> Read<u16> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let text = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(unit) = text.and_then(|text| u16::from_str_radix(text, 16).ok()) else {
            return Err(self.fault("invalid escape"));
        };
        self.at += 4;
        Ok(unit)
    }

    /// The character of a unit of UTF-16, with the other half of a pair if that follows.
    fn character(&mut self, unit: u16) -> char {
        let before = self.at;
        if (0xd800..0xdc00).contains(&unit) {
            let rest = self.text.get(self.at..).unwrap_or_default();
            if rest.starts_with("\\u") {
                self.at += 2;
                if let Ok(low) = self.hex()
                    && let Some(Ok(pair)) = char::decode_utf16([unit, low]).next()
                {
                    return pair;
                }
                self.at = before;
            }
        }
        char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

#[cfg(test)]
mod tests;
