//! Pipeline of one queue and one table, whose ids encode how a unit fails.

use serde_json::{Value, json};

use crate::broker::{Outgoing, Properties};
use crate::contract::{
    Append, Batch, Block, ColumnSpec, Context, Destination, Exchange, ExchangeKind, IdFrom, Input,
    Message, Pipeline, Queue, QueueKind, Route, Storage, Table,
};
use crate::native::Layout;
use crate::protobuf::Shape;
use crate::row_error::RowError;

/// Failures of units, by the prefix of their ids, and the class of their dead letters.
pub(super) const KINDS: [(&str, &str); 9] = [
    ("good", ""),
    ("bad", "bad_value"),
    ("refused", "refused"),
    // The destination names the row that it refuses.
    ("named", "refused"),
    ("panic", "panic"),
    ("sick", "retries"),
    // The destination goes away.
    ("fatal", "unanswered"),
    // Several at once exceed the destination's resources.
    ("bulky", ""),
    // A single one does.
    ("endless", "retries"),
];

pub(super) static TABLE: Table = Table {
    name: "units",
    storage: Storage::ClickHouse(None),
    columns: &[ColumnSpec::new("id", "String", Layout::Text)],
    append: Append::Json(append),
    ddl: "",
};

static SHAPE: Shape = Shape {
    name: "test.Unit",
    fields: &[],
    dense: &[],
    any_of: &[],
    retired: &[],
};

fn append(block: &mut Block, message: &Message<'_>, _: &Context) -> Result<(), RowError> {
    let id = message
        .body
        .get("id")
        .and_then(|id| id.as_str())
        .unwrap_or("");
    let [ids] = block.columns::<1>()?;
    // An incomplete row, which has to be rolled back.
    ids.text(id)?;
    if id.starts_with("panic") {
        panic!("simulated");
    }
    if id.starts_with("bad") {
        return Err(RowError::value("id", "is bad"));
    }
    if id.starts_with("new") && super::breaker::is_old() {
        return Err(RowError::Layout("of this build"));
    }
    block.grew(1);
    Ok(())
}

/// Settings that differ between pipelines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) workers: u16,
    pub(super) prefetch: u16,
    pub(super) retries: u8,
    pub(super) rows: u32,
    pub(super) delay_ms: u32,
}

/// Pipeline that lives as long as the process.
pub(super) fn pipeline(settings: Settings) -> &'static Pipeline {
    let queue = Queue {
        name: "unit_q",
        kind: QueueKind::Quorum,
        topic: None,
        foreign: None,
        bindings: &[Route {
            exchange: "in.dx",
            routing_key: "unit",
        }],
        workers: settings.workers,
        prefetch: settings.prefetch,
        retries: settings.retries,
        breaker: 50,
        batch: Batch {
            rows: settings.rows,
            bytes: 1 << 20,
            delay_ms: settings.delay_ms,
        },
        dead_letter: Some(Route {
            exchange: "error.dx",
            routing_key: "error.unit_q",
        }),
        input: Input::Json(&SHAPE),
        id: IdFrom::MessageId,
        into: Destination::Table(&TABLE),
        derived: false,
        partition: None,
        partition_by: None,
    };
    let exchange = |name| Exchange {
        name,
        kind: ExchangeKind::Direct,
        derived: false,
    };
    Box::leak(Box::new(Pipeline {
        fingerprint: "test",
        schemas: "",
        descriptors: &[],
        sources: &[],
        exchanges: Box::leak(Box::new([
            exchange("in.dx"),
            exchange("error.dx"),
            exchange("unrouted"),
        ])),
        queues: Box::leak(Box::new([queue])),
        tables: Box::leak(Box::new([&TABLE])),
        databases: &[],
        requests: &[],
        migrations: &[],
        postgres_migrations: &[],
        migrations_table: "schema_migrations",
        personal: &[],
        unrouted: "unrouted",
        retired: crate::contract::Retired::NONE,
    }))
}

/// Message of these units, as a list or by itself.
pub(super) fn message(ids: &[String], message_id: Option<String>) -> (Vec<u8>, Properties) {
    let object = |id: &String| json!({ "id": id });
    let body = match ids {
        [id] => object(id),
        ids => ids.iter().map(object).collect(),
    };
    let properties = Properties {
        content_type: Some("application/json".into()),
        message_id,
        ..Properties::default()
    };
    (body.to_string().into_bytes(), properties)
}

/// Message of these units, addressed to the queue.
pub(super) fn to_queue(ids: &[String]) -> Outgoing {
    let (body, properties) = message(ids, Some(ids.join("+")));
    Outgoing::to_queue("unit_q", body).with(properties)
}

/// Ids in a body.
pub(super) fn ids(body: &[u8]) -> Vec<String> {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    match serde_json::from_slice(body).unwrap() {
        Value::Array(items) => items.iter().map(id).collect(),
        value => vec![id(&value)],
    }
}
