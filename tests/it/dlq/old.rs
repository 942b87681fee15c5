//! An older build: the pipeline without one event type.

use event_grpc::contract::{
    Envelope, EventType, Field, Input, Intake, Pipeline, Queue, Shape, Source,
};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;
use prost::Message as _;
use prost_types::FileDescriptorSet;

/// The pipeline of a build that doesn't know this event type.
pub(super) fn without(number: u32) -> &'static Pipeline {
    let (envelope, descriptors) = (envelope(number), descriptors(number));
    with(envelope, "older", descriptors.leak())
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
