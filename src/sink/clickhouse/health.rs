//! Health probes of the ClickHouse servers and their tables.

use std::collections::BTreeMap;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{ClickHouse, Cluster, Databases, schema};
use crate::contract::{Pipeline, Table};
use crate::sink::health::{
    self, HealthReporter, Server, ServerState, TIME_LIMIT, TableState, Tables,
};

/// Server to probe, and the tables of each of its databases.
pub struct Watched {
    /// Name of the server in `pipeline.yaml`.
    pub server: &'static str,
    /// Databases with their tables.
    pub databases: Vec<(ClickHouse, Vec<&'static Table>)>,
}

/// Servers of these databases.
pub fn servers(databases: &Databases, pipeline: &Pipeline) -> Vec<Watched> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (server, store) in databases.all() {
        let tables = store.tables(pipeline);
        found
            .entry(server)
            .or_default()
            .push((store.clone(), tables));
    }
    let watched = |(server, databases)| Watched { server, databases };
    found.into_iter().map(watched).collect()
}

/// Probes one server until `stop`, and publishes changes. Until this runs nothing is known.
pub fn watch(
    watched: Watched,
    reporter: HealthReporter,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let server = Server::ClickHouse(watched.server);
    let tables = watched.databases.iter().flat_map(|(_, tables)| tables);
    reporter.unknown(server, tables.copied());
    async move { health::watch(server, || ask(&watched), reporter, stop).await }
}

/// Probes one shard of a cluster until `stop`, and publishes changes under the names that the pipeline has for it and its
/// part of each table.
pub fn watch_shard(
    cluster: Cluster,
    shard: usize,
    pipeline: &Pipeline,
    reporter: HealthReporter,
    stop: CancellationToken,
) -> impl Future<Output = ()> + Send + use<> {
    let name = cluster.declared().shards.get(shard).copied();
    let server = Server::ClickHouse(name.unwrap_or(cluster.declared().name));
    let tables: Vec<&'static Table> = cluster.main().tables(pipeline);
    async move {
        health::watch(
            server,
            || ask_shard(&cluster, shard, &tables),
            reporter,
            stop,
        )
        .await;
    }
}

/// State of a shard, as the first of its replicas tells it that answers.
async fn ask_shard(
    cluster: &Cluster,
    shard: usize,
    tables: &[&'static Table],
) -> (ServerState, Tables) {
    let part = |table: &Table| table.sharding()?.shards.get(shard).copied();
    let mut why = health::silent();
    let replicas = match timeout(TIME_LIMIT, cluster.replicas(shard)).await {
        Ok(Ok(replicas)) => replicas,
        Ok(Err(error)) => {
            why = error.message;
            Vec::new()
        }
        Err(_) => Vec::new(),
    };
    for replica in &replicas {
        let live = replica.live(replica.address().database(), tables);
        match timeout(TIME_LIMIT, live).await {
            Ok(Ok(live)) => {
                let state = |table: &&'static Table| {
                    Some((part(table)?, TableState::of(&schema::misfits(table, &live))))
                };
                return (ServerState::Up, tables.iter().filter_map(state).collect());
            }
            Ok(Err(error)) => why = error.message,
            Err(_) => why = health::silent(),
        }
    }
    let state = |table: &&'static Table| Some((part(table)?, TableState::Trouble(why.clone())));
    let states = tables.iter().filter_map(state).collect();
    (ServerState::Down(why), states)
}

async fn ask(watched: &Watched) -> (ServerState, Tables) {
    let mut server = ServerState::Up;
    let mut states = Tables::new();
    for (store, tables) in &watched.databases {
        let live = match &server {
            // One question is enough to know that it is down, and it may have taken long.
            ServerState::Down(reason) => Err(reason.clone()),
            _ => {
                let asked = store.live(store.address().database(), tables);
                match timeout(TIME_LIMIT, asked).await {
                    Ok(Err(error)) if error.code.is_none() => {
                        server = ServerState::Down(error.message.clone());
                        Err(error.message)
                    }
                    Ok(live) => live.map_err(|error| error.message),
                    Err(_) => {
                        server = ServerState::Down(health::silent());
                        Err(health::silent())
                    }
                }
            }
        };
        let state = |table: &Table| match &live {
            Err(reason) => TableState::Trouble(reason.clone()),
            Ok(live) => TableState::of(&schema::misfits(table, live)),
        };
        states.extend(tables.iter().map(|table| (table.name, state(table))));
    }
    (server, states)
}
