//! Checks of engines and keys: duplicates vanish only if the key of a row is what its sender sent.

mod engine;
mod partition;
mod sql;
mod used;

use super::declaration::Declaration;
use super::{indexes, sharding};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::{ColumnSource, Envelope, ErrorField, Input, Root, Type};
use crate::rules::keys::{KEY_MADE_HERE, KEY_TYPE, KEY_WITHOUT_ID, REPLACED_BY_CLOCK};
use crate::store::typed::{Column, TypedTable, repeated};
use crate::syntax::sql::words;
use crate::syntax::yaml::Text;
use used::{Used, columns, is_filled_in};

/// Checks a table's engine and keys.
pub(super) fn check(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    if table.input.is_none() {
        return;
    }
    if let Some(text) = &own.engine {
        engine::check(text, table, out);
    }
    if let Some(text) = table.partition_by {
        partition::check(text, table, out);
        for column in columns(text, table, out) {
            key_type(text, column, out);
        }
    }
    repeated("sorting key", &own.order_by, out);
    // Whether the last part of the key can be judged as an id.
    let mut sound = true;
    for text in &own.order_by {
        sound = sorts(text, table, out);
        for column in columns(text, table, out) {
            key_type(text, column, out);
            made_here(column, out);
        }
    }
    sharding::check(own, table, out);
    indexes::check(own, table, out);
    match table.spec.replaces {
        Some(place) => {
            replaced_by_clock(own, table, place, out);
            engine::version_apart(own, table, out);
        }
        None if sound => last_is_id(own, table, out),
        None => {}
    }
}

/// Checks a part of the sorting key; false if it is none, so that nothing else need be said of it.
fn sorts(text: &Text, table: &TypedTable<'_>, out: &mut Diagnostics) -> bool {
    let Some(parsed) = sql::read(text, table, out) else {
        return false;
    };
    let help = "name a column, or leave it out";
    !sql::constant(&parsed, text, help, out)
}

fn key_type(text: &Text, used: Used<'_>, out: &mut Diagnostics) {
    let column = &used.column.column;
    let unordered = matches!(column.ty, Type::Json | Type::Map(..) | Type::Array(_));
    let nullable = || column.ty.is_nullable() && !is_filled_in(&column.name, &text.value);
    if unordered || nullable() {
        let message = format!("`{}` can't be part of a key", column.name);
        out.push(
            Diagnostic::new(&KEY_TYPE, message)
                .at(used.span, format!("is {}", column.ty))
                .and(Some(used.column.place), "the column")
                .help("an optional text gets a value with `| default(\"\")`"),
        );
    }
}

/// A table of versions needs a version that the sender sent.
fn replaced_by_clock(
    own: &Declaration,
    table: &TypedTable<'_>,
    place: Span,
    out: &mut Diagnostics,
) {
    let Some(engine) = &own.engine else {
        return;
    };
    // Columns that are unknown have been reported.
    let versions = columns(engine, table, &mut Diagnostics::default());
    let message = format!(
        "table `{}` doesn't declare which row is the latest",
        table.spec.name.value
    );
    let found = Diagnostic::new(&REPLACED_BY_CLOCK, message)
        .and(Some(place), "rows replace each other")
        .help("name a column that the sender sent: `engine: ReplacingMergeTree(COLUMN)`");
    match versions.iter().find(|v| v.column.is_made_here()) {
        Some(version) => out.push(found.at(version.span, "made by the server's clock").and(
            Some(version.column.place),
            version.column.column.written.clone(),
        )),
        None if !engine.value.contains('(') => {
            out.push(found.at(engine.span, "names no version"));
        }
        None => {}
    }
}

fn made_here(used: Used<'_>, out: &mut Diagnostics) {
    if used.column.is_made_here() {
        let column = &used.column.column;
        let message = format!("`{}` is made by the server, not by the sender", column.name);
        out.push(
            Diagnostic::new(&KEY_MADE_HERE, message)
                .at(used.span, "differs on every attempt")
                .and(Some(used.column.place), column.written.clone())
                .help("sort by what was sent; keep the corrected value as a column beside it"),
        );
    }
}

fn last_is_id(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let envelope = table.envelope;
    let Some(last) = own.order_by.last() else {
        return;
    };
    let column = table.column(&last.value);
    let Some(column) = column else {
        // Unknown columns are reported elsewhere; an expression over columns is no id.
        if words(&last.value).len() == 1 && !last.value.contains('(') {
            return;
        }
        out.push(without_id(own, table, last.span, "an expression is no id"));
        return;
    };
    if !is_id(column, envelope) {
        let found = without_id(own, table, last.span, "not an id");
        out.push(found.and(Some(column.place), column.column.written.clone()));
    }
}

/// True if a column holds what its sender tells rows apart by.
fn is_id(column: &Column, envelope: Option<&Envelope>) -> bool {
    let ColumnSource::Value(value) = &column.column.from else {
        return false;
    };
    let id = match &value.root {
        Root::Id | Root::Error(ErrorField::Id) => true,
        Root::Event(path) => path
            .last()
            .is_some_and(|f| envelope.is_some_and(|e| e.id == f.number())),
        Root::Body(_) => column.column.ty == Type::String,
        _ => false,
    };
    id && value.functions.is_empty()
}

fn without_id(own: &Declaration, table: &TypedTable<'_>, span: Span, label: &str) -> Diagnostic {
    let envelope = table.envelope;
    let id = match table.input {
        Some(Input::DeadLetters) => "error.id",
        Some(Input::Json(_)) => "$id",
        _ if envelope.is_some() => "event.id",
        _ => "$id",
    };
    let named = |name: &Text| table.column(&name.value);
    let mut in_key = own.order_by.iter().filter_map(named);
    let written = table.columns.iter().find(|c| c.column.written == id);
    let help = match (in_key.find(|c| is_id(c, envelope)), written) {
        (Some(column), _) => format!("move `{}` to its end", column.column.name),
        (None, Some(column)) => {
            format!("add `{}`, which is `{id}`, at its end", column.column.name)
        }
        (None, None) => format!("add a column `row_id: {id}`, and `row_id` at the end of the key"),
    };
    let message = format!(
        "the sorting key of table `{}` does not end with an id",
        table.spec.name.value
    );
    Diagnostic::new(&KEY_WITHOUT_ID, message)
        .at(span, label)
        .help(help)
}
