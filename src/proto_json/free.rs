//! Messages that have a form of their own in JSON: any object, list or value, and times.

use chrono::DateTime;

use super::notes::Step;
use super::number::double;
use super::object::{DELIMITED, Reading, Span};
use super::text::Text;
use crate::protobuf::writer::push_varint;
use crate::row_error::RowError;

/// The fields of `google.protobuf.Value`: null, a number, a text, a truth value, an object, a list.
const NULL: u32 = 1;
const NUMBER: u32 = 2;
const TEXT: u32 = 3;
const TRUTH: u32 = 4;
const OBJECT: u32 = 5;
const LIST: u32 = 6;

/// The seconds from year 1 to year 9999, which are all that a timestamp may have.
const SECONDS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl<'a> Reading<'a, '_> {
    /// `google.protobuf.Timestamp`: seconds and nanoseconds.
    pub(super) fn timestamp(&mut self) -> Result<(), RowError> {
        const WANTED: &str = "a time like 2026-01-02T03:04:05.678Z";
        if self.cursor.peek() != b'"' {
            return Err(self.wrong(WANTED));
        }
        let at = self.cursor.at;
        let text = match self.cursor.string() {
            Ok(text) => text.text().map_err(|wrong| self.broken(wrong))?,
            Err(wrong) => return Err(self.broken(wrong)),
        };
        let time = DateTime::parse_from_rfc3339(&text).ok();
        // A leap second has no place of its own.
        let time = time.filter(|time| time.timestamp_subsec_nanos() < 1_000_000_000);
        let Some(time) = time.filter(|time| SECONDS.contains(&time.timestamp())) else {
            return Err(self.notes.wrong(WANTED, self.cursor, at));
        };
        for (number, value) in [
            (1, time.timestamp()),
            (2, i64::from(time.timestamp_subsec_nanos())),
        ] {
            if value != 0 {
                self.key(number, 0);
                push_varint(&mut self.out, value as u64);
            }
        }
        Ok(())
    }

    /// `google.protobuf.Struct`: a map from texts to values.
    pub(super) fn free_object(&mut self) -> Result<(), RowError> {
        if !self.cursor.take(b'{') {
            return Err(self.wrong("an object"));
        }
        let (first_span, mut first) = (self.spans.len(), true);
        while let Some(name) = self.name(first)? {
            first = false;
            self.spans.push(Span::entry(self.out.len()));
            self.notes.path.push(Step::Key(name));
            self.key(1, DELIMITED);
            self.nested(|reading| {
                if !name.raw.is_empty() {
                    reading.free_text(1, &name)?;
                }
                reading.key(2, DELIMITED);
                reading.nested(Self::free_value).map(drop)
            })?;
            self.notes.path.pop();
        }
        self.entries_in_order(first_span)
    }

    /// `google.protobuf.ListValue`.
    pub(super) fn free_list(&mut self) -> Result<(), RowError> {
        self.elements(|reading| {
            reading.key(1, DELIMITED);
            reading.nested(Self::free_value).map(drop)
        })
    }

    /// `google.protobuf.Value`.
    pub(super) fn free_value(&mut self) -> Result<(), RowError> {
        match self.cursor.peek() {
            b'"' => match self.cursor.string() {
                Ok(text) => self.free_text(TEXT, &text),
                Err(wrong) => Err(self.broken(wrong)),
            },
            b'{' => {
                self.key(OBJECT, DELIMITED);
                self.nested(Self::free_object).map(drop)
            }
            b'[' => {
                self.key(LIST, DELIMITED);
                self.nested(Self::free_list).map(drop)
            }
            b'-' | b'0'..=b'9' => {
                let at = self.cursor.at;
                let token = self.cursor.number().map_err(|wrong| self.broken(wrong))?;
                let Ok(value) = double(token) else {
                    let wanted = "a number of double precision";
                    return Err(self.notes.wrong(wanted, self.cursor, at));
                };
                self.key(NUMBER, 1);
                self.out.extend_from_slice(&value.to_le_bytes());
                Ok(())
            }
            _ => {
                let word = [
                    (&b"null"[..], NULL, 0),
                    (b"true", TRUTH, 1),
                    (b"false", TRUTH, 0),
                ];
                let found = word.into_iter().find(|(word, _, _)| self.cursor.word(word));
                let Some((_, number, value)) = found else {
                    return Err(self.wrong("a value of JSON"));
                };
                self.key(number, 0);
                push_varint(&mut self.out, value);
                Ok(())
            }
        }
    }

    fn free_text(&mut self, number: u32, text: &Text<'a>) -> Result<(), RowError> {
        self.key(number, DELIMITED);
        let at = self.out.len();
        self.out.push(0);
        if let Err(wrong) = text.append(&mut self.out) {
            return Err(self.broken(wrong));
        }
        self.close(at);
        Ok(())
    }
}
