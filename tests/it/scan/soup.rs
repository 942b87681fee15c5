//! Bytes that are nearly messages: fields as a shape has them, in any order and number, now and then with something
//! wrong. What is wrong is decided by a tape of random bytes, so that a failure shrinks to a short tape.

use event_grpc::contract::{Envelope, Field, Kind, Label, Shape};
use prost::encoding::encode_varint;

/// The decisions still to make; all zeros once it is used up, which ends every loop.
pub(crate) struct Tape<'a>(pub(crate) &'a [u8]);

impl Tape<'_> {
    fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((&first, rest)) => {
                self.0 = rest;
                first
            }
            None => 0,
        }
    }

    /// True in one of `n` cases; never on an empty tape.
    fn one_in(&mut self, n: u8) -> bool {
        self.byte() % n == n - 1
    }

    fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n.max(1)
    }
}

/// A request with events, mostly well formed.
pub(crate) fn request(tape: &mut Tape<'_>, envelope: &'static Envelope) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..=tape.below(6) {
        match tape.below(8) {
            0 => field(&mut out, tape, envelope.header, envelope.header_shape),
            7 => unknown(&mut out, tape, 0),
            _ => {
                let body = event(tape, envelope);
                delimited(&mut out, envelope.events, &body);
            }
        }
    }
    spoil(&mut out, tape, 40);
    out
}

/// An event, mostly well formed.
pub(crate) fn event(tape: &mut Tape<'_>, envelope: &'static Envelope) -> Vec<u8> {
    let mut out = Vec::new();
    if tape.one_in(2) {
        delimited(&mut out, envelope.id, b"an id");
    }
    if tape.one_in(2) {
        let text: &[u8] = [&b"1700000000000"[..], b"", b"soon", b"99999999999999"][tape.below(4)];
        delimited(&mut out, envelope.timestamp, text);
    }
    message(&mut out, tape, envelope.event_shape, 0);
    spoil(&mut out, tape, 30);
    out
}

/// A message of a shape, mostly well formed.
pub(crate) fn payload(tape: &mut Tape<'_>, shape: &'static Shape) -> Vec<u8> {
    let mut out = Vec::new();
    message(&mut out, tape, shape, 0);
    out
}

fn field(out: &mut Vec<u8>, tape: &mut Tape<'_>, number: u32, shape: &'static Shape) {
    let mut body = Vec::new();
    message(&mut body, tape, shape, 0);
    delimited(out, number, &body);
}

fn message(out: &mut Vec<u8>, tape: &mut Tape<'_>, shape: &'static Shape, depth: u32) {
    for _ in 0..tape.below(5) {
        if shape.fields.is_empty() || tape.one_in(16) {
            unknown(out, tape, depth);
            continue;
        }
        let known = &shape.fields[tape.below(shape.fields.len())];
        if tape.one_in(40) {
            // The right number with some other type.
            key(
                out,
                tape,
                known.number,
                u64::from(tape.0.first().copied().unwrap_or(0)) % 8,
            );
            out.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
            continue;
        }
        value(out, tape, known, depth);
    }
}

fn value(out: &mut Vec<u8>, tape: &mut Tape<'_>, known: &Field, depth: u32) {
    let mut single = Vec::new();
    let wire_type = match known.kind {
        Kind::Message(shape) | Kind::Map(shape) | Kind::Timestamp(shape) | Kind::Struct(shape) => {
            let mut body = Vec::new();
            if depth < 12 {
                message(&mut body, tape, shape, depth + 1);
            }
            number(&mut single, tape, body.len() as u64);
            single.extend(body);
            2
        }
        Kind::String | Kind::Bytes => {
            let text: &[u8] =
                [&b""[..], b"a", "größer".as_bytes(), b"\xff\xfe", b"12345"][tape.below(5)];
            number(&mut single, tape, text.len() as u64);
            single.extend(text);
            2
        }
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
            single.extend([7; 8]);
            1
        }
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
            single.extend([7; 4]);
            5
        }
        _ => {
            let byte = u64::from(tape.byte());
            number(&mut single, tape, byte << (byte % 57));
            0
        }
    };
    if known.label == Label::Repeated && wire_type != 2 && tape.one_in(2) {
        let mut packed = single.repeat(tape.below(4));
        spoil(&mut packed, tape, 30);
        key(out, tape, known.number, 2);
        number(out, tape, packed.len() as u64);
        out.extend(packed);
    } else {
        key(out, tape, known.number, wire_type);
        out.extend(single);
    }
}

/// A field that no shape has, groups among them.
fn unknown(out: &mut Vec<u8>, tape: &mut Tape<'_>, depth: u32) {
    let field_number = [1, 99, 15, 16, 2000, (1 << 29) - 1][tape.below(6)];
    match tape.below(8) {
        0 => {
            key(out, tape, field_number, 0);
            number(out, tape, 5);
        }
        1 => {
            key(out, tape, field_number, 1);
            out.extend([1; 8]);
        }
        2 => {
            key(out, tape, field_number, 5);
            out.extend([1; 4]);
        }
        3 if depth < 12 => {
            key(out, tape, field_number, 3);
            for _ in 0..tape.below(3) {
                unknown(out, tape, depth + 1);
            }
            let end = if tape.one_in(20) { 1 } else { field_number };
            key(out, tape, end, 4);
        }
        4 if tape.one_in(10) => key(out, tape, field_number, 4),
        _ => delimited(out, field_number, b"what is this?"),
    }
}

/// A chain of messages or groups, each in the one before, around the recursion limit.
pub(crate) fn deep(number: u32, levels: usize, groups: bool) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..levels {
        let mut outer = Vec::new();
        if groups {
            encode_varint(u64::from(number << 3 | 3), &mut outer);
            outer.extend(out);
            encode_varint(u64::from(number << 3 | 4), &mut outer);
        } else {
            delimited(&mut outer, number, &out);
        }
        out = outer;
    }
    out
}

/// Appends a length-delimited field.
pub(crate) fn delimited(out: &mut Vec<u8>, number: u32, body: &[u8]) {
    encode_varint(u64::from(number << 3 | 2), out);
    encode_varint(body.len() as u64, out);
    out.extend_from_slice(body);
}

fn key(out: &mut Vec<u8>, tape: &mut Tape<'_>, field_number: u32, wire_type: u64) {
    let mut key = u64::from(field_number) << 3 | wire_type;
    if tape.one_in(200) {
        key |= 1 << 32;
    }
    number(out, tape, key);
}

/// A varint, now and then longer than it needs to be or too long.
fn number(out: &mut Vec<u8>, tape: &mut Tape<'_>, value: u64) {
    if !tape.one_in(25) {
        encode_varint(value, out);
        return;
    }
    let len = 1 + tape.below(11);
    for at in 0..len {
        let bits = if at < 10 {
            (value >> (at * 7)) as u8 & 0x7f
        } else {
            0
        };
        let more = at + 1 < len;
        out.push(bits | if more { 0x80 } else { 0 });
    }
    if len == 10
        && tape.one_in(3)
        && let Some(last) = out.last_mut()
    {
        *last = tape.byte() & 0x7f;
    }
}

/// In one of `n` cases, damages the bytes.
fn spoil(out: &mut Vec<u8>, tape: &mut Tape<'_>, n: u8) {
    if out.is_empty() || !tape.one_in(n) {
        return;
    }
    let place = tape.below(256) * out.len() / 256;
    match tape.below(4) {
        0 => out.truncate(place),
        1 => out[place] ^= 1 << tape.below(8),
        2 => out.insert(place, tape.byte()),
        _ => {
            let tail = out.split_off(place);
            out.splice(0..0, tail);
        }
    }
}
