//! What the catalogue says of a PostgreSQL table, and what one asks it first.

use super::ddl;
use crate::base::markdown::code;
use crate::model::{Postgres, Table};
use crate::store::query::{is_plain, time};

/// Where and how a table keeps its rows, as sentences.
pub(super) fn described(own: &Postgres) -> String {
    let stays = match &own.version {
        Some(version) => format!("a row with a greater {} replaces it", code(version)),
        None => "the first one stays".to_owned(),
    };
    let key = code(&own.unique.join(", "));
    let mut text = format!("In PostgreSQL, one row for each {key}: {stays}");
    if let Some(hook) = &own.hook {
        text.push_str(&format!(
            "; with the rows, in one transaction, runs the hook {}",
            code(hook)
        ));
    }
    text
}

/// The latest rows.
pub(super) fn example(table: &Table) -> String {
    let latest = time(table, "").map(|column| format!("\nORDER BY {} DESC", name(&column.name)));
    format!(
        "SELECT *\nFROM {}{}\nLIMIT 10",
        name(&table.name),
        latest.unwrap_or_default()
    )
}

/// A name as people write it, in quotes only where it needs them: capitals do.
fn name(text: &str) -> String {
    match is_plain(text) && *text == text.to_ascii_lowercase() {
        true => text.to_owned(),
        false => ddl::name(text),
    }
}
