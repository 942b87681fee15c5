//! Spans of the workers: a message until it is settled, an insert, and a request to a target.

use super::ack_guard::Received;
use super::batched_message::BatchedMessage;
use crate::contract::{Block, Queue, Storage};
use crate::dead_letter::Class;
use crate::sink::StoreError;
use crate::sink::requests::{RequestError, Target};
use crate::trace::{Kind, MOST_LINKS, Span, TraceContext, Tracer};

/// Spans of the messages that cause an insert, those that are recorded.
pub(super) type Causes = Vec<TraceContext>;

/// Begins the span of a message, if whoever published it records that.
pub(super) fn received(tracer: &Tracer, queue: &'static Queue, received: &mut Received) {
    let made_in = received.properties.trace;
    let name = || format!("process {}", queue.name);
    let Some(mut span) = tracer.message(made_in, name) else {
        return;
    };
    span.set("messaging.operation.name", "process");
    span.set("messaging.operation.type", "process");
    span.set("messaging.destination.name", queue.name);
    span.set("messaging.message.body.size", received.body.len());
    match &received.place {
        None => span.set("messaging.system", tracer.messaging()),
        Some(place) => {
            span.set("messaging.system", "kafka");
            span.set(
                "messaging.destination.partition.id",
                place.partition.to_string(),
            );
            span.set("messaging.kafka.offset", place.offset);
        }
    }
    received.ack_guard.record(Some(span));
}

/// Notes what became of the units of a message: stored, dead letters, and those that go back. A dead letter of this class
/// is its error.
pub(super) fn settled(span: &mut Span, [stored, dead, again]: [usize; 3], class: Option<Class>) {
    span.set("event_grpc.units.stored", stored);
    span.set("event_grpc.units.dead_lettered", dead);
    span.set("event_grpc.units.retried", again);
    if let Some(class) = class {
        span.fail(class.name());
    }
}

/// Spans of these messages; none if nothing is traced. More of them than a span has links aren't looked for.
pub(super) fn causes<'a>(
    tracer: &Tracer,
    held: impl IntoIterator<Item = &'a BatchedMessage>,
) -> Causes {
    if !tracer.is_on() {
        return Causes::new();
    }
    let held = held.into_iter();
    let spans = held.filter_map(|held| held.message.delivery.ack_guard.trace());
    spans.take(MOST_LINKS + 1).collect()
}

/// Begins the span of an attempt to insert a block.
pub(super) fn insert(tracer: &Tracer, block: &Block, causes: &Causes) -> Option<Span> {
    let table = block.table();
    let name = || format!("INSERT {}", table.name);
    let mut span = tracer.caused(causes.iter().copied(), Kind::Client, name)?;
    let system = match table.storage {
        Storage::ClickHouse(_) | Storage::Cluster(_) => "clickhouse",
        Storage::Postgres(_) => "postgresql",
    };
    span.set("db.system.name", system);
    span.set("db.operation.name", "INSERT");
    span.set("db.collection.name", table.name);
    span.set("db.operation.batch.size", block.rows());
    Some(span)
}

/// Ends the span of an insert.
pub(super) fn inserted(span: Option<Span>, stored: &Result<(), StoreError>) {
    let Some(mut span) = span else {
        return;
    };
    if let Err(error) = stored {
        span.fail(error.fault.name());
        if let Some(code) = error.code {
            span.set("db.response.status_code", code.to_string());
        }
    }
    span.end();
}

/// Begins the span of an attempt at a request to a target.
pub(super) fn request(
    tracer: &Tracer,
    message: Option<TraceContext>,
    target: &Target,
) -> Option<Span> {
    tracer.caused(message, Kind::Client, || target.method().to_owned())
}

/// Ends the span of a request.
pub(super) fn answered(span: Option<Span>, sent: &Result<(), RequestError>) {
    let Some(mut span) = span else {
        return;
    };
    if let Err(error) = sent {
        match error.status {
            Some(status) => span.fail(status.to_string()),
            None => span.fail(error.fault.name()),
        }
    }
    span.end();
}
