//! Contracts: what senders, queues, messages in flight and stored rows rely on beside fields and tables, as facts of the
//! lock.
//!
//! A fact has a kind, a subject of one or more words, and a value that may be empty. What a change of a fact of each kind
//! means is in [`kinds`].

mod expression;
pub(crate) mod facts;
mod json;
pub(crate) mod kind;
pub(crate) mod kinds;
mod personal;
pub(super) mod reserved;
mod senders;
mod targets;
pub(crate) mod topology;
pub(crate) mod transforms;

pub(super) use json::lower_camel;
pub(super) use reserved::lifted;

pub(crate) use self::expression::key as partition_key;
pub(crate) use self::facts::Contracts;
use self::facts::Facts;
use crate::model::Model;

/// The contracts of a model.
pub(super) fn of(model: &Model) -> Contracts {
    let mut facts = Facts(Contracts::new());
    senders::add(model, &mut facts);
    json::add(model, &mut facts);
    topology::add(model, &mut facts);
    transforms::add(model, &mut facts);
    targets::add(model, &mut facts);
    reserved::add(model, &mut facts);
    personal::add(model, &mut facts);
    facts.0
}

/// Splits a line of the lock into subject and value; none if it is of no kind that is known here.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let kind = kinds::of(line)?;
    let end = line.match_indices(' ').nth(kind.names).map(|(at, _)| at);
    let end = end.unwrap_or(line.len());
    let enough = line.matches(' ').count() >= kind.names;
    enough.then(|| (&line[..end], line[end..].trim_start()))
}

/// The words of a key, as they were before they were written as one word each.
pub(crate) fn words(key: &str) -> Vec<String> {
    let plain = |word: &str| match syn::parse_str::<syn::LitStr>(word) {
        Ok(quoted) => quoted.value(),
        Err(_) => word.to_owned(),
    };
    key.split(' ').map(plain).collect()
}
