//! Protobuf messages as JSON values, straight from the wire.

use super::super::decimal::widen;
use super::super::wire::{Scalar, base64, has_elements};
use super::leaf::{Basic, Element, LeafType};
use super::nodes::{Plain, Slot};
use super::{Json, objects_in, objects_in_mut};
use crate::json::{limits, struct_object};
use crate::protobuf::timestamp::timestamp_text;
use crate::protobuf::wire::{self, Item, RECURSION_LIMIT, Reader, WRONG_TYPE};
use crate::protobuf::{Field, Kind, Label, Shape};
use crate::row_error::Bad;
use crate::unknown;
use crate::weight;

impl Json {
    /// Appends a message.
    pub(in super::super) fn push_message(
        &mut self,
        shape: &'static Shape,
        bytes: &[u8],
    ) -> Result<(), Bad> {
        let root = self.nodes.root(shape);
        self.fields(root, shape, bytes, RECURSION_LIMIT)?;
        self.rows += 1;
        Ok(())
    }

    fn fields(
        &mut self,
        node: u32,
        shape: &'static Shape,
        bytes: &[u8],
        depth: u32,
    ) -> Result<(), Bad> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Bad::Wire("it is nested too deeply"));
        };
        let mut reader = Reader::new(bytes);
        let mut run: Option<(&'static Field, &[u8])> = None;
        let mut oneofs = 0_u64;
        loop {
            self.plain(node, &mut reader)?;
            let Some(item) = reader.next()? else {
                break;
            };
            let Some((_, field)) = shape.field(item.number) else {
                self.unknown = true;
                continue;
            };
            match field.label {
                Label::Repeated => {
                    run = match run {
                        Some((same, before)) if same.number == field.number => {
                            Some((same, reader.span(before, &item)))
                        }
                        _ => {
                            self.run(node, run)?;
                            Some((field, reader.span(&[], &item)))
                        }
                    };
                    continue;
                }
                Label::Oneof(oneof) => {
                    let bit = 1 << (oneof % 64);
                    if oneofs & bit != 0 {
                        return Err(Bad::NotCanonical);
                    }
                    oneofs |= bit;
                }
                Label::Implicit | Label::Optional => {}
            }
            self.single(node, field, &item, depth)?;
        }
        self.unknown |= reader.skipped();
        self.run(node, run)
    }

    /// Appends fields as long as they are plain and their leaves are known.
    #[inline]
    fn plain(&mut self, node: u32, reader: &mut Reader<'_>) -> Result<(), Bad> {
        let slots = self.nodes.slots(node);
        let (row, epoch) = (self.rows as u32, self.epoch);
        while let Some(key) = reader.peek() {
            let Some(&Slot::Plain(kind, leaf)) = slots.get(key.0.number() as usize) else {
                break;
            };
            let Some(leaf) = self.leaves.get_mut(leaf as usize) else {
                break;
            };
            if key.0.wire_type() != kind.wire_type() {
                return Err(WRONG_TYPE);
            }
            reader.enter(key)?;
            match kind {
                Plain::Text => {
                    let text = wire::utf8(reader.delimited()?)?;
                    if !text.is_empty() {
                        leaf.text(row, epoch, text);
                    }
                }
                Plain::Int64 | Plain::Int32 => {
                    let mut value = reader.varint()? as i64;
                    if matches!(kind, Plain::Int32) {
                        value = i64::from(value as i32);
                    }
                    if value != 0 {
                        leaf.number(row, epoch, value.to_le_bytes());
                    }
                }
                Plain::Bool => {
                    if reader.varint()? != 0 {
                        leaf.number(row, epoch, [1]);
                    }
                }
                // Negative zero is not the default.
                Plain::Float => {
                    let value = f32::from_le_bytes(reader.fixed()?);
                    if value.to_bits() != 0 {
                        leaf.number(row, epoch, widen(value).to_le_bytes());
                    }
                }
                Plain::Double => {
                    let value = f64::from_le_bytes(reader.fixed()?);
                    if value.to_bits() != 0 {
                        leaf.number(row, epoch, value.to_le_bytes());
                    }
                }
            }
        }
        Ok(())
    }

    /// A field that is there at most once.
    fn single(
        &mut self,
        node: u32,
        field: &'static Field,
        item: &Item<'_>,
        depth: u32,
    ) -> Result<(), Bad> {
        match field.kind {
            Kind::Message(shape) => {
                let nested = self.nested(node, field, shape);
                self.fields(nested, shape, item.message()?, depth)
            }
            Kind::Struct(shape) => {
                self.unknown |= unknown::any(shape, item.message()?);
                let object = struct_object(item.message()?)?;
                limits::check(&object)?;
                let mut name = self.nodes.name(node, field);
                self.object(&mut name, &object)
            }
            Kind::Timestamp(shape) => {
                self.unknown |= unknown::any(shape, item.message()?);
                let text =
                    timestamp_text(item.message()?).map_err(|e| Bad::field(field.name, e))?;
                self.put(node, field, Scalar::Text(text.as_bytes()))
            }
            _ => {
                if item.again() {
                    return Err(Bad::NotCanonical);
                }
                let value = Scalar::read(&field.kind, item.raw())?;
                if field.label == Label::Implicit && value.is_default() {
                    return Ok(());
                }
                match value {
                    Scalar::Bytes(bytes) => {
                        self.put(node, field, Scalar::Text(base64(bytes).as_bytes()))
                    }
                    value => self.put(node, field, value),
                }
            }
        }
    }

    fn put(&mut self, node: u32, field: &Field, value: Scalar<'_>) -> Result<(), Bad> {
        let path = self.field_path(node, field);
        let leaf = self.leaf(path, LeafType::One(Basic::of(&value)));
        if let Some(plain) = Plain::of(field) {
            self.nodes.set(node, field, Slot::Plain(plain, leaf));
        }
        self.next(leaf)
            .map_or(Ok(()), |column| column.scalar(value))
    }

    /// A repeated field's occurrences, or a map's entries.
    fn run(&mut self, node: u32, run: Option<(&'static Field, &[u8])>) -> Result<(), Bad> {
        let Some((field, run)) = run else {
            return Ok(());
        };
        if !has_elements(&field.kind, run)? {
            return Ok(());
        }
        let leaf = match self.nodes.slot(node, field) {
            Slot::Run(leaf) => leaf,
            _ => {
                let path = self.field_path(node, field);
                let leaf = self.leaf(path, run_type(&field.kind));
                self.nodes.set(node, field, Slot::Run(leaf));
                leaf
            }
        };
        let Some(column) = self.next(leaf) else {
            return Ok(());
        };
        let before = objects_in(column).map_or(0, |objects| objects.rows);
        match field.kind {
            Kind::Map(entry) => column.map(entry, run)?,
            kind => column.repeated(&kind, run)?,
        }
        let met = match single_kind(field.kind) {
            Kind::Message(_) => objects_in_mut(column).is_some_and(Json::met_unknown),
            Kind::Struct(_) | Kind::Timestamp(_) => unknown::any_in_run(field, run),
            _ => false,
        };
        let fits = match objects_in(column) {
            Some(objects) => objects.in_proportion(before, field, run),
            None => Ok(()),
        };
        self.unknown |= met;
        fits
    }

    /// Checks that the rows from `before` on don't have many times more places than the bytes that they came in: a list
    /// of empty messages with one that has every field is not worth a column for each field.
    fn in_proportion(&self, before: usize, field: &Field, run: &[u8]) -> Result<(), Bad> {
        const FEW: usize = 1024;
        let rows = self.rows - before;
        if rows < FEW {
            return Ok(());
        }
        let paths = self.leaves.iter().filter(|leaf| leaf.is_of(self.epoch));
        let places = weight::paths(paths.count(), rows);
        let most = limits::PLACES * run.len() as u64 + limits::FREE_PLACES;
        if places <= most {
            return Ok(());
        }
        let reason = format!(
            "its {rows} messages have {places} places, which is their number by the fields that any of them has; \
             at most {most} for its {} bytes",
            run.len()
        );
        Err(Bad::field(field.name, reason))
    }

    fn field_path(&mut self, node: u32, field: &Field) -> u32 {
        match self.nodes.slot(node, field) {
            Slot::Path(path) => path,
            _ => {
                let path = self.path(&self.nodes.name(node, field));
                self.nodes.set(node, field, Slot::Path(path));
                path
            }
        }
    }

    fn nested(&mut self, node: u32, field: &Field, shape: &Shape) -> u32 {
        match self.nodes.slot(node, field) {
            Slot::Node(nested) => nested,
            _ => {
                let prefix = self.nodes.name(node, field) + ".";
                let nested = self.nodes.add(&prefix, shape);
                self.nodes.set(node, field, Slot::Node(nested));
                nested
            }
        }
    }
}

/// Kind of a list's elements, or of a map's values.
fn single_kind(kind: Kind) -> Kind {
    match kind {
        Kind::Map(entry) => entry.field(2).map_or(kind, |(_, value)| value.kind),
        kind => kind,
    }
}

/// Storage type of a repeated field or a map.
fn run_type(kind: &Kind) -> LeafType {
    match kind {
        Kind::Map(entry) => match entry.field(2).map(|(_, value)| value.kind) {
            Some(Kind::Message(_) | Kind::Struct(_)) => LeafType::MapJson,
            Some(kind) => LeafType::Map(basic(&kind)),
            None => LeafType::Map(Basic::String),
        },
        Kind::Message(_) | Kind::Struct(_) => LeafType::List(Element::Json, 1),
        kind => LeafType::List(Element::Basic(basic(kind)), 1),
    }
}

fn basic(kind: &Kind) -> Basic {
    match kind {
        Kind::Double | Kind::Float => Basic::Float64,
        Kind::Bool => Basic::Bool,
        Kind::Uint64 | Kind::Fixed64 => Basic::UInt64,
        Kind::String | Kind::Bytes | Kind::Enum(_) => Basic::String,
        kind if kind.shape().is_some() => Basic::String,
        _ => Basic::Int64,
    }
}
