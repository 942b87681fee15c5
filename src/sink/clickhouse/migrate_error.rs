//! Errors of migrations of ClickHouse.

use super::compare::{self, Difference};
use crate::sink::StoreError;

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
        /// What ClickHouse says.
        error: StoreError,
    },
    /// Tables to be adopted differ from what this build writes. Nothing was changed.
    #[error("the existing tables don't fit; nothing was changed:\n{}", compare::lines(.0))]
    Misfit(Vec<Difference>),
}
