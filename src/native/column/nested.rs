//! Columns made of columns: Nullable, Array and Map.

use super::Column;

/// A column with a null map.
#[derive(Debug)]
pub struct Nullable {
    pub(super) nulls: Vec<u8>,
    pub(super) inner: Column,
    pub(super) mark: usize,
}

impl Nullable {
    pub(super) fn new(inner: Column) -> Self {
        Nullable {
            nulls: Vec::new(),
            inner,
            mark: 0,
        }
    }

    pub(super) fn push_null(&mut self) {
        self.nulls.push(1);
        self.inner.default();
    }

    pub(super) fn repeat(&mut self, times: usize) {
        if let Some(&last) = self.nulls.last() {
            self.nulls.resize(self.nulls.len() + times, last);
            self.inner.repeat(times);
        }
    }
}

/// A column of lists: where each ends, and all elements together.
#[derive(Debug)]
pub struct Array {
    pub(super) ends: Vec<u64>,
    pub(super) inner: Column,
    pub(super) mark: usize,
}

impl Array {
    pub(super) fn new(inner: Column) -> Self {
        Array {
            ends: Vec::new(),
            inner,
            mark: 0,
        }
    }

    /// Ends the row: what was appended to the elements since the last row is its list.
    pub(super) fn close(&mut self) {
        self.ends.push(self.inner.rows() as u64);
    }
}

/// A column of maps: where each ends, all keys and all values.
#[derive(Debug)]
pub struct MapColumn {
    pub(super) ends: Vec<u64>,
    pub(super) keys: Column,
    pub(super) values: Column,
    pub(super) mark: usize,
}

impl MapColumn {
    pub(super) fn new(keys: Column, values: Column) -> Self {
        MapColumn {
            ends: Vec::new(),
            keys,
            values,
            mark: 0,
        }
    }

    pub(super) fn close(&mut self) {
        self.ends.push(self.keys.rows() as u64);
    }
}

/// Appends end offsets as they go over the wire.
pub(super) fn encode_ends(ends: &[u64], out: &mut Vec<u8>) {
    out.reserve(ends.len() * 8);
    for end in ends {
        out.extend_from_slice(&end.to_le_bytes());
    }
}
