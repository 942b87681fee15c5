//! `clients/CHANGELOG.md`: what came with each version, in terms of events and fields.

use std::collections::BTreeSet;
use std::fmt::Display;

use crate::model::{Comments, Envelope, Model};
use crate::schema::lock::{Field, Lock};

/// The first lines of the file.
const HEADING: &str = "# Changes of the client libraries

All libraries have the same version. A new event or field is a minor version, other words or other code are a patch. There is no
major one: what a library could send goes on being taken. Written by `cargo xtask codegen`.
";

/// What senders can send now and couldn't before, as sentences.
#[derive(Debug, Default)]
pub(super) struct Changes(Vec<String>);

impl Changes {
    /// Compares the declarations with what is released.
    pub(super) fn since(base: &Lock, model: &Model) -> Self {
        let Some(envelope) = &model.envelope else {
            return Changes::default();
        };
        let package = format!("{}.", envelope.request.package_name());
        let now = Lock::of(model);
        // A message without fields is known by those that hold it.
        let holders = base.fields.keys().map(|(name, _)| name.as_str());
        let held = base.fields.values().map(|field| field.ty.as_str());
        let known: BTreeSet<&str> = holders.chain(held).collect();
        let mut found = Vec::new();
        for ((message, number), field) in &now.fields {
            let ours = message.starts_with(&package);
            let before = base.fields.get(&(message.clone(), *number));
            let is_event = is_event(envelope, message, field);
            // The fields of a new message come with it.
            if !ours || before == Some(field) || !is_event && !known.contains(message.as_str()) {
                continue;
            }
            let short = message.strip_prefix(&package).unwrap_or(message);
            found.push(match (is_event, before) {
                (true, None) => format!(
                    "New event `{}`{}",
                    event(field, &package),
                    said(model, field)
                ),
                (false, None) => format!("New field `{}` of `{short}`.", field.name),
                (_, Some(before)) => {
                    format!("Field `{}` of `{short}` was `{}`.", field.name, before.name)
                }
            });
        }
        for ((message, number), field) in &base.fields {
            let short = message.strip_prefix(&package);
            if let Some(short) = short
                && !now.fields.contains_key(&(message.clone(), *number))
            {
                found.push(format!("No field `{}` of `{short}` any more.", field.name));
            }
        }
        let known: BTreeSet<&str> = base.values.keys().map(|(name, _)| name.as_str()).collect();
        for (of, name) in &now.values {
            let short = of.0.strip_prefix(&package);
            if let Some(short) = short
                && base.values.get(of) != Some(name)
                && known.contains(of.0.as_str())
            {
                found.push(format!("New value `{name}` of `{short}`."));
            }
        }
        Changes(found)
    }

    /// True if senders can send what they could, and nothing else.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The file of the first version.
pub(super) fn first(version: impl Display, model: &Model) -> String {
    let types = model
        .envelope
        .as_ref()
        .map_or(0, |envelope| envelope.types.len());
    format!("{HEADING}\n## {version}\n\n- The first version, with {types} event types.\n")
}

/// The file with another version before those that it has.
pub(super) fn prepend(file: &str, version: impl Display, changes: &Changes) -> String {
    let sections = file
        .find("\n## ")
        .map_or("", |at| file.get(at..).unwrap_or_default());
    let lines: Vec<String> = match changes.is_empty() {
        true => vec!["- Other words or other code. What is sent is as before.\n".to_owned()],
        false => changes.0.iter().map(|line| format!("- {line}\n")).collect(),
    };
    format!("{HEADING}\n## {version}\n\n{}{sections}", lines.concat())
}

fn is_event(envelope: &Envelope, message: &str, field: &Field) -> bool {
    message == envelope.event_message.full_name() && field.oneof.is_some()
}

/// The name of an event type, by the field that holds it.
fn event<'a>(field: &'a Field, package: &str) -> &'a str {
    field.ty.strip_prefix(package).unwrap_or(&field.ty)
}

/// What stands above an event type in its proto file.
fn said(model: &Model, field: &Field) -> String {
    let message = model.pool.get_message_by_name(&field.ty);
    let comments = Comments::of(&model.pool);
    match message.as_ref().map(|message| comments.message(message)) {
        None | Some("") => ".".to_owned(),
        Some(comment) => format!(": {comment}"),
    }
}
