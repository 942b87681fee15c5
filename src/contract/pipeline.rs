//! The pipeline as constant tables: what `generated/` fills in and the server runs.

use super::database::Database;
use super::exchange::Exchange;
use super::migration::Migration;
use super::queue::Queue;
use super::request::Request;
use super::retired::Retired;
use super::schema::{Schema, Schemas};
use super::source::Source;
use super::table::Table;

/// Everything that `pipeline.yaml` and `proto/` say, resolved and checked.
#[derive(Debug)]
pub struct Pipeline {
    /// Changes when a message, a route or a transform does, and then only. Messages name it, and so do dead letters.
    pub fingerprint: &'static str,
    /// The fingerprints of this build and of its ancestors, the last word of a line each, in the order of time.
    pub schemas: &'static str,
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
    /// What was declared before and may still be on servers.
    pub retired: Retired,
    /// Fields that are masked where operators look at events: names, and paths whose last names count.
    pub personal: &'static [&'static str],
}

impl Pipeline {
    /// Schema of the messages that are made under these declarations; none if the fingerprint is none.
    pub fn schema(&self) -> Option<Schema> {
        Schema::parse(self.fingerprint)
    }

    /// Schemas that it knows: its own and those of its ancestors.
    pub fn known_schemas(&self) -> Schemas {
        Schemas::new(self.fingerprint, self.schemas)
    }
}
