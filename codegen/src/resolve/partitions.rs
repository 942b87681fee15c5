//! Partitions of queues: their keys, looked up and typed.

use prost_reflect::{FieldDescriptor, Kind};

use super::typing::{self, Scope};
use super::{Queue, Resolved, Source, Topic};
use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::{
    ColumnSource, Input, Intake, PartitionKey, Partitions, Root, Route, Type, Value,
};
use crate::rules::partitions::{PARTITION_KEY, PARTITIONS};
use crate::syntax::spec::{self, Located};
use crate::syntax::yaml::Text;

/// Partitions of a queue, and where they are declared.
#[derive(Debug)]
pub(crate) struct Declared {
    /// The partitions.
    pub(crate) partitions: Partitions,
    /// The place of their number.
    pub(crate) place: Span,
    /// The place of their key; none if it is the default.
    pub(crate) by: Option<Span>,
    /// True if they are those of the queue's topic.
    pub(crate) of_topic: bool,
}

/// Resolves the partitions of a queue with this input.
pub(super) fn resolve(
    resolved: &Resolved<'_>,
    written: &spec::Partitions,
    kafka: &Option<(Topic, Span)>,
    input: &Option<Input>,
    out: &mut Diagnostics,
) -> Option<Declared> {
    let (count, place, of_topic) = match (&written.count, &written.by, kafka) {
        (Some(count), ..) => (count.value, count.span, false),
        (None, Some(by), Some((topic, there))) => {
            if let Some(found) = keyless(topic, by, *there) {
                out.push(found);
                return None;
            }
            (topic.partitions, by.span, true)
        }
        (None, Some(by), None) => {
            out.push(
                Diagnostic::new(&PARTITIONS, "`partition_by` without `partitions`")
                    .at(by.span, "of what?")
                    .help("say how many: `partitions: 4`"),
            );
            return None;
        }
        (None, None, _) => return None,
    };
    let input = input.as_ref()?;
    if matches!(input, Input::DeadLetters) {
        out.push(
            Diagnostic::new(&PARTITIONS, "a queue of dead letters has no partitions")
                .at(place, "not here"),
        );
        return None;
    }
    let by = match &written.by {
        Some(by) => key(resolved, by, input, out)?,
        None => of_id(resolved, input)?,
    };
    Some(Declared {
        partitions: Partitions {
            count: u16::try_from(count).ok()?,
            by,
        },
        place,
        by: written.by.as_ref().map(|by| by.span),
        of_topic,
    })
}

/// What is wrong with a key for a topic that others choose the partitions of.
fn keyless(topic: &Topic, by: &Text, there: Span) -> Option<Diagnostic> {
    let (message, label, help) = match (topic.foreign, topic.bridged) {
        (true, _) => (
            "other services choose the partitions of their topic",
            "they write it",
            "leave `partition_by` out: the order of each partition of theirs is kept",
        ),
        (_, true) => (
            "other services publish to this queue, and a bridge knows no key",
            "behind a bridge",
            "leave `partition_by` out, or have them publish to a queue with `partitions` in RabbitMQ",
        ),
        _ => return None,
    };
    let found = Diagnostic::new(&PARTITIONS, message).at(by.span, "nobody spreads by it");
    Some(found.and(Some(there), label).help(help))
}

fn of_id(resolved: &Resolved<'_>, input: &Input) -> Option<PartitionKey> {
    if let Input::Json(_) = input {
        return Some(PartitionKey::Message(Value {
            root: Root::Id,
            functions: Vec::new(),
            ty: Type::String,
        }));
    }
    let envelope = resolved.envelope.as_ref()?;
    let id = envelope.event_message.get_field(envelope.id)?;
    Some(PartitionKey::Event(vec![id]))
}

fn key(
    resolved: &Resolved<'_>,
    text: &Text,
    input: &Input,
    out: &mut Diagnostics,
) -> Option<PartitionKey> {
    let expression = typing::read(text, out)?;
    let scope = Scope {
        input,
        envelope: resolved.envelope.as_ref(),
        types: &[],
        types_known: true,
        proto: resolved.proto,
    };
    let refused = |message: &str, label: String, help: &'static str| {
        let message = format!("`{}` {message}", text.value);
        let found = Diagnostic::new(&PARTITION_KEY, message);
        found.at(text.span, label).help(help)
    };
    let no_path = || {
        refused(
            "is no partition key of app events",
            "not a path into header or event".to_owned(),
            "write `header.FIELD` or `event.FIELD`",
        )
    };
    let events = matches!(input, Input::Events);
    let of_events = matches!(expression.root.text.as_str(), "header" | "event");
    if events && !(of_events && expression.calls.is_empty()) {
        out.push(no_path());
        return None;
    }
    let ColumnSource::Value(value) = typing::resolve(&expression, text, &scope, out)? else {
        return None;
    };
    let sent = match &value.root {
        Root::Header(path) | Root::Event(path) if events => path.last().is_some_and(is_key),
        Root::Body(_) | Root::Untyped { .. } | Root::Headers | Root::HeaderOf(_) | Root::Id => {
            is_key_type(&value.ty)
        }
        _ => false,
    };
    if !sent {
        out.push(refused(
            "can't be a partition key",
            format!("this is {}", value.ty),
            "a key is a text or a whole number that the sender sent",
        ));
        return None;
    }
    Some(match value.root {
        Root::Header(path) if events => PartitionKey::Header(path),
        Root::Event(path) if events => PartitionKey::Event(path),
        _ => PartitionKey::Message(value),
    })
}

fn is_key(field: &FieldDescriptor) -> bool {
    let number_or_text = !matches!(
        field.kind(),
        Kind::Bool | Kind::Float | Kind::Double | Kind::Bytes | Kind::Enum(_) | Kind::Message(_)
    );
    number_or_text && !field.is_list() && !field.is_map()
}

/// True if a value of this type can be a key: a text or a whole number.
pub(super) fn is_key_type(ty: &Type) -> bool {
    matches!(
        ty.present(),
        Type::String | Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64
    )
}

// === impl Resolved ===

impl Resolved<'_> {
    /// The queues with partitions that messages of a source get to, each with its partitions.
    pub(crate) fn partitioned<'r>(&'r self, source: &Source<'_>) -> Vec<(&'r Queue, &'r Declared)> {
        let (Some(intake), Some(exchange)) = (&source.intake, &source.spec.exchange) else {
            return Vec::new();
        };
        let same = |queue: &&Queue| match (intake, &queue.input) {
            (Intake::Grpc { .. }, Some(Input::Events)) => true,
            (Intake::Post { message, .. }, Some(Input::Json(other))) => message == other,
            _ => false,
        };
        let keys = self.keys(source);
        let reached = |queue: &Queue| match &keys {
            Some(keys) => keys.iter().any(|key| {
                let route = Route {
                    exchange: exchange.value.clone(),
                    routing_key: key.clone(),
                };
                let reached = self.reached(&route);
                reached.iter().any(|(other, _)| other.name == queue.name)
            }),
            None => {
                let bound = |b: &Located<Route>| b.value.exchange == exchange.value;
                queue.bindings.iter().any(bound)
            }
        };
        let queues = self.queues.iter().filter(same);
        queues
            .filter_map(|queue| Some((queue, queue.partitions.as_ref()?)))
            .filter(|(queue, _)| reached(queue))
            .collect()
    }

    /// The partition key of a source's events; none if no queue that they get to has partitions.
    pub(crate) fn partition_key(&self, source: &Source<'_>) -> Option<PartitionKey> {
        let (_, first) = self.partitioned(source).into_iter().next()?;
        Some(first.partitions.by.clone())
    }
}
