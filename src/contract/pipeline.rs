//! The pipeline as constant tables: what `generated/` fills in and the server runs.

use super::exchange::Exchange;
use super::migration::Migration;
use super::queue::Queue;
use super::request::Request;
use super::source::Source;
use super::storage::Database;
use super::table::Table;

/// Everything that `pipeline.yaml` and `proto/` say, resolved and checked.
#[derive(Debug)]
pub struct Pipeline {
    /// Changes when a message, a route or a table does; sent along with dead letters.
    pub fingerprint: &'static str,
    /// The compiled `FileDescriptorSet`, for reflection and proto3 JSON.
    pub descriptors: &'static [u8],
    /// Sources of events.
    pub sources: &'static [Source],
    /// Exchanges, declared and derived.
    pub exchanges: &'static [Exchange],
    /// Queues, declared and derived.
    pub queues: &'static [Queue],
    /// Destination tables.
    pub tables: &'static [&'static Table],
    /// HTTP APIs that messages are forwarded to.
    pub requests: &'static [&'static Request],
    /// The ClickHouse databases beside the usual one, which the server's URL names.
    pub databases: &'static [&'static Database],
    /// The migrations of the usual ClickHouse database, in the order in which they apply.
    pub migrations: &'static [Migration],
    /// The PostgreSQL migrations, in the order in which they apply.
    pub postgres_migrations: &'static [Migration],
    /// The table in which each database remembers which migrations were applied to it.
    pub migrations_table: &'static str,
    /// The exchange (fanout) that gets what no binding matches.
    pub unrouted: &'static str,
}
