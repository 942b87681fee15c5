//! Statements that give tables and columns their new names, and that take former names away.

use super::{Rename, has};
use crate::model::{Model, Renamed};
use crate::schema::lock::Lock;
use crate::store::{self, dialect};

/// The table that a rename is about, by its name of today, and its statements. The base has the former name still.
pub(super) fn of(renamed: &Renamed, base: &Lock, model: &Model) -> (Option<String>, Vec<String>) {
    let words: Vec<&str> = renamed.key.split(' ').collect();
    let (table, column) = match words[..] {
        ["table", name] => (name, None),
        ["column", table, name] => (table, Some(name)),
        _ => return (None, Vec::new()),
    };
    let found = model.tables.iter().find(|of| of.name == table);
    let before = base.tables.get(match column {
        None => renamed.from.as_str(),
        Some(_) => table,
    });
    let statements = found.zip(before).map(|(found, before)| match column {
        None => {
            let others = names(base, "table", &renamed.from);
            dialect(found).rename(found, before, &renamed.from, &others)
        }
        Some(name) => dialect(found).rename_column(found, before, (&renamed.from, name)),
    });
    let mut statements = statements.unwrap_or_default();
    // A name that it had before and gets back.
    if let Some(found) = found.filter(|_| base.renamed.contains_key(&renamed.key)) {
        let kind = dialect(found).kind().name;
        let gone = match column {
            None => Some(store::forget(kind, table)),
            Some(name) => store::forget_column(kind, table, name),
        };
        statements.splice(0..0, gone);
    }
    (Some(table.to_owned()), statements)
}

/// The rename of the queue that a typed table has of its own.
pub(super) fn own_queue(
    renamed: &Renamed,
    base: &Lock,
    now: &Lock,
    model: &Model,
) -> Option<Renamed> {
    let table = renamed.key.strip_prefix("table ")?;
    let queue = model.queues.iter().find(|queue| {
        let of_table = model.table_of(queue).is_some_and(|of| of.name == table);
        queue.derived && of_table
    })?;
    let former = queue
        .name
        .replace(&format!("_{table}_q"), &format!("_{}_q", renamed.from));
    let is_new = !has(base, &format!("queue {}", queue.name));
    let key = format!("queue {former}");
    (is_new && has(base, &key) && !has(now, &key)).then(|| Renamed {
        key: format!("queue {}", queue.name),
        from: former,
    })
}

/// Former names that are taken away because `retired` has them.
pub(super) fn forgotten(base: &Lock, model: &Model) -> Vec<Rename> {
    let forgotten = model.retired.iter().filter_map(|retired| {
        let name = base.renamed.get(&retired.key)?;
        let words: Vec<&str> = retired.key.split(' ').collect();
        let (table, former) = match words[..] {
            ["table", former] => (name.as_str(), Err(former)),
            ["column", table, former] => (table, Ok(former)),
            _ => return None,
        };
        let found = model.tables.iter().find(|of| of.name == table)?;
        let kind = dialect(found).kind().name;
        let statement = match former {
            Ok(column) => store::forget_column(kind, &found.name, column),
            Err(table) => Some(store::forget(kind, table)),
        };
        let (of, from) = retired.key.rsplit_once(' ')?;
        Some(Rename {
            renamed: Renamed {
                key: format!("{of} {name}"),
                from: from.to_owned(),
            },
            table: Some(table.to_owned()),
            statements: statement.into_iter().collect(),
            former: None,
        })
    });
    forgotten.collect()
}

/// Statements that take away what depends on a table or a column that is about to be dropped: its former names.
pub(crate) fn before_drop(
    base: &Lock,
    store: &str,
    table: &str,
    column: Option<&str>,
) -> Vec<String> {
    let former = match column {
        None => names(base, "table", table),
        Some(column) => names(base, &format!("column {table}"), column),
    };
    let former = former.iter().filter_map(|former| match column {
        None => Some(store::forget(store, former)),
        Some(_) => store::forget_column(store, table, former),
    });
    former.collect()
}

/// The statements of a table, with its views under former names out of the way of those that they would hinder.
pub(crate) fn views(
    base: &Lock,
    model: &Model,
    table: &str,
    statements: Vec<String>,
) -> Vec<String> {
    let former = names(base, "table", table);
    let found = model.tables.iter().find(|of| of.name == table);
    match found.filter(|_| !former.is_empty()) {
        Some(found) => store::beside_former(found, &former, statements),
        None => statements,
    }
}

/// Former names of something, from the start of their keys and its name of today.
fn names(base: &Lock, of: &str, name: &str) -> Vec<String> {
    let start = format!("{of} ");
    let all = base.renamed.iter().filter(|(_, is)| is.as_str() == name);
    let former = all.filter_map(|(key, _)| key.strip_prefix(&start));
    former
        .filter(|former| !former.contains(' '))
        .map(str::to_owned)
        .collect()
}
