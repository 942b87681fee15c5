//! Check of the longest texts of columns.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::resolve::{Resolved, Table, is_text};
use crate::rules::keys::UNKNOWN_COLUMN;
use crate::rules::limits::TEXT_LIMIT;

/// Checks what tables say of their texts.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for table in &resolved.tables {
        let limits = &table.spec.limits;
        let name = &table.spec.name.value;
        if let (Some(_), Some(span)) = (table.spec.dead_letters, limits.span) {
            let message = format!("table `{name}` keeps dead letters, which have no limits");
            out.push(
                Diagnostic::new(&TEXT_LIMIT, message)
                    .at(span, "messages can't be refused here")
                    .and(table.spec.dead_letters, "everything is kept")
                    .help("set it in the tables that the dead letters come from, or in `defaults`"),
            );
        }
        columns(table, out);
    }
}

fn columns(table: &Table<'_>, out: &mut Diagnostics) {
    for name in table.spec.limits.columns.iter().map(|limit| &limit.name) {
        let column = table.columns.iter().find(|c| c.column.name == name.value);
        match column {
            Some(column) if is_text(&column.column.ty) => {}
            Some(column) => {
                let message = format!("`{}` is not a text column", name.value);
                out.push(
                    Diagnostic::new(&TEXT_LIMIT, message)
                        .at(name.span, format!("is {}", column.column.ty))
                        .and(Some(column.place), "the column")
                        .help(
                            "a text is String or LowCardinality(String), also where it can be NULL",
                        ),
                );
            }
            None if is_hooks(table, &name.value) => {
                let message = format!("`{}` is filled by a hook", name.value);
                let place = table.spec.column(&name.value).map(|n| n.span);
                out.push(
                    Diagnostic::new(&TEXT_LIMIT, message)
                        .at(name.span, "not made from messages")
                        .and(place, "the column")
                        .help("the hook itself decides what it writes"),
                );
            }
            // A column that could not be resolved has been reported, and a wildcard may have had it.
            None if table.spec.column(&name.value).is_some() || !table.complete => {}
            None => {
                let known = table.columns.iter().map(|c| c.column.name.as_str());
                let message = format!(
                    "table `{}` has no column `{}`",
                    table.spec.name.value, name.value
                );
                out.push(
                    Diagnostic::new(&UNKNOWN_COLUMN, message)
                        .at(name.span, "no such column")
                        .help(suggest(&name.value, known, "columns")),
                );
            }
        }
    }
}

fn is_hooks(table: &Table<'_>, column: &str) -> bool {
    use crate::syntax::spec::Column::Hook;
    let mut columns = table.spec.columns.iter();
    columns.any(|c| matches!(c, Hook { name, .. } if name.value == column))
}
