//! Paths: which messages a root stands for, and which fields a path leads through.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{Scope, Typed, at};
use crate::base::names::suggest;
use crate::model::Input;
use crate::model::types;
use crate::rules::columns::UNKNOWN_FIELD;
use crate::syntax::expression::Expression;
use crate::syntax::yaml::Text;

/// The message below a root, if rows are made from one; the payload has one for each type.
pub(crate) fn messages(root: &str, scope: &Scope<'_>) -> Vec<(u32, MessageDescriptor)> {
    let envelope = match scope.input {
        Input::Json(message) if root == "body" => return vec![(0, message.clone())],
        Input::Json(_) => None,
        Input::Events | Input::DeadLetters => scope.envelope,
    };
    match (root, envelope) {
        ("header", Some(envelope)) => vec![(0, envelope.header_message.clone())],
        ("event", Some(envelope)) => vec![(0, envelope.event_message.clone())],
        ("payload", Some(envelope)) => {
            let types = envelope
                .types
                .iter()
                .filter(|(n, _)| scope.types.binary_search(n).is_ok());
            types.cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// The fields of a message that columns are made from: without the variants of the envelope's oneof.
pub(crate) fn fields(message: &MessageDescriptor, scope: &Scope<'_>) -> Vec<FieldDescriptor> {
    if let Some(event) = scope.envelope.filter(|e| e.event_message == *message) {
        return event.fields.clone();
    }
    let mut fields: Vec<_> = message.fields().collect();
    fields.sort_by_key(FieldDescriptor::number);
    fields
}

/// The fields of a path from a message down; in a JSON message as far as they are declared, since inside a Struct
/// there are keys.
pub(crate) fn path(
    message: &MessageDescriptor,
    expression: &Expression,
    text: &Text,
    scope: &Scope<'_>,
) -> Typed<Vec<FieldDescriptor>> {
    let mut found: Vec<FieldDescriptor> = Vec::new();
    let mut message = message.clone();
    for (i, word) in expression.path.iter().enumerate() {
        let known = fields(&message, scope);
        let Some(field) = known.iter().find(|f| f.name() == word.text) else {
            let names = known.iter().map(FieldDescriptor::name);
            let help = suggest(&word.text, names, "known fields");
            let what = format!("`{}` has no field `{}`", message.full_name(), word.text);
            let unknown = at(
                &UNKNOWN_FIELD,
                what,
                text,
                word.range.clone(),
                "no such field",
            );
            let place = scope.proto.message_span(&message);
            return Err(Box::new(
                unknown.and(place, "the message is here").help(help),
            ));
        };
        found.push(field.clone());
        let Some(next) = expression.path.get(i + 1) else {
            break;
        };
        let json = matches!(scope.input, Input::Json(_));
        message = match field.kind() {
            Kind::Message(m) if json && !field.is_list() && types::is_struct(&m) => break,
            Kind::Message(m) if !field.is_list() && !field.is_map() && !types::is_struct(&m) => m,
            _ => {
                let what = format!("`{}` has no fields to go into", field.full_name());
                let range = next.range.clone();
                let unknown = at(&UNKNOWN_FIELD, what, text, range, "not a field");
                let place = scope.proto.field_span(field);
                return Err(Box::new(unknown.and(place, "not a single message")));
            }
        };
    }
    if found.is_empty() {
        let what = format!("`{}` is followed by a field's name", expression.root.text);
        let range = expression.path_range();
        return Err(Box::new(at(
            &UNKNOWN_FIELD,
            what,
            text,
            range,
            "no field is named",
        )));
    }
    Ok(found)
}
