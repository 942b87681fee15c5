//! Migration table of a database: records which migrations were applied to it. It is found by the search path.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, GenericClient};

use super::super::quote;
use super::MigrateError;
use crate::contract::Migration;

/// Default name of the migration table.
const USUAL: &str = "schema_migrations";

/// Columns by which it is distinguished from another tool's table.
const COLUMNS: [&str; 4] = ["name", "hash", "adopted", "applied_at"];

/// Migration table of a database, as it was found.
#[derive(Debug)]
pub(super) struct MigrationTable {
    name: &'static str,
    /// Existing table; none if there is none yet. It has the default name if it was created before another name was
    /// configured.
    there: Option<&'static str>,
}

impl MigrationTable {
    /// Finds the migration table of this name. Another tool's table in its place is an error.
    pub(super) async fn find(
        client: &impl GenericClient,
        name: &'static str,
    ) -> Result<MigrationTable, MigrateError> {
        let there = match columns(client, name).await? {
            columns if columns.is_empty() => None,
            columns if is_ours(&columns) => Some(name),
            columns => {
                return Err(MigrateError::Foreign {
                    table: quote::identifier(name),
                    columns: columns.join(", "),
                });
            }
        };
        let there = match there {
            None if name != USUAL && is_ours(&columns(client, USUAL).await?) => Some(USUAL),
            there => there,
        };
        Ok(MigrationTable { name, there })
    }

    /// Creates it if it doesn't exist, with what the default table held. An account that may use it but not create
    /// tables needs nothing else.
    pub(super) async fn open(self, client: &impl GenericClient) -> Result<MigrationTable, Error> {
        let name = quote::identifier(self.name);
        if self.there != Some(self.name) {
            let create = format!(
                "CREATE TABLE IF NOT EXISTS {name} (
    name text PRIMARY KEY,
    hash text NOT NULL,
    adopted boolean NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"
            );
            client.batch_execute(&create).await?;
        }
        if let Some(former) = self.there.filter(|there| *there != self.name) {
            let (former, columns) = (quote::identifier(former), COLUMNS.join(", "));
            let copy = format!(
                "INSERT INTO {name} ({columns}) SELECT {columns} FROM {former} ON CONFLICT DO NOTHING"
            );
            client.batch_execute(&copy).await?;
        }
        Ok(MigrationTable {
            there: Some(self.name),
            ..self
        })
    }

    /// Hash of every applied migration, by name.
    pub(super) async fn read(
        &self,
        client: &impl GenericClient,
    ) -> Result<BTreeMap<String, String>, Error> {
        let Some(there) = self.there else {
            return Ok(BTreeMap::new());
        };
        let sql = format!("SELECT name, hash FROM {}", quote::identifier(there));
        let rows = client.query_typed(&sql, &[]).await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    /// Records an applied migration.
    pub(super) async fn record(
        &self,
        client: &impl GenericClient,
        migration: &Migration,
        adopted: bool,
    ) -> Result<(), Error> {
        let hash = digest(migration.sql);
        let parameters: [(&(dyn ToSql + Sync), Type); 3] = [
            (&migration.name, Type::TEXT),
            (&hash, Type::TEXT),
            (&adopted, Type::BOOL),
        ];
        let name = quote::identifier(self.name);
        let sql = format!("INSERT INTO {name} (name, hash, adopted) VALUES ($1, $2, $3)");
        client.execute_typed(&sql, &parameters).await?;
        Ok(())
    }
}

/// Columns of a table; none if it doesn't exist.
async fn columns(client: &impl GenericClient, table: &str) -> Result<Vec<String>, Error> {
    let quoted = quote::identifier(table);
    let parameters: [(&(dyn ToSql + Sync), Type); 1] = [(&quoted, Type::TEXT)];
    let sql = "SELECT attname::text FROM pg_attribute \
               WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let rows = client.query_typed(sql, &parameters).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

fn is_ours(columns: &[String]) -> bool {
    COLUMNS
        .iter()
        .all(|name| columns.iter().any(|column| column == name))
}

/// Hash of a migration. Line endings don't count: a checkout may have changed them.
pub(super) fn digest(sql: &str) -> String {
    let hash = Sha256::digest(sql.replace("\r\n", "\n"));
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string doesn't fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
