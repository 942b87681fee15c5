//! `event-grpc demo`: the embedded pipeline under a few seconds of realistic traffic, with a summary.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use prost::Message as _;
use prost_reflect::DescriptorPool;
use serde::Deserialize;
use tokio::task::JoinSet;

use super::webhook::{self, HOOKS};
use super::{say, send, serve, services};
use crate::access::Unverified;
use crate::app::environment::Environment;
use crate::app::{App, Config};
use crate::generated::PIPELINE;
use crate::generated::proto::event::Events;
use crate::ops::access::Options;
use crate::ops::logging;
use crate::sink::clickhouse::{ClickHouse, Databases, quote};
use crate::traffic::{Traffic, envelope};

/// Maximum number of concurrent requests.
const AT_ONCE: usize = 32;
/// One of each webhook for so many batches.
const BATCHES_A_WEBHOOK: u32 = 4;

/// Run everything embedded, send a few seconds of traffic of every event type, and show what was stored. Keeps serving
/// afterwards. `EVENT_GRPC_CORS_APP=http://localhost:3000` lets pages of that origin send, too.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Exit after the summary; exit status 1 if anything is missing.
    #[arg(long)]
    once: bool,
    /// Number of batches of 100 events to send.
    #[arg(long, default_value_t = 300, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    batches: u32,
    /// Data directory of ClickHouse; a temporary directory if not given.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Engine of the embedded ClickHouse: a clickhouse binary or libchdb.so. Found or fetched if not given.
    #[arg(long, env = "EVENT_GRPC_ENGINE_PATH", value_name = "PATH")]
    engine_path: Option<PathBuf>,
    #[command(flatten)]
    engine: super::serve_engine::EngineArgs,
}

/// Numbers of sent and accepted events.
#[derive(Debug, Default)]
struct Sent {
    by_type: BTreeMap<&'static str, u64>,
    of_each_webhook: u64,
    /// Tables that other services fill.
    services: Vec<&'static str>,
    took: Duration,
}

#[derive(clickhouse::Row, Deserialize)]
struct Count {
    name: String,
    rows: u64,
}

/// Runs the demo; true if everything that was sent is stored.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    logging::start(logging::Format::Text, "warn")?;
    let scratch = tempfile::tempdir().context("could not create a temporary directory")?;
    let secrets = webhook::secrets();
    let config = config(&args, &scratch, secrets.clone());
    let data = config.data.clone();
    let app = App::start(config, &PIPELINE).await?;
    let before = counts(app.databases()).await?;
    let sent = traffic(&app, args.batches, secrets).await?;
    let stored = counts(app.databases()).await?;
    let complete = summary(&sent, &before, &stored);
    queries(app.databases()).await?;
    if !args.once {
        addresses(&app, &data)?;
        serve::ending()?.await;
    }
    app.stop().await;
    Ok(complete)
}

fn config(args: &Args, scratch: &tempfile::TempDir, secrets: Environment) -> Config {
    // With --once any free port will do; otherwise people expect the default ones.
    let port = |usual| if args.once { 0 } else { usual };
    Config {
        grpc_listen: ([127, 0, 0, 1], port(8017)).into(),
        http_listen: ([127, 0, 0, 1], port(8019)).into(),
        ops: Options::at(([127, 0, 0, 1], port(8018)).into()),
        doors: crate::listen::Limits::default(),
        senders: crate::access::Config::default(),
        tls: None,
        amqp_url: None,
        kafka: None,
        clickhouse: None,
        clickhouse_servers: BTreeMap::new(),
        postgres: None,
        data: args
            .data
            .clone()
            .unwrap_or_else(|| scratch.path().to_owned()),
        engine_path: args.engine_path.clone(),
        engine_port: args.engine.engine_port,
        engine_drop: Vec::new(),
        executable: None,
        // Of the process only the pages that may send: nothing else of it is for a demo.
        environment: secrets.with_pages_of(&Environment::of_process()),
        unverified: Unverified::default(),
        strict: true,
        notice: Duration::ZERO,
        drain: Duration::from_secs(25),
        switches: None,
        replay: Duration::from_secs(60),
        traces: None,
    }
}

/// Sends everything over real connections and waits for every answer.
async fn traffic(app: &App, batches: u32, secrets: Environment) -> anyhow::Result<Sent> {
    let pool = DescriptorPool::decode(PIPELINE.descriptors)?;
    let mut traffic = Traffic::new(&pool, envelope(&PIPELINE)?, u64::from(std::process::id()))?;
    let client = send::connect(&format!("http://{}", app.grpc_address())).await?;
    let webhook = webhook::Client::new(app.http_address(), secrets);
    let bar = ProgressBar::new(u64::from(batches)).with_style(ProgressStyle::with_template(
        "sending {bar:40} {pos}/{len} batches of 100 events, {elapsed}",
    )?);
    let began = Instant::now();
    let mut sent = Sent::default();
    let mut under_way = JoinSet::new();
    for number in 0..batches {
        let (request, names) = traffic.batch();
        let request = Events::decode(request.as_slice())?;
        let mut client = client.clone();
        under_way.spawn(async move {
            (
                client.dispatch(request).await.map(|a| a.into_inner()),
                names,
            )
        });
        if number % BATCHES_A_WEBHOOK == 0 {
            webhook.post_all(number).await?;
            sent.of_each_webhook += 1;
        }
        while under_way.len() >= AT_ONCE || number + 1 == batches {
            let Some(answered) = under_way.join_next().await else {
                break;
            };
            let (answer, names) = answered?;
            count(&mut sent, answer, names, &bar)?;
        }
    }
    let broker = app.broker();
    sent.services = services::publish_all(broker.as_ref(), u64::from(std::process::id())).await?;
    sent.took = began.elapsed();
    bar.finish_and_clear();
    Ok(sent)
}

type Answer = Result<crate::generated::proto::event::Response, tonic::Status>;

fn count(
    sent: &mut Sent,
    answer: Answer,
    names: Vec<&'static str>,
    bar: &ProgressBar,
) -> anyhow::Result<()> {
    let answer = answer.context("the server refused a batch of the demo")?;
    anyhow::ensure!(
        answer.rejected.is_empty(),
        "the server rejected events of the demo: {:?}",
        answer.rejected
    );
    for name in names {
        *sent.by_type.entry(name).or_default() += 1;
    }
    bar.inc(1);
    Ok(())
}

/// Database of a table, and its name there.
fn place<'a>(databases: &'a Databases, table: &str) -> anyhow::Result<(&'a ClickHouse, String)> {
    let declared = PIPELINE.tables.iter().find(|t| t.name == table);
    let store = declared.and_then(|table| databases.of(table));
    let store = store.with_context(|| format!("pipeline.yaml declares no table {table}"))?;
    Ok((store, quote::table(store.address().database(), table)))
}

/// Number of rows by table, and of `event` by type.
async fn counts(databases: &Databases) -> anyhow::Result<BTreeMap<String, u64>> {
    let mut all = BTreeMap::new();
    for table in PIPELINE.tables.iter().filter(|t| t.upsert().is_none()) {
        let (clickhouse, name) = place(databases, table.name)?;
        let sql = format!("SELECT '' AS name, count() AS rows FROM {name} FINAL");
        let rows: Vec<Count> = clickhouse.rows(&sql).await?;
        all.insert(table.name.to_owned(), rows.iter().map(|c| c.rows).sum());
    }
    let (clickhouse, event) = place(databases, "event")?;
    let sql = format!(
        "SELECT event_name AS name, count() AS rows FROM {event} FINAL GROUP BY event_name"
    );
    let by_type: Vec<Count> = clickhouse.rows(&sql).await?;
    all.extend(
        by_type
            .into_iter()
            .map(|c| (format!("event.{}", c.name), c.rows)),
    );
    Ok(all)
}

/// Prints what was sent and what was stored; true if nothing is missing.
fn summary(sent: &Sent, before: &BTreeMap<String, u64>, stored: &BTreeMap<String, u64>) -> bool {
    let new = |name: &str| stored.get(name).unwrap_or(&0) - before.get(name).unwrap_or(&0);
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["went in", "count", "stored in", "rows", ""]);
    let mut complete = true;
    let mut row = |what: &str, count: u64, into: &str, rows: u64| {
        let good = count == rows;
        complete &= good;
        table.add_row([
            what,
            &count.to_string(),
            into,
            &rows.to_string(),
            if good { "✓" } else { "MISSING" },
        ]);
    };
    for (name, count) in &sent.by_type {
        row(name, *count, "event", new(&format!("event.{name}")));
    }
    for hook in &HOOKS {
        let what = format!("{} webhooks", hook.name);
        row(&what, sent.of_each_webhook, hook.table, new(hook.table));
    }
    for table in &sent.services {
        row(
            "messages of other services",
            services::EACH,
            table,
            new(table),
        );
    }
    let purchases = |name: &&str| name.contains("Purchase");
    let bought = sent
        .by_type
        .keys()
        .filter(|n| purchases(n))
        .filter_map(|n| sent.by_type.get(n))
        .sum();
    row(
        "purchase events, typed",
        bought,
        "purchase",
        new("purchase"),
    );
    row("refused or failed", 0, "error_event", new("error_event"));
    let events: u64 = sent.by_type.values().sum();
    row("all app events", events, "event", new("event"));
    for column in [1, 3] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    say(&table.to_string());
    let rate = events as f64 / sent.took.as_secs_f64();
    say(&format!(
        "{} event types, {events} events, {} webhooks and {} messages of other services in {:.1} s: {rate:.0} events/s, each \
         stored before it was answered\n",
        sent.by_type.len(),
        sent.of_each_webhook * HOOKS.len() as u64,
        sent.services.len() as u64 * services::EACH,
        sent.took.as_secs_f64()
    ));
    complete
}

/// Runs a few example queries.
async fn queries(databases: &Databases) -> anyhow::Result<()> {
    let (clickhouse, event) = place(databases, "event")?;
    let (_, purchase) = place(databases, "purchase")?;
    let (_, branch) = place(databases, "branch_event")?;
    let questions = [
        (
            "Which events are sent most?",
            format!(
                "SELECT event_name AS name, count() AS rows FROM {event} FINAL GROUP BY name ORDER BY rows DESC, name LIMIT 5"
            ),
        ),
        (
            "What was put into the cart, by product type, straight from the JSON column?",
            format!(
                "SELECT event_params.productType::String AS name, count() AS rows FROM {event} FINAL \
                 WHERE event_name = 'AddToCartEvent' AND name != '' GROUP BY name ORDER BY rows DESC, name LIMIT 5"
            ),
        ),
        (
            "Which campaigns lead people into the app, straight from Branch?",
            format!(
                "SELECT concat(ifNull(b.campaign, '-'), ' ', b.name) AS name, count() AS rows FROM {branch} AS b FINAL \
                 GROUP BY name ORDER BY rows DESC, name LIMIT 5"
            ),
        ),
        (
            "How did purchases end, by payment method?",
            format!(
                "SELECT concat(event_name, ' ', payment_method) AS name, count() AS rows FROM {purchase} FINAL \
                 GROUP BY name ORDER BY rows DESC, name LIMIT 5"
            ),
        ),
    ];
    for (question, sql) in questions {
        say(&format!("{question}\n  {sql}"));
        let answer: Vec<Count> = clickhouse.rows(&sql).await?;
        for line in answer {
            say(&format!("    {:>8}  {}", line.rows, line.name));
        }
        say("");
    }
    Ok(())
}

fn addresses(app: &App, data: &Path) -> anyhow::Result<()> {
    let (http, ops) = (app.http_address(), app.ops_address());
    say(&format!(
        "gRPC        http://{}  (service event.EventService)",
        app.grpc_address()
    ));
    say(&format!(
        "HTTP        http://{http}  (/event/dispatch, webhooks with this demo's own secrets, /heartbeat/)"
    ));
    say(&format!(
        "operations  http://{ops}  (/metrics, /readyz, /livez, PUT /heartbeat/, gRPC reflection)"
    ));
    let query = super::clickhouse::example(data)?;
    say(&format!(
        "ClickHouse  {}; `event-grpc clickhouse --data {}` tells how tools connect",
        app.databases().main().address(),
        data.display()
    ));
    say(&format!(
        "\nTry:\n  curl -s http://{http}/event/dispatch -H 'Content-Type: application/json' -d \
         '{{\"header\":{{\"userId\":\"7\"}},\"events\":[{{\"addToCartEvent\":{{\"productId\":\"42\",\"quantity\":2}}}}]}}'\n  \
         {query}\n\nCtrl-C ends it."
    ));
    Ok(())
}
