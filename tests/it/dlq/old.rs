//! An older build: the pipeline without one event type.

use event_grpc::contract::{Envelope, EventType, Input, Intake, Pipeline, Queue, Shape, Source};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::envelope::ENVELOPE;

/// The pipeline of a build that doesn't know this event type.
pub(super) fn without(number: u32) -> &'static Pipeline {
    let envelope: &'static Envelope = Box::leak(Box::new(envelope(number)));
    let sources: Vec<Source> = PIPELINE
        .sources
        .iter()
        .map(|s| source(s, envelope))
        .collect();
    let queues: Vec<Queue> = PIPELINE.queues.iter().map(|q| queue(q, envelope)).collect();
    Box::leak(Box::new(Pipeline {
        fingerprint: "older",
        sources: sources.leak(),
        queues: queues.leak(),
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
    Envelope {
        types: types.leak(),
        event_shape: Box::leak(Box::new(Shape {
            dense: dense.leak(),
            ..*shape
        })),
        ..ENVELOPE
    }
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
            ..
        } => Intake::Post {
            path,
            message,
            // The tests of old builds post nothing.
            routing_key: event_grpc::contract::RoutingKey::Constant(""),
            headers: *headers,
            verify: *verify,
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
