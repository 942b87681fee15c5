//! Routes of messages, and the columns that hold their fields.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use super::text::{code, request_link, table_link};
use crate::model::{ColumnSource, ExchangeKind, Input, Model, Queue, Root, Route, Table, Value};

/// The tables whose rows can hold fields of a message, that of the event type with this number or another one; without those
/// of dead letters.
pub(super) fn holders<'m>(
    model: &'m Model,
    message: &MessageDescriptor,
    number: Option<u32>,
) -> Vec<&'m Table> {
    let holds = |table: &&Table| match (&table.input, number) {
        (Input::DeadLetters, _) => false,
        (Input::Json(of), _) => of == message,
        (Input::Events, Some(number)) => {
            table.every_type || table.types.binary_search(&number).is_ok()
        }
        (Input::Events, None) => true,
    };
    model.tables.iter().filter(holds).collect()
}

/// The columns of these tables that hold a field, as a query names them.
pub(super) fn stored(tables: &[&Table], field: &FieldDescriptor, number: Option<u32>) -> String {
    let mut names = Vec::new();
    for table in tables {
        for column in &table.columns {
            let value = match (&column.from, number) {
                (ColumnSource::Value(value), _) => Some(value),
                (ColumnSource::ByType(values), Some(number)) => values.get(&number),
                (ColumnSource::ByType(_), None) => None,
            };
            let within = value.and_then(|value| holds(value, field, number.is_some()));
            names.extend(within.map(|path| code(&format!("{}.{}{path}", table.name, column.name))));
        }
    }
    names.join(", ")
}

/// Path under which a value holds this field: empty if it is the field, none if it doesn't hold it.
fn holds(value: &Value, field: &FieldDescriptor, in_payload: bool) -> Option<String> {
    let inside = || Some(format!(".{}", field.name()));
    match &value.root {
        Root::Payload if in_payload => inside(),
        Root::WholeBody => inside(),
        Root::Header(path)
        | Root::PayloadField(path)
        | Root::Body(path)
        | Root::Untyped { fields: path, .. } => (path.first() == Some(field)).then(String::new),
        _ => None,
    }
}

/// Routes of an event type: `exchange` → `queue` → table.
pub(super) fn event_goes(model: &Model, number: u32, message: &MessageDescriptor) -> Vec<String> {
    let mut goes = Vec::new();
    for queue in &model.queues {
        let Some(table) = model.table_of(queue) else {
            continue;
        };
        let takes = matches!(queue.input, Input::Events)
            && (table.every_type || table.types.binary_search(&number).is_ok());
        let bound = queue
            .bindings
            .iter()
            .find(|binding| matches_key(model, binding, message.name()));
        if let Some(binding) = bound.filter(|_| takes) {
            goes.push(step(binding, queue, &table_link(&table.name)));
        }
    }
    goes
}

pub(super) fn json_goes(model: &Model, message: &MessageDescriptor) -> Vec<String> {
    let mut goes = Vec::new();
    for queue in &model.queues {
        let is = matches!(&queue.input, Input::Json(m) if m.full_name() == message.full_name());
        let table = model.table_of(queue).map(|t| table_link(&t.name));
        let request = model.request_of(queue).map(|r| request_link(&r.name));
        if let (true, Some(into)) = (is, table.or(request)) {
            let bindings = queue.bindings.iter();
            goes.extend(bindings.map(|binding| step(binding, queue, &into)));
        }
    }
    goes
}

fn step(binding: &Route, queue: &Queue, into: &str) -> String {
    format!("{} → `{}` → {}", self::binding(binding), queue.name, into)
}

/// True if a routing key of one word gets through a binding.
fn matches_key(model: &Model, binding: &Route, key: &str) -> bool {
    let kind = model
        .exchanges
        .iter()
        .find(|exchange| exchange.name == binding.exchange)
        .map(|exchange| exchange.kind);
    let pattern = binding.routing_key.as_str();
    match kind {
        Some(ExchangeKind::Fanout) => true,
        Some(ExchangeKind::Topic) => pattern == key || pattern == "*" || pattern == "#",
        Some(ExchangeKind::Direct) => pattern == key,
        None => false,
    }
}

/// An exchange and the key that a queue is bound to it with.
pub(super) fn binding(binding: &Route) -> String {
    match binding.routing_key.as_str() {
        "" => code(&binding.exchange),
        key => format!("{} key {}", code(&binding.exchange), code(key)),
    }
}
