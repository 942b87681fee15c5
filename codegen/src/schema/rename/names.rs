//! A lock with new names in the place of former ones.

use crate::model::Renamed;
use crate::schema::contract::Contracts;
use crate::schema::lock::Lock;
use crate::store::TableFacts;

/// Kinds of facts whose first name is a table's, and those whose first name is a queue's.
const OF_TABLES: [&str; 5] = ["conflict", "expression", "hook", "text", "variant"];
const OF_QUEUES: [&str; 6] = ["bind", "carries", "into", "letters", "queue", "required"];

/// Gives something its new name wherever a lock names it, and remembers the former one.
pub(super) fn apply(renamed: &Renamed, lock: &mut Lock, now: &Lock) {
    let (from, to) = (renamed.from.as_str(), renamed.name());
    let words: Vec<&str> = renamed.key.split(' ').collect();
    match words[..] {
        ["table", _] => table(from, to, lock),
        ["column", of, _] => column(of, from, to, lock),
        ["queue", _] => queue(from, to, lock, now),
        _ => return,
    }
    // What had the former name of something else before has today's name of it now.
    let former = renamed.former();
    let of = former.rsplit_once(' ').map_or("", |(of, _)| of);
    for (key, name) in &mut lock.renamed {
        if key.rsplit_once(' ').map(|(start, _)| start) == Some(of) && name == from {
            to.clone_into(name);
        }
    }
    // A name that is taken back is no former name any more.
    lock.renamed.remove(&renamed.key);
    lock.renamed.insert(former, to.to_owned());
}

fn table(from: &str, to: &str, lock: &mut Lock) {
    if let Some(facts) = lock.tables.remove(from) {
        lock.tables.insert(to.to_owned(), facts);
    }
    rekey(&mut lock.contracts, &OF_TABLES, 1, (from, to));
    rekey(&mut lock.renamed, &["column"], 1, (from, to));
    rekey(&mut lock.retired, &["column"], 1, (from, to));
    for (key, value) in &mut lock.contracts {
        if key.starts_with("into ") && *value == format!("table {from}") {
            *value = format!("table {to}");
        }
    }
}

fn column(table: &str, from: &str, to: &str, lock: &mut Lock) {
    if let Some(facts) = lock.tables.get_mut(table) {
        columns(facts, from, to);
    }
    let of = [table, from].join(" ");
    let is = [table, to].join(" ");
    rekey(&mut lock.contracts, &OF_TABLES, 2, (&of, &is));
    if let Some(value) = lock.contracts.get_mut(&format!("conflict {table}"))
        && *value == format!("replace {from}")
    {
        *value = format!("replace {to}");
    }
}

/// The facts of a table with a column's new name. That a key can't have it is said elsewhere.
fn columns(facts: &mut TableFacts, from: &str, to: &str) {
    for (name, _) in facts.columns.iter_mut().filter(|(name, _)| name == from) {
        to.clone_into(name);
    }
    let keys = [
        &mut facts.engine,
        &mut facts.partition_by,
        &mut facts.order_by,
    ];
    for text in keys.into_iter().chain(&mut facts.indexes) {
        *text = with(text, from, to);
    }
    facts.indexes.sort();
}

fn queue(from: &str, to: &str, lock: &mut Lock, now: &Lock) {
    let former = format!("bind {from} ");
    let bindings = lock.contracts.keys().filter(|key| key.starts_with(&former));
    let mut bindings: Vec<String> = bindings.cloned().collect();
    // Its dead letters are known by its name, where nothing else is said.
    let letters =
        |lock: &Lock, queue: &str| lock.contracts.get(&format!("letters {queue}")).cloned();
    let (route, is) = (letters(lock, from), letters(now, to));
    let usual = |route: &Option<String>, queue: &str| {
        let key = format!(" error.{queue}");
        let exchange = route.as_ref().and_then(|route| route.strip_suffix(&key));
        exchange.map(str::to_owned)
    };
    if let (Some(exchange), Some(same)) = (usual(&route, from), usual(&is, to))
        && exchange == same
    {
        let binding = format!(" {exchange} error.{from}");
        let of_letters = lock.contracts.keys().filter(|key| {
            key.starts_with("bind ") && key.ends_with(&binding) && !now.contracts.contains_key(*key)
        });
        bindings.extend(of_letters.cloned());
        lock.contracts
            .insert(format!("letters {from}"), format!("{exchange} error.{to}"));
    }
    lock.renamed
        .extend(bindings.into_iter().map(|key| (key, String::new())));
    let (taken_back, letters) = (format!("bind {to} "), format!(" error.{to}"));
    lock.renamed.retain(|key, _| {
        let of_letters = key.starts_with("bind ") && key.ends_with(&letters);
        !key.starts_with(&taken_back) && !of_letters
    });
    rekey(&mut lock.contracts, &OF_QUEUES, 1, (from, to));
    if let Some(rule) = lock.ids.remove(&format!("queue.{from}")) {
        lock.ids.insert(format!("queue.{to}"), rule);
    }
}

/// Gives facts of these kinds another subject, where its first `names` words are `from`.
fn rekey(facts: &mut Contracts, kinds: &[&str], names: usize, (from, to): (&str, &str)) {
    let moves: Vec<(String, String)> = facts
        .keys()
        .filter_map(|key| {
            let (word, subject) = key.split_once(' ')?;
            let end = subject.match_indices(' ').nth(names - 1).map(|(at, _)| at);
            let (start, rest) = subject.split_at(end.unwrap_or(subject.len()));
            let is = kinds.contains(&word) && start == from;
            is.then(|| (key.clone(), format!("{word} {to}{rest}")))
        })
        .collect();
    for (key, new) in moves {
        if let Some(value) = facts.remove(&key) {
            facts.insert(new, value);
        }
    }
}

/// A text of SQL with another name for a column.
fn with(text: &str, from: &str, to: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut made = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, behind) = rest.split_at(start);
        let end = behind.find(|c| !is_word(c)).unwrap_or(behind.len());
        let (word, behind) = behind.split_at(end);
        made.push_str(before);
        made.push_str(if word == from { to } else { word });
        rest = behind;
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_as_a_whole() {
        assert_eq!(with("a, toYYYYMM(ab), a", "a", "b"), "b, toYYYYMM(ab), b");
        let mut facts: Contracts = ["expression t a", "expression t ab", "bind t a"]
            .map(|key| (key.to_owned(), String::new()))
            .into();
        rekey(&mut facts, &OF_TABLES, 2, ("t a", "t b"));
        let keys: Vec<&str> = facts.keys().map(String::as_str).collect();
        assert_eq!(keys, ["bind t a", "expression t ab", "expression t b"]);
    }
}
