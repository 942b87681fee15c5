//! Tables that a pending migration names, with what is stored in them.

use std::fmt;

use super::MigrateError;
use crate::contract::Pipeline;
use crate::sink::clickhouse::{ClickHouse, quote};

/// A table that a migration names and that has rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The migration.
    pub migration: &'static str,
    /// The table.
    pub table: String,
    /// Number of its rows; an estimate in PostgreSQL.
    pub rows: u64,
    /// Size on disk, in bytes.
    pub bytes: u64,
    /// Number of its parts; none in a store that has none.
    pub parts: Option<u64>,
}

impl fmt::Display for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.bytes.div_ceil(1 << 20);
        write!(
            f,
            "touches table {} ({} rows, {mib} MiB on disk",
            self.table, self.rows
        )?;
        if let Some(parts) = self.parts {
            write!(f, ", {parts} parts")?;
        }
        f.write_str(")")
    }
}

/// Tables that these migrations name. Nothing is changed.
///
/// # Errors
///
/// If ClickHouse doesn't answer.
pub async fn touched(
    store: &ClickHouse,
    pipeline: &Pipeline,
    names: &[&'static str],
) -> Result<Vec<Touched>, MigrateError> {
    let database = quote::text(store.address().database());
    let sql = format!(
        "SELECT table, toUInt64(sum(rows)), toUInt64(sum(bytes_on_disk)), toUInt64(count()) FROM system.parts \
         WHERE active AND database = {database} GROUP BY table ORDER BY table"
    );
    let tables = store.rows::<(String, u64, u64, u64)>(&sql).await?;
    let migrations = store.migrations(pipeline).iter();
    let mut found = Vec::new();
    for migration in migrations.filter(|migration| names.contains(&migration.name)) {
        for (table, rows, bytes, parts) in &tables {
            if migration.sql.contains(&quote::identifier(table)) {
                found.push(Touched {
                    migration: migration.name,
                    table: table.clone(),
                    rows: *rows,
                    bytes: *bytes,
                    parts: Some(*parts),
                });
            }
        }
    }
    Ok(found)
}
