//! What generated Rust says of a PostgreSQL table: which rows are the same, which of them stays, and the hook.

use crate::base::literal::literal;
use crate::model::{Postgres, Table};
use crate::store::Rust;
use crate::store::postgres::types;

/// What is said.
pub(super) fn of(own: &Postgres, table: &Table) -> Rust {
    Rust {
        storage: "Storage::Postgres(&UPSERT)".to_owned(),
        item: format!(
            "/// Which rows are the same, and which of them stays.\nstatic UPSERT: Upsert = {};",
            upsert(own, table)
        ),
    }
}

/// A `contract::Upsert`.
fn upsert(own: &Postgres, table: &Table) -> String {
    let place = |name: &String| table.columns.iter().position(|c| c.name == *name);
    let unique = own.unique.iter().filter_map(place);
    let unique: Vec<String> = unique.map(|at| at.to_string()).collect();
    let conflict = match own.version.as_ref().and_then(place) {
        Some(version) => format!("Conflict::Replace {{ version: {version} }}"),
        None => "Conflict::Keep".to_owned(),
    };
    let hook = match &own.hook {
        Some(name) => format!("Some({})", literal(name)),
        None => "None".to_owned(),
    };
    let columns = own.hook_columns.iter();
    let columns: Vec<String> = columns
        .map(|c| {
            format!(
                "({}, {})",
                literal(&c.name),
                literal(&types::shown_as(&c.ty))
            )
        })
        .collect();
    format!(
        "Upsert {{ unique: &[{}], conflict: {conflict}, hook: {hook}, hook_columns: &[{}] }}",
        unique.join(", "),
        columns.join(", ")
    )
}
