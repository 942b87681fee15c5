//! Entries of `retired` for event types and fields that don't fit, and those that are missing.

use super::{Entry, entries, is_called, is_late, is_variant, remembered, simple};
use crate::base::names::suggest;
use crate::base::refusal::{Place, Refusal};
use crate::model::Model;
use crate::rules::contracts::RETIRED;
use crate::schema::lock::Lock;

/// What an entry calls itself.
fn title(key: &str) -> String {
    match key.split_once(' ') {
        Some(("event", name)) => format!("event type `{name}`"),
        Some((_, field)) => format!("field `{}`", field.replace(' ', ".")),
        None => key.to_owned(),
    }
}

/// Entries that don't fit, and those that are missing.
pub(in crate::schema) fn refusals(base: &Lock, now: &Lock, model: &Model) -> Vec<Refusal> {
    let mut refused = Vec::new();
    let mut refuse = |at: Option<usize>, message: String, help: String| {
        let mut place = vec!["retired".to_owned()];
        place.extend(at.map(|at| format!("#{at}")));
        refused.push(Refusal {
            code: RETIRED.code,
            place: Place::Yaml(place),
            message,
            help,
        });
    };
    let entries = entries(base, model);
    for (index, entry) in entries.iter().enumerate() {
        let title = title(&entry.key);
        let at = Some(entry.at);
        let before = entries.get(..index).unwrap_or_default();
        if before.iter().any(|other| other.key == entry.key) {
            let help = "take one of both out".to_owned();
            refuse(at, format!("{title} is retired twice"), help);
        } else if !entry.several.is_empty() {
            let names = entry.several.join("`, `");
            let help = format!("write the message with its package, one of `{names}`");
            refuse(at, format!("{title} may be of several messages"), help);
        } else if is_declared(entry, now, model) {
            let help = "take the field out of its message and reserve its number and name, or take the entry out";
            let message = format!("{title} is retired and declared as well");
            refuse(at, message, help.to_owned());
        } else if let Some(was) = &entry.was {
            // What was reserved at the base and isn't now is told of itself.
            let Some(line) = was.unreserved(&now.contracts) else {
                continue;
            };
            let is_gone = model.pool.get_message_by_name(&was.message).is_none();
            if !is_gone && was.unreserved(&base.contracts).is_some() {
                let message = format!("{title} is retired, and its number and name are free");
                let help = format!(
                    "write in `message {}`: `{line}`\nold apps still send it, and nothing else may get its number",
                    simple(&was.message)
                );
                refuse(at, message, help);
            }
        } else if !base.fields.is_empty() {
            let help = meant(&entry.retired.key, base, now, model);
            refuse(
                at,
                format!("{title} is retired and was never released"),
                help,
            );
        }
    }
    for (key, value) in base.retired.iter().filter(|(key, _)| is_late(key)) {
        if entries.iter().any(|entry| entry.key == *key) {
            continue;
        }
        let was = remembered(key, value);
        if !was.is_some_and(|was| was.is_in(now)) {
            let message = format!("{} is in `retired` no more", title(key));
            let help = "put the entry back: apps that are installed may still send it, and it says what becomes of that";
            refuse(None, message, help.to_owned());
        }
    }
    refused
}

/// True if what an entry retires is declared, under its number or another.
fn is_declared(entry: &Entry<'_>, now: &Lock, model: &Model) -> bool {
    let mut fields = now.fields.iter();
    match entry.key.split(' ').collect::<Vec<_>>()[..] {
        ["event", event] => fields.any(|((of, _), field)| is_variant(of, field, event, model)),
        ["field", message, name] => {
            fields.any(|((of, _), field)| is_called(of, message) && field.name == name)
        }
        _ => false,
    }
}

/// What an entry that was never released may mean: what is gone and not retired, else what is most like it.
fn meant(key: &str, base: &Lock, now: &Lock, model: &Model) -> String {
    let gone = base
        .fields
        .iter()
        .filter(|(key, _)| !now.fields.contains_key(*key));
    let names: Vec<String> = match key.split(' ').collect::<Vec<_>>()[..] {
        ["event", _] => {
            let variants = gone.filter(|((of, _), field)| {
                let event = simple(&field.ty);
                is_variant(of, field, event, model)
                    && model.retired(&format!("event {event}")).is_none()
            });
            variants
                .map(|(_, field)| simple(&field.ty).to_owned())
                .collect()
        }
        ["field", message, _] => {
            let fields = gone.filter(|((of, _), _)| is_called(of, message));
            fields
                .map(|(_, field)| format!("{message}.{}", field.name))
                .collect()
        }
        _ => Vec::new(),
    };
    let (word, name) = key.split_once(' ').unwrap_or_default();
    match names.is_empty() {
        true => "correct its name, or take the entry out".to_owned(),
        false => suggest(
            &name.replace(' ', "."),
            names.iter().map(String::as_str),
            &format!("{word}s that are gone"),
        ),
    }
}
