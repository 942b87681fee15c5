//! Sources, exchanges and queues in generated Rust.

use serde::Serialize;

use super::function::KeyFunction;
use super::names::{Taken, literal, snake};
use super::partitions::{self, PartitionsView};
use super::readers::Readers;
use super::refused::Refused;
use super::requests::RequestsView;
use super::shapes::Shapes;
use super::sources::{id_view, maybe, route};
use super::tables::TableView;
use super::values::{Failing, Writer};
use crate::base::names::grouped;
use crate::model::{self, Destination, ExchangeKind, Format, Input, Model};

/// What the templates of `topology/mod.rs` and `topology/exchanges.rs` see.
#[derive(Debug, Serialize)]
pub struct TopologyView {
    /// `Exchange`s as Rust source.
    pub exchanges: Vec<String>,
    /// True if there is any route.
    pub routes: bool,
    /// The exchange for messages that no binding matches, as a Rust literal.
    pub unrouted: String,
}

/// What the template of `topology/queues/mod.rs` sees.
#[derive(Debug, Serialize)]
pub struct QueuesView {
    /// The queues in the order of the model.
    pub queues: Vec<QueueView>,
}

/// A queue, which is a file of its own.
#[derive(Debug, Serialize)]
pub struct QueueView {
    /// Its Rust module.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The `Queue` as Rust source.
    pub queue: String,
    /// Its partitions.
    pub partitions: Option<PartitionsView>,
    /// What computes its partition key; none if it is a path, or there is none.
    pub partition_key: Option<KeyFunction>,
}

/// Makes the view of what all have in common.
pub fn topology(model: &Model) -> TopologyView {
    TopologyView {
        exchanges: model.exchanges.iter().map(exchange_view).collect(),
        routes: has_routes(model),
        unrouted: literal(&model.unrouted),
    }
}

/// Makes the view of all queues, or says whose partition key can't be written.
pub fn queues(
    model: &Model,
    shapes: &Shapes,
    readers: &Readers,
    tables: &[TableView],
    requests: &RequestsView,
) -> Result<QueuesView, Vec<Refused>> {
    let writer = Writer {
        shapes,
        readers,
        failing: Failing::Fails,
        by_path: false,
    };
    let mut modules = Taken::with(&["mod"]);
    let mut queues = Vec::new();
    for queue in &model.queues {
        let by = queue.partition_key();
        let of = format!("queue {}", queue.name);
        queues.push(QueueView {
            module: modules.claim(snake(&queue.name)),
            name: queue.name.clone(),
            queue: queue_view(queue, shapes, tables, requests),
            partitions: partitions::partitions(queue),
            partition_key: partitions::function(&writer, &of, by).map_err(|r| vec![r])?,
        });
    }
    Ok(QueuesView { queues })
}

fn has_routes(model: &Model) -> bool {
    model.sources.iter().any(|s| s.rejects.is_some())
        || model
            .queues
            .iter()
            .any(|q| !q.bindings.is_empty() || q.dead_letter.is_some())
}

fn exchange_view(exchange: &model::Exchange) -> String {
    format!(
        "exchange({}, ExchangeKind::{}, {})",
        literal(&exchange.name),
        match exchange.kind {
            ExchangeKind::Direct => "Direct",
            ExchangeKind::Topic => "Topic",
            ExchangeKind::Fanout => "Fanout",
        },
        exchange.derived
    )
}

fn topic_view(topic: &model::Topic) -> String {
    format!(
        "Some(Topic {{ name: {}, partitions: {}, replicas: {}, retention_ms: {}, bridged: {} }})",
        literal(&topic.name),
        grouped(topic.partitions.into()),
        topic.replicas,
        grouped(topic.retention_ms),
        topic.bridged,
    )
}

fn foreign_view(foreign: &model::Foreign) -> String {
    let format = match foreign.format {
        Format::Json => "Json",
        Format::Protobuf => "Protobuf",
    };
    let topic = literal(&foreign.topic);
    format!("Some(Foreign {{ topic: {topic}, format: Format::{format} }})")
}

fn queue_view(
    queue: &model::Queue,
    shapes: &Shapes,
    tables: &[TableView],
    requests: &RequestsView,
) -> String {
    let bindings: Vec<String> = queue.bindings.iter().map(route).collect();
    let input = match &queue.input {
        Input::Events => "Input::Events(&ENVELOPE)".into(),
        Input::Json(message) => format!("Input::Json(&shapes::{})", shapes.path(message)),
        Input::DeadLetters => "Input::DeadLetters(&ENVELOPE)".into(),
    };
    let into = match queue.into {
        Destination::Table(at) => tables
            .get(at)
            .map(|table| format!("Destination::Table(&tables::{}::TABLE)", table.module)),
        Destination::Request(at) => requests.requests.get(at).map(|request| {
            format!(
                "Destination::Request(&requests::{}::REQUEST)",
                request.module
            )
        }),
    };
    format!(
        "Queue {{ name: {}, kind: QueueKind::{}, topic: {}, foreign: {}, bindings: &[{}], workers: {}, prefetch: {}, retries: {}, breaker: {}, \
         batch: Batch {{ rows: {}, bytes: {}, delay_ms: {} }}, dead_letter: {}, input: {input}, id: {}, into: {}, derived: {}, partition: {}, partition_by: {} }}",
        literal(&queue.name),
        if queue.quorum { "Quorum" } else { "Classic" },
        queue
            .topic
            .as_ref()
            .map_or_else(|| "None".to_owned(), topic_view),
        queue
            .foreign
            .as_ref()
            .map_or_else(|| "None".to_owned(), foreign_view),
        bindings.join(", "),
        partitions::workers(queue),
        grouped(u64::from(partitions::prefetch(queue))),
        queue.retries,
        queue.breaker,
        grouped(u64::from(queue.batch.rows)),
        grouped(u64::from(queue.batch.bytes)),
        grouped(u64::from(queue.batch.delay_ms)),
        maybe(queue.dead_letter.as_ref()),
        id_view(&queue.id),
        into.unwrap_or_default(),
        queue.derived,
        partitions::place(queue),
        partitions::key_view(queue.partition_key()),
    )
}
