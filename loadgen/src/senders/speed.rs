//! `loadgen sender-speed`: what an event costs a program that sends it, with each library.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use event_grpc::cli::say;
use serde_json::{Value, json};

use super::answer::Answer;
use super::driver::{self, Driver, Library, PATIENCE};
use super::server::Server;
use crate::process::Watched;

/// Events before the measure begins: compilers that work while a program runs have then done most of it.
const WARMUP: u64 = 20_000;

/// Send events with client libraries to a server that accepts everything, and print the CPU time of each library's process.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A library and the command that starts its driver.
    #[arg(long = "library", value_name = "NAME=COMMAND", value_parser = driver::library, required = true)]
    libraries: Vec<Library>,
    /// Number of events.
    #[arg(long, default_value_t = 200_000)]
    count: u64,
    /// Number of rounds; each library has its turn in each, and the table shows the best.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Keep the queue in a file.
    #[arg(long)]
    storage: bool,
}

/// What a library took.
#[derive(Clone, Copy)]
struct Took {
    /// Events for each second of its process's CPU time.
    per_cpu: f64,
    /// Events for each second of the clock.
    per_second: f64,
    /// Resident memory at most, in MiB.
    memory: f64,
}

/// Measures each library in turn; true if all events were accepted.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    let mut best: Vec<Option<Took>> = vec![None; args.libraries.len()];
    for _ in 0..args.rounds {
        for (library, best) in args.libraries.iter().zip(&mut best) {
            let took = one(library, &args).await;
            let took = took.with_context(|| library.name.clone())?;
            if best.is_none_or(|best| took.per_cpu > best.per_cpu) {
                *best = Some(took);
            }
        }
    }
    say("| library | events/s a core of its process | events/s | memory, MiB |");
    say("| --- | ---: | ---: | ---: |");
    for (library, took) in args.libraries.iter().zip(best) {
        let took = took.context("no round was run")?;
        say(&format!(
            "| {} | {:.0} | {:.0} | {:.0} |",
            library.name, took.per_cpu, took.per_second, took.memory
        ));
    }
    Ok(true)
}

async fn one(library: &Library, args: &Args) -> anyhow::Result<Took> {
    let server = Server::start(vec![Answer::default()]).await?;
    server.forget();
    let storage = tempfile::Builder::new().prefix("sender-").tempdir()?;
    let mut driver = Driver::start(library)?;
    let mut open =
        json!({ "do": "open", "endpoint": server.url(), "header": { "sessionId": "speed" } });
    if args.storage
        && let Some(open) = open.as_object_mut()
    {
        open.insert("storage".to_owned(), json!(storage.path()));
    }
    ask(&mut driver, open).await?;
    send(&mut driver, WARMUP).await?;
    let mut watched = Watched::begin(&library.name, driver.pid()?)?;
    let began = Instant::now();
    send(&mut driver, args.count).await?;
    let seconds = began.elapsed().as_secs_f64();
    let took = watched.end()?;
    let counters = ask(&mut driver, json!({ "do": "counters" })).await?;
    let accepted = counters.get("accepted").and_then(Value::as_u64);
    ensure!(
        accepted == Some(args.count + WARMUP),
        "not everything was accepted: {counters}"
    );
    let events = args.count as f64;
    Ok(Took {
        per_cpu: events / took.cpu.max(0.01),
        per_second: events / seconds,
        memory: took.peak as f64 / f64::from(1 << 20),
    })
}

/// Tracks so many events, and waits until they are settled.
async fn send(driver: &mut Driver, count: u64) -> anyhow::Result<()> {
    let fields = json!({ "productType": "shoe", "quantity": 2, "isLive": true, "cartId": "c-1" });
    let track =
        json!({ "do": "track_many", "count": count, "event": "addToCartEvent", "fields": fields });
    ask(driver, track).await?;
    let flushed = ask(driver, json!({ "do": "flush", "timeout_ms": 120_000 })).await?;
    ensure!(
        flushed.get("settled") == Some(&Value::Bool(true)),
        "not settled"
    );
    Ok(())
}

async fn ask(driver: &mut Driver, command: Value) -> anyhow::Result<Value> {
    let command = command.as_object().context("a command is an object")?;
    let answer = driver.ask_for(command, PATIENCE * 20).await?;
    ensure!(answer.get("error").is_none(), "{answer}");
    Ok(answer)
}
