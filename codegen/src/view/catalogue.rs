//! The page for people: what there is, what its fields mean, and where it goes.

use prost_reflect::{Kind, MessageDescriptor};
use serde::Serialize;

use super::comments::Comments;
use super::shapes::{by_number, json_messages};
use crate::lock::field_type;
use crate::model::{ExchangeKind, Input, Intake, Model, Queue, Route, RoutingKey, Table};

/// What the template sees.
#[derive(Debug, Serialize)]
pub struct Catalogue {
    sources: Vec<SourceRow>,
    events: Vec<MessageSection>,
    header: Option<MessageSection>,
    messages: Vec<MessageSection>,
    tables: Vec<TableSection>,
    exchanges: Vec<ExchangeRow>,
    derived_exchanges: Vec<ExchangeRow>,
    queues: Vec<QueueRow>,
    derived_queues: Vec<QueueRow>,
    unrouted: String,
}

#[derive(Debug, Serialize)]
struct SourceRow {
    name: String,
    takes: String,
    publishes: String,
    rejects: String,
}

/// A message: an event type, the header, or the JSON object of another service.
#[derive(Debug, Serialize)]
struct MessageSection {
    name: String,
    anchor: String,
    number: u32,
    doc: String,
    goes: Vec<String>,
    fields: Vec<FieldRow>,
}

#[derive(Debug, Serialize)]
struct FieldRow {
    number: u32,
    name: String,
    ty: String,
    doc: String,
}

#[derive(Debug, Serialize)]
struct TableSection {
    name: String,
    anchor: String,
    doc: String,
    takes: String,
    engine: String,
    partition_by: String,
    order_by: String,
    queues: String,
    columns: Vec<ColumnRow>,
}

#[derive(Debug, Serialize)]
struct ColumnRow {
    name: String,
    ty: String,
    written: String,
    doc: String,
}

#[derive(Debug, Serialize)]
struct ExchangeRow {
    name: String,
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct QueueRow {
    name: String,
    kind: &'static str,
    bindings: String,
    workers: u16,
    prefetch: u16,
    batch: String,
    retries: u8,
    dead_letter: String,
    table: String,
}

/// Makes the view.
pub fn catalogue(model: &Model) -> Catalogue {
    let comments = Comments::of(&model.pool);
    let exchanges = |derived: bool| {
        model
            .exchanges
            .iter()
            .filter(|exchange| exchange.derived == derived)
            .map(|exchange| ExchangeRow {
                name: code(&exchange.name),
                kind: match exchange.kind {
                    ExchangeKind::Direct => "direct",
                    ExchangeKind::Topic => "topic",
                    ExchangeKind::Fanout => "fanout",
                },
            })
            .collect()
    };
    let queues = |derived: bool| {
        model
            .queues
            .iter()
            .filter(|queue| queue.derived == derived)
            .map(|queue| queue_row(model, queue))
            .collect()
    };
    let events = model.envelope.iter().flat_map(|envelope| &envelope.types);
    Catalogue {
        sources: model.sources.iter().map(source_row).collect(),
        events: events
            .map(|(number, message)| {
                let goes = event_goes(model, *number, message);
                section(&comments, message, *number, goes)
            })
            .collect(),
        header: model
            .envelope
            .as_ref()
            .map(|envelope| section(&comments, &envelope.header_message, 0, Vec::new())),
        messages: json_messages(model)
            .into_values()
            .map(|message| {
                let goes = json_goes(model, &message);
                section(&comments, &message, 0, goes)
            })
            .collect(),
        tables: model
            .tables
            .iter()
            .enumerate()
            .map(|(at, table)| table_section(model, at, table))
            .collect(),
        exchanges: exchanges(false),
        derived_exchanges: exchanges(true),
        queues: queues(false),
        derived_queues: queues(true),
        unrouted: code(&model.unrouted),
    }
}

fn section(
    comments: &Comments,
    message: &MessageDescriptor,
    number: u32,
    goes: Vec<String>,
) -> MessageSection {
    MessageSection {
        name: message.name().to_owned(),
        anchor: anchor(message.name()),
        number,
        doc: cell(comments.message(message)),
        goes,
        fields: by_number(message)
            .iter()
            .map(|field| FieldRow {
                number: field.number(),
                name: code(field.name()),
                ty: code(&field_type(field)),
                doc: cell(&match field.kind() {
                    Kind::Enum(names) => {
                        let names: Vec<String> =
                            names.values().map(|value| code(value.name())).collect();
                        format!("{} One of {}.", comments.field(field), names.join(", "))
                    }
                    _ => comments.field(field).to_owned(),
                }),
            })
            .collect(),
    }
}

/// Where an event type goes: `exchange` → `queue` → table.
fn event_goes(model: &Model, number: u32, message: &MessageDescriptor) -> Vec<String> {
    let mut goes = Vec::new();
    for queue in &model.queues {
        let Some(table) = model.tables.get(queue.table) else {
            continue;
        };
        let takes = matches!(queue.input, Input::Events)
            && (table.every_type || table.types.contains(&number));
        let bound = queue
            .bindings
            .iter()
            .find(|binding| matches_key(model, binding, message.name()));
        if let Some(binding) = bound.filter(|_| takes) {
            goes.push(step(binding, queue, table));
        }
    }
    goes
}

fn json_goes(model: &Model, message: &MessageDescriptor) -> Vec<String> {
    let mut goes = Vec::new();
    for queue in &model.queues {
        let is = matches!(&queue.input, Input::Json(m) if m.full_name() == message.full_name());
        if let (true, Some(table)) = (is, model.tables.get(queue.table)) {
            goes.extend(
                queue
                    .bindings
                    .iter()
                    .map(|binding| step(binding, queue, table)),
            );
        }
    }
    goes
}

fn step(binding: &Route, queue: &Queue, table: &Table) -> String {
    format!(
        "`{}` (key `{}`) → `{}` → {}",
        binding.exchange,
        binding.routing_key,
        queue.name,
        link(&table.name)
    )
}

/// Whether a routing key of one word gets through a binding.
fn matches_key(model: &Model, binding: &Route, key: &str) -> bool {
    let kind = model
        .exchanges
        .iter()
        .find(|exchange| exchange.name == binding.exchange)
        .map(|exchange| exchange.kind);
    let pattern = binding.routing_key.as_str();
    match kind {
        Some(ExchangeKind::Fanout) => true,
        Some(ExchangeKind::Topic) => pattern == key || pattern == "*" || pattern == "#",
        Some(ExchangeKind::Direct) => pattern == key,
        None => false,
    }
}

fn source_row(source: &crate::model::Source) -> SourceRow {
    let (takes, key) = match &source.intake {
        Intake::Grpc {
            service,
            method,
            json_path,
        } => (
            format!("gRPC `/{service}/{method}`, JSON at `POST {json_path}`"),
            "the event type's name".to_owned(),
        ),
        Intake::Post {
            path,
            message,
            routing_key,
        } => (
            format!(
                "`POST {path}`, a [{}](#{})",
                message.name(),
                anchor(message.name())
            ),
            match routing_key {
                RoutingKey::Constant(key) => code(key),
                RoutingKey::Computed(_) => "taken from the body".to_owned(),
            },
        ),
    };
    SourceRow {
        name: code(&source.name),
        takes,
        publishes: format!("`{}`, key: {key}", source.exchange),
        rejects: source.rejects.as_ref().map_or_else(
            || "nowhere".to_owned(),
            |to| format!("`{}`, key `{}`", to.exchange, to.routing_key),
        ),
    }
}

fn queue_row(model: &Model, queue: &Queue) -> QueueRow {
    let bindings: Vec<String> = queue
        .bindings
        .iter()
        .map(|binding| format!("`{}` key `{}`", binding.exchange, binding.routing_key))
        .collect();
    QueueRow {
        name: code(&queue.name),
        kind: if queue.quorum { "quorum" } else { "classic" },
        bindings: bindings.join("<br>"),
        workers: queue.workers,
        prefetch: queue.prefetch,
        batch: format!(
            "{} rows, {} bytes or {} ms",
            queue.batch.rows, queue.batch.bytes, queue.batch.delay_ms
        ),
        retries: queue.retries,
        dead_letter: queue.dead_letter.as_ref().map_or_else(
            || "none: the end of the road".to_owned(),
            |to| format!("`{}` key `{}`", to.exchange, to.routing_key),
        ),
        table: model
            .tables
            .get(queue.table)
            .map(|table| link(&table.name))
            .unwrap_or_default(),
    }
}

fn table_section(model: &Model, at: usize, table: &Table) -> TableSection {
    let queues: Vec<String> = model
        .queues
        .iter()
        .filter(|queue| queue.table == at)
        .map(|queue| code(&queue.name))
        .collect();
    TableSection {
        name: table.name.clone(),
        anchor: anchor(&table.name),
        doc: cell(&table.doc),
        takes: takes(model, table),
        engine: code(&table.engine),
        partition_by: match table.partition_by.as_str() {
            "" => "not partitioned".to_owned(),
            key => code(key),
        },
        order_by: code(&table.order_by.join(", ")),
        queues: queues.join(", "),
        columns: table
            .columns
            .iter()
            .map(|column| ColumnRow {
                name: code(&column.name),
                ty: code(&column.ty.to_string()),
                written: code(&column.written),
                doc: cell(&column.doc),
            })
            .collect(),
    }
}

fn takes(model: &Model, table: &Table) -> String {
    match &table.input {
        Input::DeadLetters => "messages that could not be stored elsewhere".to_owned(),
        Input::Json(message) => format!("[{}](#{})", message.name(), anchor(message.name())),
        Input::Events if table.every_type => "every event type".to_owned(),
        Input::Events => {
            let all = model.envelope.iter().flat_map(|envelope| &envelope.types);
            let names: Vec<String> = all
                .filter(|(number, _)| table.types.contains(number))
                .map(|(_, message)| link(message.name()))
                .collect();
            names.join(", ")
        }
    }
}

/// Text within a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Code within a cell of a Markdown table.
fn code(text: &str) -> String {
    match text {
        "" => String::new(),
        text => format!("`{}`", text.replace('|', "\\|")),
    }
}

/// A link to a section of the page.
fn link(name: &str) -> String {
    format!("[{name}](#{})", anchor(name))
}

/// A heading's anchor.
fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}
