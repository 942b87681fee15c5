//! `kafka: { ... }` of a queue, as written.

use super::Located;
use super::scalars::{DAY, Fields, HOUR, word};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::model::Format;
use crate::syntax::yaml::{Entry, Text, Value};

/// `kafka: TOPIC` or `kafka: { topic, partitions, replicas, retention }`, or with `source`, `group` and `format` in place of
/// `topic`.
#[derive(Debug, Clone)]
pub(crate) struct Kafka {
    /// The place of the key.
    pub(crate) span: Span,
    /// `topic: NAME`; the queue's name if absent.
    pub(crate) topic: Option<Text>,
    /// `source: NAME`: a topic of other services.
    pub(crate) source: Option<Text>,
    /// `group: NAME` that reads it; the queue's name if absent.
    pub(crate) group: Option<Text>,
    /// `format: json` or `protobuf` of its values.
    pub(crate) format: Option<Located<Format>>,
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
            source: None,
            group: None,
            format: None,
            partitions: None,
            replicas: None,
            retention: None,
        });
    }
    let known = [
        "topic",
        "source",
        "group",
        "format",
        "partitions",
        "replicas",
        "retention",
    ];
    let fields = Fields::open("`kafka`", span, &entry.node, &known, out)?;
    Some(Kafka {
        span,
        topic: fields.text("topic", out),
        source: fields.text("source", out),
        group: fields.text("group", out),
        format: format(&fields, out),
        partitions: fields.count("partitions", 1..=1_000, out),
        replicas: fields.count("replicas", 1..=7, out),
        retention: fields.duration("retention", HOUR..=365 * DAY, out),
    })
}

/// `format` of the values of a topic.
pub(super) fn format(fields: &Fields<'_>, out: &mut Diagnostics) -> Option<Located<Format>> {
    let formats = [("json", Format::Json), ("protobuf", Format::Protobuf)];
    let entry = fields.get("format")?;
    word("`format`", &entry.node, &formats, out)
}
