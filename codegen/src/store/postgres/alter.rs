//! Statements that change a PostgreSQL table that is there, and the changes that are refused.

use super::ddl::{comment, create_index, index_name, name};
use super::types::PgType;
use crate::base::refusal::Refusal;
use crate::model::{Postgres, Table};
use crate::store::change::{self, Alter};
use crate::store::{Column, Dialect as _, TableFacts};

/// Statements that bring a table that is there to what it shall be.
pub(super) fn alter(
    own: &Postgres,
    table: &Table,
    before: &TableFacts,
    refused: &mut Vec<Refusal>,
) -> Vec<String> {
    let why = "rows may be there that are the same by the new key";
    change::keys(
        &table.name,
        before,
        &own.facts(table),
        ("unique", why, ""),
        refused,
    );
    let mut alter = InPlace {
        table: &table.name,
        unique: &own.unique,
    };
    let columns = own.columns(table);
    let mut statements = change::columns(&table.name, before, &columns, &mut alter, refused);
    let indexes: Vec<String> = own.indexes.iter().map(|i| i.join(", ")).collect();
    for gone in before.indexes.iter().filter(|i| !indexes.contains(i)) {
        let gone: Vec<String> = gone.split(", ").map(str::to_owned).collect();
        let index = name(&index_name(&table.name, &gone));
        statements.push(format!("DROP INDEX IF EXISTS {index}"));
    }
    let new = own.indexes.iter();
    let new = new.filter(|index| !before.indexes.contains(&index.join(", ")));
    statements.extend(new.map(|index| create_index(&table.name, index)));
    statements
}

/// Changes columns where they are: new ones come last.
struct InPlace<'a> {
    table: &'a str,
    unique: &'a [String],
}

impl Alter for InPlace<'_> {
    fn add(&mut self, column: &Column<'_>, _: usize, _: Option<&str>) -> Option<Vec<String>> {
        if column.ty.ends_with(NOT_NULL) {
            return None;
        }
        let (on, quoted) = (name(self.table), name(column.name));
        let add = format!(
            "ALTER TABLE {on} ADD COLUMN IF NOT EXISTS {quoted} {}",
            column.ty
        );
        let comment = comment(self.table, column);
        Some(std::iter::once(add).chain(comment).collect())
    }

    fn widen(&mut self, column: &Column<'_>, was: &str) -> Option<Vec<String>> {
        if !widens(was, &column.ty, self.unique, column.name) {
            return None;
        }
        let start = format!(
            "ALTER TABLE {} ALTER COLUMN {}",
            name(self.table),
            name(column.name)
        );
        let ty = bare(&column.ty);
        let retyped = (bare(was) != ty).then(|| format!("{start} TYPE {ty}"));
        let loosened = was.ends_with(NOT_NULL) && !column.ty.ends_with(NOT_NULL);
        let loosened = loosened.then(|| format!("{start} DROP NOT NULL"));
        Some(retyped.into_iter().chain(loosened).collect())
    }
}

/// Statement by which rows can be stored without a column that is retired.
pub(super) fn without(table: &Table, column: &str, was: &str) -> Option<String> {
    let (on, quoted) = (name(&table.name), name(column));
    let loosen = format!("ALTER TABLE {on} ALTER COLUMN {quoted} DROP NOT NULL");
    was.ends_with(NOT_NULL).then_some(loosen)
}

const NOT_NULL: &str = " NOT NULL";

fn bare(ty: &str) -> &str {
    ty.strip_suffix(NOT_NULL).unwrap_or(ty)
}

/// True if every value of the one type is a value of the other.
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
