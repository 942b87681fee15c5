//! Single values: texts, numbers, truth values, bytes and the values of enums.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::number::{NotThis, double, single, whole};
use super::object::{DELIMITED, Reading};
use super::text::Text;
use crate::protobuf::Kind;
use crate::protobuf::writer::push_varint;
use crate::row_error::Bad;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// A number on the wire.
#[derive(Debug, Clone, Copy)]
enum Number {
    Varint(u64),
    Fixed32(u32),
    Fixed64(u64),
}

impl<'a> Reading<'a, '_> {
    /// Reads a value of a kind that nests nothing. `number` is its field's, unless it is an element that has no key of
    /// its own; the default of an `implicit` field isn't written.
    #[inline]
    pub(super) fn scalar(
        &mut self,
        kind: Kind,
        inner: usize,
        number: Option<u32>,
        implicit: bool,
    ) -> Result<(), Bad> {
        let byte = self.cursor.peek();
        let at = self.cursor.at;
        let found = match byte {
            b'"' => match self.cursor.string() {
                Ok(text) => return self.of_text(kind, inner, &text, number, implicit, at),
                Err(wrong) => return Err(self.broken(wrong)),
            },
            b't' | b'f' if matches!(kind, Kind::Bool) => match byte == b't' {
                true if self.cursor.word(b"true") => Some(Number::Varint(1)),
                false if self.cursor.word(b"false") => Some(Number::Varint(0)),
                _ => None,
            },
            // Some languages write these, though JSON has no such numbers.
            b'N' | b'I' | b'-' if self.is_named(kind) => {
                let (name, length): (&[u8], _) = match byte {
                    b'N' => (b"NaN", 3),
                    b'I' => (b"Infinity", 8),
                    _ => (b"-Infinity", 9),
                };
                self.cursor.at += length;
                numeric(kind, name).ok()
            }
            b'-' | b'0'..=b'9' => {
                let token = match self.cursor.number() {
                    Ok(token) => token,
                    Err(wrong) => return Err(self.broken(wrong)),
                };
                match kind {
                    Kind::String => {
                        self.text(number, token);
                        return Ok(());
                    }
                    kind => numeric(kind, token).ok(),
                }
            }
            _ => None,
        };
        match found {
            Some(found) => {
                self.number(number, found, implicit);
                Ok(())
            }
            None => Err(self.notes.wrong(wanted(kind), self.cursor, at)),
        }
    }

    /// True if one of the names of numbers stands here that JSON has none for, where a float is meant.
    fn is_named(&self, kind: Kind) -> bool {
        let rest = self.cursor.text.get(self.cursor.at..).unwrap_or_default();
        let mut names = [&b"NaN"[..], b"Infinity", b"-Infinity"].into_iter();
        matches!(kind, Kind::Double | Kind::Float) && names.any(|name| rest.starts_with(name))
    }

    /// The key of a map's entry.
    pub(super) fn map_key(&mut self, kind: Kind, name: &Text<'a>) -> Result<(), Bad> {
        let at = self.cursor.at;
        match (kind, name.raw) {
            (Kind::Bool, b"true") => self.number(Some(1), Number::Varint(1), true),
            (Kind::Bool, b"false") => {}
            (Kind::Bool, _) => return Err(self.notes.bad("the key should be true or false")),
            (kind, _) => {
                // Said of the key, for the place is that of its value.
                let read = self.of_text(kind, usize::MAX, name, Some(1), true, at);
                let wanted = || {
                    self.notes
                        .bad(format!("the key should be {}", wanted(kind)))
                };
                return read.map_err(|bad| match kind {
                    Kind::String => bad,
                    _ => wanted(),
                });
            }
        }
        Ok(())
    }

    /// A value that is written as text at a place.
    #[inline]
    fn of_text(
        &mut self,
        kind: Kind,
        inner: usize,
        text: &Text<'a>,
        number: Option<u32>,
        implicit: bool,
        at: usize,
    ) -> Result<(), Bad> {
        match kind {
            Kind::String => {
                if implicit && text.raw.is_empty() {
                    return Ok(());
                }
                if text.ascii && !text.escaped {
                    self.text(number, text.raw);
                    return Ok(());
                }
                self.delimited(number, |out| text.append(out))
            }
            Kind::Bytes => self.base64(text, number, implicit, at),
            Kind::Enum(_) => {
                let value = self.enum_value(inner, text)?;
                self.number(number, Number::Varint(value as i64 as u64), implicit);
                Ok(())
            }
            kind => {
                let bytes = match text.bytes() {
                    Ok(bytes) => bytes,
                    Err(wrong) => return Err(self.broken(wrong)),
                };
                match numeric(kind, bytes.trim_ascii()) {
                    Ok(found) => {
                        self.number(number, found, implicit);
                        Ok(())
                    }
                    Err(_) => Err(self.notes.wrong(wanted(kind), self.cursor, at)),
                }
            }
        }
    }

    /// Writes what `append` makes behind its length.
    fn delimited(
        &mut self,
        number: Option<u32>,
        append: impl FnOnce(&mut Vec<u8>) -> Result<(), &'static str>,
    ) -> Result<(), Bad> {
        if let Some(number) = number {
            self.key(number, DELIMITED);
        }
        let at = self.out.len();
        self.out.push(0);
        if let Err(wrong) = append(&mut self.out) {
            return Err(self.broken(wrong));
        }
        self.close(at);
        Ok(())
    }

    /// Writes a text that needs no change.
    #[inline]
    fn text(&mut self, number: Option<u32>, text: &[u8]) {
        if let Some(number) = number {
            self.key(number, DELIMITED);
        }
        push_varint(&mut self.out, text.len() as u64);
        self.out.extend_from_slice(text);
    }

    fn base64(
        &mut self,
        text: &Text<'a>,
        number: Option<u32>,
        implicit: bool,
        at: usize,
    ) -> Result<(), Bad> {
        let start = self.out.len();
        let text = text.bytes().map_err(|wrong| self.broken(wrong))?;
        let engine = match text.iter().any(|byte| matches!(byte, b'-' | b'_')) {
            true => URL_SAFE,
            false => STANDARD,
        };
        let decoded = engine.decode(&*text);
        let Ok(decoded) = decoded else {
            self.out.truncate(start);
            return Err(self.notes.wrong(wanted(Kind::Bytes), self.cursor, at));
        };
        if !(implicit && decoded.is_empty()) {
            self.text(number, &decoded);
        }
        Ok(())
    }

    /// The number of an enum's value that is given by name, or as text of its number.
    fn enum_value(&self, inner: usize, text: &Text<'a>) -> Result<i32, Bad> {
        let name = text.text().map_err(|wrong| self.broken(wrong))?;
        let values = self.tables.values(inner);
        if let Some(value) = values.and_then(|values| values.get(&*name)) {
            return Ok(*value);
        }
        let number = whole(name.trim().as_bytes())
            .ok()
            .and_then(|v| i32::try_from(v).ok());
        if let Some(number) = number {
            return Ok(number);
        }
        let known = values.into_iter().flat_map(|values| values.keys().copied());
        let meant = self.notes.meant(&name, known);
        let shown: String = name.chars().take(60).collect();
        let reason =
            format!("should be the name or number of one of its values, is {shown:?}{meant}");
        Err(self.notes.bad(reason))
    }

    #[inline]
    fn number(&mut self, number: Option<u32>, value: Number, implicit: bool) {
        let (wire_type, is_default) = match value {
            Number::Varint(value) => (0, value == 0),
            Number::Fixed64(value) => (1, value == 0),
            Number::Fixed32(value) => (5, value == 0),
        };
        if implicit && is_default {
            return;
        }
        if let Some(number) = number {
            self.key(number, wire_type);
        }
        match value {
            Number::Varint(value) => push_varint(&mut self.out, value),
            Number::Fixed64(value) => self.out.extend_from_slice(&value.to_le_bytes()),
            Number::Fixed32(value) => self.out.extend_from_slice(&value.to_le_bytes()),
        }
    }
}

/// A number of a kind, as it is on the wire.
#[inline]
fn numeric(kind: Kind, text: &[u8]) -> Result<Number, NotThis> {
    let out_of_range = |_| NotThis::OutOfRange;
    let signed32 = || i32::try_from(whole(text)?).map_err(out_of_range);
    let signed64 = || i64::try_from(whole(text)?).map_err(out_of_range);
    let unsigned32 = || u32::try_from(whole(text)?).map_err(out_of_range);
    let unsigned64 = || u64::try_from(whole(text)?).map_err(out_of_range);
    Ok(match kind {
        Kind::Int32 | Kind::Enum(_) => Number::Varint(i64::from(signed32()?) as u64),
        Kind::Int64 => Number::Varint(signed64()? as u64),
        Kind::Uint32 => Number::Varint(unsigned32()?.into()),
        Kind::Uint64 => Number::Varint(unsigned64()?),
        Kind::Sint32 => {
            let value = signed32()?;
            Number::Varint(u64::from((value << 1 ^ value >> 31) as u32))
        }
        Kind::Sint64 => {
            let value = signed64()?;
            Number::Varint((value << 1 ^ value >> 63) as u64)
        }
        Kind::Fixed32 => Number::Fixed32(unsigned32()?),
        Kind::Fixed64 => Number::Fixed64(unsigned64()?),
        Kind::Sfixed32 => Number::Fixed32(signed32()? as u32),
        Kind::Sfixed64 => Number::Fixed64(signed64()? as u64),
        Kind::Float => Number::Fixed32(single(text)?.to_bits()),
        Kind::Double => Number::Fixed64(double(text)?.to_bits()),
        _ => return Err(NotThis::Wrong),
    })
}

/// Description of a kind's values, for people.
fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Double => "a number",
        Kind::Float => "a number of single precision",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "a whole number of 32 bits",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "a whole number of 64 bits",
        Kind::Uint32 | Kind::Fixed32 => "a whole number from 0, of 32 bits",
        Kind::Uint64 | Kind::Fixed64 => "a whole number from 0, of 64 bits",
        Kind::Bool => "true or false",
        Kind::String => "a text",
        Kind::Bytes => "bytes in base64",
        Kind::Enum(_) => "the name or number of one of its values",
        Kind::Message(_) | Kind::Map(_) | Kind::Timestamp(_) | Kind::Struct(_) => "an object",
    }
}
