//! Fuzz target: messages of queues, which become rows.

use std::cell::OnceCell;

use bytes::Bytes;

use crate::broker::{Ack, Delivery, Properties};
use crate::contract::headers::{EVENT_BATCH, JSON, PROTOBUF};
use crate::generated::PIPELINE;
use crate::worker::fuzz::Messages;

/// A message of some queue. The first byte tells which, the second what it says of its content.
pub(super) fn message(bytes: &[u8]) {
    let [queue, kind, body @ ..] = bytes else {
        return;
    };
    let (content_type, kind) = match kind % 3 {
        0 => (PROTOBUF, Some(EVENT_BATCH)),
        1 => (PROTOBUF, None),
        _ => (JSON, None),
    };
    rows(usize::from(*queue), content_type, kind, body);
}

/// Makes the rows of a message of the queue with this index.
pub(super) fn rows(
    queue: usize,
    content_type: &'static str,
    kind: Option<&'static str>,
    body: &[u8],
) {
    thread_local! {
        static MESSAGES: OnceCell<Messages> = const { OnceCell::new() };
    }
    let Some(queue) = PIPELINE.queues.get(queue % PIPELINE.queues.len()) else {
        return;
    };
    let delivery = Delivery {
        body: Bytes::copy_from_slice(body),
        exchange: "".into(),
        routing_key: queue.name.into(),
        redelivered: false,
        properties: Properties {
            content_type: Some(content_type.into()),
            kind: kind.map(Into::into),
            ..Properties::default()
        },
        place: None,
        ack: Ack::of_nobody(),
    };
    MESSAGES.with(|cell| {
        let messages = cell.get_or_init(|| Messages::new(&PIPELINE));
        messages.run(queue, delivery);
    });
}
