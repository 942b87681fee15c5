//! Kafka topics of queues: defaults filled in, and whether a bridge leads to them or other services write them.

use super::Topic;
use crate::base::diagnostic::Span;
use crate::model::{Foreign, Format, Input, Route};
use crate::syntax::spec::{Kafka, Located, Spec};

/// What a topic has if it isn't said: partitions, replicas, and a week in milliseconds.
const PARTITIONS: u64 = 8;
const REPLICAS: u64 = 3;
const RETENTION: u64 = 7 * 24 * 3_600_000;

/// The topic of a queue that says `kafka`. Other services publish its messages if it says so by `message`, or if it is
/// bound to an exchange that no source publishes to. With `source` it is the one of retries, by the name of the group.
pub(super) fn topic(
    spec: &Spec,
    queue: &str,
    kafka: Option<&Kafka>,
    bindings: &[Located<Route>],
    message: bool,
) -> Option<(Topic, Span)> {
    let kafka = kafka?;
    let of_a_source = |exchange: &str| {
        let mut exchanges = spec.sources.iter().filter_map(|s| s.exchange.as_ref());
        exchanges.any(|of_source| of_source.value == exchange)
    };
    let mut exchanges = bindings.iter().map(|binding| &binding.value.exchange);
    let named = match kafka.source {
        Some(_) => kafka.group.as_ref(),
        None => kafka.topic.as_ref(),
    };
    let pick = |value: &Option<Located<u64>>, default| value.as_ref().map_or(default, |l| l.value);
    let topic = Topic {
        name: match named {
            Some(name) => name.value.clone(),
            None => queue.to_owned(),
        },
        named: named.map(|name| name.span),
        partitions: pick(&kafka.partitions, PARTITIONS),
        replicas: pick(&kafka.replicas, REPLICAS),
        foreign: kafka.source.is_some(),
        retention_ms: pick(&kafka.retention, RETENTION),
        bridged: kafka.source.is_none()
            && (message || !exchanges.all(|exchange| of_a_source(exchange))),
    };
    Some((topic, kafka.span))
}

/// The topic of other services that a queue reads, if it says `source`. Their values are JSON unless the messages are app
/// events, or it says otherwise.
pub(super) fn foreign(kafka: Option<&Kafka>, input: Option<&Input>) -> Option<Foreign> {
    let kafka = kafka?;
    let usual = match input {
        Some(Input::Events) => Format::Protobuf,
        _ => Format::Json,
    };
    Some(Foreign {
        topic: kafka.source.as_ref()?.value.clone(),
        format: kafka.format.as_ref().map_or(usual, |format| format.value),
    })
}
