//! Requests that older producers publish as proto3 JSON, turned into the bytes that everything else works on.

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor};
use serde_json::{Map, Value};

use super::split::{Around, Part, Why};
use crate::contract::{Bad, Envelope};

/// The longest name of a type that is told.
const NAME_LIMIT: usize = 100;

/// Encodes a proto3 JSON text as the message with this name. Unknown members are skipped.
pub(super) fn to_wire(pool: &DescriptorPool, message: &str, json: &[u8]) -> Result<Vec<u8>, Bad> {
    let Some(descriptor) = pool.get_message_by_name(message) else {
        return Err(Bad::field(message, "is not a message of this build"));
    };
    let options = prost_reflect::DeserializeOptions::new().deny_unknown_fields(false);
    let mut reader = serde_json::Deserializer::from_slice(json);
    let decoded = DynamicMessage::deserialize_with_options(descriptor, &mut reader, &options)
        .map_err(|e| Bad::field(message, e.to_string()))?;
    reader
        .end()
        .map_err(|e| Bad::field(message, e.to_string()))?;
    Ok(decoded.encode_to_vec())
}

/// Looks again at the events of a request that have no type: a member that this build doesn't know may be it, and then
/// the event is kept as the JSON that it came as, and the request's header once for all of them. True if there is one.
pub(super) fn name_unknown(
    pool: &DescriptorPool,
    envelope: &Envelope,
    part: &mut Part,
    json: &[u8],
) -> bool {
    if part.lost.iter().all(|lost| lost.why != Why::NoType) {
        return false;
    }
    let (Some(message), Ok(Value::Object(request))) = (
        pool.get_message_by_name(envelope.message),
        serde_json::from_slice(json),
    ) else {
        return false;
    };
    let header = message
        .get_field(envelope.header)
        .and_then(|f| member(&request, &f));
    let list = message.get_field(envelope.events);
    let list = list.and_then(|f| Some((member(&request, &f)?.1.as_array()?, f)));
    let Some((events, field)) = list else {
        return false;
    };
    // Events are encoded in the order in which they are listed.
    let places = part.runs.iter().flat_map(|run| &run.events);
    let places = places.chain(part.lost.iter().map(|lost| &lost.event));
    let mut places: Vec<usize> = places.map(|event| event.start).collect();
    places.sort_unstable();
    let mut found = false;
    for lost in part.lost.iter_mut().filter(|l| l.why == Why::NoType) {
        let at = places.binary_search(&lost.event.start).ok();
        let Some(Value::Object(event)) = at.and_then(|at| events.get(at)) else {
            continue;
        };
        let Some(name) = unknown_member(envelope, event) else {
            continue;
        };
        lost.why = Why::UnknownMember {
            name: name.chars().take(NAME_LIMIT).collect(),
            event: serde_json::to_vec(event).unwrap_or_default().into(),
        };
        found = true;
    }
    if found {
        part.json = Some(around(header, &field));
    }
    found
}

/// What stands around the events in a request as JSON.
fn around(header: Option<(&str, &Value)>, events: &FieldDescriptor) -> Around {
    let header = header.map(|(name, header)| format!("{}:{header},", Value::from(name)));
    let header = header.unwrap_or_default();
    let list = Value::from(events.json_name());
    Around {
        before: format!("{{{header}{list}:[").into(),
        after: "]}".into(),
    }
}

/// What a request says for a field, under either of the names that JSON may have for it.
fn member<'a>(
    request: &'a Map<String, Value>,
    field: &FieldDescriptor,
) -> Option<(&'a str, &'a Value)> {
    let entry = request
        .get_key_value(field.json_name())
        .or_else(|| request.get_key_value(field.name()));
    entry.map(|(name, value)| (name.as_str(), value))
}

/// The member of an event that is an object and no field: types are messages.
fn unknown_member<'a>(envelope: &Envelope, event: &'a Map<String, Value>) -> Option<&'a str> {
    let known = |name: &str| {
        let mut fields = envelope.event_shape.fields.iter();
        fields.any(|field| field.name == name || field.json_name == name)
    };
    let unknown = |entry: &(&'a String, &Value)| entry.1.is_object() && !known(entry.0);
    event.iter().find(unknown).map(|(name, _)| name.as_str())
}
