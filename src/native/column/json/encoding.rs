//! Encoding of a JSON column: flattened, or with its rare paths as shared data.
//!
//! Flattened, each path costs a byte a row, whether or not the row has it, and some more in the server. That is cheap
//! as long as rows are alike. If it would outweigh the stored values, only the paths that many rows have are columns,
//! and each value of the others is written behind its name and type, as the server itself stores paths beyond those
//! that it keeps apart.

use super::leaf::{Leaf, encode_types, encode_values};
use super::walk::Rows;
use super::{Json, Path};
use crate::protobuf::writer::{push_text, push_varint};
use crate::weight;

/// A path may cost this many bytes a value for the rows that don't have it.
const SPARSE: u64 = 64;

/// Overhead of rows without their paths that is accepted in any case, in bytes.
const FREE: u64 = 64 << 10;

/// Paths that are columns beside shared data, at most: what ClickHouse keeps apart in an object of a list.
const MOST_COLUMNS: usize = 256;

/// Memory of a path beside its values: its name twice, its buffers, its place in maps.
const PATH: usize = 512;

/// Memory of a value as shared data beside its name and bytes: lengths, its type, its place in the order of rows.
const SHARED_VALUE: usize = 24;

impl Json {
    /// About how many bytes it takes on the wire and in memory.
    pub(in super::super) fn bytes(&self) -> usize {
        let (mut known, mut values, mut paths) = (0, 0, 0);
        // Cost of the frequent and of the rare paths beyond that, if the rare ones are shared data.
        let (mut frequent, mut rare) = (0, 0);
        for path in &self.paths {
            let mut count = 0;
            known += PATH + 2 * path.name.len();
            for leaf in self.types(path).filter(|leaf| !leaf.is_empty()) {
                count += leaf.rows().len();
                known += leaf.bytes();
            }
            if count > 0 {
                paths += 1;
                values += count as u64;
                match self.is_frequent(count) {
                    true => frequent += 1,
                    false => rare += count * (path.name.len() + SHARED_VALUE),
                }
            }
        }
        match self.is_shared(paths, values) {
            true => known + rare + (frequent + size_of::<u64>()) * self.rows,
            false => known + paths * self.rows,
        }
    }

    /// Number of rows that have a path.
    fn count(&self, path: &Path) -> usize {
        self.types(path).map(|leaf| leaf.rows().len()).sum()
    }

    /// True if rare paths are shared data, where so many paths have so many values in all.
    fn is_shared(&self, paths: usize, values: u64) -> bool {
        weight::paths(paths, self.rows) > SPARSE * values + FREE
    }

    fn is_frequent(&self, count: usize) -> bool {
        count as u64 * SPARSE >= self.rows as u64
    }

    /// The paths that are columns, by their places, and whether the others are shared data.
    fn columns(&self) -> (Vec<u32>, bool) {
        let counts = self.paths.iter().map(|path| self.count(path));
        let mut used: Vec<(u32, usize)> = (0..).zip(counts).filter(|(_, n)| *n > 0).collect();
        let values = used.iter().map(|(_, count)| *count as u64).sum();
        let shared = self.is_shared(used.len(), values);
        if shared {
            used.retain(|(_, count)| self.is_frequent(*count));
            used.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            used.truncate(MOST_COLUMNS);
            used.sort_unstable();
        }
        (used.into_iter().map(|(path, _)| path).collect(), shared)
    }

    fn at<'a>(&'a self, columns: &'a [u32]) -> impl Iterator<Item = &'a Path> {
        columns.iter().filter_map(|&p| self.paths.get(p as usize))
    }

    pub(in super::super) fn encode_prefix(&self, out: &mut Vec<u8>) {
        const WITH_SHARED_DATA: u64 = 2;
        const FLATTENED: u64 = 3;
        let (columns, shared) = self.columns();
        let version = if shared { WITH_SHARED_DATA } else { FLATTENED };
        out.extend_from_slice(&version.to_le_bytes());
        push_varint(out, columns.len() as u64);
        self.at(&columns).for_each(|p| push_text(out, &p.name));
        self.at(&columns)
            .for_each(|p| encode_types(self.types(p), out));
    }

    pub(in super::super) fn encode(&self, out: &mut Vec<u8>) {
        let (columns, shared) = self.columns();
        self.at(&columns)
            .for_each(|p| encode_values(self.types(p), self.rows, out));
        if shared {
            let rare = |path| columns.binary_search(&path).is_err();
            Rows::new(self, rare).encode(self.rows, out);
        }
    }

    /// The types of a path.
    fn types<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a Leaf> + Clone {
        let leaves = path.leaves.iter();
        leaves.filter_map(|&at| self.leaves.get(at as usize))
    }
}
