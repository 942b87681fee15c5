//! `loadgen sender-faults`: many events through one library, a proxy that breaks things, and crashes of the sender, and
//! whether what the library took is stored, each event once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clickhouse::Row;
use event_grpc::cli::{ClickHouseArgs, say};
use event_grpc::sink::clickhouse::{ClickHouse, quote};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::driver::{self, Driver, Library};
use super::proxy::Proxy;

/// Events of one command to the driver.
const CHUNK: u64 = 1_000;

/// How long the library may take to send what it took.
const SETTLING: Duration = Duration::from_secs(300);

/// How long rows may take after the last answer.
const STORING: Duration = Duration::from_secs(120);

/// Send many events through a client library and a proxy that breaks things, and compare what it took with what is stored.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The library and the command that starts its driver.
    #[arg(long, value_name = "NAME=COMMAND", value_parser = driver::library)]
    library: Library,
    /// HTTP addresses of the servers, which get requests in turn.
    #[arg(long, value_name = "URL", required = true)]
    to: Vec<String>,
    /// Number of events.
    #[arg(long, default_value_t = 100_000)]
    count: u64,
    /// Seed of the faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of times that the sender is killed.
    #[arg(long, default_value_t = 5)]
    crashes: u64,
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
}

#[derive(Row, Deserialize)]
struct Stored {
    id: String,
}

/// True if every event that the library took is stored once, and no other.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    let store = args
        .clickhouse
        .address()?
        .map(ClickHouse::new)
        .transpose()?;
    let store = store.context("--clickhouse-url is needed, to look for rows")?;
    let session = format!("{}-{}", args.library.name, std::process::id());
    let proxy = Proxy::start(args.to.clone(), args.seed).await?;
    let storage = tempfile::Builder::new().prefix("sender-").tempdir()?;
    let open = json!({
        "do": "open",
        "endpoint": proxy.url(),
        "header": { "sessionId": session },
        "storage": storage.path(),
        "config": {
            "batch_events": 200, "batch_wait_ms": 20, "backoff_base_ms": 5, "backoff_max_ms": 100,
            "request_timeout_ms": 5000,
        },
    });
    let began = Instant::now();
    let mut sender = Sender {
        library: &args.library,
        open: open.as_object().cloned().unwrap_or_default(),
        driver: None,
        crashes: 0,
    };
    let taken = sender.send(&args).await?;
    let counters = sender.settle().await?;
    let took = began.elapsed();
    say(&format!(
        "{}: {} events taken in {took:.1?}, {} crashes, {} faults; {counters}",
        args.library.name,
        taken.len(),
        sender.crashes,
        proxy.faults()
    ));
    let given_up = counters.get("given_up").and_then(Value::as_object);
    let given_up = given_up.is_some_and(|by| by.values().any(|n| n.as_u64() != Some(0)));
    ensure!(!given_up, "events were given up, and none had to be");
    let stored = stored(&store, &session, taken.len()).await?;
    let expected: HashSet<&str> = taken.iter().map(String::as_str).collect();
    let found: HashSet<&str> = stored.iter().map(String::as_str).collect();
    let missing = expected.difference(&found).count();
    let foreign = found.difference(&expected).count();
    let doubled = stored.len() - found.len();
    say(&format!(
        "{} stored, {missing} missing, {doubled} doubled, {foreign} that nobody took",
        found.len()
    ));
    Ok(missing == 0 && doubled == 0 && foreign == 0)
}

/// The library, which crashes now and then.
struct Sender<'a> {
    library: &'a Library,
    open: Map<String, Value>,
    driver: Option<Driver>,
    crashes: u64,
}

impl Sender<'_> {
    /// Tracks all events; the ids of those that were taken.
    async fn send(&mut self, args: &Args) -> anyhow::Result<Vec<String>> {
        let mut random = StdRng::seed_from_u64(args.seed);
        let chunks = args.count.div_ceil(CHUNK);
        let mut taken = Vec::new();
        for chunk in 0..chunks {
            let left = chunks - chunk;
            let wanted = args.crashes.saturating_sub(self.crashes);
            if chunk > 0 && random.random_range(0..left) < wanted {
                tokio::time::sleep(Duration::from_millis(random.random_range(0..200))).await;
                if let Some(driver) = self.driver.take() {
                    driver.kill().await?;
                }
                self.crashes += 1;
            }
            let count = CHUNK.min(args.count - chunk * CHUNK);
            let track = json!({
                "do": "track_many", "count": count, "event": "addToCartEvent", "fields": {}, "ids": true,
            });
            let answer = self.ask(&track, SETTLING).await?;
            let ids = answer
                .get("ids")
                .and_then(Value::as_array)
                .with_context(|| format!("the driver answered {answer}"))?;
            let ids: Vec<String> = ids
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect();
            ensure!(
                u64::try_from(ids.len())? == count,
                "{count} ids expected, {} came",
                ids.len()
            );
            taken.extend(ids);
        }
        Ok(taken)
    }

    /// Waits until the library has sent everything; its counters.
    async fn settle(&mut self) -> anyhow::Result<Value> {
        let flush = json!({ "do": "flush", "timeout_ms": SETTLING.as_millis() as u64 });
        let answer = self.ask(&flush, SETTLING).await?;
        let counters = self
            .ask(&json!({ "do": "counters" }), Duration::ZERO)
            .await?;
        if answer.get("settled") != Some(&Value::Bool(true)) {
            bail!("not everything was sent within {SETTLING:?}: {counters}");
        }
        Ok(counters)
    }

    async fn ask(&mut self, command: &Value, own: Duration) -> anyhow::Result<Value> {
        let driver = match &mut self.driver {
            Some(driver) => driver,
            None => {
                let mut driver = Driver::start(self.library)?;
                // A browser takes its time to start.
                let opened = driver.ask_for(&self.open, SETTLING).await?;
                ensure!(opened.get("error").is_none(), "open: {opened}");
                self.driver.insert(driver)
            }
        };
        let command = command.as_object().context("a command is an object")?;
        driver.ask_for(command, own).await
    }
}

/// The ids of a session's rows, when there are as many as expected or the time is over.
async fn stored(store: &ClickHouse, session: &str, expected: usize) -> anyhow::Result<Vec<String>> {
    let table = quote::table(store.address().database(), "event");
    let session = quote::text(session);
    let sql = format!("SELECT event_id AS id FROM {table} FINAL WHERE session_id = {session}");
    let began = Instant::now();
    loop {
        let rows: Result<Vec<Stored>, _> = store.rows(&sql).await;
        match rows {
            Ok(rows) if rows.len() >= expected || began.elapsed() > STORING => {
                return Ok(rows.into_iter().map(|row| row.id).collect());
            }
            Err(error) if began.elapsed() > STORING => return Err(error.into()),
            // A server that doesn't answer may be on its way back, as the rows are.
            _ => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}
