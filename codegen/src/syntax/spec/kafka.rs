//! `kafka: { ... }` of a queue, as written.

use super::Located;
use super::scalars::{DAY, Fields, HOUR};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::syntax::yaml::{Entry, Text, Value};

/// `kafka: TOPIC` or `kafka: { topic, partitions, replicas, retention }`.
#[derive(Debug, Clone)]
pub(crate) struct Kafka {
    /// The place of the key.
    pub(crate) span: Span,
    /// `topic: NAME`; the queue's name if absent.
    pub(crate) topic: Option<Text>,
    /// `partitions: NUMBER`.
    pub(crate) partitions: Option<Located<u64>>,
    /// `replicas: NUMBER`: the replication factor.
    pub(crate) replicas: Option<Located<u64>>,
    /// `retention: TIME` in milliseconds.
    pub(crate) retention: Option<Located<u64>>,
}

/// `kafka` of a queue.
pub(super) fn kafka(entry: &Entry, out: &mut Diagnostics) -> Option<Kafka> {
    let span = entry.key.span;
    if let Value::Scalar(topic) = &entry.node.value {
        return Some(Kafka {
            span,
            topic: Some(topic.clone()),
            partitions: None,
            replicas: None,
            retention: None,
        });
    }
    let known = ["topic", "partitions", "replicas", "retention"];
    let fields = Fields::open("`kafka`", span, &entry.node, &known, out)?;
    Some(Kafka {
        span,
        topic: fields.text("topic", out),
        partitions: fields.count("partitions", 1..=1_000, out),
        replicas: fields.count("replicas", 1..=7, out),
        retention: fields.duration("retention", HOUR..=365 * DAY, out),
    })
}
