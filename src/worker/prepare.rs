//! Prepares a message for its rows: determines its content and splits it.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::ack_guard::Received;
use super::catch_panic::catch_panic;
use super::from_protobuf::FromProtobuf;
use super::ids::{json_with_ids, split_with_ids};
use super::message::{Content, Prepared, Undelivered};
use super::objects::Objects;
use super::settlement_metrics::{self, SettlementMetrics};
use super::split::{Part, split};
use super::stretch::becomes;
use super::{States, client, headers, late, proto_json};
use crate::broker::{Delivery, HeaderValue, Properties};
use crate::contract::headers::{EVENT_BATCH, JSON, PROTOBUF, UNREADABLE};
use crate::contract::{Envelope, Format, Input, Pipeline, Queue, Retired, Schemas};
use crate::json::Map;
use crate::proto_json::ProtoJson;
use crate::protobuf::Shape;
use crate::row_error::RowError;
use crate::weight::{self, Budget, Permit};

/// Prepares messages.
#[derive(Debug)]
pub(super) struct Preparer {
    /// Readers of proto3 JSON, by layout.
    readers: Vec<(&'static Envelope, ProtoJson)>,
    from_protobuf: FromProtobuf,
    metrics: HashMap<&'static str, Arc<SettlementMetrics>>,
    /// Schemas that this build knows.
    schemas: Schemas,
    /// What was retired.
    retired: Retired,
    /// Budget of JSON that is being decoded, of all queues together.
    decoding: Budget,
}

impl Preparer {
    pub(super) fn new(pipeline: &Pipeline) -> Self {
        let mut readers: Vec<(&'static Envelope, ProtoJson)> = Vec::new();
        for queue in pipeline.queues {
            if let Input::Events(envelope) = queue.input
                && !readers.iter().any(|(of, _)| std::ptr::eq(*of, envelope))
            {
                readers.push((envelope, ProtoJson::new(envelope)));
            }
        }
        Preparer {
            readers,
            from_protobuf: FromProtobuf::new(pipeline),
            metrics: settlement_metrics::all(pipeline),
            schemas: pipeline.known_schemas(),
            retired: pipeline.retired,
            decoding: Budget::new(weight::MAX_REQUEST),
        }
    }

    /// Lets the ages of what is held of a queue be known.
    pub(super) fn tell_held(&self, queue: &Queue, states: &States) {
        if let Some(metrics) = self.metrics.get(queue.name) {
            states.held.add(queue.name, &metrics.held);
        }
    }

    /// Waits for memory to prepare a message, if that takes much more than its bytes.
    pub(super) async fn room(&self, queue: &Queue, delivery: &Received) -> Option<Permit> {
        match queue.input {
            Input::Events(_) if is_json(&delivery.properties) => {
                Some(self.decoding.acquire(decoded(&delivery.body)).await)
            }
            Input::Json(_) if is_protobuf(queue, &delivery.properties) => {
                Some(self.decoding.acquire(decoded(&delivery.body)).await)
            }
            _ => None,
        }
    }

    /// Receives a delivery, with its acknowledgement guard.
    pub(super) fn receive(&self, queue: &'static Queue, delivery: Delivery) -> Received {
        match self.metrics.get(queue.name) {
            Some(metrics) => {
                let schema = delivery.properties.schema;
                let relation = self.schemas.relation(schema);
                metrics.schemas.received(relation, schema);
                Received::new(metrics, delivery)
            }
            None => Received::new(&Arc::new(SettlementMetrics::new(queue)), delivery),
        }
    }

    /// Prepares a message. It never fails: malformed content and panics are recorded.
    pub(super) fn prepare(&self, queue: &'static Queue, mut delivery: Received) -> Prepared {
        let mut as_json = None;
        let content = catch_panic(|| match queue.input {
            // The dead-letter table accepts everything.
            Input::Events(_) | Input::Json(_) if is_unreadable(&delivery) => {
                Err(unreadable(&delivery))
            }
            Input::Events(envelope) => self.events(envelope, &mut delivery, &mut as_json),
            Input::Json(shape) => self.objects(queue, shape, &mut delivery),
            Input::DeadLetters(envelope) => {
                Ok(Content::DeadLetter(undelivered(envelope, &delivery)))
            }
        });
        let content = match content {
            Ok(content) => content.unwrap_or_else(Content::Malformed),
            Err(panic) => Content::Panicked(panic),
        };
        let headers = match queue.input {
            Input::Json(_) => headers::sent(&delivery.properties),
            Input::Events(_) | Input::DeadLetters(_) => Map::new(),
        };
        Prepared {
            queue,
            delivery,
            as_json,
            content,
            headers,
        }
    }

    fn objects(
        &self,
        queue: &Queue,
        shape: &'static Shape,
        delivery: &mut Received,
    ) -> Result<Content, RowError> {
        if is_protobuf(queue, &delivery.properties) {
            light_enough(&delivery.body)?;
            delivery.body = self.from_protobuf.json(shape, &delivery.body)?;
            delivery.properties.content_type = Some(JSON.into());
        }
        Objects::find(&delivery.body).map(Content::Json)
    }

    fn events(
        &self,
        envelope: &'static Envelope,
        delivery: &mut Received,
        as_json: &mut Option<Bytes>,
    ) -> Result<Content, RowError> {
        if !is_json(&delivery.properties) {
            let batch = is_batch(delivery);
            let mut body = delivery.body.clone();
            let mut parts = split_with_ids(envelope, &mut body, batch, delivery)?;
            client::fill_in(&mut parts, &delivery.properties);
            delivery.body = body;
            late::discard(&mut parts, &self.retired);
            return bounded(parts, &delivery.body);
        }
        light_enough(&delivery.body)?;
        let mut readers = self.readers.iter();
        let reader = readers.find(|(of, _)| std::ptr::eq(*of, envelope));
        let (wire, part) = match reader {
            Some((_, reader)) => proto_json::read(reader, envelope, &delivery.body)?,
            None => proto_json::read(&ProtoJson::new(envelope), envelope, &delivery.body)?,
        };
        let (wire, mut part) = json_with_ids(envelope, wire, part, delivery)?;
        client::fill_in(std::slice::from_mut(&mut part), &delivery.properties);
        late::discard(std::slice::from_mut(&mut part), &self.retired);
        let json = std::mem::replace(&mut delivery.body, wire);
        *as_json = Some(json).filter(|_| !part.lost.is_empty());
        delivery.properties.content_type = Some(crate::contract::headers::PROTOBUF.into());
        delivery.properties.kind = Some(envelope.message.into());
        bounded(vec![part], &delivery.body)
    }
}

/// Refuses a message that would become more rows than all requests together may that share one. As a whole it is one
/// dead letter, where each of its events would be one with its header.
fn bounded(parts: Vec<Part>, body: &[u8]) -> Result<Content, RowError> {
    let becomes = becomes(&parts, body.len());
    if becomes <= weight::MAX_MESSAGE {
        return Ok(Content::Events(parts));
    }
    let header = parts.iter().map(|part| part.header.len()).max();
    let reason = format!(
        "the message's rows would take {becomes} bytes, since each event repeats its header (the largest has {} bytes); \
         at most {} are possible",
        header.unwrap_or_default(),
        weight::MAX_MESSAGE
    );
    Err(RowError::field("header", reason))
}

/// Refuses JSON that would exceed the weight of a request once it is decoded.
fn light_enough(text: &[u8]) -> Result<(), RowError> {
    let weight = decoded(text);
    if weight <= weight::MAX_REQUEST {
        return Ok(());
    }
    let reason = format!(
        "would take {weight} bytes when it is decoded; at most {} are possible",
        weight::MAX_REQUEST
    );
    Err(RowError::field("body", reason))
}

/// Weight of typed events in JSON while they are decoded.
fn decoded(text: &[u8]) -> u64 {
    weight::proto_json(text.len())
}

fn is_unreadable(delivery: &Received) -> bool {
    delivery.properties.header(UNREADABLE).is_some()
}

fn unreadable(delivery: &Received) -> RowError {
    let reason = match delivery.properties.header(UNREADABLE) {
        Some(HeaderValue::Text(reason)) => reason.as_str(),
        _ => "no reason was recorded",
    };
    RowError::Unreadable(format!("the message can't be read as it was sent: {reason}").into())
}

fn is_json(properties: &Properties) -> bool {
    has_type(properties, JSON)
}

/// True if a message of a queue of JSON messages comes in protobuf.
fn is_protobuf(queue: &Queue, properties: &Properties) -> bool {
    let foreign = queue.foreign.map(|foreign| foreign.format);
    foreign == Some(Format::Protobuf) && has_type(properties, PROTOBUF)
}

fn has_type(properties: &Properties, wanted: &str) -> bool {
    let content_type = properties.content_type.as_deref().unwrap_or_default();
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(wanted)
}

fn is_batch(delivery: &Received) -> bool {
    delivery.properties.kind.as_deref() == Some(EVENT_BATCH)
}

/// Event and client of a dead letter.
fn undelivered(envelope: &'static Envelope, delivery: &Received) -> Undelivered {
    let mut parts = match is_json(&delivery.properties) {
        true => Vec::new(),
        false => split(envelope, &delivery.body, is_batch(delivery)).unwrap_or_default(),
    };
    client::fill_in(&mut parts, &delivery.properties);
    let client = match parts.is_empty() {
        true => Bytes::copy_from_slice(client::of_headers(&delivery.properties).as_bytes()),
        false => client::common(&parts),
    };
    let event = parts.pop().filter(|_| parts.is_empty());
    let event = event.filter(|part| match part.runs.as_slice() {
        [run] => run.events.len() == 1 && part.lost.is_empty(),
        _ => false,
    });
    Undelivered { event, client }
}
