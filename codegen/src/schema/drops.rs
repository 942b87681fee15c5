//! `data: drop` of what is retired: statements that take stored data away, in migrations of their own.

use super::diff::Diffs;
use super::judge::{self, DROPPED};
use super::lock::Lock;
use super::rename::{FORMER, before_drop, views};
use crate::model::Model;
use crate::store::home::Home;
use crate::store::{KINDS, dialect, drop_statement};

/// Tables and columns whose data shall go and isn't dropped by a migration yet.
pub(crate) fn drops(base: &Lock, model: &Model) -> Diffs {
    let mut diffs = Diffs::new();
    for retired in model.retired.iter().filter(|retired| retired.drop) {
        let known = base.retired.get(&retired.key);
        // A former name is taken away by an ordinary migration, as nothing is stored under it.
        let is_former = known.is_some_and(|value| value.starts_with(FORMER));
        if is_former
            || base.renamed.contains_key(&retired.key)
            || known.is_some_and(|value| value.ends_with(DROPPED))
        {
            continue;
        }
        let words: Vec<&str> = retired.key.split(' ').collect();
        let (home, table, column, dropped) = match words[..] {
            ["table", table] => {
                let value = known.cloned().or_else(|| judge::known(base, &retired.key));
                let Some(home) = value.as_deref().and_then(home) else {
                    continue;
                };
                let dropped = vec![drop_statement(home.store, table, None)];
                (home, table, None, dropped)
            }
            ["column", table, column] => {
                let Some(of) = model.tables.iter().find(|of| of.name == table) else {
                    continue;
                };
                let dropped = dialect(of).drop_column(of, column);
                (Home::of(of), table, Some(column), dropped)
            }
            _ => continue,
        };
        let mut statements = before_drop(base, home.store, table, column);
        statements.extend(dropped);
        if column.is_some() {
            statements = views(base, model, table, statements);
        }
        let found = diffs.entry(home).or_default();
        found.statements.extend(statements);
        found.what.push(match column {
            None => format!("drop_{table}"),
            Some(column) => format!("drop_{table}_{column}"),
        });
    }
    diffs
}

/// Statements that let rows be stored without the columns that are retired.
pub(crate) fn loosened(base: &Lock, model: &Model) -> Vec<(Home, String, String)> {
    let mut found = Vec::new();
    for table in &model.tables {
        let Some(before) = base.tables.get(&table.name) else {
            continue;
        };
        for (column, ty) in &before.columns {
            let key = format!("column {} {column}", table.name);
            if model.retired(&key).is_none() {
                continue;
            }
            if let Some(statement) = dialect(table).without(table, column, ty) {
                found.push((Home::of(table), table.name.clone(), statement));
            }
        }
    }
    found
}

/// The database that a retired table is in, from what the lock remembers of it: the store, and the database if it isn't
/// the usual one.
fn home(value: &str) -> Option<Home> {
    let mut words = value.split(' ');
    let store = words.next()?;
    let kind = KINDS.iter().find(|kind| kind.name == store)?;
    Some(match words.next() {
        None => Home::usual(kind.name),
        Some(database) => Home {
            store: kind.name,
            database: Some(database.to_owned()),
        },
    })
}
