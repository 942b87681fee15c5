//! Lock of the migrations of a cluster: a table at one host, which only one migration can create. A migration that ends
//! without removing it is known by its silence.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::MigrateError;
use crate::sink::StoreError;
use crate::sink::clickhouse::{ClickHouse, quote};

/// Interval of the signs of life.
const BEAT: Duration = Duration::from_secs(10);

/// Silence after which the migration that made the lock has ended, and after which it gives up itself.
const STALE_SECONDS: u64 = 90;
const LOST: Duration = Duration::from_secs(60);

/// Interval at which a migration that waits looks again.
const AGAIN: Duration = Duration::from_secs(1);

/// ClickHouse: the table exists.
const EXISTS: i32 = 57;

/// Lock that is held.
pub(super) struct Lock {
    store: ClickHouse,
    table: String,
}

impl Lock {
    /// Waits until no other migration is under way at this host.
    pub(super) async fn take(store: &ClickHouse, migrations: &str) -> Result<Self, StoreError> {
        let name = format!("{migrations}_lock");
        let table = quote::table(store.address().database(), &name);
        let create = format!(
            "CREATE TABLE {table} (`at` DateTime64(3, 'UTC') DEFAULT now64(3)) ENGINE = MergeTree ORDER BY at COMMENT 'A \
             migration is under way'"
        );
        let mut told = false;
        loop {
            match store.run(None, &create).await {
                Ok(()) => break,
                Err(error) if error.code == Some(EXISTS) => {}
                Err(error) => return Err(error),
            }
            if !std::mem::replace(&mut told, true) {
                tracing::info!(
                    table,
                    "Another migration is under way; this one waits for it."
                );
            }
            if silent(store, &name, &table).await? >= STALE_SECONDS {
                tracing::warn!(table, "A migration ended without a word; this one goes on.");
                // One of those that wait for it gets it; the others find another one there.
                let gone = quote::table(
                    store.address().database(),
                    &format!("{name}_{}", Uuid::now_v7().simple()),
                );
                if store
                    .run(None, &format!("RENAME TABLE {table} TO {gone}"))
                    .await
                    .is_ok()
                {
                    store
                        .run(None, &format!("DROP TABLE IF EXISTS {gone}"))
                        .await?;
                }
            }
            sleep(AGAIN).await;
        }
        let lock = Lock {
            store: store.clone(),
            table,
        };
        lock.beat().await?;
        Ok(lock)
    }

    /// Does the work while it gives signs of life, and then removes the lock.
    pub(super) async fn hold<T>(
        self,
        work: impl Future<Output = Result<T, MigrateError>>,
    ) -> Result<T, MigrateError> {
        let done = tokio::select! {
            done = work => done,
            lost = self.live() => Err(MigrateError::Store(lost)),
        };
        let drop = format!("DROP TABLE IF EXISTS {} SYNC", self.table);
        if let Err(error) = self.store.run(None, &drop).await {
            tracing::warn!(table = self.table, %error, "The lock of the migrations could not be removed; it is taken for left \
                behind in a while.");
        }
        done
    }

    async fn beat(&self) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO {} SETTINGS async_insert = 0 VALUES (now64(3))",
            self.table
        );
        self.store.run(None, &sql).await
    }

    /// Gives signs of life until that has failed for too long.
    async fn live(&self) -> StoreError {
        let mut last = Instant::now();
        loop {
            sleep(BEAT).await;
            match self.beat().await {
                Ok(()) => last = Instant::now(),
                Err(error) if last.elapsed() >= LOST => return error,
                Err(_) => {}
            }
        }
    }
}

/// Seconds since the last sign of life of whoever holds the lock.
async fn silent(store: &ClickHouse, name: &str, table: &str) -> Result<u64, StoreError> {
    let (database, name) = (quote::text(store.address().database()), quote::text(name));
    let made = format!(
        "SELECT toUInt64(greatest(0, dateDiff('second', metadata_modification_time, now()))) FROM system.tables WHERE \
         database = {database} AND name = {name}"
    );
    let Some(made) = store.rows::<u64>(&made).await?.into_iter().next() else {
        return Ok(0);
    };
    let beat = format!(
        "SELECT toUInt64(greatest(0, dateDiff('second', max(at), now64(3)))) FROM {table} HAVING count() > 0"
    );
    match store.rows::<u64>(&beat).await {
        Ok(beats) => Ok(beats.into_iter().next().unwrap_or(made)),
        // It was removed meanwhile.
        Err(error) if error.code.is_some() => Ok(0),
        Err(error) => Err(error),
    }
}
