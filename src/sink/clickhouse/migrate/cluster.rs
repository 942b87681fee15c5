//! Migrations of a database on a cluster: one at a time, host by host, with a record at each host.

use std::collections::{BTreeMap, BTreeSet};

use super::lock::Lock;
use super::migration_table::{MigrationTable, digest};
use super::steps::{self, Targets, run};
use super::{MigrateError, Others, open_database};
use crate::contract::{Ddl, Migration, Pipeline, Sharding, Table};
use crate::sink::StoreError;
use crate::sink::clickhouse::cluster::{self, Cluster, Host};
use crate::sink::clickhouse::compare::{self, Difference};
use crate::sink::clickhouse::{ClickHouse, engines, quote, schema};

/// Hosts of a cluster, all of which answer; by shard and replica.
pub(super) async fn hosts(cluster: &Cluster) -> Result<Vec<Host>, StoreError> {
    cluster::hosts(cluster.main(), cluster.declared(), cluster.shards()).await
}

/// Applies as [`apply_named`](super::apply_named) does, at all hosts.
pub(super) async fn apply(
    cluster: &Cluster,
    pipeline: &Pipeline,
    others: Others,
    drops: &[String],
) -> Result<Vec<&'static str>, MigrateError> {
    let hosts = hosts(cluster).await?;
    for host in &hosts {
        open_database(&host.store).await?;
    }
    let Some(first) = hosts.first() else {
        return Ok(Vec::new());
    };
    let lock = Lock::take(&first.store, pipeline.migrations_table).await?;
    lock.hold(locked(cluster, &hosts, pipeline, others, drops))
        .await
}

async fn locked(
    cluster: &Cluster,
    hosts: &[Host],
    pipeline: &Pipeline,
    others: Others,
    drops: &[String],
) -> Result<Vec<&'static str>, MigrateError> {
    let mut tables = Vec::new();
    for host in hosts {
        let table = MigrationTable::find(&host.store, pipeline.migrations_table).await?;
        for statement in table.statements(&host.store) {
            run(&host.store, &statement).await?;
        }
        tables.push(table);
    }
    let applied = applied(hosts, pipeline).await?;
    if cluster.declared().ddl != Ddl::ReplicatedDatabase {
        level(cluster, hosts, pipeline).await?;
    }
    let mut pending = Vec::new();
    for migration in cluster.main().migrations(pipeline) {
        match applied.get(migration.name) {
            None => pending.push(migration),
            Some(hash) if *hash != digest(migration.sql) => {
                return Err(MigrateError::Changed(migration.name));
            }
            Some(_) => {}
        }
    }
    pending.retain(|m: &&Migration| !m.drops_data() || drops.iter().any(|drop| drop == m.name));
    let here = MigrationTable::find(cluster.main(), pipeline.migrations_table).await?;
    let targets = Targets {
        here: cluster.main(),
        hosts,
    };
    for migration in &pending {
        steps::run_all(&targets, &here, migration, others).await?;
        for (host, table) in hosts.iter().zip(&tables) {
            run(&host.store, &table.entry(&host.store, migration, false)).await?;
        }
        tracing::info!(
            migration = migration.name,
            hosts = hosts.len(),
            "A migration was applied."
        );
    }
    Ok(pending.iter().map(|m| m.name).collect())
}

/// Hash of each migration that is recorded at one of the hosts: the first record is written when all of them are done.
pub(super) async fn applied(
    hosts: &[Host],
    pipeline: &Pipeline,
) -> Result<BTreeMap<String, String>, MigrateError> {
    let mut applied = BTreeMap::new();
    for host in hosts {
        let table = MigrationTable::find(&host.store, pipeline.migrations_table).await?;
        applied.extend(table.read(&host.store).await?);
    }
    Ok(applied)
}

/// Gives hosts that lack a table, because they are new, the one that other hosts have.
async fn level(cluster: &Cluster, hosts: &[Host], pipeline: &Pipeline) -> Result<(), MigrateError> {
    let names = cluster.main().tables(pipeline).into_iter();
    // The tables that hold rows first.
    let names = names.flat_map(|t| [format!("{}{}", t.name, Sharding::LOCAL), t.name.to_owned()]);
    let names: Vec<String> = names.collect();
    let listed = quote::texts(names.iter().map(String::as_str));
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    let mut there: Vec<BTreeSet<String>> = Vec::new();
    for host in hosts {
        let sql = format!(
            "SELECT name, engine, create_table_query FROM system.tables WHERE database = {} AND name IN {listed}",
            quote::text(host.store.address().database())
        );
        let tables = host.store.rows::<(String, String, String)>(&sql).await?;
        there.push(tables.iter().map(|(name, ..)| name.clone()).collect());
        for (name, engine, create) in tables {
            // A table that is still to be divided is at one host only.
            if name.ends_with(Sharding::LOCAL) || engines::is_distributed(&engine) {
                made.entry(name).or_insert(create);
            }
        }
    }
    for (host, there) in hosts.iter().zip(&there) {
        for name in names.iter().filter(|name| !there.contains(*name)) {
            let Some(create) = made.get(name) else {
                continue;
            };
            let create = create.replacen("CREATE TABLE ", "CREATE TABLE IF NOT EXISTS ", 1);
            run(&host.store, &create).await?;
            tracing::info!(table = name, host = %host.store.address(), "A host has a table that it lacked.");
        }
    }
    Ok(())
}

/// Differences of the tables of every host: of those that hold rows, and of the Distributed ones over them.
pub(super) async fn differences(
    cluster: &Cluster,
    hosts: &[Host],
    tables: &[&'static Table],
) -> Result<Vec<Difference>, StoreError> {
    let mut found = Vec::new();
    for host in hosts {
        let at = |text: &str| {
            format!(
                "at {} (shard {}) {text}",
                host.store.address(),
                host.shard + 1
            )
        };
        for of_local in compare::differences(&host.store, tables).await? {
            found.push(Difference {
                text: at(&format!("in its table of the shard: {}", of_local.text)),
                ..of_local
            });
        }
        let over = host.store.over();
        let live = over.live(over.address().database(), tables).await?;
        for table in tables {
            let mut texts = schema::misfits(table, &live);
            let missing = live.table(table.name).is_none();
            if let Some((there, _)) = live.table(table.name) {
                let local = format!("{}{}", table.name, Sharding::LOCAL);
                match engines::behind(&there.engine_full) {
                    Some((database, behind))
                        if database == over.address().database() && behind == local => {}
                    _ => texts.push(format!(
                        "is no Distributed table over `{local}` of cluster {}",
                        cluster.declared().name
                    )),
                }
            }
            found.extend(texts.iter().map(|text| Difference {
                table: table.name,
                text: at(text),
                harmless: false,
                missing,
            }));
        }
    }
    Ok(found)
}

impl ClickHouse {
    /// The same host, where the tables are the Distributed ones.
    fn over(&self) -> Self {
        ClickHouse {
            local: false,
            ..self.clone()
        }
    }
}
