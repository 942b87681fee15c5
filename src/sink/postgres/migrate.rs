//! Migrations of PostgreSQL: applying them, and adopting tables that fit already.

mod migration_table;
mod touched;

pub use touched::touched;

use tokio_postgres::{Client, Error, Transaction};

use super::{Postgres, QUESTION_LIMIT, connection, schema, sqlstate};
use crate::contract::{Pipeline, Table};
use crate::sink::StoreError;
use crate::sink::clickhouse::migrate::Adopted;
use crate::sink::clickhouse::{Difference, Report};
use migration_table::{MigrationTable, digest};

/// Lock on schema changes, until the end of the transaction: instances may start concurrently.
const LOCK: &str = "SET LOCAL lock_timeout = '30s'; SELECT pg_advisory_xact_lock(hashtextextended('event-grpc schema', 0))";

/// Error of a migration.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// PostgreSQL failed.
    #[error("the state of the migrations can't be read or written: {0}")]
    Store(#[from] StoreError),
    /// A table of another tool has the name of the migration table.
    #[error(
        "table {table} belongs to another tool: it has the columns {columns}, and the migration table has name, hash, adopted and applied_at; give the migration table another name in pipeline.yaml, as in `migrations: {{ table: event_grpc_migrations }}`"
    )]
    Foreign {
        /// The table.
        table: String,
        /// Its columns.
        columns: String,
    },
    /// A migration was edited after it had been applied.
    #[error(
        "migration {0} was applied to this database with another text; restore the file as it was and put the change into a new migration"
    )]
    Changed(&'static str),
    /// A migration failed and was rolled back.
    #[error("migration {name} failed and was rolled back: {error}")]
    Failed {
        /// The migration.
        name: &'static str,
        /// Error of PostgreSQL.
        error: StoreError,
    },
    /// Tables to be adopted differ from what this build writes. Nothing was changed.
    #[error("the existing tables don't fit; nothing was changed:\n{}", lines(.0))]
    Misfit(Vec<Difference>),
}

impl From<Error> for MigrateError {
    fn from(error: Error) -> Self {
        MigrateError::Store(sqlstate::judge(&error))
    }
}

/// Applies the pending migrations in order, each in a transaction; returns their names. Those that drop stored data are left.
pub async fn apply(
    store: &Postgres,
    pipeline: &Pipeline,
) -> Result<Vec<&'static str>, MigrateError> {
    apply_named(store, pipeline, &[]).await
}

/// Applies as [`apply`] does, and those migrations that drop stored data which are named in `drops`.
pub async fn apply_named(
    store: &Postgres,
    pipeline: &Pipeline,
    drops: &[String],
) -> Result<Vec<&'static str>, MigrateError> {
    let mut connection = connection::get(store).await?;
    let client: &mut Client = &mut connection;
    let mut applied = Vec::new();
    let migrations = pipeline.postgres_migrations.iter();
    let named = |name: &str| drops.iter().any(|drop| drop == name);
    for migration in migrations.filter(|one| !one.drops_data() || named(one.name)) {
        let transaction = client.transaction().await?;
        let migration_table = open_migration_table(&transaction, pipeline).await?;
        if migration_table
            .read(&transaction)
            .await?
            .contains_key(migration.name)
        {
            // Rows copied from the default migration table stay.
            transaction.commit().await?;
            continue;
        }
        let carried_out = transaction.batch_execute(migration.sql).await;
        carried_out.map_err(|error| MigrateError::Failed {
            name: migration.name,
            error: sqlstate::judge(&error),
        })?;
        migration_table
            .record(&transaction, migration, false)
            .await?;
        transaction.commit().await?;
        tracing::info!(
            migration = migration.name,
            "A PostgreSQL migration was applied."
        );
        applied.push(migration.name);
    }
    Ok(applied)
}

/// Compares the database with the pipeline, without changes.
pub async fn check(store: &Postgres, pipeline: &Pipeline) -> Result<Report, MigrateError> {
    let tables = tables(pipeline);
    let live = store.columns(&tables, QUESTION_LIMIT).await?;
    let connection = connection::get(store).await?;
    let client: &Client = &connection;
    let migration_table = MigrationTable::find(client, pipeline.migrations_table).await?;
    let applied = migration_table.read(client).await?;
    let mut report = Report {
        differences: schema::differences(&tables, &live),
        pending: Vec::new(),
        changed: Vec::new(),
        costs: Vec::new(),
    };
    for migration in pipeline.postgres_migrations {
        match applied.get(migration.name) {
            None => report.pending.push(migration.name),
            Some(hash) if *hash != digest(migration.sql) => report.changed.push(migration.name),
            Some(_) => {}
        }
    }
    Ok(report)
}

/// Adopts tables that were created by other means: if those that exist fit, creates the missing ones in their present
/// form and records every migration as applied, all in one transaction.
pub async fn adopt(store: &Postgres, pipeline: &Pipeline) -> Result<Adopted, MigrateError> {
    let tables = tables(pipeline);
    let live = store.columns(&tables, QUESTION_LIMIT).await?;
    let differences = schema::differences(&tables, &live);
    if differences.iter().any(|d| !d.missing) {
        return Err(MigrateError::Misfit(differences));
    }
    let (created, taken): (Vec<&Table>, Vec<&Table>) = tables
        .into_iter()
        .partition(|table| differences.iter().any(|d| d.table == table.name));
    let mut connection = connection::get(store).await?;
    let client: &mut Client = &mut connection;
    let transaction = client.transaction().await?;
    let migration_table = open_migration_table(&transaction, pipeline).await?;
    let applied = migration_table.read(&transaction).await?;
    for table in &created {
        transaction.batch_execute(table.ddl).await?;
    }
    let mut recorded = Vec::new();
    for migration in pipeline.postgres_migrations {
        if !applied.contains_key(migration.name) {
            migration_table
                .record(&transaction, migration, true)
                .await?;
            recorded.push(migration.name);
        }
    }
    transaction.commit().await?;
    Ok(Adopted {
        taken: taken.iter().map(|t| t.name).collect(),
        created: created.iter().map(|t| t.name).collect(),
        recorded,
    })
}

/// Tables in PostgreSQL.
pub fn tables(pipeline: &Pipeline) -> Vec<&'static Table> {
    let all = pipeline.tables.iter().copied();
    all.filter(|table| table.upsert().is_some()).collect()
}

/// Makes sure that the migration table exists and is this tool's, and that its hashes match this build's.
async fn open_migration_table(
    transaction: &Transaction<'_>,
    pipeline: &Pipeline,
) -> Result<MigrationTable, MigrateError> {
    transaction.batch_execute(LOCK).await?;
    let migration_table = MigrationTable::find(transaction, pipeline.migrations_table).await?;
    let migration_table = migration_table.open(transaction).await?;
    for (name, hash) in migration_table.read(transaction).await? {
        let known = pipeline.postgres_migrations.iter();
        match known.into_iter().find(|m| m.name == name) {
            Some(migration) if hash != digest(migration.sql) => {
                return Err(MigrateError::Changed(migration.name));
            }
            Some(_) => {}
            None => tracing::warn!(
                migration = name,
                "The PostgreSQL database has a migration that this build doesn't know; it was applied by a newer build."
            ),
        }
    }
    Ok(migration_table)
}

fn lines(differences: &[Difference]) -> String {
    let lines: Vec<_> = differences.iter().map(Difference::to_string).collect();
    lines.join("\n")
}
