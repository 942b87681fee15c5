//! The only place where the parts are put together, and taken apart in the right order.

mod clickhouse;
pub mod environment;
mod names;
mod off;
mod postgresql;
mod replay;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use environment::Environment;

use crate::broker::{self, Broker, Embedded, Link, Rabbit, RabbitOptions, Topology};
use crate::contract::{Pipeline, Queue, Storage};
use crate::ingest::sources::Sources;
use crate::ingest::{http, publisher};
use crate::listen;
use crate::metrics;
use crate::ops::health::Health;
use crate::ops::readiness::{self, Readiness};
use crate::sink::clickhouse::{self as clickhouse_sink, Address, Databases};
use crate::sink::{Store, Stores, health as servers_health, postgres};
use crate::worker::{self, Pace, Patience, Setup, States};

/// What the broker in memory may hold: half a batch of every table would fit many times.
const EMBEDDED_BUDGET: usize = 256 << 20;

/// The part of the end in which requests may still be answered. A call that has no end leaves the rest to the others.
const REQUESTS: f64 = 0.6;

/// What an instance is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where gRPC listens; port 0 is any free one.
    pub grpc_listen: SocketAddr,
    /// Where HTTP listens; port 0 is any free one.
    pub http_listen: SocketAddr,
    /// What bounds the connections of each.
    pub doors: listen::Limits,
    /// RabbitMQ; none for the broker in memory.
    pub amqp_url: Option<String>,
    /// ClickHouse; none for the embedded engine.
    pub clickhouse: Option<Address>,
    /// Further ClickHouse servers, by their names in `pipeline.yaml`. The databases of one that isn't here are on the
    /// server above.
    pub clickhouse_servers: BTreeMap<String, Address>,
    /// PostgreSQL; without it its tables are off, and so are their queues.
    pub postgres: Option<postgres::Address>,
    /// Where the embedded engine keeps its data.
    pub data: PathBuf,
    /// The embedded engine's program or library; none to look for it.
    pub engine_path: Option<PathBuf>,
    /// The program that runs the embedded engine; none for the one that is running.
    pub executable: Option<PathBuf>,
    /// Where the secrets of webhooks are looked up, and the addresses and keys of requests.
    pub environment: Environment,
    /// Whether tables that don't fit and servers that don't answer end the start.
    pub strict: bool,
    /// How long requests are still taken when it is asked to end, for load balancers to notice.
    pub notice: Duration,
    /// How long the end may take after that.
    pub drain: Duration,
    /// How often dead letters of event types that were not known are looked for.
    pub replay: Duration,
}

/// A running instance.
pub struct App {
    grpc: SocketAddr,
    http: SocketAddr,
    databases: Databases,
    health: Health,
    broker: Arc<dyn Broker>,
    remote: bool,
    notice: Duration,
    drain: Duration,
    /// Ends the servers, and what only watches.
    serving: CancellationToken,
    /// Ends the workers.
    working: CancellationToken,
    give_up: CancellationToken,
    /// Ends the engine, last of all.
    engine: CancellationToken,
    servers: JoinSet<()>,
    workers: JoinSet<()>,
    keeper: JoinSet<()>,
    background: JoinSet<()>,
}

impl App {
    /// Starts everything. When it returns events are taken in.
    pub async fn start(config: Config, pipeline: &'static Pipeline) -> anyhow::Result<App> {
        let counted = metrics::start()?;
        metrics::begin(&names::names(pipeline));
        let grpc_listener = listen(config.grpc_listen, "gRPC").await?;
        let http_listener = listen(config.http_listen, "HTTP").await?;
        let mut background = JoinSet::new();
        background.spawn(metrics::upkeep(counted.clone()));

        let (engine, mut keeper) = (CancellationToken::new(), JoinSet::new());
        let databases = clickhouse::start(&config, pipeline, &engine, &mut keeper).await?;
        let postgres = postgresql::connect(&config, pipeline).await?;
        let stores = Stores::new(pipeline.tables, |table| -> Option<Arc<dyn Store>> {
            match table.storage {
                Storage::ClickHouse(_) => Some(Arc::new(databases.of(table)?.clone())),
                Storage::Postgres(_) => Some(Arc::new(postgres.clone()?)),
            }
        });
        let off_queues = off::queues(pipeline, &stores);
        let queues: Vec<&'static Queue> = pipeline.queues.iter().collect();
        let remote = config.amqp_url.is_some();
        let requests = off::requests(pipeline, &config.environment, remote)?;
        // With RabbitMQ queues that are off are declared all the same, so that their messages wait.
        let topology = Topology::of(pipeline, |queue| {
            remote || !off_queues.contains_key(queue.name) && !off::is_off(queue, &requests)
        });
        let broker = broker(&config, &topology)?;
        if config.strict {
            connected(&broker).await?;
        }

        let (working, give_up, serving) = (
            CancellationToken::new(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        let setup = Setup {
            pipeline,
            broker: Arc::clone(&broker),
            stores,
            requests: requests.clone(),
            pace: if remote { Pace::Full } else { Pace::Eager },
            patience: Patience::default(),
            states: States::default(),
            stop: working.clone(),
            give_up: give_up.clone(),
        };
        let workers = worker::start(&setup, &queues)?;

        let (told, servers_known, tables_known) = servers_health::told();
        for server in clickhouse_sink::health::servers(&databases, pipeline) {
            let (told, stop) = (told.clone(), serving.clone());
            background.spawn(clickhouse_sink::health::watch(server, told, stop));
        }
        if let Some(postgres) = postgres {
            let tables = postgres::migrate::tables(pipeline);
            let stop = serving.clone();
            background.spawn(postgres::health::watch(postgres, tables, told, stop));
        }
        let stop = serving.clone();
        replay::start(
            &mut background,
            &databases,
            pipeline,
            &broker,
            config.replay,
            stop,
        );
        let health = Health::starting();
        background.spawn(health.clone().beat_once_connected(broker.status()));
        let limits = if remote {
            publisher::Limits::remote()
        } else {
            publisher::Limits::embedded()
        };
        let publisher = publisher::Publisher::new(Arc::clone(&broker), limits);
        let variable = |name: &str| config.environment.get(name);
        let sources = Sources::new(pipeline, &topology, &publisher, variable)?;
        let readiness = Readiness {
            health: health.clone(),
            broker: broker.status(),
            servers: servers_known,
            tables: tables_known,
            paused: setup.states.clone(),
            requests: readiness::Requests::new(pipeline.requests, requests),
            off_queues,
            off_sources: off::sources(&sources),
        };
        let render: http::Render = Arc::new(move || counted.render());
        let http_routes = sources
            .http(health.clone(), render)
            .merge(readiness::router(readiness));
        let grpc_address = grpc_listener.local_addr()?;
        let http_address = http_listener.local_addr()?;
        let mut servers = JoinSet::new();
        let doors = listen::Limits {
            drain: config.drain.mul_f64(REQUESTS),
            ..config.doors.clone()
        };
        for (listener, door, routes) in [
            (grpc_listener, "grpc", sources.grpc(&health)?),
            (http_listener, "http", http_routes),
        ] {
            let (limits, stop) = (doors.clone(), until(&serving));
            servers.spawn(listen::serve(listener, door, routes, limits, stop));
        }

        Ok(App {
            grpc: grpc_address,
            http: http_address,
            databases,
            health,
            broker,
            remote,
            notice: config.notice,
            drain: config.drain,
            serving,
            working,
            give_up,
            engine,
            servers,
            workers,
            keeper,
            background,
        })
    }

    /// Where gRPC listens.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc
    }

    /// Where HTTP listens.
    pub fn http_address(&self) -> SocketAddr {
        self.http
    }

    /// Where rows are stored.
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// What carries its messages, for whoever runs an instance in a process of their own.
    pub fn broker(&self) -> Arc<dyn Broker> {
        Arc::clone(&self.broker)
    }

    /// Drains and stops, within the time that the configuration gives: health says so first, then there are no new
    /// requests, the answers of those under way, the rows of what was consumed, then the connections. What isn't stored
    /// by then is in its queue.
    pub async fn stop(mut self) {
        self.health.beat(false);
        tokio::time::sleep(self.notice).await;
        self.health.end();
        self.serving.cancel();
        if self.remote {
            // What is consumed has nothing to do with the requests that are under way; neither should have to wait for
            // the other and find no time left. What is held can still be acknowledged.
            self.working.cancel();
        }
        let deadline = tokio::time::Instant::now() + self.drain;
        let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
        if timeout(left(), finished(&mut self.servers)).await.is_err() {
            tracing::warn!("Some requests were not answered in time.");
            self.servers.shutdown().await;
        }
        if !self.remote {
            // Here every message has somebody who waits for it; when none is left, consuming ends by itself.
            self.broker.close(left()).await;
            self.working.cancel();
        }
        if timeout(left(), finished(&mut self.workers)).await.is_err() {
            tracing::warn!("Some messages were not stored in time and go back to their queues.");
            self.give_up.cancel();
            const LAST_PATIENCE: Duration = Duration::from_secs(2);
            if timeout(LAST_PATIENCE, finished(&mut self.workers))
                .await
                .is_err()
            {
                self.workers.shutdown().await;
            }
        }
        if self.remote {
            self.broker.close(left().max(Duration::from_secs(1))).await;
        }
        self.engine.cancel();
        const ENGINE_PATIENCE: Duration = Duration::from_secs(10);
        if timeout(ENGINE_PATIENCE, finished(&mut self.keeper))
            .await
            .is_err()
        {
            tracing::warn!("The ClickHouse engine did not end in time.");
        }
        self.background.shutdown().await;
    }
}

async fn listen(address: SocketAddr, what: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("{what} can't listen on {address}; is another server running there?")
    })
}

fn broker(config: &Config, topology: &Topology) -> anyhow::Result<Arc<dyn Broker>> {
    let Some(url) = &config.amqp_url else {
        return Ok(Arc::new(Embedded::new(topology, EMBEDDED_BUDGET)));
    };
    let address = broker::Address::parse(url).context("--amqp-url")?;
    Ok(Arc::new(Rabbit::connect(
        address,
        topology.clone(),
        RabbitOptions::default(),
    )))
}

/// A strict start waits for the broker, but not for ever.
async fn connected(broker: &Arc<dyn Broker>) -> anyhow::Result<()> {
    const PATIENCE: Duration = Duration::from_secs(15);
    let mut status = broker.status();
    let up = timeout(PATIENCE, status.wait_for(|s| s.link == Link::Up)).await;
    let problems: Vec<String> = match up {
        Ok(Ok(status)) => status.problems.iter().map(ToString::to_string).collect(),
        _ => vec![format!(
            "the broker does not answer: {:?}",
            broker.status().borrow().link
        )],
    };
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

fn until(token: &CancellationToken) -> impl Future<Output = ()> + use<> {
    token.clone().cancelled_owned()
}

async fn finished(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            tracing::error!(%error, "A task panicked.");
        }
    }
}
