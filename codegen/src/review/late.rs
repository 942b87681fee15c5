//! Event types and fields that are retired, and what becomes of what is still sent of them.

use super::{Area, Item, Severity, What, safe};
use crate::model::{Model, Retired};
use crate::schema::late::{self, DISCARD};
use crate::schema::lock::Lock;

/// Whether a field that is gone is told with what is retired.
pub(super) fn told<'a>(
    base: &'a Lock,
    now: &Lock,
    model: &'a Model,
) -> impl Fn(&str, u32) -> bool + 'a {
    let gone = late::gone_with(base, now, model);
    move |message, number| {
        gone.contains(message) || late::of_field((message, number), base, model).is_some()
    }
}

/// Event types and fields that are retired since the base, and those of which something else is kept now.
pub(super) fn of(base: &Lock, now: &Lock, model: &Model) -> Vec<Item> {
    let changed = now.retired.iter().filter(|(key, value)| {
        let before = base.retired.get(*key);
        (key.starts_with("event ") || key.starts_with("field ")) && before != Some(*value)
    });
    changed
        .map(|(key, value)| {
            let is_new = !base.retired.contains_key(key);
            item(key, value, is_new, late::entry_of(key, base, model))
        })
        .collect()
}

fn item(key: &str, value: &str, is_new: bool, entry: Option<&Retired>) -> Item {
    let discards = value.ends_with(DISCARD);
    let event = key.strip_prefix("event ");
    let named = match event {
        Some(name) => format!("event type `{name}`"),
        None => {
            let field = key.trim_start_matches("field ").replace(' ', ".");
            format!("field `{field}`")
        }
    };
    let told = match (is_new, discards) {
        (true, false) => format!("{named} is retired"),
        (true, true) => format!("{named} is retired, and discarded where it is still sent"),
        (false, true) => format!("{named}, retired before, is discarded where it is still sent"),
        (false, false) => format!("{named}, retired before, is kept where it is still sent"),
    };
    let (senders, messages) = match (event.is_some(), discards) {
        (true, true) => (
            "what old apps still send of it is answered as accepted and not stored",
            "those that wait are not stored; quarantined ones stay until they are replayed or discarded",
        ),
        (true, false) => (
            "what old apps still send of it is quarantined",
            "those that wait become dead letters of class `unknown_type`",
        ),
        (false, true) => (
            "what old apps still send of it is not kept",
            "what waits is stored without it",
        ),
        (false, false) => (
            "what old apps still send of it is kept in `unknown_fields`",
            "what waits is stored with it in `unknown_fields`",
        ),
    };
    let (instances, rows) = match event.is_some() {
        true => (
            "store it as before, until they are replaced",
            "those that are stored stay; columns that only it filled are retired by entries of their own",
        ),
        false => (
            "fill its columns as before, until they are replaced",
            "those that are stored keep it in its column",
        ),
    };
    Item {
        severity: Severity::Meant,
        senders: senders.into(),
        instances: instances.into(),
        messages: messages.into(),
        rows: rows.into(),
        why: entry.map(|entry| entry.why.clone()).unwrap_or_default(),
        ..safe(Area::Wire, What::Retired, told)
    }
}
