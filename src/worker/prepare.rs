//! What a worker does with a message before it can become rows: tell what it is and take it apart.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::DescriptorPool;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128;

use super::duty::Received;
use super::guard::guarded;
use super::meters::{self, Meters};
use super::split::{Part, split};
use super::{headers, proto_json};
use crate::broker::{Delivery, HeaderValue};
use crate::contract::headers::{EVENT_BATCH, JSON, UNREADABLE};
use crate::contract::{Bad, Envelope, Input, Pipeline, Queue};

/// A message that is ready to become rows, and the duty to settle it.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The queue that it came from.
    pub queue: &'static Queue,
    /// The message. Its body is what `content` points into.
    pub delivery: Received,
    /// The JSON that it came as, if its body doesn't say all of that.
    pub as_json: Option<Bytes>,
    /// What is in it.
    pub content: Content,
    /// Of JSON messages: what the sender put into headers.
    pub headers: Map<String, Value>,
}

/// A JSON object and its id.
pub(super) type Object = (Map<String, Value>, String);

/// What is in a message.
#[derive(Debug)]
pub(super) enum Content {
    /// Typed events.
    Events(Vec<Part>),
    /// JSON objects, each with its id.
    Json(Vec<Object>),
    /// A message that failed elsewhere, with its event if it holds exactly one.
    DeadLetter(Option<Part>),
    /// Nothing that can be made out.
    Malformed(Bad),
    /// Nothing yet: a defect of this build ended the attempt.
    Panicked(String),
}

/// Prepares messages.
#[derive(Debug)]
pub(super) struct Preparer {
    /// For proto3 JSON; none if the descriptors don't load, which a build's own tests would show.
    pool: Option<DescriptorPool>,
    meters: HashMap<&'static str, Arc<Meters>>,
}

impl Preparer {
    pub(super) fn new(pipeline: &Pipeline) -> Self {
        Preparer {
            pool: DescriptorPool::decode(pipeline.descriptors).ok(),
            meters: meters::all(pipeline),
        }
    }

    /// Takes a message apart. It never fails: what is malformed is said to be, and a panic too.
    pub(super) fn prepare(&self, queue: &'static Queue, delivery: Delivery) -> Prepared {
        let mut delivery = match self.meters.get(queue.name) {
            Some(meters) => Received::new(meters, delivery),
            None => Received::new(&Arc::new(Meters::new(queue)), delivery),
        };
        let mut as_json = None;
        let content = guarded(|| match queue.input {
            // The end takes everything.
            Input::Events(_) | Input::Json(_) if is_unreadable(&delivery) => {
                Err(unreadable(&delivery))
            }
            Input::Events(envelope) => self.events(envelope, &mut delivery, &mut as_json),
            Input::Json(_) => objects(&delivery),
            Input::DeadLetters(envelope) => {
                Ok(Content::DeadLetter(single_event(envelope, &delivery)))
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

    fn events(
        &self,
        envelope: &'static Envelope,
        delivery: &mut Received,
        as_json: &mut Option<Bytes>,
    ) -> Result<Content, Bad> {
        if !is_json(delivery) {
            let batch = is_batch(delivery);
            return Ok(Content::Events(split(envelope, &delivery.body, batch)?));
        }
        let pool = self
            .pool
            .as_ref()
            .ok_or_else(|| Bad::field(envelope.message, "JSON is not supported"))?;
        let wire = Bytes::from(proto_json::to_wire(pool, envelope.message, &delivery.body)?);
        let mut parts = split(envelope, &wire, false)?;
        let unknown = parts
            .iter_mut()
            .map(|part| proto_json::name_unknown(pool, envelope, part, &delivery.body))
            .fold(false, |any, found| any | found);
        let json = std::mem::replace(&mut delivery.body, wire);
        *as_json = Some(json).filter(|_| unknown);
        delivery.properties.content_type = Some(crate::contract::headers::PROTOBUF.into());
        delivery.properties.kind = Some(envelope.message.into());
        Ok(Content::Events(parts))
    }
}

fn is_unreadable(delivery: &Received) -> bool {
    delivery.properties.header(UNREADABLE).is_some()
}

fn unreadable(delivery: &Received) -> Bad {
    let reason = match delivery.properties.header(UNREADABLE) {
        Some(HeaderValue::Text(reason)) => reason.as_str(),
        _ => "nobody said why",
    };
    Bad::Unreadable(format!("the message can't be read as it was sent: {reason}").into())
}

fn is_json(delivery: &Received) -> bool {
    let content_type = delivery
        .properties
        .content_type
        .as_deref()
        .unwrap_or_default();
    content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case(JSON)
}

fn is_batch(delivery: &Received) -> bool {
    delivery.properties.kind.as_deref() == Some(EVENT_BATCH)
}

/// The event of a dead letter, if it holds exactly one.
fn single_event(envelope: &'static Envelope, delivery: &Received) -> Option<Part> {
    if is_json(delivery) {
        return None;
    }
    let mut parts = split(envelope, &delivery.body, is_batch(delivery)).ok()?;
    let part = parts.pop().filter(|_| parts.is_empty())?;
    match part.runs.as_slice() {
        [run] if run.events.len() == 1 && part.lost.is_empty() => Some(part),
        _ => None,
    }
}

/// The objects of a JSON message: one, or a list of them.
fn objects(delivery: &Received) -> Result<Content, Bad> {
    let value: Value = serde_json::from_slice(&delivery.body)
        .map_err(|e| Bad::field("body", format!("is not JSON: {e}")))?;
    let objects: Vec<_> = match value {
        Value::Object(object) => vec![object],
        Value::Array(items) => items.into_iter().map(as_object).collect::<Result<_, _>>()?,
        _ => return Err(Bad::field("body", "should be a JSON object")),
    };
    let single = objects.len() == 1;
    let with_id = |(at, object)| {
        let id = match &delivery.properties.message_id {
            Some(id) if !id.is_empty() && single => id.clone(),
            Some(id) if !id.is_empty() => format!("{id}-{at}"),
            _ => made_id(&delivery.body, at),
        };
        (object, id)
    };
    Ok(Content::Json(
        objects.into_iter().enumerate().map(with_id).collect(),
    ))
}

fn as_object(value: Value) -> Result<Map<String, Value>, Bad> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Bad::field("body", "should be a list of JSON objects")),
    }
}

/// The same for the same body and position, so that a message that comes twice has the same id.
fn made_id(body: &[u8], at: usize) -> String {
    uuid::Uuid::from_u128(xxh3_128(body).wrapping_add(at as u128)).to_string()
}
