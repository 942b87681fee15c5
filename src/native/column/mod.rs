//! Column buffers: values are appended one by one and sent as ClickHouse Native columns.

mod decimal;
pub mod dictionary;
pub mod json;
mod keys;
mod left_out;
pub mod length;
pub mod nested;
pub mod plain;
pub mod read;
pub mod shown;
pub mod wire;

use dictionary::Dictionary;
use json::Json;
use nested::{Array, MapColumn, Nullable, encode_ends};
use plain::{Fixed, Text};

use crate::native::Layout;
use crate::row_error::RowError;

/// Memory of a string or a list in ClickHouse beside its bytes: its offset.
const OFFSET: usize = 8;

/// The values of one column of a block.
#[derive(Debug)]
pub enum Column {
    /// Numbers, dates, booleans.
    Fixed(Fixed),
    /// `String`.
    Text(Text),
    /// `LowCardinality(String)`.
    Dictionary(Dictionary),
    /// `Nullable(T)`.
    Nullable(Box<Nullable>),
    /// `Array(T)`.
    Array(Box<Array>),
    /// `Map(K, V)`.
    Map(Box<MapColumn>),
    /// `JSON`.
    Json(Box<Json>),
    /// `Dynamic`, as the element of a mixed list in a JSON column.
    Dynamic(Box<json::Dynamic>),
}

/// A value of a type that the column doesn't hold: generated code and block are of different builds.
const MISMATCH: RowError = RowError::Layout("in this block");

impl Column {
    /// An empty column.
    pub fn new(layout: &Layout) -> Self {
        match *layout {
            Layout::Fixed(width) => Column::Fixed(Fixed::new(width)),
            Layout::Text => Column::Text(Text::default()),
            Layout::Dictionary { nullable } => Column::Dictionary(Dictionary::new(nullable)),
            Layout::Nullable(inner) => {
                Column::Nullable(Box::new(Nullable::new(Column::new(inner))))
            }
            Layout::Array(inner) => Column::Array(Box::new(Array::new(Column::new(inner)))),
            Layout::Map(key, value) => Column::Map(Box::new(MapColumn::new(
                Column::new(key),
                Column::new(value),
            ))),
            Layout::Json => Column::Json(Box::default()),
        }
    }

    #[inline]
    fn fixed<const N: usize>(&mut self, value: [u8; N]) -> Result<(), RowError> {
        match self {
            Column::Fixed(c) => match c.push(value) {
                true => Ok(()),
                false => Err(MISMATCH),
            },
            Column::Nullable(c) => {
                c.inner.fixed(value)?;
                c.nulls.push(0);
                Ok(())
            }
            _ => Err(MISMATCH),
        }
    }

    /// Appends a `Bool`.
    #[inline]
    pub fn bool(&mut self, value: bool) -> Result<(), RowError> {
        self.fixed([u8::from(value)])
    }

    /// Appends an `Int32`.
    #[inline]
    pub fn i32(&mut self, value: i32) -> Result<(), RowError> {
        self.fixed(value.to_le_bytes())
    }

    /// Appends an `Int64`, or a `DateTime64` in its ticks.
    #[inline]
    pub fn i64(&mut self, value: i64) -> Result<(), RowError> {
        self.fixed(value.to_le_bytes())
    }

    /// Appends a `UInt32`, or a `DateTime` in seconds.
    #[inline]
    pub fn u32(&mut self, value: u32) -> Result<(), RowError> {
        self.fixed(value.to_le_bytes())
    }

    /// Appends a `UInt64`.
    #[inline]
    pub fn u64(&mut self, value: u64) -> Result<(), RowError> {
        self.fixed(value.to_le_bytes())
    }

    /// Appends a `Float32`.
    #[inline]
    pub fn f32(&mut self, value: f32) -> Result<(), RowError> {
        self.fixed(value.to_le_bytes())
    }

    /// Appends a `Float64`.
    #[inline]
    pub fn f64(&mut self, value: f64) -> Result<(), RowError> {
        self.fixed(value.to_le_bytes())
    }

    /// Appends a `String`; any bytes will do. It fails where the text is longer than the column takes.
    #[inline]
    pub fn text(&mut self, value: impl AsRef<[u8]>) -> Result<(), RowError> {
        match self {
            Column::Text(c) => {
                c.length.takes(value.as_ref().len())?;
                c.push(value.as_ref());
            }
            Column::Dictionary(c) => {
                c.length.takes(value.as_ref().len())?;
                c.push(value.as_ref());
            }
            Column::Nullable(c) => {
                c.inner.text(value)?;
                c.nulls.push(0);
            }
            _ => return Err(MISMATCH),
        }
        Ok(())
    }

    /// Appends NULL.
    pub fn null(&mut self) -> Result<(), RowError> {
        match self {
            Column::Nullable(c) => c.push_null(),
            Column::Dictionary(c) if c.nullable() => c.push_default(),
            _ => return Err(MISMATCH),
        }
        Ok(())
    }

    /// Appends the type's default: zero, empty, or NULL where there is one.
    pub fn default(&mut self) {
        match self {
            Column::Fixed(c) => c.push_default(),
            Column::Text(c) => c.push(b""),
            Column::Dictionary(c) => c.push_default(),
            Column::Nullable(c) => c.push_null(),
            Column::Array(c) => c.close(),
            Column::Map(c) => c.close(),
            Column::Json(c) => c.push_empty(),
            Column::Dynamic(c) => c.push_null(),
        }
    }

    /// Appends the last value `times` more times; lists, maps and JSON values can't be repeated and become empty.
    pub fn repeat(&mut self, times: usize) {
        match self {
            Column::Fixed(c) => c.repeat(times),
            Column::Text(c) => c.repeat(times),
            Column::Dictionary(c) => c.repeat(times),
            Column::Nullable(c) => c.repeat(times),
            Column::Array(_) | Column::Map(_) | Column::Json(_) | Column::Dynamic(_) => {
                (0..times).for_each(|_| self.default());
            }
        }
    }

    /// Number of values.
    pub fn rows(&self) -> usize {
        match self {
            Column::Fixed(c) => c.rows(),
            Column::Text(c) => c.rows(),
            Column::Dictionary(c) => c.rows(),
            Column::Nullable(c) => c.nulls.len(),
            Column::Array(c) => c.ends.len(),
            Column::Map(c) => c.ends.len(),
            Column::Json(c) => c.rows(),
            Column::Dynamic(c) => c.rows(),
        }
    }

    /// About how many bytes it takes on the wire and in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Column::Fixed(c) => c.data().len(),
            Column::Text(c) => c.data().len(),
            Column::Dictionary(c) => c.bytes(),
            Column::Nullable(c) => c.nulls.len() + c.inner.bytes(),
            Column::Array(c) => c.ends.len() * 8 + c.inner.bytes(),
            Column::Map(c) => c.ends.len() * 8 + c.keys.bytes() + c.values.bytes(),
            Column::Json(c) => c.bytes(),
            Column::Dynamic(c) => c.bytes(),
        }
    }

    /// About how many bytes of memory it becomes where it is stored: a dictionary's values once a row.
    pub fn weight(&self) -> usize {
        match self {
            Column::Fixed(c) => c.data().len(),
            Column::Text(c) => c.data().len() + c.rows() * OFFSET,
            Column::Dictionary(c) => c.weight(),
            Column::Nullable(c) => c.nulls.len() + c.inner.weight(),
            Column::Array(c) => c.ends.len() * OFFSET + c.inner.weight(),
            Column::Map(c) => c.ends.len() * OFFSET + c.keys.weight() + c.values.weight(),
            Column::Json(c) => c.bytes(),
            Column::Dynamic(c) => c.bytes(),
        }
    }

    /// Remembers the present end, for [`Column::rollback`].
    pub fn mark(&mut self) {
        match self {
            Column::Fixed(c) => c.mark(),
            Column::Text(c) => c.mark(),
            Column::Dictionary(c) => c.mark(),
            Column::Nullable(c) => {
                c.mark = c.nulls.len();
                c.inner.mark();
            }
            Column::Array(c) => {
                c.mark = c.ends.len();
                c.inner.mark();
            }
            Column::Map(c) => {
                c.mark = c.ends.len();
                c.keys.mark();
                c.values.mark();
            }
            Column::Json(c) => c.mark(),
            Column::Dynamic(c) => c.mark(),
        }
    }

    /// Cuts off what was appended since the mark.
    pub fn rollback(&mut self) {
        match self {
            Column::Fixed(c) => c.rollback(),
            Column::Text(c) => c.rollback(),
            Column::Dictionary(c) => c.rollback(),
            Column::Nullable(c) => {
                c.nulls.truncate(c.mark);
                c.inner.rollback();
            }
            Column::Array(c) => {
                c.ends.truncate(c.mark);
                c.inner.rollback();
            }
            Column::Map(c) => {
                c.ends.truncate(c.mark);
                c.keys.rollback();
                c.values.rollback();
            }
            Column::Json(c) => c.rollback(),
            Column::Dynamic(c) => c.rollback(),
        }
    }

    /// Cuts off all but the first `rows` values, without a mark; slower than [`Column::rollback`].
    fn truncate(&mut self, rows: usize) {
        match self {
            Column::Fixed(c) => c.truncate(rows),
            Column::Text(c) => c.truncate(rows),
            Column::Dictionary(c) => c.truncate(rows),
            Column::Nullable(c) => {
                c.nulls.truncate(rows);
                c.inner.truncate(rows);
            }
            Column::Array(c) => {
                c.ends.truncate(rows);
                let elements = c.ends.last().copied().unwrap_or_default();
                c.inner.truncate(elements as usize);
            }
            Column::Map(c) => {
                c.ends.truncate(rows);
                let entries = c.ends.last().copied().unwrap_or_default() as usize;
                c.keys.truncate(entries);
                c.values.truncate(entries);
            }
            Column::Json(c) => c.truncate(rows),
            Column::Dynamic(c) => c.truncate(rows),
        }
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        match self {
            Column::Fixed(c) => c.clear(),
            Column::Text(c) => c.clear(),
            Column::Dictionary(c) => c.clear(),
            Column::Nullable(c) => {
                c.nulls.clear();
                c.inner.clear();
            }
            Column::Array(c) => {
                c.ends.clear();
                c.inner.clear();
            }
            Column::Map(c) => {
                c.ends.clear();
                c.keys.clear();
                c.values.clear();
            }
            Column::Json(c) => c.clear(),
            Column::Dynamic(c) => c.clear(),
        }
    }

    /// Writes what comes before all data of the column: versions, and the paths of JSON.
    pub(crate) fn encode_prefix(&self, out: &mut Vec<u8>) {
        match self {
            Column::Fixed(_) | Column::Text(_) => {}
            Column::Dictionary(_) => out.extend_from_slice(&1_u64.to_le_bytes()),
            Column::Nullable(c) => c.inner.encode_prefix(out),
            Column::Array(c) => c.inner.encode_prefix(out),
            Column::Map(c) => {
                c.keys.encode_prefix(out);
                c.values.encode_prefix(out);
            }
            Column::Json(c) => c.encode_prefix(out),
            Column::Dynamic(c) => c.encode_prefix(out),
        }
    }

    /// Writes the data.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Column::Fixed(c) => out.extend_from_slice(c.data()),
            Column::Text(c) => out.extend_from_slice(c.data()),
            Column::Dictionary(c) => c.encode(out),
            Column::Nullable(c) => {
                out.extend_from_slice(&c.nulls);
                c.inner.encode(out);
            }
            Column::Array(c) => {
                encode_ends(&c.ends, out);
                c.inner.encode(out);
            }
            Column::Map(c) => {
                encode_ends(&c.ends, out);
                c.keys.encode(out);
                c.values.encode(out);
            }
            Column::Json(c) => c.encode(out),
            Column::Dynamic(c) => c.encode(out),
        }
    }
}
