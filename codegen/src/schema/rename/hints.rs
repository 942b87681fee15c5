//! What is gone while something like it is new: the refusal names `renamed_from` as a way out.

use crate::base::refusal::Refusal;
use crate::rules::contracts::TOPOLOGY;
use crate::rules::history::{COLUMN_GONE, TABLE_GONE};
use crate::schema::lock::Lock;

/// Adds to refusals of columns, tables and queues that are gone how to say that they have another name.
pub(crate) fn hint(base: &Lock, now: &Lock, refused: &mut [Refusal]) {
    for one in refused {
        let names: Vec<&str> = one.message.split('`').skip(1).step_by(2).collect();
        let is_gone =
            |what: &str| one.message.starts_with(what) && one.message.contains(" is gone");
        let hint = match names[..] {
            [column, table] if one.code == COLUMN_GONE.code => {
                column_hint(column, table, base, now)
            }
            [table] if one.code == TABLE_GONE.code => table_hint(table, base, now),
            [queue] if one.code == TOPOLOGY.code && is_gone("queue ") => {
                queue_hint(queue, base, now)
            }
            _ => None,
        };
        if let Some(hint) = hint {
            one.help.push('\n');
            one.help.push_str(&hint);
        }
    }
}

fn column_hint(column: &str, table: &str, base: &Lock, now: &Lock) -> Option<String> {
    let (before, after) = (base.tables.get(table)?, now.tables.get(table)?);
    let (_, ty) = before.columns.iter().find(|(name, _)| name == column)?;
    let is_new = |name: &String| before.columns.iter().all(|(other, _)| other != name);
    let expression = |lock: &Lock, name: &str| {
        let key = format!("expression {table} {name}");
        lock.contracts.get(&key).cloned()
    };
    let was = expression(base, column);
    let like = |(name, is): &&(String, String)| is == ty && is_new(name);
    let candidates: Vec<&String> = after
        .columns
        .iter()
        .filter(like)
        .map(|(name, _)| name)
        .collect();
    let same = candidates
        .iter()
        .find(|name| was.is_some() && expression(now, name) == was);
    let name = same.or(candidates.first().filter(|_| candidates.len() == 1))?;
    Some(format!(
        "if it has only another name: `{name}: {{ from: ..., renamed_from: {column} }}`, which renames it where it is stored"
    ))
}

fn table_hint(table: &str, base: &Lock, now: &Lock) -> Option<String> {
    let before = base.tables.get(table)?;
    let like = |(name, after): &(&String, &crate::store::TableFacts)| {
        let shared = after
            .columns
            .iter()
            .filter(|column| before.columns.contains(column))
            .count();
        !base.tables.contains_key(*name)
            && after.order_by == before.order_by
            && shared * 2 > before.columns.len()
    };
    let (name, _) = now.tables.iter().find(like)?;
    Some(format!(
        "if `{name}` is the same under another name: `renamed_from: {table}` in it, which renames it where it is stored"
    ))
}

fn queue_hint(queue: &str, base: &Lock, now: &Lock) -> Option<String> {
    let into = |lock: &Lock, name: &str| lock.contracts.get(&format!("into {name}")).cloned();
    let was = into(base, queue)?;
    let new = now
        .contracts
        .keys()
        .filter_map(|key| key.strip_prefix("queue "));
    let name = new
        .filter(|name| !base.contracts.contains_key(&format!("queue {name}")))
        .find(|name| into(now, name).as_ref() == Some(&was))?;
    Some(format!(
        "if `{name}` is the same under another name: `renamed_from: {queue}` in it; what waits is moved then"
    ))
}
