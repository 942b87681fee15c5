//! Content headers: whether the client can read one, and how it is written anew if not.

use std::borrow::Cow;

use super::reader::{Reader, is_table, is_value, push_long, push_short, readable};
use crate::contract::headers::{UNREADABLE, is_of_the_broker};

/// Size of the fields before the properties: class, weight and size of the body.
const BEFORE: usize = 12;

/// Maximum size of the reasons, in bytes.
const REASONS: usize = 2 << 10;

/// A property of AMQP's basic class, in the order of their bits, the highest first.
const PROPERTIES: [(&str, Kind); 14] = [
    ("content type", Kind::Short),
    ("content encoding", Kind::Short),
    ("headers", Kind::Table),
    ("delivery mode", Kind::Fixed(1)),
    ("priority", Kind::Fixed(1)),
    ("correlation id", Kind::Short),
    ("reply to", Kind::Short),
    ("expiration", Kind::Short),
    ("message id", Kind::Short),
    ("timestamp", Kind::Fixed(8)),
    ("type", Kind::Short),
    ("user id", Kind::Short),
    ("app id", Kind::Short),
    ("cluster id", Kind::Short),
];

#[derive(Clone, Copy)]
enum Kind {
    Short,
    Table,
    Fixed(usize),
}

/// True if the client can read the payload of a content header.
pub(super) fn is_readable(payload: &[u8]) -> bool {
    let mut reader = Reader { rest: payload };
    if reader.bytes(BEFORE).is_none() {
        return false;
    }
    let Some(flags) = reader.u16() else {
        return false;
    };
    // The two lowest bits belong to no property.
    if flags & 0b11 != 0 {
        return false;
    }
    for (at, (_, kind)) in PROPERTIES.iter().enumerate() {
        if flags & (1 << (15 - at)) == 0 {
            continue;
        }
        let fine = match kind {
            Kind::Short => reader
                .short()
                .is_some_and(|text| str::from_utf8(text).is_ok()),
            Kind::Table => reader.long().is_some_and(is_table),
            Kind::Fixed(size) => reader.bytes(*size).is_some(),
        };
        if !fine {
            return false;
        }
    }
    reader.rest.is_empty()
}

/// Writes the payload anew so that the client can read it and it has at most `limit` bytes. What no reader here needs
/// is left out; of what else is changed, a header of our own tells.
pub(super) fn rewritten(payload: &[u8], limit: usize, mut reasons: Vec<String>) -> Vec<u8> {
    let mut reader = Reader { rest: payload };
    let mut out = reader.bytes(BEFORE).unwrap_or(&[0; BEFORE]).to_vec();
    let flags = reader.u16().unwrap_or(0);
    let mut kept: u16 = 0;
    let mut before = Vec::new();
    let mut after = Vec::new();
    let mut headers = Vec::new();
    for (at, (what, kind)) in PROPERTIES.iter().enumerate() {
        let bit = 1 << (15 - at);
        if flags & bit == 0 {
            continue;
        }
        let part = if at < 2 { &mut before } else { &mut after };
        let read = match kind {
            Kind::Short => reader.short().map(|bytes| {
                push_short(part, &note(bytes, what, &mut reasons));
            }),
            Kind::Fixed(size) => reader
                .bytes(*size)
                .map(|bytes| part.extend_from_slice(bytes)),
            Kind::Table => reader
                .long()
                .map(|table| headers = entries(table, &mut reasons)),
        };
        if read.is_none() {
            reasons.push(format!("its {what} ends too soon"));
            break;
        }
        kept |= bit;
    }
    let fixed = BEFORE + 2 + before.len() + 4 + after.len();
    fit(&mut headers, limit.saturating_sub(fixed), &mut reasons);
    let mut table = Vec::new();
    for (name, value) in &headers {
        push_short(&mut table, name);
        table.extend_from_slice(value);
    }
    if !reasons.is_empty() {
        push_short(&mut table, UNREADABLE);
        let mut reasons = reasons.join("; ");
        // Long properties leave less room in a small frame, even without any other header.
        let room = limit.saturating_sub(fixed + table.len() + 5).min(REASONS);
        reasons.truncate(reasons.floor_char_boundary(room));
        table.push(b'S');
        push_long(&mut table, reasons.as_bytes());
    }
    const HEADERS: u16 = 1 << 13;
    out.extend_from_slice(&(kept | HEADERS).to_be_bytes());
    out.extend_from_slice(&before);
    push_long(&mut out, &table);
    out.extend_from_slice(&after);
    out
}

/// A text as UTF-8. One that isn't is a reason.
pub(super) fn note<'a>(bytes: &'a [u8], what: &str, reasons: &mut Vec<String>) -> Cow<'a, str> {
    let text = readable(bytes);
    if let Cow::Owned(text) = &text {
        reasons.push(format!("its {what} `{text}` is not UTF-8"));
    }
    text
}

/// The headers of a table, as far as they can be told apart. Lists and tables that the client can't read are left out:
/// nothing here reads any.
fn entries<'a>(table: &'a [u8], reasons: &mut Vec<String>) -> Vec<(Cow<'a, str>, &'a [u8])> {
    let mut reader = Reader { rest: table };
    let mut headers = Vec::new();
    while !reader.rest.is_empty() {
        let Some((name, value)) = reader
            .short()
            .and_then(|name| Some((name, reader.value()?)))
        else {
            reasons.push(format!(
                "its headers can't be read after the {}th",
                headers.len()
            ));
            break;
        };
        let name = note(name, "header name", reasons);
        if is_value(value) && name != UNREADABLE {
            headers.push((name, value));
        }
    }
    headers
}

/// Leaves out headers until the rest fits: first those that the broker has added, then the largest.
fn fit(headers: &mut Vec<(Cow<'_, str>, &[u8])>, room: usize, reasons: &mut Vec<String>) {
    let size = |(name, value): &(Cow<'_, str>, &[u8])| 1 + name.len() + value.len();
    // A reason needs room, too.
    let less = room.saturating_sub(1 + UNREADABLE.len() + 5 + REASONS);
    let room = if reasons.is_empty() { room } else { less };
    let mut total: usize = headers.iter().map(size).sum();
    if total <= room {
        return;
    }
    headers.retain(|(name, _)| !is_of_the_broker(name));
    total = headers.iter().map(size).sum();
    if total <= room {
        return;
    }
    let room = less;
    headers.sort_by_key(|header| std::cmp::Reverse(size(header)));
    let mut cut = 0;
    while total > room
        && let Some(header) = headers.get(cut)
    {
        total -= size(header);
        cut += 1;
    }
    for (name, value) in headers.drain(..cut).take(10) {
        reasons.push(format!(
            "its header `{name}` of {} bytes is cut",
            value.len()
        ));
    }
    if cut > 10 {
        reasons.push(format!("{} more headers are cut", cut - 10));
    }
}
