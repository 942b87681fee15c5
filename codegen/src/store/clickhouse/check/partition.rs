//! Check of partitions: there must be few of them.

use super::sql;
use super::used::is_filled_in;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Type;
use crate::rules::sql::FINE_PARTITIONS;
use crate::store::clickhouse::functions::{Grain, find};
use crate::store::typed::{Column, TypedTable};
use crate::syntax::sql::{Form, Sql};
use crate::syntax::yaml::Text;

/// Checks the expression of a table's partitions.
pub(super) fn check(text: &Text, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let Some(parsed) = sql::read(text, table, out) else {
        return;
    };
    let none = matches!(&parsed.form, Form::Call(name, _, arguments) if name == "tuple" && arguments.is_empty());
    if none {
        return;
    }
    sql::constant(
        &parsed,
        text,
        "`partition_by: none` makes no partitions",
        out,
    );
    let Some(fine) = finest(&parsed, table) else {
        return;
    };
    let column = &fine.column;
    // That a key is never NULL is told by itself.
    if column.ty.is_nullable() && !is_filled_in(&column.name, &text.value) {
        return;
    }
    let (each, help) = match column.ty.present() {
        Type::DateTime | Type::Millis | Type::Micros => {
            ("moment", format!("take a period of it: `toYYYYMM({})`", column.name))
        }
        Type::String => (
            "text",
            "partition by a period of a time, such as `toYYYYMM(COLUMN)`; if the texts are few, say so where the column is \
             made: `| low_cardinality`"
                .to_owned(),
        ),
        _ => (
            "number",
            format!(
                "partition by a period of a time, such as `toYYYYMM(COLUMN)`, or by ranges of it: `intDiv({}, 1000000)`",
                column.name
            ),
        ),
    };
    let message = format!(
        "table `{}` would have a partition for each {each} in `{}`",
        table.spec.name.value, column.name
    );
    out.push(
        Diagnostic::new(&FINE_PARTITIONS, message)
            .at(text.span, "as many partitions as values")
            .and(Some(fine.place), format!("is {}", column.ty))
            .help(help),
    );
}

/// A column of many values that an expression takes as it is, or by a function that tells them apart.
fn finest<'a>(sql: &Sql, table: &TypedTable<'a>) -> Option<&'a Column> {
    let parts = |parts: &[Sql]| parts.iter().find_map(|part| finest(part, table));
    match &sql.form {
        Form::Name(name) => table
            .column(name)
            .filter(|column| is_fine(&column.column.ty)),
        Form::Call(name, _, arguments) => match find(name)?.grain {
            Grain::Coarse => None,
            Grain::Divided if arguments.len() > 1 => {
                let finer = arguments.get(1).is_some_and(is_second);
                finer.then(|| parts(arguments)).flatten()
            }
            Grain::Divided | Grain::Fine => parts(arguments),
        },
        Form::Operator("+" | "-" | "*" | "/" | "||", of) | Form::Tuple(of) => parts(of),
        Form::Operator(..) | Form::Literal | Form::Interval(_) => None,
    }
}

/// True if an interval is of seconds, of which one makes a partition each.
fn is_second(sql: &Sql) -> bool {
    matches!(&sql.form, Form::Interval(unit) if unit == "SECOND")
}

/// True if a column can have as many values as there are rows. A number of 32 bits may be a kind or a version.
fn is_fine(ty: &Type) -> bool {
    match ty.present() {
        Type::String | Type::Int64 | Type::UInt64 | Type::Float32 | Type::Float64 => true,
        Type::DateTime | Type::Millis | Type::Micros => true,
        Type::Bool | Type::Int32 | Type::UInt32 | Type::LowCardinality(_) => false,
        Type::Json | Type::Array(_) | Type::Map(..) | Type::Nullable(_) => false,
    }
}
