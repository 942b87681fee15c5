//! The only place where the parts are put together, and taken apart in the right order.

mod off;
mod postgresql;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::broker::{self, Broker, Embedded, Link, Rabbit, RabbitOptions, Topology};
use crate::contract::{Pipeline, Queue, Storage, Table};
use crate::ingest::sources::Sources;
use crate::ingest::{grpc, http, publisher};
use crate::ops::health::Health;
use crate::ops::metrics;
use crate::ops::readiness::{self, Readiness};
use crate::sink::clickhouse::engine::{Engine, EngineConfig, supervise};
use crate::sink::clickhouse::{Address, ClickHouse, health as tables_health, migrate};
use crate::sink::postgres;
use crate::sink::{Store, Stores};
use crate::worker::{self, Pace, Patience, Setup, States};

/// What the broker in memory may hold: half a batch of every table would fit many times.
const EMBEDDED_BUDGET: usize = 256 << 20;

/// What an instance is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where gRPC listens; port 0 is any free one.
    pub grpc_listen: SocketAddr,
    /// Where HTTP listens; port 0 is any free one.
    pub http_listen: SocketAddr,
    /// RabbitMQ; none for the broker in memory.
    pub amqp_url: Option<String>,
    /// ClickHouse; none for the embedded engine.
    pub clickhouse: Option<Address>,
    /// PostgreSQL; without it its tables are off, and so are their queues.
    pub postgres: Option<postgres::Address>,
    /// Where the embedded engine keeps its data.
    pub data: PathBuf,
    /// The embedded engine's program or library; none to look for it.
    pub engine_path: Option<PathBuf>,
    /// The program that runs the embedded engine; none for the one that is running.
    pub executable: Option<PathBuf>,
    /// Whether tables that don't fit and servers that don't answer end the start.
    pub strict: bool,
    /// How long the end may take.
    pub drain: Duration,
}

/// A running instance.
pub struct App {
    grpc: SocketAddr,
    http: SocketAddr,
    clickhouse: ClickHouse,
    health: Health,
    broker: Arc<dyn Broker>,
    remote: bool,
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
        let grpc_listener = listen(config.grpc_listen, "gRPC").await?;
        let http_listener = listen(config.http_listen, "HTTP").await?;
        let mut background = JoinSet::new();
        background.spawn(metrics::upkeep(counted.clone()));

        let (engine, mut keeper) = (CancellationToken::new(), JoinSet::new());
        let clickhouse = clickhouse(&config, &engine, &mut keeper).await?;
        tables(&clickhouse, pipeline, &config).await?;
        let postgres = postgresql::connect(&config, pipeline).await?;
        let stores = Stores::new(pipeline.tables, |table| -> Option<Arc<dyn Store>> {
            match table.storage {
                Storage::ClickHouse => Some(Arc::new(clickhouse.clone())),
                Storage::Postgres(_) => Some(Arc::new(postgres.clone()?)),
            }
        });
        let off_queues = off::queues(pipeline, &stores);
        let queues: Vec<&'static Queue> = pipeline.queues.iter().collect();
        let remote = config.amqp_url.is_some();
        let requests = off::requests(pipeline, remote)?;
        let broker = broker(&config, pipeline, |queue| {
            !off_queues.contains_key(queue.name) && !off::is_off(queue, &requests)
        })?;
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

        let mut known = Vec::new();
        let mut watched = |tables: &[&'static Table]| {
            let (states, receiver) = tokio::sync::watch::channel(tables_health::unknown(tables));
            known.push(receiver);
            states
        };
        let tables = migrate::tables(pipeline);
        let states = watched(&tables);
        let (store, stop) = (clickhouse.clone(), serving.clone());
        background.spawn(tables_health::watch(store, tables, states, stop));
        if let Some(postgres) = postgres {
            let tables = postgres::migrate::tables(pipeline);
            let states = watched(&tables);
            let stop = serving.clone();
            background.spawn(postgres::health::watch(postgres, tables, states, stop));
        }
        let health = Health::beating();
        let limits = if remote {
            publisher::Limits::remote()
        } else {
            publisher::Limits::embedded()
        };
        let publisher = publisher::Publisher::new(Arc::clone(&broker), limits);
        let sources = Sources::new(pipeline, &publisher, |name| std::env::var(name).ok())?;
        let readiness = Readiness {
            health: health.clone(),
            broker: broker.status(),
            tables: known,
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
        servers.spawn(ended(
            "gRPC",
            grpc::serve(grpc_listener, sources.grpc(&health)?, until(&serving)),
        ));
        servers.spawn(ended(
            "HTTP",
            serve_http(http_listener, http_routes, until(&serving)),
        ));

        Ok(App {
            grpc: grpc_address,
            http: http_address,
            clickhouse,
            health,
            broker,
            remote,
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
    pub fn clickhouse(&self) -> &ClickHouse {
        &self.clickhouse
    }

    /// What carries its messages, for whoever runs an instance in a process of their own.
    pub fn broker(&self) -> Arc<dyn Broker> {
        Arc::clone(&self.broker)
    }

    /// Drains and stops, within the time that the configuration gives: no new requests, the answers of those under
    /// way, the rows of what was consumed, then the connections. What isn't stored by then is in its queue.
    pub async fn stop(mut self) {
        self.health.beat(false);
        self.serving.cancel();
        let deadline = tokio::time::Instant::now() + self.drain;
        let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
        if timeout(left(), finished(&mut self.servers)).await.is_err() {
            tracing::warn!("Some requests were not answered in time.");
            self.servers.shutdown().await;
        }
        if self.remote {
            // Consuming ends first, so that what is held can still be acknowledged.
            self.working.cancel();
        } else {
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

/// The server that was configured, or the embedded engine.
async fn clickhouse(
    config: &Config,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<ClickHouse> {
    if let Some(address) = &config.clickhouse {
        return Ok(ClickHouse::new(address.clone())?);
    }
    let mut engine = EngineConfig::new(config.data.clone());
    engine.engine_path = config.engine_path.clone();
    engine.executable = config.executable.clone();
    let engine = Engine::start(&engine).await?;
    let address = Address::parse(engine.url())?.with_database("event_grpc");
    let stop = stop.clone();
    tasks.spawn(async move {
        if let Err(error) = supervise::supervise(engine, stop).await {
            tracing::error!(%error, "The ClickHouse engine did not end well.");
        }
    });
    Ok(ClickHouse::new(address)?)
}

/// An embedded database is brought up to date; another one's state is said, and ends a strict start.
async fn tables(
    clickhouse: &ClickHouse,
    pipeline: &'static Pipeline,
    config: &Config,
) -> anyhow::Result<()> {
    if config.clickhouse.is_none() {
        migrate::apply(clickhouse, pipeline).await?;
        return Ok(());
    }
    let wrong = match migrate::check(clickhouse, pipeline).await {
        Ok(report) if report.fits() => return Ok(()),
        Ok(report) => report.to_string(),
        Err(error) => error.to_string(),
    };
    anyhow::ensure!(
        !config.strict,
        "the tables are not as the pipeline has them; event-grpc migrate may help\n{wrong}"
    );
    tracing::warn!(
        wrong,
        "The tables are not as the pipeline has them; their queues wait."
    );
    Ok(())
}

fn broker(
    config: &Config,
    pipeline: &'static Pipeline,
    in_use: impl Fn(&Queue) -> bool,
) -> anyhow::Result<Arc<dyn Broker>> {
    let Some(url) = &config.amqp_url else {
        let topology = Topology::of(pipeline, in_use);
        return Ok(Arc::new(Embedded::new(&topology, EMBEDDED_BUDGET)));
    };
    let address = broker::Address::parse(url).context("--amqp-url")?;
    // Queues that are off are declared all the same, so that their messages wait.
    let topology = Topology::of(pipeline, |_| true);
    Ok(Arc::new(Rabbit::connect(
        address,
        topology,
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

async fn serve_http(
    listener: TcpListener,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, routes)
        .with_graceful_shutdown(stop)
        .await
}

/// Runs a server to its end and says if that was a bad one.
async fn ended<E: std::fmt::Display>(
    what: &'static str,
    server: impl Future<Output = Result<(), E>>,
) {
    if let Err(error) = server.await {
        tracing::error!(server = what, %error, "A server ended.");
    }
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
