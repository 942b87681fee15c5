//! A column of a table as its store has it.

use crate::model;

/// A column of a table as its store has it.
#[derive(Debug)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its type as people and the lock know it, e.g. `bigint NOT NULL`.
    pub ty: String,
    /// The comment on it; empty for none.
    pub comment: &'a str,
    /// What it is in the model; none for a column that isn't filled from messages.
    pub row: Option<&'a model::Column>,
}

impl<'a> Column<'a> {
    /// A column that is filled from messages, with its type in the store.
    pub(super) fn of_row(column: &'a model::Column, ty: String) -> Self {
        Column {
            name: &column.name,
            ty,
            comment: match column.doc.as_str() {
                "" => &column.written,
                doc => doc,
            },
            row: Some(column),
        }
    }
}
