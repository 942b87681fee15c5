//! Lock of the migrations of a cluster: a table at one host, which only one migration can create. A migration that ends
//! without removing it is known by its silence.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::MigrateError;
use crate::sink::StoreError;
use crate::sink::clickhouse::{ClickHouse, quote};

/// Interval of the signs of life, and how long one may take: a server that hangs gives none.
const BEAT: Duration = Duration::from_secs(10);

/// Silence after which the migration that made the lock has ended, and after which it gives up itself. Between the two are an
/// interval and a sign of life that fails.
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
            // Others count from when it was made.
            match store.run_within(None, &create, LOST).await {
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
            if let Some((uuid, seconds)) = silent(store, &name, &table).await?
                && seconds >= STALE_SECONDS
            {
                tracing::warn!(table, "A migration ended without a word; this one goes on.");
                remove(store, &name, &table, &uuid).await?;
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
        self.store.run_within(None, &sql, BEAT).await
    }

    /// Gives signs of life until that has failed for too long.
    async fn live(&self) -> StoreError {
        let mut last = Instant::now();
        loop {
            sleep(BEAT).await;
            let began = Instant::now();
            match self.beat().await {
                Ok(()) => last = began,
                Err(error) if last.elapsed() >= LOST => return error,
                Err(_) => {}
            }
        }
    }
}

/// Removes a lock that was left. One of those that wait renames it, and drops it; the others find none, or a new one.
async fn remove(store: &ClickHouse, name: &str, table: &str, uuid: &str) -> Result<(), StoreError> {
    let gone = format!("{name}_{}", Uuid::now_v7().simple());
    let away = quote::table(store.address().database(), &gone);
    let rename = |from: &str, to: &str| format!("RENAME TABLE {from} TO {to}");
    if store.run(None, &rename(table, &away)).await.is_err() {
        return Ok(());
    }
    match about(store, &gone).await? {
        // Another one was faster, and made a new lock, which this one has taken away from it.
        Some((renamed, _)) if renamed != uuid => store.run(None, &rename(&away, table)).await,
        _ => {
            let drop = format!("DROP TABLE IF EXISTS {away}");
            store.run(None, &drop).await
        }
    }
}

/// The lock that is there, and the seconds since the last sign of life of whoever holds it.
async fn silent(
    store: &ClickHouse,
    name: &str,
    table: &str,
) -> Result<Option<(String, u64)>, StoreError> {
    let Some((uuid, made)) = about(store, name).await? else {
        return Ok(None);
    };
    let beat = format!(
        "SELECT toUInt64(greatest(0, dateDiff('second', max(at), now64(3)))) FROM {table} HAVING count() > 0"
    );
    match store.rows::<u64>(&beat).await {
        Ok(beats) => Ok(Some((uuid, beats.into_iter().next().unwrap_or(made)))),
        // It was removed meanwhile.
        Err(error) if error.code.is_some() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Which table it is, and the seconds since it was made; none if it isn't there.
async fn about(store: &ClickHouse, name: &str) -> Result<Option<(String, u64)>, StoreError> {
    let (database, name) = (quote::text(store.address().database()), quote::text(name));
    let sql = format!(
        "SELECT toString(uuid), toUInt64(greatest(0, dateDiff('second', metadata_modification_time, now()))) FROM \
         system.tables WHERE database = {database} AND name = {name}"
    );
    let found = store.rows::<(String, u64)>(&sql).await?;
    Ok(found.into_iter().next())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::sink::clickhouse::Address;

    #[tokio::test(start_paused = true)]
    async fn a_migration_whose_server_hangs_gives_up_before_another_takes_its_lock() {
        // It accepts connections, and never answers.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/events", silent.local_addr().unwrap());
        let lock = Lock {
            store: ClickHouse::new(Address::parse(&url).unwrap()).unwrap(),
            table: "events.lock".to_owned(),
        };
        let began = Instant::now();
        lock.live().await;
        assert!(began.elapsed() >= LOST);
        assert!(began.elapsed() < Duration::from_secs(STALE_SECONDS));
    }
}
