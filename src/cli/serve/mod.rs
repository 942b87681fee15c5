//! `event-grpc serve`: runs the server.

mod doors;
mod log;
mod ops;
mod supervisor;
mod traces;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::clickhouse_tls::{self, ClickHouseTlsArgs};
use super::kafka::KafkaArgs;
use super::serve_access::AccessArgs;
use super::serve_intake::IntakeArgs;
use super::serve_tls::ServerTlsArgs;
use super::settings;
use crate::app::environment::{self, Environment, Secret};
use crate::app::variables::{self, CLICKHOUSE_PASSWORD, POSTGRES_PASSWORD};
use crate::app::{App, Config};
use crate::contract::{Database, Pipeline};
use crate::generated::PIPELINE;
use crate::ops::logging;
use crate::sentry::Sentry;
use crate::sink::clickhouse::Address;
use crate::sink::postgres;
use doors::DoorArgs;
use ops::OpsArgs;
use traces::{SentryArgs, TraceArgs};

/// Accept events and store them. Without --amqp-url the broker is in memory; without --clickhouse-url an embedded
/// ClickHouse keeps its data under --data.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// gRPC listen address.
    #[arg(
        long,
        env = "EVENT_GRPC_LISTEN",
        default_value = "127.0.0.1:8017",
        value_name = "ADDRESS"
    )]
    grpc_listen: SocketAddr,
    /// HTTP listen address: webhooks, JSON, the heartbeat.
    #[arg(
        long,
        env = "EVENT_GRPC_HTTP_LISTEN",
        default_value = "127.0.0.1:8019",
        value_name = "ADDRESS"
    )]
    http_listen: SocketAddr,
    #[command(flatten)]
    ops: OpsArgs,
    /// RabbitMQ, as in amqp://user:password@host:5672/vhost. With TLS: amqps://host/vhost?cacertfile=FILE, and more in
    /// docs/tls-servers.md.
    #[arg(
        long,
        env = "EVENT_GRPC_AMQP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    amqp_url: Option<Secret>,
    #[command(flatten)]
    kafka: KafkaArgs,
    #[command(flatten)]
    tls: ServerTlsArgs,
    #[command(flatten)]
    doors: DoorArgs,
    #[command(flatten)]
    access: AccessArgs,
    #[command(flatten)]
    intake: IntakeArgs,
    /// Switch file: event types, clients, sources and versions of apps that are refused for now, or of which a share of
    /// users is kept. It is read again when it changes; see docs/switches.md.
    #[arg(long, env = "EVENT_GRPC_SWITCHES", value_name = "FILE")]
    switches: Option<PathBuf>,
    #[command(flatten)]
    pub(super) clickhouse: ClickHouseArgs,
    #[command(flatten)]
    pub(super) postgres: PostgresArgs,
    /// Data directory of the embedded ClickHouse.
    #[arg(
        long,
        env = "EVENT_GRPC_DATA",
        default_value = "data",
        value_name = "DIR"
    )]
    data: PathBuf,
    /// Engine of the embedded ClickHouse: a clickhouse binary or libchdb.so. Found or fetched if not given.
    #[arg(long, env = "EVENT_GRPC_ENGINE_PATH", value_name = "PATH")]
    engine_path: Option<PathBuf>,
    #[command(flatten)]
    engine: super::serve_engine::EngineArgs,
    /// Fail at start if a table is missing or different, or a server can't be reached.
    #[arg(long, env = "EVENT_GRPC_STRICT")]
    strict: bool,
    /// How long requests are still accepted after SIGTERM, in seconds, while health already reports that none are
    /// wanted. Set it to the time that your load balancer needs to notice that.
    #[arg(
        long,
        env = "EVENT_GRPC_NOTICE_SECONDS",
        default_value_t = 0,
        value_name = "SECONDS"
    )]
    notice_seconds: u64,
    /// Drain timeout after that, in seconds; rows that aren't stored by then stay in their queues.
    #[arg(
        long,
        env = "EVENT_GRPC_DRAIN_SECONDS",
        default_value_t = 25,
        value_name = "SECONDS"
    )]
    drain_seconds: u64,
    /// Interval of the automatic replay of events whose type was unknown before, in seconds.
    #[arg(
        long,
        env = "EVENT_GRPC_REPLAY_SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        value_name = "SECONDS"
    )]
    replay_seconds: u64,
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    sentry: SentryArgs,
    /// Format of log lines.
    #[arg(
        long,
        env = "EVENT_GRPC_LOG_FORMAT",
        value_enum,
        default_value = "text"
    )]
    log_format: logging::Format,
    /// Log filter: a level, or levels by module.
    #[arg(
        long,
        env = "EVENT_GRPC_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    log: String,
}

/// ClickHouse options.
#[derive(Debug, Clone, clap::Args)]
pub struct ClickHouseArgs {
    /// ClickHouse over HTTP, as in http://user:password@host:8123/database. The further servers that pipeline.yaml
    /// names are given in EVENT_GRPC_CLICKHOUSE_URL_SERVER, with _USER_, _PASSWORD_, _CA_, _CERT_ and _KEY_ in place of
    /// _URL_.
    #[arg(
        long,
        env = "EVENT_GRPC_CLICKHOUSE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    clickhouse_url: Option<Secret>,
    /// ClickHouse user, if the URL names none.
    #[arg(long, env = "EVENT_GRPC_CLICKHOUSE_USER", value_name = "NAME")]
    clickhouse_user: Option<String>,
    #[command(flatten)]
    tls: ClickHouseTlsArgs,
}

/// Prefix of the variables of a further server; its name in capitals follows.
const SERVER_URL: &str = "EVENT_GRPC_CLICKHOUSE_URL_";

impl ClickHouseArgs {
    /// Address of the server, if one is given.
    pub fn address(&self) -> anyhow::Result<Option<Address>> {
        let url = environment::option("EVENT_GRPC_CLICKHOUSE_URL", self.clickhouse_url.as_ref())?;
        let Some(url) = url else {
            return Ok(None);
        };
        let address = Address::parse(&url).with_context(|| settings::named("clickhouse-url"))?;
        let address = address.with_files(self.tls.files())?;
        // The password isn't an option, which anybody on this machine could read.
        let password = environment::option(CLICKHOUSE_PASSWORD, None)?;
        Ok(Some(
            address.with_account(self.clickhouse_user.clone(), password),
        ))
    }
}

/// PostgreSQL options.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PostgresArgs {
    /// PostgreSQL, as in postgres://user:password@host:5432/database?sslrootcert=FILE. A server on another machine is
    /// verified by its certificate and name; docs/tls-servers.md has the parameters. Without this option the PostgreSQL
    /// tables and their queues are disabled.
    #[arg(
        long,
        env = "EVENT_GRPC_POSTGRES_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    postgres_url: Option<Secret>,
}

impl PostgresArgs {
    /// Address of the database, if one is given.
    pub(super) fn address(&self) -> anyhow::Result<Option<postgres::Address>> {
        let url = environment::option("EVENT_GRPC_POSTGRES_URL", self.postgres_url.as_ref())?;
        let Some(url) = url else {
            return Ok(None);
        };
        let address =
            postgres::Address::parse(&url).with_context(|| settings::named("postgres-url"))?;
        let password = environment::option(POSTGRES_PASSWORD, None)?;
        Ok(Some(address.with_password(password)))
    }
}

/// Further servers of the pipeline in the environment: EVENT_GRPC_CLICKHOUSE_URL_SERVER, and USER and PASSWORD in place
/// of URL.
pub(super) fn further_servers(pipeline: &Pipeline) -> anyhow::Result<BTreeMap<String, Address>> {
    let environment = Environment::of_process();
    let mut found = BTreeMap::new();
    let servers = pipeline.databases.iter().map(|d| d.server);
    for server in servers.filter(|server| *server != Database::MAIN) {
        let name = |what: &str| variables::of_server(what, server);
        let Some(url) = environment.secret(&name("URL"))? else {
            continue;
        };
        let address = Address::parse(&url).with_context(|| name("URL"))?;
        let user = environment.get(&name("USER"));
        let address = address.with_account(user, environment.secret(&name("PASSWORD"))?);
        let address = address.with_files(clickhouse_tls::of_server(server, &environment))?;
        found.insert(server.to_owned(), address);
    }
    let known = |name: &str| found.keys().any(|server| server.eq_ignore_ascii_case(name));
    for variable in environment.names() {
        // EVENT_GRPC_CLICKHOUSE_URL_FILE is that of the main server.
        if let Some(name) = variable.strip_prefix(SERVER_URL)
            && name != "FILE"
            && !known(name.strip_suffix("_FILE").unwrap_or(name))
        {
            tracing::warn!(
                variable,
                "A ClickHouse server is configured that no database of pipeline.yaml is on."
            );
        }
    }
    Ok(found)
}

impl Args {
    /// Configuration of the instance.
    ///
    /// # Errors
    ///
    /// If a value can't be used, or two contradict each other. Nothing is connected, and no file but those of secrets is
    /// read.
    pub(super) fn config(self) -> anyhow::Result<Config> {
        super::drops::checked(&self.engine.engine_drop)?;
        logging::check(&self.log)?;
        drop(self.sentry.options()?);
        Ok(Config {
            grpc_listen: self.grpc_listen,
            http_listen: self.http_listen,
            ops: self.ops.options()?,
            doors: self.doors.limits(),
            senders: self.access.config(),
            switches: self.switches,
            tls: self.tls.files(),
            amqp_url: environment::option("EVENT_GRPC_AMQP_URL", self.amqp_url.as_ref())?,
            kafka: self.kafka.address()?,
            clickhouse: self.clickhouse.address()?,
            clickhouse_servers: further_servers(&PIPELINE)?,
            postgres: self.postgres.address()?,
            data: self.data,
            engine_path: self.engine_path,
            engine_port: self.engine.engine_port,
            engine_drop: self.engine.engine_drop,
            executable: None,
            environment: Environment::of_process().with_secrets_of(&PIPELINE)?,
            unverified: self.intake.unverified(&PIPELINE)?,
            strict: self.strict,
            notice: Duration::from_secs(self.notice_seconds),
            drain: Duration::from_secs(self.drain_seconds),
            replay: Duration::from_secs(self.replay_seconds),
            traces: self.traces.options()?,
        })
    }
}

/// Serves until SIGTERM or SIGINT, then drains.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    // Held until the end: what waits then is still sent.
    let sentry = args.sentry.start()?;
    let layer = sentry.as_ref().map(Sentry::layer);
    logging::start_reported(args.log_format, &args.log, layer)?;
    // From here on SIGHUP doesn't end the process.
    let hangup = signal(SignalKind::hangup())?;
    let mut ended = pin!(ending()?);
    let config = args.config()?;
    // A start may wait for a server, or fetch an engine.
    let app = tokio::select! {
        app = App::start(config, &PIPELINE) => app?,
        () = &mut ended => {
            supervisor::stopping();
            tracing::info!("Stopped before it served.");
            return Ok(());
        }
    };
    tracing::info!(
        grpc = %app.grpc_address(),
        http = %app.http_address(),
        ops = %app.ops_address(),
        clickhouse = %app.databases().main().address(),
        "Serving."
    );
    supervisor::ready();
    let following = tokio::spawn(log::follow(hangup));
    ended.await;
    following.abort();
    tracing::info!("Draining.");
    supervisor::stopping();
    app.stop().await;
    tracing::info!("Stopped.");
    drop(sentry);
    Ok(())
}

/// SIGTERM or SIGINT, which are listened for from now on: the first process of a container is ended by no signal that it doesn't
/// listen for.
pub(super) fn ending() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
