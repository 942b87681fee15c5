//! Migrations: bringing the tables of one database to the form that this build writes, and taking over tables that have it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use sha2::{Digest as _, Sha256};

use super::compare::{self, Difference, Report};
use super::{ClickHouse, exception, quote, statements};
use crate::contract::{Migration, Pipeline, Table};
use crate::sink::StoreError;

/// Remembers what was applied, in the database that it was applied to.
const BOOK: &str = "schema_migrations";

const BOOK_DDL: &str = "\
CREATE TABLE IF NOT EXISTS `schema_migrations` (
    `name` String COMMENT 'File name of the migration',
    `hash` String COMMENT 'SHA-256 of its text, in hexadecimal',
    `adopted` Bool COMMENT 'Recorded without running it, because the tables were there',
    `applied_at` DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree(applied_at) ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1";

/// What stops a migration.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// ClickHouse could not be asked.
    #[error("the state of the migrations can't be read or written: {0}")]
    Store(#[from] StoreError),
    /// A file was edited after it had been applied.
    #[error(
        "migration {0} was applied to this database with another text; restore the file as it was and put the change into a new migration"
    )]
    Changed(&'static str),
    /// A statement failed. Those before it have been carried out, and running the migration again is safe.
    #[error("statement {number} of migration {name} failed: {error}\n{statement}")]
    Statement {
        /// The migration.
        name: &'static str,
        /// Which of its statements, from 1.
        number: usize,
        /// The statement.
        statement: String,
        /// What ClickHouse says.
        error: StoreError,
    },
    /// Tables that are to be taken over differ from what this build writes. Nothing was changed.
    #[error("the existing tables don't fit; nothing was changed:\n{}", compare::lines(.0))]
    Misfit(Vec<Difference>),
}

/// What [`adopt`] did.
#[derive(Debug, PartialEq, Eq)]
pub struct Adopted {
    /// The tables that were there and fit.
    pub taken: Vec<&'static str>,
    /// The tables that were missing and have been created.
    pub created: Vec<&'static str>,
    /// The migrations that were recorded without running them.
    pub recorded: Vec<&'static str>,
}

/// Creates the database if it is missing and runs every migration of its own that it hasn't seen, in their order;
/// returns their names. Instances may do this at the same time: each statement can be repeated, and so can its record.
pub async fn apply(
    store: &ClickHouse,
    pipeline: &Pipeline,
) -> Result<Vec<&'static str>, MigrateError> {
    let pending = open_book(store, store.migrations(pipeline)).await?;
    for migration in &pending {
        for (number, statement) in (1..).zip(statements::split(migration.sql)) {
            run(store, &statement)
                .await
                .map_err(|error| MigrateError::Statement {
                    name: migration.name,
                    number,
                    statement,
                    error,
                })?;
        }
        record(store, migration, false).await?;
        tracing::info!(migration = migration.name, "A migration was applied.");
    }
    Ok(pending.iter().map(|m| m.name).collect())
}

/// Compares the database with the pipeline, changing nothing.
pub async fn check(store: &ClickHouse, pipeline: &Pipeline) -> Result<Report, MigrateError> {
    let applied = read_book(store).await?;
    let differences = compare::differences(store, &store.tables(pipeline)).await?;
    let mut report = Report {
        differences,
        pending: Vec::new(),
        changed: Vec::new(),
    };
    for migration in store.migrations(pipeline) {
        match applied.get(migration.name) {
            None => report.pending.push(migration.name),
            Some(hash) if *hash != digest(migration.sql) => report.changed.push(migration.name),
            Some(_) => {}
        }
    }
    Ok(report)
}

/// Takes over tables that were made by other means: if those that exist fit, creates the missing ones in their
/// present form and records every migration as applied.
pub async fn adopt(store: &ClickHouse, pipeline: &Pipeline) -> Result<Adopted, MigrateError> {
    let tables = store.tables(pipeline);
    let (missing, differences): (Vec<_>, Vec<_>) = compare::differences(store, &tables)
        .await?
        .into_iter()
        .partition(|d| d.missing);
    if differences.iter().any(|d| !d.harmless) {
        return Err(MigrateError::Misfit(differences));
    }
    let pending = open_book(store, store.migrations(pipeline)).await?;
    let (created, taken): (Vec<&Table>, Vec<&Table>) = tables
        .into_iter()
        .partition(|table| missing.iter().any(|d| d.table == table.name));
    for table in &created {
        run(store, table.ddl).await?;
    }
    for migration in &pending {
        record(store, migration, true).await?;
    }
    Ok(Adopted {
        taken: taken.iter().map(|t| t.name).collect(),
        created: created.iter().map(|t| t.name).collect(),
        recorded: pending.iter().map(|m| m.name).collect(),
    })
}

/// Makes sure that there is a book, and returns the migrations that aren't in it.
async fn open_book(
    store: &ClickHouse,
    migrations: &'static [Migration],
) -> Result<Vec<&'static Migration>, MigrateError> {
    let database = quote::identifier(store.address().database());
    store
        .run(None, &format!("CREATE DATABASE IF NOT EXISTS {database}"))
        .await?;
    run(store, BOOK_DDL).await?;
    let applied = read_book(store).await?;
    for name in applied.keys() {
        if !migrations.iter().any(|m| m.name == name) {
            tracing::warn!(
                migration = name,
                "The database has a migration that this build doesn't know; a newer one is or was at work."
            );
        }
    }
    let mut pending = Vec::new();
    for migration in migrations {
        match applied.get(migration.name) {
            None => pending.push(migration),
            Some(hash) if *hash != digest(migration.sql) => {
                return Err(MigrateError::Changed(migration.name));
            }
            Some(_) => {}
        }
    }
    Ok(pending)
}

/// The hash of every migration that was applied, by name. Without database or book there are none.
async fn read_book(store: &ClickHouse) -> Result<BTreeMap<String, String>, StoreError> {
    let book = quote::table(store.address().database(), BOOK);
    let rows = store
        .rows::<(String, String)>(&format!("SELECT name, hash FROM {book} FINAL"))
        .await;
    match rows {
        Ok(rows) => Ok(rows.into_iter().collect()),
        Err(error) if exception::is_missing(&error) => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

async fn record(
    store: &ClickHouse,
    migration: &Migration,
    adopted: bool,
) -> Result<(), StoreError> {
    let book = quote::table(store.address().database(), BOOK);
    let name = quote::text(migration.name);
    let hash = quote::text(&digest(migration.sql));
    let statement = format!(
        "INSERT INTO {book} (name, hash, adopted) SETTINGS async_insert = 0 VALUES ({name}, {hash}, {adopted})"
    );
    run(store, &statement).await
}

/// Runs a statement that may be repeated. Two that change one table at once get in each other's way, and an answer
/// may be lost: both pass.
async fn run(store: &ClickHouse, statement: &str) -> Result<(), StoreError> {
    let database = store.address().database();
    let attempt = || store.run(Some(database), statement);
    attempt
        .retry(
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(100))
                .with_max_times(5)
                .with_jitter(),
        )
        .when(|error| error.fault.may_pass())
        .await
}

/// Line ends don't count: a checkout may have changed them.
fn digest(sql: &str) -> String {
    let hash = Sha256::digest(sql.replace("\r\n", "\n"));
    hash.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string doesn't fail.
        write!(text, "{byte:02x}").ok();
        text
    })
}
