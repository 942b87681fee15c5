//! Checks of columns: their expressions, their types and their names.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::is_identifier;
use crate::resolve::{Column, Resolved, Table};
use crate::rules::columns::DUPLICATE_COLUMN;
use crate::rules::names::BAD_IDENTIFIER;

/// Checks the names of expanded columns.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for table in &resolved.tables {
        duplicates(table, resolved, out);
    }
}

fn duplicates(table: &Table<'_>, resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let mut seen: BTreeMap<&str, &Column> = BTreeMap::new();
    for column in &table.columns {
        let name = column.column.name.as_str();
        if let (Some(field), false) = (&column.expanded, is_identifier(name)) {
            let message = format!("`{name}` can't be the name of a column");
            out.push(
                Diagnostic::new(&BAD_IDENTIFIER, message)
                    .at(column.place, "among the fields of this wildcard")
                    .and(resolved.proto.field_span(field), "this field")
                    .help("give the field a column with a name of its own, or ignore it"),
            );
        }
        let Some(first) = seen.insert(name, column) else {
            continue;
        };
        let message = format!(
            "`{}` and `{}` both become column `{name}`",
            first.column.written, column.column.written
        );
        let place = |c: &Column| {
            c.expanded
                .as_ref()
                .and_then(|f| resolved.proto.field_span(f))
        };
        out.push(
            Diagnostic::new(&DUPLICATE_COLUMN, message)
                .at(column.place, "a second time here")
                .and(place(column).or(Some(first.place)), "this one")
                .help(format!(
                    "give one of them a column with a name of its own: `my_{name}: {}`",
                    column.column.written
                )),
        );
    }
}
