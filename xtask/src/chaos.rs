//! `cargo xtask chaos`: a load of events through two instances while servers fail, and a check that each acknowledged
//! event is in its table exactly once, and each unstorable one among the dead letters.

pub(crate) mod alerts;
pub(crate) mod cluster;
mod fault;
pub(crate) mod instance;
pub(crate) mod outage;
mod proxy;
pub(crate) mod random;
pub(crate) mod upgrade;

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::build;
use crate::services::{self, Keep, Kept};
use cluster::Cluster;
use fault::Fault;
use random::Random;

/// Recovery time after the last fault, if there are few events.
const RECOVERY: Duration = Duration::from_secs(120);
/// Minimum rate, in events a second beyond those that come in, at which a backlog is stored and checked, on a busy
/// machine.
const CATCHING_UP: f64 = 20_000.0;

/// Break the servers at random under a load of events, and see whether any event is lost.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The same seed makes the same faults in the same order; drawn and printed if not given
    #[arg(long)]
    seed: Option<u64>,
    /// How long faults are injected, in minutes
    #[arg(long, default_value_t = 5.0)]
    minutes: f64,
    /// Events a second
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    rate: u64,
    /// The longest that a fault lasts, in seconds
    #[arg(long, default_value_t = 8.0)]
    longest: f64,
    /// Nodes of RabbitMQ, of which one at a time fails
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=5))]
    nodes: u8,
    /// The release of RabbitMQ, as of `test`
    #[arg(long, value_name = "VERSION")]
    rabbitmq: Option<String>,
    /// Use a release build
    #[arg(long)]
    release: bool,
}

impl Args {
    /// How long faults are injected.
    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.minutes * 60.0)
    }
}

/// Short run at the end of `cargo xtask test`, the same each time. This seed kills each kind of server once, freezes
/// one, and has read-only and missing tables.
const SHORT: Args = Args {
    seed: Some(2467),
    minutes: 0.6,
    rate: 200,
    longest: 3.0,
    nodes: 1,
    rabbitmq: None,
    release: false,
};

/// Run at the end of `cargo xtask test --full`.
const FULL: Args = Args {
    seed: Some(21),
    minutes: 5.0,
    rate: 300,
    longest: 8.0,
    nodes: 1,
    rabbitmq: None,
    release: false,
};

/// Run with a cluster of three nodes, whose faults last long enough that the others give a node up.
const NODES: Args = Args {
    seed: Some(5),
    minutes: 3.0,
    rate: 300,
    longest: 14.0,
    nodes: 3,
    rabbitmq: None,
    release: false,
};

/// Runs the load and the faults; fails if an event is missing, or stored twice.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let interrupt = services::interrupts()?;
    match &args.rabbitmq {
        Some(version) => services::rabbitmq::choose(version)?,
        None => services::install::missing_packages(&["rabbitmq"])?,
    }
    torment(args, &interrupt)?;
    Ok(ExitCode::SUCCESS)
}

/// Short or full run after the tests.
pub(crate) fn after_tests(full: bool, interrupt: &Receiver<()>) -> Result<()> {
    torment(if full { &FULL } else { &SHORT }, interrupt)?;
    match full {
        true => torment(&NODES, interrupt),
        false => Ok(()),
    }
}

fn torment(args: &Args, interrupt: &Receiver<()>) -> Result<()> {
    if !(0.1..=24.0 * 60.0).contains(&args.minutes) {
        bail!("--minutes should be from 0.1 to 1440");
    }
    if !(1.0..=600.0).contains(&args.longest) {
        bail!("--longest should be from 1 to 600");
    }
    let seed = args.seed.unwrap_or_else(random::seed);
    let again = format!(
        "cargo xtask chaos --seed {seed} --minutes {} --rate {} --longest {} --nodes {}",
        args.minutes, args.rate, args.longest, args.nodes
    );
    println!("{again}");
    let release: &[&str] = if args.release { &["--release"] } else { &[] };
    let built = build::all(release)?;
    let directory = tempfile::Builder::new()
        .prefix("event-grpc-chaos-")
        .tempdir()?;
    let nodes = usize::from(args.nodes);
    let server = &built.server;
    let mut cluster = Cluster::start_with(server, server, directory.path(), nodes)?;
    let events = (args.time().as_secs_f64() * args.rate as f64) as u64;
    let recovery = recovery(events);
    let load = load(
        &cluster,
        &built.loadgen,
        args.rate,
        events,
        recovery,
        &[Extra::Poison],
    )?;
    match endure(
        &mut cluster,
        load,
        args,
        Random::new(seed),
        interrupt,
        recovery,
    ) {
        Ok(faults) => {
            println!(
                "All {events} events are in their table, each once, and all poison is in the dead letters, after \
                 {faults} faults."
            );
            Ok(())
        }
        Err(error) => {
            println!(
                "{}\nStill in queues:\n{}",
                cluster.logs(),
                cluster.waiting()
            );
            Err(error.context(format!("repeat with {again}")))
        }
    }
}

/// Injects faults for a while, then waits for the load's verdict. Returns the number of faults.
fn endure(
    cluster: &mut Cluster,
    mut load: Kept,
    args: &Args,
    mut random: Random,
    interrupt: &Receiver<()>,
    recovery: Duration,
) -> Result<u32> {
    let (begun, time) = (Instant::now(), args.time());
    let longest = (args.longest * 1000.0) as u64;
    let say = |text: &str| println!("{:>7.1} s  {text}", begun.elapsed().as_secs_f64());
    let mut faults = 0;
    loop {
        wait(interrupt, Duration::from_millis(random.within(1000, 4000)))?;
        if begun.elapsed() >= time || load.ended()?.is_some() {
            break;
        }
        let fault = Fault::draw(&mut random, cluster.nodes());
        let length = Duration::from_millis(random.within(500, longest));
        say(&format!("{fault} for {:.1} s", length.as_secs_f64()));
        faults += 1;
        fault.begin(cluster)?;
        wait(interrupt, length)?;
        fault
            .end(cluster)
            .with_context(|| format!("after: {fault}"))?;
    }
    say(&format!("no more faults; {faults} were made"));
    // The load waits so long for its last answer, then for its last row, and then for the last dead letter.
    let last = begun.elapsed().max(time) + 3 * recovery;
    loop {
        match load.ended()? {
            Some(status) if status.success() => return Ok(faults),
            Some(_) => bail!("events are missing, refused, doubled or where they don't belong"),
            None if begun.elapsed() > last => {
                bail!(
                    "the load has not ended {:.0?} after the last fault",
                    3 * recovery
                )
            }
            None => wait(interrupt, Duration::from_millis(200))?,
        }
    }
}

/// Time limit for recovery after the last fault, with so many events.
pub(crate) fn recovery(events: u64) -> Duration {
    RECOVERY + Duration::from_secs_f64(events as f64 / CATCHING_UP)
}

pub(crate) fn wait(interrupt: &Receiver<()>, time: Duration) -> Result<()> {
    match interrupt.recv_timeout(time) {
        Err(RecvTimeoutError::Timeout) => Ok(()),
        _ => bail!("interrupted"),
    }
}

/// Additional events of a load, beside events with ids that are sent until they are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extra {
    /// Events that no table can store.
    Poison,
    /// Events without ids; and every request once more to the other instance, some seconds after it was accepted.
    Again,
}

/// Starts the load: it sends every request until it is accepted.
pub(crate) fn load(
    cluster: &Cluster,
    loadgen: &Path,
    rate: u64,
    events: u64,
    time_limit: Duration,
    extras: &[Extra],
) -> Result<Kept> {
    let mut command = Command::new(loadgen);
    command
        .arg("load")
        .args(["--batch", "20", "--connections", "2", "--in-flight", "16"]);
    for address in cluster.grpc() {
        command.args(["--to", &address]);
    }
    command.args(["--events", &events.to_string(), "--rate", &rate.to_string()]);
    command.args(["--patience", &time_limit.as_secs().to_string()]);
    // It asks ClickHouse directly, so that the proxy doesn't affect it.
    command.args(["--clickhouse-url", &cluster.clickhouse_url()]);
    for extra in extras {
        match extra {
            Extra::Poison => command.args(["--poison-amqp-url", &cluster.amqp_url()]),
            Extra::Again => command.args(["--again", "--without-ids"]),
        };
    }
    let keep = Keep {
        name: "the load",
        signal: "TERM",
        directory: None,
        log: None,
    };
    Kept::spawn(&keep, &command)
}
