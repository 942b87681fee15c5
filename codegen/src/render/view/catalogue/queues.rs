//! Exchanges and queues on the page for people.

use serde::Serialize;

use super::text::{bytes, code, request_link, table_link};
use crate::model::{Destination, ExchangeKind, Model, Partitions, Queue};
use crate::schema::contract::partition_key;

/// An exchange.
#[derive(Debug, Serialize)]
pub(super) struct ExchangeRow {
    name: String,
    kind: &'static str,
}

/// A queue.
#[derive(Debug, Serialize)]
pub(super) struct QueueRow {
    name: String,
    kind: String,
    bindings: String,
    workers: u16,
    prefetch: u16,
    batch: String,
    retries: u8,
    breaker: String,
    dead_letter: String,
    into: String,
}

/// The exchanges that are declared, or those that the generator adds.
pub(super) fn exchanges(model: &Model, derived: bool) -> Vec<ExchangeRow> {
    let chosen = model.exchanges.iter().filter(|e| e.derived == derived);
    chosen
        .map(|exchange| ExchangeRow {
            name: code(&exchange.name),
            kind: match exchange.kind {
                ExchangeKind::Direct => "direct",
                ExchangeKind::Topic => "topic",
                ExchangeKind::Fanout => "fanout",
            },
        })
        .collect()
}

/// The queues that are declared, or those that the generator adds.
pub(super) fn rows(model: &Model, derived: bool) -> Vec<QueueRow> {
    let chosen = model.queues.iter().filter(|q| q.derived == derived);
    chosen.map(|queue| row(model, queue)).collect()
}

fn row(model: &Model, queue: &Queue) -> QueueRow {
    let bindings: Vec<String> = queue.bindings.iter().map(super::ways::binding).collect();
    QueueRow {
        name: code(&queue.name),
        kind: kind(queue),
        bindings: bindings.join("<br>"),
        workers: queue.workers,
        prefetch: queue.prefetch,
        batch: format!(
            "{} rows, {} or {} ms",
            queue.batch.rows,
            bytes(queue.batch.bytes),
            queue.batch.delay_ms
        ),
        retries: queue.retries,
        breaker: match (&queue.dead_letter, queue.breaker) {
            (None, _) | (_, 100) => "off".to_owned(),
            (_, share) => format!("{share}%"),
        },
        dead_letter: queue.dead_letter.as_ref().map_or_else(
            || "none: the end of the road".to_owned(),
            |to| format!("`{}` key `{}`", to.exchange, to.routing_key),
        ),
        into: match queue.into {
            Destination::Table(at) => model.tables.get(at).map(|table| table_link(&table.name)),
            Destination::Request(at) => model
                .requests
                .get(at)
                .map(|request| request_link(&request.name)),
        }
        .unwrap_or_default(),
    }
}

/// Its type, and how many partitions of it there are by which key.
fn kind(queue: &Queue) -> String {
    if let (Some(foreign), Some(group)) = (&queue.foreign, &queue.topic) {
        let (topic, group) = (code(&foreign.topic), code(&group.name));
        let format = foreign.format.name();
        return format!("Kafka {topic} of other services, {format}, read by group {group}");
    }
    if let Some(topic) = &queue.topic {
        let name = code(&topic.name);
        let by = queue.topic_key.as_ref().map(partition_key);
        let by = by.map_or_else(String::new, |by| format!(" by {}", code(&by)));
        return format!("Kafka {name}, {} partitions{by}", topic.partitions);
    }
    let kind = if queue.quorum { "quorum" } else { "classic" };
    match &queue.partitions {
        None => kind.to_owned(),
        Some(Partitions { count, by }) => {
            format!("{kind}, {count} partitions by {}", code(&partition_key(by)))
        }
    }
}
