//! Refusals of columns and keys that follow from what is refused of a contract or a field.

use super::change::{Change, Verdict};
use super::contract::kinds::subject as words;
use super::follows::{left, of};
use super::lock::Lock;
use super::renamed::with_new_names;
use crate::base::refusal::{Place, Refusal};
use crate::rules::history::{COLUMN_GONE, COLUMN_TYPE, TABLE_KEYS};

/// True if what is refused of a column follows from a contract that is refused.
pub(super) fn is_told(refusal: &Refusal, changes: &[Change], base: &Lock, now: &Lock) -> bool {
    let (Place::Column(table, _) | Place::Table(table)) = &refusal.place else {
        return false;
    };
    if refusal.code == COLUMN_GONE.code {
        let column = refusal.message.split('`').nth(1).unwrap_or_default();
        let renamed = renamed(table, base, now);
        return renamed.iter().any(|(old, _)| old == column)
            || is_left(column, table, changes, base, now);
    }
    if refusal.code == TABLE_KEYS.code {
        let key = |lock: &Lock| lock.tables.get(table).map(|table| table.order_by.clone());
        let renamed = renamed(table, base, now);
        let with_new_names = |key: String| -> Vec<String> {
            let new = |name: &str| renamed.iter().find(|(old, _)| old == name);
            key.split(", ")
                .map(|name| new(name).map_or(name.to_owned(), |(_, new)| new.clone()))
                .collect()
        };
        return refusal.message.starts_with("`order_by`")
            && key(base) != key(now)
            && key(base).map(with_new_names)
                == key(now).map(|key| key.split(", ").map(str::to_owned).collect());
    }
    let Place::Column(table, column) = &refusal.place else {
        return false;
    };
    let is_new = base
        .tables
        .get(table)
        .is_some_and(|table| table.columns.iter().all(|(name, _)| name != column));
    let expression = now.contracts.get(&format!("expression {table} {column}"));
    let Some(expression) = expression.filter(|_| is_new && refusal.code == COLUMN_TYPE.code) else {
        return false;
    };
    let path = expression.split(" | ").next().unwrap_or_default();
    changes.iter().any(|change| {
        let subject = words(&change.key);
        change.kind.word == "required"
            && matches!(change.verdict, Verdict::Refused(_))
            && subject
                .get(1)
                .is_some_and(|of| path.strip_prefix("body.") == Some(of))
    })
}

/// True if a column is gone because all event types that had it left the table, and that is refused.
fn is_left(column: &str, table: &str, changes: &[Change], base: &Lock, now: &Lock) -> bool {
    let refused = changes.iter().any(|change| {
        let queue = words(&change.key).first().copied().unwrap_or_default();
        change.kind.word == "bind"
            && matches!(change.verdict, Verdict::Refused(_))
            && base.contracts.get(&format!("into {queue}")) == Some(&format!("table {table}"))
    });
    let mut events = of(base, "variant")
        .map(|(key, _)| words(key))
        .filter(|words| words.first() == Some(&table) && words.get(1) == Some(&column))
        .filter_map(|words| words.get(2).copied())
        .peekable();
    refused && events.peek().is_some() && events.all(|event| left(table, event, base, now))
}

/// Columns of a table that have another name because their fields do: the former and the new name.
fn renamed(table: &str, base: &Lock, now: &Lock) -> Vec<(String, String)> {
    let prefix = format!("expression {table} ");
    let column = |key: &str| key.strip_prefix(&prefix).map(str::to_owned);
    let mut found = Vec::new();
    for (key, before) in of(base, "expression") {
        let Some(old) = column(key).filter(|_| !now.contracts.contains_key(key)) else {
            continue;
        };
        let after = with_new_names(before, base, now);
        let new = of(now, "expression").find(|(key, value)| {
            column(key).is_some() && !base.contracts.contains_key(*key) && **value == after
        });
        if let Some(new) = new
            .filter(|_| after != *before)
            .and_then(|(key, _)| column(key))
        {
            found.push((old, new));
        }
    }
    found
}
