//! What a column means, for people.

use crate::function;
use crate::model::{Column, From, Root};

/// Meaning of a column that is not a field, so that the proto file doesn't describe it.
pub(super) fn meaning(column: &Column) -> String {
    let From::Value(value) = &column.from else {
        return column.doc.clone();
    };
    let own = match value.root {
        Root::Now => "When the row was made.",
        Root::TypeName => "The event type.",
        Root::Id => "Made once, for this message.",
        Root::Received => "When the message was sent, or else came.",
        Root::Payload => "The whole payload: its fields are paths in here.",
        Root::WholeBody => "The whole message: its fields are paths in here.",
        _ => "",
    };
    let of_functions = value
        .functions
        .iter()
        .map(|step| function::of(step).meaning);
    let parts = [column.doc.as_str(), own].into_iter().chain(of_functions);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
