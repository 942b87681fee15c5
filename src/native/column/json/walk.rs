//! The values of a column one after the other, as ClickHouse writes single values: what shared data is made of.

use super::super::Column;
use super::Json;
use super::leaf::{Basic, Element, LeafType};
use crate::protobuf::wire::varint;
use crate::protobuf::writer::{push_text, push_varint};

/// A place in a column. Each value is read once, in order.
#[derive(Debug)]
pub(super) enum Walk<'a> {
    /// Values of one width.
    Fixed { left: &'a [u8], width: usize },
    /// Strings, each behind its length.
    Text { data: &'a [u8], at: usize },
    /// Values with a null map.
    Nullable {
        nulls: &'a [u8],
        inner: Box<Walk<'a>>,
    },
    /// Lists.
    Array {
        ends: Ends<'a>,
        inner: Box<Walk<'a>>,
    },
    /// Maps.
    Map {
        ends: Ends<'a>,
        entry: Box<(Walk<'a>, Walk<'a>)>,
    },
    /// Objects.
    Json(Box<Rows<'a>>),
    /// Mixed values.
    Dynamic {
        types: &'a [u8],
        leaves: Vec<(LeafType, Walk<'a>)>,
    },
    /// A column that is of no use in JSON.
    Nothing,
}

/// Ends of lists or maps.
#[derive(Debug)]
pub(super) struct Ends<'a> {
    left: &'a [u64],
    start: u64,
}

impl Ends<'_> {
    /// Number of elements of the next one.
    fn next(&mut self) -> u64 {
        let Some((&end, left)) = self.left.split_first() else {
            return 0;
        };
        self.left = left;
        end - std::mem::replace(&mut self.start, end)
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(column: &'a Column) -> Self {
        let ends = |left| Ends { left, start: 0 };
        match column {
            Column::Fixed(c) => Walk::Fixed {
                left: c.data(),
                width: c.width(),
            },
            Column::Text(c) => Walk::Text {
                data: c.data(),
                at: 0,
            },
            Column::Nullable(c) => Walk::Nullable {
                nulls: &c.nulls,
                inner: Box::new(Walk::new(&c.inner)),
            },
            Column::Array(c) => Walk::Array {
                ends: ends(&c.ends),
                inner: Box::new(Walk::new(&c.inner)),
            },
            Column::Map(c) => Walk::Map {
                ends: ends(&c.ends),
                entry: Box::new((Walk::new(&c.keys), Walk::new(&c.values))),
            },
            Column::Json(c) => Walk::Json(Box::new(Rows::new(c, |_| true))),
            Column::Dynamic(c) => Walk::Dynamic {
                types: c.types(),
                leaves: c
                    .leaves()
                    .map(|leaf| (leaf.ty, Walk::new(&leaf.values)))
                    .collect(),
            },
            Column::Dictionary(_) => Walk::Nothing,
        }
    }

    /// Writes the next value.
    pub(super) fn next(&mut self, out: &mut Vec<u8>) {
        match self {
            Walk::Fixed { left, width } => {
                if let Some((value, rest)) = left.split_at_checked(*width) {
                    out.extend_from_slice(value);
                    *left = rest;
                }
            }
            Walk::Text { data, at } => {
                let start = *at;
                let len = varint(data, at).unwrap_or_default() as usize;
                *at += len;
                out.extend_from_slice(data.get(start..*at).unwrap_or_default());
            }
            Walk::Nullable { nulls, inner } => {
                let null = nulls.split_off_first().copied().unwrap_or(1);
                out.push(null);
                let end = out.len();
                inner.next(out);
                if null != 0 {
                    out.truncate(end);
                }
            }
            Walk::Array { ends, inner } => {
                let count = ends.next();
                push_varint(out, count);
                (0..count).for_each(|_| inner.next(out));
            }
            Walk::Map { ends, entry } => {
                let count = ends.next();
                push_varint(out, count);
                for _ in 0..count {
                    entry.0.next(out);
                    entry.1.next(out);
                }
            }
            Walk::Json(rows) => rows.next(out),
            Walk::Dynamic { types, leaves } => {
                const NOTHING: u8 = 0;
                let ty = types.split_off_first().copied().unwrap_or(u8::MAX);
                match leaves.get_mut(usize::from(ty)) {
                    Some((ty, values)) => {
                        push_type(*ty, out);
                        values.next(out);
                    }
                    None => out.push(NOTHING),
                }
            }
            Walk::Nothing => out.push(0),
        }
    }
}

/// Rows of a JSON column.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    json: &'a Json,
    /// By row, and in each by name.
    entries: Vec<Entry>,
    /// By the place of a leaf.
    walks: Vec<Walk<'a>>,
    /// The next row, and its first entry.
    row: u32,
    at: usize,
}

/// A value of a row.
#[derive(Debug, Clone, Copy)]
struct Entry {
    row: u32,
    path: u32,
    leaf: u32,
}

impl<'a> Rows<'a> {
    /// The rows of these paths.
    pub(super) fn new(json: &'a Json, wanted: impl Fn(u32) -> bool) -> Self {
        let mut by_name: Vec<(u32, &super::Path)> = (0..).zip(&json.paths).collect();
        by_name.retain(|(path, _)| wanted(*path));
        by_name.sort_unstable_by(|a, b| a.1.name.cmp(&b.1.name));
        let mut entries = Vec::new();
        let mut walks: Vec<Walk<'a>> = Vec::new();
        walks.resize_with(json.leaves.len(), || Walk::Nothing);
        for (path, known) in by_name {
            for &leaf in &known.leaves {
                let Some(values) = json.leaves.get(leaf as usize) else {
                    continue;
                };
                if let Some(walk) = walks.get_mut(leaf as usize) {
                    *walk = Walk::new(&values.values);
                }
                let of_leaf = |&row: &u32| Entry { row, path, leaf };
                entries.extend(values.rows().iter().map(of_leaf));
            }
        }
        // Stable: the names of a row stay in order.
        entries.sort_by_key(|entry| entry.row);
        Rows {
            json,
            entries,
            walks,
            row: 0,
            at: 0,
        }
    }

    /// Writes the next row as one object.
    fn next(&mut self, out: &mut Vec<u8>) {
        let rest = self.entries.get(self.at..).unwrap_or_default();
        let count = rest.iter().take_while(|e| e.row == self.row).count();
        self.row += 1;
        push_varint(out, count as u64);
        for _ in 0..count {
            if let Some(&entry) = self.entries.get(self.at) {
                push_text(out, self.name(entry));
                self.value(entry, out);
            }
            self.at += 1;
        }
    }

    /// Writes all rows as shared data: where each ends, all names, all values.
    pub(super) fn encode(mut self, rows: usize, out: &mut Vec<u8>) {
        let mut end = 0;
        for row in 0..rows as u32 {
            let rest = self.entries.get(end..).unwrap_or_default();
            end += rest.iter().take_while(|e| e.row == row).count();
            out.extend_from_slice(&(end as u64).to_le_bytes());
        }
        let entries = std::mem::take(&mut self.entries);
        entries.iter().for_each(|e| push_text(out, self.name(*e)));
        let mut value = Vec::new();
        for &entry in &entries {
            value.clear();
            self.value(entry, &mut value);
            push_varint(out, value.len() as u64);
            out.extend_from_slice(&value);
        }
    }

    fn name(&self, entry: Entry) -> &'a str {
        let path = self.json.paths.get(entry.path as usize);
        path.map_or("", |path| &path.name)
    }

    /// Writes a value behind its type.
    fn value(&mut self, entry: Entry, out: &mut Vec<u8>) {
        let leaf = self.json.leaves.get(entry.leaf as usize);
        if let (Some(leaf), Some(walk)) = (leaf, self.walks.get_mut(entry.leaf as usize)) {
            push_type(leaf.ty, out);
            walk.next(out);
        }
    }
}

/// A type as ClickHouse writes types in binary. <https://clickhouse.com/docs/sql-reference/data-types/data-types-binary-encoding>
fn push_type(ty: LeafType, out: &mut Vec<u8>) {
    const ARRAY: u8 = 0x1e;
    const NULLABLE: u8 = 0x23;
    const MAP: u8 = 0x27;
    const DYNAMIC: u8 = 0x2b;
    const STRING: u8 = 0x15;
    match ty {
        LeafType::One(basic) => out.push(code(basic)),
        LeafType::List(item, levels) => {
            out.resize(out.len() + usize::from(levels), ARRAY);
            match item {
                Element::Basic(basic) => out.extend_from_slice(&[NULLABLE, code(basic)]),
                Element::Json => push_json(256, 16, out),
                Element::NullableJson => {
                    out.push(NULLABLE);
                    push_json(256, 16, out);
                }
                Element::Dynamic => out.extend_from_slice(&[DYNAMIC, 32]),
            }
        }
        LeafType::Map(basic) => out.extend_from_slice(&[MAP, STRING, code(basic)]),
        LeafType::Json => push_json(256, 16, out),
        LeafType::MapJson => {
            out.extend_from_slice(&[MAP, STRING]);
            push_json(1024, 32, out);
        }
    }
}

fn code(basic: Basic) -> u8 {
    match basic {
        Basic::UInt64 => 0x04,
        Basic::Int64 => 0x0a,
        Basic::Int256 => 0x0c,
        Basic::Float64 => 0x0e,
        Basic::String => 0x15,
        Basic::Bool => 0x2d,
    }
}

/// `JSON` with so many paths and types kept apart, and no paths that are typed or skipped.
fn push_json(paths: u64, types: u8, out: &mut Vec<u8>) {
    const JSON: u8 = 0x30;
    out.extend_from_slice(&[JSON, 0]);
    push_varint(out, paths);
    out.extend_from_slice(&[types, 0, 0, 0]);
}
