//! Application assembly: starts every part of an instance, and stops them in the right order.

mod broker;
pub mod check;
mod clickhouse;
mod drain;
pub mod environment;
mod listeners;
mod names;
mod off;
mod postgresql;
mod replay;
mod senders;
mod stores;
mod traces;
pub mod variables;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use clickhouse::EMBEDDED_DATABASE;
use environment::Environment;
use listeners::{Addresses, Listeners, Routers, Servers};
use stores::Connected;

use crate::access::Unverified;
use crate::broker::{Broker, KafkaAddress, Topology};
use crate::build::BUILD;
use crate::contract::{Pipeline, Queue};
use crate::health::Health;
use crate::ingest::Limits;
use crate::ingest::publisher::Publisher;
use crate::ingest::sources::Sources;
use crate::listen;
use crate::metrics;
use crate::ops::access::{self, Access};
use crate::ops::backlog::{self, Backlog};
use crate::ops::degraded::FirstSeen;
use crate::ops::health_metrics;
use crate::ops::readiness::{self, Readiness};
use crate::ops::router::Operations;
use crate::ops::tap::TapService;
use crate::sink::clickhouse::{Address, Databases};
use crate::sink::{health as servers_health, postgres};
use crate::switches::Switches;
use crate::tap::Taps;
use crate::tls::{self, ServerFiles};
use crate::trace;
use crate::worker::{self, HoldLimits, Pace, Setup, States};

/// Share of the shutdown time in which requests may still be answered. A call that never ends leaves the rest to the
/// others.
const REQUESTS: f64 = 0.6;

/// Configuration of an instance.
#[derive(Clone)]
pub struct Config {
    /// gRPC listen address; port 0 picks a free port.
    pub grpc_listen: SocketAddr,
    /// HTTP listen address; port 0 picks a free port.
    pub http_listen: SocketAddr,
    /// Operations listener.
    pub ops: access::Options,
    /// Connection limits of each port of events.
    pub doors: listen::Limits,
    /// Who may send events.
    pub senders: crate::access::Config,
    /// File of switches, of what is refused for now.
    pub switches: Option<PathBuf>,
    /// Certificate, key and client authority of the ports; without them none speaks TLS.
    pub tls: Option<ServerFiles>,
    /// RabbitMQ URL; without one the in-memory broker is used.
    pub amqp_url: Option<String>,
    /// Kafka, for the queues that are there.
    pub kafka: Option<KafkaAddress>,
    /// ClickHouse address; without one the embedded engine is used.
    pub clickhouse: Option<Address>,
    /// Further ClickHouse servers, by their names in `pipeline.yaml`. The databases of a server that isn't listed are
    /// on the server above.
    pub clickhouse_servers: BTreeMap<String, Address>,
    /// PostgreSQL address; without one its tables and their queues are disabled.
    pub postgres: Option<postgres::Address>,
    /// Data directory of the embedded engine.
    pub data: PathBuf,
    /// Program or library of the embedded engine; without one it is looked for.
    pub engine_path: Option<PathBuf>,
    /// HTTP port of the embedded engine; without one a free one is chosen.
    pub engine_port: Option<u16>,
    /// Migrations of the embedded engine that drop stored data and shall be applied.
    pub engine_drop: Vec<String>,
    /// Program that runs the embedded engine; without one it is the running program.
    pub executable: Option<PathBuf>,
    /// Environment variables that hold the secrets of webhooks and the addresses and keys of HTTP requests.
    pub environment: Environment,
    /// Sources that take requests without their proof.
    pub unverified: Unverified,
    /// Strict start: tables that don't fit and servers that don't answer are errors.
    pub strict: bool,
    /// Notice period: how long requests are still accepted after the signal to stop, for load balancers to notice.
    pub notice: Duration,
    /// Drain timeout: how long the shutdown may take after the notice period.
    pub drain: Duration,
    /// Interval between searches for dead letters of event types that were unknown and are known now.
    pub replay: Duration,
    /// Traces; without options nothing is traced.
    pub traces: Option<trace::Options>,
}

// The URL of the broker holds a password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Config");
        shown
            .field("grpc_listen", &self.grpc_listen)
            .field("http_listen", &self.http_listen);
        shown.finish_non_exhaustive()
    }
}

/// A running instance.
pub struct App {
    addresses: Addresses,
    databases: Databases,
    health: Health,
    broker: Arc<dyn Broker>,
    taps: Taps,
    remote: bool,
    notice: Duration,
    drain: Duration,
    /// Stops the servers of events and the background watchers.
    serving: CancellationToken,
    /// Stops the server of operations.
    operating: CancellationToken,
    /// Stops the workers.
    working: CancellationToken,
    give_up: CancellationToken,
    /// Stops the engine and the exporter of traces, after everything else.
    engine: CancellationToken,
    servers: Servers,
    workers: JoinSet<()>,
    keeper: JoinSet<()>,
    background: JoinSet<()>,
}

impl App {
    /// Starts an instance. When this returns, events are accepted.
    pub async fn start(config: Config, pipeline: &'static Pipeline) -> anyhow::Result<App> {
        let counted = metrics::start()?;
        metrics::begin(&names::names(pipeline));
        metrics::process::BUILD
            .with([BUILD.version, BUILD.commit, pipeline.fingerprint])
            .set(1.0);
        let verified = config
            .tls
            .as_ref()
            .is_some_and(|tls| tls.client_ca.is_some());
        let access = Access::new(&config.ops, verified)?;
        let tls = listeners::secured(&config)?;
        let listeners = Listeners::bind(&config).await?;
        let senders = senders::start(&config, pipeline, listeners.addresses()?)?;
        let switches = Switches::start(config.switches.clone(), pipeline)?;
        let mut background = JoinSet::new();
        background.spawn(metrics::upkeep(counted.clone()));
        background.spawn(access.clone().follow());
        background.spawn(Arc::clone(&senders).watch());
        background.spawn(Arc::clone(&switches).watch());
        if let Some(tls) = tls.clone() {
            background.spawn(tls::watch(tls));
        }

        let (engine, mut keeper) = (CancellationToken::new(), JoinSet::new());
        let tracer = traces::start(&config, &mut keeper, &engine)?;
        let connected_stores = Connected::start(&config, pipeline, &engine, &mut keeper).await?;
        let databases = connected_stores.databases().clone();
        let stores = connected_stores.of_tables(pipeline);
        let remote = config.amqp_url.is_some();
        let off_queues = off::queues(pipeline, &stores, remote);
        // In memory a queue is one, and takes all that is published here.
        let served = |queue: &Queue| remote || !(queue.is_partition() || queue.foreign.is_some());
        let queues: Vec<&'static Queue> = pipeline.queues.iter().filter(|q| served(q)).collect();
        let requests = off::requests(pipeline, &config, remote)?;
        // With RabbitMQ, queues that are disabled are declared all the same, so that their messages wait.
        let topology = Topology::of(pipeline, |queue| {
            let is_on = !off_queues.contains_key(queue.name) && !off::is_off(queue, &requests);
            remote || is_on && served(queue)
        });
        let broker = broker::connect(&config, &topology)?;
        if config.strict {
            broker::connected(&broker).await?;
        }

        let (working, give_up) = (CancellationToken::new(), CancellationToken::new());
        let (serving, operating) = (CancellationToken::new(), CancellationToken::new());
        let taps = Taps::of(pipeline);
        let setup = Setup {
            pipeline,
            broker: Arc::clone(&broker),
            stores,
            requests: requests.clone(),
            pace: if remote { Pace::Full } else { Pace::Eager },
            hold_limits: HoldLimits::default(),
            states: States::seen_by(&taps, &tracer),
            stop: working.clone(),
            give_up: give_up.clone(),
        };
        let workers = worker::start(&setup, &queues)?;

        let (told, servers_known, tables_known) = servers_health::reporter();
        connected_stores.watch(pipeline, &told, &mut background, &serving);
        let (replay, stop) = (config.replay, serving.clone());
        replay::start(&mut background, &databases, pipeline, &broker, replay, stop);
        let health = Health::starting();
        background.spawn(health.clone().beat_once_connected(broker.status()));
        let limits = if remote {
            Limits::remote()
        } else {
            Limits::embedded()
        };
        let (schema, seen_by) = (pipeline.schema(), (taps.clone(), tracer.clone()));
        let publisher = Publisher::seen_by(Arc::clone(&broker), limits, schema, seen_by);
        let variable = |name: &str| config.environment.get(name);
        let open = |source: &str| config.unverified.opens(source);
        crate::ingest::cors::warn_of_unknown(config.environment.names(), pipeline);
        let sources = Sources::new(
            pipeline, &topology, &publisher, &senders, &switches, variable, open,
        )?;
        let readiness = Readiness {
            health: health.clone(),
            broker: broker.status(),
            servers: servers_known,
            tables: tables_known,
            paused: setup.states.clone(),
            requests: readiness::Requests::new(pipeline.requests, requests),
            off_queues,
            off_sources: off::sources(&sources),
            unverified: config.unverified.told(),
            senders,
            switches,
            tls: tls.clone(),
            tracer,
            backlog: Backlog::default(),
            first_seen: FirstSeen::default(),
        };
        if let Some(url) = &config.amqp_url {
            let address = crate::broker::Address::parse(url).context("--amqp-url")?;
            let seen = readiness.backlog.clone();
            background.spawn(backlog::watch(address, pipeline, seen, serving.clone()));
        }
        background.spawn(health_metrics::watch(readiness.clone(), operating.clone()));
        let operations = Operations {
            health: health.clone(),
            readiness,
            metrics: Arc::new(move || counted.render()),
            tap: TapService::new(
                taps.clone(),
                pipeline,
                &config.ops.personal,
                operating.clone(),
            ),
        };
        let legacy = config.ops.legacy;
        let routers = Routers::new(pipeline, &sources, &operations, access, legacy)?;
        let doors = listen::Limits {
            drain: config.drain.mul_f64(REQUESTS),
            ..config.doors.clone()
        };
        let addresses = listeners.addresses()?;
        let servers = listeners.serve(routers, tls, &taps, &doors, &serving, &operating);

        Ok(App {
            addresses,
            databases,
            health,
            broker,
            taps,
            remote,
            notice: config.notice,
            drain: config.drain,
            serving,
            operating,
            working,
            give_up,
            engine,
            servers,
            workers,
            keeper,
            background,
        })
    }

    /// gRPC listen address.
    pub fn grpc_address(&self) -> SocketAddr {
        self.addresses.grpc
    }

    /// HTTP listen address.
    pub fn http_address(&self) -> SocketAddr {
        self.addresses.http
    }

    /// Address of the operations listener.
    pub fn ops_address(&self) -> SocketAddr {
        self.addresses.ops
    }

    /// ClickHouse databases of the tables.
    pub fn databases(&self) -> &Databases {
        &self.databases
    }

    /// Broker of this instance, for callers that run an instance inside their own process.
    pub fn broker(&self) -> Arc<dyn Broker> {
        Arc::clone(&self.broker)
    }

    /// Taps of this instance.
    pub fn taps(&self) -> &Taps {
        &self.taps
    }
}

fn until(token: &CancellationToken) -> impl Future<Output = ()> + use<> {
    token.clone().cancelled_owned()
}
