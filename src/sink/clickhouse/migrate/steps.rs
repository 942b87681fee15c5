//! Carries out the statements of a migration: under their conditions, partition by partition, and again after an
//! interruption.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};

use super::migration_table::{MigrationTable, digest};
use super::{MigrateError, Others};
use crate::contract::Migration;
use crate::sink::StoreError;
use crate::sink::clickhouse::cluster::Host;
use crate::sink::clickhouse::statements::{self, On, Statement};
use crate::sink::clickhouse::{ClickHouse, STATEMENT_LIMIT, quote};

/// Timeout of the copy of one partition.
const COPY_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Timeout of a question about the state of tables.
const QUESTION_LIMIT: Duration = Duration::from_secs(60);

/// Stands in a statement for the number of the shard that it is carried out on, from 0.
const SHARD: &str = "{shard:UInt32}";

/// Stands in a statement for the partition that it is carried out for.
const PARTITION: &str = "{partition:String}";

/// Partition that a statement is carried out for.
#[derive(Debug)]
struct Partition {
    id: String,
    rows: u64,
    bytes: u64,
    /// What a finished one is remembered by; empty for nothing.
    once: String,
}

/// Carries out a migration's statements in order. Each can be carried out again: one that can't be by itself has a
/// condition.
pub(super) async fn run_all(
    targets: &Targets<'_>,
    table: &MigrationTable,
    migration: &'static Migration,
    others: Others,
) -> Result<(), MigrateError> {
    for (number, statement) in (1..).zip(statements::split(migration.sql)) {
        let done = everywhere(targets, table, migration, &statement, others).await;
        done.map_err(|error| MigrateError::Statement {
            name: migration.name,
            number,
            statement: statement.sql,
            error,
        })?;
    }
    Ok(())
}

/// Where the statements of a migration are carried out.
pub(super) struct Targets<'a> {
    /// The database that the URL names.
    pub(super) here: &'a ClickHouse,
    /// Hosts of its cluster, by shard; none for a single server.
    pub(super) hosts: &'a [Host],
}

/// Carries a statement out at the hosts that the line above it names, or where the URL leads.
async fn everywhere(
    targets: &Targets<'_>,
    table: &MigrationTable,
    migration: &Migration,
    statement: &Statement,
    others: Others,
) -> Result<(), StoreError> {
    let Some(on) = statement.on else {
        return run_one(targets.here, table, migration, statement, others).await;
    };
    let mut others = others;
    let mut before = None;
    for host in targets.hosts {
        if on == On::Shards && before.replace(host.shard) == Some(host.shard) {
            continue;
        }
        let shard = host.shard.to_string();
        let there = |sql: &str| here(&host.store, &sql.replace(SHARD, &shard));
        let statement = Statement {
            sql: there(&statement.sql),
            only_if: statement.only_if.as_deref().map(there),
            each: statement.each.as_deref().map(there),
            ..statement.clone()
        };
        run_one(&host.store, table, migration, &statement, others).await?;
        // One wait is enough for all of them.
        others = Others::None;
    }
    Ok(())
}

async fn run_one(
    store: &ClickHouse,
    table: &MigrationTable,
    migration: &Migration,
    statement: &Statement,
    others: Others,
) -> Result<(), StoreError> {
    if !applies(store, statement).await? {
        return Ok(());
    }
    if let Some(wait) = statement.wait
        && others == Others::MayWrite
    {
        tracing::info!(
            migration = migration.name,
            seconds = wait.as_secs(),
            "The migration waits for inserts that are under way."
        );
        tokio::time::sleep(wait).await;
    }
    let Some(query) = &statement.each else {
        let limit = match statement.on {
            Some(_) => COPY_LIMIT,
            None => STATEMENT_LIMIT,
        };
        return run_if(store, statement, &statement.sql, limit).await;
    };
    let finished = table.read(store).await?;
    let partitions = partitions(store, query).await?;
    let of = partitions.len();
    for (at, partition) in (1..).zip(partitions) {
        let Partition {
            id,
            rows,
            bytes,
            once,
        } = partition;
        let key = format!("{}: {id} of {once}", migration.name);
        if !once.is_empty() && finished.contains_key(&key) {
            continue;
        }
        tracing::info!(
            migration = migration.name,
            partition = id,
            at,
            of,
            rows,
            bytes,
            "The migration copies a partition."
        );
        let sql = statement.sql.replace(PARTITION, &quote::text(&id));
        run_if(store, statement, &sql, COPY_LIMIT).await?;
        if !once.is_empty() {
            let hash = digest(&statement.sql);
            run(store, &table.record(store, &key, &hash, false)).await?;
        }
    }
    Ok(())
}

/// What a migration copies, in words: a line for each of its statements that copies something.
pub(super) async fn costs(
    store: &ClickHouse,
    migration: &'static Migration,
) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for statement in statements::split(migration.sql) {
        let Some(query) = &statement.each else {
            continue;
        };
        // The rows of a shard that move are not known before.
        if statement.on.is_some() {
            continue;
        }
        if !applies(store, &statement).await? {
            continue;
        }
        let partitions = partitions(store, query).await?;
        let rows: u64 = partitions.iter().map(|p| p.rows).sum();
        let bytes: u64 = partitions.iter().map(|p| p.bytes).sum();
        if rows > 0 {
            let first = statement.sql.lines().next().unwrap_or_default();
            let what = first.split(" WHERE ").next().unwrap_or(first);
            lines.push(format!(
                "copies {rows} rows, {} MiB on disk, in {} partitions: {what}",
                bytes.div_ceil(1 << 20),
                partitions.len()
            ));
        }
    }
    Ok(lines)
}

async fn applies(store: &ClickHouse, statement: &Statement) -> Result<bool, StoreError> {
    let Some(query) = &statement.only_if else {
        return Ok(true);
    };
    let query = here(store, query);
    let answer = store.rows_within::<u8>(&query, QUESTION_LIMIT).await?;
    Ok(answer.first().is_some_and(|yes| *yes != 0))
}

async fn partitions(store: &ClickHouse, query: &str) -> Result<Vec<Partition>, StoreError> {
    let query = here(store, query);
    let rows = store.rows_within::<(String, u64, u64, String)>(&query, QUESTION_LIMIT);
    let partitions = rows.await?.into_iter();
    let partitions = partitions.map(|(id, rows, bytes, once)| Partition {
        id,
        rows,
        bytes,
        once,
    });
    Ok(partitions.collect())
}

/// A question about the database of the store. It is asked in none, since the database may not be there.
fn here(store: &ClickHouse, query: &str) -> String {
    query.replace(
        "currentDatabase()",
        &quote::text(store.address().database()),
    )
}

/// Runs a statement, and again if it failed, as long as its condition holds: an exchange that was carried out although
/// its answer was lost must not be carried out again.
async fn run_if(
    store: &ClickHouse,
    statement: &Statement,
    sql: &str,
    limit: Duration,
) -> Result<(), StoreError> {
    retried(|| async {
        match applies(store, statement).await? {
            true => {
                store
                    .shape_within(store.address().database(), sql, limit)
                    .await
            }
            false => Ok(()),
        }
    })
    .await
}

/// Runs an idempotent statement.
pub(super) async fn run(store: &ClickHouse, sql: &str) -> Result<(), StoreError> {
    retried(|| store.shape(store.address().database(), sql)).await
}

/// Concurrent changes of one table conflict, and an answer may be lost; both are retried.
async fn retried<F>(attempt: impl Fn() -> F) -> Result<(), StoreError>
where
    F: Future<Output = Result<(), StoreError>>,
{
    attempt
        .retry(
            ExponentialBuilder::default()
                .with_min_delay(Duration::from_millis(100))
                .with_max_times(5)
                .with_jitter(),
        )
        .when(|error: &StoreError| error.fault.may_pass())
        .await
}
