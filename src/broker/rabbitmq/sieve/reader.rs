//! AMQP's elementary types, read from bytes that may be anything.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::contract::headers::UNREADABLE;

/// Maximum nesting depth of tables and lists. The client reads them by recursion, on a small stack.
const DEEPEST: usize = 16;

/// AMQP's limit for names and short texts, in bytes.
const SHORT: usize = 255;

/// Bytes that are read from the front. Each read is none where they end too soon.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, size: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(size)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.bytes(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.bytes(4)?.try_into().ok()?))
    }

    /// A short text: its size in one byte, then its bytes.
    pub(super) fn short(&mut self) -> Option<&'a [u8]> {
        let size = self.u8()?;
        self.bytes(size.into())
    }

    /// A long text, a table or a list: its size in four bytes, then its bytes.
    pub(super) fn long(&mut self) -> Option<&'a [u8]> {
        let size = self.u32()?;
        self.bytes(size.try_into().ok()?)
    }

    /// A value of a table, with the letter of its type. None if there is no such type, too.
    pub(super) fn value(&mut self) -> Option<&'a [u8]> {
        let before = self.rest;
        let size = match self.u8()? {
            b't' | b'b' | b'B' => 1,
            b's' | b'U' | b'u' => 2,
            b'I' | b'i' | b'f' => 4,
            b'D' => 5,
            b'L' | b'l' | b'd' | b'T' => 8,
            b'V' => 0,
            b'S' | b'x' | b'A' | b'F' => usize::try_from(self.u32()?).ok()?,
            _ => return None,
        };
        self.bytes(size)?;
        before.get(..before.len() - self.rest.len())
    }
}

/// True if the client can read a table.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    entries(bytes, DEEPEST)
}

/// True if the client can read a value, as [`Reader::value`] returns it.
pub(super) fn is_value(value: &[u8]) -> bool {
    inside(value, DEEPEST)
}

fn entries(bytes: &[u8], deeper: usize) -> bool {
    let mut reader = Reader { rest: bytes };
    while !reader.rest.is_empty() {
        // Only the filter itself says that something can't be read.
        let taken = |name: &str| deeper == DEEPEST && name == UNREADABLE;
        let name = reader.short().and_then(|name| str::from_utf8(name).ok());
        if name.is_none_or(taken) {
            return false;
        }
        if !reader.value().is_some_and(|value| inside(value, deeper)) {
            return false;
        }
    }
    true
}

fn inside(value: &[u8], deeper: usize) -> bool {
    let (Some(kind), Some(content)) = (value.first(), value.get(5..)) else {
        // Too short for anything that holds values.
        return true;
    };
    match (kind, deeper.checked_sub(1)) {
        (b'F', Some(deeper)) => entries(content, deeper),
        (b'A', Some(deeper)) => {
            let mut reader = Reader { rest: content };
            while !reader.rest.is_empty() {
                if !reader.value().is_some_and(|value| inside(value, deeper)) {
                    return false;
                }
            }
            true
        }
        (b'F' | b'A', None) => false,
        _ => true,
    }
}

/// A short text as UTF-8: bytes that are none are written as `\xe9`, and what doesn't fit any more is cut off. Borrowed
/// if it is UTF-8 as it is.
pub(super) fn readable(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.into();
    }
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a text doesn't fail.
            write!(text, "\\x{byte:02x}").ok();
        }
    }
    text.truncate(text.floor_char_boundary(SHORT));
    text.into()
}

/// Writes a short text.
pub(super) fn push_short(out: &mut Vec<u8>, text: &str) {
    let text = text
        .get(..text.floor_char_boundary(SHORT))
        .unwrap_or_default();
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(text.as_bytes());
}

/// Writes what has its size in four bytes before it.
pub(super) fn push_long(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}
