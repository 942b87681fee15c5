//! The envelope of app events in generated Rust.

use serde::Serialize;

use super::names::literal;
use super::shapes::Shapes;
use crate::model::{self, Ids};

/// Layout of a batch.
#[derive(Debug, Serialize)]
pub struct EnvelopeView {
    /// Its fields as Rust source, but for the types.
    pub fields: Vec<String>,
    /// Calls that make its `EventType`s.
    pub types: Vec<String>,
}

/// Makes the view of the envelope.
pub fn envelope(envelope: &model::Envelope, shapes: &Shapes) -> EnvelopeView {
    EnvelopeView {
        fields: vec![
            format!("message: {}", literal(envelope.request.full_name())),
            format!("header: {}", envelope.header),
            format!("events: {}", envelope.events),
            format!("batches: {}", envelope.batches),
            format!("request_shape: &shapes::{}", shapes.path(&envelope.request)),
            format!(
                "header_shape: &shapes::{}",
                shapes.path(&envelope.header_message)
            ),
            format!(
                "event_shape: &shapes::{}",
                shapes.path(&envelope.event_message)
            ),
            format!("id: {}", envelope.id),
            format!("timestamp: {}", envelope.timestamp),
            format!("ids: {}", ids(envelope.ids)),
        ],
        types: envelope
            .types
            .iter()
            .map(|(number, message)| {
                format!(
                    "event_type({number}, {}, &shapes::{})",
                    literal(message.name()),
                    shapes.path(message)
                )
            })
            .collect(),
    }
}

fn ids(ids: Ids) -> String {
    match ids {
        Ids::Bytes => "Ids::Bytes".to_owned(),
        Ids::Content { from_ms: None } => "Ids::Content { from_ms: None }".to_owned(),
        Ids::Content { from_ms: Some(ms) } => format!("Ids::Content {{ from_ms: Some({ms}) }}"),
    }
}
