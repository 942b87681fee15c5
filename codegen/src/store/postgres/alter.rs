//! Statements that change a PostgreSQL table that is there, and the changes that are refused.

use super::ddl::{columns, comment, create_index, index_name, name};
use crate::base::refusal::{Place, Refusal};
use crate::model::{PgType, Table, Upsert};
use crate::rules::history::{COLUMN_GONE, COLUMN_TYPE};
use crate::store::facts::TableFacts;

/// Statements that bring a table that is there to what it shall be.
pub(crate) fn alter(
    before: &TableFacts,
    table: &Table,
    upsert: &Upsert,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let now = columns(table, upsert);
    let on = name(&table.name);
    for (gone, _) in before
        .columns
        .iter()
        .filter(|(column, _)| now.iter().all(|c| c.name != column))
    {
        refused.push(Refusal {
            code: COLUMN_GONE.code,
            place: Place::Table(table.name.clone()),
            message: format!("column `{gone}` of table `{}` is gone", table.name),
            help: "put it back under its old name, also if its field is no longer sent; a new name is a new column"
                .into(),
        });
    }
    let mut statements = Vec::new();
    for column in &now {
        let was = before.columns.iter().find(|(of, _)| of == column.name);
        let quoted = name(column.name);
        match was.map(|(_, ty)| ty.as_str()) {
            None if column.ty.ends_with(NOT_NULL) => refused.push(Refusal {
                code: COLUMN_TYPE.code,
                place: Place::Column(table.name.clone(), column.name.to_owned()),
                message: format!(
                    "column `{}` is new in table `{}` and must have a value, which the rows that are there don't have",
                    column.name, table.name
                ),
                help: "make its field optional, or declare a new table".into(),
            }),
            None => {
                statements.push(format!(
                    "ALTER TABLE {on} ADD COLUMN IF NOT EXISTS {quoted} {}",
                    column.ty
                ));
                statements.extend(comment(table, column));
            }
            Some(was) if was == column.ty => {}
            Some(was) if widens(was, &column.ty, &upsert.unique, column.name) => {
                let (ty, loosened) = (bare(&column.ty), was.ends_with(NOT_NULL));
                if bare(was) != ty {
                    statements.push(format!("ALTER TABLE {on} ALTER COLUMN {quoted} TYPE {ty}"));
                }
                if loosened && !column.ty.ends_with(NOT_NULL) {
                    statements.push(format!("ALTER TABLE {on} ALTER COLUMN {quoted} DROP NOT NULL"));
                }
            }
            Some(was) => refused.push(Refusal {
                code: COLUMN_TYPE.code,
                place: Place::Column(table.name.clone(), column.name.to_owned()),
                message: format!(
                    "column `{}` of table `{}` was `{was}` and is now `{}`",
                    column.name, table.name, column.ty
                ),
                help: "leave its type as it was, or add a column with another name".into(),
            }),
        }
    }
    let indexes: Vec<String> = upsert.indexes.iter().map(|i| i.join(", ")).collect();
    for gone in before.indexes.iter().filter(|i| !indexes.contains(i)) {
        let gone: Vec<String> = gone.split(", ").map(str::to_owned).collect();
        let index = name(&index_name(&table.name, &gone));
        statements.push(format!("DROP INDEX IF EXISTS {index}"));
    }
    let new = upsert.indexes.iter();
    let new = new.filter(|index| !before.indexes.contains(&index.join(", ")));
    statements.extend(new.map(|index| create_index(&table.name, index)));
    statements
}

const NOT_NULL: &str = " NOT NULL";

fn bare(ty: &str) -> &str {
    ty.strip_suffix(NOT_NULL).unwrap_or(ty)
}

/// Whether every value of the one type is a value of the other.
fn widens(was: &str, is: &str, unique: &[String], column: &str) -> bool {
    if unique.iter().any(|name| name == column) {
        return false;
    }
    let narrowed = !was.ends_with(NOT_NULL) && is.ends_with(NOT_NULL);
    let (was, is) = (PgType::parse(bare(was)), PgType::parse(bare(is)));
    let wider = was == is
        || matches!(
            (was, is),
            (Some(PgType::Integer), Some(PgType::Bigint))
                | (Some(PgType::Real), Some(PgType::Double))
        );
    wider && !narrowed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_loses_nothing_widens() {
        let widens = |was, is| widens(was, is, &["id".to_owned()], "x");
        assert!(widens("integer NOT NULL", "bigint"));
        assert!(widens("text NOT NULL", "text"));
        assert!(!widens("text", "text NOT NULL"));
        assert!(!widens("bigint", "integer"));
        assert!(!super::widens("integer", "bigint", &["x".to_owned()], "x"));
    }
}
