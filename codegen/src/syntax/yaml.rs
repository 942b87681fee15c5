//! YAML text to a tree whose every key and value knows its place. The only file that names the YAML parsers:
//! serde_yaml says what the text means, saphyr-parser where each part of it stands.
//!
//! Scalars stay text: what a value must be is the business of the one who reads it, so that a mistake can be told
//! in the words of the declaration and `NO` or `1.10` never turn into something else on the way.

use saphyr_parser::{Event, Parser};

use crate::base::diagnostic::{Diagnostic, Diagnostics, FileId, Span};
use crate::rules::reading::{DUPLICATE_KEY, YAML_SYNTAX};
use crate::syntax::yaml_words;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Position.
    pub(crate) span: Span,
    /// Value.
    pub(crate) value: Value,
}

/// Value in YAML.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// Any other scalar.
    Scalar(Text),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file and without duplicate keys.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Text,
    /// The value.
    pub(crate) node: Node,
    /// The comment lines directly above, joined to one paragraph; empty if there are none.
    pub(crate) doc: String,
}

/// A scalar as text, with its place.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// The text, without quotes.
    pub(crate) value: String,
    /// Position, with quotes.
    pub(crate) span: Span,
    /// The byte at which the text stands in the file exactly as it is here; none where it was escaped or folded.
    verbatim: Option<usize>,
}

/// Reads one document.
pub(crate) fn parse(file: FileId, text: &str, out: &mut Diagnostics) -> Option<Node> {
    let mut reader = Reader {
        file,
        text,
        offsets: text.char_indices().map(|(at, _)| at).collect(),
        parser: Parser::new_from_str(text),
        depth: 0,
        out,
    };
    match reader.document() {
        Ok(mut node) => {
            reader.settle(&mut node);
            Some(node)
        }
        Err(diagnostic) => {
            reader.out.push(*diagnostic);
            None
        }
    }
}

/// Turns the scalars that mean nothing into null; `meant` is what serde_yaml makes of the same text.
fn settle(node: &mut Node, meant: Option<&serde_yaml::Value>) {
    match &mut node.value {
        Value::Scalar(text) => {
            // If serde_yaml refused the document an error has been reported, and only the simplest case counts.
            let nothing = meant.map_or(text.value.is_empty(), serde_yaml::Value::is_null);
            if nothing {
                node.value = Value::Null;
            }
        }
        Value::List(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                settle(item, meant.and_then(|m| m.get(at)));
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                settle(
                    &mut entry.node,
                    meant.and_then(|m| m.get(entry.key.value.as_str())),
                );
                if matches!(entry.node.value, Value::Null) {
                    // An absent value has no place of its own; its key has.
                    entry.node.span = entry.key.span;
                }
            }
        }
        Value::Null => {}
    }
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    /// The byte of each character, since the parser counts characters.
    offsets: Vec<usize>,
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    depth: usize,
    out: &'a mut Diagnostics,
}

/// Maximum nesting depth of values.
const DEEPEST: usize = 16;

type Read<T> = Result<T, Box<Diagnostic>>;

// === impl Text ===

impl Text {
    /// The place of a part of the text, or of all of it where parts can't be told apart.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Span {
        match self.verbatim {
            Some(at) if range.start < range.end => {
                Span::new(self.span.file, at + range.start, at + range.end)
            }
            _ => self.span,
        }
    }
}

// === impl Reader ===

impl<'a> Reader<'a> {
    fn document(&mut self) -> Read<Node> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, span) => {
                    return Err(self.syntax(span, "it is empty"));
                }
                (event, span) => {
                    let node = self.node(event, span)?;
                    // The rest must be well formed too, and there must not be a second document.
                    loop {
                        match self.next()? {
                            (Event::StreamEnd, _) => return Ok(node),
                            (Event::DocumentStart(_), span) => {
                                return Err(self.syntax(span, "only one document is read"));
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn next(&mut self) -> Read<(Event<'a>, Span)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let span = self.span(span.start.index(), span.end.index());
                Ok((event, span))
            }
            Some(Err(error)) => {
                let at = error.marker().index();
                let byte = self.offsets.get(at).copied().unwrap_or(self.text.len());
                let told = yaml_words::told(error.info(), self.text, byte);
                let span = Span::new(self.file, told.place.start, told.place.end);
                let found = self.syntax(span, &told.what);
                Err(match told.help {
                    Some(help) => Box::new(found.help(help)),
                    None => found,
                })
            }
            None => Ok((Event::StreamEnd, self.span(0, 0))),
        }
    }

    fn node(&mut self, event: Event<'a>, span: Span) -> Read<Node> {
        if self.depth == DEEPEST {
            return Err(self.syntax(span, "it is nested too deeply"));
        }
        self.depth += 1;
        let node = match event {
            Event::Scalar(value, ..) => Node {
                span,
                value: Value::Scalar(self.text(&value, span)),
            },
            Event::SequenceStart(..) => self.list(span)?,
            Event::MappingStart(..) => self.map(span)?,
            Event::Alias(_) => {
                // An alias has no place of its own to point at, and a few of them can stand for billions of values.
                return Err(self.syntax(span, "aliases are not read; write the value out"));
            }
            _ => return Err(self.syntax(span, "a value is expected here")),
        };
        self.depth -= 1;
        Ok(node)
    }

    /// Asks serde_yaml what the text means.
    fn settle(&mut self, node: &mut Node) {
        let meant = serde_yaml::from_str(self.text);
        if let Err(error) = &meant {
            let at = error.location().map_or(0, |l| l.index());
            let place = Span::new(
                self.file,
                at.min(self.text.len()),
                (at + 1).min(self.text.len()),
            );
            // Duplicate keys have been reported, with both places.
            // Numbers too large for YAML are told by whoever reads them.
            let told = ["duplicate", "invalid type: integer"];
            if !told.iter().any(|words| error.to_string().contains(words)) {
                let diagnostic = self.syntax(place, &error.to_string());
                self.out.push(*diagnostic);
            }
        }
        settle(node, meant.as_ref().ok());
    }

    fn text(&self, value: &str, span: Span) -> Text {
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        let verbatim = [0, 1]
            .into_iter()
            .find(|skip| written.get(*skip..).is_some_and(|w| w.starts_with(value)))
            .map(|skip| span.start + skip);
        Text {
            value: value.to_owned(),
            span,
            verbatim,
        }
    }

    fn list(&mut self, start: Span) -> Read<Node> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, end) => {
                    let end = end.end.max(start.end);
                    return Ok(Node {
                        span: self.trim(start.start, end),
                        value: Value::List(items),
                    });
                }
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn map(&mut self, start: Span) -> Read<Node> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => {
                    let from = entries
                        .first()
                        .map_or(start.start, |e| start.start.min(e.key.span.start));
                    return Ok(Node {
                        span: self.trim(from, span.end.max(start.end)),
                        value: Value::Map(entries),
                    });
                }
                Event::Scalar(value, ..) => self.text(&value, span),
                _ => return Err(self.syntax(span, "a key must be plain text")),
            };
            let (event, span) = self.next()?;
            let node = self.node(event, span)?;
            if let Some(first) = entries.iter().find(|e| e.key.value == key.value) {
                self.out.push(
                    Diagnostic::new(&DUPLICATE_KEY, format!("`{}` is there twice", key.value))
                        .at(key.span, "again here")
                        .and(Some(first.key.span), "first here")
                        .help("YAML would silently keep only one of them: merge or rename them"),
                );
                continue;
            }
            let doc = self.comment_above(key.span.start);
            entries.push(Entry { key, node, doc });
        }
    }

    /// The comment lines directly above the line that `at` is on, at the same indentation.
    fn comment_above(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or_default();
        let (lines, indent) = before.rsplit_once('\n').unwrap_or(("", before));
        if !indent.trim().is_empty() {
            return String::new();
        }
        let mut comment: Vec<&str> = lines
            .lines()
            .rev()
            .map_while(|line| line.strip_prefix(indent)?.strip_prefix('#'))
            .map(str::trim)
            .collect();
        comment.reverse();
        comment.join(" ").trim().to_owned()
    }

    /// The span without the blank space that a block's end may include.
    fn trim(&self, start: usize, end: usize) -> Span {
        let text = self.text.get(start..end).unwrap_or_default();
        Span::new(self.file, start, start + text.trim_end().len())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let byte = |at: usize| self.offsets.get(at).copied().unwrap_or(self.text.len());
        Span::new(self.file, byte(start), byte(end))
    }

    fn syntax(&self, span: Span, what: &str) -> Box<Diagnostic> {
        Box::new(
            Diagnostic::new(
                &YAML_SYNTAX,
                format!("this is not well-formed YAML: {what}"),
            )
            .at(span, "here"),
        )
    }
}
