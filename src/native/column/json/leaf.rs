//! The values of one path: sparse, and of one or more types.

use std::borrow::Cow;

use super::super::nested::{Array, MapColumn, Nullable};
use super::super::wire::Scalar;
use super::super::{Column, Layout};
use crate::protobuf::writer::{push_text, push_varint};

/// The type of a value in a JSON column, named as ClickHouse's own JSON parser would choose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeafType {
    One(Basic),
    /// A list, in lists perhaps: what it holds, and how many levels of lists there are.
    List(Element, u8),
    /// An object as an element of a mixed list.
    Json,
    Map(Basic),
    MapJson,
}

/// The type of a list's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Basic(Basic),
    Json,
    NullableJson,
    /// Elements of several types.
    Dynamic,
}

/// A scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Basic {
    Int64,
    UInt64,
    /// An integer beyond 64 bits.
    Int256,
    Float64,
    Bool,
    String,
}

impl Basic {
    /// Storage type of a scalar.
    pub(super) fn of(value: &Scalar<'_>) -> Basic {
        match value {
            Scalar::Signed(_) => Basic::Int64,
            Scalar::Unsigned(_) => Basic::UInt64,
            Scalar::Float(_) | Scalar::Double(_) => Basic::Float64,
            Scalar::Bool(_) => Basic::Bool,
            Scalar::Text(_) | Scalar::Bytes(_) | Scalar::Name(..) => Basic::String,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Basic::Int64 => "Int64",
            Basic::UInt64 => "UInt64",
            Basic::Int256 => "Int256",
            Basic::Float64 => "Float64",
            Basic::Bool => "Bool",
            Basic::String => "String",
        }
    }

    fn layout(self) -> Layout {
        match self {
            Basic::Int64 | Basic::UInt64 | Basic::Float64 => Layout::Fixed(8),
            Basic::Int256 => Layout::Fixed(32),
            Basic::Bool => Layout::Fixed(1),
            Basic::String => Layout::Text,
        }
    }
}

impl Element {
    fn column(self) -> Column {
        let nullable = |column| Column::Nullable(Box::new(Nullable::new(column)));
        match self {
            Element::Basic(basic) => nullable(Column::new(&basic.layout())),
            Element::Json => Column::Json(Box::default()),
            Element::NullableJson => nullable(Column::Json(Box::default())),
            Element::Dynamic => Column::Dynamic(Box::default()),
        }
    }
}

impl LeafType {
    pub(super) fn name(self) -> Cow<'static, str> {
        const JSON: &str = "JSON(max_dynamic_types=16, max_dynamic_paths=256)";
        match self {
            LeafType::One(basic) => basic.name().into(),
            LeafType::List(item, levels) => {
                let item = match item {
                    Element::Basic(basic) => format!("Nullable({})", basic.name()),
                    Element::Json => JSON.to_owned(),
                    Element::NullableJson => format!("Nullable({JSON})"),
                    Element::Dynamic => "Dynamic".to_owned(),
                };
                let levels = usize::from(levels);
                let (open, close) = ("Array(".repeat(levels), ")".repeat(levels));
                format!("{open}{item}{close}").into()
            }
            LeafType::Json => JSON.into(),
            LeafType::Map(basic) => format!("Map(String, {})", basic.name()).into(),
            LeafType::MapJson => "Map(String, JSON)".into(),
        }
    }

    fn column(self) -> Column {
        let map =
            |values| Column::Map(Box::new(MapColumn::new(Column::new(&Layout::Text), values)));
        match self {
            LeafType::One(basic) => Column::new(&basic.layout()),
            LeafType::List(item, levels) => (0..levels).fold(item.column(), |inner, _| {
                Column::Array(Box::new(Array::new(inner)))
            }),
            LeafType::Json => Column::Json(Box::default()),
            LeafType::Map(basic) => map(Column::new(&basic.layout())),
            LeafType::MapJson => map(Column::Json(Box::default())),
        }
    }
}

/// The values of one type: of one path, or of a mixed list.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) ty: LeafType,
    /// The rows that have one, ascending; of no use in a mixed list.
    rows: Vec<u32>,
    pub(super) values: Column,
    epoch: u64,
    marked: usize,
}

impl Leaf {
    pub(super) fn new(ty: LeafType) -> Self {
        Leaf {
            ty,
            rows: Vec::new(),
            values: ty.column(),
            epoch: 0,
            marked: 0,
        }
    }

    /// Takes note that `row` has a value, and gives the column that it must be appended to.
    #[inline]
    pub(super) fn next(&mut self, row: u32, epoch: u64) -> &mut Column {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.marked = self.rows.len();
            self.values.mark();
        }
        self.rows.push(row);
        &mut self.values
    }

    /// Appends a string, where the leaf is one of strings.
    #[inline(always)]
    pub(super) fn text(&mut self, row: u32, epoch: u64, value: &[u8]) {
        if let Column::Text(column) = self.next(row, epoch) {
            column.push(value);
        }
    }

    /// Appends a number or truth value, where the leaf is one of such.
    #[inline(always)]
    pub(super) fn number<const N: usize>(&mut self, row: u32, epoch: u64, value: [u8; N]) {
        if let Column::Fixed(column) = self.next(row, epoch) {
            column.push(value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// True if it got a value in this epoch.
    pub(super) fn is_of(&self, epoch: u64) -> bool {
        self.epoch == epoch && self.rows.len() > self.marked
    }

    /// True if `row`, the last one, has a value.
    pub(super) fn has(&self, row: u32) -> bool {
        self.rows.last() == Some(&row)
    }

    /// The rows that have a value, ascending.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    pub(super) fn bytes(&self) -> usize {
        self.values.bytes() + self.rows.len() * 4
    }

    /// Cuts off what was appended in this epoch.
    pub(super) fn rollback(&mut self, epoch: u64) {
        if self.epoch == epoch {
            self.rows.truncate(self.marked);
            self.values.rollback();
        }
    }

    pub(super) fn truncate(&mut self, rows: u32) {
        let keep = self.rows.partition_point(|&r| r < rows);
        self.rows.truncate(keep);
        self.values.truncate(keep);
    }

    /// Empties it. It keeps its memory, unless it had no use for it: others may have taken turns in growing.
    pub(super) fn clear(&mut self) {
        if self.rows.is_empty() {
            *self = Leaf::new(self.ty);
            return;
        }
        self.rows.clear();
        self.values.clear();
    }
}

/// Writes a path's values: a type index for each row, one more than the last type where there is no value, then the
/// values of each type.
pub(super) fn encode_values<'a>(
    types: impl Iterator<Item = &'a Leaf> + Clone,
    rows: usize,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    out.resize(start + rows, types.clone().count() as u8);
    if let Some(indexes) = out.get_mut(start..) {
        for (ty, leaf) in types.clone().enumerate() {
            for &row in &leaf.rows {
                if let Some(index) = indexes.get_mut(row as usize) {
                    *index = ty as u8;
                }
            }
        }
    }
    types.for_each(|l| l.values.encode(out));
}

/// The prefix of a Dynamic column: its types by name, then what each type has for a prefix.
pub(super) fn encode_types<'a>(types: impl Iterator<Item = &'a Leaf> + Clone, out: &mut Vec<u8>) {
    const FLATTENED: u64 = 3;
    out.extend_from_slice(&FLATTENED.to_le_bytes());
    push_varint(out, types.clone().count() as u64);
    types.clone().for_each(|l| push_text(out, &l.ty.name()));
    types.for_each(|l| l.values.encode_prefix(out));
}
