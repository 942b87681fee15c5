//! What changes between a table as the lock has it and as it shall be: the part that is the same for every store.

use super::column::Column;
use super::facts::TableFacts;
use crate::base::refusal::{Place, Refusal};
use crate::rules::history::{COLUMN_GONE, COLUMN_TYPE, TABLE_KEYS};

/// The statements that a store has for a change of a column.
pub(super) trait Alter {
    /// Adds a column at a place, behind another one or in front. None if the rows that are there have no value for it.
    fn add(&mut self, column: &Column<'_>, at: usize, after: Option<&str>) -> Option<Vec<String>>;

    /// Gives a column the type that it has now. None if values would be lost, or the table written anew.
    fn widen(&mut self, column: &Column<'_>, was: &str) -> Option<Vec<String>>;

    /// Moves a column to a place, behind another one or in front, if the store has an order and it isn't there already.
    fn place(&mut self, column: &Column<'_>, at: usize, after: Option<&str>) -> Option<String> {
        let _ = (column, at, after);
        None
    }
}

/// Refuses that what a table is kept by changes. `order_by` is the word that declares its key, `reason` says why it can't
/// change, and `way_out` how its key can nevertheless.
pub(super) fn keys(
    table: &str,
    before: &TableFacts,
    now: &TableFacts,
    (order_by, reason, way_out): (&str, &str, &str),
    refused: &mut Vec<Refusal>,
) {
    let changes = [
        ("database", &before.database, &now.database),
        ("engine", &before.engine, &now.engine),
        ("partition_by", &before.partition_by, &now.partition_by),
        (order_by, &before.order_by, &now.order_by),
    ];
    let changes = changes.into_iter().filter(|(_, was, is)| was != is);
    refused.extend(changes.map(|(what, was, is)| Refusal {
        code: TABLE_KEYS.code,
        place: Place::Table(table.to_owned()),
        message: format!("`{what}` of table `{table}` was `{was}` and is now `{is}`"),
        help: match what == order_by {
            true => {
                format!("{reason}: put it back, or declare a new table with another name{way_out}")
            }
            false => format!("{reason}: put it back, or declare a new table with another name"),
        },
    }));
}

/// Statements that bring the columns of a table from what they were to what they are `now`, one after the other.
pub(super) fn columns(
    table: &str,
    before: &TableFacts,
    now: &[Column<'_>],
    alter: &mut dyn Alter,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let is_gone = |name: &String| now.iter().all(|column| column.name != name);
    let gone = before.columns.iter().filter(|(name, _)| is_gone(name));
    refused.extend(gone.map(|(name, _)| Refusal {
        code: COLUMN_GONE.code,
        place: Place::Table(table.to_owned()),
        message: format!("column `{name}` of table `{table}` is gone"),
        help: "put it back under its old name, also if its field is no longer sent; a new name is a new column".into(),
    }));
    let mut statements = Vec::new();
    let mut after: Option<&str> = None;
    for (at, column) in now.iter().enumerate() {
        let was = before.columns.iter().find(|(name, _)| name == column.name);
        match was.map(|(_, ty)| ty.as_str()) {
            None => match alter.add(column, at, after) {
                Some(added) => statements.extend(added),
                None => refused.push(without_value(table, column)),
            },
            Some(was) => {
                if was != column.ty {
                    match alter.widen(column, was) {
                        Some(widened) => statements.extend(widened),
                        None => refused.push(other_type(table, column, was)),
                    }
                }
                statements.extend(alter.place(column, at, after));
            }
        }
        after = Some(column.name);
    }
    statements
}

fn without_value(table: &str, column: &Column<'_>) -> Refusal {
    Refusal {
        code: COLUMN_TYPE.code,
        place: Place::Column(table.to_owned(), column.name.to_owned()),
        message: format!(
            "column `{}` is new in table `{table}` and must have a value, which the rows that are there don't have",
            column.name
        ),
        help: "make its field optional, or declare a new table".into(),
    }
}

fn other_type(table: &str, column: &Column<'_>, was: &str) -> Refusal {
    Refusal {
        code: COLUMN_TYPE.code,
        place: Place::Column(table.to_owned(), column.name.to_owned()),
        message: format!(
            "column `{}` of table `{table}` was `{was}` and is now `{}`",
            column.name, column.ty
        ),
        help: "leave its type as it was, or add a column with another name".into(),
    }
}
