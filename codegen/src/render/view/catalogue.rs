//! The pages for people: what there is, what its fields mean, and where it goes.

mod identity;
mod meaning;
mod queues;
mod requests;
mod text;
mod ways;

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::Serialize;

use super::shapes::{by_number, json_messages};
use crate::base::names::size;
use crate::model::{Auth, Destination, Input, Intake, Model, RoutingKey, Scheme, Table};
use crate::model::{Comments, field_type};
use crate::store::{KINDS, dialect};
use meaning::meaning;
use text::{cell, code, event_link, events_page, group, message_link, message_page, table_page};
use ways::{event_goes, holders, json_goes, stored};

/// What the templates see: an index, and what has pages of its own.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    counts: Counts,
    /// What there is to know of the stores that tables are in.
    notes: Vec<&'static str>,
    sources: Vec<SourceRow>,
    /// The groups of event types.
    pub groups: Vec<Group>,
    header: Option<MessageSection>,
    /// The messages of other services.
    pub messages: Vec<MessageSection>,
    /// The tables.
    pub tables: Vec<TableSection>,
    /// The requests.
    pub requests: Vec<requests::RequestSection>,
    exchanges: Vec<queues::ExchangeRow>,
    derived_exchanges: Vec<queues::ExchangeRow>,
    queues: Vec<queues::QueueRow>,
    derived_queues: Vec<queues::QueueRow>,
    unrouted: String,
    /// Rules for the ids of other services' messages, by queue.
    ids: Vec<identity::IdRow>,
}

/// Totals, for the first lines.
#[derive(Debug, Serialize)]
struct Counts {
    types: String,
    messages: String,
    tables: String,
}

/// The event types of one proto file, which belong together, on a page of their own.
#[derive(Debug, Serialize)]
pub struct Group {
    name: String,
    /// The page, below the catalogue's folder.
    pub page: String,
    doc: String,
    events: Vec<MessageSection>,
}

#[derive(Debug, Serialize)]
struct SourceRow {
    name: String,
    takes: String,
    publishes: String,
    ids: String,
    on_bad: &'static str,
    rejects: String,
}

/// A message: an event type, the header, or the JSON object of another service.
#[derive(Debug, Serialize)]
pub struct MessageSection {
    name: String,
    /// Its page, below the catalogue's folder, and its section on it.
    pub page: String,
    number: u32,
    doc: String,
    goes: Vec<String>,
    fields: Vec<FieldRow>,
    /// An example; empty for what is in no table of its own.
    query: String,
}

#[derive(Debug, Serialize)]
struct FieldRow {
    number: u32,
    name: String,
    ty: String,
    stored: String,
    doc: String,
}

/// A table, which is a page of its own.
#[derive(Debug, Serialize)]
pub struct TableSection {
    name: String,
    /// The page, below the catalogue's folder.
    pub page: String,
    doc: String,
    takes: String,
    stored: String,
    limits: String,
    queues: String,
    query: String,
    columns: Vec<ColumnRow>,
}

#[derive(Debug, Serialize)]
struct ColumnRow {
    name: String,
    ty: String,
    written: String,
    doc: String,
}

/// Makes the view.
pub fn catalogue(model: &Model) -> Catalogue {
    let comments = Comments::of(&model.pool);
    let types = model.envelope.as_ref().map_or(0, |e| e.types.len());
    Catalogue {
        counts: Counts {
            types: text::count(types, "event type", "event types"),
            messages: text::count(
                json_messages(model).len(),
                "kind of message",
                "kinds of messages",
            ),
            tables: text::count(model.tables.len(), "table", "tables"),
        },
        ids: identity::of_queues(model),
        notes: notes(model),
        sources: model.sources.iter().map(|s| source_row(model, s)).collect(),
        groups: groups(model, &comments),
        header: model.envelope.as_ref().map(|envelope| {
            let header = &envelope.header_message;
            let tables = holders(model, header, None);
            let row = |field: &FieldDescriptor| stored(&tables, field, None);
            section(&comments, header, String::new(), 0, Vec::new(), row)
        }),
        messages: json_messages(model)
            .into_values()
            .map(|message| {
                let goes = json_goes(model, &message);
                let tables = holders(model, &message, None);
                let row = |field: &FieldDescriptor| stored(&tables, field, None);
                section(&comments, &message, message_page(&message), 0, goes, row)
            })
            .collect(),
        tables: model
            .tables
            .iter()
            .enumerate()
            .map(|(at, table)| table_section(model, at, table))
            .collect(),
        requests: requests::sections(model),
        exchanges: queues::exchanges(model, false),
        derived_exchanges: queues::exchanges(model, true),
        queues: queues::rows(model, false),
        derived_queues: queues::rows(model, true),
        unrouted: code(&model.unrouted),
    }
}

/// The event types by proto file, in the order of their numbers.
fn groups(model: &Model, comments: &Comments) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let types = model.envelope.iter().flat_map(|envelope| &envelope.types);
    for (number, message) in types {
        let goes = event_goes(model, *number, message);
        let tables = holders(model, message, Some(*number));
        let row = |field: &FieldDescriptor| stored(&tables, field, Some(*number));
        let name = group(message);
        let page = format!("{}#{}", events_page(name), message.name().to_lowercase());
        let mut event = section(comments, message, page, *number, goes, row);
        event.query = example_of_event(model, message).unwrap_or_default();
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.events.push(event),
            None => groups.push(Group {
                name: name.to_owned(),
                page: events_page(name),
                doc: cell(comments.file(&message.parent_file())),
                events: vec![event],
            }),
        }
    }
    groups
}

fn section(
    comments: &Comments,
    message: &MessageDescriptor,
    page: String,
    number: u32,
    goes: Vec<String>,
    stored: impl Fn(&FieldDescriptor) -> String,
) -> MessageSection {
    MessageSection {
        name: message.name().to_owned(),
        page,
        number,
        doc: cell(comments.message(message)),
        goes,
        query: String::new(),
        fields: by_number(message)
            .iter()
            .map(|field| FieldRow {
                number: field.number(),
                name: code(field.name()),
                ty: code(&field_type(field)),
                stored: stored(field),
                doc: cell(&match field.kind() {
                    Kind::Enum(names) => {
                        let names = names.enum_descriptor_proto().value.iter();
                        let names: Vec<String> = names.map(|value| code(value.name())).collect();
                        let all = format!("{} One of {}.", comments.field(field), names.join(", "));
                        all.trim_start().to_owned()
                    }
                    _ => comments.field(field).to_owned(),
                }),
            })
            .collect(),
    }
}

fn source_row(model: &Model, source: &crate::model::Source) -> SourceRow {
    let by_key = match source.auth {
        Auth::Keys => ", with a write key",
        Auth::None => "",
    };
    let (takes, key) = match &source.intake {
        Intake::Grpc {
            service,
            method,
            json_path,
        } => (
            format!("gRPC `/{service}/{method}`, JSON at `POST {json_path}`{by_key}"),
            "the event type's name".to_owned(),
        ),
        Intake::Post {
            path,
            message,
            routing_key,
            headers,
            verify,
            ..
        } => {
            let kept = if *headers { " and its headers" } else { "" };
            let verified = verify.as_ref().map_or_else(
                || ", from anybody".to_owned(),
                |verify| {
                    let how = match &verify.scheme {
                        Scheme::Hmac(signature) => format!("signed in `{}`", signature.header),
                        Scheme::Bearer => "with a bearer token".to_owned(),
                        Scheme::Basic => "with a password".to_owned(),
                        Scheme::Path => "with a secret behind the path".to_owned(),
                    };
                    format!(", {how} (`{}`)", verify.variable)
                },
            );
            (
                format!(
                    "`POST {path}`, a {}{kept}{verified}{by_key}",
                    message_link(message)
                ),
                match routing_key {
                    RoutingKey::Constant(key) => code(key),
                    RoutingKey::Computed(value) if value.uses_headers() => {
                        "taken from the headers".to_owned()
                    }
                    RoutingKey::Computed(_) => "taken from the body".to_owned(),
                },
            )
        }
    };
    SourceRow {
        name: code(&source.name),
        takes,
        publishes: format!("`{}`, key: {key}", source.exchange),
        ids: identity::of_source(model, source),
        on_bad: identity::on_bad(source),
        rejects: source.rejects.as_ref().map_or_else(
            || "nowhere".to_owned(),
            |to| format!("`{}`, key `{}`", to.exchange, to.routing_key),
        ),
    }
}

fn table_section(model: &Model, at: usize, table: &Table) -> TableSection {
    let queues: Vec<String> = model
        .queues
        .iter()
        .filter(|queue| queue.into == Destination::Table(at))
        .map(|queue| code(&queue.name))
        .collect();
    let columns = dialect(table).columns(table).into_iter();
    let columns = columns.map(|column| ColumnRow {
        name: code(column.name),
        ty: code(&column.ty),
        written: column
            .row
            .map_or_else(|| "a hook".to_owned(), |row| code(&row.written)),
        doc: match column.row {
            Some(row) => cell(&meaning(row)),
            None => cell(column.comment),
        },
    });
    TableSection {
        name: table.name.clone(),
        page: table_page(&table.name),
        doc: cell(&table.doc),
        takes: takes(model, table),
        stored: dialect(table).described(model),
        limits: limits(table),
        queues: queues.join(", "),
        query: dialect(table).example(table),
        columns: columns.collect(),
    }
}

/// What there is to know of the stores that tables are in, one sentence or two a store.
fn notes(model: &Model) -> Vec<&'static str> {
    let kinds = model.tables.iter().map(|table| dialect(table).kind().name);
    let kinds: BTreeSet<&str> = kinds.collect();
    let notes = KINDS.iter().filter(|kind| kinds.contains(kind.name));
    let notes = notes.map(|kind| kind.note);
    notes.filter(|note| !note.is_empty()).collect()
}

/// The latest events of a type, out of a table that takes every type.
fn example_of_event(model: &Model, event: &MessageDescriptor) -> Option<String> {
    let takes_all = |t: &&Table| t.every_type && matches!(t.input, Input::Events);
    let mut tables = model.tables.iter().filter(takes_all);
    tables.find_map(|table| dialect(table).example_of_event(table, event))
}

/// Text limits, as a sentence; empty if none is enforced.
fn limits(table: &Table) -> String {
    let refused = table.columns.iter().filter_map(|column| {
        let limit = table.limits.get(&column.name).filter(|l| l.enforce)?;
        let most = size(u64::from(limit.bytes));
        Some(format!("{} {most}", code(&column.name)))
    });
    let refused: Vec<String> = refused.collect();
    match refused.is_empty() {
        true => String::new(),
        false => format!("Longer texts are refused: {}.", refused.join(", ")),
    }
}

fn takes(model: &Model, table: &Table) -> String {
    match &table.input {
        Input::DeadLetters => "messages that could not be stored elsewhere".to_owned(),
        Input::Json(message) => message_link(message),
        Input::Events if table.every_type => "every event type".to_owned(),
        Input::Events => {
            let all = model.envelope.iter().flat_map(|envelope| &envelope.types);
            let names: Vec<String> = all
                .filter(|(number, _)| table.types.contains(number))
                .map(|(_, message)| event_link(message))
                .collect();
            names.join(", ")
        }
    }
}
