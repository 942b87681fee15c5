//! Stores at start: connected, given to the workers, watched. Nothing else of the assembly knows which stores there are.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Config, clickhouse, postgresql};
use crate::contract::{Pipeline, Storage};
use crate::sink::clickhouse::{self as clickhouse_sink, Cluster, Databases, parts};
use crate::sink::health::HealthReporter;
use crate::sink::postgres::{self as postgres_sink, Postgres};
use crate::sink::{Store, Stores};

/// The configured stores, connected.
pub(super) struct Connected {
    databases: Databases,
    postgres: Option<Postgres>,
}

impl Connected {
    /// Connects to the configured stores and checks their schemas; a strict start fails if they don't fit. The embedded
    /// engine runs among `tasks` until `stop`.
    pub(super) async fn start(
        config: &Config,
        pipeline: &'static Pipeline,
        stop: &CancellationToken,
        tasks: &mut JoinSet<()>,
    ) -> anyhow::Result<Self> {
        Ok(Connected {
            databases: clickhouse::start(config, pipeline, stop, tasks).await?,
            postgres: postgresql::connect(config, pipeline).await?,
        })
    }

    /// The ClickHouse databases.
    pub(super) fn databases(&self) -> &Databases {
        &self.databases
    }

    /// The store of each table; tables whose store isn't configured have none.
    pub(super) fn of_tables(&self, pipeline: &'static Pipeline) -> Stores {
        Stores::new(pipeline.tables, |table| -> Option<Arc<dyn Store>> {
            match table.storage {
                Storage::ClickHouse(_) | Storage::Cluster(_) => {
                    Some(Arc::new(self.databases.of(table)?.clone()))
                }
                Storage::Postgres(_) => Some(Arc::new(self.postgres.clone()?)),
            }
        })
        .with_shards(pipeline.tables, |table| {
            let cluster = self.databases.cluster_of(table);
            cluster.map_or_else(Vec::new, Cluster::stores)
        })
    }

    /// Watches the servers and their tables among `tasks` until `stop`.
    pub(super) fn watch(
        &self,
        pipeline: &'static Pipeline,
        told: &HealthReporter,
        tasks: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) {
        for server in clickhouse_sink::health::servers(&self.databases, pipeline) {
            let (told, stop) = (told.clone(), stop.clone());
            tasks.spawn(clickhouse_sink::health::watch(server, told, stop));
        }
        for (server, store) in self.databases.all() {
            let asked = parts::of_database(server, store, pipeline);
            tasks.spawn(parts::watch(asked, stop.clone()));
        }
        for cluster in self.databases.clusters() {
            for shard in 0..cluster.shards() {
                let asked = parts::of_shard(cluster.clone(), shard, pipeline);
                tasks.spawn(parts::watch(asked, stop.clone()));
                let (told, stop) = (told.clone(), stop.clone());
                let watch = clickhouse_sink::health::watch_shard(
                    cluster.clone(),
                    shard,
                    pipeline,
                    told,
                    stop,
                );
                tasks.spawn(watch);
            }
        }
        if let Some(postgres) = self.postgres.clone() {
            let tables = postgres_sink::migrate::tables(pipeline);
            let (told, stop) = (told.clone(), stop.clone());
            tasks.spawn(postgres_sink::health::watch(postgres, tables, told, stop));
        }
    }
}

/// Why the queues of a table are disabled whose store isn't configured.
pub(super) fn reason(storage: Storage) -> &'static str {
    match storage {
        Storage::ClickHouse(_) | Storage::Cluster(_) => {
            "no ClickHouse server is configured for its table"
        }
        Storage::Postgres(_) => "no --postgres-url (EVENT_GRPC_POSTGRES_URL) is given",
    }
}
