//! Objects of JSON that are messages: their members, in whatever order, as fields in the order of their numbers.

use super::cursor::Cursor;
use super::notes::{Notes, Step};
use super::tables::{Form, Message, Tables};
use super::text::{Text, Wrong};
use crate::contract::Envelope;
use crate::protobuf::wire::RECURSION_LIMIT;
use crate::protobuf::writer::push_varint;
use crate::protobuf::{Field, Label, wire};
use crate::row_error::Bad;

/// A request that is being read.
#[derive(Debug)]
pub(super) struct Reading<'a, 't> {
    pub(super) envelope: &'static Envelope,
    pub(super) tables: &'t Tables,
    pub(super) cursor: Cursor<'a>,
    /// The request on the wire, as far as it has been read.
    pub(super) out: Vec<u8>,
    pub(super) notes: Notes<'a>,
    /// The fields of the objects that are open, those of the outer ones first.
    pub(super) spans: Vec<Span>,
    /// For putting fields in order.
    scratch: Vec<u8>,
    /// Number of further levels that may open.
    pub(super) depth: u32,
    /// The event's message.
    pub(super) event: Option<&'t Message>,
    /// The number of the event's type; 0 if none has come.
    pub(super) variant: u32,
    /// A member of the event that may be its type.
    pub(super) candidate: Option<Text<'a>>,
}

/// A field of an object, or an entry of a map, on the wire: it ends where the next one begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    number: u32,
    start: usize,
}

/// The wire type of what has its length before it.
pub(super) const DELIMITED: u32 = 2;

impl<'a, 't> Reading<'a, 't> {
    /// Before a text.
    pub(super) fn new(envelope: &'static Envelope, tables: &'t Tables, text: &'a [u8]) -> Self {
        Reading {
            envelope,
            tables,
            cursor: Cursor::new(text),
            out: Vec::with_capacity(text.len() / 2),
            notes: Notes::new(),
            spans: Vec::new(),
            scratch: Vec::new(),
            depth: RECURSION_LIMIT,
            event: tables.message(tables.event),
            variant: 0,
            candidate: None,
        }
    }

    /// The text isn't JSON here.
    #[cold]
    pub(super) fn broken(&self, wrong: Wrong) -> Bad {
        let (line, column) = self.cursor.line_and_column(self.cursor.at);
        let reason = format!("is not JSON: {wrong} (line {line}, column {column})");
        self.notes.bad(reason)
    }

    /// The value here is another one than is wanted.
    #[cold]
    pub(super) fn wrong(&mut self, wanted: &str) -> Bad {
        self.cursor.peek();
        self.notes.wrong(wanted, self.cursor, self.cursor.at)
    }

    /// The next member's name; see [`Cursor::name`].
    #[inline]
    pub(super) fn name(&mut self, first: bool) -> Result<Option<Text<'a>>, Bad> {
        match self.cursor.name(first) {
            Ok(name) => Ok(name),
            Err(wrong) => Err(self.broken(wrong)),
        }
    }

    /// Whether there is another element; see [`Cursor::element`].
    #[inline]
    pub(super) fn element(&mut self, first: bool) -> Result<bool, Bad> {
        match self.cursor.element(first) {
            Ok(more) => Ok(more),
            Err(wrong) => Err(self.broken(wrong)),
        }
    }

    /// Reads an object as a message's fields.
    pub(super) fn object(&mut self, message: &'t Message) -> Result<(), Bad> {
        if !self.cursor.take(b'{') {
            return Err(self.wrong("an object"));
        }
        let is_event = self.event.is_some_and(|event| std::ptr::eq(event, message));
        let first_span = self.spans.len();
        let (mut last, mut ascending, mut oneofs) = (0, true, 0);
        let mut first = true;
        while let Some(name) = self.name(first)? {
            first = false;
            let Some((at, field)) = self.find(message, &name)? else {
                self.unknown_member(message, &name, is_event)?;
                continue;
            };
            if self.cursor.peek() == b'n'
                && !self.takes_null(message, at)
                && self.cursor.word(b"null")
            {
                continue;
            }
            ascending &= field.number > last;
            last = field.number;
            if let Label::Oneof(oneof) = field.label {
                self.only(field, oneof, &mut oneofs, first_span, message)?;
            }
            self.spans.push(Span {
                number: field.number,
                start: self.out.len(),
            });
            self.notes.path.push(Step::Field(field.json_name));
            self.field(message, at, field)?;
            self.notes.path.pop();
            if is_event && self.envelope.event_type(field.number).is_some() {
                self.variant = field.number;
            }
        }
        if !ascending {
            self.in_order(message, first_span)?;
        }
        self.spans.truncate(first_span);
        Ok(())
    }

    #[inline]
    fn find(
        &self,
        message: &Message,
        name: &Text<'a>,
    ) -> Result<Option<(usize, &'static Field)>, Bad> {
        match name.escaped {
            false => Ok(message.find(name.raw)),
            true => match name.bytes() {
                Ok(name) => Ok(message.find(&name)),
                Err(wrong) => Err(self.broken(wrong)),
            },
        }
    }

    /// True if null is a value of a field, and not its absence.
    fn takes_null(&self, message: &Message, field: usize) -> bool {
        let Some(of) = message.shape.fields.get(field) else {
            return false;
        };
        let inner = of
            .kind
            .shape()
            .and_then(|_| self.tables.message(message.inner(field)));
        of.label != Label::Repeated && inner.is_some_and(|inner| inner.form == Form::Value)
    }

    /// Keeps a member that the message doesn't know.
    #[cold]
    fn unknown_member(
        &mut self,
        message: &Message,
        name: &Text<'a>,
        is_event: bool,
    ) -> Result<(), Bad> {
        if let Err(wrong) = name.check() {
            return Err(self.broken(wrong));
        }
        let is_object = self.cursor.peek() == b'{';
        match self.cursor.value() {
            Ok((value, halves)) => self.notes.unknown_member(message, name, value, halves),
            Err(wrong) => return Err(self.broken(wrong)),
        }
        // Types are messages.
        if is_event && is_object && self.candidate.is_none() {
            self.candidate = Some(*name);
        }
        Ok(())
    }

    /// Refuses a second member of a oneof.
    #[inline]
    fn only(
        &self,
        field: &Field,
        oneof: u8,
        oneofs: &mut u64,
        first_span: usize,
        message: &Message,
    ) -> Result<(), Bad> {
        let bit = 1_u64 << (oneof & 63);
        if *oneofs & bit == 0 {
            *oneofs |= bit;
            return Ok(());
        }
        let before = self.spans.get(first_span..).unwrap_or_default();
        let before = before
            .iter()
            .filter_map(|span| message.shape.field(span.number));
        let mut before = before.filter(|(_, other)| other.label == Label::Oneof(oneof));
        match before.next() {
            Some((_, other)) if other.number != field.number => Err(self.notes.bad(format!(
                "has both `{}` and `{}`; only one of them may be there",
                other.json_name, field.json_name
            ))),
            // A duplicate member is noticed when the fields are sorted.
            _ => Ok(()),
        }
    }

    /// Puts the fields from a span on in the order of their numbers.
    #[inline(never)]
    fn in_order(&mut self, message: &Message, first_span: usize) -> Result<(), Bad> {
        let mut spans = self.spans.split_off(first_span);
        let start = spans.first().map_or(self.out.len(), |span| span.start);
        let pieces = pieces(&spans, self.out.len());
        let mut order: Vec<usize> = (0..spans.len()).collect();
        order.sort_by_key(|at| spans.get(*at).map(|span| span.number));
        self.rearrange(start, &order, &pieces);
        spans.sort_by_key(|span| span.number);
        for pair in spans.windows(2) {
            if let [one, other] = pair
                && one.number == other.number
            {
                let name = message.shape.field(one.number);
                let name = name.map_or("", |(_, field)| field.json_name);
                return Err(self.notes.bad(format!("has `{name}` twice")));
            }
        }
        Ok(())
    }

    /// Puts the entries of a map from a span on in the order of their keys.
    pub(super) fn entries_in_order(&mut self, first_span: usize) -> Result<(), Bad> {
        if self.spans.len() <= first_span + 1 {
            self.spans.truncate(first_span);
            return Ok(());
        }
        let spans = self.spans.split_off(first_span);
        let start = spans.first().map_or(self.out.len(), |span| span.start);
        let pieces = pieces(&spans, self.out.len());
        let keys: Vec<&[u8]> = pieces
            .iter()
            .map(|piece| key(self.out.get(piece.clone())))
            .collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by_key(|at| keys.get(*at));
        let twice = order.windows(2).find(|pair| match pair {
            [one, other] => keys.get(*one) == keys.get(*other),
            _ => false,
        });
        if let Some([one, ..]) = twice {
            let key = keys.get(*one).copied().unwrap_or_default();
            let shown: String = String::from_utf8_lossy(key).chars().take(60).collect();
            return Err(self.notes.bad(format!("has the key {shown:?} twice")));
        }
        if !order.is_sorted() {
            self.rearrange(start, &order, &pieces);
        }
        Ok(())
    }

    /// Writes what begins at `start` anew, in another order.
    fn rearrange(&mut self, start: usize, order: &[usize], pieces: &[std::ops::Range<usize>]) {
        self.scratch.clear();
        for piece in order.iter().filter_map(|at| pieces.get(*at)) {
            let piece = self.out.get(piece.clone()).unwrap_or_default();
            self.scratch.extend_from_slice(piece);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(&self.scratch);
    }

    /// Writes a field's key.
    #[inline]
    pub(super) fn key(&mut self, number: u32, wire_type: u32) {
        push_varint(&mut self.out, u64::from(number << 3 | wire_type));
    }

    /// Writes what is nested behind its length. Returns where it begins.
    #[inline]
    pub(super) fn nested(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), Bad>,
    ) -> Result<usize, Bad> {
        let Some(depth) = self.depth.checked_sub(1) else {
            let reason = format!("nests deeper than {RECURSION_LIMIT} levels");
            return Err(self.notes.bad(reason));
        };
        let at = self.out.len();
        self.out.push(0);
        self.depth = depth;
        write(self)?;
        self.depth = depth + 1;
        Ok(self.close(at))
    }

    /// Writes the length of what stands behind the byte that was left for it. Returns where that begins.
    #[inline]
    pub(super) fn close(&mut self, at: usize) -> usize {
        let len = self.out.len().saturating_sub(at + 1);
        if let (Ok(short @ 0..0x80), Some(byte)) = (u8::try_from(len), self.out.get_mut(at)) {
            *byte = short;
            return at + 1;
        }
        let mut length = Vec::with_capacity(5);
        push_varint(&mut length, len as u64);
        let start = at + length.len();
        self.out.splice(at..=at, length);
        start
    }
}

/// Ranges of the pieces that spans begin.
fn pieces(spans: &[Span], end: usize) -> Vec<std::ops::Range<usize>> {
    let ends = spans.iter().skip(1).map(|span| span.start).chain([end]);
    spans
        .iter()
        .zip(ends)
        .map(|(span, end)| span.start..end)
        .collect()
}

/// The bytes of the key of a map's entry, which is behind its own key and length; none are the default.
fn key(entry: Option<&[u8]>) -> &[u8] {
    let entry = entry.unwrap_or_default();
    let mut at = 0;
    let inner = wire::key(entry, &mut at).and_then(|_| wire::delimited(entry, &mut at));
    let inner = inner.unwrap_or_default();
    let mut at = 0;
    match wire::key(inner, &mut at) {
        Ok((1, wire::WireType::LengthDelimited)) => {
            wire::delimited(inner, &mut at).unwrap_or_default()
        }
        Ok((1, wire_type)) => {
            let start = at;
            wire::skip(inner, &mut at, 1, wire_type, 1).ok();
            inner.get(start..at).unwrap_or_default()
        }
        _ => &[],
    }
}

impl Span {
    /// The beginning of an entry.
    pub(super) fn entry(start: usize) -> Self {
        Span { number: 0, start }
    }
}
