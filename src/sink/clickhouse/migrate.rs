//! Migrations of one ClickHouse database: applying them, and adopting tables that fit already.

mod cluster;
mod lock;
mod migration_table;
mod steps;
mod touched;

pub use touched::{Touched, touched};

use super::compare::{self, Difference, Report};
use super::{ClickHouse, Cluster, quote};
use crate::contract::{Migration, Pipeline, Table};
use crate::sink::{Fault, StoreError};
use migration_table::{MigrationTable, digest};
use steps::run;

/// Error of a migration.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// ClickHouse failed.
    #[error("the state of the migrations can't be read or written: {0}")]
    Store(#[from] StoreError),
    /// The database doesn't exist, as far as this account can see, and can't be created.
    #[error(
        "there is no database {database} that {user} can see, and it can't be created ({error}); create it, or grant something on it to {user}"
    )]
    NoDatabase {
        /// Its name.
        database: String,
        /// The account.
        user: String,
        /// Error of ClickHouse.
        error: StoreError,
    },
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
    /// A statement failed. Those before it have been executed, and running the migration again is safe.
    #[error("statement {number} of migration {name} failed: {error}\n{statement}")]
    Statement {
        /// The migration.
        name: &'static str,
        /// Number of the statement, from 1.
        number: usize,
        /// The statement.
        statement: String,
        /// Error of ClickHouse.
        error: StoreError,
    },
    /// Tables of a cluster are made by its migrations.
    #[error(
        "the database is spread over a cluster, whose tables aren't adopted: `event-grpc migrate` divides a table that is there \
         on one server, and makes what is missing (docs/clusters.md)"
    )]
    Cluster,
    /// Tables to be adopted differ from what this build writes. Nothing was changed.
    #[error("the existing tables don't fit; nothing was changed:\n{}", compare::lines(.0))]
    Misfit(Vec<Difference>),
}

/// Result of [`adopt`].
#[derive(Debug, PartialEq, Eq)]
pub struct Adopted {
    /// Existing tables that fit.
    pub taken: Vec<&'static str>,
    /// Missing tables that were created.
    pub created: Vec<&'static str>,
    /// Migrations that were recorded without running them.
    pub recorded: Vec<&'static str>,
}

/// Creates the database if it is missing and applies its pending migrations in order; returns their names. Instances
/// may do this concurrently: each statement is idempotent, and so is its record. Those that drop stored data are left.
pub async fn apply(
    store: &ClickHouse,
    pipeline: &Pipeline,
) -> Result<Vec<&'static str>, MigrateError> {
    apply_named(store, pipeline, Others::MayWrite, &[]).await
}

/// Others that write to the tables while they are migrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Instances may be running.
    MayWrite,
    /// There are none, as in a database that this process starts and has not used yet.
    None,
}

/// Applies as [`apply`] does, waits for nobody's inserts if there are none, and applies those migrations that drop stored
/// data which are named in `drops`.
pub async fn apply_named(
    store: &ClickHouse,
    pipeline: &Pipeline,
    others: Others,
    drops: &[String],
) -> Result<Vec<&'static str>, MigrateError> {
    if let Some(cluster) = Cluster::of(store, pipeline) {
        return cluster::apply(&cluster, pipeline, others, drops).await;
    }
    let (migration_table, mut pending) = open_migration_table(store, pipeline).await?;
    pending.retain(|migration| {
        !migration.drops_data() || drops.iter().any(|drop| drop == migration.name)
    });
    for migration in &pending {
        for cost in steps::costs(store, migration).await? {
            tracing::info!(migration = migration.name, cost, "A migration copies rows.");
        }
        let targets = steps::Targets {
            here: store,
            hosts: &[],
        };
        steps::run_all(&targets, &migration_table, migration, others).await?;
        run(store, &migration_table.entry(store, migration, false)).await?;
        tracing::info!(migration = migration.name, "A migration was applied.");
    }
    Ok(pending.iter().map(|m| m.name).collect())
}

/// Compares the database with the pipeline, without changes.
pub async fn check(store: &ClickHouse, pipeline: &Pipeline) -> Result<Report, MigrateError> {
    let tables = store.tables(pipeline);
    let (applied, differences) = match Cluster::of(store, pipeline) {
        None => {
            let table = MigrationTable::find(store, pipeline.migrations_table).await?;
            let applied = table.read(store).await?;
            (applied, compare::differences(store, &tables).await?)
        }
        Some(cluster) => {
            let hosts = cluster::hosts(&cluster).await?;
            let applied = cluster::applied(&hosts, pipeline).await?;
            let differences = cluster::differences(&cluster, &hosts, &tables).await?;
            (applied, differences)
        }
    };
    let mut report = Report {
        differences,
        pending: Vec::new(),
        changed: Vec::new(),
        costs: Vec::new(),
    };
    for migration in store.migrations(pipeline) {
        match applied.get(migration.name) {
            None => {
                report.pending.push(migration.name);
                let costs = steps::costs(store, migration).await?;
                report
                    .costs
                    .extend(costs.into_iter().map(|cost| (migration.name, cost)));
            }
            Some(hash) if *hash != digest(migration.sql) => report.changed.push(migration.name),
            Some(_) => {}
        }
    }
    Ok(report)
}

/// Adopts tables that were created by other means: if those that exist fit, creates the missing ones in their present
/// form and records every migration as applied.
pub async fn adopt(store: &ClickHouse, pipeline: &Pipeline) -> Result<Adopted, MigrateError> {
    if Cluster::of(store, pipeline).is_some() {
        return Err(MigrateError::Cluster);
    }
    let tables = store.tables(pipeline);
    let (missing, differences): (Vec<_>, Vec<_>) = compare::differences(store, &tables)
        .await?
        .into_iter()
        .partition(|d| d.missing);
    if differences.iter().any(|d| !d.harmless) {
        return Err(MigrateError::Misfit(differences));
    }
    let (migration_table, pending) = open_migration_table(store, pipeline).await?;
    let (created, taken): (Vec<&Table>, Vec<&Table>) = tables
        .into_iter()
        .partition(|table| missing.iter().any(|d| d.table == table.name));
    for table in &created {
        run(store, table.ddl).await?;
    }
    let pending: Vec<_> = pending.into_iter().filter(|m| !m.drops_data()).collect();
    for migration in &pending {
        run(store, &migration_table.entry(store, migration, true)).await?;
    }
    Ok(Adopted {
        taken: taken.iter().map(|t| t.name).collect(),
        created: created.iter().map(|t| t.name).collect(),
        recorded: pending.iter().map(|m| m.name).collect(),
    })
}

/// Makes sure that the database and the migration table exist, and returns the pending migrations. Existing ones are
/// not created again: the account may lack the right to.
async fn open_migration_table(
    store: &ClickHouse,
    pipeline: &Pipeline,
) -> Result<(MigrationTable, Vec<&'static Migration>), MigrateError> {
    open_database(store).await?;
    let migration_table = MigrationTable::find(store, pipeline.migrations_table).await?;
    let applied = migration_table.read(store).await?;
    for statement in migration_table.statements(store) {
        run(store, &statement).await?;
    }
    let migrations = store.migrations(pipeline);
    for name in applied.keys() {
        let is_of = |m: &Migration| {
            name.strip_prefix(m.name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        if !migrations.iter().any(is_of) {
            tracing::warn!(
                migration = name,
                "The database has a migration that this build doesn't know; it was applied by a newer build."
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
    Ok((migration_table, pending))
}

/// Creates the database if it doesn't exist.
async fn open_database(store: &ClickHouse) -> Result<(), MigrateError> {
    let address = store.address();
    let name = quote::text(address.database());
    let sql = format!("SELECT name FROM system.databases WHERE name = {name}");
    if !store.rows::<String>(&sql).await?.is_empty() {
        return Ok(());
    }
    let database = quote::identifier(address.database());
    let made = store
        .run(None, &format!("CREATE DATABASE IF NOT EXISTS {database}"))
        .await;
    made.map_err(|error| match error.fault {
        Fault::Destination if error.code.is_some() => MigrateError::NoDatabase {
            database,
            user: address.user().to_owned(),
            error,
        },
        _ => MigrateError::Store(error),
    })
}
