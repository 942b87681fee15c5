//! The columns that the SQL of a table names.

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::suggest;
use crate::rules::keys::UNKNOWN_COLUMN;
use crate::store::typed::{Column, TypedTable};
use crate::syntax::sql::{Form, Sql, parse, words};
use crate::syntax::yaml::Text;

/// A column that a key names, and where.
#[derive(Clone, Copy)]
pub(super) struct Used<'a> {
    pub(super) column: &'a Column,
    pub(super) span: Span,
}

/// The columns that an SQL expression names; none of one that can't be read, which is reported as such.
pub(super) fn columns<'a>(
    text: &Text,
    table: &TypedTable<'a>,
    out: &mut Diagnostics,
) -> Vec<Used<'a>> {
    let mut used = Vec::new();
    if parse(&text.value).is_err() {
        return used;
    }
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

/// True if an expression gives a value instead of a column's NULL.
pub(super) fn is_filled_in(column: &str, sql: &str) -> bool {
    let is_column = |sql: &Sql| matches!(&sql.form, Form::Name(name) if name == column);
    let (mut named, mut filled) = (0, 0);
    let count = &mut |part: &Sql| {
        named += usize::from(is_column(part));
        let fills = match &part.form {
            Form::Operator(operator, _) => *operator == "IS NULL",
            Form::Call(name, _, arguments) => match name.as_str() {
                "ifNull" | "coalesce" => arguments.last().is_some_and(|last| {
                    last.form == Form::Literal && sql.get(last.range.clone()) != Some("NULL")
                }),
                "assumeNotNull" | "isNull" | "isNotNull" => true,
                _ => false,
            },
            _ => false,
        };
        let inside = part.parts().iter().filter(|part| is_column(part));
        filled += if fills { inside.count() } else { 0 };
    };
    if let Ok(parsed) = parse(sql) {
        parsed.walk(count);
    }
    named > 0 && named == filled
}
