//! The limits of one JSON value: its depth, its values, its paths, and the places that its lists have for them.
//!
//! They are the same at intake, where the text is looked at as it streams by and no tree is made of it, and where a
//! value is appended to a column.

mod census;

use super::text::{Fault, Reader, parse_object};
use super::value::{Map, Value};
use crate::row_error::Bad;
use census::Census;

/// Maximum nesting depth of a value, objects and lists together.
pub const MAX_DEPTH: u32 = 64;

/// Maximum number of members and elements of a value.
pub const MAX_VALUES: usize = 100_000;

/// Maximum number of distinct paths of a value. Of the objects of a list each name counts once.
pub const MAX_PATHS: usize = 1000;

/// Maximum total length of the distinct paths of a value, in bytes.
pub const MAX_NAMES: usize = 128 << 10;

/// The objects of a list are rows of a column of their own, with a place for each path of any of them. A value may have
/// this many places a value, and [`FREE_PLACES`] beside them.
pub const PLACES: u64 = 16;

/// The places in lists that count nothing.
pub const FREE_PLACES: u64 = 64 << 10;

/// Maximum number of objects of one message as a list.
pub const MAX_OBJECTS: usize = 50_000;

/// Looks at the text of an object and gives its outline: all of it but the elements of lists.
///
/// # Errors
///
/// If it is no JSON object, or over a limit. A key that an object in a list has twice is seen when that is parsed.
pub fn outline(text: &[u8]) -> Result<Map<String, Value>, Bad> {
    let mut reader = Reader::new(text).map_err(|fault| no_object(&fault))?;
    let mut census = Census::default();
    let outline = census.outline(&mut reader)?;
    reader.end().map_err(|fault| no_object(&fault))?;
    census.judge().map(|()| outline)
}

/// Checks the limits of an object.
///
/// # Errors
///
/// If it is over one of them.
pub fn check(object: &Map<String, Value>) -> Result<(), Bad> {
    let mut light = Light::default();
    if light.object(object, MAX_DEPTH, 0) {
        return Ok(());
    }
    let mut census = Census::default();
    census.look_at(object)?;
    census.judge()
}

/// Parses the text of an object, if it has no more values than it may have: a tree of it is bounded too.
///
/// # Errors
///
/// If it is no JSON object, or has too many values.
pub fn parse(text: &[u8]) -> Result<Map<String, Value>, Bad> {
    count(text, MAX_VALUES)?;
    parse_object(text).map_err(|fault| Bad::field("body", format!("is not a JSON object: {fault}")))
}

/// Checks that a text of JSON has at most so many members and elements.
///
/// # Errors
///
/// If it has more.
pub fn count(text: &[u8], most: usize) -> Result<(), Bad> {
    // Each takes two bytes at least.
    if text.len() / 2 <= most {
        return Ok(());
    }
    match structure(text).values {
        values if values <= most => Ok(()),
        values => Err(Bad::field(
            "body",
            format!("has {values} members and elements; at most {most}"),
        )),
    }
}

/// Structure of a text of JSON.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Structure {
    /// Number of objects.
    pub objects: usize,
    /// Number of members and elements of them and their lists.
    pub values: usize,
    /// Number of those that have a name.
    pub names: usize,
}

/// Structure of a text that is JSON, or begins so: an upper bound on what a parser could reach.
pub fn structure(text: &[u8]) -> Structure {
    let mut found = Structure::default();
    let mut opened = None;
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            continue;
        }
        // Here every parser stops, whatever follows.
        if opened == Some(b'{') && !matches!(byte, b'"' | b'}') {
            break;
        }
        // The first token after an opening bracket is the first value of its list or object, unless it closes it.
        let first = opened.is_some() && byte != b']' && byte != b'}';
        found.values += usize::from(byte == b',' || first);
        found.names += usize::from(byte == b':');
        found.objects += usize::from(byte == b'{');
        opened = Some(byte).filter(|byte| matches!(byte, b'[' | b'{'));
        if byte == b'"' {
            skip_text(&mut bytes);
        }
    }
    found
}

/// Goes on to the end of a text.
fn skip_text(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return,
            _ => {}
        }
    }
}

fn no_object(fault: &Fault) -> Bad {
    Bad::field("body", format!("should be one JSON object: {fault}"))
}

/// A first look, which lets pass nearly everything and costs next to nothing: with so few values no other limit can be
/// reached.
#[derive(Default)]
struct Light {
    values: usize,
    names: usize,
}

/// Half of them objects in a list, and each of those with a path of its own, are places that count nothing.
const FEW: usize = 512;

impl Light {
    fn object(&mut self, object: &Map<String, Value>, depth: u32, path: usize) -> bool {
        self.values += object.len();
        depth > 0
            && self.values <= FEW
            && object
                .iter()
                .all(|(key, value)| self.value(value, depth - 1, path + key.len() + 1))
    }

    fn value(&mut self, value: &Value, depth: u32, path: usize) -> bool {
        match value {
            Value::Object(object) => self.object(object, depth, path),
            Value::Array(items) => {
                self.names += path;
                self.values += items.len();
                depth > 0
                    && self.values <= FEW
                    && items.iter().all(|item| self.value(item, depth - 1, 0))
            }
            _ => {
                self.names += path;
                self.names <= MAX_NAMES
            }
        }
    }
}

#[cfg(test)]
mod tests;
