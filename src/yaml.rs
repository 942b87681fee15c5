//! YAML text as a tree whose keys and values know their lines. Scalars stay text: what one must be is the business of
//! who reads it.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

/// A value with its line.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Line, from 1.
    pub line: usize,
    /// Value.
    pub value: Value,
}

/// Value in YAML.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Any other scalar.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file and without duplicate keys.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Line of the key, from 1.
    pub line: usize,
    /// The value.
    pub node: Node,
}

/// What is wrong with a text, and in which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Wrong {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

/// Maximum nesting depth of values.
const DEEPEST: usize = 16;

type Read<T> = Result<T, Wrong>;

/// Reads one document; an empty text is nothing.
///
/// # Errors
///
/// If it isn't well formed, has an alias, a key twice or a second document, or is nested too deeply.
pub fn parse(text: &str) -> Result<Node, Wrong> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        depth: 0,
    };
    let node = loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(_), _) => {}
            (Event::StreamEnd | Event::DocumentEnd, line) => {
                let value = Value::Null;
                return Ok(Node { line, value });
            }
            (event, line) => break reader.node(event, line)?,
        }
    };
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(node),
            (Event::DocumentStart(_), line) => {
                return Err(wrong(line, "a second document begins, and one is read"));
            }
            _ => {}
        }
    }
}

/// What is wrong in a line.
pub fn wrong(line: usize, what: impl Into<String>) -> Wrong {
    let what = what.into();
    Wrong { line, what }
}

/// Known name that is most like this one, if one is like it at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let best = known
        .into_iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.8).then_some(best)
}

/// The same as words behind what is wrong; empty if none is like it.
pub fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(best) => format!(" (did you mean `{best}`?)"),
        None => String::new(),
    }
}

// === impl Node ===

impl Node {
    /// The entries of a mapping; nothing is an empty one.
    ///
    /// # Errors
    ///
    /// If it is something else; `what` says what should be there.
    pub fn entries(&self, what: &str) -> Result<&[Entry], Wrong> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            Value::Null => Ok(&[]),
            _ => Err(wrong(self.line, format!("{what} should be here"))),
        }
    }

    /// The text of a scalar; none for anything else.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Read<(Event<'a>, usize)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, span.start.line().max(1))),
            Some(Err(error)) => Err(wrong(
                error.marker().line().max(1),
                format!("this is not well-formed YAML: {}", error.info()),
            )),
            None => Ok((Event::StreamEnd, 1)),
        }
    }

    fn node(&mut self, event: Event<'a>, line: usize) -> Read<Node> {
        if self.depth == DEEPEST {
            return Err(wrong(line, "it is nested too deeply"));
        }
        self.depth += 1;
        let value = match event {
            Event::Scalar(text, style, ..) => scalar(text, style),
            Event::SequenceStart(..) => self.list()?,
            Event::MappingStart(..) => self.map()?,
            Event::Alias(_) => {
                return Err(wrong(line, "aliases are not read; write the value out"));
            }
            _ => return Err(wrong(line, "a value is expected here")),
        };
        self.depth -= 1;
        Ok(Node { line, value })
    }

    fn list(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, line) => items.push(self.node(event, line)?),
            }
        }
    }

    fn map(&mut self) -> Read<Value> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        loop {
            let (key, line) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Map(entries)),
                (Event::Scalar(key, ..), line) => (key.into_owned(), line),
                (_, line) => return Err(wrong(line, "a key must be plain text")),
            };
            if let Some(first) = known.insert(key.clone(), line) {
                let what = format!("`{key}` is there twice, first in line {first}");
                return Err(wrong(line, what));
            }
            let (event, at) = self.next()?;
            let node = self.node(event, at)?;
            entries.push(Entry { key, line, node });
        }
    }
}

fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Value {
    let is_nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
    match is_nothing {
        true => Value::Null,
        false => Value::Text(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, clippy::unwrap_used)]

    use super::*;

    #[test]
    fn keys_and_values_know_their_lines() {
        let tree = parse("# above\na: 1\n\nb:\n  - 'x: y'\n  - ~\nc: { d: '' }\n").unwrap();
        let entries = tree.entries("a mapping").unwrap();
        let lines: Vec<(&str, usize)> = entries.iter().map(|e| (&*e.key, e.line)).collect();
        assert_eq!(lines, [("a", 2), ("b", 4), ("c", 7)]);
        let Value::List(items) = &entries[1].node.value else {
            panic!("{tree:?}");
        };
        assert_eq!((items[0].line, items[0].text()), (5, Some("x: y")));
        assert_eq!(items[1].value, Value::Null);
        let inner = entries[2].node.entries("a mapping").unwrap();
        assert_eq!(inner[0].node.text(), Some(""));
        assert_eq!(parse("").unwrap().entries("a mapping").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_names_its_line() {
        for (text, line, told) in [
            ("a: 1\na: 2\n", 2, "`a` is there twice, first in line 1"),
            ("a: &x 1\nb: *x\n", 2, "aliases are not read"),
            ("a: 1\n---\nb: 2\n", 2, "a second document"),
            ("a:\n  - [\n", 3, "not well-formed YAML"),
            ("? [a]\n: b\n", 1, "a key must be plain text"),
        ] {
            let wrong = parse(text).unwrap_err();
            assert!(wrong.what.contains(told), "{text:?}: {wrong}");
            assert_eq!(wrong.line, line, "{text:?}: {wrong}");
        }
        let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
        assert!(parse(&deep).unwrap_err().what.contains("too deeply"));
        assert_eq!(meant("typs", ["types", "keep"]), " (did you mean `types`?)");
        assert_eq!(meant("zzz", ["types", "keep"]), "");
    }
}
