//! Errors of migrations of PostgreSQL.

use tokio_postgres::Error;

use super::sqlstate;
use crate::sink::StoreError;
use crate::sink::clickhouse::Difference;

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

fn lines(differences: &[Difference]) -> String {
    let lines: Vec<_> = differences.iter().map(Difference::to_string).collect();
    lines.join("\n")
}
