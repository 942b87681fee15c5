//! Position of the reader in a request, for warnings and errors.

use std::borrow::Cow;
use std::cell::Cell;

use super::Warnings;
use super::cursor::Cursor;
use super::tables::{Message, nearest};
use super::text::{Text, mended};
use crate::row_error::RowError;
use crate::unknown::UnknownMembers;
use crate::unknown::push_part;

/// Maximum number of listed warnings.
pub(super) const LISTED: usize = 20;

/// For how many names of a request it is looked which known one is most like them: that takes as long as reading a
/// hundred.
const COMPARED: usize = 100;

/// Maximum length of a quoted value, in characters.
const QUOTED: usize = 60;

/// One step from a message into what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// A field, by its name in JSON.
    Field(&'static str),
    /// An element of a list.
    Element(usize),
    /// The value of a key of a map, or of a free object.
    Key(Text<'a>),
}

/// Part of the request that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The request's header.
    Header,
    /// The event with this index.
    Event(usize),
}

/// The place in a request, and what is noted there.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    /// Part that is being read.
    pub(super) part: Part,
    /// The steps from there.
    pub(super) path: Vec<Step<'a>>,
    /// Unknown members of the part.
    pub(super) unknown: UnknownMembers<'a>,
    /// Warnings of the whole request.
    pub(super) warnings: Warnings,
    /// Remaining number of name comparisons.
    compared: Cell<usize>,
}

impl<'a> Notes<'a> {
    /// Before the first part.
    pub(super) fn new() -> Self {
        Notes {
            part: Part::Header,
            path: Vec::new(),
            unknown: UnknownMembers::default(),
            warnings: Warnings::default(),
            compared: Cell::new(COMPARED),
        }
    }

    /// Begins another part.
    pub(super) fn begin(&mut self, part: Part) {
        self.part = part;
        self.path.clear();
        self.unknown = UnknownMembers::default();
    }

    /// Something is wrong here.
    #[cold]
    pub(super) fn bad(&self, reason: impl Into<String>) -> RowError {
        RowError::field(self.place(), reason)
    }

    /// The value at a place of the text is another one than is wanted.
    #[cold]
    pub(super) fn wrong(&self, wanted: &str, cursor: Cursor<'_>, at: usize) -> RowError {
        let mut end = Cursor { at, ..cursor };
        end.skip().ok();
        let value = cursor.text.get(at..end.at).unwrap_or_default();
        if value.trim_ascii().is_empty() {
            return self.bad(format!("should be {wanted}, and there is nothing"));
        }
        // A character has four bytes at most.
        let head = String::from_utf8_lossy(value.get(..QUOTED * 4).unwrap_or(value));
        let mut shown: String = head.chars().take(QUOTED).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        self.bad(format!("should be {wanted}, is {shown}"))
    }

    /// Keeps a member that is unknown, and warns of it.
    #[cold]
    pub(super) fn unknown_member(
        &mut self,
        message: &Message,
        name: &Text<'a>,
        value: &'a [u8],
        halves: bool,
    ) {
        let value = match halves {
            true => Cow::Owned(mended(value)),
            false => Cow::Borrowed(value),
        };
        let root = match self.part {
            Part::Header => "/header",
            Part::Event(_) => "/event",
        };
        let path = &self.path;
        let last = Step::Key(*name).length();
        let length = path.iter().map(Step::length).sum::<usize>() + root.len() + last;
        self.unknown.add(length, value, || {
            let mut pointer = root.to_owned();
            path.iter().for_each(|step| step.point(&mut pointer));
            push_part(&mut pointer, &name.text().unwrap_or_default());
            pointer
        });
        self.warnings.count += 1;
        if self.warnings.listed.len() < LISTED {
            let told = self.warning(message, name);
            self.warnings.listed.push(told);
        }
    }

    /// An unknown member in words.
    fn warning(&self, message: &Message, name: &Text<'_>) -> String {
        let name = super::around::shown(name);
        let of = match (self.part, self.path.is_empty()) {
            (Part::Header, true) => "header: unknown member".to_owned(),
            (Part::Header, false) => format!("header: {}: unknown member", self.dotted()),
            (Part::Event(at), _) => format!("event {at}: unknown member"),
        };
        let within = match (self.part, self.path.is_empty()) {
            (Part::Event(_), false) => format!(" of {}", self.dotted()),
            _ => String::new(),
        };
        if message.shape.retired_name(&name).is_some() {
            return format!("{of} `{name}`{within} is retired and not kept");
        }
        let meant = self.meant(
            &name,
            message.shape.fields.iter().map(|field| field.json_name),
        );
        format!("{of} `{name}`{within} is kept in unknown_fields{meant}")
    }

    /// Known name that is most like an unknown one.
    pub(super) fn meant<'k>(&self, name: &str, known: impl Iterator<Item = &'k str>) -> String {
        let Some(left) = self.compared.get().checked_sub(1) else {
            return String::new();
        };
        self.compared.set(left);
        let known = known.filter(|known| !known.is_empty());
        nearest(name, known).map_or(String::new(), |meant| format!("; did you mean `{meant}`?"))
    }

    /// Position, for people.
    fn place(&self) -> String {
        let root = match self.part {
            Part::Header => "header",
            Part::Event(_) => "event",
        };
        match (self.part, self.path.is_empty()) {
            (_, true) => root.to_owned(),
            (Part::Header, false) => format!("{root}.{}", self.dotted()),
            (Part::Event(_), false) => self.dotted(),
        }
    }

    /// The steps with dots between them.
    fn dotted(&self) -> String {
        const LONGEST: usize = 300;
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Element(at) => out.push_str(&format!("[{at}]")),
                Step::Field(name) => push_dotted(&mut out, name),
                Step::Key(key) => push_dotted(&mut out, &super::around::shown(key)),
            }
            if out.len() > LONGEST {
                out.push('…');
                break;
            }
        }
        out
    }
}

fn push_dotted(out: &mut String, name: &str) {
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(name);
}

impl Step<'_> {
    /// Length of the step in a pointer, approximately and at least.
    fn length(&self) -> usize {
        match self {
            Step::Field(name) => name.len() + 1,
            Step::Element(_) => 2,
            // An escaped key may shrink to a sixth.
            Step::Key(key) if key.escaped => key.raw.len() / 6 + 1,
            Step::Key(key) => key.raw.len() + 1,
        }
    }

    fn point(&self, pointer: &mut String) {
        match self {
            Step::Field(name) => push_part(pointer, name),
            Step::Element(at) => push_part(pointer, &at.to_string()),
            Step::Key(key) => push_part(pointer, &key.text().unwrap_or_default()),
        }
    }
}
