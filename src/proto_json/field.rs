//! The value of a field: a list, a map, a message or a single one.

use super::notes::Step;
use super::object::{DELIMITED, Reading, Span};
use super::tables::{Form, Message};
use crate::protobuf::{Field, Kind, Label};
use crate::row_error::Bad;

impl<'t> Reading<'_, 't> {
    /// Reads the value of a field, and writes the field.
    #[inline]
    pub(super) fn field(
        &mut self,
        message: &'t Message,
        at: usize,
        field: &'static Field,
    ) -> Result<(), Bad> {
        let inner = message.inner(at);
        match (field.label, field.kind) {
            (Label::Repeated, Kind::Map(_)) => self.map(field, inner),
            (Label::Repeated, kind) if is_packed(kind) => self.packed(field, inner),
            (Label::Repeated, _) => self.list(field, inner),
            (_, kind) if kind.shape().is_some() => self.message(field.number, inner),
            (label, kind) => self.scalar(kind, inner, Some(field.number), label == Label::Implicit),
        }
    }

    /// A field that is a message.
    fn message(&mut self, number: u32, inner: usize) -> Result<(), Bad> {
        let Some(message) = self.tables.message(inner) else {
            return Err(self.wrong("a message that this build knows"));
        };
        self.key(number, DELIMITED);
        self.nested(|reading| match message.form {
            Form::Object => reading.object(message),
            Form::Timestamp => reading.timestamp(),
            Form::Struct => reading.free_object(),
            Form::Value => reading.free_value(),
            Form::List => reading.free_list(),
            Form::Wrapper => match message.shape.fields.first() {
                Some(field) => reading.field(message, 0, field),
                None => Err(reading.wrong("a value")),
            },
        })?;
        Ok(())
    }

    /// A list whose elements are fields of their own.
    fn list(&mut self, field: &'static Field, inner: usize) -> Result<(), Bad> {
        self.elements(|reading| match field.kind.shape() {
            Some(_) => reading.message(field.number, inner),
            None => reading.scalar(field.kind, inner, Some(field.number), false),
        })
    }

    /// A list of numbers, which are one field.
    fn packed(&mut self, field: &'static Field, inner: usize) -> Result<(), Bad> {
        let start = self.out.len();
        self.key(field.number, DELIMITED);
        let at = self.out.len();
        self.out.push(0);
        self.elements(|reading| reading.scalar(field.kind, inner, None, false))?;
        match self.out.len() == at + 1 {
            true => self.out.truncate(start),
            false => drop(self.close(at)),
        }
        Ok(())
    }

    /// Reads the elements of a list, each with `read`.
    pub(super) fn elements(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        if !self.cursor.take(b'[') {
            return Err(self.wrong("a list"));
        }
        let mut place = 0;
        while self.element(place == 0)? {
            self.notes.path.push(Step::Element(place));
            read(self)?;
            self.notes.path.pop();
            place += 1;
        }
        Ok(())
    }

    /// A map, whose entries are messages of a key and a value.
    fn map(&mut self, field: &'static Field, inner: usize) -> Result<(), Bad> {
        let Some(entry) = self.tables.message(inner) else {
            return Err(self.wrong("a map that this build knows"));
        };
        let (Some(key), Some((at, value))) = (entry.shape.field(1), entry.shape.field(2)) else {
            return Err(self.wrong("a map that this build knows"));
        };
        if !self.cursor.take(b'{') {
            return Err(self.wrong("an object"));
        }
        let (first_span, mut first) = (self.spans.len(), true);
        while let Some(name) = self.name(first)? {
            first = false;
            self.spans.push(Span::entry(self.out.len()));
            self.notes.path.push(Step::Key(name));
            self.key(field.number, DELIMITED);
            self.nested(|reading| {
                reading.map_key(key.1.kind, &name)?;
                reading.field(entry, at, value)
            })?;
            self.notes.path.pop();
        }
        self.entries_in_order(first_span)
    }
}

/// True if the elements of a list are one field.
fn is_packed(kind: Kind) -> bool {
    kind.shape().is_none() && !matches!(kind, Kind::String | Kind::Bytes)
}
