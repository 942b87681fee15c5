//! `cargo xtask chaos`: a load of events through two instances while everything under them breaks, and the question
//! in the end whether each event that was acknowledged is in its table exactly once.

mod cluster;
mod fault;
pub(crate) mod outage;
mod proxy;
mod random;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::services::{self, Keep, Kept};
use cluster::Cluster;
use fault::Fault;
use random::Random;

/// How long everything may take to come right after the last fault.
const RECOVERY: Duration = Duration::from_secs(120);

/// Break the servers at random under a load of events, and see whether any event is lost.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The same seed makes the same faults in the same order; drawn and printed if not given
    #[arg(long)]
    seed: Option<u64>,
    /// How long faults are made, in minutes
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Events a second
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// Use a release build
    #[arg(long)]
    release: bool,
}

/// Runs the load and the faults; fails if an event is missing, or there twice.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    if !(0.1..=24.0 * 60.0).contains(&args.minutes) {
        bail!("--minutes should be from 0.1 to 1440");
    }
    let seed = args.seed.unwrap_or_else(random::seed);
    println!(
        "chaos: --seed {seed} --minutes {} --rate {}",
        args.minutes, args.rate
    );
    services::install::missing_packages(&["rabbitmq"])?;
    let release: &[&str] = if args.release { &["--release"] } else { &[] };
    let executable = services::clickhouse::build(release)?;
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-chaos-")
        .tempdir()?;
    let mut cluster = Cluster::start(&executable, directory.path())?;

    let time = Duration::from_secs_f64(args.minutes * 60.0);
    let events = (time.as_secs_f64() * args.rate as f64) as u64;
    let mut load = load(&cluster, &executable, args.rate, events, RECOVERY)?;
    let begun = Instant::now();
    let mut random = Random::new(seed);
    let mut faults = 0;
    let outcome = loop {
        let pause = Duration::from_millis(random.within(1000, 4000));
        match interrupt.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => break Err(anyhow::anyhow!("interrupted")),
        }
        if begun.elapsed() >= time || load.ended()?.is_some() {
            break Ok(());
        }
        let fault = Fault::draw(&mut random);
        let length = Duration::from_millis(random.within(500, 8000));
        println!(
            "{:>7.1} s  {fault} for {:.1} s",
            begun.elapsed().as_secs_f64(),
            length.as_secs_f64()
        );
        faults += 1;
        fault.begin(&mut cluster)?;
        thread::sleep(length);
        fault
            .end(&mut cluster)
            .with_context(|| format!("after: {fault}"))?;
    };
    outcome?;
    println!(
        "{:>7.1} s  no more faults; {faults} were made",
        begun.elapsed().as_secs_f64()
    );
    let status = loop {
        if let Some(status) = load.ended()? {
            break status;
        }
        if begun.elapsed() > time + 2 * RECOVERY {
            bail!(
                "the load has not ended {RECOVERY:?} after the last fault; repeat with --seed {seed}"
            );
        }
        thread::sleep(Duration::from_millis(200));
    };
    if !status.success() {
        println!("{}", cluster.logs());
        bail!("events are missing, refused or doubled; repeat with --seed {seed}");
    }
    let dead = cluster.dead_letters()?;
    if dead != 0 {
        bail!(
            "{dead} events were given up as dead letters, though nothing was wrong with them; repeat with --seed {seed}"
        );
    }
    println!("All {events} events are in their table, each once, after {faults} faults.");
    Ok(ExitCode::SUCCESS)
}

/// Starts the load: it sends every request until it is taken.
fn load(
    cluster: &Cluster,
    executable: &Path,
    rate: u64,
    events: u64,
    patience: Duration,
) -> Result<Kept> {
    let mut command = Command::new(executable);
    command
        .arg("bench")
        .args(["--batch", "20", "--connections", "2", "--in-flight", "16"]);
    for address in cluster.grpc() {
        command.args(["--to", &address]);
    }
    command.args(["--events", &events.to_string(), "--rate", &rate.to_string()]);
    command.args(["--patience", &patience.as_secs().to_string()]);
    // It asks ClickHouse itself: what the proxy does to that connection is not its business.
    command.args(["--clickhouse-url", &cluster.clickhouse_url()]);
    let keep = Keep {
        name: "the load",
        signal: "TERM",
        directory: None,
        log: None,
    };
    Kept::spawn(&keep, &command)
}
