//! The columns that the SQL of a table names.

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::suggest;
use crate::rules::keys::UNKNOWN_COLUMN;
use crate::store::typed::{Column, TypedTable};
use crate::syntax::sql::words;
use crate::syntax::yaml::Text;

/// A column that a key names, and where.
#[derive(Clone, Copy)]
pub(super) struct Used<'a> {
    pub(super) column: &'a Column,
    pub(super) span: Span,
}

/// The columns that an SQL expression names.
pub(super) fn columns<'a>(
    text: &Text,
    table: &TypedTable<'a>,
    out: &mut Diagnostics,
) -> Vec<Used<'a>> {
    let mut used = Vec::new();
    for range in words(&text.value) {
        let name = text.value.get(range.clone()).unwrap_or_default();
        let span = text.part(range);
        match table.column(name) {
            Some(column) => used.push(Used { column, span }),
            None if table.may_have(name) => {}
            None => {
                let known = table.columns.iter().map(|c| c.column.name.as_str());
                let message = format!("table `{}` has no column `{name}`", table.spec.name.value);
                out.push(
                    Diagnostic::new(&UNKNOWN_COLUMN, message)
                        .at(span, "no such column")
                        .help(suggest(name, known, "columns")),
                );
            }
        }
    }
    used
}
