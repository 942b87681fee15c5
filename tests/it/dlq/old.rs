//! An older build: the pipeline without one event type.

use event_grpc::contract::{
    Envelope, EventType, Field, Ids, Input, Intake, Kind, Pipeline, Queue, Shape, Source,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;
use prost::Message as _;
use prost_types::FileDescriptorSet;

/// The pipeline of a build that doesn't know this event type.
pub(crate) fn without(number: u32) -> &'static Pipeline {
    let (envelope, descriptors) = (envelope(number), descriptors(number));
    with(envelope, "older", descriptors.leak())
}

/// The same with other ids.
pub(super) fn without_as(number: u32, ids: Ids) -> &'static Pipeline {
    let envelope = Envelope {
        ids,
        ..envelope(number)
    };
    with(envelope, "older", descriptors(number).leak())
}

/// The pipeline of a build that has another kind of value in a field of an event type.
pub(super) fn with_field(number: u32, name: &str, kind: Kind) -> &'static Pipeline {
    let replaced = |shape: &'static Shape, is: &dyn Fn(&Field) -> bool, kind: Kind| {
        let field = |field: &'static Field| match is(field) {
            true => Field { kind, ..*field },
            false => Field { ..*field },
        };
        let fields: Vec<Field> = shape.fields.iter().map(field).collect();
        let fields: &'static [Field] = fields.leak();
        let shape: &'static Shape = Box::leak(Box::new(Shape { fields, ..*shape }));
        shape
    };
    let kinds = ENVELOPE.types.iter();
    let payload = kinds.clone().find(|kind| kind.number == number).unwrap();
    let payload = replaced(payload.shape, &|field| field.name == name, kind);
    let types: Vec<EventType> = kinds
        .map(|kind| EventType {
            number: kind.number,
            name: kind.name,
            shape: match kind.number == number {
                true => payload,
                false => kind.shape,
            },
        })
        .collect();
    let is_variant = |field: &Field| field.number == number;
    let envelope = Envelope {
        types: types.leak(),
        event_shape: replaced(ENVELOPE.event_shape, &is_variant, Kind::Message(payload)),
        ..ENVELOPE
    };
    with(envelope, "older", PIPELINE.descriptors)
}

/// The pipeline with another envelope.
pub(crate) fn with(
    envelope: Envelope,
    fingerprint: &'static str,
    descriptors: &'static [u8],
) -> &'static Pipeline {
    let envelope: &'static Envelope = Box::leak(Box::new(envelope));
    let sources: Vec<Source> = PIPELINE
        .sources
        .iter()
        .map(|s| source(s, envelope))
        .collect();
    let queues: Vec<Queue> = PIPELINE.queues.iter().map(|q| queue(q, envelope)).collect();
    Box::leak(Box::new(Pipeline {
        fingerprint,
        sources: sources.leak(),
        queues: queues.leak(),
        descriptors,
        ..PIPELINE
    }))
}

fn envelope(number: u32) -> Envelope {
    let kept = ENVELOPE.types.iter().filter(|kind| kind.number != number);
    let types: Vec<EventType> = kept
        .map(|kind| EventType {
            number: kind.number,
            name: kind.name,
            shape: kind.shape,
        })
        .collect();
    let shape = ENVELOPE.event_shape;
    let mut dense = shape.dense.to_vec();
    dense[number as usize] = 0;
    let fields = shape
        .fields
        .iter()
        .map(|field| match field.number == number {
            true => Field {
                name: "",
                json_name: "",
                ..*field
            },
            false => Field { ..*field },
        });
    let fields: Vec<Field> = fields.collect();
    Envelope {
        types: types.leak(),
        event_shape: Box::leak(Box::new(Shape {
            dense: dense.leak(),
            fields: fields.leak(),
            ..*shape
        })),
        ..ENVELOPE
    }
}

/// The descriptors without the variant.
fn descriptors(number: u32) -> Vec<u8> {
    let mut set = FileDescriptorSet::decode(PIPELINE.descriptors).unwrap();
    for file in &mut set.file {
        for message in &mut file.message_type {
            if message.name() == "Event" {
                message
                    .field
                    .retain(|field| field.number() != number as i32);
            }
        }
    }
    set.encode_to_vec()
}

fn source(source: &'static Source, envelope: &'static Envelope) -> Source {
    let intake = match &source.intake {
        Intake::Grpc {
            service,
            method,
            json_path,
            ..
        } => Intake::Grpc {
            service,
            method,
            json_path,
            envelope,
        },
        Intake::Post {
            path,
            message,
            headers,
            verify,
            id,
            on_bad,
            ..
        } => Intake::Post {
            path,
            message,
            // The tests of old builds post nothing.
            routing_key: event_grpc::contract::RoutingKey::Constant(""),
            headers: *headers,
            verify: *verify,
            id: *id,
            on_bad: *on_bad,
        },
    };
    Source { intake, ..*source }
}

fn queue(queue: &'static Queue, envelope: &'static Envelope) -> Queue {
    let input = match queue.input {
        Input::Events(_) => Input::Events(envelope),
        Input::DeadLetters(_) => Input::DeadLetters(envelope),
        Input::Json(shape) => Input::Json(shape),
    };
    Queue { input, ..*queue }
}
