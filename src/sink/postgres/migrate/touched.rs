//! Tables that a pending migration names, with what is stored in them.

use super::MigrateError;
use crate::contract::Pipeline;
use crate::sink::clickhouse::migrate::Touched;
use crate::sink::postgres::{Postgres, connection, quote};

/// Tables that are found by the search path, with PostgreSQL's estimate of their rows.
const SIZES: &str = "\
SELECT c.relname::text, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
FROM pg_class c WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND c.relnamespace <> 'pg_catalog'::regnamespace
ORDER BY 1";

/// Tables that these migrations name. Nothing is changed.
///
/// # Errors
///
/// If PostgreSQL doesn't answer.
pub async fn touched(
    store: &Postgres,
    pipeline: &Pipeline,
    names: &[&'static str],
) -> Result<Vec<Touched>, MigrateError> {
    let client = connection::get(store).await?;
    let tables = client.query_typed(SIZES, &[]).await?;
    let migrations = pipeline.postgres_migrations.iter();
    let mut found = Vec::new();
    for migration in migrations.filter(|migration| names.contains(&migration.name)) {
        for row in &tables {
            let (table, rows, bytes): (String, i64, i64) =
                (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            if migration.sql.contains(&quote::identifier(&table)) {
                found.push(Touched {
                    migration: migration.name,
                    table,
                    rows: u64::try_from(rows).unwrap_or(0),
                    bytes: u64::try_from(bytes).unwrap_or(0),
                    parts: None,
                });
            }
        }
    }
    Ok(found)
}
