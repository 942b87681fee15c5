//! Shows captures as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::{DescriptorPool, DynamicMessage, Kind, MessageDescriptor, SerializeOptions};
use serde_json::{Map, Value, json};

use super::row::Rows;
use crate::contract::{Envelope, Pipeline, text_at};
use crate::tap::{Capture, Content, Stage};

/// Bytes of content that isn't text and is shown.
const SHOWN: usize = 1_024;

/// Maximum size of what is decoded, in bytes.
pub(super) const LARGEST: usize = 256 << 10;

/// Shows captures of a pipeline.
#[derive(Debug)]
pub(super) struct Renderer {
    pool: DescriptorPool,
    rows: Option<Rows>,
}

impl Renderer {
    /// Renderer with or without the rows that events become.
    pub(super) fn new(pipeline: &'static Pipeline, rows: bool) -> Result<Self, String> {
        let pool = DescriptorPool::decode(pipeline.descriptors);
        Ok(Renderer {
            pool: pool.map_err(|error| error.to_string())?,
            rows: rows.then(|| Rows::new(pipeline)),
        })
    }

    /// A capture as JSON.
    pub(super) fn shown(&self, capture: &Capture) -> Value {
        let mut shown = Map::new();
        let time = chrono::DateTime::from_timestamp_millis(capture.at_ms);
        let time = time.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
        shown.insert("time".into(), json!(time));
        shown.insert("stage".into(), capture.stage.name().into());
        let (what, name) = &capture.place;
        // A message that is a dead letter has the letter's id; its event has another.
        let of_source = *what == "source" && capture.stage == Stage::DeadLettered;
        let is_letter = of_source || !capture.class.is_empty() && capture.stage == Stage::Stored;
        let id = if is_letter { "letter" } else { "id" };
        for (name, value) in [
            (*what, name.as_str()),
            ("into", capture.into),
            ("type", &capture.event_type),
            ("client", &capture.client),
            (id, &capture.id),
            ("class", &capture.class),
            ("reason", &capture.reason),
        ] {
            if !value.is_empty() {
                shown.insert(name.into(), value.into());
            }
        }
        let size = capture.content.len();
        if size > LARGEST {
            // In memory some messages are a hundred times as large as they are sent, and nobody could read the line.
            shown.insert("too_long".into(), size.into());
            if let Some(id) = id_of(&capture.content) {
                shown.insert("id".into(), id.into());
            }
            return Value::Object(shown);
        }
        match &capture.content {
            Content::Event {
                envelope,
                header,
                event,
            } => self.event(&mut shown, envelope, header, event),
            Content::Text(text) => text_of(&mut shown, text),
            Content::Nothing => {}
        }
        if let Some(rows) = &self.rows {
            let rows = rows.of(capture);
            if !rows.is_empty() {
                shown.insert("row".into(), Value::Object(rows));
            }
        }
        Value::Object(shown)
    }

    fn event(
        &self,
        shown: &mut Map<String, Value>,
        envelope: &Envelope,
        header: &[u8],
        event: &[u8],
    ) {
        let request = self.pool.get_message_by_name(envelope.message);
        let of = |number: u32| match request.as_ref()?.get_field(number)?.kind() {
            Kind::Message(message) => Some(message),
            _ => None,
        };
        let header = of(envelope.header).and_then(|message| decoded(message, header));
        let known = of(envelope.events).and_then(|message| decoded(message, event));
        if let Some((header, _)) = header {
            shown.insert("header".into(), header);
        }
        match known {
            Some((event, whole)) => {
                if let Some(id) = event.get("id") {
                    shown.insert("id".into(), id.clone());
                }
                shown.insert("event".into(), event);
                if !whole {
                    shown.insert("unknown_fields".into(), true.into());
                }
            }
            None => bytes_of(shown, event),
        }
    }
}

/// The member of what is shown of an event that holds its payload.
pub(super) fn variant(capture: &Capture) -> Option<&'static str> {
    let Content::Event { envelope, .. } = capture.content else {
        return None;
    };
    let mut types = envelope.types.iter();
    let kind = types.find(|kind| kind.name == capture.event_type)?;
    let mut fields = envelope.event_shape.fields.iter();
    let field = fields.find(|field| field.number == kind.number)?;
    Some(field.json_name)
}

/// A message as proto3 JSON, and true if nothing is left out.
fn decoded(message: MessageDescriptor, bytes: &[u8]) -> Option<(Value, bool)> {
    let message = DynamicMessage::decode(message, bytes).ok()?;
    let options = SerializeOptions::new().stringify_64_bit_integers(true);
    let value = message.serialize_with_options(serde_json::value::Serializer, &options);
    let whole = message.unknown_fields().next().is_none();
    Some((value.ok()?, whole))
}

fn text_of(shown: &mut Map<String, Value>, text: &[u8]) {
    match serde_json::from_slice::<Value>(text) {
        Ok(value) => {
            if let (Some(id), false) = (value.get("id"), shown.contains_key("id")) {
                shown.insert("id".into(), id.clone());
            }
            shown.insert("event".into(), value);
        }
        Err(_) => bytes_of(shown, text),
    }
}

/// The id of an event that isn't decoded.
fn id_of(content: &Content) -> Option<String> {
    let Content::Event {
        envelope, event, ..
    } = content
    else {
        return None;
    };
    let id = text_at(envelope.event_shape, event, &[envelope.id])?;
    let id = id.get(..SHOWN).unwrap_or(&id);
    Some(String::from_utf8_lossy(id).into_owned())
}

/// The beginning of what can't be decoded.
fn bytes_of(shown: &mut Map<String, Value>, bytes: &[u8]) {
    let beginning = bytes.get(..SHOWN).unwrap_or(bytes);
    shown.insert("bytes".into(), bytes.len().into());
    shown.insert("base64".into(), STANDARD.encode(beginning).into());
}
