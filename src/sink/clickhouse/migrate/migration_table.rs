//! Migration table of a database: records which migrations were applied to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::super::{ClickHouse, quote};
use super::MigrateError;
use crate::contract::Migration;
use crate::sink::StoreError;

/// Default name of the migration table.
pub(super) const USUAL: &str = "schema_migrations";

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
        store: &ClickHouse,
        name: &'static str,
    ) -> Result<MigrationTable, MigrateError> {
        let there = match columns(store, name).await? {
            columns if columns.is_empty() => None,
            columns if is_ours(&columns) => Some(name),
            columns => {
                return Err(MigrateError::Foreign {
                    table: quote::table(store.address().database(), name),
                    columns: columns.join(", "),
                });
            }
        };
        let there = match there {
            None if name != USUAL && is_ours(&columns(store, USUAL).await?) => Some(USUAL),
            there => there,
        };
        Ok(MigrationTable { name, there })
    }

    /// Statements that create it and copy what the default table held. Each can be repeated.
    pub(super) fn statements(&self, store: &ClickHouse) -> Vec<String> {
        if self.there == Some(self.name) {
            return Vec::new();
        }
        let name = quote::identifier(self.name);
        let mut statements = vec![format!(
            "CREATE TABLE IF NOT EXISTS {name} (
    `name` String COMMENT 'File name of the migration',
    `hash` String COMMENT 'SHA-256 of its text, in hexadecimal',
    `adopted` Bool COMMENT 'Recorded without running it, because the tables were there',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(applied_at) ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
        )];
        if let Some(former) = self.there {
            let database = store.address().database();
            let (to, from) = (
                quote::table(database, self.name),
                quote::table(database, former),
            );
            let columns = COLUMNS.join(", ");
            statements.push(format!(
                "INSERT INTO {to} ({columns}) SETTINGS async_insert = 0 SELECT {columns} FROM {from} FINAL"
            ));
        }
        statements
    }

    /// Hash of every applied migration, by name.
    pub(super) async fn read(
        &self,
        store: &ClickHouse,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let Some(there) = self.there else {
            return Ok(BTreeMap::new());
        };
        let table = quote::table(store.address().database(), there);
        let rows = store
            .rows::<(String, String)>(&format!("SELECT name, hash FROM {table} FINAL"))
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// Statement that records an applied migration.
    pub(super) fn entry(&self, store: &ClickHouse, migration: &Migration, adopted: bool) -> String {
        self.record(store, migration.name, &digest(migration.sql), adopted)
    }

    /// Statement that records a migration, or a part of one.
    pub(super) fn record(
        &self,
        store: &ClickHouse,
        name: &str,
        hash: &str,
        adopted: bool,
    ) -> String {
        let table = quote::table(store.address().database(), self.name);
        let (name, hash) = (quote::text(name), quote::text(hash));
        format!(
            "INSERT INTO {table} (name, hash, adopted) SETTINGS async_insert = 0 VALUES ({name}, {hash}, {adopted})"
        )
    }
}

/// Columns of a table of this database; none if it doesn't exist.
async fn columns(store: &ClickHouse, table: &str) -> Result<Vec<String>, StoreError> {
    let (database, table) = (quote::text(store.address().database()), quote::text(table));
    let sql = format!(
        "SELECT name FROM system.columns WHERE database = {database} AND table = {table} ORDER BY position"
    );
    store.rows(&sql).await
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
