//! What generated Rust says of a ClickHouse table: its database.

use crate::store::Rust;

/// What is said; `database` is what generated Rust calls the database, if it isn't the usual one.
pub(super) fn of(database: Option<&str>) -> Rust {
    let storage = match database {
        None => "Storage::ClickHouse(None)".to_owned(),
        Some(name) => format!("Storage::ClickHouse(Some(&databases::{name}))"),
    };
    Rust {
        storage,
        item: String::new(),
    }
}
