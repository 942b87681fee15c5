//! Converts protobuf messages of other services into the JSON that expressions read.
//!
//! Fields have their proto names, and those without presence are there with their defaults. What this build doesn't know of
//! a message is a member of its own under the field's pointer, so that it is told and stored as unknown members of JSON are.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};

use crate::contract::{Format, Input, Pipeline};
use crate::json::{Map, Value, object_text};
use crate::protobuf::Shape;
use crate::protobuf::canonical::canonical;
use crate::row_error::RowError;
use crate::unknown::{self, Value as Unknown};

/// The longest JSON of a message, in bytes.
const MOST: usize = 64 << 20;

/// Converter of the messages of a pipeline.
#[derive(Debug)]
pub(super) struct FromProtobuf {
    /// None if no queue needs it.
    pool: Option<DescriptorPool>,
}

/// Text that is bounded.
struct Bounded(Vec<u8>);

impl FromProtobuf {
    pub(super) fn new(pipeline: &Pipeline) -> Self {
        let mut queues = pipeline.queues.iter();
        let needed = queues.any(|queue| {
            let foreign = queue.foreign.map(|foreign| foreign.format);
            foreign == Some(Format::Protobuf) && matches!(queue.input, Input::Json(_))
        });
        FromProtobuf {
            pool: needed
                .then(|| DescriptorPool::decode(pipeline.descriptors).ok())
                .flatten(),
        }
    }

    /// JSON text of a message.
    pub(super) fn json(&self, shape: &'static Shape, bytes: &[u8]) -> Result<Bytes, RowError> {
        let pool = self.pool.as_ref();
        let message = pool.and_then(|pool| pool.get_message_by_name(shape.name));
        let message = message.ok_or(RowError::Layout("of such messages"))?;
        let bytes = canonical(shape, bytes)?;
        let decoded = DynamicMessage::decode(message, &*bytes)
            .map_err(|_| RowError::Wire("it is no such message"))?;
        let options = SerializeOptions::new()
            .use_proto_field_name(true)
            .stringify_64_bit_integers(false)
            .skip_default_fields(false);
        let mut text = serde_json::Serializer::new(Bounded(Vec::new()));
        decoded
            .serialize_with_options(&mut text, &options)
            .map_err(|error| RowError::field("body", format!("can't be JSON: {error}")))?;
        let mut text = text.into_inner().0;
        if unknown::any(shape, &bytes)
            && let Some(found) = unknown::found("", shape, &bytes)?
        {
            let mut members = Map::new();
            for (pointer, value) in found.members() {
                let value = match value {
                    Unknown::Wire(bytes) => Value::from(STANDARD.encode(bytes)),
                    Unknown::Json(text) => Value::from(text.as_str()),
                };
                members.insert(pointer.trim_start_matches('/').to_owned(), value);
            }
            append(&mut text, object_text(&members).as_bytes());
        }
        Ok(text.into())
    }
}

/// Appends the members of one JSON object to another one.
fn append(object: &mut Vec<u8>, members: &[u8]) {
    let more = members.get(1..).unwrap_or_default();
    if more.len() > 1 && object.pop() == Some(b'}') {
        if object.len() > 1 {
            object.push(b',');
        }
        object.extend_from_slice(more);
    }
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MOST {
            let reason = format!("it has more than {MOST} bytes");
            return Err(io::Error::other(reason));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
