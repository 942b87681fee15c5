//! Protobuf messages as JSON values, straight from the wire.

use super::super::wire::{Scalar, base64, has_elements};
use super::Json;
use super::leaf::{Basic, LeafType};
use crate::contract::wire::{Item, RECURSION_LIMIT, Reader};
use crate::contract::{Bad, Field, Kind, Label, Shape, function};

/// Where the fields of messages go: found once for each message and place, then looked up by index.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// By the id of a root message's shape, one more than its place in `all`.
    roots: Vec<u32>,
    all: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// What the paths of its fields start with; empty or ending with a dot.
    prefix: Box<str>,
    slots: Box<[Slot]>,
}

#[derive(Debug, Clone, Copy)]
enum Slot {
    Unknown,
    Path(u32),
    Node(u32),
}

impl Nodes {
    fn add(&mut self, prefix: &str, shape: &Shape) -> u32 {
        let slots = vec![Slot::Unknown; shape.fields.len()].into();
        self.all.push(Node {
            prefix: prefix.into(),
            slots,
        });
        self.all.len() as u32 - 1
    }

    fn root(&mut self, shape: &Shape) -> u32 {
        let id = usize::from(shape.id);
        if self.roots.len() <= id {
            self.roots.resize(id + 1, 0);
        }
        match self.roots.get(id).copied() {
            Some(next) if next > 0 => next - 1,
            _ => {
                let node = self.add("", shape);
                if let Some(root) = self.roots.get_mut(id) {
                    *root = node + 1;
                }
                node
            }
        }
    }

    fn slot(&self, node: u32, index: usize) -> Slot {
        self.all
            .get(node as usize)
            .and_then(|n| n.slots.get(index))
            .copied()
            .unwrap_or(Slot::Unknown)
    }

    fn set(&mut self, node: u32, index: usize, slot: Slot) {
        if let Some(place) = self
            .all
            .get_mut(node as usize)
            .and_then(|n| n.slots.get_mut(index))
        {
            *place = slot;
        }
    }

    fn name(&self, node: u32, field: &Field) -> String {
        let prefix = self.all.get(node as usize).map_or("", |n| &n.prefix);
        format!("{prefix}{}", field.name)
    }
}

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
            return Err(Bad::Wire("it nests too deep"));
        };
        let mut reader = Reader::new(bytes);
        let mut run: Option<(usize, &'static Field, &[u8])> = None;
        let mut oneofs = 0_u64;
        while let Some(item) = reader.next()? {
            let Some((index, field)) = shape.field(item.number) else {
                continue;
            };
            match field.label {
                Label::Repeated => {
                    run = match run {
                        Some((at, same, before)) if at == index => {
                            Some((at, same, reader.span(before, &item)))
                        }
                        _ => {
                            self.run(node, run)?;
                            Some((index, field, reader.span(&[], &item)))
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
            self.single(node, index, field, &item, depth)?;
        }
        self.run(node, run)
    }

    /// A field that is there at most once.
    fn single(
        &mut self,
        node: u32,
        index: usize,
        field: &'static Field,
        item: &Item<'_>,
        depth: u32,
    ) -> Result<(), Bad> {
        match field.kind {
            Kind::Message(shape) => {
                let nested = self.nested(node, index, field, shape);
                self.fields(nested, shape, item.message()?, depth)
            }
            Kind::Struct(_) => {
                let object = function::struct_object(item.message()?)?;
                let mut name = self.nodes.name(node, field);
                self.object(&mut name, &object)
            }
            Kind::Timestamp(_) => {
                let text = function::timestamp_text(item.message()?)
                    .map_err(|e| Bad::field(field.name, e))?;
                self.put(node, index, field, Scalar::Text(text.as_bytes()))
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
                        self.put(node, index, field, Scalar::Text(base64(bytes).as_bytes()))
                    }
                    value => self.put(node, index, field, value),
                }
            }
        }
    }

    #[inline]
    fn put(
        &mut self,
        node: u32,
        index: usize,
        field: &Field,
        value: Scalar<'_>,
    ) -> Result<(), Bad> {
        let path = self.field_path(node, index, field);
        match self.cell(path, LeafType::One(Basic::of(&value))) {
            Some(column) => column.scalar(value),
            None => Ok(()),
        }
    }

    /// A repeated field's occurrences, or a map's entries.
    fn run(&mut self, node: u32, run: Option<(usize, &'static Field, &[u8])>) -> Result<(), Bad> {
        let Some((index, field, run)) = run else {
            return Ok(());
        };
        if !has_elements(&field.kind, run)? {
            return Ok(());
        }
        let path = self.field_path(node, index, field);
        let Some(column) = self.cell(path, run_type(&field.kind)) else {
            return Ok(());
        };
        match field.kind {
            Kind::Map(entry) => column.map(entry, run),
            kind => column.repeated(&kind, run),
        }
    }

    #[inline]
    fn field_path(&mut self, node: u32, index: usize, field: &Field) -> u32 {
        match self.nodes.slot(node, index) {
            Slot::Path(path) => path,
            _ => {
                let path = self.path(&self.nodes.name(node, field));
                self.nodes.set(node, index, Slot::Path(path));
                path
            }
        }
    }

    fn nested(&mut self, node: u32, index: usize, field: &Field, shape: &Shape) -> u32 {
        match self.nodes.slot(node, index) {
            Slot::Node(nested) => nested,
            _ => {
                let prefix = self.nodes.name(node, field) + ".";
                let nested = self.nodes.add(&prefix, shape);
                self.nodes.set(node, index, Slot::Node(nested));
                nested
            }
        }
    }
}

/// What a repeated field or a map is stored as.
fn run_type(kind: &Kind) -> LeafType {
    match kind {
        Kind::Map(entry) => match entry.field(2).map(|(_, value)| value.kind) {
            Some(Kind::Message(_) | Kind::Struct(_)) => LeafType::MapJson,
            Some(kind) => LeafType::Map(basic(&kind)),
            None => LeafType::Map(Basic::String),
        },
        Kind::Message(_) | Kind::Struct(_) => LeafType::ListJson,
        kind => LeafType::List(basic(kind)),
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
