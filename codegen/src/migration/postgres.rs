//! SQL for PostgreSQL, and what brings its tables to what they shall be.

use super::diff::{Place, Refusal};
use crate::check::history::{COLUMN_GONE, COLUMN_TYPE};
use crate::lock::TableFacts;
use crate::model::{PgType, Table, Upsert};

/// A name between double quotes.
pub fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn names(all: &[String]) -> String {
    let names: Vec<String> = all.iter().map(|n| name(n)).collect();
    names.join(", ")
}

/// A text between quotes, on one line.
fn text(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("'{}'", line.replace('\'', "''"))
}

/// A column as the table has it.
struct Column<'a> {
    name: &'a str,
    /// With `NOT NULL`, where it is.
    ty: String,
    comment: &'a str,
}

/// All columns: those of the rows, then those that hooks fill.
fn columns<'a>(table: &'a Table, upsert: &'a Upsert) -> Vec<Column<'a>> {
    let of_rows = table.columns.iter().map(|column| Column {
        name: &column.name,
        ty: table.type_of(column),
        comment: match column.doc.as_str() {
            "" => &column.written,
            doc => doc,
        },
    });
    let of_hooks = upsert.hook_columns.iter().map(|column| Column {
        name: &column.name,
        ty: column.ty.to_string(),
        comment: &column.doc,
    });
    of_rows.chain(of_hooks).collect()
}

/// The names and types of all columns, for the lock.
pub fn facts(table: &Table, upsert: &Upsert) -> Vec<(String, String)> {
    let columns = columns(table, upsert).into_iter();
    columns.map(|c| (c.name.to_owned(), c.ty)).collect()
}

/// What makes a table with its indexes, without semicolons.
pub fn create(table: &Table, upsert: &Upsert) -> Vec<String> {
    let columns = columns(table, upsert);
    let mut lines: Vec<String> = columns
        .iter()
        .map(|column| format!("    {} {}", name(column.name), column.ty))
        .collect();
    lines.push(format!("    PRIMARY KEY ({})", names(&upsert.unique)));
    let mut statements = vec![format!(
        "CREATE TABLE IF NOT EXISTS {} (\n{}\n)",
        name(&table.name),
        lines.join(",\n")
    )];
    if !table.doc.is_empty() {
        let on = name(&table.name);
        statements.push(format!("COMMENT ON TABLE {on} IS {}", text(&table.doc)));
    }
    statements.extend(columns.iter().filter_map(|column| comment(table, column)));
    statements.extend(
        upsert
            .indexes
            .iter()
            .map(|index| create_index(&table.name, index)),
    );
    statements
}

fn comment(table: &Table, column: &Column<'_>) -> Option<String> {
    (!column.comment.is_empty()).then(|| {
        format!(
            "COMMENT ON COLUMN {}.{} IS {}",
            name(&table.name),
            name(column.name),
            text(column.comment)
        )
    })
}

/// Statements that bring a table that is there to what it shall be.
pub fn alter(
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

fn create_index(table: &str, columns: &[String]) -> String {
    format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} ({})",
        name(&index_name(table, columns)),
        name(table),
        names(columns)
    )
}

/// The name that PostgreSQL itself would give, if it is short enough.
fn index_name(table: &str, columns: &[String]) -> String {
    let full = format!("{table}_{}_idx", columns.join("_"));
    match full.len() <= 63 {
        true => full,
        false => {
            let hash = super::hash(full.as_bytes());
            let start: String = full.chars().take(50).collect();
            format!("{start}_{}", hash.chars().take(8).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(name("a\"b"), "\"a\"\"b\"");
        assert_eq!(text("it's\n  a \\ thing"), "'it''s a \\ thing'");
    }

    #[test]
    fn only_what_loses_nothing_widens() {
        let widens = |was, is| widens(was, is, &["id".to_owned()], "x");
        assert!(widens("integer NOT NULL", "bigint"));
        assert!(widens("text NOT NULL", "text"));
        assert!(!widens("text", "text NOT NULL"));
        assert!(!widens("bigint", "integer"));
        assert!(!super::widens("integer", "bigint", &["x".to_owned()], "x"));
    }

    #[test]
    fn long_names_of_indexes_stay_different() {
        let long = "c".repeat(60);
        let one = index_name("t", &[format!("{long}1")]);
        let two = index_name("t", &[format!("{long}2")]);
        assert!(one.len() <= 63 && one != two);
    }
}
