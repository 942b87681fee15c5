//! Re-encodes a message in another legal way: fields in another order, singular ones more than once, messages in parts,
//! lists packed or not, varints longer than they have to be, defaults written, entries of maps shuffled and repeated.

use std::collections::BTreeMap;

use event_grpc::contract::wire::{self, WireType};
use event_grpc::contract::{Field, Kind, Label, Shape};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, RngCore as _};

/// Fields with their keys that have to stay in this order among each other.
type Run = Vec<Vec<u8>>;

/// Another encoding of a message that is in its shortest one.
pub(crate) fn spelled(shape: &'static Shape, bytes: &[u8], random: &mut StdRng) -> Vec<u8> {
    spelled_fields(shape, bytes, random).concat()
}

/// Re-encodes a message, field by field.
fn spelled_fields(shape: &'static Shape, bytes: &[u8], random: &mut StdRng) -> Vec<Vec<u8>> {
    let mut runs: BTreeMap<u32, Run> = BTreeMap::new();
    let mut there = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let (number, wire_type) = wire::key(bytes, &mut at).unwrap();
        let from = at;
        wire::skip(bytes, &mut at, number, wire_type, 100).unwrap();
        let Some((_, field)) = shape.field(number) else {
            let run = runs.entry(number).or_default();
            run.push(bytes[start..at].to_vec());
            continue;
        };
        there.push(number);
        let value = match wire_type {
            WireType::LengthDelimited => wire::delimited(bytes, &mut { from }).unwrap(),
            _ => &bytes[from..at],
        };
        let run = runs.entry(number).or_default();
        match (field.label, field.kind) {
            (Label::Repeated, Kind::Map(entry)) => {
                // Before the entry that counts: one with the same key and no value.
                if random.random_ratio(1, 4) {
                    let key = entry_key(value);
                    run.push(delimited(number, key, random));
                }
                run.push(delimited(number, &spelled(entry, value, random), random));
            }
            (Label::Repeated, kind) if numeric(kind) => {
                run.extend(unpacked(field, value, random));
            }
            (Label::Repeated, kind) => {
                let value = match kind.shape() {
                    Some(inner) => spelled(inner, value, random),
                    None => value.to_vec(),
                };
                run.push(delimited(number, &value, random));
            }
            (label, kind) => {
                if let Label::Oneof(oneof) = label
                    && random.random_ratio(1, 3)
                {
                    run.extend(another_member(shape, oneof, number));
                } else if kind.shape().is_none() && random.random_ratio(1, 3) {
                    run.push(of_default(field));
                }
                run.extend(single(field, wire_type, value, random));
            }
        }
    }
    for field in shape.fields {
        let implicit = field.label == Label::Implicit && field.kind.shape().is_none();
        if implicit && !there.contains(&field.number) && random.random_ratio(1, 6) {
            runs.insert(field.number, vec![of_default(field)]);
        }
    }
    // Entries of a map may change places where no key is there twice.
    for (number, run) in &mut runs {
        let is_map = shape
            .field(*number)
            .is_some_and(|(_, f)| matches!(f.kind, Kind::Map(_)));
        let plain = there.iter().filter(|n| *n == number).count() == run.len();
        if is_map && plain {
            run.shuffle(random);
        }
    }
    interleaved(runs.into_values().collect(), random)
}

/// Runs, each in its order, mixed with the others.
fn interleaved(runs: Vec<Run>, random: &mut StdRng) -> Vec<Vec<u8>> {
    let mut order: Vec<usize> = runs
        .iter()
        .enumerate()
        .flat_map(|(at, run)| std::iter::repeat_n(at, run.len()))
        .collect();
    if random.random_ratio(3, 4) {
        order.shuffle(random);
    }
    let mut runs: Vec<_> = runs.into_iter().map(Vec::into_iter).collect();
    order.into_iter().filter_map(|at| runs[at].next()).collect()
}

fn single(field: &Field, wire_type: WireType, value: &[u8], random: &mut StdRng) -> Run {
    let number = field.number;
    match wire_type {
        WireType::Varint => {
            let mut out = Vec::new();
            varint(&mut out, u64::from(number) << 3, random);
            let value = wire::varint(value, &mut 0).unwrap();
            varint(&mut out, beyond(field.kind, value, random), random);
            vec![out]
        }
        WireType::LengthDelimited => match field.kind.shape() {
            Some(inner) => {
                let fields = spelled_fields(inner, value, random);
                let cut = match random.random_bool(0.5) {
                    true => random.random_range(0..=fields.len()),
                    false => fields.len(),
                };
                let (first, second) = fields.split_at(cut);
                let mut run = vec![delimited(number, &first.concat(), random)];
                if !second.is_empty() || random.random_ratio(1, 8) {
                    run.push(delimited(number, &second.concat(), random));
                }
                run
            }
            None => vec![delimited(number, value, random)],
        },
        _ => {
            let mut out = Vec::new();
            let code = if value.len() == 8 { 1 } else { 5 };
            varint(&mut out, u64::from(number) << 3 | code, random);
            out.extend_from_slice(value);
            vec![out]
        }
    }
}

/// A list of numbers in pieces, packed or one by one.
fn unpacked(field: &Field, packed: &[u8], random: &mut StdRng) -> Run {
    let mut values: Vec<Vec<u8>> = Vec::new();
    let mut at = 0;
    let wire_type = wire_type(field.kind);
    while at < packed.len() {
        let start = at;
        wire::skip(packed, &mut at, field.number, wire_type, 100).unwrap();
        let mut value = packed[start..at].to_vec();
        if wire_type == WireType::Varint {
            let read = wire::varint(&value, &mut 0).unwrap();
            value.clear();
            varint(&mut value, beyond(field.kind, read, random), random);
        }
        values.push(value);
    }
    let mut run = Vec::new();
    while !values.is_empty() {
        let count = random.random_range(0..=values.len());
        let piece: Vec<Vec<u8>> = values.drain(..count).collect();
        if random.random_bool(0.5) {
            run.push(delimited(field.number, &piece.concat(), random));
            continue;
        }
        for value in piece {
            let code = match wire_type {
                WireType::Varint => 0,
                WireType::SixtyFourBit => 1,
                _ => 5,
            };
            let mut out = Vec::new();
            varint(&mut out, u64::from(field.number) << 3 | code, random);
            out.extend(value);
            run.push(out);
        }
    }
    run
}

/// A value that is cut to the same one by its type.
fn beyond(kind: Kind, value: u64, random: &mut StdRng) -> u64 {
    if random.random_ratio(2, 3) {
        return value;
    }
    match kind {
        Kind::Bool if value != 0 => random.next_u64() | 1,
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Enum(_) => {
            random.next_u64() << 32 | u64::from(value as u32)
        }
        _ => value,
    }
}

/// A varint, now and then longer than it has to be.
fn varint(out: &mut Vec<u8>, value: u64, random: &mut StdRng) {
    let start = out.len();
    prost::encoding::encode_varint(value, out);
    if out.len() - start < 8 && random.random_ratio(1, 8) {
        let last = out.len() - 1;
        out[last] |= 0x80;
        out.extend([0x80, 0x00]);
    }
}

fn delimited(number: u32, value: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, u64::from(number) << 3 | 2, random);
    varint(&mut out, value.len() as u64, random);
    out.extend_from_slice(value);
    out
}

fn wire_type(kind: Kind) -> WireType {
    match kind {
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => WireType::ThirtyTwoBit,
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => WireType::SixtyFourBit,
        Kind::String | Kind::Bytes => WireType::LengthDelimited,
        kind if kind.shape().is_some() => WireType::LengthDelimited,
        _ => WireType::Varint,
    }
}

fn numeric(kind: Kind) -> bool {
    wire_type(kind) != WireType::LengthDelimited
}

/// A field that says what its absence says.
fn of_default(field: &Field) -> Vec<u8> {
    let mut out = Vec::new();
    let (code, value): (u64, &[u8]) = match wire_type(field.kind) {
        WireType::Varint => (0, &[0]),
        WireType::SixtyFourBit => (1, &[0; 8]),
        WireType::ThirtyTwoBit => (5, &[0; 4]),
        _ => (2, &[0]),
    };
    prost::encoding::encode_varint(u64::from(field.number) << 3 | code, &mut out);
    out.extend_from_slice(value);
    out
}

/// Another member of a oneof, if there is one, which the next one puts out.
fn another_member(shape: &Shape, oneof: u8, number: u32) -> Option<Vec<u8>> {
    let mut fields = shape.fields.iter();
    let other = fields.find(|f| f.label == Label::Oneof(oneof) && f.number != number)?;
    Some(of_default(other))
}

/// The key of a map's entry as a field, without the value.
fn entry_key(entry: &[u8]) -> &[u8] {
    let mut at = 0;
    if entry.is_empty() {
        return entry;
    }
    let (number, wire_type) = wire::key(entry, &mut at).unwrap();
    if number != 1 {
        return &[];
    }
    wire::skip(entry, &mut at, number, wire_type, 100).unwrap();
    &entry[..at]
}
