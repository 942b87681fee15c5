//! The book of a database: which migrations were applied to it, in a table beside the others.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::migrate::MigrateError;
use super::{ClickHouse, quote};
use crate::contract::Migration;
use crate::sink::StoreError;

/// What the book is called where `pipeline.yaml` says nothing else.
pub(super) const USUAL: &str = "schema_migrations";

/// Its columns, by which it is told from the table of another tool.
const COLUMNS: [&str; 4] = ["name", "hash", "adopted", "applied_at"];

/// A database's book as it was found.
#[derive(Debug)]
pub(super) struct Book {
    name: &'static str,
    /// The table that holds it; none if there is none yet. It has the usual name if the book was there before it was
    /// given another one.
    there: Option<&'static str>,
}

impl Book {
    /// Looks for the book of this name. A table of somebody else in its place is an error.
    pub(super) async fn find(store: &ClickHouse, name: &'static str) -> Result<Book, MigrateError> {
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
        Ok(Book { name, there })
    }

    /// The statements that make it, with what it held under the usual name. Each can be repeated.
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

    /// The hash of every migration that was applied, by name.
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

    /// The statement that writes down that a migration was applied.
    pub(super) fn entry(&self, store: &ClickHouse, migration: &Migration, adopted: bool) -> String {
        let table = quote::table(store.address().database(), self.name);
        let name = quote::text(migration.name);
        let hash = quote::text(&digest(migration.sql));
        format!(
            "INSERT INTO {table} (name, hash, adopted) SETTINGS async_insert = 0 VALUES ({name}, {hash}, {adopted})"
        )
    }
}

/// The columns of a table of this database; none if it isn't there.
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

/// Line ends don't count: a checkout may have changed them.
pub(super) fn digest(sql: &str) -> String {
    let hash = Sha256::digest(sql.replace("\r\n", "\n"));
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string doesn't fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
