//! Diagnostics: errors in the declarations and their places, as plain data that only `report` turns into text.

use std::collections::BTreeSet;

use crate::base::rule::Rule;

/// The files that spans point into.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

/// One file: its path as people know it, and its text.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path from the project's root.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Index into `Sources` of the file of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileId(usize);

/// A range of bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A place and what there is to say about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Path.
    pub span: Span,
    /// A few words.
    pub text: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The exact place; none only where a whole file is missing.
    pub primary: Option<Label>,
    /// The place that it collides with.
    pub secondary: Option<Label>,
    /// The rule's stable code.
    pub code: &'static str,
    /// One sentence without a full stop.
    pub message: String,
    /// Suggested fix.
    pub help: Option<String>,
}

/// Collects the mistakes of a run.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    found: BTreeSet<Diagnostic>,
}

// === impl Sources ===

impl Sources {
    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> FileId {
        self.files.push(SourceFile {
            name: name.into(),
            text: text.into(),
        });
        FileId(self.files.len() - 1)
    }

    /// The file that a span is in.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0)
    }

    /// Names of all files.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The file with this name.
    pub fn find(&self, name: &str) -> Option<FileId> {
        self.files.iter().position(|f| f.name == name).map(FileId)
    }
}

// === impl Span ===

impl Span {
    /// A range of bytes of a file.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Self { file, start, end }
    }
}

// === impl Diagnostic ===

impl Diagnostic {
    /// A mistake against `rule`, as one sentence without a full stop.
    pub(crate) fn new(rule: &Rule, message: impl Into<String>) -> Self {
        Self {
            primary: None,
            secondary: None,
            code: rule.code,
            message: message.into(),
            help: None,
        }
    }

    /// A pipeline that breaks no rule and still has no model: a rule is missing, which is nobody's mistake but ours.
    pub(crate) fn bug() -> Self {
        Self {
            primary: None,
            secondary: None,
            code: "EG000",
            message:
                "the generator can't make a model of this pipeline, although it breaks no rule"
                    .into(),
            help: Some(
                "this is a mistake of the generator: please report it with the pipeline".into(),
            ),
        }
    }

    /// Says where it is.
    pub(crate) fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what it collides with.
    pub(crate) fn and(mut self, span: Option<Span>, text: impl Into<String>) -> Self {
        self.secondary = span.map(|span| Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what would put it right.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

// === impl Diagnostics ===

impl Diagnostics {
    /// Adds a mistake; the same mistake twice counts once.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.found.insert(diagnostic);
    }

    /// True if there is such a mistake.
    pub(crate) fn any(&self, such: impl Fn(&Diagnostic) -> bool) -> bool {
        self.found.iter().any(such)
    }

    /// Takes such mistakes out.
    pub(crate) fn leave_out(&mut self, such: impl Fn(&Diagnostic) -> bool) {
        self.found.retain(|found| !such(found));
    }

    /// True if there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, by file and position.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        self.found.into_iter().collect()
    }
}
