//! Parts and merges of the tables, asked for at intervals, for metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::{ClickHouse, Cluster, quote};
use crate::contract::{Pipeline, Table};
use crate::metrics::stores;
use crate::sink::StoreError;
use crate::sink::health::TIME_LIMIT;

/// Interval of the questions.
const EVERY: Duration = Duration::from_secs(15);

/// Tables of one database, with the names that metrics have for them.
pub struct Asked {
    server: &'static str,
    place: Place,
    tables: Vec<(&'static Table, &'static str)>,
}

/// Where they are.
enum Place {
    Database(Box<ClickHouse>),
    Shard(Box<Cluster>, usize),
}

/// Tables of a database that is on one server.
pub fn of_database(server: &'static str, store: &ClickHouse, pipeline: &Pipeline) -> Asked {
    let tables = store.tables(pipeline).into_iter();
    let whole = tables.filter(|table| table.sharding().is_none());
    Asked {
        server,
        place: Place::Database(Box::new(store.clone())),
        tables: whole.map(|table| (table, table.name)).collect(),
    }
}

/// Parts of the tables of a cluster that are in one of its shards.
pub fn of_shard(cluster: Cluster, shard: usize, pipeline: &Pipeline) -> Asked {
    let tables = cluster.main().tables(pipeline).into_iter();
    let part = |table: &'static Table| Some((table, *table.sharding()?.shards.get(shard)?));
    let declared = cluster.declared();
    Asked {
        server: declared.shards.get(shard).copied().unwrap_or(declared.name),
        tables: tables.filter_map(part).collect(),
        place: Place::Shard(Box::new(cluster), shard),
    }
}

/// Asks until `stop`. While there is no answer the figures stay as they were; the health of the server tells of an outage.
pub async fn watch(asked: Asked, stop: CancellationToken) {
    if asked.tables.is_empty() {
        return;
    }
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = false;
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let asking = timeout(TIME_LIMIT, asked.ask());
        let Some(answer) = stop.run_until_cancelled(asking).await else {
            return;
        };
        let server = asked.server;
        match answer {
            Ok(Ok(())) => told = false,
            // It answers, and refuses to tell.
            Ok(Err(error)) if error.code.is_some() && !told => {
                told = true;
                tracing::warn!(server, %error, "ClickHouse doesn't tell parts and merges; its account should have SELECT on system.parts, system.merges and system.disks.");
            }
            Ok(Err(error)) => tracing::debug!(server, %error, "ClickHouse doesn't tell parts."),
            Err(_) => tracing::debug!(server, "ClickHouse doesn't tell parts in time."),
        }
    }
}

impl Asked {
    async fn ask(&self) -> Result<(), StoreError> {
        match &self.place {
            Place::Database(store) => self.tell(store).await,
            Place::Shard(cluster, shard) => {
                let mut replicas = cluster.replicas(*shard).await?.into_iter();
                match replicas.next() {
                    Some(replica) => self.tell(&replica).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn tell(&self, store: &ClickHouse) -> Result<(), StoreError> {
        let tables: Vec<_> = (self.tables.iter())
            .map(|(table, name)| (store.stored(table), *name))
            .collect();
        let database = quote::text(store.address().database());
        let names = quote::texts(tables.iter().map(|(stored, _)| stored.as_ref()));
        let those = format!("database = {database} AND table IN {names}");
        let parts: Vec<(String, u64, u64, u64)> = store
            .rows(&format!(
                "SELECT table, toUInt64(sum(parts)), toUInt64(max(parts)), toUInt64(sum(bytes)) FROM (SELECT table, \
                 partition_id, count() AS parts, sum(bytes_on_disk) AS bytes FROM system.parts WHERE active AND {those} \
                 GROUP BY table, partition_id) GROUP BY table"
            ))
            .await?;
        let parts: BTreeMap<String, (u64, u64, u64)> = parts
            .into_iter()
            .map(|(table, parts, most, bytes)| (table, (parts, most, bytes)))
            .collect();
        for (stored, name) in &tables {
            let (count, most, bytes) = parts.get(stored.as_ref()).copied().unwrap_or_default();
            stores::PARTS.with([*name]).set(count as f64);
            stores::PARTITION_PARTS.with([*name]).set(most as f64);
            stores::TABLE_BYTES.with([*name]).set(bytes as f64);
        }
        let (used, limit) = (store.room.used(), store.room.bytes());
        for (state, bytes) in [("used", used), ("limit", limit)] {
            let budget = stores::INSERT_BUDGET.with([self.server, state]);
            budget.set(bytes as f64);
        }
        let free: Vec<f64> = store
            .rows("SELECT toFloat64(min(free_space / total_space)) FROM system.disks WHERE total_space > 0")
            .await?;
        if let Some(free) = free.first().filter(|free| free.is_finite()) {
            stores::DISK_FREE.with([self.server]).set(*free);
        }
        let merges: Vec<(String, u64)> = store
            .rows(&format!(
                "SELECT table, toUInt64(count()) FROM system.merges WHERE {those} GROUP BY table"
            ))
            .await?;
        let merges: BTreeMap<String, u64> = merges.into_iter().collect();
        for (stored, name) in &tables {
            let count = merges.get(stored.as_ref()).copied().unwrap_or_default();
            stores::MERGES.with([*name]).set(count as f64);
        }
        Ok(())
    }
}
