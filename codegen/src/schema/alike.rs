//! Changes that are alike: one line of the declarations changes the same fact of many things, and is told and accepted once.

use std::collections::BTreeMap;

use super::change::{Change, Verdict, code};
use super::contract::kinds;

/// Names changes as `accepts` does: those that hurt and are alike by one code, others each by its own.
pub(super) fn name(changes: &mut [Change]) {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, change) in changes.iter_mut().enumerate() {
        change.accepted = change.alone();
        if matches!(change.verdict, Verdict::Refused(_)) {
            groups.entry(key(change)).or_default().push(at);
        }
    }
    for group in groups.into_values().filter(|group| group.len() > 1) {
        let of_group = || group.iter().filter_map(|at| changes.get(*at));
        let all: Vec<String> = of_group().map(Change::values).collect();
        let word = of_group().next().map_or("", |change| change.kind.word);
        let name = format!("{word} * {}", code(&all.join("\0")));
        for at in group {
            if let Some(change) = changes.get_mut(at) {
                change.accepted.clone_from(&name);
            }
        }
    }
}

/// What changes have in common that are alike.
fn key(change: &Change) -> String {
    let subject = kinds::subject(&change.key);
    let values = format!("{:?} {:?}", change.before, change.after);
    let word = change.kind.word;
    match (word, &subject[..]) {
        // The limits of all texts are set by one line.
        ("text", _) => format!("{word} {:?}", change.before.is_some()),
        // Number and name of a field.
        ("reserved", [message, ..]) => format!("{word} {message}"),
        // The same expression in several tables.
        ("expression" | "variant", [_, column, ..]) => format!("{word} {column} {values}"),
        (_, [_, rest @ ..]) => format!("{word} {rest:?} {values}"),
        (_, []) => values,
    }
}
