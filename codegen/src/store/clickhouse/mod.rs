//! ClickHouse: the SQL that makes and changes its tables.

pub(crate) mod alter;
pub mod ddl;

use super::facts::TableFacts;
use crate::model::Table;

/// The facts of a table.
pub(crate) fn facts(table: &Table) -> TableFacts {
    TableFacts {
        indexes: Vec::new(),
        settings: ddl::SETTINGS.to_owned(),
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
