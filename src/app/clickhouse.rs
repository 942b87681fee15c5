//! ClickHouse at start: the engine, the databases, and a check of their schema against the pipeline.

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Config;
use crate::contract::{Database, Pipeline};
use crate::sink::clickhouse::engine::{Engine, EngineConfig, supervise};
use crate::sink::clickhouse::{Address, ClickHouse, Databases, migrate};

/// Database of the embedded engine.
pub const EMBEDDED_DATABASE: &str = "event_grpc";

/// Opens the databases of a pipeline, and migrates the embedded ones. The engine runs among `tasks` until `stop`.
pub(super) async fn start(
    config: &Config,
    pipeline: &'static Pipeline,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<Databases> {
    let main = main(config, pipeline, stop, tasks).await?;
    let databases = databases(main, pipeline, config)?;
    tables(&databases, pipeline, config).await?;
    Ok(databases)
}

/// Configured server, or the embedded engine.
async fn main(
    config: &Config,
    pipeline: &Pipeline,
    stop: &CancellationToken,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<ClickHouse> {
    if let Some(address) = &config.clickhouse {
        return Ok(ClickHouse::new(address.clone())?);
    }
    anyhow::ensure!(
        pipeline
            .tables
            .iter()
            .all(|table| table.sharding().is_none()),
        "pipeline.yaml declares a ClickHouse cluster, which the embedded engine is none of; name its hosts with --clickhouse-url \
         (EVENT_GRPC_CLICKHOUSE_URL)"
    );
    let mut engine = EngineConfig::new(config.data.clone());
    engine.engine_path = config.engine_path.clone();
    engine.executable = config.executable.clone();
    engine.port = config.engine_port;
    let engine = Engine::start(&engine).await?;
    let (user, password) = (engine.user().to_owned(), engine.password().to_owned());
    let address = Address::parse(engine.url())?
        .with_account(Some(user), Some(password))
        .with_database(EMBEDDED_DATABASE);
    let stop = stop.clone();
    tasks.spawn(async move {
        if let Err(error) = supervise::supervise(engine, stop).await {
            tracing::error!(%error, "The ClickHouse engine stopped with an error.");
        }
    });
    Ok(ClickHouse::new(address)?)
}

/// Databases of the tables; logs those that aren't on the server that `pipeline.yaml` names.
fn databases(
    main: ClickHouse,
    pipeline: &'static Pipeline,
    config: &Config,
) -> anyhow::Result<Databases> {
    let usual = main.address().database().to_owned();
    let databases = Databases::new(main, &config.clickhouse_servers, pipeline)?;
    for (server, names) in databases.stand_ins() {
        let databases = names.join(", ");
        tracing::info!(
            server,
            databases,
            "No URL is given for this ClickHouse server; its databases are on the main server."
        );
    }
    let clash = |(server, store): &(&str, &ClickHouse)| {
        *server == Database::MAIN && store.address().database() == usual
    };
    anyhow::ensure!(
        databases.all().filter(clash).count() == 1,
        "`{usual}` can't be the default ClickHouse database, because pipeline.yaml declares another database of this name on \
         the same server"
    );
    Ok(databases)
}

/// Migrates embedded databases; checks the schema of others, and fails a strict start if one doesn't fit.
async fn tables(
    databases: &Databases,
    pipeline: &'static Pipeline,
    config: &Config,
) -> anyhow::Result<()> {
    // Concurrently, so that several servers that don't answer cost one timeout together.
    let states = databases.all().map(|(server, store)| async move {
        let embedded = config.clickhouse.is_none() && server == Database::MAIN;
        (
            server,
            store,
            brought_up(store, pipeline, embedded.then_some(&config.engine_drop[..])).await,
        )
    });
    for (server, store, wrong) in join_all(states).await {
        let Some(wrong) = wrong? else {
            continue;
        };
        let database = store.address().database();
        anyhow::ensure!(
            !config.strict,
            "the tables of database {database} (server {server}) don't match the pipeline; event-grpc \
             migrate may fix this\n{wrong}"
        );
        tracing::warn!(
            server,
            database,
            wrong,
            "The tables don't match the pipeline; messages for them wait in their queues."
        );
    }
    Ok(())
}

/// Brings an embedded database up, with the migrations that drop stored data and are named; or the reasons why another one
/// doesn't match the pipeline.
async fn brought_up(
    store: &ClickHouse,
    pipeline: &'static Pipeline,
    embedded: Option<&[String]>,
) -> anyhow::Result<Option<String>> {
    if let Some(drops) = embedded {
        migrate::apply_named(store, pipeline, migrate::Others::None, drops).await?;
        return Ok(None);
    }
    Ok(match migrate::check(store, pipeline).await {
        Ok(report) if report.fits() => None,
        Ok(report) => Some(report.to_string()),
        Err(error) => Some(error.to_string()),
    })
}
