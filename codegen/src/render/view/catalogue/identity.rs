//! Rules for ids, and for messages that can't be stored, on the page for people.

use serde::Serialize;

use super::text::code;
use crate::model::{Destination, IdFrom, Ids, Input, Intake, Model, OnBad, Queue, Source};

/// Header of a record of Kafka that is read as the property `message_id`.
const KAFKA_MESSAGE_ID: &str = "x-amqp-message-id";

/// Queues whose messages other services publish, and whose ids are made alike.
#[derive(Debug, Serialize)]
pub(super) struct IdRow {
    names: String,
    made_of: String,
}

/// Rule for a source's ids, and what it can merge.
pub(super) fn of_source(model: &Model, source: &Source) -> String {
    match &source.intake {
        Intake::Grpc { .. } => {
            let ids = model.envelope.as_ref().map(|e| e.ids).unwrap_or_default();
            format!(
                "the event's own; of one that has none, {}. An event without a timestamp that is sent twice is stored twice",
                of_events(ids)
            )
        }
        Intake::Post { id, .. } => match id {
            IdFrom::Request | IdFrom::MessageId => {
                "nothing that is sent: each request is a message of its own, and one that is repeated is stored again (at \
                 least once)"
                    .to_owned()
            }
            IdFrom::Header(name) => format!(
                "the header {} and the body: what is repeated under it is stored once. A request without it is a message of \
                 its own",
                code(name)
            ),
            IdFrom::Fields(paths) => format!(
                "{} and the whole body: what is repeated is stored once, and so are two messages that don't differ at all. \
                 A request without one of them is a message of its own",
                fields(paths)
            ),
        },
    }
}

fn of_events(ids: Ids) -> String {
    const BYTES: &str = "a hash of the bytes of header and event (version 1)";
    const CONTENT: &str = "a hash of what header and event say (version 2)";
    match ids {
        Ids::Bytes => BYTES.to_owned(),
        Ids::Content { from_ms: None } => CONTENT.to_owned(),
        Ids::Content { from_ms: Some(_) } => {
            let from = ids.to_string();
            let from = from.trim_start_matches("2 from ");
            format!("{BYTES}, and {CONTENT} where its timestamp is {from} or later")
        }
    }
}

/// Policy of a source for messages that can't be stored.
pub(super) fn on_bad(source: &Source) -> &'static str {
    match &source.intake {
        Intake::Grpc { .. } => "refused event by event",
        Intake::Post {
            on_bad: OnBad::Keep,
            ..
        } => "kept as a dead letter: 202 with the reason",
        Intake::Post {
            on_bad: OnBad::Refuse,
            ..
        } => "refused: 400 with the reason",
    }
}

/// The queues whose messages no source of ours makes ids for.
pub(super) fn of_queues(model: &Model) -> Vec<IdRow> {
    let posted = |exchange: &str| {
        let mut sources = model.sources.iter();
        sources.any(|s| s.exchange == exchange && matches!(s.intake, Intake::Post { .. }))
    };
    let others = model.queues.iter().filter(|queue| {
        matches!(queue.input, Input::Json(_))
            && !queue
                .bindings
                .iter()
                .any(|binding| posted(&binding.exchange))
    });
    let mut rows: Vec<IdRow> = Vec::new();
    for queue in others {
        let (name, made_of) = (code(&queue.name), made_of(queue));
        match rows.iter_mut().find(|row| row.made_of == made_of) {
            Some(row) => {
                row.names.push_str(", ");
                row.names.push_str(&name);
            }
            None => rows.push(IdRow {
                names: name,
                made_of,
            }),
        }
    }
    rows
}

fn made_of(queue: &Queue) -> String {
    let once = match queue.into {
        Destination::Table(_) => "is stored once",
        Destination::Request(_) => "is forwarded under one idempotency key",
    };
    match &queue.id {
        IdFrom::MessageId | IdFrom::Request if queue.foreign.is_some() => format!(
            "the record's topic, partition, offset and time, or its header {} if it has one; with the place in a list: a record \
             that is read again {once}, and one that is written again without that header is another message",
            code(KAFKA_MESSAGE_ID)
        ),
        IdFrom::MessageId | IdFrom::Request => format!(
            "the property `message_id`, with the place in a list; without it the body and the place: two messages with equal bodies \
             are taken for one, which {once}"
        ),
        IdFrom::Header(name) => format!(
            "the header {}, the object's text and its place in a list: what is published again under it {once}",
            code(name)
        ),
        IdFrom::Fields(paths) => format!(
            "{} and the object's text, wherever it is in a list: what is published again {once}, and so is what doesn't \
             differ at all",
            fields(paths)
        ),
    }
}

fn fields(paths: &[Vec<String>]) -> String {
    let path = |path: &Vec<String>| code(&format!("body.{}", path.join(".")));
    let paths: Vec<String> = paths.iter().map(path).collect();
    paths.join(", ")
}
