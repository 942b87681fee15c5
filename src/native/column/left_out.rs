//! Retired fields that rows came with and that their column of unknown fields doesn't have.

use super::Column;
use crate::protobuf::RetiredField;

/// Fields and numbers of rows; nearly always none.
#[derive(Debug, Default)]
pub(super) struct LeftOut(Option<Box<Fields>>);

#[derive(Debug, Default)]
struct Fields {
    all: Vec<(&'static RetiredField, u64)>,
    marked: Vec<(&'static RetiredField, u64)>,
}

impl LeftOut {
    pub(super) fn mark(&mut self) {
        if let Some(fields) = &mut self.0 {
            fields.marked.clone_from(&fields.all);
        }
    }

    pub(super) fn rollback(&mut self) {
        if let Some(fields) = &mut self.0 {
            fields.all.clone_from(&fields.marked);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }
}

impl Column {
    /// Notes that the last row came with a retired field.
    pub(crate) fn leave_out(&mut self, field: &'static RetiredField) {
        let left = match self {
            Column::Text(c) => &mut c.left_out,
            Column::Dictionary(c) => &mut c.left_out,
            Column::Nullable(c) => return c.inner.leave_out(field),
            _ => return,
        };
        let all = &mut left.0.get_or_insert_default().all;
        match all.iter_mut().find(|(other, _)| *other == field) {
            Some((_, rows)) => *rows += 1,
            None => all.push((field, 1)),
        }
    }

    /// Retired fields that its rows came with, and numbers of rows.
    pub fn left_out(&self) -> &[(&'static RetiredField, u64)] {
        let left = match self {
            Column::Text(c) => &c.left_out,
            Column::Dictionary(c) => &c.left_out,
            Column::Nullable(c) => return c.inner.left_out(),
            _ => return &[],
        };
        left.0.as_ref().map_or(&[], |fields| &fields.all)
    }
}
