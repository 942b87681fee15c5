//! Places of message fields in a JSON column.

use std::collections::HashMap;

use crate::protobuf::wire::WireType;
use crate::protobuf::{Field, Kind, Label, Shape};

/// Places of message fields: found once for each message and place, then looked up by number.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// By the address of a root message's shape, its place in `all`.
    roots: HashMap<usize, u32>,
    /// The one that was asked for last.
    last: Option<(usize, u32)>,
    all: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// Prefix of its fields' paths; empty or ending with a dot.
    prefix: Box<str>,
    /// By a field's number; what has no place here is looked up each time.
    slots: Box<[Slot]>,
}

/// State of a field at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    Unknown,
    Path(u32),
    Node(u32),
    /// The leaf of a list or a map.
    Run(u32),
    /// The leaf of a field that is absent at its default, and of this kind.
    Plain(Plain, u32),
}

/// The kinds that nearly all fields are of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plain {
    Int64,
    Int32,
    Bool,
    Float,
    Double,
    Text,
}

impl Plain {
    pub(super) fn of(field: &Field) -> Option<Plain> {
        if field.label != Label::Implicit {
            return None;
        }
        Some(match field.kind {
            Kind::Int64 => Plain::Int64,
            Kind::Int32 => Plain::Int32,
            Kind::Bool => Plain::Bool,
            Kind::Float => Plain::Float,
            Kind::Double => Plain::Double,
            Kind::String => Plain::Text,
            _ => return None,
        })
    }

    /// The wire type's number that a value must have.
    #[inline]
    pub(super) fn wire_type(self) -> u32 {
        let wire_type = match self {
            Plain::Int64 | Plain::Int32 | Plain::Bool => WireType::Varint,
            Plain::Float => WireType::ThirtyTwoBit,
            Plain::Double => WireType::SixtyFourBit,
            Plain::Text => WireType::LengthDelimited,
        };
        wire_type as u32
    }
}

impl Nodes {
    pub(super) fn add(&mut self, prefix: &str, shape: &Shape) -> u32 {
        let slots = vec![Slot::Unknown; shape.dense.len()].into();
        self.all.push(Node {
            prefix: prefix.into(),
            slots,
        });
        self.all.len() as u32 - 1
    }

    /// The place of a message that is a whole value.
    pub(super) fn root(&mut self, shape: &'static Shape) -> u32 {
        // A static has an address of its own. Values of one shape come one after another.
        let address = std::ptr::from_ref(shape) as usize;
        if let Some((last, node)) = self.last
            && last == address
        {
            return node;
        }
        let node = match self.roots.get(&address) {
            Some(node) => *node,
            None => {
                let node = self.add("", shape);
                self.roots.insert(address, node);
                node
            }
        };
        self.last = Some((address, node));
        node
    }

    pub(super) fn slots(&self, node: u32) -> &[Slot] {
        self.all.get(node as usize).map_or(&[], |node| &node.slots)
    }

    pub(super) fn slot(&self, node: u32, field: &Field) -> Slot {
        let slot = self.slots(node).get(field.number as usize);
        slot.copied().unwrap_or(Slot::Unknown)
    }

    pub(super) fn set(&mut self, node: u32, field: &Field, slot: Slot) {
        let node = self.all.get_mut(node as usize);
        if let Some(place) = node.and_then(|n| n.slots.get_mut(field.number as usize)) {
            *place = slot;
        }
    }

    pub(super) fn name(&self, node: u32, field: &Field) -> String {
        let prefix = self.all.get(node as usize).map_or("", |n| &n.prefix);
        format!("{prefix}{}", field.name)
    }
}
