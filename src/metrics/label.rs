//! Labels of metrics, and their values.

/// Label of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// Values of a label.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// The names of sources in `pipeline.yaml`.
    Sources,
    /// The names of exchanges.
    Exchanges,
    /// The names of queues.
    Queues,
    /// The names of tables.
    Tables,
    /// The names of targets of HTTP requests.
    Targets,
    /// These, and no others.
    Listed(&'static [&'static str]),
    /// Not known beforehand; what they are, for people.
    Open(&'static str),
}

/// Names that a pipeline declares and that labels have as values.
#[derive(Debug, Default)]
pub struct Names {
    /// Sources.
    pub sources: Vec<&'static str>,
    /// Exchanges.
    pub exchanges: Vec<&'static str>,
    /// Queues.
    pub queues: Vec<&'static str>,
    /// Tables.
    pub tables: Vec<&'static str>,
    /// Targets of HTTP requests.
    pub targets: Vec<&'static str>,
}

/// Source of a request.
pub(super) const SOURCE: Label = label("source", Values::Sources);
/// Exchange that is published to.
pub(super) const EXCHANGE: Label = label("exchange", Values::Exchanges);
/// Queue of a message.
pub(super) const QUEUE: Label = label("queue", Values::Queues);
/// Table that rows are stored in.
pub(super) const TABLE: Label = label("table", Values::Tables);
/// Target of an HTTP request.
pub(super) const TARGET: Label = label("target", Values::Targets);
/// Type of an event.
pub(super) const TYPE: Label = label(
    "type",
    Values::Open("the event type, or the message type of a queue with JSON messages"),
);
/// Fault of an error of a destination.
pub(super) const FAULT: Label = label(
    "fault",
    Values::Listed(&[
        "destination",
        "transient",
        "unanswered",
        "excess",
        "content",
        "pressure",
    ]),
);

/// Label.
pub(super) const fn label(name: &'static str, values: Values) -> Label {
    Label { name, values }
}

/// Label with these values and no others.
pub(super) const fn listed(name: &'static str, values: &'static [&'static str]) -> Label {
    label(name, Values::Listed(values))
}

impl Label {
    /// True if a value is one that the label may have, as far as that is known beforehand.
    pub fn may_be(&self, value: &str) -> bool {
        match self.values {
            Values::Listed(values) => values.contains(&value),
            _ => true,
        }
    }

    /// Values that the label has in a pipeline, as far as they are known beforehand.
    pub(super) fn known<'a>(&self, names: &'a Names) -> &'a [&'static str] {
        match self.values {
            Values::Sources => &names.sources,
            Values::Exchanges => &names.exchanges,
            Values::Queues => &names.queues,
            Values::Tables => &names.tables,
            Values::Targets => &names.targets,
            Values::Listed(values) => values,
            Values::Open(_) => &[],
        }
    }
}
