//! What the lock remembers of a table.

use super::{clickhouse, postgres};
use crate::model::Table;

/// What stands for the engine of a PostgreSQL table, whose sorting key is its unique key.
const POSTGRES: &str = "postgres";

/// What a table is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableFacts {
    /// The database that it is in; empty for the usual one.
    pub database: String,
    /// Its engine.
    pub engine: String,
    /// Its partition key; empty for none.
    pub partition_by: String,
    /// Its sorting key.
    pub order_by: String,
    /// Its columns in order: name and type.
    pub columns: Vec<(String, String)>,
    /// The columns of each index; only of PostgreSQL tables.
    pub indexes: Vec<String>,
    /// How ClickHouse keeps it; empty for other tables.
    pub settings: String,
}

impl TableFacts {
    /// The facts of a table.
    pub fn of(table: &Table) -> Self {
        if let Some(upsert) = &table.postgres {
            let mut indexes: Vec<String> = upsert.indexes.iter().map(|i| i.join(", ")).collect();
            indexes.sort();
            indexes.dedup();
            return TableFacts {
                database: String::new(),
                engine: POSTGRES.to_owned(),
                partition_by: String::new(),
                order_by: upsert.unique.join(", "),
                columns: postgres::ddl::facts(table, upsert),
                indexes,
                settings: String::new(),
            };
        }
        TableFacts {
            indexes: Vec::new(),
            settings: clickhouse::ddl::SETTINGS.to_owned(),
            database: table.database.clone().unwrap_or_default(),
            engine: table.engine.clone(),
            partition_by: table.partition_by.clone(),
            order_by: table.order_by.join(", "),
            columns: table
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.ty.to_string()))
                .collect(),
        }
    }
}
