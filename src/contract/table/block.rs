//! A block under construction: the column buffers of one table, encoded as ClickHouse's Native format.

use bytes::Bytes;

use super::Table;
use super::column::{ColumnSpec, Holds};
use super::partition::Partition;
use crate::native::column::length::Longer;
use crate::native::column::read::Cell;
use crate::native::{Column, Layout};
use crate::protobuf::RetiredField;
use crate::protobuf::writer::{push_text, push_varint};
use crate::row_error::{RowError, TooLong};

/// Columns are sent together until they are this many bytes.
const CHUNK: usize = 256 * 1024;

/// Column buffers that grow row by row.
#[derive(Debug)]
pub struct Block {
    table: &'static Table,
    columns: Vec<Column>,
    rows: usize,
    marked: usize,
    partition: Option<Partition>,
}

impl Block {
    /// An empty block of a table.
    pub fn new(table: &'static Table) -> Self {
        let columns = table
            .columns
            .iter()
            .map(|c| Column::new(&c.layout).limited(c.name, c.limit))
            .collect();
        Block {
            table,
            columns,
            rows: 0,
            marked: 0,
            partition: Partition::of(table),
        }
    }

    /// The table.
    pub fn table(&self) -> &'static Table {
        self.table
    }

    /// All columns at once, for generated code to name.
    #[inline]
    pub fn columns<const N: usize>(&mut self) -> Result<&mut [Column; N], RowError> {
        self.columns
            .as_mut_slice()
            .try_into()
            .map_err(|_| RowError::Layout("of this table"))
    }

    /// Counts rows that every column has got.
    pub fn grew(&mut self, rows: usize) {
        self.rows += rows;
        debug_assert!(
            self.columns.iter().all(|c| c.rows() == self.rows),
            "columns of {} differ in length: {:?}",
            self.table.name,
            self.columns.iter().map(Column::rows).collect::<Vec<_>>()
        );
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// About how many bytes its columns take.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(Column::bytes).sum()
    }

    /// About how many bytes of memory it becomes where it is stored. A text that is sent as a dictionary is there once
    /// a row.
    pub fn weight(&self) -> usize {
        let columns = self.table.columns.iter().zip(&self.columns);
        columns
            .map(|(spec, column)| match (spec.layout, spec.ty) {
                (Layout::Dictionary { .. }, "String") => column.weight(),
                // It stays a dictionary.
                (Layout::Dictionary { .. }, _) => column.bytes(),
                _ => column.weight(),
            })
            .sum()
    }

    /// The number of the partition that each row goes into, if that can be told and there may be more than `most`.
    pub fn partitions(&self, most: usize) -> Option<Vec<i64>> {
        let partition = self.partition?;
        let column = self.columns.get(partition.column())?;
        partition.numbers(column, most)
    }

    /// The columns with texts that were longer than they are meant to hold since the block was emptied, and how long.
    pub fn longer(&self) -> impl Iterator<Item = (&'static ColumnSpec, Longer)> {
        let limited = self.table.columns.iter().zip(&self.columns);
        let longer = limited.filter(|(spec, _)| spec.limit.is_some());
        longer
            .map(|(spec, column)| (spec, column.longer()))
            .filter(|(_, longer)| longer.texts > 0)
    }

    /// Distinct texts of the column of unknown fields, and the number of rows with each.
    pub fn unknown(&self) -> Vec<(&[u8], u64)> {
        let mut all = self.table.columns.iter().zip(&self.columns);
        let unknown = all.find(|(spec, _)| spec.holds == Holds::Unknown);
        unknown.map_or_else(Vec::new, |(_, column)| column.filled())
    }

    /// Retired fields that its rows came with, which its column of unknown fields doesn't have, and numbers of rows.
    pub fn left_out(&self) -> &[(&'static RetiredField, u64)] {
        let mut all = self.table.columns.iter().zip(&self.columns);
        let unknown = all.find(|(spec, _)| spec.holds == Holds::Unknown);
        unknown.map_or(&[], |(_, column)| column.left_out())
    }

    /// Notes a text that a column didn't take, after what it came with is rolled back.
    pub fn refused(&mut self, long: &TooLong) {
        let mut all = self.table.columns.iter().zip(&mut self.columns);
        if let Some((_, column)) = all.find(|(spec, _)| spec.name == long.column) {
            column.refused(long.bytes);
        }
    }

    /// Remembers the present end, for [`Block::rollback`].
    pub fn mark(&mut self) {
        self.marked = self.rows;
        self.columns.iter_mut().for_each(Column::mark);
    }

    /// Cuts off what was appended since the mark, half rows too.
    pub fn rollback(&mut self) {
        self.rows = self.marked;
        self.columns.iter_mut().for_each(Column::rollback);
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.marked = 0;
        self.columns.iter_mut().for_each(Column::clear);
    }

    /// The values of one column, row by row; none if there is no such column, or it is not of plain values.
    pub fn cells(&self, column: usize) -> Option<Vec<Cell<'_>>> {
        self.columns.get(column)?.cells()
    }

    /// The values of a row for people, by their columns.
    pub fn shown(&self, row: usize) -> impl Iterator<Item = (String, serde_json::Value)> {
        let columns = self.table.columns.iter().zip(&self.columns);
        columns.map(move |(spec, column)| (spec.name.to_owned(), column.shown(row, spec.ty)))
    }

    /// The rows as one block of the Native format; empty if there are none.
    pub fn encode(&self) -> Bytes {
        let mut whole = Vec::with_capacity(self.bytes());
        self.chunks()
            .for_each(|piece| whole.extend_from_slice(&piece));
        whole.into()
    }

    /// Encoded block, piece by piece, so that a large block needn't be there twice. The pieces are the same to the byte
    /// each time, as long as no row is added.
    pub fn chunks(&self) -> impl Iterator<Item = Bytes> + Send {
        let mut columns = self.table.columns.iter().zip(&self.columns).peekable();
        let mut out = Vec::new();
        if self.rows > 0 {
            push_varint(&mut out, self.columns.len() as u64);
            push_varint(&mut out, self.rows as u64);
        }
        std::iter::from_fn(move || {
            if self.rows == 0 {
                return None;
            }
            let (spec, column) = columns.next()?;
            out.reserve(column.bytes() + 64);
            put(&mut out, spec, column);
            while let Some((spec, column)) = columns.next_if(|_| out.len() < CHUNK) {
                put(&mut out, spec, column);
            }
            Some(Bytes::from(std::mem::take(&mut out)))
        })
    }
}

fn put(out: &mut Vec<u8>, spec: &ColumnSpec, column: &Column) {
    push_text(out, spec.name);
    push_text(out, spec.sent_as());
    column.encode_prefix(out);
    column.encode(out);
}
