//! Target of faults: a server behind a proxy, which can be killed and started again over its data.

pub(super) mod api;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context as _, Result, bail};

use super::proxy::Proxy;
use crate::services::clickhouse::Engine;
use crate::services::rabbitmq::Broker;
use crate::services::{Kept, kafka, ports, postgres};

/// Name of the ClickHouse cluster whose shards are targets.
pub(super) const SHARDS: &str = "chaos-store";

/// A server, its proxy, and its process while it runs.
pub(super) struct Target<S> {
    pub(super) server: S,
    pub(super) proxy: Proxy,
    pub(super) kept: Option<Kept>,
}

impl<S: Sync> Target<S> {
    /// Starts servers side by side, since those of a cluster wait for each other, and a proxy before each, on a port of its own
    /// or on the one that the server tells its clients.
    fn start_all(
        servers: Vec<S>,
        proxies: &[u16],
        port: fn(&S) -> u16,
        start: fn(&S) -> Result<Kept>,
    ) -> Result<Vec<Self>> {
        let started = thread::scope(|scope| {
            let threads = servers
                .iter()
                .map(|server| scope.spawn(move || start(server)));
            let threads: Vec<_> = threads.collect();
            let ended = threads.into_iter().map(|thread| thread.join());
            let told = ended.map(|ended| ended.unwrap_or_else(|_| bail!("a thread panicked")));
            told.collect::<Result<Vec<Kept>>>()
        })?;
        let targets = servers.into_iter().zip(started).enumerate();
        let targets = targets.map(|(at, (server, kept))| {
            let told = proxies.get(at).copied();
            let told = told.map_or_else(ports::free, Ok)?;
            Ok(Target {
                proxy: Proxy::start(told, port(&server))?,
                kept: Some(kept),
                server,
            })
        });
        targets.collect()
    }
}

impl Target<Broker> {
    /// A RabbitMQ of so many nodes.
    pub(super) fn rabbitmq(directory: &Path, nodes: usize) -> Result<Vec<Self>> {
        let place = place(directory, "rabbitmq")?;
        let brokers = match nodes {
            1 => vec![Broker::prepare(&place)?],
            nodes => Broker::prepare_cluster(&place, nodes)?,
        };
        let targets = Self::start_all(brokers, &[], Broker::port, |broker| broker.start(None))?;
        if let Some(first) = targets.first().filter(|_| nodes > 1) {
            let online = ["await_online_nodes", &nodes.to_string()];
            first.server.control(&online)?;
        }
        Ok(targets)
    }
}

impl Target<Engine> {
    /// A ClickHouse, or so many shards of a cluster.
    pub(super) fn clickhouse(
        executable: &Path,
        directory: &Path,
        shards: usize,
    ) -> Result<Vec<Self>> {
        let place = place(directory, "clickhouse")?;
        let engines = match shards {
            1 => vec![Engine::prepare(executable.to_owned(), &place)?],
            shards => Engine::prepare_shards(executable, &place, SHARDS, shards)?,
        };
        Self::start_all(engines, &[], Engine::port, |engine| engine.start(None))
    }
}

impl Target<kafka::Node> {
    /// A Kafka of so many brokers, or none.
    pub(super) fn kafka(directory: &Path, brokers: usize) -> Result<Vec<Self>> {
        if brokers == 0 {
            return Ok(Vec::new());
        }
        let proxies = (0..brokers).map(|_| ports::free());
        let proxies = proxies.collect::<Result<Vec<_>>>()?;
        let nodes = kafka::cluster(&place(directory, "kafka")?, brokers, &proxies)?;
        Self::start_all(nodes, &proxies, kafka::Node::behind, |node| {
            node.start(None)
        })
    }
}

impl Target<postgres::Server> {
    /// A PostgreSQL.
    pub(super) fn postgres(directory: &Path) -> Result<Self> {
        let server = postgres::Server::prepare(&place(directory, "postgres")?)?;
        let started = Self::start_all(vec![server], &[], postgres::Server::port, |server| {
            server.start(None)
        })?;
        let mut started = started.into_iter();
        started.next().context("PostgreSQL was not started")
    }
}

fn place(directory: &Path, name: &str) -> Result<PathBuf> {
    let place = directory.join(name);
    fs::create_dir(&place)?;
    Ok(place)
}
