//! `event-grpc serve`: the server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

use crate::app::environment::Environment;
use crate::app::{App, Config};
use crate::contract::{Database, Pipeline};
use crate::listen;
use crate::ops::logging;
use crate::sink::clickhouse::Address;
use crate::sink::postgres;

/// Take events in and store them. Without --amqp-url the broker is in memory; without --clickhouse-url an embedded
/// ClickHouse keeps its data under --data.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where gRPC listens.
    #[arg(
        long,
        env = "EVENT_GRPC_LISTEN",
        default_value = "127.0.0.1:8017",
        value_name = "ADDRESS"
    )]
    grpc_listen: SocketAddr,
    /// Where HTTP listens: webhooks, JSON, metrics, health.
    #[arg(
        long,
        env = "EVENT_GRPC_HTTP_LISTEN",
        default_value = "127.0.0.1:8019",
        value_name = "ADDRESS"
    )]
    http_listen: SocketAddr,
    /// RabbitMQ, as in amqp://user:password@host:5672/vhost.
    #[arg(
        long,
        env = "EVENT_GRPC_AMQP_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    amqp_url: Option<String>,
    #[command(flatten)]
    doors: DoorArgs,
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    #[command(flatten)]
    postgres: PostgresArgs,
    /// The directory of the embedded ClickHouse.
    #[arg(
        long,
        env = "EVENT_GRPC_DATA",
        default_value = "data",
        value_name = "DIR"
    )]
    data: PathBuf,
    /// The engine of the embedded ClickHouse: a clickhouse binary or libchdb.so. Found or fetched if not given.
    #[arg(long, env = "EVENT_GRPC_ENGINE_PATH", value_name = "PATH")]
    engine_path: Option<PathBuf>,
    /// Exit at start if a table is missing or different, or a server can't be reached.
    #[arg(long, env = "EVENT_GRPC_STRICT")]
    strict: bool,
    /// How long requests are still taken after SIGTERM, in seconds, while health says already that none are wanted. Give
    /// it as long as your load balancer needs to notice that.
    #[arg(
        long,
        env = "EVENT_GRPC_NOTICE_SECONDS",
        default_value_t = 0,
        value_name = "SECONDS"
    )]
    notice_seconds: u64,
    /// How long the end may take after that, in seconds; what isn't stored then is in its queue.
    #[arg(
        long,
        env = "EVENT_GRPC_DRAIN_SECONDS",
        default_value_t = 25,
        value_name = "SECONDS"
    )]
    drain_seconds: u64,
    /// How often events of types that were not known before are looked for and sent again, in seconds.
    #[arg(
        long,
        env = "EVENT_GRPC_REPLAY_SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        value_name = "SECONDS"
    )]
    replay_seconds: u64,
    /// How log lines look.
    #[arg(
        long,
        env = "EVENT_GRPC_LOG_FORMAT",
        value_enum,
        default_value = "text"
    )]
    log_format: logging::Format,
    /// What is logged: a level, or levels by module.
    #[arg(
        long,
        env = "EVENT_GRPC_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    log: String,
}

/// What bounds the connections of each port.
#[derive(Debug, Clone, clap::Args)]
struct DoorArgs {
    /// How many connections each port may have. At most 10000 if not given, and what the limit of open files allows, which
    /// is raised at start as far as it may be.
    #[arg(
        long,
        env = "EVENT_GRPC_MAX_CONNECTIONS",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        value_name = "COUNT"
    )]
    max_connections: Option<u32>,
    /// How many of them may come from one address; a quarter if not given, and 2000 at most. What comes through a proxy is of one address.
    #[arg(
        long,
        env = "EVENT_GRPC_MAX_CONNECTIONS_PER_ADDRESS",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000),
        value_name = "COUNT"
    )]
    max_connections_per_address: Option<u32>,
    /// How long an HTTP/1 connection is kept without a request, in seconds. Give it longer than your load balancer keeps
    /// its connections.
    #[arg(
        long,
        env = "EVENT_GRPC_IDLE_SECONDS",
        default_value_t = 75,
        value_parser = clap::value_parser!(u64).range(1..=86_400),
        value_name = "SECONDS"
    )]
    idle_seconds: u64,
}

impl DoorArgs {
    /// The limits, after the process may open as many files as it can have.
    fn limits(&self) -> listen::Limits {
        let descriptors = listen::descriptors::raise();
        let mut limits = listen::Limits::within(descriptors);
        limits.idle = Duration::from_secs(self.idle_seconds);
        if let Some(most) = self.max_connections {
            if most as usize > limits.connections && u64::from(most) * 2 > descriptors {
                tracing::warn!(
                    descriptors,
                    "The limit of open files doesn't allow as many connections as are asked for."
                );
            }
            limits.connections = most as usize;
        }
        limits.of_one_address = match self.max_connections_per_address {
            Some(most) => most as usize,
            None => listen::Limits::of_one(limits.connections),
        };
        limits
    }
}

/// Which ClickHouse.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ClickHouseArgs {
    /// ClickHouse over HTTP, as in http://user:password@host:8123/database. The further servers that pipeline.yaml
    /// names are given in EVENT_GRPC_CLICKHOUSE_URL_SERVER, with _USER_ and _PASSWORD_ in place of _URL_.
    #[arg(
        long,
        env = "EVENT_GRPC_CLICKHOUSE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    clickhouse_url: Option<String>,
    /// The ClickHouse user, where the URL names none.
    #[arg(long, env = "EVENT_GRPC_CLICKHOUSE_USER", value_name = "NAME")]
    clickhouse_user: Option<String>,
    /// The ClickHouse user's password, where the URL has none; from the environment only.
    #[arg(skip = std::env::var("EVENT_GRPC_CLICKHOUSE_PASSWORD").ok())]
    clickhouse_password: Option<String>,
}

/// How the variables of a further server begin; its name in capitals follows.
const SERVER_URL: &str = "EVENT_GRPC_CLICKHOUSE_URL_";

impl ClickHouseArgs {
    /// The server's address, if one is given.
    pub(super) fn address(&self) -> anyhow::Result<Option<Address>> {
        let Some(url) = &self.clickhouse_url else {
            return Ok(None);
        };
        let address = Address::parse(url).context("--clickhouse-url")?;
        Ok(Some(address.with_account(
            self.clickhouse_user.clone(),
            self.clickhouse_password.clone(),
        )))
    }
}

/// Which PostgreSQL.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct PostgresArgs {
    /// PostgreSQL, as in postgres://user:password@host:5432/database?sslmode=require. Its certificate is checked by
    /// what this machine trusts. Without it the tables in PostgreSQL, and their queues, are off.
    #[arg(
        long,
        env = "EVENT_GRPC_POSTGRES_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    postgres_url: Option<String>,
    /// The PostgreSQL user's password, where the URL has none; from the environment only.
    #[arg(skip = std::env::var("EVENT_GRPC_POSTGRES_PASSWORD").ok())]
    postgres_password: Option<String>,
}

impl PostgresArgs {
    /// The database's address, if one is given.
    pub(super) fn address(&self) -> anyhow::Result<Option<postgres::Address>> {
        let Some(url) = &self.postgres_url else {
            return Ok(None);
        };
        let address = postgres::Address::parse(url).context("--postgres-url")?;
        Ok(Some(address.with_password(self.postgres_password.clone())))
    }
}

/// The further servers of the pipeline that the environment gives: EVENT_GRPC_CLICKHOUSE_URL_SERVER, and USER and
/// PASSWORD in place of URL.
pub(super) fn further_servers(pipeline: &Pipeline) -> anyhow::Result<BTreeMap<String, Address>> {
    let mut found = BTreeMap::new();
    let servers = pipeline.databases.iter().map(|d| d.server);
    for server in servers.filter(|server| *server != Database::MAIN) {
        let capitals = server.to_ascii_uppercase();
        let Ok(url) = std::env::var(format!("{SERVER_URL}{capitals}")) else {
            continue;
        };
        let beside = |what: &str| std::env::var(format!("EVENT_GRPC_CLICKHOUSE_{what}_{capitals}"));
        let address = Address::parse(&url).with_context(|| format!("{SERVER_URL}{capitals}"))?;
        let address = address.with_account(beside("USER").ok(), beside("PASSWORD").ok());
        found.insert(server.to_owned(), address);
    }
    let known = |name: &str| found.keys().any(|server| server.eq_ignore_ascii_case(name));
    for (variable, _) in std::env::vars_os() {
        let Some(variable) = variable.to_str() else {
            continue;
        };
        if let Some(name) = variable.strip_prefix(SERVER_URL)
            && !known(name)
        {
            tracing::warn!(
                variable,
                "No database of pipeline.yaml is on such a server."
            );
        }
    }
    Ok(found)
}

/// Serves until SIGTERM or SIGINT, then drains.
pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    logging::start(args.log_format, &args.log)?;
    let config = Config {
        grpc_listen: args.grpc_listen,
        http_listen: args.http_listen,
        doors: args.doors.limits(),
        amqp_url: args.amqp_url,
        clickhouse: args.clickhouse.address()?,
        clickhouse_servers: further_servers(&crate::generated::PIPELINE)?,
        postgres: args.postgres.address()?,
        data: args.data,
        engine_path: args.engine_path,
        executable: None,
        environment: Environment::of_process(),
        strict: args.strict,
        notice: Duration::from_secs(args.notice_seconds),
        drain: Duration::from_secs(args.drain_seconds),
        replay: Duration::from_secs(args.replay_seconds),
    };
    let app = App::start(config, &crate::generated::PIPELINE).await?;
    tracing::info!(
        grpc = %app.grpc_address(),
        http = %app.http_address(),
        clickhouse = %app.databases().main().address(),
        "Serving."
    );
    ended().await?;
    tracing::info!("Draining.");
    app.stop().await;
    tracing::info!("Stopped.");
    Ok(())
}

/// Waits for SIGTERM or SIGINT.
pub(super) async fn ended() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
