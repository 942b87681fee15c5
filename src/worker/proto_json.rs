//! Requests that older producers publish as proto3 JSON, turned into the bytes that everything else works on.

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};

use crate::contract::Bad;

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
