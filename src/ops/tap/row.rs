//! The rows that captured events become, made by the transforms of their tables.

use serde_json::{Map, Value};

use crate::broker::{Bound, Topology};
use crate::contract::{
    Append, Block, Context, Envelope, Group, Input, Message, Pipeline, Queue, Table,
};
use crate::json;
use crate::protobuf::canonical::canonical;
use crate::tap::{Capture, Content};

/// Makes rows.
#[derive(Debug)]
pub(super) struct Rows {
    pipeline: &'static Pipeline,
    topology: Topology,
}

impl Rows {
    pub(super) fn new(pipeline: &'static Pipeline) -> Self {
        Rows {
            pipeline,
            topology: Topology::of(pipeline, |queue| !queue.is_partition()),
        }
    }

    /// The row of a capture in each table that it goes into, by the table's name; the reason where it becomes none.
    pub(super) fn of(&self, capture: &Capture) -> Map<String, Value> {
        let mut rows = Map::new();
        for table in self.tables(capture) {
            let shown = match row(table, capture) {
                Some(Ok(row)) => Value::Object(row),
                Some(Err(reason)) => Value::from(format!("no row: {reason}")),
                None => continue,
            };
            rows.insert(table.name.to_owned(), shown);
        }
        rows
    }

    fn tables(&self, capture: &Capture) -> Vec<&'static Table> {
        let (what, name) = &capture.place;
        let queue = |name: &str| self.pipeline.queues.iter().find(|queue| queue.name == name);
        let into = |queue: &'static Queue| queue.into.table();
        let exchange = match *what {
            "queue" => return queue(name).and_then(into).into_iter().collect(),
            "exchange" => name.as_str(),
            _ => {
                let mut sources = self.pipeline.sources.iter();
                let source = sources.find(|source| source.name == name);
                source.map_or("", |source| source.exchange)
            }
        };
        let mut tables: Vec<&'static Table> = match capture.content {
            Content::Event { .. } => Bound::to(&self.topology, exchange)
                .reached(&capture.event_type)
                .filter_map(|name| queue(name).and_then(into))
                .collect(),
            // Where a JSON message goes its routing key says; what it may become, its type.
            _ => {
                let queues = self.pipeline.queues.iter();
                let queues = queues.filter(|queue| takes(queue, exchange, &capture.event_type));
                queues.filter_map(into).collect()
            }
        };
        tables.sort_by_key(|table| table.name);
        tables.dedup_by_key(|table| table.name);
        tables
    }
}

/// True if a queue takes JSON messages of this type from an exchange.
fn takes(queue: &Queue, exchange: &str, event_type: &str) -> bool {
    let is_bound = queue
        .bindings
        .iter()
        .any(|route| route.exchange == exchange);
    is_bound && matches!(queue.input, Input::Json(shape) if shape.name == event_type)
}

/// Row of a capture in a table; none if its content isn't what the table is made of.
fn row(table: &'static Table, capture: &Capture) -> Option<Result<Map<String, Value>, String>> {
    let cx = Context {
        now_ms: capture.at_ms,
    };
    let mut block = Block::new(table);
    let made = match (table.append, &capture.content) {
        (
            Append::Events(append),
            Content::Event {
                envelope,
                header,
                event,
            },
        ) => {
            let kind = envelope
                .types
                .iter()
                .find(|t| t.name == capture.event_type)?;
            let (header, event) = canonicals(envelope, header, event)?;
            let group = Group {
                kind,
                header: &header,
                events: &[&event],
                client: &capture.client,
            };
            append(&mut block, &group, &cx)
        }
        (Append::Json(append), Content::Text(text)) => {
            let body = json::limits::parse(text).ok()?;
            let message = Message {
                body: &body,
                id: &capture.id,
                received_ms: capture.at_ms,
                headers: &json::Map::new(),
                client: &capture.client,
            };
            append(&mut block, &message, &cx)
        }
        _ => return None,
    };
    if let Err(bad) = made {
        return Some(Err(bad.to_string()));
    }
    Some(Ok(block.shown(0).collect()))
}

fn canonicals(envelope: &Envelope, header: &[u8], event: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let header = canonical(envelope.header_shape, header).ok()?;
    Some((header, canonical(envelope.event_shape, event).ok()?))
}
