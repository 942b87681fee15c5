//! Expressions in one canonical form, which doesn't depend on how they are written.

use prost_reflect::FieldDescriptor;

use crate::model::{Argument, ColumnSource, Function, PartitionKey, Root, Value};

/// An expression: its root, and the functions with all of their arguments.
pub(super) fn text(value: &Value) -> String {
    let mut text = root(&value.root);
    for function in &value.functions {
        text.push_str(" | ");
        text.push_str(&step(function));
    }
    text
}

/// The expressions of a source, each once: those of several event types mostly read the same.
pub(super) fn texts(from: &ColumnSource) -> String {
    let mut texts: Vec<String> = from.values().into_iter().map(text).collect();
    texts.dedup();
    texts.join(", ")
}

/// A partition key.
pub(crate) fn key(key: &PartitionKey) -> String {
    match key {
        PartitionKey::Header(fields) => path("header", fields),
        PartitionKey::Event(fields) => path("event", fields),
        PartitionKey::Message(value) => text(value),
    }
}

/// The path of a value in a JSON message, if it is nothing else.
pub(super) fn body_path(value: &Value) -> Option<&[FieldDescriptor]> {
    match &value.root {
        Root::Body(fields) | Root::Untyped { fields, .. } => Some(fields),
        _ => None,
    }
}

fn root(root: &Root) -> String {
    match root {
        Root::Now => "$now".to_owned(),
        Root::TypeName => "$type".to_owned(),
        Root::Id => "$id".to_owned(),
        Root::Received => "$received".to_owned(),
        Root::Payload => "$payload".to_owned(),
        Root::Header(fields) => path("header", fields),
        Root::Event(fields) => path("event", fields),
        Root::PayloadField(fields) => path("payload", fields),
        Root::Body(fields) => path("body", fields),
        Root::Untyped { fields, keys } => {
            let mut text = path("body", fields);
            for key in keys {
                text.push_str(&format!(".{key:?}"));
            }
            text
        }
        Root::Headers => "$headers".to_owned(),
        Root::HeaderOf(name) => format!("$headers.{:?}", name.to_ascii_lowercase()),
        Root::Constant(text) => format!("{text:?}"),
        Root::WholeBody => "body".to_owned(),
        Root::Error(field) => format!("error.{}", field.name()),
        Root::ClientOfEvents | Root::ClientOfMessage => "$client".to_owned(),
        Root::Unknown => "$unknown".to_owned(),
    }
}

fn path(of: &str, fields: &[FieldDescriptor]) -> String {
    let mut text = of.to_owned();
    for field in fields {
        text.push('.');
        text.push_str(field.name());
    }
    text
}

fn step(function: &Function) -> String {
    if function.arguments.is_empty() {
        return function.name.to_owned();
    }
    let arguments: Vec<String> = function
        .arguments
        .iter()
        .map(|argument| match argument {
            Argument::Text(text) => format!("{text:?}"),
            Argument::Value(value) => text(value),
        })
        .collect();
    format!("{}({})", function.name, arguments.join(", "))
}
