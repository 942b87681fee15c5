//! JSON columns, in the flattened encoding: a sparse column a path, and for each path the types that it has had.
//!
//! The encoding is described in `docs/native.md`. Which paths and types there are follows from the messages'
//! descriptors, or from the values themselves where the JSON is free. Where most paths are rare, so that a byte for
//! each path and row would outweigh what is stored, those travel as shared data (see [`encoding`]).

mod dynamic;
mod encoding;
mod leaf;
mod lists;
mod message;
mod nodes;
mod object;
mod walk;

use std::borrow::Cow;
use std::collections::HashMap;

pub use dynamic::Dynamic;
use leaf::{Leaf, LeafType};
use nodes::Nodes;

use super::Column;

/// Paths that are remembered from one block to the next, those in lists included; free JSON can bring new ones for ever.
const REMEMBERED_PATHS: usize = 4096;
/// Maximum total size of remembered names, in bytes.
const REMEMBERED_NAMES: usize = 1 << 20;

/// A JSON column.
#[derive(Debug, Default)]
pub struct Json {
    rows: usize,
    paths: Vec<Path>,
    /// The values of all paths.
    leaves: Vec<Leaf>,
    by_name: HashMap<Box<str>, u32>,
    nodes: Nodes,
    marked: usize,
    /// Tells the values since the mark from those before it.
    epoch: u64,
    /// True if a message had a field that its shape doesn't know, since this was last asked.
    unknown: bool,
}

#[derive(Debug)]
struct Path {
    name: Box<str>,
    /// The leaf of each type that it has had.
    leaves: Vec<u32>,
}

impl Json {
    /// Number of values.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// True if a message had a field that its shape doesn't know, since this was last asked.
    #[inline]
    pub(super) fn met_unknown(&mut self) -> bool {
        std::mem::take(&mut self.unknown)
    }

    /// The paths that have a value in a row: name, column of the values, place there, and type.
    pub(super) fn values_of(
        &self,
        row: usize,
    ) -> impl Iterator<Item = (&str, &Column, usize, Cow<'static, str>)> {
        let paths = self.paths.iter();
        paths.filter_map(move |path| {
            let mut leaves = path
                .leaves
                .iter()
                .filter_map(|at| self.leaves.get(*at as usize));
            leaves.find_map(|leaf| {
                let at = leaf.rows().binary_search(&u32::try_from(row).ok()?).ok()?;
                Some((&*path.name, &leaf.values, at, leaf.ty.name()))
            })
        })
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
            leaves: Vec::new(),
        });
        self.by_name.insert(name.into(), at);
        at
    }

    /// The place of a path's values of one type, made if there is none.
    fn leaf(&mut self, path: u32, ty: LeafType) -> u32 {
        let (paths, leaves) = (&mut self.paths, &mut self.leaves);
        let Some(path) = paths.get_mut(path as usize) else {
            return u32::MAX;
        };
        let known = path.leaves.iter().copied();
        let found = known.filter_map(|at| Some((at, leaves.get(at as usize)?)));
        if let Some((at, _)) = found.clone().find(|(_, leaf)| leaf.ty == ty) {
            return at;
        }
        let at = leaves.len() as u32;
        leaves.push(Leaf::new(ty));
        path.leaves.push(at);
        at
    }

    /// Column for this row's value.
    fn next(&mut self, leaf: u32) -> Option<&mut Column> {
        let leaf = self.leaves.get_mut(leaf as usize)?;
        Some(leaf.next(self.rows as u32, self.epoch))
    }

    /// Column for this row's value of a path; none if the row has one already.
    fn first(&mut self, path: u32, ty: LeafType) -> Option<&mut Column> {
        let row = self.rows as u32;
        let known = self.paths.get(path as usize)?;
        let mut leaves = known
            .leaves
            .iter()
            .filter_map(|&at| self.leaves.get(at as usize));
        if leaves.any(|leaf| leaf.has(row)) {
            return None;
        }
        let leaf = self.leaf(path, ty);
        self.next(leaf)
    }

    pub(super) fn mark(&mut self) {
        self.marked = self.rows;
        self.epoch += 1;
    }

    pub(super) fn rollback(&mut self) {
        self.rows = self.marked;
        for leaf in &mut self.leaves {
            leaf.rollback(self.epoch);
        }
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        for leaf in &mut self.leaves {
            leaf.truncate(self.rows as u32);
        }
    }

    pub(super) fn clear(&mut self) {
        let (mut paths, mut names) = (0, 0);
        self.remembered(&mut paths, &mut names);
        if paths > REMEMBERED_PATHS || names > REMEMBERED_NAMES {
            *self = Json::default();
            return;
        }
        self.rows = 0;
        self.leaves.iter_mut().for_each(Leaf::clear);
    }

    /// Counts the paths that are known, here and in lists and maps, and the bytes of their names.
    fn remembered(&self, paths: &mut usize, names: &mut usize) {
        *paths += self.paths.len();
        *names += self.paths.iter().map(|p| p.name.len()).sum::<usize>();
        for leaf in &self.leaves {
            if let Some(json) = objects_in(&leaf.values) {
                json.remembered(paths, names);
            }
        }
    }
}

/// Objects of a column, for writing.
fn objects_in_mut(column: &mut Column) -> Option<&mut Json> {
    match column {
        Column::Json(json) => Some(json),
        Column::Array(array) => objects_in_mut(&mut array.inner),
        Column::Map(map) => objects_in_mut(&mut map.values),
        _ => None,
    }
}

/// The objects of a column of lists or maps of them.
fn objects_in(column: &Column) -> Option<&Json> {
    match column {
        Column::Json(json) => Some(json),
        Column::Array(array) => objects_in(&array.inner),
        Column::Nullable(nullable) => objects_in(&nullable.inner),
        Column::Map(map) => objects_in(&map.values),
        Column::Dynamic(dynamic) => dynamic.leaves().find_map(|leaf| objects_in(&leaf.values)),
        _ => None,
    }
}
