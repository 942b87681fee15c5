//! SQL for PostgreSQL: every name and text is quoted here and nowhere else.

use crate::base::hash::hash;
use crate::model::{Postgres, Table};
use crate::store::{Column, Dialect as _};

/// A name between double quotes.
pub(super) fn name(name: &str) -> String {
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

/// Statements that create a table with its indexes, without semicolons.
pub(super) fn create(own: &Postgres, table: &Table) -> Vec<String> {
    let columns = own.columns(table);
    let mut lines: Vec<String> = columns
        .iter()
        .map(|column| format!("    {} {}", name(column.name), column.ty))
        .collect();
    lines.push(format!("    PRIMARY KEY ({})", names(&own.unique)));
    let mut statements = vec![format!(
        "CREATE TABLE IF NOT EXISTS {} (\n{}\n)",
        name(&table.name),
        lines.join(",\n")
    )];
    if !table.doc.is_empty() {
        let on = name(&table.name);
        statements.push(format!("COMMENT ON TABLE {on} IS {}", text(&table.doc)));
    }
    statements.extend(
        columns
            .iter()
            .filter_map(|column| comment(&table.name, column)),
    );
    statements.extend(
        own.indexes
            .iter()
            .map(|index| create_index(&table.name, index)),
    );
    statements
}

pub(super) fn comment(table: &str, column: &Column<'_>) -> Option<String> {
    (!column.comment.is_empty()).then(|| {
        format!(
            "COMMENT ON COLUMN {}.{} IS {}",
            name(table),
            name(column.name),
            text(column.comment)
        )
    })
}

pub(super) fn create_index(table: &str, columns: &[String]) -> String {
    format!(
        "CREATE INDEX IF NOT EXISTS {} ON {} ({})",
        name(&index_name(table, columns)),
        name(table),
        names(columns)
    )
}

/// The name that PostgreSQL itself would give, if it is short enough.
pub(super) fn index_name(table: &str, columns: &[String]) -> String {
    let full = format!("{table}_{}_idx", columns.join("_"));
    match full.len() <= 63 {
        true => full,
        false => {
            let hash = hash(full.as_bytes());
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
    fn long_names_of_indexes_stay_different() {
        let long = "c".repeat(60);
        let one = index_name("t", &[format!("{long}1")]);
        let two = index_name("t", &[format!("{long}2")]);
        assert!(one.len() <= 63 && one != two);
    }
}
