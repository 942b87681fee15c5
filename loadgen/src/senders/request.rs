//! A request as the scripted server got it.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Instant;

use anyhow::Context as _;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// When the request had come whole.
    pub(super) at: Instant,
    /// When its answer went out; none as long as it hasn't.
    pub(super) answered: Option<Instant>,
    /// Path and query.
    pub(super) path: String,
    /// Headers, names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    /// `event.Events` as proto3 JSON without defaults, or why it is none.
    pub(super) body: Result<Value, String>,
    /// Bytes of the body.
    pub(super) size: usize,
}

impl Request {
    /// The events.
    pub(super) fn events(&self) -> &[Value] {
        let events = self.body.as_ref().ok().and_then(|body| body.get("events"));
        events.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// True if the sender sent protobuf, or wants it.
    pub(super) fn is_protobuf(&self) -> bool {
        let named = |header: &str| {
            self.headers
                .get(header)
                .is_some_and(|h| h.contains("proto"))
        };
        named("accept") || (named("content-type") && !self.headers.contains_key("accept"))
    }
}

/// Reads a body by its type.
pub(super) fn body(content_type: &str, body: &[u8]) -> anyhow::Result<Value> {
    let events = descriptor("event.Events")?;
    let message = match content_type.contains("proto") {
        true => DynamicMessage::decode(events, body)?,
        false => parse(events, std::str::from_utf8(body)?)?,
    };
    let unknown = message.unknown_fields().count();
    anyhow::ensure!(unknown == 0, "{unknown} unknown fields in the request");
    canonical(&message)
}

/// Reads proto3 JSON.
pub(super) fn parse(message: MessageDescriptor, text: &str) -> anyhow::Result<DynamicMessage> {
    let mut json = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new();
    let message = DynamicMessage::deserialize_with_options(message, &mut json, &options)?;
    json.end()?;
    Ok(message)
}

/// A message of the project.
pub(super) fn descriptor(name: &str) -> anyhow::Result<MessageDescriptor> {
    static POOL: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| {
        let bytes: &[u8] = include_bytes!("../../../generated/descriptors.binpb");
        DescriptorPool::decode(bytes).ok()
    });
    let pool = POOL.as_ref().context("the descriptors can't be read")?;
    pool.get_message_by_name(name)
        .with_context(|| format!("there is no message {name}"))
}

/// The form in which messages are compared: proto3 JSON without defaults.
fn canonical(message: &DynamicMessage) -> anyhow::Result<Value> {
    let options = SerializeOptions::new();
    Ok(message.serialize_with_options(serde_json::value::Serializer, &options)?)
}
