//! Positions of refused changes in the declarations.

use crate::base::diagnostic::{Diagnostic, Diagnostics, Label, Sources, Span};
use crate::base::refusal::{Place, Refusal};
use crate::syntax::proto::Proto;
use crate::syntax::yaml::{self, Entry, Node, Value};

/// Refusals as diagnostics, by file and position.
pub(crate) fn diagnostics(
    refused: Vec<Refusal>,
    proto: &Proto,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = refused
        .into_iter()
        .map(|refusal| diagnostic(refusal, proto, sources))
        .collect();
    found.sort();
    found
}

fn diagnostic(refusal: Refusal, proto: &Proto, sources: &Sources) -> Diagnostic {
    Diagnostic {
        primary: find(&refusal.place, proto, sources).map(|span| Label {
            span,
            text: "here".to_owned(),
        }),
        secondary: None,
        code: refusal.code,
        message: refusal.message,
        help: Some(refusal.help),
    }
}

fn find(place: &Place, proto: &Proto, sources: &Sources) -> Option<Span> {
    match place {
        Place::Type(name) => match proto.pool.get_message_by_name(name) {
            Some(message) => proto.message_span(&message),
            None => proto.enum_span(&proto.pool.get_enum_by_name(name)?),
        },
        Place::Field(message, number) => {
            let message = proto.pool.get_message_by_name(message)?;
            proto.field_span(&message.get_field(*number)?)
        }
        Place::Table(table) => yaml(sources, &["tables", table]),
        // A column that a wildcard made has no line of its own.
        Place::Column(table, column) => yaml(sources, &["tables", table, "columns", column])
            .or_else(|| yaml(sources, &["tables", table])),
        Place::Tables => yaml(sources, &["tables"]),
        Place::Yaml(path) => (1..=path.len()).rev().find_map(|length| {
            let path: Vec<&str> = path.iter().take(length).map(String::as_str).collect();
            yaml(sources, &path)
        }),
        Place::Nowhere => None,
    }
}

/// The place of the last key of a path in pipeline.yaml.
fn yaml(sources: &Sources, path: &[&str]) -> Option<Span> {
    let file = sources.find("pipeline.yaml")?;
    let text = &sources.file(file)?.text;
    // It was read without a mistake before.
    let root = yaml::parse(file, text, &mut Diagnostics::default())?;
    let mut at = &root;
    let mut found = None;
    for key in path {
        let entry = match key.strip_prefix('#').map(str::parse) {
            Some(Ok(index)) => {
                let item = item(at, index)?;
                (found, at) = (Some(item.span), item);
                continue;
            }
            _ => entry(at, key)?,
        };
        found = Some(entry.key.span);
        at = &entry.node;
    }
    found
}

fn item(node: &Node, index: usize) -> Option<&Node> {
    match &node.value {
        Value::List(items) => items.get(index),
        _ => None,
    }
}

fn entry<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|entry| entry.key.value == key),
        _ => None,
    }
}
