//! Checks of PostgreSQL tables: their keys, conflicts, types and hooks.

use std::collections::BTreeMap;

use super::declaration::Declaration;
use super::types::PgType;
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::{snake_case, suggest};
use crate::model::Input;
use crate::rules::columns::DUPLICATE_COLUMN;
use crate::rules::keys::UNKNOWN_COLUMN;
use crate::rules::limits::TEXT_LIMIT;
use crate::rules::postgres::{CONFLICT_VERSION, HOOK, LONG_NAME, NO_POSTGRES_TYPE, UNIQUE_KEY};
use crate::store::declared::Declared as _;
use crate::store::typed::{Column, TypedTable, repeated};
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// The longest name.
const LONGEST: usize = 63;

/// Checks a table.
pub(super) fn check(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    hook_columns(own, table, out);
    names(table, out);
    dictionaries(table, out);
    if table.input.is_some() {
        types(table, out);
        hook(own, table, out);
        unique(own, table, out);
        version(own, table, out);
        for column in own.indexes.iter().flatten() {
            find(column, table, out);
        }
    }
}

fn hook_columns(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    for column in &table.spec.columns {
        if let spec::Column::Hook { ty: Some(ty), .. } = column
            && PgType::parse(&ty.value).is_none()
        {
            out.push(own.unknown_type(ty));
        }
    }
    // Two columns of one name are found where the expanded ones are compared; these are compared with them here.
    let expanded: BTreeMap<&str, &Column> = table
        .columns
        .iter()
        .map(|c| (c.column.name.as_str(), c))
        .collect();
    for column in &table.spec.columns {
        if let spec::Column::Hook { name, .. } = column
            && let Some(other) = expanded.get(name.value.as_str())
        {
            let message = format!("column `{}` is filled twice", name.value);
            out.push(
                Diagnostic::new(&DUPLICATE_COLUMN, message)
                    .at(name.span, "by a hook")
                    .and(Some(other.place), other.column.written.clone())
                    .help("give one of them another name"),
            );
        }
    }
}

fn names(table: &TypedTable<'_>, out: &mut Diagnostics) {
    let mut too_long = |name: &str, place: Span| {
        if name.len() > LONGEST {
            let message = format!("`{name}` is longer than a name can be in PostgreSQL");
            out.push(
                Diagnostic::new(&LONG_NAME, message)
                    .at(place, format!("{} bytes of {LONGEST}", name.len())),
            );
        }
    };
    too_long(&table.spec.name.value, table.spec.name.span);
    for column in table.columns {
        too_long(&column.column.name, column.place);
    }
    for column in &table.spec.columns {
        if let spec::Column::Hook { name, .. } = column {
            too_long(&name.value, name.span);
        }
    }
}

/// PostgreSQL has no dictionaries, so that nothing can limit them.
fn dictionaries(table: &TypedTable<'_>, out: &mut Diagnostics) {
    if let Some(size) = &table.spec.limits.dictionaries {
        let name = &table.spec.name.value;
        let message = format!("table `{name}` is in PostgreSQL, which has no dictionaries");
        out.push(
            Diagnostic::new(&TEXT_LIMIT, message)
                .at(size.span, "of no column")
                .help(
                    "`keys` are the columns of `unique` and `indexes`; `columns` names any other",
                ),
        );
    }
}

fn types(table: &TypedTable<'_>, out: &mut Diagnostics) {
    for column in table.columns {
        let ty = &column.column.ty;
        let json_of_events =
            PgType::of(ty) == Some(PgType::Jsonb) && !matches!(table.input, Some(Input::Json(_)));
        if PgType::of(ty).is_none() || json_of_events {
            let message = format!("`{}` has no type in PostgreSQL", column.column.name);
            out.push(
                Diagnostic::new(&NO_POSTGRES_TYPE, message)
                    .at(column.place, format!("would be {ty}"))
                    .help("leave it to a ClickHouse table, and ignore it here"),
            );
        }
    }
}

fn hook(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let Some(name) = &own.hook else { return };
    let form = name.value.starts_with(|c: char| c.is_ascii_lowercase())
        && crate::base::names::is_identifier(&name.value)
        && name.value.chars().all(|c| !c.is_ascii_uppercase());
    if !form {
        let message = format!("`{}` can't be the name of a hook", name.value);
        out.push(
            Diagnostic::new(&HOOK, message)
                .at(name.span, "not in snake case")
                .help(format!("`hook: {}`", snake_case(&name.value))),
        );
    }
    if !matches!(table.input, Some(Input::Json(_))) {
        let message = format!(
            "table `{}` stores no JSON messages, which hook `{}` would get",
            table.spec.name.value, name.value
        );
        out.push(
            Diagnostic::new(&HOOK, message)
                .at(name.span, "nothing to work on")
                .and(Some(table.spec.name.span), "takes app events"),
        );
    }
}

fn unique(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    repeated("unique key", &own.unique, out);
    for index in &own.indexes {
        repeated("index", index, out);
    }
    for text in &own.unique {
        let Some(column) = find(text, table, out) else {
            continue;
        };
        let (why, help) = match column {
            Found::Hook(_) => ("filled by a hook", "a key is there when the row is stored"),
            Found::Row(c) if c.column.ty.is_nullable() => (
                "can be NULL",
                "an optional text gets a value with `| default(\"\")`",
            ),
            Found::Row(c) if c.is_made_here() => (
                "differs on every attempt",
                "use a value from the sender: an id of the message, or `$id`",
            ),
            Found::Row(c) => match PgType::of(&c.column.ty) {
                Some(PgType::Real | PgType::Double | PgType::Jsonb) | None => (
                    "no value to compare by",
                    "use a text, a number or an instant",
                ),
                Some(_) => continue,
            },
        };
        let message = format!("`{}` can't be part of a unique key", text.value);
        out.push(
            Diagnostic::new(&UNIQUE_KEY, message)
                .at(text.span, why)
                .and(Some(column.place()), "the column")
                .help(help),
        );
    }
}

fn version(own: &Declaration, table: &TypedTable<'_>, out: &mut Diagnostics) {
    let Some(text) = &own.version else { return };
    let Some(column) = find(text, table, out) else {
        return;
    };
    let why = match column {
        Found::Hook(_) => "filled by a hook".to_owned(),
        Found::Row(c) if c.is_made_here() => "made by the server's clock".to_owned(),
        Found::Row(c) if c.column.ty.is_nullable() => "can be NULL".to_owned(),
        Found::Row(c) => match PgType::of(&c.column.ty) {
            Some(
                PgType::Integer
                | PgType::Bigint
                | PgType::Numeric
                | PgType::Seconds
                | PgType::Millis
                | PgType::Micros,
            ) => return,
            Some(ty) => format!("is {ty}"),
            None => return,
        },
    };
    let message = format!("`{}` can't be the version of a row", text.value);
    out.push(
        Diagnostic::new(&CONFLICT_VERSION, message)
            .at(text.span, why)
            .and(Some(column.place()), "the column")
            .help("name a whole number or an instant from the sender, or use `on_conflict: keep`"),
    );
}

/// A column that a key names.
#[derive(Clone, Copy)]
enum Found<'a> {
    Row(&'a Column),
    Hook(&'a Text),
}

impl Found<'_> {
    fn place(&self) -> Span {
        match self {
            Found::Row(column) => column.place,
            Found::Hook(name) => name.span,
        }
    }
}

fn find<'a>(text: &Text, table: &TypedTable<'a>, out: &mut Diagnostics) -> Option<Found<'a>> {
    if let Some(column) = table.column(&text.value) {
        return Some(Found::Row(column));
    }
    let mut of_hooks = table.spec.columns.iter().filter_map(|column| match column {
        spec::Column::Hook { name, .. } => Some(name),
        _ => None,
    });
    if let Some(name) = of_hooks.find(|name| name.value == text.value) {
        return Some(Found::Hook(name));
    }
    if !table.may_have(&text.value) {
        let known = table.columns.iter().map(|c| c.column.name.as_str());
        let message = format!(
            "table `{}` has no column `{}`",
            table.spec.name.value, text.value
        );
        out.push(
            Diagnostic::new(&UNKNOWN_COLUMN, message)
                .at(text.span, "no such column")
                .help(suggest(&text.value, known, "columns")),
        );
    }
    None
}
