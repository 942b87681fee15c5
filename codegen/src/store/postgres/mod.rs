//! PostgreSQL: the SQL that makes and changes its tables.

pub(crate) mod alter;
pub mod ddl;

use super::facts::TableFacts;
use crate::model::{Table, Upsert};

/// What stands for the engine of a PostgreSQL table, whose sorting key is its unique key.
const ENGINE: &str = "postgres";

/// The facts of a table.
pub(crate) fn facts(table: &Table, upsert: &Upsert) -> TableFacts {
    let mut indexes: Vec<String> = upsert.indexes.iter().map(|i| i.join(", ")).collect();
    indexes.sort();
    indexes.dedup();
    TableFacts {
        database: String::new(),
        engine: ENGINE.to_owned(),
        partition_by: String::new(),
        order_by: upsert.unique.join(", "),
        columns: ddl::facts(table, upsert),
        indexes,
        settings: String::new(),
    }
}
