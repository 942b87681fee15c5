//! What the catalogue says of a ClickHouse table, and what an analyst asks it first.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::ddl;
use crate::base::markdown::code;
use crate::base::names::is_identifier;
use crate::model::{ClickHouse, Column, ErrorField, Input, Model, Root, Table, Type};
use crate::store::query::{column, is_plain, time};

/// Number of payload fields in a query.
const SHOWN: usize = 3;

/// Where and how a table keeps its rows, as sentences.
pub(super) fn described(own: &ClickHouse, model: &Model) -> String {
    let place = own.database.as_ref().map_or_else(String::new, |name| {
        let database = model.databases.iter().find(|d| d.name == *name);
        let server = database.map_or("", |d| d.server.as_str());
        format!("In database `{name}` on server `{server}`. ")
    });
    let parts = match own.partition_by.as_str() {
        "" => "not partitioned".to_owned(),
        key => format!("partitioned by {}", code(key)),
    };
    let (engine, key) = (code(&own.engine), code(&own.order_by.join(", ")));
    format!("{place}Sorted by {key}, {parts}; engine {engine}")
}

/// What came in during the last day, by what there is to tell apart.
pub(super) fn example(own: &ClickHouse, table: &Table) -> String {
    let mut shown: Vec<String> = match table.input {
        Input::DeadLetters => [ErrorField::Queue, ErrorField::Class, ErrorField::Reason]
            .into_iter()
            .filter_map(|field| column(table, &Root::Error(field)))
            .map(|column| name(&column.name))
            .collect(),
        Input::Events => column(table, &Root::TypeName)
            .map(|column| name(&column.name))
            .into_iter()
            .collect(),
        Input::Json(_) => {
            let word = |c: &&Column| c.ty == Type::LowCardinality(Box::new(Type::String));
            let words = || table.columns.iter().filter(word);
            // A table is most likely queried by its sorting key.
            let found = words().find(|c| own.order_by.contains(&c.name));
            let found = found.or_else(|| words().next());
            found.map(|column| name(&column.name)).into_iter().collect()
        }
    };
    let place = place(own, table);
    let since = time(table, &own.partition_by).map(|column| {
        let time = name(&column.name);
        format!("\nWHERE {time} >= now() - INTERVAL 1 DAY")
    });
    let since = since.unwrap_or_default();
    if shown.is_empty() {
        return format!("SELECT *\nFROM {place} FINAL{since}\nLIMIT 10");
    }
    let groups = shown.join(", ");
    shown.push("count() AS how_many".to_owned());
    format!(
        "SELECT {}\nFROM {place} FINAL{since}\nGROUP BY {groups}\nORDER BY how_many DESC",
        shown.join(", ")
    )
}

/// The latest events of a type, with some of their fields.
pub(super) fn example_of_event(
    own: &ClickHouse,
    table: &Table,
    event: &MessageDescriptor,
) -> Option<String> {
    let ty = name(&column(table, &Root::TypeName)?.name);
    let time = name(&time(table, &own.partition_by)?.name);
    let payload = name(&column(table, &Root::Payload)?.name);
    let mut fields: Vec<_> = event.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    let paths = fields.iter().filter_map(|field| {
        let ty = within_json(field)?;
        is_identifier(field.name()).then(|| format!("{payload}.{}.:{ty}", field.name()))
    });
    let mut shown = vec![time.clone()];
    shown.extend(paths.take(SHOWN));
    Some(format!(
        "SELECT {}\nFROM {} FINAL\nWHERE {ty} = {} AND {time} >= now() - INTERVAL 1 DAY\nORDER BY {time} DESC\nLIMIT 10",
        shown.join(", "),
        place(own, table),
        ddl::text(event.name())
    ))
}

/// A table's name in a query.
fn place(own: &ClickHouse, table: &Table) -> String {
    match &own.database {
        Some(database) => format!("{}.{}", name(database), name(&table.name)),
        None => name(&table.name),
    }
}

/// A name as people write it, in backticks only where it needs them.
fn name(text: &str) -> String {
    match is_plain(text) {
        true => text.to_owned(),
        false => ddl::name(text),
    }
}

/// The type that a single field has inside a JSON column.
fn within_json(field: &FieldDescriptor) -> Option<&'static str> {
    if field.is_list() || field.is_map() {
        return None;
    }
    Some(match field.kind() {
        Kind::String | Kind::Bytes | Kind::Enum(_) => "String",
        Kind::Bool => "Bool",
        Kind::Float | Kind::Double => "Float64",
        Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64 => "UInt64",
        Kind::Message(_) => return None,
        _ => "Int64",
    })
}
