//! Kafka topics of queues: defaults filled in, and whether a bridge leads to them.

use super::Topic;
use crate::base::diagnostic::Span;
use crate::model::Route;
use crate::syntax::spec::{Kafka, Located, Spec};

/// What a topic has if it isn't said: partitions, replicas, and a week in milliseconds.
const PARTITIONS: u64 = 8;
const REPLICAS: u64 = 3;
const RETENTION: u64 = 7 * 24 * 3_600_000;

/// The topic of a queue that says `kafka`. Other services publish its messages if it says so by `message`, or if it is
/// bound to an exchange that no source publishes to.
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
    let pick = |value: &Option<Located<u64>>, default| value.as_ref().map_or(default, |l| l.value);
    let topic = Topic {
        name: match &kafka.topic {
            Some(topic) => topic.value.clone(),
            None => queue.to_owned(),
        },
        named: kafka.topic.as_ref().map(|topic| topic.span),
        partitions: pick(&kafka.partitions, PARTITIONS),
        replicas: pick(&kafka.replicas, REPLICAS),
        retention_ms: pick(&kafka.retention, RETENTION),
        bridged: message || !exchanges.all(|exchange| of_a_source(exchange)),
    };
    Some((topic, kafka.span))
}
