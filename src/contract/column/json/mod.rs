//! JSON columns, in the flattened encoding: a sparse column a path, and for each path the types that it has had.
//!
//! The encoding is described in `docs/native.md`. Which paths and types there are follows from the messages'
//! descriptors, or from the values themselves where the JSON is free.

mod dynamic;
mod leaf;
mod message;
mod object;

use std::collections::HashMap;

pub use dynamic::Dynamic;
use leaf::{Cells, LeafType};
use message::Nodes;

use super::Column;
use super::plain::{push_text, push_varint};

/// Paths that are remembered from one block to the next; free JSON can bring new ones for ever.
const REMEMBERED_PATHS: usize = 4096;

/// A JSON column.
#[derive(Debug, Default)]
pub struct Json {
    rows: usize,
    paths: Vec<Path>,
    by_name: HashMap<Box<str>, u32>,
    nodes: Nodes,
    /// Paths that have had a value in this block.
    used: usize,
    marked: usize,
    /// Tells the values since the mark from those before it.
    epoch: u64,
}

#[derive(Debug)]
struct Path {
    name: Box<str>,
    cells: Cells,
}

impl Json {
    /// How many values it has.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Appends `{}`.
    pub(super) fn push_empty(&mut self) {
        self.rows += 1;
    }

    /// The place of a path, made if there is none.
    fn path(&mut self, name: &str) -> u32 {
        if let Some(&at) = self.by_name.get(name) {
            return at;
        }
        let at = self.paths.len() as u32;
        self.paths.push(Path {
            name: name.into(),
            cells: Cells::default(),
        });
        self.by_name.insert(name.into(), at);
        at
    }

    /// Where this row's value of a path goes; none if the row has one already: the first one counts.
    fn cell(&mut self, path: u32, ty: LeafType) -> Option<&mut Column> {
        let cells = &mut self.paths.get_mut(path as usize)?.cells;
        self.used += usize::from(cells.is_empty());
        cells.value(self.rows as u32, ty, self.epoch)
    }

    pub(super) fn bytes(&self) -> usize {
        // On the wire each used path costs a byte a row, whether or not the row has it.
        let values: usize = self.paths.iter().map(|p| p.cells.bytes()).sum();
        values + self.used * self.rows
    }

    pub(super) fn mark(&mut self) {
        self.marked = self.rows;
        self.epoch += 1;
    }

    pub(super) fn rollback(&mut self) {
        self.rows = self.marked;
        for path in &mut self.paths {
            path.cells.rollback(self.epoch);
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        for path in &mut self.paths {
            path.cells.truncate(self.rows as u32);
        }
    }

    pub(super) fn clear(&mut self) {
        if self.paths.len() > REMEMBERED_PATHS {
            *self = Json::default();
            return;
        }
        self.rows = 0;
        self.used = 0;
        self.paths.iter_mut().for_each(|p| p.cells.clear());
    }

    fn used(&self) -> impl Iterator<Item = &Path> {
        self.paths.iter().filter(|p| !p.cells.is_empty())
    }

    pub(super) fn encode_prefix(&self, out: &mut Vec<u8>) {
        const FLATTENED: u64 = 3;
        out.extend_from_slice(&FLATTENED.to_le_bytes());
        push_varint(out, self.used().count() as u64);
        self.used().for_each(|p| push_text(out, &p.name));
        self.used().for_each(|p| p.cells.encode_prefix(out));
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.used().for_each(|p| p.cells.encode(self.rows, out));
    }
}
