//! Lists of mixed values: each element has a type of its own.

use super::super::Column;
use super::leaf::{Leaf, LeafType, encode_types};

const NULL: u8 = u8::MAX;

/// A Dynamic column.
#[derive(Debug, Default)]
pub struct Dynamic {
    /// Each value's place in `leaves`, or [`NULL`].
    types: Vec<u8>,
    leaves: Vec<Leaf>,
    marked: usize,
}

impl Dynamic {
    pub(in super::super) fn rows(&self) -> usize {
        self.types.len()
    }

    pub(super) fn types(&self) -> &[u8] {
        &self.types
    }

    pub(super) fn leaves(&self) -> impl Iterator<Item = &Leaf> {
        self.leaves.iter()
    }

    pub(in super::super) fn push_null(&mut self) {
        self.types.push(NULL);
    }

    /// Takes note of a value of this type, and gives the column that it must be appended to.
    pub(super) fn value(&mut self, ty: LeafType) -> Option<&mut Column> {
        let at = match self.leaves.iter().position(|l| l.ty == ty) {
            Some(at) => at,
            None => {
                self.leaves.push(Leaf::new(ty));
                self.leaves.len() - 1
            }
        };
        self.types.push(at as u8);
        self.leaves.get_mut(at).map(|l| &mut l.values)
    }

    pub(in super::super) fn bytes(&self) -> usize {
        self.types.len() + self.leaves.iter().map(|l| l.values.bytes()).sum::<usize>()
    }

    pub(in super::super) fn mark(&mut self) {
        self.marked = self.types.len();
    }

    pub(in super::super) fn rollback(&mut self) {
        self.truncate(self.marked);
    }

    pub(in super::super) fn truncate(&mut self, rows: usize) {
        self.types.truncate(rows);
        for (at, leaf) in self.leaves.iter_mut().enumerate() {
            let keep = self.types.iter().filter(|&&t| usize::from(t) == at).count();
            leaf.values.truncate(keep);
        }
    }

    pub(in super::super) fn clear(&mut self) {
        *self = Dynamic::default();
    }

    pub(in super::super) fn encode_prefix(&self, out: &mut Vec<u8>) {
        encode_types(self.leaves.iter(), out);
    }

    pub(in super::super) fn encode(&self, out: &mut Vec<u8>) {
        let absent = self.leaves.len() as u8;
        out.extend(
            self.types
                .iter()
                .map(|&t| if t == NULL { absent } else { t }),
        );
        self.leaves.iter().for_each(|l| l.values.encode(out));
    }
}
