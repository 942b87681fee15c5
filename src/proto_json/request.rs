//! The request: its header, and the list of its events, of which each stands alone.

use std::ops::Range;

use super::around::shown;
use super::cursor::Cursor;
use super::notes::Part;
use super::object::{DELIMITED, Reading};
use super::tables::{Message, Tables};
use super::{Around, Event, Found, Most, Request, Unread, Warnings};
use crate::contract::Envelope;
use crate::protobuf::Shape;
use crate::protobuf::wire::RECURSION_LIMIT;
use crate::row_error::RowError;

/// Byte order mark, which some editors and languages put before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a request; see [`super::ProtoJson::read`].
pub(super) fn read<'a>(
    envelope: &'static Envelope,
    tables: &Tables,
    text: &'a [u8],
    most: Most,
) -> Result<Request<'a>, Unread> {
    let mut reading = Reading::new(envelope, tables, text);
    if text.starts_with(BYTE_ORDER_MARK) {
        reading.cursor.at = BYTE_ORDER_MARK.len();
    }
    let mut request = Request {
        wire: Vec::new(),
        header: None,
        events: Vec::new(),
        around: Around::new(envelope, &[]),
        warnings: Warnings::default(),
    };
    if !reading.cursor.take(b'{') {
        return Err(reading.unread("a request should be an object with a header and events"));
    }
    let (mut first, mut has_events) = (true, false);
    while let Some(name) = reading.member(first)? {
        first = false;
        let written = name.bytes().map_err(|wrong| reading.unread(wrong))?;
        match known(envelope.request_shape, &written) {
            Some(number) if number == envelope.header || number == envelope.events => {
                if reading.cursor.peek() == b'n' && reading.cursor.word(b"null") {
                    continue;
                }
                let is_header = number == envelope.header;
                if is_header && request.header.is_some() || !is_header && has_events {
                    return Err(reading.unread(&format!("`{}` is there twice", shown(&name))));
                }
                match is_header {
                    true => reading.header(&mut request)?,
                    false => {
                        has_events = true;
                        reading.events(&mut request.events, most, &shown(&name))?;
                    }
                }
            }
            known => {
                reading
                    .cursor
                    .value()
                    .map_err(|wrong| reading.unread(wrong))?;
                if known.is_none() {
                    reading.ignored(&shown(&name));
                }
            }
        }
    }
    reading.cursor.peek();
    if reading.cursor.at < text.len() {
        return Err(reading.unread("nothing should follow the request"));
    }
    request.warnings = std::mem::take(&mut reading.notes.warnings);
    request.wire = reading.out;
    Ok(request)
}

/// The field with this name.
fn known(shape: &Shape, name: &[u8]) -> Option<u32> {
    let mut fields = shape.fields.iter();
    let is = |text: &str| text.as_bytes() == name;
    fields
        .find(|field| is(field.json_name) || is(field.name))
        .map(|field| field.number)
}

impl<'a, 't> Reading<'a, 't> {
    /// The text is no request here.
    #[cold]
    fn unread(&self, reason: &str) -> Unread {
        let (line, column) = self.cursor.line_and_column(self.cursor.at);
        Unread::Broken {
            line,
            column,
            reason: reason.to_owned(),
        }
    }

    fn member(&mut self, first: bool) -> Result<Option<super::text::Text<'a>>, Unread> {
        self.cursor.name(first).map_err(|wrong| self.unread(wrong))
    }

    /// Warns of a member of the request that nobody knows.
    fn ignored(&mut self, name: &str) {
        let shape = self.envelope.request_shape;
        let meant = self
            .notes
            .meant(name, shape.fields.iter().map(|field| field.json_name));
        let warnings = &mut self.notes.warnings;
        warnings.count += 1;
        if warnings.listed.len() < super::notes::LISTED {
            warnings.listed.push(format!(
                "unknown member `{name}` of the request is ignored{meant}"
            ));
        }
    }

    fn header(&mut self, request: &mut Request<'a>) -> Result<(), Unread> {
        let start = self.cursor.at;
        self.notes.begin(Part::Header);
        let header = self.tables.message(self.tables.header);
        let read = self.part(self.envelope.header, header);
        let begins = read.map_err(|bad| {
            let (line, column) = self.cursor.line_and_column(self.cursor.at);
            Unread::Header { line, column, bad }
        })?;
        request.header = Some(begins..self.out.len());
        let text = self
            .cursor
            .text
            .get(start..self.cursor.at)
            .unwrap_or_default();
        request.around = Around::new(self.envelope, text);
        Ok(())
    }

    /// Reads a header or an event as a field of the request. Returns where its message begins.
    fn part(&mut self, number: u32, message: Option<&'t Message>) -> Result<usize, RowError> {
        let Some(message) = message else {
            return Err(self.notes.bad("this build knows no such message"));
        };
        // An event stands alone, and isn't nested in its request.
        self.depth = match self.notes.part {
            Part::Header => RECURSION_LIMIT,
            Part::Event(_) => RECURSION_LIMIT + 1,
        };
        self.spans.clear();
        self.key(number, DELIMITED);
        self.nested(|reading| {
            reading.object(message)?;
            let unknown = std::mem::take(&mut reading.notes.unknown);
            unknown.write(&mut reading.out);
            Ok(())
        })
    }

    fn events(
        &mut self,
        events: &mut Vec<Event<'a>>,
        most: Most,
        name: &str,
    ) -> Result<(), Unread> {
        if !self.cursor.take(b'[') {
            return Err(self.unread(&format!("`{name}` should be a list of events")));
        }
        let mut told = most.told;
        loop {
            match self.cursor.element(events.is_empty()) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(wrong) => return Err(self.unread(wrong)),
            }
            if events.len() == most.events {
                return Err(Unread::TooMany(most.events));
            }
            let event = self.one(events.len(), &mut told)?;
            if events.capacity() == 0 {
                // The first event's size predicts their number; a wrong guess costs one more growth.
                let left = self.cursor.text.len() - self.cursor.at;
                events.reserve((left / (event.text.len() + 2) + 2).min(1_000));
            }
            events.push(event);
        }
    }

    /// The event at the cursor.
    fn one(&mut self, index: usize, told: &mut usize) -> Result<Event<'a>, Unread> {
        self.cursor.peek();
        let (start, begins) = (self.cursor.at, self.out.len());
        let (count, listed) = (self.notes.warnings.count, self.notes.warnings.listed.len());
        self.notes.begin(Part::Event(index));
        self.variant = 0;
        self.candidate = None;
        let found = match self.part(self.envelope.events, self.event) {
            Ok(at) if self.variant != 0 => Found::Known(self.variant, at..self.out.len()),
            Ok(_) => match &self.candidate {
                Some(name) => Found::Unknown(shown(name)),
                None => Found::NoType,
            },
            Err(bad) => {
                self.cursor.at = start;
                self.cursor.skip().map_err(|wrong| self.unread(wrong))?;
                match told.checked_sub(1) {
                    Some(left) => {
                        *told = left;
                        Found::RowError(bad)
                    }
                    None => Found::RowError(RowError::field(
                        "event",
                        "is wrong, as others of its request are",
                    )),
                }
            }
        };
        if !matches!(found, Found::Known(..)) {
            // Its warnings are about members that are kept.
            self.out.truncate(begins);
            self.notes.warnings.count = count;
            self.notes.warnings.listed.truncate(listed);
        }
        let text = self
            .cursor
            .text
            .get(start..self.cursor.at)
            .unwrap_or_default();
        Ok(Event {
            text,
            at: start,
            found,
        })
    }
}

/// A text or number of an event, as it is written, whatever else is wrong with the event.
pub(super) fn member(tables: &Tables, event: &[u8], number: u32) -> Option<String> {
    let mut cursor = Cursor::new(event);
    cursor.at = place(tables, event, number)?.start;
    match cursor.peek() {
        b'"' => Some(cursor.string().ok()?.text().ok()?.into_owned()),
        b'-' | b'0'..=b'9' => {
            let digits = cursor.number().ok()?;
            Some(String::from_utf8_lossy(digits).into_owned())
        }
        _ => None,
    }
}

/// Where the value of a field of an event is written; none if it isn't there, or null, which says as much.
pub(super) fn place(tables: &Tables, event: &[u8], number: u32) -> Option<Range<usize>> {
    let message = tables.message(tables.event)?;
    let mut cursor = Cursor::new(event);
    if !cursor.take(b'{') {
        return None;
    }
    let mut first = true;
    while let Some(name) = cursor.name(first).ok()? {
        first = false;
        let found = message.find(&name.bytes().ok()?);
        let is_it = found.is_some_and(|(_, field)| field.number == number);
        let is_null = cursor.peek() == b'n';
        let start = cursor.at;
        cursor.skip().ok()?;
        if is_it && !is_null {
            return Some(start..cursor.at);
        }
    }
    None
}
