//! Example queries: what an analyst asks first, with the names that the tables really have.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::base::names::is_identifier;
use crate::function;
use crate::model::{Column, ErrorField, From, Input, Model, Root, Table, Type};
use crate::render::view::shapes::by_number;
use crate::store::{clickhouse, postgres};

/// How many fields of a payload a query shows.
const SHOWN: usize = 3;

/// Words that a query would take for a part of itself.
const WORDS: [&str; 23] = [
    "all", "and", "array", "as", "by", "desc", "distinct", "end", "final", "format", "from",
    "group", "having", "in", "interval", "limit", "not", "or", "order", "select", "settings",
    "user", "where",
];

/// What came in during the last day, by what there is to tell apart; of a PostgreSQL table the latest rows.
pub(super) fn of_table(table: &Table) -> String {
    if table.postgres.is_some() {
        return latest(table);
    }
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
            // What a table is sorted by is what people ask for.
            let found = words().find(|c| table.order_by.contains(&c.name));
            let found = found.or_else(|| words().next());
            found.map(|column| name(&column.name)).into_iter().collect()
        }
    };
    let place = place(table);
    let since = time(table).map(|column| {
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

/// The latest rows of a PostgreSQL table.
fn latest(table: &Table) -> String {
    let latest = time(table).map(|column| {
        let time = postgres_name(&column.name);
        format!("\nORDER BY {time} DESC")
    });
    format!(
        "SELECT *\nFROM {}{}\nLIMIT 10",
        postgres_name(&table.name),
        latest.unwrap_or_default()
    )
}

/// The latest events of a type, with some of their fields, out of the table that takes every type.
pub(super) fn of_event(model: &Model, message: &MessageDescriptor) -> Option<String> {
    let takes_all =
        |t: &&Table| t.every_type && matches!(t.input, Input::Events) && t.postgres.is_none();
    let table = model.tables.iter().find(takes_all)?;
    let ty = name(&column(table, &Root::TypeName)?.name);
    let time = name(&time(table)?.name);
    let payload = name(&column(table, &Root::Payload)?.name);
    let fields = by_number(message);
    let paths = fields.iter().filter_map(|field| {
        let ty = within_json(field)?;
        is_identifier(field.name()).then(|| format!("{payload}.{}.:{ty}", field.name()))
    });
    let mut shown = vec![time.clone()];
    shown.extend(paths.take(SHOWN));
    Some(format!(
        "SELECT {}\nFROM {} FINAL\nWHERE {ty} = {} AND {time} >= now() - INTERVAL 1 DAY\nORDER BY {time} DESC\nLIMIT 10",
        shown.join(", "),
        place(table),
        clickhouse::ddl::text(message.name())
    ))
}

/// What a column holds, where the proto file says nothing because it is no field.
pub(super) fn meaning(column: &Column) -> String {
    let From::Value(value) = &column.from else {
        return column.doc.clone();
    };
    let own = match value.root {
        Root::Now => "When the row was made.",
        Root::TypeName => "The event type.",
        Root::Id => "Made once, for this message.",
        Root::Received => "When the message was sent, or else came.",
        Root::Payload => "The whole payload: its fields are paths in here.",
        Root::WholeBody => "The whole message: its fields are paths in here.",
        _ => "",
    };
    let of_functions = value
        .functions
        .iter()
        .map(|step| function::of(step).meaning);
    let parts = [column.doc.as_str(), own].into_iter().chain(of_functions);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}

/// A table's name in a query.
fn place(table: &Table) -> String {
    match &table.database {
        Some(database) => format!("{}.{}", name(database), name(&table.name)),
        None => name(&table.name),
    }
}

/// A name as people write it, in backticks only where it needs them.
fn name(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else {
        clickhouse::ddl::name(text)
    }
}

/// The same in PostgreSQL, where capitals need quotes, too.
fn postgres_name(text: &str) -> String {
    if is_plain(text) && *text == text.to_ascii_lowercase() {
        text.to_owned()
    } else {
        postgres::ddl::name(text)
    }
}

fn is_plain(text: &str) -> bool {
    is_identifier(text) && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// The column with what this root gives.
fn column<'a>(table: &'a Table, root: &Root) -> Option<&'a Column> {
    let is = |c: &&Column| matches!(&c.from, From::Value(value) if value.root == *root);
    table.columns.iter().find(is)
}

/// The time to search by: the one that the table is partitioned by, or else the first that isn't the server's.
fn time(table: &Table) -> Option<&Column> {
    let is_time = |c: &&Column| matches!(c.ty, Type::DateTime | Type::Millis | Type::Micros);
    let words = |c: &&Column| {
        let mut words = table
            .partition_by
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        words.any(|word| word == c.name)
    };
    let ours = |c: &&Column| !matches!(&c.from, From::Value(value) if value.root == Root::Now);
    let times = || table.columns.iter().filter(is_time);
    times()
        .find(words)
        .or_else(|| times().find(ours))
        .or_else(|| times().next())
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
