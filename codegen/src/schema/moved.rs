//! Messages and fields that went elsewhere: one refusal that says where to, instead of one for each thing in them.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{DescriptorPool, FieldDescriptor};

use super::late;
use super::lock::{Field, Lock};
use crate::base::names::list;
use crate::base::refusal::{Place, Refusal};
use crate::model::{Model, field_type};
use crate::rules::history::{FIELD_GONE, FIELD_TYPE};

mod columns;

/// Messages and enums of the base that are not declared any more, each with the one that took its place.
type Gone = BTreeMap<String, Option<String>>;

/// The same refusals, without those that only follow from another one.
pub(super) fn told_once(
    base: &Lock,
    now: &Lock,
    model: &Model,
    refused: Vec<Refusal>,
) -> Vec<Refusal> {
    let gone = gone(base, now, model);
    let mut meant = gone.clone();
    let retired = late::gone_with(base, now, model);
    meant.retain(|name, _| !retired.contains(name));
    let mut told = types(&meant, base, model);
    told.extend(oneofs(base, now));
    let refused = refused
        .into_iter()
        .filter(|one| !is_told(one, &gone, base, now));
    told.extend(refused);
    columns::told_once(base, now, model, told)
}

fn gone(base: &Lock, now: &Lock, model: &Model) -> Gone {
    let names = |lock: &Lock| -> BTreeSet<String> {
        let fields = lock.fields.keys().map(|(of, _)| of.clone());
        fields
            .chain(lock.values.keys().map(|(of, _)| of.clone()))
            .collect()
    };
    let (before, after) = (names(base), names(now));
    let is_there = |name: &String| {
        model.pool.get_message_by_name(name).is_some()
            || model.pool.get_enum_by_name(name).is_some()
    };
    let new: Vec<&String> = after.difference(&before).collect();
    let missing = before.iter().filter(|name| !is_there(name));
    missing
        .map(|name| {
            let moved = new.iter().find(|new| simple(new) == simple(name));
            let renamed = || {
                let same = |new: &&&String| holds(base, name) == holds(now, new);
                new.iter().find(same)
            };
            let to = moved.or_else(renamed).map(|to| (*to).clone());
            (name.clone(), to)
        })
        .collect()
}

/// Numbers and names of what a message or an enum consists of.
fn holds(lock: &Lock, of: &str) -> Vec<(i64, String)> {
    let fields = lock.fields.iter().filter(|((name, _), _)| name == of);
    let fields = fields.map(|((_, number), field)| (i64::from(*number), field.name.clone()));
    let values = lock.values.iter().filter(|((name, _), _)| name == of);
    let values = values.map(|((_, number), name)| (i64::from(*number), name.clone()));
    fields.chain(values).collect()
}

fn simple(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

fn package(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(package, _)| package)
}

/// A refusal for each package that has another name, and for each other message or enum that is gone.
fn types(gone: &Gone, base: &Lock, model: &Model) -> Vec<Refusal> {
    let mut packages: BTreeMap<(&str, &str), Vec<(&String, &String)>> = BTreeMap::new();
    for (from, to) in gone
        .iter()
        .filter_map(|(from, to)| Some((from, to.as_ref()?)))
    {
        let key = (package(from), package(to));
        if key.0 != key.1 && simple(from) == simple(to) {
            packages.entry(key).or_default().push((from, to));
        }
    }
    let still = |package: &str| {
        model
            .pool
            .all_messages()
            .any(|m| m.package_name() == package)
    };
    packages.retain(|(from, _), types| types.len() > 1 && !still(from));
    let mut told: Vec<Refusal> = packages
        .iter()
        .filter_map(|((from, to), types)| {
            let (_, first) = types.first()?;
            Some(Refusal {
                code: FIELD_GONE.code,
                place: Place::Type((*first).clone()),
                message: format!("package `{from}` with {} messages and enums has become `{to}`", types.len()),
                help: format!(
                    "put back `package {from};`: messages are known by their full names, to clients and in what is \
                     committed"
                ),
            })
        })
        .collect();
    let grouped = |name: &String| packages.values().flatten().any(|(from, _)| *from == name);
    for (name, to) in gone.iter().filter(|(name, _)| !grouped(name)) {
        let what = match base.values.keys().any(|(of, _)| of == name) {
            true => "enum",
            false => "message",
        };
        let (place, message, help) = match to {
            Some(to) if simple(to) == simple(name) => (
                Place::Type(to.clone()),
                format!("{what} `{name}` has become `{to}`"),
                match package(name) {
                    "" => "move it back to where it was".to_owned(),
                    package => {
                        format!("move it back into `{package}`: it is known by its full name")
                    }
                },
            ),
            Some(to) => (
                Place::Type(to.clone()),
                format!("{what} `{name}` is now called `{to}`"),
                format!("call it `{}` again: it is known by its name", simple(name)),
            ),
            None => (
                Place::Nowhere,
                format!(
                    "{what} `{name}` is gone, with {} parts",
                    holds(base, name).len()
                ),
                "put it back; what is no longer sent can be marked `[deprecated = true]`"
                    .to_owned(),
            ),
        };
        told.push(Refusal {
            code: FIELD_GONE.code,
            place,
            message,
            help,
        });
    }
    told
}

/// Fields that are in another oneof than before, by message and both oneofs.
fn moved_between(
    base: &Lock,
    now: &Lock,
) -> BTreeMap<(String, Option<String>, Option<String>), Vec<u32>> {
    let mut found: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for ((message, number), before) in &base.fields {
        let after = now.fields.get(&(message.clone(), *number));
        if let Some(after) = after.filter(|after| only_oneof(before, after)) {
            let key = (message.clone(), before.oneof.clone(), after.oneof.clone());
            found.entry(key).or_default().push(*number);
        }
    }
    found
}

fn only_oneof(before: &Field, after: &Field) -> bool {
    before.oneof != after.oneof && before.name == after.name && before.ty == after.ty
}

fn oneofs(base: &Lock, now: &Lock) -> Vec<Refusal> {
    let moved = moved_between(base, now);
    let told = moved.iter().map(|((message, from, to), numbers)| {
        let first = numbers.first().copied().unwrap_or_default();
        let names: Vec<String> = numbers
            .iter()
            .filter_map(|number| base.fields.get(&(message.clone(), *number)))
            .map(|field| format!("`{}`", field.name))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let whole = from.as_ref().is_some_and(|from| {
            now.fields
                .iter()
                .all(|((of, _), field)| of != message || field.oneof.as_ref() != Some(from))
        });
        let (message_text, help) = match (from, to) {
            (Some(from), Some(to)) if whole => (
                format!("oneof `{from}` of `{message}` is now called `{to}`"),
                format!("call it `{from}` again"),
            ),
            (Some(from), Some(to)) => (
                format!("{} of `{message}` went from oneof `{from}` to `{to}`", list(&names)),
                format!("move it back into `oneof {from} {{ ... }}`"),
            ),
            (Some(from), None) => (
                format!("{} of `{message}` left the oneof `{from}`", list(&names)),
                format!("move it back into `oneof {from} {{ ... }}`: outside of it, it is no alternative to the others"),
            ),
            (None, to) => (
                format!("{} of `{message}` went into the oneof `{}`", list(&names), to.as_deref().unwrap_or_default()),
                "move it out again: of a oneof, one field at most can be set".to_owned(),
            ),
        };
        Refusal {
            code: FIELD_TYPE.code,
            place: Place::Field(message.clone(), first),
            message: message_text,
            help,
        }
    });
    told.collect()
}

/// Refusals of fields that are in another oneof than before, for declarations that make no model for this reason.
pub(crate) fn between_oneofs(base: &Lock, pool: &DescriptorPool) -> Vec<Refusal> {
    let mut now = Lock::default();
    let messages: BTreeSet<&String> = base.fields.keys().map(|(message, _)| message).collect();
    for message in messages
        .into_iter()
        .filter_map(|name| pool.get_message_by_name(name))
    {
        let of = message.full_name().to_owned();
        let facts = message
            .fields()
            .map(|field| ((of.clone(), field.number()), fact(&field)));
        now.fields.extend(facts);
    }
    oneofs(base, &now)
}

fn fact(field: &FieldDescriptor) -> Field {
    let oneof = field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic());
    Field {
        name: field.name().to_owned(),
        oneof: oneof.map(|oneof| oneof.name().to_owned()),
        ty: field_type(field),
    }
}

/// True if another refusal says it already.
fn is_told(one: &Refusal, gone: &Gone, base: &Lock, now: &Lock) -> bool {
    match &one.place {
        Place::Type(name) => one.code == FIELD_GONE.code && gone.contains_key(name),
        Place::Field(message, number) if one.code == FIELD_TYPE.code => {
            let key = (message.clone(), *number);
            let (Some(before), Some(after)) = (base.fields.get(&key), now.fields.get(&key)) else {
                return false;
            };
            // The type is another one only by name.
            let renamed = gone.iter().any(|(from, to)| {
                to.as_ref()
                    .is_some_and(|to| before.ty.replace(from.as_str(), to) == after.ty)
            });
            only_oneof(before, after) || (renamed && before.oneof == after.oneof)
        }
        _ => false,
    }
}
