//! Event types and fields that are retired: what they were, what of it the lock remembers, and what goes with them.

mod refused;

use std::collections::BTreeSet;

use super::contract::{Contracts, lower_camel, reserved};
use super::lock::{Field, Lock};
use crate::model::{Model, Retired};

pub(super) use refused::refusals;

/// Ends the value of an event type or a field of which nothing is kept that is still sent.
pub(crate) const DISCARD: &str = " discard";

/// An entry of `retired` for an event type or a field.
struct Entry<'a> {
    /// Its place in the list.
    at: usize,
    retired: &'a Retired,
    /// The key of its fact: `event LaunchEvent`, or `field event.LaunchEvent dynamicLink`.
    key: String,
    /// The field that it was, the variant of an event type; none if that was never released.
    was: Option<Was>,
    /// Messages that an entry may mean, if there are several.
    several: Vec<String>,
}

/// A field that was released.
#[derive(Clone, PartialEq, Eq)]
struct Was {
    message: String,
    number: u32,
    name: String,
    json_name: String,
}

/// True if a key is that of an event type or a field.
pub(super) fn is_late(key: &str) -> bool {
    key.starts_with("event ") || key.starts_with("field ")
}

/// All entries for event types and fields.
fn entries<'a>(base: &Lock, model: &'a Model) -> Vec<Entry<'a>> {
    let all = model.retired.iter().enumerate();
    let late = all.filter(|(_, retired)| is_late(&retired.key));
    late.map(|(at, retired)| entry(at, retired, base, model))
        .collect()
}

fn entry<'a>(at: usize, retired: &'a Retired, base: &Lock, model: &Model) -> Entry<'a> {
    let words: Vec<&str> = retired.key.split(' ').collect();
    let mut found: Vec<(String, Was)> = match words[..] {
        ["event", event] => {
            let released = base.fields.iter();
            let released = released.filter(|((of, _), field)| is_variant(of, field, event, model));
            let released =
                released.map(|(key, field)| (retired.key.clone(), was(key, field, base)));
            released.collect()
        }
        ["field", message, name] => {
            let released = base.fields.iter();
            let released = released
                .filter(|((of, _), field)| field.name == name && is_called(of, message))
                .map(|(key, field)| (format!("field {} {name}", key.0), was(key, field, base)));
            released.collect()
        }
        _ => Vec::new(),
    };
    let before = base.retired.iter().filter_map(|(key, value)| {
        let same = match (&words[..], &key.split(' ').collect::<Vec<_>>()[..]) {
            (["event", one], ["event", other]) => one == other,
            (["field", one, name], ["field", other, former]) => {
                name == former && is_called(other, one)
            }
            _ => false,
        };
        let was = same.then(|| remembered(key, value))??;
        Some((key.clone(), was))
    });
    let before: Vec<_> = before
        .filter(|(key, _)| found.iter().all(|(other, _)| other != key))
        .collect();
    found.extend(before);
    // A whole name means itself alone.
    if found.len() > 1 {
        found.retain(|(key, was)| {
            words.get(1) == Some(&was.message.as_str()) || !key.starts_with("field ")
        });
    }
    let several = match &found[..] {
        [_] => Vec::new(),
        all => all.iter().map(|(_, was)| was.message.clone()).collect(),
    };
    let only = found.into_iter().next().filter(|_| several.is_empty());
    let (key, was) = only.unzip();
    Entry {
        at,
        retired,
        key: key.unwrap_or_else(|| retired.key.clone()),
        was,
        several,
    }
}

/// True if a field is the variant of an event type.
fn is_variant(message: &str, field: &Field, event: &str, model: &Model) -> bool {
    let envelope = model.envelope.as_ref();
    let is_event = envelope.is_none_or(|of| of.event_message.full_name() == message);
    is_event && field.oneof.is_some() && simple(&field.ty) == event
}

fn is_called(message: &str, name: &str) -> bool {
    message == name || simple(message) == name
}

fn simple(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn was((message, number): &(String, u32), field: &Field, base: &Lock) -> Was {
    let json = base.contracts.get(&format!("json {message} {number}"));
    Was {
        message: message.clone(),
        number: *number,
        name: field.name.clone(),
        json_name: json.cloned().unwrap_or_else(|| lower_camel(&field.name)),
    }
}

/// What the lock remembers of a retired one.
fn remembered(key: &str, value: &str) -> Option<Was> {
    let key: Vec<&str> = key.split(' ').collect();
    let value: Vec<&str> = value.split(' ').collect();
    let (message, number, name, json_name) = match (&key[..], &value[..]) {
        (["event", _], [message, number, name, json_name, ..]) => {
            (message, number, name, json_name)
        }
        (["field", message, name], [number, json_name, ..]) => (message, number, name, json_name),
        _ => return None,
    };
    Some(Was {
        message: (*message).to_owned(),
        number: number.parse().ok()?,
        name: (*name).to_owned(),
        json_name: (*json_name).to_owned(),
    })
}

impl Was {
    /// As the lock remembers it under a key.
    fn value(&self, key: &str) -> String {
        let Was {
            message,
            number,
            name,
            json_name,
        } = self;
        match key.starts_with("event ") {
            true => format!("{message} {number} {name} {json_name}"),
            false => format!("{number} {json_name}"),
        }
    }

    fn is_in(&self, lock: &Lock) -> bool {
        let found = lock.fields.get(&(self.message.clone(), self.number));
        found.is_some_and(|field| field.name == self.name)
    }

    /// The line of the message that reserves what is not reserved; none if all of it is.
    fn unreserved(&self, contracts: &Contracts) -> Option<String> {
        let Was {
            message,
            number,
            name,
            ..
        } = self;
        let has_number = reserved::number(message, i64::from(*number), contracts);
        let has_name = contracts.contains_key(&format!("reserved {message} {name}"));
        match (has_number, has_name) {
            (true, true) => None,
            (true, false) => Some(format!("reserved \"{name}\";")),
            (false, true) => Some(format!("reserved {number};")),
            (false, false) => Some(format!("reserved {number}; reserved \"{name}\";")),
        }
    }
}

/// Has the facts that stay known hold those of event types and fields, and the bindings that go with event types.
pub(super) fn keep(kept: &mut Contracts, base: &Lock, model: &Model) {
    let entries = entries(base, model);
    for entry in &entries {
        let Some(was) = &entry.was else { continue };
        let mut value = was.value(&entry.key);
        if entry.retired.discard {
            value.push_str(DISCARD);
        }
        kept.insert(entry.key.clone(), value);
    }
    // One whose entry was taken out is declared again, or that is refused.
    kept.retain(|key, _| !is_late(key) || entries.iter().any(|entry| entry.key == *key));
    for (key, value) in &base.contracts {
        if unbinds(key, base, |event| model.retired(event).is_some()) {
            kept.insert(key.clone(), value.clone());
        }
    }
}

/// True if the key of a binding brings events of a type that is retired, and goes with it.
pub(super) fn unbinds(key: &str, base: &Lock, is_retired: impl Fn(&str) -> bool) -> bool {
    let words: Vec<&str> = key.split(' ').collect();
    let ["bind", queue, _, routing_key] = words[..] else {
        return false;
    };
    let carries = base.contracts.get(&format!("carries {queue}"));
    // A queue that is retired as well says no more what it carried.
    carries.is_none_or(|what| what == "events") && is_retired(&format!("event {routing_key}"))
}

/// The entry of the event type or the field that a released field was.
pub(crate) fn of_field<'a>(
    (message, number): (&str, u32),
    base: &Lock,
    model: &'a Model,
) -> Option<&'a Retired> {
    let mut entries = entries(base, model).into_iter();
    let found = entries.find(|entry| {
        let was = entry.was.as_ref();
        was.is_some_and(|was| was.message == message && was.number == number)
    });
    found.map(|entry| entry.retired)
}

/// The entry of the event type or the field with this key in the lock.
pub(crate) fn entry_of<'a>(key: &str, base: &Lock, model: &'a Model) -> Option<&'a Retired> {
    let mut entries = entries(base, model).into_iter();
    entries
        .find(|entry| entry.key == key)
        .map(|entry| entry.retired)
}

/// Messages and enums of the base that are gone because nothing but what is retired held them.
pub(crate) fn gone_with(base: &Lock, now: &Lock, model: &Model) -> BTreeSet<String> {
    let has = |lock: &Lock, name: &str| {
        let of_message = lock.fields.keys().any(|(of, _)| of == name);
        of_message || lock.values.keys().any(|(of, _)| of == name)
    };
    let mut gone = BTreeSet::new();
    let entries = entries(base, model);
    let was = entries.iter().filter_map(|entry| entry.was.as_ref());
    let mut open: Vec<&Field> = was
        .filter_map(|was| base.fields.get(&(was.message.clone(), was.number)))
        .collect();
    while let Some(field) = open.pop() {
        let named = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
        for name in field.ty.split(|c| !named(c)) {
            if !has(base, name) || has(now, name) || !gone.insert(name.to_owned()) {
                continue;
            }
            let inside = base.fields.iter().filter(|((of, _), _)| of == name);
            open.extend(inside.map(|(_, field)| field));
        }
    }
    gone.retain(|name| {
        model.pool.get_message_by_name(name).is_none()
            && model.pool.get_enum_by_name(name).is_none()
    });
    gone
}
